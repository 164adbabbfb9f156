//! Finesse's REST API below `/finesse/api/` (reference 4): the way of a request to the desk and of its answer back.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use percent_encoding::percent_decode_str;

use super::answer::{Answer, ask_for_password, set};
use super::server::Server;
use super::{auth, body};
use crate::desk::{ApiError, Refusal, SetState};
use crate::id::UserId;
use crate::xmpp::xml::Bounds;

/// Where the API starts.
pub const PREFIX: &str = "/finesse/api/";

/// The header by which a request and its events are matched (reference 4.1).
const REQUEST_ID: HeaderName = HeaderName::from_static("requestid");

/// The longest request id that is taken, in bytes: it is copied into every event.
const REQUEST_ID_MAX: usize = 256;

/// What there is in Finesse and not here.
const ELSEWHERE: [&str; 24] = [
    "ChatConfig",
    "ClientLog",
    "ClusterConfig",
    "Dialog",
    "Dialogs",
    "ECCVariableConfig",
    "EnterpriseDatabaseConfig",
    "LayoutConfig",
    "Media",
    "MediaPropertiesLayout",
    "MediaPropertiesLayouts",
    "PhoneBook",
    "PhoneBooks",
    "Queue",
    "Queues",
    "ReasonCodes",
    "SystemConfig",
    "TeamMessage",
    "TeamMessages",
    "UserAuthMode",
    "Workflow",
    "Workflows",
    "WrapUpReason",
    "WrapUpReasons",
];

/// A request, taken apart.
struct Call<'a> {
    method: Method,
    /// What stands behind the prefix, decoded, by slashes.
    path: Vec<String>,
    query: String,
    headers: &'a HeaderMap,
}

/// What a request gets: a body for 200, none for 202, or an error.
type Reply = Result<Option<String>, ApiError>;

/// Answers a request.
pub async fn answer(server: Rc<Server>, request: Request<Incoming>, peer: SocketAddr) -> Answer {
    let shown = format!("{} {}", request.method(), request.uri());
    let headers = request.headers().clone();
    let (who, reply) = serve(&server, request, &headers).await;
    let mut answer = match reply {
        Ok(Some(document)) => xml(StatusCode::OK, document),
        Ok(None) => {
            let mut accepted = Answer::default();
            *accepted.status_mut() = StatusCode::ACCEPTED;
            accepted
        }
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            xml(status, error.document())
        }
    };
    if answer.status() == StatusCode::UNAUTHORIZED && who.is_none() {
        ask_for_password(&mut answer);
    }
    if let Some(id) = headers.get(REQUEST_ID) {
        answer.headers_mut().insert(REQUEST_ID, id.clone());
    }
    let who = who
        .map_or_else(|| auth::name(&server, &headers), |user| server.with_hub(|hub, _| hub.user_name(user)));
    log::info!("{peer} http {who}: {shown} {}", answer.status().as_u16());
    answer
}

async fn serve(
    server: &Rc<Server>,
    request: Request<Incoming>,
    headers: &HeaderMap,
) -> (Option<UserId>, Reply) {
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().trim_end_matches('/');
    let decoded = path.split('/').map(|part| percent_decode_str(part).decode_utf8().map(Cow::into_owned));
    let Ok(path) = decoded.collect::<Result<Vec<_>, _>>() else {
        return (None, Err(Refusal::PathUnknown.about("")));
    };
    let query = request.uri().query().unwrap_or_default().to_owned();
    // hyper leaves out the body of the answer to a HEAD.
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let call = Call { method, path, query, headers };
    if call.is(&Method::GET, &["SystemInfo"]) {
        // Asked before anybody is logged in, to find the XMPP domain (reference 2.0).
        let host = call.host();
        let document = server.with_hub(|hub, now| hub.desk().system_info_document(now.wall, &host));
        return (None, Ok(Some(document)));
    }
    match auth::user(server, headers).await {
        Ok(user) => (Some(user), routed(server, user, call, request).await),
        // The same for an unknown user as for a wrong password.
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => {
            (None, Err(Refusal::NotAllowed.about(auth::given_name(headers))))
        }
        Err(_) => (None, Err(Refusal::Busy.about(""))),
    }
}

