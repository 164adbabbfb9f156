//! `/callboard/certificate.pem`: the certificate of the listeners with TLS, for clients that are to trust it. It is no secret: each
//! handshake shows it.

use hyper::header::{self, HeaderValue};
use hyper::{Request, StatusCode};

use crate::http::request_body::Incoming;
use crate::http::response::{Response, set, text};
use crate::http::site::Site;

/// The path of the certificate.
pub const PATH: &str = "/callboard/certificate.pem";

/// A chain of certificates in PEM (RFC 8555 §9.1).
const CHAIN: HeaderValue = HeaderValue::from_static("application/pem-certificate-chain");

/// Answers a GET or HEAD.
pub fn answer(site: &Site, _: &Request<Incoming>) -> Response {
    let Some(pem) = site.identity.borrow().as_ref().map(crate::net::tls::Identity::pem) else {
        return text(StatusCode::NOT_FOUND, "No listener speaks TLS here, so there is no certificate.");
    };
    let mut answer = Response::new(pem.into());
    set(&mut answer, header::CONTENT_TYPE, CHAIN);
    set(&mut answer, header::CACHE_CONTROL, "no-cache");
    answer
}
