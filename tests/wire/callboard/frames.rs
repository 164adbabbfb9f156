//! What an administrator sees of other sessions: their list, and their frames as they come and go.

use crate::support::http::{Answer, Http, basic, publish};
use crate::support::server::DEMO;
use crate::support::sse::{Stream, Told, password, ticket};
use crate::support::{Client, Server};

const FRAMES: &str = "/callboard/api/frames";
const ALARMS: &str = "/lab/alarms";

fn get(server: &Server, path: &str, headers: &str) -> Answer {
    Http::connect(server.plain).ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
}

/// The sessions as they are listed, one object after the other.
fn sessions(server: &Server) -> Vec<String> {
    let answer = get(server, "/callboard/api/sessions", &password("administrator"));
    assert_eq!((answer.status(), answer.header("Content-Type")), (200, Some("application/json")));
    let list = answer.body.strip_prefix("{\"sessions\":[").and_then(|body| body.strip_suffix("]}\n"));
    let list = list.unwrap_or_else(|| panic!("{}", answer.body));
    list.split_inclusive('}').map(|one| one.trim_start_matches(',').to_owned()).collect()
}

/// The value of a member, as it is written.
#[track_caller]
fn value<'a>(object: &'a str, name: &str) -> &'a str {
    let start = object.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {object}"));
    let rest = &object[start + name.len() + 3..];
    let end = match rest.strip_prefix('"') {
        Some(text) => {
            let mut escaped = false;
            let end = text.find(|c| {
                let found = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                found
            });
            end.expect("a string ends") + 2
        }
        None => rest.find([',', '}']).expect("an object ends"),
    };
    &rest[..end]
}

/// The next frame: its session, its user, its direction, its text.
#[track_caller]
fn frame(tap: &mut Stream) -> [String; 4] {
    let (name, data) = tap.event();
    assert_eq!(name, "frame", "{data}");
    let time: u128 = value(&data, "time").parse().expect("a number");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_millis();
    assert!(now - time < 60_000, "{time} is in milliseconds, and {now} is now");
    assert!(value(&data, "size").parse::<usize>().is_ok_and(|size| size > 0));
    ["session", "user", "direction", "text"].map(|name| value(&data, name).trim_matches('"').to_owned())
}

#[test]
fn a_login_is_seen_frame_by_frame_and_the_password_is_not() {
    let server = Server::demo();
    let mut tap = Stream::at(&server, &format!("{FRAMES}?ticket={}", ticket(&server, "administrator")), "");
    let mut stream = Stream::open(&server, "1001", &[ALARMS]);
    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe(ALARMS);
    publish(&server, ALARMS, "<a>\"1\"\n</a>");
    client.expect_event("1001@localhost/desktop", ALARMS, "<a>\"1\"\n</a>");
    stream.expect(ALARMS, "<a>\"1\"\n</a>");
    client.leave();
    let mut seen = Vec::new();
    let gone = loop {
        match tap.told() {
            Told::Event(name, _, data) if name == "gone" => break data,
            Told::Event(name, _, data) => {
                assert_eq!(name, "frame");
                let size: usize = value(&data, "size").parse().expect("a number");
                let [session, user, direction, text] =
                    ["session", "user", "direction", "text"].map(|name| value(&data, name).to_owned());
                assert!(size > 0);
                seen.push((session, user, format!("{direction} {text}")));
            }
            other => panic!("{other:?}"),
        }
    };
    let starts = [
        "\"in\" \"<open ",
        "\"out\" \"<open ",
        "\"out\" \"<stream:features ",
        "\"in\" \"<auth xmlns=\\\"urn:ietf:params:xml:ns:xmpp-sasl\\\" mechanism=\\\"PLAIN\\\" authzid=\\\"\\\" authcid=\\\"1001\\\" masked=\\\"true\\\"/>\"",
        "\"out\" \"<success ",
        "\"in\" \"<open ",
        "\"out\" \"<open ",
        "\"out\" \"<stream:features ",
        "\"in\" \"<iq type='set' id='bind' ",
        "\"out\" \"<iq type=\\\"result\\\" ",
        "\"in\" \"<presence ",
        "\"out\" \"<presence ",
        "\"out\" \"<presence ",
        "\"out\" \"<presence ",
        "\"in\" \"<iq ",
        "\"out\" \"<iq ",
        "\"out\" \"<message ",
        "\"in\" \"<close ",
    ];
    for (number, start) in starts.iter().enumerate() {
        assert!(seen[number].2.starts_with(start), "{number}: {:?} is not {start}", seen[number]);
        assert_eq!(seen[number].0, seen[0].0, "there is one session of XMPP");
        let user = if number < 4 { "null" } else { "\"1001\"" };
        assert_eq!(seen[number].1, user, "{number}");
    }
    assert!(seen[16].2.contains("&lt;a&gt;\\\"1\\\"\\n&lt;/a&gt;"), "{}", seen[16].2);
    assert_eq!(
        seen.last().map(|last| last.2.as_str()),
        Some("\"out\" \"<close xmlns=\\\"urn:ietf:params:xml:ns:xmpp-framing\\\" />\"")
    );
    assert_eq!(gone, format!("{{\"session\":{},\"reason\":\"closed by the client\"}}", seen[0].0));
    // What the client has said in its login.
    assert!(!tap.text.contains("ADEwMDEAMTAwMQ"), "{}", tap.text);
}

