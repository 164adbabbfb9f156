//! The state of one session over BOSH.

use std::time::{Duration, Instant};

use crate::hub::delivery::frame::Element;
use crate::hub::delivery::outbox::Outbox;
use crate::xmpp::bosh::{Binding, Condition};

/// The requests and answers of a session, which has no connection of its own.
#[derive(Debug)]
pub struct Bosh {
    pub binding: Binding,
    /// The payloads that wait for a request.
    pub outbox: Outbox<Element>,
    pub sid: Box<str>,
    /// Whether it began over TLS: then it goes on so (XEP-0124 §19.1).
    pub secure: bool,
    /// How its end is said, once it has ended.
    pub end: Option<End>,
    /// When it has to have bound its resource.
    pub login_until: Instant,
    /// Whether the session is in the list of those whose requests have to be answered.
    pub pending: bool,
    /// How many payloads it has taken in its turn.
    pub taken: usize,
    /// The client leaves with the request whose payloads are being taken.
    pub leaves: bool,
}

impl Bosh {
    /// Tells whether all requests that wait for an answer were cut off.
    pub fn is_cut(&self) -> bool {
        self.binding.is_cut()
    }

    /// How long its client stays away between two requests because it is told to.
    pub fn pause(&self) -> Duration {
        self.binding.polling()
    }
}

/// The end of a session: the condition, if the client did not want it.
pub type End = Option<Condition>;
