//! Where a request comes from that went through proxies: what those say of it whom the configuration trusts (RFC 7239, and the
//! headers `X-Forwarded-…` that are older).
//!
//! Everybody can write such headers. So they are read from their end, where the nearest proxy has written, and no further than
//! to the first address that is not trusted: what stands before that is what a client says of itself.

use std::net::{IpAddr, SocketAddr};

use hyper::Request;
use hyper::header::{HeaderMap, HeaderName};

use crate::config::Network;
use crate::config::web_origin::Host;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// A request as its client has sent it, to this server or to the first of the proxies.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// The client; with port 0 where a proxy does not say it.
    pub peer: SocketAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// To which host, as `HOST[:PORT]`, if a proxy says another one than the request.
    pub host: Option<String>,
    /// The hosts that `Forwarded` and `X-Forwarded-Host` name. The client may have written one of the two headers itself, so the
    /// server goes by both.
    pub named: [Option<String>; 2],
}

/// Among the extensions of a request: whether a proxy that is trusted has sent it.
#[derive(Clone, Copy, Debug)]
pub struct ViaProxy(pub bool);

impl ViaProxy {
    /// Tells whether a proxy that is trusted has sent a request.
    pub fn is_in<T>(request: &Request<T>) -> bool {
        request.extensions().get().is_some_and(|Self(via_proxy)| *via_proxy)
    }
}

/// The word of one proxy.
#[derive(Debug, Default)]
struct Element {
    client: Option<SocketAddr>,
    secure: Option<bool>,
    host: Option<String>,
}

/// Reads the headers of a request that came from `peer`, over TLS or without.
pub fn seen(trusted: &[Network], peer: SocketAddr, secure: bool, headers: &HeaderMap) -> Seen {
    let direct = Seen { peer, secure, host: None, named: [None, None] };
    if !is_one(trusted, peer) {
        return direct;
    }
    let standard =
        headers.contains_key(FORWARDED).then(|| by_standard(trusted, headers)).map(Option::unwrap_or_default);
    let older = headers.contains_key(FOR).then(|| by_older(trusted, headers)).map(Option::unwrap_or_default);
    let named = [standard.as_ref().and_then(|element| element.host.clone()), older_host(headers)];
    let direct = Seen { named, ..direct };
    let ip = |element: &Element| element.client.map(|client| client.ip());
    let said = match (standard, older) {
        (Some(standard), Some(older)) if ip(&standard) == ip(&older) => standard,
        // Either may be the client's own word, and it cannot be known which.
        (Some(_), Some(_)) => return direct,
        (Some(said), None) | (None, Some(said)) => said,
        (None, None) => return direct,
    };
    Seen {
        peer: said.client.unwrap_or(peer),
        secure: said.secure.unwrap_or(secure),
        host: said.host,
        ..direct
    }
}

/// Whether a request comes from the machine itself, from a peer at one of its own addresses. A proxy there that is not trusted
/// says by its headers that it asks for others.
pub fn is_local(peer: IpAddr, own: IpAddr, seen: &Seen, headers: &HeaderMap) -> bool {
    // A listener of both families has IPv4 addresses written as those of IPv6.
    let is_own = |address: IpAddr| {
        let (address, own) = (address.to_canonical(), own.to_canonical());
        address.is_loopback() || address == own
    };
    let asks_for_others = headers.contains_key(FORWARDED)
        || headers.get_all(FOR).iter().any(|line| {
            let texts = line.to_str().unwrap_or_default().split(',');
            !texts.map(node).all(|node| node.is_some_and(|node| is_own(node.ip())))
        });
    let through_a_trusted_one = seen.peer.ip() != peer;
    is_own(seen.peer.ip()) && (through_a_trusted_one || !asks_for_others)
}

fn is_one(trusted: &[Network], peer: SocketAddr) -> bool {
    trusted.iter().any(|network| network.contains(peer.ip()))
}

/// The element of the outermost trusted proxy in `Forwarded`.
fn by_standard(trusted: &[Network], headers: &HeaderMap) -> Option<Element> {
    let mut outermost = None;
    for line in headers.get_all(FORWARDED).iter().rev() {
        let Some(elements) = line.to_str().ok().and_then(elements) else { break };
        for element in elements.into_iter().rev() {
            let Some(client) = element.client else { return outermost };
            outermost = Some(element);
            if !is_one(trusted, client) {
                return outermost;
            }
        }
    }
    outermost
}

/// Finds the address of the client in `X-Forwarded-For`. Of the headers beside it nobody knows whose word they are but the last
/// one.
fn by_older(trusted: &[Network], headers: &HeaderMap) -> Option<Element> {
    let mut client = None;
    'lines: for line in headers.get_all(FOR).iter().rev() {
        let Ok(line) = line.to_str() else { break };
        for text in line.rsplit(',').filter(|text| !text.trim_ascii().is_empty()) {
            let Some(node) = node(text) else { break 'lines };
            client = Some(node);
            if !is_one(trusted, node) {
                break 'lines;
            }
        }
    }
    Some(Element {
        client: Some(client?),
        secure: last(headers, PROTO).and_then(is_secure),
        host: older_host(headers),
    })
}

