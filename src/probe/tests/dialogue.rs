use std::time::Duration;

use crate::probe::{Dialogue, End, Side, Step, Symptom, Verdict};

const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
const OPENED: &str =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' id='1' version='1.0'/>";
const MECHANISMS: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
    <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>";
const AUTH: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>";
const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const BIND_OFFERED: &str = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
    <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
const BIND: &str = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
const BOUND: &str = "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@localhost/x</jid></bind></iq>";
const PRESENCE: &str = "<presence/>";
const FINESSE: &str = "<presence from='finesse@localhost/smack'/>";
const SUBSCRIBE: &str = "<iq type='set' id='s'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='/n' jid='a@localhost/x'/></pubsub></iq>";
const SUBSCRIBED: &str = "<iq type='result' id='s'/>";
const PING: &str = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
const PONG: &str = "<iq type='result' id='p'/>";
const CLOSE: &str = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

/// A whole session, with who sends each frame.
const SESSION: [(Side, &str); 20] = [
    (Side::Client, OPEN),
    (Side::Server, OPENED),
    (Side::Server, MECHANISMS),
    (Side::Client, AUTH),
    (Side::Server, SUCCESS),
    (Side::Client, OPEN),
    (Side::Server, OPENED),
    (Side::Server, BIND_OFFERED),
    (Side::Client, BIND),
    (Side::Server, BOUND),
    (Side::Client, PRESENCE),
    (Side::Server, FINESSE),
    (Side::Client, SUBSCRIBE),
    (Side::Server, SUBSCRIBED),
    (
        Side::Server,
        "<message><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/n'/></event></message>",
    ),
    (Side::Client, PING),
    (Side::Server, PONG),
    (Side::Client, "<presence type='unavailable'/>"),
    (Side::Client, CLOSE),
    (Side::Server, CLOSE),
];

