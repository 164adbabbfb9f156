//! The record over HTTP: what it has, whom it shows it, and what it never has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::bosh::Bosh;
use crate::support::http::{Answer, Http, basic, own, publish};
use crate::support::polite::Client;
use crate::support::rest;
use crate::support::server::DEMO;
use crate::support::sse::{Stream, Told, password, ticket};
use crate::support::{Server, rest::put_state};

const USER: &str = "/finesse/api/User/1001";

fn ask(server: &Server, path: &str) -> Answer {
    own(server, "administrator", "GET", path)
}

/// The entries that a query finds, one JSON object each.
#[track_caller]
fn entries(server: &Server, query: &str) -> Vec<String> {
    let answer = ask(server, &format!("record?{query}"));
    assert_eq!(
        (answer.status(), answer.header("Content-Type")),
        (200, Some("application/json")),
        "{answer:?}"
    );
    let (_, list) = answer.body.split_once("\"entries\":[").expect("it has entries");
    let list = list.strip_suffix("]}\n").expect("it ends");
    let starts: Vec<_> = list.match_indices("{\"seq\":").map(|(at, _)| at).chain([list.len()]).collect();
    starts.windows(2).map(|pair| list[pair[0]..pair[1]].trim_end_matches(',').to_owned()).collect()
}

/// The value of a member, as it is written.
#[track_caller]
fn value<'a>(entry: &'a str, name: &str) -> &'a str {
    let (_, rest) = entry.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {entry}"));
    match rest.strip_prefix('"') {
        Some(text) => text.split('"').next().expect("a string ends"),
        None => rest.split([',', '}']).next().expect("a value ends"),
    }
}

fn kinds(entries: &[String]) -> Vec<String> {
    let kind = |entry: &String| {
        let what = entry.contains("\"what\":").then(|| format!(" {}", value(entry, "what")));
        format!("{}{}", value(entry, "kind"), what.unwrap_or_default())
    };
    entries.iter().map(kind).collect()
}

