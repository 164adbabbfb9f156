//! `/console/`: the files of the built-in page and of the manual, as they are packed into the program.

use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, StatusCode};

use crate::console::Asset;
use crate::http::headers::{entity_tag, preference};
use crate::http::request_body::Incoming;
use crate::http::response::{Answer, empty, set, text};

/// The path of the page.
pub const PATH: &str = "/console/";

/// The page may run its own files, and talk to the server that it comes from. No text becomes markup in it, as
/// no value is taken for HTML that has not gone through its XML reader (CSP 3, Trusted Types).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types xml";

/// The page gives up these features, whatever its reader has allowed (Permissions Policy §6).
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Answers a GET or HEAD for a file of the page.
pub fn answer(request: &Request<Incoming>) -> Answer {
    let name = match request.uri().path().strip_prefix(PATH).unwrap_or_default() {
        "manual" if Asset::find("manual/index.html").is_some() => return lead("/console/manual/"),
        "" => "index.html",
        "board" => "board.html",
        "manual/" => "manual/index.html",
        name => name,
    };
    let Some(asset) = Asset::find(name) else {
        return text(StatusCode::NOT_FOUND, "The built-in page has no such file.");
    };
    let headers = request.headers();
    // Each form of the file has a tag of its own (RFC 9110 §8.8.3.3).
    let gzip = takes_gzip(headers);
    let tag = if gzip { asset.tag.to_owned() } else { asset.tag.replacen('"', "\"plain-", 1) };
    let mut answer = if entity_tag::lists(headers, header::IF_NONE_MATCH, Some(&tag)) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        whole(asset, gzip)
    };
    set(&mut answer, header::ETAG, tag);
    // Asked for again each time, and answered with 304: a new version of the program shows its new page at once.
    set(&mut answer, header::CACHE_CONTROL, "no-cache");
    set(&mut answer, header::VARY, "Accept-Encoding");
    answer
}

fn whole(asset: &'static Asset, gzip: bool) -> Answer {
    let mut answer = if gzip {
        let mut answer = Answer::new(Bytes::from_static(asset.packed).into());
        set(&mut answer, header::CONTENT_ENCODING, "gzip");
        answer
    } else {
        match asset.unpack() {
            Ok(content) => Answer::new(Bytes::from(content).into()),
            Err(_) => return text(StatusCode::INTERNAL_SERVER_ERROR, "The file is packed badly."),
        }
    };
    set(&mut answer, header::CONTENT_TYPE, asset.kind);
    set(&mut answer, header::CONTENT_SECURITY_POLICY, POLICY);
    set(&mut answer, header::REFERRER_POLICY, "no-referrer");
    set(&mut answer, HeaderName::from_static("permissions-policy"), PERMISSIONS);
    set(&mut answer, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    answer
}

/// Leads a browser to `path`.
pub fn lead(path: &'static str) -> Answer {
    let mut answer = text(StatusCode::TEMPORARY_REDIRECT, format!("The page is at {path}"));
    set(&mut answer, header::LOCATION, path);
    answer
}

/// Whether a client takes gzip (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let is_gzip = |name: &str| ["gzip", "x-gzip"].iter().any(|gzip| name.eq_ignore_ascii_case(gzip));
    preference::choices(headers, header::ACCEPT_ENCODING)
        .find(|(name, _)| is_gzip(name))
        .is_some_and(|(_, weight)| weight > 0)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn gzip_is_for_who_says_so() {
        for (value, expected) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.8", true),
            ("x-gzip", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0, br", false),
            ("gzip;q=x", false),
            ("br", false),
            ("*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(takes_gzip(&headers), expected, "{value}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
