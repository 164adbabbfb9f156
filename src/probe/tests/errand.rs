use std::time::Duration;

use super::plan::{plan, talk, talk_until};
use crate::probe::{Do, Errand, Event, Over, Plan, Probe, Secured, Seen, Step, Verdict};

fn watching(nodes: &[&str], count: Option<u64>, until: Option<Duration>) -> Probe {
    let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
    Probe::new(Plan { nodes, errand: Errand::Watch { count, until }, ..plan() }, 1)
}

fn event(content: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='pubsub.localhost' to='1001@localhost/probe' id='m'>\
         <event xmlns='http://jabber.org/protocol/pubsub#event'>{content}</event></message>"
    )
}

const ITEM: &str = "<items node='/a'><item id='i1'><notification xmlns='urn:xmpp:push:0'>&lt;Update/&gt;\u{9b}</notification></item>\
                    <item><x xmlns='urn:x' a='1'><y/></x></item><retract id='i0'/></items>";

/// A server with two nodes, of which `/closed` may not be followed, that publishes once `/a` is watched, and again at each ping.
fn publishes(text: &str, answers: Vec<String>) -> Vec<String> {
    let id = text.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    if text.contains("disco#items") {
        let nodes = "<item node='/a' jid='x'/><item node='/closed' jid='x'/><item jid='no-node'/><item node='/b' jid='x'/>";
        let query = format!("<query xmlns='http://jabber.org/protocol/disco#items'>{nodes}</query>");
        return vec![format!("<iq xmlns='jabber:client' type='result' id='{id}'>{query}</iq>")];
    }
    if text.contains("<subscribe node='/closed'") {
        let error = "<error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
        return vec![format!("<iq xmlns='jabber:client' type='error' id='{id}'>{error}</iq>")];
    }
    if text.contains("<subscribe node='/a'") || text.contains("<ping") {
        return [answers, vec![event(ITEM)]].concat();
    }
    answers
}

#[test]
fn events_are_taken_until_as_many_have_come_and_nothing_is_left_behind() {
    let mut probe = watching(&["/a"], Some(5), None);
    let mut pings = 0;
    let sent = talk(&mut probe, &Secured::default(), |text, answers| {
        pings += usize::from(text.contains("<ping"));
        publishes(text, answers)
    });
    assert_eq!((probe.progress().seen, probe.progress().over, pings), (5, Some(Over::Counted), 1));
    let taken = probe.take_events();
    let of = |kind, item: Option<&str>, payload: Option<&str>| Event {
        node: "/a".to_owned(),
        kind,
        item: item.map(str::to_owned),
        payload: payload.map(str::to_owned),
    };
    let item = of("item", Some("i1"), Some("<Update/>\u{9b}"));
    let element = of("item", None, Some("<x xmlns=\"urn:x\" a=\"1\"><y/></x>"));
    assert_eq!(taken, [item.clone(), element.clone(), of("retract", Some("i0"), None), item, element]);
    assert!(probe.take_events().is_empty());
    let ends: Vec<_> = sent.iter().rev().take(2).collect();
    assert!(
        ends[0].starts_with("<close")
            && ends[1].contains("<unsubscribe node='/a' jid='1001@localhost/probe'"),
        "{sent:?}"
    );
    assert!(probe.frames().is_empty(), "a session that lasts keeps no frames");
}

#[test]
fn a_star_stands_for_the_nodes_that_the_server_lists() {
    for (nodes, watched) in
        [(&["*"][..], &["/a", "/b"][..]), (&["/b*", "/elsewhere"], &["/elsewhere", "/b"]), (&["/none*"], &[])]
    {
        let mut probe = watching(nodes, None, Some(Duration::from_secs(5)));
        let sent = talk(&mut probe, &Secured::default(), publishes);
        let over = (!watched.is_empty()).then_some(Over::Late);
        assert_eq!(
            (probe.progress().watched, probe.progress().over),
            (Some(watched.len()), over),
            "{nodes:?}"
        );
        for action in ["subscribe", "unsubscribe"] {
            let mut named: Vec<_> = sent
                .iter()
                .filter_map(|text| text.split(&format!("<{action} node='")).nth(1)?.split('\'').next())
                .collect();
            named.retain(|node| *node != "/closed");
            if action == "unsubscribe" {
                named.reverse();
            }
            assert_eq!(named, watched, "{action} {nodes:?}");
        }
        let refused = [("/closed".to_owned(), "not-allowed".to_owned())];
        assert_eq!(probe.progress().refused, if nodes == ["*"] { &refused[..] } else { &[] });
    }
}

#[test]
fn an_event_for_another_subscription_of_the_user_is_taken_where_there_is_no_own_one() {
    for (jid, seen) in [("1001@localhost/probe", 1), ("1001@localhost", 2)] {
        let mut probe = watching(&["/a"], None, Some(Duration::from_secs(5)));
        talk(&mut probe, &Secured::default(), |text, answers| {
            let id = text.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
            if !text.contains("<subscribe ") {
                return answers;
            }
            let subscription = format!("<subscription node='/a' jid='{jid}' subscription='subscribed'/>");
            let payload =
                format!("<pubsub xmlns='http://jabber.org/protocol/pubsub'>{subscription}</pubsub>");
            let event = event("<items node='/a'><retract id='1'/></items>");
            let to_bare = event.replace("localhost/probe", "localhost");
            vec![format!("<iq xmlns='jabber:client' type='result' id='{id}'>{payload}</iq>"), event, to_bare]
        });
        assert_eq!(probe.progress().seen, seen, "{jid}");
    }
}

