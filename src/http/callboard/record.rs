//! `/callboard/api/record`: what has happened, and what happens, for administrators.

use std::borrow::Cow;
use std::rc::Rc;

use hyper::header::{self, HeaderName};
use hyper::{HeaderMap, Method, Request, StatusCode};

use crate::http::callboard::{Served, UserRequest};
use crate::http::events::body;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{self, HttpRefusal, Response, empty, set, text};
use crate::http::site::Site;
use crate::id::SessionId;
use crate::json;
use crate::record::{self, Entry, Key, Kind, Problem, export};

/// The path of the record.
pub const PATH: &str = "/callboard/api/record";

/// The start of the paths of sessions as files.
pub const BELOW: &str = "/callboard/api/record/";

/// By which a client says which entry it has seen last (WHATWG HTML §9.2.4).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The parameters of a query that choose no entries.
const OTHERS: &[&str] = &["ticket", "run"];

pub const OFF: HttpRefusal = HttpRefusal {
    status: StatusCode::CONFLICT,
    sentence: "Nothing is recorded: start with record = 10000 in the configuration, or with callboard serve --record 10000.",
};

/// Answers GET with entries, or with a stream of them, and DELETE by forgetting all.
pub fn serve(asked: UserRequest<'_>) -> Served {
    let UserRequest { site, request, client, .. } = asked;
    check_on(site)?;
    if request.method() == Method::DELETE {
        site.driver.with_hub(|hub, _| hub.clear_record());
        return Ok(empty(StatusCode::NO_CONTENT).into());
    }
    let mut query = match read(request) {
        Ok(query) => query,
        Err(Problem(sentence)) => return Ok(text(StatusCode::BAD_REQUEST, sentence).into()),
    };
    if request.method() == Method::GET && wants_stream(request.headers()) {
        let last = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
        query.after = last.and_then(crate::text::number).or(query.after);
        let id = site.driver.with_hub(|hub, now| hub.follow_record(now, asked.for_stream(), query))?;
        return Ok(body::answer(site, id, &client.carried).into());
    }
    let document = site.driver.with_hub(|hub, _| {
        let record = hub.record();
        let page = record.page(&query);
        json::document(|object| {
            object.plain("first", page.first);
            object.plain("next", page.next);
            object.plain("lost", page.lost);
            object.array("entries", page.entries, |out, entry| entry.write(out, record.wire()));
        })
    });
    Ok(response::json(document).into())
}

/// Says what to do if nothing is recorded.
pub(super) fn check_on(site: &Rc<Site>) -> Result<(), HttpRefusal> {
    if site.records { Ok(()) } else { Err(OFF) }
}

fn read(request: &Request<Incoming>) -> Result<record::Query, Problem> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Query::of(request.uri()).pairs().collect();
    let pairs = pairs.iter().map(|(name, value)| (&**name, &**value));
    record::Query::read(pairs.filter(|(name, _)| !OTHERS.contains(name)))
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accepted| accepted.to_str().ok());
    accepted.flat_map(|accepted| accepted.split(',')).any(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
    })
}

/// Answers with the sessions that have ended, as far as the record has them.
pub fn ended(site: &Rc<Site>) -> Served {
    check_on(site)?;
    let document = site.driver.with_hub(|hub, _| {
        let record = hub.record();
        let ended = |entry: &&Entry| entry.kind == Kind::Session && entry.get(Key::What) == Some("ended");
        json::document(|object| {
            object.array("sessions", record.entries().rev().filter(ended), write_ended);
        })
    });
    Ok(response::json(document).into())
}

fn write_ended(out: &mut String, entry: &Entry) {
    json::object(out, |object| {
        object.string("id", &entry.session.map(|session| session.to_string()).unwrap_or_default());
        for (name, key) in [
            ("transport", Key::Transport),
            ("peer", Key::Peer),
            ("user", Key::User),
            ("jid", Key::Jid),
            ("reason", Key::Reason),
        ] {
            object.optional(name, entry.get(key));
        }
        for (name, key) in [("seconds", Key::Seconds), ("lost", Key::Lost)] {
            object.plain(name, entry.get(key).unwrap_or("0"));
        }
        object.plain("seq", entry.seq);
        object.plain("time", entry.since_epoch().as_millis());
    });
}

/// Answers with a session as a file: `SESSION.har`, `SESSION.txt` or `SESSION.json`.
pub fn export(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    check_on(site)?;
    const UNKNOWN: HttpRefusal = HttpRefusal {
        status: StatusCode::NOT_FOUND,
        sentence: "A file is SESSION.har, SESSION.txt or SESSION.json, as 0.1.har: the id of a session that is recorded.",
    };
    let name = request.uri().path().strip_prefix(BELOW).unwrap_or_default();
    let (session, form) = name.rsplit_once('.').ok_or(UNKNOWN)?;
    let form = export::Form::named(form).ok_or(UNKNOWN)?;
    let session = session.parse::<SessionId>().map_err(|_| UNKNOWN)?;
    let file = site.driver.with_hub(|hub, _| {
        let about = export::About {
            version: env!("CARGO_PKG_VERSION"),
            profile: hub.desk().profile().name(),
            release: hub.desk().release().name(),
            domain: hub.domain(),
        };
        export::write(hub.record(), session, form, &about)
    });
    let mut answer = Response::new(file.ok_or(UNKNOWN)?.into());
    set(&mut answer, header::CONTENT_TYPE, form.content_type());
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    set(&mut answer, header::CONTENT_DISPOSITION, format!("attachment; filename=\"callboard-{name}\""));
    Ok(answer.into())
}
