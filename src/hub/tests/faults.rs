//! Faults as clients meet them: each does what its kind says, to its target alone, and heals.

use std::time::Duration;

use crate::fault::{Origin, Spec};
use crate::hub::faults::late::{Due, LATE_MAX, Late};
use crate::hub::tests::*;
use crate::pubsub::After;

const PING: &str =
    "<iq xmlns='jabber:client' type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>";

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Stage {
    fn fault(&mut self, query: &str) {
        self.named_fault("f", query);
    }

    fn named_fault(&mut self, name: &str, query: &str) {
        let pairs = query.split('&').map(|pair| pair.split_once('=').expect("a name and a value"));
        let spec = Spec::read(pairs).unwrap_or_else(|problem| panic!("{query}: {}", problem.sentence));
        self.hub.set_fault(self.now, name, spec, Origin::Api).expect("there is room");
        self.settle();
    }

    fn heal(&mut self) {
        assert!(self.hub.heal_fault(self.now, "f"));
        self.settle();
    }

    fn watch(&mut self, user: &str, node: &str) -> SessionId {
        let user = self.hub.users().find(user).expect("the demo has the user");
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5222));
        let request = StreamRequest { peer, user, ticket: None, via_proxy: false };
        self.hub.open_events(self.now, request, [node], After::Now).expect("there is room")
    }

    /// Takes as a client takes that is woken: until nothing more is given.
    fn take(&mut self, id: SessionId) -> String {
        self.hear(id).concat()
    }

    fn is_open(&self, id: SessionId) -> bool {
        self.hub.sessions.get(id).is_some_and(|session| !session.is_closed())
    }
}

#[test]
fn a_ping_is_answered_late_with_an_error_or_not_at_all() {
    let mut stage = Stage::new();
    let (target, witness) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
    let pings = |stage: &mut Stage| {
        let said = [target, witness].map(|id| {
            stage.say(id, PING);
            stage.take(id)
        });
        assert!(said[1].contains("type=\"result\""), "{}", said[1]);
        said[0].clone()
    };
    stage.fault("kind=ping-delay&user=1001&delay=12s");
    assert_eq!(pings(&mut stage), "");
    stage.pass(seconds(11));
    assert_eq!(stage.take(target), "");
    stage.pass(seconds(1));
    assert!(stage.take(target).contains("type=\"result\""));
    pings(&mut stage);
    stage.heal();
    assert!(stage.take(target).contains("type=\"result\""), "what was kept back comes when the fault heals");
    stage.fault("kind=ping-error&user=1001&condition=item-not-found");
    assert!(pings(&mut stage).contains("<item-not-found"));
    stage.fault("kind=ping-silence&user=1001");
    assert_eq!(pings(&mut stage), "");
    stage.heal();
    assert!(pings(&mut stage).contains("type=\"result\""));
}

#[test]
fn an_iq_that_is_refused_changes_nothing() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    let subscribe = "<iq xmlns='jabber:client' type='set' id='s' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='/finesse/api/Team/1/Users' jid='1001@localhost/desktop'/></pubsub></iq>";
    for (query, answer) in [("kind=iq-error", "<internal-server-error"), ("kind=iq-silence", "")] {
        stage.fault(query);
        stage.say(id, subscribe);
        let said = stage.take(id);
        assert!(if answer.is_empty() { said.is_empty() } else { said.contains(answer) }, "{query}: {said}");
        stage.heal();
        stage.publish(TEAM_NODE, "x");
        assert_eq!(stage.take(id), "", "{query}");
    }
    stage.fault("kind=iq-delay&delay=1s");
    stage.say(id, subscribe);
    assert_eq!(stage.take(id), "");
    stage.pass(seconds(1));
    assert!(stage.take(id).contains("subscribed"));
}

