//! The shared state as bytes: another server that reads them goes on as the first one does; bytes that are not as they were written are
//! refused, and after a loss of power all is there again that the configuration still has.

use crate::desk::{
    Action, CallData, Change, Command, Element, Inbound, MediumRequest, NewMessage, NewTask, Object, Request,
    SetState,
};
use crate::hub::tests::*;
use crate::id::UserId;
use crate::replica::state::{Refused, VERSION, seal};

/// The state whose bytes are compared with those of earlier builds.
const GOLDEN: &str = include_str!("shared_state.hex");

/// The contact centre of these tests.
fn centre() -> Config {
    let mut config = Config::parse(include_str!("shared.toml"), "shared.toml").expect("a valid file");
    config.limits.sign_in = Duration::ZERO;
    config.seed = Some(7);
    config
}

fn stage(change: impl FnOnce(&mut Config)) -> Stage {
    Stage::with(|config| {
        *config = centre();
        change(config);
    })
}

impl Stage {
    fn user(&self, id: &str) -> UserId {
        self.hub.users().find(id).expect("a user of the demo")
    }

    /// Asks for a change as a user.
    fn request(&mut self, id: &str, request: Request) {
        let user = self.user(id);
        self.hub.request(self.now, user, user, "r".to_owned(), request).expect("it may be");
        self.settle();
    }

    fn set_state(&mut self, id: &str, text: &str, more: &str) {
        let body = format!("<User><state>{text}</state><extension>{id}</extension>{more}</User>");
        let bounds = crate::xml::Bounds::of(&self.hub.limits);
        let asked = SetState::read(&body, &bounds).expect("a body");
        let user = self.user(id);
        self.request(id, Request::SetState { user, asked });
    }

    fn call(&mut self, to: &str) -> String {
        let call = Inbound { from: "5550100".to_owned(), to: to.to_owned(), data: CallData::default() };
        self.command(Command::PlaceCall(call)).expect("its id")
    }

    fn command(&mut self, command: Command) -> Option<String> {
        let done = self.hub.apply(Entry { now: self.now, by: None, command });
        self.settle();
        done.expect("nothing refuses it")
    }

    /// Time goes by, on both clocks.
    fn later(&mut self, time: Duration) {
        self.now.wall += time;
        self.pass(time);
    }

    fn shown(&self, id: &str) -> String {
        self.hub.desk().user_document(self.user("administrator"), self.user(id)).expect("it may be seen")
    }

    /// Another server with the same configuration, whose clocks are others, at the same time of day.
    fn other(&self, change: impl FnOnce(&mut Config)) -> Stage {
        let mut other = stage(change);
        other.now = Now { monotonic: self.now.monotonic + Duration::from_secs(5_000), wall: self.now.wall };
        other
    }
}

