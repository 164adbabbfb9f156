//! `/callboard/api/users`: users, teams and queues of a test, which are gone with a reset or a restart.

use std::borrow::Cow;
use std::collections::HashSet;
use std::rc::Rc;

use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::config::guests::{self, GUESTS_MAX, Guests, Taken};
use crate::config::password::Password;
use crate::config::scram::Mechanism;
use crate::config::{Queue, Role, Team, User};
use crate::http::callboard::outside::refuse;
use crate::http::callboard::{Next, Served, Step, UserRequest};
use crate::http::query::Query;
use crate::http::response::{self, HttpRefusal, Response, empty, text};
use crate::http::site::Site;
use crate::json;

/// The path of the users.
pub const PATH: &str = "/callboard/api/users";

/// The path of a user, before its id.
pub const BELOW: &str = "/callboard/api/users/";

/// The most users of one request.
const COUNT_MAX: usize = 100;

pub(super) const OFF: HttpRefusal = HttpRefusal {
    status: StatusCode::CONFLICT,
    sentence: "Users come and go only where there is a record or where faults are on: start with callboard serve --record 10000.",
};

pub(super) const FULL: HttpRefusal = HttpRefusal {
    status: StatusCode::SERVICE_UNAVAILABLE,
    sentence: "There are 1000 users, teams or queues beside those of the file, and that is the most: let some go.",
};

const NONE: HttpRefusal = HttpRefusal {
    status: StatusCode::NOT_FOUND,
    sentence: "There is no such user beside those of the file; those stay.",
};

/// Answers POST with users that it makes, and DELETE by taking away all whose ids begin with the prefix.
pub fn many(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    const WRONG: &str = "Say how many users there are to be and how their ids begin: count=8 (1 to 100), prefix=t42-, and team=new or the id of a team.";
    const NO_PREFIX: &str = "Say how the ids begin of all who go: /callboard/api/users?prefix=t42-";
    let (mut count, mut prefix, mut team) = (None, None, None);
    for (name, value) in Query::of(request.uri()).pairs() {
        let place = match &*name {
            "count" => &mut count,
            "prefix" => &mut prefix,
            "team" => &mut team,
            _ => return refuse(StatusCode::BAD_REQUEST, WRONG),
        };
        if place.replace(value.into_owned()).is_some() {
            return refuse(StatusCode::BAD_REQUEST, WRONG);
        }
    }
    let prefix = prefix.filter(|prefix| !prefix.is_empty());
    if request.method() == Method::DELETE {
        let (Some(prefix), None, None) = (prefix, count, team) else {
            return refuse(StatusCode::BAD_REQUEST, NO_PREFIX);
        };
        remove(site, |guests| guests.remove(|id| id.starts_with(&prefix)))?;
        return Ok(empty(StatusCode::NO_CONTENT).into());
    }
    let count =
        count.and_then(|count| crate::text::number(&count)).filter(|count| (1..=COUNT_MAX).contains(count));
    let (Some(prefix), Some(count), Some(team)) = (prefix, count, team) else {
        return refuse(StatusCode::BAD_REQUEST, WRONG);
    };
    Ok(make(site, &prefix, count, team)?.into())
}

/// Makes users with passwords and telephones, and with `team=new` a team of their own with a queue.
fn make(site: &Rc<Site>, prefix: &str, count: usize, team: String) -> Result<Response, HttpRefusal> {
    site.driver.with_hub(|hub, now| {
        let Some(config) = hub.with_guests() else { return Err(OFF) };
        let mut guests = hub.guests().clone();
        if guests.users.len() + count > GUESTS_MAX || (team == "new" && guests.teams.len() >= GUESTS_MAX) {
            return Err(FULL);
        }
        let wrong = |sentence| Ok(text(StatusCode::BAD_REQUEST, sentence));
        let mut taken = Taken::of(&config);
        let (team, queue) = if team == "new" {
            let id = format!("{prefix}team");
            if let Some(problem) = taken.problem_of_team(&id) {
                return wrong(problem);
            }
            let number = taken.free_number();
            let queue = Queue {
                id: format!("{prefix}queue"),
                name: format!("{prefix}queue"),
                team: id.clone(),
                number,
            };
            if let Some(problem) = taken.problem_of_team(&queue.id) {
                return wrong(problem);
            }
            taken.add_team(&id, &queue);
            guests.teams.push(Team { id: id.clone(), name: id.clone(), wrap_up: None });
            guests.queues.push(queue.clone());
            (id, Some(queue))
        } else {
            (team, None)
        };
        let mut made = Vec::new();
        for number in 1..=count {
            let secret = hub.token();
            let password = match Password::plain_for(&secret, &Mechanism::ALL) {
                Ok(password) => password,
                Err(end) => return wrong(format!("password {end}.")),
            };
            let extension = taken.free_number();
            let user = User {
                team: Some(team.clone()),
                extension: Some(extension),
                ..guests::user(format!("{prefix}{number}"), password)
            };
            if let Some(problem) = taken.problem_of(&user) {
                return wrong(problem);
            }
            taken.add(&user);
            made.push((user, secret));
        }
        guests.users.extend(made.iter().map(|(user, _)| user.clone()));
        hub.set_guests(now, guests);
        let mut answer = response::json(json::document(|object| {
            object.string("team", &team);
            if let Some(queue) = queue {
                object.object("queue", |object| {
                    object.string("id", &queue.id);
                    object.string("number", &queue.number);
                });
            }
            object.array("users", made, |out, (user, secret)| {
                json::object(out, |object| {
                    object.string("id", &user.id);
                    object.string("password", &secret);
                    object.optional("extension", user.extension.as_deref());
                    object.string("team", &team);
                });
            });
        }));
        *answer.status_mut() = StatusCode::CREATED;
        Ok(answer)
    })
}