#[test]
fn a_login_fails_at_each_of_its_steps() {
    let mut stage = Stage::new();
    stage.fault("kind=old-framing");
    let id = stage.connect();
    stage.open(id);
    assert!(stage.take(id).starts_with("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='localhost' id='"));
    stage.fault("kind=no-plain");
    let id = stage.connect();
    stage.open(id);
    let features = stage.take(id);
    assert!(
        features.starts_with("<open ") && features.contains("<mechanism>SCRAM-SHA-1</mechanism>"),
        "{features}"
    );
    stage.fault("kind=login-refused&user=1001&condition=temporary-auth-failure");
    let (refused, other) = (stage.log_in("1001"), stage.log_in("1002"));
    assert!(stage.take(refused).ends_with("<temporary-auth-failure/></failure>"));
    assert!(stage.take(other).contains("<success"));
    stage.fault("kind=bind-conflict&user=1001");
    let id = stage.log_in("1001");
    stage.open(id);
    stage.take(id);
    let bind = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>d</resource></bind></iq>";
    stage.say(id, bind);
    assert!(stage.take(id).contains("<error code=\"409\" type=\"cancel\"><conflict"));
    stage.heal();
    stage.say(id, bind);
    assert!(stage.take(id).contains("<jid>1001@localhost/d</jid>"));
}

