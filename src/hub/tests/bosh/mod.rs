//! Sessions over BOSH: requests and time in, answers out.

mod bad;
mod random;

use std::cell::Cell;
use std::net::IpAddr;

use crate::hub::deadlines::STALE_DEADLINES;
use crate::hub::delivery::back_pressure::Admission;
use crate::hub::tests::*;
use crate::xmpp::bosh::{RequestId, Violation};
use crate::xmpp::ns;

const AUTH: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>";
const RESTART: &str = "x:restart='true' xmlns:x='urn:xmpp:xbosh'";
const BIND: &str = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq>";
const PRESENCE: &str = "<presence xmlns='jabber:client'/>";
const NOT_FOUND: &str = " type=\"terminate\" condition=\"item-not-found\"/>";

/// Random enough to tell sessions apart.
fn count_up(bytes: &mut [u8]) {
    thread_local!(static COUNT: Cell<u64> = const { Cell::new(0) });
    COUNT.set(COUNT.get() + 1);
    bytes.fill(0);
    for (byte, other) in bytes.iter_mut().zip(COUNT.get().to_be_bytes()) {
        *byte = other;
    }
}

/// A stage on which every session has another `sid`.
fn stage_with(change: impl FnOnce(&mut Config)) -> Stage {
    let mut stage = Stage::with(change);
    stage.hub.random = count_up;
    stage
}

/// A client of one session, as far as it is not the stage's.
struct Client {
    id: Option<SessionId>,
    sid: String,
    rid: u64,
}

impl Stage {
    fn post_from(&mut self, ip: IpAddr, secure: bool, request: u64, text: &str) -> Option<SessionId> {
        let post = Post { request: RequestId(request), peer: SocketAddr::from((ip, 5280)), secure };
        let id = self.hub.post(self.now, post, text);
        self.settle();
        id
    }

    /// The answers since the last look: to which request, the status, the body without its namespace.
    fn answered(&mut self) -> Vec<(u64, u16, String)> {
        let head = format!("<body xmlns=\"{}\"", ns::HTTPBIND);
        let answers = self.answers.drain(..);
        let short = answers.map(|answer| {
            let body = answer.body.strip_prefix(&head).expect("a body");
            (answer.request.0, answer.status, body.to_owned())
        });
        short.collect()
    }

    fn create(&mut self, attributes: &str) -> Client {
        let text = format!("<body rid='100' to='localhost' {attributes} xmlns='{}'/>", ns::HTTPBIND);
        let id = self.post_from(Ipv4Addr::LOCALHOST.into(), false, 100, &text);
        let said = self.answered();
        let sid = said[0].2.split("sid=\"").nth(1).and_then(|rest| rest.split('"').next());
        Client { id, sid: sid.expect("a session").to_owned(), rid: 100 }
    }

    /// The next request of a client. Its number is the rid.
    fn ask(&mut self, client: &mut Client, attributes: &str, content: &str) -> Vec<(u64, u16, String)> {
        client.rid += 1;
        let (rid, sid) = (client.rid, &client.sid);
        let text =
            format!("<body rid='{rid}' sid='{sid}' {attributes} xmlns='{}'>{content}</body>", ns::HTTPBIND);
        self.post_from(Ipv4Addr::LOCALHOST.into(), false, rid, &text);
        self.answered()
    }

    /// A session that has logged in and is available, without a request that waits.
    fn bosh_online(&mut self) -> Client {
        let mut client = self.create("ver='1.6'");
        for (attributes, content) in [("", AUTH), (RESTART, ""), ("", BIND), ("", PRESENCE)] {
            let said = self.ask(&mut client, attributes, content);
            assert_eq!(said.len(), 1, "{said:?}");
        }
        client
    }
}

#[track_caller]
fn expect(said: &[(u64, u16, String)], expected: &[(u64, &str)]) {
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for ((request, status, body), (wanted, part)) in said.iter().zip(expected) {
        assert!(request == wanted && *status == 200 && body.contains(part), "{said:?}");
    }
}

/// What an envelope has around features and errors (XEP-0206 §2).
const DECLARED: &str = " xmlns:stream=\"http://etherx.jabber.org/streams\"";

