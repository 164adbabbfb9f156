//! `/callboard/api/faults`: faults are set, listed and healed, and the kinds are described.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use hyper::{Method, Request, StatusCode};

use crate::clock::{Now, Seconds};
use crate::diagnosis::{Language, Symptom};
use crate::fault::{COMMON, Fault, NotSet, Parameter, Point, Problem, Row, Spec, TABLE, is_name};
use crate::http::basic_auth::Peer;
use crate::http::callboard::{Served, UserRequest, certificates, sessions};
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{self, HttpRefusal, Response, empty, text};
use crate::http::site::Site;
use crate::hub::Hub;
use crate::id::SessionId;
use crate::json;

/// The path of the faults.
pub const PATH: &str = "/callboard/api/faults";

/// The path of a fault, before its name.
pub const BELOW: &str = "/callboard/api/faults/";

/// The path of the kinds.
pub const KINDS: &str = "/callboard/api/faults/kinds";

/// The path of the number of faults that are set.
pub const ACTIVE: &str = "/callboard/api/faults/active";

/// The path of the root of the authority.
pub const ROOT: &str = certificates::ROOT;

/// The path of the intermediate of the authority.
pub const INTERMEDIATE: &str = certificates::INTERMEDIATE;

pub(super) const OFF: HttpRefusal = HttpRefusal {
    status: StatusCode::FORBIDDEN,
    sentence: "Faults are set only with faults = true in the configuration, or with `callboard serve --faults`.",
};

pub(super) const NO_LANGUAGE: HttpRefusal =
    HttpRefusal { status: StatusCode::BAD_REQUEST, sentence: "lang is en or zh-TW." };

/// Answers GET with all faults, and DELETE by healing them.
pub fn all(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    check_on(site)?;
    if request.method() == Method::DELETE {
        site.driver.with_hub(|hub, now| hub.heal_all_faults(now));
        return Ok(empty(StatusCode::NO_CONTENT).into());
    }
    let document = site.driver.with_hub(|hub, now| {
        json::document(|object| {
            object.array("faults", hub.faults().list(), |out, fault| write(out, now, fault, None))
        })
    });
    Ok(response::json(document).into())
}

/// Answers with the table of kinds, in the language of the parameter `lang`, and with what a target can be here.
pub fn kinds(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    let language = match Query::of(request.uri()).one("lang")? {
        None => Language::default(),
        Some(tag) => Language::named(&tag).ok_or(NO_LANGUAGE)?,
    };
    let own = request.extensions().get::<Peer>().map(|Peer(own)| own.to_canonical().to_string());
    let document = json::document(|object| {
        object.array("kinds", TABLE, |out, row| write_kind(out, row, language));
        object.array("common", COMMON, write_parameter);
        object.array("listeners", site.listeners.borrow().iter(), |out, listener| {
            json::string(out, &listener.address.to_string());
        });
        object.optional("address", own.as_deref());
    });
    Ok(response::json(document).into())
}

/// Tells any user how many faults are set: the page says so in every view.
pub fn active(UserRequest { site, .. }: UserRequest<'_>) -> Served {
    let number = site.driver.with_hub(|hub, _| hub.faults().list().len());
    Ok(response::json(json::document(|object| object.plain("faults", number))).into())
}

/// Answers with a certificate of the authority that signs those of faults.
pub fn authority(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    check_on(site)?;
    Ok(certificates::of_authority(site, request.uri().path())?.into())
}

