//! The log of changes: another hub that takes the state before them and the entries is as the first one.

use super::*;
use crate::desk;
use crate::desk::{
    Action as Happens, CallData, Change, Command, DialogRequest, Element, Inbound, NewMessage, Object,
    Request, SetState,
};
use crate::hub::changes::Entry;
use crate::id::UserId;
use crate::pubsub::{self, Subscriber};

fn some(stage: &Stage, random: &mut fastrand::Rng) -> Command {
    let (actor, other) = (UserId::first(random.u32(1..5)), random.u32(1001..1005).to_string());
    let text = |random: &mut fastrand::Rng, all: &[&str]| Some(all[random.usize(..all.len())].to_owned());
    let dialog = random.u32(..20).to_string();
    let request = match random.u8(..12) {
        0..4 => {
            let extension = Some(stage.hub.user_name(actor));
            let state = text(random, &["LOGIN", "READY", "NOT_READY", "LOGOUT"]);
            Request::SetState { user: actor, asked: SetState { state, extension, ..SetState::default() } }
        }
        4 => {
            let (action, to) = (text(random, &["MAKE_CALL"]), Some(other));
            let from = Some(stage.hub.user_name(actor));
            Request::CreateDialog {
                user: actor,
                asked: DialogRequest { action, to, from, ..DialogRequest::default() },
            }
        }
        5..7 => {
            let action = text(random, &["ANSWER", "DROP", "HOLD", "RETRIEVE"]);
            let target = Some(stage.hub.user_name(actor));
            Request::UpdateDialog {
                dialog,
                asked: DialogRequest { action, target, ..DialogRequest::default() },
            }
        }
        7 => {
            let (duration, content) = (Some("60".to_owned()), Some("Lunch".to_owned()));
            Request::CreateMessage(NewMessage { duration, content, teams: vec!["1".to_owned()] })
        }
        8 => {
            let leaf = |name: &str, text: &str| Element {
                name: name.into(),
                text: text.into(),
                children: Vec::new(),
            };
            let children = vec![leaf("name", &random.u16(..).to_string()), leaf("type", "GLOBAL")];
            let body = Element { children, ..leaf("PhoneBook", "") };
            let (object, action) = (Object::PhoneBook, Happens::Create);
            Request::Configure(Change { object, action, ids: Vec::new(), category: String::new(), body })
        }
        9 => return Command::Tick,
        10 => return Command::Left(actor),
        _ => {
            let variables = vec![("callVariable1".to_owned(), "a".to_owned())];
            let data = CallData { variables, ..CallData::default() };
            return Command::PlaceCall(Inbound { from: "5550100".to_owned(), to: other, data });
        }
    };
    let actor = if random.bool() { actor } else { UserId::first(0) };
    Command::Request { actor, request_id: random.u8(..).to_string(), request }
}

/// A state and the records behind it, of a hub to which that has been done.
fn written(stage: &mut Stage, change: impl FnOnce(&mut Stage)) -> (Vec<u8>, Vec<u8>) {
    stage.hub.begin_log(stage.now, false);
    let state =
        stage.hub.take_batch(stage.now).and_then(|batch| batch.state).expect("a log begins with a state");
    change(stage);
    (state, stage.hub.take_batch(stage.now).expect("something has changed").records)
}

/// Once the ids of events on a node that was gone were given again, and an item took the place of a kept one.
#[test]
fn no_item_takes_the_place_of_another_after_changes_that_do_not_apply_any_more() {
    let node =
        |name: &str| crate::config::NodeConfig { name: name.to_owned(), items: 10, publish: Vec::new() };
    let mut stage = Stage::with(|config| config.nodes = vec![node("/lab/gone"), node("/lab/kept")]);
    let (user, mut ids) = (UserId::first(0), Vec::new());
    let publish = |stage: &mut Stage, node: &str| {
        stage.hub.publish(stage.now, user, node, "x".to_owned()).expect("an administrator may")
    };
    let (state, log) = written(&mut stage, |stage| {
        (0..3).for_each(|_| ids.push(publish(stage, "/lab/gone")));
        ids.push(publish(stage, "/lab/kept"));
    });
    let now_there = |config: &mut Config| config.nodes = vec![node("/lab/kept")];
    let mut again = Stage::with(now_there);
    let mut config = Config::demo();
    now_there(&mut config);
    again.hub = Hub::new(config.clone(), |bytes| bytes.fill(8));
    let (_, replayed) = again.hub.recover_from(again.now, config, &state, &log).expect("it is whole");
    assert_eq!((replayed.applied, replayed.gone), (1, 3));
    assert_eq!(again.hub.counters().events, 0, "nothing was published since the start");
    (0..5).for_each(|_| ids.push(publish(&mut again, "/lab/kept")));
    let node = again.hub.pubsub.find("/lab/kept").expect("it is there");
    assert_eq!(again.hub.pubsub.items(node).count(), 6);
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "no id is given twice");
}

