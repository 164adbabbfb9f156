//! What the record is told: by sessions, logins, the contact centre, faults, and requests over HTTP. Nothing here is done while nothing
//! is recorded.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use crate::clock::{Now, Seconds};
use crate::desk::{self, nodes};
use crate::fault::Point;
use crate::hub::action::Action;
use crate::hub::event_stream::StreamRequest;
use crate::hub::frame_tap::TapRefused;
use crate::hub::session::{Kind as SessionKind, Session};
use crate::hub::session_address::Address;
use crate::hub::state::Hub;
use crate::hub::tap::{Direction, Sees};
use crate::id::{SessionId, UserId};
use crate::pubsub::{Item, NodeId};
use crate::record::{Ending, Entry, Key, Kind, Query, Record, Text, TooManyWaits, Wait};
use crate::xmpp::sasl::Attempt;

/// How many entries are looked through for the fault that has touched an event.
const LOOKED_BACK: usize = 1000;

/// A request over HTTP, as the record may have it: without secrets.
#[derive(Clone, Copy, Debug)]
pub struct RecordedRequest<'a> {
    pub method: &'a str,
    /// With its query.
    pub path: &'a str,
    /// The user whom the request names.
    pub user: &'a str,
    pub request_id: &'a str,
    pub peer: SocketAddr,
    pub body: &'a str,
    /// The length of the body in bytes, also if it is left out.
    pub size: usize,
}

/// The response to a request.
#[derive(Clone, Copy, Debug)]
pub struct RecordedResponse<'a> {
    /// The number of the request.
    pub of: u64,
    pub status: u16,
    pub body: &'a str,
    /// The length of the body in bytes, also if it is left out.
    pub size: usize,
    /// The name of the fault that has touched it.
    pub fault: Option<&'a str>,
}

impl Hub {
    /// The record.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Forgets all that is recorded. Who waits for entries is answered.
    pub fn clear_record(&mut self) {
        self.record.clear();
        self.wake_waits();
    }

    /// Begins to wait for entries. Returns the number of the wait.
    ///
    /// # Errors
    ///
    /// As many requests wait as can wait at a time.
    pub fn begin_wait(&mut self, query: Query) -> Result<u64, TooManyWaits> {
        self.record.begin_wait(query)
    }

    /// Forgets a wait, and returns what has come of it.
    pub fn end_wait(&mut self, number: u64) -> Option<Wait> {
        self.record.end_wait(number)
    }

    /// Nobody waits any more.
    pub(super) fn end_waits(&mut self, why: Ending) {
        self.record.end_waits(why);
        self.wake_waits();
    }

    fn wake_waits(&mut self) {
        if self.record.takes_wait_over() {
            self.report.act(Action::WaitOver);
        }
    }

    /// Changes an entry.
    fn change_entry(&mut self, number: u64, change: impl FnOnce(&mut Entry)) {
        self.record.change(number, change);
        self.wake_waits();
    }

    /// Opens a stream of what is recorded: first the entries behind the number that the query names, as far as they are kept, then
    /// all that come.
    ///
    /// # Errors
    ///
    /// Says why there is no such stream.
    pub fn follow_record(
        &mut self,
        now: Now,
        request: StreamRequest,
        query: Query,
    ) -> Result<SessionId, TapRefused> {
        let filter = query.filter.clone();
        let id = self.open_look(now, request, Sees::Record(Box::new(query.filter)))?;
        let Some(after) = query.after else { return Ok(id) };
        let (mut room, mut owed) = (self.longest(), Vec::new());
        // The newest are sent: as many as half of a queue takes, and the other half is for what comes meanwhile.
        let mut wanted = self.record.behind(after).rev().filter(|entry| filter.has(entry)).peekable();
        while let Some(entry) = wanted.peek() {
            let event = self.entry_event(entry);
            if event.len() > room || owed.len() == self.limits.queue_frames / 2 {
                break;
            }
            room -= event.len();
            owed.push(event);
            wanted.next();
        }
        let left_out = wanted.count() as u64 + self.record.lost(after);
        self.leave_out(id, left_out);
        for event in owed.into_iter().rev() {
            let event = event.counted(&self.queue_memory, None);
            self.send_to_tap(now, id, &event);
        }
        Ok(id)
    }

