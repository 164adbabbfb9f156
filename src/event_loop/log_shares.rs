//! How many lines of the log one client can cause. A refusal to an address is told once for each kind, and then counted: an
//! attack must neither fill a disk nor hide what else the log has to say.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::client_address;
use crate::id::UserId;

/// The first time that lines are counted for; it doubles as long as more come, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(64);

/// The lines of each kind that a user who has logged in gets in a second.
const OF_A_USER: u32 = 50;

/// The lines that an address gets at once for sessions that begin and end without a login: that is no refusal yet.
const OF_AN_ADDRESS: u32 = 20;

/// The most shares that there are. All clients that find no room share one for each kind.
const MOST: usize = 1024;

/// The owner of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// The share of all clients of this address who have not logged in.
    Address(IpAddr),
    User(UserId),
    /// The share of everybody else.
    Others,
}

impl Whose {
    /// The share of a client at this address; `user` if it has logged in.
    pub fn of(peer: IpAddr, user: Option<UserId>) -> Self {
        user.map_or_else(|| Self::Address(client_address::key(peer)), Self::User)
    }
}

/// The subject of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A request over HTTP that was answered with this status.
    Request(u16),
    /// A change, or a WebSocket, for a page of an origin that is not allowed.
    Origin,
    /// A request for a host that is not this server.
    Host,
    /// A WebSocket that did not begin.
    Upgrade,
    /// A connection that ended before its first request.
    Handshake,
    /// A connection that ended in the middle of a request or of an answer.
    Connection,
    /// A file that could not be read or sent.
    File,
    /// A session that began.
    Session,
    /// A session that found no room.
    Room,
    /// A login that failed.
    Login,
    /// A user who was kept out, or an address that has to wait.
    Block,
    /// A step of a session that has logged in.
    Step,
    /// A session that ended.
    End,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request(status) => return write!(f, "http request answered with {status}"),
            Self::Origin => "http request of a page refused, not in cors_origins",
            Self::Host => "http request refused, not in hosts",
            Self::Upgrade => "upgrade to a WebSocket refused",
            Self::Handshake => "connection ended before a request",
            Self::Connection => "http connection closed",
            Self::File => "file not sent",
            Self::Session => "session connected",
            Self::Room => "session refused",
            Self::Login => "login refused",
            Self::Block => "blocked",
            Self::Step => "logged in, or resource bound",
            Self::End => "session closed",
        })
    }
}

/// Lines that were counted and not written.
#[derive(Debug, PartialEq, Eq)]
pub struct Untold {
    pub whose: Whose,
    pub kind: Kind,
    pub count: u64,
}

#[derive(Debug)]
struct Share {
    /// The lines that are left until `due`.
    left: u32,
    untold: u64,
    wait: Duration,
    due: Instant,
}

impl Share {
    fn new(whose: Whose, kind: Kind, now: Instant) -> Self {
        Self { left: allowance(whose, kind), untold: 0, wait: FIRST, due: now + FIRST }
    }
}

fn allowance(whose: Whose, kind: Kind) -> u32 {
    match (whose, kind) {
        (Whose::User(_), _) => OF_A_USER,
        (_, Kind::Session | Kind::End) => OF_AN_ADDRESS,
        _ => 1,
    }
}

/// The shares of all who have caused a line lately.
#[derive(Debug, Default)]
pub struct Shares {
    shares: HashMap<(Whose, Kind), Share>,
}

impl Shares {
    /// Tells whether a line may be written; a line that may not is counted.
    pub fn take(&mut self, now: Instant, whose: Whose, kind: Kind) -> bool {
        let key = (whose, kind);
        let key = if self.shares.len() < MOST || self.shares.contains_key(&key) {
            key
        } else {
            (Whose::Others, kind)
        };
        let share = self.shares.entry(key).or_insert_with(|| Share::new(key.0, kind, now));
        if share.left == 0 {
            share.untold += 1;
            return false;
        }
        share.left -= 1;
        true
    }

