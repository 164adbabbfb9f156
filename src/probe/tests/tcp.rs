//! Streams over TCP: live with STARTTLS, and from recordings.

use std::net::SocketAddr;
use std::time::Duration;

use super::plan::{LOCALHOST, plan, talk};
use crate::probe::header::{is_tag, whole};
use crate::probe::peer::not_secured;
use crate::probe::{
    Dialogue, End, Flaw, NotConnected, NotSecured, Outcomes, Plan, Probe, Secured, Seen, Side, Step, Symptom,
    Verdict, Way, compare, explain,
};

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
                      from='localhost' id='x' version='1.0'>";
const OFFER: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
                     <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const MECHANISMS: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
                          <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>";
const BIND: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
                    <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const REFUSED: &str = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

fn tcp() -> Plan {
    Plan { way: Way::Tcp, local: false, port: 5222, ..plan() }
}

/// A server over TCP with the features of its streams, one after the other, and the answer to `<starttls/>`.
fn server(
    features: [&'static str; 3],
    to_start_tls: &'static str,
) -> impl FnMut(&str, Vec<String>) -> Vec<String> {
    let mut features = features.into_iter();
    move |text, answers| match text {
        _ if text.starts_with("<?xml") => {
            vec![HEADER.to_owned(), features.next().expect("no more streams").to_owned()]
        }
        _ if text.starts_with("<starttls") => vec![to_start_tls.to_owned()],
        "</stream:stream>" => vec![text.to_owned()],
        _ => answers,
    }
}

#[test]
fn tls_begins_before_the_login() {
    let mut probe = Probe::new(tcp(), 1);
    let sent = talk(&mut probe, &Secured::default(), server([OFFER, MECHANISMS, BIND], PROCEED));
    let outcomes = &probe.dialogue().outcomes;
    assert_eq!(outcomes.worst(), Verdict::Passed, "{outcomes:?}");
    let kinds: Vec<_> =
        sent.iter().take(5).map(|text| text.split([' ', '>']).next().unwrap_or_default()).collect();
    assert_eq!(kinds, ["<?xml", "<starttls", "<?xml", "<auth", "<?xml"], "{sent:?}");
    assert_eq!(outcomes.of(Step::StartTls).facts, [("offered", "required".to_owned())]);
    // What was seen before TLS does not count.
    let mechanisms: Vec<_> =
        outcomes.of(Step::Features).facts.iter().filter(|fact| fact.0 == "mechanisms").collect();
    assert_eq!(mechanisms, [&("mechanisms", "PLAIN".to_owned())]);
    assert_eq!(outcomes.of(Step::Upgrade).verdict, Verdict::NotTaken);
    assert_eq!(sent.last().map(String::as_str), Some("</stream:stream>"));
}

#[test]
fn a_password_over_tcp_goes_only_where_it_may() {
    let auth = |sent: &[String]| sent.iter().any(|text| text.starts_with("<auth"));
    let kept = Some(Symptom::PasswordKept);
    // A certificate that is not trusted.
    let flawed = Secured { flaw: Some(Flaw::SelfSigned), ..Secured::default() };
    for (secured, goes) in [(Secured { is_told: true, ..flawed.clone() }, true), (flawed, false)] {
        let mut probe = Probe::new(Plan { local: true, ..tcp() }, 1);
        let sent = talk(&mut probe, &secured, server([OFFER, MECHANISMS, BIND], PROCEED));
        assert_eq!(auth(&sent), goes, "{sent:?}");
        assert_eq!(probe.dialogue().outcomes.of(Step::Auth).symptom, kept.filter(|_| !goes));
    }
    // No TLS at all.
    for (local, insecure, goes) in [(false, false, false), (true, false, true), (false, true, true)] {
        let mut probe = Probe::new(Plan { local, insecure, ..tcp() }, 1);
        let sent = talk(&mut probe, &Secured::default(), server([MECHANISMS, BIND, ""], PROCEED));
        assert_eq!(auth(&sent), goes, "{local} {insecure}: {sent:?}");
        let outcomes = &probe.dialogue().outcomes;
        assert_eq!(outcomes.of(Step::StartTls).symptom, Some(Symptom::NoStartTls));
        assert_eq!(outcomes.of(Step::Auth).symptom, kept.filter(|_| !goes));
    }
    // The stream ends before anybody could offer something.
    let mut probe = Probe::new(tcp(), 1);
    let error = "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    talk(&mut probe, &Secured::default(), server([error, "", ""], PROCEED));
    assert_eq!(probe.dialogue().outcomes.of(Step::StartTls).symptom, None);
    assert_eq!(probe.dialogue().outcomes.of(Step::Features).symptom, Some(Symptom::HostUnknown));
    // TLS that was offered and does not come.
    for (answer, symptom) in [
        (REFUSED, Symptom::StartTlsRefused),
        ("", Symptom::NotWellFormed),
        ("<proceed", Symptom::NotWellFormed),
    ] {
        let mut probe = Probe::new(Plan { local: true, ..tcp() }, 1);
        let sent = talk(&mut probe, &Secured::default(), server([OFFER, MECHANISMS, BIND], answer));
        assert!(!auth(&sent), "{sent:?}");
        let symptom = if answer.is_empty() { Symptom::Silent } else { symptom };
        assert_eq!(probe.dialogue().outcomes.of(Step::StartTls).symptom, Some(symptom), "{answer}");
    }
    // Nobody has asked for TLS.
    let mut probe = Probe::new(tcp(), 1);
    let sent = talk(&mut probe, &Secured::default(), server([PROCEED, MECHANISMS, BIND], PROCEED));
    assert!(!auth(&sent), "{sent:?}");
}

#[test]
fn what_is_no_stream_is_told_by_its_first_bytes() {
    for (said, symptom) in [
        ("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n", Symptom::SpeaksHttp),
        ("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}F", Symptom::TlsExpected),
        ("SSH-2.0-OpenSSH_9.2\r\n", Symptom::NotWellFormed),
        ("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'", Symptom::NotWellFormed),
    ] {
        let mut probe = Probe::new(tcp(), 1);
        talk(&mut probe, &Secured::default(), |text, _| match text.starts_with("<?xml") {
            true => vec![said.to_owned()],
            false => Vec::new(),
        });
        let open = probe.dialogue().outcomes.of(Step::Open);
        assert_eq!(open.symptom, Some(symptom), "{said}");
        assert!(
            open.facts.iter().all(|(_, fact)| !fact.contains("nginx")),
            "the first line is shown: {open:?}"
        );
        // Nobody waits for more of it.
        assert!(probe.wake_at() < Duration::from_secs(21), "{said}");
    }
    for (said, words, of_tcp, of_http) in [
        (HEADER, "x", Symptom::SpeaksXmpp, Symptom::SpeaksXmpp),
        ("HTTP/1.1 400 Bad Request", "x", Symptom::SpeaksHttp, Symptom::NoTls),
        ("", "received fatal alert: NoApplicationProtocol", Symptom::SpeaksHttp, Symptom::NoTls),
        ("", "x", Symptom::NoTls, Symptom::NoTls),
    ] {
        for (is_tcp, symptom) in [(true, of_tcp), (false, of_http)] {
            let mut outcomes = Outcomes::default();
            let failed =
                NotSecured { said: said.to_owned(), words: words.to_owned(), ..NotSecured::default() };
            not_secured(&mut outcomes, Duration::ZERO, failed, is_tcp);
            assert_eq!(outcomes.of(Step::Tls).symptom, Some(symptom), "{said} {is_tcp}");
        }
    }
}

#[test]
fn ports_that_finesse_closes_are_told() {
    for (port, way, symptom) in [
        (5222, Way::Tcp, Some(Symptom::InsecurePort)),
        (5223, Way::Tcp, Some(Symptom::SecurePort)),
        (5224, Way::Tcp, None),
        (5222, Way::WebSocket, None),
    ] {
        for (is_refused, otherwise) in [(true, Symptom::Refused), (false, Symptom::Unreachable)] {
            let mut probe = Probe::new(Plan { way, port, ..plan() }, 1);
            probe.begin(Duration::ZERO);
            probe.handle(Duration::ZERO, Seen::Resolved(Ok(vec![LOCALHOST])));
            match is_refused {
                true => {
                    let tried = vec![(SocketAddr::new(LOCALHOST, port), NotConnected::Refused)];
                    probe.handle(Duration::ZERO, Seen::Connected(tried, None));
                }
                false => drop(probe.handle(probe.wake_at(), Seen::Tick)),
            }
            assert!(probe.is_done());
            let found = probe.dialogue().outcomes.of(Step::Tcp).symptom;
            assert_eq!(found, Some(symptom.unwrap_or(otherwise)), "{port} {way:?}");
        }
    }
}

/// A recording of a stream over TCP.
fn recorded(frames: &[(Side, &str)]) -> String {
    let frames = frames.iter().enumerate().map(|(at, (side, text))| {
        let kind = if *side == Side::Client { "frame-in" } else { "frame-out" };
        let text = text.replace('"', "\\\"");
        format!(r#"{{"kind":"{kind}","time":{at},"session":"0.1","text":"{text}"}}"#)
    });
    format!("{{\"entries\":[{}]}}", frames.collect::<Vec<_>>().join(","))
}

const ASKED: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
const AUTH: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>";
const END: &str = "</stream:stream>";

#[test]
fn a_recording_of_tcp_is_read_as_such() {
    use Side::{Client, Server};
    let whole = [
        (Client, ASKED),
        (Server, HEADER),
        (Server, OFFER),
        (Client, "<starttls masked='true'/>"),
        (Server, PROCEED),
        (Client, ASKED),
        (Server, HEADER),
        (Server, MECHANISMS),
        (Client, AUTH),
        (Server, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
        (Client, ASKED),
        (Server, HEADER),
        (Server, BIND),
        (Server, " "),
        (Client, " "),
        (Client, END),
        (Server, END),
    ];
    let explained = explain(&recorded(&whole)).expect("a recording");
    let outcomes = &explained[0].outcomes;
    assert_eq!(outcomes.worst(), Verdict::Passed, "{outcomes:?}");
    for step in [Step::StartTls, Step::Open, Step::Features, Step::Auth, Step::Restart, Step::Close] {
        assert_eq!(outcomes.of(step).verdict, Verdict::Passed, "{step:?}: {outcomes:?}");
    }
    assert!(!explained[0].end_is_unknown);
    let texts: Vec<_> = explained[0].frames.iter().map(|frame| &*frame.text).collect();
    assert_eq!((texts[0], texts[15]), (ASKED, END), "the tags of the stream are no secret");
    assert!(!texts[8].contains("AGEAYg"), "{texts:?}");
    // A client that does not begin TLS.
    let refused = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><encryption-required/></failure>";
    let explained = explain(&recorded(&[&whole[..3], &[(Client, AUTH), (Server, refused)]].concat()));
    let found = explained.expect("a recording")[0].outcomes.of(Step::Auth).symptom;
    assert_eq!(found, Some(Symptom::EncryptionRequired));
    // Nobody has said a word, and somebody has.
    for (said, symptom) in [(1, Symptom::Refused), (2, Symptom::Broken)] {
        let mut dialogue = Dialogue::default();
        whole.iter().take(said).for_each(|(side, text)| dialogue.frame(Duration::ZERO, *side, text));
        dialogue.ended(Duration::ZERO, &End { code: None, reason: "the connection was reset".to_owned() });
        assert_eq!(dialogue.outcomes.failed().and_then(|(_, outcome)| outcome.symptom), Some(symptom));
    }
    // The server ends it.
    let explained = explain(&recorded(&[&whole[..13], &[(Server, END)]].concat())).expect("a recording");
    assert_eq!(
        explained[0].outcomes.failed().and_then(|(_, outcome)| outcome.symptom),
        Some(Symptom::Closed)
    );
    // Texts of the page and of the record.
    let page = format!(
        "callboard: a session on the wire\n\n1  2026-11-30T10:00:00.000Z  >>  {} B  [0.1 1001]\n{ASKED}\n\n\
         2  2026-11-30T10:00:00.010Z  <<  {} B  [0.1 1001]\n{HEADER}\n\n\
         3  2026-11-30T10:00:00.020Z  <<  {} B  [0.1 1001]\n{MECHANISMS}\n",
        ASKED.len(),
        HEADER.len(),
        MECHANISMS.len()
    );
    let indent = " ".repeat(20);
    let record = format!(
        "callboard 0.1.0, profile uccx, release 12.5, domain localhost\nsession 0.1 of 1001@localhost/x over tls\n\n    \
         0.001    +0.001 -->\n{indent}{ASKED}\n    0.002    +0.001 <--\n{indent}{HEADER}\n    0.003    +0.001 <--\n{indent}{MECHANISMS}\n"
    );
    for text in [page, record] {
        let explained = explain(&text).expect("a recording");
        assert_eq!(explained[0].frames.len(), 3, "{text}");
        assert_eq!(explained[0].outcomes.of(Step::Features).verdict, Verdict::Passed, "{explained:?}");
    }
}

#[test]
fn framing_before_rfc_7395_is_told_over_a_websocket_only() {
    let mut dialogue = Dialogue::default();
    dialogue.frame(
        Duration::ZERO,
        Side::Client,
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x'/>",
    );
    dialogue.frame(Duration::ZERO, Side::Server, HEADER);
    assert_eq!(dialogue.outcomes.of(Step::Open).symptom, Some(Symptom::OldFraming));
    let mut dialogue = Dialogue::default();
    dialogue.frame(Duration::ZERO, Side::Client, ASKED);
    dialogue.frame(Duration::ZERO, Side::Server, HEADER);
    assert_eq!(dialogue.outcomes.of(Step::Open).verdict, Verdict::Passed);
    dialogue.ended(Duration::ZERO, &End::default());
    assert_eq!(dialogue.outcomes.failed().map(|(step, _)| step), Some(Step::Features));
}

#[test]
fn streams_with_starttls_without_and_over_a_websocket_are_equal() {
    let over_web_socket = {
        let mut probe = Probe::new(plan(), 1);
        talk(&mut probe, &Secured::default(), |_, answers| {
            // The stand-in of a server over TCP has no session.
            answers
                .iter()
                .map(|text| text.replace("<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>", ""))
                .collect()
        });
        probe.judged("ws".to_owned())
    };
    let over_tcp = |plan, features| {
        let mut probe = Probe::new(plan, 1);
        talk(&mut probe, &Secured::default(), server(features, PROCEED));
        probe.judged("tcp".to_owned())
    };
    let by_start_tls = over_tcp(tcp(), [OFFER, MECHANISMS, BIND]);
    let at_once = over_tcp(Plan { secure: true, ..tcp() }, [MECHANISMS, BIND, ""]);
    for pair in [[&by_start_tls, &at_once], [&at_once, &by_start_tls]] {
        let found = compare(pair);
        assert_eq!(found.differing().count(), 0, "{found:?}");
    }
    for other in [&by_start_tls, &at_once] {
        let found = compare([&over_web_socket, other]);
        assert_eq!(found.differing().collect::<Vec<_>>(), [Step::Tls], "{found:?}");
        assert!(found.steps.iter().any(|(step, _)| *step == Step::Features));
    }
}

#[test]
fn tags_around_a_stream_are_told_from_elements() {
    assert_eq!(whole("<?xml version='1.0'?>\n<stream:stream a='1'> "), "<stream:stream a='1'/>");
    assert_eq!(whole("<stream:stream a='1'/>"), "<stream:stream a='1'/>");
    assert_eq!(whole("<iq>"), "<iq>");
    assert_eq!(whole(END), END);
    for (text, expected) in [
        (END, true),
        (ASKED, true),
        (HEADER, true),
        ("<stream:stream><auth>x</auth>", false),
        ("<iq/>", false),
        ("", false),
    ] {
        assert_eq!(is_tag(text), expected, "{text}");
    }
}
