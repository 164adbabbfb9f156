//! Streams of server-sent events, as the hub has them.

use crate::hub::tests::availability::ask_for;
use crate::hub::tests::*;
use crate::pubsub::After;

const HEARTBEAT: Duration = Duration::from_secs(15);
const MISSED: &str =
    "Events may have been missed since the last one that you have seen: ask for the state anew.";
/// Item ids, of a random generator that always says seven.
const ID: &str = "07070707-0707-4707-8707-070707070707";
const ALARMS: &str = "/lab/alarms";

impl Stage {
    pub(super) fn asker(&self, user: &str) -> StreamRequest {
        let user = self.hub.users().find(user).expect("the demo has it");
        StreamRequest {
            peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 80)),
            user,
            ticket: None,
            via_proxy: false,
        }
    }

    fn try_stream(
        &mut self,
        user: &str,
        nodes: &[&str],
        after: After<'_>,
    ) -> Result<SessionId, StreamRefused> {
        let asker = self.asker(user);
        let opened = self.hub.open_events(self.now, asker, nodes.iter().copied(), after);
        self.settle();
        opened
    }

    pub(super) fn stream(&mut self, user: &str, nodes: &[&str], after: After<'_>) -> SessionId {
        self.try_stream(user, nodes, after).expect("it may be opened")
    }

    /// What waits for a stream, the payloads of events alone.
    fn payloads(&mut self, id: SessionId) -> Vec<String> {
        let payload = |event: String| event.splitn(3, '|').nth(2).map_or(event.clone(), str::to_owned);
        self.hear(id).into_iter().map(payload).collect()
    }
}

#[test]
fn a_stream_gets_the_events_of_its_nodes_and_nothing_else() {
    let mut stage = Stage::new();
    let stream = stage.stream("1001", &[USER_NODE, ALARMS, USER_NODE], After::Now);
    let desktop = stage.available("1001", "desktop");
    for (node, payload) in [(USER_NODE, "a|b"), (TEAM_NODE, "no"), (ALARMS, "<c/>")] {
        stage.publish(node, payload);
    }
    let expected = [format!("{USER_NODE}|{ID}1|a|b"), format!("{ALARMS}|{ID}3|<c/>")];
    assert_eq!(stage.hear(stream), expected, "each once");
    assert_eq!(
        stage.events(desktop),
        pairs(&[("1001@localhost", "a|b")]),
        "the automatic subscription alone"
    );
    // Something that is retracted is told to sessions of XMPP only, and XML goes as it is.
    let administrator = stage.available("administrator", "desktop");
    let request = |what: &str| {
        format!(
            "<iq xmlns='jabber:client' type='set' id='r' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'>{what}</pubsub></iq>"
        )
    };
    stage.say(
        administrator,
        &request(&format!(
            "<publish node='{ALARMS}'><item id='x'><a xmlns='u'>1 &amp; 2</a></item></publish>"
        )),
    );
    stage.say(
        administrator,
        &request(&format!("<retract node='{ALARMS}' notify='1'><item id='x'/></retract>")),
    );
    let answers = stage.hear(administrator);
    assert!(
        answers.len() == 2 && answers.iter().all(|answer| answer.contains("type=\"result\"")),
        "{answers:?}"
    );
    assert_eq!(stage.hear(stream), [format!("{ALARMS}|x|<a xmlns=\"u\">1 &amp; 2</a>")]);
}

#[test]
fn a_stream_is_nobodys_presence_and_has_no_address() {
    let mut stage = Stage::new();
    let stream = stage.stream("1001", &[USER_NODE], After::Now);
    let desktop = stage.available("1001", "desktop");
    stage.say(desktop, "<iq xmlns='jabber:client' type='get' id='s' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscriptions/></pubsub></iq>");
    let answer = stage.hear(desktop).concat();
    assert_eq!(answer.matches(&format!("node=\"{USER_NODE}\"")).count(), 1, "{answer}");
    let document = roxmltree::Document::parse(&answer).expect("XML");
    assert_eq!(xml::text_content(document.root_element()), "", "{answer}");
    stage.hub.closed(stage.now, desktop, "gone");
    // The last session with presence is gone, though the stream is there: the agent is, too.
    stage.publish(USER_NODE, "1");
    assert_eq!(stage.hear(stream).len(), 1);
    let again = stage.available("1001", "desktop");
    stage.publish(USER_NODE, "2");
    assert_eq!(stage.events(again).len(), 1, "a first login subscribes automatically");
}