#[test]
fn each_step_of_a_login_can_be_slow() {
    for (step, said) in [("open", ""), ("login", "PLAIN"), ("bind", "<success")] {
        let mut stage = Stage::new();
        stage.fault(&format!("kind=slow-step&step={step}&delay=3s"));
        let id = stage.log_in("1001");
        let heard = stage.take(id);
        assert!(heard.contains(said) && (step != "open" || !heard.contains("<open")), "{step}: {heard}");
        if step == "bind" {
            stage.open(id);
            stage.say(id, "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
            assert!(!stage.take(id).contains("<jid>"));
        }
        stage.pass(seconds(3));
        let late = stage.take(id);
        let expected = match step {
            "open" => "<open ",
            "login" => "<success",
            _ => "<jid>",
        };
        assert!(late.contains(expected), "{step}: {late}");
    }
}

#[test]
fn finesse_is_hidden_from_some_and_appears_when_the_fault_heals() {
    let mut stage = Stage::new();
    stage.fault("kind=finesse-hidden&user=1001");
    let id = stage.bind("1001", "desktop");
    stage.say(id, "<presence xmlns='jabber:client'/>");
    assert!(!stage.take(id).contains("finesse@localhost"));
    stage.say(id, "<presence xmlns='jabber:client' type='probe' to='finesse@localhost'/>");
    assert_eq!(stage.take(id), "");
    let other = stage.bind("1002", "desktop");
    stage.say(other, "<presence xmlns='jabber:client'/>");
    assert!(stage.take(other).contains("finesse@localhost"));
    stage.heal();
    assert_eq!(stage.take(id).matches("from=\"finesse@localhost/smack").count(), 2);
    assert_eq!(stage.take(other), "", "nobody else hears of it");
    stage.fault("kind=finesse-late&delay=10s");
    let id = stage.bind("1003", "desktop");
    stage.say(id, "<presence xmlns='jabber:client'/>");
    assert!(!stage.take(id).contains("finesse@localhost"));
    stage.pass(seconds(10));
    assert_eq!(stage.take(id).matches("finesse@localhost").count(), 2);
}

#[test]
fn events_come_late_twice_broken_in_another_order_or_never() {
    let mut stage = Stage::new();
    let xmpp = stage.available("1001", "desktop");
    let sse = stage.watch("1001", USER_NODE);
    let witness = stage.watch("administrator", USER_NODE);
    let payloads = |stage: &mut Stage, id: SessionId| -> Vec<String> {
        if id == xmpp {
            return stage.events(id).into_iter().map(|(_, payload)| payload).collect();
        }
        stage
            .hear(id)
            .iter()
            .filter(|event| *event != "comment")
            .map(|event| event.rsplit('|').next().unwrap_or_default().to_owned())
            .collect()
    };
    let check = |stage: &mut Stage, query: &str, now: &[&str], later: &[&str]| {
        stage.fault(&format!("{query}&user=1001&node=/finesse/api/User/*"));
        for payload in ["one", "two", "three"] {
            stage.publish(USER_NODE, payload);
        }
        for id in [xmpp, sse] {
            assert_eq!(payloads(stage, id), now, "{query} {id}");
        }
        assert_eq!(payloads(stage, witness), ["one", "two", "three"], "{query}");
        stage.pass(seconds(5));
        for id in [xmpp, sse] {
            assert_eq!(payloads(stage, id), later, "{query} {id}");
        }
        stage.heal();
        assert_eq!(payloads(stage, xmpp), [""; 0]);
        assert_eq!(payloads(stage, witness), [""; 0]);
    };
    check(&mut stage, "kind=event-delay", &[], &["one", "two", "three"]);
    check(&mut stage, "kind=event-drop", &[], &[]);
    check(&mut stage, "kind=event-twice", &["one", "one", "two", "two", "three", "three"], &[]);
    check(&mut stage, "kind=event-order", &["two", "one"], &["three"]);
    check(&mut stage, "kind=payload-broken", &["o", "t", "th"], &[]);
    check(&mut stage, "kind=event-drop&count=2", &["two", "three"], &[]);
    assert_eq!(stage.hub.counters().backlog, 0, "nothing is left");
}

#[test]
fn late_events_do_not_hold_up_their_sender() {
    let mut stage = Stage::with(|config| config.limits.backlog = 1024);
    let target = stage.available("1001", "desktop");
    let witness = stage.watch("administrator", USER_NODE);
    stage.fault("kind=event-delay&user=1001&delay=1m");
    for _ in 0..100 {
        stage.publish(USER_NODE, &"x".repeat(100));
        assert_eq!(stage.hear(witness).len(), 1);
    }
    assert_eq!(stage.hub.counters().holds, 0);
    stage.hub.closed(stage.now, target, "gone");
    assert_eq!(
        stage.hub.counters().dropped,
        100,
        "what is kept back of a session that goes is lost, and counted"
    );
    assert_eq!(stage.hub.counters().backlog, 0);
}

#[test]
fn a_stalled_session_hears_and_is_heard_when_the_fault_heals() {
    for (keep, heard) in [("true", 3), ("false", 0)] {
        let mut stage = Stage::new();
        let (target, sse) = (stage.available("1001", "desktop"), stage.watch("1001", USER_NODE));
        stage.fault(&format!("kind=stall&user=1001&keep={keep}"));
        assert!(!stage.hub.is_reading(target));
        for _ in 0..3 {
            stage.publish(USER_NODE, "x");
        }
        for id in [target, sse] {
            assert_eq!(stage.take(id), "", "{id}");
        }
        stage.pass(seconds(300));
        assert!(stage.is_open(target) && stage.is_open(sse), "silence says nothing about a stalled session");
        stage.woken.clear();
        stage.heal();
        assert!(stage.woken.contains(&target) && stage.woken.contains(&sse));
        assert!(stage.hub.is_reading(target));
        assert_eq!(stage.events(target).len(), heard);
        assert_eq!(stage.hear(sse).iter().filter(|event| *event != "comment").count(), heard);
        stage.say(target, PING);
        assert!(stage.take(target).contains("type=\"result\""), "the same connection goes on");
    }
}

#[test]
fn a_stall_begins_after_a_step() {
    let mut stage = Stage::new();
    stage.fault("kind=stall&after_step=login&count=1");
    let id = stage.log_in("1001");
    assert!(!stage.hub.is_reading(id));
    assert_eq!(stage.take(id), "");
    let other = stage.available("1002", "desktop");
    assert!(stage.hub.is_reading(other), "its count is used up");
}

#[test]
fn a_slow_session_gets_so_many_bytes_a_second() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.fault("kind=slow&user=1001&rate=1000");
    for _ in 0..10 {
        stage.publish(USER_NODE, &"x".repeat(500));
    }
    let mut taken = stage.take(id).len();
    for _ in 0..5 {
        assert_eq!(stage.take(id), "");
        stage.woken.clear();
        stage.pass(seconds(1));
        taken += if stage.woken.contains(&id) { stage.take(id).len() } else { 0 };
    }
    assert!((4000..7000).contains(&taken), "{taken}");
    stage.heal();
    assert!(stage.take(id).len() + taken > 7000);
}

