//! Every bound of the server, in one table: its default, its range, its unit and what it is for.
//!
//! The table makes the struct [`Limits`] the server works with and the list [`TABLE`] by which the
//! configuration reader and `callboard check` read and print each of them.

use std::time::Duration;

/// How a limit is written in the configuration file.
///
/// Inside the table every value is a plain number in the kind's base unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number without a unit, written as an integer.
    Count,
    /// Bytes, written `"64KiB"`, `"1MiB"`, `"512B"` or as an integer.
    Size,
    /// Time, written `"500ms"`, `"60s"`, `"5m"` or `"1h"`; the base unit is the millisecond.
    Duration,
}

impl Kind {
    const SIZE_UNITS: [(&str, u64); 3] = [("B", 1), ("KiB", 1024), ("MiB", 1024 * 1024)];
    const DURATION_UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    /// Says how a value of this kind must be written, as the end of a sentence.
    pub fn form(self) -> &'static str {
        match self {
            Kind::Count => "an integer such as 64",
            Kind::Size => "a size such as \"64KiB\", \"1MiB\", \"512B\" or a number of bytes",
            Kind::Duration => "a duration such as \"500ms\", \"60s\", \"5m\" or \"1h\"",
        }
    }

    /// Reads a value written as text: digits and, right behind them, a unit.
    ///
    /// Returns the value in the base unit, or `None` when the text has not the form of this kind.
    /// A value too large for the base unit becomes `u64::MAX`, which no range contains.
    pub fn parse(self, text: &str) -> Option<u64> {
        let units: &[(&str, u64)] = match self {
            Kind::Count => return None,
            Kind::Size => &Self::SIZE_UNITS,
            Kind::Duration => &Self::DURATION_UNITS,
        };
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
        if number.is_empty() {
            return None;
        }
        // Nothing but digits is left, so the only error is an overflow.
        Some(number.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(*factor))
    }

    /// Writes a value in the base unit as the configuration file wants it, with quotes where it wants them.
    pub fn show(self, value: u64) -> String {
        let (unit, factor) = match self {
            Kind::Count => return value.to_string(),
            Kind::Size => Self::largest(&Self::SIZE_UNITS, value),
            Kind::Duration => Self::largest(&Self::DURATION_UNITS, value),
        };
        format!("\"{}{unit}\"", value / factor)
    }

    /// Returns the largest unit that writes the value without a remainder and, as "60s" reads better than
    /// "1m", as more than one of it where a smaller unit does too.
    fn largest(units: &[(&'static str, u64)], value: u64) -> (&'static str, u64) {
        let fits = |(_, factor): &&(&str, u64)| value.is_multiple_of(*factor) && value >= *factor;
        let (unit, factor) = *units.iter().rfind(fits).unwrap_or(&units[0]);
        let seconds = Self::DURATION_UNITS[1];
        if (unit, value) == ("m", 60_000) { seconds } else { (unit, factor) }
    }
}

/// A row of the table: everything about a limit but its value.
pub struct Limit {
    /// The key in `[limits]`, which is also the name of the field in [`Limits`].
    pub key: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// The unit that is counted, for people.
    pub unit: &'static str,
    /// The smallest value allowed, in the base unit of the kind.
    pub minimum: u64,
    /// The largest value allowed, in the base unit of the kind.
    pub maximum: u64,
    /// A line that says what is bounded.
    pub meaning: &'static str,
    get: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64),
}

impl Limit {
    /// Returns the value in the base unit of the kind.
    pub fn get(&self, limits: &Limits) -> u64 {
        (self.get)(limits)
    }

    /// Sets the value, given in the base unit of the kind.
    ///
    /// # Errors
    ///
    /// A value outside the range is not set; the error says the range, as the end of a sentence.
    pub fn set(&self, limits: &mut Limits, value: u64) -> Result<(), String> {
        if (self.minimum..=self.maximum).contains(&value) {
            (self.set)(limits, value);
            return Ok(());
        }
        let (minimum, maximum) = (self.kind.show(self.minimum), self.kind.show(self.maximum));
        Err(format!("must be from {minimum} to {maximum}"))
    }

