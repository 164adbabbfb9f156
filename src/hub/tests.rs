//! The hub as a whole: frames and time in, frames and actions out.

mod availability;
mod backlog;
mod bosh;
mod feed;
mod lockout;
mod pressure;
mod reload;
mod tap;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::config::Config;
use crate::password::Password;
use crate::xmpp::stream;

const USER_NODE: &str = "/finesse/api/User/1001";
const TEAM_NODE: &str = "/finesse/api/Team/1/Users";

/// A hub, a clock that stands until it is moved, and what was said so far.
struct Stage {
    hub: Hub,
    now: Now,
    notes: Vec<What>,
    aborted: Vec<SessionId>,
    woken: Vec<SessionId>,
    checks: Vec<(SessionId, Credentials, String)>,
    answers: Vec<crate::xmpp::bosh::Answer>,
}

impl Stage {
    fn new() -> Self {
        Self::with(|_| {})
    }

    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::demo();
        change(&mut config);
        let hub = Hub::new(config, |bytes| bytes.fill(7));
        let now = Now { monotonic: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        Self {
            hub,
            now,
            notes: Vec::new(),
            aborted: Vec::new(),
            woken: Vec::new(),
            checks: Vec::new(),
            answers: Vec::new(),
        }
    }

    fn settle(&mut self) {
        self.settle_once();
        while self.hub.go_on() {
            self.settle_once();
        }
    }

    /// As far as it goes in one turn.
    fn settle_once(&mut self) {
        self.hub.settle(self.now);
        while let Some(action) = self.hub.poll() {
            match action {
                Action::Wake(id) => self.woken.push(id),
                Action::Release(_) => {}
                Action::Answer(answer) => self.answers.push(answer),
                Action::Abort(id) => self.aborted.push(id),
                Action::Verify { session, credentials, attempt } => {
                    self.checks.push((session, credentials, attempt))
                }
                Action::Note(note) => self.notes.push(note.what),
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.hub.tick(self.now);
        self.settle();
    }

    fn connect(&mut self) -> SessionId {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5222));
        let id = self.hub.connect(self.now, Origin { peer, transport: "ws", accepted: self.now.monotonic });
        self.settle();
        id
    }

    fn say(&mut self, id: SessionId, text: &str) {
        self.hub.frame(self.now, id, text);
        self.settle();
    }

    /// The session's socket has taken no more for longer than anybody waits for that.
    fn stop_reading(&mut self, id: SessionId) {
        self.hub.full(self.now, id);
        self.pass(self.hub.limits.backlog_wait);
    }

    /// What waits for a session, one text for each frame.
    fn hear(&mut self, id: SessionId) -> Vec<String> {
        let mut heard = Vec::new();
        self.hub.drain(self.now, id, usize::MAX, |out| {
            heard.extend(match out {
                Out::Open(text) => vec![text.to_owned()],
                Out::Text(pieces) => vec![pieces.concat()],
                Out::Event { name, id, data } => vec![format!("{name}|{}|{data}", id.unwrap_or_default())],
                Out::Ping => vec!["ping".to_owned()],
                Out::Close(code, _) => vec![format!("close {code}")],
            });
        });
        heard
    }

    fn open(&mut self, id: SessionId) {
        self.say(id, "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>");
    }

    /// Tries to log in an agent of the demo, whose password is its name.
    fn log_in(&mut self, user: &str) -> SessionId {
        self.log_in_with(user, user)
    }

    fn log_in_with(&mut self, user: &str, password: &str) -> SessionId {
        use base64::Engine as _;
        let id = self.connect();
        self.open(id);
        let plain = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        self.say(
            id,
            &format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"),
        );
        id
    }

    /// Logs in a user of the demo and binds a resource.
    fn bind(&mut self, user: &str, resource: &str) -> SessionId {
        let password = if user == "administrator" { "1234" } else { user };
        let id = self.log_in_with(user, password);
        self.open(id);
        self.say(
            id,
            &format!(
                "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{resource}</resource></bind></iq>"
            ),
        );
        self.hear(id);
        id
    }

