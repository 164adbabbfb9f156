//! HTTP responses, and refusals that become one.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::{Body as _, Bytes, Frame, SizeHint};
use hyper::header::{self, HeaderName, HeaderValue};
use smol::stream::Stream;

use crate::desk::{self, ApiError};
use crate::event_loop::held_requests::NotAdmitted;
use crate::hub::NO_ROOM_SENTENCE;

/// A response of the server.
pub type Response = hyper::Response<Body>;

/// The pieces of a body. Each is made when the ones before have been taken; an error breaks the connection off.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>>>>;

/// The body of a response.
pub enum Body {
    Whole(Full<Bytes>),
    Pieces(Pieces),
}

impl Body {
    /// The whole body, if it is there.
    pub fn bytes(&self) -> Option<Bytes> {
        let Self::Whole(full) = self else { return None };
        let mut copy = full.clone();
        match Pin::new(&mut copy).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
            _ => None,
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Whole(Full::default())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::Whole(text.into())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes.into())
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(full) => Pin::new(full).poll_frame(cx).map_err(|never: Infallible| match never {}),
            Self::Pieces(pieces) => pieces.as_mut().poll_next(cx).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(full) => full.is_end_stream(),
            Self::Pieces(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(full) => full.size_hint(),
            Self::Pieces(_) => SizeHint::default(),
        }
    }
}

/// Marks a response that has no news.
#[derive(Clone, Copy)]
pub struct Empty;

/// The reason why a request is not served, which becomes its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpRefusal {
    pub status: StatusCode,
    /// Says what to do.
    pub sentence: &'static str,
}

impl HttpRefusal {
    /// A change that nobody would be told of any more.
    pub const GOING_DOWN: Self =
        Self { status: StatusCode::SERVICE_UNAVAILABLE, sentence: "The server is going down." };

    /// The change may have been made, and may be undone by a loss of power.
    #[cfg(feature = "replica")]
    pub const NOT_KEPT: Self = Self {
        status: StatusCode::SERVICE_UNAVAILABLE,
        sentence: "The change could not be kept: the disk does not take it.",
    };
}

impl From<HttpRefusal> for Response {
    fn from(HttpRefusal { status, sentence }: HttpRefusal) -> Self {
        let mut answer = text(status, sentence);
        match status {
            StatusCode::UNAUTHORIZED => ask_for_password(&mut answer),
            StatusCode::UPGRADE_REQUIRED => {
                set(&mut answer, header::UPGRADE, "websocket");
                set(&mut answer, header::CONNECTION, "Upgrade");
                set(&mut answer, header::SEC_WEBSOCKET_VERSION, "13");
            }
            _ => {}
        }
        answer
    }
}

/// A response without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut answer = Response::default();
    *answer.status_mut() = status;
    answer
}

/// A response of one sentence.
pub fn text(status: StatusCode, sentence: impl Into<String>) -> Response {
    let mut body = sentence.into();
    body.push('\n');
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    answer
}

/// A response with JSON that is true for the moment.
pub fn json(document: String) -> Response {
    let mut answer = Response::new(document.into());
    set(&mut answer, header::CONTENT_TYPE, "application/json");
    set(&mut answer, header::CACHE_CONTROL, "no-cache");
    answer
}

/// Says what holds for every response: a browser takes it for what its content type says (Fetch §3.6).
pub fn mark(answer: &mut Response) {
    set(answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
}

/// Closes an answer that is no page: were a browser to show it all the same, nothing in it would run or load, and no other page
/// can have it in itself (CSP 3 §6.3, Fetch §3.7).
pub fn seal(answer: &mut Response) {
    const POLICY: HeaderValue =
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
    const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    let headers = answer.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.entry(RESOURCE_POLICY).or_insert(HeaderValue::from_static("same-origin"));
}

/// Says how to log in (RFC 7617 §2).
pub fn ask_for_password(answer: &mut Response) {
    set(answer, header::WWW_AUTHENTICATE, "Basic realm=\"callboard\", charset=\"UTF-8\"");
}

/// Sets a header; a value that no header can have is left out.
pub fn set(answer: &mut Response, name: HeaderName, value: impl TryInto<HeaderValue>) {
    if let Ok(value) = value.try_into() {
        answer.headers_mut().insert(name, value);
    }
}

impl From<NotAdmitted> for HttpRefusal {
    fn from(why: NotAdmitted) -> Self {
        let (status, sentence) = match why {
            NotAdmitted::NoRoom => (StatusCode::SERVICE_UNAVAILABLE, NO_ROOM_SENTENCE),
            NotAdmitted::Gone => (StatusCode::FORBIDDEN, "You are no user any more."),
        };
        Self { status, sentence }
    }
}

impl From<NotAdmitted> for ApiError {
    fn from(why: NotAdmitted) -> Self {
        match why {
            NotAdmitted::NoRoom => desk::ApiRefusal::Busy,
            NotAdmitted::Gone => desk::ApiRefusal::NotAllowed,
        }
        .about("")
    }
}

/// The answer to OPTIONS (RFC 9110 §9.3.7).
pub fn options(allowed: String) -> Response {
    let mut answer = empty(StatusCode::NO_CONTENT);
    set(&mut answer, header::ALLOW, allowed);
    answer
}
