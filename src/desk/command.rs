//! Everything that can happen to a contact centre, as values.
//!
//! Desks with the same configuration that apply the same commands at the same times in the same order have the same state and
//! publish the same events: nothing here reads a clock or draws at random. A log of commands is therefore all that a record, a
//! scenario or a second server needs.

use crate::clock::Now;
use crate::config::Config;
use crate::desk::configuration::request::Change;
use crate::desk::contact_centre::Desk;
use crate::desk::dialog::documents::is_task;
use crate::desk::dialog::request::{DialogRequest, Inbound};
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step};
use crate::desk::failing::Failing;
use crate::desk::going_back::Past;
use crate::desk::maintenance::StartMaintenance;
use crate::desk::media::{MediumRequest, NewTask};
use crate::desk::outbound::request::NewContact;
use crate::desk::request::{ClientLog, NewMessage, SetState};
use crate::desk::secondary_node::SecondaryNode;
use crate::desk::status::Status;
use crate::desk::timers::Alarm;
use crate::id::UserId;

/// A change of the contact centre. It owns its data: a request has been read into it, so nothing is copied on the way.
#[derive(Clone, Debug)]
pub enum Command {
    /// The REST API is asked for a change; `actor` is the user as whom it is carried out.
    Request { actor: UserId, request_id: String, request: Request },
    /// A caller from outside dials.
    PlaceCall(Inbound),
    /// The caller from outside hangs up; the id of the dialog.
    EndCall(String),
    /// Somebody outside hands in a task of a medium other than voice.
    PlaceTask(NewTask),
    /// The customer of a task leaves; the id of the dialog.
    EndTask(String),
    /// Somebody outside hands in a contact of a campaign.
    AddContact(NewContact),
    /// A contact is taken out; its id.
    RemoveContact(String),
    /// A session of the user says that it is available.
    Arrived(UserId),
    /// The last session of a user ends, or says that it is unavailable.
    Left(UserId),
    /// The service gets another status.
    SetStatus {
        status: Status,
        /// Publishes SystemInfo.
        tell: bool,
        /// Publishes the states of all agents, some at a time.
        tell_states: bool,
    },
    /// SystemInfo names this secondary node, or none.
    SetSecondaryNode(Option<SecondaryNode>),
    /// Another side takes a user for gone.
    SignOut(UserId),
    /// Maintenance mode ends: so many users are still on line.
    EndMaintenance { left: usize },
    /// The sign-in of a user is over before its time: the next request wants to be served.
    EndSignIn(UserId),
    /// A request of the REST API fails, whatever it asks for.
    FailRequest { actor: UserId, request_id: String, failing: Failing },
    /// Calls and tasks end: nobody can have gone on with them while the power was lost.
    #[cfg(feature = "replica")]
    EndCalls,
    /// Another configuration is read.
    Reload(Box<Config>),
    /// All begins again with a configuration that has the same users.
    Reset(Box<Config>),
    /// All is as it was at an earlier time.
    GoBack(Box<Past>),
    /// Time goes by: what has become due is done.
    Tick,
}

/// A change that the REST API offers (Cisco Finesse Web Services Developer Guide, "Finesse Desktop APIs").
#[derive(Clone, Debug)]
pub enum Request {
    /// `PUT /User/{id}`.
    SetState { user: UserId, asked: SetState },
    /// `POST /User/{id}/Dialogs`.
    CreateDialog { user: UserId, asked: DialogRequest },
    /// `PUT /Dialog/{id}`.
    UpdateDialog { dialog: String, asked: DialogRequest },
    /// `PUT /User/{id}/Media/{mrdId}`, and `PUT /User/{id}/Media` without a medium.
    ChangeMedia { user: String, medium: Option<String>, asked: Vec<MediumRequest> },
    /// `POST /TeamMessage`.
    CreateMessage(NewMessage),
    /// `DELETE /TeamMessage/{id}`.
    DeleteMessage(String),
    /// POST, PUT and DELETE of the objects of the configuration.
    Configure(Change),
    /// `POST /User/{id}/ClientLog`.
    TakeLog { user: UserId, log: ClientLog },
    /// `POST /User/{id}/CompressedClientLog`.
    TakeCompressedLog { user: UserId },
    /// `PUT /MaintenanceMode`.
    StartMaintenance(StartMaintenance),
    /// `DELETE /LockedOutUsers/{id}`: the desk says whether it may be, and the hub lets the user log in again.
    Unlock(String),
}

impl Request {
    /// The user in the path, where that is the key of a user.
    fn user(&self) -> Option<UserId> {
        match self {
            Self::SetState { user, .. }
            | Self::CreateDialog { user, .. }
            | Self::TakeLog { user, .. }
            | Self::TakeCompressedLog { user } => Some(*user),
            _ => None,
        }
    }
}

/// The effect of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The events to publish, in this order.
    pub events: Vec<Event>,
    /// The answer beside success: the document of a new message, the id of a new call.
    pub answer: Option<String>,
}

impl From<Vec<Event>> for Applied {
    fn from(events: Vec<Event>) -> Self {
        Self { events, answer: None }
    }
}

