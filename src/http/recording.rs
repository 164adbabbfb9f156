//! Requests over HTTP as the record has them. Nothing here is done while nothing is recorded.
//!
//! An entry is made when a request has come whole, before it changes anything: what follows from it has higher numbers. Headers are not
//! recorded but `requestId`, and bodies only those of Finesse's API.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use hyper::header::HeaderName;
use hyper::{HeaderMap, Method, Request};

use crate::config::call_variable::{is_numbered, is_own};
use crate::http::basic_auth;
use crate::http::bosh;
use crate::http::callboard::{calls, contacts, tasks};
use crate::http::faults;
use crate::http::finesse::{AS_USER, PREFIX, REQUEST_ID};
use crate::http::query::Query;
use crate::http::redact;
use crate::http::request_body::BodySeen;
use crate::http::response::{Response, set};
use crate::http::site::Site;
use crate::hub::{RecordedRequest, RecordedResponse};
use crate::record;

/// Tells the number of a request that may change something: what follows from it stands behind that in the record.
const SEQUENCE: HeaderName = HeaderName::from_static("x-callboard-sequence");

/// callboard's own requests that are not recorded: those of people who look on. They tell a number all the same.
const SPARED: &[&str] = &["/callboard/api/record", "/callboard/api/meters", "/callboard/api/ticket"];

/// The logs of clients, whose bodies are not recorded: anything may stand in them.
const LOGS: &[&str] = &["clientlog", "compressedclientlog"];

/// Where somebody outside comes in.
const OUTSIDE: &[&str] = &[calls::PATH, tasks::PATH, contacts::PATH];

/// The parameters of somebody who comes from outside, beside call variables. Any other may be a secret.
const OF_OUTSIDE: &[&str] = &[
    "to",
    "from",
    "media",
    "campaign",
    "phone_number",
    "first_name",
    "last_name",
    "account_number",
    "agent",
    "result",
];

/// The methods that change nothing.
const READING: &[Method] = &[Method::GET, Method::HEAD, Method::OPTIONS];

/// A request that is recorded.
pub struct Recorder {
    site: Rc<Site>,
    peer: SocketAddr,
    method: Method,
    path: String,
    user: String,
    request_id: String,
    /// Whether the bodies are recorded.
    has_bodies: bool,
    /// The call, task or contact that a request lets come from outside, as a form. The record has it in place of the body.
    outside: Option<String>,
    /// Whether it has an entry. What BOSH carries is recorded as frames.
    is_recorded: bool,
    /// The number of its entry, or of the last one when it came; 0: it has none yet.
    number: Cell<u64>,
}

impl Recorder {
    /// A recorder for a request, if it is recorded or may change something.
    pub fn of<B>(
        site: &Rc<Site>,
        request: &Request<B>,
        peer: SocketAddr,
        has_body: bool,
    ) -> Option<Rc<Self>> {
        if !cfg!(feature = "lab") || !site.records {
            return None;
        }
        let path = request.uri().path();
        let is_recorded = is_recorded(request.method(), path);
        let is_change = !READING.contains(request.method());
        if !is_recorded && !(is_change && (path.starts_with("/callboard/") || bosh::is_path(path))) {
            return None;
        }
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let is_log = LOGS.iter().any(|log| last.eq_ignore_ascii_case(log));
        let recorder = Self {
            site: site.clone(),
            peer,
            method: request.method().clone(),
            path: redact::uri(request.uri()),
            user: basic_auth::claimed(site, request.headers()),
            request_id: request_id(request.headers()).to_owned(),
            has_bodies: is_finesse(path) && !is_log,
            outside: OUTSIDE.contains(&path).then(|| form(request.uri().query().unwrap_or_default())),
            is_recorded,
            number: Cell::default(),
        };
        if !has_body {
            recorder.begin("", 0);
        }
        Some(Rc::new(recorder))
    }

    fn begin(&self, body: &str, size: usize) {
        if self.number.get() > 0 {
            return;
        }
        if !self.is_recorded {
            return self.number.set(self.site.driver.with_hub(|hub, _| hub.record().last()));
        }
        let Self { peer, path, user, request_id, .. } = self;
        let body = match &self.outside {
            Some(outside) if body.is_empty() => outside,
            _ => body,
        };
        let method = self.method.as_str();
        let request = RecordedRequest { method, path, user, request_id, peer: *peer, body, size };
        self.number.set(self.site.driver.with_hub(|hub, now| hub.record_request(now, &request)));
    }

    /// The response goes.
    pub fn end(&self, answer: &mut Response) {
        self.goes_on();
        let of = self.number.get();
        if !READING.contains(&self.method) {
            set(answer, SEQUENCE, of);
        }
        if !self.is_recorded {
            return;
        }
        let bytes = answer.body().bytes().unwrap_or_default();
        let text = if self.has_bodies || self.outside.is_some() {
            std::str::from_utf8(&bytes).unwrap_or_default()
        } else {
            ""
        };
        let fault = answer.headers().get(faults::HEADER).and_then(|name| name.to_str().ok());
        let status = answer.status().as_u16();
        let response = RecordedResponse { of, status, body: &record::body(text), size: bytes.len(), fault };
        self.site.driver.with_hub(|hub, now| hub.record_response(now, &response));
    }
}

impl BodySeen for Recorder {
    fn body(&self, text: &str) {
        let shown = match &self.outside {
            _ if self.has_bodies => record::body(text),
            Some(query) => [query, "&", &form(text)].concat().into(),
            None => "".into(),
        };
        self.begin(&shown, text.len());
    }

    fn goes_on(&self) {
        self.begin("", 0);
    }
}

/// The parameters of a form that are known.
fn form(text: &str) -> String {
    let is_known = |name: &str| OF_OUTSIDE.contains(&name) || is_numbered(name) || is_own(name);
    let known = Query::new(text.trim()).pairs().filter(|(name, _)| is_known(name));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(known).finish()
}

fn request_id(headers: &HeaderMap) -> &str {
    headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default()
}

fn is_finesse(path: &str) -> bool {
    path.starts_with(PREFIX) || path.starts_with(AS_USER)
}

/// Whether a request is recorded: all of Finesse's API and for tokens, and of callboard's own those that may change something.
fn is_recorded(method: &Method, path: &str) -> bool {
    let reads = READING.contains(method);
    let is_spared = || SPARED.iter().any(|spared| path.starts_with(spared));
    is_finesse(path)
        || path.starts_with("/desktop/sso/")
        || (path.starts_with("/callboard/api/") && !reads && !is_spared())
}
