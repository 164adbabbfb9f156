//! Faults as clients meet them: each does what its kind says, to its target alone, and heals.

mod connections;
mod events;
mod file;
mod sides;

use std::time::Duration;

use crate::config::scram::{Hash, Mechanism};
use crate::fault::Spec;
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
        self.hub.set_fault(self.now, name, spec).expect("there is room");
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
    let scram = vec![Mechanism::Plain, Mechanism::Scram(Hash::Sha256)];
    let mut others = Stage::with(|config| config.sasl.clone_from(&scram));
    others.fault("kind=no-plain");
    let id = others.connect();
    others.open(id);
    let features = others.take(id);
    assert!(features.contains("sasl\"><mechanism>SCRAM-SHA-256</mechanism></mechanisms>"), "{features}");
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
fn an_outage_puts_a_status_back_that_was_set_by_hand_during_another_one() {
    use crate::desk::Status;
    use crate::hub::Availability;
    let partial = Availability { status: Status::PartialService, finesse: true };
    let out = Availability { status: Status::OutOfService, finesse: true };
    for first_ended in ["f", "g"] {
        let mut stage = Stage::new();
        stage.fault("kind=outage&finesse=unavailable");
        stage.hub.set_availability(stage.now, partial);
        stage.named_fault("g", "kind=outage");
        assert_eq!(stage.hub.availability(), out);
        assert!(stage.hub.heal_fault(stage.now, first_ended));
        assert_eq!(stage.hub.availability(), if first_ended == "g" { partial } else { out });
        stage.hub.heal_all_faults(stage.now);
        assert_eq!(stage.hub.availability(), partial, "that of the hand");
    }
}

#[test]
fn an_outage_that_takes_the_place_of_another_says_nothing_of_service_between_them() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    let before = stage.hub.availability();
    stage.fault("kind=outage");
    stage.take(id);
    stage.fault("kind=outage&status=PARTIAL_SERVICE");
    let said = stage.take(id);
    assert!(said.contains("PARTIAL_SERVICE") && !said.contains("IN_SERVICE&lt;"), "{said}");
    stage.heal();
    assert_eq!(stage.hub.availability(), before);
}

#[test]
fn no_fault_is_set_any_more_when_the_server_goes_down() {
    use crate::fault::NotSet;
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.hub.shutdown(stage.now);
    let spec = Spec::read([("kind", "stall")]).expect("it is right");
    assert_eq!(stage.hub.set_fault(stage.now, "f", spec), Err(NotSet::GoingDown));
    assert!(stage.take(id).contains("<system-shutdown"));
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
