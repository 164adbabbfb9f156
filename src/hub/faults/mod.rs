//! Faults as sessions meet them. Nothing here is asked while no fault is set.
//!
//! A fault that acts once at a time is asked for at its point with [`Hub::fault_at`]. A fault of sessions is met by a session
//! once, after each of its steps ([`Hub::meet_faults`]), and lasts for it until the fault ends.

mod answers;
mod delivery;
pub(super) mod late;
mod sessions;
pub(super) mod state;

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Instant;

use crate::clock::Now;
use crate::desk::Status;
use crate::fault::{Fault, Faults, Hit, Kind, Point, Spec, Step, Subject, TooManyFaults};
use crate::hub::action::{Note, NoteKind};
use crate::hub::faults::late::{Due, Out};
use crate::hub::session::{self, Session, Sessions};
use crate::hub::stanzas::finesse_user::Availability;
use crate::hub::state::Hub;
use crate::id::SessionId;
use crate::xmpp::stream::State;

impl Hub {
    /// The faults that are set.
    pub fn faults(&self) -> &Faults {
        &self.faults.set
    }

    /// Sets a fault, in the place of one of that name. Returns whether the name is new.
    ///
    /// # Errors
    ///
    /// There are as many faults as there can be.
    pub fn set_fault(&mut self, now: Now, name: &str, spec: Spec) -> Result<bool, TooManyFaults> {
        let kind = spec.row.name;
        let old = self.faults.set.set(now.monotonic, name, spec)?;
        let is_new = old.is_none();
        if let Some(old) = old {
            self.end_fault(now, old);
        }
        self.note_fault(name, NoteKind::FaultSet { kind });
        self.record_fault(now, name, "set", kind);
        self.begin_faults(now);
        Ok(is_new)
    }

    /// Takes a fault away. Returns whether there was one of that name.
    pub fn heal_fault(&mut self, now: Now, name: &str) -> bool {
        let fault = self.faults.set.heal(name);
        let was_set = fault.is_some();
        if let Some(fault) = fault {
            self.end_fault(now, fault);
        }
        was_set
    }

    /// Takes all faults away.
    pub fn heal_all_faults(&mut self, now: Now) {
        while !self.faults.set.is_empty()
            && let Some(name) = self.faults.set.list().first().map(|fault| fault.name.clone())
        {
            self.heal_fault(now, &name);
        }
    }

    /// When [`Hub::tick`] has something to do for faults.
    pub(super) fn faults_wake_at(&self) -> Option<Instant> {
        if self.faults.set.is_empty() {
            return None;
        }
        [self.faults.set.wake_at(), self.faults.late.first()].into_iter().flatten().min()
    }

    /// Lets faults begin and end, and sends what they have kept back for long enough.
    pub(super) fn tick_faults(&mut self, now: Now) {
        while let Some(fault) = self.faults.set.next_over(now.monotonic) {
            self.end_fault(now, fault);
        }
        self.begin_faults(now);
        while let Some((id, due)) = self.faults.late.next_due(now.monotonic) {
            self.do_late(now, id, due);
        }
    }

    fn begin_faults(&mut self, now: Now) {
        while let Some((name, kind, point)) = self.next_begun(now) {
            match (point, kind) {
                (Point::Session, _) => {
                    for id in self.sessions.ids() {
                        self.meet_faults(now, id);
                    }
                }
                (_, Kind::Outage { status, finesse }) => {
                    self.faults.set.acted(&name);
                    let Availability { status: old, finesse: shown } = self.availability();
                    self.faults.before_outage.get_or_insert((old, shown));
                    self.set_availability(now, outage(status, finesse));
                }
                _ => {}
            }
        }
    }

    fn next_begun(&mut self, now: Now) -> Option<(Box<str>, Kind, Point)> {
        let fault = self.faults.set.next_begun(now.monotonic)?;
        Some((fault.name.clone(), fault.kind, fault.row.point))
    }

    /// A fault that is not set any more ends, and with it all that it did.
    fn end_fault(&mut self, now: Now, fault: Fault) {
        self.note_fault(&fault.name, NoteKind::FaultEnded { hits: fault.hits });
        self.record_fault(now, &fault.name, "ended", fault.row.name);
        while let Some((id, due)) = self.faults.late.next_of(&fault.name) {
            self.do_late(now, id, due);
        }
        match fault.kind {
            Kind::Outage { status, finesse } => self.end_outage(now, outage(status, finesse)),
            Kind::FinesseHidden => {
                for id in fault.sessions() {
                    if self.sessions.get(id).is_some_and(Session::is_available) {
                        self.show_finesse(now, id);
                    }
                }
            }
            Kind::Stall { keep } => {
                for id in fault.sessions() {
                    self.end_stall(now, id, keep);
                }
            }
            Kind::Slow(_) | Kind::Slice(_) | Kind::IdleCut(_) => {
                self.end_paces(now, &fault.sessions().collect())
            }
            _ => {}
        }
    }

    /// The service goes back to the state of another outage, or to that before the first. A state that was set by hand meanwhile, or
    /// by the end of maintenance mode, stays.
    fn end_outage(&mut self, now: Now, ended: Availability) {
        let begun = self.faults.set.list().iter().filter(|fault| fault.from <= now.monotonic);
        let others: Vec<Availability> = begun
            .filter_map(|fault| match fault.kind {
                Kind::Outage { status, finesse } => Some(outage(status, finesse)),
                _ => None,
            })
            .collect();
        let shown = self.availability();
        if shown != ended && !others.contains(&shown) {
            if others.is_empty() {
                self.faults.before_outage = None;
            }
            return;
        }
        let next = match others.last().copied() {
            Some(other) => Some(other),
            None => {
                let before = self.faults.before_outage.take();
                before.map(|(status, finesse)| Availability { status, finesse })
            }
        };
        if let Some(next) = next {
            self.set_availability(now, next);
        }
    }