/// The host that the last proxy has written into `X-Forwarded-Host`.
fn older_host(headers: &HeaderMap) -> Option<String> {
    last(headers, HOST).filter(|host| Host::with_port(host).is_some()).map(str::to_owned)
}

/// The last word of a header.
fn last(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim_ascii)
}

/// The elements of one line of `Forwarded` (RFC 7239 §4); `None` if it is not as it should be: then a client may have left a
/// quote open before a proxy's word.
fn elements(line: &str) -> Option<Vec<Element>> {
    let mut elements = vec![];
    let mut element = Element::default();
    let mut named = false;
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start();
        let Some(first) = rest.chars().next() else { break };
        if first == ',' {
            if std::mem::take(&mut named) {
                elements.push(std::mem::take(&mut element));
            }
            rest = &rest[1..];
            continue;
        }
        if first == ';' {
            rest = &rest[1..];
            continue;
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        named = true;
        let twice = match name.to_ascii_lowercase().as_str() {
            "for" => element.client.replace(node(&value)?).is_some(),
            "proto" => is_secure(&value).is_some_and(|secure| element.secure.replace(secure).is_some()),
            "host" => Host::with_port(&value).is_some() && element.host.replace(value).is_some(),
            name if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) => false,
            _ => return None,
        };
        rest = after.trim_ascii_start();
        if twice || !(rest.is_empty() || rest.starts_with([',', ';'])) {
            return None;
        }
    }
    if named {
        elements.push(element);
    }
    Some(elements)
}

/// A token or a string in quotes, and what is behind it. Tokens may have what should stand in quotes, as many write it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';', ' ', '\t', '"']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

/// An address with or without a port. None of `unknown`, names and names that stand for something.
fn node(text: &str) -> Option<SocketAddr> {
    let text = text.trim_ascii();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let ip = |ip: IpAddr, port| SocketAddr::new(ip.to_canonical(), port);
    match bare.parse() {
        Ok(address) => Some(ip(address, 0)),
        Err(_) => text.parse().ok().map(|address: SocketAddr| ip(address.ip(), address.port())),
    }
}

