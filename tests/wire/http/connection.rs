//! The life of an HTTP connection: answers that come before their request is whole, connections between two requests, and
//! those that give way.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::http::{Answer, Http, UPGRADE, basic};
use crate::support::polite::{Polite, Security};
use crate::support::server::{DEMO, Folder, PATIENCE};
use crate::support::tls::Secure;
use crate::support::{Client, Server, Session, bosh, figures};

const SECOND: Duration = Duration::from_secs(1);

/// Long enough that the server has read what was sent before, and has answered if it is going to.
const PAUSE: Duration = Duration::from_millis(50);

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A body that is as good as any.
const BODY: &str = "<User><state>READY</state></User>";

/// Longer than any body may be, and than all that the system keeps for a socket.
const LARGE: usize = 8 * 1024 * 1024;

/// What carries bytes: TCP or TLS.
trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

type Connection = Http<Box<dyn Stream>>;

/// Connections without and with TLS.
fn connections(server: &Server) -> [Connection; 2] {
    let plain = TcpStream::connect(server.plain).expect("the server accepts connections");
    plain.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    [Http::over(Box::new(plain)), Http::over(Box::new(Secure::connect(server.tls)))]
}

/// The next answer, which says that it is the last one, or is followed by others.
fn goes_on_or_ends(http: &mut Connection, status: u16, about: &str) {
    let answer = http.answer();
    assert_eq!(answer.status(), status, "{about}: {answer:?}");
    if answer.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        assert_eq!(http.end(), "", "{about}");
    } else {
        assert_eq!(http.answer().status(), 200, "{about}: the answer to the next request");
    }
}

/// Requests that are answered without a look at their body, each with its answer: heads without their ends.
fn refused() -> Vec<(u16, String)> {
    let (agent, administrator) = (basic("1001", "1001"), basic("administrator", "1234"));
    let with = |line: &str, headers: &str| format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}");
    let agent = |more: &str| format!("Authorization: {agent}\r\n{more}");
    let administrator = |more: &str| format!("Authorization: {administrator}\r\n{more}");
    let wrong = format!("Authorization: {}\r\n", basic("1001", "wrong"));
    let foreign = "Origin: https://elsewhere.example\r\n";
    let (xml, json) = ("Content-Type: application/xml\r\n", "Content-Type: application/json\r\n");
    let publish = "POST /callboard/api/publish?node=/lab/alarms";
    vec![
        (401, with("PUT /finesse/api/User/1001", xml)),
        (401, with("PUT /finesse/api/User/1001", &format!("{wrong}{xml}"))),
        (401, with("POST /finesse/api/User/1001/ClientLog", &wrong)),
        (401, with(publish, "")),
        (401, with("POST /callboard/api/ticket", "")),
        (403, with("POST /callboard/api/calls?to=9001", &agent(""))),
        (403, with(publish, &administrator(foreign))),
        (403, with("PUT /finesse/api/User/1001", &agent(foreign))),
        (404, with("POST /nothing", "")),
        (404, with("PUT /finesse/api/Nothing/1", &agent(xml))),
        (404, with("PUT /finesse/api/User/nobody", &administrator(xml))),
        (404, with("DELETE /callboard/api/calls/1", &administrator(""))),
        (405, with("POST /healthz", "")),
        (405, with("POST /ws/", "")),
        (405, with("PUT /http-bind/", "")),
        (405, with("PUT /console/", "")),
        (415, with("PUT /finesse/api/User/1001", &agent(json))),
        (415, with(publish, &administrator("Content-Type: image/png\r\n"))),
        (426, with("GET /ws/", "")),
        (405, with("DELETE /finesse/api/User/1001", &agent(""))),
        (400, format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}")),
        (400, "POST /healthz HTTP/1.1\r\n".to_owned()),
        (400, with("POST /callboard/api/publish", &administrator(""))),
        (200, with("GET /healthz", "")),
        (200, with("GET /finesse/api/SystemInfo", "")),
        (204, with("OPTIONS /callboard/api/publish", "")),
        (307, with("GET /", "")),
    ]
}

