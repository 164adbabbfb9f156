//! Whatever is done with media, tasks and calls in whatever order: the rules hold, and who follows the events knows all.

use std::collections::BTreeMap;

use crate::desk::media::states::{Action, MediumState, TaskState};
#[cfg(feature = "replica")]
use crate::desk::tests::shared::Twin;
use crate::desk::tests::*;
use crate::desk::{CallData, Command, DialogRequest, Inbound, MediumRequest, NewTask, Past, Request};

const CENTRE: &str = r#"profile = "ucce"
release = "12.6"
require_reason_codes = false
[[team]]
id = "1"
name = "Lab"
wrap_up = "7s"
[[team]]
id = "2"
name = "Kiosk"
[[user]]
id = "ann"
password = "x"
team = "1"
extension = "1000"
[[user]]
id = "bob"
password = "x"
team = "1"
extension = "1001"
[[user]]
id = "cid"
password = "x"
team = "2"
extension = "1002"
[[user]]
id = "root"
password = "x"
roles = ["Administrator"]
[[queue]]
id = "q1"
name = "One"
team = "1"
number = "9001"
[[media]]
id = 5000
name = "Chat"
interruptible = true
start_timeout = "5s"
script_selectors = ["chat"]
[[media]]
id = 5001
name = "Video"
max_dialogs = 2
script_selectors = ["video"]
[[media]]
id = 5002
name = "Mail"
teams = ["2"]
interruptible = true
start_timeout = "40s"
[limits]
tasks = 6
calls = 4
forced_logout = "20s"
"#;

/// The ids of each agent: the last one is another user with the other file.
const IDS: [&[&str]; 3] = [&["ann"], &["bob"], &["cid", "dee"]];
const WATCHER: UserId = UserId::first(3);
const MEDIA: [u32; 3] = [5000, 5001, 5002];

/// Another file: no mail, chats for team 2 only, and another user in the place of one.
fn less() -> String {
    let mail = CENTRE.find("[[media]]\nid = 5002").expect("the mail");
    let limits = CENTRE.find("[limits]").expect("the limits");
    let text = format!("{}{}", &CENTRE[..mail], &CENTRE[limits..]);
    let text = text.replacen("name = \"Chat\"\n", "name = \"Chat\"\nteams = [\"2\"]\n", 1);
    text.replacen("id = \"cid\"", "id = \"dee\"", 1)
}

fn config(text: &str) -> Config {
    let mut config = Config::parse(text, "c.toml").expect("a valid file");
    config.limits.sign_in = Duration::ZERO;
    config
}

/// What a client of each agent knows from the events.
#[derive(Default)]
struct Known {
    media: BTreeMap<(String, String), String>,
    tasks: BTreeMap<(String, String), String>,
}

impl Known {
    fn hear(&mut self, event: &Event) {
        let rest = event.node.strip_prefix("/finesse/api/User/").unwrap_or_default();
        let Some((user, list)) = rest.split_once('/').filter(|(_, list)| list.ends_with("Media")) else {
            return;
        };
        if event.payload.contains("<apiErrors>") {
            return;
        }
        let (user, data) = (user.to_owned(), inner(&event.payload, "data"));
        if list == "Media" {
            self.media.insert((user, field(&event.payload, "id")), data);
            return;
        }
        let key = (user, field(&event.payload, "id"));
        let task =
            data.replacen("<dialogs>", "", 1).replacen("</dialogs>", "", 1).replace("dialog>", "Dialog>");
        let known = match field(&event.payload, "event").as_str() {
            "POST" => self.tasks.insert(key, task).is_none(),
            "PUT" => self.tasks.insert(key, task).is_some(),
            _ => {
                assert!(
                    task.contains("<state>CLOSED</state>") && task.contains("<dispositionCode>CD_"),
                    "{task}"
                );
                self.tasks.remove(&key).is_some()
            }
        };
        assert!(known, "{event:?}");
    }
}

/// What stands in the first element of that name.
fn inner(document: &str, name: &str) -> String {
    let start = document.find(&format!("<{name}>")).expect(name) + name.len() + 2;
    let end = document.rfind(&format!("</{name}>")).expect(name);
    document[start..end].to_owned()
}

fn choose<'a>(random: &mut fastrand::Rng, from: &[&'a str]) -> &'a str {
    from[random.usize(..from.len())]
}

