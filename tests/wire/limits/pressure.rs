//! Clients that ask for much at once, or go away in the middle: others, and they themselves, are served all the same.

use callboard::config::password::Password;
use rustix::process::Signal;

use crate::support::http::{Http, basic, post};
use crate::support::raw::frame;
use crate::support::{Client, Raw, Received, Server};

const TEXT: u8 = 0x81;

/// A user whose password is checked off the event loop.
fn hashed() -> String {
    let hash = Password::hash("geheim", 20_000).expect("a password that can be hashed");
    format!("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword_hash = \"{hash}\"\n")
}

#[test]
fn askers_that_go_away_give_back_their_place_in_the_queue_for_password_checks() {
    let server = Server::with(&format!("{}[limits]\npassword_waiting = 4\n", hashed()));
    for _ in 0..20 {
        let mut http = Http::connect(server.plain);
        let authorization = basic("nobody", "x");
        http.send(format!(
            "POST /callboard/api/publish?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nAuthorization: {authorization}\r\n\r\n"
        ));
        // Gone without waiting for the answer.
    }
    // As long as some of them are still being checked the answer may be 503, and then no more.
    let answer = (0..200).map(|_| {
        let authorization = format!("Authorization: {}\r\n", basic("ada", "geheim"));
        post(&server, "/lab/alarms", &authorization, b"x").status()
    });
    assert_eq!(answer.into_iter().find(|status| *status != 503), Some(403));
}

#[test]
fn a_whole_login_in_one_packet_is_answered_though_the_password_check_takes_its_time() {
    let server = Server::with(&hashed());
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFkYQBnZWhlaW0=</auth>";
    let bind = "<iq type='set' id='b' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>";
    // The frames behind the login fall on every place in the reader's buffer.
    for padding in 0..40 {
        let mut client = Raw::connect(&server);
        let open = open.replacen(' ', &" ".repeat(1 + padding * 7), 1);
        let bytes: Vec<u8> =
            [&open, auth, &open, bind].iter().flat_map(|text| frame(TEXT, text.as_bytes())).collect();
        client.bytes(&bytes);
        client.expect_opened();
        client.expect_success();
        client.expect_opened();
        assert!(client.text().contains("<jid>ada@localhost/r</jid>"), "padding {padding}");
    }
}

#[test]
fn a_client_that_asks_for_much_and_reads_it_is_not_taken_for_a_slow_one() {
    let server = Server::with_log("info", "[[node]]\nname = \"/lab/log\"\nitems = 100\n");
    let mut client = Client::online(&server, "administrator", "desktop");
    for _ in 0..12 {
        crate::support::http::publish(&server, "/lab/log", &"x".repeat(30_000));
    }
    for id in 0..40 {
        client.send(&format!(
            "<iq type='get' id='{id}' to='pubsub.localhost' xmlns='jabber:client'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='/lab/log'/></pubsub></iq>"
        ));
    }
    for id in 0..40 {
        let answer = client.text();
        assert!(answer.len() > 360_000 && answer.contains(&format!("id=\"{id}\"")), "{}", &answer[..200]);
    }
    let pings: String = (0..3000)
        .map(|id| format!("<iq type='get' id='p{id}' to='localhost' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"))
        .collect::<Vec<_>>()
        .join("\n");
    for ping in pings.lines() {
        client.send(ping);
    }
    for id in 0..3000 {
        assert!(client.text().contains(&format!("id=\"p{id}\"")));
    }
}

#[test]
fn a_stanza_that_grows_when_it_is_handed_on_comes_back_to_its_sender_alone() {
    let server = Server::with_log("info", "");
    let mut sender = Client::online(&server, "1001", "desktop");
    let mut receiver = Client::online(&server, "1002", "desktop");
    let uri = "u".repeat(30_000);
    let siblings = "<p:a/>".repeat(1000);
    for (name, to) in [
        ("message", "1002@localhost"),
        ("message", "1002@localhost/desktop"),
        ("iq", "1002@localhost/desktop"),
    ] {
        sender.send(&format!("<{name} id='1' type='get' to='{to}' xmlns='jabber:client' xmlns:p='{uri}'><q xmlns='v'>{siblings}</q></{name}>"));
        let answer = sender.text();
        assert!(answer.contains("<not-acceptable ") && answer.len() < 2000, "{answer}");
    }
    // One that fits is handed on, but none becomes longer than one may be: a namespace declared once is declared again in
    // each element.
    let long = |count: usize| {
        let (uri, siblings) = ("u".repeat(500), "<p:a/>".repeat(count));
        format!(
            "<message id='2' to='1002@localhost' xmlns='jabber:client' xmlns:p='{uri}'>{siblings}</message>"
        )
    };
    sender.send(&long(120));
    let text = receiver.text();
    assert!((60_000..=64 * 1024).contains(&text.len()), "{}", text.len());
    sender.send(&long(128));
    let answer = sender.text();
    assert!(answer.contains("<not-acceptable ") && answer.len() < 2000, "{answer}");
    // An error that would echo it is short too.
    sender.send(&format!("<iq id='2' type='get' to='localhost' xmlns='jabber:client' xmlns:p='{uri}'><q xmlns='v'>{siblings}</q></iq>"));
    let answer = sender.text();
    assert!(answer.contains("<service-unavailable ") && answer.len() < 2000, "{answer}");
    receiver.expect_nothing_more();
}

