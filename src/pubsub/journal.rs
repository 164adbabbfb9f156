//! The last events of all nodes, for clients that come back and say which one they have seen last.
//!
//! Every event has a number, one more than the one before, whichever node it was on. An event that is no longer kept leaves its
//! number behind, so that it is known whether a client has missed anything.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use crate::pubsub::nodes::NodeId;
use crate::pubsub::values::{History, Item};

/// An event that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub number: u64,
    pub node: NodeId,
    pub item: Rc<Item>,
}

/// The events, the oldest first.
#[derive(Debug, PartialEq, Eq)]
pub struct Journal {
    bounds: History,
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The number of the last event.
    newest: u64,
    /// Of each node the number of the last event that is not kept any more, if there is one.
    lost: HashMap<NodeId, u64>,
    /// The number of the last event when nodes were removed last.
    removal: u64,
}

/// From where on a client wants the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After<'a> {
    /// The client has seen none, and wants what comes.
    Now,
    /// The client has seen the event with this item id last.
    Item(&'a str),
    /// The client has seen something of which nothing is known.
    Unknown,
}

impl Journal {
    /// An empty journal.
    pub fn new(bounds: History) -> Self {
        Self { bounds, entries: VecDeque::new(), bytes: 0, newest: 0, lost: HashMap::new(), removal: 0 }
    }

    /// A journal that keeps none of the events up to a number.
    #[cfg(feature = "replica")]
    pub fn after(bounds: History, newest: u64) -> Self {
        Self { newest, removal: newest, ..Self::new(bounds) }
    }

    /// The number of the next event.
    pub fn next(&self) -> u64 {
        self.newest + 1
    }

    /// Notes the next event.
    pub fn add(&mut self, node: NodeId, item: Rc<Item>) {
        self.newest += 1;
        self.bytes += item.size();
        self.entries.push_back(Entry { number: self.newest, node, item });
        while self.entries.len() > self.bounds.events || self.bytes > self.bounds.bytes {
            let Some(Entry { number, node, item }) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= item.size();
            self.lost.insert(node, number);
        }
    }

    /// The number up to which nothing is known of a node that is made now: one of its name may have been removed.
    pub fn removal(&self) -> u64 {
        self.removal
    }

    /// Forgets the events of removed nodes.
    pub fn close(&mut self, nodes: &[NodeId]) {
        if nodes.is_empty() {
            return;
        }
        self.removal = self.newest;
        let nodes: HashSet<&NodeId> = nodes.iter().collect();
        self.entries.retain(|entry| {
            let is_gone = nodes.contains(&entry.node);
            if is_gone {
                self.bytes -= entry.item.size();
            }
            !is_gone
        });
        self.lost.retain(|node, _| !nodes.contains(node));
    }

    /// The number of the event with that item id, of which `made` is the number in it if it was made here. An id may
    /// come again: what follows the oldest event is wanted then, as a repetition is better than a loss.
    pub fn find(&self, id: &str, made: Option<u64>) -> Option<u64> {
        let made = made.filter(|number| *number <= self.newest);
        let kept = self.entries.iter().find(|entry| *entry.item.id == *id).map(|entry| entry.number);
        made.into_iter().chain(kept).min()
    }

    /// Tells whether every event of these nodes after that number is kept.
    pub fn is_complete(&self, nodes: &[NodeId], after: u64) -> bool {
        nodes.iter().all(|node| self.lost.get(node).is_none_or(|lost| *lost <= after))
    }