#[test]
fn a_connection_is_cut_or_its_stream_ended() {
    for (query, last) in [
        ("kind=cut", ""),
        ("kind=cut&how=rst", ""),
        ("kind=cut&how=close&code=4000", "close 4000"),
        ("kind=end&condition=conflict", "close 1000"),
        ("kind=end", "close 1001"),
    ] {
        let mut stage = Stage::new();
        let (target, witness) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
        stage.fault(&format!("{query}&user=1001"));
        let said = stage.take(target);
        assert!(said.ends_with(last), "{query}: {said}");
        assert_eq!(said.contains("<conflict"), query.ends_with("conflict"), "{query}: {said}");
        assert_eq!(stage.aborted.contains(&target), last.is_empty(), "{query}");
        assert!(!stage.is_open(target) && stage.is_open(witness), "{query}");
        stage.pass(stage.hub.limits.close);
        assert!(stage.aborted.contains(&target), "{query}");
        assert!(!stage.hub.is_online(stage.hub.users().find("1001").unwrap()));
    }
}

#[test]
fn a_silent_connection_is_cut_and_another_one_stays() {
    let mut stage = Stage::new();
    let (silent, busy) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
    stage.fault("kind=idle-cut&idle=20s");
    for _ in 0..10 {
        stage.pass(seconds(5));
        stage.say(busy, PING);
        stage.take(busy);
    }
    assert!(!stage.is_open(silent) && stage.is_open(busy));
    stage.pass(seconds(20));
    assert!(!stage.is_open(busy));
}

#[test]
fn an_outage_is_told_and_ends_by_itself() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.subscribe(id, "/finesse/api/SystemInfo", "1001@localhost/desktop");
    stage.fault("kind=outage&finesse=unavailable&for=2m");
    let said = stage.take(id);
    assert!(said.contains("OUT_OF_SERVICE") && said.contains("type=\"unavailable\""), "{said}");
    stage.named_fault("g", "kind=outage&status=PARTIAL_SERVICE&for=1m");
    assert!(stage.take(id).contains("PARTIAL_SERVICE"));
    stage.pass(seconds(60));
    assert!(stage.take(id).contains("OUT_OF_SERVICE"), "the other outage goes on");
    stage.pass(seconds(60));
    let said = stage.take(id);
    assert!(said.contains("IN_SERVICE") && said.contains("finesse@localhost/smack-1"), "{said}");
    assert!(stage.hub.faults().is_empty());
}

#[test]
fn faults_are_in_the_log_and_touch_nobody_who_only_looks_on() {
    let mut stage = Stage::new();
    let administrator = stage.hub.users().find("administrator").unwrap();
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5222));
    let request = StreamRequest { peer, user: administrator, ticket: None, via_proxy: false };
    let tap = stage.hub.open_tap(stage.now, request, None).unwrap();
    stage.fault("kind=stall");
    let id = stage.connect();
    stage.open(id);
    assert!(stage.take(tap).contains("frame"), "who looks on is not behind the fault");
    stage.notes.retain(|note| format!("{note:?}").starts_with("Fault"));
    stage.pass(seconds(600));
    let notes: Vec<String> =
        stage.notes.iter().map(|note| format!("{note:?}")).filter(|note| note.starts_with("Fault")).collect();
    assert_eq!(
        notes,
        ["FaultSet { kind: \"stall\" }", "FaultActs { name: \"f\" }", "FaultEnded { hits: 1 }"]
    );
}

#[test]
fn the_end_of_the_server_waits_for_no_fault() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.fault("kind=stall");
    stage.publish(USER_NODE, "last");
    stage.hub.shutdown(stage.now);
    stage.settle();
    let said = stage.take(id);
    assert!(said.contains("last") && said.contains("system-shutdown"), "{said}");
}

