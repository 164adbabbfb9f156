//! What the world shows a probe, one thing a line: servers that are well, broken or hostile. `ws`, `bosh`, `tcp`, `tls`, `rest` at the
//! beginning say what is probed. `well` lets the server answer all that was sent as it should; any other line is what it says:
//!
//! ```text
//! resolved COUNT     connected     refused       secured FLAW    upgraded PROTOCOL   status CODE
//! frame TEXT         ended CODE    got STATUS TEXT               tick MILLISECONDS   well   stop
//! response TEXT      (bytes of HTTP, with \n for the end of a line)
//! ```
#![no_main]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use callboard::probe::{
    Do, End, Errand, Flaw, Got, NotConnected, Plan, Probe, Refusal, Response, Secured, Seen, Side, Upgrade,
    Way,
};
use callboard_fuzz::script::Language;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The end of the login, as nobody else can write it: what a server says is escaped.
const LOGIN: &str = "AGEAc2VjcmV0</auth>";

fuzz_target!(|text: &str| {
    let mut lines = text.lines().take(400);
    let mut world = World::new(lines.next().unwrap_or_default());
    for line in lines {
        world.step(line);
    }
    world.end();
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    LANGUAGE.mutate(data, size, most, seed, fuzzer_mutate)
});

const LANGUAGE: Language = Language {
    separator: "\n",
    breaks: &[' ', '\'', '=', '<', '>', '/'],
    steps: &[
        "well",
        "resolved 1",
        "connected",
        "refused",
        "secured none",
        "secured self",
        "upgraded xmpp",
        "status 503",
        "frame <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' id='x' version='1.0'/>",
        "frame <stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
        "frame <iq type='get' id='1' from='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
        "frame <iq type='error' id='probe-1'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
        "frame <body xmlns='http://jabber.org/protocol/httpbind' sid='k' requests='1' from='localhost'/>",
        "frame <body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='host-unknown'/>",
        "frame <stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "frame <stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='localhost' version='1.0'>",
        "frame <stream:features xmlns:stream='http://etherx.jabber.org/streams'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>",
        "frame <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "frame <failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "frame </stream:stream>",
        "frame <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
        "ended 1006",
        "got 200 <SystemInfo><status>IN_SERVICE</status><xmppDomain>localhost</xmppDomain></SystemInfo>",
        "frame <message from='pubsub.localhost' to='a@localhost/probe'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/a'><item id='1'><notification xmlns='urn:xmpp:push:0'>x</notification></item><item><x xmlns='y'><z/></x></item><retract id='1'/></items></event></message>",
        "frame <iq type='result' id='probe-3'><query xmlns='http://jabber.org/protocol/disco#items'><item node='/a'/></query></iq>",
        "stop",
        "tick 10000",
        "response HTTP/1.1 200 OK\\nContent-Length: 1\\n\\nx",
    ],
    kinds: &[
        &["get", "set", "result", "error", "unavailable", "terminate"],
        &["0", "1", "2", "1000", "10000", "65535"],
        &["iq", "presence", "message", "body", "open", "close"],
        &["probe-1", "probe-2", "probe-3", "probe-4"],
    ],
};

struct World {
    probe: Probe,
    way: Way,
    at: Duration,
    to_do: Vec<Do>,
    opens: usize,
    has_tls: bool,
    is_trusted: bool,
}

impl World {
    fn new(what: &str) -> Self {
        let way = match what {
            _ if what.contains("bosh") => Way::Bosh,
            _ if what.contains("tcp") => Way::Tcp,
            _ => Way::WebSocket,
        };
        let plan = Plan {
            secure: what.contains("tls"),
            way,
            port: 5222,
            rest: what.contains("rest"),
            local: false,
            insecure: what.contains("insecure"),
            domain: "localhost".to_owned(),
            user: "a".to_owned(),
            password: Some("secret".to_owned().into()),
            resource: "probe".to_owned(),
            nodes: vec![if what.contains("star") { "*" } else { "/finesse/api/User/a" }.to_owned()],
            patience: Duration::from_secs(10),
            silence: Duration::from_secs(u64::from(what.contains("silence")) * 60),
            errand: match what {
                _ if what.contains("watch") => Errand::Watch { count: None, until: None },
                _ if what.contains("publish") => Errand::Publish("<x xmlns='y'/>".to_owned()),
                _ => Errand::Probe,
            },
        };
        let is_trusted = plan.insecure;
        let mut probe = Probe::new(plan, 1);
        let to_do = probe.begin(Duration::ZERO);
        Self { probe, way, at: Duration::ZERO, to_do, opens: 0, has_tls: what.contains("tls"), is_trusted }
    }

    fn step(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let number = rest.split(' ').next().and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
        let address = SocketAddr::new(LOCALHOST, 8445);
        let seen = match word {
            "well" => return self.well(),
            "resolved" => Seen::Resolved(Ok(vec![LOCALHOST; number.min(9) as usize])),
            "connected" => Seen::Connected(Vec::new(), Some(address)),
            "refused" => Seen::Connected(vec![(address, NotConnected::Refused)], None),
            "secured" => {
                let flaw = match rest {
                    "none" => None,
                    "self" => Some(Flaw::SelfSigned),
                    _ => Some(Flaw::Other(rest.to_owned())),
                };
                Seen::Secured(Ok(Secured { flaw, ..Secured::default() }))
            }
            "upgraded" => Seen::Upgraded(Upgrade::Done { protocol: Some(rest.to_owned()) }),
            "status" => Seen::Upgraded(Upgrade::Status(Refusal {
                status: number as u16,
                location: Some(rest.to_owned()),
                ..Refusal::default()
            })),
            "frame" => Seen::Frame(rest.to_owned()),
            "ended" => Seen::Ended(End { code: u16::try_from(number).ok(), reason: rest.to_owned() }),
            "got" => Seen::Got(Ok(Got { status: number as u16, location: None, body: rest.to_owned() })),
            "stop" => Seen::Stop,
            "response" => return response(&rest.replace("\\n", "\r\n")),
            _ => {
                self.at += Duration::from_millis(number.into());
                Seen::Tick
            }
        };
        self.see(seen);
    }

