//! HTTP connections between two requests. Each of them is a socket and next to nothing else, and gives way to a new client when
//! there is no room for one: the one that is idle longest first.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::client_address;
use crate::net::connection::Connection;

/// The most connections that are looked at for one that really is idle: the request of another may have come in already.
const TRIES: usize = 8;

/// The place of a connection that is idle.
#[derive(Default)]
struct Place {
    /// `None`: it had to give way.
    io: RefCell<Option<Box<Connection>>>,
    waker: RefCell<Option<Waker>>,
}

/// All connections that are idle.
#[derive(Default)]
pub struct Idle {
    /// In the order in which they became idle.
    places: BTreeMap<u64, (IpAddr, Rc<Place>)>,
    /// The places by address.
    by_address: BTreeSet<(IpAddr, u64)>,
    next: u64,
    gave_way: u64,
}

impl Idle {
    /// How many connections are idle, of one address or of all.
    pub fn count(&self, address: Option<IpAddr>) -> usize {
        match address {
            None => self.places.len(),
            Some(address) => self.of(client_address::key(address)).count(),
        }
    }

    /// How many had to give way until now.
    pub fn gave_way(&self) -> u64 {
        self.gave_way
    }

    fn of(&self, key: IpAddr) -> impl Iterator<Item = u64> + '_ {
        self.by_address.range((key, 0)..=(key, u64::MAX)).map(|(_, number)| *number)
    }

    fn remove(&mut self, number: u64) -> Option<Rc<Place>> {
        let (key, place) = self.places.remove(&number)?;
        self.by_address.remove(&(key, number));
        Some(place)
    }

    /// Closes the one that is idle longest, of one address or of all. Returns false if there is none.
    pub fn close_longest(&mut self, address: Option<IpAddr>) -> bool {
        let candidates: Vec<u64> = match address {
            None => self.places.keys().copied().take(TRIES).collect(),
            Some(address) => self.of(client_address::key(address)).take(TRIES).collect(),
        };
        let silent = |number: &u64| {
            self.places
                .get(number)
                .is_some_and(|(_, place)| place.io.borrow().as_ref().is_some_and(|io| io.is_silent()))
        };
        let Some(place) = candidates.into_iter().find(silent).and_then(|number| self.remove(number)) else {
            return false;
        };
        if let Some(mut io) = place.io.take() {
            log::debug!("{} http: closed: it was idle, and its place was needed", io.peer);
            io.end_writing(&mut Context::from_waker(Waker::noop()));
        }
        if let Some(waker) = place.waker.take() {
            waker.wake();
        }
        self.gave_way += 1;
        true
    }
}

/// A connection that is idle as long as this lives, or has given way.
pub struct Resting<'a> {
    idle: &'a RefCell<Idle>,
    number: u64,
    place: Rc<Place>,
}

impl<'a> Resting<'a> {
    /// From now on it is idle.
    pub fn new(idle: &'a RefCell<Idle>, io: Box<Connection>) -> Self {
        let key = client_address::key(io.peer.ip());
        let place = Rc::new(Place { io: RefCell::new(Some(io)), waker: RefCell::default() });
        let mut all = idle.borrow_mut();
        let number = all.next;
        all.next += 1;
        all.places.insert(number, (key, place.clone()));
        all.by_address.insert((key, number));
        Self { idle, number, place }
    }

    /// Does something with the connection, as long as it has not given way.
    pub fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Connection, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<Option<T>> {
        let mut io = self.place.io.borrow_mut();
        let Some(io) = &mut *io else { return Poll::Ready(None) };
        let polled = poll(io, cx);
        if polled.is_pending() {
            let mut waker = self.place.waker.borrow_mut();
            match &mut *waker {
                Some(waker) => waker.clone_from(cx.waker()),
                None => *waker = Some(cx.waker().clone()),
            }
        }
        polled.map(Some)
    }

    /// The connection, unless it has given way.
    pub fn into_io(self) -> Option<Box<Connection>> {
        self.place.io.take()
    }
}

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        self.idle.borrow_mut().remove(self.number);
    }
}
