//! `/console/`: the files of the built-in page and of the manual, as they are packed into the program. `/desktop/` and `/tunnel/`:
//! the container of gadgets and the event tunnel, where the folder of files has no such file.

use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, StatusCode};

use crate::console::{Asset, PAGE};
use crate::http::headers::{entity_tag, preference};
use crate::http::request_body::Incoming;
use crate::http::response::{Response, empty, set, text};

/// The path of the page.
pub const PATH: &str = "/console/";

/// The page may run its own files, and talk to the server that it comes from. No text becomes markup in it, as
/// no value is taken for HTML that has not gone through its XML reader (CSP 3, Trusted Types).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types xml";

/// The container of gadgets shows them in frames. Trusted types are not asked for: the libraries of gadgets look through the page
/// around them, and try there what a browser makes of some markup.
const CONTAINER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                                frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A gadget is code that the user has put into the folder of files, and may do what any other file there may do. Only a page of
/// this server has it in a frame.
const GADGET_POLICY: &str = "frame-ancestors 'self'; base-uri 'self'; object-src 'none'";

/// The event tunnel is a frame in pages of every origin, as with Finesse: it does nothing without a password from such a page.
const TUNNEL_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                             require-trusted-types-for 'script'; trusted-types xml";

/// The folders of the page that have paths of their own: the container of gadgets and the event tunnel.
const APART: [&str; 2] = ["desktop/", "tunnel/"];

/// The folder of the documents of the API, which have paths of their own, too.
const API: &str = "api/";

/// The paths of the documents of the API.
pub const OPENAPI: &str = "/callboard/openapi.yaml";
pub const ASYNCAPI: &str = "/callboard/asyncapi.yaml";

/// The page gives up these features, whatever its reader has allowed (Permissions Policy §6).
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Answers a GET or HEAD for a file of the page.
pub fn answer(request: &Request<Incoming>) -> Response {
    let name = match request.uri().path().strip_prefix(PATH).unwrap_or_default() {
        "manual" if Asset::find("manual/index.html").is_some() => return lead("/console/manual/"),
        "" => "index.html",
        "board" => "board.html",
        "manual/" => "manual/index.html",
        name => name,
    };
    let apart = APART.iter().chain([&API]).any(|folder| name.starts_with(folder));
    match Asset::find(name).filter(|_| !apart) {
        Some(asset) => send(asset, POLICY, request),
        None => text(StatusCode::NOT_FOUND, "The built-in page has no such file."),
    }
}

/// Whether such a path is one of the container of gadgets or of the event tunnel, unless the folder of files has it.
pub fn is_apart(path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or_default();
    APART.iter().any(|folder| path.starts_with(folder) || Some(path) == folder.strip_suffix('/'))
}

/// The paths of the container of gadgets and of the event tunnel.
pub fn paths_apart() -> impl Iterator<Item = String> {
    let names = PAGE.iter().map(|asset| asset.name);
    let names = names.filter(|name| APART.iter().any(|folder| name.starts_with(folder)));
    names.chain(APART).map(|name| format!("/{name}"))
}

/// Answers a GET or HEAD for a file of the container of gadgets or of the event tunnel.
pub fn answer_apart(request: &Request<Incoming>) -> Response {
    let path = request.uri().path().strip_prefix('/').unwrap_or_default();
    let name = match path {
        "desktop" => return lead("/desktop/"),
        "tunnel" => return lead("/tunnel/"),
        "desktop/" => "desktop/index.html",
        "tunnel/" => "tunnel/index.html",
        path => path,
    };
    let policy = match name.split_once('/') {
        Some(("tunnel", _)) => TUNNEL_POLICY,
        Some(("desktop", "gadget.html")) => GADGET_POLICY,
        _ => CONTAINER_POLICY,
    };
    match Asset::find(name).filter(|_| is_apart(request.uri().path())) {
        Some(asset) => send(asset, policy, request),
        None => text(StatusCode::NOT_FOUND, "There is no such file. Put it into the folder that www names."),
    }
}

/// Answers a GET or HEAD for a document of the API. A program without the manual has none.
pub fn answer_document(request: &Request<Incoming>) -> Response {
    let name = request.uri().path().rsplit('/').next().unwrap_or_default();
    match Asset::find(&format!("{API}{name}")) {
        Some(asset) => send(asset, POLICY, request),
        None => text(StatusCode::NOT_FOUND, "This program was built without the documents of its API."),
    }
}

fn send(asset: &'static Asset, policy: &'static str, request: &Request<Incoming>) -> Response {
    let headers = request.headers();
    // Each form of the file has a tag of its own (RFC 9110 §8.8.3.3).
    let gzip = takes_gzip(headers);
    let tag = if gzip { asset.tag.to_owned() } else { asset.tag.replacen('"', "\"plain-", 1) };
    let mut answer = if entity_tag::lists(headers, header::IF_NONE_MATCH, Some(&tag)) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        whole(asset, gzip, policy)
    };
    set(&mut answer, header::ETAG, tag);
    // Asked for again each time, and answered with 304: a new version of the program shows its new page at once.
    set(&mut answer, header::CACHE_CONTROL, "no-cache");
    set(&mut answer, header::VARY, "Accept-Encoding");
    answer
}

fn whole(asset: &'static Asset, gzip: bool, policy: &'static str) -> Response {
    let mut answer = if gzip {
        let mut answer = Response::new(Bytes::from_static(asset.packed).into());
        set(&mut answer, header::CONTENT_ENCODING, "gzip");
        answer
    } else {
        match asset.unpack() {
            Ok(content) => Response::new(Bytes::from(content).into()),
            Err(_) => return text(StatusCode::INTERNAL_SERVER_ERROR, "The file is packed badly."),
        }
    };
    set(&mut answer, header::CONTENT_TYPE, asset.kind);
    set(&mut answer, header::CONTENT_SECURITY_POLICY, policy);
    set(&mut answer, header::REFERRER_POLICY, "no-referrer");
    set(&mut answer, HeaderName::from_static("permissions-policy"), PERMISSIONS);
    set(&mut answer, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    answer
}

/// Leads a browser to `path`.
pub fn lead(path: &'static str) -> Response {
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