    /// Writes the value as the configuration file wants it.
    pub fn show(&self, limits: &Limits) -> String {
        self.kind.show(self.get(limits))
    }
}

/// How a field of [`Limits`] and a number in its kind's base unit become each other.
trait Base {
    fn base(self) -> u64;
    fn from_base(value: u64) -> Self;
}

impl Base for usize {
    fn base(self) -> u64 {
        self as u64
    }

    fn from_base(value: u64) -> Self {
        // No range goes beyond 32 bits (a test says so), so nothing is lost on a 32-bit machine.
        value as usize
    }
}

impl Base for Duration {
    fn base(self) -> u64 {
        // No range goes beyond a day.
        self.as_millis() as u64
    }

    fn from_base(value: u64) -> Self {
        Duration::from_millis(value)
    }
}

// The kinds of the table, as the types of the fields.
type Count = usize;
type Size = usize;

macro_rules! limits {
    ($(
        #[doc = $meaning:literal]
        $(#[doc = $more:literal])*
        $key:ident: $kind:ident($unit:literal) = $default:expr, $minimum:expr => $maximum:expr;
    )+) => {
        /// The bounds in force. The purpose of each, its range and its default stand in [`TABLE`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            $(
                #[doc = $meaning]
                #[doc = ""]
                #[doc = concat!("Unit: ", $unit, ".")]
                $(#[doc = $more])*
                pub $key: $kind,
            )+
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($key: <$kind>::from_base($default)),+ }
            }
        }

        /// Every limit, in the order in which it is printed.
        pub static TABLE: &[Limit] = &[$(Limit {
            key: stringify!($key),
            kind: Kind::$kind,
            unit: $unit,
            minimum: $minimum,
            maximum: $maximum,
            meaning: $meaning.trim_ascii(),
            get: |limits| limits.$key.base(),
            set: |limits, value| limits.$key = <$kind>::from_base(value),
        }),+];
    };
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

