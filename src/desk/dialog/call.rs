//! Calls and their participants (Cisco Finesse Web Services Developer Guide, "Dialog APIs").

use std::time::SystemTime;

use crate::desk::outbound::contacts::OutboundCall;
use crate::desk::timers::TimerId;
use crate::id::{DialogId, UserId};

/// The first id: voice calls have plain integers in captures.
pub const FIRST_ID: DialogId = 16_777_217;

/// The most participants of a conference, and the most agents who wrap up one call.
pub(super) const PARTICIPANTS_MAX: usize = 8;

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    pub id: DialogId,
    pub kind: CallType,
    pub from: String,
    pub to: String,
    /// The number that the caller dialled; empty as `to` is while a telephone is only off the hook.
    pub dialed: String,
    /// The telephone that is called.
    pub dnis: String,
    pub participants: Vec<Participant>,
    /// The queue that it came through last.
    pub queue: Option<usize>,
    /// Whether a queue, or a consultation about such a call, brought it: Express knows states of such calls only.
    pub is_contact: bool,
    /// When it was put into the queue, among all that were.
    pub queued: u64,
    /// Since when it is in the queue.
    pub queued_since: Option<SystemTime>,
    pub variables: Vec<(String, String)>,
    pub wrap_up_reason: String,
    /// The wrap-up reasons of Express, where a call can have several.
    pub wrap_up_items: Vec<String>,
    /// The dialog that this one is a consultation about, or that it listens to.
    pub associated: Option<DialogId>,
    /// The dialog that became part of this one.
    pub secondary: Option<DialogId>,
    /// Runs while somebody outside hears nobody.
    pub patience: Option<TimerId>,
    /// The dialogs of supervisors who listen.
    pub listeners: Vec<DialogId>,
    /// The agent who has made it a conference, and alone can add parties, for as long as it takes part.
    pub controller: Option<UserId>,
    /// The contact of a campaign for which it is.
    pub outbound: Option<Box<OutboundCall>>,
}

/// A party of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    pub address: String,
    pub party: Party,
    pub phase: Phase,
    pub cause: StateCause,
    pub started: SystemTime,
    pub since: SystemTime,
    /// Whether it has ever been active.
    pub answered: bool,
    /// Runs while it rings.
    pub ringing: Option<TimerId>,
    /// Whether its user talks on another call, with which this one can be merged.
    pub beside: bool,
}

/// The owner of a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    Agent(UserId),
    /// An agent to whom a supervisor listens; it has no part in what becomes of the call.
    Listened(UserId),
    Outside,
}

/// The state of a participant (the guide, "Dialog").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Initiating,
    Initiated,
    Alerting,
    /// An agent has accepted a contact.
    Accepted,
    Active,
    Held,
    Failed,
    /// The participant has left, and its user gives the reason.
    WrapUp,
    Dropped,
}

/// Why a participant is in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateCause {
    None,
    Busy,
    BadDestination,
    NotAvailable,
    /// A transfer or a conference has taken it out (captures of Finesse 11).
    Other,
}

/// The kind of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallType {
    AcdIn,
    PrerouteAcdIn,
    OtherIn,
    AgentInside,
    Out,
    Consult,
    Conference,
    Transfer,
    SupervisorMonitor,
    Outbound,
    OutboundPreview,
    OutboundDirectPreview,
    OutboundCallback,
    OutboundCallbackPreview,
    OutboundPersonalCallback,
    OutboundPersonalCallbackPreview,
}

/// An action of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Answer,
    Hold,
    Retrieve,
    Drop,
    ConsultCall,
    Transfer,
    Conference,
    TransferSst,
    SendDtmf,
    UpdateCallData,
    ParticipantDrop,
    BargeCall,
    StartRecording,
    Accept,
    Reject,
    Close,
    Reclassify,
    UpdateScheduledCallback,
    CancelScheduledCallback,
}

impl Dialog {
    /// The participation of a user, who may wrap up the call.
    pub fn of(&self, user: UserId) -> Option<&Participant> {
        let is_own = |one: &&Participant| one.party == Party::Agent(user) && one.phase != Phase::Dropped;
        self.participants.iter().find(is_own)
    }

    /// Tells whether a user takes part who has made the call by itself, and not about another one.
    pub fn is_made_by(&self, user: UserId) -> bool {
        self.outbound.is_none()
            && self.associated.is_none()
            && self.of(user).is_some_and(|part| part.address == self.from)
    }

    /// The participation of a user, who may wrap up the call.
    pub fn of_mut(&mut self, user: UserId) -> Option<&mut Participant> {
        let is_own = |one: &&mut Participant| one.party == Party::Agent(user) && one.phase != Phase::Dropped;
        self.participants.iter_mut().find(is_own)
    }