/// Makes or changes a user with PUT, as the form in its body says, and takes it away with DELETE.
pub fn one(UserRequest { site, user: _, request, .. }: UserRequest<'_>) -> Served {
    let id = request.uri().path().strip_prefix(BELOW).unwrap_or_default();
    let Ok(id) = percent_decode_str(id).decode_utf8().map(Cow::into_owned) else { return Err(NONE) };
    if request.method() == Method::DELETE {
        remove(site, |guests| guests.remove_user(&id))?;
        return Ok(empty(StatusCode::NO_CONTENT).into());
    }
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        return refuse(
            StatusCode::BAD_REQUEST,
            "What a user has stands in the body, as a form: a password in a query would be in the logs of proxies.",
        );
    }
    Ok(Step::Body(Box::new(move |site, body| put(site, id, body).map(Next::Answer))))
}

fn put(site: &Rc<Site>, id: String, body: &str) -> Result<Response, HttpRefusal> {
    // Another configuration may offer others later, and a guest stays.
    let user = match read(id, body, &Mechanism::ALL) {
        Ok(user) => user,
        Err(sentence) => return Ok(text(StatusCode::BAD_REQUEST, sentence)),
    };
    site.driver.with_hub(|hub, now| {
        let mut guests = hub.guests().clone();
        let is_new = guests.remove_user(&user.id) == 0;
        let Some(mut config) = hub.without_guests() else { return Err(OFF) };
        guests.add_to(&mut config);
        if let Some(problem) = Taken::of(&config).problem_of(&user) {
            return Ok(text(StatusCode::BAD_REQUEST, problem));
        }
        if guests.users.len() >= GUESTS_MAX {
            return Err(FULL);
        }
        guests.users.push(user);
        hub.set_guests(now, guests);
        Ok(empty(if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT }))
    })
}

/// Reads a user who logs in by these mechanisms from a form.
fn read(id: String, form: &str, mechanisms: &[Mechanism]) -> Result<User, String> {
    const KNOWN: &str = "There are password, team, roles, supervises, extension, first_name and last_name, each once; roles and supervises with commas between them.";
    let mut user = guests::user(id, Password::nobodys());
    let mut seen = HashSet::new();
    for (name, value) in Query::new(form.trim()).pairs() {
        let list = || value.split(',').map(|one| one.trim().to_owned());
        match &*name {
            "password" => {
                let password = Password::plain_for(&value, mechanisms);
                user.password = password.map_err(|end| format!("password {end}."))?
            }
            "team" => user.team = Some(value.clone().into_owned()),
            "extension" => user.extension = Some(value.clone().into_owned()),
            "first_name" => user.first_name = value.clone().into_owned(),
            "last_name" => user.last_name = value.clone().into_owned(),
            "supervises" => user.supervises = list().collect(),
            "roles" => {
                let role = |name: String| Role::ALL.into_iter().find(|role| role.name() == name);
                user.roles = list()
                    .map(role)
                    .collect::<Option<_>>()
                    .ok_or("roles are Agent, Supervisor and Administrator.")?;
            }
            _ => return Err(KNOWN.to_owned()),
        }
        if !seen.insert(name) {
            return Err(KNOWN.to_owned());
        }
    }
    if !seen.contains("password") {
        return Err("A user needs a password: --data-urlencode password@FILE".to_owned());
    }
    if !user.supervises.is_empty() && !user.roles.contains(&Role::Supervisor) {
        return Err("supervises is for a user with the role Supervisor.".to_owned());
    }
    Ok(user)
}

/// Takes some away. `forget` tells how many those are.
fn remove(site: &Rc<Site>, forget: impl FnOnce(&mut Guests) -> usize) -> Result<(), HttpRefusal> {
    site.driver.with_hub(|hub, now| {
        let mut guests = hub.guests().clone();
        if forget(&mut guests) == 0 {
            return Err(NONE);
        }
        hub.set_guests(now, guests);
        Ok(())
    })
}
