use crate::probe::{Step, Symptom, Verdict, explain};

/// A text as the page saves it: with steps, the upgrade, a request of the REST API, and a payload that it has decoded.
const PAGE: &str = "callboard: a session on the wire

saved     2026-11-30T10:00:10.000Z
version   0.1.0
url       wss://localhost:8445/ws/

Steps
  done          1.0 ms  Upgrade

Frames · the oldest 3 were dropped · the filter hid 2

4  2026-11-30T10:00:00.000Z  >>  80 B  open localhost [0.1 1001]
<open xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" to=\"localhost\" version=\"1.0\"/>

5  2026-11-30T10:00:00.010Z  <<  90 B  opened [0.1 1001]
<open xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" from=\"localhost\" id=\"1\" version=\"1.0\"/>

6  2026-11-30T10:00:00.011Z  <<  120 B  features [0.1 1001] ⚡ f
<stream:features xmlns:stream=\"http://etherx.jabber.org/streams\">
  <mechanisms xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">
    <mechanism>SCRAM-SHA-1</mechanism>
  </mechanisms>
</stream:features>
    | <Update>
    |   <data/>
    | </Update>

7  2026-11-30T10:00:00.020Z  >>  10 B  HTTP PUT /finesse/api/User/1001 [1001]
<User><state>READY</state></User>

8  2026-11-30T10:00:00.030Z  <<  9000 B  event [0.2 1002]
<message xmlns=\"jabber:client\"><event xmlns=\"http://jabber.org/pr
";

/// A text of the record.
const RECORD: &str = "callboard 0.1.0, profile uccx, release 12.5, domain localhost
session 0.1 of 1001@localhost/desktop over ws from 127.0.0.1
2026-11-30T10:00:00Z is 0.000; then the time since the line before; --> from the client, <-- to it

    0.000    +0.000   * session begin
    0.001    +0.001 -->
                    <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>
    0.002    +0.001 --> GET /finesse/api/SystemInfo
    0.002    +0.001 <-- 200 for GET /finesse/api/SystemInfo
                    <SystemInfo>
                      <status>IN_SERVICE</status>
                    </SystemInfo>
    0.003    +0.001 <-- event of /finesse/api/User/1001, item 7
                    <message><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/finesse/api/User/1001'><item id='7'><notification xmlns='http://jabber.org/protocol/pubsub'>
                      <?xml version='1.0'?>
                      <Update>
                        <data/>
                      </Update>
                    </notification></item></items></event></message>
    0.004    +0.001 <--, fault f
                    <stream:error xmlns:stream='http://etherx.jabber.org/streams'><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
    0.005    +0.001 <--
                    <message><body>and so on
                    (100000 bytes in all)
    0.006    +0.001 -->
                    <starttls masked='true'/>
                    (51 bytes in all)
";

#[test]
fn a_text_of_the_page_is_read_with_what_it_leaves_out() {
    for page in [
        PAGE.to_owned(),
        PAGE.replace("callboard: a session on the wire", "callboard：一個工作階段的線路紀錄").replace(
            "Frames · the oldest 3 were dropped · the filter hid 2",
            "訊框 · 已捨棄最舊的 3 個 · 篩選條件隱藏了 2 個",
        ),
    ] {
        let explained = explain(&page).expect("a text of the page");
        let [only] = &explained[..] else { panic!("{explained:?}") };
        assert_eq!((&*only.name, only.left_out, only.frames.len()), ("0.1", 5, 3), "{only:?}");
        assert_eq!(only.outcomes.of(Step::Features).symptom, Some(Symptom::NoPlain));
        assert_eq!(only.outcomes.of(Step::Open).took.map(|took| took.as_millis()), Some(10));
    }
}

#[test]
fn a_text_of_the_record_is_read_without_its_requests_and_what_was_cut() {
    let explained = explain(RECORD).expect("a text of the record");
    let [only] = &explained[..] else { panic!("{explained:?}") };
    assert_eq!((&*only.name, only.frames.len()), ("0.1", 4), "{only:?}");
    assert_eq!(
        only.frames[3].text, "<starttls masked='true'/>",
        "what is shorter without its secret is whole"
    );
    assert_eq!(only.outcomes.of(Step::Open).symptom, Some(Symptom::HostUnknown), "{only:?}");
    assert_eq!(
        only.outcomes.of(Step::Event).verdict,
        Verdict::Passed,
        "a declaration in a payload is no harm"
    );
}

#[test]
fn a_report_of_the_probe_is_read_again() {
    let report = "wss://host:8445/ws/
ok dns               0.3 ms  address: 127.0.0.1
!! tls               4.8 ms  version: TLSv1_3
ok open              0.9 ms
NO auth              2.0 ms  condition: not-authorized
.. restart

A warning at this step: tls (certificate-self-signed)
  The certificate of the server has signed itself.
Failed at this step: auth (not-authorized)
  The server refused the user or the password.
  Why: x

ws://other/ws/
ok dns               0.3 ms

Every step passed.
";
    for report in [report.to_owned(), report.replace("Failed at this step:", "失敗步驟：")] {
        let explained = explain(&report).expect("a report");
        let [first, second] = &explained[..] else { panic!("{explained:?}") };
        assert_eq!((&*first.name, &*second.name), ("wss://host:8445/ws/", "ws://other/ws/"));
        let failed = first.outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
        assert_eq!(failed, Some((Step::Auth, Some(Symptom::NotAuthorized))));
        assert_eq!(first.outcomes.of(Step::Tls).symptom, Some(Symptom::SelfSigned));
        assert_eq!(first.outcomes.of(Step::Tls).verdict, Verdict::Warned);
        assert_eq!(second.outcomes.worst(), Verdict::Passed);
    }
}

#[test]
fn other_texts_are_no_recordings() {
    for text in [
        "",
        "\n\n",
        "hello",
        "callboard: nothing",
        "callboard 1, profile x",
        "ok is not a step",
        "訊框 1\n訊框",
    ] {
        assert!(explain(text).is_err_and(|error| error.contains("it is no recording")), "{text}");
    }
}

#[test]
fn what_a_file_in_json_leaves_out_is_told() {
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='host' version='1.0'/>";
    let frames = format!(
        r#"{{"framesDropped":7,"framesHidden":2,"frames":[{{"ms":1,"from":"client","text":"{open}"}}]}}"#
    );
    let har = format!(
        r#"{{"log":{{"_about":{{"framesDropped":9}},"entries":[{{"request":{{"url":"ws://h/ws/"}},"response":{{"status":101}},"_webSocketMessages":[{{"type":"send","time":1,"data":"{open}"}}]}}]}}}}"#
    );
    for file in [frames, har] {
        assert_eq!(explain(&file).expect("a recording")[0].left_out, 9, "{file}");
    }
}

#[test]
fn a_text_that_repeats_itself_is_read_at_once() {
    let declared = PAGE.replace("<open xmlns", &format!("{}<open xmlns", "<?xml?>".repeat(1 << 17)));
    assert_eq!(explain(&declared).expect("a text of the page")[0].frames.len(), 3);
    let report = "ok tls\n".repeat(1 << 17) + &"at tls (no-tls)\n".repeat(1 << 17);
    assert_eq!(explain(&report).expect("a report").len(), 1);
}
