//! What somebody who plays an agent or a caller sees of the contact centre.

use crate::config::Category;
use crate::desk::contact_centre::Desk;
use crate::desk::dialog::call::{Party, Phase};
use crate::id::{DialogId, UserId};

/// How an agent takes part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Rings,
    /// A call of the dialer reserves the agent, who has not decided.
    Reserves,
    /// The agent waits for an answer.
    Dials,
    Talks,
    Holds,
    /// Nobody is reached.
    Failed,
    Other,
}

impl Desk {
    /// The calls of a user, in the order in which they came.
    pub fn parts(&self, user: UserId) -> impl Iterator<Item = (DialogId, Part)> {
        self.agent(user).dialogs.iter().filter_map(move |id| {
            let dialog = self.dialogs.get(id)?;
            let part = match dialog.of(user)?.phase {
                Phase::Alerting if dialog.is_reservation() => Part::Reserves,
                Phase::Alerting => Part::Rings,
                Phase::Initiating | Phase::Initiated => Part::Dials,
                Phase::Active => Part::Talks,
                Phase::Held => Part::Holds,
                Phase::Failed => Part::Failed,
                Phase::Accepted | Phase::WrapUp | Phase::Dropped => Part::Other,
            };
            Some((*id, part))
        })
    }

    /// Tells whether an agent has answered a call; `None`: the call is over.
    pub fn is_answered(&self, id: DialogId) -> Option<bool> {
        let dialog = self.dialogs.get(&id).filter(|dialog| dialog.present().next().is_some())?;
        Some(dialog.participants.iter().any(|one| one.answered && matches!(one.party, Party::Agent(_))))
    }

    /// The id of the last call that there was.
    pub fn last_call(&self) -> DialogId {
        self.last_dialog
    }

    /// The telephone at which a user is signed in.
    pub fn telephone_of(&self, user: UserId) -> Option<&str> {
        self.agent(user).extension.as_deref()
    }

    /// Tells whether a caller from outside can dial a number: that of a telephone, or number or id of a queue.
    pub fn has_number(&self, number: &str) -> bool {
        let is_queue = |id: &str, own: &str| own == number || id == number;
        self.extensions.contains_key(number)
            || self.queues.iter().any(|queue| is_queue(&queue.config.id, &queue.config.number))
    }

    /// Tells whether a user may give a reason.
    pub fn has_reason(&self, user: UserId, category: Category, id: u32) -> bool {
        self.reason(user, category, Some(&id.to_string())).is_ok()
    }

    /// A reason for a user who has to give one.
    pub fn reason_needed(&self, user: UserId, category: Category) -> Option<u32> {
        let team = self.directory.get(user).team.as_deref();
        let mut known = self.reason_codes_of(team).map(|(_, code)| code);
        let first = known.find(|code| code.category == category).filter(|_| self.require_reason_codes);
        first.map(|code| code.id)
    }
}