#[test]
fn a_change_of_state_or_a_call_fails_after_it_was_accepted() {
    use crate::desk::{DialogRequest, Request, SetState};
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    let [agent, other] = ["1001", "1002"].map(|user| stage.hub.users().find(user).unwrap());
    let sign_in = |user| {
        let asked =
            SetState { state: Some("LOGIN".into()), extension: Some("1001".into()), ..SetState::default() };
        Request::SetState { user, asked }
    };
    stage.fault("kind=state-fails&error=257&user=1001&count=1");
    assert_eq!(stage.hub.request(stage.now, agent, agent, "r7".into(), sign_in(agent)), Ok(None));
    let said = stage.take(id);
    assert!(
        said.contains("CF_INVALID_PASSWORD_SPECIFIED") && said.contains("&lt;requestId&gt;r7&lt;"),
        "{said}"
    );
    assert!(
        stage.hub.request(stage.now, agent, other, "r".into(), sign_in(other)).is_err(),
        "not for others"
    );
    stage.fault("kind=request-id-lost&user=1001");
    assert_eq!(stage.hub.request(stage.now, agent, agent, "r8".into(), sign_in(agent)), Ok(None));
    stage.pass(seconds(1));
    let said = stage.take(id);
    assert!(said.contains("NOT_READY") && !said.contains("r8"), "{said}");
    stage.fault("kind=call-fails&user=1001");
    let asked = DialogRequest::default();
    let call = Request::CreateDialog { user: agent, asked };
    assert_eq!(stage.hub.request(stage.now, agent, agent, "r9".into(), call), Ok(None));
    let said = stage.take(id);
    assert!(said.contains("CF_RESOURCE_OUT_OF_SERVICE") && said.contains("r9"), "{said}");
}

#[test]
fn a_frame_goes_out_in_small_segments() {
    let mut stage = Stage::new();
    let (target, witness) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
    stage.fault("kind=slice&bytes=3&user=1001");
    for (id, slice) in [(target, "slice 3"), (witness, "<iq")] {
        stage.say(id, PING);
        assert!(stage.take(id).starts_with(slice));
    }
    stage.heal();
    stage.say(target, PING);
    assert!(stage.take(target).starts_with("<iq"));
}

#[test]
fn a_slow_session_goes_on_however_much_is_kept_back_of_others() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.watch("1002", "/finesse/api/SystemInfo");
    stage.named_fault("g", "kind=event-delay&user=1002&delay=1h&for=1h");
    for _ in 0..LATE_MAX {
        stage.publish("/finesse/api/SystemInfo", "x");
    }
    stage.take(id);
    stage.fault("kind=slow&user=1001&rate=1000");
    for _ in 0..3 {
        stage.publish(USER_NODE, &"x".repeat(500));
    }
    for _ in 0..3 {
        assert!(stage.take(id).contains("xxx"));
        stage.woken.clear();
        stage.pass(seconds(5));
        assert!(stage.woken.contains(&id), "it is woken when it may be sent more");
    }
}

#[test]
fn nothing_is_left_of_faults_that_are_set_again_and_again() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    for turn in 0..10 {
        stage.named_fault("f", "kind=slow&rate=1");
        stage.named_fault("g", "kind=idle-cut&idle=20s");
        stage.named_fault("h", "kind=idle-cut&idle=30s");
        stage.say(id, PING);
        assert!(stage.take(id).contains("result"), "{turn}");
        stage.pass(seconds(19));
        stage.say(id, PING);
        stage.pass(seconds(2));
        assert!(stage.is_open(id), "{turn}");
        assert!(stage.hub.faults.late.len() <= 3, "{turn}");
        assert!(stage.hub.heal_fault(stage.now, "g"));
        stage.pass(seconds(10));
        stage.hub.heal_all_faults(stage.now);
        assert_eq!((stage.hub.faults.late.len(), stage.hub.faults.paces.written.len()), (0, 0), "{turn}");
        stage.take(id);
    }
    stage.named_fault("f", "kind=slow&rate=1");
    stage.named_fault("g", "kind=idle-cut&idle=20s");
    stage.say(id, PING);
    stage.take(id);
    assert!(stage.hub.heal_fault(stage.now, "f"));
    stage.pass(seconds(20));
    assert!(!stage.is_open(id), "the other fault goes on");
}

