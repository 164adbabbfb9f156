use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::probe::{
    Do, End, Errand, Flaw, NotSecured, Plan, Probe, Secured, Seen, Step, Symptom, Upgrade, Verdict, Way,
};

pub const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub fn plan() -> Plan {
    Plan {
        secure: false,
        way: Way::WebSocket,
        port: 1,
        local: true,
        insecure: false,
        domain: "localhost".to_owned(),
        user: "1001".to_owned(),
        password: Some(Zeroizing::new("secret".to_owned())),
        resource: "probe".to_owned(),
        nodes: vec!["/finesse/api/User/1001".to_owned()],
        rest: false,
        patience: Duration::from_secs(10),
        silence: Duration::ZERO,
        errand: Errand::Probe,
    }
}

/// What a server that is well answers to a frame.
fn answers(text: &str, opens: &mut usize) -> Vec<String> {
    let id = text.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    let result = |payload: &str| vec![format!("<iq type='result' id='{id}'>{payload}</iq>")];
    if text.starts_with("<open") {
        *opens += 1;
        let features = if *opens == 1 {
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
        } else {
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"
        };
        return vec![
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' id='x' version='1.0'/>"
                .to_owned(),
            format!(
                "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{features}</stream:features>"
            ),
        ];
    }
    if text.starts_with("<auth") {
        return vec!["<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>".to_owned()];
    }
    if text.contains("<bind") {
        return result(
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>1001@localhost/probe</jid></bind>",
        );
    }
    if text.starts_with("<presence") {
        return vec!["<presence from='finesse@localhost/smack-1'/>".to_owned()];
    }
    if text.starts_with("<iq") {
        return result("");
    }
    Vec::new()
}

/// Lets a probe talk with a server, of which `changed` may change an answer; without an answer time goes on. Returns what the probe
/// sent.
pub fn talk(
    probe: &mut Probe,
    secured: &Secured,
    changed: impl FnMut(&str, Vec<String>) -> Vec<String>,
) -> Vec<String> {
    let (sent, _) = talk_until(probe, secured, changed, Probe::is_done);
    assert!(probe.is_done(), "the probe does not end: {sent:?}");
    sent
}

/// The same until the probe has come so far. Returns what is left to do, too.
pub fn talk_until(
    probe: &mut Probe,
    secured: &Secured,
    mut changed: impl FnMut(&str, Vec<String>) -> Vec<String>,
    has_come: impl Fn(&Probe) -> bool,
) -> (Vec<String>, Vec<Do>) {
    let mut at = Duration::ZERO;
    let mut sent = Vec::new();
    let mut opens = 0;
    let mut to_do: std::collections::VecDeque<Do> = probe.begin(at).into();
    for _ in 0..200 {
        if has_come(probe) {
            break;
        }
        let mut seen = Vec::new();
        match to_do.pop_front() {
            Some(Do::Resolve) => seen.push(Seen::Resolved(Ok(vec![LOCALHOST]))),
            Some(Do::Connect(_)) => {
                seen.push(Seen::Connected(Vec::new(), Some(SocketAddr::new(LOCALHOST, 1))));
            }
            Some(Do::Secure) => seen.push(Seen::Secured(Ok(secured.clone()))),
            Some(Do::Upgrade) => {
                seen.push(Seen::Upgraded(Upgrade::Done { protocol: Some("xmpp".to_owned()) }))
            }
            Some(Do::Send(text)) => {
                let answers = answers(&text, &mut opens);
                seen.extend(changed(&text, answers).into_iter().map(Seen::Frame));
                sent.push(text);
            }
            Some(Do::Close) => seen.push(Seen::Ended(End { code: Some(1000), reason: String::new() })),
            Some(Do::Get(..)) => panic!("nobody asked for the REST API"),
            None => {
                at = probe.wake_at();
                seen.push(Seen::Tick);
            }
        }
        for seen in seen {
            at += Duration::from_millis(1);
            to_do.extend(probe.handle(at, seen));
        }
    }
    (sent, to_do.into())
}

#[test]
fn a_server_that_is_well_passes_and_nothing_is_left_behind() {
    let mut probe = Probe::new(plan(), 1);
    let sent = talk(&mut probe, &Secured::default(), |_, answers| answers);
    let outcomes = &probe.dialogue().outcomes;
    assert_eq!(outcomes.worst(), Verdict::Passed, "{outcomes:?}");
    let count = |word: &str| sent.iter().filter(|text| text.contains(word)).count();
    assert_eq!((count("<subscribe "), count("<unsubscribe "), count("<ping ")), (1, 1, 3));
    assert!(
        sent.iter().all(|text| !text.contains("jid='1001@localhost'")),
        "subscribed with the bare JID: {sent:?}"
    );
    let frames = probe.frames();
    assert!(
        frames.iter().all(|frame| !frame.text.contains("AHNlY3JldA") && !frame.text.contains("c2VjcmV0"))
    );
}

