//! Subscriptions: made, listed, ended, refused (XEP-0060 §5 and §6).

use super::{Client, Server};
use crate::support::http::publish;
use crate::support::ns;

const PUBSUB: &str = "pubsub.localhost";
const ALARMS: &str = "/lab/alarms";

fn pubsub(action: &str) -> String {
    format!("<pubsub xmlns='{}'>{action}</pubsub>", ns::PUBSUB)
}

fn unsubscribe(node: &str, jid: &str) -> String {
    pubsub(&format!("<unsubscribe node='{node}' jid='{jid}'/>"))
}

fn online() -> (Server, Client) {
    let server = Server::demo();
    let client = Client::online(&server, "1001", "desktop");
    (server, client)
}

/// The subscriptions that a list has, as node and JID.
fn listed(client: &mut Client, attributes: &str) -> Vec<(String, String)> {
    let answer = client.get(PUBSUB, &pubsub(&format!("<subscriptions{attributes}/>")));
    answer.is_result_with(&["<subscriptions"]);
    let document = roxmltree::Document::parse(&answer.text).expect("an answer is XML");
    let mut list: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name((ns::PUBSUB, "subscription")))
        .map(|node| {
            assert_eq!(node.attribute("subscription"), Some("subscribed"));
            let value = |name| node.attribute(name).expect("a subscription has it").to_owned();
            (value("node"), value("jid"))
        })
        .collect();
    list.sort();
    list
}

const AUTOMATIC: [&str; 4] = [
    "/finesse/api/SystemInfo",
    "/finesse/api/User/1001",
    "/finesse/api/User/1001/Dialogs",
    "/finesse/api/User/1001/Media",
];

#[test]
fn every_refusal_has_its_error() {
    let (_server, mut client) = online();
    let own = "1001@localhost/desktop";
    for (action, error) in [
        (format!("<subscribe node='/nowhere' jid='{own}'/>"), "404 cancel item-not-found"),
        (format!("<subscribe node='{ALARMS}' jid='1002@localhost'/>"), "400 modify bad-request invalid-jid"),
        (
            format!("<subscribe node='{ALARMS}' jid='1001@elsewhere.example'/>"),
            "400 modify bad-request invalid-jid",
        ),
        (format!("<subscribe node='{ALARMS}' jid='localhost'/>"), "400 modify bad-request invalid-jid"),
        (format!("<subscribe node='{ALARMS}' jid='a b@localhost'/>"), "400 modify bad-request invalid-jid"),
        // A full JID is a session: there is none with that resource.
        (
            format!("<subscribe node='{ALARMS}' jid='1001@localhost/gone'/>"),
            "400 modify bad-request invalid-jid",
        ),
        (format!("<subscribe jid='{own}'/>"), "400 modify bad-request nodeid-required"),
        (format!("<subscribe node='' jid='{own}'/>"), "400 modify bad-request nodeid-required"),
        (format!("<subscribe node='{ALARMS}'/>"), "400 modify bad-request jid-required"),
        (format!("<unsubscribe node='{ALARMS}'/>"), "400 modify bad-request jid-required"),
        (format!("<unsubscribe jid='{own}'/>"), "400 modify bad-request nodeid-required"),
        (format!("<unsubscribe node='/nowhere' jid='{own}'/>"), "404 cancel item-not-found"),
        (format!("<unsubscribe node='{ALARMS}' jid='a b@localhost'/>"), "400 modify bad-request invalid-jid"),
        (format!("<unsubscribe node='{ALARMS}' jid='{own}'/>"), "400 wait unexpected-request not-subscribed"),
        (String::new(), "400 modify bad-request"),
        ("<subscribe/><unsubscribe/>".into(), "400 modify bad-request"),
    ] {
        println!("{action}");
        client.set(PUBSUB, &pubsub(&action)).is_error(error);
    }
    client.subscribe(ALARMS);
    assert_eq!(listed(&mut client, "").len(), 5, "nothing else was subscribed and nothing was ended");
}

/// XEP-0060 §6.2.3.
#[test]
fn a_subscription_that_is_nobodys_cannot_be_ended() {
    let (server, mut client) = online();
    let mut other = Client::bound(&server, "1002", "desktop");
    other.subscribe_as(ALARMS, "1002@localhost");
    for jid in ["1002@localhost", "1002@localhost/desktop", "1001@elsewhere.example", "localhost"] {
        client.set(PUBSUB, &unsubscribe(ALARMS, jid)).is_error("403 auth forbidden");
    }
    client
        .set(PUBSUB, &unsubscribe(ALARMS, "1001@localhost/gone"))
        .is_error("400 wait unexpected-request not-subscribed");
    // There are no such ids, so they say nothing.
    let with_subid = format!("<unsubscribe node='{ALARMS}' jid='1002@localhost' subid='1'/>");
    other.set(PUBSUB, &pubsub(&with_subid)).is_result("");
}

