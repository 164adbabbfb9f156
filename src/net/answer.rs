//! HTTP answers.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};

/// An answer.
pub type Answer = Response<Full<Bytes>>;

/// Why a request is not served, and the answer that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: StatusCode,
    /// What to do.
    pub sentence: &'static str,
}

impl From<Refused> for Answer {
    fn from(Refused { status, sentence }: Refused) -> Self {
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

/// An answer of one sentence.
pub fn text(status: StatusCode, sentence: impl Into<String>) -> Answer {
    let mut body = sentence.into();
    body.push('\n');
    let mut answer = Answer::new(Full::from(body));
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer
}

/// Says how to log in (RFC 7617 §2).
pub fn ask_for_password(answer: &mut Answer) {
    set(answer, header::WWW_AUTHENTICATE, "Basic realm=\"callboard\", charset=\"UTF-8\"");
}

/// Sets a header.
pub fn set(answer: &mut Answer, name: header::HeaderName, value: &'static str) {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
}
