//! The part of the configuration that no call looks at, as it stands now.

use std::collections::BTreeMap;

use crate::config::Objects;
use crate::config::settings::Settings;
use crate::desk::configuration::objects::Object;
#[cfg(feature = "replica")]
use crate::{
    clock::Now,
    replica::codec::{Codec, Coded},
};

/// The largest id that an object is given; clients keep it in a signed integer.
const LARGEST_ID: u32 = i32::MAX as u32;

/// The part of the configuration that no call looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    pub(in crate::desk) objects: Objects,
    /// The last id that was given to an object of each kind. An id is not given again soon: a client may remember what it was.
    last_ids: [u32; Object::COUNT],
    /// The ids of the workflows that were assigned to each team since the file was read, in the order of the assignment.
    pub(super) workflow_order: BTreeMap<String, Vec<u32>>,
}

impl Configuration {
    pub(in crate::desk) fn new(objects: Objects) -> Self {
        Self { objects, ..Self::default() }
    }

    /// Takes the objects of another file. An order of workflows belongs to the objects in which they were assigned.
    pub(in crate::desk) fn take(&mut self, objects: Objects) {
        if self.objects != objects {
            self.objects = objects;
            self.workflow_order.clear();
        }
    }

    /// Gives no id again that another configuration has given.
    pub(in crate::desk) fn keep_last_ids(&mut self, other: &Self) {
        for (own, other) in self.last_ids.iter_mut().zip(other.last_ids) {
            *own = other.max(*own);
        }
    }

    /// The place of a workflow among those of a team; those that were not assigned come last.
    pub(super) fn workflow_place(&self, team: &str, id: u32) -> usize {
        let order = self.workflow_order.get(team);
        order.and_then(|ids| ids.iter().position(|other| *other == id)).unwrap_or(usize::MAX)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.objects.settings
    }

    /// A free id for an object of a kind; `taken` are those that there are.
    pub(super) fn next_id(&mut self, object: Object, taken: &[u32]) -> u32 {
        let last = &mut self.last_ids[object as usize];
        let next = taken.iter().copied().fold(*last, u32::max) + 1;
        *last = if next <= LARGEST_ID {
            next
        } else {
            (1..=LARGEST_ID).find(|id| !taken.contains(id)).unwrap_or(LARGEST_ID)
        };
        *last
    }
}

#[cfg(feature = "replica")]
impl Coded for Configuration {
    fn blank(_: Now) -> Self {
        Self::default()
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let Self { objects, last_ids, workflow_order } = self;
        objects.code(codec);
        last_ids.iter_mut().for_each(|id| id.code(codec));
        workflow_order.code(codec);
    }
}
