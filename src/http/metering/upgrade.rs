//! The record of an upgrade to a WebSocket, which no page can see: the request and the answer with their headers.

use std::net::SocketAddr;

use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, Version};

use crate::http::response::Answer;
use crate::json::{array, key, member, string};
use crate::net::connection::Security;

/// The text in place of a secret.
const MASK: &str = "\u{2022}\u{2022}\u{2022}";

/// A request, until there is an answer.
pub struct Asked {
    line: String,
    headers: HeaderMap,
}

impl Asked {
    /// Of a request for a WebSocket.
    pub fn of<B>(request: &Request<B>) -> Self {
        let line = format!("{} {} {:?}", request.method(), request.uri(), request.version());
        Self { line, headers: request.headers().clone() }
    }

    /// With its answer, as JSON.
    pub fn record(&self, answer: &Answer, peer: SocketAddr, security: Option<&Security>) -> String {
        let mut out = String::from("{");
        member(&mut out, "peer", &peer.to_string());
        key(&mut out, "tls");
        match security {
            None => out.push_str("null"),
            Some(Security { version, cipher }) => {
                out.push('{');
                member(&mut out, "version", version);
                member(&mut out, "cipher", cipher);
                out.push('}');
            }
        }
        key(&mut out, "request");
        write(&mut out, &self.line, &self.headers);
        key(&mut out, "response");
        let line = format!("{:?} {}", Version::HTTP_11, answer.status());
        write(&mut out, &line, answer.headers());
        out.push('}');
        out
    }
}

fn write(out: &mut String, line: &str, headers: &HeaderMap) {
    out.push('{');
    member(out, "line", line);
    key(out, "headers");
    array(out, headers, |out, (name, value)| {
        out.push('[');
        string(out, &title_case(name));
        out.push(',');
        let secret = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION].contains(name);
        let shown = if secret { MASK.into() } else { String::from_utf8_lossy(value.as_bytes()) };
        string(out, &shown);
        out.push(']');
    });
    out.push('}');
}

/// A name as it is sent: each of its words with a capital.
fn title_case(name: &HeaderName) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.as_str().split('-').map(word).collect::<Vec<_>>().join("-")
}
