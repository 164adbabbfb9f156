//! The table of kinds. API, configuration, manual and page take the names, parameters and sentences from here.

use crate::fault::kind::{Cut, Defect, Kind, Point};
use crate::fault::parameter::{Form, Parameter, Values};
use crate::fault::target::Step;
use crate::transport::Transport;
use crate::xmpp::bosh;
use crate::xmpp::sasl::Failure;
use crate::xmpp::stanza::Condition;

use Form::{Duration, Number, Word};
use Transport::{Bosh, Sse, Tcp, Tls, Ws, Wss};

/// A kind of faults.
pub struct Row {
    /// The name, as the parameter `kind` has it.
    pub name: &'static str,
    /// Where it acts.
    pub point: Point,
    /// The transports of the sessions that it touches; none: it touches no sessions, but requests, connections or the service.
    pub transports: &'static [Transport],
    /// The keys of a target that it can have.
    pub targets: &'static [&'static str],
    pub parameters: &'static [Parameter],
    /// What it does, in a sentence.
    pub sentence: &'static str,
    pub(super) make: fn(&Values) -> Kind,
}

/// The transports that carry XMPP.
const XMPP: &[Transport] = &[Bosh, Tcp, Tls, Ws, Wss];
/// Every transport of sessions.
const ALL: &[Transport] = &[Bosh, Sse, Tcp, Tls, Ws, Wss];
/// The transports that hold a connection of their own.
const HELD: &[Transport] = &[Sse, Tcp, Tls, Ws, Wss];
/// The transports that carry XMPP without HTTP around each stanza.
const STREAMS: &[Transport] = &[Tcp, Tls, Ws, Wss];
const WEBSOCKETS: &[Transport] = &[Ws, Wss];

const OF_CONNECTION: &[&str] = &["address", "listener"];
const OF_REQUEST: &[&str] = &["user", "team", "address", "path"];
const OF_UPGRADE: &[&str] = &["address"];
/// A stream has no user yet when it opens.
const OF_STREAM: &[&str] = &["session", "address", "transport"];
const OF_SESSION: &[&str] = &["user", "team", "session", "address", "transport"];
const OF_PROGRESS: &[&str] = &["user", "team", "session", "address", "transport", "after_step"];
const OF_EVENT: &[&str] = &["user", "team", "session", "address", "transport", "node"];
const OF_COMMAND: &[&str] = &["user", "team"];

const fn delay(default: &'static str) -> Parameter {
    Parameter { name: "delay", form: Duration, default, meaning: "how long it waits" }
}

const fn status(words: &'static [&'static str], default: &'static str) -> Parameter {
    Parameter { name: "status", form: Word(words), default, meaning: "the status of the response" }
}

const fn condition(words: &'static [&'static str], default: &'static str) -> Parameter {
    Parameter { name: "condition", form: Word(words), default, meaning: "the condition of the error" }
}

/// Conditions of stanza errors (RFC 6120 §8.3.3).
const STANZA_CONDITIONS: &[&str] = &[
    "bad-request",
    "conflict",
    "feature-not-implemented",
    "forbidden",
    "internal-server-error",
    "item-not-found",
    "not-acceptable",
    "not-allowed",
    "not-authorized",
    "policy-violation",
    "remote-server-not-found",
    "remote-server-timeout",
    "resource-constraint",
    "service-unavailable",
    "unexpected-request",
];

/// Conditions of stream errors (RFC 6120 §4.9.3).
const STREAM_CONDITIONS: &[&str] = &[
    "conflict",
    "connection-timeout",
    "host-gone",
    "host-unknown",
    "internal-server-error",
    "not-authorized",
    "policy-violation",
    "remote-connection-failed",
    "reset",
    "resource-constraint",
    "system-shutdown",
    "undefined-condition",
];

/// Terminal conditions of BOSH (XEP-0124 §17.2).
const BOSH_CONDITIONS: &[&str] = &[
    "bad-request",
    "internal-server-error",
    "item-not-found",
    "other-request",
    "policy-violation",
    "remote-connection-failed",
    "system-shutdown",
    "undefined-condition",
];

const LOGIN_CONDITIONS: &[&str] = &[
    "not-authorized",
    "temporary-auth-failure",
    "invalid-mechanism",
    "invalid-authzid",
    "malformed-request",
];

fn failure(name: &str) -> Failure {
    match name {
        "temporary-auth-failure" => Failure::TemporaryAuthFailure,
        "invalid-mechanism" => Failure::InvalidMechanism,
        "invalid-authzid" => Failure::InvalidAuthzid,
        "malformed-request" => Failure::MalformedRequest,
        _ => Failure::NotAuthorized,
    }
}

fn stanza(values: &Values) -> Condition {
    Condition::named(values.word("condition")).unwrap_or(Condition::ServiceUnavailable)
}

