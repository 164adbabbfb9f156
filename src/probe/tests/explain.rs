use crate::probe::{Step, Symptom, Verdict, explain};

/// A HAR as Chromium writes it, of a login with a wrong password.
const HAR: &str = r#"{"log":{"entries":[
  {"request":{"url":"https://host/finesse/api/SystemInfo","headers":[]},"response":{"status":200,"headers":[]}},
  {"request":{"url":"wss://host/ws/","headers":[{"name":"Sec-WebSocket-Protocol","value":"xmpp"}]},
   "response":{"status":101,"headers":[{"name":"sec-websocket-protocol","value":"xmpp"}]},
   "_webSocketMessages":[
    {"type":"send","time":100.0,"opcode":1,"data":"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='host' version='1.0'/>"},
    {"type":"receive","time":100.1,"opcode":1,"data":"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='host' id='1' version='1.0'/>"},
    {"type":"receive","time":100.2,"opcode":1,"data":"<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"},
    {"type":"send","time":100.3,"opcode":1,"data":"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>"},
    {"type":"receive","time":100.4,"opcode":1,"data":"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"}]}]}}"#;

#[test]
fn a_har_of_a_browser_is_explained() {
    let explained = explain(HAR).expect("a HAR");
    let [only] = &explained[..] else { panic!("{explained:?}") };
    assert_eq!(only.name, "wss://host/ws/");
    assert!(only.end_is_unknown, "a HAR has no close frame");
    assert_eq!(only.outcomes.of(Step::Upgrade).verdict, Verdict::Passed);
    let failed = only.outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
    assert_eq!(failed, Some((Step::Auth, Some(Symptom::NotAuthorized))));
}

#[test]
fn what_is_explained_has_no_password() {
    let explained = explain(HAR).expect("a HAR");
    let auth = explained[0].frames.iter().find(|frame| frame.text.contains("auth")).expect("it is there");
    assert!(!auth.text.contains("AGEAYg=="), "{}", auth.text);
}

#[test]
fn the_key_of_a_bosh_session_is_in_no_frame() {
    let har = r#"{"log":{"entries":[{"startedDateTime":"2026-11-30T10:00:00Z","time":5,
        "request":{"url":"https://host/http-bind/","postData":{"text":"<body xmlns='http://jabber.org/protocol/httpbind' rid='2' sid='k3y'/>"}},
        "response":{"status":200,"content":{"text":"<body sid=\"k3y\" xmlns='http://jabber.org/protocol/httpbind'/>"}}}]}}"#;
    let explained = explain(har).expect("BOSH");
    assert_eq!(explained[0].frames.len(), 2);
    for frame in &explained[0].frames {
        assert!(frame.text.contains("(masked)") && !frame.text.contains("k3y"), "{}", frame.text);
    }
}

#[test]
fn other_peoples_connections_and_wild_times_do_no_harm() {
    let other = HAR
        .replace("\"value\":\"xmpp\"", "\"value\":\"v10.stomp\"")
        .replace("\"data\":\"<", "\"data\":\"CONNECT ");
    assert!(explain(&other).expect_err("there is no XMPP").contains("no frame of XMPP"));
    let bosh = r#"{"log":{"entries":[{"startedDateTime":"2026-11-30T10:00:00Z","time":1.8446744073709550e22,
        "request":{"url":"https://host/http-bind/","postData":{"text":"<body rid='1' to='host'/>"}},
        "response":{"status":503,"content":{"text":"<html>"}}}]}}"#;
    let explained = explain(bosh).expect("BOSH");
    assert_eq!(explained[0].outcomes.of(Step::Upgrade).symptom, Some(Symptom::ServiceDown));
    assert!(explain(&bosh.replace("503", "200")).is_ok());
}

#[test]
fn a_proxy_that_refuses_the_upgrade_is_seen_in_a_har() {
    let har = HAR.replace("101", "503").replace("_webSocketMessages", "_none");
    let explained = explain(&har).expect("a HAR");
    assert_eq!(explained[0].outcomes.of(Step::Upgrade).symptom, Some(Symptom::ServiceDown));
}