    fn available(&mut self, user: &str, resource: &str) -> SessionId {
        let id = self.bind(user, resource);
        self.say(id, "<presence xmlns='jabber:client'/>");
        self.hear(id);
        id
    }

    fn subscribe(&mut self, id: SessionId, node: &str, jid: &str) {
        self.say(
            id,
            &format!(
                "<iq xmlns='jabber:client' type='set' id='s' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='{node}' jid='{jid}'/></pubsub></iq>"
            ),
        );
        let answer = self.hear(id).concat();
        assert!(answer.contains("subscription=\"subscribed\""), "{answer}");
    }

    fn publish(&mut self, node: &str, payload: &str) {
        let administrator = self.hub.users().find("administrator").expect("the demo has one");
        self.hub.publish(self.now, administrator, node, payload.to_owned()).expect("the node is there");
        self.settle();
    }

    /// The receivers' addresses and payloads of the events that wait, beside presences.
    fn events(&mut self, id: SessionId) -> Vec<(String, String)> {
        let events = self.hear(id);
        events
            .iter()
            .filter(|event| !event.starts_with("<presence"))
            .map(|event| {
                let document = roxmltree::Document::parse(event).expect("XML");
                let to = document.root_element().attribute("to").expect("an address");
                (to.to_owned(), xml::text_content(document.root_element()))
            })
            .collect()
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(to, payload)| ((*to).to_owned(), (*payload).to_owned())).collect()
}

#[test]
fn an_event_comes_once_for_each_matching_subscription_and_in_order() {
    let mut stage = Stage::new();
    let desktop = stage.available("1001", "desktop");
    let phone = stage.available("1001", "phone");
    let other = stage.available("1002", "desktop");
    stage.subscribe(desktop, USER_NODE, "1001@localhost/desktop");
    stage.subscribe(other, USER_NODE, "1002@localhost");
    stage.publish(USER_NODE, "<a>1 & 2</a>");
    stage.publish(USER_NODE, "b");
    let (bare, full) = ("1001@localhost", "1001@localhost/desktop");
    let (first, second) = ("<a>1 & 2</a>", "b");
    assert_eq!(stage.events(desktop), pairs(&[(bare, first), (full, first), (bare, second), (full, second)]));
    assert_eq!(stage.events(phone), pairs(&[(bare, first), (bare, second)]));
    assert_eq!(stage.events(other), pairs(&[("1002@localhost", first), ("1002@localhost", second)]));
    assert_eq!(stage.hub.counters().deliveries, 8);
}

#[test]
fn no_event_comes_before_presence_or_with_a_negative_priority() {
    let mut stage = Stage::new();
    let id = stage.bind("1001", "desktop");
    stage.subscribe(id, TEAM_NODE, "1001@localhost/desktop");
    stage.publish(USER_NODE, "1");
    stage.publish(TEAM_NODE, "2");
    assert!(stage.hear(id).is_empty());
    stage.say(id, "<presence xmlns='jabber:client'><priority>-1</priority></presence>");
    assert!(!stage.hear(id).concat().contains("finesse@"));
    stage.publish(USER_NODE, "3");
    assert!(stage.hear(id).is_empty());
    stage.say(id, "<presence xmlns='jabber:client'><priority>1</priority></presence>");
    assert!(stage.hear(id).concat().contains("finesse@"));
    stage.publish(TEAM_NODE, "4");
    assert_eq!(stage.events(id), pairs(&[("1001@localhost/desktop", "4")]));
    stage.say(id, "<presence xmlns='jabber:client' type='unavailable'/>");
    stage.hear(id);
    stage.publish(TEAM_NODE, "5");
    assert!(stage.hear(id).is_empty());
}

#[test]
fn an_automatic_subscription_ends_when_asked_until_the_next_first_login() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    let unsubscribe = format!(
        "<iq xmlns='jabber:client' type='set' id='u' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><unsubscribe node='{USER_NODE}' jid='1001@localhost'/></pubsub></iq>"
    );
    stage.say(id, &unsubscribe);
    assert!(stage.hear(id).concat().contains("type=\"result\""));
    let second = stage.available("1001", "phone");
    stage.publish(USER_NODE, "1");
    assert!(stage.events(id).is_empty() && stage.events(second).is_empty());
    for id in [id, second] {
        stage.hub.closed(stage.now, id, "gone");
    }
    let again = stage.available("1001", "desktop");
    stage.publish(USER_NODE, "2");
    assert_eq!(stage.events(again), pairs(&[("1001@localhost", "2")]));
}

