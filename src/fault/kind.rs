//! The kinds of faults as values, and the points at which they act.

use std::time::Duration;

use crate::fault::target::Step;
use crate::xmpp::bosh;
use crate::xmpp::sasl::Failure;
use crate::xmpp::stanza::Condition;

/// The point at which a fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A listener accepts a connection.
    Accept,
    /// A handshake of TLS begins.
    Handshake,
    /// A request over HTTP has come in.
    Request,
    /// A WebSocket is asked for.
    Upgrade,
    /// The server opens a stream.
    Opening,
    /// The server says what a stream has.
    Features,
    /// A password comes.
    Login,
    /// The server answers a step of the login.
    Answer,
    /// A resource is to be bound.
    Bind,
    /// A ping (XEP-0199) is to be answered.
    Ping,
    /// An iq is to be answered; pings are iqs, too.
    Iq,
    /// The `finesse` user is shown to a session.
    Presence,
    /// An event goes to a session.
    Delivery,
    /// The requestId of a change over REST is taken.
    RequestId,
    /// A user changes its own state over REST.
    StateChange,
    /// A user makes a call or does something with one over REST.
    CallOperation,
    /// The REST API is asked for a part of the configuration.
    Configuration,
    /// A user who had left comes back.
    Return,
    /// A session is there. What acts here joins a session once and stays until it is healed.
    Session,
    /// The service itself.
    Service,
}

/// How a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The socket is closed without another word.
    Fin,
    /// The socket is reset.
    Rst,
    /// A close frame with this code, without `<close/>`.
    Close(u16),
}

/// The defect of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// Its names are those of another host.
    WrongName,
    /// Nobody has signed it but its own key.
    Untrusted,
    /// The intermediate between it and the root is missing.
    NoChain,
}

impl Defect {
    /// The names, in order.
    pub const NAMES: &[&str] = &["expired", "not-yet", "wrong-name", "untrusted", "no-chain"];

    /// The defect of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Expired, Self::NotYet, Self::WrongName, Self::Untrusted, Self::NoChain];
        let mut named = Self::NAMES.iter().zip(all);
        named.find(|(known, _)| **known == name).map(|(_, defect)| defect)
    }
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Refuse,
    TlsHang,
    Certificate(Defect),
    HttpStatus(u16),
    HttpDelay(Duration),
    HttpSilence,
    HttpCut,
    UpgradeStatus(u16),
    NoSubprotocol,
    NoUpgradeHeader,
    OldFraming,
    NoPlain,
    LoginRefused(Failure),
    SlowStep(Step, Duration),
    BindConflict,
    PingDelay(Duration),
    PingError(Condition),
    PingSilence,
    IqDelay(Duration),
    IqError(Condition),
    IqSilence,
    FinesseHidden,
    FinesseLate(Duration),
    EventDelay(Duration),
    EventDrop,
    EventTwice,
    /// An event goes behind the next one, or after this time.
    EventOrder(Duration),
    PayloadBroken,
    Stall {
        keep: bool,
    },
    /// Bytes a second.
    Slow(u32),
    /// Bytes of one segment.
    Slice(u16),
    IdleCut(Duration),
    Cut(Cut),
    /// The condition of RFC 6120 §4.9.3.
    End(&'static str),
    BoshEnd(bosh::Condition),
    RequestIdLost,
    /// The number of the error in the guide.
    StateFails(&'static str),
    CallFails(&'static str),
    Outage {
        status: &'static str,
        finesse: bool,
    },
    RoleSecondary,
    /// The time between the return of the client and the sign-out.
    LateLogout(Duration),
    /// The time between the notice and the end of the session.
    Maintenance(Duration),
    /// The port; the host stands in what was given.
    SecondaryNode(u16),
}

impl Kind {
    /// Whether it ends something, and does nothing more.
    pub fn acts_once(self) -> bool {
        matches!(self, Self::Cut(_) | Self::End(_) | Self::BoshEnd(_))
    }

    /// How long something comes late that is kept back.
    pub fn delay(self) -> Duration {
        match self {
            Self::HttpDelay(delay)
            | Self::SlowStep(_, delay)
            | Self::PingDelay(delay)
            | Self::IqDelay(delay)
            | Self::FinesseLate(delay)
            | Self::EventDelay(delay)
            | Self::LateLogout(delay)
            | Self::EventOrder(delay) => delay,
            _ => Duration::ZERO,
        }
    }
}
