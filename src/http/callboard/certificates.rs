//! The certificates of faults: whom they would keep out, and the authority that clients may trust to see each defect by itself.

use std::net::IpAddr;
use std::rc::Rc;

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};

use crate::fault::{Point, Spec};
use crate::http::basic_auth::Peer;
use crate::http::response::{HttpRefusal, Response, set};
use crate::http::site::Site;
use crate::net::listen::Listening;

/// The path of the root.
pub const ROOT: &str = "/callboard/api/faults/root.pem";

/// The path of the intermediate that `no-chain` leaves out.
pub const INTERMEDIATE: &str = "/callboard/api/faults/intermediate.pem";

/// A chain of certificates in PEM (RFC 8555 §9.1).
const CHAIN: HeaderValue = HeaderValue::from_static("application/pem-certificate-chain");

/// The certificate of the authority that has this path.
pub fn of_authority(site: &Rc<Site>, path: &str) -> Result<Response, HttpRefusal> {
    let mut made = site.defective_certificates.borrow_mut();
    let pem = if path == ROOT { made.root() } else { made.intermediate() };
    let pem = pem.map_err(|sentence| HttpRefusal { status: StatusCode::SERVICE_UNAVAILABLE, sentence })?;
    let mut answer = Response::new(pem.into());
    set(&mut answer, header::CONTENT_TYPE, CHAIN);
    set(&mut answer, header::CACHE_CONTROL, "no-cache");
    Ok(answer)
}

/// Says why no handshake would meet a fault.
pub fn problem(site: &Rc<Site>, spec: &Spec) -> Option<String> {
    if spec.row.point != Point::Handshake {
        return None;
    }
    let listeners = site.listeners.borrow();
    let mut with_tls = listeners.iter().filter(|listening| listening.shows_certificate());
    let is_meant =
        |listening: &Listening| spec.target.listener.is_none_or(|meant| meant == listening.address);
    if with_tls.any(is_meant) {
        return None;
    }
    let all: Vec<_> =
        listeners.iter().filter(|one| one.shows_certificate()).map(|one| one.address.to_string()).collect();
    let listed =
        if all.is_empty() { "none has TLS".to_owned() } else { format!("there are {}", all.join(", ")) };
    Some(match spec.target.listener {
        Some(listener) => format!("There is no listener {listener} with TLS; {listed}."),
        None => "No listener has TLS, so that nobody sees a certificate.".to_owned(),
    })
}

/// Says how a fault is healed by an asker who is shown its certificate from now on.
pub fn way_out(site: &Rc<Site>, name: &str, spec: &Spec, asker: Option<&Peer>) -> Option<String> {
    let is_own = |address: IpAddr| asker.is_some_and(|Peer(own)| own.to_canonical() == address);
    if spec.row.point != Point::Handshake || spec.target.address.is_some_and(|address| !is_own(address)) {
        return None;
    }
    let (listener, listeners) = (spec.target.listener, site.listeners.borrow());
    let is_way = |listening: &&Listening| {
        let is_meant = listener.is_none_or(|meant| meant == listening.address);
        let is_met = |address| {
            site.driver.with_hub(|hub, _| hub.faults().meets(Point::Handshake, address, is_own, name))
        };
        !listening.xmpp && (!listening.tls || !is_meant && !is_met(listening.address))
    };
    let ways: Vec<_> = listeners.iter().filter(is_way).map(ToString::to_string).collect();
    Some(match ways.as_slice() {
        [] => "No other listener shows another certificate. Where a browser refuses this one, curl -k heals the fault; or wait until it \
             ends by itself."
            .to_owned(),
        ways => format!(
            "Where a browser refuses this certificate, heal the fault at {}, or with curl -k; or wait until it ends by itself.",
            ways.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use smol::LocalExecutor;

    use super::*;
    use crate::config::Config;

    fn site(listeners: &[(&str, bool)]) -> Rc<Site> {
        let executor = Rc::new(LocalExecutor::new());
        let site = Site::new(Config::demo(), None, executor.clone(), executor);
        let at = |(address, tls): &(&str, bool)| Listening {
            address: address.parse().expect("an address"),
            tls: *tls,
            xmpp: false,
        };
        *site.listeners.borrow_mut() = listeners.iter().map(at).collect();
        site
    }

    #[test]
    fn where_there_is_no_other_listener_the_fault_ends_by_itself() {
        let site = site(&[("127.0.0.1:8445", true)]);
        let spec = Spec::read([("kind", "certificate")]).expect("it is read");
        assert_eq!(problem(&site, &spec), None);
        let note = way_out(&site, "f", &spec, None).expect("everybody is meant");
        assert!(note.starts_with("No other listener shows another certificate."), "{note}");
    }

    #[test]
    fn where_nobody_speaks_tls_there_is_no_fault_of_certificates() {
        let site = site(&[("127.0.0.1:8080", false)]);
        for (more, sentence) in [
            (None, "No listener has TLS, so that nobody sees a certificate."),
            (
                Some(("listener", "127.0.0.1:8080")),
                "There is no listener 127.0.0.1:8080 with TLS; none has TLS.",
            ),
        ] {
            let spec = Spec::read([("kind", "certificate")].into_iter().chain(more)).expect("it is read");
            assert_eq!(problem(&site, &spec).as_deref(), Some(sentence));
        }
    }
}