/// Says frames, a millisecond after each other.
fn said(frames: impl IntoIterator<Item = (Side, &'static str)>) -> (Dialogue, Duration) {
    let mut dialogue = Dialogue::default();
    let mut at = Duration::ZERO;
    for (side, text) in frames {
        at += Duration::from_millis(1);
        dialogue.frame(at, side, text);
    }
    (dialogue, at)
}

/// The session with another frame in place of one of the server's, and nothing after it.
fn instead(of: &'static str, other: &'static str) -> impl Iterator<Item = (Side, &'static str)> {
    let place = SESSION.iter().position(|(_, text)| *text == of).expect("it is in the session");
    SESSION.into_iter().take(place).chain([(Side::Server, other)])
}

#[test]
fn a_whole_session_passes_every_step_of_the_stream() {
    let (mut dialogue, at) = said(SESSION);
    dialogue.ended(at, &End { code: Some(1000), reason: String::new() });
    for step in Step::ALL {
        let is_seen = step > Step::Upgrade && step <= Step::Close;
        let is_left_out = matches!(step, Step::Session | Step::Silence | Step::Unsubscribe);
        let expected = if is_seen && !is_left_out { Verdict::Passed } else { Verdict::NotTaken };
        assert_eq!(dialogue.outcomes.of(step).verdict, expected, "{step:?}");
    }
    assert_eq!(dialogue.jid(), Some("a@localhost/x"));
}

#[test]
fn each_wrong_answer_fails_its_own_step() {
    let failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><account-disabled/></failure>";
    for (of, other, step, symptom) in [
        (OPENED, "<stream:stream to='localhost'>", Step::Open, Symptom::OldFraming),
        (OPENED, "no XML", Step::Open, Symptom::NotWellFormed),
        (
            OPENED,
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
            Step::Open,
            Symptom::HostUnknown,
        ),
        (
            MECHANISMS,
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>",
            Step::Features,
            Symptom::NoPlain,
        ),
        (SUCCESS, failure, Step::Auth, Symptom::LockedOut),
        (
            BOUND,
            "<iq type='error' id='b'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            Step::Bind,
            Symptom::Conflict,
        ),
        (
            SUBSCRIBED,
            "<iq type='error' id='s'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            Step::Subscribe,
            Symptom::ItemNotFound,
        ),
        (PONG, "<iq type='error' id='p'/>", Step::Ping, Symptom::PingError),
        (FINESSE, CLOSE, Step::Finesse, Symptom::Closed),
    ] {
        let (dialogue, _) = said(instead(of, other));
        let failed = dialogue.outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
        assert_eq!(failed, Some((step, Some(symptom))), "{other} in place of {of}");
    }
}

#[test]
fn the_step_that_is_under_way_fails_when_the_connection_ends() {
    for (taken, step) in
        [(1, Step::Open), (2, Step::Features), (4, Step::Auth), (6, Step::Restart), (9, Step::Bind)]
    {
        let (mut dialogue, at) = said(SESSION.into_iter().take(taken));
        dialogue.ended(at, &End::default());
        let failed = dialogue.outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
        assert_eq!(failed, Some((step, Some(Symptom::Broken))), "after {taken} frames");
    }
}

#[test]
fn a_late_ping_and_a_negative_priority_are_seen() {
    let (mut dialogue, at) = said(SESSION.into_iter().take(16));
    dialogue.frame(at + Duration::from_secs(11), Side::Server, PONG);
    assert_eq!(dialogue.outcomes.of(Step::Ping).symptom, Some(Symptom::PingLate));
    let (dialogue, _) = said([(Side::Client, "<presence><priority>-1</priority></presence>")]);
    assert_eq!(dialogue.outcomes.of(Step::Presence).symptom, Some(Symptom::NegativePriority));
}

#[test]
fn an_error_of_the_stream_over_bosh_names_its_cause() {
    let mut dialogue = Dialogue::default();
    let open = "<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='elsewhere'/>";
    let end = "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='host-unknown'/>";
    dialogue.frame(Duration::ZERO, Side::Client, open);
    dialogue.frame(Duration::from_millis(1), Side::Server, end);
    let failed = dialogue.outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
    assert_eq!(failed, Some((Step::Open, Some(Symptom::HostUnknown))));
}

/// A session over BOSH, and then bodies of the server.
fn over_bosh(bodies: &[&str]) -> Dialogue {
    let body = |content: &str| format!("<body xmlns='http://jabber.org/protocol/httpbind' sid='1'{content}");
    let mut dialogue = Dialogue::default();
    for (side, text) in SESSION.into_iter().take(11) {
        let text = if text == OPEN || text == OPENED { body("/>") } else { body(&format!(">{text}</body>")) };
        dialogue.frame(Duration::ZERO, side, &text);
    }
    bodies.iter().for_each(|text| dialogue.frame(Duration::from_millis(1), Side::Server, &body(text)));
    dialogue
}

#[test]
fn a_session_over_bosh_ends_for_a_reason_that_may_come_late() {
    let gone = " type='terminate' condition='item-not-found'/>";
    let replaced = " type='terminate' condition='remote-stream-error'><stream:error xmlns:stream='http://etherx.jabber.org/streams'>\
        <conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></body>";
    for (bodies, symptom) in [
        (&[gone][..], Symptom::BoshEnded),
        (&[replaced, gone], Symptom::Conflict),
        (&[gone, replaced], Symptom::Conflict),
        (&[" type='terminate'/>"], Symptom::Closed),
    ] {
        let dialogue = over_bosh(bodies);
        let failed = dialogue.outcomes.failed().map(|(step, outcome)| (step, outcome.symptom));
        assert_eq!(failed, Some((Step::Finesse, Some(symptom))), "{bodies:?}");
    }
}

#[test]
fn without_its_user_and_its_nodes_a_server_is_no_finesse() {
    let refused = |condition: &str| {
        format!(
            "<iq type='error' id='s'><error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )
    };
    for (condition, comes, expected) in [
        ("item-not-found", false, [Symptom::NotFinesse, Symptom::NotFinesse]),
        ("remote-server-not-found", false, [Symptom::NotFinesse, Symptom::NotFinesse]),
        ("forbidden", false, [Symptom::NoFinesse, Symptom::SubscriptionRefused]),
        ("item-not-found", true, [Symptom::ItemNotFound, Symptom::ItemNotFound]),
    ] {
        let (mut dialogue, at) =
            said(SESSION.into_iter().filter(|(_, text)| comes || *text != FINESSE).take(if comes {
                13
            } else {
                12
            }));
        dialogue.frame(at, Side::Server, &refused(condition));
        // A recording, in which the client goes on without waiting for that user.
        dialogue.recorded(at + Duration::from_secs(20));
        let of = |step| dialogue.outcomes.of(step).symptom;
        let found = [of(Step::Finesse).or(of(Step::Subscribe)), of(Step::Subscribe)];
        assert_eq!(found, expected.map(Some), "{condition} {comes}");
    }
}

#[test]
fn a_recording_that_ends_with_unanswered_pings_is_half_open() {
    let (mut dialogue, at) = said(SESSION.into_iter().take(17));
    dialogue.frame(at, Side::Client, &PING.replace("'p'", "'q'"));
    dialogue.recorded(at + Duration::from_secs(20));
    assert_eq!(dialogue.outcomes.of(Step::Ping).symptom, Some(Symptom::PingLate));
}

#[test]
fn a_peer_fills_no_memory() {
    let mut dialogue = Dialogue::default();
    for number in 0..10_000 {
        let text = format!("<iq type='get' id='{number}' from='{}'/>", "x".repeat(1000));
        dialogue.frame(Duration::ZERO, Side::Server, &text);
        dialogue.frame(
            Duration::ZERO,
            Side::Server,
            &format!("<presence from='finesse@localhost/{number}'/>"),
        );
        dialogue.frame(
            Duration::ZERO,
            Side::Client,
            &format!("<iq type='get' id='{number}'><ping xmlns='urn:xmpp:ping'/></iq>"),
        );
    }
    assert_eq!(dialogue.take_asked().len(), 64);
    assert_eq!(dialogue.outcomes.of(Step::Finesse).facts.len(), 16);
}