    fn see(&mut self, seen: Seen) {
        if let Seen::Secured(Ok(secured)) = &seen {
            self.is_trusted |= secured.is_trusted();
        }
        let to_do = self.probe.handle(self.at, seen);
        assert!(to_do.len() <= 80, "{to_do:?}");
        for what in &to_do {
            if let Do::Send(text) = what {
                assert!(
                    self.is_trusted || !text.contains(LOGIN),
                    "the password goes to nobody who is not trusted"
                );
                assert!(text.len() < 1 << 20, "{text}");
            }
        }
        self.to_do = to_do;
    }

    /// Does what is to be done as the world does it when all is well.
    fn well(&mut self) {
        for what in std::mem::take(&mut self.to_do) {
            let seen = match what {
                Do::Resolve => vec![Seen::Resolved(Ok(vec![LOCALHOST]))],
                Do::Connect(_) => vec![Seen::Connected(Vec::new(), Some(SocketAddr::new(LOCALHOST, 1)))],
                Do::Secure => vec![Seen::Secured(Ok(Secured::default()))],
                Do::Upgrade => vec![Seen::Upgraded(Upgrade::Done { protocol: Some("xmpp".to_owned()) })],
                Do::Send(text) => self.answers(&text),
                Do::Get(..) => {
                    let body = "<SystemInfo><status>IN_SERVICE</status><xmppDomain>localhost</xmppDomain></SystemInfo>";
                    vec![Seen::Got(Ok(Got { status: 200, location: None, body: body.to_owned() }))]
                }
                Do::Close => vec![Seen::Ended(End { code: Some(1000), reason: String::new() })],
            };
            let mut after = Vec::new();
            for seen in seen {
                self.see(seen);
                after.append(&mut self.to_do);
            }
            self.to_do.append(&mut after);
        }
    }

    fn answers(&mut self, text: &str) -> Vec<Seen> {
        let id = text.split(" id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
        let is_open = text.starts_with("<open")
            || text.starts_with("<?xml")
            || text.contains(" wait='")
            || text.contains("restart='true'");
        let inner = if is_open {
            self.opens += 1;
            let features = match self.opens {
                1 if self.way == Way::Tcp && !self.has_tls => {
                    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
                }
                1 => {
                    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
                }
                _ => "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
            };
            format!(
                "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{features}</stream:features>"
            )
        } else if text.starts_with("<starttls") {
            (self.opens, self.has_tls) = (0, true);
            "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".to_owned()
        } else if text.contains("<auth ") {
            "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>".to_owned()
        } else if text.contains("<bind ") {
            format!(
                "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@localhost/probe</jid></bind></iq>"
            )
        } else if text.contains("<presence ") && !text.contains("unavailable") {
            "<presence from='finesse@localhost/x'/>".to_owned()
        } else if text.contains("<iq ") {
            format!("<iq type='result' id='{id}'/>")
        } else {
            String::new()
        };
        if self.way == Way::Bosh {
            let end = if text.contains("type='terminate'") { " type='terminate'" } else { "" };
            let namespace = "http://jabber.org/protocol/httpbind";
            return vec![Seen::Frame(format!(
                "<body xmlns='{namespace}' sid='k' from='localhost'{end}>{inner}</body>"
            ))];
        }
        let open = match self.way {
            Way::Tcp => {
                "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='localhost' version='1.0'>"
            }
            _ => "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' id='x' version='1.0'/>",
        };
        let mut seen = Vec::new();
        if is_open {
            seen.push(Seen::Frame(open.to_owned()));
        }
        if !inner.is_empty() {
            seen.push(Seen::Frame(inner));
        }
        seen
    }

    /// Nothing more comes: the probe ends by its own time.
    fn end(mut self) {
        for _ in 0..64 {
            if self.probe.is_done() {
                break;
            }
            self.at = self.at.max(self.probe.wake_at());
            self.see(Seen::Tick);
        }
        assert!(self.probe.is_done(), "the probe does not end");
        let judged = self.probe.judged(String::new());
        assert!(judged.frames.len() <= 400, "{} frames are kept", judged.frames.len());
        for frame in judged.frames.iter().filter(|frame| frame.side == Side::Client) {
            assert!(!frame.text.contains(LOGIN), "{}", frame.text);
        }
        assert_ne!(judged.outcomes.iter().filter(|(_, outcome)| outcome.from.is_some()).count(), 0);
    }
}

/// A response is the same however it comes in pieces.
fn response(text: &str) {
    let whole = Response::read(text.as_bytes(), true);
    let mut first = None;
    for end in 0..=text.len().min(300) {
        match Response::read(&text.as_bytes()[..end], false) {
            Ok(None) => {}
            read => {
                first = Some(read);
                break;
            }
        }
    }
    if let (Some(Ok(Some(first))), Ok(Some(whole))) = (&first, &whole) {
        assert_eq!(first, whole);
    }
    if let Ok(Some(whole)) = whole {
        assert!(whole.body.len() <= 3 << 20);
    }
}
