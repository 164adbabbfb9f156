//! Publishing over XMPP, kept items, retraction (XEP-0060 §6.5 and §7).

use super::{Client, Server};
use crate::support::ns;

const PUBSUB: &str = "pubsub.localhost";
const ALARMS: &str = "/lab/alarms";
const USER: &str = "/finesse/api/User/1001";

fn pubsub(action: &str) -> String {
    format!("<pubsub xmlns='{}'>{action}</pubsub>", ns::PUBSUB)
}

fn publish(node: &str, item: &str) -> String {
    pubsub(&format!("<publish node='{node}'>{item}</publish>"))
}

fn text(text: &str) -> String {
    format!("<notification xmlns='{}'>{text}</notification>", ns::PUSH)
}

fn retract(node: &str, content: &str) -> String {
    pubsub(&format!("<retract node='{node}'{content}</retract>"))
}

/// Somebody who may publish everywhere, and somebody who gets the events of `ALARMS`.
fn pair(server: &Server) -> (Client, Client) {
    let administrator = Client::bound(server, "administrator", "desktop");
    let mut client = Client::online(server, "1001", "desktop");
    client.subscribe(ALARMS);
    (administrator, client)
}

/// A demo in which the node keeps three items.
fn keeping() -> Server {
    Server::serving(
        "localhost",
        &crate::support::server::DEMO
            .replace("publish = [\"administrator\"]", "publish = [\"administrator\"]\nitems = 3"),
    )
}

#[test]
fn what_is_published_is_answered_with_its_id_and_delivered() {
    let server = Server::demo();
    let (mut administrator, mut client) = pair(&server);
    let item = |id: &str| publish(ALARMS, &format!("<item{id}>{}</item>", text("&lt;Update/&gt;")));
    administrator.set(PUBSUB, &item("")).is_result(&publish(ALARMS, "<item id='{any}'/>"));
    client.expect_event("1001@localhost/desktop", ALARMS, "<Update/>");
    administrator.set(PUBSUB, &item(" id='mine'")).is_result(&publish(ALARMS, "<item id='mine'/>"));
    let (_, id) = client.expect_event("1001@localhost/desktop", ALARMS, "<Update/>");
    assert_eq!(id, "mine");
    // To a node of a user, by the bare JID.
    administrator
        .set(PUBSUB, &publish(USER, &format!("<item>{}</item>", text("x"))))
        .is_result(&publish(USER, "<item id='{any}'/>"));
    client.expect_event("1001@localhost", USER, "x");
}

#[test]
fn a_payload_that_is_no_notification_is_delivered_as_it_is() {
    let server = Server::demo();
    let (mut administrator, mut client) = pair(&server);
    let payload = "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:x='u' x:y='&lt;&apos;&quot;'><x:title xml:lang='de'>a &amp; b</x:title>\
                   <notification/></entry>";
    administrator
        .set(PUBSUB, &publish(ALARMS, &format!("<item id='1'>{payload}</item>")))
        .is_result(&publish(ALARMS, "<item id='1'/>"));
    client.expect(&format!(
        "<message xmlns='jabber:client' from='{PUBSUB}' to='1001@localhost/desktop' id='{{any}}'><event xmlns='{}'>\
         <items node='{ALARMS}'><item id='1'>{payload}</item></items></event></message>",
        ns::PUBSUB_EVENT
    ));
}

#[test]
fn every_refusal_to_publish_has_its_error_and_nothing_is_delivered() {
    let server = Server::demo();
    let (mut administrator, mut client) = pair(&server);
    let item = format!("<item>{}</item>", text("x"));
    // An agent may not publish, not even to its own node.
    for node in [ALARMS, USER] {
        client.set(PUBSUB, &publish(node, &item)).is_error("403 auth forbidden");
    }
    let big = format!("<item>{}</item>", text(&"x".repeat(33 * 1024)));
    for (action, error) in [
        (publish("/nowhere", &item), "404 cancel item-not-found"),
        (publish("", &item), "400 modify bad-request nodeid-required"),
        (pubsub(&format!("<publish>{item}</publish>")), "400 modify bad-request nodeid-required"),
        (publish(ALARMS, ""), "400 modify bad-request item-required"),
        (publish(ALARMS, "<item/>"), "400 modify bad-request payload-required"),
        (publish(ALARMS, "<item>only text</item>"), "400 modify bad-request payload-required"),
        (
            publish(ALARMS, "<item><a xmlns='u'/><b xmlns='u'/></item>"),
            "400 modify bad-request invalid-payload",
        ),
        (publish(ALARMS, &item.repeat(2)), "400 modify bad-request invalid-payload"),
        (publish(ALARMS, &big), "406 modify not-acceptable payload-too-big"),
    ] {
        println!("{}", &action[..action.len().min(200)]);
        administrator.set(PUBSUB, &action).is_error(error);
    }
    client.expect_nothing_more();
}

#[test]
fn a_node_without_a_list_of_publishers_is_for_administrators() {
    let server =
        Server::with("[[node]]\nname = \"/lab/open\"\n[[node]]\nname = \"/lab/own\"\npublish = [\"1001\"]\n");
    let (mut administrator, mut client) = pair(&server);
    let item = |node: &str| publish(node, &format!("<item id='1'>{}</item>", text("x")));
    for (node, by_administrator, by_agent) in [("/lab/open", true, false), ("/lab/own", false, true)] {
        for (publisher, may) in [(&mut administrator, by_administrator), (&mut client, by_agent)] {
            let answer = publisher.set(PUBSUB, &item(node));
            if may {
                answer.is_result(&publish(node, "<item id='1'/>"));
            } else {
                answer.is_error("403 auth forbidden");
            }
        }
    }
}

