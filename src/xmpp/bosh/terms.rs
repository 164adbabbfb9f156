//! The terms on which client and server agree when a session is made (XEP-0124 §7).

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use crate::config::limits::Limits;
use crate::xml::write_attribute;
use crate::xmpp::bosh::condition::Violation;
use crate::xmpp::bosh::envelope::{Envelope, Version};
use crate::xmpp::ns;

/// The version of BOSH that is spoken here.
const VERSION: Version = (1, 11);

/// The most requests that are kept waiting, whatever a client asks for: more would help nobody, and each is a connection.
const HOLD_MAX: u64 = 1;

/// The terms of one session.
#[derive(Debug)]
pub struct Terms {
    /// How long a request may wait for something to answer it with.
    pub wait: Duration,
    /// How many requests wait at the same time.
    pub hold: usize,
    /// How many requests the client may make at the same time.
    pub requests: usize,
    /// The client polls: no request waits (§12).
    pub polls: bool,
    /// How long there may be no request.
    pub inactivity: Duration,
    /// The shortest time between two empty requests.
    pub polling: Duration,
    /// The longest pause.
    pub maxpause: Duration,
    /// Whether the client acknowledges answers, and is told which of its requests have come (§9).
    pub acks: bool,
    pub content_type: Option<Rc<str>>,
    /// `None`: errors are said by status codes of HTTP.
    ver: Option<Version>,
}

impl Terms {
    /// Agrees with the client's first request.
    ///
    /// # Errors
    ///
    /// A first request that pauses or ends a session is a [`Violation`].
    pub fn new(limits: &Limits, envelope: &Envelope<'_>) -> Result<Self, Violation> {
        if envelope.leaves() {
            return Err(Violation::NO_SESSION);
        }
        let wait = envelope.wait.map_or(limits.bosh_wait, |wait| limits.bosh_wait.min(seconds(wait)));
        // A number of at most HOLD_MAX.
        let asked = envelope.hold.unwrap_or(HOLD_MAX).min(HOLD_MAX) as usize;
        let polls = wait.is_zero() || asked == 0;
        let patience = if polls { 2 * limits.bosh_polling } else { Duration::ZERO };
        Ok(Self {
            wait,
            hold: if polls { 0 } else { asked },
            requests: asked + 1,
            polls,
            inactivity: limits.bosh_inactivity + patience,
            polling: limits.bosh_polling,
            maxpause: limits.bosh_maxpause,
            acks: envelope.ack == Some(1),
            content_type: envelope.content.map(Rc::from),
            ver: envelope.ver,
        })
    }

    /// Whether the client is of the time before there were conditions (§17.1).
    pub fn legacy(&self) -> bool {
        self.ver.is_none()
    }

    /// Writes the attributes of the first answer. Whole seconds: never more time than there is for the client, nor less
    /// than it has to wait.
    pub fn write(&self, out: &mut String, opening: &Opening) {
        let (major, minor) = self.ver.map_or(VERSION, |ver| ver.min(VERSION));
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            " wait=\"{}\" hold=\"{}\" requests=\"{}\" inactivity=\"{}\"",
            whole_seconds(self.wait),
            self.hold,
            self.requests,
            self.inactivity.as_secs(),
        );
        if !self.polling.is_zero() {
            let _ = write!(out, " polling=\"{}\"", whole_seconds(self.polling));
        }
        if !self.maxpause.is_zero() {
            let _ = write!(out, " maxpause=\"{}\"", self.maxpause.as_secs());
        }
        let _ = write!(out, " ver=\"{major}.{minor}\" charsets=\"UTF-8\"");
        write_attribute(out, "from", &opening.domain);
        write_attribute(out, "sid", &opening.sid);
        write_attribute(out, "authid", &opening.stream_id);
        let _ = write!(out, " xmlns:xmpp=\"{}\" xmpp:version=\"1.0\" xmpp:restartlogic=\"true\"", ns::XBOSH);
    }
}

/// The terms of a session, as the first answer says them.
#[derive(Debug)]
pub struct Opening {
    pub sid: Box<str>,
    /// The id of the stream.
    pub stream_id: Box<str>,
    pub domain: Box<str>,
}

/// Reads a number of seconds from a client: more than fit a year are a year.
pub fn seconds(number: u64) -> Duration {
    Duration::from_secs(number.min(365 * 24 * 3600))
}

/// A time in seconds, a part of one being a whole one.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