#[test]
fn one_session_can_be_looked_at_alone() {
    let server = Server::demo();
    let mut one = Client::online(&server, "1001", "desktop");
    let mut other = Client::online(&server, "1002", "desktop");
    let list = sessions(&server);
    let wanted = list.iter().find(|one| value(one, "user") == "\"1001\"").expect("it is listed");
    let id = value(wanted, "id").trim_matches('"');
    let own = password("administrator");
    let mut tap = Stream::at(&server, &format!("{FRAMES}?run=x&session={id}"), &own);
    let mut all = Stream::at(&server, FRAMES, &own);
    other.expect_nothing_more();
    one.expect_nothing_more();
    for user in ["1002", "1002", "1001", "1001"] {
        assert_eq!(frame(&mut all)[1], user);
    }
    for direction in ["in", "out"] {
        let [session, user, way, text] = frame(&mut tap);
        assert_eq!((session.as_str(), user.as_str(), way.as_str()), (id, "1001", direction));
        assert!(text.starts_with("<iq "), "{text}");
    }
    one.vanish();
    assert_eq!(
        tap.event(),
        ("gone".to_owned(), format!("{{\"session\":\"{id}\",\"reason\":\"the connection was cut\"}}"))
    );
    for path in
        [format!("{FRAMES}?session={id}"), format!("{FRAMES}?session=x"), format!("{FRAMES}?session=")]
    {
        let answer = get(&server, &path, &own);
        assert_eq!((answer.status(), answer.body.as_str()), (404, "There is no such session.\n"), "{path}");
    }
}

#[test]
fn the_list_tells_of_every_way() {
    let server = Server::demo();
    let mut fresh = Client::connect(&server);
    fresh.open();
    let _client = Client::online(&server, "1001", "a \"b\"");
    let _stream = Stream::open(&server, "1002", &[ALARMS]);
    let list = sessions(&server);
    let all: Vec<_> = list
        .iter()
        .map(|one| ["transport", "user", "jid", "available"].map(|name| value(one, name)).join(" "))
        .collect();
    let transport = value(&list[0], "transport");
    assert_eq!(
        all,
        [
            format!("{transport} null null false"),
            format!("{transport} \"1001\" \"1001@localhost/a \\\"b\\\"\" true"),
            "\"sse\" \"1002\" null false".to_owned(),
        ]
    );
    for one in &list {
        assert!(value(one, "peer").starts_with("\"127.0.0.1:"), "{one}");
        assert!(value(one, "seconds").parse::<f64>().is_ok_and(|seconds| seconds < 60.0), "{one}");
    }
}

#[test]
fn frames_and_sessions_are_for_administrators() {
    let server = Server::demo();
    for path in [FRAMES, "/callboard/api/sessions"] {
        let answer = get(&server, path, "");
        assert_eq!(answer.status(), 401, "{path}");
        assert!(answer.header("WWW-Authenticate").is_some());
        let wrong = format!("Authorization: {}\r\n", basic("administrator", "wrong"));
        assert_eq!(get(&server, path, &wrong).status(), 401, "{path}");
        let answer = get(&server, path, &password("1001"));
        let sentence = "This is for users with the role Administrator.\n";
        assert_eq!((answer.status(), answer.body.as_str()), (403, sentence), "{path}");
    }
    let agents = ticket(&server, "1001");
    assert_eq!(get(&server, &format!("{FRAMES}?ticket={agents}"), "").status(), 403);
    assert_eq!(get(&server, &format!("{FRAMES}?ticket=x"), &password("administrator")).status(), 401);
    for (path, method, allowed) in [
        (FRAMES, "HEAD", "GET, OPTIONS"),
        (FRAMES, "POST", "GET, OPTIONS"),
        ("/callboard/api/sessions", "DELETE", "GET, HEAD, OPTIONS"),
        ("/callboard/api/ticket", "GET", "POST, OPTIONS"),
    ] {
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", password("administrator"));
        let answer = Http::connect(server.plain).ask_head(request);
        assert_eq!((answer.status(), answer.header("Allow")), (405, Some(allowed)), "{method} {path}");
    }
    assert!(!server.log().contains(" sse "), "nothing was opened: {}", server.log());
}