/// Sets a fault with PUT, and heals it with DELETE.
pub fn one(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    check_on(site)?;
    let name = request.uri().path().strip_prefix(BELOW).unwrap_or_default().to_owned();
    check_name(&name)?;
    if request.method() == Method::DELETE {
        let was_set = site.driver.with_hub(|hub, now| hub.heal_fault(now, &name));
        let answer = match was_set {
            true => empty(StatusCode::NO_CONTENT),
            false => text(StatusCode::NOT_FOUND, format!("There is no fault {name}.")),
        };
        return Ok(answer.into());
    }
    let spec = match read(request, None) {
        Ok(spec) => spec,
        Err(problem) => return Ok(wrong(problem).into()),
    };
    let asker = request.extensions().get::<Peer>();
    if let Some(sentence) =
        locks_out(site, &name, &spec, asker).or_else(|| certificates::problem(site, &spec))
    {
        return Ok(text(StatusCode::BAD_REQUEST, sentence).into());
    }
    let note = certificates::way_out(site, &name, &spec, asker);
    let set = site.driver.with_hub(|hub, now| {
        let is_new = hub.set_fault(now, &name, spec)?;
        let mut shown = String::new();
        for fault in hub.faults().list().iter().filter(|fault| *fault.name == *name) {
            write(&mut shown, now, fault, note.as_deref());
        }
        Ok::<_, NotSet>((is_new, shown + "\n"))
    });
    let answer = match set {
        Ok((is_new, shown)) => {
            let mut answer = response::json(shown);
            *answer.status_mut() = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            answer
        }
        Err(refused) => text(StatusCode::SERVICE_UNAVAILABLE, refused.sentence()),
    };
    Ok(answer.into())
}

/// Ends a session: POST as a fault of the kind in `do` would, once, and DELETE by closing it.
pub fn end_session(asked: UserRequest<'_>) -> Served {
    let UserRequest { site, request, .. } = asked;
    if request.method() == Method::DELETE {
        return sessions::end(asked);
    }
    check_on(site)?;
    let id = request.uri().path().strip_prefix(sessions::BELOW).unwrap_or_default().to_owned();
    let session = id.parse::<SessionId>().map_err(|_| sessions::NO_SESSION)?;
    let spec = match read(request, Some(&id)) {
        Ok(spec) => spec,
        Err(problem) => return Ok(wrong(problem).into()),
    };
    if !spec.kind.acts_once() {
        let sentence = format!("{} lasts: set it with PUT {BELOW}NAME?session={id}.", spec.row.name);
        return Ok(text(StatusCode::BAD_REQUEST, sentence).into());
    }
    let transports = spec.row.transports;
    let answer = match site.driver.with_hub(|hub, now| hub.end_as(now, session, &spec)) {
        None => sessions::NO_SESSION.into(),
        Some(true) => empty(StatusCode::NO_CONTENT),
        Some(false) => {
            let names: Vec<_> = transports.iter().map(|transport| transport.name()).collect();
            let sentence = format!("{} needs a session over {}.", spec.row.name, names.join(", "));
            text(StatusCode::BAD_REQUEST, sentence)
        }
    };
    Ok(answer.into())
}

/// Says what to do if faults are off.
fn check_on(site: &Rc<Site>) -> Result<(), HttpRefusal> {
    if site.faults { Ok(()) } else { Err(OFF) }
}

/// The fault that the query asks for; `session`: it is for this session, and its kind stands in `do`.
fn read(request: &Request<Incoming>, session: Option<&str>) -> Result<Spec, Problem> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Query::of(request.uri()).pairs().collect();
    let named = |(name, value): &(Cow<'_, str>, Cow<'_, str>)| {
        let name = if session.is_some() && name == "do" { "kind".to_owned() } else { name.to_string() };
        (name, value.to_string())
    };
    let mut pairs: Vec<(String, String)> = pairs.iter().map(named).collect();
    pairs.extend(session.map(|session| ("session".to_owned(), session.to_owned())));
    Spec::read(pairs.iter().map(|(name, value)| (&**name, &**value)))
}

fn wrong(problem: Problem) -> Response {
    text(StatusCode::BAD_REQUEST, problem.sentence)
}

