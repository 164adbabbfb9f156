//! `GET /callboard/api/directory`: who and what there is, for the built-in page, as far as the asker may see it.

use std::rc::Rc;

use hyper::Request;

use crate::config::{Queue, Team, User};
use crate::http::basic_auth;
use crate::http::request_body::Incoming;
use crate::http::response::{Answer, Refused, json};
use crate::http::site::Site;
use crate::hub::Hub;
use crate::id::UserId;
use crate::json::{array, key, member, optional, string};

/// Answers.
pub async fn serve(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Answer), Refused> {
    let user = basic_auth::user(site, &request).await?;
    Ok((user, json(site.driver.with_hub(|hub, _| document(hub, user, site.frame_tap)))))
}

fn document(hub: &Hub, actor: UserId, frame_tap: bool) -> String {
    let desk = hub.desk();
    let administrator = desk.directory().is_administrator(actor);
    let mut out = String::from("{");
    member(&mut out, "domain", hub.domain());
    member(&mut out, "pubsub", hub.pubsub_domain());
    member(&mut out, "profile", desk.profile().name());
    member(&mut out, "me", &desk.directory().get(actor).id);
    key(&mut out, "administrator");
    out.push_str(if administrator { "true" } else { "false" });
    key(&mut out, "frameTap");
    out.push_str(if frame_tap { "true" } else { "false" });
    key(&mut out, "teams");
    array(&mut out, desk.teams_seen_by(actor), write_team);
    key(&mut out, "users");
    array(&mut out, desk.users_seen_by(actor), write_user);
    key(&mut out, "queues");
    array(&mut out, desk.queues_seen_by(actor), write_queue);
    out.push_str("}\n");
    out
}

fn write_team(out: &mut String, team: &Team) {
    out.push('{');
    member(out, "id", &team.id);
    member(out, "name", &team.name);
    out.push('}');
}

fn write_user(out: &mut String, user: &User) {
    out.push('{');
    member(out, "id", &user.id);
    member(out, "firstName", &user.first_name);
    member(out, "lastName", &user.last_name);
    key(out, "extension");
    optional(out, user.extension.as_deref());
    key(out, "team");
    optional(out, user.team.as_deref());
    key(out, "roles");
    array(out, &user.roles, |out, role| string(out, role.name()));
    out.push('}');
}

fn write_queue(out: &mut String, queue: &Queue) {
    out.push('{');
    member(out, "id", &queue.id);
    member(out, "name", &queue.name);
    member(out, "number", &queue.number);
    member(out, "team", &queue.team);
    out.push('}');
}
