//! `GET /callboard/api/wait`: answered when the record has what a test waits for. A time that is over is a result, too.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use hyper::{Request, StatusCode};
use smol::Timer;

use crate::config::limits::Kind as Unit;
use crate::http::basic_auth;
use crate::http::callboard::record::check_on;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{self, HttpRefusal, Response, text};
use crate::http::site::Site;
use crate::id::UserId;
use crate::json;
use crate::record::{self, Ending, Entry, LIMIT_MAX, Problem, Record, Wait};

/// The path of the wait.
pub const PATH: &str = "/callboard/api/wait";

/// How long a client waits that does not say so.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest wait: proxies and clients give up earlier.
const TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// How many entries are shown that are nearly what was wanted.
const NEAREST: usize = 3;

/// How much of a wrong value stands in a sentence, in bytes.
const SHOWN: usize = 60;

/// How many of the last entries are looked through for them.
const LOOKED_THROUGH: usize = 2000;

const TOO_MANY: HttpRefusal = HttpRefusal {
    status: StatusCode::SERVICE_UNAVAILABLE,
    sentence: "64 requests wait already, and that is the most: let one end.",
};

/// A wait that is given back with its place when its client goes away.
struct Place {
    site: Rc<Site>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.site.driver.end_wait(self.number);
    }
}

/// Answers when the entries are there, or the time is over. `waits` is set until then.
pub async fn serve(
    site: &Rc<Site>,
    request: Request<Incoming>,
    waits: &Cell<bool>,
) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    check_on(site)?;
    let (query, timeout) = match read(&request) {
        Ok(asked) => asked,
        Err(Problem(sentence)) => return Ok((user, text(StatusCode::BAD_REQUEST, sentence))),
    };
    let number = site.driver.with_hub(|hub, _| match hub.is_closing() {
        true => Err(HttpRefusal::GOING_DOWN),
        false => hub.begin_wait(query).map_err(|_| TOO_MANY),
    })?;
    let place = Place { site: site.clone(), number };
    waits.set(true);
    let is_over = || site.driver.with_hub(|hub, _| hub.record().is_wait_over(number));
    smol::future::or(site.driver.waits.until(is_over), async {
        Timer::after(timeout).await;
    })
    .await;
    waits.set(false);
    // Another configuration may have come meanwhile.
    basic_auth::check_administrator(site, user)?;
    let document = site.driver.with_hub(|hub, _| {
        let wait = hub.end_wait(number);
        wait.map_or_else(String::new, |wait| document(hub.record(), &wait))
    });
    drop(place);
    Ok((user, response::json(document)))
}

/// The query as that of the record, with `count` for its limit, and the time.
fn read(request: &Request<Incoming>) -> Result<(record::Query, Duration), Problem> {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Query::of(request.uri()).pairs().collect();
    let count = take(&mut pairs, "count", "a number from 1 to 1000", |value| {
        crate::text::number(value).filter(|count| (1..=LIMIT_MAX).contains(count))
    })?;
    let timeout = take(&mut pairs, "timeout", "a duration up to 10m such as 500ms or 10s", |value| {
        Unit::Duration.parse(value).map(Duration::from_millis).filter(|time| *time <= TIMEOUT_MAX)
    })?;
    if pairs.iter().any(|(name, _)| name == "limit") {
        return Err(Problem(
            "limit is no parameter here: count says how many entries are waited for.".into(),
        ));
    }
    let query = record::Query::read(pairs.iter().map(|(name, value)| (&**name, &**value)))?;
    Ok((record::Query { limit: count.unwrap_or(1), ..query }, timeout.unwrap_or(TIMEOUT)))
}

/// Takes a parameter out that the record does not have.
fn take<T>(
    pairs: &mut Vec<(Cow<'_, str>, Cow<'_, str>)>,
    name: &str,
    form: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let values: Vec<_> = pairs.extract_if(.., |(known, _)| known == name).collect();
    match &*values {
        [] => Ok(None),
        [(_, value)] => match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(Problem(format!("{name} is {form}, not {:?}.", crate::text::start(value, SHOWN)))),
        },
        _ => Err(Problem(format!("{name} stands more than once."))),
    }
}

fn document(record: &Record, wait: &Wait) -> String {
    let is_matched = wait.ending == Some(Ending::Matched);
    let page = record.page(&wait.query);
    // Behind the last that was wanted stands what the next wait may want, and behind the last that has room what is still to be seen.
    let wanted = wait.matched.last().copied().filter(|_| is_matched);
    let next = wanted.unwrap_or(page.next).min(page.next);
    json::document(|object| {
        object.plain("matched", is_matched);
        let reason = match wait.ending {
            Some(Ending::Matched) => None,
            Some(Ending::Cleared) => Some("cleared"),
            Some(Ending::Shutdown) => Some("shutdown"),
            None => Some("timeout"),
        };
        if let Some(reason) = reason {
            object.string("reason", reason);
        }
        object.plain("next", next);
        object.plain("lost", page.lost);
        object.array("entries", page.entries, |out, entry| entry.write(out, record.wire()));
        if !is_matched {
            object.array("nearest", nearest(record, wait), |out, (entry, differs)| {
                json::object(out, |object| {
                    object.array("differs", differs, json::string);
                    object.with("entry", |out| entry.write(out, record.wire()));
                });
            });
        }
    })
}

/// The entries that fit most of what is wanted, and what they do not fit; of those that fit as much, the last ones.
fn nearest<'r>(record: &'r Record, wait: &Wait) -> Vec<(&'r Entry, Vec<&'static str>)> {
    let behind = record.behind(wait.query.after.unwrap_or_default()).rev().take(LOOKED_THROUGH);
    let mut nearly: Vec<_> = behind
        .map(|entry| (entry, wait.query.filter.differences(entry)))
        .filter(|(_, (differs, fits))| !differs.is_empty() && *fits > 0)
        .collect();
    nearly.sort_by_key(|(_, (differs, _))| differs.len());
    nearly.into_iter().take(NEAREST).map(|(entry, (differs, _))| (entry, differs)).collect()
}
