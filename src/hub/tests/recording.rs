//! What the record is told.

use crate::fault::Spec;
use crate::hub::tests::*;
use crate::pubsub::After;
use crate::record::Query;

impl Stage {
    /// The entries that a query finds, as JSON.
    fn recorded(&self, query: &str) -> Vec<String> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = Query::read(pairs).expect("a good query");
        let record = self.hub.record();
        let shown = |entry: &&crate::record::Entry| {
            let mut out = String::new();
            entry.write(&mut out, record.wire());
            out
        };
        record.page(&query).entries.iter().map(shown).collect()
    }

    pub(super) fn set_any_fault(&mut self, query: &str) {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let spec = Spec::read(pairs).expect("a good fault");
        self.hub.set_fault(self.now, "f", spec).expect("there is room");
        self.settle();
    }
}

#[test]
fn nothing_is_recorded_if_it_is_off() {
    let mut stage = Stage::with(|config| config.record = 0);
    let id = stage.available("1001", "desktop");
    stage.publish(USER_NODE, "1");
    stage.hear(id);
    stage.hub.closed(stage.now, id, "gone");
    assert!(stage.hub.record().is_empty() && stage.hub.record().last() == 0);
}

#[test]
fn a_session_is_recorded_from_its_opening_to_its_end() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.pass(Duration::from_millis(1500));
    stage.hub.closed(stage.now, id, "gone");
    let sessions = stage.recorded("kind=session");
    let common = "\"session\":\"0.1\"";
    for (entry, parts) in sessions.iter().zip([
        &["\"what\":\"opened\"", "\"transport\":\"ws\"", "\"peer\":\"127.0.0.1:5222\""][..],
        &["\"what\":\"bound\"", "\"user\":\"1001\"", "\"jid\":\"1001@localhost/desktop\""],
        &[
            "\"what\":\"ended\"",
            "\"jid\":\"1001@localhost/desktop\"",
            "\"reason\":\"gone\",\"seconds\":1.5,\"lost\":0",
        ],
    ]) {
        for part in parts.iter().chain([&common]) {
            assert!(entry.contains(part), "{part}: {entry}");
        }
    }
    assert_eq!(sessions.len(), 3);
    let frames = stage.recorded("kind=frame-in,frame-out&session=0.1");
    assert!(frames[0].contains("\"kind\":\"frame-in\"") && frames[0].contains("<open "), "{}", frames[0]);
    assert!(frames.iter().any(|frame| frame.contains("authcid=\\\"1001\\\" masked=\\\"true\\\"/>")));
    assert!(!frames.concat().contains("ADEwMDEAMTAwMQ"));
    assert_eq!(stage.recorded("kind=login")[0].matches("\"what\":\"success\"").count(), 1);
}

#[test]
fn an_event_is_one_entry_and_each_delivery_another() {
    let mut stage = Stage::new();
    let ids = ["1001", "1002", "1003"].map(|user| stage.available(user, "desktop"));
    let stream = stage.stream("1001", &["/lab/alarms"], After::Now);
    for (id, user) in ids.iter().zip(["1001", "1002", "1003"]) {
        stage.subscribe(*id, "/lab/alarms", &format!("{user}@localhost"));
    }
    let before = stage.hub.record().bytes();
    let payload = "<Update>".to_owned() + &"x".repeat(10_000);
    stage.publish("/lab/alarms", &payload);
    for id in ids.into_iter().chain([stream]) {
        stage.hear(id);
    }
    assert_eq!(stage.recorded("kind=event&node=/lab/*").len(), 1);
    let deliveries = stage.recorded("kind=frame-out&node=/lab/*");
    assert_eq!(deliveries.len(), 4);
    assert!(
        deliveries[0].contains("to=\\\"1001@localhost\\\"") && deliveries[0].contains("&lt;Update&gt;"),
        "{}",
        deliveries[0]
    );
    assert!(deliveries[3].contains("\"text\":\"<Update>"), "{}", deliveries[3]);
    assert!(!deliveries[3].contains("\"cut\""), "a whole event is not called cut: {}", deliveries[3]);
    let more = stage.hub.record().bytes() - before;
    assert!(more < 2 * payload.len(), "the payload stands there once: {more}");
}

#[test]
fn what_is_delivered_counts_for_no_queue_when_it_is_out() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.subscribe(id, "/lab/alarms", "1001@localhost");
    stage.publish("/lab/alarms", &"x".repeat(10_000));
    stage.hear(id);
    assert_eq!(stage.hub.counters().backlog, 0);
    assert!(stage.hub.record().bytes() > 10_000);
}

