//! The record of an upgrade to a WebSocket, which no page can see: the request and the answer with their headers.

use std::net::SocketAddr;

use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, Version};

use crate::http::response::Response;
use crate::json::{self, Object};
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
    pub fn record(&self, answer: &Response, peer: SocketAddr, security: Option<&Security>) -> String {
        let mut out = String::new();
        json::object(&mut out, |record| {
            record.string("peer", &peer.to_string());
            match security {
                None => record.optional("tls", None),
                Some(Security { version, cipher }) => record.object("tls", |tls| {
                    tls.string("version", version);
                    tls.string("cipher", cipher);
                }),
            }
            record.object("request", |object| write(object, &self.line, &self.headers));
            let line = format!("{:?} {}", Version::HTTP_11, answer.status());
            record.object("response", |object| write(object, &line, answer.headers()));
        });
        out
    }
}

fn write(object: &mut Object<'_>, line: &str, headers: &HeaderMap) {
    object.string("line", line);
    object.array("headers", headers, |out, (name, value)| {
        let secret = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION].contains(name);
        let shown = if secret { MASK.into() } else { String::from_utf8_lossy(value.as_bytes()) };
        json::array(out, [&*title_case(name), &*shown], json::string);
    });
}

/// A name as it is sent: each of its words with a capital.
fn title_case(name: &HeaderName) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.as_str().split('-').map(word).collect::<Vec<_>>().join("-")
}
