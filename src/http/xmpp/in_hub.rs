//! The sessions of the program, which the hub owns.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::Waker;

use crate::config::limits::Limits;
use crate::event_loop::driver::Driver;
use crate::event_loop::rounds::Rounds;
use crate::event_loop::writers::{Dropping, Writer};
use crate::http::xmpp::sessions::Sessions;
use crate::hub::{Peer, XmppOut};
use crate::id::{SessionId, UserId};
use crate::net::buffers::Scratch;
use crate::xmpp::splitter::Piece;
use crate::xmpp::stream::StreamError;

const BINARY: StreamError =
    StreamError { condition: "bad-format", text: "A message is text, not binary.", code: 1003 };

impl Sessions for Driver {
    fn connect(self: &Rc<Self>, origin: Peer) -> SessionId {
        self.with_hub(|hub, now| hub.connect(now, origin))
    }

    fn receive(self: &Rc<Self>, id: SessionId, text: &str) -> Option<UserId> {
        self.with_hub(|hub, now| {
            hub.frame(now, id, text);
            hub.user_of(id)
        })
    }

    fn binary(self: &Rc<Self>, id: SessionId, _: &[u8], _: &mut Vec<u8>) {
        self.fail(id, BINARY);
    }

    fn piece(self: &Rc<Self>, id: SessionId, piece: Piece<'_>) {
        self.with_hub(|hub, now| match piece {
            Piece::Header(text) => hub.header(now, id, text),
            Piece::Stanza(text) => hub.frame(now, id, text),
            Piece::Space => hub.alive(now, id),
            Piece::End => hub.end_tag(now, id),
        });
    }

    fn user(self: &Rc<Self>, id: SessionId) -> Option<UserId> {
        self.with_hub(|hub, _| hub.user_of(id))
    }

    fn start_tls(self: &Rc<Self>, id: SessionId, is_alone: bool) -> bool {
        self.with_hub(|hub, now| hub.start_tls(now, id, is_alone))
    }

    fn secured(self: &Rc<Self>, id: SessionId) {
        self.with_hub(|hub, _| hub.secured(id));
    }

    fn control(self: &Rc<Self>, id: SessionId) {
        self.with_hub(|hub, now| hub.control(now, id));
    }

    fn heard(self: &Rc<Self>, id: SessionId) {
        self.with_hub(|hub, now| hub.alive(now, id));
    }

    fn is_reading(self: &Rc<Self>, id: SessionId) -> bool {
        self.with_hub(|hub, _| hub.is_reading(id))
    }

    fn drain(self: &Rc<Self>, id: SessionId, budget: usize, sink: impl FnMut(XmppOut<'_>)) -> bool {
        self.with_hub(|hub, now| hub.drain(now, id, budget, sink))
    }

    fn full(self: &Rc<Self>, id: SessionId) {
        self.with_hub(|hub, now| hub.full(now, id));
    }

    fn fail(self: &Rc<Self>, id: SessionId, error: StreamError) {
        self.with_hub(|hub, now| hub.fail(now, id, error));
    }

    fn closed(self: &Rc<Self>, id: SessionId, how: &str) {
        self.with_hub(|hub, now| hub.closed(now, id, how));
    }

    fn attach(&self, id: SessionId, writer: Rc<RefCell<dyn Writer>>) {
        self.writers.borrow_mut().attach(id, writer);
    }

    fn sleep(&self, id: SessionId, waker: &Waker) -> Option<Dropping> {
        Driver::sleep(self, id, waker)
    }

    fn forget(&self, id: SessionId) {
        Driver::forget(self, id);
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        Driver::spawn(self, task);
    }

    fn spawn_arrival(self: &Rc<Self>, peer: IpAddr, task: impl Future<Output = ()> + 'static) {
        Driver::spawn_arrival(self, peer, task);
    }

    fn rounds(&self) -> &RefCell<Rounds<UserId>> {
        &self.rounds
    }

    fn scratch(&self) -> &RefCell<Scratch> {
        &self.scratch
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}
