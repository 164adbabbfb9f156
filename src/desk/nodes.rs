//! The names of Finesse's nodes (the guide, "Notification parameters").

use crate::config::Profile;
use crate::desk::contact_centre::Desk;

/// The beginning of the names of Finesse's nodes.
pub const PREFIX: &str = "/finesse/api/";

/// Events on the service as a whole.
pub const SYSTEM_INFO: &str = "/finesse/api/SystemInfo";

/// Where the state of a user is told; also the URI of the user.
pub fn user(id: &str) -> String {
    format!("/finesse/api/User/{id}")
}

/// The id of the user whose state is told at a node.
pub fn user_of(node: &str) -> Option<&str> {
    node.strip_prefix("/finesse/api/User/").filter(|id| !id.contains('/'))
}

/// The URI of a team.
pub fn team(id: &str) -> String {
    format!("/finesse/api/Team/{id}")
}

/// Where the states of a team's members are told.
pub fn team_users(id: &str) -> String {
    format!("/finesse/api/Team/{id}/Users")
}

/// Where the messages to a team are told; also the URI of their list.
pub fn team_messages(id: &str) -> String {
    format!("/finesse/api/Team/{id}/TeamMessages")
}

/// Where the logs that a user's client hands in are told; also the URI to hand them in.
pub fn client_log(id: &str) -> String {
    format!("/finesse/api/User/{id}/ClientLog")
}

/// Where the calls of a user are told; also the URI of their list.
pub fn dialogs(id: &str) -> String {
    format!("/finesse/api/User/{id}/Dialogs")
}

/// Where the states of a user in media are told; also the URI of their list.
pub fn media(id: &str) -> String {
    format!("/finesse/api/User/{id}/Media")
}

/// The URI of a user in a medium.
pub fn medium(id: &str, medium: u32) -> String {
    format!("/finesse/api/User/{id}/Media/{medium}")
}

/// Where the tasks of a user are told; also the URI of their list.
pub fn tasks(id: &str) -> String {
    format!("/finesse/api/User/{id}/Dialogs/Media")
}

/// The URI of a task, by the id of its dialog.
pub fn task(id: &str) -> String {
    format!("/finesse/api/Dialog/{id}")
}

/// The URI of a call.
pub fn dialog(id: u32) -> String {
    format!("/finesse/api/Dialog/{id}")
}

/// Where the statistics of a queue are told; also its URI.
pub fn queue(id: &str) -> String {
    format!("/finesse/api/Queue/{id}")
}

/// Every node of a user, behind its URI.
const OF_USER: &[&str] = &["", "/Dialogs", "/Media", "/Dialogs/Media", "/Queues", "/ClientLog"];

/// Every node of a team, behind its URI.
const OF_TEAM: &[&str] = &["", "/Users", "/TeamMessages"];

/// A node alone.
const ALONE: &[&str] = &[""];

/// The nodes to which a user is subscribed by its bare JID without asking (design, compatibility 6).
pub fn automatic(id: &str, profile: Profile) -> impl Iterator<Item = String> {
    let user = user(id);
    // Express has no tasks.
    let count = if profile == Profile::Ucce { 4 } else { 3 };
    OF_USER.iter().take(count).map(move |end| format!("{user}{end}")).chain([SYSTEM_INFO.to_owned()])
}

/// Every node of Finesse that a contact centre has: the beginnings of their names, each with its ends.
pub fn of_desk(desk: &Desk) -> impl Iterator<Item = (String, &'static [&'static str])> {
    let users = desk.directory.keys().map(|key| (user(&desk.directory.get(key).id), OF_USER));
    let teams = desk.teams.iter().map(|one| (team(&one.id), OF_TEAM));
    let queues = desk.queues.iter().map(|one| (queue(&one.config.id), ALONE));
    users.chain(teams).chain(queues).chain([(SYSTEM_INFO.to_owned(), ALONE)])
}
