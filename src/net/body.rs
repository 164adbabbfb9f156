//! Bodies of HTTP requests, with a bound in size and time.

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use smol::future::FutureExt as _;

use super::answer::Refused;
use super::server::Server;

/// Reads a body of at most `limit` bytes of UTF-8, in the time that a login has.
///
/// # Errors
///
/// 413, 400 or 408.
pub async fn text(server: &Server, body: Incoming, limit: usize) -> Result<String, Refused> {
    let refused = |status, sentence| Refused { status, sentence };
    let too_large = refused(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.");
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large);
    }
    let read = async { Some(Limited::new(body, limit).collect().await) };
    let late = async {
        smol::Timer::after(server.limits.login).await;
        None
    };
    match read.or(late).await {
        Some(Ok(body)) => String::from_utf8(body.to_bytes().to_vec())
            .map_err(|_| refused(StatusCode::BAD_REQUEST, "The body is not UTF-8.")),
        Some(Err(error)) if error.is::<LengthLimitError>() => Err(too_large),
        Some(Err(_)) => Err(refused(StatusCode::BAD_REQUEST, "The body is broken off.")),
        None => Err(refused(StatusCode::REQUEST_TIMEOUT, "The body did not come in time.")),
    }
}