#[test]
fn who_does_not_log_in_in_time_is_told_and_dropped() {
    let mut stage = Stage::new();
    let silent = stage.connect();
    let slow = stage.log_in("1001");
    stage.hear(slow);
    let done = stage.bind("1002", "desktop");
    stage.pass(Duration::from_secs(29));
    assert!(stage.hear(silent).is_empty());
    stage.pass(Duration::from_secs(1));
    let heard = stage.hear(silent);
    assert!(heard[0].starts_with("<open ") && heard[1].contains("<connection-timeout"), "{heard:?}");
    assert_eq!(&heard[2..], [stream::CLOSE, "close 1000"]);
    assert!(stage.hear(slow)[0].contains("<connection-timeout"));
    assert!(stage.hear(done).is_empty());
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.aborted, [silent, slow]);
}

#[test]
fn silence_is_answered_with_two_pings_and_then_the_end() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.pass(Duration::from_secs(50));
    stage.hub.alive(stage.now, id);
    stage.pass(Duration::from_secs(59));
    assert!(stage.hear(id).is_empty());
    stage.pass(Duration::from_secs(1));
    assert_eq!(stage.hear(id), ["ping"]);
    stage.hub.alive(stage.now, id);
    stage.pass(Duration::from_secs(30));
    assert!(stage.hear(id).is_empty(), "an answered ping is forgotten");
    stage.pass(Duration::from_secs(30));
    assert_eq!(stage.hear(id), ["ping"]);
    stage.pass(Duration::from_secs(30));
    assert_eq!(stage.hear(id), ["ping"]);
    stage.pass(Duration::from_secs(30));
    assert!(stage.hear(id)[0].contains("<connection-timeout"));
}

#[test]
fn an_idle_session_has_one_deadline() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    for _ in 0..600 {
        stage.pass(Duration::from_secs(10));
        stage.hub.alive(stage.now, id);
        stage.hear(id);
    }
    assert_eq!(stage.hub.deadlines.len(), 1);
    stage.hub.closed(stage.now, id, "gone");
    stage.pass(Duration::from_secs(100));
    assert!(stage.hub.deadlines.is_empty() && stage.hub.wake_at().is_none());
}

#[test]
fn a_session_that_does_not_read_is_closed_and_nobody_else_notices() {
    let mut stage = Stage::with(|config| config.limits.queue_frames = 64);
    let slow = stage.available("1001", "desktop");
    let quick = stage.available("1001", "phone");
    let mut heard = 0;
    stage.stop_reading(slow);
    for number in 0..200 {
        stage.publish(USER_NODE, &number.to_string());
        heard += stage.events(quick).len();
    }
    assert_eq!(heard, 200);
    assert!(stage.notes.contains(&What::SlowReader { lost: 65 }));
    let left = stage.hear(slow);
    assert!(left[0].contains("<policy-violation"), "{left:?}");
    assert_eq!(&left[1..], [stream::CLOSE, "close 1000"]);
    assert_eq!((stage.hub.counters().slow_readers, stage.hub.counters().dropped), (1, 65));
    stage.pass(Duration::from_secs(5));
    assert_eq!(stage.aborted, [slow]);
}

#[test]
fn the_bytes_owed_are_bounded_too_and_given_back() {
    let mut stage = Stage::with(|config| config.limits.queue = 128 * 1024);
    let id = stage.available("1001", "desktop");
    for _ in 0..4 {
        stage.publish(USER_NODE, &"x".repeat(30_000));
    }
    assert_eq!(stage.events(id).len(), 4);
    stage.stop_reading(id);
    for _ in 0..5 {
        stage.publish(USER_NODE, &"x".repeat(30_000));
    }
    assert!(stage.hear(id)[0].contains("<policy-violation"));
}

