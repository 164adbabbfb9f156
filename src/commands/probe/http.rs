//! A request over a connection of its own: for BOSH, and for the REST API.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, LOCATION, SERVER};
use hyper::{Method, Request};
use smol::future::FutureExt as _;
use smol_hyper::rt::FuturesIo;
use zeroize::Zeroizing;

use super::connection::{Target, reach};
use super::tls::Recorder;

/// How long a body may be.
const BODY_MAX: usize = 1 << 20;

/// A request.
#[derive(Debug)]
pub struct Question {
    pub path: String,
    /// The user and the password.
    pub login: Option<(String, Zeroizing<String>)>,
    /// The body of a POST; without one it is a GET.
    pub body: Option<String>,
    /// The address that has answered: a name can have others, at which another node is, or nobody.
    pub address: Option<SocketAddr>,
    /// The SHA-256 of the certificate that has been judged: with another one nothing is sent.
    pub certificate: Option<String>,
}

/// The response to a request.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub location: Option<String>,
    pub server: Option<String>,
    pub body: String,
}

/// Asks a server.
///
/// # Errors
///
/// Returns the words of the system or of a library when there is no answer.
pub async fn ask(target: &Target, recorder: &Arc<Recorder>, question: Question) -> Result<Response, String> {
    let socket = reach(target, question.address, recorder, question.certificate.as_deref()).await?;
    let (method, body) = match question.body {
        Some(body) => (Method::POST, body),
        None => (Method::GET, String::new()),
    };
    let mut request = Request::builder()
        .method(&method)
        .uri(&question.path)
        .header(HOST, target.authority())
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close");
    if method == Method::POST {
        request = request.header(CONTENT_TYPE, "text/xml; charset=utf-8");
    }
    if let Some((user, password)) = question.login {
        let encoded = STANDARD.encode(Zeroizing::new(format!("{user}:{}", password.as_str())).as_bytes());
        request = request.header(AUTHORIZATION, format!("Basic {encoded}"));
    }
    let words = |error: &dyn std::error::Error| error.to_string();
    let request = request.body(Full::new(Bytes::from(body))).map_err(|error| words(&error))?;
    let (mut sender, connection) =
        http1::handshake(FuturesIo::new(socket)).await.map_err(|error| words(&error))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| words(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, BODY_MAX).collect().await.map_err(|error| error.to_string())?;
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Response {
            status: head.status.as_u16(),
            location: header(LOCATION),
            server: header(SERVER),
            body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        })
    };
    // The connection moves the bytes, and ends when the answer is whole.
    let bytes = async {
        let ended = connection.await;
        smol::future::yield_now().await;
        match ended {
            Ok(()) => smol::future::pending().await,
            Err(error) => Err(words(&error)),
        }
    };
    answer.or(bytes).await
}