    /// Puts an entry into the record, and shows it to those who follow it. Returns its number.
    pub(super) fn keep(&mut self, now: Now, entry: Entry) -> u64 {
        let number = self.record.add(entry);
        self.wake_waits();
        self.scenario_sees_entry(now, number);
        self.show_entry(now, number);
        number
    }

    fn entry(&self, now: Now, kind: Kind, user: Option<UserId>) -> Entry {
        let user = user.filter(|user| self.users().has(*user)).map(|user| &*self.users().get(user).id);
        Entry::new(now.wall, kind).with_some(Key::User, user)
    }

    fn entry_of_session(&self, now: Now, kind: Kind, id: SessionId) -> Entry {
        let user = self.sessions.get(id).and_then(|session| session.user);
        Entry { session: Some(id), ..self.entry(now, kind, user) }
    }

    /// A frame of a session came or went.
    pub(super) fn record_frame(
        &mut self,
        now: Now,
        id: SessionId,
        direction: Direction,
        text: Text,
        size: usize,
    ) {
        if !self.record.is_on() {
            return;
        }
        let kind = match direction {
            Direction::In => Kind::FrameIn,
            Direction::Out => Kind::FrameOut,
        };
        let fault = self.fault_of_frame(id, &text);
        let entry = self.entry_of_session(now, kind, id).with_some(Key::Fault, fault.as_deref());
        self.keep(now, Entry { text, size, ..entry });
    }

    /// The name of the fault that a session meets for as long as it lasts.
    pub(super) fn lasting_fault(&self, id: SessionId) -> Option<&str> {
        let mut all = self.faults.set.list().iter();
        all.find(|fault| fault.row.point == Point::Session && fault.has_joined(id)).map(|fault| &*fault.name)
    }

    /// The fault that has touched a frame: the event of an item, or a session for as long as it lasts.
    fn fault_of_frame(&self, id: SessionId, text: &Text) -> Option<Box<str>> {
        if self.faults.set.is_empty() {
            return None;
        }
        let lasting = self.lasting_fault(id).map(Box::from);
        let Some((node, item)) = text.item() else { return lasting };
        let mut last = self.record.entries().rev().take(LOOKED_BACK);
        let hit = last.find(|entry| {
            // First what costs nothing: this is asked for each event of each session.
            entry.kind == Kind::Fault
                && entry.session == Some(id)
                && entry.get(Key::Node) == Some(&**node)
                && entry.get(Key::Item) == Some(&*item.id)
        });
        let hit = hit.and_then(|hit| hit.get(Key::Fault)).map(Box::from);
        hit.or(lasting)
    }

    /// A request over HTTP came. Returns its number.
    pub fn record_request(&mut self, now: Now, request: &RecordedRequest<'_>) -> u64 {
        if !self.record.is_on() {
            return 0;
        }
        let RecordedRequest { method, path, user, request_id, peer, body, size } = *request;
        let entry = Entry::new(now.wall, Kind::Request)
            .with(Key::User, user)
            .with(Key::Method, method)
            .with(Key::Path, path)
            .with(Key::RequestId, request_id)
            .with(Key::Peer, &peer.to_string())
            .with_text(body);
        self.keep(now, Entry { size, ..entry })
    }

