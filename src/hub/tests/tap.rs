//! Taps: what an administrator sees of other sessions.

use crate::hub::tests::*;
use crate::pubsub::After;

impl Stage {
    fn try_tap(&mut self, of: Option<SessionId>) -> Result<SessionId, TapRefused> {
        let asker = self.asker("administrator");
        let opened = self.hub.open_tap(self.now, asker, of);
        self.settle();
        opened
    }

    fn open_tap(&mut self, of: Option<SessionId>) -> SessionId {
        self.try_tap(of).expect("it may be opened")
    }
}

#[test]
fn a_tap_shows_every_frame_in_order_without_passwords() {
    let mut stage = Stage::new();
    stage.now.wall += Duration::from_millis(1500);
    let tap = stage.open_tap(None);
    let id = stage.connect();
    stage.open(id);
    stage.hear(id);
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
    let seen = stage.hear(tap);
    let size = open.len();
    assert_eq!(
        seen[0],
        format!(
            "frame||{{\"session\":\"{id}\",\"user\":null,\"direction\":\"in\",\"time\":1500,\"size\":{size},\"text\":\"{open}\"}}"
        )
    );
    assert!(seen[1].contains("\"direction\":\"out\"") && seen[1].contains("<open from="), "{seen:?}");
    assert!(seen[2].contains("<stream:features ") && seen.len() == 3, "{seen:?}");
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>";
    stage.say(id, auth);
    stage.say(id, open);
    stage.hear(id);
    let seen = stage.hear(tap);
    assert!(!seen.concat().contains("ADEwMDEAMTAwMQ"), "{seen:?}");
    let shown = "<auth xmlns=\\\"urn:ietf:params:xml:ns:xmpp-sasl\\\" mechanism=\\\"PLAIN\\\" authzid=\\\"\\\" authcid=\\\"1001\\\" masked=\\\"true\\\"/>";
    assert!(seen[0].ends_with(&format!("\"text\":\"{shown}\"}}")), "{seen:?}");
    assert!(seen[1].contains("\"user\":\"1001\"") && seen[1].contains("\"in\""), "{seen:?}");
    assert!(seen[2].contains("<success ") && seen[2].contains("\"out\""), "{seen:?}");
    stage.say(id, "no XML \u{1}");
    let seen = stage.hear(tap);
    assert!(seen[0].contains("(masked)"), "{seen:?}");
    stage.hear(id);
    let seen = stage.hear(tap).concat();
    assert!(seen.contains("<not-well-formed ") && seen.contains("<close "), "{seen}");
    stage.hub.closed(stage.now, id, "gone");
    let gone = format!("gone||{{\"session\":\"{id}\",\"reason\":\"not-well-formed\"}}");
    assert_eq!(stage.hear(tap), [gone]);
}

#[test]
fn a_tap_of_one_session_shows_no_other_and_none_shows_streams() {
    let mut stage = Stage::new();
    let (one, other) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
    let events = stage.stream("1001", &[USER_NODE], After::Now);
    let all = stage.open_tap(None);
    let tap = stage.open_tap(Some(one));
    stage.publish(USER_NODE, "1");
    stage.publish("/finesse/api/User/1002", "2");
    for id in [one, other, events] {
        stage.hear(id);
    }
    let seen = stage.hear(tap);
    assert!(seen.len() == 1 && seen[0].contains("to=\\\"1001@localhost\\\""), "{seen:?}");
    assert_eq!(stage.hear(all).len(), 2, "of the sessions of XMPP");
    assert!(stage.hear(tap).is_empty() && stage.hear(all).is_empty(), "taps do not show each other");
    stage.hub.fail(stage.now, events, StreamError::SLOW_READER);
    assert_eq!(stage.hear(events), ["end"]);
    assert!(stage.hear(all).is_empty(), "nor the end of a stream");
    for id in [events, other, one] {
        stage.hub.closed(stage.now, id, "gone");
    }
    let gone = |heard: Vec<String>| heard.iter().filter(|event| event.starts_with("gone|")).count();
    assert_eq!((gone(stage.hear(tap)), gone(stage.hear(all))), (1, 2));
}

