//! `/callboard/api/teams/ID` and `/callboard/api/queues/ID`: teams and queues of a test by themselves, as its users are.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use hyper::{Method, StatusCode};

use crate::config::guests::{GUESTS_MAX, Guests, Taken};
use crate::config::limits::Kind as Unit;
use crate::config::{Queue, Team};
use crate::http::callboard::users::{FULL, OFF};
use crate::http::callboard::{Next, Served, Step, UserRequest};
use crate::http::query::Query;
use crate::http::response::{HttpRefusal, Response, empty, text};
use crate::http::site::Site;

/// The path of a team, before its id.
pub const TEAM: &str = "/callboard/api/teams/";

/// The path of a queue, before its id.
pub const QUEUE: &str = "/callboard/api/queues/";

const NONE: HttpRefusal = HttpRefusal {
    status: StatusCode::NOT_FOUND,
    sentence: "There is no such team or queue beside those of the file; those stay.",
};

const IN_USE: HttpRefusal = HttpRefusal {
    status: StatusCode::CONFLICT,
    sentence: "The team has users, supervisors or queues: delete those first.",
};

/// The times to wrap up, as in the file.
const WRAP_UP: RangeInclusive<u64> = 100..=7_200_000;

/// Makes or changes a team or a queue with PUT, as the form in its body says, and takes it away with DELETE.
pub fn one(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    let path = request.uri().path();
    let is_team = path.starts_with(TEAM);
    let id = path.strip_prefix(if is_team { TEAM } else { QUEUE }).unwrap_or_default().to_owned();
    if request.method() == Method::DELETE {
        site.driver.with_hub(|hub, now| {
            let mut guests = hub.guests().clone();
            remove(&mut guests, &id, is_team)?;
            hub.set_guests(now, guests);
            Ok::<_, HttpRefusal>(())
        })?;
        return Ok(empty(StatusCode::NO_CONTENT).into());
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    Ok(Step::Body(Box::new(move |site, body| put_one(site, id, is_team, &query, body).map(Next::Answer))))
}

fn put_one(
    site: &Rc<Site>,
    id: String,
    is_team: bool,
    query: &str,
    body: &str,
) -> Result<Response, HttpRefusal> {
    let known: &[&str] = if is_team { &["name", "wrap_up"] } else { &["name", "team", "number"] };
    let mut form = HashMap::new();
    for (name, value) in Query::new(query).pairs().chain(Query::new(body.trim()).pairs()) {
        let known = known.iter().find(|known| **known == name);
        if known.is_none_or(|name| form.insert(*name, value.into_owned()).is_some()) {
            let sentence = "A team has name and wrap_up, a queue team, number and name, each once.";
            return Ok(text(StatusCode::BAD_REQUEST, sentence));
        }
    }
    site.driver.with_hub(|hub, now| {
        let Some(config) = hub.without_guests() else { return Err(OFF) };
        let mut guests = hub.guests().clone();
        let put = if is_team {
            put_team(&mut guests, &Taken::of(&config), id, form)
        } else {
            let queues = guests.queues.clone();
            guests.queues.retain(|queue| queue.id != id);
            let mut config = config;
            guests.add_to(&mut config);
            guests.queues = queues;
            put_queue(&mut guests, &Taken::of(&config), id, form)
        };
        let is_new = match put {
            Ok(is_new) => is_new,
            Err(sentence) => return Ok(text(StatusCode::BAD_REQUEST, sentence)),
        };
        if guests.teams.len().max(guests.queues.len()) > GUESTS_MAX {
            return Err(FULL);
        }
        hub.set_guests(now, guests);
        Ok(empty(if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT }))
    })
}

/// Takes a team or a queue away.
fn remove(guests: &mut Guests, id: &str, is_team: bool) -> Result<(), HttpRefusal> {
    let is_named = |other: &str| other == id;
    if is_team {
        let mut teams_of_users =
            guests.users.iter().flat_map(|user| user.team.iter().chain(&user.supervises));
        let mut teams = guests.queues.iter().map(|queue| &queue.team);
        if teams_of_users.any(|team| is_named(team)) || teams.any(|team| is_named(team)) {
            return Err(IN_USE);
        }
    }
    let before = (guests.teams.len(), guests.queues.len());
    if is_team {
        guests.teams.retain(|team| !is_named(&team.id));
    } else {
        guests.queues.retain(|queue| !is_named(&queue.id));
    }
    if before == (guests.teams.len(), guests.queues.len()) { Err(NONE) } else { Ok(()) }
}

/// Tells whether the team is new.
fn put_team(
    guests: &mut Guests,
    taken: &Taken,
    id: String,
    mut form: HashMap<&str, String>,
) -> Result<bool, String> {
    let wrap_up = match form.remove("wrap_up") {
        None => None,
        Some(text) => {
            let time = Unit::Duration.parse(&text).filter(|time| WRAP_UP.contains(time));
            let time = time.ok_or_else(|| format!("wrap_up {text:?} is no duration from 100ms to 2h."))?;
            Some(Duration::from_millis(time))
        }
    };
    let name = form.remove("name").unwrap_or_else(|| id.clone());
    let team = Team { id, name, wrap_up };
    if let Some(problem) = taken.problem_of_new_team(&team) {
        return Err(problem);
    }
    Ok(put(&mut guests.teams, team, |one, other| one.id == other.id))
}

/// Tells whether the queue is new.
fn put_queue(
    guests: &mut Guests,
    taken: &Taken,
    id: String,
    mut form: HashMap<&str, String>,
) -> Result<bool, String> {
    let team = form.remove("team").ok_or("A queue needs a team: add team=ID.")?;
    let before = guests.queues.iter().find(|queue| queue.id == id).map(|queue| queue.number.clone());
    let number = form.remove("number").or(before).unwrap_or_else(|| taken.free_number());
    let name = form.remove("name").unwrap_or_else(|| id.clone());
    let queue = Queue { id, name, team, number };
    if let Some(problem) = taken.problem_of_queue(&queue) {
        return Err(problem);
    }
    Ok(put(&mut guests.queues, queue, |one, other| one.id == other.id))
}

/// Puts something in the place of what it replaces, or at the end. Tells whether it is new.
fn put<T>(list: &mut Vec<T>, new: T, is_same: impl Fn(&T, &T) -> bool) -> bool {
    match list.iter_mut().find(|old| is_same(old, &new)) {
        Some(old) => {
            *old = new;
            false
        }
        None => {
            list.push(new);
            true
        }
    }
}
