//! What all handlers of requests share.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use hyper::header::HeaderValue;
use smol::LocalExecutor;
use smol::lock::Semaphore;

use crate::config::limits::Limits;
use crate::config::web_origin::WebOrigin;
use crate::config::{Config, Hosts, Release};
use crate::event_loop;
use crate::event_loop::driver::Driver;
use crate::http::files::folder::Www;
use crate::http::metering::Meters;
use crate::net::admission::Admission;
use crate::net::clock::now;
use crate::net::listen::Listening;
use crate::net::quota::Quota;
use crate::net::tls::Identity;
use crate::net::tls::certificate::Certificate;
use crate::net::tls::defective::DefectiveCertificates;

/// For how long browsers are told to come by TLS where the release does so.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A server over HTTP.
pub struct Site {
    pub driver: Rc<Driver>,
    pub admission: Rc<Admission>,
    pub limits: Limits,
    pub meters: RefCell<Meters>,
    /// The bodies of requests that are being read.
    pub bodies: Quota,
    /// The folder whose files are served, if the configuration names one.
    pub www: Option<Rc<Www>>,
    /// Files that are being sent.
    pub files: Quota,
    /// A permit to convert a large document.
    pub documents: Arc<Semaphore>,
    pub cors_origins: Vec<WebOrigin>,
    /// The XMPP domain, which is a name of the server too.
    pub domain: String,
    pub hosts: Hosts,
    /// The value of Strict-Transport-Security, if it is sent.
    pub hsts: Option<HeaderValue>,
    /// Whether it is sent because the release does, and not because the file says so: then the names of this machine are
    /// spared, as browsers would ask for TLS on every port of it.
    pub hsts_by_release: bool,
    /// The status with which a browser is led to TLS.
    pub led_to_tls: StatusCode,
    /// The certificate of the listeners with TLS; none if there are no such listeners.
    pub identity: RefCell<Option<Identity>>,
    /// The certificates of faults.
    pub defective_certificates: RefCell<DefectiveCertificates>,
    /// Whether administrators may look at the frames of other sessions.
    pub frame_tap: bool,
    /// Whether administrators may set faults.
    pub faults: bool,
    /// Whether what happens is recorded.
    pub records: bool,
    /// The addresses of the listeners.
    pub listeners: RefCell<Vec<Listening>>,
    /// When it was started.
    pub started: SystemTime,
}

impl Site {
    /// A server for `config`, whose tasks run on `executor`, and on `arrivals` those of connections that are no sessions.
    pub fn new(
        config: Config,
        www: Option<Www>,
        executor: Rc<LocalExecutor<'static>>,
        arrivals: Rc<LocalExecutor<'static>>,
    ) -> Rc<Self> {
        let limits = config.limits;
        let is_strict = config.release >= Release::R12_6;
        let hsts = config.hsts.or(is_strict.then_some(YEAR));
        Rc::new(Self {
            admission: Rc::new(Admission::new(limits, config.trusted_proxies.clone())),
            limits,
            meters: RefCell::default(),
            bodies: Quota::new(limits.bodies),
            www: www.map(Rc::new),
            files: Quota::new(limits.files),
            documents: Arc::new(Semaphore::new(1)),
            cors_origins: config.cors_origins.clone(),
            domain: config.domain.clone(),
            hosts: config.hosts.clone(),
            hsts: hsts.and_then(|time| format!("max-age={}", time.as_secs()).try_into().ok()),
            hsts_by_release: config.hsts.is_none(),
            led_to_tls: if is_strict {
                StatusCode::MOVED_PERMANENTLY
            } else {
                StatusCode::TEMPORARY_REDIRECT
            },
            identity: RefCell::default(),
            defective_certificates: RefCell::default(),
            frame_tap: config.frame_tap,
            faults: cfg!(feature = "lab") && config.faults,
            records: cfg!(feature = "lab") && config.record > 0,
            listeners: RefCell::default(),
            started: now().wall,
            driver: event_loop::start(config, executor, arrivals),
        })
    }

    /// Takes the certificate of the listeners with TLS.
    pub fn take_identity(&self, identity: Identity) {
        *self.identity.borrow_mut() = Some(identity);
        let names = self.certificate_names();
        self.driver.with_hub(|hub, _| hub.set_certificate_names(names));
    }

    /// The names of hosts and the addresses for which the certificate is.
    pub fn certificate_names(&self) -> Vec<String> {
        let identity = self.identity.borrow();
        let certificate = identity.as_ref().and_then(|identity| Certificate::read(identity.chain.first()?));
        certificate.map(|certificate| certificate.names).unwrap_or_default()
    }
}
