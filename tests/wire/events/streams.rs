//! Server-sent events: what comes on a stream, who may open one, and how it ends. How one goes on is in `resume`.

use std::io::Write as _;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::http::{Http, basic, post, publish};
use crate::support::rest::{field, put_state};
use crate::support::server::PATIENCE;
use crate::support::sse::{Stream, Told, ask, ask_for_ticket, password, ticket};
use crate::support::{Client, Server, ns};

const ALARMS: &str = "/lab/alarms";
const USER: &str = "/finesse/api/User/1001";

#[test]
fn an_event_reaches_a_websocket_and_a_stream_alike() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe(ALARMS);
    let mut stream = Stream::open(&server, "1002", &[ALARMS]);
    assert_eq!(stream.head.header("Cache-Control"), Some("no-store, no-transform"));
    assert_eq!(stream.head.header("X-Accel-Buffering"), Some("no"), "nginx would keep them back");
    assert_eq!(stream.head.header("Content-Length"), None);
    assert_eq!(stream.head.header("Connection"), Some("close"));
    assert_eq!(stream.head.header("X-Content-Type-Options"), Some("nosniff"));
    for payload in [
        "<Update><data>1 &amp; 2</data></Update>",
        "<img src=x onerror=alert(1)></script>\"'&lt;\u{2028}\u{1F600}",
        "one\ntwo\n\nfour\n",
        "data: x\nevent: y\nid: z\nretry: 1\n: c",
        " leading and trailing ",
        "",
    ] {
        let id = publish(&server, ALARMS, payload);
        let (_, item) = client.expect_event("1001@localhost/desktop", ALARMS, payload);
        assert_eq!(id, item);
        assert_eq!(stream.told(), Told::Event(ALARMS.into(), id, payload.into()));
    }
    // Byte for byte.
    let id = publish(&server, ALARMS, "a\r\nb\rc\n<d/>");
    let before = stream.text.len();
    stream.expect(ALARMS, "a\nb\nc\n<d/>");
    let expected = format!("event: {ALARMS}\nid: {id}\ndata: a\ndata: b\ndata: c\ndata: <d/>\n\n");
    assert_eq!(&stream.text[before..], expected);
    assert!(stream.text.starts_with("retry: 2000\n\nevent: "), "{}", stream.text);
}

#[test]
fn xml_comes_as_it_is_and_an_id_that_would_break_the_stream_is_left_out() {
    let server = Server::demo();
    let mut administrator = Client::online(&server, "administrator", "desktop");
    let mut stream = Stream::open(&server, "1001", &[ALARMS]);
    for (id, payload) in
        [("mine", "<x xmlns='u' a='1'>&lt;b&gt;\n2</x>"), ("a&#10;data: b", "<y xmlns='u'/>")]
    {
        let item = format!("<publish node='{ALARMS}'><item id='{id}'>{payload}</item></publish>");
        let reply =
            administrator.set("pubsub.localhost", &format!("<pubsub xmlns='{}'>{item}</pubsub>", ns::PUBSUB));
        reply.is_result_with(&["<item id="]);
    }
    let administrator_retracts = format!(
        "<pubsub xmlns='{}'><retract node='{ALARMS}' notify='true'><item id='a&#10;data: b'/></retract></pubsub>",
        ns::PUBSUB
    );
    administrator.set("pubsub.localhost", &administrator_retracts).is_result("");
    publish(&server, ALARMS, "last");
    stream.expect(ALARMS, "<x xmlns=\"u\" a=\"1\">&lt;b&gt;\n2</x>");
    assert_eq!(stream.last, "mine");
    stream.expect(ALARMS, "<y xmlns=\"u\"/>");
    assert_eq!(stream.last, "mine", "the client keeps the one before");
    // Nothing is said of what is gone.
    stream.expect(ALARMS, "last");
}

