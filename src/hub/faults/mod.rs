//! Faults as sessions meet them. Nothing here is asked while no fault is set.
//!
//! A fault that acts once at a time is asked for at its point with [`Hub::fault_at`]. A fault of sessions is met by a session
//! once, after each of its steps ([`Hub::meet_faults`]), and lasts for it until the fault ends.

mod answers;
mod delivery;
pub(super) mod file;
pub(super) mod late;
mod outages;
mod sessions;
mod sides;
pub(super) mod state;

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Instant;

use crate::clock::Now;
use crate::fault::{Fault, Faults, Hit, Kind, NotSet, Point, Spec, Step, Subject};
use crate::hub::action::{Action, Note, NoteKind};
use crate::hub::faults::late::{Due, Order, Out};
use crate::hub::faults::outages::availability;
use crate::hub::session::{self, Session, Sessions};
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
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
    /// Returns why it is not set.
    pub fn set_fault(&mut self, now: Now, name: &str, spec: Spec) -> Result<bool, NotSet> {
        if self.closing {
            return Err(NotSet::GoingDown);
        }
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
                (_, Kind::SecondaryNode(_)) => {
                    self.faults.set.acted(&name);
                    self.mind_secondary_node(now);
                }
                (_, Kind::Outage { status, finesse }) => {
                    self.faults.set.acted(&name);
                    self.begin_outage(now, &name, availability(status, finesse));
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
        self.report.act(Action::WaitOver);
        while let Some((id, due)) = self.faults.late.next_of(&fault.name) {
            // Healing ends no connection, and signs nobody out.
            if !matches!(due, Due::LetGo(_) | Due::SignOut(_)) {
                self.do_late(now, id, due);
            }
        }
        match fault.kind {
            Kind::Outage { .. } => self.end_outage(now, &fault.name),
            Kind::SecondaryNode(_) => self.mind_secondary_node(now),
            Kind::Maintenance(_) => self.end_notices(now, &fault),
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

    fn do_late(&mut self, now: Now, id: SessionId, due: Due) {
        match due {
            Due::Send(Out::Element(element)) => self.push(now, id, element),
            Due::Send(Out::Entry(entry)) => self.push_event(now, id, entry),
            Due::Wake => self.wake(id),
            Due::LookIfIdle => self.cut_if_idle(now, id),
            Due::LetGo(fault) => self.let_session_go(now, id, &fault),
            Due::SignOut(user) => self.sign_out(now, user),
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
        self.fault_with(now, id, point, Subject::default(), None, is_meant)
    }

    /// Asks as [`Hub::fault_at`] does, with something more about the session, and the item whose event is delivered.
    pub(super) fn fault_with(
        &mut self,
        now: Now,
        id: SessionId,
        point: Point,
        more: Subject<'_>,
        item: Option<&str>,
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
        self.tell_hit(now, id, &hit.name, more.node, item);
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

    /// Asks whether a fault acts on a request of a user.
    pub fn fault_of_user(&mut self, now: Now, point: Point, user: UserId) -> Option<Hit> {
        if self.faults.set.is_empty() {
            return None;
        }
        let name = self.user_name(user);
        self.fault_of_request(now, point, &name, Subject::default())
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
        order: Order,
    ) {
        if let Some(due) = self.keep_late(now.monotonic + delay, id, &Rc::from(&*hit.name), out, order) {
            self.do_late(now, id, due);
        }
    }

    /// Keeps something back. Returns it if there is no room: most of the memory of queues is for those whom no fault touches.
    fn keep_late(
        &mut self,
        due: Instant,
        id: SessionId,
        fault: &Rc<str>,
        out: Out,
        order: Order,
    ) -> Option<Due> {
        let out = Due::Send(out);
        if self.queue_memory.bytes() > self.limits.queues / 4 {
            return Some(out);
        }
        self.faults.late.keep(due, id, fault, out, order)
    }
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
