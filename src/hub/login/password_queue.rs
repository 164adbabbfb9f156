//! The queue of the password checks that are slow: which one is made next.
//!
//! Each address has a line of its own, and the lines are served in turn: however many checks one address asks for, another one
//! waits for one of them at the most. A line has a bound, and so have all of them together.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::client_address;
use crate::config::limits::Limits;

/// From one look for clients of an address that have gone away to the next. A look costs a system call for each check that
/// waits, and an address whose line is full could ask for it with every request.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// A check in the queue, or one that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CheckId(u64);

/// The error for a full queue, or for an address that has its share of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

/// The fate of a check whose turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The check is made.
    Make,
    /// The check is not made: wrong passwords have used up the tries of its address.
    Refuse,
    /// Wait, and all of this address behind it: the checks that are being made may use up the address's tries.
    Wait,
}

/// All checks that wait or are being made.
#[derive(Debug)]
pub struct Checks<T> {
    /// How many are made at the same time.
    at_once: usize,
    /// How many may wait.
    places: usize,
    /// How many of one address may wait.
    share: usize,
    /// The number of the next one.
    next: u64,
    waiting: usize,
    /// The checks that wait, by address. None of the lines is empty.
    lines: HashMap<IpAddr, Line<T>>,
    /// The addresses that have a line, the one whose turn is next first.
    turns: VecDeque<IpAddr>,
    /// The addresses of those that are being made, which are few.
    made: Vec<(CheckId, IpAddr)>,
}

/// The checks of one address that wait.
#[derive(Debug)]
struct Line<T> {
    waiting: VecDeque<(CheckId, T)>,
    /// When the next look for clients that have gone away is due, if there was one.
    look: Option<Instant>,
}

impl<T> Checks<T> {
    pub fn new(limits: &Limits) -> Self {
        Self {
            at_once: limits.password_checks,
            places: limits.password_waiting,
            share: limits.password_waiting_per_address,
            next: 0,
            waiting: 0,
            lines: HashMap::new(),
            turns: VecDeque::new(),
            made: Vec::new(),
        }
    }

    /// Puts a check at the end of the line of its address.
    ///
    /// # Errors
    ///
    /// Too many checks wait.
    pub fn add(&mut self, address: IpAddr, check: T) -> Result<CheckId, NoPlace> {
        let key = client_address::key(address);
        let own = self.lines.get(&key).map_or(0, |line| line.waiting.len());
        if self.waiting >= self.places || own >= self.share {
            return Err(NoPlace);
        }
        let id = CheckId(self.next);
        self.next += 1;
        self.waiting += 1;
        if own == 0 {
            self.turns.push_back(key);
        }
        let line = self.lines.entry(key).or_insert_with(|| Line { waiting: VecDeque::new(), look: None });
        line.waiting.push_back((id, check));
        Ok(id)
    }

    /// Whether it is time to look which clients of `address` have gone away. If so, the next time is a while later.
    pub fn may_look(&mut self, now: Instant, address: IpAddr) -> bool {
        let Some(line) = self.lines.get_mut(&client_address::key(address)) else { return false };
        let due = line.look.is_none_or(|look| look <= now);
        if due {
            line.look = Some(now + LOOK_INTERVAL);
        }
        due
    }

    /// The next check to be made or to be refused, if one more may be made now. `ask` tells what is done with the first of a
    /// line, whose address has that many checks that are being made. A check that is refused is over; one that is made lasts
    /// until [`Checks::end`].
    pub fn take(&mut self, mut ask: impl FnMut(IpAddr, usize, &T) -> Turn) -> Option<(CheckId, Turn)> {
        if self.made.len() >= self.at_once {
            return None;
        }
        for place in 0..self.turns.len() {
            let key = self.turns[place];
            let made = self.made.iter().filter(|(_, address)| *address == key).count();
            let Some((id, check)) = self.lines.get(&key).and_then(|line| line.waiting.front()) else {
                continue;
            };
            let (id, turn) = (*id, ask(key, made, check));
            if turn == Turn::Wait {
                continue;
            }
            self.turns.remove(place);
            self.shorten(key, id);
            if self.lines.contains_key(&key) {
                self.turns.push_back(key);
            }
            if turn == Turn::Make {
                self.made.push((id, key));
            }
            return Some((id, turn));
        }
        None
    }

    /// A check is not wanted any more, or has been made.
    pub fn end(&mut self, address: IpAddr, id: CheckId) {
        let key = client_address::key(address);
        self.made.retain(|(made, _)| *made != id);
        self.shorten(key, id);
        if !self.lines.contains_key(&key) {
            self.turns.retain(|turn| *turn != key);
        }
    }

