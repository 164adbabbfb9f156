//! Clients behind a proxy: whose word counts, and for what.

use std::net::TcpStream;
use std::time::Duration;

use crate::support::http::{Answer, Http, UPGRADE, basic};
use crate::support::server::DEMO;
use crate::support::tls::Secure;
use crate::support::{Bosh, Client, Server};

/// The proxy of these tests, and somebody who is none.
const PROXY: [u8; 4] = [127, 0, 0, 9];
const OTHER: [u8; 4] = [127, 0, 0, 8];

fn server(limits: &str) -> Server {
    let keys = "trusted_proxies = [\"127.0.0.9\", \"192.0.2.64/26\"]\nhosts = [\"board.example\"]\n";
    Server::serving("localhost", &format!("{keys}{DEMO}\n[limits]\n{limits}"))
}

fn request(method: &str, path: &str, headers: &str, password: &str, body: &str) -> String {
    let (login, length) = (basic("1001", password), body.len());
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login}\r\nContent-Length: {length}\r\n\
         Content-Type: application/xml\r\n{headers}\r\n{body}"
    )
}

fn ask(server: &Server, from: [u8; 4], headers: &str, password: &str) -> Answer {
    Http::connect_from(from, server.plain).ask(request(
        "GET",
        "/finesse/api/User/1001",
        headers,
        password,
        "",
    ))
}

fn by(client: &str) -> String {
    format!("X-Forwarded-For: {client}\r\n")
}

#[test]
fn the_log_names_the_client_behind_a_trusted_proxy_and_nobody_else_can_be_another() {
    let server = server("");
    for (headers, logged) in [
        (by("203.0.113.5"), "203.0.113.5:0 http 1001: GET"),
        (by("198.51.100.1, 203.0.113.6, 192.0.2.70"), "203.0.113.6:0 http 1001: GET"),
        ("Forwarded: for=\"[2001:db8::7]:99\";proto=https\r\n".to_owned(), "[2001:db8::7]:99 http 1001: GET"),
        (by("203.0.113.77, nonsense"), "127.0.0.9:"),
    ] {
        assert_eq!(ask(&server, PROXY, &headers, "1001").status(), 200);
        server.wait_for_log(&[logged]);
    }
    for headers in [by("203.0.113.99"), "Forwarded: for=203.0.113.99\r\n".to_owned()] {
        assert_eq!(ask(&server, OTHER, &headers, "1001").status(), 200);
        server.wait_for_log(&["127.0.0.8:", "http 1001: GET"]);
    }
    // One of two that differ was sent by the client.
    let both = format!("Forwarded: for=203.0.113.99\r\n{}", by("203.0.113.98"));
    assert_eq!(ask(&server, PROXY, &both, "1001").status(), 200);
    let log = server.stop();
    assert!(
        !["203.0.113.77", "203.0.113.98", "203.0.113.99"].iter().any(|address| log.contains(address)),
        "{log}"
    );
}

#[test]
fn wrong_passwords_count_for_the_client_behind_the_proxy() {
    let server = server("address_attempts = 3\nlockout_attempts = 0\n");
    let statuses =
        |from, headers: &str, password| [(); 4].map(|()| ask(&server, from, headers, password).status());
    assert_eq!(statuses(PROXY, &by("203.0.113.5"), "wrong"), [401, 401, 401, 503]);
    // Whatever it says of itself before.
    assert_eq!(statuses(PROXY, &by("203.0.113.66, 203.0.113.5"), "1001"), [503; 4]);
    assert_eq!(statuses(PROXY, &by("203.0.113.6"), "1001"), [200; 4], "its neighbour is not held up");
    // A client that is no proxy cannot become another by what it says.
    let mut as_many = (1..=4).map(|n| ask(&server, OTHER, &by(&format!("203.0.113.{n}")), "wrong").status());
    assert!(as_many.by_ref().take(3).all(|status| status == 401) && as_many.next() == Some(503));
    server.wait_for_log(&["203.0.113.5", "wrong passwords"]);
}

