//! Where a probe goes, and what it is to find out there, from the words of a command line.

use std::net::IpAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::connection::Target;
use crate::cli;
use crate::probe::{Errand, Plan, Way, shown_url};

/// The kinds of addresses: what is written before `://`, how a stream travels, whether with TLS, the port and the path.
const SCHEMES: [(&str, Way, bool, u16, &str); 6] = [
    ("wss", Way::WebSocket, true, 443, "/ws/"),
    ("ws", Way::WebSocket, false, 80, "/ws/"),
    ("https", Way::Bosh, true, 443, "/http-bind/"),
    ("http", Way::Bosh, false, 80, "/http-bind/"),
    ("xmpps", Way::Tcp, true, 5223, ""),
    ("xmpp", Way::Tcp, false, 5222, ""),
];

/// Reads a URL: a scheme, a host, a port, a path.
///
/// # Errors
///
/// Returns a sentence that says what is wrong with it.
pub fn target(url: &str) -> Result<Target, String> {
    // A user has a password beside it.
    let shown = url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, rest)| format!("…@{rest}"));
    let shown = shown_url(&shown);
    let wrong = || format!("{shown:?} is not like wss://HOST:8445/ws/ or xmpp://HOST:5222");
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let Some((_, way, secure, port, path)) = SCHEMES.into_iter().find(|(name, ..)| *name == scheme) else {
        return Err(format!("{shown:?} begins with none of wss, ws, https, http, xmpps and xmpp"));
    };
    let (authority, path) = rest.find('/').map_or((rest, path), |place| rest.split_at(place));
    if authority.contains('@') {
        return Err(format!("{shown:?} has a user in it; give it with --user"));
    }
    if way == Way::Tcp && !matches!(path, "" | "/") {
        return Err(format!("{shown:?} has a path, which XMPP over TCP does not"));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, digits)) if !digits.ends_with(']') => {
            (host, digits.parse().map_err(|_| format!("{shown:?} has no port of 1 to 65535"))?)
        }
        _ => (authority, port),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() || port == 0 {
        return Err(wrong());
    }
    Ok(Target { way, secure, host: host.to_owned(), port, path: path.to_owned() })
}

/// The addresses that Finesse has at a host, by the names of `--transport`.
///
/// # Errors
///
/// Returns a sentence when there is no such transport, or no host by itself.
pub fn addresses(host: &str, transports: &str) -> Result<Vec<String>, String> {
    if host.contains(['/', '@']) {
        return Err("--transport is about the name of a host; a URL has its own".to_owned());
    }
    let address = |name: &str| match name.trim() {
        "ws" => Ok(format!("wss://{host}:8445/ws/")),
        "bosh" => Ok(format!("https://{host}:8445/http-bind/")),
        "tcp" => Ok(format!("xmpp://{host}:5222")),
        "tls" => Ok(format!("xmpps://{host}:5223")),
        other => Err(format!(
            "--transport has {other:?} in it; it takes ws, bosh, tcp and tls, separated by commas"
        )),
    };
    transports.split(',').map(address).collect()
}

/// The plan that the flags make for a target.
pub fn plan(flags: &cli::Probe, target: &Target, password: Option<&Zeroizing<String>>) -> Plan {
    let user = flags.user.clone().unwrap_or_default();
    let mut nodes = Vec::new();
    if !user.is_empty() {
        nodes.push(format!("/finesse/api/User/{user}"));
    }
    nodes.extend(flags.team.iter().map(|team| format!("/finesse/api/Team/{team}/Users")));
    let is_local =
        target.host == "localhost" || target.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    Plan {
        way: target.way,
        secure: target.secure,
        port: target.port,
        rest: flags.rest,
        local: is_local && !target.secure,
        insecure: flags.insecure,
        domain: flags.domain.clone().unwrap_or_else(|| target.host.clone()),
        user,
        password: password.cloned(),
        resource: flags.resource.clone(),
        nodes,
        patience: Duration::from_secs(flags.timeout),
        silence: Duration::from_secs(flags.silence),
        errand: Errand::Probe,
    }
}