    /// Where a user who is in the call stands among the participants.
    pub fn place_of(&self, user: UserId) -> Option<usize> {
        self.participants.iter().position(|one| one.party == Party::Agent(user) && !one.has_left())
    }

    /// Where the first participant from outside does.
    pub fn place_outside(&self) -> Option<usize> {
        self.participants.iter().position(|one| one.party == Party::Outside && !one.has_left())
    }

    /// The participants who are in the call.
    pub fn present(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter().filter(|one| !one.has_left())
    }

    /// The agents who take part or wrap up, in the order in which they came.
    pub fn agents(&self) -> Vec<UserId> {
        let there = self.participants.iter().filter(|one| one.phase != Phase::Dropped);
        let agents = there.filter_map(|one| match one.party {
            Party::Agent(user) => Some(user),
            Party::Listened(_) | Party::Outside => None,
        });
        agents.collect()
    }

    /// The users in whose collections it is: its agents, and an agent to whom it listens.
    pub fn followers(&self) -> Vec<UserId> {
        let there = self.participants.iter().filter(|one| one.phase != Phase::Dropped);
        let users = there.filter_map(|one| match one.party {
            Party::Agent(user) | Party::Listened(user) => Some(user),
            Party::Outside => None,
        });
        users.collect()
    }

    /// Whether the user takes no part in it but is listened to.
    pub fn listens_to(&self, user: UserId) -> bool {
        self.participants.iter().any(|one| one.party == Party::Listened(user))
    }

    /// Whether it is a call from a queue that the user has taken, or one to a customer of a campaign on which the user has talked.
    pub fn is_to_wrap_up(&self, user: UserId) -> bool {
        let is_outbound = self.outbound.is_some();
        let took = |one: &Participant| one.answered && (is_outbound || one.address != self.from);
        (is_outbound || self.queue.is_some()) && self.of(user).is_some_and(took)
    }

    /// Whether it is a call of the dialer that reserves an agent.
    pub fn is_reservation(&self) -> bool {
        self.outbound.as_ref().is_some_and(|call| call.is_reservation)
    }

    /// Whether nobody is waited for: it waits in no queue, and no telephone rings.
    pub fn is_complete(&self) -> bool {
        let takes_part = |one: &Participant| matches!(one.phase, Phase::Active | Phase::Held);
        self.queued_since.is_none() && self.present().all(takes_part)
    }

    /// Whether an agent takes part, or is waited for: the others are not the contact centre's.
    pub fn is_ours(&self) -> bool {
        self.queued_since.is_some() || self.present().any(|one| one.party != Party::Outside)
    }

    /// Whether the user can add parties: to a conference only its controller can (guide 12.5, page 94).
    pub fn lets_join(&self, user: UserId) -> bool {
        self.kind != CallType::Conference || self.controller == Some(user)
    }

    /// Becomes a conference, if it is none yet.
    pub fn become_conference(&mut self, controller: UserId) {
        if self.kind != CallType::Conference {
            self.become_kind(CallType::Conference);
            self.controller = Some(controller);
        }
    }

    /// Becomes a transfer or a conference. Express tells it of the call to a customer whom the dialer has called (the guide,
    /// "Outbound Call Types and BAStatus").
    pub fn become_kind(&mut self, kind: CallType) {
        self.kind = kind;
        let is_dialled = self.outbound.as_ref().is_some_and(|call| call.mode.asks_nobody());
        let words = ["OUTBOUND", "TRANSFERRED", "CONFERENCED"];
        let status = self.variables.iter_mut().find(|(name, _)| name == "BAStatus");
        if let Some((_, status)) = status.filter(|(_, status)| is_dialled && words.contains(&status.as_str()))
        {
            let word = if kind == CallType::Conference { "CONFERENCED" } else { "TRANSFERRED" };
            word.clone_into(status);
        }
    }

    /// The state as a whole: active as soon as one participant is (the guide, "Dialog API parameters"), and while somebody
    /// wraps up (captures of Finesse 11).
    pub fn phase(&self) -> Phase {
        let has = |phase| self.participants.iter().any(|one| one.phase == phase);
        if has(Phase::Active) || has(Phase::Held) || has(Phase::WrapUp) {
            return Phase::Active;
        }
        let order = [Phase::Failed, Phase::Accepted, Phase::Alerting, Phase::Initiated, Phase::Initiating];
        order.into_iter().find(|phase| has(*phase)).unwrap_or(Phase::Dropped)
    }
}