#[test]
fn the_record_is_for_administrators_and_only_with_the_key() {
    let server = Server::demo();
    for (method, path) in
        [("GET", "record"), ("DELETE", "record"), ("GET", "record/0.1.har"), ("GET", "sessions?ended=true")]
    {
        assert_eq!(own(&server, "1001", method, path).status(), 403, "{method} {path}");
        let anybody = format!("{method} /callboard/api/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(Http::connect(server.plain).ask(anybody).status(), 401, "{method} {path}");
    }
    let off = Server::serving("localhost", &DEMO.replacen("record = 10000", "record = 0", 1));
    for (method, path) in
        [("GET", "record"), ("DELETE", "record"), ("GET", "record/0.1.har"), ("GET", "sessions?ended=true")]
    {
        let answer = own(&off, "administrator", method, path);
        assert_eq!(answer.status(), 409, "{method} {path}");
        assert!(
            answer.body.contains("record = 10000") && answer.body.contains("serve --record 10000"),
            "{}",
            answer.body
        );
    }
    assert_eq!(
        put_state(&off, "1001", "1001", "<state>LOGIN</state><extension>1001</extension>")
            .header("X-Callboard-Sequence"),
        None
    );
    assert_eq!(ask(&off, "sessions").status(), 200);
    let flag = Server::flags(&["--record", "5"]);
    assert_eq!(ask(&flag, "record").body, "{\"first\":1,\"next\":0,\"lost\":0,\"entries\":[]}\n");
}

#[test]
fn a_wrong_query_is_told_what_is_wrong() {
    let server = Server::demo();
    for (path, status, sentence) in [
        ("record?kind=frames", 400, "kind is one of request, response, "),
        ("record?colour=x", 400, "colour is no parameter here; there are after, kind, "),
        ("record?after=x", 400, "after is the number of an entry, not \"x\"."),
        ("record?limit=1001", 400, "limit is a number from 1 to 1000, not \"1001\"."),
        ("record?user=1001&user=1002", 400, "user stands more than once."),
        ("record/0.1.pcap", 404, "A file is SESSION.har, SESSION.txt or SESSION.json"),
        ("record/x.har", 404, "A file is SESSION.har"),
        ("record/9.9.har", 404, "A file is SESSION.har"),
    ] {
        let answer = ask(&server, path);
        assert_eq!(answer.status(), status, "{path}: {}", answer.body);
        assert!(answer.body.starts_with(sentence), "{path}: {}", answer.body);
    }
}

#[test]
fn a_change_over_rest_is_found_with_its_response_its_events_and_their_deliveries() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe(USER);
    let answer = put_state(&server, "1001", "1001", "<state>LOGIN</state><extension>1001</extension>");
    assert_eq!(answer.status(), 202);
    let number = answer.header("X-Callboard-Sequence").expect("it is told").to_owned();
    rest::event(&mut client, USER);
    rest::event(&mut client, USER);
    let found = entries(&server, "requestId=r-1");
    let in_order = kinds(&found);
    assert_eq!(in_order[0], "request", "{found:?}");
    for kind in ["state NOT_READY", "event published", "response"] {
        assert!(in_order.iter().any(|other| other == kind), "{kind}: {found:?}");
    }
    assert_eq!(value(&found[0], "seq"), number);
    for (name, is) in [("method", "PUT"), ("path", USER), ("user", "1001"), ("requestId", "r-1")] {
        assert_eq!(value(&found[0], name), is);
    }
    assert!(
        found[0].contains("<User><state>LOGIN</state><extension>1001</extension></User>"),
        "{}",
        found[0]
    );
    let event = found
        .iter()
        .find(|entry| value(entry, "kind") == "event" && value(entry, "node") == USER)
        .expect("it is there");
    assert!(event.contains("<requestId>r-1</requestId>"), "{event}");
    let response = found.iter().find(|entry| value(entry, "kind") == "response").expect("it is there");
    assert_eq!(
        (value(response, "of"), value(response, "status"), value(response, "path")),
        (&*number, "202", USER)
    );
    let deliveries = entries(&server, &format!("after={number}&kind=frame-out&node={USER}"));
    assert_eq!(deliveries.len(), 2, "to the bare JID and to the full one: {deliveries:?}");
    for delivery in &deliveries {
        assert_eq!(value(delivery, "item"), value(event, "item"));
        assert!(delivery.contains("&lt;requestId&gt;r-1&lt;/requestId&gt;"), "{delivery}");
    }
    assert_eq!(entries(&server, "requestId=r-2").len(), 0);
    let read = rest::get(&server, "1001", "User/1001");
    assert_eq!(read.header("X-Callboard-Sequence"), None, "nothing follows from it");
    let found = entries(&server, &format!("path={USER}&kind=response&after={number}"));
    assert!(found.iter().any(|entry| entry.contains("<state>NOT_READY</state>")), "{found:?}");
    assert_eq!(own(&server, "administrator", "DELETE", "record").status(), 204);
    assert_eq!(entries(&server, "").len(), 0);
}

#[test]
fn logins_say_who_tried_and_ended_sessions_why_they_ended() {
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\x001002\0geheim-1");
    client.expect_failure("not-authorized");
    client.send_auth("SCRAM-SHA-1", "geheim-2");
    client.expect_failure("invalid-mechanism");
    client.send_auth("PLAIN", "geheim-3");
    client.expect_failure("incorrect-encoding");
    client.vanish();
    let ended = loop {
        let list = ask(&server, "sessions?ended=true").body;
        if list != "{\"sessions\":[]}\n" {
            break list;
        }
    };
    let logins = entries(&server, "kind=login");
    assert_eq!(
        kinds(&logins),
        ["login not-authorized", "login invalid-mechanism", "login incorrect-encoding"]
    );
    for (name, is) in [("user", "1002"), ("authcid", "1002"), ("mechanism", "PLAIN"), ("transport", "ws")] {
        assert_eq!(value(&logins[0], name), is, "{}", logins[0]);
    }
    assert_eq!(value(&logins[1], "mechanism"), "SCRAM-SHA-1");
    assert!(!logins[1].contains("authcid") && !logins[2].contains("authcid"));
    let session = value(&logins[0], "session");
    assert!(ended.contains(&format!("\"id\":\"{session}\"")), "{ended}");
    assert_eq!(value(&ended, "transport"), "ws");
    assert!(!value(&ended, "reason").is_empty() && ended.contains("\"user\":null"), "{ended}");
    let own = entries(&server, &format!("session={session}"));
    let (first, last) = (kinds(&own[..1]), kinds(&own[own.len() - 1..]));
    assert_eq!((&*first[0], &*last[0]), ("session opened", "session ended"));
    assert_eq!(entries(&server, "user=1002&kind=login").len(), 1, "by the name that was tried");
    assert!(ask(&server, "sessions").body.starts_with("{\"sessions\":["));
}

