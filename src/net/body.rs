//! Bodies of HTTP requests, with a bound in size and time.

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use smol::future::FutureExt as _;

use super::answer::Refused;
use super::server::Server;

/// What reading a limited body can fail with.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

const TOO_LARGE: Refused =
    Refused { status: StatusCode::PAYLOAD_TOO_LARGE, sentence: "The body is too large." };
const BROKEN: Refused = Refused { status: StatusCode::BAD_REQUEST, sentence: "The body is broken off." };
const LATE: Refused =
    Refused { status: StatusCode::REQUEST_TIMEOUT, sentence: "The body did not come in time." };

/// Reads a body of at most `limit` bytes of UTF-8, in the time that a login has.
///
/// # Errors
///
/// 413, 415, 400 or 408.
pub async fn text(server: &Server, body: Incoming, limit: usize) -> Result<String, Refused> {
    let body = read(server, body, limit, |body| body.collect()).await?;
    String::from_utf8(body.to_bytes().to_vec()).map_err(|_| Refused {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        sentence: "The body is not UTF-8.",
    })
}

/// Reads a body of at most `limit` bytes, in the time that a login has, and keeps nothing of it.
///
/// # Errors
///
/// 413, 400 or 408.
pub async fn discard(server: &Server, body: Incoming, limit: usize) -> Result<(), Refused> {
    let drain = async |mut body: Limited<Incoming>| {
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(())
    };
    read(server, body, limit, drain).await
}

/// What has come of a body whose beginning tells how long it may be.
pub enum Grown {
    Whole(Vec<u8>),
    /// There are more bytes than may be.
    TooLong(Vec<u8>),
}

/// Reads a body whose beginning tells how long it may be, in the time that a login has: `limit` is asked with the bytes of
/// the first tag, or with more than `small`.
///
/// # Errors
///
/// 400 or 408.
pub async fn growing(
    server: &Server,
    mut body: Incoming,
    small: usize,
    limit: impl Fn(&[u8]) -> usize,
) -> Result<Grown, Refused> {
    let read = async {
        let mut bytes = Vec::new();
        let mut longest = None;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BROKEN)?.into_data() else { continue };
            bytes.extend_from_slice(&data);
            if longest.is_none() && (bytes.len() > small || bytes.contains(&b'>')) {
                longest = Some(limit(&bytes));
            }
            // Also of what is only announced.
            let length = (bytes.len() as u64).saturating_add(body.size_hint().lower());
            if longest.is_some_and(|longest| length > longest as u64) {
                return Ok(Grown::TooLong(bytes));
            }
        }
        Ok(Grown::Whole(bytes))
    };
    let late = async {
        smol::Timer::after(server.limits.login).await;
        Err(LATE)
    };
    read.or(late).await
}

async fn read<T, F: Future<Output = Result<T, BoxError>>>(
    server: &Server,
    body: Incoming,
    limit: usize,
    read: impl FnOnce(Limited<Incoming>) -> F,
) -> Result<T, Refused> {
    if body.size_hint().lower() > limit as u64 {
        return Err(TOO_LARGE);
    }
    let done = async { Some(read(Limited::new(body, limit)).await) };
    let late = async {
        smol::Timer::after(server.limits.login).await;
        None
    };
    match done.or(late).await {
        Some(Ok(read)) => Ok(read),
        Some(Err(error)) if error.is::<LengthLimitError>() => Err(TOO_LARGE),
        Some(Err(_)) => Err(BROKEN),
        None => Err(LATE),
    }
}