#[test]
fn a_login_over_bosh_leads_to_events() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.create("ver='1.6' wait='60' hold='1'");
    expect(&stage.ask(&mut client, "", AUTH), &[(101, "<success")]);
    let features = stage.ask(&mut client, RESTART, "");
    expect(&features, &[(102, "<bind")]);
    assert!(
        features[0].2.starts_with(&format!("{DECLARED}><stream:features")),
        "no <open/> comes over BOSH: {features:?}"
    );
    // Several stanzas come in one envelope, and several go.
    let said = stage.ask(&mut client, "", &format!("{BIND}{PRESENCE}"));
    expect(&said, &[(103, "<jid>1001@localhost/desktop</jid>")]);
    assert_eq!(said[0].2.matches("<presence").count(), 3, "{said:?}");
    // There is one stream in a session: what would open or name another says nothing (XEP-0124 §16.3).
    assert!(stage.ask(&mut client, "to='localhost' stream='other' xml:lang='en'", "").is_empty());
    stage.publish(USER_NODE, "1");
    expect(&stage.answered(), &[(104, "<notification xmlns=\"urn:xmpp:push:0\">1<")]);
    stage.publish(USER_NODE, "2");
    stage.publish(USER_NODE, "3");
    let said = stage.ask(&mut client, "", "");
    assert_eq!(said[0].2.matches("<message").count(), 2, "{said:?}");
    assert_eq!(stage.hub.counters().deliveries, 3);
}

#[test]
fn a_request_with_many_stanzas_is_taken_in_turns_also_if_its_client_leaves_with_it() {
    for attributes in ["", "type='terminate'"] {
        let mut stage = stage_with(|_| {});
        let mut client = stage.bosh_online();
        let reader = stage.available("1002", "desktop");
        let content: String = (0..40)
            .map(|n| {
                let ping = format!(
                    "<iq xmlns='jabber:client' type='get' id='p{n}'><ping xmlns='urn:xmpp:ping'/></iq>"
                );
                format!("<message xmlns='jabber:client' to='1002@localhost'><body>{n}</body></message>{ping}")
            })
            .collect();
        client.rid += 1;
        let (rid, sid) = (client.rid, &client.sid);
        let text =
            format!("<body rid='{rid}' sid='{sid}' {attributes} xmlns='{}'>{content}</body>", ns::HTTPBIND);
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5280));
        stage.hub.post(stage.now, Post { request: RequestId(rid), peer, secure: false }, &text);
        let (mut turns, mut bodies) = (Vec::new(), Vec::new());
        loop {
            stage.settle_once();
            let heard: Vec<String> =
                stage.hear(reader).into_iter().filter(|text| text.starts_with("<message")).collect();
            turns.push(heard.len());
            bodies.extend(heard);
            if !stage.hub.go_on() {
                break;
            }
        }
        assert!(turns.iter().all(|taken| *taken <= 8), "{turns:?}");
        let in_order = |(n, text): (usize, &String)| text.contains(&format!("<body>{n}</body>"));
        assert!(bodies.len() == 40 && bodies.iter().enumerate().all(in_order), "{bodies:?}");
        let said = stage.answered();
        assert_eq!(said.len(), 1, "{said:?}");
        let pongs = if attributes.is_empty() { 40 } else { 0 };
        assert_eq!(
            said[0].2.matches("type=\"result\"").count(),
            pongs,
            "who leaves is owed nothing: {said:?}"
        );
    }
}

#[test]
fn a_request_with_a_thousand_stanzas_is_read_twice_and_not_once_a_turn() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    let reader = stage.available("1002", "desktop");
    stage.hear(reader);
    let content: String =
        (0..500).map(|n| format!("<c:message to='1002@localhost' id='{n}'><c:body/></c:message>")).collect();
    let before = xml::READ.get();
    stage.ask(&mut client, "xmlns:c='jabber:client'", &content);
    let read = xml::READ.get() - before;
    let heard = stage.hear(reader);
    assert_eq!(heard.len(), 500);
    for (n, text) in heard.iter().enumerate() {
        assert!(text.starts_with("<message ") && text.contains(&format!(" id=\"{n}\"")), "{text}");
    }
    // Each stanza has the namespaces of the body with it the second time.
    assert!(read < 4 * content.len(), "{read} of {}", content.len());
}