    /// Nobody has caused a line lately.
    pub fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }

    /// Returns the counts of the times that are over. A share of which nothing was taken beyond what it allows is given up.
    pub fn untold(&mut self, now: Instant) -> Vec<Untold> {
        let mut all = Vec::new();
        self.shares.retain(|(whose, kind), share| {
            if now < share.due {
                return true;
            }
            if share.untold == 0 {
                return false;
            }
            all.push(Untold { whose: *whose, kind: *kind, count: std::mem::take(&mut share.untold) });
            // A client whose lines are counted stays so: only a user gets new lines for each time.
            if matches!(whose, Whose::User(_)) {
                share.left = OF_A_USER;
            } else {
                share.wait = (share.wait * 2).min(LONGEST);
            }
            share.due = now + share.wait;
            true
        });
        all
    }

    /// Returns the counts that are still to be told, at the end.
    pub fn rest(&mut self) -> Vec<Untold> {
        let all = self.shares.drain().filter(|(_, share)| share.untold > 0);
        all.map(|((whose, kind), share)| Untold { whose, kind, count: share.untold }).collect()
    }
}

/// A number with a comma for each three digits.
pub struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNAUTHORIZED: Kind = Kind::Request(401);

    fn at(text: &str) -> Whose {
        Whose::of(text.parse().expect("an address"), None)
    }

    #[test]
    fn a_refusal_of_each_kind_is_told_once_and_then_counted_in_ever_longer_times() {
        let start = Instant::now();
        let mut shares = Shares::default();
        let (one, other) = (at("192.0.2.1"), at("192.0.2.2"));
        assert!(shares.take(start, one, UNAUTHORIZED));
        assert!(shares.take(start, one, Kind::Request(404)), "another kind");
        assert!(shares.take(start, other, UNAUTHORIZED), "another address");
        let mut seconds = 0;
        for wait in [1, 2, 4, 8, 16, 32, 64, 64] {
            for _ in 0..1234 {
                assert!(!shares.take(start, one, UNAUTHORIZED));
            }
            let untold = [Untold { whose: one, kind: UNAUTHORIZED, count: 1234 }];
            assert_eq!(
                shares.untold(start + Duration::from_secs(seconds + wait) - Duration::from_millis(1)),
                []
            );
            seconds += wait;
            assert_eq!(shares.untold(start + Duration::from_secs(seconds)), untold);
        }
        // A time in which nothing came ends it.
        assert_eq!(shares.untold(start + Duration::from_secs(seconds + 64)), []);
        assert!(shares.is_empty());
        assert!(shares.take(start, one, UNAUTHORIZED));
    }

    #[test]
    fn the_network_of_one_machine_has_one_share() {
        let mut shares = Shares::default();
        let now = Instant::now();
        assert!(shares.take(now, at("2001:db8:1:2::1"), UNAUTHORIZED));
        assert!(!shares.take(now, at("2001:db8:1:2::2"), UNAUTHORIZED));
        assert!(shares.take(now, at("2001:db8:1:3::1"), UNAUTHORIZED));
    }

    #[test]
    fn more_addresses_than_there_are_shares_for_have_one_together() {
        let mut shares = Shares::default();
        let now = Instant::now();
        let many: Vec<_> = (0..2000_u32).map(|n| Whose::of(IpAddr::V4(n.into()), None)).collect();
        let told = many.iter().filter(|whose| shares.take(now, **whose, UNAUTHORIZED)).count();
        assert_eq!((told, shares.shares.len()), (MOST + 1, MOST + 1));
        let untold = Untold { whose: Whose::Others, kind: UNAUTHORIZED, count: 2000 - MOST as u64 - 1 };
        assert_eq!(shares.rest(), [untold]);
        assert!(shares.is_empty());
    }

    #[test]
    fn numbers_have_commas() {
        for (number, text) in [(0, "0"), (999, "999"), (1234, "1,234"), (1_234_567, "1,234,567")] {
            assert_eq!(Grouped(number).to_string(), text);
        }
    }
}
