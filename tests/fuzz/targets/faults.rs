//! Faults over what clients say, one step a line. Faults are for one client, `1001`, as far as a kind can choose its target:
//!
//! ```text
//! fault NAME QUERY     heal NAME     (QUERY: kind=…&…, as over HTTP)
//! open   login   present   absent   ping   gone   subscribe NODE   say XML   read BYTES   (of 1001)
//! watch NODE           request PATH  (1001 by HTTP)
//! state STATE          publish NODE TEXT          tick SECONDS
//! ```
//!
//! However they fail: nobody else misses an event or gets one twice, and when all is healed nothing is left.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use callboard::config::{Config, Profile};
use callboard::desk::{Request, SetState};
use callboard::fault::{Point, Spec, Subject};
use callboard::hub::{EventOut, StreamRequest, XmppOut};
use callboard::id::SessionId;
use callboard::pubsub::After;
use callboard::xml;
use callboard_fuzz::script::Language;
use callboard_fuzz::world::{AUTH_1001, BIND, OPEN};
use callboard_fuzz::{Stage, stage, wire};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

static CONFIG: LazyLock<Config> = LazyLock::new(|| stage::demo(Profile::Uccx));

/// Whom faults are for that can choose a user, and where clients come from that a fault chooses by address.
const USER: &str = "1001";
const ELSEWHERE: &str = "192.0.2.1";

/// The streams of events that the client has at most.
const STREAMS: usize = 2;

fuzz_target!(|text: &str| {
    let mut lab = Lab::new();
    for line in text.lines() {
        lab.step(line);
        lab.settle();
    }
    lab.end();
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    LANGUAGE.mutate(data, size, most, seed, fuzzer_mutate)
});

const LANGUAGE: Language = Language {
    separator: "\n",
    breaks: &[' ', '&', '='],
    steps: &[
        "open",
        "login",
        "present",
        "absent",
        "ping",
        "gone",
        "read 100",
        "subscribe /finesse/api/Team/1/Users",
        "watch /finesse/api/User/1001",
        "request /finesse/api/User/1001",
        "state LOGIN",
        "publish /finesse/api/User/1001 x",
        "publish /lab/alarms y",
        "tick 5",
        "tick 60",
        "fault a kind=stall",
        "fault b kind=slow&rate=500",
        "fault a kind=event-delay&delay=5s&chance=500",
        "fault b kind=outage&status=OUT_OF_SERVICE&finesse=unavailable",
        "fault a kind=cut&how=close&count=1",
        "heal a",
    ],
    kinds: &[
        &["a", "b", "c"],
        &[
            "stall",
            "slow",
            "slice",
            "idle-cut",
            "cut",
            "end",
            "maintenance",
            "late-logout",
            "finesse-hidden",
            "finesse-late",
            "slow-step",
            "login-refused",
            "bind-conflict",
            "old-framing",
            "no-plain",
        ],
        &["event-delay", "event-drop", "event-twice", "event-order", "payload-broken"],
        &["ping-delay", "ping-error", "ping-silence", "iq-delay", "iq-error", "iq-silence"],
        &["outage", "secondary-node", "role-secondary", "state-fails", "call-fails", "request-id-lost"],
        &["http-status", "http-delay", "http-silence", "http-cut", "refuse", "tls-hang", "upgrade-status"],
        &["delay", "for", "after", "idle", "notice"],
        &["count", "chance", "seed", "rate", "bytes"],
        &["0s", "1ms", "500ms", "1s", "5s", "20s", "1m", "1h"],
        &["0", "1", "2", "5", "60", "500", "1000"],
        &["connect", "open", "login", "bind", "presence"],
        &["user", "team", "transport", "node", "path", "after_step", "session", "address", "listener"],
        &["ws", "sse", "bosh", "wss"],
        &["LOGIN", "READY", "NOT_READY", "LOGOUT"],
        &["/finesse/api/User/1001", "/finesse/api/Team/1/Users", "/finesse/api/SystemInfo", "/lab/alarms"],
    ],
};

struct Lab {
    stage: Stage,
    client: Option<SessionId>,
    streams: Vec<SessionId>,
}

impl Lab {
    fn new() -> Self {
        Self { stage: Stage::new(&CONFIG), client: None, streams: Vec::new() }
    }

