//! The names of Finesse's nodes (reference 3.2).

use crate::config::Config;
use crate::pubsub::NodeSpec;

use super::Directory;

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

/// Every node of a user.
pub fn of_user(id: &str) -> [String; 6] {
    ["", "/Dialogs", "/Media", "/Dialogs/Media", "/Queues", "/ClientLog"]
        .map(|tail| format!("/finesse/api/User/{id}{tail}"))
}

/// The nodes to which a user is subscribed by its bare JID without asking (design, compatibility 6).
pub fn automatic(id: &str) -> impl Iterator<Item = String> {
    of_user(id).into_iter().take(3).chain([SYSTEM_INFO.to_owned()])
}

/// Every node of a team.
pub fn of_team(id: &str) -> [String; 3] {
    ["", "/Users", "/TeamMessages"].map(|tail| format!("/finesse/api/Team/{id}{tail}"))
}

/// All nodes of a configuration: Finesse's, which keep nothing, and its own.
pub fn all(config: &Config, directory: &Directory) -> Vec<NodeSpec> {
    let finesse = config
        .users
        .iter()
        .flat_map(|user| of_user(&user.id))
        .chain(config.teams.iter().flat_map(|team| of_team(&team.id)))
        .chain(config.queues.iter().map(|one| queue(&one.id)))
        .chain([SYSTEM_INFO.to_owned()])
        .map(|name| NodeSpec { name, ..NodeSpec::default() });
    let own = config.nodes.iter().map(|node| NodeSpec {
        name: node.name.clone(),
        keep: node.items,
        publishers: node.publish.iter().filter_map(|id| directory.find(id)).collect(),
    });
    finesse.chain(own).collect()
}
