//! Logins and stanzas that fail.

use super::*;

pub const LOGINS: &[(u32, Run)] = &[
    (1, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        let mut client = Client::connect(&server);
        client.open();
        client.send_plain("\x001001\x001001");
        client.expect_failure("not-authorized");
        heal(&server);
        client.send_plain("\x001001\x001001");
        client.expect_success();
    }),
    (12, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send("<presence xmlns='jabber:client'/>");
        assert!(!before_ping(&mut client).iter().any(|text| text.contains("from=\"finesse@")));
        heal(&server);
        client.expect(&client.finesse_presence());
    }),
    (13, |_| {
        let server = Server::demo();
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send("<presence xmlns='jabber:client'><priority>-1</priority></presence>");
        before_ping(&mut client);
        publish(&server, USER, "unheard");
        assert!(!before_ping(&mut client).iter().any(|text| text.contains("unheard")));
        client.send("<presence xmlns='jabber:client'/>");
        before_ping(&mut client);
        publish(&server, USER, "heard");
        assert_eq!(event(&mut client, USER), "heard");
    }),
    (14, |_| {
        let server = Server::with("[limits]\nforced_logout = \"100ms\"\n");
        drop(agent(&server, false));
        is_signed_out(&server);
    }),
    (15, |_| {
        let server = Server::demo();
        drop(agent(&server, false));
        server.wait_for_log(&["1001@localhost/desktop: closed"]);
        online(&server).expect_nothing_more();
        assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "NOT_READY");
    }),
    (43, |recipe| {
        let server = Server::demo();
        recipe.with("&delay=100ms").cause(&server);
        drop(agent(&server, false));
        server.wait_for_log(&["1001@localhost/desktop: closed"]);
        let _back = online(&server);
        is_signed_out(&server);
        heal(&server);
        assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
    }),
    (16, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        assert!(client.text().contains("<conflict "));
        heal(&server);
        let mut client = online(&server);
        let _other = Client::bound(&server, "1001", "desktop");
        assert!(client.text().contains("<conflict "));
    }),
    (23, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        assert_eq!(upgrade(&server).header("Sec-WebSocket-Protocol"), None);
        heal(&server);
        assert_eq!(upgrade(&server).header("Sec-WebSocket-Protocol"), Some("xmpp"));
    }),
    (24, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        let mut client = Client::connect(&server);
        client.send_open();
        assert!(client.text().starts_with("<stream:stream "));
        heal(&server);
        Client::connect(&server).open();
    }),
    (25, |_| {
        let server = Server::demo();
        let mut client = Client::connect(&server);
        client.send(&format!("<open xmlns='{}' to='other.example' version='1.0'/>", ns::FRAMING));
        client.expect_open_and_stream_error("host-unknown", 1000);
    }),
    (22, |recipe| {
        let server = Server::demo();
        let trusting = strict(&right(&server));
        let seen = || wrong(&trusting, from([127, 0, 0, 1], server.tls));
        assert_eq!(seen(), None);
        recipe.cause(&server);
        assert_eq!(seen(), Some("issuer"));
        heal(&server);
        assert_eq!(seen(), None);
    }),
];

/// A request of the pubsub service about a node.
fn pubsub(payload: &str) -> String {
    format!("<pubsub xmlns='{}'>{payload}</pubsub>", ns::PUBSUB)
}

pub const STANZAS: &[(u32, Run)] = &[
    (9, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        acted(&server);
        publish(&server, USER, "lost");
        heal(&server);
        client.expect_nothing_more();
    }),
    (10, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        client.send(
            "<iq xmlns='jabber:client' type='get' id='late' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
        );
        client.get("localhost", "<query xmlns='jabber:iq:version'/>").is_result_with(&["callboard"]);
        heal(&server);
        assert!(client.text().contains("id=\"late\""));
        client.expect_nothing_more();
    }),
    (11, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        client.get("localhost", ping).is_error("503 cancel service-unavailable");
        heal(&server);
        client.expect_nothing_more();
    }),
    (17, |_| {
        let server = Server::demo();
        let mut client = online(&server);
        let subscribe =
            pubsub(&format!("<subscribe node='/finesse/api/Team/999/Users' jid='{}'/>", client.jid));
        client.set(PUBSUB, &subscribe).is_error("404 cancel item-not-found");
    }),
    (18, |_| {
        let server = Server::demo();
        let mut client = online(&server);
        let subscribe = pubsub(&format!("<subscribe node='{USER}' jid='1002@localhost'/>"));
        client.set(PUBSUB, &subscribe).is_error("400 modify bad-request invalid-jid");
    }),
    (19, |_| {
        let server = Server::demo();
        let mut client = online(&server);
        let unsubscribe =
            pubsub(&format!("<unsubscribe node='/finesse/api/User/1002' jid='{}'/>", client.jid));
        client.set(PUBSUB, &unsubscribe).is_error("400 wait unexpected-request not-subscribed");
    }),
    (20, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        let subscribe = pubsub(&format!("<subscribe node='{USER}' jid='{}'/>", client.jid));
        client.set(PUBSUB, &subscribe).is_error("404 cancel item-not-found");
        heal(&server);
        client.subscribe(USER);
    }),
    (21, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        publish(&server, USER, "once");
        assert_eq!([event(&mut client, USER), event(&mut client, USER)], ["once", "once"]);
        heal(&server);
        publish(&server, USER, "again");
        assert_eq!(event(&mut client, USER), "again");
        client.expect_nothing_more();
    }),
    (35, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        publish(&server, USER, "late");
        client.expect_nothing_more();
        heal(&server);
        assert_eq!(event(&mut client, USER), "late");
    }),
    (37, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        publish(&server, USER, "<Update>한국</Update>");
        let cut = event(&mut client, USER);
        assert!(cut.starts_with("<Upd") && !cut.ends_with("</Update>"), "{cut}");
        heal(&server);
        publish(&server, USER, "<Update>한국</Update>");
        assert_eq!(event(&mut client, USER), "<Update>한국</Update>");
    }),
];
