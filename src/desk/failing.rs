//! Requests that fail because somebody wants to see that: they are accepted, nothing changes, and an event says why.

use crate::clock::Now;
use crate::config::Profile;
use crate::id::UserId;

use crate::desk::contact_centre::Desk;
use crate::desk::dialog::failure::Failure as CallFailure;
use crate::desk::error::Failure;
use crate::desk::event::{Event, Step};

/// Why a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// The change of a user's state, with this number of an error.
    State(UserId, &'static str),
    /// An operation on a call, or with a number the start of one, with this number of an error.
    Call(Option<u32>, &'static str),
}

impl Desk {
    /// Tells that a request of a user has failed.
    pub(super) fn fail_request(
        &self,
        now: Now,
        user: UserId,
        request_id: &str,
        failing: Failing,
    ) -> Vec<Event> {
        let mut step = Step::new(now, request_id);
        match failing {
            Failing::State(of, number) => self.user_failed(&mut step, of, state_failure(number)),
            Failing::Call(dialog, number) => {
                self.dialog_failed(&mut step, user, dialog, call_failure(number, self.profile))
            }
        }
        step.events
    }
}

/// The failure of a change of state with this number in the guide.
fn state_failure(number: &str) -> Failure {
    match number {
        "260" => Failure::InvalidDevice,
        "33" => Failure::DeviceBusy,
        "265" => Failure::WorkMode,
        "257" => Failure::InvalidPassword,
        "1010" => Failure::InvalidParameter,
        _ => Failure::ObjectState,
    }
}

/// The failure of an operation on a call with this number in the guide.
fn call_failure(number: &str, profile: Profile) -> CallFailure<'static> {
    match number {
        "22" => CallFailure::State,
        "33" => CallFailure::Busy,
        "6" => CallFailure::Destination,
        "42" => CallFailure::ConferenceFull(profile),
        _ => CallFailure::OutOfService,
    }
}
