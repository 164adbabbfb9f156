//! A request of the API, taken apart.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::rc::Rc;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use percent_encoding::percent_decode_str;

use crate::clock::Now;
use crate::config::MOST_CONTACTS;
use crate::desk::{self, ApiError, ApiRefusal, Element};
use crate::http::finesse::form;
use crate::http::query::{Query, Repeated};
use crate::http::request_body;
use crate::http::request_body::Incoming;
use crate::http::response::HttpRefusal;
use crate::http::site::Site;
use crate::hub::Hub;
use crate::id::UserId;
use crate::xml::Bounds;

/// Where the API starts.
pub const PREFIX: &str = "/finesse/api/";

/// The start of the path of a request that is made as if another user made it, before the id of that user.
pub const AS_USER: &str = "/callboard/api/as/";

/// The header by which a request and its events are matched (the guide, "HTTP requests").
pub const REQUEST_ID: HeaderName = HeaderName::from_static("requestid");

/// The longest request id that is taken, in bytes: it is copied into every event.
const REQUEST_ID_MAX: usize = 256;

/// The most elements of a contact in a list, with its own and with some to spare.
const ELEMENTS_OF_CONTACT: usize = 8;

/// The last object that a range can have (the guide, "TeamResource: get phone books").
const MOST_OBJECTS: usize = 6000;

/// The answer to a request that succeeds.
pub enum Success {
    /// 200 with a document, which may be empty.
    Document(String),
    /// 200 with comma-separated values.
    Csv(String),
    /// 206 with a part of a document, and the value of Content-Range.
    Part(String, String),
    /// 200 without a document, and the address of what was created.
    Stored(Option<String>),
    /// 202: what follows comes as events.
    Accepted,
    /// The methods of a resource, for OPTIONS.
    Methods(String),
}

impl Success {
    /// A change of the configuration, of which the desk says the path of what was created.
    fn stored(self, base: &str) -> Self {
        let Self::Document(path) = self else { return self };
        Self::Stored((!path.is_empty()).then(|| format!("{base}{path}")))
    }
}

impl From<Option<String>> for Success {
    fn from(document: Option<String>) -> Self {
        document.map_or(Self::Accepted, Self::Document)
    }
}

/// The reply to a request.
pub type Reply = Result<Success, ApiError>;

/// Takes apart the path of a request that is made as if another user made it: the id of that user, and the path of the
/// API.
pub fn as_user(path: &str) -> Option<(String, &str)> {
    let (id, rest) = path.strip_prefix(AS_USER)?.split_once('/')?;
    let id = percent_decode_str(id).decode_utf8().ok()?;
    // The slash that ended the id begins the path.
    let path = path.get(path.len() - rest.len() - 1..).filter(|path| path.starts_with(PREFIX))?;
    Some((id.into_owned(), path))
}

/// Reads the request that a body asks for.
pub trait Read: FnOnce(&str, &Bounds) -> Result<desk::Request, ApiError> {}

impl<F: FnOnce(&str, &Bounds) -> Result<desk::Request, ApiError>> Read for F {}

/// A request whose path can be read.
pub struct Call<'a> {
    site: &'a Rc<Site>,
    /// GET for HEAD too: hyper leaves out the body of its answer.
    pub method: Method,
    /// The segments of the path behind the prefix, decoded.
    pub path: Vec<String>,
    query: String,
    pub headers: &'a HeaderMap,
    body: Option<Incoming>,
    secure: bool,
    conditions: Option<Conditions<'a>>,
}

/// Tells whether a change is made on conditions that hold.
type Conditions<'a> = Box<dyn Fn(&Call<'_>) -> Result<(), ApiError> + 'a>;

impl<'a> Call<'a> {
    /// Takes a request apart, if its path is UTF-8. `secure`: it came by TLS, also to a proxy.
    pub fn read(
        site: &'a Rc<Site>,
        request: Request<Incoming>,
        headers: &'a HeaderMap,
        secure: bool,
    ) -> Option<Self> {
        let path = request.uri().path();
        let path = as_user(path).map_or(path, |(_, path)| path);
        let path = path.strip_prefix(PREFIX).unwrap_or_default().trim_end_matches('/');
        let decoded = path.split('/').map(|part| percent_decode_str(part).decode_utf8().map(Cow::into_owned));
        let path = decoded.collect::<Result<_, _>>().ok()?;
        let query = request.uri().query().unwrap_or_default().to_owned();
        let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
        let body = Some(request.into_body());
        Some(Self { site, method, path, query, headers, body, secure, conditions: None })
    }

    /// A parameter of the query; empty if it is not there.
    ///
    /// # Errors
    ///
    /// Returns Bad Request if it stands twice.
    pub fn parameter(&self, name: &'static str) -> Result<String, ApiError> {
        match Query::new(&self.query).one(name) {
            Ok(value) => Ok(value.unwrap_or_default().into_owned()),
            Err(Repeated(name)) => Err(ApiRefusal::Malformed.about(format!("{name} stands twice"))),
        }
    }