    /// Takes one that waits out of its line.
    fn shorten(&mut self, key: IpAddr, id: CheckId) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        let before = line.waiting.len();
        line.waiting.retain(|(waiting, _)| *waiting != id);
        self.waiting -= before - line.waiting.len();
        if line.waiting.is_empty() {
            self.lines.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: [u8; 4] = [192, 0, 2, 1];
    const BOB: [u8; 4] = [192, 0, 2, 2];
    const EVE: [u8; 4] = [192, 0, 2, 3];

    fn checks(at_once: usize, places: usize, share: usize) -> Checks<&'static str> {
        Checks::new(&Limits {
            password_checks: at_once,
            password_waiting: places,
            password_waiting_per_address: share,
            ..Limits::default()
        })
    }

    /// The next one to be made; every address may.
    fn next(checks: &mut Checks<&'static str>) -> Option<(CheckId, &'static str)> {
        let mut name = "";
        let taken = checks.take(|_, _, check| {
            name = check;
            Turn::Make
        });
        taken.map(|(id, _)| (id, name))
    }

    #[test]
    fn the_addresses_are_served_in_turn_however_much_one_of_them_asks_for() {
        let mut checks = checks(1, 100, 50);
        for _ in 0..50 {
            checks.add(EVE.into(), "eve").expect("there is place");
        }
        assert_eq!(checks.add(EVE.into(), "eve"), Err(NoPlace), "it has its share");
        let (first, name) = next(&mut checks).expect("one may be made");
        assert_eq!(name, "eve");
        assert_eq!(next(&mut checks), None, "one is made at a time");
        for (address, name) in [(ADA, "ada"), (BOB, "bob"), (ADA, "ada")] {
            checks.add(address.into(), name).expect("there is place");
        }
        checks.end(EVE.into(), first);
        let mut order = Vec::new();
        while order.len() < 6 {
            let (id, name) = next(&mut checks).expect("one waits");
            order.push(name);
            let address = if name == "ada" { ADA } else { BOB };
            checks.end(address.into(), id);
        }
        assert_eq!(order, ["eve", "ada", "bob", "eve", "ada", "eve"]);
    }

    #[test]
    fn all_lines_together_have_a_bound_and_the_places_of_those_who_leave_are_free() {
        let mut checks = checks(1, 3, 2);
        let ids = [ADA, ADA, BOB].map(|address| checks.add(address.into(), "").expect("there is place"));
        assert_eq!(checks.add(EVE.into(), ""), Err(NoPlace), "all places are taken");
        checks.end(ADA.into(), ids[0]);
        assert!(checks.add(ADA.into(), "").is_ok());
        checks.end(BOB.into(), ids[2]);
        assert_eq!(checks.add(ADA.into(), ""), Err(NoPlace), "it has its share");
        assert!(checks.add(BOB.into(), "").is_ok());
    }

    #[test]
    fn a_line_that_has_to_wait_or_is_refused_does_not_hold_up_the_others() {
        let mut checks = checks(2, 10, 10);
        for (address, name) in [(EVE, "eve"), (EVE, "eve"), (EVE, "eve"), (ADA, "ada")] {
            checks.add(address.into(), name).expect("there is place");
        }
        // Eve has one try left.
        let ask = |_, made, name: &&str| match (*name, made) {
            ("eve", 1) => Turn::Wait,
            _ => Turn::Make,
        };
        let (eve, turn) = checks.take(ask).expect("hers is the first");
        assert_eq!(turn, Turn::Make);
        let (ada, turn) = checks.take(ask).expect("the other one need not wait");
        assert_eq!(turn, Turn::Make);
        checks.end(ADA.into(), ada);
        assert_eq!(checks.take(ask), None, "hers may use up the try");
        checks.end(EVE.into(), eve);
        let refuse = |_, _, _: &&str| Turn::Refuse;
        assert!(matches!(checks.take(refuse), Some((_, Turn::Refuse))));
        assert!(matches!(checks.take(refuse), Some((_, Turn::Refuse))));
        assert_eq!(checks.take(refuse), None);
        assert_eq!((checks.waiting, checks.lines.len(), checks.turns.len(), checks.made.len()), (0, 0, 0, 0));
    }

    /// A look costs a system call for each check that waits.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    fn requests_for_a_full_line_cost_few_looks_for_clients_that_have_left() {
        let mut checks = checks(1, 10, 1);
        let now = Instant::now();
        assert!(!checks.may_look(now, EVE.into()), "nothing of hers waits");
        for address in [EVE, ADA] {
            checks.add(address.into(), "").expect("there is place");
        }
        let looks =
            (0..1000).filter(|ms| checks.may_look(now + Duration::from_millis(*ms), EVE.into())).count();
        assert_eq!(looks, 10, "one each 100 ms, however many are refused");
        assert!(checks.may_look(now, ADA.into()), "another address has looks of its own");
    }

    #[test]
    fn one_machine_has_one_line() {
        let mut checks = checks(1, 10, 1);
        let [one, same, other] = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1"]
            .map(|address| address.parse().expect("an address"));
        assert!(checks.add(one, "").is_ok());
        assert_eq!(checks.add(same, ""), Err(NoPlace));
        assert!(checks.add(other, "").is_ok());
    }
}
