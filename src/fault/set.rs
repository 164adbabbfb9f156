//! The faults that are set, and whom they touch.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use litemap::LiteMap;

use crate::fault::kind::{Kind, Point};
use crate::fault::spec::{Origin, Spec};
use crate::fault::table::{Row, TABLE};
use crate::fault::target::{Subject, Target};
use crate::id::SessionId;

/// Most faults that can be set at a time.
pub const FAULTS_MAX: usize = 64;

/// Why a fault is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSet {
    /// There are [`FAULTS_MAX`] faults.
    TooMany,
    /// The server goes down, which waits for no fault.
    GoingDown,
}

impl NotSet {
    /// Says so in a sentence.
    pub fn sentence(self) -> String {
        match self {
            Self::TooMany => format!("There are {FAULTS_MAX} faults, as many as can be: heal one first."),
            Self::GoingDown => "The server goes down.".to_owned(),
        }
    }
}

/// A fault that is set.
pub struct Fault {
    pub name: Box<str>,
    pub row: &'static Row,
    pub kind: Kind,
    pub origin: Origin,
    /// The names and values as they were given, but for the kind.
    pub given: Vec<(Box<str>, Box<str>)>,
    pub from: Instant,
    /// `None`: it lasts until it is healed.
    pub until: Option<Instant>,
    /// How often it still acts; `None`: always.
    pub left: Option<u32>,
    /// How often it has acted.
    pub hits: u64,
    /// Its time has come, and whoever is there was looked at.
    has_begun: bool,
    target: Target,
    chance: u16,
    random: fastrand::Rng,
    /// The sessions for which was drawn whether it touches them, at [`Point::Session`] and of `finesse-hidden`.
    joined: LiteMap<SessionId, bool>,
}

impl Fault {
    fn new(name: &str, spec: Spec, now: Instant) -> Self {
        let Spec { row, kind, origin, target, after, time, count, chance, seed, given } = spec;
        let from = now + after;
        Self {
            name: name.into(),
            row,
            kind,
            origin,
            given,
            from,
            until: time.map(|time| from + time),
            left: count,
            hits: 0,
            has_begun: false,
            target,
            chance,
            random: fastrand::Rng::with_seed(seed),
            joined: LiteMap::new(),
        }
    }

    fn is_on(&self, now: Instant) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }

    /// Whether it touches a subject now: each question about a subject that fits is a draw.
    fn touches(&mut self, subject: &Subject<'_>) -> bool {
        let reaches = subject.session.is_none()
            || self.row.transports.is_empty()
            || subject.transport.is_some_and(|transport| self.row.transports.contains(&transport));
        if !reaches || self.left == Some(0) || !self.target.has(subject) {
            return false;
        }
        // Drawn also where the result is sure, so that a later chance is the same.
        if self.random.u16(..1000) >= self.chance {
            return false;
        }
        self.hits += 1;
        self.left = self.left.map(|left| left - 1);
        true
    }

    /// A parameter of its kind as it was given, or its default.
    pub fn parameter(&self, name: &str) -> &str {
        let given = self.given.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value);
        let own = || self.row.parameters.iter().find(|parameter| parameter.name == name);
        given.or_else(|| Some(own()?.default)).unwrap_or_default()
    }

    /// Whom it touches.
    pub fn target(&self) -> &Target {
        &self.target
    }

    fn hit(&self) -> Hit {
        Hit { name: self.name.clone(), kind: self.kind, hits: self.hits, from: self.from }
    }

    /// Tells whether it touches a session as long as it is set.
    pub fn has_joined(&self, session: SessionId) -> bool {
        self.joined.get(&session) == Some(&true)
    }

    /// The sessions that it touches as long as it is set.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.joined.iter().filter(|(_, joined)| **joined).map(|(session, _)| *session)
    }
}

/// A fault that acts now.
#[derive(Debug, PartialEq, Eq)]
pub struct Hit {
    /// The name of the fault.
    pub name: Box<str>,
    pub kind: Kind,
    /// How often the fault has acted, with this time.
    pub hits: u64,
    /// When the fault has begun, which tells it apart from others of its name.
    pub from: Instant,
}

/// All faults, in the order in which they were set.
#[derive(Default)]
pub struct Faults {
    list: Vec<Fault>,
    /// How often each kind has acted since the start, in the order of [`TABLE`].
    fired: Vec<u64>,
}

impl Faults {
    /// Tells whether none is set: the only question that is asked when nothing is on. A program without the feature has none, and
    /// nothing of what would be asked then.
    pub fn is_empty(&self) -> bool {
        !cfg!(feature = "lab") || self.list.is_empty()
    }

    /// The faults that are set.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// Tells whether the fault that has acted is still set: not so if another one has taken its place.
    pub fn has(&self, hit: &Hit) -> bool {
        self.list.iter().any(|fault| fault.name == hit.name && fault.from == hit.from)
    }

