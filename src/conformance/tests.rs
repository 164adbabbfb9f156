//! Scores of clients, as dialogues: a line has the time in seconds, the session (`a` is the one that is judged), and what happens.

use std::time::{Duration, SystemTime};

use crate::conformance::report::{self, Form};
use crate::conformance::{Client, RULES, Verdict, fault_name};
use crate::diagnosis::{Language, Symptom};
use crate::fault::Spec;
use crate::id::SessionId;
use crate::pubsub::event::head;
use crate::record::{Entry, Key, Kind, Record, TEXT_MAX, Wire};
use crate::transport::Transport;
use crate::xmpp::ns;

const LOGIN: &str = r#"
0 a opened
0 a > <open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>
0 a > <auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN" authcid="1001" masked="true"/>
0 a login
0 a > <open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>
"#;
const BIND: &str = r#"
0 a > <iq type="set" id="b" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>mine</resource></bind></iq>
0 a bound 1001@localhost/mine
"#;
const PRESENCE: &str = "\n0 a > <presence xmlns='jabber:client'/>\n";

/// A session that does all well for 12 seconds.
fn good() -> String {
    [LOGIN, BIND, PRESENCE, &subscribe(0, 'a', "/n", "1001@localhost/mine"), &ping(2), &ping(12)].concat()
}

fn ping(time: u32) -> String {
    format!(
        "\n{time} a > <iq type='get' id='p{time}' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>\n"
    )
}

fn pong(time: u32, ping: u32) -> String {
    format!("\n{time} a < <iq type='result' id='p{ping}' xmlns='jabber:client'/>\n")
}

fn subscribe(time: u32, session: char, node: &str, jid: &str) -> String {
    format!(
        "\n{time} {session} > <iq type='set' id='s' xmlns='jabber:client'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='{node}' jid='{jid}'/></pubsub></iq>\n"
    )
}

fn id(session: &str) -> SessionId {
    format!("{}.1", u32::from(session.as_bytes()[0] - b'a')).parse().expect("a good id")
}

fn time(seconds: &str) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs_f64(1000.0 + seconds.parse::<f64>().expect("a time"))
}

fn told(script: &str, transport: &str) -> Record {
    let mut record = Record::new(10_000, Wire { head: head("pubsub.localhost"), notification: ns::PUSH });
    let mut last_frame = 0;
    for line in script.lines().filter(|line| !line.is_empty()) {
        let [seconds, session, what] =
            line.splitn(3, ' ').collect::<Vec<_>>().try_into().expect("a line has three parts");
        let (what, rest) = what.split_once(' ').unwrap_or((what, ""));
        let entry = |kind| Entry { session: Some(id(session)), ..Entry::new(time(seconds), kind) };
        let of_user = |kind| entry(kind).with(Key::User, "1001").with(Key::Peer, "192.0.2.1:5000");
        match what {
            ">" => last_frame = record.add(entry(Kind::FrameIn).with_text(rest)),
            "<" => drop(record.add(entry(Kind::FrameOut).with_text(rest))),
            "opened" | "bound" | "ended" => {
                let entry = of_user(Kind::Session).with(Key::What, what).with(Key::Transport, transport);
                record.add(if what == "bound" { entry.with(Key::Jid, rest) } else { entry });
            }
            "login" => drop(record.add(of_user(Kind::Login).with(Key::What, "accepted"))),
            "acts" => {
                let entry = entry(Kind::Fault).with(Key::What, what).with(Key::Fault, rest);
                record.add(Entry { of: last_frame, ..entry });
            }
            "GET" => {
                let entry = Entry { session: None, ..of_user(Kind::Request) };
                record.add(entry.with(Key::Method, what).with(Key::Path, rest));
            }
            _ => panic!("{line}"),
        }
    }
    record
}

/// The verdict on a rule at a time, and the text of the entry that shows it.
#[track_caller]
fn judged_over(
    transport: &str,
    script: &str,
    rule: &str,
    now: u32,
) -> (Verdict, String, Option<&'static str>) {
    let record = told(script, transport);
    let client = Client::of(&record, id("a"), "localhost", time(&now.to_string())).expect("it is recorded");
    let rule = RULES.iter().find(|known| known.name == rule).expect("there is such a rule");
    let found = rule.judge(&client);
    let shown = |entry: &Entry| {
        let text = entry.text.shown(record.wire()).into_owned();
        if text.is_empty() { entry.get(Key::What).unwrap_or_default().to_owned() } else { text }
    };
    (found.verdict, found.entry.map(shown).unwrap_or_default(), found.symptom)
}

