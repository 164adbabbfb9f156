//! The transitions that an agent may make (the guide, "User: change agent state").
//!
//! Four tables: who asks, in which profile. A line is the state before, a column the state that is asked for.

use crate::config::Profile;

use crate::desk::error::{ApiRefusal, Failure};

/// The state of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Logout,
    NotReady,
    Ready,
    Reserved,
    /// Reserved for a contact of a campaign, whom the dialer calls.
    ReservedOutbound,
    /// Reserved for a contact of a campaign, which the agent looks at.
    ReservedOutboundPreview,
    Talking,
    Hold,
    Work,
    WorkReady,
}

/// The states that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To sign in, which leads to another state.
    Login,
    NotReady,
    Ready,
    Logout,
    /// To wrap up after the call.
    Work,
    /// To wrap up after the call, and to be ready then.
    WorkReady,
}

/// The user who asks for a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The agent.
    Own,
    /// A supervisor of the agent's team.
    Supervisor,
}

/// The answer of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A state is entered, be it the same again.
    To(State),
    /// A state is to be entered after the call.
    Pend(State),
    /// The agent is told how it stands.
    Keep,
    /// The request gets an error.
    Refused(ApiRefusal),
    /// The request is accepted, and an error follows as an event.
    Fails(Failure),
}

use ApiRefusal::{AlreadyLoggedOut, NotYourself, StateNotAllowed};
use Failure::{InvalidParameter, InvalidPassword, ObjectState, WorkMode};
use Outcome::{Fails, Keep, Pend, Refused, To};
use State::{Logout, NotReady, Ready};

type Table = [[Outcome; 4]; 10];

/// Nothing but signing in once more, which changes nothing.
const NONE: [Outcome; 4] = [Keep, Fails(ObjectState), Fails(ObjectState), Fails(ObjectState)];

/// Only the way out, after the call.
const ONLY_OUT: [Outcome; 4] = [Refused(NotYourself), Fails(ObjectState), Fails(ObjectState), Pend(Logout)];

// Repeated LOGIN keeps the state, LOGOUT in LOGOUT is refused at once (guide 12.5, pages 29 and 73). An assumption:
// READY in READY keeps it too.
#[rustfmt::skip]
const OWN_UCCX: Table = [
    //             LOGIN         NOT_READY                READY               LOGOUT
    /* LOGOUT    */ [To(NotReady), Fails(InvalidParameter), Fails(ObjectState), Refused(AlreadyLoggedOut)],
    /* NOT_READY */ [Keep,         To(NotReady),            To(Ready),          To(Logout)],
    /* READY     */ [Keep,         To(NotReady),            Keep,               To(Logout)],
    /* RESERVED  */ NONE,
    /* OUTBOUND  */ NONE,
    /* PREVIEW   */ NONE,
    /* TALKING   */ [Keep,         Pend(NotReady),          Fails(WorkMode),    Fails(ObjectState)],
    /* HOLD      */ NONE,
    /* WORK      */ [Keep,         To(NotReady),            To(Ready),          Fails(ObjectState)],
    /* WORK_READY*/ NONE,
];

// READY to LOGOUT is not among the transitions of this profile; the code of the error is an assumption. A state that is asked for
// while an agent looks at a contact is pending (guide 12.5, page 44); on Express none can be.
#[rustfmt::skip]
const OWN_UCCE: Table = [
    //             LOGIN         NOT_READY               READY               LOGOUT
    /* LOGOUT    */ [To(NotReady), Fails(InvalidPassword), Fails(ObjectState), Refused(AlreadyLoggedOut)],
    /* NOT_READY */ [Keep,         To(NotReady),           To(Ready),          To(Logout)],
    /* READY     */ [Keep,         To(NotReady),           Keep,               Fails(ObjectState)],
    /* RESERVED  */ NONE,
    /* OUTBOUND  */ [Keep,         To(NotReady),           To(Ready),          Fails(ObjectState)],
    /* PREVIEW   */ [Keep,         Pend(NotReady),         Pend(Ready),        Fails(ObjectState)],
    /* TALKING   */ [Keep,         Pend(NotReady),         Pend(Ready),        Pend(Logout)],
    /* HOLD      */ [Keep,         Pend(NotReady),         Pend(Ready),        Pend(Logout)],
    /* WORK      */ [Keep,         To(NotReady),           To(Ready),          Fails(ObjectState)],
    /* WORK_READY*/ [Keep,         To(NotReady),           To(Ready),          Fails(ObjectState)],
];