/// A command, of which many are refused.
fn some(random: &mut fastrand::Rng, desk: &Desk, was_reloaded: bool) -> (Command, u64) {
    let number = random.usize(..IDS.len());
    let user = IDS[number].iter().find_map(|id| desk.directory().find(id)).expect("one of them is there");
    let id = &desk.directory().get(user).id;
    let by = |request| Command::Request { actor: user, request_id: "r".into(), request };
    let medium = MEDIA[random.usize(..MEDIA.len())].to_string();
    let command = match random.u32(..100) {
        0..14 => by(change(random, id, &medium, &["LOGIN", "LOGIN", "READY"])),
        14..32 => by(change(
            random,
            id,
            &medium,
            &["READY", "READY", "READY", "READY", "READY", "READY", "NOT_READY", "routable", "LOGOUT"],
        )),
        32..42 => Command::PlaceTask(NewTask { medium, data: CallData::default() }),
        42..66 => {
            let tasks: Vec<_> = desk.media.tasks.values().map(|task| (task.clone(), task.agent)).collect();
            let Some((task, agent)) = tasks.get(random.usize(..tasks.len().max(1))) else {
                return (Command::Tick, 0);
            };
            let offered = task.state.offers();
            let from = if random.u32(..10) == 0 { &Action::ALL[..] } else { offered };
            let action = from[random.usize(..from.len())];
            let target = choose(random, &["chat", "video", "nowhere"]);
            let body = format!(
                "<Dialog><requestedAction>{}</requestedAction><target>{target}</target></Dialog>",
                action.name()
            );
            let asked = DialogRequest::read(&body, &Bounds::of(&Limits::default())).expect("a body");
            let request = Request::UpdateDialog { dialog: task.dialog_id(), asked };
            let actor = agent.filter(|_| random.u32(..10) > 0).unwrap_or(user);
            Command::Request { actor, request_id: "r".into(), request }
        }
        66..69 => {
            let tasks: Vec<_> =
                desk.media.tasks.values().map(crate::desk::media::room::Task::dialog_id).collect();
            Command::EndTask(tasks.get(random.usize(..tasks.len().max(1))).cloned().unwrap_or_default())
        }
        69..78 => {
            let state = choose(random, &["LOGIN", "READY", "READY", "NOT_READY", "LOGOUT"]);
            let all = choose(random, &["", "true"]);
            let body = format!(
                "<User><state>{state}</state><logoutAllMedia>{all}</logoutAllMedia><extension>100{}</extension></User>",
                number
            );
            by(Request::SetState { user, asked: asked(&body) })
        }
        78..82 => Command::PlaceCall(Inbound {
            from: "5550123".into(),
            to: choose(random, &["9001", "1000", "1001", "1002"]).into(),
            data: CallData::default(),
        }),
        82..89 => {
            let own = desk.agent(user).dialogs.first().map(ToString::to_string).unwrap_or_default();
            let action = choose(random, &["ANSWER", "ANSWER", "HOLD", "RETRIEVE", "DROP"]);
            let body = format!(
                "<Dialog><requestedAction>{action}</requestedAction><targetMediaAddress>100{}</targetMediaAddress></Dialog>",
                number
            );
            let asked = DialogRequest::read(&body, &Bounds::of(&Limits::default())).expect("a body");
            by(Request::UpdateDialog { dialog: own, asked })
        }
        89 => Command::Left(user),
        90 => Command::Arrived(user),
        91 if random.u32(..4) == 0 => {
            Command::Reload(Box::new(config(&if was_reloaded { CENTRE.to_owned() } else { less() })))
        }
        _ => return (Command::Tick, random.u64(..2_500)),
    };
    (command, random.u64(..50))
}

fn change(random: &mut fastrand::Rng, user: &str, medium: &str, states: &[&str]) -> Request {
    let body = match choose(random, states) {
        "LOGIN" => format!(
            "<state>LOGIN</state><maxDialogLimit>{}</maxDialogLimit><interruptAction>{}</interruptAction>\
             <dialogLogoutAction>{}</dialogLogoutAction>",
            random.u32(1..3),
            choose(random, &["ACCEPT", "ACCEPT", "IGNORE"]),
            choose(random, &["CLOSE", "TRANSFER"]),
        ),
        "routable" => format!("<routable>{}</routable>", choose(random, &["true", "false"])),
        state => format!("<state>{state}</state>"),
    };
    let body = format!("<Media>{body}</Media>");
    let asked = vec![MediumRequest::read(&body, &Bounds::of(&Limits::default())).expect("a body")];
    Request::ChangeMedia { user: user.to_owned(), medium: Some(medium.to_owned()), asked }
}