#[test]
fn the_record_is_followed_and_gone_on_with() {
    let server = Server::demo();
    let open = |query: &str, headers: &str| {
        Stream::at(
            &server,
            &format!("/callboard/api/record?{query}"),
            &format!("Accept: text/event-stream\r\n{headers}"),
        )
    };
    let by_ticket = format!("kind=event&ticket={}", ticket(&server, "administrator"));
    let mut stream = open(&by_ticket, "");
    publish(&server, "/lab/alarms", "one");
    publish(&server, "/lab/alarms", "two");
    let (name, first) = stream.event();
    assert_eq!((&*name, value(&first, "text"), &*stream.last), ("entry", "one", value(&first, "seq")));
    assert_eq!(value(&stream.event().1, "text"), "two");
    let again = password("administrator");
    let mut later = open("kind=event", &format!("{again}Last-Event-ID: {}\r\n", value(&first, "seq")));
    assert_eq!(value(&later.event().1, "text"), "two", "from where it has left off");
    let mut all = open("after=0&kind=event", &again);
    assert_eq!((value(&all.event().1, "text"), value(&all.event().1, "text")), ("one", "two"));
    publish(&server, "/lab/alarms", "three");
    for stream in [&mut stream, &mut later, &mut all] {
        assert_eq!(value(&stream.event().1, "text"), "three");
    }
    let _fourth = open("kind=event", &again);
    let request = format!(
        "GET /callboard/api/record HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{again}\r\n"
    );
    assert_eq!(Http::connect(server.plain).ask(request).status(), 503, "four at a time");
    assert!(
        entries(&server, "kind=session,frame-out").iter().all(|entry| !entry.contains("\"sse\"")),
        "they are not recorded"
    );
}

#[test]
fn a_follower_that_comes_back_too_late_hears_what_it_has_missed() {
    let server = Server::serving("localhost", &DEMO.replacen("record = 10000", "record = 3", 1));
    for payload in ["1", "2", "3", "4"] {
        publish(&server, "/lab/alarms", payload);
    }
    let headers = format!("Accept: text/event-stream\r\n{}Last-Event-ID: 1\r\n", password("administrator"));
    let mut stream = Stream::at(&server, "/callboard/api/record", &headers);
    match stream.told() {
        Told::Event(name, _, data) => {
            assert_eq!(name, "missed");
            assert!(value(&data, "entries").parse::<u64>().is_ok_and(|missed| missed > 1), "{data}");
        }
        other => panic!("{other:?}"),
    }
    let metrics = Http::connect(server.plain).ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").body;
    assert!(metrics.contains("callboard_record_entries 3\n"), "{metrics}");
    assert!(
        !metrics.contains("callboard_record_dropped_total 0\n")
            && !metrics.contains("callboard_record_bytes 0\n")
    );
}