#[track_caller]
fn judge(script: &str, rule: &str, now: u32) -> Verdict {
    judged_over("wss", script, rule, now).0
}

/// The rule is broken, and the entry that shows it has this in it.
#[track_caller]
fn broken(script: &str, rule: &str, now: u32, shown: &str) {
    let (verdict, entry, _) = judged_over("wss", script, rule, now);
    assert_eq!(verdict, Verdict::Failed, "{rule}: {script}");
    assert!(entry.contains(shown), "{rule} shows {entry}, not {shown}");
}

fn armed(rule: &str) -> String {
    let rule = RULES.iter().find(|known| known.name == rule).expect("there is such a rule");
    fault_name(rule, id("a"), 0)
}

use Verdict::{Failed, NotSeen, Passed};

#[test]
fn a_good_client_keeps_every_rule_that_nothing_has_to_provoke() {
    for rule in RULES {
        let expected = if rule.faults.is_empty() { Passed } else { NotSeen };
        assert_eq!(judge(&good(), rule.name, 20), expected, "{}", rule.name);
    }
}

#[test]
fn at_the_beginning_nothing_is_known() {
    for rule in RULES {
        let opened = "0 a bound 1001@localhost/mine";
        assert_eq!(judge(opened, rule.name, 20), NotSeen, "{}", rule.name);
    }
}

#[test]
fn a_rule_that_is_broken_shows_the_frame() {
    let other = |from: &str, to: &str| good().replace(from, to);
    for (rule, script, shown) in [
        ("one-element", good() + "13 a > <presence/><presence/>", "<presence/><presence/>"),
        ("one-element", good() + "13 a >  ", ""),
        // The record shows frames before the login in part.
        (
            "one-element",
            good()
                + "13 a > <open masked='true'/>\n13 a < <stream:error xmlns:stream='http://etherx.jabber.org/streams'><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
            "<open masked",
        ),
        (
            "one-element",
            other("<auth", "<?xml version='1.0'?><stream:stream>\n0 a > <auth"),
            "<stream:stream>",
        ),
        (
            "one-element",
            good() + "13 a > <s:stream xmlns:s='http://etherx.jabber.org/streams'/>",
            "<s:stream",
        ),
        ("domain", other("to=\"localhost\"", "to=\"example.com\""), "example.com"),
        ("domain", other("to=\"localhost\" ", ""), "<open"),
        ("resource", other("<resource>mine", "<resource>desktop"), "desktop"),
        (
            "priority",
            good() + "13 a > <presence xmlns='jabber:client'><priority>-1</priority></presence>",
            "-1",
        ),
        ("subscriptions", other("jid='1001@localhost/mine'", "jid='1001@localhost'"), "jid='1001@localhost'"),
        ("subscriptions", other("jid='1001@localhost/mine'", "jid='1002@localhost/mine'"), "1002@"),
    ] {
        broken(&script, rule, 20, shown);
        for kept in RULES.iter().filter(|kept| kept.faults.is_empty() && kept.name != rule) {
            assert_eq!(judge(&script, kept.name, 20), Passed, "{} in {script}", kept.name);
        }
    }
}

#[test]
fn a_resource_of_the_servers_choice_and_a_domain_in_upper_case_are_right() {
    let script =
        good().replace("<resource>mine</resource>", "").replace("to=\"localhost\"", "to=\"LOCALHOST\"");
    assert_eq!(judge(&script, "resource", 20), Passed);
    assert_eq!(judge(&script, "domain", 20), Passed);
    // Neither a presence for somebody nor the end of one is a priority.
    let others = "1 a > <presence to='x@y'><priority>-1</priority></presence>\n1 a > <presence type='unavailable'><priority>-1</priority></presence>";
    assert_eq!(judge(&(good() + others), "priority", 20), Passed);
}

