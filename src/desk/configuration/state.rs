//! The part of the configuration that no call looks at, as it stands now.

use crate::config::Objects;
use crate::config::settings::Settings;
use crate::desk::configuration::objects::Object;

/// The largest id that an object is given; clients keep it in a signed integer.
const LARGEST_ID: u32 = i32::MAX as u32;

/// The part of the configuration that no call looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    pub(in crate::desk) objects: Objects,
    /// The last id that was given to an object of each kind. An id is not given again soon: a client may remember what it was.
    last_ids: [u32; Object::COUNT],
}

impl Configuration {
    pub(in crate::desk) fn new(objects: Objects) -> Self {
        Self { objects, last_ids: [0; Object::COUNT] }
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
