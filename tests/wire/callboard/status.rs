//! The availability of the service, set by hand: what a client sees of failures 6 and 7, and of the recovery.

use crate::support::http::{Answer, Http, basic, publish};
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::{Client, Server};

const SYSTEM_INFO: &str = "/finesse/api/SystemInfo";
const USER: &str = "/finesse/api/User/1001";
const LOGIN: &str = "<state>LOGIN</state><extension>1001</extension>";

/// A request to the switch; `authorization` may be empty.
fn status(server: &Server, method: &str, query: &str, authorization: &str) -> Answer {
    Http::connect(server.plain).ask(format!(
        "{method} /callboard/api/status{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{authorization}\r\n"
    ))
}

/// Sets something, as the administrator of the demo. Returns what is set then.
#[track_caller]
fn set(server: &Server, query: &str) -> String {
    let authorization = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    let answer = status(server, "POST", &format!("?{query}"), &authorization);
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    answer.body.trim_end().to_owned()
}

/// The presences of `finesse` with which it goes.
#[track_caller]
fn expect_finesse_gone(client: &mut Client) {
    let text = "<presence xmlns='jabber:client' type='unavailable' from='finesse@localhost/{any}' to='1001@localhost/desktop'/>";
    client.expect(text);
    client.expect(text);
}

#[track_caller]
fn expect_finesse(client: &mut Client) {
    let finesse = client.finesse_presence();
    client.expect(&finesse);
    client.expect(&finesse);
}

#[test]
fn out_of_service_every_request_is_503_and_everybody_hears_of_it() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
    event(&mut agent, USER);
    for name in ["OUT_OF_SERVICE", "PARTIAL_SERVICE"] {
        let shown = format!("{{\"status\":\"{name}\",\"finesse\":\"available\"}}");
        assert_eq!(set(&server, &format!("status={name}")), shown);
        // Said again it is no news.
        assert_eq!(set(&server, &format!("status={name}")), shown);
        let told = event(&mut agent, SYSTEM_INFO);
        assert!(told.starts_with("<Update><data><systemInfo><currentTimestamp>"), "{told}");
        assert!(
            told.ends_with(
                "<event>PUT</event><requestId></requestId><source>/finesse/api/SystemInfo</source></Update>"
            ),
            "{told}"
        );
        assert_eq!(field(&told, "status"), name);
        let system = Http::connect(server.plain)
            .ask("GET /finesse/api/SystemInfo HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!((system.status(), field(&system.body, "status")), (200, name));
        for (user, method, path, body) in [
            ("1001", "PUT", "User/1001", "<User><state>READY</state></User>"),
            ("1001", "PUT", "User/1001", "not XML"),
            ("1001", "GET", "User/1001", ""),
            ("administrator", "GET", "Users", ""),
            ("administrator", "PUT", "SystemInfo", ""),
            ("1001", "GET", "User/1001/Dialogs", ""),
            ("1001", "DELETE", "Nothing", ""),
            ("1001", "GET", "User/%ff", ""),
            // Who asks is not looked at.
            ("nobody", "GET", "User/1001", ""),
            ("nobody", "GET", "UserAuthMode/1001", ""),
        ] {
            let answer = ask(&server, user, method, path, "requestId: r-2\r\n", body);
            assert_eq!(answer.status(), 503, "{method} {path}");
            assert_eq!(answer.header("requestId"), Some("r-2"));
            assert_eq!(
                answer.body,
                "<ApiErrors><ApiError><ErrorType>Service Unavailable</ErrorType><ErrorData></ErrorData>\
                 <ErrorMessage>SERVER_OUT_OF_SERVICE</ErrorMessage></ApiError></ApiErrors>"
            );
        }
        agent.expect_nothing_more();
    }
    // Nor does anybody call.
    let authorization = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    let call = Http::connect(server.plain).ask(format!(
        "POST /callboard/api/calls?to=1001 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{authorization}\r\n"
    ));
    assert_eq!((call.status(), call.body.as_str()), (503, "The service is not IN_SERVICE.\n"));
    agent.expect_nothing_more();
    // The notification service goes on: sessions come, and events of others.
    let mut other = Client::online(&server, "1002", "desktop");
    publish(&server, USER, "news");
    agent.expect_event("1001@localhost", USER, "news");
    set(&server, "status=IN_SERVICE");
    assert_eq!(field(&event(&mut agent, SYSTEM_INFO), "status"), "IN_SERVICE");
    assert_eq!(field(&event(&mut other, SYSTEM_INFO), "status"), "IN_SERVICE");
    // The agent's state, once more; an agent who is not signed in has none.
    assert_eq!(field(&event(&mut agent, USER), "state"), "NOT_READY");
    other.expect_nothing_more();
    let shown = get(&server, "1001", "User/1001");
    assert_eq!((shown.status(), field(&shown.body, "state")), (200, "NOT_READY"));
    agent.expect_nothing_more();
}

