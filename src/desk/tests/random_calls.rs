//! Whatever is done with calls in whatever order: the rules of the desk hold, and who follows the events knows all.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;
use crate::config::{Profile, Role};
use crate::desk::dialog::{Action, CallType, Party, Phase};
use crate::desk::nodes;
use crate::desk::state::State;
use crate::desk::timers::Alarm;
use crate::desk::{CallData, DialogRequest, Inbound};
use crate::id::DialogId;

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
[limits]
calls = 9
"#;

const AGENTS: u32 = 5;
const WATCHER: UserId = UserId(5);

const NUMBERS: &[&str] = &[
    "1000", "1001", "1002", "1003", "1004", "1000", "1001", "1002", "1003", "1004", "9001", "9002", "9001",
    "5550001", "5550002", "5550123", "5550123", "sip:x", "1099",
];

/// One thing that happens. Calls are named by their place among those there are.
#[derive(Clone, Debug)]
enum Do {
    State(u32, u32, &'static str, &'static str),
    Make(u32, &'static str),
    Listen(u32, &'static str),
    BargeIn(u32, usize),
    /// Whose participation of which call; what; which number; the target, if it is not the own telephone.
    Update(usize, usize, Action, &'static str, Option<usize>),
    /// The same with one of the actions that are offered.
    Offered(usize, usize, usize, &'static str),
    Inbound(&'static str),
    Abandon(usize),
    Left(u32),
    Arrived(u32),
    /// Milliseconds go by.
    Wait(u64),
    /// Until the next timer.
    UntilDue,
    /// To the next state of the service, and all are told.
    Status(Status),
}

fn some(random: &mut fastrand::Rng) -> Do {
    let pick = |random: &mut fastrand::Rng, from: &[&'static str]| from[random.usize(..from.len())];
    let agent = |random: &mut fastrand::Rng| random.u32(..AGENTS);
    match random.u8(..100) {
        0..18 => {
            let user = agent(random);
            let actor = if random.u8(..5) == 0 { [0, 4][random.usize(..2)] } else { user };
            let state = pick(random, &["LOGIN", "LOGIN", "READY", "READY", "READY", "NOT_READY", "LOGOUT"]);
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
        77..85 => Do::Inbound(pick(random, NUMBERS)),
        85..87 => Do::Abandon(random.usize(..9)),
        87..88 => Do::Left(agent(random)),
        88..90 => Do::Arrived(agent(random)),
        90..94 => Do::Wait(random.u64(1..9_000)),
        94..99 => Do::UntilDue,
        _ => Do::Status(Status::ALL[random.usize(..3)]),
    }
}

/// What somebody knows who has read all events.
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
    now: u64,
}

type Checked = Result<(), String>;

macro_rules! must {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

impl Centre {
    fn new(name: &str) -> Self {
        let text = format!("profile = \"{name}\"\n{CENTRE}");
        let config = Config::parse(&text, "c.toml").expect("a valid file");
        let desk = Desk::new(&config);
        let nodes = nodes::all(&config, desk.directory()).into_iter().map(|node| node.name).collect();
        let readers = (0..AGENTS).map(|_| Reader::default()).collect();
        Self { desk, profile: config.profile, nodes, readers, now: 0 }
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

    /// Returns whether it was accepted.
    fn step(&mut self, what: &Do) -> Result<bool, String> {
        self.now += 1;
        let owned = |text: &str| Some(text.to_owned());
        let own =
            |desk: &Desk, user: u32| desk.agent(UserId(user)).extension.clone().or_else(|| owned("1000"));
        let now = at(self.now);
        let desk = &mut self.desk;
        let mut request_id = "r";
        let mut refusals = None;
        let before = format!("{desk:?}");
        let events = match *what {
            Do::State(actor, user, state, extension) => {
                let extension = (state == "LOGIN").then(|| extension.to_owned());
                let asked = SetState { state: owned(state), extension, reason_code_id: None };
                desk.set_state(now, UserId(actor), UserId(user), &asked, "r")
                    .map_err(|e| refusals = Some(told(&e)))
                    .ok()
            }
            Do::Make(user, to) | Do::Listen(user, to) => {
                let action = if matches!(what, Do::Make(..)) { "MAKE_CALL" } else { "SILENT_MONITOR" };
                let asked = DialogRequest {
                    action: owned(action),
                    from: own(desk, user),
                    to: owned(to),
                    ..DialogRequest::default()
                };
                desk.create_dialog(now, UserId(user), UserId(user), &asked, "r")
                    .map_err(|e| refusals = Some(told(&e)))
                    .ok()
            }
            Do::BargeIn(user, place) => {
                let associated = self.call(place).map(nodes::dialog);
                let desk = &mut self.desk;
                let asked = DialogRequest {
                    action: owned("BARGE_IN"),
                    from: own(desk, user),
                    to: owned("1001"),
                    associated,
                    ..DialogRequest::default()
                };
                desk.create_dialog(now, UserId(user), UserId(user), &asked, "r")
                    .map_err(|e| refusals = Some(told(&e)))
                    .ok()
            }
            Do::Update(place, which, action, to, target) => {
                let Some(id) = self.call(place) else { return Ok(false) };
                let desk = &mut self.desk;
                let participants = &desk.dialogs[&id].participants;
                let agents = desk.dialogs[&id].agents();
                if agents.is_empty() {
                    return Ok(false);
                }
                let actor = agents[which % agents.len()];
                let target = match target {
                    Some(target) => Some(participants[target % participants.len()].address.clone()),
                    None => desk.agent(actor).extension.clone(),
                };
                let mut data = CallData::default();
                let _ = data.set("callVariable1".into(), "x".into());
                let asked = DialogRequest {
                    action: owned(action.name()),
                    to: owned(to),
                    target,
                    data: Some(data),
                    digits: owned("1"),
                    ..DialogRequest::default()
                };
                desk.update_dialog(now, actor, &id.to_string(), &asked, "r")
                    .map_err(|e| refusals = Some(told(&e)))
                    .ok()
            }
            Do::Offered(place, which, action, to) => {
                let Some(id) = self.call(place) else { return Ok(false) };
                let agents = self.desk.dialogs[&id].agents();
                let actor = agents.get(which % agents.len().max(1)).copied();
                let offered = actor.map(|actor| self.offered(id, actor)).unwrap_or_default();
                // UPDATE_CALL_DATA and SEND_DTMF are mostly left out.
                let offered: Vec<_> = offered
                    .into_iter()
                    .filter(|one| which == 7 || !matches!(one, Action::UpdateCallData | Action::SendDtmf))
                    .collect();
                if offered.is_empty() {
                    return Ok(false);
                }
                return self.step(&Do::Update(place, which, offered[action % offered.len()], to, None));
            }
            Do::Inbound(to) => {
                request_id = "";
                let call = Inbound { from: "5550199".into(), to: to.into(), data: CallData::default() };
                desk.place_call(now, &call, "").map(|(_, events)| events).ok()
            }
            Do::Abandon(place) => {
                request_id = "";
                let Some(id) = self.call(place) else { return Ok(false) };
                self.desk.abandon(now, &id.to_string(), "")
            }
            Do::Left(user) => {
                desk.left(now, UserId(user));
                Some(Vec::new())
            }
            Do::Arrived(user) => {
                desk.arrived(UserId(user));
                Some(Vec::new())
            }
            Do::Wait(time) => {
                self.now += time;
                request_id = "";
                Some(desk.tick(at(self.now)))
            }
            Do::UntilDue => {
                let Some(due) = desk.wake_at() else { return Ok(false) };
                let ahead = due.saturating_duration_since(at(self.now).monotonic).as_millis();
                self.now += u64::try_from(ahead).expect("hours at most");
                request_id = "";
                Some(desk.tick(at(self.now)))
            }
            Do::Status(status) => {
                request_id = "";
                desk.set_status(now, status);
                let event = desk.status_told(now);
                if status == Status::InService {
                    desk.tell_states(now);
                }
                Some(vec![event])
            }
        };
        let Some(events) = events else {
            must!(format!("{:?}", self.desk) == before, "refused, and something has changed: {refusals:?}");
            return Ok(false);
        };
        for event in &events {
            self.read(event, request_id)?;
        }
        self.check()?;
        Ok(true)
    }

    /// A client reads an event.
    fn read(&mut self, event: &Event, request_id: &str) -> Checked {
        let Event { node, payload } = event;
        must!(self.nodes.contains(node), "event on an unknown node: {node}");
        must!(field(payload, "requestId") == request_id, "event with another requestId: {payload}");
        must!(payload.len() < 64_000, "event too large: {} bytes", payload.len());
        let kind = field(payload, "event");
        let source = field(payload, "source");
        let data = payload.split_once("<data>").and_then(|(_, rest)| rest.rsplit_once("</data>"));
        let data = data.map(|(data, _)| data).unwrap_or_default();
        if kind == "put" {
            return Ok(());
        }
        for place in 0..self.readers.len() {
            let id = self.desk.directory().get(UserId(place as u32)).id.clone();
            let reader = &mut self.readers[place];
            if *node == nodes::user(&id) {
                reader.user = Some(data.replace("<user>", "").replace("</user>", ""));
            } else if node.ends_with("/Users") && source == nodes::user(&id) {
                reader.summary = Some((field(payload, "state"), field(payload, "stateChangeTime")));
            } else if *node == nodes::dialogs(&id) {
                let call = data.replace("<dialogs>", "").replace("</dialogs>", "");
                let call = call.replace("<Dialog>", "").replace("</Dialog>", "");
                let call = call.replace("<dialog>", "").replace("</dialog>", "");
                let uri = field(payload, "uri");
                let known = reader.dialogs.contains_key(&uri);
                match kind.as_str() {
                    "POST" => {
                        must!(!known, "event order: POST twice for {id}: {uri}");
                        reader.dialogs.insert(uri, call);
                    }
                    "DELETE" => {
                        must!(known, "event order: DELETE of what {id} does not know: {uri}");
                        reader.dialogs.remove(&uri);
                    }
                    _ => {
                        must!(known, "event order: PUT of what {id} does not know: {uri}");
                        must!(source == uri, "event source {source} for {uri}");
                        reader.dialogs.insert(uri, call);
                    }
                }
            }
        }
        Ok(())
    }

    /// What holds whenever nothing happens.
    fn check(&self) -> Checked {
        for user in (0..AGENTS).map(UserId) {
            self.check_agent(user)?;
            self.check_reader(user)?;
        }
        for id in self.desk.dialogs.keys() {
            self.check_call(*id)?;
        }
        self.check_queues()?;
        self.check_timers()?;
        self.check_telephones()
    }

    fn check_agent(&self, user: UserId) -> Checked {
        let desk = &self.desk;
        let agent = desk.agent(user);
        let id = &desk.directory().get(user).id;
        let mut phases = Vec::new();
        for call in &agent.dialogs {
            let dialog = desk.dialogs.get(call);
            must!(dialog.is_some(), "dead call: {id} has {call}, which is gone");
            let part = dialog.and_then(|dialog| dialog.of(user));
            must!(part.is_some(), "no part: {id} has {call} and takes no part in it");
            phases.extend(part.map(|part| part.phase));
        }
        let distinct: HashSet<_> = agent.dialogs.iter().collect();
        must!(distinct.len() == agent.dialogs.len(), "call twice: {id} has {:?}", agent.dialogs);
        let rings = |phase: &Phase| *phase == Phase::Alerting;
        let state = agent.state;
        let shown = format!("{id} {state:?} {phases:?}");
        let good = match state {
            State::Logout => phases.is_empty() && agent.extension.is_none(),
            State::NotReady => self.profile == Profile::Uccx || phases.iter().all(rings),
            State::Ready => phases.iter().all(rings),
            State::Reserved => phases.iter().any(rings) && phases.iter().all(rings),
            State::Talking => phases.iter().any(|phase| !rings(phase)),
            State::Hold => self.profile == Profile::Ucce && phases.contains(&Phase::Held),
            State::Work => agent.wrap_up.is_some(),
            State::WorkReady => self.profile == Profile::Ucce && agent.wrap_up.is_some(),
        };
        must!(good, "state and calls: {shown}");
        let works = matches!(state, State::Work | State::WorkReady);
        must!(agent.wrap_up.is_none() || works, "wrap-up timer outside WORK: {shown}");
        must!(!works || agent.after.is_some(), "WORK leads nowhere: {shown}");
        must!(!works || phases.is_empty(), "call in WORK: {shown}");
        must!(
            agent.pending.is_none() || !phases.is_empty(),
            "pending without a call: {shown} {:?}",
            agent.pending
        );
        let settled = matches!(state, State::NotReady | State::Ready | State::Logout);
        must!(
            !(settled && phases.is_empty()) || agent.after.is_none(),
            "after without a call: {shown} {:?}",
            agent.after
        );
        must!(!(settled && phases.is_empty() && agent.wraps_up), "wraps_up without a call: {shown}");
        // One hears one call at a time.
        let active = phases.iter().filter(|phase| !matches!(phase, Phase::Alerting | Phase::Held)).count();
        must!(active <= 1, "talks on {active} calls: {shown}");
        must!(agent.dialogs.len() <= 3, "many calls: {shown}");
        Ok(())
    }

    fn check_reader(&self, user: UserId) -> Checked {
        let desk = &self.desk;
        let reader = &self.readers[user.0 as usize];
        let document = desk.user_document(user, user).expect("one's own document");
        if let Some(known) = &reader.user {
            must!(*known == inner(&document, "User"), "stale user: knows {known}; is {document}");
            let now = (field(&document, "state"), field(&document, "stateChangeTime"));
            must!(
                reader.summary.as_ref() == Some(&now),
                "stale team: knows {:?}; is {now:?}",
                reader.summary
            );
        }
        let calls = desk.agent(user).dialogs.iter().map(|id| {
            let document = desk.dialog_document(WATCHER, &id.to_string()).expect("a call");
            (nodes::dialog(*id), inner(&document, "Dialog"))
        });
        let calls: BTreeMap<_, _> = calls.collect();
        let id = &desk.directory().get(user).id;
        must!(
            calls.keys().eq(reader.dialogs.keys()),
            "stale calls: {id} knows {:?}; has {:?}",
            reader.dialogs.keys(),
            calls.keys()
        );
        for (uri, is) in &calls {
            let known = &reader.dialogs[uri];
            let [known_besides, is_besides] = [known, is].map(|text| without(text, "actions"));
            must!(known_besides == is_besides, "stale call: {id} knows {known}; is {is}");
            must!(known == is, "stale actions: {id} knows {known}; is {is}");
        }
        Ok(())
    }

    fn check_call(&self, id: DialogId) -> Checked {
        let desk = &self.desk;
        let dialog = &desk.dialogs[&id];
        let brief: Vec<_> = dialog.participants.iter().map(|one| (one.party, one.phase)).collect();
        let shown = format!("{id} {:?} {brief:?}", dialog.kind);
        must!(!dialog.participants.is_empty(), "call without a participant: {shown}");
        must!(dialog.is_ours(), "call of nobody here: {shown}");
        must!(dialog.participants.len() <= 8, "too many participants: {shown}");
        must!(
            dialog.participants.iter().all(|one| one.phase != Phase::Dropped),
            "dropped participant: {shown}"
        );
        let agents = dialog.agents();
        let distinct: HashSet<_> = agents.iter().map(|user| user.0).collect();
        must!(distinct.len() == agents.len(), "twice in a call: {shown}");
        for user in &agents {
            must!(desk.agent(*user).dialogs.contains(&id), "unknown part: {shown}");
            let extension = desk.agent(*user).extension.as_deref();
            let part = dialog.of(*user).expect("takes part");
            must!(extension == Some(&part.address), "elsewhere: {shown} {extension:?} {}", part.address);
        }
        let waits = desk.queues.iter().any(|queue| queue.waiting.contains(&id));
        let failed = dialog.participants.iter().any(|one| one.phase == Phase::Failed);
        let rings = |one: &&crate::desk::dialog::Participant| one.phase == Phase::Alerting;
        must!(!dialog.participants.iter().all(|one| rings(&one)), "rings for nobody: {shown}");
        for one in dialog.participants.iter().filter(rings) {
            let is_timed = match one.party {
                Party::Outside => one.address != "5550002",
                _ => dialog.queued_since.is_some(),
            };
            must!(is_timed == one.ringing.is_some(), "ringing without its timer: {shown} {one:?}");
        }
        must!(
            dialog.participants.len() > 1 || waits || failed || dialog.phase() == Phase::Initiating,
            "alone: {shown}"
        );
        for listener in &dialog.listeners {
            let listening = desk.dialogs.get(listener);
            must!(
                listening.is_some_and(|one| one.associated == Some(id)),
                "dead listener: {shown} {listener}"
            );
        }
        if dialog.kind == CallType::SupervisorMonitor {
            let heard = dialog.associated.and_then(|heard| desk.dialogs.get(&heard));
            must!(heard.is_some_and(|heard| heard.listeners.contains(&id)), "listens to nothing: {shown}");
            let member = dialog.participants.iter().find_map(|one| match one.party {
                Party::Listened(user) => Some(user),
                _ => None,
            });
            let hears = member.is_some_and(|member| heard.is_some_and(|heard| heard.of(member).is_some()));
            must!(hears, "listens to somebody elsewhere: {shown}");
        }
        Ok(())
    }

    fn check_queues(&self) -> Checked {
        let desk = &self.desk;
        let mut seen = HashMap::new();
        for (place, queue) in desk.queues.iter().enumerate() {
            for id in &queue.waiting {
                must!(seen.insert(*id, place).is_none(), "waits twice: {id}");
                let dialog = desk.dialogs.get(id);
                must!(dialog.is_some(), "dead call in a queue: {id}");
                let dialog = dialog.expect("looked at");
                must!(dialog.queue == Some(place), "waits in another queue: {id}");
                must!(dialog.queued_since.is_some(), "waits since never: {id}");
                let rings = dialog.participants.iter().any(|one| one.phase == Phase::Alerting);
                must!(!rings, "waits and rings: {id}");
            }
            if !queue.waiting.is_empty() {
                let ready = (0..AGENTS).map(UserId).find(|user| {
                    let is_member = desk.directory().get(*user).team.as_deref() == Some(&queue.config.team);
                    let agent = desk.agent(*user);
                    is_member && agent.state == State::Ready && agent.dialogs.is_empty()
                });
                must!(ready.is_none(), "waits while {ready:?} is ready");
            }
            let order: Vec<_> = queue.waiting.iter().map(|id| desk.dialogs[id].queued).collect();
            must!(order.is_sorted(), "out of order in the queue: {order:?}");
        }
        for (id, dialog) in &desk.dialogs {
            let ringing = dialog.participants.iter().any(|one| one.phase == Phase::Alerting);
            let lost = dialog.queued_since.is_some() && !seen.contains_key(id) && !ringing;
            must!(!lost, "lost by its queue: {id}");
        }
        Ok(())
    }

    fn check_timers(&self) -> Checked {
        let desk = &self.desk;
        let mut expected = HashSet::new();
        for user in (0..=AGENTS).map(UserId) {
            let agent = desk.agent(user);
            expected.extend(agent.leaving.into_iter().chain(agent.wrap_up).map(|id| format!("{id:?}")));
        }
        for dialog in desk.dialogs.values() {
            let ringing = dialog.participants.iter().filter_map(|one| one.ringing);
            expected.extend(ringing.chain(dialog.patience).map(|id| format!("{id:?}")));
            for one in &dialog.participants {
                must!(
                    one.ringing.is_none() || one.phase == Phase::Alerting,
                    "ringing timer in {:?}",
                    one.phase
                );
            }
            let waits = desk.queues.iter().any(|queue| queue.waiting.contains(&dialog.id));
            let outside = dialog
                .participants
                .iter()
                .any(|one| one.party == Party::Outside && one.phase != Phase::Alerting);
            let talk = dialog
                .participants
                .iter()
                .filter(|one| matches!(one.phase, Phase::Active | Phase::Held))
                .count();
            must!(
                !(outside && talk < 2) || dialog.patience.is_some(),
                "nobody minds the caller: {} waits: {waits}",
                dialog.id
            );
        }
        expected.extend(desk.telling.map(|id| format!("{id:?}")));
        for (id, alarm) in &desk.timers.set {
            let is_statistics = *alarm == Alarm::Statistics && desk.is_marked;
            must!(expected.remove(&format!("{id:?}")) || is_statistics, "timer left: {alarm:?}");
        }
        must!(expected.is_empty(), "timer gone: {expected:?}");
        Ok(())
    }

    fn check_telephones(&self) -> Checked {
        let desk = &self.desk;
        for (extension, at) in &desk.extensions {
            if let Some(user) = at {
                must!(
                    desk.agent(*user).extension.as_ref() == Some(extension),
                    "telephone {extension} of {user:?}"
                );
            }
        }
        for user in (0..AGENTS).map(UserId) {
            if let Some(extension) = &desk.agent(user).extension {
                must!(
                    desk.extensions.get(extension) == Some(&Some(user)),
                    "no telephone {extension} of {user:?}"
                );
            }
            let is_agent = desk.directory().get(user).roles.contains(&Role::Agent);
            must!(is_agent || desk.agent(user).extension.is_none(), "a telephone of no agent");
        }
        Ok(())
    }
}

/// A document without the elements of that name.
fn without(text: &str, name: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&start).map(|part| part.split_once(&end).map_or(part, |(_, rest)| rest)).collect()
}

/// What stands inside the outermost element.
fn inner(document: &str, name: &str) -> String {
    let inner = document.strip_prefix(&format!("<{name}>"));
    let inner = inner.and_then(|text| text.strip_suffix(&format!("</{name}>")));
    inner.expect("a document").to_owned()
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

/// The same breach with as few steps as possible.
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
            let mut all = signed_in();
            if random.bool() {
                all.extend(consultation(&mut random));
            }
            let length = random.usize(20..300);
            all.extend((0..length).map(|_| some(&mut random)));
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