    /// The name by which the client reached the server, without the port.
    pub fn host(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        name.to_owned()
    }

    /// The objects that the header Range asks for, the first of which is 1. Other units than `objects` are left alone.
    ///
    /// # Errors
    ///
    /// Returns Invalid Range unless there is one range within 1 to 6000.
    pub fn range(&self) -> Result<Option<RangeInclusive<usize>>, ApiError> {
        let mut ranges =
            self.headers.get_all(header::RANGE).iter().map(|range| range.to_str().unwrap_or("objects="));
        let Some(range) = ranges.find_map(|range| range.trim().strip_prefix("objects=")) else {
            return Ok(None);
        };
        let bounds = range.split_once('-').and_then(|(from, to)| Some((number(from)?, number(to)?)));
        let within = |(from, to): &(usize, usize)| (1..=*to).contains(from) && *to <= MOST_OBJECTS;
        match bounds.filter(within) {
            Some((from, to)) if ranges.next().is_none() => Ok(Some(from..=to)),
            _ => Err(ApiRefusal::RangeInvalid.about(crate::text::start(range, REQUEST_ID_MAX))),
        }
    }

    /// Returns the request with its conditions, if it has any: they are checked before its body is read, and again when it
    /// is applied, as other requests may change the object meanwhile (RFC 9110 §13.2).
    ///
    /// # Errors
    ///
    /// Returns that they do not hold.
    pub fn on_conditions(
        mut self,
        check: impl Fn(&Call<'_>) -> Result<(), ApiError> + 'a,
    ) -> Result<Self, ApiError> {
        if [header::IF_MATCH, header::IF_NONE_MATCH].iter().any(|name| self.headers.contains_key(name)) {
            check(&self)?;
            self.conditions = Some(Box::new(check));
        }
        Ok(self)
    }

    /// Applies a request, if its conditions still hold.
    fn apply(&self, by: UserId, actor: UserId, request_id: String, request: desk::Request) -> Reply {
        self.conditions.as_ref().map_or(Ok(()), |check| check(self))?;
        self.site
            .driver
            .with_hub(|hub, now| hub.request(now, by, actor, request_id, request))
            .map(Success::from)
    }

    /// The body, which is read once.
    fn take_body(&mut self) -> Result<Incoming, ApiError> {
        self.body.take().ok_or_else(|| ApiRefusal::Malformed.about(""))
    }

    /// Looks at the sessions and the contact centre.
    pub fn look<T>(&self, look: impl FnOnce(&Hub, Now) -> T) -> T {
        self.site.driver.with_hub(|hub, now| look(hub, now))
    }

    /// The user that a path names.
    pub fn user(&self, actor: UserId, name: &str) -> Result<UserId, ApiError> {
        self.look(|hub, _| hub.desk().find(actor, name))
    }

    /// Reads the body, which has to be XML, as `read` says, and applies the request. `by` is the user that sends it, and
    /// `actor` the user as whom it is carried out.
    ///
    /// The answer is 202: all that a request asks for is done before the next one is looked at, so the requests for an object
    /// are served in the order in which their bodies came.
    pub async fn change(self, by: UserId, actor: UserId, read: impl Read) -> Reply {
        let bounds = Bounds::of(&self.site.limits);
        self.change_within(by, actor, &bounds, read).await
    }

    /// Applies a request without a body.
    pub async fn change_without_body(self, by: UserId, actor: UserId, request: desk::Request) -> Reply {
        let request_id = self.request_id()?;
        self.site.driver.admit(by, 0).await?;
        self.apply(by, actor, request_id, request)
    }

    /// Changes the configuration without a body.
    pub async fn configure(
        self,
        by: UserId,
        actor: UserId,
        change: impl FnOnce(Element) -> desk::Request,
    ) -> Reply {
        let base = self.base();
        self.change_without_body(by, actor, change(Element::default())).await.map(|done| done.stored(&base))
    }

    /// Changes the configuration as a body says, whose outermost element is `root`.
    pub async fn configure_by(
        self,
        by: UserId,
        actor: UserId,
        root: &str,
        change: impl FnOnce(Element) -> desk::Request,
    ) -> Reply {
        let bounds = Bounds::of(&self.site.limits);
        self.configure_within(by, actor, (root, &bounds), change).await
    }

    /// Takes other contacts of a phone book, which may be as long as a log and as many as there can be (the guide, "PhoneBook: import
    /// contact list (XML)").
    pub async fn replace_contacts(
        self,
        by: UserId,
        actor: UserId,
        root: &str,
        change: impl FnOnce(Element) -> desk::Request,
    ) -> Reply {
        let limits = &self.site.limits;
        let of_limits = Bounds::of(limits);
        let elements = of_limits.elements.max(MOST_CONTACTS * ELEMENTS_OF_CONTACT);
        let bounds = Bounds { bytes: limits.client_log.max(of_limits.bytes), elements, ..of_limits };
        self.configure_within(by, actor, (root, &bounds), change).await
    }

    async fn configure_within(
        self,
        by: UserId,
        actor: UserId,
        (root, bounds): (&str, &Bounds),
        change: impl FnOnce(Element) -> desk::Request,
    ) -> Reply {
        let base = self.base();
        let read = |body: &str, bounds: &Bounds| Element::read(body, bounds, root).map(change);
        self.change_within(by, actor, bounds, read).await.map(|done| done.stored(&base))
    }

    /// Takes a file with the contacts of a phone book, in a form or as the body, which may be as long as a log.
    pub async fn import(
        mut self,
        by: UserId,
        actor: UserId,
        change: impl FnOnce(Element) -> desk::Request,
    ) -> Reply {
        let request_id = self.request_id()?;
        let kind =
            self.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_one_of = |known: &[&str]| {
            known.iter().any(|known| {
                kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(known))
            })
        };
        if !is_one_of(&["multipart/form-data", "text/csv", "text/plain"]) {
            return Err(ApiRefusal::NotCsv.about("Content-Type"));
        }
        let body = self.take_body()?;
        let text = request_body::text(self.site, body, self.site.limits.client_log).await.map_err(unread)?;
        let file =
            form::file(kind, &text, "datafile").ok_or_else(|| ApiRefusal::Malformed.about("datafile"))?;
        let request = change(desk::contacts_of_csv(file)?);
        self.site.driver.admit(by, text.len()).await?;
        self.apply(by, actor, request_id, request).map(|_| Success::Accepted)
    }