#[test]
fn an_answer_that_is_too_long_is_refused_and_not_built() {
    let server = Server::with_log("info", "[[node]]\nname = \"/lab/log\"\nitems = 100\n");
    let mut client = Client::online(&server, "administrator", "desktop");
    for _ in 0..20 {
        crate::support::http::publish(&server, "/lab/log", &"x".repeat(30_000));
    }
    let pubsub = |inner: &str| format!("<pubsub xmlns='http://jabber.org/protocol/pubsub'>{inner}</pubsub>");
    client
        .get("pubsub.localhost", &pubsub("<items node='/lab/log'/>"))
        .is_error("500 wait resource-constraint");
    client.send(&format!(
        "<iq type='get' id='few' to='pubsub.localhost' xmlns='jabber:client'>{}</iq>",
        pubsub("<items node='/lab/log' max_items='3'/>")
    ));
    assert!(matches!(client.receive(), Received::Text(text) if text.matches("<item ").count() == 3));
}

#[test]
fn a_password_that_was_right_gets_in_though_no_more_can_be_checked_and_a_wrong_one_does_not() {
    let hash = Password::hash("geheim", 1_000_000).expect("a password that can be hashed");
    let user = format!("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword_hash = \"{hash}\"\n");
    let server = Server::with(&format!("{user}[limits]\npassword_waiting = 1\n"));
    let headers = |user, password| format!("Authorization: {}\r\n", basic(user, password));
    let ask = |user, password| post(&server, "/lab/alarms", &headers(user, password), b"x").status();
    assert_eq!(ask("ada", "geheim"), 403, "the password is right, the node is not hers");
    let mut seen = Vec::new();
    // Each time one is checked and one waits; they may be done before the others ask, but not every time.
    for _ in 0..20 {
        let _waiting = [(); 2].map(|()| {
            let mut http = Http::connect(server.plain);
            let authorization = headers("nobody", "x");
            http.send(format!(
                "POST /callboard/api/publish?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{authorization}\r\n"
            ));
            http
        });
        seen.push((ask("ada", "geheim"), ask("ada", "geheim "), ask("nobody", "x")));
    }
    assert!(seen.iter().all(|(right, ..)| *right == 403), "{seen:?}");
    assert!(seen.iter().any(|(_, wrong, unknown)| [*wrong, *unknown] == [503; 2]), "{seen:?}");
}

#[test]
fn a_client_that_requests_large_documents_does_not_hold_up_others() {
    use std::fmt::Write as _;
    let users = (0..2000).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "[[user]]\nid = \"many{number}\"\npassword = \"x{number}y\"\nteam = \"1\"");
        text
    });
    let server = Server::with(&users);
    let request = format!(
        "GET /finesse/api/Users HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nAuthorization: {}\r\n\r\n",
        basic("administrator", "1234")
    );
    let mut one = Http::connect(server.plain);
    let first = one.ask(&request);
    assert!(first.body.len() > 64 * 1024 && first.body.contains("\"loginId\":\"many1999\""), "{first:?}");
    let tag = first.header("ETag").expect("it has one").to_owned();
    let again = one.ask(request.replacen("Host", &format!("If-None-Match: {tag}\r\nHost"), 1));
    assert_eq!((again.status(), again.header("ETag")), (304, Some(tag.as_str())));
    let answered = || server.log().matches("GET /finesse/api/Users 200").count();
    let before = answered();
    let mut many: Vec<Http> = (0..20).map(|_| Http::connect(server.plain)).collect();
    many.iter_mut().for_each(|http| http.send(&request));
    assert_eq!(
        Http::connect(server.plain).ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status(),
        200
    );
    let done = answered() - before;
    assert!(done < 15, "{done} of 20 were answered before it");
    assert!(many.iter_mut().all(|http| http.answer().body == first.body));
}

#[test]
fn a_request_that_waits_for_its_user_is_answered_when_the_server_goes_down() {
    let server = Server::with_log(
        "debug",
        "[limits]\nuser_rate = \"100B\"\nuser_burst = \"64KiB\"\nbacklog_wait = \"60s\"\n",
    );
    let mut http = Http::connect(server.plain);
    let publish = |length: usize| {
        let (authorization, body) = (basic("administrator", "1234"), "x".repeat(length));
        format!(
            "POST /callboard/api/publish?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nAuthorization: {authorization}\r\n\r\n{body}"
        )
    };
    for _ in 0..3 {
        assert_eq!(http.ask(publish(25_000)).status(), 202);
    }
    // It is beyond the rate now, by more than a minute.
    http.send(publish(1));
    std::thread::sleep(std::time::Duration::from_millis(300));
    server.signal(Signal::TERM);
    let answer = http.answer();
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert!(answer.body.contains("going down"), "{answer:?}");
}
