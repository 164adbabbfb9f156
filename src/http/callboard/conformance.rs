//! `/callboard/api/conformance`: the score of a client, and the faults that provoke what a client has not met.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::header::{self, HeaderMap};
use hyper::{Method, StatusCode};

use crate::clock::Now;
use crate::conformance::report::{self, Form};
use crate::conformance::{Client, RULES, Rule, fault_name};
use crate::diagnosis::Language;
use crate::fault::Spec;
use crate::http::callboard::{Served, UserRequest, faults, record, sessions};
use crate::http::query::Query;
use crate::http::response::{self, HttpRefusal, Response, set, text};
use crate::http::site::Site;
use crate::hub::Hub;
use crate::id::SessionId;
use crate::json;
use crate::transport::Transport;

/// The path of scores.
pub const PATH: &str = "/callboard/api/conformance";

/// The parameters of a PUT that are none of the fault.
const OWN: [&str; 3] = ["session", "rule", "ticket"];

/// A parameter and its value.
type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

const fn wrong(sentence: &'static str) -> HttpRefusal {
    HttpRefusal { status: StatusCode::BAD_REQUEST, sentence }
}

/// Answers GET with the score of a session, and PUT by setting the faults that provoke a rule.
pub fn serve(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    record::check_on(site)?;
    let query = Query::of(request.uri());
    let session = query
        .one("session")?
        .ok_or(wrong("Say whose score it is: session=ID, as GET /callboard/api/sessions lists it."))?;
    let session = session.parse::<SessionId>().map_err(|_| sessions::NO_SESSION)?;
    let answer = match *request.method() {
        Method::PUT => provoke(site, query, session)?,
        _ => score(site, request.headers(), query, session)?,
    };
    Ok(answer.into())
}

fn score(
    site: &Rc<Site>,
    headers: &HeaderMap,
    query: Query<'_>,
    session: SessionId,
) -> Result<Response, HttpRefusal> {
    let form = match query.one("format")? {
        Some(name) => Form::named(&name).ok_or(wrong("format is json, text or junit."))?,
        None => accepted(headers),
    };
    let language = match query.one("lang")? {
        Some(tag) => Language::named(&tag).ok_or(faults::NO_LANGUAGE)?,
        None => Language::default(),
    };
    const UNKNOWN: HttpRefusal =
        HttpRefusal { status: StatusCode::NOT_FOUND, sentence: "The record has nothing of such a session." };
    let written = site.driver.with_hub(|hub, now| {
        let client = Client::of(hub.record(), session, hub.domain(), now.wall)?;
        let is_armed = |rule: &Rule| {
            let names = (0..rule.faults.len()).map(|place| fault_name(rule, session, place));
            let waits = |name: String| {
                hub.faults().list().iter().any(|fault| *fault.name == *name && fault.left != Some(0))
            };
            names.into_iter().any(waits)
        };
        Some(report::write(&client, hub.record().wire(), language, is_armed, form))
    });
    let mut answer = Response::new(written.ok_or(UNKNOWN)?.into());
    set(&mut answer, header::CONTENT_TYPE, form.content_type());
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    Ok(answer)
}

/// The first form that the header Accept names; JSON if there is none.
fn accepted(headers: &HeaderMap) -> Form {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accepted| accepted.to_str().ok());
    let mut kinds = accepted.flat_map(|accepted| accepted.split(','));
    kinds.find_map(|kind| Form::accepted(kind.split(';').next()?.trim())).unwrap_or(Form::Json)
}

fn provoke(site: &Rc<Site>, query: Query<'_>, session: SessionId) -> Result<Response, HttpRefusal> {
    if !site.faults {
        return Err(faults::OFF);
    }
    let name = query.one("rule")?.unwrap_or_default();
    let Some(rule) = RULES.iter().find(|rule| rule.name == name && !rule.faults.is_empty()) else {
        let names: Vec<_> =
            RULES.iter().filter(|rule| !rule.faults.is_empty()).map(|rule| rule.name).collect();
        return Ok(text(
            StatusCode::BAD_REQUEST,
            format!("rule is one of {}; the others need no fault.", names.join(", ")),
        ));
    };
    let given: Vec<Pair<'_>> = query.pairs().filter(|(name, _)| !OWN.contains(&&**name)).collect();
    let set = site.driver.with_hub(|hub, now| {
        let transport =
            hub.list(now).into_iter().find(|listed| listed.id == session).map(|listed| listed.transport);
        let Some(transport) = transport else { return Ok(sessions::NO_SESSION.into()) };
        if transport == Transport::Sse {
            return Err("A score is for clients of XMPP.".to_owned());
        }
        let specs = specs(rule, session, transport, &given)?;
        Ok(arm(hub, now, rule, session, specs))
    });
    Ok(set.unwrap_or_else(|sentence| text(StatusCode::BAD_REQUEST, sentence)))
}

/// The faults of a rule that reach a transport, with their places. What is given is for the first of them, and stands before what the
/// rule says.
fn specs(
    rule: &Rule,
    session: SessionId,
    transport: Transport,
    given: &[Pair<'_>],
) -> Result<Vec<(usize, Spec)>, String> {
    let session = [("session".into(), session.to_string().into())];
    let mut specs = Vec::new();
    for (place, fault) in rule.faults.iter().enumerate() {
        let read = |given: &[Pair<'_>]| {
            let is_given = |(name, _): &Pair<'_>| given.iter().any(|(other, _)| other == name);
            let own: Vec<_> = Query::new(fault).pairs().filter(|pair| !is_given(pair)).collect();
            let pairs = own.iter().chain(given).chain(&session).map(|(name, value)| (&**name, &**value));
            Spec::read(pairs).map_err(|problem| problem.sentence)
        };
        let spec = read(&[])?;
        if spec.row.transports.contains(&transport) {
            let spec = if specs.is_empty() { read(given)? } else { spec };
            specs.push((place, spec));
        }
    }
    Ok(specs)
}

/// Sets the faults, all or none.
fn arm(hub: &mut Hub, now: Now, rule: &Rule, session: SessionId, specs: Vec<(usize, Spec)>) -> Response {
    let mut names: Vec<String> = Vec::new();
    let mut is_new = true;
    for (place, spec) in specs {
        let name = fault_name(rule, session, place);
        match hub.set_fault(now, &name, spec) {
            Ok(new) => is_new &= new,
            Err(refused) => {
                for name in names {
                    hub.heal_fault(now, &name);
                }
                return text(StatusCode::SERVICE_UNAVAILABLE, refused.sentence());
            }
        }
        names.push(name);
    }
    let mut answer = response::json(json::document(|object| {
        object.string("rule", rule.name);
        object.array("faults", &names, |out, name| json::string(out, name));
    }));
    *answer.status_mut() = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    answer
}