// NOT_READY only from READY and after calls, LOGOUT from everything but LOGOUT; signing in is for oneself (guide 12.5, pages 29
// and 47).
#[rustfmt::skip]
const SUPERVISOR_UCCX: Table = [
    //             LOGIN                 NOT_READY                READY               LOGOUT
    /* LOGOUT    */ [Refused(NotYourself), Fails(InvalidParameter), Fails(ObjectState), Refused(AlreadyLoggedOut)],
    /* NOT_READY */ [Refused(NotYourself), Fails(ObjectState),      To(Ready),          To(Logout)],
    /* READY     */ [Refused(NotYourself), To(NotReady),            Keep,               To(Logout)],
    /* RESERVED  */ ONLY_OUT,
    /* OUTBOUND  */ [Refused(NotYourself), Fails(ObjectState),      Fails(ObjectState), To(Logout)],
    /* PREVIEW   */ ONLY_OUT,
    /* TALKING   */ ONLY_OUT,
    /* HOLD      */ ONLY_OUT,
    /* WORK      */ [Refused(NotYourself), To(NotReady),            To(Ready),          To(Logout)],
    /* WORK_READY*/ [Refused(NotYourself), To(NotReady),            To(Ready),          To(Logout)],
];

#[rustfmt::skip]
const SUPERVISOR_UCCE: Table = [
    //             LOGIN                 NOT_READY               READY               LOGOUT
    /* LOGOUT    */ [Refused(NotYourself), Fails(InvalidPassword), Fails(ObjectState), Refused(AlreadyLoggedOut)],
    /* NOT_READY */ [Refused(NotYourself), Fails(ObjectState),     To(Ready),          To(Logout)],
    /* READY     */ [Refused(NotYourself), To(NotReady),           Keep,               To(Logout)],
    /* RESERVED  */ ONLY_OUT,
    /* OUTBOUND  */ [Refused(NotYourself), Fails(ObjectState),      Fails(ObjectState), To(Logout)],
    /* PREVIEW   */ ONLY_OUT,
    /* TALKING   */ ONLY_OUT,
    /* HOLD      */ ONLY_OUT,
    /* WORK      */ [Refused(NotYourself), To(NotReady),            To(Ready),          To(Logout)],
    /* WORK_READY*/ [Refused(NotYourself), To(NotReady),            To(Ready),          To(Logout)],
];

/// Looks up what comes of a request.
pub fn outcome(profile: Profile, by: Standing, from: State, request: Request) -> Outcome {
    let wrap_up = match request {
        Request::Work => Some(State::Work),
        Request::WorkReady => Some(State::WorkReady),
        _ => None,
    };
    if let Some(state) = wrap_up {
        return wrap_up_outcome(profile, by, from, state);
    }
    let table = match (by, profile) {
        (Standing::Own, Profile::Uccx) => &OWN_UCCX,
        (Standing::Own, Profile::Ucce) => &OWN_UCCE,
        (Standing::Supervisor, Profile::Uccx) => &SUPERVISOR_UCCX,
        (Standing::Supervisor, Profile::Ucce) => &SUPERVISOR_UCCE,
    };
    table[from as usize][request as usize]
}

/// Looks up what comes of asking to wrap up: agents may while they talk (the guide, "User: change agent state"; Express has no
/// WORK_READY). An assumption: wrapping up again keeps the state.
fn wrap_up_outcome(profile: Profile, by: Standing, from: State, asked: State) -> Outcome {
    match (by, from) {
        (Standing::Supervisor, _) => Refused(StateNotAllowed),
        (Standing::Own, _) if profile == Profile::Uccx && asked == State::WorkReady => Fails(ObjectState),
        (Standing::Own, State::Talking | State::Hold) => Pend(asked),
        (Standing::Own, State::Work | State::WorkReady) => Keep,
        (Standing::Own, _) => Fails(ObjectState),
    }
}

impl State {
    /// The names of all states (the guide, "User API parameters").
    pub const NAMES: [&str; 11] = [
        "LOGOUT",
        "NOT_READY",
        "READY",
        "RESERVED",
        "RESERVED_OUTBOUND",
        "RESERVED_OUTBOUND_PREVIEW",
        "TALKING",
        "HOLD",
        "WORK",
        "WORK_READY",
        "UNKNOWN",
    ];

    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logout => "LOGOUT",
            Self::NotReady => "NOT_READY",
            Self::Ready => "READY",
            Self::Reserved => "RESERVED",
            Self::ReservedOutbound => "RESERVED_OUTBOUND",
            Self::ReservedOutboundPreview => "RESERVED_OUTBOUND_PREVIEW",
            Self::Talking => "TALKING",
            Self::Hold => "HOLD",
            Self::Work => "WORK",
            Self::WorkReady => "WORK_READY",
        }
    }
}

impl Request {
    /// The states that a client may set (the guide, "User: change agent state").
    pub const ALL: [Self; 6] =
        [Self::Login, Self::NotReady, Self::Ready, Self::Logout, Self::Work, Self::WorkReady];

    /// The name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "LOGIN",
            Self::NotReady => "NOT_READY",
            Self::Ready => "READY",
            Self::Logout => "LOGOUT",
            Self::Work => "WORK",
            Self::WorkReady => "WORK_READY",
        }
    }
}
