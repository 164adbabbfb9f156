//! A scenario as its file has it. Times are in milliseconds.

use crate::config::{Place, Problem};
use crate::desk::{Command, DialogRequest, MediumRequest, Status};
use crate::fault::Spec;
use crate::record::Filter;
use crate::scenario::distribution::Distribution;
use crate::scenario::random::Millionths;
use crate::scenario::rate::Curve;

/// The most agents that are played.
pub const AGENTS_MAX: usize = 10_000;

/// The most sections of a kind.
pub const SECTIONS_MAX: usize = 256;

/// The longest scenario: a week.
pub const LENGTH_MAX: u64 = 7 * 24 * 60 * 60 * 1000;

/// The longest name, in bytes.
pub const NAME_MAX: usize = 100;

/// The longest text of a step, in bytes.
pub const TEXT_MAX: usize = 4096;

/// A scenario.
#[derive(Clone)]
pub struct File {
    /// The file, in problems.
    pub file: Box<str>,
    /// What people see.
    pub name: Box<str>,
    pub seed: u64,
    pub length: u64,
    pub arrivals: Vec<Arrivals>,
    pub agents: Vec<Agents>,
    pub at: Vec<At>,
    pub on: Vec<On>,
    pub expect: Vec<Expect>,
    pub verdict: Vec<Condition>,
}

/// A name of the configuration, and where the file has it.
#[derive(Clone, Debug)]
pub struct Name {
    pub place: Place,
    pub id: Box<str>,
}

/// The names of call variables, each with the values of which a call has one.
pub type Variables = Vec<(Box<str>, Vec<Box<str>>)>;

/// `[[arrivals]]`: callers.
#[derive(Clone, Debug)]
pub struct Arrivals {
    pub queue: Name,
    pub curve: Curve,
    pub is_poisson: bool,
    /// How long a caller waits to be answered; `None`: as long as the contact centre lets it.
    pub patience: Option<Distribution>,
    pub variables: Variables,
}

/// `[[agents]]`: users who are played.
#[derive(Clone, Debug)]
pub struct Agents {
    pub users: Vec<Name>,
    /// When they sign in.
    pub sign_in: Distribution,
    /// How long it takes them to be ready after the sign-in, a missed call, or a change that somebody else has made.
    pub ready: Distribution,
    pub answer: Distribution,
    pub talk: Distribution,
    /// How likely a call is held once, and for how long.
    pub hold: (Millionths, Distribution),
    pub consult: Option<Consult>,
    /// How likely a call rings out.
    pub misses: Millionths,
    pub breaks: Option<Breaks>,
}

/// Consultations.
#[derive(Clone, Debug)]
pub struct Consult {
    pub chance: Millionths,
    /// The number that is called.
    pub to: Box<str>,
    pub length: Distribution,
}

/// Breaks.
#[derive(Clone, Debug)]
pub struct Breaks {
    /// The time from one to the next.
    pub every: Distribution,
    pub reason: Option<u32>,
    /// Where the reason stands.
    pub place: Place,
    pub length: Distribution,
}

/// `[[at]]`: a step by time.
#[derive(Clone)]
pub struct At {
    pub time: u64,
    pub place: Place,
    pub what: Do,
}

/// `[[on]]`: a step by event.
#[derive(Clone)]
pub struct On {
    pub filter: Filter,
    pub after: u64,
    /// How often it acts; `None`: always.
    pub count: Option<u32>,
    pub place: Place,
    pub what: Do,
}

/// What a step does.
#[derive(Clone)]
pub enum Do {
    Call {
        from: Option<Box<str>>,
        to: Box<str>,
        patience: Option<Distribution>,
        variables: Vec<(String, String)>,
    },
    /// The caller of that call hangs up. Without one it is the caller of whom the event tells; in a step by time the caller who has
    /// waited longest.
    HangUp(Option<u32>),
    /// `by`: the supervisor who asks.
    State {
        user: Name,
        state: Box<str>,
        reason: Option<u32>,
        extension: Option<Box<str>>,
        by: Option<Name>,
    },
    /// A user asks for an action on a call, or makes one. `call`: its number among all since the start of the scenario, from 1;
    /// `None`: the call of which the event tells, or the newest of the user.
    Dialog {
        user: Name,
        call: Option<u32>,
        asked: Box<DialogRequest>,
    },
    /// A user asks for another state in a medium.
    Medium {
        user: Name,
        asked: Box<MediumRequest>,
    },
    /// Somebody outside hands in a task or a contact.
    Outside(Box<Command>),
    Outage {
        status: Status,
        finesse: bool,
        time: u64,
    },
    /// `time`: after which it is healed.
    Fault {
        name: Box<str>,
        spec: Box<Spec>,
        time: Option<u64>,
    },
    Heal(Box<str>),
    Message {
        user: Name,
        teams: Vec<Box<str>>,
        content: Box<str>,
        seconds: u64,
    },
    Publish {
        user: Name,
        node: Box<str>,
        payload: Box<str>,
    },
    EndSession(Name),
    Mark(Box<str>),
}

/// `[[expect]]`: for each entry of the record that `of` has, one that `filter` has comes in time.
#[derive(Clone)]
pub struct Expect {
    pub name: Box<str>,
    pub filter: Filter,
    /// `None`: the start of the scenario.
    pub of: Option<Filter>,
    pub within: u64,
}

/// A figure by which a verdict is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The share of the calls that were over or answered which was answered.
    Answered,
    /// The share of them which was not.
    Abandoned,
    /// The share of all calls that were tried which found no place.
    NotPlaced,
    /// How long half of those who were answered have waited at the most.
    WaitP50,
    WaitP95,
    WaitMax,
    /// How many calls were answered or abandoned: fewer than are wanted say nothing.
    Calls,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Answered,
        Self::Abandoned,
        Self::NotPlaced,
        Self::WaitP50,
        Self::WaitP95,
        Self::WaitMax,
        Self::Calls,
    ];

    /// The key in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::NotPlaced => "not_placed",
            Self::WaitP50 => "wait_p50",
            Self::WaitP95 => "wait_p95",
            Self::WaitMax => "wait_max",
            Self::Calls => "calls",
        }
    }

    /// Whether its value is a time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::WaitP50 | Self::WaitP95 | Self::WaitMax)
    }
}

/// A condition of `[verdict]`.
#[derive(Clone, Debug)]
pub struct Condition {
    pub figure: Figure,
    /// The figure is at least the bound; else at the most.
    pub is_least: bool,
    /// A share in millionths, a time, or a number.
    pub bound: u64,
    /// As the file has it.
    pub text: Box<str>,
}

impl File {
    /// A problem at a place of the file.
    pub fn problem(&self, place: Place, sentence: String) -> Problem {
        Problem { file: (*self.file).into(), place, sentence }
    }

    /// Whether it looks at entries of the record.
    pub fn needs_record(&self) -> bool {
        !self.on.is_empty() || !self.expect.is_empty()
    }

    /// Whether it sets faults.
    pub fn needs_faults(&self) -> bool {
        let steps = self.at.iter().map(|at| &at.what).chain(self.on.iter().map(|on| &on.what));
        steps.into_iter().any(|what| matches!(what, Do::Fault { .. } | Do::Heal(_)))
    }
}