impl Desk {
    /// Applies a command. Nothing else changes a contact centre.
    ///
    /// # Errors
    ///
    /// Returns why a request or a call is refused; then nothing has changed. The other commands cannot fail.
    pub fn apply(&mut self, now: Now, command: Command) -> Result<Applied, ApiError> {
        self.mind_cti(now);
        Ok(match command {
            Command::Request { actor, request_id, request } => {
                return self.serve(now, actor, &request_id, request);
            }
            Command::PlaceCall(call) => {
                let (id, events) = self.place_call(now, &call, "")?;
                Applied { events, answer: Some(id.to_string()) }
            }
            Command::EndCall(id) => self.abandon(now, &id, "")?.into(),
            Command::PlaceTask(task) => {
                let (id, events) = self.place_task(now, &task)?;
                Applied { events, answer: Some(id) }
            }
            Command::EndTask(id) => self.end_task(now, &id)?.into(),
            Command::AddContact(contact) => {
                let (id, events) = self.add_contact(now, contact)?;
                Applied { events, answer: Some(id) }
            }
            Command::RemoveContact(id) => self.remove_contact(now, &id)?.into(),
            Command::Arrived(user) => {
                self.arrived(user);
                Applied::default()
            }
            Command::Left(user) => {
                self.left(now, user);
                Applied::default()
            }
            Command::SetStatus { status, tell, tell_states } => {
                self.set_status(now, status);
                let told = tell.then(|| self.status_told(now));
                if tell_states {
                    self.tell_states(now);
                }
                told.into_iter().collect::<Vec<_>>().into()
            }
            Command::SetSecondaryNode(node) => {
                self.secondary_node = node;
                Applied::default()
            }
            Command::SignOut(user) => {
                let mut step = Step::new(now, "");
                self.force_logout(&mut step, user);
                self.dispatch(&mut step);
                step.events.into()
            }
            Command::EndMaintenance { left } => self.end_maintenance(now, left).into(),
            Command::EndSignIn(user) => {
                let mut step = Step::new(now, "");
                self.end_sign_in(&mut step, user);
                step.events.into()
            }
            Command::FailRequest { actor, request_id, failing } => {
                self.fail_request(now, actor, &request_id, failing).into()
            }
            #[cfg(feature = "replica")]
            Command::EndCalls => self.end_calls(now).into(),
            Command::Reload(config) => self.reload(now, *config).into(),
            Command::Reset(config) => self.reset(now, *config).into(),
            Command::GoBack(past) => self.go_back(now, *past).into(),
            Command::Tick => self.tick(now).into(),
        })
    }

    fn serve(
        &mut self,
        now: Now,
        actor: UserId,
        request_id: &str,
        request: Request,
    ) -> Result<Applied, ApiError> {
        // Another configuration may have come since these users were found.
        self.check_sender(actor, actor)?;
        if let Some(gone) = request.user().filter(|user| !self.directory.has(*user)) {
            return Err(ApiRefusal::UserUnknown.about(&self.directory.get(gone).id));
        }
        Ok(match request {
            Request::SetState { user, asked } => self.set_state(now, actor, user, &asked, request_id)?.into(),
            Request::CreateDialog { user, asked } => {
                self.create_dialog(now, actor, user, &asked, request_id)?.into()
            }
            Request::UpdateDialog { dialog, asked } if is_task(&dialog) => {
                self.update_task(now, actor, &dialog, &asked, request_id)?.into()
            }
            Request::UpdateDialog { dialog, asked } => {
                self.update_dialog(now, actor, &dialog, &asked, request_id)?.into()
            }
            Request::ChangeMedia { user, medium, asked } => {
                self.change_media(now, actor, &user, medium.as_deref(), &asked, request_id)?.into()
            }
            Request::CreateMessage(asked) => {
                let (document, events) = self.create_message(now, actor, asked, request_id)?;
                Applied { events, answer: Some(document) }
            }
            Request::DeleteMessage(id) => self.delete_message(now, actor, &id, request_id)?.into(),
            Request::Configure(change) => {
                let (path, events) = self.configure(now, actor, &change, request_id)?;
                Applied { events, answer: Some(path) }
            }
            Request::TakeLog { user, log } => self.take_log(now, actor, user, log, request_id)?.into(),
            Request::TakeCompressedLog { user } => self.take_compressed_log(actor, user)?.into(),
            Request::StartMaintenance(asked) => self.start_maintenance(now, actor, &asked)?.into(),
            Request::Unlock(id) => {
                self.may_unlock(actor, &id)?;
                Applied::default()
            }
        })
    }

    /// Does what has become due. Returns what has to be published.
    pub(super) fn tick(&mut self, now: Now) -> Vec<Event> {
        let mut step = Step::new(now, "");
        while let Some(alarm) = self.timers.pop(now.monotonic) {
            match alarm {
                Alarm::ForcedLogout(user) => self.force_logout(&mut step, user),
                Alarm::SignInOver(user) => self.end_sign_in(&mut step, user),
                Alarm::WrapUpOver(user) => self.wrap_up_over(&mut step, user),
                Alarm::NotAnswered(dialog, user) => self.not_answered(&mut step, dialog, user),
                Alarm::TaskNotAccepted(task) => self.task_not_accepted(&mut step, task),
                Alarm::OutsideAnswers(dialog) => self.outside_answers(&mut step, dialog),
                Alarm::ReservationOver(dialog) => self.reservation_over(&mut step, dialog),
                Alarm::CustomerCalled(dialog) => self.customer_called(&mut step, dialog),
                Alarm::CustomerDialled(user) => self.customer_dialled(&mut step, user),
                Alarm::ContactRested(place) => self.contact_rested(place),
                Alarm::CallerTired(dialog) => self.caller_tired(&mut step, dialog),
                Alarm::Statistics => self.tell_statistics(&mut step),
                Alarm::MessageOver(id) => self.end_message(&mut step, id),
                Alarm::TellChanged => self.tell_next_changed(&mut step),
                Alarm::TellStates(from) => self.tell_next_states(&mut step, from),
            }
            self.dispatch(&mut step);
        }
        step.events
    }
}