#[test]
fn what_is_not_there_is_said_to_be_unsupported() {
    let (_server, mut client) = online();
    let unsupported = |feature: &str| format!("501 cancel feature-not-implemented unsupported={feature}");
    for (action, feature) in [
        ("<create/>", "create-nodes"),
        ("<create node='x'/><configure/>", "create-nodes"),
        ("<default/>", "retrieve-default-sub"),
        ("<options node='/lab/alarms' jid='1001@localhost'/>", "subscription-options"),
        ("<subscribe node='/lab/alarms' jid='1001@localhost'/><options/>", "subscription-options"),
    ] {
        client.set(PUBSUB, &pubsub(action)).is_error(&unsupported(feature));
    }
    for (action, feature) in [
        ("<delete node='/lab/alarms'/>", "delete-nodes"),
        ("<purge node='/lab/alarms'/>", "purge-nodes"),
        ("<configure node='/lab/alarms'/>", "config-node"),
    ] {
        let owner = format!("<pubsub xmlns='{}#owner'>{action}</pubsub>", ns::PUBSUB);
        client.set(PUBSUB, &owner).is_error(&unsupported(feature));
    }
    client.set(PUBSUB, &pubsub("<dance/>")).is_error("501 cancel feature-not-implemented");
    // A question where a change is meant, and the other way.
    client
        .get(PUBSUB, &pubsub("<subscribe node='/lab/alarms' jid='1001@localhost'/>"))
        .is_error("400 modify bad-request");
    client.set(PUBSUB, &pubsub("<items node='/lab/alarms'/>")).is_error("400 modify bad-request");
    // A user is no pubsub service.
    client
        .set("", &pubsub("<subscribe node='/lab/alarms' jid='1001@localhost'/>"))
        .is_error("503 cancel service-unavailable");
    assert_eq!(listed(&mut client, "").len(), 4);
}

#[test]
fn a_repeated_subscription_is_the_same_one() {
    let (server, mut client) = online();
    client.subscribe(ALARMS);
    client.subscribe(ALARMS);
    publish(&server, ALARMS, "x");
    client.expect_event("1001@localhost/desktop", ALARMS, "x");
    client.expect_nothing_more();
    client.set(PUBSUB, &unsubscribe(ALARMS, "1001@localhost/desktop")).is_result("");
    publish(&server, ALARMS, "x");
    client.expect_nothing_more();
    client
        .set(PUBSUB, &unsubscribe(ALARMS, "1001@localhost/desktop"))
        .is_error("400 wait unexpected-request not-subscribed");
}

#[test]
fn any_node_that_there_is_may_be_subscribed() {
    let (server, mut client) = online();
    for node in [
        "/finesse/api/User/1002",
        "/finesse/api/User/1002/Dialogs",
        "/finesse/api/User/1001/Queues",
        "/finesse/api/User/1001/ClientLog",
        "/finesse/api/User/1001/Dialogs/Media",
        "/finesse/api/Team/2",
        "/finesse/api/Team/2/Users",
        "/finesse/api/Team/2/TeamMessages",
    ] {
        client.subscribe(node);
        publish(&server, node, node);
        client.expect_event("1001@localhost/desktop", node, node);
    }
}

#[test]
fn subscriptions_are_listed_for_the_service_and_for_a_node() {
    let (server, mut client) = online();
    let pair = |node: &str, jid: &str| (node.to_owned(), jid.to_owned());
    let automatic: Vec<_> = AUTOMATIC.iter().map(|node| pair(node, "1001@localhost")).collect();
    assert_eq!(listed(&mut client, ""), automatic);
    client.subscribe(ALARMS);
    client.subscribe_as(ALARMS, "1001@localhost");
    let mut phone = Client::bound(&server, "1001", "phone");
    phone.subscribe(ALARMS);
    let own = [
        pair(ALARMS, "1001@localhost"),
        pair(ALARMS, "1001@localhost/desktop"),
        pair(ALARMS, "1001@localhost/phone"),
    ];
    assert_eq!(listed(&mut client, ""), [automatic, own.to_vec()].concat());
    assert_eq!(listed(&mut client, &format!(" node='{ALARMS}'")), own);
    client.get(PUBSUB, &pubsub("<subscriptions node='/nowhere'/>")).is_error("404 cancel item-not-found");
    // Nobody sees those of another.
    let mut other = Client::bound(&server, "1002", "desktop");
    assert_eq!(listed(&mut other, &format!(" node='{ALARMS}'")), []);
}

