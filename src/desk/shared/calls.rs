//! The bytes of calls, and of the contacts of campaigns.

use crate::clock::Now;
use crate::config::campaigns::{Customer, DialingMode};
use crate::desk::dialog::call::{CallType, Dialog, Participant, Party, Phase, StateCause};
use crate::desk::outbound::actions::CLASSIFICATIONS;
use crate::desk::outbound::contacts::{Callback, CallbackTime, Contact, Dialing, Outbound, OutboundCall};
use crate::id::UserId;
use crate::replica::codec::{Codec, Coded, coded, coded_places};

coded_places! {
    Phase: Initiating Initiated Alerting Accepted Active Held Failed WrapUp Dropped;
    StateCause: None Busy BadDestination NotAvailable Other;
    CallType: AcdIn PrerouteAcdIn OtherIn AgentInside Out Consult Conference Transfer SupervisorMonitor Outbound
        OutboundPreview OutboundDirectPreview OutboundCallback OutboundCallbackPreview OutboundPersonalCallback
        OutboundPersonalCallbackPreview;
    Callback: None Any Personal;
}

coded! {
    Dialog {
        id, kind, from, to, dialed, dnis, participants, queue, is_contact, queued, queued_since, variables,
        wrap_up_reason, wrap_up_items, associated, secondary, patience, listeners, controller, outbound
    } = |_| Dialog {
        id: 0,
        kind: CallType::AcdIn,
        from: String::new(),
        to: String::new(),
        dialed: String::new(),
        dnis: String::new(),
        participants: Vec::new(),
        queue: None,
        is_contact: false,
        queued: 0,
        queued_since: None,
        variables: Vec::new(),
        wrap_up_reason: String::new(),
        wrap_up_items: Vec::new(),
        associated: None,
        secondary: None,
        patience: None,
        listeners: Vec::new(),
        controller: None,
        outbound: None,
    };
    Participant { address, party, phase, cause, started, since, answered, ringing, beside } =
        |now: Now| Participant::new(now.wall, "", Party::Outside, Phase::Initiating);
    Contact { id, campaign, customer, agent, callback, place, rest } = |_| Contact {
        id: 0,
        campaign: String::new(),
        customer: Customer::default(),
        agent: None,
        callback: Callback::None,
        place: 0,
        rest: None,
    };
    Dialing { contact, timer } =
        |now| Dialing { contact: Coded::blank(now), timer: Coded::blank(now) };
    CallbackTime { text, due } = |now: Now| CallbackTime { text: String::new(), due: now.wall };
}

impl Coded for Party {
    fn blank(_: Now) -> Self {
        Self::Outside
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let (kind, mut user) = match *self {
            Self::Outside => (0, UserId::MIN),
            Self::Agent(user) => (1, user),
            Self::Listened(user) => (2, user),
        };
        let kind = codec.place(kind, 3);
        if kind > 0 {
            user.code(codec);
        }
        *self = match kind {
            0 => Self::Outside,
            1 => Self::Agent(user),
            _ => Self::Listened(user),
        };
    }
}

impl Coded for OutboundCall {
    fn blank(now: Now) -> Self {
        Self {
            contact: Coded::blank(now),
            mode: DialingMode::Preview,
            is_reservation: false,
            classification: "",
            callback_time: None,
            callback_number: None,
            callback_agent: None,
        }
    }

    fn code(&mut self, codec: &mut Codec<'_>) {
        let Self {
            contact,
            mode,
            is_reservation,
            classification,
            callback_time,
            callback_number,
            callback_agent,
        } = self;
        contact.code(codec);
        mode.code(codec);
        is_reservation.code(codec);
        let mut known = [""; 1 + CLASSIFICATIONS.len()];
        for (place, (name, _)) in known.iter_mut().skip(1).zip(CLASSIFICATIONS) {
            *place = name;
        }
        codec.pick(classification, &known);
        callback_time.code(codec);
        callback_number.code(codec);
        callback_agent.code(codec);
    }
}

impl Coded for Outbound {
    fn blank(_: Now) -> Self {
        Self::default()
    }

    /// The campaigns are those of the configuration.
    fn code(&mut self, codec: &mut Codec<'_>) {
        let Self { campaigns: _, waiting, dialing, last } = self;
        waiting.code(codec);
        dialing.code(codec);
        last.code(codec);
    }
}
