//! Faults as requests meet them. Nothing here is asked while no fault is set, and never of the paths where faults are healed.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderName, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use hyper::{Request, StatusCode};
use rustls::ServerConfig;
use smol::Timer;
use smol::future::FutureExt as _;

use crate::fault::{Fault, Faults, Hit, Kind, Origin, Point, Subject};
use crate::http::basic_auth;
use crate::http::request_body::Incoming;
use crate::http::response::{HttpRefusal, Response, set, text};
use crate::http::site::Site;
use crate::id::UserId;
use crate::net::accept::Meeting;
use crate::net::clock::now;
use crate::net::socket::Remote;

/// Names the fault that has touched a response.
pub const HEADER: HeaderName = HeaderName::from_static("x-callboard-fault");

/// The paths that no fault touches, or what they begin with: here faults are seen and healed.
const SPARED: &[&str] = &["/callboard/", "/console", "/healthz", "/metrics"];

/// What has come of a request.
pub enum Met {
    /// The request goes on; its response may have to come late.
    Goes(Option<Late>),
    /// A fault answers the request with this response.
    Answered(Response),
    /// A fault has cut the connection: this response never goes, and is not recorded.
    Cut(Response),
}

/// A response that comes late.
pub struct Late {
    hit: Hit,
    delay: Duration,
}

/// Lets a request meet a fault, and waits if that has it wait.
pub async fn meet(site: &Rc<Site>, hit: Hit, request: &Request<Incoming>, remote: &Remote) -> Met {
    if !matches!(hit.kind, Kind::HttpDelay(_)) {
        request.body().leave();
    }
    match hit.kind {
        Kind::HttpStatus(status) => Met::Answered(instead(&hit, status)),
        Kind::HttpDelay(delay) => Met::Goes(Some(Late { hit, delay })),
        Kind::HttpSilence => {
            until_ended(site, &hit).await;
            Met::Goes(Some(Late { hit, delay: Duration::ZERO }))
        }
        Kind::HttpCut => {
            remote.cut();
            Met::Cut(instead(&hit, 503))
        }
        _ => Met::Goes(None),
    }
}

/// The fault of a request.
pub fn of_request(site: &Rc<Site>, request: &Request<Incoming>, address: IpAddr) -> Option<Hit> {
    let path = request.uri().path();
    if SPARED.iter().any(|spared| path.starts_with(spared)) {
        return None;
    }
    site.driver.with_hub(|hub, now| {
        if hub.faults().is_empty() {
            return None;
        }
        let name = basic_auth::claimed_name(hub, now, request);
        let subject = Subject { address: Some(address), path: Some(path), ..Subject::default() };
        hub.fault_of_request(now, Point::Request, &name, subject)
    })
}

impl Late {
    /// Keeps a response back until its time, or until the fault ends.
    pub async fn keep(self, site: &Rc<Site>, mut answer: Response) -> Response {
        let due = async {
            Timer::after(self.delay).await;
        };
        due.or(until_ended(site, &self.hit)).await;
        mark(&mut answer, &self.hit);
        answer
    }
}

/// The fault of a request for a part of the configuration.
pub fn of_configuration(site: &Rc<Site>, actor: UserId) -> Option<Hit> {
    site.driver.with_hub(|hub, now| hub.fault_of_user(now, Point::Configuration, actor))
}

/// Names the fault that has touched a response.
pub fn mark(answer: &mut Response, hit: &Hit) {
    set(answer, HEADER, &*hit.name);
}

/// The fault of a request for a WebSocket.
pub fn of_upgrade(site: &Rc<Site>, address: IpAddr) -> Option<Hit> {
    site.driver.with_hub(|hub, now| {
        let subject = Subject { address: Some(address), ..Subject::default() };
        hub.fault_of_request(now, Point::Upgrade, "", subject)
    })
}

