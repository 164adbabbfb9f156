//! The names of Finesse's nodes (the guide, "Notification parameters").

use crate::config::NodeConfig;
use crate::pubsub::NodeSpec;
use crate::pubsub::nodes::Ends;

use crate::desk::Desk;

/// The beginning of the names of Finesse's nodes.
pub const PREFIX: &str = "/finesse/api/";

/// Events on the service as a whole.
pub const SYSTEM_INFO: &str = "/finesse/api/SystemInfo";

/// Where the state of a user is told; also the URI of the user.
pub fn user(id: &str) -> String {
    format!("/finesse/api/User/{id}")
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

/// The URI of a call.
pub fn dialog(id: u32) -> String {
    format!("/finesse/api/Dialog/{id}")
}

/// Where the statistics of a queue are told; also its URI.
pub fn queue(id: &str) -> String {
    format!("/finesse/api/Queue/{id}")
}

/// Every node of a user, behind its URI.
const OF_USER: Ends = &["", "/Dialogs", "/Media", "/Dialogs/Media", "/Queues", "/ClientLog"];

/// Every node of a team, behind its URI.
const OF_TEAM: Ends = &["", "/Users", "/TeamMessages"];

/// A node alone.
const ALONE: Ends = &[""];

/// The nodes to which a user is subscribed by its bare JID without asking (design, compatibility 6).
pub fn automatic(id: &str) -> impl Iterator<Item = String> {
    let user = user(id);
    OF_USER.iter().take(3).map(move |end| format!("{user}{end}")).chain([SYSTEM_INFO.to_owned()])
}

/// All nodes of a contact centre: Finesse's, which keep nothing, and those that the configuration has beside them.
pub fn all(desk: &Desk, own: &[NodeConfig]) -> Vec<NodeSpec> {
    let users = desk.directory.keys().map(|key| (user(&desk.directory.get(key).id), OF_USER));
    let teams = desk.teams.iter().map(|one| (team(&one.id), OF_TEAM));
    let queues = desk.queues.iter().map(|one| (queue(&one.config.id), ALONE));
    let finesse = users.chain(teams).chain(queues).chain([(SYSTEM_INFO.to_owned(), ALONE)]);
    let finesse = finesse.map(|(name, ends)| NodeSpec { name, ends, keep: 0, publishers: Vec::new() });
    let own = own.iter().map(|node| NodeSpec {
        name: node.name.clone(),
        ends: ALONE,
        keep: node.items,
        publishers: node.publish.iter().filter_map(|id| desk.directory.find(id)).collect(),
    });
    finesse.chain(own).collect()
}
