//! Where a page comes from (RFC 6454 §4): scheme, host and port, compared as a whole.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest name of a host, in bytes (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 253;

/// An origin of web pages. Two are equal if a browser takes them for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin {
    secure: bool,
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    /// In lower case.
    Name(String),
}

impl WebOrigin {
    /// Reads `http://HOST[:PORT]` or `https://HOST[:PORT]`, with nothing behind; `None` for everything else, `null` for
    /// example.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        if scheme.eq_ignore_ascii_case("https") {
            Self::at(true, authority)
        } else if scheme.eq_ignore_ascii_case("http") {
            Self::at(false, authority)
        } else {
            None
        }
    }

    /// The origin of what is served with TLS, or without, at `HOST[:PORT]` as the header Host has it (RFC 9110 §7.2).
    pub fn at(secure: bool, authority: &str) -> Option<Self> {
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let address = address.parse::<Ipv6Addr>().ok()?;
                (Host::Address(address.into()), if port.is_empty() { port } else { port.strip_prefix(':')? })
            }
            None => {
                let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
                (Host::read(host)?, port)
            }
        };
        let port = match port {
            "" => Self::usual_port(secure),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            _ => return None,
        };
        Some(Self { secure, host, port })
    }

    /// Whether it is of the machine on which the browser runs, which nobody else can pretend to be: `localhost` and the
    /// names below it (RFC 6761 §6.3), 127.0.0.0/8 and `[::1]`.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Address(address) => address.to_canonical().is_loopback(),
            Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    fn usual_port(secure: bool) -> u16 {
        if secure { 443 } else { 80 }
    }
}

impl Host {
    fn read(text: &str) -> Option<Self> {
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
        f.write_str(if self.secure { "https://" } else { "http://" })?;
        match &self.host {
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            Host::Address(address) => write!(f, "{address}")?,
            Host::Name(name) => f.write_str(name)?,
        }
        if self.port != Self::usual_port(self.secure) {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
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
            "file://",
            "chrome-extension://a",
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
        ] {
            assert_eq!(WebOrigin::parse(text).map(|origin| origin.is_loopback()), Some(own), "{text}");
        }
    }
}
