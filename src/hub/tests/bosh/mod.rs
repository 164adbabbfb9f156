//! Sessions over BOSH: requests and time in, answers out.

mod bad;
mod ends;
mod random;
mod turns;

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
        let post = Post {
            request: RequestId(request),
            peer: SocketAddr::from((ip, 5280)),
            secure,
            via_proxy: false,
        };
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
        Post {
            request: RequestId(9),
            peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)),
            secure: false,
            via_proxy: false,
        },
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
fn a_client_that_does_not_fetch_its_events_is_dropped_at_the_bound() {
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