#[test]
fn faults_are_named_where_they_act() {
    let server = Server::demo();
    let set = |name: &str, query: &str| {
        assert_eq!(own(&server, "administrator", "PUT", &format!("faults/{name}?{query}")).status(), 201);
    };
    set("pings", "kind=ping-error&user=1001");
    set("down", "kind=http-status&status=503&user=1002");
    let mut client = Client::online(&server, "1001", "desktop");
    client.send("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert!(client.text().contains("service-unavailable"));
    assert_eq!(rest::get(&server, "1002", "User/1002").status(), 503);
    assert_eq!(own(&server, "administrator", "DELETE", "faults").status(), 204);
    let faults = entries(&server, "kind=fault");
    assert_eq!(
        kinds(&faults),
        ["fault set", "fault set", "fault acts", "fault acts", "fault ended", "fault ended"],
        "{faults:?}"
    );
    let ping = entries(&server, "kind=frame-in&contains=urn:xmpp:ping");
    assert_eq!((value(&ping[0], "fault"), value(&faults[2], "of")), ("pings", value(&ping[0], "seq")));
    for entry in entries(&server, "user=1002&kind=request,response") {
        assert_eq!(value(&entry, "fault"), "down", "{entry}");
    }
}

#[test]
fn a_session_is_a_file_in_three_forms() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe(USER);
    put_state(&server, "1001", "1001", "<state>LOGIN</state><extension>1001</extension>");
    rest::event(&mut client, USER);
    rest::get(&server, "1002", "User/1002");
    client.leave();
    while ask(&server, "sessions?ended=true").body == "{\"sessions\":[]}\n" {}
    let session = value(&entries(&server, "kind=session&user=1001")[0], "session").to_owned();
    for (form, kind, parts) in [
        (
            "har",
            "application/json",
            &[
                "{\"log\":{\"version\":\"1.2\"",
                "\"comment\":\"profile uccx, release 12.5\"",
                "\"_webSocketMessages\":[{\"type\":\"send\"",
                "https://localhost/finesse/api/User/1001",
            ][..],
        ),
        (
            "txt",
            "text/plain; charset=utf-8",
            &[
                "profile uccx, release 12.5",
                "  * login success",
                "<-- event of /finesse/api/User/1001",
                "\n                      <Update>\n",
                "--> PUT /finesse/api/User/1001, requestId r-1\n",
            ],
        ),
        (
            "json",
            "application/json",
            &["{\"callboard\":\"", "\"profile\":\"uccx\",\"release\":\"12.5\"", "\"entries\":[{\"seq\":"],
        ),
    ] {
        let answer = ask(&server, &format!("record/{session}.{form}"));
        assert_eq!((answer.status(), answer.header("Content-Type")), (200, Some(kind)), "{form}");
        let name = format!("attachment; filename=\"callboard-{session}.{form}\"");
        assert_eq!(answer.header("Content-Disposition"), Some(&*name));
        for part in parts {
            assert!(answer.body.contains(part), "{part}: {}", answer.body);
        }
        assert!(!answer.body.contains("User/1002"), "nothing of others: {}", answer.body);
    }
}

#[test]
fn every_transport_is_recorded() {
    let server = Server::demo();
    let mut bosh = Bosh::online(&server, "1001", "bosh");
    bosh.subscribe("/lab/alarms");
    let mut stream = Stream::open(&server, "1002", &["/lab/alarms"]);
    publish(&server, "/lab/alarms", "<a/>");
    stream.expect("/lab/alarms", "<a/>");
    bosh.expect_event("1001@localhost/bosh", "/lab/alarms", "<a/>");
    let opened = entries(&server, "kind=session&contains=opened");
    assert_eq!(opened.iter().map(|entry| value(entry, "transport")).collect::<Vec<_>>(), ["bosh", "sse"]);
    let events = entries(&server, "kind=frame-out&node=/lab/alarms");
    assert_eq!(
        (events.len(), value(&events[0], "text")),
        (1, "<a/>"),
        "an envelope may have several: {events:?}"
    );
    let envelopes = entries(&server, &format!("kind=frame-out&session={}", value(&opened[0], "session")));
    assert!(envelopes.iter().any(|entry| entry.contains("&lt;a/&gt;")), "{envelopes:?}");
    for entry in [&opened[0], &opened[1]] {
        let har = ask(&server, &format!("record/{}.har", value(entry, "session")));
        assert!(har.body.contains("&lt;a/&gt;") || har.body.contains("data: <a/>"), "{}", har.body);
    }
}

