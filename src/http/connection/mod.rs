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

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use log::Level;
use smol::Timer;
use smol::io::{AsyncRead as _, AsyncWrite as _};

use crate::event_loop::client_log;
use crate::event_loop::log_shares::Kind;
use crate::http::events::body::Carries;
use crate::http::response_pieces::Rest;
use crate::http::routes::Client;
use crate::http::site::Site;
use crate::net::clock::now;
use crate::net::connection::{Io, UNWANTED_MAX};
use crate::net::idle_connections::Resting;
use exchange::{After, exchange};

/// The sentence for a client whose request is not read to the end of its head.
const NO_ROOM: &str =
    "The heads of other requests take all the memory for that (handshakes in [limits]); try again.";

/// The most reads of one turn from a client whose bytes are thrown away.
const READS: usize = 16;

/// Why a connection is closed before everything is written.
const GONE: &str = "the client has gone before the end of its answer";
const TALKATIVE: &str = "the client goes on sending behind the last request that is answered";
const LATE: &str = "the end of the stream of events is not taken";

/// Serves the requests of a connection until it is closed, or becomes a WebSocket.
pub async fn serve(site: Rc<Site>, mut io: Box<Io>, client: Rc<Client>) {
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

/// The result of waiting for a request.
enum Heard {
    /// A request begins.
    Request(Box<Io>),
    /// No request came in time.
    Nothing(Box<Io>),
    /// No request will come.
    End,
}

/// Reads the first bytes of a request, as many as there are. Returns false if none will come.
fn poll_first(site: &Site, io: &mut Io, cx: &mut Context<'_>) -> Poll<bool> {
    if io.has_ahead() {
        return Poll::Ready(true);
    }
    // The buffer is everybody's: nothing is kept for bytes that are not there.
    let buffer = &mut site.driver.scratch.borrow_mut().input;
    match ready!(Pin::new(&mut *io).poll_read(cx, buffer)) {
        Ok(length @ 1..) => {
            io.put_back(&buffer[..length]);
            Poll::Ready(true)
        }
        Ok(0) | Err(_) => {
            io.end_writing(cx);
            Poll::Ready(false)
        }
    }
}

/// Waits for the first request.
async fn wait(site: &Site, mut io: Box<Io>, most: Duration) -> Heard {
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
async fn rest(site: &Site, io: Box<Io>) -> Heard {
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

/// Answers a request that is not there yet, or has one behind it that is not, as far as the socket takes it at once.
async fn refuse_head(io: &mut Io) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{NO_ROOM}",
        NO_ROOM.len()
    );
    poll_fn(|cx| {
        let _ = Pin::new(&mut *io).poll_write(cx, answer.as_bytes());
        Poll::Ready(())
    })
    .await;
}

/// Tells whether a stream of events is not read, or not to its end. `is_taken`: the socket has taken all that it was offered.
fn is_late(
    site: &Rc<Site>,
    client: &Client,
    is_taken: bool,
    last_words: &mut Option<Timer>,
    cx: &mut Context<'_>,
) -> bool {
    match client.carried.get() {
        Carries::None => false,
        Carries::Stream(id) => {
            if !is_taken {
                site.driver.with_hub(|hub, now| hub.not_taken(now, id));
            }
            site.driver.is_aborted(id)
        }
        Carries::End => {
            let timer = last_words.get_or_insert_with(|| Timer::after(site.limits.close));
            pin!(timer).poll(cx).is_ready()
        }
    }
}

/// Writes a stream of events without hyper, up to its end or until the client goes away. Returns the connection if it is to
/// be ended in order.
async fn stream(site: &Rc<Site>, mut io: Box<Io>, client: &Client, mut rest: Rest) -> Option<Box<Io>> {
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

/// Reads what comes behind the last request, which is not answered any more, and throws it away: else nobody would notice that the
/// client has gone. `unwanted`: how much of it there was until now. Ready with the reason why no more is read.
fn poll_unwanted(site: &Site, io: &mut Io, unwanted: &mut usize, cx: &mut Context<'_>) -> Poll<&'static str> {
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

/// Ends a connection on which all is said. Bytes that the client still sends are read and thrown away until it ends its side, too.
async fn end(site: &Site, mut io: Box<Io>) {
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
