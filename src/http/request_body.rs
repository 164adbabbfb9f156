//! Bodies of HTTP requests: one buffer each, with a bound in size and time, and one in memory for all of them together.

use std::cell::Cell;
use std::net::IpAddr;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use smol::future::FutureExt as _;

use crate::http::response::HttpRefusal;
use crate::http::site::Site;
use crate::net::quota::{Exhausted, Part};

const TOO_LARGE: HttpRefusal =
    HttpRefusal { status: StatusCode::PAYLOAD_TOO_LARGE, sentence: "The body is too large." };
const BROKEN: HttpRefusal =
    HttpRefusal { status: StatusCode::BAD_REQUEST, sentence: "The body is broken off." };
const LATE: HttpRefusal =
    HttpRefusal { status: StatusCode::REQUEST_TIMEOUT, sentence: "The body did not come in time." };
const TOO_MANY: HttpRefusal = HttpRefusal {
    status: StatusCode::SERVICE_UNAVAILABLE,
    sentence: "The bodies of other requests take all the memory for that (bodies in [limits]); try again.",
};

/// The first piece of a buffer, in bytes: most bodies fit into it.
const FIRST: usize = 1024;

/// The rest of the body of a request that is answered already.
pub struct Left {
    pub body: hyper::body::Incoming,
    /// The body was asked for: a client that waits for 100 (Continue) has got it.
    pub begun: bool,
    /// The end of the body was read.
    pub over: bool,
    /// The body did not come in time, or is broken: nothing sensible follows.
    pub hopeless: bool,
}

impl Left {
    fn new(body: hyper::body::Incoming) -> Self {
        Self { body, begun: false, over: false, hopeless: false }
    }

    /// Tells whether the whole body has come.
    pub fn is_over(&self) -> bool {
        self.over || self.body.is_end_stream()
    }
}

/// The place of the body when its reader is done.
pub type Back = Rc<Cell<Option<Left>>>;

/// Sees the body of a request before it is used.
pub trait BodySeen {
    /// The body has come.
    fn body(&self, text: &str);

    /// The request goes on, or is answered, without its body.
    fn goes_on(&self);
}

/// The body of a request, which goes back to the connection when nobody wants any more of it.
pub struct Incoming {
    /// There until it is dropped.
    left: Option<Left>,
    /// The address of the sender.
    from: IpAddr,
    /// The recorder of the request, until the body has come.
    recorder: Option<Rc<dyn BodySeen>>,
    back: Back,
}

impl Incoming {
    pub fn new(body: hyper::body::Incoming, from: IpAddr, back: Back) -> Self {
        Self { left: Some(Left::new(body)), from, recorder: None, back }
    }

    /// Counts the body for the client that a proxy has named.
    pub fn comes_from(&mut self, client: IpAddr) {
        self.from = client;
    }

    /// Hands the body to the recorder of its request when it has come.
    pub fn recorded_by(&mut self, recorder: Rc<dyn BodySeen>) {
        self.recorder = Some(recorder);
    }