#[test]
fn connections_count_for_the_client_behind_the_proxy_on_every_way() {
    let server = server("connections_per_address = 2\nconnections = 100\n");
    let connect = || Http::connect_from(PROXY, server.plain);
    let upgrade = |client: &str| {
        let mut http = connect();
        let status = http.ask(format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}{}\r\n", by(client))).status();
        (status, http)
    };
    let stream = |client: &str| {
        let mut http = connect();
        let get = request("GET", "/events?node=/lab/alarms", &by(client), "1001", "");
        (http.ask_head(get).status(), http)
    };
    let held = [upgrade("203.0.113.5"), stream("203.0.113.5")];
    assert_eq!(held.each_ref().map(|(status, _)| *status), [101, 200]);
    assert_eq!(
        [
            upgrade("203.0.113.5").0,
            stream("203.0.113.5").0,
            ask(&server, PROXY, &by("203.0.113.5"), "1001").status()
        ],
        [503; 3]
    );
    let others =
        [upgrade("203.0.113.6"), upgrade("203.0.113.6"), stream("203.0.113.7"), stream("203.0.113.7")];
    assert_eq!(
        others.each_ref().map(|(status, _)| *status),
        [101, 101, 200, 200],
        "more than one address may have, of one proxy"
    );
    assert_eq!(upgrade("203.0.113.6").0, 503);
    drop(others);
    // A place is given back when a session ends, which the server learns a moment later.
    while upgrade("203.0.113.6").0 != 101 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // One connection of a proxy serves many clients, one after the other.
    let mut http = connect();
    for n in 1..=9 {
        let get =
            request("GET", "/finesse/api/User/1001", &by(&format!("203.0.113.{}", 10 + n % 3)), "1001", "");
        assert_eq!(http.ask(get).status(), 200);
    }
    server.wait_for_log(&["203.0.113.5", "refused, 2 connections of its address"]);
}

#[test]
fn bosh_sessions_count_for_the_client_behind_the_proxy() {
    let server = server("connections_per_address = 2\nconnections = 100\n");
    let begin = |client: &str| {
        let body = "<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='localhost' wait='1' hold='1' ver='1.6' \
                    xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'/>";
        let post = request("POST", "/http-bind/", &by(client), "1001", body);
        Http::connect_from(PROXY, server.plain).ask(post).body
    };
    for client in ["203.0.113.5", "203.0.113.6"] {
        for _ in 0..2 {
            assert!(begin(client).contains(" sid="), "{client}");
        }
        assert!(begin(client).contains("resource-constraint"), "{client}");
    }
}

#[test]
fn a_page_served_by_a_proxy_that_speaks_tls_is_a_page_of_this_server() {
    let server = server("");
    let put = |from, headers: &str| {
        let login = "<User><state>LOGIN</state><extension>1001</extension></User>";
        let headers = format!("Origin: https://board.example\r\n{headers}");
        Http::connect_from(from, server.plain)
            .ask(request("PUT", "/finesse/api/User/1001", &headers, "1001", login))
            .status()
    };
    let older =
        format!("{}X-Forwarded-Proto: https\r\nX-Forwarded-Host: board.example\r\n", by("203.0.113.5"));
    let standard = "Forwarded: for=203.0.113.5;proto=https;host=board.example\r\n";
    for headers in [older.as_str(), standard] {
        assert_eq!([put(PROXY, headers), put(OTHER, headers)], [202, 403], "{headers}");
    }
    assert_eq!(put(PROXY, &older.replace("https", "http")), 403);
    // By whatever name it goes there, it is one of the server's.
    assert_eq!(put(PROXY, &older.replace("board.example", "evil.example")), 421);
    let system = Http::connect_from(PROXY, server.plain).ask(request(
        "GET",
        "/finesse/api/SystemInfo",
        standard,
        "1001",
        "",
    ));
    assert!(system.body.contains("<host>board.example</host>"), "{}", system.body);
}

