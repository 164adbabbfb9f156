//! The ends of calls: a participant leaves, a call is over, and an agent wraps up (the guide, "CTI event mappings for dialog
//! and participant states").
//!
//! A participant that leaves is shown once as DROPPED, to everybody who has the call, and then the call leaves its collection.
//! An agent who wraps up is WRAP_UP instead, and its call stays until that is over.

use crate::clock::Now;
use crate::desk::contact_centre::Desk;
use crate::desk::dialog::call::{Dialog, PARTICIPANTS_MAX, Party, Phase, StateCause, bring_forward};
use crate::desk::event::Step;
use crate::desk::state::State;
use crate::id::{DialogId, UserId};

impl Desk {
    /// A participant hangs up. The others go on if they are at least two, and not all from outside; else the call ends.
    pub(in crate::desk) fn leave(&mut self, step: &mut Step<'_>, id: DialogId, place: usize) {
        let Some(dialog) = self.dialogs.get(&id) else { return };
        let Some(leaver) = dialog.participants.get(place) else { return };
        let party = leaver.party;
        let rest =
            dialog.participants.iter().enumerate().filter(|(other, one)| *other != place && !one.has_left());
        let (count, agents) = rest.fold((0, 0), |(count, agents), (_, one)| {
            (count + 1, agents + usize::from(one.party != Party::Outside))
        });
        let user = match party {
            Party::Agent(user) => Some(user),
            Party::Listened(_) | Party::Outside => None,
        };
        if count < 2 || agents == 0 {
            return self.finish(step, id, user);
        }
        self.part(step, id, place);
        self.dialog_changed(step, id, &[]);
        if let Some(user) = user {
            self.settle(step, user);
        }
    }

    /// Takes a participant out of a call that goes on, and tells everybody who has the call.
    pub(in crate::desk) fn part(&mut self, step: &mut Step<'_>, id: DialogId, place: usize) {
        let followers = self.dialogs.get(&id).map(Dialog::followers).unwrap_or_default();
        if self.drop_out(step.now, id, place, StateCause::None, false) == Some(Phase::Dropped) {
            self.tell_dialog(step, id, &followers);
        }
        self.take_out(step, id, place);
    }

    /// Marks a participant as gone; `took` says that its user took another call that has become part of this one. Returns
    /// the state in which it leaves.
    pub(super) fn drop_out(
        &mut self,
        now: Now,
        id: DialogId,
        place: usize,
        cause: StateCause,
        took: bool,
    ) -> Option<Phase> {
        let dialog = self.dialogs.get(&id)?;
        let leaving = match dialog.participants.get(place)?.party {
            Party::Agent(user) => Some((user, took || dialog.is_to_wrap_up(user))),
            Party::Listened(_) | Party::Outside => None,
        };
        // Everybody who wraps up stands in every document of the call.
        let wrapping = dialog.participants.iter().filter(|one| one.phase == Phase::WrapUp).count();
        let has_room = wrapping < PARTICIPANTS_MAX;
        let phase = leaving.map_or(Phase::Dropped, |(user, took)| self.leaving_phase(user, took, has_room));
        let dialog = self.dialogs.get_mut(&id)?;
        dialog.controller =
            dialog.controller.filter(|user| leaving.is_none_or(|(leaver, _)| leaver != *user));
        let leaver = dialog.participants.get_mut(place)?;
        leaver.enter(now.wall, phase);
        if phase == Phase::Dropped {
            leaver.cause = cause;
        }
        let timer = leaver.ringing.take();
        self.timers.cancel(timer);
        Some(phase)
    }

    /// The state in which an agent leaves a call that it took from a queue or not, and in which another can wrap up or not. What an
    /// agent asked for during a call comes after the last one.
    fn leaving_phase(&mut self, user: UserId, took: bool, has_room: bool) -> Phase {
        let has_more = self.agent(user).dialogs.len() > 1;
        let time = self.wrap_up_time(user, took).filter(|_| took || !has_more);
        self.agent_mut(user).wraps_up |= took;
        if time.is_some() && has_room { Phase::WrapUp } else { Phase::Dropped }
    }

