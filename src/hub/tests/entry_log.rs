//! The log of changes: another hub that takes the state before them and the entries is as the first one.

use super::*;
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