    /// The response to a request went. It says again what the request said, so that it is found in the same way.
    pub fn record_response(&mut self, now: Now, response: &RecordedResponse<'_>) {
        if !self.record.is_on() {
            return;
        }
        let RecordedResponse { of, status, body, size, fault } = *response;
        let mut entry = Entry::new(now.wall, Kind::Response).with_text(body);
        if let Some(request) = self.record.get(of) {
            for key in [Key::User, Key::Method, Key::Path, Key::RequestId] {
                entry = entry.with_some(key, request.get(key));
            }
        }
        let entry = Entry { of, status: Some(status), size, ..entry.with_some(Key::Fault, fault) };
        if let Some(fault) = fault {
            self.change_entry(of, |request| request.set(Key::Fault, fault));
        }
        self.keep(now, entry);
    }

    /// An item was published.
    pub(super) fn record_event(
        &mut self,
        now: Now,
        node: NodeId,
        item: &std::rc::Rc<Item>,
        by: Option<UserId>,
    ) {
        if !self.record.is_on() {
            return;
        }
        let payload = item.payload.text();
        let entry = self
            .entry(now, Kind::Event, by)
            .with(Key::What, "published")
            .with(Key::RequestId, &request_id(payload));
        let text = Text::Item { node: self.pubsub.name(node), item: item.clone() };
        self.keep(now, Entry { size: payload.len(), text, ..entry });
    }

    /// Something else happened to a node: `what` is retracted, deleted or unsubscribed.
    pub(super) fn record_other_event(&mut self, now: Now, node: NodeId, what: &str, text: &str) {
        if !self.record.is_on() {
            return;
        }
        let node = self.pubsub.name(node);
        let entry = self.entry(now, Kind::Event, None).with(Key::What, what).with(Key::Node, &node);
        self.keep(now, entry.with_text(text));
    }

    /// The contact centre tells something of a node: a state may be another one.
    pub(super) fn record_state(&mut self, now: Now, event: &desk::Event) {
        if !self.record.is_on() {
            return;
        }
        let (user, state) = if event.node == nodes::SYSTEM_INFO {
            (None, self.desk.status().name())
        } else {
            let Some(user) = nodes::user_of(&event.node).and_then(|id| self.users().find(id)) else { return };
            (Some(user), self.desk.state_of(user))
        };
        if self.record.takes_state(user, state) {
            let id = request_id(&event.payload);
            let entry = self.entry(now, Kind::State, user).with(Key::What, state).with(Key::RequestId, &id);
            self.keep(now, entry);
        }
    }

    /// A session was opened.
    pub(super) fn record_opening(&mut self, now: Now, id: SessionId) {
        if !self.record.is_on() {
            return;
        }
        let entry = self.entry_of_session(now, Kind::Session, id).with(Key::What, "opened");
        self.keep_with_peer(now, id, entry);
    }

    fn keep_with_peer(&mut self, now: Now, id: SessionId, entry: Entry) {
        let Some(session) = self.sessions.get(id) else { return };
        let entry = with_peer(entry, session);
        self.keep(now, entry);
    }

    /// Something happened to a session: `what` is bound, waits or resumed.
    pub(super) fn record_session(&mut self, now: Now, id: SessionId, what: &str) {
        if !self.record.is_on() {
            return;
        }
        let entry = self.entry_of_session(now, Kind::Session, id).with(Key::What, what);
        self.keep_with_peer(now, id, entry);
    }

    /// A session is gone.
    pub(super) fn record_end(
        &mut self,
        now: Now,
        id: SessionId,
        session: &Session,
        reason: &str,
        (after, lost): (Duration, usize),
    ) {
        if !self.record.is_on() || is_onlooker(session) {
            return;
        }
        self.record.end_login(id);
        let entry = Entry { session: Some(id), ..self.entry(now, Kind::Session, session.user) };
        let entry = with_peer(entry.with(Key::What, "ended"), session)
            .with(Key::Reason, reason)
            .with(Key::Seconds, &format!("{:.1}", Seconds(after)))
            .with(Key::Lost, &lost.to_string());
        self.keep(now, entry);
    }

    /// A client tries to log in.
    pub(super) fn begin_recorded_login(&mut self, id: SessionId, element: roxmltree::Node<'_, '_>) {
        if self.record.is_on()
            && let Some(attempt) = Attempt::of(element)
        {
            self.record.begin_login(id, attempt);
        }
    }