#[test]
fn finesse_goes_and_whoever_comes_meanwhile_waits_for_it() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    let shown = "{\"status\":\"IN_SERVICE\",\"finesse\":\"unavailable\"}";
    assert_eq!(set(&server, "finesse=unavailable"), shown);
    expect_finesse_gone(&mut agent);
    assert_eq!(set(&server, "finesse=unavailable"), shown);
    agent.expect_nothing_more();
    let mut late = Client::bound(&server, "1002", "desktop");
    late.send("<presence xmlns='jabber:client'/>");
    late.expect(
        "<presence xmlns='jabber:client' from='1002@localhost/desktop' to='1002@localhost/desktop'/>",
    );
    late.expect_nothing_more();
    late.send("<presence xmlns='jabber:client' type='probe' to='finesse@localhost'/>");
    late.expect("<presence xmlns='jabber:client' type='unavailable' from='finesse@localhost' to='1002@localhost/desktop'/>");
    assert_eq!(set(&server, "finesse=available"), "{\"status\":\"IN_SERVICE\",\"finesse\":\"available\"}");
    for client in [&mut agent, &mut late] {
        expect_finesse(client);
        assert_eq!(field(&event(client, SYSTEM_INFO), "status"), "IN_SERVICE");
        client.expect_nothing_more();
    }
}

#[test]
fn all_comes_back_in_order() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
    assert_eq!(put_state(&server, "1001", "1001", "<state>READY</state>").status(), 202);
    event(&mut agent, USER);
    event(&mut agent, USER);
    set(&server, "finesse=unavailable&status=OUT_OF_SERVICE");
    assert_eq!(field(&event(&mut agent, SYSTEM_INFO), "status"), "OUT_OF_SERVICE");
    expect_finesse_gone(&mut agent);
    set(&server, "status=IN_SERVICE&finesse=available");
    expect_finesse(&mut agent);
    assert_eq!(field(&event(&mut agent, SYSTEM_INFO), "status"), "IN_SERVICE");
    let state = event(&mut agent, USER);
    assert_eq!((field(&state, "state"), field(&state, "requestId")), ("READY", ""));
    agent.expect_nothing_more();
}

#[test]
fn the_switch_is_for_administrators_and_says_what_it_takes() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    let out = "?status=OUT_OF_SERVICE";
    for authorization in [
        String::new(),
        "Authorization: Basic !!!\r\n".to_owned(),
        "Authorization: Basic YWRtaW5pc3RyYXRvcg==\r\n".to_owned(),
        "Authorization: Bearer YWRtaW5pc3RyYXRvcg==\r\n".to_owned(),
        format!("Authorization: {}\r\n", basic("administrator", "wrong")),
        format!("Authorization: {}\r\n", basic("nobody", "1234")),
    ] {
        for (method, query) in [("POST", out), ("POST", ""), ("GET", "")] {
            let answer = status(&server, method, query, &authorization);
            assert_eq!(answer.status(), 401, "{method} {authorization}");
            // As the client tried to log in.
            let scheme = if authorization.contains("Bearer") { "Bearer " } else { "Basic " };
            assert!(answer.header("WWW-Authenticate").is_some_and(|asked| asked.starts_with(scheme)));
        }
    }
    let agents = format!("Authorization: {}\r\n", basic("1001", "1001"));
    for method in ["POST", "GET"] {
        let answer = status(&server, method, out, &agents);
        assert_eq!(answer.status(), 403);
        assert_eq!(answer.body, "This is for users with the role Administrator.\n");
    }
    let administrator = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    for (query, words) in [
        ("", &["/callboard/api/status?status=", "finesse="][..]),
        ("?status=BROKEN", &["IN_SERVICE", "OUT_OF_SERVICE", "PARTIAL_SERVICE"]),
        // Nothing is set if not all is good.
        ("?status=OUT_OF_SERVICE&finesse=away", &["available", "unavailable"]),
        ("?finesse=unavailable&status=out", &["IN_SERVICE", "OUT_OF_SERVICE", "PARTIAL_SERVICE"]),
        ("?status=OUT_OF_SERVICE&status=OUT_OF_SERVICE", &["once each"]),
        ("?status=OUT_OF_SERVICE&node=x", &["Say what to set"]),
    ] {
        let answer = status(&server, "POST", query, &administrator);
        assert_eq!(answer.status(), 400, "{query}");
        assert!(words.iter().all(|word| answer.body.contains(word)), "{query}: {}", answer.body);
    }
    for method in ["PUT", "DELETE"] {
        let answer = status(&server, method, out, &administrator);
        assert_eq!((answer.status(), answer.header("Allow")), (405, Some("GET, HEAD, POST, OPTIONS")));
    }
    let shown = status(&server, "GET", "", &administrator);
    assert_eq!(
        (shown.status(), shown.body.as_str()),
        (200, "{\"status\":\"IN_SERVICE\",\"finesse\":\"available\"}\n")
    );
    agent.expect_nothing_more();
}