#[test]
fn without_a_list_the_nodes_of_the_user_are_watched() {
    let mut probe = watching(&["*"], None, Some(Duration::from_secs(5)));
    let sent = talk(&mut probe, &Secured::default(), |text, answers| {
        let id = text.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
        if !text.contains("disco#items") {
            return answers;
        }
        let error =
            "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
        vec![format!("<iq xmlns='jabber:client' type='error' id='{id}'>{error}</iq>")]
    });
    assert_eq!(probe.progress().refused, [("*".to_owned(), "service-unavailable".to_owned())]);
    for node in ["/finesse/api/User/1001", "/finesse/api/User/1001/Dialogs"] {
        assert!(sent.iter().any(|text| text.contains(&format!("<subscribe node='{node}'"))), "{sent:?}");
    }
}

#[test]
fn a_peer_that_has_gone_is_noticed_and_one_that_speaks_is_not_pinged() {
    let mut probe = watching(&["/a"], None, None);
    let sent = talk(&mut probe, &Secured::default(), |text, answers| match text.contains("<ping") {
        true => Vec::new(),
        false => answers,
    });
    assert_eq!(sent.iter().filter(|text| text.contains("<ping")).count(), 1);
    assert_eq!(probe.progress().over, None);
    assert_eq!(probe.dialogue().outcomes.of(Step::Ping).verdict, Verdict::Failed);
}

#[test]
fn a_signal_unsubscribes_and_closes_and_a_second_one_does_not_wait() {
    let at = Duration::from_secs(1);
    for refuses_to_answer in [false, true] {
        let mut probe = watching(&["/a"], None, None);
        let (_, mut to_do) =
            talk_until(&mut probe, &Secured::default(), |_, answers| answers, Probe::is_watching);
        assert!(to_do.is_empty());
        to_do.extend(probe.handle(at, Seen::Stop));
        assert!(matches!(&to_do[..], [Do::Send(text)] if text.contains("<unsubscribe")), "{to_do:?}");
        if refuses_to_answer {
            assert_eq!(probe.handle(at, Seen::Stop), [Do::Close]);
            assert!(probe.is_done());
        }
        assert_eq!(probe.progress().over, Some(Over::Stopped));
    }
    // Before there is a session there is nothing to end.
    let mut probe = watching(&["/a"], None, None);
    probe.begin(Duration::ZERO);
    probe.handle(at, Seen::Stop);
    assert!(probe.is_done() && probe.progress().over == Some(Over::Stopped));
}

#[test]
fn a_peer_that_is_slow_with_each_answer_holds_up_the_end_once() {
    let stopped = Duration::from_secs(1);
    let end = stopped + plan().patience;
    let mut probe = watching(&["/a", "/b", "/c"], None, None);
    talk_until(&mut probe, &Secured::default(), |_, answers| answers, Probe::is_watching);
    let (mut at, mut to_do) = (stopped, probe.handle(stopped, Seen::Stop));
    for _ in 0..2 {
        let [Do::Send(text)] = &to_do[..] else { panic!("{to_do:?}") };
        assert!(text.contains("<unsubscribe "), "{text}");
        assert_eq!(probe.wake_at(), end);
        let id = text.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).expect("an id");
        at += plan().patience / 3;
        to_do = probe.handle(at, Seen::Frame(format!("<iq type='result' id='{id}'/>")));
    }
    let to_do = probe.handle(end, Seen::Tick);
    assert!(matches!(&to_do[..], [Do::Send(text), ..] if text.starts_with("<close")), "{to_do:?}");
}

#[test]
fn an_item_is_published_without_presence_and_a_refusal_is_told() {
    let answer = |accepted: bool| {
        let payload = "<notification xmlns='urn:xmpp:push:0'>1 &lt; 2</notification>".to_owned();
        let mut probe = Probe::new(
            Plan { errand: Errand::Publish(payload), nodes: vec!["/a'b".to_owned()], ..plan() },
            1,
        );
        let sent = talk(&mut probe, &Secured::default(), |text, answers| {
            let id = text.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
            if !text.contains("<publish") {
                return answers;
            }
            assert!(
                text.contains("<publish node='/a&apos;b'><item><notification xmlns='urn:xmpp:push:0'>1 &lt; 2</notification></item></publish>"),
                "{text}"
            );
            vec![if accepted {
                format!(
                    "<iq xmlns='jabber:client' type='result' id='{id}'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='/a'><item id='i7'/></publish></pubsub></iq>"
                )
            } else {
                format!(
                    "<iq xmlns='jabber:client' type='error' id='{id}'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>No.</text></error></iq>"
                )
            }]
        });
        assert!(sent.iter().all(|text| !text.contains("<presence") && !text.contains("<ping")), "{sent:?}");
        assert!(sent.last().is_some_and(|text| text.starts_with("<close")));
        probe
    };
    let probe = answer(true);
    assert_eq!(
        (probe.progress().item.as_deref(), probe.progress().over),
        (Some("i7"), Some(Over::Published))
    );
    let probe = answer(false);
    assert_eq!(probe.progress().refused, [("/a'b".to_owned(), "forbidden: No.".to_owned())]);
    assert_eq!(probe.progress().over, None);
}