fn is_secure(proto: &str) -> Option<bool> {
    match proto.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(true),
        "http" | "ws" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1:5000";

    fn ask(peer: &str, lines: &[(&'static str, &[u8])]) -> Seen {
        let trusted = ["10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48"]
            .map(|text| Network::parse(text).expect("a network"));
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).expect("a header can have it"));
        }
        seen(&trusted, peer.parse().expect("an address"), false, &headers)
    }

    #[track_caller]
    fn client(lines: &[(&'static str, &str)]) -> String {
        let lines: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        ask(PROXY, &lines).peer.to_string()
    }

    #[test]
    fn the_client_is_the_last_address_that_is_not_trusted() {
        for (value, expected) in [
            ("192.0.2.1", "192.0.2.1:0"),
            ("192.0.2.1:4711", "192.0.2.1:4711"),
            ("2001:db8::1", "[2001:db8::1]:0"),
            ("[2001:db8::1]", "[2001:db8::1]:0"),
            ("[2001:db8::1]:80", "[2001:db8::1]:80"),
            ("::ffff:192.0.2.1", "192.0.2.1:0"),
            ("198.51.100.9, 192.0.2.1", "192.0.2.1:0"),
            ("198.51.100.9,192.0.2.1,10.9.9.9 , 127.0.0.1", "192.0.2.1:0"),
            ("198.51.100.9, 192.0.2.1, 2001:db8:1:2::3", "192.0.2.1:0"),
            ("10.9.9.9", "10.9.9.9:0"),
            ("10.1.1.1, 10.9.9.9", "10.1.1.1:0"),
            (", 192.0.2.1 ,,", "192.0.2.1:0"),
            // What cannot be read ends it: the nearest proxy stands for the client then.
            ("192.0.2.1, unknown", PROXY),
            ("192.0.2.1, unknown, 10.9.9.9", "10.9.9.9:0"),
            ("", PROXY),
            ("localhost", PROXY),
            ("192.0.2.1; 198.51.100.9", PROXY),
            ("fe80::1%eth0", PROXY),
            ("192.0.2.256", PROXY),
            ("0x7f.1", PROXY),
            ("[192.0.2.1", PROXY),
        ] {
            assert_eq!(client(&[("x-forwarded-for", value)]), expected, "{value}");
        }
        assert_eq!(
            client(&[("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "192.0.2.1")]),
            "192.0.2.1:0"
        );
        assert_eq!(
            ask(PROXY, &[("x-forwarded-for", b"192.0.2.1"), ("x-forwarded-for", b"\xff")]).peer.to_string(),
            PROXY
        );
    }

    #[test]
    fn the_same_by_the_standard() {
        for (value, expected) in [
            ("for=192.0.2.1", "192.0.2.1:0"),
            ("For=\"[2001:db8::1]:4711\"", "[2001:db8::1]:4711"),
            ("for=192.0.2.1;proto=https;by=203.0.113.43", "192.0.2.1:0"),
            ("for=198.51.100.9, for=192.0.2.1", "192.0.2.1:0"),
            ("for=198.51.100.9, for=192.0.2.1 ; by=a, for=10.9.9.9", "192.0.2.1:0"),
            ("for=\"192.0.2.\\1\"", "192.0.2.1:0"),
            ("secret=\"a, for=198.51.100.9\";for=192.0.2.1", "192.0.2.1:0"),
            ("for=unknown", PROXY),
            ("for=_hidden, for=10.9.9.9", PROXY),
            ("proto=https", PROXY),
            ("for=192.0.2.1;for=198.51.100.9", PROXY),
            ("for=\"192.0.2.1", PROXY),
            // A client has left a quote open before the proxy's own word.
            ("for=\"198.51.100.9, for=192.0.2.1", PROXY),
            ("for=\"198.51.100.9, for=\"192.0.2.1\"", PROXY),
            ("for = 192.0.2.1", PROXY),
            ("for", PROXY),
            ("=", PROXY),
            ("\"", PROXY),
            (";;,,;", PROXY),
        ] {
            assert_eq!(client(&[("forwarded", value)]), expected, "{value}");
        }
        let twice = [("forwarded", "for=\"198.51.100.9"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(client(&twice), "192.0.2.1:0", "each line for itself");
    }

    #[test]
    fn nobody_else_is_believed_and_two_that_differ_are_not() {
        let lines = [
            ("x-forwarded-for", &b"198.51.100.9"[..]),
            ("x-forwarded-proto", b"https"),
            ("forwarded", b"for=198.51.100.9"),
        ];
        for lines in [&lines[..], &lines[..2], &lines[2..]] {
            let seen = ask("192.0.2.77:1", lines);
            assert_eq!((seen.peer.to_string().as_str(), seen.secure), ("192.0.2.77:1", false));
        }
        assert_eq!(
            client(&[("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.1:5")]),
            "192.0.2.1:0"
        );
        for (standard, older) in [
            ("for=198.51.100.9", "192.0.2.1"),
            ("for=unknown", "192.0.2.1"),
            ("for=192.0.2.1", ""),
            ("\"", "192.0.2.1"),
        ] {
            assert_eq!(
                client(&[("forwarded", standard), ("x-forwarded-for", older)]),
                PROXY,
                "{standard} {older}"
            );
        }
    }

    #[test]
    fn scheme_and_host_are_those_of_the_outermost_trusted_proxy() {
        let seen = ask(PROXY, &[("forwarded", b"for=1.2.3.4;host=evil;proto=http, for=192.0.2.1;host=\"board.example:8443\";proto=https, for=10.9.9.9;proto=http;host=inside")]);
        assert_eq!((seen.secure, seen.host.as_deref()), (true, Some("board.example:8443")));
        let older = |proto: &str, host: &str| {
            let lines =
                [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", proto), ("x-forwarded-host", host)];
            ask(PROXY, &lines.map(|(name, value)| (name, value.as_bytes())))
        };
        for (proto, host, expected) in [
            ("https", "board.example", (true, Some("board.example"))),
            ("HTTPS", "a, b", (true, Some("b"))),
            ("wss", "[::1]:8445", (true, Some("[::1]:8445"))),
            ("http, https", "a/b", (true, None)),
            ("https, http", "u@a", (false, None)),
            ("javascript", "", (false, None)),
        ] {
            let seen = older(proto, host);
            assert_eq!((seen.secure, seen.host.as_deref()), expected, "{proto} {host}");
        }
    }

    #[test]
    fn a_proxy_on_this_machine_that_nobody_trusts_is_not_local_for_others() {
        let local = |own: &str, peer: &str, lines: &[(&'static str, &'static str)]| {
            let [own, peer]: [IpAddr; 2] = [own, peer].map(|text| text.parse().expect("an address"));
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let seen = seen(&[], SocketAddr::new(peer, 1), false, &headers);
            is_local(peer, own, &seen, &headers)
        };
        for (peer, lines, expected) in [
            ("127.0.0.1", &[][..], true),
            ("::1", &[], true),
            ("::ffff:127.0.0.1", &[], true),
            ("192.0.2.1", &[], true),
            ("192.0.2.2", &[], false),
            ("127.0.0.1", &[("x-forwarded-for", "127.0.0.1")], true),
            ("127.0.0.1", &[("x-forwarded-for", "::1, 127.0.0.1")], true),
            ("127.0.0.1", &[("x-forwarded-for", "192.0.2.7")], false),
            ("127.0.0.1", &[("x-forwarded-for", "192.0.2.7"), ("x-forwarded-for", "127.0.0.1")], false),
            ("127.0.0.1", &[("x-forwarded-for", "")], false),
            ("127.0.0.1", &[("x-forwarded-for", "192.0.2.1")], true),
            ("127.0.0.1", &[("forwarded", "for=127.0.0.1")], false),
        ] {
            for own in ["192.0.2.1", "::ffff:192.0.2.1"] {
                assert_eq!(local(own, peer, lines), expected, "{peer} at {own} {lines:?}");
            }
        }
    }
}