    /// A login was accepted, or refused with this condition.
    pub(super) fn record_login(&mut self, now: Now, id: SessionId, result: &str) {
        if !self.record.is_on() {
            return;
        }
        let Attempt { mechanism, names } = self.record.end_login(id);
        let (authzid, authcid) = names.map(|names| (names.authzid, names.authcid)).unzip();
        let mut entry = self.entry_of_session(now, Kind::Login, id);
        if entry.get(Key::User).is_none()
            && let Some(name) = &authcid
        {
            entry = entry.with(Key::User, &self.known_as(name));
        }
        let entry = entry
            .with(Key::What, result)
            .with_some(Key::Mechanism, mechanism)
            .with_some(Key::Authzid, authzid.as_deref())
            .with_some(Key::Authcid, authcid.as_deref());
        self.keep_with_peer(now, id, entry);
    }

    /// The id of the user who goes by a name, or the name if there is none.
    pub fn known_as(&self, name: &str) -> String {
        let known = self.users().find_login(name, self.names.domain.name());
        known.map_or_else(|| name.to_owned(), |user| self.user_name(user))
    }

    /// A fault was set, or has ended.
    pub(super) fn record_fault(&mut self, now: Now, name: &str, what: &str, kind: &str) {
        if !self.record.is_on() {
            return;
        }
        let entry = Entry::new(now.wall, Kind::Fault).with(Key::Fault, name).with(Key::What, what);
        self.keep(now, entry.with_text(kind));
    }

    /// A fault acts on a session. What has just come from there names it, too, and the event of an item that it touches.
    pub(super) fn tell_hit(
        &mut self,
        now: Now,
        id: SessionId,
        name: &str,
        node: Option<&str>,
        item: Option<&str>,
    ) {
        self.tap_hit(now, id, name, item);
        if !self.record.is_on() {
            return;
        }
        let entry = self.entry_of_session(now, Kind::Fault, id).with(Key::Fault, name);
        let entry = entry.with(Key::What, "acts").with_some(Key::Node, node).with_some(Key::Item, item);
        let last = self.record.entries().next_back();
        let touched = last.filter(|last| last.kind == Kind::FrameIn && last.session == Some(id));
        let of = touched.map_or(0, |touched| touched.seq);
        self.change_entry(of, |touched| touched.set(Key::Fault, name));
        self.keep(now, Entry { of, ..entry });
    }

    /// A fault acts on a request, or on a new connection.
    pub(super) fn record_hit_of_request(
        &mut self,
        now: Now,
        name: &str,
        user: Option<&str>,
        path: Option<&str>,
    ) {
        if !self.record.is_on() {
            return;
        }
        let entry = Entry::new(now.wall, Kind::Fault)
            .with(Key::Fault, name)
            .with(Key::What, "acts")
            .with_some(Key::User, user)
            .with_some(Key::Path, path);
        self.keep(now, entry);
    }
}

/// Whether a session only looks on.
pub(super) fn is_onlooker(session: &Session) -> bool {
    matches!(&session.kind, SessionKind::Events(events) if events.looks_on)
}

fn with_peer(entry: Entry, session: &Session) -> Entry {
    entry
        .with(Key::Transport, session.peer.transport.name())
        .with(Key::Peer, &session.peer.address.to_string())
        .with_some(Key::Jid, session.address().map(Address::jid).as_deref())
}

/// The `requestId` of an `<Update>`, empty if there is none.
fn request_id(payload: &str) -> Cow<'_, str> {
    let Some((_, rest)) = payload.rsplit_once("<requestId>") else { return "".into() };
    let id = rest.split('<').next().unwrap_or_default();
    if !id.contains('&') {
        return id.into();
    }
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    plain.iter().fold(id.to_owned(), |id, (escaped, plain)| id.replace(escaped, plain)).into()
}