/// The table of the API (reference 4.2).
async fn routed(server: &Rc<Server>, actor: UserId, call: Call<'_>, request: Request<Incoming>) -> Reply {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    if call.method == Method::PUT
        && let ["User", id] = path[..]
    {
        return set_state(server, actor, id, &call, request).await;
    }
    server.with_hub(|hub, _| {
        let desk = hub.desk();
        let document = match (call.method.as_str(), &path[..]) {
            ("GET", ["User"] | ["Users"]) => desk.users_document(actor),
            ("GET", ["User", id]) => desk.find(id).and_then(|user| desk.user_document(actor, user)),
            ("GET", ["User", id, "ReasonCodes"]) => desk
                .find(id)
                .and_then(|user| desk.reason_codes_of_user(actor, user, &call.parameter("category"))),
            ("GET", ["Teams"]) => desk.teams_document(actor),
            ("GET", ["Team", id]) => {
                desk.team_document(actor, id, call.parameter("includeLoggedOutAgents") != "false")
            }
            ("GET", ["Team", id, "ReasonCodes"]) => {
                desk.reason_codes_of_team(actor, id, &call.parameter("category"))
            }
            ("GET", ["ReasonCode", id]) => desk.reason_code_document(id),
            (_, ["SystemInfo"] | ["User" | "Team" | "ReasonCode", _]) => {
                Err(Refusal::NotImplemented.about(call.method.as_str()))
            }
            (_, [.., last]) if ELSEWHERE.contains(last) => Err(Refusal::NotImplemented.about(*last)),
            (_, [first, ..]) if ELSEWHERE.contains(first) => Err(Refusal::NotImplemented.about(*first)),
            _ => Err(Refusal::PathUnknown.about(call.path.join("/"))),
        };
        document.map(Some)
    })
}

/// `PUT /User/{id}`.
async fn set_state(
    server: &Rc<Server>,
    actor: UserId,
    id: &str,
    call: &Call<'_>,
    request: Request<Incoming>,
) -> Reply {
    let user = server.with_hub(|hub, _| hub.desk().find(id))?;
    let request_id = call.request_id()?;
    if !call.is_xml() {
        return Err(Refusal::NotXml.about("Content-Type"));
    }
    let body =
        body::text(server, request, server.limits.stanza).await.map_err(|refused| match refused.status {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::BodyTooLarge.about(""),
            _ => Refusal::Malformed.about(refused.sentence),
        })?;
    let asked = SetState::read(&body, &Bounds::of(&server.limits))?;
    server.with_hub(|hub, now| hub.set_state(now, actor, user, &asked, &request_id))?;
    Ok(None)
}

impl Call<'_> {
    fn is(&self, method: &Method, path: &[&str]) -> bool {
        self.method == method && self.path == path
    }

    /// A parameter of the query; empty if it is not there.
    fn parameter(&self, name: &str) -> String {
        let mut pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// The name by which the client reached the server, without the port.
    fn host(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        name.to_owned()
    }

    /// The request id, empty if there is none.
    fn request_id(&self) -> Result<String, ApiError> {
        match self.headers.get(REQUEST_ID).map(HeaderValue::to_str) {
            None => Ok(String::new()),
            Some(Ok(id)) if id.len() <= REQUEST_ID_MAX => Ok(id.to_owned()),
            Some(_) => Err(Refusal::Malformed.about("requestId")),
        }
    }

    fn is_xml(&self) -> bool {
        let kind = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("application/xml");
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/xml") || kind.eq_ignore_ascii_case("text/xml")
    }
}

fn xml(status: StatusCode, document: String) -> Answer {
    let mut answer = Answer::new(document.into());
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, "application/xml;charset=UTF-8");
    set(&mut answer, header::CACHE_CONTROL, "no-cache");
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer
}