#[test]
fn a_tap_is_bounded_as_every_session_is() {
    let mut stage = Stage::with(|config| config.limits.queue_frames = 64);
    let id = stage.available("1001", "desktop");
    let taps: Vec<_> = (0..4).map(|_| stage.open_tap(None)).collect();
    assert_eq!(stage.try_tap(None), Err(TapRefused::TooManyTaps));
    taps[1..].iter().for_each(|tap| stage.stop_reading(*tap));
    for _ in 0..70 {
        stage.say(id, "<presence xmlns='jabber:client' to='nobody@localhost'/>");
        stage.hear(taps[0]);
    }
    assert_eq!(stage.hub.counters().slow_readers, 3);
    assert_eq!(stage.hear(taps[1]), ["end"]);
    let events = stage.stream("1001", &[USER_NODE], After::Now);
    for unknown in [events, taps[0], taps[1], SessionId::MAX] {
        assert_eq!(stage.try_tap(Some(unknown)), Err(TapRefused::SessionUnknown));
    }
    stage.open_tap(Some(id));
    // The one that is looked at has noticed nothing.
    stage.say(
        id,
        "<iq xmlns='jabber:client' type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    assert_eq!(stage.hear(id).len(), 1);
}

/// More frames come at once than may wait: the tap is told how many it has not seen, and stays.
#[test]
fn a_tap_that_reads_is_told_what_was_left_out() {
    let mut stage = Stage::with(|config| config.limits.queue_frames = 64);
    let id = stage.available("1001", "desktop");
    let tap = stage.open_tap(None);
    for round in 0..2 {
        for _ in 0..70 {
            stage.say(id, "<presence xmlns='jabber:client' to='nobody@localhost'/>");
        }
        let heard = stage.hear(tap);
        assert_eq!(heard.len(), 65);
        assert_eq!(heard[0].starts_with("missed||{\"frames\":5}"), round == 1, "{}", heard[0]);
    }
    assert_eq!(stage.hub.counters().slow_readers, 0);
}

#[test]
fn the_list_has_every_session() {
    let mut stage = Stage::new();
    let nobody = stage.connect();
    stage.pass(Duration::from_secs(2));
    let bound = stage.available("1001", "a b");
    let stream = stage.stream("1002", &[USER_NODE], After::Now);
    let list = stage.hub.list(stage.now);
    let shown: Vec<_> = list
        .iter()
        .map(|one| {
            (one.id, one.transport, one.user.as_deref(), one.jid.as_deref(), one.available, one.age.as_secs())
        })
        .collect();
    assert_eq!(
        shown,
        [
            (nobody, Transport::Ws, None, None, false, 2),
            (bound, Transport::Ws, Some("1001"), Some("1001@localhost/a b"), true, 0),
            (stream, Transport::Sse, Some("1002"), None, false, 0),
        ]
    );
    assert_eq!(
        stage.hub.transports().into_iter().collect::<Vec<_>>(),
        [(Transport::Sse, 1), (Transport::Ws, 2)]
    );
    for id in [nobody, bound, stream] {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    for text in ["", "1", "1.", ".1", "1.2.3", "-1.2", "a.b", "99999999999.1"] {
        assert!(text.parse::<SessionId>().is_err(), "{text}");
    }
}

#[test]
fn a_tap_without_a_record_learns_which_frames_a_fault_has_touched() {
    let mut stage = Stage::new();
    let (target, other) = (stage.available("1001", "desktop"), stage.available("1002", "desktop"));
    let tap = stage.open_tap(None);
    // An answer that a fault has changed: what has just come from the client is touched.
    stage.set_any_fault("kind=ping-error&user=1001&count=1");
    let ping =
        "<iq xmlns='jabber:client' type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>";
    for id in [target, other] {
        stage.say(id, ping);
        stage.hear(id);
    }
    let seen = stage.hear(tap);
    let hit = |item: &str| format!("fault||{{\"session\":\"{target}\",\"fault\":\"f\",\"item\":{item}}}");
    assert_eq!(seen[1], hit("null"), "{seen:?}");
    assert_eq!(seen.iter().filter(|event| event.starts_with("fault|")).count(), 1, "{seen:?}");
    // An event: its item is named before its frame comes, or does not come.
    stage.set_any_fault("kind=event-drop&user=1001");
    stage.publish(USER_NODE, "1");
    let seen = stage.hear(tap);
    assert!(seen.len() == 1 && seen[0].starts_with("fault|") && !seen[0].contains("null"), "{seen:?}");
    // A fault that lasts for a session is named by each frame.
    stage.set_any_fault("kind=slow&user=1001&rate=100000");
    stage.hear(tap);
    for id in [target, other] {
        stage.say(id, ping);
        stage.hear(id);
    }
    let named: Vec<bool> = stage
        .hear(tap)
        .iter()
        .filter(|event| event.starts_with("frame|"))
        .map(|event| event.contains("\"fault\":\"f\""))
        .collect();
    assert_eq!(named, [true, true, false, false]);
}
