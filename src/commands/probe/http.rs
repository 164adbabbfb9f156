//! A request over a connection of its own: for BOSH, and for the REST API. It is written here and not by hyper's client, which
//! takes 30 KB more.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use zeroize::Zeroizing;

use super::connection::{Target, Wanted, reach, words};
use super::tls::Recorder;
use crate::probe::Response;

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
    /// The SHA-256 of the certificate that has been judged.
    pub certificate: Option<String>,
}

/// Asks a server.
///
/// # Errors
///
/// Returns the words of the system, of a library or of [`Response::read`] when there is no answer.
pub async fn ask(target: &Target, recorder: &Arc<Recorder>, question: Question) -> Result<Response, String> {
    let wanted = Wanted {
        address: question.address,
        certificate: question.certificate.as_deref(),
        has_secret: question.login.is_some(),
    };
    let mut socket = reach(target, recorder, &wanted).await?;
    let request = written(target, question)?;
    socket.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    socket.flush().await.map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        // TLS may end without a word.
        let count = match socket.read(&mut piece).await {
            Ok(count) => count,
            Err(error) if bytes.is_empty() => return Err(words(&error)),
            Err(_) => 0,
        };
        bytes.extend_from_slice(&piece[..count]);
        if let Some(response) = Response::read(&bytes, count == 0)? {
            return Ok(response);
        }
    }
}

/// A request as it is written (RFC 9112 §3).
fn written(target: &Target, question: Question) -> Result<Zeroizing<String>, String> {
    let Question { path, login, body, .. } = question;
    // What a user has typed is one word of the line.
    if path.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Err("the path has a space or a control character in it".to_owned());
    }
    let method = if body.is_some() { "POST" } else { "GET" };
    let mut out = Zeroizing::new(format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\nConnection: close\r\n",
        target.authority()
    ));
    if let Some((user, password)) = login {
        let encoded = STANDARD.encode(Zeroizing::new(format!("{user}:{}", password.as_str())).as_bytes());
        // Writing to a String cannot fail.
        let _ = write!(out, "Authorization: Basic {encoded}\r\n");
    }
    match body {
        Some(body) => {
            let _ = write!(
                out,
                "Content-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
        None => out.push_str("\r\n"),
    }
    Ok(out)
}
