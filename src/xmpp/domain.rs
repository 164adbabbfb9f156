//! The domain of the server, and the other hosts by which a client may open a stream.

use std::net::IpAddr;

use crate::xmpp::jid::Jid;

/// The domain with the hosts by which clients reach the server. A stream to each of them is taken and answered with the domain,
/// as Openfire takes a stream to any host unless `xmpp.client.validate.host` is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    name: Box<str>,
    /// Names in lower case.
    hosts: Vec<String>,
    /// The names in the certificate; `*.` stands for one label (RFC 6125 §6.4.3).
    certificate: Vec<String>,
    /// Every host is taken.
    any: bool,
}

impl Domain {
    /// A domain that is reached by `hosts` too; `None`: by every host.
    pub fn new(name: &str, hosts: Option<Vec<String>>) -> Self {
        let any = hosts.is_none();
        Self { name: name.into(), hosts: hosts.unwrap_or_default(), certificate: Vec::new(), any }
    }

    /// The domain itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes the names of the certificate in use.
    pub fn set_certificate(&mut self, mut names: Vec<String>) {
        names.iter_mut().for_each(|name| name.make_ascii_lowercase());
        self.certificate = names;
    }

    /// Tells whether a stream may be opened to such a host. A client that opens one has not logged in: no more is prepared than
    /// what can be a domain.
    pub fn has(&self, to: &str) -> bool {
        to == &*self.name
            || !to.contains(['@', '/']) && Jid::parse(to).is_ok_and(|jid| self.is_host(&jid.domain))
    }

    /// An address leads to this server wherever it is written: behind a proxy or in a container it is none of the machine's own.
    /// The pubsub service has an address of its own, and no stream is opened to it.
    fn is_host(&self, host: &str) -> bool {
        if host.strip_prefix("pubsub.") == Some(&*self.name) {
            return false;
        }
        let is_loopback = || host == "localhost" || host.ends_with(".localhost");
        let is_address = || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let is_named = || self.hosts.iter().any(|name| name == host);
        let is_in_certificate = || self.certificate.iter().any(|name| matches(name, host));
        self.any || host == &*self.name || is_loopback() || is_address() || is_named() || is_in_certificate()
    }
}

fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(label, end)| !label.is_empty() && end == rest),
        None => pattern == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_may_be_opened_to_every_host_that_leads_here() {
        let mut domain = Domain::new("cc.example.org", Some(vec!["board".to_owned()]));
        domain.set_certificate(vec!["PC7.example.org".to_owned(), "*.lab.example.org".to_owned()]);
        for to in [
            "cc.example.org",
            "CC.Example.ORG.",
            "localhost",
            "LocalHost",
            "a.localhost",
            "127.0.0.1",
            "192.0.2.7",
            "::1",
            "[::1]",
            "2001:DB8::7",
            "board",
            "pc7.example.org",
            "x.lab.example.org",
        ] {
            assert!(domain.has(to), "{to}");
        }
        for to in [
            "",
            "elsewhere",
            "example.org",
            "pubsub.cc.example.org",
            "x.y.lab.example.org",
            "lab.example.org",
            ".lab.example.org",
            "a@localhost",
            "localhost/r",
            "127.0.0.1/r",
            "127.0.0.1:5222",
            "xlocalhost",
        ] {
            assert!(!domain.has(to), "{to}");
        }
        assert!(Domain::new("localhost", None).has("elsewhere"));
        assert!(!Domain::new("localhost", None).has("pubsub.localhost"));
        assert!(!Domain::new("localhost", None).has("a@elsewhere"));
    }
}