    /// How often each kind has acted since the start.
    pub fn fired(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.fired.iter().copied().chain(std::iter::repeat(0));
        TABLE.iter().map(|row| row.name).zip(counts)
    }

    /// Sets a fault. Returns the one of that name that it takes the place of.
    ///
    /// # Errors
    ///
    /// There are as many as there can be.
    pub fn set(&mut self, now: Instant, name: &str, spec: Spec) -> Result<Option<Fault>, NotSet> {
        let fault = Fault::new(name, spec, now);
        if let Some(old) = self.list.iter_mut().find(|old| *old.name == *name) {
            return Ok(Some(std::mem::replace(old, fault)));
        }
        if self.list.len() == FAULTS_MAX {
            return Err(NotSet::TooMany);
        }
        self.list.push(fault);
        Ok(None)
    }

    /// Takes a fault away.
    pub fn heal(&mut self, name: &str) -> Option<Fault> {
        let place = self.list.iter().position(|fault| *fault.name == *name)?;
        Some(self.list.remove(place))
    }

    /// Takes a fault away whose time is over.
    pub fn next_over(&mut self, now: Instant) -> Option<Fault> {
        let place = self.list.iter().position(|fault| fault.until.is_some_and(|until| until <= now))?;
        Some(self.list.remove(place))
    }

    /// Tells whether a fault of new connections, but that of the name `but`, meets one of the addresses of `is_own` at a listener.
    pub fn meets(
        &self,
        point: Point,
        listener: SocketAddr,
        is_own: impl Fn(IpAddr) -> bool,
        but: &str,
    ) -> bool {
        let others = self.list.iter().filter(|fault| fault.row.point == point && *fault.name != *but);
        others.map(Fault::target).any(|target| {
            target.listener.is_none_or(|other| other == listener) && target.address.is_none_or(&is_own)
        })
    }

    /// When a fault begins or ends next.
    pub fn wake_at(&self) -> Option<Instant> {
        self.list
            .iter()
            .filter_map(|fault| if fault.has_begun { fault.until } else { Some(fault.from) })
            .min()
    }

    /// A fault whose time has come, once.
    pub fn next_begun(&mut self, now: Instant) -> Option<&Fault> {
        let fault = self.list.iter_mut().find(|fault| !fault.has_begun && fault.from <= now)?;
        fault.has_begun = true;
        Some(fault)
    }

    /// Counts an act of a fault that touches no subject.
    pub fn acted(&mut self, name: &str) {
        if let Some(fault) = self.list.iter_mut().find(|fault| *fault.name == *name) {
            fault.hits += 1;
            let row = fault.row;
            self.count(row);
        }
    }

    /// The first fault of a kind that is meant that acts at a point on a subject, once.
    pub fn at(
        &mut self,
        now: Instant,
        point: Point,
        subject: &Subject<'_>,
        is_meant: impl Fn(&Kind) -> bool,
    ) -> Option<Hit> {
        let touches = |fault: &mut Fault| {
            fault.row.point == point && is_meant(&fault.kind) && fault.is_on(now) && fault.touches(subject)
        };
        let place = self.list.iter_mut().position(touches)?;
        let fault = &self.list[place];
        let hit = fault.hit();
        let row = fault.row;
        self.count(row);
        Some(hit)
    }

    /// The faults of sessions that touch a session from now on, and have not before.
    pub fn join(&mut self, now: Instant, session: SessionId, subject: &Subject<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut rows = Vec::new();
        for fault in
            self.list.iter_mut().filter(|fault| fault.row.point == Point::Session && fault.is_on(now))
        {
            if fault.joined.contains_key(&session) || !fault.target.has(subject) || fault.left == Some(0) {
                continue;
            }
            let joins = fault.touches(subject);
            fault.joined.insert(session, joins);
            if joins {
                hits.push(fault.hit());
                rows.push(fault.row);
            }
        }
        rows.into_iter().for_each(|row| self.count(row));
        hits
    }

    /// Notes that a fault that acts once at a time has an effect on a session that its end takes back.
    pub fn keep(&mut self, name: &str, session: SessionId) {
        if let Some(fault) = self.list.iter_mut().find(|fault| *fault.name == *name) {
            fault.joined.insert(session, true);
        }
    }

    /// The kinds of the faults that a session has joined.
    pub fn of(&self, session: SessionId) -> impl Iterator<Item = Kind> {
        let joined = move |fault: &&Fault| fault.has_joined(session);
        self.list.iter().filter(joined).map(|fault| fault.kind)
    }

    /// A session is gone.
    pub fn forget(&mut self, session: SessionId) {
        for fault in &mut self.list {
            fault.joined.remove(&session);
        }
    }

    fn count(&mut self, row: &Row) {
        let place = TABLE.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default();
        if self.fired.len() <= place {
            self.fired.resize(TABLE.len(), 0);
        }
        self.fired[place] += 1;
    }
}