    /// The events of these nodes after that number, the newest first.
    pub fn since<'a>(&'a self, nodes: &'a [NodeId], after: u64) -> impl Iterator<Item = &'a Entry> {
        let newer = self.entries.iter().rev().take_while(move |entry| entry.number > after);
        newer.filter(move |entry| nodes.contains(&entry.node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::places::Key;
    use crate::pubsub::values::Payload;

    const A: NodeId = NodeId::new(Key { place: 0, generation: 1 }, 0);
    const B: NodeId = NodeId::new(Key { place: 1, generation: 1 }, 0);

    fn journal(events: usize, bytes: usize) -> Journal {
        Journal::new(History { events, bytes })
    }

    fn add(journal: &mut Journal, node: NodeId, id: &str, payload: &str) {
        let item = Item { id: id.into(), payload: Payload::Text(payload.to_owned()) };
        journal.add(node, Rc::new(item));
    }

    fn since(journal: &Journal, nodes: &[NodeId], after: u64) -> (Vec<u64>, bool) {
        let numbers = journal.since(nodes, after).map(|entry| entry.number).collect();
        (numbers, journal.is_complete(nodes, after))
    }

    #[test]
    fn what_came_after_is_told_by_node_and_in_order() {
        let mut journal = journal(10, 100);
        for (node, id) in [(A, "1"), (B, "2"), (A, "3"), (A, "4"), (B, "5")] {
            add(&mut journal, node, id, "x");
        }
        assert_eq!(since(&journal, &[A], 0), (vec![4, 3, 1], true));
        assert_eq!(since(&journal, &[A, B], 2), (vec![5, 4, 3], true));
        assert_eq!(since(&journal, &[B], 3), (vec![5], true));
        assert_eq!(since(&journal, &[A, B], 5), (vec![], true));
    }

    #[test]
    fn the_oldest_go_and_each_node_remembers_it() {
        let mut journal = journal(2, 100);
        for (node, id) in [(A, "1"), (B, "2"), (B, "3"), (B, "4")] {
            add(&mut journal, node, id, "x");
        }
        assert_eq!(since(&journal, &[A], 0), (vec![], false));
        assert_eq!(since(&journal, &[A], 1), (vec![], true), "nothing of this node is newer");
        assert_eq!(since(&journal, &[B], 1), (vec![4, 3], false));
        assert_eq!(since(&journal, &[B], 2), (vec![4, 3], true));
        assert_eq!(since(&journal, &[A, B], 1), (vec![4, 3], false));
    }

    #[test]
    fn bytes_are_bounded_as_events_are() {
        let mut journal = journal(100, 20);
        for id in ["1", "2", "3"] {
            add(&mut journal, A, id, "123456789");
        }
        assert_eq!((journal.entries.len(), journal.bytes), (2, 20));
        add(&mut journal, A, "4", &"x".repeat(20));
        assert_eq!((journal.entries.len(), journal.bytes), (0, 0));
        assert_eq!(since(&journal, &[A], 3), (vec![], false));
        let mut none = self::journal(0, 100);
        add(&mut none, A, "1", "x");
        assert_eq!(since(&none, &[A], 0), (vec![], false));
        assert_eq!(since(&none, &[A], 1), (vec![], true));
    }

    #[test]
    fn an_id_is_found_by_its_number_or_where_it_stands_first() {
        let mut journal = journal(3, 100);
        for id in ["own", "p2", "own", "p4", "own"] {
            add(&mut journal, A, id, "x");
        }
        assert_eq!(journal.find("own", None), Some(3), "the first of them is not kept");
        assert_eq!(journal.find("p4", Some(4)), Some(4));
        assert_eq!(journal.find("p2", Some(2)), Some(2), "it is not kept, but what came after it is");
        assert_eq!(journal.find("p6", Some(6)), None, "that is still to come");
        assert_eq!(journal.find("other", None), None);
        // Somebody has published an id that looks like one of the future, and meanwhile it is none.
        add(&mut journal, B, "p8", "x");
        add(&mut journal, B, "p7", "x");
        add(&mut journal, B, "own", "x");
        assert_eq!(journal.find("p8", Some(8)), Some(6));
    }

    #[test]
    fn nothing_is_kept_of_removed_nodes() {
        let mut journal = journal(3, 100);
        for (node, id) in [(A, "1"), (B, "2"), (A, "3"), (B, "4")] {
            add(&mut journal, node, id, "x");
        }
        journal.close(&[]);
        assert_eq!((journal.entries.len(), journal.lost.len(), journal.removal()), (3, 1, 0));
        journal.close(&[A]);
        assert_eq!(
            (journal.entries.len(), journal.bytes, journal.lost.len(), journal.removal()),
            (2, 4, 0, 4)
        );
        assert_eq!(since(&journal, &[B], 0), (vec![4, 2], true));
    }
}