#[test]
fn a_client_without_presence_or_pings_is_told_after_a_while() {
    let silent = [LOGIN, BIND].concat();
    assert_eq!(judge(&silent, "priority", 20), NotSeen);
    let (verdict, entry, symptom) = judged_over("wss", &silent, "priority", 21);
    assert_eq!((verdict, &*entry, symptom), (Failed, "bound", Some("score-presence")));
    assert_eq!(judge(&(silent.clone() + "1 a ended"), "priority", 2), Failed);
    assert_eq!(judge(&silent, "pings", 25), NotSeen);
    broken(&silent, "pings", 26, "bound");
    assert_eq!(judge(&(silent.clone() + "20 a ended"), "pings", 99), NotSeen);
    assert_eq!(judge(&(silent.clone() + &ping(10)), "pings", 20), NotSeen, "one is none");
    let late = silent.clone() + &ping(10) + &ping(36) + &ping(40);
    broken(&late, "pings", 41, "p10");
    broken(&(silent + &ping(10) + &ping(20)), "pings", 46, "p20");
    assert_eq!(judge(&(good() + "13 a ended"), "pings", 999), Passed, "nobody pings after the end");
}

#[test]
fn over_bosh_messages_are_bodies() {
    let body = "<body xmlns='http://jabber.org/protocol/httpbind'";
    let script = format!(
        "0 a opened\n0 a > {body} to='localhost' rid='1'/>\n0 a bound 1001@localhost/desktop\n0 a > {body} rid='2'><iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq><presence xmlns='jabber:client'/></body>\n1 a > <body"
    );
    let verdict = |rule| judged_over("bosh", &script, rule, 2).0;
    let rules = ["one-element", "domain", "resource", "priority"];
    assert_eq!(rules.map(verdict), [NotSeen, Passed, Failed, Passed]);
}

#[test]
fn over_tcp_the_domain_is_in_the_header_and_the_end_is_a_tag() {
    let header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
    let script = format!("0 a opened\n0 a > {header}\n0 a bound 1001@localhost/mine\n0 a > <presence/>\n");
    let verdict = |script: &str, rule| judged_over("tcp", script, rule, 2).0;
    let rules = ["one-element", "domain", "priority"];
    assert_eq!(rules.map(|rule| verdict(&script, rule)), [NotSeen, Passed, Passed]);
    assert_eq!(verdict(&script.replace("to='localhost'", "to='x'"), "domain"), Failed);
    assert_eq!(verdict(&script.replace("to='localhost'", ""), "domain"), Failed);
    let met = script + &ping(1) + "1 a acts " + &armed("error") + "\n2 a > </stream:stream>\n";
    assert_eq!(judged_over("tcp", &met, "error", 9).1, "</stream:stream>");
}

#[test]
fn a_client_that_goes_on_after_an_error_has_taken_it_for_a_sign_of_life() {
    let met = good() + "12 a acts " + &armed("error") + "\n";
    assert_eq!(judge(&met, "error", 30), NotSeen);
    assert_eq!(judge(&(met.clone() + &ping(13)), "error", 30), NotSeen, "it may still give up");
    assert_eq!(judge(&(met.clone() + &ping(13) + &ping(22)), "error", 30), Passed);
    let closes =
        met.clone() + &ping(12) + "13 a > <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>\n13 a ended";
    let (verdict, entry, symptom) = judged_over("wss", &closes, "error", 30);
    assert_eq!((verdict, symptom), (Failed, Some("ping-error")));
    assert!(entry.starts_with("<close"), "{entry}");
    broken(&(met.clone() + "13 a ended"), "error", 30, "ended");
    assert_eq!(judge(&(met + "13 a acts other\n13 a ended"), "error", 30), NotSeen, "somebody else ended it");
    let of_another = good()
        + &subscribe(12, 'a', "/m", "1001@localhost/mine")
        + "12 a acts "
        + &armed("error")
        + "\n13 a ended";
    assert_eq!(judged_over("wss", &of_another, "error", 30).2, None);
}

#[test]
fn a_late_ping_is_survived_by_who_goes_on_after_the_answer() {
    let met = good() + "12 a acts " + &armed("late-ping") + "\n" + &ping(22);
    assert_eq!(judge(&met, "late-ping", 23), NotSeen, "the answer has not come");
    broken(&(met.clone() + "23 a ended"), "late-ping", 24, "ended");
    let answered = met + &pong(22, 22) + &pong(24, 12);
    assert_eq!(judge(&answered, "late-ping", 25), NotSeen);
    assert_eq!(judge(&(answered.clone() + &ping(32)), "late-ping", 33), Passed);
    let waited = good() + "12 a acts " + &armed("late-ping") + "\n" + &pong(24, 12) + &ping(44) + &ping(54);
    assert_eq!(judge(&waited, "pings", 55), Passed, "what the fault has kept is no silence of the client");
    broken(
        &(answered + "24 a > <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>\n24 a ended"),
        "late-ping",
        25,
        "<close",
    );
}

