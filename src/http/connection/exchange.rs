//! Requests that follow each other on a connection, from the first byte of one until nothing is asked any more: as long as hyper
//! reads and writes there.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{self, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body as _, Bytes, Frame, SizeHint};
use hyper::header::{self, HeaderMap};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, StatusCode, Version};
use log::Level;
use smol::Timer;
use smol_hyper::rt::{FuturesIo, SmolTimer};

use crate::config::limits::Limits;
use crate::event_loop::client_log;
use crate::event_loop::log_shares::Kind;
use crate::http::client::Client;
use crate::http::connection::waiting::{GONE, Heard, LATE, NO_ROOM, is_late, poll_first, refuse_head};
use crate::http::dispatch;
use crate::http::events::body::Carries;
use crate::http::request_body::{Incoming, Left};
use crate::http::response::{Body, Response, set};
use crate::http::response_pieces::Rest;
use crate::http::site::Site;
use crate::http::xmpp::handshake::values;
use crate::net::connection::{Connection, Quiet};

/// Most headers of one request that are read.
const HEADERS_MAX: usize = 64;

/// The memory in which hyper reads the head of a request, in bytes, until that is larger.
const HEAD: usize = 8 * 1024;

/// The next step of a connection after some requests.
pub(super) enum After {
    /// The connection waits for the next request.
    Idle(Box<Connection>),
    /// The client waits for the answer to the last request.
    Waiting(Box<Connection>, Asked),
    /// The answer to the last one goes on as long as there are events.
    Streaming(Box<Connection>, Rest),
    /// All is said.
    Close(Box<Connection>),
    /// The connection is closed, or a WebSocket now.
    Gone,
}

/// A request that is being answered.
pub(super) struct Asked {
    method: Method,
    version: Version,
    /// The connection stays when it is answered, as far as its headers tell.
    stays: bool,
    /// Whether the body comes in chunks. If there is a length, too, the connection ends with the answer (RFC 9112 §6.1), but
    /// hyper keeps
    /// the length to itself: so the answer is waited for with hyper.
    is_chunked: bool,
    answer: Pin<Box<dyn Future<Output = Response>>>,
}

impl Asked {
    /// Waits without hyper for the answer, or until the client goes away. hyper writes the answer, so it gets a request again
    /// that wants the same of it.
    pub(super) async fn wait(mut self, site: &Rc<Site>, mut io: Box<Connection>) -> (Heard, Option<Self>) {
        // For what comes in meanwhile: it is the head of the next request, or more, and may never be whole.
        let mut held = site.admission.handshakes.part(io.peer.ip());
        let answer = poll_fn(|cx| {
            if let Poll::Ready(answer) = self.answer.as_mut().poll(cx) {
                return Poll::Ready(Ok(answer));
            }
            // Bytes that come now belong to the next request.
            if !io.has_ahead() && poll_first(site, &mut io, cx) == Poll::Ready(false) {
                return Poll::Ready(Err(GONE));
            }
            if held.set(io.unread()).is_err() { Poll::Ready(Err(NO_ROOM)) } else { Poll::Pending }
        });
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(why) => {
                let line = format_args!("{} http: closed: {why}", io.peer);
                client_log::of_peer(&site.driver, io.peer.ip(), Kind::Connection, Level::Info, line);
                if why == GONE {
                    return (Heard::End, None);
                }
                refuse_head(&mut io).await;
                return (Heard::Nothing(io), None);
            }
        };
        let connection = if self.stays { "keep-alive" } else { "close" };
        io.put_back(
            format!("{} / {:?}\r\nConnection: {connection}\r\n\r\n", self.method, self.version).as_bytes(),
        );
        self.answer = Box::pin(future::ready(answer));
        (Heard::Request(io), Some(self))
    }
}

/// How far the requests are.
struct Progress {
    quiet: Arc<Quiet>,
    /// There was one.
    begun: Cell<bool>,
    /// How many are not answered yet.
    open: Cell<usize>,
    /// The request that is being answered.
    asked: RefCell<Option<Asked>>,
    /// The body of the answer that is being written.
    body: RefCell<Option<Body>>,
    /// The version of HTTP of the last request.
    version: Cell<Version>,
    /// A body that comes in although its request is answered.
    unwanted: RefCell<Option<Unwanted>>,
    /// A body was let go, which hyper sees only when it is polled.
    let_go: Cell<bool>,
    /// The last request wanted an upgrade and did not get it. If it was the last one, hyper hands the connection over all the
    /// same.
    not_upgraded: RefCell<Option<OnUpgrade>>,
}