/// A server on which any number of wrong passwords may be tried.
fn lenient() -> Server {
    Server::with("[limits]\nlockout_attempts = 0\naddress_attempts = 0\n")
}

/// What a body of that length has for a head.
fn length(length: usize) -> String {
    format!("Content-Length: {length}\r\n\r\n")
}

#[test]
fn a_request_that_is_refused_before_its_body_is_followed_by_the_next_one() {
    let server = lenient();
    for (status, head) in refused() {
        for mut http in connections(&server) {
            http.send(head.clone() + &length(BODY.len()));
            thread::sleep(PAUSE);
            http.send(&BODY[..10]);
            thread::sleep(PAUSE);
            http.send(format!("{}{HEALTH}", &BODY[10..]));
            goes_on_or_ends(&mut http, status, &head);
        }
        // The same in chunks, whose number nobody knows.
        for mut http in connections(&server) {
            http.send(head.clone() + "Transfer-Encoding: chunked\r\n\r\n");
            thread::sleep(PAUSE);
            http.send(format!("{:x}\r\n{BODY}\r\n0\r\n\r\n{HEALTH}", BODY.len()));
            goes_on_or_ends(&mut http, status, &head);
        }
    }
}

#[test]
fn a_refusal_does_not_wait_for_the_body() {
    let server = lenient();
    for (status, head) in refused() {
        let mut http = Http::connect(server.plain);
        assert_eq!(http.ask(head.clone() + &length(BODY.len())).status(), status, "{head}");
    }
}

#[test]
fn a_large_upload_that_is_refused_sees_why_and_is_not_reset() {
    let server = lenient();
    let administrator = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    let own = |line: &str| format!("{line} HTTP/1.1\r\nHost: localhost\r\n{administrator}");
    let mut all = refused();
    all.push((413, own("POST /callboard/api/publish?node=/lab/alarms")));
    all.push((413, own("POST /callboard/api/calls?to=9001")));
    all.push((413, own("PUT /finesse/api/User/administrator")));
    all.push((413, own("POST /finesse/api/User/administrator/ClientLog")));
    all.push((413, own("POST /finesse/api/User/administrator/CompressedClientLog")));
    // The client sends all of it before it reads, as many do.
    let large = vec![b'x'; LARGE];
    for (status, head) in all {
        for mut http in connections(&server) {
            http.send(head.clone() + &length(LARGE));
            http.send_all(&large);
            let answer = http.answer();
            assert_eq!(answer.status(), status, "{head}: {answer:?}");
            assert_eq!(answer.header("Connection"), Some("close"), "{head}");
            assert_eq!(http.end(), "", "{head}");
        }
    }
    // In chunks the length shows only when it has come.
    for (status, head) in [
        (413, own("POST /callboard/api/publish?node=/lab/alarms")),
        (413, own("POST /finesse/api/User/administrator/CompressedClientLog")),
        (401, "PUT /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\n".to_owned()),
    ] {
        for mut http in connections(&server) {
            http.send(head.clone() + &format!("Transfer-Encoding: chunked\r\n\r\n{LARGE:x}\r\n"));
            http.send_all(&large);
            assert_eq!(http.answer().status(), status, "{head}");
            assert_eq!(http.end(), "", "{head}");
        }
    }
}

#[test]
fn a_body_over_its_bound_that_is_not_long_is_read_and_the_connection_stays() {
    let server = Server::demo();
    let length = 100_000;
    let authorization = basic("administrator", "1234");
    for mut http in connections(&server) {
        http.send(format!(
            "POST /callboard/api/publish?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
             Content-Length: {length}\r\n\r\n"
        ));
        http.send_all(&vec![b'x'; length]);
        http.send(HEALTH);
        assert_eq!(http.answer().status(), 413);
        assert_eq!(http.answer().status(), 200);
    }
}

