//! The sections of the configuration that have to be the same on all sides: a hash of each, so that a difference can be named.

use crate::config::Config;
use crate::config::limits::TABLE;
use crate::replica::codec::{Codec, Coded};
use crate::replica::sum::fingerprint;

/// The keys of `[limits]` that decide what becomes of a command.
const LIMITS: [&str; 11] = [
    "alerting",
    "calls",
    "contacts",
    "forced_logout",
    "outside_answer",
    "patience",
    "payload",
    "queue_statistics",
    "sign_in",
    "subscriptions_per_user",
    "tasks",
];

/// The sections, as people know them.
const NAMES: [&str; 17] = [
    "profile",
    "release",
    "a key at the top of the file",
    "[limits]",
    "[[team]]",
    "[[user]]",
    "[[queue]]",
    "[outside]",
    "[[media]]",
    "[[campaign]]",
    "[[node]]",
    "[[reason_code]]",
    "[[phone_book]]",
    "[[layout]]",
    "[[workflow]] or [[workflow_action]]",
    "[[desktop_layout]]",
    "[[ecc_variable]] or [settings]",
];

/// The part of a configuration that administrators change over REST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changeable {
    ReasonCodes,
    PhoneBooks,
    Layouts,
    Workflows,
    DesktopLayouts,
    Settings,
}

/// The place of the first of those among all.
const CHANGEABLE: usize = 11;

/// The hashes, in the order of [`NAMES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sections([[u8; 8]; NAMES.len()]);

impl Sections {
    /// The hashes of a configuration as it was read. Passwords are not among what has to be the same.
    pub fn of(config: &Config) -> Self {
        let objects = &config.objects;
        let mut limits: Vec<u64> = TABLE
            .iter()
            .filter(|limit| LIMITS.contains(&limit.key))
            .map(|limit| limit.get(&config.limits))
            .collect();
        let mut keys = (
            (config.require_reason_codes, config.node_access),
            (config.subscriptions, config.queue_statistics),
        );
        Self([
            hash(&mut config.profile.clone()),
            hash(&mut config.release.clone()),
            hash(&mut keys),
            hash(&mut limits),
            hash(&mut config.teams.clone()),
            hash(&mut config.users.clone()),
            hash(&mut config.queues.clone()),
            hash(&mut config.outside.clone()),
            hash(&mut config.media.clone()),
            hash(&mut config.campaigns.clone()),
            hash(&mut config.nodes.clone()),
            hash(&mut config.reason_codes.clone()),
            hash(&mut config.phone_books.clone()),
            hash(&mut config.layouts.clone()),
            hash(&mut (objects.workflows.clone(), objects.workflow_actions.clone())),
            hash(&mut (objects.desktop_layout.clone(), objects.team_layouts.clone())),
            hash(&mut (objects.ecc_variables.clone(), objects.settings.clone())),
        ])
    }

    /// The first section that is not the same.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        let differs = self.0.iter().zip(other.0).position(|(one, other)| *one != other);
        differs.map(|place| NAMES[place])
    }

    /// Whether these are the same in a part that administrators change.
    pub fn has_same(&self, other: &Self, part: Changeable) -> bool {
        let place = CHANGEABLE + part as usize;
        self.0[place] == other.0[place]
    }

    /// Whether the same product wrote both.
    pub fn has_same_profile(&self, other: &Self) -> bool {
        self.0[0] == other.0[0]
    }

    /// Writes or reads them.
    pub fn code(&mut self, codec: &mut Codec<'_>) {
        self.0.iter_mut().for_each(|hash| codec.raw(hash));
    }
}

/// The hash of a value.
fn hash<T: Coded>(value: &mut T) -> [u8; 8] {
    let mut codec = Codec::plain_writer();
    value.code(&mut codec);
    let mut hash = [0; 8];
    hash.copy_from_slice(&fingerprint(&codec.into_bytes())[..8]);
    hash
}