/// Each door gets a secret of its own that stands nowhere else.
#[test]
fn no_secret_is_in_the_record_whatever_door_it_came_by() {
    let ada = "[[user]]\nid = \"2001\"\nlogin_name = \"ada\"\npassword = \"geheim-sso\"\nteam = \"1\"\nextension = \"2001\"\nsso = true\n";
    let server = Server::with(ada);
    let send = |method: &str, path: &str, headers: &str, body: &str| {
        Http::connect(server.plain).ask(format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nContent-Type: application/xml\r\n{headers}\r\n{body}",
            body.len()
        ))
    };
    let basic_wrong = format!("Authorization: {}\r\n", basic("1001", "geheim-basic"));
    // HTTP: a wrong password, a token, cookies, parameters, paths, bodies.
    send("GET", USER, &basic_wrong, "");
    send("GET", USER, "Authorization: Bearer geheim-bearer\r\nCookie: JSESSIONID=geheim-cookie\r\n", "");
    send(
        "GET",
        &format!("{USER}?ticket=geheim-ticket&password=geheim-query;x=geheim-query"),
        &basic_wrong,
        "",
    );
    send("GET", "/finesse/api/User/1001;jsessionid=geheim-path", &basic_wrong, "");
    for body in [
        "<User><state>READY</state><password>geheim-body</password></User>",
        "<User dataPassword='geheim-body'/>",
        "<User><password>geheim-body",
    ] {
        send("PUT", USER, &password("1001"), body);
    }
    send(
        "POST",
        &format!("{USER}/ClientLog"),
        &password("1001"),
        "<ClientLog><logData>password geheim-log</logData></ClientLog>",
    );
    // Single sign-on: the page, the code, the tokens.
    let led = send("GET", "/desktop/sso/token?cc_username=2001&return_refresh_token=true", "", "");
    let page = led.header("Location").expect("it leads to the page").to_owned();
    let form = "UserName=2001&Password=geheim-sso&AuthMethod=FormsAuthentication";
    let done = Http::connect(server.plain).ask(format!(
        "POST {page} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    ));
    let cookie =
        done.header("Set-Cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie").to_owned();
    let back = done.header("Location").expect("it leads back").to_owned();
    let tokens = send("GET", &back, &format!("Cookie: {cookie}\r\n"), "").body;
    let access = value(&tokens, "token").to_owned();
    let refresh = value(&tokens, "refresh_token").to_owned();
    assert_eq!(
        send("GET", "/finesse/api/User/2001", &format!("Authorization: Bearer {access}\r\n"), "").status(),
        200
    );
    send("GET", &format!("/desktop/sso/token?cc_username=2001&refresh-token={refresh}"), "", "");
    // XMPP: a wrong password, an access token as a password, and secrets in wrong places.
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\x001001\0geheim-sasl");
    client.expect_failure("not-authorized");
    client.send_auth("PLAIN", "geheim-sasl");
    client.expect_failure("incorrect-encoding");
    client.vanish();
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain(&format!("\x002001\0{access}"));
    client.expect_success();
    client.vanish();
    // BOSH: the sid; a ticket.
    let bosh = Bosh::online(&server, "1002", "bosh");
    let sid = bosh.wire.sid.clone();
    let ticket = ticket(&server, "administrator");
    drop(Stream::at(&server, &format!("/events?node=/lab/alarms&ticket={ticket}"), ""));

    let mut seen = String::new();
    let mut after = "0".to_owned();
    loop {
        let page = ask(&server, &format!("record?limit=1000&after={after}")).body;
        let next = value(&page, "next").to_owned();
        seen.push_str(&page);
        if page.contains("\"entries\":[]") {
            break;
        }
        after = next;
    }
    for session in entries(&server, "kind=session&contains=opened") {
        for form in ["har", "txt", "json"] {
            seen.push_str(&ask(&server, &format!("record/{}.{form}", value(&session, "session"))).body);
        }
    }
    let code = cookie.split('=').nth(1).expect("it has a value");
    let encoded = [
        STANDARD.encode("\x001001\0geheim-sasl"),
        STANDARD.encode(format!("\x002001\0{access}")),
        STANDARD.encode("1001:geheim-basic"),
        STANDARD.encode("1001:1001"),
        STANDARD.encode("\x001002\x001002"),
    ];
    for secret in [&access, &refresh, &sid, &ticket, code, "geheim-"]
        .into_iter()
        .chain(encoded.iter().map(String::as_str))
    {
        let at = seen.find(secret).unwrap_or_default();
        assert!(
            !seen.contains(secret),
            "{secret}: {}",
            &seen[at.saturating_sub(200)..(at + 200).min(seen.len())]
        );
    }
    // They came in.
    for part in [
        "\"authcid\":\"1001\"",
        "\"authcid\":\"2001\"",
        "(masked)",
        "/desktop/sso/token?",
        "\"status\":401",
        "sid=\\\"…\\\"",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
}