/// Agents who are signed in, a call that rings, a task, a contact that is offered, a message, a reason code of an administrator, items, and
/// subscriptions of bare JIDs.
fn busy() -> Stage {
    let mut stage = stage(|_| {});
    stage.now.wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let bounds = crate::xml::Bounds::of(&stage.hub.limits);
    for user in ["1001", "1002", "1003"] {
        let id = stage.available(user, "desktop");
        stage.set_state(user, "LOGIN", "");
        stage.hear(id);
    }
    stage.set_state("1002", "NOT_READY", "<reasonCodeId>1</reasonCodeId>");
    stage.set_state("1001", "READY", "");
    stage.set_state("1003", "READY", "");
    stage.later(Duration::from_millis(2_500));
    stage.call("9001");
    let login = MediumRequest::read(
        "<Media><state>LOGIN</state><maxDialogLimit>2</maxDialogLimit><interruptAction>ACCEPT</interruptAction><dialogLogoutAction>CLOSE</dialogLogoutAction></Media>",
        &bounds,
    );
    let ready = MediumRequest::read("<Media><state>READY</state></Media>", &bounds);
    for asked in [login, ready] {
        let (user, medium) = ("1002".to_owned(), Some("5000".to_owned()));
        stage.request("1002", Request::ChangeMedia { user, medium, asked: vec![asked.expect("a body")] });
    }
    let data = CallData::default();
    stage.command(Command::PlaceTask(NewTask { medium: "5000".to_owned(), data }));
    let message = "<TeamMessage><duration>600</duration><content>Coffee &amp; cake</content><teams><team>1</team></teams></TeamMessage>";
    stage.request(
        "administrator",
        Request::CreateMessage(NewMessage::read(message, &bounds).expect("a body")),
    );
    let body = "<ReasonCode><category>NOT_READY</category><code>11</code><label>Lunch</label><forAll>true</forAll></ReasonCode>";
    let body = Element::read(body, &bounds, "ReasonCode").expect("a body");
    let (object, action) = (Object::ReasonCode, Action::Create);
    let change = Change { object, action, ids: Vec::new(), category: String::new(), body };
    stage.request("administrator", Request::Configure(change));
    let own = stage.available("1003", "own");
    stage.subscribe(own, "/lab/alarms", "1003@localhost");
    stage.subscribe(own, "/lab/alarms", "1003@localhost/own");
    stage.publish("/lab/alarms", "<smoke & fire>");
    stage.later(Duration::from_millis(500));
    stage
}

fn read(stage: &mut Stage, bytes: &[u8], way: Way) -> Restored {
    stage.hub.restore(stage.now, bytes, way).expect("a state that is taken")
}

#[test]
fn another_server_with_other_clocks_takes_a_state_and_goes_on_with_the_same_events() {
    let mut first = busy();
    let bytes = first.hub.state(first.now);
    let mut second = first.other(|_| {});
    assert_ne!(second.hub.fingerprint(second.now), first.hub.fingerprint(first.now));
    let restored = read(&mut second, &bytes, Way::Join);
    let Restored { calls, tasks, messages, signed_in, items, gone, .. } = restored;
    assert_eq!((calls, tasks, messages, signed_in, items, gone), (2, 1, 1, 3, 1, 0));
    assert_eq!(restored.taken, first.now.wall);
    assert!(second.hub.state(second.now) == bytes, "what was taken has other bytes");
    assert_eq!(second.hub.fingerprint(second.now), first.hub.fingerprint(first.now));
    let shown = second.shown("1001");
    assert!(shown.contains("<state>RESERVED</state>") && shown == first.shown("1001"), "{shown}");

    // The call is not answered in time; items get the same ids.
    let watchers = [&mut first, &mut second].map(|stage| {
        let id = stage.available("administrator", "watch");
        stage.subscribe(id, "/lab/alarms", "administrator@localhost/watch");
        stage.subscribe(id, "/finesse/api/User/1001", "administrator@localhost/watch");
        stage.subscribe(id, "/finesse/api/User/1001/Dialogs", "administrator@localhost/watch");
        id
    });
    for stage in [&mut first, &mut second] {
        stage.later(Duration::from_secs(12));
        stage.publish("/lab/alarms", "again");
        stage.set_state("1002", "READY", "");
    }
    assert!(first.hub.state(first.now) == second.hub.state(second.now), "they go on differently");
    // Message ids alone are each server's own.
    let told = |events: Vec<String>| -> Vec<String> {
        let without_id = |event: &String| {
            let (head, rest) = event.split_once("\" id=\"").unwrap_or((event, ""));
            format!("{head}{}", rest.split_once('"').map_or("", |(_, rest)| rest))
        };
        events.iter().map(without_id).collect()
    };
    let [one, other] = watchers;
    let (one, other) = (told(first.hear(one)), told(second.hear(other)));
    assert!(one.len() > 2 && one.iter().any(|event| event.contains("again")), "{one:?}");
    assert_eq!(one, other);
}