    /// Ends the call for a participant who is marked as gone. A participant who wraps up stays in it.
    pub(super) fn take_out(&mut self, step: &mut Step<'_>, id: DialogId, place: usize) {
        let Some(leaver) = self.dialogs.get(&id).and_then(|dialog| dialog.participants.get(place)) else {
            return;
        };
        if let Party::Agent(user) = leaver.party {
            self.end_part(step, user, id);
            self.unlisten(step, id, Some(user));
        }
        if let Some(dialog) = self.dialogs.get_mut(&id)
            && dialog.participants.get(place).is_some_and(|one| one.phase == Phase::Dropped)
        {
            dialog.participants.remove(place);
        }
    }

    /// A call ends for everybody; `first` is told first.
    pub(in crate::desk) fn finish(&mut self, step: &mut Step<'_>, id: DialogId, first: Option<UserId>) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        dialog.queued_since = None;
        let heard = dialog.associated;
        let mut leavers: Vec<Party> = dialog.present().map(|one| one.party).collect();
        let mut followers = dialog.followers();
        self.forget_timers(id);
        self.dequeue(step.now, id);
        for place in 0..self.dialogs.get(&id).map_or(0, |dialog| dialog.participants.len()) {
            let is_there =
                |dialog: &Dialog| dialog.participants.get(place).is_some_and(|one| !one.has_left());
            if self.dialogs.get(&id).is_some_and(is_there) {
                self.drop_out(step.now, id, place, StateCause::None, false);
            }
        }
        if let Some(heard) = heard.and_then(|heard| self.dialogs.get_mut(&heard)) {
            heard.listeners.retain(|listener| *listener != id);
        }
        self.unlisten(step, id, None);
        bring_forward(&mut followers, |user| Some(*user) == first);
        self.tell_dialog(step, id, &followers);
        bring_forward(&mut leavers, |party| first.is_some_and(|first| *party == Party::Agent(first)));
        for party in leavers {
            match party {
                Party::Agent(user) => {
                    self.end_part(step, user, id);
                    self.settle(step, user);
                }
                Party::Listened(user) => self.dialog_left(step, user, id),
                Party::Outside => {}
            }
        }
        self.forget(step.now, id);
    }

    /// A call that an agent has left is over for it, but for wrapping up.
    pub(super) fn end_part(&mut self, step: &mut Step<'_>, user: UserId, id: DialogId) {
        let wraps_up = self.dialogs.get(&id).is_some_and(|dialog| dialog.of(user).is_some());
        self.agent_mut(user).dialogs.retain(|other| *other != id);
        if wraps_up {
            // An agent wraps up one call at a time: the last.
            self.end_wrap_up(step, user);
            self.agent_mut(user).wrapping = Some(id);
        } else {
            self.dialog_left(step, user, id);
        }
        self.mind_offers(step, user);
    }

    /// The call that an agent has wrapped up leaves its collection, when the agent has no other call and is in no wrap-up. Its
    /// state is told first.
    pub(in crate::desk) fn mind_wrap_up(&mut self, step: &mut Step<'_>, user: UserId) {
        let agent = self.agent(user);
        if agent.dialogs.is_empty() && !matches!(agent.state, State::Work | State::WorkReady) {
            self.end_wrap_up(step, user);
        }
    }

    fn end_wrap_up(&mut self, step: &mut Step<'_>, user: UserId) {
        let Some(id) = self.agent_mut(user).wrapping.take() else { return };
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let followers = dialog.followers();
        let Some(place) = dialog.participants.iter().position(|one| one.party == Party::Agent(user)) else {
            return;
        };
        if let Some(participant) = dialog.participants.get_mut(place) {
            participant.enter(step.now.wall, Phase::Dropped);
        }
        let goes_on = dialog.present().next().is_some();
        self.tell_dialog(step, id, &followers);
        self.dialog_left(step, user, id);
        if goes_on {
            if let Some(dialog) = self.dialogs.get_mut(&id) {
                dialog.participants.remove(place);
            }
            self.dialog_changed(step, id, &[]);
        }
        self.forget(step.now, id);
    }

    /// Removes a call that is in nobody's collection and goes on nowhere.
    pub(super) fn forget(&mut self, now: Now, id: DialogId) {
        let is_over = |dialog: &Dialog| dialog.participants.iter().all(|one| one.phase == Phase::Dropped);
        if self.dialogs.get(&id).is_some_and(is_over)
            && let Some(dialog) = self.dialogs.remove(&id)
        {
            self.contact_over(now, dialog);
        }
    }

    pub(super) fn forget_timers(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let ringing = dialog.participants.iter_mut().map(|one| one.ringing.take());
        for timer in ringing.chain([dialog.patience.take()]) {
            self.timers.cancel(timer);
        }
    }
}