#[test]
fn a_resource_goes_to_the_newcomer() {
    let mut stage = Stage::new();
    let old = stage.available("1001", "desktop");
    stage.subscribe(old, TEAM_NODE, "1001@localhost/desktop");
    let new = stage.available("1001", "desktop");
    let heard = stage.hear(old);
    assert!(heard[0].contains("<conflict "), "{heard:?}");
    assert_eq!(&heard[1..], [stream::CLOSE, "close 1000"]);
    stage.publish(TEAM_NODE, "1");
    assert!(stage.hear(new).is_empty(), "the subscription by full JID ended with its session");
    stage.hub.closed(stage.now, old, "gone");
    stage.publish(USER_NODE, "2");
    assert_eq!(stage.events(new).len(), 1);
}

#[test]
fn a_user_has_so_many_sessions_and_no_more() {
    let mut stage = Stage::with(|config| config.limits.sessions_per_user = 2);
    stage.available("1001", "a");
    stage.available("1001", "b");
    let third = stage.log_in("1001");
    stage.open(third);
    stage.hear(third);
    let bind =
        "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    stage.say(third, bind);
    assert!(stage.hear(third)[0].contains("<resource-constraint"));
}

#[test]
fn a_slow_check_is_made_outside_and_the_session_waits_for_it() {
    let hash = Password::hash("1001", 1000).expect("a hash");
    let hash = Password::parse_hash(&hash).expect("a hash");
    let mut stage = Stage::with(|config| config.users[1].password = hash);
    // Whoever logs in, known or not, hashed or not, costs the same check.
    for user in ["1001", "1002", "nobody"] {
        let id = stage.log_in(user);
        assert_eq!(stage.hear(id).len(), 2, "open and features only");
        assert!(!stage.hub.is_reading(id));
        let (session, credentials, attempt) = stage.checks.pop().expect("a check");
        assert!(session == id && credentials.is_slow());
        let matches = credentials.verify(&attempt);
        assert_eq!(matches, user != "nobody");
        stage.hub.verified(stage.now, id, credentials.user, matches);
        let answer = stage.hear(id).concat();
        assert!(answer.contains(if matches { "<success" } else { "<not-authorized/>" }), "{answer}");
        assert!(stage.hub.is_reading(id));
    }
    // A check may take longer than the login: it is not the client's fault. The rest of the login may not.
    let late = stage.log_in("1001");
    stage.hear(late);
    stage.pass(Duration::from_secs(45));
    let (_, credentials, _) = stage.checks.pop().expect("a check");
    stage.hub.verified(stage.now, late, credentials.user, true);
    assert!(stage.hear(late).concat().contains("<success"));
    stage.pass(Duration::from_secs(30));
    assert!(stage.hear(late).concat().contains("<connection-timeout"));
    // The answer to a check of a session that is gone is not heard any more.
    let gone = stage.log_in("1001");
    stage.hub.shutdown(stage.now);
    stage.hear(gone);
    assert!(!stage.hub.is_checking(gone));
    stage.hub.verified(stage.now, gone, credentials.user, true);
    assert!(stage.hear(gone).is_empty() && !stage.hub.is_logged_in(gone));
}

#[test]
fn a_check_that_cannot_be_made_is_a_passing_failure() {
    let hash = Password::hash("1001", 1000).expect("a hash");
    let hash = Password::parse_hash(&hash).expect("a hash");
    let mut stage = Stage::with(|config| config.users[1].password = hash);
    let id = stage.log_in("1001");
    stage.hear(id);
    stage.hub.unverified(stage.now, id);
    assert!(stage.hear(id)[0].contains("<temporary-auth-failure/>"));
    assert!(stage.hub.is_reading(id));
    stage.hub.unverified(stage.now, id);
    assert!(stage.hear(id).is_empty(), "nothing was being checked any more");
}