#[test]
fn after_a_restart_a_client_comes_back_as_it_was() {
    let met = good() + "13 a acts " + &armed("restart") + "\n13 a ended\n";
    assert_eq!(judge(&met, "restart", 73), NotSeen);
    broken(&met, "restart", 74, "acts");
    let back = met.clone() + "20 b login\n20 b bound 1001@localhost/mine\n";
    broken(&back, "restart", 74, "bound");
    let there = back.clone() + "20 b > <presence xmlns='jabber:client'/>\n";
    broken(&there, "restart", 74, "bound");
    let again = there.clone() + &subscribe(20, 'b', "/n", "1001@localhost/mine");
    assert_eq!(judge(&again, "restart", 21), Passed);
    let unnoticed = again.replace("13 a ended\n", "") + "30 a ended\n";
    assert_eq!(judge(&unnoticed, "restart", 31), Passed, "the end of the old session is noticed late");
    let other = there + &subscribe(20, 'b', "/m", "1001@localhost/mine");
    assert_eq!(judge(&other, "restart", 21), NotSeen, "another node");
    let hasty = "14 b login\n14.3 b login\n14.6 b login\n14.9 b login\n";
    let storm = met.clone() + hasty + &again[met.len()..];
    broken(&storm, "restart", 21, "accepted");
    let patient = met.clone() + &hasty.replace("14.9", "15") + &again[met.len()..];
    assert_eq!(judge(&patient, "restart", 21), Passed);
    // Another machine of the same user is another client.
    let elsewhere = met
        + "20 c bound 1001@localhost/mine\n20 c > <presence xmlns='jabber:client'/>\n"
        + &subscribe(20, 'c', "/n", "1001@localhost/mine");
    let record = {
        let mut record = told(&elsewhere, "wss");
        for seq in 1..=record.last() {
            if record.get(seq).is_some_and(|entry| entry.session == Some(id("c"))) {
                record.change(seq, |entry| entry.set(Key::Peer, "192.0.2.2:5000"));
            }
        }
        record
    };
    let client = Client::of(&record, id("a"), "localhost", time("21")).expect("it is recorded");
    let restart = RULES.iter().find(|rule| rule.name == "restart").expect("there is such a rule");
    assert_eq!(restart.judge(&client).verdict, NotSeen);
}

#[test]
fn after_a_conflict_a_client_stays_away_or_takes_another_resource() {
    let met = good() + "13 a acts " + &armed("conflict") + "\n13 a ended\n";
    assert_eq!(judge(&met, "conflict", 43), NotSeen);
    assert_eq!(judge(&met, "conflict", 44), Passed);
    broken(&(met.clone() + "14 b bound 1001@localhost/mine\n"), "conflict", 99, "bound");
    assert_eq!(judge(&(met.clone() + "14 b bound 1001@localhost/other\n"), "conflict", 15), Passed);
    assert_eq!(
        judge(&(met + "50 b bound 1001@localhost/mine\n"), "conflict", 99),
        Passed,
        "its user came back"
    );
}

#[test]
fn who_lost_events_reads_the_state_after_coming_back() {
    let met = good() + "13 a acts " + &armed("lost-events") + "\n13 a ended\n";
    let early = met.clone() + "14 b GET /finesse/api/User/1001\n";
    let back = early.clone() + "20 b bound 1001@localhost/mine\n";
    let info = back.clone() + "21 b GET /finesse/api/SystemInfo\n";
    assert_eq!(judge(&info, "lost-events", 30), NotSeen);
    broken(&early, "lost-events", 74, "acts");
    broken(&info, "lost-events", 74, "bound");
    assert_eq!(judge(&(info + "22 b GET /finesse/api/User/1001/Dialogs\n"), "lost-events", 30), Passed);
}

