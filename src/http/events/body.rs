//! The body of a stream of server-sent events: written when the client takes it, out of what the hub has for it.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName};
use smol::stream::Stream;

use crate::http::events::format;
use crate::http::response::{Body, HttpRefusal, Response, set};
use crate::http::site::Site;
use crate::hub::{EventOut, SessionRefused, StreamRefused, TapRefused};
use crate::id::SessionId;
use crate::net::buffers::CHUNK;

/// The stream of events on a connection, by which the connection can be cut off although it takes nothing.
#[derive(Clone, Copy, Default)]
pub enum Carries {
    #[default]
    None,
    /// This stream is up.
    Stream(SessionId),
    /// The stream is over, and the client has still to take its end.
    End,
}

/// The state of a stream of events, shared by the connection and the stream.
pub type Carried = Rc<Cell<Carries>>;

/// A stream. It is over for the hub when this is dropped.
struct EventStream {
    site: Rc<Site>,
    id: SessionId,
    carried: Carried,
    /// The beginning of the stream was written.
    begun: bool,
    /// Nothing more comes.
    ended: bool,
}

/// The answer with a stream that the hub has opened.
pub fn answer(site: &Rc<Site>, id: SessionId, carried: &Carried) -> Response {
    carried.set(Carries::Stream(id));
    let stream = EventStream { site: site.clone(), id, carried: carried.clone(), begun: false, ended: false };
    let mut answer = Response::new(Body::Pieces(Box::pin(stream)));
    set(&mut answer, header::CONTENT_TYPE, "text/event-stream");
    // Nothing between here and the client may keep events back, to pack or to gather them (RFC 9111 §5.2.2.6, and nginx's own
    // word).
    set(&mut answer, header::CACHE_CONTROL, "no-store, no-transform");
    set(&mut answer, HeaderName::from_static("x-accel-buffering"), "no");
    // So that there is nothing to wait for when it is over.
    set(&mut answer, header::CONNECTION, "close");
    answer
}

impl Stream for EventStream {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let stream = self.get_mut();
        if stream.ended {
            return Poll::Ready(None);
        }
        // Whether to cut it off is looked at by the whole connection: this is not asked for more while a write waits.
        let _ = stream.site.driver.sleep(stream.id, cx.waker());
        let mut piece = Vec::new();
        if !stream.begun {
            stream.begun = true;
            piece.extend_from_slice(format::RETRY.as_bytes());
        }
        let ended = &mut stream.ended;
        stream.site.driver.with_hub(|hub, now| {
            hub.drain_events(now, stream.id, CHUNK, |out| match out {
                EventOut::Event { name, id, data } => format::write(&mut piece, name, id, data),
                EventOut::Comment => piece.extend_from_slice(format::HEARTBEAT.as_bytes()),
                EventOut::End => *ended = true,
            })
        });
        match (piece.is_empty(), stream.ended) {
            (false, _) => Poll::Ready(Some(Ok(piece.into()))),
            (true, true) => Poll::Ready(None),
            (true, false) => Poll::Pending,
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.carried.set(Carries::End);
        self.site.driver.with_hub(|hub, now| hub.closed(now, self.id, "the client has gone"));
        self.site.driver.forget(self.id);
    }
}

/// Why there is no session for a stream, as an answer says it.
impl From<SessionRefused> for HttpRefusal {
    fn from(why: SessionRefused) -> Self {
        let (status, sentence) = match why {
            SessionRefused::TooManySessions => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The user has as many sessions and streams as sessions_per_user in [limits] allows.",
            ),
            SessionRefused::GoingDown => (StatusCode::SERVICE_UNAVAILABLE, "The server is going down."),
        };
        Self { status, sentence }
    }
}

/// Why no stream of events is opened, as an answer says it.
impl From<StreamRefused> for HttpRefusal {
    fn from(why: StreamRefused) -> Self {
        let (status, sentence) = match why {
            StreamRefused::NoNode => (
                StatusCode::BAD_REQUEST,
                "Name one node or more: /events?node=/finesse/api/User/1001&node=/finesse/api/SystemInfo",
            ),
            StreamRefused::NodeUnknown => (StatusCode::NOT_FOUND, "There is no such node."),
            StreamRefused::NodeClosed => (
                StatusCode::FORBIDDEN,
                "Your role does not let you follow one of these nodes (node_access in the configuration).",
            ),
            StreamRefused::TooManyNodes => (
                StatusCode::BAD_REQUEST,
                "These are more nodes than subscriptions_per_session in [limits] allows.",
            ),
            StreamRefused::Session(why) => return why.into(),
        };
        Self { status, sentence }
    }
}

/// Why no tap is opened, as an answer says it.
impl From<TapRefused> for HttpRefusal {
    fn from(why: TapRefused) -> Self {
        let (status, sentence) = match why {
            TapRefused::SessionUnknown => (StatusCode::NOT_FOUND, "There is no such session."),
            TapRefused::TooManyTaps => (
                StatusCode::SERVICE_UNAVAILABLE,
                "As many look at frames as may at a time; close another one.",
            ),
            TapRefused::Session(why) => return why.into(),
        };
        Self { status, sentence }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use smol::LocalExecutor;

    use super::*;
    use crate::config::Config;
    use crate::http::tests::served;

    const EVENTS: usize = 24;

    #[test]
    fn a_stream_that_takes_all_is_not_behind_though_it_is_owed_more_than_leaves_in_one_turn() {
        let executor = Rc::new(LocalExecutor::new());
        let site = Site::new(Config::demo(), None, executor.clone(), executor.clone());
        let mut client = served(&site);
        let request = "GET /events?node=/finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\n\
                       Authorization: Basic MTAwMToxMDAx\r\n\r\n";
        client.write_all(request.as_bytes()).expect("it is open");
        let all = || site.driver.with_hub(|hub, now| hub.list(now));
        while all().is_empty() || executor.try_tick() {
            executor.try_tick();
        }
        site.driver.with_hub(|hub, now| {
            let user = hub.desk().directory().find("administrator").expect("the demo has it");
            for _ in 0..EVENTS {
                let item = hub.publish(now, user, "/finesse/api/User/1001", "x".repeat(CHUNK));
                item.expect("administrators may");
            }
        });
        assert!(all()[0].owed > EVENTS * CHUNK);
        assert!(executor.try_tick(), "it is woken");
        let owed = all()[0].owed;
        assert!(CHUNK < owed && owed < EVENTS * CHUNK, "{owed}");
        assert_eq!(all()[0].behind, None);
    }
}