#[test]
fn without_the_key_in_the_configuration_no_frame_is_shown() {
    let off = DEMO.replacen("frame_tap = true\n", "", 1);
    assert_ne!(off, DEMO);
    for config in [off, DEMO.replacen("frame_tap = true", "frame_tap = false", 1)] {
        let server = Server::serving("localhost", &config);
        let answer = get(&server, FRAMES, &password("administrator"));
        let sentence = "Frames are shown only with frame_tap = true in the configuration.\n";
        assert_eq!((answer.status(), answer.body.as_str()), (403, sentence));
        assert_eq!(get(&server, FRAMES, &password("1001")).status(), 403);
        assert_eq!(get(&server, FRAMES, "").status(), 401);
        assert_eq!(sessions(&server).len(), 0);
    }
}

#[test]
fn four_may_look_at_a_time_and_one_that_does_not_read_goes() {
    let server = Server::with_log("info", "[limits]\nqueue_frames = 512\nclose = \"100ms\"\n");
    let own = password("administrator");
    let mut client = Client::online(&server, "1001", "desktop");
    let mut taps = [(); 4].map(|()| Stream::at(&server, FRAMES, &own));
    let answer = get(&server, FRAMES, &own);
    let sentence = "As many look at frames as may at a time; close another one.\n";
    assert_eq!((answer.status(), answer.body.as_str()), (503, sentence));
    let message = format!(
        "<message to='1001@localhost/desktop' xmlns='jabber:client'><body>{}</body></message>",
        "x".repeat(50_000)
    );
    let mut sent = 0;
    while !server.log().contains("does not read") {
        assert!(sent < 5_000, "500 MB are more than all buffers in between hold");
        client.send(&message);
        assert!(client.text().len() > 50_000);
        for tap in &mut taps[1..] {
            assert_eq!((frame(tap)[2].as_str(), frame(tap)[2].as_str()), ("in", "out"));
        }
        sent += 1;
    }
    server.wait_for_log(&[" sse administrator: closed"]);
    client.expect_nothing_more();
    Stream::at(&server, FRAMES, &own);
}

#[test]
fn over_bosh_each_envelope_is_seen_without_password_and_session_name() {
    let server = Server::demo();
    let mut tap = Stream::at(&server, FRAMES, &password("administrator"));
    let mut http = Http::connect(server.plain);
    let mut post = |body: &str| {
        let length = body.len();
        let request =
            format!("POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}");
        let answer = http.ask(request);
        assert_eq!(answer.status(), 200);
        answer.body
    };
    let head = "xmlns='http://jabber.org/protocol/httpbind' rid=";
    let created = post(&format!(
        "<body {head}'1' to='localhost' ver='1.6' wait='1' hold='1' xml:lang='en' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'/>"
    ));
    let (_, sid) = created.split_once("sid=").expect("the session has a name");
    let sid = sid[1..].split(['"', '\'']).next().expect("it ends").to_owned();
    assert!(sessions(&server)[1].contains("\"transport\":\"bosh\""), "{:?}", sessions(&server));
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>";
    let success = post(&format!("<body {head}'2' sid='{sid}'>{auth}</body>"));
    assert!(success.contains("<success "), "{success}");
    let gone = post(&format!("<body {head}'3' sid='{sid}' type='terminate'/>"));
    assert!(gone.contains("terminate"), "{gone}");
    let mut seen = Vec::new();
    let end = loop {
        let (name, data) = tap.event();
        if name == "gone" {
            break data;
        }
        seen.push(format!("{} {} {}", value(&data, "user"), value(&data, "direction"), value(&data, "text")));
    };
    let starts = [
        "null \"in\" \"<body xmlns=",
        "null \"out\" \"<body ",
        "null \"in\" \"<body xmlns='http://jabber.org/protocol/httpbind' rid='2' sid='…'><auth xmlns=\\\"urn:ietf:params:xml:ns:xmpp-sasl\\\" mechanism=\\\"PLAIN\\\" authzid=\\\"\\\" authcid=\\\"1001\\\" masked=\\\"true\\\"/></body>\"",
        "\"1001\" \"out\" \"<body ",
        "\"1001\" \"in\" \"<body xmlns=",
        "\"1001\" \"out\" \"<body ",
    ];
    assert_eq!(seen.len(), starts.len(), "{seen:?}");
    for (seen, start) in seen.iter().zip(starts) {
        assert!(seen.starts_with(start), "{seen} is not {start}");
    }
    assert!(seen[3].contains("<success ") && end.contains("closed by the client"), "{seen:?} {end}");
    assert!(!tap.text.contains(&sid) && !tap.text.contains("ADEwMDEAMTAwMQ"), "{}", tap.text);
}