#[test]
fn a_page_of_localhost_is_trusted_on_the_machine_itself_only() {
    let server = server("");
    let origin = "Origin: http://localhost:3000\r\n";
    let open = |from, headers: &str| {
        let answer = ask(&server, from, &format!("{origin}{headers}"), "1001");
        answer.header("Access-Control-Allow-Origin").is_some()
    };
    assert!(open(OTHER, ""), "from the machine itself");
    assert!(open(OTHER, &by("127.0.0.1")), "by the proxy of somebody who develops a page");
    assert!(!open(PROXY, &by("203.0.113.5")), "behind a proxy");
    assert!(!open(OTHER, &by("203.0.113.5")), "behind one that nobody trusts");
    let upgrade = format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}{origin}{}\r\n", by("203.0.113.5"));
    assert_eq!(Http::connect_from(PROXY, server.plain).ask(upgrade).status(), 403);
}

#[test]
fn headers_of_every_kind_harm_nobody() {
    let server = server("");
    let long = format!("X-Forwarded-For: {}\r\n", "192.0.2.70,".repeat(1000));
    for headers in [
        "X-Forwarded-For: \r\n",
        "X-Forwarded-For: \u{fc}\r\n",
        "X-Forwarded-For: ,,,\r\nX-Forwarded-Host: :::\r\nX-Forwarded-Proto: \"\r\n",
        "Forwarded: \"\r\n",
        "Forwarded: for=\"\\\r\n",
        "Forwarded: for=\"\u{fc}\"\r\n",
        "Forwarded: =;=;=,=\r\n",
        "Forwarded: for=[;host=]\r\nX-Forwarded-For: []\r\n",
        &long,
    ] {
        for from in [PROXY, OTHER] {
            assert_eq!(ask(&server, from, headers, "1001").status(), 200, "{headers}");
        }
    }
    Client::online(&server, "1001", "desktop").expect_nothing_more();
    Bosh::online(&server, "1002", "desktop").expect_nothing_more();
}

#[test]
fn a_look_whether_the_server_is_there_is_no_news() {
    let server = Server::with_log("info", "");
    let begun = server.log().lines().count();
    for _ in 0..20 {
        for address in [server.plain, server.tls] {
            drop(TcpStream::connect(address).expect("it listens"));
            // As HAProxy does it: the connection is reset.
            let socket = TcpStream::connect(address).expect("it listens");
            rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).expect("Linux can");
            drop(socket);
            let asked = Http::connect(address).ask("OPTIONS / HTTP/1.0\r\n\r\n").status();
            assert_eq!(asked, if address == server.tls { 400 } else { 204 });
            assert_eq!(Http::connect(address).ask("GET /healthz HTTP/1.0\r\n\r\n").status(), 200);
        }
        drop(Secure::connect(server.tls));
    }
    let log = server.stop();
    let told: Vec<&str> = log.lines().skip(begun).filter(|line| line.contains("127.0.0.1")).collect();
    assert!(told.is_empty(), "{told:?}");
}

/// A page whose name was led to the proxy may send any header to it, also the one that the proxy passes on as it comes.
#[test]
fn a_name_that_a_proxy_does_not_know_stays_strange_whatever_the_client_says_beside_it() {
    let server = server("");
    let status = |headers: &str| ask(&server, PROXY, headers, "1001").status();
    let own = format!("{}X-Forwarded-Host: board.example\r\n", by("203.0.113.5"));
    let strange = format!("{}X-Forwarded-Host: evil.example\r\n", by("203.0.113.5"));
    assert_eq!((status(&own), status(&strange)), (200, 421));
    for forwarded in
        ["for=203.0.113.5;host=board.example", "for=203.0.113.6;host=board.example", "for=unknown", "\""]
    {
        let forwarded = format!("Forwarded: {forwarded}\r\n");
        assert_eq!(status(&format!("{forwarded}{strange}")), 421, "{forwarded}");
        assert_eq!(status(&format!("{forwarded}{own}")), 200, "{forwarded}");
    }
    let forwarded = "Forwarded: for=203.0.113.5;host=evil.example\r\n";
    assert_eq!(status(&format!("{forwarded}{own}")), 421);
    assert_eq!(status(&format!("{forwarded}{}", by("203.0.113.6"))), 421);
    assert_eq!(status("X-Forwarded-Host: evil.example\r\n"), 421);
}