#[test]
fn a_slow_session_does_not_hold_up_those_who_send_to_it() {
    for query in ["kind=slow&rate=1", "kind=stall", "kind=slice&bytes=1"] {
        let mut stage = Stage::with(|config| config.limits.backlog = 1024);
        let [target, other] = ["1001", "1002"].map(|user| stage.available(user, "desktop"));
        stage.fault(&format!("{query}&user=1001"));
        let body = "x".repeat(1000);
        let message =
            format!("<message xmlns='jabber:client' to='1001@localhost'><body>{body}</body></message>");
        for _ in 0..10 {
            stage.publish(USER_NODE, &body);
            stage.say(other, &message);
        }
        assert_eq!(stage.hub.counters().holds, 0, "{query}");
        stage.heal();
        assert_eq!(stage.take(target).matches(&body).count(), 20, "{query}");
    }
}

#[test]
fn small_segments_leave_turns_to_others() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.fault("kind=slice&bytes=1&user=1001");
    for _ in 0..3 {
        stage.publish(USER_NODE, &"x".repeat(2000));
    }
    for _ in 0..3 {
        assert_eq!(stage.take(id).matches("</message>").count(), 1);
        stage.pass(seconds(1));
    }
}

#[test]
fn a_stream_is_opened_in_order_though_a_fault_acts_once() {
    let mut stage = Stage::new();
    stage.fault("kind=slow-step&step=open&delay=3s&count=1");
    let id = stage.connect();
    stage.open(id);
    assert_eq!(stage.take(id), "");
    stage.pass(seconds(3));
    let said = stage.take(id);
    assert!(said.starts_with("<open ") && said.contains("features"), "{said}");
}

#[test]
fn the_end_of_an_outage_leaves_what_was_set_by_hand_meanwhile() {
    use crate::desk::Status;
    use crate::hub::Availability;
    let partial = Availability { status: Status::PartialService, finesse: true };
    let mut stage = Stage::new();
    let before = stage.hub.availability();
    for _ in 0..2 {
        stage.fault("kind=outage&finesse=unavailable");
        stage.hub.set_availability(stage.now, partial);
        stage.heal();
        assert_eq!(stage.hub.availability(), partial);
        stage.hub.set_availability(stage.now, before);
        stage.fault("kind=outage");
        stage.heal();
        assert_eq!(stage.hub.availability(), before);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is about the time that it takes")]
fn an_event_does_not_look_through_all_that_is_kept_back_of_others() {
    use crate::id::places::Key;
    use std::time::Instant;
    let session = |place| SessionId(Key { place, generation: 1 });
    let mut late = Late::default();
    for place in 0..LATE_MAX as u32 {
        late.keep(Instant::now(), session(place), &"f".into(), Due::Wake, false);
    }
    let asked = |late: &mut Late| {
        let start = Instant::now();
        (0..5000).for_each(|place| assert!(late.next_behind(session(place)).is_none()));
        start.elapsed()
    };
    // The best of some times, as others use the machine.
    let best = (0..5).map(|_| asked(&mut late)).min().expect("there are some");
    assert!(best < Duration::from_millis(100), "{best:?}");
    for (fault, by) in [("f", 0), ("g", 1), ("h", 2)] {
        late.keep(Instant::now(), session(7), &fault.into(), Due::Wake, true);
        let taken = match by {
            0 => late.next_behind(session(7)).is_some(),
            1 => late.next_of("g").is_some(),
            _ => late.forget(session(7)) == 0,
        };
        assert!(taken && late.next_behind(session(7)).is_none(), "{fault}");
    }
}

#[test]
fn late_events_leave_most_of_the_memory_of_queues_to_others() {
    for kind in ["event-delay&delay=1h", "event-order&delay=1h"] {
        let mut stage = Stage::with(|config| config.limits.queues = 100_000);
        let targets: Vec<SessionId> = (0..10).map(|_| stage.watch("1001", USER_NODE)).collect();
        let witness = stage.watch("administrator", USER_NODE);
        stage.fault(&format!("kind={kind}&for=1h&user=1001"));
        for _ in 0..51 {
            stage.publish(USER_NODE, &"x".repeat(3000));
            assert_eq!(stage.hear(witness).len(), 1, "{kind}");
            targets.iter().for_each(|id| drop(stage.hear(*id)));
        }
        let counters = stage.hub.counters();
        assert_eq!((counters.holds, counters.refused_sends), (0, 0), "{kind}");
        assert!(counters.backlog > 0 && counters.backlog < 50_000, "{kind}: {}", counters.backlog);
    }
}