impl Progress {
    /// The memory that the head of a request takes of which only a part is there, in bytes.
    fn half_a_head(&self) -> usize {
        let is_between = self.open.get() == 0 && self.unwanted.borrow().is_none();
        match self.quiet.unserved() {
            bytes @ 1.. if is_between => bytes.max(HEAD),
            _ => 0,
        }
    }

    /// Everything that was asked is answered, the answers are written, and what comes next has not come.
    fn is_idle(&self) -> bool {
        self.begun.get() && self.open.get() == 0 && self.unwanted.borrow().is_none() && self.quiet.is_quiet()
    }

    /// The client waits, for long it may be, for its answer or for the next piece of it.
    fn waits(&self, client: &Client) -> bool {
        let streams = matches!(client.carried.get(), Carries::Stream(_)) && self.unwanted.borrow().is_none();
        let is_chunked = self.asked.borrow().as_ref().is_some_and(|asked| asked.is_chunked);
        // What has come in behind the request is kept for the next one, or thrown away behind that of a stream.
        self.quiet.is_flushed() && (streams || (client.waits.get() && !is_chunked))
    }

    /// Polls the answer to the request that is asked.
    fn poll_answer(&self, cx: &mut Context<'_>) -> Poll<Response> {
        let mut asked = self.asked.borrow_mut();
        let Some(Asked { answer, .. }) = &mut *asked else { return Poll::Pending };
        let answer = ready!(answer.as_mut().poll(cx));
        *asked = None;
        Poll::Ready(answer)
    }
}

/// A request that is not answered yet.
struct Open(Rc<Progress>);

impl Open {
    fn new(progress: &Rc<Progress>) -> Self {
        progress.begun.set(true);
        progress.open.set(progress.open.get() + 1);
        progress.quiet.disturb();
        progress.quiet.serve();
        Self(progress.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
        self.0.body.take();
        // The end of the answer is still to be written.
        self.0.quiet.disturb();
        self.0.quiet.serve();
    }
}

/// The body of an answer, as long as hyper writes it.
struct Sent(Open);

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        match &mut *self.0.0.body.borrow_mut() {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.0.body.borrow().as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.0.body.borrow().as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

/// The rest of a body that nobody wants.
struct Unwanted {
    left: Left,
    timer: Timer,
}

impl Unwanted {
    /// The rest of a body behind its answer; `None`: the connection has to end, because more may come than is worth it,
    /// or nothing: a client that was not told to go on with its body (RFC 9110 §10.1.1) may send it, or its next request.
    fn of(left: Left, limits: &Limits, waits_to_be_told: bool) -> Option<Self> {
        let most = limits.client_log.max(limits.stanza).max(limits.payload) as u64;
        let is_short = left.body.size_hint().upper().is_some_and(|length| length <= most);
        let comes = left.begun || !waits_to_be_told;
        (is_short && comes && !left.hopeless).then(|| Self { left, timer: Timer::after(limits.login) })
    }

    /// Reads what is there, up to its end, or until that has not come in time.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match Pin::new(&mut self.left.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(None | Some(Err(_))) => return Poll::Ready(()),
                Poll::Pending => return Pin::new(&mut self.timer).poll(cx).map(|_| ()),
            }
        }
    }
}