#[test]
fn sessions_and_their_own_subscriptions_are_no_part_of_it() {
    let mut first = busy();
    let bytes = first.hub.state(first.now);
    let own = first.available("1001", "other");
    first.subscribe(own, "/lab/alarms", "1001@localhost/other");
    assert!(first.hub.state(first.now) == bytes);
    let mut second = first.other(|_| {});
    let session = second.available("1001", "here");
    second.subscribe(session, "/lab/alarms", "1001@localhost/here");
    second.subscribe(session, "/lab/alarms", "1001@localhost");
    read(&mut second, &bytes, Way::Join);
    assert!(second.hub.state(second.now) == bytes, "the bare subscription of before is left");
    second.publish("/lab/alarms", "x");
    assert_eq!(second.events(session), pairs(&[("1001@localhost/here", "x")]));
}

#[test]
fn a_difference_is_named_and_nothing_changes() {
    let first = busy();
    let bytes = first.hub.state(first.now);
    type Change = fn(&mut Config);
    let cases: [(Change, &str); 7] = [
        (|config| config.users[1].last_name.push('x'), "[[user]]"),
        (|config| config.users.swap(2, 3), "[[user]]"),
        (|config| config.teams[0].name.push('x'), "[[team]]"),
        (|config| config.queues[0].name.push('x'), "[[queue]]"),
        (|config| config.nodes[0].items += 1, "[[node]]"),
        (|config| config.limits.forced_logout *= 2, "[limits]"),
        (|config| config.reason_codes[0].label.push('x'), "[[reason_code]]"),
    ];
    for (change, name) in cases {
        let mut other = first.other(change);
        let before = other.hub.state(other.now);
        let refused = other.hub.restore(other.now, &bytes, Way::Join).expect_err("it differs");
        assert_eq!(refused, Refused::Differs(name));
        assert!(refused.to_string().starts_with(name) && other.hub.state(other.now) == before, "{refused}");
    }
    let mut other = first.other(|config| config.domain = "elsewhere".to_owned());
    let refused = other.hub.restore(other.now, &bytes, Way::Join).expect_err("another domain");
    assert_eq!(refused.to_string(), "it is of the domain \"localhost\"");
    // Passwords are compared where somebody logs in.
    let mut other =
        first.other(|config| config.users[1].password = Password::plain("new").expect("a password"));
    read(&mut other, &bytes, Way::Join);
}