#[test]
fn a_login_without_an_initial_response_is_recorded_with_its_mechanism() {
    let mut stage = Stage::new();
    let id = stage.connect();
    stage.open(id);
    stage.say(id, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>");
    assert!(stage.recorded("kind=login").is_empty());
    stage.say(id, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>ADEwMDEAd3Jvbmc=</response>");
    let login = stage.recorded("kind=login&user=1001");
    let parts = "\"what\":\"not-authorized\",\"mechanism\":\"PLAIN\",\"authcid\":\"1001\"";
    assert!(login.len() == 1 && login[0].contains(parts), "{login:?}");
}

#[test]
fn faults_and_what_they_touch_are_recorded() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.set_any_fault("kind=ping-error&user=1001&count=1");
    stage.say(id, "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    stage.hub.heal_all_faults(stage.now);
    let faults = stage.recorded("kind=fault");
    assert!(faults.len() == 3 && faults.iter().all(|fault| fault.contains("\"fault\":\"f\"")), "{faults:?}");
    assert!(
        faults[0].contains("\"text\":\"ping-error\"") && faults[1].contains("\"session\":\"0.1\""),
        "{faults:?}"
    );
    let touched = stage.recorded("kind=frame-in&contains=urn:xmpp:ping");
    assert!(touched[0].contains("\"fault\":\"f\""), "{touched:?}");
    stage.hear(id);
    stage.subscribe(id, "/lab/alarms", "1001@localhost");
    let other = stage.available("1002", "desktop");
    stage.subscribe(other, "/lab/alarms", "1002@localhost");
    stage.set_any_fault("kind=event-twice&user=1001&count=1");
    for payload in ["1", "2"] {
        stage.publish("/lab/alarms", payload);
        stage.hear(id);
        stage.hear(other);
    }
    let named =
        |frames: &[String]| frames.iter().map(|frame| frame.contains("\"fault\":\"f\"")).collect::<Vec<_>>();
    let frames = stage.recorded("kind=frame-out&node=/lab/alarms");
    assert_eq!(named(&frames), [true, true, false, false, false], "{frames:?}");
    stage.hub.heal_all_faults(stage.now);
    stage.set_any_fault("kind=slow&user=1001");
    stage.publish("/lab/alarms", "3");
    stage.hear(id);
    stage.hear(other);
    let frames = stage.recorded("kind=frame-out&node=/lab/alarms&contains=3");
    assert_eq!(named(&frames), [true, false], "{frames:?}");
}

#[test]
fn a_follower_gets_entries_and_is_no_entry_itself() {
    let mut stage = Stage::new();
    stage.publish("/lab/alarms", "1");
    let asker = stage.asker("administrator");
    let last = stage.hub.record().last();
    let query = Query::read([("kind", "event,session"), ("after", "0")]).expect("a good query");
    let follower = stage.hub.follow_record(stage.now, asker, query).expect("it may");
    assert_eq!(stage.hub.record().last(), last, "it is not recorded");
    let seen = stage.hear(follower);
    assert!(seen.len() == 1 && seen[0].starts_with("entry|1|{\"seq\":1,"), "{seen:?}");
    stage.publish("/lab/alarms", "2");
    stage.connect();
    let seen = stage.hear(follower);
    assert!(seen.len() == 2 && seen[1].contains("\"what\":\"opened\""), "{seen:?}");
    let last = stage.hub.record().last();
    stage.hub.closed(stage.now, follower, "gone");
    assert_eq!(stage.hub.record().last(), last, "nor is its end");
    assert!(stage.hub.taps.is_empty());
}

#[test]
fn a_follower_that_comes_back_gets_the_newest_and_hears_how_many_it_has_not_seen() {
    let mut stage = Stage::with(|config| config.limits.queue_frames = 512);
    for number in 0..1000 {
        stage.publish("/lab/alarms", &format!("<{number}>"));
    }
    let asker = stage.asker("administrator");
    let query = Query::read([("kind", "event"), ("after", "0")]).expect("a good query");
    let follower = stage.hub.follow_record(stage.now, asker, query).expect("it may");
    let seen = stage.hear(follower);
    assert_eq!(seen[0], "missed||{\"entries\":744}");
    assert!(
        seen[1].contains("<744>") && seen.last().is_some_and(|last| last.contains("<999>")),
        "{}",
        seen[1]
    );
    assert_eq!(seen.len(), 257);
}

#[test]
fn changed_states_are_recorded_once_each() {
    let mut stage = Stage::new();
    let user = stage.hub.users().find("1001").expect("the demo has it");
    for (state, id) in [("LOGIN", "a"), ("READY", "b&<c")] {
        let body = format!("<User><state>{state}</state><extension>1001</extension></User>");
        let bounds = xml::Bounds::of(&stage.hub.limits);
        let asked = crate::desk::SetState::read(&body, &bounds).expect("a good body");
        let request = crate::desk::Request::SetState { user, asked };
        stage.hub.request(stage.now, user, user, id.to_owned(), request).expect("it may");
        stage.pass(stage.hub.limits.sign_in);
    }
    let states = stage.recorded("kind=state&user=1001");
    assert!(states.len() == 2, "{states:?}");
    assert!(states[1].contains("\"what\":\"READY\",\"requestId\":\"b&<c\""), "{states:?}");
}
