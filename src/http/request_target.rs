//! The target of a request, and the marks of its body: they are looked at before anything else of it (RFC 9112 §3, §6; RFC 9110
//! §7).

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::uri::Scheme;
use hyper::{Method, Request, StatusCode, Uri, Version};

use crate::http::request_body::Incoming;
use crate::http::response::HttpRefusal;

/// Refuses a request that names no target, several or one that is not here, or whose body cannot be read. From then on its header
/// `Host` is the authority of its target, whichever of the two has named it.
///
/// # Errors
///
/// 400, 421 or 501.
pub fn check(request: &mut Request<Incoming>, secure: bool) -> Result<(), HttpRefusal> {
    let (method, uri, version) = (request.method(), request.uri(), request.version());
    check_host(version, request.headers())?;
    check_form(method, uri, secure)?;
    check_body(method, request.headers())?;
    check_expectation(version, request.headers())?;
    // The header says nothing where the target says it (RFC 9112 §3.2.2).
    let named = uri.authority().filter(|_| uri.scheme().is_some());
    if let Some(Ok(host)) = named.map(|authority| HeaderValue::from_str(authority.as_str())) {
        request.headers_mut().insert(header::HOST, host);
    }
    if let Some(uri) = normal(request.uri()) {
        *request.uri_mut() = uri;
    }
    Ok(())
}

/// RFC 9112 §3.2.
fn check_host(version: Version, headers: &HeaderMap) -> Result<(), HttpRefusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_11 => Err(bad("A request of HTTP/1.1 has one Host header.")),
        (_, Some(_)) => Err(bad("A request has one Host header, not several.")),
        (Some(host), None) if !is_host(host.as_bytes()) => {
            Err(bad("The header Host is a name or an address, with a port at most behind it."))
        }
        _ => Ok(()),
    }
}

/// The forms of a target: a path, the whole address, or `*` with OPTIONS (RFC 9112 §3.2.1 to §3.2.4). Only http is served here,
/// and https over TLS (RFC 9110 §7.4).
fn check_form(method: &Method, uri: &Uri, secure: bool) -> Result<(), HttpRefusal> {
    // Answered as a method that is not served.
    if method == Method::CONNECT {
        return Ok(());
    }
    match uri.scheme() {
        None if uri.authority().is_some() => Err(bad("A request is aimed at a path, as in GET /healthz.")),
        None if uri.path() == "*" && method != Method::OPTIONS => Err(bad("Only OPTIONS can be aimed at *.")),
        None => Ok(()),
        Some(_) if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) => {
            Err(bad("No name and no password stand in an address."))
        }
        Some(scheme) if *scheme == Scheme::HTTP || (*scheme == Scheme::HTTPS && secure) => Ok(()),
        Some(_) => Err(HttpRefusal {
            status: StatusCode::MISDIRECTED_REQUEST,
            sentence: "This address is not served on this connection.",
        }),
    }
}

/// The marks of a body that are known here (RFC 9112 §6.1, §7; RFC 9110 §14.5).
fn check_body(method: &Method, headers: &HeaderMap) -> Result<(), HttpRefusal> {
    let codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let codings: Vec<&[u8]> =
        codings.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).collect();
    let chunked = |coding: &&[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
    if !codings.iter().all(chunked) {
        return Err(HttpRefusal {
            status: StatusCode::NOT_IMPLEMENTED,
            sentence: "The only transfer coding here is chunked.",
        });
    }
    if codings.len() > 1 {
        return Err(bad("A body is chunked once."));
    }
    if method == Method::PUT && headers.contains_key(header::CONTENT_RANGE) {
        return Err(bad("Nothing can be put in parts here."));
    }
    Ok(())
}

/// A client may expect a sign to go on. With any other expectation it is refused, as it must not wait for ever (RFC 9110
/// §10.1.1).
fn check_expectation(version: Version, headers: &HeaderMap) -> Result<(), HttpRefusal> {
    let mut expected = headers.get_all(header::EXPECT).iter();
    match (expected.next(), expected.next()) {
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"100-continue") => Ok(()),
        (Some(_), _) if version == Version::HTTP_11 => Err(HttpRefusal {
            status: StatusCode::EXPECTATION_FAILED,
            sentence: "The only expectation that is met here is 100-continue.",
        }),
        _ => Ok(()),
    }
}

/// The address with a path in which letters, digits and `-._~` stand as they are: it is the same one (RFC 9110 §4.2.3).
/// `None`: it has such a path already.
fn normal(uri: &Uri) -> Option<Uri> {
    let mut rest = uri.path();
    if !rest.contains('%') {
        return None;
    }
    let mut path = String::with_capacity(rest.len());
    while let Some(at) = rest.find('%') {
        let (before, escaped) = rest.split_at(at);
        path.push_str(before);
        let plain = escaped.get(1..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let plain = plain.and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        match plain.filter(|c| c.is_ascii_alphanumeric() || "-._~".contains(*c)) {
            Some(plain) => {
                path.push(plain);
                rest = &escaped[3..];
            }
            None => {
                path.push('%');
                rest = &escaped[1..];
            }
        }
    }
    path.push_str(rest);
    if path == uri.path() {
        return None;
    }
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// `uri-host [ ":" port ]`; the name may be empty (RFC 3986 §3.2.2).
fn is_host(text: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(byte);
    let (host, rest) = match text.iter().position(|byte| *byte == b']') {
        Some(end) if text[0] == b'[' => {
            let (host, rest) = text.split_at(end + 1);
            (host[1..end].iter().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte)), rest)
        }
        _ => {
            let end = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
            let (host, rest) = text.split_at(end);
            (host.iter().all(is_name), rest)
        }
    };
    host && rest.strip_prefix(b":").map_or(rest.is_empty(), |port| port.iter().all(u8::is_ascii_digit))
}

fn bad(sentence: &'static str) -> HttpRefusal {
    HttpRefusal { status: StatusCode::BAD_REQUEST, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_a_port() {
        for host in [
            "",
            ":",
            "localhost",
            "localhost:",
            "a_b.example:8445",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:8445",
            "%41",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "a b", "a@b", "a:b", "a:1:2", "::1", "[::1", "::1]", "[g]", "[]x", "a/b", "a?b", "a#b",
            "http://a", "\u{e4}",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn what_need_not_be_escaped_is_not_and_once_only() {
        for (uri, expected) in [
            ("/%68ealthz?%61=%62", "/healthz?%61=%62"),
            ("/a%2fb%2525%41%", "/a%2fb%2525A%"),
            ("/%2e%2E/%7e%2d%5f", "/../~-_"),
            ("/%E4%zz%4", "/%E4%zz%4"),
            ("http://localhost/%61", "http://localhost/a"),
            ("*", "*"),
        ] {
            let uri: Uri = uri.parse().expect("a good address");
            assert_eq!(normal(&uri).unwrap_or(uri).to_string(), expected);
        }
    }
}