/// Whether a client waits to be told to send the body of its request.
fn waits_to_be_told(headers: &HeaderMap) -> bool {
    headers.get(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Answers one request, and sees to what is left of its body. If there is one already, that is the request.
async fn answer(
    site: Rc<Site>,
    client: Rc<Client>,
    open: Open,
    request: Request<hyper::body::Incoming>,
) -> Result<hyper::Response<Sent>, Infallible> {
    let progress = open.0.clone();
    progress.version.set(request.version());
    let waits_to_be_told = waits_to_be_told(request.headers());
    let back = Rc::default();
    let from = client.origin.address.ip();
    let upgrade = request.extensions().get::<OnUpgrade>().cloned();
    progress.asked.borrow_mut().get_or_insert_with(|| {
        let (method, version) = (request.method().clone(), request.version());
        let has = |token: &str| {
            values(request.headers(), &header::CONNECTION).any(|value| value.eq_ignore_ascii_case(token))
        };
        let stays = !has("close") && (version != Version::HTTP_10 || has("keep-alive"));
        let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        let request = request.map(|body| Incoming::new(body, from, Rc::clone(&back)));
        let (site, client) = (site.clone(), client.clone());
        let answer = Box::pin(async move { dispatch::answer(site, Box::new(request), &client).await });
        Asked { method, version, stays, is_chunked, answer }
    });
    let mut answer = poll_fn(|cx| progress.poll_answer(cx)).await;
    let is_upgraded = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    *progress.not_upgraded.borrow_mut() = upgrade.filter(|_| !is_upgraded);
    if let Some(left) = back.take().filter(|left| !left.is_over()) {
        match Unwanted::of(left, &site.limits, waits_to_be_told) {
            Some(unwanted) => *progress.unwanted.borrow_mut() = Some(unwanted),
            None => {
                progress.let_go.set(true);
                set(&mut answer, header::CONNECTION, "close");
            }
        }
    }
    Ok(answer.map(|body| {
        *progress.body.borrow_mut() = Some(body);
        Sent(open)
    }))
}

/// Serves requests as long as one follows the other. `head`: how long the first one may take to come in, up to its body.
/// `asked`: it comes only for the answer to this one.
pub(super) async fn exchange(
    site: &Rc<Site>,
    mut io: Box<Connection>,
    client: &Rc<Client>,
    head: Duration,
    asked: Option<Asked>,
) -> After {
    let (peer, limits) = (io.peer, &site.limits);
    let quiet = io.quiet();
    // What was read to see whether a request comes is read once more.
    quiet.serve();
    let progress = Rc::new(Progress {
        quiet,
        begun: Cell::default(),
        open: Cell::default(),
        asked: RefCell::new(asked),
        body: RefCell::default(),
        version: Cell::default(),
        unwanted: RefCell::default(),
        let_go: Cell::default(),
        not_upgraded: RefCell::default(),
    });
    let service = service_fn(|request| -> Pin<Box<dyn Future<Output = _>>> {
        Box::pin(answer(site.clone(), client.clone(), Open::new(&progress), request))
    });
    let mut connection = http1::Builder::new()
        .timer(SmolTimer::new())
        .header_read_timeout(head)
        .max_buf_size(limits.http_header)
        .max_headers(HEADERS_MAX)
        .title_case_headers(true)
        .serve_connection(FuturesIo::new(*io), service)
        .with_upgrades();
    let mut last_words: Option<Timer> = None;
    let mut held = site.admission.handshakes.part(peer.ip());
    let served = poll_fn(|cx| {
        loop {
            if let Poll::Ready(done) = Pin::new(&mut connection).poll(cx) {
                let ends_well = |error: &hyper::Error| {
                    error.is_parse() || error.is_timeout() || error.is_incomplete_message()
                };
                return Poll::Ready(Some(done.map_err(|error| (error.to_string(), ends_well(&error)))));
            }
            let mut unwanted = progress.unwanted.borrow_mut();
            if unwanted.as_mut().is_some_and(|unwanted| unwanted.poll(cx).is_ready()) {
                *unwanted = None;
                progress.let_go.set(true);
                progress.quiet.serve();
            }
            if !progress.let_go.take() {
                break;
            }
        }
        if is_late(site, client, progress.quiet.is_flushed(), &mut last_words, cx) {
            return Poll::Ready(Some(Err((LATE.to_owned(), false))));
        }
        if held.set(progress.half_a_head()).is_err() {
            return Poll::Ready(Some(Err((NO_ROOM.to_owned(), true))));
        }
        if progress.is_idle() || progress.waits(client) { Poll::Ready(None) } else { Poll::Pending }
    })
    .await;
    // Before hyper is gone, as it lets go of the body then.
    let (asked, body) = (progress.asked.take(), progress.body.take());
    let parts = connection.into_parts();
    let io = |parts: http1::Parts<FuturesIo<Connection>, _>| {
        let mut io = Box::new(parts.io.into_inner());
        io.put_back(&parts.read_buf);
        io
    };
    match (served, parts) {
        (None, Some(parts)) => match (asked, body) {
            (Some(asked), _) => After::Waiting(io(parts), asked),
            (None, Some(Body::Pieces(pieces))) => {
                After::Streaming(io(parts), Rest::new(pieces, progress.version.get()))
            }
            (None, _) => After::Idle(io(parts)),
        },
        (Some(Ok(())), Some(parts)) => After::Close(io(parts)),
        (Some(Err((why, ends_well))), parts) => {
            let line = format_args!("{peer} http: closed: {why}");
            client_log::of_peer(&site.driver, peer.ip(), Kind::Connection, Level::Info, line);
            let Some(mut io) = parts.filter(|_| ends_well).map(io) else { return After::Gone };
            if why == NO_ROOM {
                refuse_head(&mut io).await;
            }
            After::Close(io)
        }
        (_, None) => {
            let upgrade = progress.not_upgraded.take();
            let upgraded = async { upgrade?.await.ok()?.downcast::<FuturesIo<Connection>>().ok() };
            // Else it is a WebSocket now.
            upgraded.await.map_or(After::Gone, |parts| After::Close(Box::new(parts.io.into_inner())))
        }
    }
}