    fn step(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "fault" => self.fault(rest),
            "heal" => drop(self.stage.hub.heal_fault(self.stage.now, rest)),
            "open" => {
                self.gone();
                self.client = Some(self.stage.connect());
                self.say(OPEN);
            }
            "login" => {
                for text in [AUTH_1001, OPEN, BIND] {
                    self.say(text);
                }
            }
            "present" => self.say("<presence xmlns='jabber:client'/>"),
            "absent" => self.say("<presence xmlns='jabber:client' type='unavailable'/>"),
            "ping" => {
                self.say("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
            }
            "subscribe" => {
                let action = format!(
                    "<subscribe node='{}' jid='1001@localhost/desktop'/>",
                    rest.replace(['<', '&', '\''], "_")
                );
                self.say(&wire::pubsub(1, &action));
            }
            "say" => self.say(rest),
            "gone" => self.gone(),
            "read" => self.read(rest.parse().unwrap_or(1)),
            "watch" => self.watch(rest),
            "request" => {
                let subject = Subject { path: Some(rest), ..Subject::default() };
                self.stage.hub.fault_of_request(self.stage.now, Point::Request, USER, subject);
            }
            "state" => {
                let user = self.stage.user(USER);
                let extension = Some(USER.to_owned());
                let asked = SetState { state: Some(rest.to_owned()), extension, ..SetState::default() };
                let request = Request::SetState { user, asked };
                let _ = self.stage.hub.request(self.stage.now, user, user, "r".to_owned(), request);
            }
            "publish" => self.publish(rest),
            "tick" => {
                let time = Duration::from_secs(rest.parse().unwrap_or(1).min(600));
                self.stage.pass(time, |stage| {
                    stage.act();
                });
            }
            _ => {}
        }
    }

    /// Sets a fault that touches nobody but the client, as far as its kind can choose.
    fn fault(&mut self, text: &str) {
        let (name, query) = text.split_once(' ').unwrap_or((text, ""));
        let pairs: Vec<_> = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        let mut spec = match Spec::read(pairs.iter().copied()) {
            Ok(spec) => spec,
            Err(problem) => {
                let is_one_line = !problem.sentence.contains('\n') && problem.sentence.ends_with(['.', '?']);
                return assert!(is_one_line, "{}", problem.sentence);
            }
        };
        assert!(Spec::of_file(pairs.iter().copied()).is_ok() || spec.target.session.is_some(), "{query}");
        if spec.row.targets.contains(&"user") {
            spec.target.user = Some(USER.into());
        } else if spec.row.targets.contains(&"address") {
            spec.target.address = ELSEWHERE.parse().ok();
        }
        let known = self.stage.hub.faults().list().len();
        let done = self.stage.hub.set_fault(self.stage.now, name, spec);
        assert!(done.is_ok() || known == callboard::fault::FAULTS_MAX, "{done:?}");
    }

    fn say(&mut self, text: &str) {
        if let Some(id) = self.client.filter(|id| self.stage.hub.is_reading(*id)) {
            self.stage.hub.frame(self.stage.now, id, text);
        }
    }

    fn gone(&mut self) {
        if let Some(id) = self.client.take() {
            self.stage.hub.closed(self.stage.now, id, "gone");
        }
    }

    fn read(&mut self, bytes: usize) {
        let Some(id) = self.client else { return };
        let mut is_closed = false;
        self.stage.hub.drain(self.stage.now, id, bytes, |out| match out {
            XmppOut::Text(pieces) => {
                let text = pieces.concat();
                // What was before RFC 7395 is no element.
                if !text.starts_with("<stream:stream") {
                    wire::element(&text);
                }
            }
            XmppOut::Close(..) => is_closed = true,
            XmppOut::Ping | XmppOut::Slice(_) => {}
        });
        if is_closed {
            self.gone();
        }
    }

    fn watch(&mut self, node: &str) {
        if self.streams.len() < STREAMS {
            let user = self.stage.user(USER);
            let peer = (std::net::Ipv4Addr::LOCALHOST, 5222).into();
            let request = StreamRequest { peer, user, ticket: None, via_proxy: false };
            let opened = self.stage.hub.open_events(self.stage.now, request, [node], After::Now);
            self.streams.extend(opened.ok());
        }
    }

    /// Somebody else gets every event, once and at once.
    fn publish(&mut self, text: &str) {
        let (node, payload) = text.split_once(' ').unwrap_or((text, ""));
        if !xml::is_carriable(payload) {
            return;
        }
        self.stage.told();
        let administrator = self.stage.user("administrator");
        if self.stage.hub.publish(self.stage.now, administrator, node, payload.to_owned()).is_ok() {
            let told = self.stage.told();
            let same = told.iter().filter(|told| told.node == node && told.payload == payload);
            assert_eq!(same.count(), 1, "{told:?}");
        }
    }

    fn settle(&mut self) {
        for id in self.stage.act() {
            self.client = self.client.filter(|client| *client != id);
            self.streams.retain(|stream| *stream != id);
        }
        for id in self.streams.clone() {
            let mut is_closed = false;
            self.stage
                .hub
                .drain_events(self.stage.now, id, 1000, |out| is_closed |= matches!(out, EventOut::End));
            if is_closed {
                self.stage.hub.closed(self.stage.now, id, "gone");
                self.streams.retain(|stream| *stream != id);
            }
        }
        self.stage.told();
    }

    /// A heal of everything leaves nothing behind.
    fn end(&mut self) {
        self.stage.hub.heal_all_faults(self.stage.now);
        self.settle();
        assert!(self.stage.hub.faults().is_empty());
        assert!(!self.stage.hub.desk().system_info_document(self.stage.now, "").contains("secondaryNode"));
        self.gone();
        for id in std::mem::take(&mut self.streams) {
            self.stage.hub.closed(self.stage.now, id, "gone");
        }
        self.stage.end();
        assert_eq!(self.stage.hub.counters().backlog, 0, "something is kept back of sessions that are gone");
    }
}