#[test]
fn an_agent_of_whom_only_a_stream_is_left_is_signed_out() {
    let mut stage = Stage::new();
    let desktop = stage.available("1001", "desktop");
    ask_for(&mut stage, "1001", "LOGIN").expect("it can sign in");
    let stream = stage.stream("1001", &[USER_NODE], After::Now);
    stage.hub.closed(stage.now, desktop, "gone");
    stage.pass(Duration::from_secs(59));
    assert!(!stage.hear(stream).concat().contains("<state>LOGOUT</state>"));
    stage.pass(Duration::from_secs(1));
    assert!(stage.hear(stream).concat().contains("<state>LOGOUT</state>"));
}

#[test]
fn what_cannot_be_opened_leaves_nothing_behind() {
    let mut stage = Stage::with(|config| {
        config.limits.subscriptions_per_session = 2;
        config.limits.sessions_per_user = 2;
    });
    let all = [USER_NODE, TEAM_NODE, ALARMS];
    for (nodes, why) in [
        (&[][..], StreamRefused::NoNode),
        (&[USER_NODE, "/no/such"], StreamRefused::NodeUnknown),
        (&[""], StreamRefused::NodeUnknown),
        (&all, StreamRefused::TooManyNodes),
    ] {
        assert_eq!(stage.try_stream("1001", nodes, After::Now), Err(why));
    }
    assert_eq!(stage.hub.counters().sessions, 0);
    // Both kinds of session count together, whichever is first.
    let stream = stage.stream("1001", &[USER_NODE, TEAM_NODE, USER_NODE, TEAM_NODE], After::Now);
    let desktop = stage.available("1001", "desktop");
    assert_eq!(
        stage.try_stream("1001", &[USER_NODE], After::Now),
        Err(StreamRefused::Session(SessionRefused::TooManySessions))
    );
    let third = stage.opened("1001");
    stage.say(third, BIND);
    assert!(stage.hear(third)[0].contains("<resource-constraint"));
    stage.hub.closed(stage.now, stream, "gone");
    stage.say(third, BIND);
    assert!(stage.hear(third)[0].contains("<jid>"));
    stage.stream("1002", &[USER_NODE], After::Now);
    stage.hub.closed(stage.now, desktop, "gone");
    let again = stage.stream("1001", &[USER_NODE], After::Now);
    stage.publish(USER_NODE, "1");
    assert_eq!(stage.payloads(again), ["1"]);
    assert!(stage.hear(stream).is_empty());
    stage.hub.shutdown(stage.now);
    assert_eq!(
        stage.try_stream("1003", &[USER_NODE], After::Now),
        Err(StreamRefused::Session(SessionRefused::GoingDown))
    );
}

#[test]
fn a_quiet_stream_shows_that_it_lives_and_a_full_one_need_not() {
    let mut stage = Stage::new();
    let stream = stage.stream("1001", &[USER_NODE], After::Now);
    stage.pass(HEARTBEAT - Duration::from_millis(1));
    assert!(stage.hear(stream).is_empty());
    stage.pass(Duration::from_millis(1));
    assert_eq!(stage.hear(stream), ["comment"]);
    stage.publish(USER_NODE, "1");
    stage.pass(3 * HEARTBEAT);
    assert_eq!(stage.payloads(stream), ["1"], "nothing is added to what is not taken");
    stage.pass(HEARTBEAT);
    assert_eq!(stage.hear(stream), ["comment"]);
    assert_eq!(stage.hub.deadlines.len(), 1);
    stage.hub.closed(stage.now, stream, "gone");
    stage.pass(HEARTBEAT);
    assert!(stage.hub.deadlines.len() == 0);
}

