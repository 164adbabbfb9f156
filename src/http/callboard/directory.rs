//! `GET /callboard/api/directory`: who and what there is, for the built-in page, as far as the asker may see it.

use crate::config::{Medium, Queue, Team, User};
use crate::http::callboard::{Served, UserRequest};
use crate::http::response::{self};
use crate::http::site::Site;
use crate::hub::Hub;
use crate::id::UserId;
use crate::json;

/// The path of the directory.
pub const PATH: &str = "/callboard/api/directory";

/// Answers.
pub fn serve(UserRequest { site, user, .. }: UserRequest<'_>) -> Served {
    Ok(response::json(site.driver.with_hub(|hub, _| document(hub, user, site))).into())
}

fn document(hub: &Hub, actor: UserId, site: &Site) -> String {
    let desk = hub.desk();
    let administrator = desk.directory().is_administrator(actor);
    json::document(|object| {
        object.string("domain", hub.domain());
        object.string("pubsub", hub.pubsub_domain());
        object.string("version", env!("CARGO_PKG_VERSION"));
        object.string("profile", desk.profile().name());
        object.string("release", desk.release().name());
        object.string("me", &desk.directory().get(actor).id);
        object.plain("administrator", administrator);
        object.plain("frameTap", site.frame_tap);
        object.plain("faults", site.faults);
        object.plain("record", site.records);
        object.array("teams", desk.teams_seen_by(actor), write_team);
        object.array("users", desk.users_seen_by(actor), write_user);
        object.array("queues", desk.queues_seen_by(actor), write_queue);
        object.array("media", desk.media_of_file(), write_medium);
        object.array("campaigns", desk.campaigns_seen_by(actor), json::string);
    })
}

fn write_team(out: &mut String, team: &Team) {
    json::object(out, |object| {
        object.string("id", &team.id);
        object.string("name", &team.name);
    });
}

fn write_user(out: &mut String, user: &User) {
    json::object(out, |object| {
        object.string("id", &user.id);
        object.string("firstName", &user.first_name);
        object.string("lastName", &user.last_name);
        object.optional("extension", user.extension.as_deref());
        object.optional("team", user.team.as_deref());
        object.array("roles", &user.roles, |out, role| json::string(out, role.name()));
    });
}

fn write_queue(out: &mut String, queue: &Queue) {
    json::object(out, |object| {
        object.string("id", &queue.id);
        object.string("name", &queue.name);
        object.string("number", &queue.number);
        object.string("team", &queue.team);
    });
}

fn write_medium(out: &mut String, medium: &Medium) {
    json::object(out, |object| {
        object.string("id", &medium.id.to_string());
        object.string("name", &medium.name);
    });
}
