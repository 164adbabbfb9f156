//! The parts of a snapshot.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use crate::clock::Now;
use crate::config::guests::Guests;
use crate::desk::{Contents, Desk};
use crate::pubsub::Item;

/// The items of a node.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) node: Rc<str>,
    pub(super) items: Vec<Rc<Item>>,
}

/// A snapshot.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) desk: Desk,
    /// The time that the contact centre showed.
    pub taken: Now,
    pub(super) guests: Guests,
    pub(super) kept: Vec<Kept>,
    /// The ids of the users whose sessions were available.
    pub(super) on_line: HashSet<String>,
    /// How often the configuration had been read again.
    pub(super) reloads: u64,
    pub contents: Contents,
    /// The number of items.
    pub items: usize,
}

/// Snapshots by their names.
pub type Snapshots = BTreeMap<String, Snapshot>;
