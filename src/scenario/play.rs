//! A scenario while it is played: time and events go in, orders come out.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::desk::{Desk, Event, Status, nodes};
use crate::id::DialogId;
use crate::record::Entry;
use crate::scenario::calls::Calls;
use crate::scenario::file::{Do, File};
use crate::scenario::order::Order;
use crate::scenario::player::Player;
use crate::scenario::random::Random;
use crate::scenario::rate::Moments;
use crate::scenario::watch::{OPEN_MAX, Watched};

/// How often a caller without a patience of its own is looked at.
const LOOK: u64 = 60_000;

/// The most steps by event that wait for their time.
const REACTIONS_MAX: usize = 1000;

/// The shortest time until a step by event acts: else two of them could go on for ever at one moment.
const REACTION_MIN: u64 = 10;

/// How many calls an event tells of at the most, for a step by event.
const DIALOGS_MAX: usize = 8;

/// What becomes due. Of those of one moment the first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A fault of a step ends.
    Heal(usize),
    /// The outage of a step ends.
    Back(usize),
    Step(usize),
    Arrival(usize),
    /// A caller gives up.
    Caller(DialogId),
    /// A caller is looked at.
    Look(DialogId),
    Player(usize),
    Reaction(u64),
    Expectation(usize),
    End,
    Over,
}

/// Callers of a section of the file.
pub(super) struct Source {
    pub random: Random,
    pub moments: Moments,
}

/// A step by event that waits.
#[derive(Clone, Debug)]
pub(super) struct Reaction {
    on: usize,
    /// The calls of which the event tells.
    dialogs: Vec<DialogId>,
}

/// A scenario that is played.
pub struct Scenario {
    pub(super) file: Rc<File>,
    pub(super) start: Instant,
    /// How far it has come.
    pub(super) position: u64,
    pub(super) due: BTreeSet<(u64, Due)>,
    pub(super) orders: VecDeque<Order>,
    pub(super) sources: Vec<Source>,
    pub(super) steps: Random,
    pub(super) players: Vec<Player>,
    /// The places of the players, by the ids of their users.
    pub(super) by_id: HashMap<Box<str>, usize>,
    pub(super) calls: Calls,
    /// The id of the last call before it began.
    pub(super) before: DialogId,
    /// The patience of the caller who was asked for last.
    pub(super) patience: Option<u64>,
    pub(super) reactions: BTreeMap<u64, Reaction>,
    /// How often each step by event may still act.
    pub(super) left: Vec<Option<u32>>,
    pub(super) reacted: u64,
    pub(super) watched: Vec<Watched>,
    /// The outages in force, by their steps.
    pub(super) outages: Vec<(usize, Status, bool)>,
    /// The faults that it has set.
    pub(super) faults: Vec<Box<str>>,
    pub(super) refused: u64,
    /// How many times faster than real the clock goes, unless it is stopped.
    pub speed: u32,
    /// Nobody calls any more, and agents sign out.
    pub(super) ends: bool,
    pub(super) is_over: bool,
}