/// The response to a request for a WebSocket as a fault has it; `respond` makes the one without.
pub fn upgraded(hit: &Hit, respond: impl FnOnce() -> Response) -> Response {
    if let Kind::UpgradeStatus(status) = hit.kind {
        return instead(hit, status);
    }
    let mut answer = respond();
    let left_out = if hit.kind == Kind::NoSubprotocol { SEC_WEBSOCKET_PROTOCOL } else { UPGRADE };
    answer.headers_mut().remove(left_out);
    mark(&mut answer, hit);
    answer
}

/// How a listener receives a new connection.
pub fn of_arrival(site: &Rc<Site>, listener: SocketAddr, peer: IpAddr) -> Meeting {
    let hit = site.driver.with_hub(|hub, now| {
        let subject = Subject { address: Some(peer), listener: Some(listener), ..Subject::default() };
        hub.fault_of_request(now, Point::Accept, "", subject)
    });
    match hit {
        Some(Hit { kind: Kind::Refuse, .. }) => Meeting::Refuse,
        Some(hit @ Hit { kind: Kind::TlsHang, .. }) => {
            let site = site.clone();
            Meeting::Hang(Box::pin(async move { until_ended(&site, &hit).await }))
        }
        _ => Meeting::Serve,
    }
}

/// The certificate that a new handshake is shown in the place of the right one.
pub fn of_handshake(site: &Rc<Site>, listener: SocketAddr, peer: IpAddr) -> Option<Arc<ServerConfig>> {
    // A program without faults has nothing of their certificates in it.
    if !cfg!(feature = "lab") {
        return None;
    }
    let hit = site.driver.with_hub(|hub, now| {
        let subject = Subject { address: Some(peer), listener: Some(listener), ..Subject::default() };
        hub.fault_of_request(now, Point::Handshake, "", subject)
    })?;
    let Kind::Certificate(defect) = hit.kind else { return None };
    let mut names = site.certificate_names();
    if names.is_empty() {
        names.push(site.domain.clone());
    }
    let made = site.defective_certificates.borrow_mut().server(defect, &names, now().wall);
    made.inspect_err(|error| log::debug!("{peer} tls: no certificate for a fault: {error}")).ok()
}

/// Heals faults of the file that, with each other and with those that somebody has set, would leave none of the listeners that there
/// are: the file may name others, which count only from the next start on.
pub fn heal_what_locks_out(site: &Site) {
    if !cfg!(feature = "lab") || !site.faults {
        return;
    }
    let listeners = site.listeners.borrow();
    site.driver.with_hub(|hub, now| {
        // At the start nobody listens yet, and the file was looked at.
        while !listeners.is_empty()
            && listeners
                .iter()
                .filter(|one| !one.xmpp)
                .all(|one| hub.faults().meets(Point::Accept, one.address, |_| false, ""))
            && let Some(name) = last_of_file(hub.faults())
        {
            hub.heal_fault(now, &name);
            log::error!(
                "the fault {name} of the file is healed: no listener would be left on which somebody could do that"
            );
        }
    });
}

fn last_of_file(faults: &Faults) -> Option<Box<str>> {
    let is_meant = |fault: &&Fault| {
        fault.origin == Origin::File && fault.row.point == Point::Accept && fault.target().address.is_none()
    };
    faults.list().iter().rev().find(is_meant).map(|fault| fault.name.clone())
}

async fn until_ended(site: &Rc<Site>, hit: &Hit) {
    site.driver.waits.until(|| !site.driver.with_hub(|hub, _| hub.faults().has(hit))).await;
}

/// A response of this status, as of something that stands before the server.
fn instead(hit: &Hit, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut answer = match status {
        StatusCode::UNAUTHORIZED | StatusCode::UPGRADE_REQUIRED => {
            HttpRefusal { status, sentence: "A fault that somebody has set answers so." }.into()
        }
        _ => text(status, "A fault that somebody has set answers so."),
    };
    mark(&mut answer, hit);
    answer
}