#[test]
fn a_password_is_not_sent_to_a_peer_that_was_not_verified() {
    let flaws = [Flaw::SelfSigned, Flaw::UnknownIssuer, Flaw::WrongName { presented: Vec::new() }];
    for flaw in flaws {
        let secured = Secured { flaw: Some(flaw), ..Secured::default() };
        let mut probe = Probe::new(Plan { secure: true, local: false, ..plan() }, 1);
        let sent = talk(&mut probe, &secured, |_, answers| answers);
        assert!(!sent.iter().any(|text| text.contains("<auth")), "{sent:?}");
        assert_eq!(probe.dialogue().outcomes.of(Step::Auth).symptom, Some(Symptom::PasswordKept));
        let told = Secured { is_told: true, ..secured };
        let mut probe = Probe::new(Plan { secure: true, local: false, ..plan() }, 1);
        let sent = talk(&mut probe, &told, |_, answers| answers);
        assert!(sent.iter().any(|text| text.contains("<auth")), "{sent:?}");
        assert_eq!(probe.dialogue().outcomes.worst(), Verdict::Warned);
    }
    // Without TLS everybody on the way can read it.
    let mut probe = Probe::new(Plan { local: false, ..plan() }, 1);
    let sent = talk(&mut probe, &Secured::default(), |_, answers| answers);
    assert!(!sent.iter().any(|text| text.contains("<auth")), "{sent:?}");
}

#[test]
fn whatever_is_not_answered_ends_in_time_with_its_own_step() {
    for (word, step, symptom) in [
        ("<open", Step::Open, Symptom::Silent),
        ("<auth", Step::Auth, Symptom::Silent),
        ("<bind", Step::Bind, Symptom::Silent),
        ("<session", Step::Session, Symptom::Silent),
        ("<presence", Step::Finesse, Symptom::NoFinesse),
        ("<subscribe ", Step::Subscribe, Symptom::Silent),
        ("<ping", Step::Ping, Symptom::PingLate),
        ("<unsubscribe ", Step::Unsubscribe, Symptom::Silent),
    ] {
        let mut probe = Probe::new(plan(), 1);
        talk(
            &mut probe,
            &Secured::default(),
            |text, answers| if text.contains(word) { Vec::new() } else { answers },
        );
        let failed = probe.dialogue().outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
        assert_eq!(failed, Some((step, Some(symptom))), "no answer to {word}");
    }
}

#[test]
fn a_subscription_that_is_refused_is_not_ended() {
    let mut probe = Probe::new(plan(), 1);
    let sent = talk(&mut probe, &Secured::default(), |text, answers| {
        if text.contains("<subscribe ") {
            answers.iter().map(|answer| answer.replace("'result'", "'error'")).collect()
        } else {
            answers
        }
    });
    assert!(!sent.iter().any(|text| text.contains("<unsubscribe")), "{sent:?}");
    assert_eq!(probe.dialogue().outcomes.failed().map(|(step, _)| step), Some(Step::Subscribe));
}

#[test]
fn a_connection_that_died_in_silence_is_found_by_the_ping_after_it() {
    let mut probe = Probe::new(Plan { silence: Duration::from_secs(60), ..plan() }, 1);
    talk(&mut probe, &Secured::default(), |_, answers| answers);
    assert_eq!(probe.dialogue().outcomes.of(Step::Silence).verdict, Verdict::Passed);
    let mut probe = Probe::new(Plan { silence: Duration::from_secs(60), ..plan() }, 1);
    let mut pings = 0;
    talk(&mut probe, &Secured::default(), |text, answers| {
        pings += usize::from(text.contains("<ping"));
        if pings > 3 { Vec::new() } else { answers }
    });
    let failed = probe.dialogue().outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
    assert_eq!(failed, Some((Step::Silence, Some(Symptom::IdleClosed))));
}

#[test]
fn nothing_is_left_behind_by_a_ping_that_fails() {
    let mut probe = Probe::new(plan(), 1);
    let sent = talk(&mut probe, &Secured::default(), |text, answers| {
        let wrong = text.contains("<ping");
        answers
            .iter()
            .map(|answer| if wrong { answer.replace("'result'", "'error'") } else { answer.clone() })
            .collect()
    });
    assert!(sent.iter().any(|text| text.contains("<unsubscribe ")), "{sent:?}");
    assert_eq!(probe.dialogue().outcomes.failed().map(|(step, _)| step), Some(Step::Ping));
}

