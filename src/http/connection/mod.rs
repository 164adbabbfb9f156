//! The life of an HTTP connection: it waits for a request, serves it, and waits again; at last it is closed so that what was
//! answered arrives.
//!
//! While nothing is asked there is no HTTP here, only a socket and a timer: what reads and writes requests takes some twenty
//! times as much memory, and is made when the first byte of a request is there. The same holds while a request of BOSH waits
//! for its answer, and while a stream of events waits for the next one.
//!
//! An answer may be there before the body of its request is. A system that closes a socket with unread bytes resets the
//! connection, and the client may lose the answer with it (RFC 9112 §9.6). So a body of a bounded size is read and thrown away
//! behind the answer, and the connection stays; or the answer says that the connection ends, and what still comes is read
//! and thrown away until the client has closed its side, too, for a bounded time and size.

mod exchange;
mod waiting;

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use log::Level;
use smol::Timer;
use smol::io::AsyncRead as _;

use crate::event_loop::client_log;
use crate::event_loop::log_shares::Kind;
use crate::http::client::Client;
use crate::http::response_pieces::Rest;
use crate::http::site::Site;
use crate::net::clock::now;
use crate::net::connection::{Connection, UNWANTED_MAX};
use crate::net::idle_connections::Resting;
use exchange::{After, exchange};
use waiting::{GONE, Heard, LATE, is_late, poll_first};

/// The most reads of one turn from a client whose bytes are thrown away.
const READS: usize = 16;

/// Why a connection is closed whose client goes on sending.
const TALKATIVE: &str = "the client goes on sending behind the last request that is answered";

/// Serves the requests of a connection until it is closed, or becomes a WebSocket.
pub async fn serve(site: Rc<Site>, mut io: Box<Connection>, client: Rc<Client>) {
    let accepted = now().monotonic;
    let first = site.limits.login;
    let mut heard = wait(&site, io, first).await;
    let mut head = first.saturating_sub(now().monotonic.duration_since(accepted));
    let mut asked = None;
    loop {
        io = match heard {
            Heard::Request(io) => io,
            Heard::Nothing(io) => return end(&site, io).await,
            Heard::End => return,
        };
        // In a box: it is large, and not there while the connection is idle.
        match Box::pin(exchange(&site, io, &client, head, asked.take())).await {
            After::Idle(io) => {
                client.rest();
                heard = rest(&site, io).await;
            }
            After::Waiting(io, waiting) => (heard, asked) = waiting.wait(&site, io).await,
            After::Streaming(io, rest) => {
                if let Some(io) = stream(&site, io, &client, rest).await {
                    end(&site, io).await;
                }
                return;
            }
            After::Close(io) => return end(&site, io).await,
            After::Gone => return,
        }
        head = site.limits.login;
    }
}

/// Waits for the first request.
async fn wait(site: &Site, mut io: Box<Connection>, most: Duration) -> Heard {
    let mut timer = Timer::after(most);
    let begins = poll_fn(|cx| {
        if let Poll::Ready(begins) = poll_first(site, &mut io, cx) {
            return Poll::Ready(Some(begins));
        }
        Pin::new(&mut timer).poll(cx).map(|_| None)
    });
    match begins.await {
        Some(true) => Heard::Request(io),
        Some(false) => Heard::End,
        None => Heard::Nothing(io),
    }
}

/// Waits for the next request; the connection may have to give way meanwhile.
async fn rest(site: &Site, io: Box<Connection>) -> Heard {
    let mut timer = Timer::after(site.limits.idle);
    let mut resting = Resting::new(&site.admission.idle, io);
    let begins = poll_fn(|cx| {
        if let Poll::Ready(heard) = resting.poll(cx, |io, cx| poll_first(site, io, cx)) {
            return Poll::Ready(heard);
        }
        Pin::new(&mut timer).poll(cx).map(|_| None)
    });
    match (begins.await, resting.into_io()) {
        (Some(true), Some(io)) => Heard::Request(io),
        (None, Some(io)) => Heard::Nothing(io),
        _ => Heard::End,
    }
}

/// Writes a stream of events without hyper, up to its end or until the client goes away. Returns the connection if it is to
/// be ended in order.
async fn stream(
    site: &Rc<Site>,
    mut io: Box<Connection>,
    client: &Client,
    mut rest: Rest,
) -> Option<Box<Connection>> {
    let mut last_words: Option<Timer> = None;
    let mut unwanted = 0;
    let ended = poll_fn(|cx| {
        if let Poll::Ready(done) = rest.poll(&mut io, cx) {
            return Poll::Ready(done.map_err(|error| (error.to_string(), false)));
        }
        if is_late(site, client, !rest.is_stuck(), &mut last_words, cx) {
            return Poll::Ready(Err((LATE.to_owned(), false)));
        }
        poll_unwanted(site, &mut io, &mut unwanted, cx).map(|why| Err((why.to_owned(), true)))
    });
    let Err((why, ends_well)) = ended.await else { return Some(io) };
    let line = format_args!("{} http: closed: {why}", io.peer);
    client_log::of_peer(&site.driver, io.peer.ip(), Kind::Connection, Level::Info, line);
    ends_well.then_some(io)
}

/// Reads what comes behind the last request, which is not answered any more, and throws it away: else nobody would notice
/// that the client has gone. `unwanted`: how much of it there was until now. Ready with the reason why no more is read.
fn poll_unwanted(
    site: &Site,
    io: &mut Connection,
    unwanted: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<&'static str> {
    for _ in 0..READS {
        match ready!(Pin::new(&mut *io).poll_read(cx, &mut site.driver.scratch.borrow_mut().input)) {
            Ok(length @ 1..) => *unwanted += length,
            Ok(0) | Err(_) => {
                io.end_writing(cx);
                return Poll::Ready(GONE);
            }
        }
        if *unwanted > UNWANTED_MAX {
            return Poll::Ready(TALKATIVE);
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Ends a connection on which all is said. Bytes that the client still sends are read and thrown away until it ends its side,
/// too.
async fn end(site: &Site, mut io: Box<Connection>) {
    let limits = &site.limits;
    let (began, mut unwanted) = (now().monotonic, 0);
    let mut timer = Timer::after(limits.close);
    poll_fn(|cx| {
        io.end_writing(cx);
        for _ in 0..READS {
            match io.poll_discard(cx, &mut site.driver.scratch.borrow_mut().input) {
                Poll::Ready(Ok(length @ 1..)) => {
                    unwanted += length;
                    if unwanted > UNWANTED_MAX || now().monotonic.duration_since(began) > limits.login {
                        return Poll::Ready(());
                    }
                    timer.set_after(limits.close);
                }
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Pin::new(&mut timer).poll(cx).map(|_| ()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