/// The HAR of a WebSocket without a request, and one of BOSH, with an error of Chromium.
fn failed(words: &str) -> [String; 2] {
    let web_socket = format!(
        r#"{{"log":{{"entries":[{{"_resourceType":"websocket","request":{{"method":"GET","url":"ws://host/ws/","headers":[]}},
        "response":{{"status":0,"headers":[]}},"_webSocketMessages":[{{"type":"error","time":1.0,"opcode":-1,"data":"{words}"}}]}}]}}}}"#
    );
    let bosh = format!(
        r#"{{"log":{{"entries":[{{"startedDateTime":"2026-11-30T10:00:00Z","time":5,"request":{{"method":"POST","url":"http://host/http-bind/",
        "headers":[],"postData":{{"text":"<body rid='1' to='host'/>"}}}},"response":{{"status":0,"headers":[],"_error":"{words}"}}}}]}}}}"#
    );
    [web_socket, bosh]
}

#[test]
fn the_words_of_chromium_name_the_step_that_failed() {
    for (words, step, symptom) in [
        ("Error in connection establishment: net::ERR_NAME_NOT_RESOLVED", Step::Dns, Symptom::NameUnknown),
        ("Error in connection establishment: net::ERR_CONNECTION_REFUSED", Step::Tcp, Symptom::Refused),
        ("net::ERR_ADDRESS_UNREACHABLE", Step::Tcp, Symptom::Unreachable),
        ("net::ERR_CERT_DATE_INVALID", Step::Tls, Symptom::Expired),
        ("net::ERR_CERT_WEAK_KEY", Step::Tls, Symptom::CertificateRefused),
        ("net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH", Step::Tls, Symptom::NoTls),
        ("net::ERR_SSL_CLIENT_AUTH_CERT_NEEDED", Step::Upgrade, Symptom::Forbidden),
        ("net::ERR_EMPTY_RESPONSE", Step::Upgrade, Symptom::BadHandshake),
    ] {
        for har in failed(words) {
            let explained = explain(&har).expect("a HAR");
            let failed = explained[0].outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
            assert_eq!(failed, Some((step, Some(symptom))), "{har}");
        }
    }
    let [web_socket, _] = failed("Error during WebSocket handshake: Unexpected response code: 503");
    let explained = explain(&web_socket).expect("a HAR");
    assert_eq!(explained[0].outcomes.of(Step::Upgrade).symptom, Some(Symptom::ServiceDown));
    // After frames it is the end of the stream, and what a page gave up is none.
    let over = HAR.replace(
        r#"{"type":"receive","time":100.4,"opcode":1,"data":"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"}"#,
        r#"{"type":"error","time":100.4,"opcode":-1,"data":"net::ERR_CONNECTION_RESET"}"#,
    );
    let explained = explain(&over).expect("a HAR");
    assert_eq!(explained[0].outcomes.of(Step::Auth).symptom, Some(Symptom::Broken));
    assert!(!explained[0].end_is_unknown);
    let [_, bosh] = failed("net::ERR_ABORTED");
    assert_eq!(explain(&bosh).expect("a HAR")[0].outcomes.of(Step::Open).symptom, Some(Symptom::Silent));
}

#[test]
fn times_in_milliseconds_are_read_and_missing_messages_are_told() {
    let late = HAR.replace("\"time\":100.", "\"time\":179606438172");
    let explained = explain(&late).expect("a HAR");
    let auth = explained[0].outcomes.of(Step::Auth);
    assert!(auth.took.is_some_and(|took| took < std::time::Duration::from_millis(10)), "{auth:?}");
    let none = HAR.replace("_webSocketMessages", "_none");
    let explained = explain(&none).expect("a HAR");
    assert_eq!(explained[0].outcomes.of(Step::Open).symptom, Some(Symptom::NoMessages));
    assert_eq!(explained[0].outcomes.worst(), Verdict::Warned);
}