/// Over a WebSocket it would be read from later.
#[test]
fn a_client_that_waits_for_each_answer_is_answered_later_when_its_user_is_held_and_loses_nothing() {
    let mut stage = stage_with(|config| {
        config.limits.user_stanzas = 10;
        config.limits.user_stanza_burst = 20;
    });
    let mut client = stage.bosh_online();
    let pings = |number: usize| -> String {
        let ping = |part| {
            format!(
                "<iq xmlns='jabber:client' type='get' id='{number}-{part}'><ping xmlns='urn:xmpp:ping'/></iq>"
            )
        };
        (0..10).map(ping).collect()
    };
    let mut heard = String::new();
    for number in 0..10 {
        let mut said = stage.ask(&mut client, "", &pings(number));
        for _ in 0..100 {
            while stage.hub.go_on() {
                stage.settle();
            }
            said.extend(stage.answered());
            if !said.is_empty() {
                break;
            }
            let due = stage.hub.wake_at().expect("it goes on");
            assert!(due > stage.now.monotonic);
            stage.pass(due - stage.now.monotonic);
        }
        let [(rid, 200, body)] = &said[..] else { panic!("{said:?}") };
        assert_eq!(*rid, client.rid);
        assert!(!body.contains("terminate"), "request {number}: {body}");
        heard.push_str(body);
    }
    for _ in 0..1000 {
        if heard.contains("9-9") {
            break;
        }
        stage.pass(Duration::from_millis(100));
        for (_, _, body) in stage.ask(&mut client, "", "") {
            heard.push_str(&body);
        }
    }
    for id in (0..10).flat_map(|number| (0..10).map(move |part| format!("id=\"{number}-{part}\""))) {
        assert_eq!(heard.matches(&id).count(), 1, "{id}");
    }
}

#[test]
fn the_namespaces_of_a_body_have_a_bound() {
    let ping = "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
    let mut stage = stage_with(|_| {});
    for (length, condition) in [(900, None), (1000, Some("policy-violation"))] {
        let mut client = stage.bosh_online();
        let said = stage.ask(&mut client, &format!("xmlns:long='urn:{}'", "x".repeat(length)), ping);
        match condition {
            None => assert!(said[0].2.contains("type=\"result\""), "{said:?}"),
            Some(condition) => assert!(said[0].2.contains(condition), "{said:?}"),
        }
    }
}

#[test]
fn all_that_one_call_brings_leaves_in_one_answer() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    stage.hub.post(
        stage.now,
        Post { request: RequestId(9), peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), secure: false },
        &format!("<body rid='105' sid='{}' xmlns='{}'/>", client.sid, ns::HTTPBIND),
    );
    let administrator = stage.hub.users().find("administrator").expect("the demo has one");
    for payload in ["1", "2"] {
        stage.hub.publish(stage.now, administrator, USER_NODE, payload.to_owned()).expect("a node");
    }
    stage.settle();
    let said = stage.answered();
    assert!(said.len() == 1 && said[0].2.matches("<message").count() == 2, "{said:?}");
    client.rid = 105;
    assert!(stage.ask(&mut client, "", "").is_empty());
}

#[test]
fn a_client_that_ends_its_session_is_heard_to_the_end() {
    let mut stage = stage_with(|_| {});
    let mut other = stage.available("1001", "phone");
    stage.hear(other);
    let mut client = stage.bosh_online();
    stage.hear(other);
    stage.ask(&mut client, "", "");
    let leave = "<presence xmlns='jabber:client' type='unavailable'><status>bye</status></presence>";
    let said = stage.ask(&mut client, "type='terminate'", leave);
    assert_eq!(said, [(105, 200, " type=\"terminate\"/>".to_owned()), (106, 200, "/>".to_owned())]);
    assert!(stage.hear(other).concat().contains("<status>bye</status>"));
    assert!(stage.notes.iter().any(
        |what| matches!(what, NoteKind::Closed { reason, lost: 0, .. } if reason == "closed by the client")
    ));
    assert_eq!(stage.ask(&mut client, "", ""), [(107, 200, NOT_FOUND.to_owned())]);
    other = stage.available("1001", "desktop");
    assert!(stage.hub.sessions.get(other).is_some());
}