#[test]
fn a_stream_that_is_not_read_ends_and_comes_back_to_all_of_it() {
    let mut stage = Stage::with(|config| config.limits.queue_frames = 64);
    let slow = stage.stream("1001", &[USER_NODE], After::Now);
    stage.publish(USER_NODE, "0");
    assert_eq!(stage.payloads(slow), ["0"]);
    stage.stop_reading(slow);
    for number in 1..=70 {
        stage.publish(USER_NODE, &number.to_string());
    }
    assert!(stage.notes.contains(&NoteKind::SlowReader { lost: 65 }));
    assert_eq!((stage.hub.counters().slow_readers, stage.hub.counters().dropped), (1, 65));
    assert_eq!(stage.hear(slow), ["end"]);
    stage.publish(USER_NODE, "71");
    assert!(stage.hear(slow).is_empty());
    // 71 are more than half of a queue: what fits comes, and that there was more is said.
    let back = stage.stream("1001", &[USER_NODE], After::Item(&format!("{ID}1")));
    let payloads = stage.payloads(back);
    assert_eq!(payloads[0], MISSED);
    assert_eq!(payloads[1..], (40..=71).map(|number| number.to_string()).collect::<Vec<_>>());
    // From further on it is all of it.
    let back = stage.stream("1001", &[USER_NODE], After::Item(&format!("{ID}41")));
    assert_eq!(stage.payloads(back), (41..=71).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!((stage.hub.counters().missed, stage.hub.counters().resumed), (1, 1));
    // Its connection is dropped if even the end is not taken.
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.aborted, [slow]);
}

#[test]
fn a_client_that_comes_back_gets_missed_events_and_then_new_ones() {
    let mut stage = Stage::with(|config| config.limits.history = 4);
    for (node, payload) in
        [(USER_NODE, "1"), (ALARMS, "2"), (USER_NODE, "3"), (ALARMS, "4"), (USER_NODE, "5")]
    {
        stage.publish(node, payload);
    }
    let id = |number: u32| format!("{ID}{number}");
    for (nodes, last, expected) in [
        (&[USER_NODE, ALARMS][..], id(5), &[][..]),
        (&[USER_NODE, ALARMS], id(2), &["3", "4", "5"]),
        (&[ALARMS], id(3), &["4"]),
        // The last one is not kept any more, but all that came after it is.
        (&[USER_NODE, ALARMS], id(1), &["2", "3", "4", "5"]),
        (&[ALARMS], format!("{ID}0"), &["2", "4"]),
        (&[USER_NODE], format!("{ID}0"), &[MISSED, "3", "5"]),
        (&[USER_NODE], id(6), &[MISSED]),
        (&[USER_NODE], "of another run1".to_owned(), &[MISSED]),
        (&[USER_NODE], "x".repeat(100_000), &[MISSED]),
    ] {
        let stream = stage.stream("1001", nodes, After::Item(&last));
        assert_eq!(stage.payloads(stream), expected, "{nodes:?} after {last}");
        stage.hub.closed(stage.now, stream, "gone");
    }
    let unknown = stage.stream("1001", &[USER_NODE], After::Unknown);
    assert_eq!(stage.payloads(unknown), [MISSED]);
    let stream = stage.stream("1001", &[USER_NODE, ALARMS], After::Item(&id(4)));
    stage.publish(ALARMS, "6");
    assert_eq!(stage.payloads(stream), ["5", "6"]);
}

#[test]
fn a_ticket_is_held_by_the_streams_that_it_opened() {
    let mut stage = Stage::new();
    let user = stage.asker("1001").user;
    let text = stage.hub.make_ticket(stage.now, user).expect("there is a place");
    assert!(stage.hub.ticket(stage.now, "other").is_none());
    let (owner, key) = stage.hub.ticket(stage.now, &text).expect("it is valid");
    assert_eq!(owner, user);
    let asker = StreamRequest { ticket: Some(key), ..stage.asker("1001") };
    let stream = stage.hub.open_events(stage.now, asker, [USER_NODE], After::Now).expect("it may be opened");
    stage.pass(Duration::from_secs(600));
    assert!(stage.hub.ticket(stage.now, &text).is_some(), "its stream is up");
    // The stream ends here; that its connection goes later does not prolong anything.
    stage.hub.fail(stage.now, stream, StreamError::SLOW_READER);
    stage.pass(Duration::from_secs(59));
    assert!(stage.hub.ticket(stage.now, &text).is_some());
    stage.hub.closed(stage.now, stream, "gone");
    stage.pass(Duration::from_secs(1));
    assert!(stage.hub.ticket(stage.now, &text).is_none());
}

#[test]
fn at_shutdown_streams_end_without_a_word() {
    let mut stage = Stage::new();
    let stream = stage.stream("1001", &[USER_NODE], After::Now);
    stage.publish(USER_NODE, "1");
    stage.hub.shutdown(stage.now);
    let heard = stage.hear(stream);
    assert_eq!(heard[1..], ["end"], "what waits comes first");
    stage.hub.closed(stage.now, stream, "gone");
    assert_eq!(stage.hub.counters().sessions, 0);
}
