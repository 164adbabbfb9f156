//! `/callboard/api/subscriptions`: who has subscribed to what.

use crate::support::http::{self, own};
use crate::support::sse::Stream;
use crate::support::{Client, Server, ns};

const PATH: &str = "subscriptions";
const NODE: &str = "/lab/alarms";

fn list(server: &Server, query: &str) -> String {
    let answer = own(server, "administrator", "GET", &format!("{PATH}{query}"));
    assert_eq!(answer.status(), 200, "{answer:?}");
    answer.body
}

/// The text between `from` and the next quote.
fn value<'a>(text: &'a str, from: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from} is not in {text}"));
    rest.split('"').next().unwrap_or_default()
}

/// The list without ids and times.
fn shown(list: &str) -> Vec<String> {
    let rows = list.split("{\"node\"").skip(1);
    rows.map(|row| format!("{} {} {}", value(row, ":\""), value(row, "\"jid\":\""), value(row, "\"by\":\"")))
        .collect()
}

#[test]
fn administrators_see_who_has_subscribed_to_what() {
    let server = Server::demo();
    assert_eq!(list(&server, ""), "{\"total\":0,\"subscriptions\":[]}\n");
    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe_as(NODE, "1001@localhost");
    client.subscribe(NODE);
    let _stream = Stream::open(&server, "1002", &[NODE]);
    let all = list(&server, &format!("?node={NODE}"));
    assert!(all.starts_with("{\"total\":3,"), "{all}");
    assert_eq!(
        shown(&all),
        [
            "/lab/alarms 1001@localhost bare",
            "/lab/alarms 1001@localhost/desktop full",
            "/lab/alarms 1002@localhost stream"
        ]
    );
    assert!(all.contains("\"by\":\"bare\",\"session\":null,\"since\":\"20"), "{all}");
    assert!(!value(&all, "\"by\":\"full\",\"session\":\"").is_empty());
    // Those that every agent has by itself.
    let own = list(&server, "?user=1001");
    assert_eq!(own.matches("/finesse/api/User/1001").count(), 3, "{own}");
    assert!(own.contains("\"node\":\"/finesse/api/SystemInfo\",\"jid\":\"1001@localhost\""), "{own}");
    assert_eq!(shown(&list(&server, &format!("?node={NODE}&user=1002"))).len(), 1);
    assert_eq!(list(&server, "?user=nobody"), "{\"total\":0,\"subscriptions\":[]}\n");
    assert_eq!(http::own(&server, "administrator", "GET", &format!("{PATH}?node=/nowhere")).status(), 404);
    assert_eq!(http::own(&server, "administrator", "GET", &format!("{PATH}?user=1&user=2")).status(), 400);
    assert_eq!(http::own(&server, "1001", "GET", PATH).status(), 403);
}

#[test]
fn a_subscription_that_an_administrator_ends_is_told_to_its_subscriber() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe_as(NODE, "1001@localhost");
    client.subscribe(NODE);
    let end = |query: &str, status| {
        let answer = own(&server, "administrator", "DELETE", &format!("{PATH}?node={query}"));
        assert_eq!(answer.status(), status, "{query}: {answer:?}");
    };
    for jid in ["1001@localhost/desktop", "1001@localhost"] {
        end(&format!("{NODE}&jid={jid}"), 200);
        client.expect(&format!(
            "<message xmlns='jabber:client' from='pubsub.localhost' to='{jid}' id='{{any}}'><event xmlns='{}'>\
             <subscription node='{NODE}' jid='{jid}' subscription='none'/></event></message>",
            ns::PUBSUB_EVENT
        ));
        end(&format!("{NODE}&jid={jid}"), 404);
    }
    http::publish(&server, NODE, "x");
    client.expect_nothing_more();
    // An automatic one comes again with the next session of an agent who had none.
    let user = "/finesse/api/User/1001";
    end(&format!("{user}&jid=1001@localhost"), 200);
    assert!(client.text().contains("subscription=\"none\""));
    client.leave();
    let mut client = Client::online(&server, "1001", "desktop");
    http::publish(&server, user, "x");
    client.expect_event("1001@localhost", user, "x");

    for query in [NODE, &format!("{NODE}&jid=a&session=b"), &format!("{NODE}&jid=a&jid=b")] {
        end(query, 400);
    }
    end("/nowhere&jid=1001@localhost", 404);
    let refused = own(&server, "1001", "DELETE", &format!("{PATH}?node={user}&jid=1001@localhost"));
    assert_eq!(refused.status(), 403);
    assert_eq!(own(&server, "administrator", "DELETE", PATH).status(), 400);
}

#[test]
fn a_stream_whose_subscription_is_ended_ends() {
    let server = Server::demo();
    let mut stream = Stream::open(&server, "1001", &[NODE]);
    let id = value(&list(&server, ""), "\"session\":\"").to_owned();
    let answer = own(&server, "administrator", "DELETE", &format!("{PATH}?node={NODE}&session={id}"));
    assert_eq!(answer.status(), 200, "{answer:?}");
    stream.expect_end();
    assert_eq!(list(&server, ""), "{\"total\":0,\"subscriptions\":[]}\n");
}