/// Says why a fault of new connections would keep out those who can heal it.
fn locks_out(site: &Rc<Site>, name: &str, spec: &Spec, asker: Option<&Peer>) -> Option<String> {
    if spec.row.point != Point::Accept {
        return None;
    }
    let (address, listener) = (spec.target.address, spec.target.listener);
    let is_own = |address: IpAddr| asker.is_some_and(|Peer(own)| own.to_canonical() == address);
    let listeners: Vec<_> = site.listeners.borrow().iter().map(|listening| listening.address).collect();
    // Faults are healed over HTTP.
    let http: Vec<_> =
        site.listeners.borrow().iter().filter(|one| !one.xmpp).map(|one| one.address).collect();
    let kind = spec.row.name;
    match (address, listener) {
        (None, None) => Some(format!("{kind} needs a target: name a listener, an address or both.")),
        (_, Some(listener)) if !listeners.contains(&listener) => {
            let all: Vec<_> = listeners.iter().map(ToString::to_string).collect();
            Some(format!("There is no listener {listener}; there are {}.", all.join(", ")))
        }
        (None, Some(listener)) if http == [listener] => {
            Some("This is the only listener, so that nobody could heal the fault: add another one to the configuration.".into())
        }
        (Some(address), None) if is_own(address) => {
            Some(format!("{address} is your own address, from which you could not heal the fault: name a listener, too."))
        }
        (address, Some(_)) if address.is_none_or(is_own) => {
            let is_way = |other: &SocketAddr| {
                let is_met = |hub: &mut Hub| hub.faults().meets(Point::Accept, *other, is_own, name);
                Some(*other) != listener && !site.driver.with_hub(|hub, _| is_met(hub))
            };
            let sentence = "Faults would meet you at every listener then, so that nobody could heal them: heal another one first.";
            (!http.iter().any(is_way)).then(|| sentence.to_owned())
        }
        _ => None,
    }
}

fn check_name(name: &str) -> Result<(), HttpRefusal> {
    if is_name(name) {
        return Ok(());
    }
    const SENTENCE: &str = "The name of a fault has 1 to 64 letters, digits, dots, dashes and underscores, and is not kinds, active, root.pem or intermediate.pem.";
    Err(HttpRefusal { status: StatusCode::BAD_REQUEST, sentence: SENTENCE })
}

fn write(out: &mut String, now: Now, fault: &Fault, note: Option<&str>) {
    json::object(out, |object| {
        object.string("name", &fault.name);
        object.string("kind", fault.row.name);
        object.string("origin", fault.origin.name());
        object.object("given", |given| {
            for (name, value) in &fault.given {
                given.string(name, value);
            }
        });
        object.plain("hits", fault.hits);
        match fault.left {
            Some(left) => object.plain("left", left),
            None => object.optional("left", None),
        }
        let until = |time: std::time::Instant| Seconds(time.saturating_duration_since(now.monotonic));
        object.plain("begins", format_args!("{:.1}", until(fault.from)));
        match fault.until {
            Some(end) => object.plain("ends", format_args!("{:.1}", until(end))),
            None => object.optional("ends", None),
        }
        if let Some(note) = note {
            object.string("note", note);
        }
    });
}

fn write_kind(out: &mut String, row: &Row, language: Language) {
    json::object(out, |object| {
        object.string("name", row.name);
        object.string("sentence", row.sentence);
        object.array("transports", row.transports, |out, transport| json::string(out, transport.name()));
        object.array("targets", row.targets, |out, target| json::string(out, target));
        object.array("parameters", row.parameters, write_parameter);
        if let Some(symptom) = Symptom::of(row.name) {
            let words = symptom.words(language);
            object.string("step", symptom.step);
            object.string("symptom", words.symptom);
            object.string("cause", words.cause);
            object.string("check", words.check);
        }
    });
}

fn write_parameter(out: &mut String, parameter: &Parameter) {
    json::object(out, |object| {
        object.string("name", parameter.name);
        object.string("form", &parameter.form.shown());
        object.array("words", parameter.form.words(), |out, word| json::string(out, word));
        object.string("default", parameter.default);
        object.string("meaning", parameter.meaning);
    });
}
