//! Whom a fault touches.

use std::net::{IpAddr, SocketAddr};

use crate::fault::pattern::Pattern;
use crate::id::SessionId;
use crate::transport::Transport;

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The transport of the client is up.
    Connect,
    /// The stream is open.
    Open,
    /// The client has logged in.
    Login,
    /// The client has bound a resource.
    Bind,
    /// The client is available.
    Presence,
}

impl Step {
    /// The names, in order.
    pub const NAMES: &[&str] = &["connect", "open", "login", "bind", "presence"];

    /// The step of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Connect, Self::Open, Self::Login, Self::Bind, Self::Presence];
        let mut named = Self::NAMES.iter().zip(all);
        named.find(|(known, _)| **known == name).map(|(_, step)| step)
    }
}

/// What a fault is asked about: as much as the point knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The id of the user. Of a request it is the name in its credentials, before they are checked.
    pub user: Option<&'a str>,
    /// The id of the user's team.
    pub team: Option<&'a str>,
    pub session: Option<SessionId>,
    pub address: Option<IpAddr>,
    pub transport: Option<Transport>,
    /// How far the session is.
    pub step: Option<Step>,
    pub node: Option<&'a str>,
    pub path: Option<&'a str>,
    /// The address of the listener.
    pub listener: Option<SocketAddr>,
}

/// The clients that a fault touches: those for which all that is given fits; without anything, everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub user: Option<Box<str>>,
    pub team: Option<Box<str>>,
    pub session: Option<SessionId>,
    pub address: Option<IpAddr>,
    pub transport: Option<Transport>,
    pub node: Option<Pattern>,
    pub path: Option<Pattern>,
    pub listener: Option<SocketAddr>,
    /// The session has come so far at least.
    pub after_step: Option<Step>,
}

impl Target {
    /// Tells whether the subject is one of those meant. What the point does not know does not fit.
    pub fn has(&self, subject: &Subject<'_>) -> bool {
        fn fits<T, U: PartialEq<T>>(wanted: Option<&T>, is: Option<U>) -> bool {
            wanted.is_none_or(|wanted| is.is_some_and(|is| is == *wanted))
        }
        let named = |wanted: Option<&Pattern>, is: Option<&str>| {
            wanted.is_none_or(|wanted| is.is_some_and(|is| wanted.has(is)))
        };
        fits(self.user.as_deref().as_ref(), subject.user)
            && fits(self.team.as_deref().as_ref(), subject.team)
            && fits(self.session.as_ref(), subject.session)
            && fits(self.address.as_ref(), subject.address.map(|address| address.to_canonical()))
            && fits(self.transport.as_ref(), subject.transport)
            && fits(self.listener.as_ref(), subject.listener)
            && named(self.node.as_ref(), subject.node)
            && named(self.path.as_ref(), subject.path)
            && self.after_step.is_none_or(|wanted| subject.step.is_some_and(|step| step >= wanted))
    }
}