#[test]
fn affiliations_tell_where_one_may_publish() {
    let (server, mut client) = online();
    let list = |attributes: &str, content: &str| {
        pubsub(&format!("<affiliations{attributes}>{content}</affiliations>"))
    };
    client.get(PUBSUB, &list("", "")).is_result(&list("", ""));
    let mut administrator = Client::bound(&server, "administrator", "desktop");
    let alarms = format!("<affiliation node='{ALARMS}' affiliation='publisher'/>");
    let node = format!(" node='{ALARMS}'");
    administrator.get(PUBSUB, &list(&node, "")).is_result(&list(&node, &alarms));
    administrator.get(PUBSUB, &list("", "")).is_result_with(&[
        "<affiliation node=\"/lab/alarms\" affiliation=\"publisher\"/>",
        "<affiliation node=\"/finesse/api/User/1001\" affiliation=\"publisher\"/>",
    ]);
    client.get(PUBSUB, &list(" node='/nowhere'", "")).is_error("404 cancel item-not-found");
}

#[test]
fn a_subscription_by_the_full_jid_ends_with_its_session() {
    let (server, mut client) = online();
    let mut other = Client::online(&server, "1002", "desktop");
    for vanish in [false, true] {
        client.subscribe(ALARMS);
        if vanish {
            client.vanish()
        } else {
            client.leave()
        }
        // A session that takes the name of another gets nothing of what that one had asked for.
        client = Client::bound(&server, "1001", "desktop");
        assert_eq!(listed(&mut client, &format!(" node='{ALARMS}'")), []);
        client.become_available();
        publish(&server, ALARMS, "x");
        client.expect_nothing_more();
    }
    other.expect_nothing_more();
}

#[test]
fn a_subscription_by_the_full_jid_ends_when_the_session_is_replaced() {
    let (server, mut client) = online();
    client.subscribe(ALARMS);
    let mut new = Client::online(&server, "1001", "desktop");
    publish(&server, ALARMS, "x");
    new.expect_nothing_more();
    assert_eq!(listed(&mut new, &format!(" node='{ALARMS}'")), []);
}

#[test]
fn a_subscription_by_the_bare_jid_survives_its_session() {
    let (server, mut client) = online();
    client.subscribe_as(ALARMS, "1001@localhost");
    client.leave();
    publish(&server, ALARMS, "lost");
    let mut phone = Client::online(&server, "1001", "phone");
    publish(&server, ALARMS, "kept");
    phone.expect_event("1001@localhost", ALARMS, "kept");
    // And can be ended from there.
    phone.set(PUBSUB, &unsubscribe(ALARMS, "1001@localhost")).is_result("");
    publish(&server, ALARMS, "x");
    phone.expect_nothing_more();
}

#[test]
fn subscriptions_are_bounded_per_session_and_per_user() {
    let server = Server::with("[limits]\nsubscriptions_per_session = 2\nsubscriptions_per_user = 8\n");
    let mut client = Client::online(&server, "1001", "desktop");
    let nodes = [
        "/finesse/api/Team/1",
        "/finesse/api/Team/2",
        "/finesse/api/Team/1/Users",
        "/finesse/api/Team/2/Users",
        ALARMS,
    ];
    let request = |node: &str, jid: &str| pubsub(&format!("<subscribe node='{node}' jid='{jid}'/>"));
    let too_many = "405 wait policy-violation too-many-subscriptions";
    client.subscribe(nodes[0]);
    client.subscribe(nodes[1]);
    client.subscribe(nodes[1]);
    client.set(PUBSUB, &request(nodes[2], "1001@localhost/desktop")).is_error(too_many);
    // Four of the eight are automatic.
    for node in &nodes[..4] {
        client.subscribe_as(node, "1001@localhost");
    }
    client.set(PUBSUB, &request(nodes[4], "1001@localhost")).is_error(too_many);
    // One that ended makes room, and another session and another user have their own.
    client.set(PUBSUB, &unsubscribe(nodes[0], "1001@localhost/desktop")).is_result("");
    client.subscribe(nodes[2]);
    Client::bound(&server, "1001", "phone").subscribe(nodes[2]);
    Client::bound(&server, "1002", "desktop").subscribe(nodes[2]);
}

#[test]
fn a_request_may_name_another_session_of_the_user() {
    let (server, mut client) = online();
    let mut phone = Client::bound(&server, "1001", "phone");
    phone.become_available_beside(&mut client);
    client.subscribe_as(ALARMS, "1001@localhost/phone");
    publish(&server, ALARMS, "x");
    phone.expect_event("1001@localhost/phone", ALARMS, "x");
    client.expect_nothing_more();
}