    fn do_late(&mut self, now: Now, id: SessionId, due: Due) {
        match due {
            Due::Send(Out::Element(element)) => self.push(now, id, element),
            Due::Send(Out::Entry(entry)) => self.push_event(now, id, entry),
            Due::Wake => self.wake(id),
            Due::LookIfIdle => self.cut_if_idle(now, id),
        }
    }

    /// Asks whether a fault acts on a session now, of the kinds that are meant.
    pub(super) fn fault_at(
        &mut self,
        now: Now,
        id: SessionId,
        point: Point,
        is_meant: impl Fn(&Kind) -> bool,
    ) -> Option<Hit> {
        self.fault_with(now, id, point, Subject::default(), is_meant)
    }

    /// Asks as [`Hub::fault_at`] does, with something more about the session.
    pub(super) fn fault_with(
        &mut self,
        now: Now,
        id: SessionId,
        point: Point,
        more: Subject<'_>,
        is_meant: impl Fn(&Kind) -> bool,
    ) -> Option<Hit> {
        if self.faults.set.is_empty() || self.is_tap(id) {
            return None;
        }
        let own = subject(&self.sessions, self.desk.directory(), id)?;
        let (user, team) = (more.user.or(own.user), more.team.or(own.team));
        let subject = Subject { user, team, node: more.node, ..own };
        let hit = self.faults.set.at(now.monotonic, point, &subject, is_meant)?;
        self.note_hit(id, &hit);
        self.record_hit(now, id, &hit.name, more.node);
        Some(hit)
    }

    /// Asks whether a fault acts on a request over HTTP, or on a new connection. `name`: the user that the request names,
    /// whose password is not looked at yet.
    pub fn fault_of_request(
        &mut self,
        now: Now,
        point: Point,
        name: &str,
        subject: Subject<'_>,
    ) -> Option<Hit> {
        if self.faults.set.is_empty() {
            return None;
        }
        let path = subject.path;
        let directory = self.desk.directory();
        let user = directory.find_login(name, self.names.domain.name()).map(|user| directory.get(user));
        let (user, team) = (user.map(|user| &*user.id), user.and_then(|user| user.team.as_deref()));
        let subject = Subject { user, team, ..subject };
        let hit = self.faults.set.at(now.monotonic, point, &subject, |_| true)?;
        let user = user.map(str::to_owned);
        if hit.hits == 1 {
            self.note_fault(&hit.name, NoteKind::FaultActs { name: hit.name.to_string() });
        }
        self.record_hit_of_request(now, &hit.name, user.as_deref(), path);
        Some(hit)
    }

    /// Says in the log that a fault has acted for the first time.
    fn note_hit(&mut self, id: SessionId, hit: &Hit) {
        if hit.hits == 1 {
            self.note(id, NoteKind::FaultActs { name: hit.name.to_string() });
        }
    }

    fn note_fault(&mut self, name: &str, what: NoteKind) {
        let peer = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        self.report.note(Note { who: format!("fault {name}"), peer, user: None, what });
    }

    /// Whether a session only looks on, for the people who set faults.
    fn is_tap(&self, id: SessionId) -> bool {
        self.taps.iter().any(|tap| tap.id == id)
    }

    /// Keeps something back. If there is no room for that it goes at once.
    pub(super) fn send_late(
        &mut self,
        now: Now,
        id: SessionId,
        hit: &Hit,
        delay: std::time::Duration,
        out: Out,
    ) {
        if let Some(due) = self.keep_late(now.monotonic + delay, id, hit, out, false) {
            self.do_late(now, id, due);
        }
    }

    /// Keeps something back. Returns it if there is no room: most of the memory of queues is for those whom no fault touches.
    fn keep_late(
        &mut self,
        due: Instant,
        id: SessionId,
        hit: &Hit,
        out: Out,
        waits_for_next: bool,
    ) -> Option<Due> {
        let out = Due::Send(out);
        if self.queue_memory.bytes() > self.limits.queues / 4 {
            return Some(out);
        }
        self.faults.late.keep(due, id, &Rc::from(&*hit.name), out, waits_for_next)
    }
}

fn outage(status: &str, finesse: bool) -> Availability {
    let status = Status::ALL.into_iter().find(|known| known.name() == status).unwrap_or_default();
    Availability { status, finesse }
}

/// A session as faults see it.
pub(super) fn subject<'s>(
    sessions: &'s Sessions,
    users: &'s crate::desk::Directory,
    id: SessionId,
) -> Option<Subject<'s>> {
    let session = sessions.get(id)?;
    let user = session.user.map(|user| users.get(user));
    Some(Subject {
        user: user.map(|user| &*user.id),
        team: user.and_then(|user| user.team.as_deref()),
        session: Some(id),
        address: Some(session.peer.address.ip()),
        transport: Some(session.peer.transport),
        step: Some(step(session)),
        ..Subject::default()
    })
}

/// How far a session is. A stream of events is there from its start.
fn step(session: &Session) -> Step {
    let session::Kind::Xmpp(xmpp) = &session.kind else { return Step::Presence };
    match xmpp.stream.state() {
        _ if xmpp.is_available() => Step::Presence,
        _ if xmpp.address.is_some() => Step::Bind,
        _ if xmpp.stream.is_logged_in() => Step::Login,
        State::Connected => Step::Connect,
        _ => Step::Open,
    }
}
