//! Logs that clients hand in (the guide, "ClientLog"). They are counted and not kept: a reader who wants them has the client.

use crate::clock::Now;
use crate::id::UserId;

use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step, update};
use crate::desk::nodes;
use crate::desk::request::ClientLog;
use crate::desk::write::{element, inside};

impl Desk {
    /// `POST /User/{id}/ClientLog`: a client hands in the log of its own user, who hears of it.
    ///
    /// # Errors
    ///
    /// Returns Invalid Authorization User Specified, or Parameter Missing for a log without data.
    pub(super) fn take_log(
        &mut self,
        now: Now,
        actor: UserId,
        user: UserId,
        log: ClientLog,
        request_id: &str,
    ) -> Result<Vec<Event>, ApiError> {
        self.may_hand_in_log(actor, user)?;
        if !log.has_data {
            return Err(ApiRefusal::ParameterMissing.about("logData"));
        }
        self.client_logs += 1;
        let mut step = Step::new(now, request_id);
        let node = nodes::client_log(&self.directory.get(user).id);
        // Without its content, which the client has.
        let payload = update("POST", &node, request_id, |out| {
            inside(out, "clientLog", |out| element(out, "logData", ""));
        });
        step.events.push(Event { node, payload });
        Ok(step.events)
    }

    /// `POST /User/{id}/CompressedClientLog`: the same, of what nobody looks into.
    ///
    /// # Errors
    ///
    /// Returns Invalid Authorization User Specified.
    pub(super) fn take_compressed_log(
        &mut self,
        actor: UserId,
        user: UserId,
    ) -> Result<Vec<Event>, ApiError> {
        self.may_hand_in_log(actor, user)?;
        self.client_logs += 1;
        Ok(Vec::new())
    }

    /// The number of logs that clients have handed in.
    pub fn client_logs(&self) -> u64 {
        self.client_logs
    }

    /// Lets through the user itself (the guide's ClientLog errors), if it is still there after the body has come.
    fn may_hand_in_log(&self, actor: UserId, user: UserId) -> Result<(), ApiError> {
        if actor == user && self.directory.has(user) {
            Ok(())
        } else {
            Err(ApiRefusal::NotYourself.about(&self.directory.get(user).id))
        }
    }
}