impl Participant {
    /// Somebody who comes into a call.
    pub fn new(now: SystemTime, address: &str, party: Party, phase: Phase) -> Self {
        let cause = StateCause::None;
        let answered = phase == Phase::Active;
        Self {
            address: address.to_owned(),
            party,
            phase,
            cause,
            started: now,
            since: now,
            answered,
            ringing: None,
            beside: false,
        }
    }

    /// Whether it is in the call no more.
    pub fn has_left(&self) -> bool {
        matches!(self.phase, Phase::WrapUp | Phase::Dropped)
    }

    /// Enters a state.
    pub fn enter(&mut self, now: SystemTime, phase: Phase) {
        self.answered |= phase == Phase::Active;
        (self.phase, self.cause, self.since) = (phase, StateCause::None, now);
    }
}

impl Phase {
    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initiating => "INITIATING",
            Self::Initiated => "INITIATED",
            Self::Alerting => "ALERTING",
            Self::Accepted => "ACCEPTED",
            Self::Active => "ACTIVE",
            Self::Held => "HELD",
            Self::Failed => "FAILED",
            Self::WrapUp => "WRAP_UP",
            Self::Dropped => "DROPPED",
        }
    }
}

impl StateCause {
    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Busy => "BUSY",
            Self::BadDestination => "BAD_DESTINATION",
            Self::NotAvailable => "DEVICE_RESOURCE_NOT_AVAILABLE",
            Self::Other => "OTHER",
        }
    }
}

impl CallType {
    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::AcdIn => "ACD_IN",
            Self::PrerouteAcdIn => "PREROUTE_ACD_IN",
            Self::OtherIn => "OTHER_IN",
            Self::AgentInside => "AGENT_INSIDE",
            Self::Out => "OUT",
            Self::Consult => "CONSULT",
            Self::Conference => "CONFERENCE",
            Self::Transfer => "TRANSFER",
            Self::SupervisorMonitor => "SUPERVISOR_MONITOR",
            Self::Outbound => "OUTBOUND",
            Self::OutboundPreview => "OUTBOUND_PREVIEW",
            Self::OutboundDirectPreview => "OUTBOUND_DIRECT_PREVIEW",
            Self::OutboundCallback => "OUTBOUND_CALLBACK",
            Self::OutboundCallbackPreview => "OUTBOUND_CALLBACK_PREVIEW",
            Self::OutboundPersonalCallback => "OUTBOUND_PERSONAL_CALLBACK",
            Self::OutboundPersonalCallbackPreview => "OUTBOUND_PERSONAL_CALLBACK_PREVIEW",
        }
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 19] = [
        Self::Answer,
        Self::Hold,
        Self::Retrieve,
        Self::Drop,
        Self::ConsultCall,
        Self::Transfer,
        Self::Conference,
        Self::TransferSst,
        Self::SendDtmf,
        Self::UpdateCallData,
        Self::ParticipantDrop,
        Self::BargeCall,
        Self::StartRecording,
        Self::Accept,
        Self::Reject,
        Self::Close,
        Self::Reclassify,
        Self::UpdateScheduledCallback,
        Self::CancelScheduledCallback,
    ];

    /// The name in documents and requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "ANSWER",
            Self::Hold => "HOLD",
            Self::Retrieve => "RETRIEVE",
            Self::Drop => "DROP",
            Self::ConsultCall => "CONSULT_CALL",
            Self::Transfer => "TRANSFER",
            Self::Conference => "CONFERENCE",
            Self::TransferSst => "TRANSFER_SST",
            Self::SendDtmf => "SEND_DTMF",
            Self::UpdateCallData => "UPDATE_CALL_DATA",
            Self::ParticipantDrop => "PARTICIPANT_DROP",
            Self::BargeCall => "BARGE_CALL",
            Self::StartRecording => "START_RECORDING",
            Self::Accept => "ACCEPT",
            Self::Reject => "REJECT",
            Self::Close => "CLOSE",
            Self::Reclassify => "RECLASSIFY",
            Self::UpdateScheduledCallback => "UPDATE_SCHEDULED_CALLBACK",
            Self::CancelScheduledCallback => "CANCEL_SCHEDULED_CALLBACK",
        }
    }
}

/// Brings what is meant to the front of a list, in which nothing else changes its place.
pub(super) fn bring_forward<T>(list: &mut [T], is_meant: impl Fn(&T) -> bool) {
    let mut front = 0;
    for place in 0..list.len() {
        if is_meant(&list[place]) {
            list[front..=place].rotate_right(1);
            front += 1;
        }
    }
}