#[test]
fn a_probe_answers_pings_and_refuses_what_it_does_not_know() {
    let mut probe = Probe::new(plan(), 1);
    let sent = talk(&mut probe, &Secured::default(), |text, mut answers| {
        if text.starts_with("<presence") {
            answers.push(
                "<iq type='get' id='p1' from='localhost'><ping xmlns='urn:xmpp:ping'/></iq>".to_owned(),
            );
            answers.push(
                "<iq type='get' id='v1' from='localhost'><query xmlns='jabber:iq:version'/></iq>".to_owned(),
            );
        }
        answers
    });
    let answer =
        |id: &str| sent.iter().find(|text| text.contains(&format!("id='{id}'"))).cloned().unwrap_or_default();
    assert!(answer("p1").contains("type='result'"), "{sent:?}");
    assert!(
        answer("v1").contains("type='error'") && answer("v1").contains("service-unavailable"),
        "{sent:?}"
    );
}

#[test]
fn a_handshake_that_fails_by_its_certificate_is_told_from_one_without_tls() {
    let seen = Secured { certificates: 1, subject: "old".to_owned(), ..Secured::default() };
    for (certificate, is_reset, symptom) in [
        (Some(seen), false, Symptom::CertificateRefused),
        (None, false, Symptom::NoTls),
        (None, true, Symptom::Refused),
    ] {
        let mut probe = Probe::new(Plan { secure: true, ..plan() }, 1);
        let at = Duration::ZERO;
        probe.begin(at);
        probe.handle(at, Seen::Resolved(Ok(vec![LOCALHOST])));
        probe.handle(at, Seen::Connected(Vec::new(), Some(SocketAddr::new(LOCALHOST, 1))));
        let failed = NotSecured {
            certificate: certificate.clone(),
            is_reset,
            words: "version 1".to_owned(),
            ..NotSecured::default()
        };
        assert_eq!(probe.handle(at, Seen::Secured(Err(failed))), Vec::new());
        assert!(probe.is_done());
        let tls = probe.dialogue().outcomes.of(Step::Tls);
        assert_eq!(tls.symptom, Some(symptom));
        assert!(tls.facts.contains(&("error", "version 1".to_owned())), "{tls:?}");
        assert_eq!(tls.facts.contains(&("subject", "old".to_owned())), certificate.is_some(), "{tls:?}");
    }
}

/// Stanzas of one BOSH body.
fn stanzas(body: &str) -> Vec<&str> {
    let inner = body.split_once('>').map_or("", |(_, inner)| inner.trim_end_matches("</body>"));
    let mut places: Vec<_> = ["<iq ", "<auth ", "<presence "]
        .iter()
        .flat_map(|name| inner.match_indices(name))
        .map(|(at, _)| at)
        .collect();
    places.sort_unstable();
    places.push(inner.len());
    places.windows(2).map(|pair| &inner[pair[0]..pair[1]]).collect()
}

/// A probe over BOSH of a server that answers the oldest request when nothing else happens, and how many waited at most.
fn most_at_once(requests: usize, more: &str) -> (usize, Probe) {
    let mut probe = Probe::new(Plan { way: Way::Bosh, ..plan() }, 1);
    let at = Duration::from_millis(1);
    let mut to_do = probe.begin(at);
    let (mut seen, mut owed) = (Vec::new(), String::new());
    let (mut waiting, mut most, mut opens) = (0, 0, 0);
    for _ in 0..200 {
        for what in std::mem::take(&mut to_do) {
            match what {
                Do::Resolve => seen.push(Seen::Resolved(Ok(vec![LOCALHOST]))),
                Do::Connect(_) => {
                    seen.push(Seen::Connected(Vec::new(), Some(SocketAddr::new(LOCALHOST, 1))));
                }
                Do::Send(text) => {
                    waiting += 1;
                    if text.contains(" wait=") || text.contains("restart='true'") {
                        owed.push_str(&answers("<open", &mut opens)[1]);
                    }
                    for stanza in stanzas(&text) {
                        answers(stanza, &mut opens).iter().for_each(|answer| owed.push_str(answer));
                        if stanza == "<presence xmlns='jabber:client'/>" {
                            let ping = "<ping xmlns='urn:xmpp:ping'/>";
                            (0..5).for_each(|id| {
                                owed.push_str(&format!(
                                    "<iq type='get' id='q{id}' from='localhost'>{ping}</iq>"
                                ))
                            });
                        }
                    }
                }
                _ => {}
            }
        }
        most = most.max(waiting);
        if seen.is_empty() && waiting > 0 {
            waiting -= 1;
            let namespace = "http://jabber.org/protocol/httpbind";
            seen.push(Seen::Frame(format!(
                "<body xmlns='{namespace}' sid='s' requests='{requests}'{more} from='localhost'>{}</body>",
                std::mem::take(&mut owed)
            )));
        }
        for seen in std::mem::take(&mut seen) {
            to_do.extend(probe.handle(at, seen));
        }
    }
    (most, probe)
}

