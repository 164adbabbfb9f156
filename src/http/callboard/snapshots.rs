//! `/callboard/api/snapshots`: the contact centre by a name, to go back to between two tests.

use hyper::{Method, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::fault::is_plain_name;
use crate::http::callboard::{Served, UserRequest};
use crate::http::response::{self, HttpRefusal, empty};
use crate::hub::{NotTaken, Snapshot};
use crate::json;

/// The path of the snapshots.
pub const PATH: &str = "/callboard/api/snapshots";

/// The path of a snapshot, before its name.
pub const BELOW: &str = "/callboard/api/snapshots/";

const NAME: HttpRefusal = HttpRefusal {
    status: StatusCode::BAD_REQUEST,
    sentence: "The name of a snapshot has 1 to 64 letters, digits, dots, dashes and underscores.",
};

const QUERY: HttpRefusal = HttpRefusal {
    status: StatusCode::BAD_REQUEST,
    sentence: "A snapshot has a name and nothing else: PUT takes it, POST goes back to it.",
};

const NONE: HttpRefusal =
    HttpRefusal { status: StatusCode::NOT_FOUND, sentence: "There is no snapshot of that name." };

fn refusal(why: NotTaken) -> HttpRefusal {
    let (status, sentence) = match why {
        NotTaken::Off => (
            StatusCode::CONFLICT,
            "Snapshots are taken only where there is a record or where faults are on: start with callboard serve --record 10000.",
        ),
        NotTaken::TooMany => {
            (StatusCode::SERVICE_UNAVAILABLE, "There are 16 snapshots, and that is the most: delete some.")
        }
        NotTaken::TooLarge => (
            StatusCode::SERVICE_UNAVAILABLE,
            "All snapshots together would have more than 32 MiB, and that is the most: delete some.",
        ),
    };
    HttpRefusal { status, sentence }
}

/// Answers with all snapshots.
pub fn all(UserRequest { site, .. }: UserRequest<'_>) -> Served {
    let document = site
        .driver
        .with_hub(|hub, _| json::document(|object| object.array("snapshots", hub.snapshots(), write)));
    Ok(response::json(document).into())
}

/// Takes a snapshot with PUT, goes back to it with POST, shows it with GET, and forgets it with DELETE.
pub fn one(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    let name = request.uri().path().strip_prefix(BELOW).unwrap_or_default().to_owned();
    if !is_plain_name(&name) {
        return Err(NAME);
    }
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        return Err(QUERY);
    }
    let done = |done| if done { Ok(StatusCode::NO_CONTENT) } else { Err(NONE) };
    let status = site.driver.with_hub(|hub, now| match *request.method() {
        Method::DELETE => done(hub.forget_snapshot(&name)),
        Method::PUT => match hub.take_snapshot(now, &name) {
            Ok(true) => Ok(StatusCode::CREATED),
            Ok(false) => Ok(StatusCode::NO_CONTENT),
            Err(why) => Err(refusal(why)),
        },
        Method::POST if hub.is_closing() => Err(HttpRefusal::GOING_DOWN),
        Method::POST => done(hub.go_back(now, &name)),
        _ => done(hub.snapshots().contains_key(&name)),
    })?;
    if matches!(*request.method(), Method::DELETE | Method::PUT | Method::POST) {
        return Ok(empty(status).into());
    }
    let document = site.driver.with_hub(|hub, _| {
        let mut out = String::new();
        hub.snapshots().get_key_value(&name).into_iter().for_each(|one| write(&mut out, one));
        out + "\n"
    });
    Ok(response::json(document).into())
}

fn write(out: &mut String, (name, one): (&String, &Snapshot)) {
    json::object(out, |object| {
        object.string("name", name);
        let time = OffsetDateTime::from(one.taken.wall).format(&Rfc3339);
        object.string("taken", &time.unwrap_or_default());
        for (name, count) in [
            ("signed_in", one.contents.signed_in),
            ("calls", one.contents.calls),
            ("tasks", one.contents.tasks),
            ("messages", one.contents.messages),
            ("items", one.items),
            ("bytes", one.contents.bytes),
        ] {
            object.plain(name, count);
        }
    });
}