#[test]
fn payloads_wait_while_a_password_is_checked() {
    let hash = Password::hash("1001", 1000).expect("a hash");
    let hash = Password::parse_hash(&hash).expect("a hash");
    let mut stage = stage_with(|config| config.users[1].password = hash.clone());
    let mut client = stage.create("ver='1.6'");
    assert!(stage.ask(&mut client, "", AUTH).is_empty());
    let (session, credentials, attempt) = stage.checks.pop().expect("a check");
    // The next request takes its place, but is not looked at before the check is done.
    expect(&stage.ask(&mut client, RESTART, ""), &[(101, "/>")]);
    let matches = credentials.verify(&attempt);
    stage.hub.verified(stage.now, session, credentials.user, matches);
    stage.settle();
    let said = stage.answered();
    expect(&said, &[(102, "<success")]);
    assert!(said[0].2.contains("<stream:features"), "{said:?}");
    expect(&stage.ask(&mut client, "", BIND), &[(103, "<jid>")]);
    // A check may take longer than the login: it is not the client's fault. The rest of the login may not.
    let mut late = stage.create("ver='1.6'");
    assert!(stage.ask(&mut late, "", AUTH).is_empty());
    stage.pass(Duration::from_secs(45));
    assert!(stage.answered().is_empty());
    assert!(
        stage.hub.wake_at().is_some_and(|due| due > stage.now.monotonic),
        "it is not looked at all the time"
    );
    let (session, credentials, _) = stage.checks.pop().expect("a check");
    stage.hub.verified(stage.now, session, credentials.user, true);
    stage.settle();
    expect(&stage.answered(), &[(101, "<success")]);
    stage.ask(&mut late, "", "");
    stage.pass(Duration::from_secs(30));
    expect(&stage.answered(), &[(102, "<connection-timeout")]);
    // Only so many wait.
    let mut client = stage.create("ver='1.6'");
    assert!(stage.ask(&mut client, "", &format!("{AUTH}<a/>")).is_empty());
    assert!(stage.ask(&mut client, "", "<a/>").is_empty());
    let said = stage.ask(&mut client, "", "<a/>");
    let other = " type=\"terminate\" condition=\"other-request\"/>";
    expect(&said, &[(103, "condition=\"policy-violation\""), (101, other), (102, other)]);
    // The check goes on, and is nobody's.
    let (session, credentials, _) = stage.checks.pop().expect("a check");
    stage.hub.verified(stage.now, session, credentials.user, true);
    stage.settle();
    assert!(stage.answered().is_empty());
}

#[test]
fn who_does_not_log_in_over_bosh_is_told_at_the_next_request() {
    let mut stage = stage_with(|_| {});
    let mut waiting = stage.create("ver='1.6'");
    stage.ask(&mut waiting, "", "");
    let mut away = stage.create("ver='1.6'");
    let gone = stage.create("ver='1.6'");
    stage.pass(Duration::from_secs(29));
    assert!(stage.answered().is_empty());
    stage.pass(Duration::from_secs(1));
    let error = format!(" type=\"terminate\" condition=\"remote-stream-error\"{DECLARED}><stream:error");
    expect(&stage.answered(), &[(101, &error)]);
    assert_eq!(stage.hub.counters().sessions, 2, "two have not heard it");
    let said = stage.ask(&mut away, "", "");
    expect(&said, &[(101, "<connection-timeout")]);
    stage.pass(Duration::from_secs(10));
    assert_eq!((stage.hub.counters().sessions, stage.hub.wake_at()), (0, None));
    assert!(stage.hub.sessions.get(gone.id.expect("a session")).is_none());
}