#[test]
fn over_bosh_no_more_requests_wait_than_the_server_allows() {
    for requests in [1, 2, 5] {
        let (most, probe) = most_at_once(requests, "");
        assert!(most <= requests + 1, "{most} with {requests}");
        let outcomes = &probe.dialogue().outcomes;
        // The request that ends the session may be one more.
        assert_eq!(outcomes.of(Step::Unsubscribe).verdict, Verdict::Passed, "{requests}: {outcomes:?}");
        let frames = probe.frames();
        for answer in 0..5 {
            let id = format!("id='q{answer}'");
            let answers = frames
                .iter()
                .filter(|frame| frame.side == crate::probe::Side::Client && frame.text.contains(&id));
            assert_eq!(answers.count(), 1, "{requests}: {frames:?}");
        }
    }
}

#[test]
fn a_bosh_session_that_has_not_begun_is_not_ended() {
    let mut probe = Probe::new(Plan { way: Way::Bosh, ..plan() }, 1);
    let sent = talk(&mut probe, &Secured::default(), |_, _| Vec::new());
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(probe.dialogue().outcomes.of(Step::Open).symptom, Some(Symptom::Silent));
}

/// Carries a BOSH session with a server that answers each request at once, and returns when each request went out, and whether it had
/// something in it. `says`: what the server says at a time since the start, in seconds.
fn polled(attributes: &str, says: &[(u64, &str)]) -> (Vec<(Duration, bool)>, Probe) {
    let mut probe = Probe::new(Plan { way: Way::Bosh, patience: Duration::from_secs(60), ..plan() }, 1);
    let mut at = Duration::ZERO;
    let mut to_do = probe.begin(at);
    let (mut asked, mut opens, mut said) = (Vec::new(), 0, 0);
    for _ in 0..200 {
        let mut seen = Vec::new();
        for what in std::mem::take(&mut to_do) {
            match what {
                Do::Resolve => seen.push(Seen::Resolved(Ok(vec![LOCALHOST]))),
                Do::Connect(_) => seen.push(Seen::Connected(Vec::new(), Some(SocketAddr::new(LOCALHOST, 1)))),
                Do::Send(text) => {
                    let is_open = text.contains(" wait=") || text.contains("restart='true'");
                    asked.push((at, is_open || !text.ends_with("/>")));
                    let mut owed = String::new();
                    if is_open {
                        owed.push_str(&answers("<open", &mut opens)[1]);
                    }
                    for stanza in stanzas(&text).into_iter().filter(|stanza| !stanza.starts_with("<presence"))
                    {
                        answers(stanza, &mut opens).iter().for_each(|answer| owed.push_str(answer));
                    }
                    if let Some((_, text)) = says.get(said).filter(|(due, _)| at >= Duration::from_secs(*due))
                    {
                        said += 1;
                        owed.push_str(text);
                    }
                    let end = if text.contains("type='terminate'") { " type='terminate'" } else { "" };
                    let namespace = "http://jabber.org/protocol/httpbind";
                    seen.push(Seen::Frame(format!(
                        "<body xmlns='{namespace}' sid='s'{attributes} from='localhost'{end}>{owed}</body>"
                    )));
                }
                Do::Close => seen.push(Seen::Ended(End::default())),
                _ => {}
            }
        }
        if probe.is_done() {
            return (asked, probe);
        }
        if seen.is_empty() {
            at = probe.wake_at();
            seen.push(Seen::Tick);
        }
        for seen in seen {
            to_do.extend(probe.handle(at, seen));
        }
    }
    panic!("the probe does not end: {asked:?}")
}

#[test]
fn a_server_that_keeps_no_request_is_asked_no_more_often_than_it_says() {
    let finesse = [(12, "<presence from='finesse@localhost/smack-1'/>")];
    for (attributes, seconds) in [
        (" hold='0' polling='4'", 4),
        (" hold='0' requests='2' polling='4'", 4),
        (" requests='1' polling='3'", 3),
        // What is not said, or cannot be.
        (" hold='0'", 5),
        (" hold='0' polling='99999999999999999999'", 5),
        (" hold='0' polling='18446744073709551615'", 60),
    ] {
        let (asked, probe) = polled(attributes, &finesse);
        let outcomes = &probe.dialogue().outcomes;
        if seconds < 60 {
            assert_eq!(outcomes.failed(), None, "{attributes}: {outcomes:?}");
            assert_eq!(outcomes.of(Step::Unsubscribe).verdict, Verdict::Passed, "{attributes}");
        }
        let empty: Vec<_> = asked.iter().filter(|(_, has_content)| !has_content).collect();
        assert!(empty.len() > usize::from(seconds < 60), "{attributes}: {asked:?}");
        for pair in asked.windows(2).filter(|pair| pair.iter().all(|(_, has_content)| !has_content)) {
            assert!(pair[1].0 - pair[0].0 >= Duration::from_secs(seconds), "{attributes}: {asked:?}");
        }
    }
}