fn number(word: &str) -> u16 {
    word.parse().unwrap_or_default()
}

fn cut(values: &Values) -> Cut {
    match values.word("how") {
        "fin" => Cut::Fin,
        "rst" => Cut::Rst,
        _ => Cut::Close(values.number("code")),
    }
}

/// All kinds, in the order of a connection's life.
#[rustfmt::skip]
pub static TABLE: &[Row] = &[
    Row { name: "refuse", point: Point::Accept, transports: &[], targets: OF_CONNECTION, parameters: &[],
        sentence: "New connections are reset at once.",
        make: |_| Kind::Refuse },
    Row { name: "tls-hang", point: Point::Accept, transports: &[], targets: OF_CONNECTION, parameters: &[],
        sentence: "New connections are accepted, and then the server says nothing.",
        make: |_| Kind::TlsHang },
    Row { name: "certificate", point: Point::Handshake, transports: &[], targets: OF_CONNECTION,
        parameters: &[Parameter {
            name: "defect", form: Word(Defect::NAMES), default: "untrusted", meaning: "what is wrong with the certificate",
        }],
        sentence: "New handshakes of TLS are shown a certificate that clients do not accept.",
        make: |values| Kind::Certificate(Defect::named(values.word("defect")).unwrap_or(Defect::Untrusted)) },
    Row { name: "http-status", point: Point::Request, transports: &[], targets: OF_REQUEST,
        parameters: &[status(&["400", "401", "403", "404", "408", "429", "500", "502", "503", "504"], "503")],
        sentence: "Requests over HTTP get this status instead of their response.",
        make: |values| Kind::HttpStatus(number(values.word("status"))) },
    Row { name: "http-delay", point: Point::Request, transports: &[], targets: OF_REQUEST, parameters: &[delay("5s")],
        sentence: "Requests over HTTP are carried out at once, and answered late.",
        make: |values| Kind::HttpDelay(values.duration("delay")) },
    Row { name: "http-silence", point: Point::Request, transports: &[], targets: OF_REQUEST, parameters: &[],
        sentence: "Requests over HTTP are neither carried out nor answered until the fault ends.",
        make: |_| Kind::HttpSilence },
    Row { name: "http-cut", point: Point::Request, transports: &[], targets: OF_REQUEST, parameters: &[],
        sentence: "The connection of a request over HTTP is closed without a response.",
        make: |_| Kind::HttpCut },
    Row { name: "upgrade-status", point: Point::Upgrade, transports: &[], targets: OF_UPGRADE,
        parameters: &[status(&["200", "403", "404", "426", "500", "502", "503", "504"], "503")],
        sentence: "Requests for a WebSocket get this status, as behind a proxy whose server is down.",
        make: |values| Kind::UpgradeStatus(number(values.word("status"))) },
    Row { name: "no-subprotocol", point: Point::Upgrade, transports: &[], targets: OF_UPGRADE, parameters: &[],
        sentence: "The response 101 names no subprotocol, so that browsers close with 1006.",
        make: |_| Kind::NoSubprotocol },
    Row { name: "no-upgrade-header", point: Point::Upgrade, transports: &[], targets: OF_UPGRADE, parameters: &[],
        sentence: "The response 101 has no header Upgrade.",
        make: |_| Kind::NoUpgradeHeader },
    Row { name: "old-framing", point: Point::Opening, transports: WEBSOCKETS, targets: OF_STREAM, parameters: &[],
        sentence: "The server opens the stream with <stream:stream>, as before RFC 7395.",
        make: |_| Kind::OldFraming },
    Row { name: "no-plain", point: Point::Features, transports: XMPP, targets: OF_STREAM, parameters: &[],
        sentence: "The features of the stream do not offer the mechanism PLAIN.",
        make: |_| Kind::NoPlain },
    Row { name: "login-refused", point: Point::Login, transports: XMPP, targets: OF_SESSION,
        parameters: &[condition(LOGIN_CONDITIONS, "not-authorized")],
        sentence: "Logins over XMPP are refused, also with the right password.",
        make: |values| Kind::LoginRefused(failure(values.word("condition"))) },
    Row { name: "slow-step", point: Point::Answer, transports: XMPP, targets: OF_SESSION,
        parameters: &[
            Parameter { name: "step", form: Word(&["open", "login", "bind"]), default: "login", meaning: "the step of the login" },
            delay("5s"),
        ],
        sentence: "The server answers a step of the login late.",
        make: |values| {
            Kind::SlowStep(Step::named(values.word("step")).unwrap_or(Step::Login), values.duration("delay"))
        } },
    Row { name: "bind-conflict", point: Point::Bind, transports: XMPP, targets: OF_SESSION, parameters: &[],
        sentence: "Binding a resource is refused with conflict, as if another session kept it.",
        make: |_| Kind::BindConflict },
    Row { name: "ping-delay", point: Point::Ping, transports: XMPP, targets: OF_SESSION, parameters: &[delay("12s")],
        sentence: "Pings (XEP-0199) are answered late.",
        make: |values| Kind::PingDelay(values.duration("delay")) },
    Row { name: "ping-error", point: Point::Ping, transports: XMPP, targets: OF_SESSION,
        parameters: &[condition(STANZA_CONDITIONS, "service-unavailable")],
        sentence: "Pings (XEP-0199) are answered with an error.",
        make: |values| Kind::PingError(stanza(values)) },
    Row { name: "ping-silence", point: Point::Ping, transports: XMPP, targets: OF_SESSION, parameters: &[],
        sentence: "Pings (XEP-0199) are not answered.",
        make: |_| Kind::PingSilence },
    Row { name: "iq-delay", point: Point::Iq, transports: XMPP, targets: OF_SESSION, parameters: &[delay("5s")],
        sentence: "Requests of XMPP (iq) are carried out at once, and answered late.",
        make: |values| Kind::IqDelay(values.duration("delay")) },
    Row { name: "iq-error", point: Point::Iq, transports: XMPP, targets: OF_SESSION,
        parameters: &[condition(STANZA_CONDITIONS, "internal-server-error")],
        sentence: "Requests of XMPP (iq), subscriptions too, are not carried out and answered with an error.",
        make: |values| Kind::IqError(stanza(values)) },
    Row { name: "iq-silence", point: Point::Iq, transports: XMPP, targets: OF_SESSION, parameters: &[],
        sentence: "Requests of XMPP (iq) are neither carried out nor answered.",
        make: |_| Kind::IqSilence },
    Row { name: "finesse-hidden", point: Point::Presence, transports: XMPP, targets: OF_SESSION, parameters: &[],
        sentence: "The finesse user does not appear, so that a desktop waits for ever.",
        make: |_| Kind::FinesseHidden },
    Row { name: "finesse-late", point: Point::Presence, transports: XMPP, targets: OF_SESSION, parameters: &[delay("10s")],
        sentence: "The finesse user appears late.",
        make: |values| Kind::FinesseLate(values.duration("delay")) },
    Row { name: "event-delay", point: Point::Delivery, transports: ALL, targets: OF_EVENT, parameters: &[delay("5s")],
        sentence: "Events come late, in their order.",
        make: |values| Kind::EventDelay(values.duration("delay")) },
    Row { name: "event-drop", point: Point::Delivery, transports: ALL, targets: OF_EVENT, parameters: &[],
        sentence: "Events are lost.",
        make: |_| Kind::EventDrop },
    Row { name: "event-twice", point: Point::Delivery, transports: ALL, targets: OF_EVENT, parameters: &[],
        sentence: "Events come twice, as with a subscription left over.",
        make: |_| Kind::EventTwice },
    Row { name: "event-order", point: Point::Delivery, transports: ALL, targets: OF_EVENT, parameters: &[delay("5s")],
        sentence: "An event comes behind the one after it, or when none has come for this long.",
        make: |values| Kind::EventOrder(values.duration("delay")) },
    Row { name: "payload-broken", point: Point::Delivery, transports: ALL, targets: OF_EVENT, parameters: &[],
        sentence: "The payload of events is cut off in its middle.",
        make: |_| Kind::PayloadBroken },
    Row { name: "stall", point: Point::Session, transports: ALL, targets: OF_PROGRESS,
        parameters: &[Parameter {
            name: "keep", form: Word(&["true", "false"]), default: "true",
            meaning: "whether what waits comes when the fault ends",
        }],
        sentence: "The connection is dead but not closed: the server reads nothing and sends nothing.",
        make: |values| Kind::Stall { keep: values.word("keep") == "true" } },
    Row { name: "slow", point: Point::Session, transports: ALL, targets: OF_PROGRESS,
        parameters: &[Parameter {
            name: "rate", form: Number(1, 1_000_000), default: "500", meaning: "bytes a second in the long run",
        }],
        sentence: "The server sends slowly.",
        make: |values| Kind::Slow(values.number("rate")) },
    Row { name: "slice", point: Point::Session, transports: STREAMS, targets: OF_PROGRESS,
        parameters: &[Parameter {
            name: "bytes", form: Number(1, 1400), default: "10", meaning: "the bytes of one segment",
        }],
        sentence: "The server sends in many small segments, so that a frame comes in pieces.",
        make: |values| Kind::Slice(values.number("bytes")) },
    Row { name: "idle-cut", point: Point::Session, transports: HELD, targets: OF_PROGRESS,
        parameters: &[Parameter {
            name: "idle", form: Duration, default: "30s", meaning: "how long nothing goes either way before the connection ends",
        }],
        sentence: "A silent connection is closed without another word, as by a proxy.",
        make: |values| Kind::IdleCut(values.duration("idle")) },
    Row { name: "cut", point: Point::Session, transports: HELD, targets: OF_PROGRESS,
        parameters: &[
            Parameter {
                name: "how", form: Word(&["fin", "rst", "close"]), default: "fin",
                meaning: "closed, reset, or closed by a close frame",
            },
            Parameter { name: "code", form: Number(1000, 4999), default: "1001", meaning: "the code of the close frame" },
        ],
        sentence: "The connection is cut without <close/>.",
        make: |values| Kind::Cut(cut(values)) },
    Row { name: "end", point: Point::Session, transports: XMPP, targets: OF_PROGRESS,
        parameters: &[condition(STREAM_CONDITIONS, "system-shutdown")],
        sentence: "The stream ends with a stream error.",
        make: |values| Kind::End(values.word("condition")) },
    Row { name: "bosh-end", point: Point::Session, transports: &[Bosh], targets: OF_PROGRESS,
        parameters: &[condition(BOSH_CONDITIONS, "item-not-found")],
        sentence: "The session over BOSH ends with a terminal condition.",
        make: |values| {
            Kind::BoshEnd(bosh::Condition::named(values.word("condition")).unwrap_or(bosh::Condition::UndefinedCondition))
        } },
    Row { name: "state-fails", point: Point::StateChange, transports: &[], targets: OF_COMMAND,
        parameters: &[Parameter {
            name: "error", form: Word(&["22", "33", "257", "260", "265", "1010"]), default: "260",
            meaning: "the number of the error in the guide",
        }],
        sentence: "Changes of state over REST are accepted, and an event says that they have failed.",
        make: |values| Kind::StateFails(values.word("error")) },
    Row { name: "call-fails", point: Point::CallOperation, transports: &[], targets: OF_COMMAND,
        parameters: &[Parameter {
            name: "error", form: Word(&["6", "22", "33", "34", "42"]), default: "34",
            meaning: "the number of the error in the guide",
        }],
        sentence: "Operations on calls over REST are accepted, and an event says that they have failed.",
        make: |values| Kind::CallFails(values.word("error")) },
    Row { name: "request-id-lost", point: Point::RequestId, transports: &[], targets: OF_COMMAND, parameters: &[],
        sentence: "The events of changes over REST have no requestId.",
        make: |_| Kind::RequestIdLost },
    Row { name: "outage", point: Point::Service, transports: &[], targets: &[],
        parameters: &[
            Parameter {
                name: "status", form: Word(&["OUT_OF_SERVICE", "PARTIAL_SERVICE", "IN_SERVICE"]),
                default: "OUT_OF_SERVICE", meaning: "the status in SystemInfo",
            },
            Parameter {
                name: "finesse", form: Word(&["available", "unavailable"]), default: "available",
                meaning: "the presence of the finesse user",
            },
        ],
        sentence: "The service is out, as in a failover of the CTI server, until the fault ends.",
        make: |values| Kind::Outage { status: values.word("status"), finesse: values.word("finesse") == "available" } },
    Row { name: "secondary-node", point: Point::Service, transports: &[], targets: &[],
        parameters: &[
            Parameter { name: "host", form: Form::Host, default: "127.0.0.1", meaning: "the name or the address of the other side" },
            Parameter {
                name: "port", form: Number(0, 65_535), default: "0",
                meaning: "its port for HTTPS, from release 12.6 on; 0: that of the primary node",
            },
        ],
        sentence: "SystemInfo names a secondary node, to which clients can fail over.",
        make: |values| Kind::SecondaryNode(values.number("port")) },
    Row { name: "role-secondary", point: Point::Configuration, transports: &[], targets: OF_COMMAND, parameters: &[],
        sentence: "Configuration requests are refused with 403, as on a secondary node.",
        make: |_| Kind::RoleSecondary },
    Row { name: "late-logout", point: Point::Return, transports: XMPP, targets: OF_SESSION, parameters: &[delay("5s")],
        sentence: "An agent whose client has left and come back is signed out all the same, as by the other side.",
        make: |values| Kind::LateLogout(values.duration("delay")) },
    Row { name: "maintenance", point: Point::Session, transports: ALL, targets: OF_PROGRESS,
        parameters: &[Parameter {
            name: "notice", form: Duration, default: "15s", meaning: "how long after the notice the session ends",
        }],
        sentence: "Sessions get the notice of maintenance mode and end with system-shutdown, users in calls after their calls.",
        make: |values| Kind::Maintenance(values.duration("notice")) },
];
