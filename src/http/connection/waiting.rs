//! A connection that waits: for the first bytes of a request, or for a client that takes its events.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use smol::Timer;
use smol::io::{AsyncRead as _, AsyncWrite as _};

use crate::event_loop::writers::Dropping;
use crate::http::client::Client;
use crate::http::events::body::Carries;
use crate::http::site::Site;
use crate::net::connection::Connection;

/// The sentence for a client whose request is not read to the end of its head.
pub const NO_ROOM: &str =
    "The heads of other requests take all the memory for that (handshakes in [limits]); try again.";

/// Why a connection is closed before everything is written.
pub const GONE: &str = "the client has gone before the end of its answer";
pub const LATE: &str = "the end of the stream of events is not taken";

/// The result of waiting for a request.
pub enum Heard {
    /// A request begins.
    Request(Box<Connection>),
    /// No request came in time.
    Nothing(Box<Connection>),
    /// No request will come.
    End,
}

/// Reads the first bytes of a request, as many as there are. Returns false if none will come.
pub fn poll_first(site: &Site, io: &mut Connection, cx: &mut Context<'_>) -> Poll<bool> {
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

/// Answers a request that is not there yet, or has one behind it that is not, as far as the socket takes it at once.
pub async fn refuse_head(io: &mut Connection) {
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
pub fn is_late(
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
            let how = site.driver.dropping(id);
            if how == Some(Dropping::Reset) {
                client.remote.reset();
            }
            how.is_some()
        }
        Carries::End => {
            let timer = last_words.get_or_insert_with(|| Timer::after(site.limits.close));
            pin!(timer).poll(cx).is_ready()
        }
    }
}