#[test]
fn at_shutdown_everybody_is_told() {
    let mut stage = Stage::new();
    let ids = [stage.connect(), stage.log_in("1001"), stage.available("1002", "desktop")];
    for id in ids {
        stage.hear(id);
    }
    stage.hub.shutdown(stage.now);
    for id in ids {
        let heard = stage.hear(id);
        assert!(heard.concat().contains("<system-shutdown"), "{heard:?}");
        assert_eq!(&heard[heard.len() - 2..], [stream::CLOSE, "close 1001"]);
        stage.hub.closed(stage.now, id, "gone");
    }
    assert_eq!(stage.hub.counters().sessions, 0);
    let late = stage.connect();
    assert!(stage.hear(late).concat().contains("<system-shutdown"), "nobody is let in any more");
}

#[test]
fn a_place_that_is_used_again_is_another_session() {
    let mut stage = Stage::new();
    let old = stage.available("1001", "desktop");
    stage.hub.closed(stage.now, old, "gone");
    let new = stage.connect();
    assert_ne!(old, new);
    stage.say(old, "<presence xmlns='jabber:client'/>");
    assert!(stage.hear(old).is_empty() && stage.hear(new).is_empty());
}

/// Frames of a whole session, taken apart and put together wrongly: whatever comes, the next client is served.
#[test]
fn no_frame_harms_anybody_else() {
    const FRAMES: [&str; 14] = [
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDIAMTAwMg==</auth>",
        "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq>",
        "<presence xmlns='jabber:client'><priority>1</priority><c xmlns='http://jabber.org/protocol/caps' ver='x'/></presence>",
        "<presence xmlns='jabber:client' to='1001@localhost/desktop' type='subscribe'/>",
        "<message xmlns='jabber:client' to='1001@localhost' type='chat' id='m'><body>a &amp; b</body></message>",
        "<iq xmlns='jabber:client' type='set' id='s' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='/finesse/api/User/1001' jid='1002@localhost/desktop'/></pubsub></iq>",
        "<iq xmlns='jabber:client' type='set' id='u' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><unsubscribe node='/finesse/api/User/1001' jid='1002@localhost/desktop'/></pubsub></iq>",
        "<iq xmlns='jabber:client' type='set' id='p' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='/lab/alarms'><item id='1'><x:a xmlns:x='u' x:b='c'>d</x:a></item></publish></pubsub></iq>",
        "<iq xmlns='jabber:client' type='get' id='i' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='/lab/alarms' max_items='1'/></pubsub></iq>",
        "<iq xmlns='jabber:client' type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info' node='a'/></iq>",
        "<iq xmlns='jabber:client' type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>",
        "<iq xmlns='jabber:client' type='error' id='e' to='1001@localhost/desktop'><error type='cancel'/></iq>",
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    ];
    let mut random = fastrand::Rng::with_seed(1);
    // The clock stands, so that a block would never end.
    let mut stage = Stage::with(|config| config.limits.lockout_attempts = 0);
    let witness = stage.available("1001", "desktop");
    for _ in 0..2000 {
        let id = stage.connect();
        // Half of the conversations get as far as a bound session first.
        let prepared: &[usize] = if random.bool() { &[0, 1, 0, 2] } else { &[] };
        for frame in prepared {
            stage.say(id, FRAMES[*frame]);
        }
        for _ in 0..random.usize(1..12) {
            let mut frame = (*random.choice(&FRAMES).expect("there are some")).to_owned();
            for _ in 0..random.usize(0..3) {
                let other = random.choice(&FRAMES).expect("there are some");
                let (at, from) = (random.usize(..=frame.len()), random.usize(..other.len()));
                let length = random.usize(..other.len() - from).min(40);
                let end = (at + random.usize(..20)).min(frame.len());
                frame.replace_range(at..end, &other[from..from + length]);
            }
            stage.say(id, &frame);
        }
        stage.hear(id);
        stage.hub.closed(stage.now, id, "gone");
        stage.settle();
        stage.hear(witness);
        stage.say(
            witness,
            "<iq xmlns='jabber:client' type='get' id='w' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
        );
        assert_eq!(
            stage.hear(witness),
            [
                "<iq type=\"result\" id=\"w\" from=\"localhost\" to=\"1001@localhost/desktop\" xmlns=\"jabber:client\"/>"
            ]
        );
    }
    assert_eq!(stage.hub.counters().sessions, 1);
    assert_eq!(stage.hub.online.iter().map(Vec::len).sum::<usize>(), 1);
}