#[test]
fn files_of_callboard_are_read_session_by_session() {
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='host' version='1.0'/>";
    let error = "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    let page = format!(
        r#"{{"what":"callboard frames","frames":[
        {{"direction":"out","time":"2026-11-30T10:00:00.000Z","session":"0.1","text":"{open}"}},
        {{"direction":"in","time":"2026-11-30T10:00:00.010Z","session":"0.1","text":"{error}"}},
        {{"direction":"out","time":"2026-11-30T10:00:00.020Z","session":"0.2","text":"{open}"}}]}}"#
    );
    let record = format!(
        r#"{{"entries":[{{"seq":1,"kind":"session","session":"0.1"}},
        {{"seq":2,"kind":"frame-in","time":1000.0,"session":"0.1","text":"{open}"}},
        {{"seq":3,"kind":"frame-out","time":1010.0,"session":"0.1","text":"{error}"}}]}}"#
    );
    let probe = format!(
        r#"{{"frames":[{{"ms":1.0,"from":"client","text":"{open}"}},{{"ms":2.0,"from":"server","text":"{error}"}}]}}"#
    );
    for (file, sessions) in [(page, 2), (record, 1), (probe, 1)] {
        let explained = explain(&file).expect("a file of callboard");
        assert_eq!(explained.len(), sessions, "{file}");
        assert_eq!(explained[0].outcomes.of(Step::Open).symptom, Some(Symptom::HostUnknown), "{file}");
    }
}

#[test]
fn what_is_no_recording_is_answered_with_a_sentence() {
    for (file, sentence) in [
        ("", "it is no recording"),
        ("{\n\"log\":", "line 2, column 6: not JSON"),
        ("{}", "neither a HAR nor a file of callboard"),
        (r#"{"log":{"entries":[]}}"#, "no frame of XMPP"),
        (r#"{"frames":[1,null,{"text":2}]}"#, "no frame of XMPP"),
    ] {
        let error = explain(file).expect_err(file);
        assert!(error.contains(sentence), "{file}: {error}");
    }
}

#[test]
fn what_was_said_is_in_the_order_of_the_file_though_a_clock_was_set_back() {
    let entries = [
        ("frame-in", 9000, "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='host' version='1.0'/>"),
        ("frame-out", 1000, "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='host' version='1.0'/>"),
        (
            "frame-out",
            1100,
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
        ),
    ];
    let entries = entries.map(|(kind, time, text)| {
        format!(r#"{{"kind":"{kind}","time":{time},"session":"0.1","text":"{text}"}}"#)
    });
    let explained = explain(&format!(r#"{{"entries":[{}]}}"#, entries.join(","))).expect("a recording");
    let outcomes = &explained[0].outcomes;
    assert_eq!(
        (outcomes.of(Step::Open).verdict, outcomes.worst()),
        (Verdict::Passed, Verdict::Passed),
        "{outcomes:?}"
    );
    let took = |step| outcomes.of(step).took.map(|took| took.as_millis());
    assert_eq!((took(Step::Open), took(Step::Features)), (Some(0), Some(100)));
}

#[test]
fn a_body_that_is_no_xml_shows_no_key_and_no_password() {
    let har = r#"{"log":{"entries":[{"startedDateTime":"2026-11-30T10:00:00Z","time":5,
        "request":{"url":"https://host/http-bind/?token=s3cret","postData":{"text":"<body rid='2' sid='k3y'><auth>AGEAYg==</auth>"}},
        "response":{"status":200,"content":{"text":"<body sid='k3y' xmlns='http://jabber.org/protocol/httpbind'><a></body>"}}}]}}"#;
    let explained = explain(har).expect("BOSH");
    let text = format!("{explained:?}");
    assert!(
        explained[0].outcomes.iter().any(|(_, outcome)| outcome.symptom == Some(Symptom::NotWellFormed)),
        "{text}"
    );
    for secret in ["k3y", "AGEAYg", "s3cret"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[test]
fn a_file_of_few_bytes_and_many_values_is_refused_before_it_takes_the_memory() {
    for value in [r#"{"":0},"#, "[],"] {
        let file = format!("[{}0]", value.repeat((512 << 20) / 128));
        let refused = explain(&file).expect_err("more than there may be");
        assert!(refused.starts_with("it has more values than 512 MiB of memory can hold"), "{refused}");
    }
    // Brackets and commas in a string begin no value.
    let text = format!(r#"{{"x":"\"{}"}}"#, "[{,".repeat(1 << 20));
    assert_eq!(
        explain(&text).err().as_deref(),
        Some("it is JSON, but neither a HAR nor a file of callboard")
    );
}