#[test]
fn several_nodes_come_in_one_stream_and_each_once() {
    let server = Server::with("[limits]\nsign_in = \"0ms\"\n");
    let team = "/finesse/api/Team/1/Users";
    let query =
        format!("run=abc&node={USER}&x&node=%2Ffinesse%2Fapi%2FTeam%2F1%2FUsers&node={USER}&node={ALARMS}");
    let mut stream = Stream::with(&server, &query, &password("1003"));
    let login = "<state>LOGIN</state><extension>1001</extension>";
    assert_eq!(put_state(&server, "1001", "1001", login).status(), 202);
    publish(&server, ALARMS, "x");
    publish(&server, "/finesse/api/User/1002", "not asked for");
    publish(&server, ALARMS, "y");
    let mut nodes = Vec::new();
    loop {
        let (node, data) = stream.event();
        nodes.push(node);
        match data.as_str() {
            "x" => {}
            "y" => break,
            update => assert_eq!(field(update, "state"), "NOT_READY"),
        }
    }
    assert_eq!(nodes, [USER, team, ALARMS, ALARMS]);
}

#[test]
fn a_client_of_http_1_0_and_one_behind_tls_are_served_too() {
    let server = Server::demo();
    let request = |version: &str| {
        format!("GET /events?node={ALARMS} HTTP/{version}\r\nHost: localhost\r\n{}\r\n", password("1001"))
    };
    let mut old = Stream::over(Http::connect(server.plain), request("1.0"));
    assert_eq!(old.head.header("Transfer-Encoding"), None);
    let mut secure = Stream::over(Http::secure(server.tls), request("1.1"));
    let large = "line\n".repeat(6000);
    for payload in ["x", &large] {
        publish(&server, ALARMS, payload);
        old.expect(ALARMS, payload);
        secure.expect(ALARMS, payload);
    }
    server.signal(Signal::TERM);
    old.expect_end();
    secure.expect_end();
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn a_user_that_may_not_open_a_stream_is_told_why() {
    let server = Server::with("[limits]\nsubscriptions_per_session = 2\n");
    let own = password("1001");
    let two = format!("node={ALARMS}&node={USER}");
    for (query, headers, status, sentence) in [
        (&two[..], "", 401, "Log in with HTTP Basic.\n"),
        (&two, &format!("Authorization: {}\r\n", basic("1001", "wrong")), 401, "Wrong user or password.\n"),
        ("", "", 401, "Log in with HTTP Basic.\n"),
        (
            "",
            &own,
            400,
            "Name one node or more: /events?node=/finesse/api/User/1001&node=/finesse/api/SystemInfo\n",
        ),
        (
            "NODE=/lab/alarms",
            &own,
            400,
            "Name one node or more: /events?node=/finesse/api/User/1001&node=/finesse/api/SystemInfo\n",
        ),
        ("node=", &own, 404, "There is no such node.\n"),
        ("node=/lab/alarms&node=/lab/alarm", &own, 404, "There is no such node.\n"),
        ("node=%2Flab%ff", &own, 404, "There is no such node.\n"),
        (
            &format!("{two}&node=/finesse/api/SystemInfo"),
            &own,
            400,
            "These are more nodes than subscriptions_per_session in [limits] allows.\n",
        ),
    ] {
        let answer = ask(&server, query, headers);
        assert_eq!((answer.status(), answer.body.as_str()), (status, sentence), "{query}");
        assert_eq!(answer.header("WWW-Authenticate").is_some(), status == 401, "{query}");
    }
    for text in ["", "x", "AAAAAAAAAAAAAAAAAAAAAA"] {
        // A password beside it does not help, and no browser asks for one.
        let answer = ask(&server, &format!("{two}&ticket={text}"), &own);
        let sentence =
            "The ticket is over, or there never was one: get another with POST /callboard/api/ticket.\n";
        assert_eq!((answer.status(), answer.body.as_str()), (401, sentence));
        assert_eq!(answer.header("WWW-Authenticate"), None);
    }
    for method in ["HEAD", "POST", "PUT", "DELETE"] {
        let answer = Http::connect(server.plain)
            .ask_head(format!("{method} /events?{two} HTTP/1.1\r\nHost: localhost\r\n{own}\r\n"));
        assert_eq!((answer.status(), answer.header("Allow")), (405, Some("GET, OPTIONS")), "{method}");
    }
    assert!(!server.log().contains(" sse "), "nothing was opened: {}", server.log());
    // A node that is named twice counts once.
    Stream::with(&server, &format!("{two}&{two}"), &own);
    assert_eq!(ask_for_ticket(&server, "").status(), 401);
    let answer = ask_for_ticket(&server, &own);
    assert!(answer.body.ends_with(",\"seconds\":60}\n"), "{}", answer.body);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
}

#[test]
fn a_user_has_so_many_sessions_of_all_kinds() {
    let server = Server::with("[limits]\nsessions_per_user = 2\n");
    let stream = Stream::open(&server, "1001", &[ALARMS]);
    let client = Client::online(&server, "1001", "desktop");
    let query = format!("node={ALARMS}");
    let answer = ask(&server, &query, &password("1001"));
    let sentence = "The user has as many sessions and streams as sessions_per_user in [limits] allows.\n";
    assert_eq!((answer.status(), answer.body.as_str()), (503, sentence));
    let mut other = Client::connect(&server);
    other.authenticate("1001");
    other.send_bind("phone");
    assert!(other.text().contains("<resource-constraint "));
    let _others = Stream::open(&server, "1002", &[ALARMS]);
    drop(stream);
    server.wait_for_log(&[" sse 1001: closed"]);
    other.bind("1001", "phone");
    client.leave();
    Stream::open(&server, "1001", &[ALARMS]);
}

#[test]
fn a_quiet_stream_shows_that_it_lives() {
    let server = Server::with("[limits]\nheartbeat = \"100ms\"\n");
    let mut stream = Stream::open(&server, "1001", &[ALARMS]);
    assert_eq!((stream.told(), stream.told()), (Told::Comment, Told::Comment));
    assert_eq!(stream.text, "retry: 2000\n\n:\n\n:\n\n");
    publish(&server, ALARMS, "x");
    stream.expect(ALARMS, "x");
}

#[test]
fn a_stream_is_not_the_agents_presence() {
    let server = Server::with("[limits]\nforced_logout = \"100ms\"\n");
    let mut client = Client::online(&server, "1001", "desktop");
    let login = "<state>LOGIN</state><extension>1001</extension>";
    assert_eq!(put_state(&server, "1001", "1001", login).status(), 202);
    assert!(client.text().contains("NOT_READY"));
    let mut stream = Stream::open(&server, "1001", &[USER]);
    client.vanish();
    assert_eq!(field(&stream.event().1, "state"), "LOGOUT");
}

#[test]
fn a_ticket_opens_streams_for_its_time_and_while_one_is_up() {
    // Heartbeats are the clock of this test: each comes after a tenth of a second or more.
    let server = Server::with("[limits]\nheartbeat = \"100ms\"\nticket = \"300ms\"\n");
    let mut clock = Stream::open(&server, "1002", &[ALARMS]);
    let mut pass = |beats: usize| (0..beats).for_each(|_| assert_eq!(clock.told(), Told::Comment));
    let unused = ticket(&server, "1001");
    assert_eq!(unused.len(), 22, "128 random bits");
    pass(4);
    assert_eq!(ask(&server, &format!("node={ALARMS}&ticket={unused}"), "").status(), 401);
    let used = ticket(&server, "1001");
    let query = format!("ticket={used}&node={ALARMS}");
    let first = Stream::with(&server, &query, "");
    pass(6);
    // The first one is up still; a browser comes back with the same address.
    let second = Stream::with(&server, &query, "");
    drop(first);
    pass(6);
    let third = Stream::with(&server, &query, "Last-Event-ID: x\r\n");
    drop((second, third));
    while server.log().matches(" sse 1001: closed").count() < 3 {
        pass(1);
    }
    pass(5);
    assert_eq!(ask(&server, &query, "").status(), 401);
    let log = server.log();
    assert!(log.contains("GET /events?ticket=(masked)&node=/lab/alarms 200"), "{log}");
    assert!(!log.contains(&used) && !log.contains(&unused));
}

#[test]
fn tickets_are_bounded_and_good_for_streams_alone() {
    let server = Server::with("[limits]\nsessions_per_user = 2\nlockout_attempts = 2\n");
    let [one, two, three] = [(); 3].map(|()| ticket(&server, "1001"));
    let opens = |ticket: &str| ask(&server, &format!("node={ALARMS}&ticket={ticket}"), "").status();
    assert_eq!(opens(&one), 401, "it made place for a newer one");
    let others = ticket(&server, "1002");
    // Wrong passwords that keep the user out do not take the ticket away.
    for _ in 0..2 {
        ask_for_ticket(&server, &format!("Authorization: {}\r\n", basic("1001", "wrong")));
    }
    assert_eq!(ask_for_ticket(&server, &password("1001")).status(), 401, "1001 is kept out");
    let first = Stream::with(&server, &format!("node={ALARMS}&ticket={two}"), "");
    let _second = Stream::with(&server, &format!("node={ALARMS}&ticket={three}"), "");
    assert_eq!(opens(&two), 503, "as many sessions as there may be");
    assert_eq!(opens(&others), 200);
    drop(first);
    for path in ["/callboard/api/status", "/finesse/api/User/1001", "/callboard/api/sessions"] {
        let answer = Http::connect(server.plain)
            .ask(format!("GET {path}?ticket={two} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_eq!(answer.status(), 401, "{path}");
    }
    let log = server.log();
    for ticket in [one, two, three, others] {
        assert!(!log.contains(&ticket));
    }
}

#[test]
fn a_burst_arrives_in_order_and_once() {
    let server = Server::with_log("info", "");
    let mut streams = [(); 3].map(|()| Stream::open(&server, "1001", &[ALARMS, USER]));
    let mut http = Http::connect(server.plain);
    let authorization = basic("administrator", "1234");
    let burst: Vec<String> = (0..1500)
        .map(|number| {
            let (node, body) = (if number % 3 == 0 { USER } else { ALARMS }, number.to_string());
            format!(
                "POST /callboard/api/publish?node={node} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        })
        .collect();
    let publisher = std::thread::spawn(move || {
        let mut answers = Vec::new();
        for requests in burst.chunks(50) {
            http.send(requests.concat());
            answers.extend(requests.iter().map(|_| http.answer().status()));
        }
        answers
    });
    for number in 0..1500 {
        for stream in &mut streams {
            stream.expect(if number % 3 == 0 { USER } else { ALARMS }, &number.to_string());
        }
    }
    assert!(publisher.join().expect("it does not panic").iter().all(|status| *status == 202));
    publish(&server, ALARMS, "last");
    streams.iter_mut().for_each(|stream| stream.expect(ALARMS, "last"));
}

/// Fills a stream that is not read until the server has had enough. Returns how many events were published.
fn flood(server: &Server, other: &mut Stream) -> usize {
    let filler = "x".repeat(30_000);
    let headers = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    let mut published = 0;
    while !server.log().contains("does not read") {
        assert!(published < 5_000, "150 MB are more than all buffers in between hold");
        let body = format!("{published} {filler}");
        assert_eq!(post(server, ALARMS, &headers, body.as_bytes()).status(), 202);
        other.expect(ALARMS, &body);
        published += 1;
    }
    published
}

#[test]
fn a_stream_that_is_not_read_ends_and_the_others_get_everything() {
    let server = Server::with_log("info", "[limits]\nqueue = \"512KiB\"\nclose = \"1m\"\nlogin = \"10m\"\n");
    let mut slow = Stream::open(&server, "1001", &[ALARMS]);
    let mut other = Stream::open(&server, "1002", &[ALARMS]);
    let published = flood(&server, &mut other);
    let line = server.wait_for_log(&["does not read"]);
    assert!(line.contains(" sse 1001: ") && line.contains("messages dropped"), "{line}");
    publish(&server, ALARMS, "after");
    other.expect(ALARMS, "after");
    // What the network had taken arrives, in order and whole; then the end.
    let mut received = 0;
    while let Told::Event(node, _, data) = slow.told() {
        assert_eq!(node, ALARMS);
        assert!(data.starts_with(&format!("{received} x")), "{}", &data[..20]);
        received += 1;
    }
    assert!(received < published, "something was dropped");
    // It comes back and is told so, because that is more than it may be owed at once.
    let mut back = Stream::after(&server, &[ALARMS], &slow.last);
    back.expect_missed();
    let (mut next, mut last) = (None, String::new());
    while last != "after" {
        last = back.event().1;
        let number = last.split(' ').next().and_then(|number| number.parse::<usize>().ok());
        assert!(next.is_none() || number.is_none() || number == next, "no gap after the one that is told");
        next = number.map(|number| number + 1);
    }
}

#[test]
fn a_client_that_takes_nothing_any_more_is_cut_off() {
    let server =
        Server::with_log("info", "[limits]\nqueue = \"512KiB\"\nclose = \"100ms\"\nlogin = \"10m\"\n");
    let slow = Stream::open(&server, "1001", &[ALARMS]);
    let mut other = Stream::open(&server, "1002", &[ALARMS]);
    flood(&server, &mut other);
    server.wait_for_log(&[" sse 1001: closed"]);
    let deadline = Instant::now() + PATIENCE;
    let mut http = Http::connect(server.plain);
    // The other stream, and the one that asks.
    while !http
        .ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .body
        .contains("\ncallboard_connections 2\n")
    {
        assert!(Instant::now() < deadline, "its connection stays:\n{}", server.log());
    }
    drop(slow);
}

#[test]
fn a_client_that_goes_is_noticed_at_once() {
    let server = Server::demo();
    let stream = Stream::open(&server, "1001", &[ALARMS]);
    drop(stream);
    let line = server.wait_for_log(&[" sse 1001: closed"]);
    assert!(line.contains("the client has gone"), "{line}");
}

#[test]
fn a_client_that_goes_is_noticed_at_once_whatever_it_has_sent_behind_its_request() {
    // A write would notice it with the second heartbeat.
    let server = Server::with("[limits]\nheartbeat = \"10m\"\n");
    for (user, behind, later) in
        [("1001", "\r\n", ""), ("1002", "", "\r\n"), ("1003", "", "GET / HTTP/1.1\r\n"), ("1004", "x", "y")]
    {
        let request =
            format!("GET /events?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", password(user));
        let mut socket = Http::connect(server.plain).into_inner();
        socket.write_all(format!("{request}{behind}").as_bytes()).expect("it is open");
        let mut seen = Vec::new();
        let mut bytes = [0; 1024];
        while !seen.windows(5).any(|part| part == b"retry") {
            let length = std::io::Read::read(&mut socket, &mut bytes).expect("the stream begins");
            seen.extend_from_slice(&bytes[..length]);
        }
        for byte in later.bytes() {
            socket.write_all(&[byte]).expect("it is open");
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(socket);
        let line = server.wait_for_log(&[&format!(" sse {user}: closed")]);
        assert!(line.contains("the client has gone"), "{line}");
    }
}

#[test]
fn at_shutdown_streams_end_in_order_and_hold_nothing_up() {
    let server = Server::with("[limits]\nclose = \"1m\"\n");
    let mut stream = Stream::open(&server, "1001", &[ALARMS]);
    publish(&server, ALARMS, "last words");
    server.signal(Signal::TERM);
    stream.expect(ALARMS, "last words");
    stream.expect_end();
    // It would wait for a minute for a session that stays.
    let (code, log) = server.ended();
    assert!(code == Some(0) && !log.contains("did not finish"), "{log}");
    assert!(log.contains(" sse 1001: closed") && log.contains(": system-shutdown"), "{log}");
}

#[test]
fn pages_of_other_origins_read_a_stream_if_they_may() {
    let server = Server::demo();
    let own = password("1001");
    for (origin, allowed) in [("http://localhost:3000", true), ("https://elsewhere.example", false)] {
        let stream = Stream::with(&server, &format!("node={ALARMS}"), &format!("{own}Origin: {origin}\r\n"));
        assert_eq!(stream.head.header("Access-Control-Allow-Origin"), allowed.then_some(origin));
    }
    let answer = ask_for_ticket(&server, &format!("{own}Origin: https://elsewhere.example\r\n"));
    assert_eq!(answer.status(), 403, "a ticket is not made for them");
}

#[test]
fn bytes_behind_the_request_do_not_harm_the_stream() {
    let server = Server::demo();
    let http = Http::connect(server.plain);
    let request =
        format!("GET /events?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", password("1001"));
    let mut socket = http.into_inner();
    socket
        .write_all(format!("{request}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
        .expect("it is open");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("it can be set");
    let mut seen = String::new();
    let mut bytes = [0; 1024];
    while !seen.contains("retry: 2000") {
        let length = std::io::Read::read(&mut socket, &mut bytes).expect("the stream begins");
        seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
    publish(&server, ALARMS, "x");
    while !seen.contains("data: x\n\n") {
        let length = std::io::Read::read(&mut socket, &mut bytes).expect("the event comes");
        seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
    assert!(!seen.contains("\r\n\r\nok"), "the second request is none: the connection ends with the stream");
}
