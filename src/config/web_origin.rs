//! Where a page comes from (RFC 6454 §4): scheme, host and port, compared as a whole.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest name of a host, in bytes (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 253;

/// Schemes that no page comes from, whatever a program says of itself.
const NO_PAGES: [&str; 8] = ["about", "blob", "data", "ftp", "javascript", "mailto", "ws", "wss"];

/// An origin of web pages. Two are equal if a browser takes them for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin {
    scheme: Scheme,
    host: Host,
    /// `None`: the scheme knows of none.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
    /// The scheme of a browser's extension, of a wrapped application or of files; in lower case.
    Other(String),
}

/// The host of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An IP address.
    Address(IpAddr),
    /// A name, in lower case.
    Name(String),
}

impl WebOrigin {
    /// Reads `SCHEME://HOST[:PORT]` with nothing behind, or `file://`; `None` for everything else, `null` for example.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        match scheme.as_str() {
            "https" => return Self::at(true, authority),
            "http" => return Self::at(false, authority),
            _ => {}
        }
        let begins = scheme.starts_with(|first: char| first.is_ascii_lowercase());
        let of_a_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !begins || !scheme.bytes().all(of_a_scheme) || NO_PAGES.contains(&scheme.as_str()) {
            return None;
        }
        let (host, port) = if scheme == "file" {
            (authority.is_empty().then(|| Host::Name(String::new()))?, None)
        } else {
            Host::with_port(authority)?
        };
        Some(Self { scheme: Scheme::Other(scheme), host, port })
    }

    /// The origin of what is served with TLS, or without, at `HOST[:PORT]` as the header Host has it (RFC 9110 §7.2).
    pub fn at(secure: bool, authority: &str) -> Option<Self> {
        let (host, port) = Host::with_port(authority)?;
        let scheme = if secure { Scheme::Https } else { Scheme::Http };
        Some(Self { port: port.or(scheme.usual_port()), scheme, host })
    }

    /// Whether it is of the machine on which the browser runs, which nobody else can pretend to be.
    pub fn is_loopback(&self) -> bool {
        self.scheme.usual_port().is_some() && self.host.is_loopback()
    }

    /// Returns the host of the origin.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether both are of one host and port, in whatever scheme.
    pub fn is_beside(&self, other: &Self) -> bool {
        (&self.host, self.port) == (&other.host, other.port)
    }
}

impl Scheme {
    fn usual_port(&self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::Other(_) => None,
        }
    }
}

impl Host {
    /// Takes `HOST[:PORT]` apart.
    pub fn with_port(authority: &str) -> Option<(Self, Option<u16>)> {
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let address = address.parse::<Ipv6Addr>().ok()?;
                (Self::Address(address.into()), if port.is_empty() { port } else { port.strip_prefix(':')? })
            }
            None => {
                let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
                (Self::read(host)?, port)
            }
        };
        match port {
            "" => Some((host, None)),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some((host, Some(digits.parse().ok()?)))
            }
            _ => None,
        }
    }

    /// Whether it is a machine's name or address for itself: `localhost` and the names below it (RFC 6761 §6.3),
    /// 127.0.0.0/8 and `::1`.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.to_canonical().is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    /// Reads a name or an IPv4 address.
    pub fn read(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let good = (1..=LONGEST_NAME).contains(&text.len())
            && text.bytes().all(of_a_name)
            && !text.split('.').any(str::is_empty);
        good.then(|| Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for WebOrigin {
    /// Writes it as a browser does (RFC 6454 §6.2).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match &self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Other(scheme) => scheme,
        };
        write!(f, "{scheme}://{}", self.host)?;
        match self.port {
            Some(port) if self.port != self.scheme.usual_port() => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Host {
    /// Writes it as it stands in a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_origin_has_one_form() {
        for (text, form) in [
            ("https://gadgets.example.org:8443", "https://gadgets.example.org:8443"),
            ("HTTPS://Gadgets.Example.org:443", "https://gadgets.example.org"),
            ("https://a", "https://a"),
            ("http://a:80", "http://a"),
            ("http://a:443", "http://a:443"),
            ("https://a:80", "https://a:80"),
            ("http://a:00080", "http://a"),
            ("http://192.0.2.1:8080", "http://192.0.2.1:8080"),
            ("http://[2001:DB8::0:1]", "http://[2001:db8::1]"),
            ("https://[::1]:8445", "https://[::1]:8445"),
            ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
            ("Chrome-Extension://abcdef", "chrome-extension://abcdef"),
            ("moz-extension://0F9C-1", "moz-extension://0f9c-1"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("ionic://localhost:80", "ionic://localhost:80"),
            ("file://", "file://"),
        ] {
            assert_eq!(
                WebOrigin::parse(text).map(|origin| origin.to_string()).as_deref(),
                Some(form),
                "{text}"
            );
        }
        assert_eq!(WebOrigin::at(true, "A:443"), WebOrigin::parse("https://a"));
        assert_ne!(WebOrigin::at(false, "a"), WebOrigin::at(true, "a"));
    }

    #[test]
    fn nothing_else_is_an_origin() {
        for text in [
            "",
            "*",
            "null",
            "a",
            "a.example",
            "//a",
            "://a",
            "https://",
            "https://:443",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https://u:p@a",
            "https://a:b",
            "https://a:+1",
            "https://a:65536",
            "https://a:1:2",
            "https://a b",
            "https://a,https://b",
            "https://*.a",
            "https://.a",
            "https://a.",
            "https://a..b",
            "https://m\u{fc}nchen.example",
            "https://[::1",
            "https://[::1]8445",
            "https://[1.2.3.4]",
            "https://[::g]",
            "https://::1",
            "ftp://a",
            "ws://a",
            "wss://a",
            "data://a",
            "blob://a",
            "file:///",
            "file://a",
            "chrome-extension://",
            "chrome-extension://a/",
            "1a://a",
            "a b://a",
            "a_b://a",
            " https://a",
            "https://a ",
            "https:// a",
        ] {
            assert_eq!(WebOrigin::parse(text), None, "{text}");
        }
        assert!(WebOrigin::parse(&format!("https://{}", "a".repeat(254))).is_none());
    }

    #[test]
    fn the_own_machine_is_known_by_its_names_and_addresses() {
        for (text, own) in [
            ("http://localhost", true),
            ("https://localhost:3000", true),
            ("http://page.localhost:5173", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.8.9.10", true),
            ("https://[::1]:8445", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://localhost.example.org", false),
            ("http://notlocalhost", false),
            ("http://127.0.0.1.example.org", false),
            ("http://128.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://[::2]", false),
            // Every device has a page of that name.
            ("capacitor://localhost", false),
            ("file://", false),
        ] {
            assert_eq!(WebOrigin::parse(text).map(|origin| origin.is_loopback()), Some(own), "{text}");
        }
    }
}