impl Scenario {
    /// A scenario that begins now. The contact centre has all that it names, as [`File::check`] says.
    pub fn new(file: Rc<File>, start: Instant, desk: &Desk) -> Self {
        let mut due = BTreeSet::from([(file.length, Due::End)]);
        due.extend(file.at.iter().enumerate().map(|(step, at)| (at.time, Due::Step(step))));
        let mut sources = Vec::new();
        for (number, arrivals) in file.arrivals.iter().enumerate() {
            let mut random = Random::new(file.seed, "arrivals", number);
            let mut moments = Moments::new(arrivals.is_poisson);
            let first = moments.next(&arrivals.curve, file.length, &mut random);
            due.extend(first.map(|time| (time, Due::Arrival(number))));
            sources.push(Source { random, moments });
        }
        let (mut players, mut by_id) = (Vec::new(), HashMap::new());
        for (group, agents) in file.agents.iter().enumerate() {
            for name in &agents.users {
                let Some(user) = desk.directory().find(&name.id) else { continue };
                by_id.insert(name.id.clone(), players.len());
                let random = Random::new(file.seed, "agent", players.len());
                players.push(Player::new(user, group, random, agents));
            }
        }
        let left = file.on.iter().map(|on| on.count).collect();
        let mut watched: Vec<Watched> = file.expect.iter().map(|_| Watched::default()).collect();
        for (number, expect) in file.expect.iter().enumerate().filter(|(_, expect)| expect.of.is_none()) {
            watched[number].begin(expect.within, true);
            due.insert((expect.within, Due::Expectation(number)));
        }
        let mut scenario = Self {
            start,
            position: 0,
            due,
            orders: VecDeque::new(),
            sources,
            steps: Random::new(file.seed, "steps", 0),
            players,
            by_id,
            calls: Calls::default(),
            before: desk.last_call(),
            patience: None,
            reactions: BTreeMap::new(),
            left,
            reacted: 0,
            watched,
            outages: Vec::new(),
            faults: Vec::new(),
            refused: 0,
            speed: 1,
            ends: false,
            is_over: false,
            file,
        };
        for player in 0..scenario.players.len() {
            scenario.look_at(player, desk);
        }
        scenario
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// How far it has come, in milliseconds.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether its length is over and nothing more is to do.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The next steps by time: when, and what.
    pub fn next_steps(&self) -> impl Iterator<Item = (u64, &Do)> {
        let steps = self.due.iter().filter_map(|(time, due)| match due {
            Due::Step(step) => Some((*time, &self.file.at[*step].what)),
            _ => None,
        });
        steps.take(5)
    }

    /// When something is to do, by the clock of the contact centre.
    pub fn wake_at(&self) -> Option<Instant> {
        if !self.orders.is_empty() {
            return Some(self.at(self.position));
        }
        self.due.first().map(|(time, _)| self.at(*time))
    }

    fn at(&self, position: u64) -> Instant {
        self.start + Duration::from_millis(position)
    }

    /// The next thing to do by that time.
    pub fn next(&mut self, now: Instant, desk: &Desk) -> Option<Order> {
        self.pass(now);
        loop {
            if let Some(order) = self.orders.pop_front() {
                return Some(order);
            }
            let is_empty = self.calls.open().next().is_none();
            if self.ends && !self.is_over && is_empty && self.players.iter().all(Player::is_out) {
                self.be_over();
                continue;
            }
            let (time, due) = *self.due.first()?;
            if time > self.position {
                return None;
            }
            self.due.pop_first();
            self.do_due(due, desk);
        }
    }

    /// A caller has found a place, or not.
    pub fn placed(&mut self, placed: Option<DialogId>) {
        let patience = self.patience.take();
        match placed {
            Some(id) => {
                self.calls.placed(self.position, id, patience.map(|patience| self.position + patience));
                // Who is gone by the next look leaves nothing behind, however patient it was.
                let due = match patience {
                    Some(patience) => (self.position + patience.min(LOOK), Due::Caller(id)),
                    None => (self.position + LOOK, Due::Look(id)),
                };
                self.due.insert(due);
            }
            None => self.calls.not_placed += 1,
        }
    }

    /// An order was refused.
    pub fn refused(&mut self) {
        self.refused += 1;
    }

    /// Something has happened in the contact centre.
    pub fn see(&mut self, now: Instant, desk: &Desk, events: &[Event]) {
        self.pass(now);
        let (mut players, mut calls) = (BTreeSet::new(), BTreeSet::new());
        for event in events {
            let of = nodes::user_of(event.node.strip_suffix("/Dialogs").unwrap_or(&event.node));
            players.extend(of.and_then(|id| self.by_id.get(id)));
            if event.node.ends_with("/Dialogs") {
                calls.extend(dialogs_in(&event.payload));
            }
        }
        for id in calls {
            self.calls.look(self.position, desk, id, self.ends);
        }
        for player in players {
            self.look_at(player, desk);
        }
    }

    /// Something was recorded.
    pub fn see_entry(&mut self, now: Instant, entry: &Entry) {
        self.pass(now);
        if self.ends {
            return;
        }
        let mut open: usize = self.watched.iter().map(Watched::open).sum();
        let file = self.file.clone();
        for (number, expect) in file.expect.iter().enumerate() {
            let watched = &mut self.watched[number];
            let before = (watched.open(), watched.due());
            watched.see(self.position, expect, entry, open < OPEN_MAX);
            open = open + watched.open() - before.0;
            let after = watched.due();
            if after != before.1 {
                self.due.extend(after.map(|time| (time, Due::Expectation(number))));
            }
        }
        for (number, on) in file.on.iter().enumerate() {
            if self.left[number] == Some(0) || !on.filter.has(entry) {
                continue;
            }
            if self.reactions.len() == REACTIONS_MAX {
                self.refused();
                continue;
            }
            self.left[number] = self.left[number].map(|left| left - 1);
            let payload = entry.text.item().map(|(_, item)| item.payload.text()).unwrap_or_default();
            let dialogs = dialogs_in(payload).take(DIALOGS_MAX).collect();
            self.reacted += 1;
            self.reactions.insert(self.reacted, Reaction { on: number, dialogs });
            let time = self.position + on.after.max(REACTION_MIN);
            self.due.insert((time, Due::Reaction(self.reacted)));
        }
    }

    fn pass(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.start).as_millis();
        self.position = self.position.max(u64::try_from(passed).unwrap_or(u64::MAX));
    }

