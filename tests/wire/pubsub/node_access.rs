//! `node_access`: who may follow the nodes of users, teams and queues.

use std::collections::BTreeSet;

use crate::support::http::publish;
use crate::support::lab::Lab;
use crate::support::server::DEMO;
use crate::support::sse::{self, Stream};
use crate::support::{Client, Server, ns, rest};

const PUBSUB: &str = "pubsub.localhost";

/// The demo with a supervisor of team 1 alone.
fn demo(access: &str) -> String {
    let config = DEMO.replace("node_access = \"open\"", &format!("node_access = \"{access}\""));
    assert!(config.contains(&format!("\"{access}\"")), "the demo shows the key");
    format!(
        "{config}\n[[user]]\nid = \"lead\"\npassword = \"lead\"\nroles = [\"Supervisor\"]\nsupervises = [\"1\"]\n"
    )
}

/// Nodes, and what of the REST API shows the same.
const SHOWN: [(&str, &str); 10] = [
    ("User/1001", "User/1001"),
    ("User/1001/Dialogs", "User/1001"),
    ("User/1001/ClientLog", "User/1001"),
    ("User/1004", "User/1004"),
    ("User/1004/Media", "User/1004"),
    ("Team/1", "Team/1"),
    ("Team/1/TeamMessages", "Team/1"),
    ("Team/1/Users", "Team/1"),
    ("Team/2/Users", "Team/2"),
    ("Team/2/TeamMessages", "Team/2"),
];

const USERS: [&str; 4] = ["1001", "1004", "lead", "administrator"];

/// Whether a subscription, the items, the information, and a stream of events are given; all or none of them.
fn is_open(server: &Server, client: &mut Client, user: &str, node: &str) -> bool {
    let jid = client.jid.clone();
    let closed = "405 cancel not-allowed closed-node";
    let subscribe = format!("<pubsub xmlns='{}'><subscribe node='{node}' jid='{jid}'/></pubsub>", ns::PUBSUB);
    let answer = client.set(PUBSUB, &subscribe);
    let is_open = answer.text.starts_with("<iq type=\"result\"");
    let others = [
        format!("<query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>"),
        format!("<query xmlns='http://jabber.org/protocol/disco#items' node='{node}'/>"),
    ];
    let items =
        client.get(PUBSUB, &format!("<pubsub xmlns='{}'><items node='{node}'/></pubsub>", ns::PUBSUB));
    if !is_open {
        answer.is_error(closed);
        items.is_error(closed);
    } else {
        assert!(!items.text.contains("closed-node"), "{}", items.text);
    }
    for question in others {
        let answer = client.get(PUBSUB, &question);
        if is_open { answer.is_result_with(&[]) } else { answer.is_error(closed) }
    }
    let query = format!("node={node}");
    if is_open {
        Stream::open(server, user, &[node]);
    } else {
        let answer = sse::ask(server, &query, &sse::password(user));
        assert_eq!(answer.status(), 403, "{answer:?}");
        assert!(answer.body.contains("node_access"), "{answer:?}");
    }
    is_open
}

#[test]
fn with_role_a_node_is_open_to_those_to_whom_the_rest_api_shows_the_same() {
    let server = Server::serving("localhost", &demo("role"));
    for user in USERS {
        let mut client = Client::online(&server, user, "desktop");
        for (node, path) in SHOWN {
            let shown = rest::get(&server, user, path).status() == 200;
            let node = format!("/finesse/api/{node}");
            assert_eq!(is_open(&server, &mut client, user, &node), shown, "{user} {node}");
        }
        // A queue is its team's; the REST API has none.
        for (queue, team) in [("Queue/1", "Team/1"), ("Queue/2", "Team/2")] {
            let shown = rest::get(&server, user, team).status() == 200;
            let node = format!("/finesse/api/{queue}");
            assert_eq!(is_open(&server, &mut client, user, &node), shown, "{user} {node}");
        }
        for node in ["/finesse/api/SystemInfo", "/lab/alarms"] {
            assert!(is_open(&server, &mut client, user, node), "{user} {node}");
        }
    }
}

#[test]
fn with_open_every_node_is_open_to_every_user() {
    let server = Server::serving("localhost", &demo("open"));
    for user in USERS {
        let mut client = Client::online(&server, user, "desktop");
        for (node, _) in SHOWN {
            assert!(is_open(&server, &mut client, user, &format!("/finesse/api/{node}")), "{user} {node}");
        }
    }
}

/// The nodes that the service lists.
fn listed(client: &mut Client) -> BTreeSet<String> {
    let answer = client.get(PUBSUB, "<query xmlns='http://jabber.org/protocol/disco#items'/>");
    answer.is_result_with(&["disco#items"]);
    let document = roxmltree::Document::parse(&answer.text).expect("an answer is XML");
    document.descendants().filter_map(|item| item.attribute("node")).map(str::to_owned).collect()
}

#[test]
fn the_list_of_nodes_has_those_that_one_may_follow() {
    let server = Server::serving("localhost", &demo("role"));
    let all = listed(&mut Client::online(&server, "administrator", "desktop"));
    assert!(all.contains("/finesse/api/User/1004/Media") && all.contains("/finesse/api/Queue/2"));
    let own = listed(&mut Client::online(&server, "1001", "desktop"));
    let expected = all.iter().filter(|node| {
        let parts =
            ["User/1001", "Team/1", "Queue/1", "SystemInfo"].map(|part| format!("/finesse/api/{part}"));
        !node.starts_with("/finesse/api/") || parts.iter().any(|part| node.starts_with(part))
    });
    assert_eq!(own, expected.cloned().collect());
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    for (access, feature) in [("role", "access-whitelist"), ("open", "access-open")] {
        let server = Server::serving("localhost", &demo(access));
        let mut client = Client::online(&server, "1001", "desktop");
        client.get(PUBSUB, info).is_result_with(&[&format!("http://jabber.org/protocol/pubsub#{feature}\"")]);
    }
}

#[test]
fn a_reload_ends_the_subscriptions_that_one_may_have_no_more() {
    const OTHER: &str = "/finesse/api/User/1004";
    const TEAM: &str = "/finesse/api/Team/1/Users";
    const OWN: &str = "/finesse/api/User/1001";
    let lab = Lab::with_log("trace", &demo("open"));
    let mut client = Client::online(&lab.server, "1001", "desktop");
    client.subscribe(OTHER);
    client.subscribe_as(OTHER, "1001@localhost");
    client.subscribe(TEAM);
    let mut stream = Stream::open(&lab.server, "1001", &[OWN, OTHER]);
    let mut stays = Stream::open(&lab.server, "1001", &[OWN, TEAM]);
    lab.reload(&demo("role"));
    stream.expect_end();
    publish(&lab.server, OTHER, "nobody is told");
    publish(&lab.server, TEAM, "its own team");
    publish(&lab.server, OWN, "itself");
    client.expect_event("1001@localhost/desktop", TEAM, "its own team");
    client.expect_event("1001@localhost", OWN, "itself");
    stays.expect(TEAM, "its own team");
    stays.expect(OWN, "itself");
    client.expect_nothing_more();
}