/// The rules of media, and what a client knows.
fn check(desk: &Desk, known: &Known) {
    let media = &desk.media;
    for task in media.tasks.values() {
        let waits = media.waiting.iter().filter(|id| **id == task.id).count();
        match task.agent {
            None => assert_eq!((waits, task.timer), (1, None), "{task:?}"),
            Some(agent) => {
                let one = media.signed_in(agent, task.medium).expect("an agent who is signed in");
                assert_eq!(
                    (waits, one.tasks.iter().filter(|id| **id == task.id).count()),
                    (0, 1),
                    "{task:?}"
                );
                assert_eq!(task.timer.is_some(), task.state == TaskState::Offered, "{task:?}");
            }
        }
    }
    let order = |id: &u32| media.tasks[id].queued;
    assert!(media.waiting.iter().is_sorted_by_key(order), "{:?}", media.waiting);
    assert!(media.tasks.len() <= 6 && media.touched.is_empty());
    for (&(user, medium), one) in &media.agents {
        let id = &desk.directory().get(user).id;
        assert!(one.tasks.len() <= one.max_dialogs as usize, "{id} {one:?}");
        assert!(one.signed_in || (one.tasks.is_empty() && one.state == MediumState::Logout), "{id} {one:?}");
        assert!(one.tasks.iter().all(|task| media.tasks[task].medium == medium), "{id} {one:?}");
        let is_ready = !matches!(one.state, MediumState::Logout | MediumState::NotReady);
        assert_eq!(one.ready, is_ready, "{id} {one:?}");
        // A ready agent with room is there for whoever waits.
        let is_free = desk.agent(user).state == crate::desk::state::State::NotReady
            && one.state == MediumState::Ready
            && one.routable
            && media.of(user).all(|(_, other)| other.tasks.is_empty());
        assert!(
            !is_free || media.waiting.iter().all(|task| media.tasks[task].medium != medium),
            "{id} {one:?}"
        );
        let document = desk.medium_document(WATCHER, user, &medium.to_string()).expect("the watcher may");
        let told = &known.media[&(id.clone(), medium.to_string())];
        assert_eq!(*told, document, "{id} has not been told");
        for task in &one.tasks {
            let task = media.tasks[task].dialog_id();
            let document = desk.dialog_document(user, &task).expect("one's own");
            let told = &known.tasks[&(id.clone(), task)];
            assert_eq!(*told, document, "{id} has not been told");
        }
    }
    let handled = media.tasks.values().filter(|task| task.agent.is_some()).count();
    assert_eq!(known.tasks.len(), handled, "a client knows of tasks that are over");
}

#[test]
fn media_tasks_and_calls_in_any_order_break_no_rule() {
    // More of them with STEPS=200000.
    let steps: usize = std::env::var("STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(4_000);
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..(steps as u64).div_ceil(200) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut desk, mut second) = (Desk::new(config(CENTRE)), Desk::new(config(CENTRE)));
        #[cfg(feature = "replica")]
        let mut twin = Twin::default();
        let (mut known, mut time, mut was_reloaded, mut past) = (Known::default(), 0, false, None);
        for step in 0..200 {
            let (command, pause) = some(&mut random, &desk, was_reloaded);
            time += pause;
            let file = || config(&if was_reloaded { less() } else { CENTRE.to_owned() });
            let command = match (random.u32(..60), &past) {
                (0, _) => Command::Reset(file().into()),
                (1, Some((then, taken))) => {
                    let desk = Desk::clone(then);
                    Command::GoBack(Past { desk, taken: *taken, config: file() }.into())
                }
                _ => command,
            };
            let due = desk.apply(at(time), Command::Tick).expect("time goes by").events;
            assert_eq!(second.apply(at(time), Command::Tick).expect("time goes by").events, due);
            #[cfg(feature = "replica")]
            twin.follow(at(time), Command::Tick, &Ok(due.clone().into()))
                .unwrap_or_else(|why| panic!("{seed} {step}: {why}"));
            due.iter().for_each(|event| known.hear(event));
            let is_reload = matches!(command, Command::Reload(_));
            was_reloaded ^= is_reload;
            let before = is_reload.then(|| desk.media.agents.clone());
            let done = desk.apply(at(time), command.clone());
            assert_eq!(
                second.apply(at(time), command.clone()),
                done,
                "seed {seed}, step {step}: {command:?}"
            );
            #[cfg(feature = "replica")]
            {
                twin.follow(at(time), command.clone(), &done)
                    .unwrap_or_else(|why| panic!("{seed} {step}: {why}"));
                if step % 7 == 0 {
                    let file = config(&if was_reloaded { less() } else { CENTRE.to_owned() });
                    twin.renew(at(time), &desk, file).unwrap_or_else(|why| panic!("{seed} {step}: {why}"));
                }
            }
            let events = done.map(|applied| applied.events).unwrap_or_default();
            events.iter().for_each(|event| known.hear(event));
            // An agent that was taken out of a medium has been told, and is in none any more.
            let gone =
                before.into_iter().flatten().filter(|(place, _)| !desk.media.agents.contains_key(place));
            for ((user, medium), _) in gone {
                let key = (desk.directory().get(user).id.clone(), medium.to_string());
                let told = known.media.remove(&key).expect("it was there");
                assert!(told.contains("<state>LOGOUT</state>"), "{told}");
            }
            check(&desk, &known);
            if random.u32(..30) == 0 {
                past = Some((desk.clone(), at(time)));
            }
            for one in desk.media.agents.values() {
                *states.entry(format!("{:?}", one.state)).or_default() += 1;
            }
        }
        assert!(second == desk, "seed {seed}");
    }
    for state in ["Logout", "NotReady", "Ready", "Interrupted", "Active", "WorkReady", "Paused", "Reserved"] {
        assert!(states.contains_key(state), "no agent was ever {state}: {states:?}");
    }
}