#[test]
fn a_resource_goes_to_the_newcomer_whatever_its_transport() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    stage.ask(&mut client, "", "");
    let socket = stage.available("1001", "desktop");
    let said = stage.answered();
    expect(&said, &[(105, &format!("condition=\"remote-stream-error\"{DECLARED}><stream:error"))]);
    assert!(said[0].2.contains("<conflict "), "{said:?}");
    assert_eq!(stage.ask(&mut client, "", ""), [(106, 200, NOT_FOUND.to_owned())]);
    stage.bosh_online();
    let heard = stage.hear(socket).concat();
    assert!(heard.contains("<conflict ") && heard.ends_with("close 1000"), "{heard}");
}

#[test]
fn who_does_not_come_for_what_waits_is_dropped_at_the_bound() {
    let mut stage = stage_with(|config| config.limits.queue_frames = 64);
    let mut slow = stage.bosh_online();
    for number in 0..64 {
        stage.publish(USER_NODE, &number.to_string());
    }
    // It is slow once it has not come for long.
    stage.pass(stage.hub.limits.backlog_wait);
    for number in 64..70 {
        stage.publish(USER_NODE, &number.to_string());
    }
    assert!(stage.notes.contains(&NoteKind::SlowReader { lost: 65 }));
    let said = stage.ask(&mut slow, "", "");
    expect(&said, &[(105, "<policy-violation")]);
    assert_eq!((stage.hub.counters().slow_readers, stage.hub.counters().sessions), (1, 0));
    assert!(stage.answered().is_empty());
}

/// The answers to one request may be more than fit into the queue: then the rest waits until some are taken.
#[test]
fn a_request_with_large_answers_is_served_piece_by_piece() {
    let mut stage = stage_with(|config| config.limits.queue = 128 * 1024);
    let mut client = stage.bosh_online();
    stage.publish("/lab/alarms", &"x".repeat(30_000));
    let items = "<iq xmlns='jabber:client' type='get' id='i' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='/lab/alarms'/></pubsub></iq>";
    let mut said = stage.ask(&mut client, "", &items.repeat(20));
    let mut answers = 0;
    let mut requests = 1;
    while answers < 20 {
        assert_eq!(said.len(), 1, "{answers} of 20");
        answers += said[0].2.matches("<iq type=\"result\"").count();
        assert!(said[0].2.len() < 128 * 1024);
        if answers < 20 {
            said = stage.ask(&mut client, "", "");
            requests += 1;
        }
    }
    assert_eq!(answers, 20);
    assert!(requests > 3, "they do not fit into fewer");
    // With a request that waits there are two answers, and the second has something in it too.
    assert!(stage.ask(&mut client, "", "").is_empty());
    let said = stage.ask(&mut client, "", &items.repeat(20));
    assert!(said.len() == 2 && said.iter().all(|(.., body)| body.contains("<iq")), "{}", said.len());
}

#[test]
fn nothing_is_left_of_a_session_whose_client_stays_away() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    let id = client.id.expect("a session");
    stage.ask(&mut client, "", "");
    stage.pass(Duration::from_secs(60));
    expect(&stage.answered(), &[(105, "/>")]);
    stage.ask(&mut client, "", "");
    stage.pass(Duration::from_secs(30));
    // The connection is gone, and with it what waits for an answer.
    stage.hub.gone(stage.now, id, RequestId(106));
    stage.settle();
    stage.publish(USER_NODE, "1");
    assert!(stage.answered().is_empty());
    stage.pass(Duration::from_secs(59));
    assert_eq!(stage.hub.counters().sessions, 1);
    stage.pass(Duration::from_secs(1));
    assert_eq!((stage.hub.counters().sessions, stage.hub.counters().dropped), (0, 1));
    assert!(stage.hub.roster.count_all() == 0);
    assert!(stage.hub.bindings.is_empty());
    assert_eq!(stage.ask(&mut client, "", ""), [(107, 200, NOT_FOUND.to_owned())]);
}

#[test]
fn no_ping_is_sent_and_the_deadlines_do_not_pile_up() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    for _ in 0..300 {
        stage.ask(&mut client, "", "");
        stage.publish(USER_NODE, "1");
        stage.ask(&mut client, "pause='100'", "");
        stage.pass(Duration::from_secs(2));
    }
    assert!(stage.answers.iter().all(|answer| !answer.body.contains("ping")));
    assert!(stage.hub.deadlines.len() < 8, "{}", stage.hub.deadlines.len());
}