    /// The scheme and the authority by which the client reached the server.
    fn base(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        format!("{}://{host}", if self.secure { "https" } else { "http" })
    }

    /// Takes the log of a client, which may be longer than other bodies.
    pub async fn log(self, by: UserId, actor: UserId, read: impl Read) -> Reply {
        let limits = &self.site.limits;
        let bounds = Bounds { bytes: limits.client_log, ..Bounds::of(limits) };
        self.change_within(by, actor, &bounds, read).await
    }

    /// Applies a request whose body is read and thrown away.
    pub async fn opaque_log(mut self, by: UserId, actor: UserId, request: desk::Request) -> Reply {
        let body = self.take_body()?;
        request_body::discard(self.site, body, self.site.limits.client_log).await.map_err(unread)?;
        self.site.driver.admit(by, 0).await?;
        self.apply(by, actor, String::new(), request)
    }

    async fn change_within(mut self, by: UserId, actor: UserId, bounds: &Bounds, read: impl Read) -> Reply {
        let request_id = self.request_id()?;
        self.check_kind()?;
        let body = self.take_body()?;
        let text = request_body::text(self.site, body, bounds.bytes).await.map_err(unread)?;
        let request = read(&text, bounds)?;
        self.site.driver.admit(by, text.len()).await?;
        self.apply(by, actor, request_id, request)
    }

    /// The request id, empty if there is none.
    fn request_id(&self) -> Result<String, ApiError> {
        match self.headers.get(REQUEST_ID).map(HeaderValue::to_str) {
            None => Ok(String::new()),
            Some(Ok(id)) if id.len() <= REQUEST_ID_MAX => Ok(id.to_owned()),
            Some(_) => Err(ApiRefusal::Malformed.about("requestId")),
        }
    }

    /// The body has to be XML in UTF-8, by its content type if it has one (RFC 7303 §3.2).
    fn check_kind(&self) -> Result<(), ApiError> {
        let kind = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("application/xml");
        let is_one_of = |text: &str, known: &[&str]| known.iter().any(|one| text.eq_ignore_ascii_case(one));
        let mut parts = kind.split(';').map(str::trim);
        if !is_one_of(parts.next().unwrap_or_default(), &["application/xml", "text/xml"]) {
            return Err(ApiRefusal::NotXml.about("Content-Type"));
        }
        let mut parameters = parts.filter_map(|part| part.split_once('='));
        let charset = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        let charset = charset.map_or("utf-8", |(_, value)| value.trim().trim_matches('"'));
        if is_one_of(charset, &["utf-8", "utf8", "us-ascii"]) {
            Ok(())
        } else {
            Err(ApiRefusal::NotUtf8.about("the charset in Content-Type"))
        }
    }
}

/// Reads a number of at most nine digits, with white space around it.
fn number(text: &str) -> Option<usize> {
    let text = text.trim();
    crate::text::number(text).filter(|_| text.len() < 10)
}

/// Why a body was not read, as the API says it.
fn unread(refused: HttpRefusal) -> ApiError {
    match refused.status {
        StatusCode::PAYLOAD_TOO_LARGE => ApiRefusal::BodyTooLarge.about(""),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiRefusal::NotUtf8.about("the bytes of the body"),
        StatusCode::SERVICE_UNAVAILABLE => ApiRefusal::Busy.about(""),
        _ => ApiRefusal::Malformed.about(refused.sentence),
    }
}