/// A board without a battery starts with a time before that of its last changes.
#[test]
fn what_is_due_does_not_wait_until_a_clock_that_was_set_back_is_as_late_again() {
    let mut stage = Stage::new();
    let hour = Duration::from_secs(3600);
    let start = stage.now;
    let (state, log) = written(&mut stage, |stage| {
        stage.now = Now { monotonic: start.monotonic + 10 * hour, wall: start.wall + 10 * hour };
        let asked = NewMessage {
            duration: Some("60".to_owned()),
            content: Some("Lunch".to_owned()),
            teams: vec!["1".to_owned()],
        };
        let request = Request::CreateMessage(asked);
        let command = Command::Request { actor: UserId::first(0), request_id: String::new(), request };
        stage.hub.apply(Entry { now: stage.now, by: None, command }).expect("an administrator may");
    });
    let mut again = Stage::new();
    again.now = Now { monotonic: start.monotonic + 11 * hour, wall: start.wall };
    again.hub.recover_from(again.now, Config::demo(), &state, &log).expect("it is whole");
    let due = again.hub.desk().wake_at().expect("the message ends");
    assert!(due <= again.now.monotonic + Duration::from_secs(61), "in {:?}", due - again.now.monotonic);
}

#[test]
fn a_service_that_is_started_again_is_up_whatever_a_fault_had_made_of_it() {
    let mut stage = Stage::new();
    let (state, log) = written(&mut stage, |stage| {
        let status = desk::Status::OutOfService;
        stage.hub.set_availability(stage.now, Availability { status, finesse: false });
    });
    let mut again = Stage::new();
    again.hub.recover_from(again.now, Config::demo(), &state, &log).expect("it is whole");
    let up = Availability { status: desk::Status::InService, finesse: true };
    assert_eq!(again.hub.availability(), up);
}

#[test]
fn another_hub_that_takes_the_entries_is_as_the_first_one() {
    let mut applied = 0;
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut stage = Stage::new();
        stage.hub.begin_log(stage.now, false);
        let state =
            stage.hub.take_batch(stage.now).and_then(|batch| batch.state).expect("a log begins with a state");
        for _ in 0..150 {
            let wait = Duration::from_millis(random.u64(..5000));
            stage.now = Now { monotonic: stage.now.monotonic + wait, wall: stage.now.wall + wait };
            let now = stage.now;
            let user = UserId::first(random.u32(..5));
            match random.u8(..4) {
                0 => _ = stage.hub.publish(now, user, "/lab/alarms", random.u8(..).to_string()),
                1 => {
                    let node = stage.hub.pubsub.find(TEAM_NODE).expect("the demo has it");
                    let who = Subscriber { user, session: None };
                    let command = if random.bool() {
                        pubsub::Command::Subscribe { node, who }
                    } else {
                        pubsub::Command::Unsubscribe { node, who }
                    };
                    let _ = stage.hub.apply(Entry { now, by: Some(user), command });
                }
                _ => {
                    let command = some(&stage, &mut random);
                    let _ = stage.hub.apply(Entry { now, by: None, command });
                }
            }
        }
        let records = stage.hub.take_batch(stage.now).expect("something has changed").records;
        let now = stage.now;
        let take = |state: &[u8], log: &[u8]| {
            let mut hub = Stage::new().hub;
            let (_, replayed) = hub.recover_from(now, Config::demo(), state, log).expect("it is whole");
            (hub.state(now), replayed)
        };
        let (replayed, log) = take(&state, &records);
        assert_eq!((log.gone, log.cut), (0, 0), "{seed}");
        assert!(replayed == take(&stage.hub.state(now), &[]).0, "{seed}: {} entries", log.applied);
        assert!(replayed != take(&state, &[]).0, "{seed}: the entries say something");
        applied += log.applied;
    }
    assert!(applied > 800, "{applied} of 3000 are not refused");
}