    /// An agent looks again, and its time is kept.
    fn look_at(&mut self, player: usize, desk: &Desk) {
        self.with_player(player, |player, now, file, ends| {
            player.look(now, desk, &file.agents[player.group], ends);
        });
    }

    pub(super) fn with_player<T>(
        &mut self,
        place: usize,
        change: impl FnOnce(&mut Player, u64, &File, bool) -> T,
    ) -> T {
        let player = &mut self.players[place];
        let before = player.due();
        let done = change(player, self.position, &self.file, self.ends);
        let after = player.due();
        if before != after {
            if let Some(time) = before {
                self.due.remove(&(time, Due::Player(place)));
            }
            self.due.extend(after.map(|time| (time, Due::Player(place))));
        }
        done
    }

    fn do_due(&mut self, due: Due, desk: &Desk) {
        match due {
            Due::Heal(step) => {
                if let Some(Do::Fault { name, .. }) = self.what(step) {
                    self.heal(name);
                }
            }
            Due::Back(step) => {
                self.outages.retain(|(other, ..)| *other != step);
                let (_, status, finesse) =
                    self.outages.last().copied().unwrap_or((0, Status::InService, true));
                self.orders.push_back(Order::Availability { status, finesse });
            }
            Due::Step(step) => {
                if let Some(what) = self.what(step) {
                    self.take_step(step, what, None, desk);
                }
            }
            Due::Arrival(number) => self.arrive(number),
            Due::Caller(id) => {
                if self.calls.look(self.position, desk, id, self.ends) {
                    if let Some(later) = self.calls.gives_up(id).filter(|time| *time > self.position) {
                        self.due.insert((later.min(self.position + LOOK), Due::Caller(id)));
                        return;
                    }
                    self.orders.push_back(Order::HangUp(id));
                    // It is counted when it is gone.
                    self.due.insert((self.position + 1, Due::Look(id)));
                }
            }
            Due::Look(id) => {
                if self.calls.look(self.position, desk, id, self.ends) {
                    self.due.insert((self.position + LOOK, Due::Look(id)));
                }
            }
            Due::Player(place) => {
                let act = self.with_player(place, |player, now, file, ends| {
                    player.act(now, desk, &file.agents[player.group], ends)
                });
                // Its time was taken out above, and what it plans anew can be due at the same one.
                self.due.extend(self.players[place].due().map(|time| (time, Due::Player(place))));
                let order = act.and_then(|act| self.order(place, act, desk));
                self.orders.extend(order);
            }
            Due::Reaction(number) => {
                let Some(Reaction { on, dialogs }) = self.reactions.remove(&number) else { return };
                let dialog = self.calls.open().find(|id| dialogs.contains(id));
                let file = self.file.clone();
                // The number of a step by event is behind those of steps by time.
                self.take_step(file.at.len() + on, file.on[on].what.clone(), dialog, desk);
            }
            Due::Expectation(number) => {
                self.watched[number].pass(self.position);
                let next = self.watched[number].due();
                self.due.extend(next.map(|time| (time, Due::Expectation(number))));
            }
            Due::End => self.end(desk),
            Due::Over => self.be_over(),
        }
    }
}

/// The ids of the calls that a payload names.
pub(super) fn dialogs_in(payload: &str) -> impl Iterator<Item = DialogId> {
    payload.split("/finesse/api/Dialog/").skip(1).filter_map(|text| text.split('<').next()?.parse().ok())
}
