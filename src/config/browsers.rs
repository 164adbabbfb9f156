//! The keys for browsers and proxies: the folder with pages, the other pages that may use the server, the names of the server,
//! and the proxies that are trusted.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use crate::config::files::{TlsFiles, Www};
use crate::config::limits::Kind;
use crate::config::network::Network;
use crate::config::problem::{Place, Placed, Report, shown};
use crate::config::section::{Reported, Section, all};
use crate::config::server::Hosts;
use crate::config::web_origin::{Host, WebOrigin};

/// How long browsers may be told to use TLS only, in milliseconds: two years is what lists of such hosts want at most.
const HSTS: RangeInclusive<u64> = 0..=2 * 8760 * 3_600_000;

/// The most proxies or networks that may be named: each request is compared with them.
const MOST_PROXIES: usize = 64;

/// Reads `www`; an empty text is as none. Paths in the file start at `folder`.
pub(super) fn www(report: &mut Report, root: &Section, folder: &Path) -> Result<Option<Www>, Reported> {
    let Some(path) = root.string(report, "www")? else {
        return Ok(None);
    };
    if path.value.contains('\0') {
        report.add(path.place, "www must be the path of a folder");
        return Err(Reported);
    }
    Ok((!path.value.is_empty()).then(|| Www { folder: folder.join(path.value), place: Some(path.place) }))
}

/// Reads `cors_origins`.
pub(super) fn cors_origins(report: &mut Report, root: &Section) -> Result<Vec<WebOrigin>, Reported> {
    const EXAMPLE: &str = "such as \"https://gadgets.example.org:8443\"";
    let Some(texts) = root.strings(report, "cors_origins")? else {
        return Ok(Vec::new());
    };
    let mut places: Vec<(WebOrigin, Place)> = Vec::new();
    all(texts.iter().map(|Placed { place, value }| {
        let Some(origin) = WebOrigin::parse(value) else {
            let end = match *value {
                "*" => format!(
                    "would let every page use the passwords that browsers remember; name each origin, {EXAMPLE}"
                ),
                "null" => format!(
                    "is what every page says that hides where it comes from, also one of an attacker; serve the \
                     page by HTTP and name its origin, {EXAMPLE}"
                ),
                _ => format!(
                    "is not an origin; write http:// or https:// (or chrome-extension:// and the like), the host \
                     as browsers send it, the port if it is not the usual one, and nothing behind, {EXAMPLE}"
                ),
            };
            report.add(*place, format!("cors_origins {} {end}", shown(value)));
            return Err(Reported);
        };
        if let Some((_, first)) = places.iter().find(|(other, _)| *other == origin) {
            let line = first.line;
            report.add(*place, format!("cors_origins {origin} already stands in line {line}; leave one out"));
        }
        places.push((origin.clone(), *place));
        Ok(origin)
    }))
}

/// Reads `hosts`; an empty list is as none.
pub(super) fn hosts(report: &mut Report, root: &Section) -> Result<Hosts, Reported> {
    let texts = root.strings(report, "hosts")?.unwrap_or_default();
    if texts.is_empty() {
        return Ok(Hosts::Loopback);
    }
    let mut names: Vec<Host> = Vec::new();
    let (mut any, mut unread) = (None, false);
    for Placed { place, value } in &texts {
        if *value == "*" {
            any = Some(*place);
            continue;
        }
        let host = Host::with_port(value).filter(|(_, port)| port.is_none() && !value.contains(':'));
        let Some((host, _)) = host else {
            let end = "is not the name of a host; write it as it stands in the address of a browser, without a port, such \
                       as \"board.example.org\", or \"*\" for every name (addresses are always taken)";
            report.add(*place, format!("hosts {} {end}", shown(value)));
            unread = true;
            continue;
        };
        if names.contains(&host) {
            report.add(*place, format!("hosts {} stands there twice; leave one out", shown(value)));
        }
        names.push(host);
    }
    match any {
        _ if unread => Err(Reported),
        Some(place) if !names.is_empty() => {
            report.add(place, "hosts \"*\" is every name; leave the others out, or this one");
            Err(Reported)
        }
        Some(_) => Ok(Hosts::Any),
        None => Ok(Hosts::Named(names)),
    }
}

/// Reads `hsts`.
pub(super) fn hsts(
    report: &mut Report,
    root: &Section,
    tls: &Result<Option<TlsFiles>, Reported>,
) -> Result<Option<Duration>, Reported> {
    let Some(text) = root.string(report, "hsts")? else { return Ok(None) };
    if let Ok(None) = tls {
        let sentence = "hsts needs a certificate of your own, as a browser could not be told to accept any other one; \
                        add a section [tls], or leave hsts out";
        report.add(text.place, sentence);
    }
    match Kind::Duration.parse(text.value).filter(|time| HSTS.contains(time) && time.is_multiple_of(1000)) {
        Some(time) => Ok(Some(Duration::from_millis(time))),
        None => {
            let form = "must be whole seconds from \"0s\" to \"17520h\", such as \"8760h\" for a year";
            report.add(text.place, format!("hsts {} {form}", shown(text.value)));
            Err(Reported)
        }
    }
}

/// The proxies that are trusted.
#[derive(Default)]
pub(super) struct Proxies {
    pub networks: Vec<Network>,
    /// Where every address is named.
    pub everything: Option<Place>,
}

/// Reads `trusted_proxies`.
pub(super) fn trusted_proxies(report: &mut Report, root: &Section) -> Result<Proxies, Reported> {
    let Some(texts) = root.strings(report, "trusted_proxies")? else {
        return Ok(Proxies::default());
    };
    if let Some(Placed { place, .. }) = texts.get(MOST_PROXIES) {
        report.add(*place, format!("trusted_proxies may have {MOST_PROXIES} entries; name networks"));
        return Err(Reported);
    }
    let mut everything = None;
    let networks = all(texts.iter().map(|Placed { place, value }| {
        let network = Network::parse(value);
        if network.as_ref().is_some_and(Network::is_everything) {
            everything = Some(*place);
        }
        if network.is_none() {
            let form = "is not an IP address or network, such as \"192.0.2.10\" or \"10.1.0.0/16\" (with zeros behind its bits)";
            report.add(*place, format!("trusted_proxies {} {form}", shown(value)));
        }
        network.ok_or(Reported)
    }))?;
    Ok(Proxies { networks, everything })
}