#[test]
fn nothing_piles_up_from_sessions_that_come_and_go() {
    let mut stage = stage_with(|_| {});
    let mut witness = stage.create("ver='1.6'");
    for _ in 0..5000 {
        let mut client = stage.create("ver='1.6'");
        stage.ask(&mut client, "type='terminate'", "");
    }
    assert!(stage.hub.deadlines.len() <= 2 + STALE_DEADLINES, "{}", stage.hub.deadlines.len());
    assert_eq!(stage.hub.sessions.ids().len(), 1);
    // The one that is there still has its deadline.
    stage.ask(&mut witness, "", "");
    stage.pass(Duration::from_secs(30));
    expect(&stage.answered(), &[(101, "<connection-timeout")]);
}

#[test]
fn at_shutdown_open_requests_are_told_and_nobody_else_is_waited_for() {
    let mut stage = stage_with(|_| {});
    let mut waiting = stage.bosh_online();
    stage.ask(&mut waiting, "", "");
    let quiet = stage.create("ver='1.6'");
    let ended = stage.create("ver='1.6'");
    stage.hub.fail(stage.now, ended.id.expect("a session"), StreamError::CONFLICT);
    stage.settle();
    stage.hub.shutdown(stage.now);
    stage.settle();
    expect(&stage.answered(), &[(105, " type=\"terminate\" condition=\"system-shutdown\"/>")]);
    assert_eq!(stage.hub.counters().sessions, 0);
    assert!(stage.hub.sessions.get(quiet.id.expect("a session")).is_none());
    let late = format!("<body rid='1' ver='1.6' to='localhost' xmlns='{}'/>", ns::HTTPBIND);
    stage.post_from(Ipv4Addr::LOCALHOST.into(), false, 1, &late);
    expect(&stage.answered(), &[(1, "condition=\"system-shutdown\"")]);
}

/// Twelve events of 31,000 bytes are more than may wait of one user's, and the next poll is allowed after five seconds.
#[test]
fn a_client_that_polls_as_often_as_it_may_gets_everything_that_was_acknowledged() {
    let mut stage = stage_with(|_| ());
    let mut client = stage.create("wait='0' hold='0' ver='1.6' x:version='1.0' xmlns:x='urn:xmpp:xbosh'");
    for (attributes, content) in [("", AUTH), (RESTART, ""), ("", BIND), ("", PRESENCE), ("", "")] {
        stage.ask(&mut client, attributes, content);
        stage.pass(stage.hub.limits.bosh_polling);
    }
    let user = stage.hub.users().find("administrator").expect("it is one of the demo");
    let pause = stage.hub.limits.bosh_polling;
    let (mut heard, mut next) = (String::new(), stage.now.monotonic + pause);
    // As long as something comes, it may ask for more at once.
    let mut poll = |stage: &mut Stage| loop {
        let said: String = stage.ask(&mut client, "", "").into_iter().map(|(_, _, body)| body).collect();
        heard.push_str(&said);
        if !said.contains("<message") {
            break;
        }
    };
    for number in 0..12 {
        let payload = format!("number-{number}-{}", "x".repeat(31_000));
        let begun = stage.now.monotonic;
        while let Admission::Wait(until) = stage.hub.admit(stage.now, user, begun, payload.len()) {
            stage.pass(until.min(next) - stage.now.monotonic);
            if stage.now.monotonic == next {
                poll(&mut stage);
                next += pause;
            }
        }
        stage.hub.publish(stage.now, user, USER_NODE, payload).expect("there is room");
        stage.settle();
    }
    stage.pass(next - stage.now.monotonic);
    poll(&mut stage);
    let is_missing = |number: &usize| heard.matches(&format!("number-{number}-")).count() != 1;
    let missing: Vec<usize> = (0..12).filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?} were acknowledged and have not come once");
    assert_eq!(stage.hub.counters().slow_readers, 0);
}
