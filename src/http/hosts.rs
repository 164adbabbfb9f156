//! By which names this server may be called (RFC 9110 §7.2).
//!
//! A page from elsewhere can have its own name lead to this machine after it was loaded ("DNS rebinding"): then a browser takes
//! this server for the one that the page is from, and only the header Host tells that it is not.

use std::net::IpAddr;

use hyper::header::{HOST, HeaderMap};
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;

use crate::config::Hosts;
use crate::config::web_origin::Host;
use crate::http::site::Site;

/// The host and port that a request is sent to; `None`: it has none, as HTTP/1.0 had none.
pub fn authority(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST).map(|host| host.to_str().unwrap_or_default())
}

/// Whether a request names the machine on which its client runs.
pub fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = authority(headers).and_then(|authority| Host::with_port(&without_dot(authority)));
    host.is_some_and(|(host, _)| host.is_loopback())
}

/// Whether requests for such a host and port are served where they come in by that address of the machine.
pub fn is_served(site: &Site, authority: &str, own: IpAddr) -> bool {
    let named = match &site.hosts {
        Hosts::Any => return true,
        Hosts::Loopback if !own.to_canonical().is_loopback() => return true,
        Hosts::Loopback => &[][..],
        Hosts::Named(named) => named,
    };
    let host = match Host::with_port(&without_dot(authority)) {
        None => return false,
        Some((Host::Address(_), _)) => return true,
        Some((host, _)) => host,
    };
    let Host::Name(name) = &host else { return true };
    host.is_loopback()
        || *name == site.domain
        || named.contains(&host)
        || site.cors_origins.iter().any(|origin| *origin.host() == host)
        || is_in_certificate(site, name)
}

/// The dot that ends a name in the DNS says nothing.
fn without_dot(authority: &str) -> String {
    let (name, port) =
        authority.rsplit_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
    let name = name.strip_suffix('.').unwrap_or(name);
    port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn is_in_certificate(site: &Site, name: &str) -> bool {
    let identity = site.identity.borrow();
    // One that the server made has no names but those above; one that it has kept may have earlier ones.
    let of_files = identity.as_ref().filter(|identity| !identity.self_signed);
    let certificate = of_files.and_then(|identity| ParsedCertificate::try_from(identity.chain.first()?).ok());
    match (certificate, ServerName::try_from(name)) {
        (Some(certificate), Ok(name)) => verify_server_name(&certificate, &name).is_ok(),
        _ => false,
    }
}