limits! {
    /// TCP connections at the same time, over all listeners
    /// (XEP-0205 §4.2).
    connections: Count("connections") = 8192, 1 => 1_000_000;
    /// TCP connections, and as many BOSH sessions, of one address at the same time; an IPv6 address counts by its /64
    /// (XEP-0205 §4.1).
    connections_per_address: Count("connections") = 1024, 1 => 1_000_000;
    /// BOSH sessions at the same time, logged in or not
    /// (XEP-0205 §4.2: they have no connection that would count).
    bosh_sessions: Count("sessions") = 4096, 1 => 1_000_000;
    /// sessions one user may have bound at the same time
    /// (XEP-0205 §4.4).
    sessions_per_user: Count("sessions") = 16, 1 => 100;
    /// time for the TLS handshake, for each HTTP request with its body and the reading of its response, and from the upgrade or the first BOSH request to the XMPP login
    /// (RFC 6120 §4.9.3.4).
    login: Duration("time") = 30 * SECOND, SECOND => 10 * MINUTE;
    /// memory of all incomplete TLS handshakes and HTTP request heads; those of one address may have a quarter, and one handshake always its 16 KiB
    /// (XEP-0205 §4.1).
    handshakes: Size("bytes") = 8 * MIB, 64 * KIB => 2048 * MIB;
    /// silence of an HTTP connection between two requests, after which it is closed
    /// (above the 60 s of common proxies: the side that sends requests must be the first to close).
    idle: Duration("time") = 2 * MINUTE, 100 => HOUR;
    /// silence of a session after which the server sends a WebSocket ping
    /// (RFC 6455 §5.5.2).
    ping: Duration("time") = 60 * SECOND, SECOND => HOUR;
    /// wait for the answer to a ping; two unanswered pings close the session
    /// (RFC 6120 §4.6).
    ping_answer: Duration("time") = 30 * SECOND, SECOND => 10 * MINUTE;
    /// time between comments that keep a stream of server-sent events alive
    /// (WHATWG HTML §9.2.7: every 15 seconds or so).
    heartbeat: Duration("time") = 15 * SECOND, 100 => 10 * MINUTE;
    /// validity of a ticket, and again after the last stream opened with it ends
    /// (OWASP: a secret in a URL must expire soon).
    ticket: Duration("time") = MINUTE, 100 => HOUR;
    /// validity of an access token of single sign-on
    /// (the guide, "Single Sign-On": the identity service says how long).
    access_token: Duration("time") = HOUR, 100 => DAY;
    /// validity of a refresh token of single sign-on
    /// (the guide, "Single Sign-On": the identity service says how long).
    refresh_token: Duration("time") = 10 * HOUR, 100 => DAY;
    /// refresh tokens of all users, each with its access tokens; of one user there are sessions_per_user
    /// (XEP-0205 §4.1).
    tokens: Count("tokens") = 4096, 1 => 100_000;
    /// wait for a peer to finish a close, and for all peers at shutdown
    /// (RFC 7395 §3.6).
    close: Duration("time") = 5 * SECOND, 100 => MINUTE;
    /// longest time for which the server holds a BOSH request
    /// (XEP-0124 §7.1).
    bosh_wait: Duration("time") = MINUTE, 100 => 10 * MINUTE;
    /// time without a BOSH request after which a session ends; a polling session gets twice bosh_polling more
    /// (XEP-0124 §10).
    bosh_inactivity: Duration("time") = MINUTE, 100 => 10 * MINUTE;
    /// shortest time between two empty BOSH requests; 0: no bound
    /// (XEP-0124 §11, §12).
    bosh_polling: Duration("time") = 5 * SECOND, 0 => MINUTE;
    /// longest pause that a BOSH client may ask for; 0: none
    /// (XEP-0124 §10).
    bosh_maxpause: Duration("time") = 2 * MINUTE, 0 => 10 * MINUTE;
    /// time that a sign-in takes, as a CTI server would, unless the user asks for something else meanwhile; 0: none
    /// (the guide, "User: sign in to Finesse").
    sign_in: Duration("time") = 250, 0 => 10 * SECOND;
    /// wait for an agent whose last session ended to return before it is signed out
    /// (the guide, "Desktop presence and forced logout").
    forced_logout: Duration("time") = MINUTE, 100 => HOUR;
    /// time that maintenance mode takes at the most to end the sessions
    /// (the administration guide, "Finesse Maintenance Mode": maxMMTimeSec is an hour).
    maintenance: Duration("time") = HOUR, SECOND => HOUR;
    /// calls at the same time, with those that are wrapped up
    /// (the guide, "Dialog").
    calls: Count("calls") = 4096, 1 => 100_000;
    /// tasks of media other than voice at the same time
    /// (the guide, "Media").
    tasks: Count("tasks") = 4096, 1 => 100_000;
    /// contacts of outbound campaigns that wait, rest, are offered or called
    /// (the guide, "Dialog").
    contacts: Count("contacts") = 1000, 1 => 100_000;
    /// time for an agent to answer a call from a queue
    /// (the guide, "User: change agent state").
    alerting: Duration("time") = 20 * SECOND, 100 => 10 * MINUTE;
    /// time that an external caller waits for somebody before it hangs up
    /// (the guide, "Dialog").
    patience: Duration("time") = 5 * MINUTE, 100 => HOUR;
    /// time until an external number answers
    /// (the guide, "Dialog").
    outside_answer: Duration("time") = 3 * SECOND, 100 => 10 * MINUTE;
    /// time between events of a queue whose statistics change
    /// (the guide, "Queue notifications").
    queue_statistics: Duration("time") = 10 * SECOND, 100 => 10 * MINUTE;
    /// one WebSocket message or BOSH body before the login
    /// (XEP-0205 §4.5; the 10,000 bytes of RFC 6120 §13.12 are for stanzas, and before the login there are none).
    stanza_before_login: Size("bytes") = 8 * KIB, KIB => MIB;
    /// XML elements in one message before the login
    /// (XEP-0205 §3).
    elements_before_login: Count("elements") = 32, 8 => 1000;
    /// one WebSocket message or BOSH body after the login
    /// (RFC 6120 §13.12: not below 10,000 bytes).
    stanza: Size("bytes") = 64 * KIB, 10_000 => MIB;
    /// XML elements in one message after the login
    /// (XEP-0205 §3).
    elements: Count("elements") = 1024, 64 => 65_536;
    /// depth of nested XML elements
    /// (XEP-0205 §3).
    depth: Count("elements") = 32, 8 => 128;
    /// attributes of one XML element
    /// (XEP-0205 §3; the check for repeated names grows with their square).
    attributes: Count("attributes") = 64, 16 => 256;
    /// xmlns: declarations in one message
    /// (RUSTSEC-2026-0194: each may cost a look-up for every name that follows).
    prefixes: Count("declarations") = 16, 8 => 32;
    /// failed logins after which the connection is closed
    /// (RFC 6120 §6.4.5).
    login_attempts: Count("attempts") = 3, 1 => 10;
    /// wrong passwords of one user in a row, over HTTP and XMPP together, after which the user is locked out; 0: never
    /// (the guide, "HTTP requests").
    lockout_attempts: Count("attempts") = 5, 0 => 1000;
    /// how long a user is locked out
    /// (the guide, "HTTP requests").
    lockout: Duration("time") = 5 * MINUTE, SECOND => HOUR;
    /// wrong passwords from one address, for any users, within the time of lockout, after which the server refuses its logins for a while; 0: no bound
    /// (OWASP: a lockout does not stop a client that tries one password for each user).
    address_attempts: Count("attempts") = 100, 0 => 100_000;
    /// node subscriptions of one session
    /// (XEP-0060 §6.1.3.9).
    subscriptions_per_session: Count("subscriptions") = 256, 1 => 100_000;
    /// node subscriptions of one user without a resource, the automatic ones included
    /// (XEP-0060 §6.1.3.9).
    subscriptions_per_user: Count("subscriptions") = 256, 8 => 100_000;
    /// bytes queued for one session; a session with more that has not read what its socket was offered for backlog_wait is closed as too slow
    /// (XEP-0205 §4.7).
    queue: Size("bytes") = MIB, 128 * KIB => 256 * MIB;
    /// frames queued for one session, with the rule of queue
    /// (XEP-0205 §4.7).
    queue_frames: Count("frames") = 4096, 512 => 1_000_000;
    /// bytes of all queues together, where an event in several queues counts once; beyond that the server refuses sends and closes the session with the most queued first
    /// (XEP-0205 §4.7).
    queues: Size("bytes") = 64 * MIB, MIB => 2048 * MIB;
    /// stanzas that a client with stream management has been sent and has not acknowledged; the server sends no more before it does
    /// (XEP-0198 §4).
    unacked: Count("stanzas") = 256, 16 => 100_000;
    /// bytes of those stanzas
    /// (XEP-0198 §4).
    unacked_size: Size("bytes") = 256 * KIB, 64 * KIB => 256 * MIB;
    /// time for a client with stream management to resume its session after its connection is lost
    /// (XEP-0198 §5).
    resume: Duration("time") = 5 * MINUTE, 100 => HOUR;
    /// sessions that wait to be resumed; of one user there are sessions_per_user
    /// (XEP-0205 §4.1).
    waiting: Count("sessions") = 1000, 1 => 100_000;
    /// bytes that one user has sent and receivers have not taken; beyond that the server does not read from the user
    /// (Reactive Streams §1.1: a publisher must not signal more than was requested).
    backlog: Size("bytes") = 256 * KIB, KIB => 256 * MIB;
    /// longest wait of a sender for its receivers; receivers that have read nothing of what their sockets were offered are closed as too slow
    /// (NATS: write_deadline).
    backlog_wait: Duration("time") = 2 * SECOND, 100 => MINUTE;
    /// bytes a second of one user's stanzas, publications and changes over HTTP, in the long run; 0: no bound
    /// (XEP-0205 §4.1; XMPP servers call it a shaper).
    user_rate: Size("bytes a second") = 4 * MIB, 0 => 1024 * MIB;
    /// bytes of one user's stanzas, publications and changes that may come at once
    /// (XEP-0205 §4.1).
    user_burst: Size("bytes") = 16 * MIB, 64 * KIB => 1024 * MIB;
    /// stanzas, publications and changes over HTTP of one user a second, in the long run; 0: no bound
    /// (XEP-0205 §4.1).
    user_stanzas: Count("stanzas a second") = 2000, 0 => 1_000_000;
    /// stanzas, publications and changes of one user that may come at once
    /// (XEP-0205 §4.1).
    user_stanza_burst: Count("stanzas") = 10_000, 1 => 1_000_000;
    /// events kept for clients that resume a stream of server-sent events; 0: none
    /// (WHATWG HTML §9.2.4, Last-Event-ID).
    history: Count("events") = 1024, 0 => 1_000_000;
    /// payloads of the events that are kept, with their ids
    /// (XEP-0205 §4.1).
    history_size: Size("bytes") = MIB, KIB => 256 * MIB;
    /// payload of one published item, and the body of the HTTP request that publishes it
    /// (XEP-0060 §7.1.3.4).
    payload: Size("bytes") = 32 * KIB, KIB => MIB;
    /// body of an HTTP request with the log of a client
    /// (Finesse's guide: not over 1,048,576 characters).
    client_log: Size("bytes") = MIB, KIB => 16 * MIB;
    /// memory of all request bodies that are being read; those of one address may have a quarter, and always one body
    /// (XEP-0205 §4.1).
    bodies: Size("bytes") = 16 * MIB, MIB => 2048 * MIB;
    /// request line and header fields of one HTTP request
    /// (RFC 9112 §3: not below 8,000 bytes; RFC 6585 §5).
    http_header: Size("bytes") = 16 * KIB, 8 * KIB => 64 * KIB;
    /// bytes a second that a client must read of an HTTP response, once it has stalled the response for as long as login
    /// (XEP-0205 §4.1: reading a byte now and then must not keep a connection).
    least_rate: Size("bytes a second") = KIB, 1 => MIB;
    /// files of www sent at the same time, each with a descriptor and a piece of it in memory
    /// (XEP-0205 §4.1).
    files: Count("files") = 256, 1 => 100_000;
    /// password hashes computed at the same time
    /// (each keeps one core busy for a good part of a second).
    password_checks: Count("hashes") = 1, 1 => 8;
    /// users whose last right password is recognised without its slow hash, at least all users of a file with a hash; 0: none
    /// (a keyed hash of it, in memory only).
    password_memory: Count("users") = 1024, 0 => 100_000;
    /// logins that wait for their password hash to be computed
    /// (XEP-0205 §4.1).
    password_waiting: Count("logins") = 1024, 1 => 100_000;
    /// logins of one address that wait for their password hash; the addresses are served in turn
    /// (XEP-0205 §4.1).
    password_waiting_per_address: Count("logins") = 32, 1 => 100_000;
}

impl Limits {
    /// Half of `queue`, in bytes: a session that is owed more is not read from, and nothing longer is put into a queue.
    pub fn half_queue(&self) -> usize {
        self.queue / 2
    }
}

#[cfg(test)]
mod tests;