#[test]
fn the_last_items_are_kept_and_can_be_asked_for() {
    let server = keeping();
    let (mut administrator, mut client) = pair(&server);
    for id in 1..=5 {
        let item = format!("<item id='{id}'>{}</item>", text(&format!("text {id}")));
        administrator
            .set(PUBSUB, &publish(ALARMS, &item))
            .is_result(&publish(ALARMS, &format!("<item id='{id}'/>")));
        client.expect_event("1001@localhost/desktop", ALARMS, &format!("text {id}"));
    }
    let item = |id: usize| format!("<item id='{id}'>{}</item>", text(&format!("text {id}")));
    let items = |attributes: &str, content: &str| {
        pubsub(&format!("<items node='{ALARMS}'{attributes}>{content}</items>"))
    };
    for (attributes, wanted, ids) in [
        ("", "", vec![3, 4, 5]),
        (" max_items='2'", "", vec![4, 5]),
        (" max_items='99'", "", vec![3, 4, 5]),
        (" max_items='4294967297'", "", vec![3, 4, 5]),
        ("", "<item id='4'/>", vec![4]),
        ("", "<item id='5'/><item id='3'/>", vec![3, 5]),
    ] {
        let found: String = ids.into_iter().map(item).collect();
        client.get(PUBSUB, &items(attributes, wanted)).is_result(&items("", &found));
    }
    // XEP-0060 §6.5.9.11.
    client.get(PUBSUB, &items("", "<item id='1'/>")).is_result(&items("", ""));
    client.get(PUBSUB, &items(" max_items='x'", "")).is_error("400 modify bad-request");
    // One with the id of another takes its place.
    let again = format!("<item id='3'>{}</item>", text("again"));
    administrator.set(PUBSUB, &publish(ALARMS, &again)).is_result(&publish(ALARMS, "<item id='3'/>"));
    client.expect_event("1001@localhost/desktop", ALARMS, "again");
    client.get(PUBSUB, &items("", "")).is_result(&items("", &format!("{}{}{again}", item(4), item(5))));
    // Disco lists them too.
    let disco = format!("<query xmlns='{}' node='{ALARMS}'/>", ns::DISCO_ITEMS);
    client.get(PUBSUB, &disco).is_result_with(&["name=\"4\"", "name=\"5\"", "name=\"3\""]);
    // Nobody is sent an old item because of a subscription.
    let mut late = Client::online(&server, "1002", "desktop");
    late.subscribe(ALARMS);
    late.expect_nothing_more();
}

#[test]
fn one_item_is_kept_if_nothing_is_said_and_none_by_the_nodes_of_finesse() {
    let server = Server::demo();
    let (mut administrator, mut client) = pair(&server);
    for id in ["1", "2"] {
        for node in [ALARMS, USER] {
            let item = format!("<item id='{id}'>{}</item>", text("x"));
            administrator
                .set(PUBSUB, &publish(node, &item))
                .is_result(&publish(node, &format!("<item id='{id}'/>")));
            client.text();
        }
    }
    let items = |node: &str, content: &str| pubsub(&format!("<items node='{node}'>{content}</items>"));
    let kept = format!("<item id='2'>{}</item>", text("x"));
    client.get(PUBSUB, &items(ALARMS, "")).is_result(&items(ALARMS, &kept));
    client
        .get(PUBSUB, &items(USER, ""))
        .is_error("501 cancel feature-not-implemented unsupported=persistent-items");
    client.get(PUBSUB, &items("/nowhere", "")).is_error("404 cancel item-not-found");
    client.get(PUBSUB, &pubsub("<items/>")).is_error("400 modify bad-request nodeid-required");
}

#[test]
fn a_retracted_item_is_gone_and_those_who_should_know_are_told() {
    let server = keeping();
    let (mut administrator, mut client) = pair(&server);
    for id in ["1", "2"] {
        let item = format!("<item id='{id}'>{}</item>", text("x"));
        administrator
            .set(PUBSUB, &publish(ALARMS, &item))
            .is_result(&publish(ALARMS, &format!("<item id='{id}'/>")));
        client.text();
    }
    for (request, error) in [
        (retract(ALARMS, "><item id='9'/>"), "404 cancel item-not-found"),
        (retract("/nowhere", "><item id='1'/>"), "404 cancel item-not-found"),
        (retract(ALARMS, "><item/>"), "400 modify bad-request item-required"),
        (retract(ALARMS, ">"), "400 modify bad-request item-required"),
        (pubsub("<retract><item id='1'/></retract>"), "400 modify bad-request nodeid-required"),
    ] {
        administrator.set(PUBSUB, &request).is_error(error);
    }
    client.set(PUBSUB, &retract(ALARMS, "><item id='1'/>")).is_error("403 auth forbidden");
    administrator.set(PUBSUB, &retract(ALARMS, "><item id='1'/>")).is_result("");
    client.expect_nothing_more();
    administrator.set(PUBSUB, &retract(ALARMS, " notify='true'><item id='2'/>")).is_result("");
    client.expect(&format!(
        "<message xmlns='jabber:client' from='{PUBSUB}' to='1001@localhost/desktop' id='{{any}}'><event xmlns='{}'>\
         <items node='{ALARMS}'><retract id='2'/></items></event></message>",
        ns::PUBSUB_EVENT
    ));
    let items = pubsub(&format!("<items node='{ALARMS}'/>"));
    client.get(PUBSUB, &items).is_result(&items);
}

/// XEP-0060 §7.2.3.5.
#[test]
fn an_item_of_a_node_that_keeps_none_cannot_be_taken_away() {
    let server = keeping();
    let (mut administrator, _client) = pair(&server);
    administrator
        .set(PUBSUB, &retract("/finesse/api/SystemInfo", "><item id='1'/>"))
        .is_error("501 cancel feature-not-implemented unsupported=persistent-items");
}
