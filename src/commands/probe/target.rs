//! Where a probe goes, and what it is to find out there, from the words of a command line.

use std::net::IpAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::connection::Target;
use crate::cli;
use crate::probe::{Errand, Plan};

/// Reads a URL: ws or wss, a host, a port, a path.
///
/// # Errors
///
/// Returns a sentence that says what is wrong with it.
pub fn target(url: &str) -> Result<Target, String> {
    // A user has a password beside it.
    let shown = url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, rest)| format!("…@{rest}"));
    let wrong = || format!("{shown:?} is not like wss://HOST:8445/ws/");
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let (secure, bosh, port) = match scheme {
        "wss" => (true, false, 443),
        "ws" => (false, false, 80),
        "https" => (true, true, 443),
        "http" => (false, true, 80),
        _ => return Err(format!("{shown:?} begins with none of wss, ws, https and http")),
    };
    let path = if bosh { "/http-bind/" } else { "/ws/" };
    let (authority, path) = rest.find('/').map_or((rest, path), |place| rest.split_at(place));
    if authority.contains('@') {
        return Err(format!("{shown:?} has a user in it; give it with --user"));
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
    Ok(Target { secure, bosh, host: host.to_owned(), port, path: path.to_owned() })
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
        secure: target.secure,
        bosh: target.bosh,
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
