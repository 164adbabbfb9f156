//! The hub as a whole: frames and time in, frames and actions out. Its tests stand by subject in the modules.

mod availability;
mod backlog;
mod binding;
mod bosh;
mod checks;
mod deadlines;
mod delivery;
mod ending;
#[cfg(feature = "replica")]
mod entry_log;
mod event_streams;
mod faults;
mod lockout;
mod maintenance;
mod outbox;
mod places;
mod pressure;
mod random;
mod recording;
mod reload;
mod scenario;
mod scram;
#[cfg(feature = "replica")]
mod shared;
mod stream_management;
mod tap;
mod transcripts;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use crate::clock::Now;
use crate::config::Config;
use crate::config::password::Password;
use crate::hub::*;
use crate::id::SessionId;
use crate::xml;
use crate::xmpp::stream::{self, StreamError};

const USER_NODE: &str = "/finesse/api/User/1001";
const TEAM_NODE: &str = "/finesse/api/Team/1/Users";
/// Binds a resource that the server chooses.
const BIND: &str =
    "<iq type='set' id='b' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

/// A hub, a clock that stands until it is moved, and what was said so far.
struct Stage {
    hub: Hub,
    now: Now,
    notes: Vec<NoteKind>,
    /// Whether maintenance mode failed, each time that it ended.
    maintenance_ends: Vec<Option<String>>,
    aborted: Vec<SessionId>,
    woken: Vec<SessionId>,
    checks: Vec<(SessionId, Credentials, Evidence)>,
    answers: Vec<crate::xmpp::bosh::BoshResponse>,
    /// How often the hub has said that no session is left.
    idle: usize,
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
            maintenance_ends: Vec::new(),
            aborted: Vec::new(),
            woken: Vec::new(),
            checks: Vec::new(),
            answers: Vec::new(),
            idle: 0,
        }
    }

    fn settle(&mut self) {
        self.settle_once();
        while self.hub.go_on() {
            self.settle_once();
        }
    }

    /// Goes on as far as one turn goes.
    fn settle_once(&mut self) {
        self.hub.answer_pending(self.now);
        while let Some(action) = self.hub.poll() {
            match action {
                Action::Wake(id) => self.woken.push(id),
                Action::Release(_) => {}
                Action::Answer(answer) => self.answers.push(answer),
                Action::Abort(id) | Action::Reset(id) => self.aborted.push(id),
                Action::Verify { session, credentials, evidence } => {
                    self.checks.push((session, credentials, evidence))
                }
                Action::Idle => self.idle += 1,
                Action::WaitOver => {}
                Action::MaintenanceOver(failure) => self.maintenance_ends.push(failure),
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
        let id = self.hub.connect(
            self.now,
            Peer { address: peer, transport: Transport::Ws, accepted: self.now.monotonic, via_proxy: false },
        );
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
        if self.hub.sessions.get(id).is_some_and(session::Session::is_event_stream) {
            self.hub.drain_events(self.now, id, usize::MAX, |out| {
                heard.push(match out {
                    EventOut::Event { name, id, data } => format!("{name}|{}|{data}", id.unwrap_or_default()),
                    EventOut::Comment => "comment".to_owned(),
                    EventOut::End => "end".to_owned(),
                });
            });
            return heard;
        }
        self.hub.drain(self.now, id, usize::MAX, |out| {
            heard.push(match out {
                XmppOut::Slice(bytes) => format!("slice {bytes}"),
                XmppOut::Text(pieces) => pieces.concat(),
                XmppOut::Ping => "ping".to_owned(),
                XmppOut::Close(code, _) => format!("close {code}"),
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

    /// Logs in an agent of the demo as far as that a resource can be bound.
    fn opened(&mut self, user: &str) -> SessionId {
        let id = self.log_in(user);
        self.open(id);
        self.hear(id);
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
