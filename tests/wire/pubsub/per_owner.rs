//! `subscriptions = "per-owner"`: a user has one subscription to a node, whatever its JID.

use crate::support::lab::Lab;
use crate::support::server::DEMO;
use crate::support::sse::Stream;
use crate::support::{Client, Server, http, ns};

const PUBSUB: &str = "pubsub.localhost";
const NODE: &str = "/lab/alarms";

fn demo(rule: &str) -> String {
    let config = DEMO.replace("subscriptions = \"per-jid\"", &format!("subscriptions = \"{rule}\""));
    assert!(config.contains(&format!("subscriptions = \"{rule}\"")), "the demo shows the key");
    config
}

/// Asks for a subscription of `jid`, and gets that of `answered`.
#[track_caller]
fn subscribe(client: &mut Client, jid: &str, answered: &str) {
    let request = format!("<pubsub xmlns='{}'><subscribe node='{NODE}' jid='{jid}'/></pubsub>", ns::PUBSUB);
    client.set(PUBSUB, &request).is_result(&format!(
        "<pubsub xmlns='{}'><subscription node='{NODE}' jid='{answered}' subscription='subscribed'>\
         <subscribe-options/></subscription></pubsub>",
        ns::PUBSUB
    ));
}

fn unsubscribe(jid: &str) -> String {
    format!("<pubsub xmlns='{}'><unsubscribe node='{NODE}' jid='{jid}'/></pubsub>", ns::PUBSUB)
}

#[test]
fn an_owner_has_one_subscription_to_a_node() {
    let server = Server::serving("localhost", &demo("per-owner"));
    let mut phone = Client::online(&server, "1001", "phone");
    let mut desktop = Client::bound(&server, "1001", "desktop");
    desktop.become_available_beside(&mut phone);
    let mut other = Client::online(&server, "1002", "desktop");
    // The first stays, whoever of the owner asks, and by whatever JID.
    subscribe(&mut desktop, "1001@localhost/desktop", "1001@localhost/desktop");
    subscribe(&mut desktop, "1001@localhost/desktop", "1001@localhost/desktop");
    subscribe(&mut desktop, "1001@localhost", "1001@localhost/desktop");
    subscribe(&mut phone, "1001@localhost/phone", "1001@localhost/desktop");
    subscribe(&mut other, "1002@localhost", "1002@localhost");
    http::publish(&server, NODE, "fire");
    desktop.expect_event("1001@localhost/desktop", NODE, "fire");
    desktop.expect_nothing_more();
    phone.expect_nothing_more();
    other.expect_event("1002@localhost", NODE, "fire");
    // It ends by its own JID.
    desktop
        .set(PUBSUB, &unsubscribe("1001@localhost"))
        .is_error("400 wait unexpected-request not-subscribed");
    desktop.set(PUBSUB, &unsubscribe("1001@localhost/desktop")).is_result("");
    subscribe(&mut phone, "1001@localhost", "1001@localhost");
    http::publish(&server, NODE, "out");
    desktop.expect_event("1001@localhost", NODE, "out");
    phone.expect_event("1001@localhost", NODE, "out");
}

/// An agent has its automatic subscription by its bare JID, and no further one to the same node.
#[test]
fn an_automatic_subscription_is_the_answer_too() {
    let server = Server::serving("localhost", &demo("per-owner"));
    let mut client = Client::online(&server, "1001", "desktop");
    let node = "/finesse/api/User/1001";
    let request = format!(
        "<pubsub xmlns='{}'><subscribe node='{node}' jid='1001@localhost/desktop'/></pubsub>",
        ns::PUBSUB
    );
    client.set(PUBSUB, &request).is_result_with(&["jid=\"1001@localhost\""]);
    http::publish(&server, node, "x");
    client.expect_event("1001@localhost", node, "x");
    client.expect_nothing_more();
}

/// A stream of server-sent events has no JID and is nobody's second subscription.
#[test]
fn a_stream_of_events_does_not_count() {
    let server = Server::serving("localhost", &demo("per-owner"));
    let mut stream = Stream::open(&server, "1001", &[NODE]);
    let mut client = Client::online(&server, "1001", "desktop");
    subscribe(&mut client, "1001@localhost", "1001@localhost");
    let mut second = Stream::open(&server, "1001", &[NODE]);
    http::publish(&server, NODE, "x");
    stream.expect(NODE, "x");
    second.expect(NODE, "x");
    client.expect_event("1001@localhost", NODE, "x");
}

#[test]
fn another_rule_counts_from_the_reload_on() {
    let lab = Lab::with_log("info", &demo("per-jid"));
    let mut client = Client::online(&lab.server, "1001", "desktop");
    subscribe(&mut client, "1001@localhost/desktop", "1001@localhost/desktop");
    subscribe(&mut client, "1001@localhost", "1001@localhost");
    lab.reload(&demo("per-owner"));
    // Both stay.
    http::publish(&lab.server, NODE, "x");
    client.expect_event("1001@localhost", NODE, "x");
    client.expect_event("1001@localhost/desktop", NODE, "x");
    client.set(PUBSUB, &unsubscribe("1001@localhost")).is_result("");
    subscribe(&mut client, "1001@localhost", "1001@localhost/desktop");
    lab.reload(&demo("per-jid"));
    subscribe(&mut client, "1001@localhost", "1001@localhost");
}
