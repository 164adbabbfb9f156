//! How calls come about: an agent dials, or somebody outside calls.

use crate::clock::Now;
use crate::config::{self, Profile};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::{Event, Step};
use crate::desk::reasons::Cause;
use crate::desk::state::State;
use crate::desk::timers::Alarm;
use crate::id::{DialogId, UserId};

use crate::desk::dialog::call::{CallType, Dialog, FIRST_ID, Participant, Party, Phase, StateCause};
use crate::desk::dialog::failure::Failure;
use crate::desk::dialog::request::{CallData, Inbound};

/// The destination of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::desk) enum Destination {
    Agent(UserId),
    /// The place of the queue.
    Queue(usize),
    /// A caller outside, who will answer or not.
    Outside {
        answers: bool,
    },
    Nobody(StateCause),
}

impl Desk {
    /// Lets somebody outside call. Returns the id of the dialog and what has to be published.
    ///
    /// # Errors
    ///
    /// Returns why the caller hears no ringing; then nothing has changed.
    pub(in crate::desk) fn place_call(
        &mut self,
        now: Now,
        call: &Inbound,
        request_id: &str,
    ) -> Result<(DialogId, Vec<Event>), ApiError> {
        self.in_service().map_err(|_| ApiRefusal::CallOutOfService.about(""))?;
        if self.extensions.contains_key(&call.from) {
            return Err(ApiRefusal::CallerInside.about(&call.from));
        }
        let queue = |is: fn(&config::Queue, &str) -> bool| {
            self.queues.iter().map(|queue| &queue.config).find(|queue| is(queue, &call.to))
        };
        let to = if self.extensions.contains_key(&call.to) {
            call.to.clone()
        } else {
            let queue = queue(|queue, to| queue.number == to).or_else(|| queue(|queue, to| queue.id == to));
            queue.ok_or_else(|| ApiRefusal::NumberUnknown.about(&call.to))?.number.clone()
        };
        let destination = match self.destination(&to) {
            Destination::Nobody(StateCause::Busy) => return Err(ApiRefusal::NumberBusy.about(to)),
            Destination::Nobody(_) => return Err(ApiRefusal::NobodyThere.about(to)),
            reached => reached,
        };
        let mut step = Step::new(now, request_id);
        let id = self.new_dialog(CallType::OtherIn, None).map_err(|_| ApiRefusal::TooManyCalls.about(""))?;
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            let caller = Participant::new(now.wall, &call.from, Party::Outside, Phase::Initiated);
            dialog.participants.push(caller);
            dialog.from.clone_from(&call.from);
            (dialog.to, dialog.dialed, dialog.dnis) = (to.clone(), to.clone(), to);
            dialog.variables = call.data.variables.clone();
            dialog.wrap_up_reason = call.data.wrap_up_reason.clone().unwrap_or_default();
        }
        self.reach(&mut step, id, destination);
        self.dispatch(&mut step);
        Ok((id, step.events))
    }

    /// The caller from outside hangs up.
    ///
    /// # Errors
    ///
    /// Returns that there is no call with that id and a caller from outside; then nothing has changed.
    pub(in crate::desk) fn abandon(
        &mut self,
        now: Now,
        id: &str,
        request_id: &str,
    ) -> Result<Vec<Event>, ApiError> {
        let none = || ApiRefusal::CallUnknown.about(id);
        let dialog = self.find_dialog(id).map_err(|_| none())?;
        let place = dialog.place_outside().ok_or_else(none)?;
        let id = dialog.id;
        let mut step = Step::new(now, request_id);
        self.leave(&mut step, id, place);
        self.dispatch(&mut step);
        Ok(step.events)
    }

    /// Hangs up for an outside caller to whom nobody has spoken for too long.
    pub(in crate::desk) fn caller_tired(&mut self, step: &mut Step<'_>, id: DialogId) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        dialog.patience = None;
        if let Some(place) = dialog.place_outside() {
            self.leave(step, id, place);
        }
    }

    /// Sets the timer of a party outside that hears nobody, and cancels it when somebody talks.
    pub(super) fn mind_callers(&mut self, now: Now, id: DialogId) {
        let dialog = self.dialogs.get_mut(&id).filter(|dialog| !dialog.is_reservation());
        let Some(dialog) = dialog else { return };
        let talk =
            dialog.participants.iter().filter(|one| matches!(one.phase, Phase::Active | Phase::Held)).count();
        let waits = dialog.participants.iter().any(|one| {
            one.party == Party::Outside
                && match one.phase {
                    Phase::Initiated => talk == 0,
                    Phase::Active => talk == 1,
                    _ => false,
                }
        });
        if !waits {
            self.timers.cancel(dialog.patience.take());
        } else if dialog.patience.is_none() {
            let due = now.monotonic + self.limits.patience;
            dialog.patience = Some(self.timers.set(due, Alarm::CallerTired(id)));
        }
    }

    /// `MAKE_CALL`.
    pub(super) fn make_call(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        to: &str,
        data: Option<&CallData>,
    ) -> Result<(), Failure<'static>> {
        if !self.is_free(user) {
            return Err(Failure::State);
        }
        let id = self.new_dialog(CallType::AgentInside, None)?;
        if let (Some(dialog), Some(data)) = (self.dialogs.get_mut(&id), data) {
            dialog.variables.clone_from(&data.variables);
        }
        self.suspend(step, user, Cause::CallMade);
        self.off_hook(step, user, id);
        self.dial(step, user, id, to);
        Ok(())
    }

    /// Whether call data may come with a new call: on Enterprise, without a wrap-up reason (guide 12.5, page 80).
    pub(super) fn may_bring(&self, data: &CallData) -> bool {
        self.profile == Profile::Ucce && data.wrap_up_reason.is_none() && data.wrap_up_items.is_none()
    }

    /// Tells whether an agent can make or take a call: signed in, without a call, and not wrapping one up.
    pub(super) fn is_free(&self, user: UserId) -> bool {
        let agent = self.agent(user);
        matches!(agent.state, State::NotReady | State::Ready) && agent.dialogs.is_empty()
    }

    /// Makes a dialog in which nobody takes part yet.
    pub(in crate::desk) fn new_dialog(
        &mut self,
        kind: CallType,
        associated: Option<DialogId>,
    ) -> Result<DialogId, Failure<'static>> {
        if self.dialogs.len() >= self.limits.calls {
            return Err(Failure::OutOfService);
        }
        let mut id = self.last_dialog;
        loop {
            id = id.checked_add(1).unwrap_or(FIRST_ID);
            if !self.dialogs.contains_key(&id) {
                break;
            }
        }
        self.last_dialog = id;
        let dialog = Dialog {
            id,
            kind,
            from: String::new(),
            to: String::new(),
            dialed: String::new(),
            dnis: String::new(),
            // Of those that wait or talk nearly all have no more, and thousands may.
            participants: Vec::with_capacity(2),
            queue: None,
            is_contact: false,
            queued: 0,
            queued_since: None,
            variables: Vec::new(),
            wrap_up_reason: String::new(),
            wrap_up_items: Vec::new(),
            associated,
            secondary: None,
            patience: None,
            listeners: Vec::new(),
            controller: None,
            outbound: None,
        };
        self.dialogs.insert(id, dialog);
        Ok(id)
    }

    /// An agent's telephone is off the hook.
    pub(super) fn off_hook(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) {
        let from = self.agent(user).extension.clone().unwrap_or_default();
        let participant = Participant::new(step.now.wall, &from, Party::Agent(user), Phase::Initiating);
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.from = from;
        }
        self.join(id, participant);
        self.dialog_joined(step, user, id);
    }

    /// Dials a number from a telephone that is off the hook.
    pub(super) fn dial(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId, to: &str) {
        let destination = self.destination(to);
        self.dial_to(step, user, id, to, destination);
    }

    /// Dials a number whose destination is known.
    pub(in crate::desk) fn dial_to(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        id: DialogId,
        to: &str,
        destination: Destination,
    ) {
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            (dialog.to, dialog.dialed, dialog.dnis) = (to.to_owned(), to.to_owned(), to.to_owned());
            if dialog.kind == CallType::AgentInside && matches!(destination, Destination::Outside { .. }) {
                dialog.kind = CallType::Out;
            }
            if let Some(caller) = dialog.of_mut(user) {
                caller.enter(step.now.wall, Phase::Initiated);
            }
        }
        self.dialog_changed(step, id, &[]);
        self.reach(step, id, destination);
        self.settle(step, user);
    }

    /// The destination of a number.
    pub(super) fn destination(&self, number: &str) -> Destination {
        if let Some(at) = self.extensions.get(number) {
            return match *at {
                Some(user) if self.is_free(user) => Destination::Agent(user),
                Some(_) => Destination::Nobody(StateCause::Busy),
                None => Destination::Nobody(StateCause::NotAvailable),
            };
        }
        if let Some(place) = self.queues.iter().position(|queue| queue.config.number == number) {
            return Destination::Queue(place);
        }
        let is_in = |numbers: &[String]| numbers.iter().any(|one| one == number);
        if is_in(&self.outside.busy) {
            Destination::Nobody(StateCause::Busy)
        } else if !number.bytes().all(|byte| byte.is_ascii_digit() || b"+*#".contains(&byte)) {
            Destination::Nobody(StateCause::BadDestination)
        } else {
            Destination::Outside { answers: !is_in(&self.outside.no_answer) }
        }
    }

    /// Connects a call to its destination.
    pub(super) fn reach(&mut self, step: &mut Step<'_>, id: DialogId, destination: Destination) {
        match destination {
            Destination::Agent(user) => self.ring(step, id, user),
            Destination::Queue(place) => self.enqueue(step, id, place),
            Destination::Outside { answers } => self.ring_outside(step, id, answers),
            Destination::Nobody(cause) => {
                let Some(dialog) = self.dialogs.get_mut(&id) else { return };
                for participant in &mut dialog.participants {
                    participant.enter(step.now.wall, Phase::Failed);
                    participant.cause = cause;
                }
                self.dialog_changed(step, id, &[]);
            }
        }
    }

    /// An agent's telephone rings.
    pub(in crate::desk) fn ring(&mut self, step: &mut Step<'_>, id: DialogId, user: UserId) {
        let address = self.agent(user).extension.clone().unwrap_or_default();
        let participant = Participant::new(step.now.wall, &address, Party::Agent(user), Phase::Alerting);
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.dnis = address;
        }
        self.join(id, participant);
        self.settle(step, user);
        self.dialog_joined(step, user, id);
        self.dialog_changed(step, id, &[user]);
    }

    /// A telephone outside rings.
    fn ring_outside(&mut self, step: &mut Step<'_>, id: DialogId, answers: bool) {
        let Some(dialog) = self.dialogs.get(&id) else { return };
        // After a transfer this is not the number that was dialled first.
        let address = dialog.dnis.clone();
        let mut participant = Participant::new(step.now.wall, &address, Party::Outside, Phase::Alerting);
        if answers {
            let due = step.now.monotonic + self.limits.outside_answer;
            participant.ringing = Some(self.timers.set(due, Alarm::OutsideAnswers(id)));
        }
        self.join(id, participant);
        self.dialog_changed(step, id, &[]);
    }

    /// Adds a participant to a call.
    pub(in crate::desk) fn join(&mut self, id: DialogId, participant: Participant) {
        if let Party::Agent(user) = participant.party {
            self.agent_mut(user).dialogs.push(id);
        }
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.participants.push(participant);
        }
    }
}
