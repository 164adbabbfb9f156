//! Whatever is done with calls in whatever order: the rules of the desk hold, and who follows the events knows all.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::config::campaigns::Customer;
use crate::config::{Profile, Role};
use crate::desk::dialog::call::{Action, CallType, Participant, Party, Phase};
use crate::desk::nodes;
use crate::desk::state::State;
use crate::desk::tests::*;
use crate::desk::timers::Alarm;
use crate::desk::{Applied, CallData, Command, DialogRequest, Inbound, NewContact, Request};
use crate::id::DialogId;

type Checked = Result<(), String>;

macro_rules! must {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

mod people;
mod rules;

/// Three agents of a team that wraps up, one of them its supervisor; two of another team, which does not.
const CENTRE: &str = r#"[[team]]
id = "1"
name = "Lab"
wrap_up = "7s"
[[team]]
id = "2"
name = "Kiosk"
[[user]]
id = "ada"
password = "x"
roles = ["Agent", "Supervisor"]
team = "1"
supervises = ["1", "2"]
extension = "1000"
[[user]]
id = "bob"
password = "x"
team = "1"
extension = "1001"
[[user]]
id = "cid"
password = "x"
team = "1"
extension = "1002"
[[user]]
id = "dan"
password = "x"
team = "2"
extension = "1003"
[[user]]
id = "eve"
password = "x"
roles = ["Agent", "Supervisor"]
team = "2"
supervises = ["1"]
extension = "1004"
[[user]]
id = "root"
password = "x"
roles = ["Administrator"]
[[queue]]
id = "q1"
name = "One"
team = "1"
number = "9001"
[[queue]]
id = "q2"
name = "Two"
team = "2"
number = "9002"
[outside]
busy = ["5550001"]
no_answer = ["5550002"]
[[campaign]]
name = "Direct"
team = "1"
retry = "4s"
[[campaign.contact]]
phone_number = "5550161"
[[campaign.contact]]
phone_number = "5550001"
[[campaign]]
name = "Preview"
team = "1"
mode = "preview"
retry = "4s"
personal_callbacks = true
[[campaign.contact]]
phone_number = "5550162"
[[campaign]]
name = "Kiosk"
team = "2"
[limits]
calls = 9
contacts = 6
"#;

/// Changes that make other files for the same centre. A user or queue with another id is gone from such a file.
const OTHERWISE: [&[(&str, &str)]; 4] = [
    &[],
    &[("id = \"bob\"", "id = \"bea\""), ("id = \"q1\"", "id = \"q3\""), ("wrap_up = \"7s\"\n", "")],
    &[
        ("team = \"1\"\nextension = \"1002\"", "team = \"2\"\nextension = \"1002\""),
        ("extension = \"1003\"", "extension = \"1005\""),
        ("roles = [\"Agent\", \"Supervisor\"]\nteam = \"2\"", "roles = [\"Supervisor\"]\nteam = \"2\""),
        ("id = \"q1\"\nname = \"One\"\nteam = \"1\"", "id = \"q1\"\nname = \"Other\"\nteam = \"2\""),
        ("number = \"9002\"", "number = \"9003\""),
        ("name = \"Preview\"\nteam = \"1\"", "name = \"Other\"\nteam = \"2\""),
        ("phone_number = \"5550001\"", "phone_number = \"5550002\""),
    ],
    &[("id = \"cid\"", "id = \"cyd\""), ("id = \"dan\"", "id = \"dot\"")],
];

/// Reads a file of the centre.
fn centre(profile: &str, which: usize) -> Config {
    let mut text = format!("profile = \"{profile}\"\n{CENTRE}");
    for (from, to) in OTHERWISE[which] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    if profile == "uccx" {
        text = text.replace("mode = \"preview\"", "mode = \"direct_preview\"");
    }
    Config::parse(&text, "c.toml").expect("a valid file")
}

const AGENTS: u32 = 5;
const WATCHER: UserId = UserId::first(5);

const NUMBERS: &[&str] = &[
    "1000", "1001", "1002", "1003", "1004", "1000", "1001", "1002", "1003", "1004", "9001", "9002", "9001",
    "5550001", "5550002", "5550123", "5550123", "sip:x", "1099",
];

/// A step of a run. Calls are named by their place among those there are.
#[derive(Clone, Debug)]
enum Do {
    State(u32, u32, &'static str, &'static str),
    Make(u32, &'static str),
    Listen(u32, &'static str),
    BargeIn(u32, usize),
    /// A participant of a call, the action, a number; the target, if it is not the participant's own telephone.
    Update(usize, usize, Action, &'static str, Option<usize>),
    /// A participant of a call, an action that it is offered, a number.
    Offered(usize, usize, usize, &'static str),
    Inbound(&'static str),
    /// The name of a campaign, a number, an agent.
    AddContact(&'static str, &'static str, Option<u32>),
    /// A contact by its place among those there are.
    RemoveContact(usize),
    Abandon(usize),
    Left(u32),
    Arrived(u32),
    /// Milliseconds go by.
    Wait(u64),
    /// Until the next timer.
    UntilDue,
    /// To the next state of the service, and all are told.
    Status(Status),
    /// Another file is read.
    Reload(usize),
    /// A user who is gone is named as if it were still there.
    Former(usize, u8),
}

fn some(random: &mut fastrand::Rng) -> Do {
    let pick = |random: &mut fastrand::Rng, from: &[&'static str]| from[random.usize(..from.len())];
    let agent = |random: &mut fastrand::Rng| random.u32(..AGENTS);
    match random.u8(..100) {
        0..18 => {
            let user = agent(random);
            let actor = if random.u8(..5) == 0 { [0, 4][random.usize(..2)] } else { user };
            let state =
                pick(random, &["LOGIN", "LOGIN", "READY", "READY", "READY", "NOT_READY", "WORK", "LOGOUT"]);
            let at = if random.u8(..6) == 0 { agent(random) } else { user };
            Do::State(actor, user, state, NUMBERS[at as usize])
        }
        18..30 => Do::Make(agent(random), pick(random, NUMBERS)),
        30..33 => Do::Listen([0, 4][random.usize(..2)], pick(random, &NUMBERS[..5])),
        33..34 => Do::BargeIn([0, 4][random.usize(..2)], random.usize(..9)),
        34..64 => {
            Do::Offered(random.usize(..9), random.usize(..8), random.usize(..60), pick(random, NUMBERS))
        }
        64..77 => {
            let action = Action::ALL[random.usize(..Action::ALL.len())];
            let target =
                (action == Action::ParticipantDrop || random.u8(..30) == 0).then(|| random.usize(..8));
            Do::Update(random.usize(..9), random.usize(..8), action, pick(random, NUMBERS), target)
        }
        77..81 => Do::Inbound(pick(random, NUMBERS)),
        81..84 => {
            let campaign = pick(random, &["Direct", "Preview", "Kiosk", "Other"]);
            let of = (random.u8(..4) == 0).then(|| agent(random));
            Do::AddContact(campaign, pick(random, &NUMBERS[13..17]), of)
        }
        84..85 => Do::RemoveContact(random.usize(..9)),
        85..87 => Do::Abandon(random.usize(..9)),
        87..88 => Do::Left(agent(random)),
        88..90 => Do::Arrived(agent(random)),
        90..94 => Do::Wait(random.u64(1..9_000)),
        94..98 => Do::UntilDue,
        98 => match random.u8(..2) {
            0 => Do::Former(random.usize(..9), random.u8(..5)),
            _ => Do::Reload(random.usize(..OTHERWISE.len())),
        },
        _ => Do::Status(Status::ALL[random.usize(..3)]),
    }
}

/// Knowledge of a client that has read all events.
#[derive(Default)]
struct Reader {
    user: Option<String>,
    /// State and the time of its change, from the node of the team.
    summary: Option<(String, String)>,
    dialogs: BTreeMap<String, String>,
}

struct Centre {
    desk: Desk,
    profile: Profile,
    nodes: HashSet<String>,
    readers: Vec<Reader>,
    /// The key of each agent.
    agents: Vec<UserId>,
    /// The keys of those who are gone.
    former: Vec<UserId>,
    now: u64,
    /// The commands, each with its time and its effect.
    log: Vec<(u64, Command, Result<Applied, ApiError>)>,
}

impl Centre {
    fn new(name: &str) -> Self {
        let config = centre(name, 0);
        let profile = config.profile;
        let desk = Desk::new(config);
        let centres = (0..OTHERWISE.len()).map(|which| Desk::new(centre(name, which)));
        let nodes = centres.flat_map(|desk| crate::hub::nodes::all(&desk, &[]));
        let nodes = nodes.flat_map(|spec| spec.names().collect::<Vec<_>>()).collect();
        let readers = (0..AGENTS).map(|_| Reader::default()).collect();
        let agents = (0..AGENTS).map(UserId::first).collect();
        Self { desk, profile, nodes, readers, agents, former: Vec::new(), now: 0, log: Vec::new() }
    }

    fn call(&self, place: usize) -> Option<DialogId> {
        let count = self.desk.dialogs.len();
        if count == 0 { None } else { self.desk.dialogs.keys().nth(place % count).copied() }
    }

    /// The actions that a call's document offers to somebody.
    fn offered(&self, id: DialogId, user: UserId) -> Vec<Action> {
        let document = self.desk.dialog_document(WATCHER, &id.to_string()).expect("a call");
        let extension = self.desk.agent(user).extension.clone().unwrap_or_default();
        let part = document
            .split("<Participant>")
            .find(|part| part.contains(&format!("<mediaAddress>{extension}<")));
        let offers =
            |action: &Action| part.is_some_and(|part| part.contains(&format!("<action>{}<", action.name())));
        Action::ALL.into_iter().filter(offers).collect()
    }

    /// The command for one thing that happens, if it can happen now.
    fn command(&mut self, what: &Do) -> Option<Command> {
        let owned = |text: &str| Some(text.to_owned());
        let user = |number: u32| self.agents[number as usize];
        let own = |number: u32| self.desk.agent(user(number)).extension.clone().or_else(|| owned("1000"));
        let request = |actor, request| Command::Request { actor, request_id: "r".to_owned(), request };
        Some(match *what {
            Do::State(actor, number, state, extension) => {
                let extension = (state == "LOGIN").then(|| extension.to_owned());
                let asked =
                    SetState { state: owned(state), extension, reason_code_id: None, ..SetState::default() };
                request(user(actor), Request::SetState { user: user(number), asked })
            }
            Do::Make(number, to) | Do::Listen(number, to) => {
                let action = if matches!(what, Do::Make(..)) { "MAKE_CALL" } else { "SILENT_MONITOR" };
                let asked = DialogRequest {
                    action: owned(action),
                    from: own(number),
                    to: owned(to),
                    ..DialogRequest::default()
                };
                request(user(number), Request::CreateDialog { user: user(number), asked })
            }
            Do::BargeIn(number, place) => {
                let listening = self.call(place).and_then(|id| self.desk.dialogs.get(&id));
                let asked = DialogRequest {
                    action: owned("BARGE_IN"),
                    from: own(number),
                    to: listening.map(|dialog| dialog.to.clone()).filter(|to| !to.is_empty()),
                    associated: self.call(place).map(nodes::dialog),
                    ..DialogRequest::default()
                };
                request(user(number), Request::CreateDialog { user: user(number), asked })
            }
            Do::Update(place, which, action, to, target) => {
                let id = self.call(place)?;
                let dialog = &self.desk.dialogs[&id];
                let agents = dialog.agents();
                let actor = *agents.get(which % agents.len().max(1))?;
                let target = match target {
                    Some(target) => {
                        Some(dialog.participants[target % dialog.participants.len()].address.clone())
                    }
                    None => self.desk.agent(actor).extension.clone(),
                };
                let mut data = CallData::default();
                let _ = data.set("callVariable1".into(), "x".into());
                let asked = DialogRequest {
                    action: owned(action.name()),
                    to: owned(to),
                    target,
                    data: Some(data),
                    digits: owned("1"),
                    classification: owned("FAX"),
                    callback_time: owned("2023-01-13T11:07:30"),
                    callback_number: owned("5550163").filter(|_| which % 2 == 0),
                    ..DialogRequest::default()
                };
                request(actor, Request::UpdateDialog { dialog: id.to_string(), asked })
            }
            Do::Offered(place, which, action, to) => {
                let id = self.call(place)?;
                let agents = self.desk.dialogs[&id].agents();
                let actor = agents.get(which % agents.len().max(1)).copied();
                let offered = actor.map(|actor| self.offered(id, actor)).unwrap_or_default();
                // UPDATE_CALL_DATA and SEND_DTMF are mostly left out.
                let offered: Vec<_> = offered
                    .into_iter()
                    .filter(|one| which == 7 || !matches!(one, Action::UpdateCallData | Action::SendDtmf))
                    .collect();
                let action = *offered.get(action % offered.len().max(1))?;
                return self.command(&Do::Update(place, which, action, to, None));
            }
            Do::Inbound(to) => Command::PlaceCall(Inbound {
                from: "5550199".into(),
                to: to.into(),
                data: CallData::default(),
            }),
            Do::AddContact(campaign, number, agent) => Command::AddContact(NewContact {
                campaign: campaign.into(),
                customer: Customer { phone_number: number.into(), ..Customer::default() },
                agent: agent.map(|agent| self.desk.directory().get(self.agents[agent as usize]).id.clone()),
            }),
            Do::RemoveContact(place) => {
                let all = self.desk.listed_contacts();
                Command::RemoveContact(all.get(place % all.len().max(1))?.id.to_string())
            }
            Do::Abandon(place) => Command::EndCall(self.call(place)?.to_string()),
            Do::Left(number) => Command::Left(user(number)),
            Do::Arrived(number) => Command::Arrived(user(number)),
            Do::Wait(time) => {
                self.now += time;
                Command::Tick
            }
            Do::UntilDue => {
                let ahead = self.desk.wake_at()?.saturating_duration_since(at(self.now).monotonic);
                self.now += u64::try_from(ahead.as_millis()).expect("hours at most");
                Command::Tick
            }
            Do::Status(status) => {
                Command::SetStatus { status, tell: true, tell_states: status == Status::InService }
            }
            Do::Reload(which) => {
                let name = if self.profile == Profile::Uccx { "uccx" } else { "ucce" };
                Command::Reload(centre(name, which).into())
            }
            Do::Former(place, which) => self.by_former(place, which)?,
        })
    }

    /// Returns whether it was accepted.
    fn step(&mut self, what: &Do) -> Result<bool, String> {
        self.now += 1;
        let Some(command) = self.command(what) else { return Ok(false) };
        if let Command::Request { actor, request, .. } = &command {
            // As the hub does.
            for user in self.desk.signing_in(*actor, request).collect::<Vec<_>>() {
                self.apply(Command::EndSignIn(user))?;
            }
        }
        self.apply(command)
    }

    /// Returns whether it was accepted.
    fn apply(&mut self, command: Command) -> Result<bool, String> {
        // What comes of a sign-in has the id of its request.
        let is_signing_in = self.desk.agents.values().any(|agent| agent.sign_in.is_some());
        let request_ids = match command {
            Command::Request { .. } => &["r"][..],
            _ if is_signing_in => &["", "r"],
            _ => &[""],
        };
        let before = format!("{:?}", self.desk);
        let applied = self.desk.apply(at(self.now), command.clone());
        self.log.push((self.now, command, applied.clone()));
        let refusals = applied.as_ref().err().map(told);
        let events = applied.ok().map(|applied| applied.events);
        let Some(events) = events else {
            must!(format!("{:?}", self.desk) == before, "refused, and something has changed: {refusals:?}");
            return Ok(false);
        };
        for event in &events {
            self.read(event, request_ids)?;
        }
        self.mind_people()?;
        self.check()?;
        Ok(true)
    }
}

/// Everybody signs in and most are ready; then that happens. Returns which rule was broken at which place.
fn run(name: &str, all: &[Do]) -> Result<u64, (usize, String)> {
    let mut centre = Centre::new(name);
    let mut accepted = 0;
    for (place, what) in all.iter().enumerate() {
        let step = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| centre.step(what)));
        match step {
            Ok(Ok(done)) => accepted += u64::from(done),
            Ok(Err(broken)) => return Err((place, broken)),
            Err(_) => return Err((place, "panic: see above".to_owned())),
        }
    }
    Ok(accepted)
}

fn class(broken: &str) -> String {
    broken.split(':').next().unwrap_or_default().to_owned()
}

/// Finds as few steps as possible that lead to the breach.
fn shrink(name: &str, mut all: Vec<Do>, of: &str) -> (Vec<Do>, String) {
    let mut said = String::new();
    loop {
        let mut shorter = None;
        for place in (0..all.len()).rev() {
            let mut fewer = all.clone();
            fewer.remove(place);
            if let Err((at, broken)) = run(name, &fewer)
                && class(&broken) == of
            {
                fewer.truncate(at + 1);
                said = broken;
                shorter = Some(fewer);
                break;
            }
        }
        match shorter {
            Some(fewer) => all = fewer,
            None => return (all, said),
        }
    }
}

fn signed_in() -> Vec<Do> {
    let states = ["LOGIN", "READY"].into_iter();
    states
        .flat_map(|state| (0..AGENTS).map(move |user| Do::State(user, user, state, NUMBERS[user as usize])))
        .collect()
}

/// A call of an agent, and beside it a consultation: chance alone seldom comes so far.
fn consultation(random: &mut fastrand::Rng) -> Vec<Do> {
    let first = if random.bool() { Do::Inbound("1001") } else { Do::Make(0, "1001") };
    let answer = |call| (0..2).map(move |which| Do::Update(call, which, Action::Answer, "", None));
    let consult = [0, 1].map(|which| Do::Update(0, which, Action::ConsultCall, NUMBERS[2], None));
    let consult = &consult[random.usize(..2)..];
    [first].into_iter().chain(answer(0)).chain(consult.iter().cloned()).chain(answer(1)).collect()
}

/// Everybody signs in, perhaps two calls, and then anything.
fn sequence(random: &mut fastrand::Rng) -> Vec<Do> {
    let mut all = signed_in();
    if random.bool() {
        all.extend(consultation(random));
    }
    let length = random.usize(20..300);
    all.extend((0..length).map(|_| some(random)));
    all
}

#[test]
fn two_desks_that_apply_the_same_commands_publish_the_same_and_are_equal() {
    for (name, seed) in ["uccx", "ucce"].into_iter().flat_map(|name| (0..10).map(move |seed| (name, seed))) {
        let mut first = Centre::new(name);
        for what in sequence(&mut fastrand::Rng::with_seed(seed)) {
            first.step(&what).expect("no rule is broken");
        }
        let mut second = Desk::new(centre(name, 0));
        assert!(second != first.desk, "{name}, {seed}: the commands change nothing");
        for (time, command, applied) in &first.log {
            assert_eq!(second.apply(at(*time), command.clone()), *applied, "{name}, {seed}: {command:?}");
        }
        assert!(second == first.desk, "{name}, {seed}: {second:#?}\n{:#?}", first.desk);
    }
}

#[test]
fn calls_in_any_order_break_no_rule() {
    // More of them with STEPS=200000.
    let steps: usize = std::env::var("STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(2_000);
    let mut found: BTreeMap<(String, String), (usize, Vec<Do>)> = BTreeMap::new();
    for name in ["uccx", "ucce"] {
        let (mut done, mut seed, mut accepted) = (0, 0, 0);
        while done < steps {
            let mut random = fastrand::Rng::with_seed(seed);
            seed += 1;
            let mut all = sequence(&mut random);
            done += all.len();
            match run(name, &all) {
                Ok(count) => accepted += count,
                Err((place, broken)) => {
                    all.truncate(place + 1);
                    let entry = found.entry((class(&broken), name.to_owned())).or_insert((0, all.clone()));
                    entry.0 += 1;
                    if all.len() < entry.1.len() {
                        entry.1 = all;
                    }
                }
            }
        }
        println!("{name}: {seed} sequences, {accepted} accepted in those without a breach");
    }
    for ((of, name), (count, all)) in &found {
        let (all, said) = shrink(name, all.clone(), of);
        println!("== {name}, {count} times: {said}");
        for what in all {
            println!("     {what:?}");
        }
    }
    assert!(found.is_empty(), "{} kinds of breaches", found.len());
}
