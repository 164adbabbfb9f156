//! Snapshots: the contact centre and the items of nodes by a name, to go back to between two tests.

use std::collections::HashSet;
use std::rc::Rc;

use crate::clock::Now;
use crate::desk::{Command, Past};
use crate::hub::snapshot::{Kept, Snapshot, Snapshots};
use crate::hub::state::Hub;
use crate::id::UserId;
use crate::pubsub::{self, Item, ItemId};

/// The most snapshots at a time.
const SNAPSHOTS_MAX: usize = 16;

/// The most bytes of all snapshots together, as they are estimated.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// Why there is no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    TooMany,
    TooLarge,
    /// Tests may not ask for it here.
    Off,
}

impl Hub {
    /// All snapshots.
    pub fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// Takes a snapshot, in the place of one of that name. Tells whether there was none.
    ///
    /// # Errors
    ///
    /// Returns why nothing was taken.
    pub fn take_snapshot(&mut self, now: Now, name: &str) -> Result<bool, NotTaken> {
        if self.start.is_none() {
            return Err(NotTaken::Off);
        }
        let others = || self.snapshots.iter().filter(|(other, _)| *other != name);
        if others().count() >= SNAPSHOTS_MAX {
            return Err(NotTaken::TooMany);
        }
        let mut contents = self.desk.contents();
        let keeping = self.pubsub.keeping();
        let kept = keeping.map(|node| Kept {
            node: self.pubsub.name(node),
            items: self.pubsub.items(node).cloned().collect(),
        });
        let kept: Vec<Kept> = kept.collect();
        let items = || kept.iter().flat_map(|kept| &kept.items);
        contents.bytes += items().map(|item| item.size()).sum::<usize>();
        let bytes = others().map(|(_, other)| other.contents.bytes).sum::<usize>();
        if bytes + contents.bytes > BYTES_MAX {
            return Err(NotTaken::TooLarge);
        }
        let on_line = self.users().keys().filter(|user| self.is_available(*user));
        let snapshot = Snapshot {
            desk: self.desk.clone(),
            taken: self.desk_time(now),
            guests: self.guests.clone(),
            on_line: on_line.map(|user| self.user_name(user)).collect(),
            reloads: self.reloads,
            contents,
            items: items().count(),
            kept,
        };
        Ok(self.snapshots.insert(name.to_owned(), snapshot).is_none())
    }

    /// Forgets a snapshot. Tells whether there was one.
    pub fn forget_snapshot(&mut self, name: &str) -> bool {
        self.snapshots.remove(name).is_some()
    }

    /// Goes back to a snapshot. Sessions, subscriptions, faults, the status of the service, the clock and the record stay. Users,
    /// teams and queues beside those of the file are those of then. Tells whether there is such a snapshot.
    pub fn go_back(&mut self, now: Now, name: &str) -> bool {
        let Some(snapshot) = self.snapshots.get(name).cloned() else { return false };
        let Snapshot { desk, taken, guests, kept, on_line, reloads, .. } = snapshot;
        // Its callers and agents are not those of then.
        self.stop_scenario(now);
        if self.guests != guests {
            self.set_guests(now, guests);
        }
        let Some(mut config) = self.with_guests() else { return false };
        // The file that was read last has the last word on lists and objects.
        let lists = if reloads == self.reloads { &desk } else { &*self.desk };
        lists.keep_objects(&mut config);
        self.departures = None;
        self.apply_by_system(now, Command::GoBack(Past { desk, taken, config }.into()));
        for Kept { node, items } in kept {
            self.bring_back(now, &node, &items);
        }
        self.mind_presence(now, &on_line);
        true
    }

    /// A node keeps these items again, if it still keeps any. Those that are no more are retracted, and those that come back published.
    fn bring_back(&mut self, now: Now, node: &str, items: &[Rc<Item>]) {
        let Ok(node) = self.pubsub.find(node) else { return };
        let items = items.get(items.len().saturating_sub(self.pubsub.keeps(node))..).unwrap_or_default();
        let over: Vec<Rc<Item>> =
            self.pubsub.items(node).filter(|item| !items.contains(item)).cloned().collect();
        for item in over {
            let id = item.id.clone();
            self.apply_by_system(now, pubsub::Command::Retract { node, by: None, id, notify: true });
        }
        let same = self.pubsub.items(node).zip(items).take_while(|(now, then)| now == then).count();
        for item in items.iter().skip(same) {
            let (id, payload) = (ItemId::Given(item.id.clone()), item.payload.clone());
            self.apply_by_system(now, pubsub::Command::Publish { node, by: None, id, payload });
        }
    }

    /// Who was on line then and is not now has left; who was leaving then and is on line now has come back.
    fn mind_presence(&mut self, now: Now, on_line: &HashSet<String>) {
        for user in self.users().keys().collect::<Vec<UserId>>() {
            match (on_line.contains(&self.users().get(user).id), self.is_available(user)) {
                (true, false) => self.apply_by_system(now, Command::Left(user)),
                (_, true) if self.desk.is_leaving(user) => self.apply_by_system(now, Command::Arrived(user)),
                _ => {}
            }
        }
    }
}