    /// The request is answered without its body, or waits before that is read.
    pub fn leave(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.goes_on();
        }
    }

    fn give_up(&mut self) {
        if let Some(left) = &mut self.left {
            left.hopeless = true;
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.back.set(self.left.take());
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(left) = &mut self.left else { return Poll::Ready(None) };
        left.begun = true;
        let frame = ready!(Pin::new(&mut left.body).poll_frame(cx));
        left.over |= frame.is_none();
        left.hopeless |= matches!(frame, Some(Err(_)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.left.as_ref().is_none_or(|left| left.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.left.as_ref().map_or_else(SizeHint::default, |left| left.body.size_hint())
    }
}

/// The text of a body, which counts among the bodies in memory as long as it is there.
pub struct Text {
    text: String,
    _room: Part,
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// Reads a body of at most `limit` bytes of UTF-8, in the time that a login has.
///
/// # Errors
///
/// 413, 415, 400, 408 or 503.
pub async fn text(site: &Site, mut body: Incoming, limit: usize) -> Result<Text, HttpRefusal> {
    let mut room = site.bodies.part(body.from);
    match grow(site, &mut body, &mut room, 0, |_| limit).await? {
        Grown::Whole(bytes) => match String::from_utf8(bytes) {
            Ok(text) => {
                if let Some(recorder) = &body.recorder {
                    recorder.body(&text);
                }
                Ok(Text { text, _room: room })
            }
            Err(_) => Err(HttpRefusal {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                sentence: "The body is not UTF-8.",
            }),
        },
        Grown::TooLong(_) => Err(TOO_LARGE),
    }
}

/// Reads a body of at most `limit` bytes, in the time that a login has, and keeps nothing of it.
///
/// # Errors
///
/// 413, 400 or 408.
pub async fn discard(site: &Site, mut body: Incoming, limit: usize) -> Result<(), HttpRefusal> {
    let read = async |body: &mut Incoming| {
        let mut length = 0;
        loop {
            if body.size_hint().lower().saturating_add(length) > limit as u64 {
                return Err(TOO_LARGE);
            }
            match body.frame().await {
                Some(Ok(frame)) => length += frame.data_ref().map_or(0, |data| data.len() as u64),
                Some(Err(_)) => return Err(BROKEN),
                None => return Ok(()),
            }
        }
    };
    in_time(site, &mut body, read).await
}

/// A body whose beginning tells how long it may be.
pub enum Grown {
    Whole(Vec<u8>),
    /// The body is longer than it may be.
    TooLong(Vec<u8>),
}

/// Reads a body whose beginning tells how long it may be, in the time that a login has: `limit` is asked with the bytes of
/// the first tag, or with more than `small`.
///
/// # Errors
///
/// 400, 408 or 503.
pub async fn growing(
    site: &Site,
    mut body: Incoming,
    small: usize,
    limit: impl Fn(&[u8]) -> usize,
) -> Result<Grown, HttpRefusal> {
    let mut room = site.bodies.part(body.from);
    grow(site, &mut body, &mut room, small, limit).await
}

async fn grow(
    site: &Site,
    body: &mut Incoming,
    room: &mut Part,
    small: usize,
    limit: impl Fn(&[u8]) -> usize,
) -> Result<Grown, HttpRefusal> {
    let read = async |body: &mut Incoming| {
        let mut bytes = Vec::new();
        let mut longest = (small == 0).then(|| limit(&[]));
        loop {
            // Also of what is only announced.
            let announced = body.size_hint();
            let length = (bytes.len() as u64).saturating_add(announced.lower());
            if longest.is_some_and(|longest| length > longest as u64) {
                return Ok(Grown::TooLong(bytes));
            }
            let Some(frame) = body.frame().await else { return Ok(Grown::Whole(bytes)) };
            let Ok(data) = frame.map_err(|_| BROKEN)?.into_data() else { continue };
            if longest.is_some_and(|longest| bytes.len() + data.len() > longest) {
                return Ok(Grown::TooLong(bytes));
            }
            let needed = bytes.len() + data.len();
            if needed > bytes.capacity() {
                let whole = announced.upper().map_or(usize::MAX, |rest| {
                    usize::try_from(rest).unwrap_or(usize::MAX).saturating_add(bytes.len())
                });
                let size = needed.max(2 * bytes.capacity()).max(FIRST).min(whole.max(needed));
                room.set(size).map_err(|Exhausted| TOO_MANY)?;
                bytes.reserve_exact(size - bytes.len());
            }
            let begin = bytes.len();
            bytes.extend_from_slice(&data);
            if longest.is_none() && (bytes.len() > small || bytes[begin..].contains(&b'>')) {
                longest = Some(limit(&bytes));
            }
        }
    };
    in_time(site, body, read).await
}

/// Lets a body be read in the time that a login has.
async fn in_time<T>(
    site: &Site,
    body: &mut Incoming,
    read: impl AsyncFnOnce(&mut Incoming) -> Result<T, HttpRefusal>,
) -> Result<T, HttpRefusal> {
    let late = async {
        smol::Timer::after(site.limits.login).await;
        Err(LATE)
    };
    let done = read(body).or(late).await;
    if matches!(done, Err(LATE)) {
        body.give_up();
    }
    done
}