#[test]
fn what_is_no_request_sees_its_answer_however_much_follows() {
    let server = Server::demo();
    for (status, start) in [
        (400, "hello world\r\n\r\n".to_owned()),
        (400, "GET /healthz HTTP/1.1\r\nno colon\r\n".to_owned()),
        (400, "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n".to_owned()),
        (431, "GET /healthz HTTP/1.1\r\nX-Long: ".to_owned()),
        (431, format!("GET /healthz HTTP/1.1\r\n{}", "X: y\r\n".repeat(100))),
    ] {
        for mut http in connections(&server) {
            http.send(&start);
            http.send_all(&vec![b'x'; LARGE]);
            let answer = http.answer();
            assert_eq!(answer.status(), status, "{start}");
            assert_eq!(answer.header("Connection"), Some("close"), "{start}");
            assert_eq!(http.end(), "", "{start}");
        }
    }
}

#[test]
fn refusals_because_of_load_leave_the_connection_as_others_do() {
    let server = Server::with("[limits]\naddress_attempts = 1\n");
    let wrong = basic("1001", "wrong");
    let publish = |more: &str| format!("POST /callboard/api/publish HTTP/1.1\r\nHost: localhost\r\n{more}");
    let mut http = Http::connect(server.plain);
    assert_eq!(
        http.ask(publish(&format!("Authorization: {wrong}\r\nContent-Length: 0\r\n\r\n"))).status(),
        401
    );
    let own = |server: &Server, path: &str| {
        let mut http = Http::connect(server.plain);
        let authorization = basic("administrator", "1234");
        http.ask(format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let mut all = vec![(server, 429, publish(&format!("Authorization: {}\r\n", basic("1002", "1002"))))];
    let server = Server::demo();
    assert_eq!(own(&server, "/callboard/api/status?status=OUT_OF_SERVICE").status(), 200);
    all.push((server, 503, "PUT /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\n".to_owned()));
    for (server, status, head) in all {
        for mut http in connections(&server) {
            http.send(head.clone() + &length(BODY.len()));
            thread::sleep(PAUSE);
            http.send(format!("{BODY}{HEALTH}"));
            goes_on_or_ends(&mut http, status, &head);
        }
        for mut http in connections(&server) {
            http.send(head.clone() + &length(LARGE));
            http.send_all(&vec![b'x'; LARGE]);
            assert_eq!(http.answer().status(), status, "{head}");
            assert_eq!(http.end(), "", "{head}");
        }
    }
}

#[test]
fn a_client_that_expects_100_continue_gets_it_or_the_final_answer() {
    let server = Server::demo();
    let head = |user: &str, path: &str| {
        format!(
            "{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
            basic(user, "1234")
        )
    };
    let publish = "POST /callboard/api/publish?node=/lab/alarms";
    for (status, head) in [
        (401, head("1001", publish)),
        (404, head("administrator", "POST /nothing")),
        (405, head("administrator", "POST /healthz")),
        (404, head("administrator", "PUT /finesse/api/Nothing")),
    ] {
        for mut http in connections(&server) {
            // RFC 9110 §10.1.1: it may send its body now or not, so nobody knows where the next request begins.
            let answer = http.ask(&head);
            assert_eq!((answer.status(), answer.header("Connection")), (status, Some("close")), "{head}");
            http.send(format!("body{HEALTH}"));
            assert_eq!(http.end(), "", "{head}");
        }
    }
    for mut http in connections(&server) {
        assert_eq!(http.ask_head(head("administrator", publish)).status(), 100);
        http.send(format!("body{HEALTH}"));
        assert_eq!([http.answer().status(), http.answer().status()], [202, 200]);
    }
}

#[test]
fn a_refused_body_that_never_comes_ends_the_connection_in_time() {
    let server = Server::with("[limits]\nlogin = \"1s\"\n");
    let mut refused = Http::connect(server.plain);
    let started = Instant::now();
    assert_eq!(
        refused.ask(format!("POST /nothing HTTP/1.1\r\nHost: localhost\r\n{}half", length(10))).status(),
        404
    );
    assert_eq!(refused.end(), "");
    assert!(started.elapsed() >= SECOND, "it had a second");
}

#[test]
fn a_client_that_sends_for_ever_is_cut_off() {
    let server = Server::with("[limits]\nlogin = \"1s\"\nclose = \"500ms\"\n");
    let mut stream = TcpStream::connect(server.plain).expect("the server accepts connections");
    stream
        .write_all(b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        .expect("it is there");
    let deadline = Instant::now() + PATIENCE;
    while stream.write_all(b"1\r\nx\r\n").is_ok() {
        assert!(Instant::now() < deadline, "it goes on for ever");
        thread::sleep(Duration::from_millis(10));
    }
    // A client that has stopped is given up, too.
    let before = server.descriptors();
    let mut silent = Http::connect(server.plain);
    assert_eq!(
        silent.ask(format!("POST /nothing HTTP/1.1\r\nHost: localhost\r\n{}", length(LARGE))).status(),
        404
    );
    while server.descriptors() > before {
        assert!(Instant::now() < deadline, "its place stays taken");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_idle_connection_stays_longer_than_a_request_may_take_and_is_closed_at_its_own_limit() {
    let server = Server::with("[limits]\nlogin = \"1s\"\nidle = \"4s\"\n");
    thread::scope(|scope| {
        for mut http in connections(&server) {
            scope.spawn(move || {
                for _ in 0..2 {
                    assert_eq!(http.ask(HEALTH).status(), 200);
                    thread::sleep(3 * SECOND / 2);
                }
                // A request that has begun has to come in.
                let started = Instant::now();
                http.send("GET /healthz HT");
                assert_eq!(http.end(), "");
                assert!(started.elapsed() < 3 * SECOND, "it has no more time than others");
            });
        }
        for mut http in connections(&server) {
            scope.spawn(move || {
                let started = Instant::now();
                assert_eq!(http.ask(HEALTH).status(), 200);
                assert_eq!(http.end(), "");
                assert!(started.elapsed() >= 4 * SECOND, "it had four seconds");
            });
        }
    });
}

#[test]
fn an_idle_connection_gives_way_to_a_new_client_and_the_one_that_is_idle_longest_first() {
    let server = Server::with("[limits]\nconnections = 6\n");
    let mut session = Client::online(&server, "1001", "desktop");
    let authorization = basic("1001", "1001");
    let mut events = Http::connect(server.plain);
    let stream = format!(
        "GET /events?node=/finesse/api/SystemInfo HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n"
    );
    assert_eq!(events.ask_head(stream).status(), 200);
    let mut waiting = Http::connect(server.plain);
    waiting.send("PUT /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nAuth");
    let [mut first, mut second] = connections(&server);
    assert_eq!(first.ask(HEALTH).status(), 200);
    assert_eq!(second.ask(HEALTH).status(), 200);
    assert_eq!(first.ask(HEALTH).status(), 200);
    let mut third = Http::connect(server.plain);
    assert_eq!(figures::ask(&mut third)["callboard_connections_idle"], 2.0);
    // That is all there is room for.
    let mut newcomer = Http::connect(server.plain);
    assert_eq!(newcomer.ask(HEALTH).status(), 200);
    assert_eq!(second.end(), "", "it was idle longest");
    let mut newcomer = Http::connect(server.plain);
    let figures = figures::ask(&mut newcomer);
    assert_eq!(first.end(), "");
    assert_eq!(figures["callboard_connections_gave_way_total"], 2.0);
    assert_eq!(figures["callboard_connections_refused_total"], 0.0);
    // Those who have something under way stay.
    waiting.send("orization: x\r\n\r\n");
    assert_eq!(waiting.answer().status(), 401);
    session.expect_nothing_more();
    assert!(events.piece(true).is_some());
}

#[test]
fn a_client_is_refused_if_no_connection_is_idle_and_the_log_says_so() {
    let server = Server::with("[limits]\nconnections_per_address = 2\n");
    let mut kept = Http::connect(server.plain);
    assert_eq!(kept.ask(HEALTH).status(), 200);
    let session = Client::online(&server, "1001", "desktop");
    // Another machine's idle connection does not help.
    let mut elsewhere = Http::connect_from([127, 0, 0, 2], server.plain);
    assert_eq!(elsewhere.ask(HEALTH).status(), 200);
    let other = Client::online(&server, "1002", "desktop");
    assert_eq!(kept.end(), "", "it gave way");
    assert_eq!(Http::connect(server.plain).rest(), "");
    let line = server.wait_for_log(&["127.0.0.1", "refused", "of its address"]);
    assert!(line.contains("0 of them idle"), "{line}");
    assert_eq!(elsewhere.ask(HEALTH).status(), 200);
    session.leave();
    other.leave();
}

/// The head of a log of the agent 1001.
fn log_head(length: &str) -> String {
    let authorization = basic("1001", "1001");
    format!(
        "POST /finesse/api/User/1001/ClientLog HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n{length}\r\n\r\n"
    )
}

#[test]
fn a_body_in_many_small_pieces_takes_no_more_memory_than_its_bytes() {
    let server = Server::with_log("info", "");
    assert_eq!(Http::connect(server.plain).ask(HEALTH).status(), 200);
    let before = server.peak_memory();
    const CHUNKS: usize = 120_000;
    let mut logs: Vec<Http> = (0..8).map(|_| Http::connect(server.plain)).collect();
    for http in &mut logs {
        http.send(log_head("Transfer-Encoding: chunked"));
        http.send_all("1\r\nx\r\n".repeat(CHUNKS).as_bytes());
    }
    let deadline = Instant::now() + PATIENCE;
    let mut asks = Http::connect(server.plain);
    let held = |asks: &mut Http| figures::ask(asks)["callboard_body_bytes"];
    while held(&mut asks) < 8.0 * CHUNKS as f64 {
        assert!(Instant::now() < deadline, "it is not read");
        thread::sleep(PAUSE);
    }
    let more = server.peak_memory() - before;
    assert!(more < 8 * 1024, "{more} KiB for {} KiB", 8 * CHUNKS / 1024);
    for http in &mut logs {
        http.send("0\r\n\r\n");
        assert_eq!(http.answer().status(), 400);
    }
    assert_eq!(held(&mut asks), 0.0);
}

#[test]
fn all_bodies_share_their_memory_and_one_address_has_a_part_of_it() {
    let server = Server::with("[limits]\nbodies = \"2MiB\"\npayload = \"32KiB\"\n");
    let large = vec![b'x'; 700 * 1024];
    let begin = |from| {
        let mut http = Http::connect_from(from, server.plain);
        http.send(log_head("Content-Length: 1000000"));
        http.send_all(&large);
        http
    };
    let mut own = Http::connect_from([127, 0, 0, 9], server.plain);
    let mut wait = |bytes: usize| {
        let deadline = Instant::now() + PATIENCE;
        while figures::ask(&mut own)["callboard_body_bytes"] < bytes as f64 {
            assert!(Instant::now() < deadline, "it is not read");
            thread::sleep(PAUSE);
        }
    };
    let _first = begin([127, 0, 0, 2]);
    wait(large.len());
    // Its address has had its share.
    let busy = |answer: Answer| assert_eq!(answer.status(), 503, "{answer:?}");
    busy(begin([127, 0, 0, 2]).answer());
    let _second = begin([127, 0, 0, 3]);
    wait(2 * large.len());
    busy(begin([127, 0, 0, 4]).answer());
    let figures = figures::metrics(&server);
    assert_eq!(figures["callboard_bodies_refused_total"], 2.0);
    // Small ones have room.
    let authorization = basic("administrator", "1234");
    let small = format!(
        "POST /callboard/api/publish?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\nContent-Length: 5\r\n\r\nsmall"
    );
    assert_eq!(Http::connect_from([127, 0, 0, 4], server.plain).ask(&small).status(), 202);
}

/// Connections: enough to show how much memory each takes.
const MANY: usize = 400;

/// A demo that keeps no record: what that takes grows with what is said.
fn without_record(more: &str) -> Server {
    let demo = DEMO.replacen("record = 10000", "record = 0", 1);
    assert_ne!(demo, DEMO, "the demo keeps a record");
    Server::serving_with_log("warn", Folder::new(), "localhost", &format!("{demo}\n{more}"))
}

/// How much memory each of many connections takes, in KiB.
fn memory_of_each<T>(server: &Server, mut connect: impl FnMut() -> T) -> f64 {
    let resident = || {
        assert_eq!(Http::connect(server.plain).ask(HEALTH).status(), 200);
        server.own_memory()
    };
    let before = resident();
    let kept: Vec<_> = (0..MANY).map(|_| connect()).collect();
    let more = resident() - before;
    drop(kept);
    more as f64 / MANY as f64
}

#[test]
fn an_idle_connection_takes_little_memory() {
    for (tls, said) in [(false, false), (false, true), (true, false), (true, true)] {
        let server = without_record("");
        let each = memory_of_each(&server, || {
            let [plain, secure] = connections(&server);
            let mut http = if tls { secure } else { plain };
            if said {
                assert_eq!(http.ask(HEALTH).status(), 200);
            }
            http.into_stream()
        });
        println!("{each:.1} KiB, TLS: {tls}, said: {said}");
        assert!(each <= 7.0, "{each:.1} KiB, TLS: {tls}, after a request: {said}");
    }
}

/// What a small machine has to have for each: 3,000 agents take 45 MiB.
#[test]
fn an_agent_with_its_session_and_its_connection_for_requests_takes_little_memory() {
    let users: String = (0..MANY)
        .map(|number| {
            format!(
                "[[user]]\nid = \"a{number}\"\npassword = \"a{number}\"\nlast_name = \"A\"\nteam = \"1\"\n"
            )
        })
        .collect();
    let server = without_record(&users);
    let mut names = (0..MANY).map(|number| format!("a{number}"));
    let each = memory_of_each(&server, || {
        let name = names.next().expect("as many as are asked for");
        let wire = Polite::connect(&server, Security::Tls(None), "/ws/").0;
        let mut session = Session::new(wire, &server.domain);
        session.log_in(&name, "desktop");
        session.become_available();
        session.subscribe(&format!("/finesse/api/User/{name}"));
        session.subscribe("/finesse/api/Team/1/Users");
        let [_, mut requests] = connections(&server);
        for what in ["", "/Dialogs"] {
            let authorization = basic(&name, &name);
            let answer = requests.ask(format!(
                "GET /finesse/api/User/{name}{what} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n"
            ));
            assert_eq!(answer.status(), 200, "{answer:?}");
        }
        (session, requests)
    });
    println!("{each:.1} KiB");
    assert!(each <= 14.0, "{each:.1} KiB");
}

#[test]
fn a_request_that_waits_and_a_stream_of_events_take_little_memory() {
    for tls in [false, true] {
        let server = Server::with_log("warn", "[limits]\nsessions_per_user = 100\n");
        let connect = |server: &Server| {
            let [plain, secure] = connections(server);
            if tls { secure } else { plain }
        };
        let each = memory_of_each(&server, || {
            let mut http = connect(&server);
            let answer = http.ask(bosh::request(&bosh::envelope(bosh::CREATE, ""), ""));
            let sid = bosh::attribute(&answer.body, "sid").expect("a session begins");
            http.send(bosh::request(&bosh::envelope(&format!("rid='1001' sid='{sid}'"), ""), ""));
            http.into_stream()
        });
        println!("{each:.1} KiB for BOSH, TLS: {tls}");
        // With its session, and without optimisation a little more than in what ships.
        assert!(each <= 14.0, "{each:.1} KiB for BOSH, TLS: {tls}");
        // Another one, which has no memory left over from those.
        let server = Server::with_log("warn", "[limits]\nsessions_per_user = 100\n");
        let mut users = ["1001", "1002", "1003", "1004"].iter().cycle();
        let each = memory_of_each(&server, || {
            let mut http = connect(&server);
            let authorization = users.next().map(|user| basic(user, user)).unwrap_or_default();
            let answer = http.ask_head(format!(
                "GET /events?node=/finesse/api/SystemInfo HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n"
            ));
            assert_eq!(answer.status(), 200);
            http.into_stream()
        });
        println!("{each:.1} KiB for events, TLS: {tls}");
        assert!(each <= 12.0, "{each:.1} KiB for events, TLS: {tls}");
    }
}