#[test]
fn bytes_that_are_not_as_they_were_written_are_refused() {
    let mut stage = busy();
    let bytes = stage.hub.state(stage.now);
    let mut other = stage.other(|_| {});
    let before = other.hub.state(other.now);
    for length in 0..bytes.len() {
        let refused = other.hub.restore(other.now, &bytes[..length], Way::Join).expect_err("it is cut off");
        let expected = if length < 16 { Refused::NotAState } else { Refused::Damaged };
        assert_eq!(refused, expected, "{length}");
    }
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..4_000 {
        let mut flipped = bytes.clone();
        flipped[random.usize(..bytes.len())] ^= 1 << random.u32(..8);
        other.hub.restore(other.now, &flipped, Way::Join).expect_err("a bit is another");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(other.hub.restore(other.now, &longer, Way::Join), Err(Refused::Damaged));
    let mut newer = bytes.clone();
    newer[16..18].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let refused = other.hub.restore(other.now, &newer, Way::Join).expect_err("another version");
    assert_eq!(refused, Refused::OtherVersion(VERSION + 1));
    assert!(other.hub.state(other.now) == before);
    stage.settle();
}

/// The check sum protects from chance and not from intent: whatever is read under a good one, no panic comes of it, and a state that is
/// taken can be written and lives on.
#[test]
fn whatever_stands_under_a_good_check_sum_harms_nothing() {
    let stage = busy();
    let bytes = stage.hub.state(stage.now);
    let body = &bytes[38..];
    let mut random = fastrand::Rng::with_seed(2);
    let mut taken = 0;
    for _ in 0..500 {
        let mut body = body.to_vec();
        for _ in 0..random.usize(1..4) {
            // The parts behind the sections, which hashes keep from being read otherwise.
            let at = random.usize(..body.len());
            match random.u32(..3) {
                0 => body[at] = random.u8(..),
                1 => drop(body.drain(at..(at + random.usize(..9)).min(body.len()))),
                _ => body.insert(at, random.u8(..)),
            }
        }
        let mut other = stage.other(|_| {});
        let way = if random.bool() { Way::Join } else { Way::Recover(centre().into()) };
        if other.hub.restore(other.now, &seal(&body), way).is_ok() {
            taken += 1;
            other.hub.state(other.now);
            other.hub.recover(other.now);
            other.pass(Duration::from_secs(100));
        }
    }
    assert!(taken > 10, "{taken} were taken");
}

#[test]
fn after_a_loss_of_power_states_items_and_subscriptions_are_there_and_calls_end() {
    let first = busy();
    let bytes = first.hub.state(first.now);
    let mut second = first.other(|_| {});
    second.now.wall += Duration::from_secs(20);
    let restored = read(&mut second, &bytes, Way::Recover(centre().into()));
    assert_eq!((restored.calls, restored.items, restored.gone, restored.difference), (2, 1, 0, None));
    let watcher = second.available("administrator", "watch");
    second.subscribe(watcher, "/finesse/api/User/1001/Dialogs", "administrator@localhost/watch");
    second.hub.recover(second.now);
    second.settle();
    let told = second.hear(watcher).concat();
    assert!(told.contains("DELETE") && told.contains("DROPPED"), "{told}");
    let shown = second.shown("1002");
    assert!(shown.contains("<state>NOT_READY</state>"), "{shown}");
    assert_eq!(shown, first.shown("1002"), "the time of its change, too");
    // The client comes back in time, or it does not.
    let back = second.available("1002", "desktop");
    second.hear(back);
    second.pass(second.hub.limits.forced_logout);
    assert!(second.shown("1002").contains("<state>NOT_READY</state>"));
    assert!(!second.shown("1002").contains("Connection Failure"));
    let shown = second.shown("1001");
    assert!(shown.contains("<state>NOT_READY</state>") && shown.contains("Connection Failure"), "{shown}");
    // A subscriber by the bare JID gets events again, with ids that go on.
    let own = second.available("1003", "own");
    second.publish("/lab/alarms", "x");
    assert_eq!(second.events(own), pairs(&[("1003@localhost", "x")]));
    let items: Vec<String> = {
        let node = second.hub.pubsub.find("/lab/alarms").expect("a node");
        second.hub.pubsub.items(node).map(|item| item.payload.text().to_owned()).collect()
    };
    assert_eq!(items, ["<smoke & fire>", "x"]);
}

#[test]
fn what_another_configuration_does_not_have_any_more_is_left_out() {
    let mut first = busy();
    first.set_state("1002", "READY", "");
    let bytes = first.hub.state(first.now);
    let change = |config: &mut Config| {
        config.users.retain(|user| user.id != "1001");
        config.nodes.retain(|node| node.name != "/lab/alarms");
        config.teams[0].name.push('x');
    };
    let mut second = first.other(change);
    let mut config = centre();
    change(&mut config);
    let restored = read(&mut second, &bytes, Way::Recover(config.into()));
    assert_eq!((restored.gone, restored.difference), (1, Some("[[team]]")));
    second.hub.recover(second.now);
    second.settle();
    assert!(second.hub.users().find("1001").is_none());
    let shown = second.shown("1002");
    assert!(shown.contains("<state>READY</state>") && shown.contains("Labx"), "{shown}");
    let of_gone = second.hub.pubsub.list(None, None).map(|one| second.hub.user_name(one.who.user));
    assert!(of_gone.filter(|id| !id.is_empty()).all(|id| id != "1001"));
    let left: Vec<String> = second
        .hub
        .pubsub
        .list(None, second.hub.users().find("1003"))
        .map(|one| second.hub.pubsub.name(one.node).to_string())
        .collect();
    assert!(left.iter().all(|node| node != "/lab/alarms") && !left.is_empty(), "{left:?}");
    // Another product knows other states.
    let mut other = first.other(|config| config.profile = crate::config::Profile::Uccx);
    let mut config = centre();
    config.profile = crate::config::Profile::Uccx;
    let refused = other.hub.restore(other.now, &bytes, Way::Recover(config.into()));
    assert_eq!(refused, Err(Refused::Differs("profile")));
}

/// A board without a battery begins in 1970.
#[test]
fn what_is_due_does_not_wait_for_a_clock_that_was_set_back() {
    let first = busy();
    let bytes = first.hub.state(first.now);
    let due = first.hub.desk().wake_at().expect("something is due") - first.now.monotonic;
    let mut second = first.other(|_| {});
    second.now.wall = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
    read(&mut second, &bytes, Way::Recover(centre().into()));
    assert_eq!(second.hub.desk().wake_at(), Some(second.now.monotonic + due));
    assert!(
        second.shown("1001").contains("<stateChangeTime>1970-01-01T00:00:08.500Z"),
        "{}",
        second.shown("1001")
    );
}

/// Whoever changes the form raises [`VERSION`], and renews the file with `RENEW=1 cargo test --lib hub::tests::shared`.
#[test]
fn the_form_is_that_of_its_version() {
    let stage = busy();
    let bytes = stage.hub.state(stage.now);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: Vec<&str> =
        (0..hex.len()).step_by(120).map(|from| &hex[from..(from + 120).min(hex.len())]).collect();
    let text = format!("version {VERSION}\n{}\n", lines.join("\n"));
    if std::env::var_os("RENEW").is_some() && !GOLDEN.starts_with(&format!("version {VERSION}\n")) {
        std::fs::write("src/hub/tests/shared_state.hex", &text).expect("the file");
        // What the fuzzer begins with.
        std::fs::write("tests/fuzz/corpus/state/busy", &bytes[38..]).expect("the file");
        return;
    }
    assert!(
        text == GOLDEN,
        "the bytes of a state are others: raise VERSION in src/replica/state.rs, and run this test with RENEW=1"
    );
}

/// Prints how large a state is, and how long it takes: `cargo test --lib hub::tests::shared -- --ignored --nocapture`.
#[test]
#[ignore = "it measures"]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn a_state_of_many_agents_and_calls() {
    let agents = 3_000;
    let many = |config: &mut Config| {
        let agent = config.users.iter().find(|user| user.id == "1001").expect("an agent").clone();
        config.users.retain(|user| user.id == "administrator");
        for number in 0..agents {
            let id = (2_000 + number).to_string();
            config.users.push(crate::config::User { extension: Some(id.clone()), id, ..agent.clone() });
        }
    };
    let mut stage = stage(many);
    stage.now.wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for number in 0..agents {
        let id = (2_000 + number).to_string();
        let user = stage.user(&id);
        let nodes = stage.hub.automatic_nodes(user);
        stage.hub.apply_by_system(stage.now, crate::pubsub::Command::SubscribeAutomatically { user, nodes });
        stage.set_state(&id, "LOGIN", "");
        stage.set_state(&id, "READY", "");
    }
    for _ in 0..1_000 {
        stage.call("9001");
    }
    let begin = Instant::now();
    let bytes = stage.hub.state(stage.now);
    let written = begin.elapsed();
    let mut other = stage.other(many);
    let begin = Instant::now();
    let restored = read(&mut other, &bytes, Way::Join);
    println!("{} bytes, written in {written:?}, read in {:?}: {restored:?}", bytes.len(), begin.elapsed());
    assert!(other.hub.state(other.now) == bytes);
}