#[test]
fn a_client_that_says_very_much_is_read_as_far_as_there_is_room() {
    let mut script = [LOGIN, BIND, PRESENCE].concat();
    for number in 0..80 {
        script += &format!("1 a > <message>{number}{}</message>\n", "x".repeat(15_000));
    }
    script += "99 a > <open";
    let record = told(&script, "wss");
    let client = Client::of(&record, id("a"), "localhost", time("999")).expect("it is recorded");
    let verdict = |name| RULES.iter().find(|rule| rule.name == name).map(|rule| rule.judge(&client).verdict);
    assert_eq!(
        [verdict("one-element"), verdict("pings"), verdict("priority")],
        [Some(Passed), Some(NotSeen), Some(Passed)]
    );
    // What the record has cut off is no broken frame.
    let long = good() + &format!("13 a > <message>{}</message>", "x".repeat(TEXT_MAX));
    assert_eq!(judge(&long, "one-element", 20), Passed);
}

#[test]
fn every_rule_has_words_and_faults_that_reach_a_websocket_and_bosh() {
    for rule in RULES {
        assert!(Symptom::of(rule.symptom).is_some(), "{}", rule.name);
        let read = |fault: &&str| {
            let pairs = fault.split('&').filter_map(|pair| pair.split_once('='));
            Spec::read(pairs.chain([("session", "0.1")]))
                .unwrap_or_else(|problem| panic!("{}", problem.sentence))
        };
        let reached =
            |transport| rule.faults.iter().map(read).any(|spec| spec.row.transports.contains(&transport));
        for transport in [Transport::Wss, Transport::Ws, Transport::Bosh] {
            assert!(rule.faults.is_empty() || reached(transport), "{} over {transport}", rule.name);
        }
        let longest = fault_name(rule, "4294967295.4294967295".parse().expect("an id"), 2);
        assert!(crate::fault::is_name(&longest), "{longest}");
    }
    for symptom in ["score-presence", "ping-error"] {
        assert!(Symptom::of(symptom).is_some(), "{symptom}");
    }
}

#[test]
fn a_score_is_written_as_json_text_and_junit() {
    let script = good().replace("<resource>mine", "<resource>desktop") + "13 a > <a>\u{1b}\u{202e}";
    let record = told(&script, "wss");
    let client = Client::of(&record, id("a"), "localhost", time("20")).expect("it is recorded");
    let write =
        |language, form| report::write(&client, record.wire(), language, |rule| rule.name == "restart", form);
    let json = write(Language::English, Form::Json);
    for part in [
        "{\"session\":\"0.1\",\"user\":\"1001\",\"transport\":\"wss\",\"jid\":\"1001@localhost/mine\",\"over\":false,\"rules\":11,\"passed\":4,\"failed\":2,\"score\":[{\"rule\":\"one-element\",\"source\":\"RFC 7395 §3.3.3\",\"verdict\":\"failed\",\"provoked\":false,\"armed\":false,\"seq\":",
        "{\"rule\":\"restart\",\"source\":\"RFC 6120 §3.3, §4.9.3.20\",\"verdict\":\"not seen\",\"provoked\":true,\"armed\":true}",
        "\"symptom\":\"The client binds the resource desktop.\"",
    ] {
        assert!(json.contains(part), "{json}");
    }
    assert!(write(Language::Chinese, Form::Json).contains("\"symptom\":\"用戶端綁定了資源名稱 desktop。\""));
    let text = write(Language::English, Form::Text);
    for part in [
        "session 0.1 of 1001@localhost/mine over wss: 4 of 11 rules passed, 2 failed\n\nfailed    one-element    RFC 7395 §3.3.3\n",
        "failed    one-element    RFC 7395 §3.3.3\n          #12 <a>\u{fffd}\u{fffd}\n          The client sent a message",
        "not seen  error          RFC 6120 §8.3\n          PUT ?session=0.1&rule=error provokes it.\n",
        "not seen  restart        RFC 6120 §3.3, §4.9.3.20\n          A fault is set that provokes it.\n",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let junit = write(Language::English, Form::Junit);
    let document = roxmltree::Document::parse(&junit).unwrap_or_else(|error| panic!("{error}: {junit}"));
    let suite = document.root_element();
    let counts = ["tests", "failures", "errors", "skipped"].map(|name| suite.attribute(name));
    assert_eq!(counts, [Some("11"), Some("2"), Some("0"), Some("5")]);
    let failed: Vec<_> = suite.descendants().filter(|node| node.has_tag_name("failure")).collect();
    assert_eq!(failed.len(), 2);
    assert!(
        failed[0].text().is_some_and(|text| text.ends_with("RFC 7395 §3.3.3 #12 <a>\u{fffd}\u{fffd}")),
        "{junit}"
    );
}
