//! Dialogues with one session: requests and time in, answers out.

mod rules;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::config::limits::Limits;
use crate::xmpp::bosh::*;
use crate::xmpp::ns;

const SECOND: Duration = Duration::from_secs(1);

impl Payloads for String {
    fn is_empty(&self) -> bool {
        str::is_empty(self)
    }

    fn move_into(&mut self, out: &mut String) {
        out.push_str(&std::mem::take(self));
    }

    fn may_wait(&self) -> bool {
        true
    }
}

/// A session, what waits for its client, and a clock that stands until it is moved.
struct Stage {
    binding: Binding,
    now: Instant,
    waiting: String,
    requests: u64,
}

/// The requests answered, by their order, and the answers without the namespace.
type Said = Vec<(u64, String)>;

impl Stage {
    /// A session whose first request has the rid 100 and is answered.
    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    fn with(attributes: &str, change: impl FnOnce(&mut Limits)) -> (Self, String) {
        let now = Instant::now();
        let mut limits = Limits::default();
        change(&mut limits);
        let text = format!("<body rid='100' to='localhost' {attributes} xmlns='{}'/>", ns::HTTPBIND);
        let document = roxmltree::Document::parse(&text).expect("XML");
        let envelope = Envelope::read(document.root_element()).expect("an envelope");
        let mut binding = Binding::new(now, &limits, &envelope, RequestId(0)).expect("a session");
        binding.open("SID", "STREAM", "localhost");
        let mut stage = Self { binding, now, waiting: String::new(), requests: 0 };
        let said = stage.settle();
        assert_eq!(said.len(), 1, "{said:?}");
        (stage, said[0].1.clone())
    }

    fn new() -> Self {
        Self::with("ver='1.6' wait='60' hold='1'", |_| {}).0
    }

    fn polling() -> Self {
        Self::with("ver='1.6' wait='60' hold='0'", |_| {}).0
    }

    fn take(&mut self, attributes: &str, content: &str) -> Result<Turn, Violation> {
        self.requests += 1;
        let text = format!("<body {attributes} xmlns='{}'>{content}</body>", ns::HTTPBIND);
        let document = roxmltree::Document::parse(&text).expect("XML");
        let envelope = Envelope::read(document.root_element()).expect("an envelope");
        self.binding.take(self.now, &envelope, &text, RequestId(self.requests))
    }

    fn settle(&mut self) -> Said {
        self.binding.respond(self.now, &mut self.waiting);
        let namespace = format!(" xmlns=\"{}\"", ns::HTTPBIND);
        let answers = self.binding.take_answers();
        answers.iter().map(|answer| (answer.request.0, answer.body.replace(&namespace, ""))).collect()
    }

    /// Sends a request and looks at what is answered then, itself or another.
    #[track_caller]
    fn post(&mut self, attributes: &str, content: &str) -> Said {
        self.take(attributes, content).expect("the rules are kept");
        self.settle()
    }

    #[track_caller]
    fn poll(&mut self, rid: u64) -> Said {
        self.post(&format!("rid='{rid}'"), "")
    }

    fn pass(&mut self, time: Duration) -> Said {
        self.now += time;
        self.settle()
    }

    fn push(&mut self, payload: &str) -> Said {
        self.waiting.push_str(payload);
        self.settle()
    }
}

#[track_caller]
fn expect(said: Said, expected: &[(u64, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(number, text)| (*number, (*text).to_owned())).collect();
    assert_eq!(said, expected);
}

const EMPTY: &str = "<body/>";
const AGAIN: &str = "<body type=\"error\"/>";

#[test]
fn a_session_is_agreed_on() {
    let (_, said) = Stage::with("ver='1.6' wait='30' hold='5' ack='1'", |_| {});
    assert_eq!(
        said,
        "<body wait=\"30\" hold=\"1\" requests=\"2\" inactivity=\"60\" polling=\"5\" maxpause=\"120\" ver=\"1.6\" \
         charsets=\"UTF-8\" from=\"localhost\" sid=\"SID\" authid=\"STREAM\" xmlns:xmpp=\"urn:xmpp:xbosh\" \
         xmpp:version=\"1.0\" xmpp:restartlogic=\"true\" ack=\"100\"/>"
    );
    for (attributes, parts) in [
        ("", "wait=\"60\" hold=\"1\" requests=\"2\" inactivity=\"60\""),
        ("wait='3600'", "wait=\"60\" hold=\"1\" requests=\"2\""),
        // Polling sessions, which may be away for longer.
        ("hold='0'", "wait=\"60\" hold=\"0\" requests=\"1\" inactivity=\"70\""),
        ("wait='0'", "wait=\"0\" hold=\"0\" requests=\"2\" inactivity=\"70\""),
        ("ver='1.6'", "ver=\"1.6\""),
        ("ver='1.12'", "ver=\"1.11\""),
        ("", "ver=\"1.11\""),
    ] {
        let (_, said) = Stage::with(attributes, |_| {});
        assert!(said.contains(parts) && !said.contains("ack="), "{attributes}: {said}");
    }
    let (_, said) = Stage::with("", |limits| {
        limits.bosh_polling = Duration::ZERO;
        limits.bosh_maxpause = Duration::ZERO;
        limits.bosh_wait = 1500 * SECOND / 1000;
        limits.bosh_inactivity = 1500 * SECOND / 1000;
    });
    assert!(said.contains("wait=\"2\"") && said.contains("inactivity=\"1\""), "{said}");
    assert!(!said.contains("polling=") && !said.contains("maxpause="), "{said}");
}

#[test]
fn a_request_waits_for_something_to_say_and_no_longer_than_agreed() {
    let mut stage = Stage::new();
    expect(stage.poll(101), &[]);
    expect(stage.push("<a/>"), &[(1, "<body><a/></body>")]);
    // What comes between two requests goes out with the next.
    expect(stage.push("<b/>"), &[]);
    expect(stage.push("<c/>"), &[]);
    expect(stage.poll(102), &[(2, "<body><b/><c/></body>")]);
    expect(stage.poll(103), &[]);
    assert_eq!(stage.binding.due(), stage.now + 60 * SECOND);
    expect(stage.pass(59 * SECOND), &[]);
    expect(stage.pass(SECOND), &[(3, EMPTY)]);
}

#[test]
fn one_request_is_held_and_the_next_takes_its_place() {
    let mut stage = Stage::new();
    expect(stage.poll(101), &[]);
    expect(stage.post("rid='102'", "<a/>"), &[(1, EMPTY)]);
    // An answer goes to the oldest.
    stage.take("rid='103'", "<a/>").expect("the rules are kept");
    stage.waiting.push_str("<b/>");
    expect(stage.settle(), &[(2, "<body><b/></body>")]);
}

#[test]
fn requests_count_in_their_order_whatever_order_they_come_in() {
    let mut stage = Stage::new();
    assert_eq!(stage.take("rid='102'", "<b/>"), Ok(Turn::Later));
    expect(stage.push("<x/>"), &[]);
    assert_eq!(stage.take("rid='101'", "<a/>"), Ok(Turn::Now));
    let pending = stage.binding.next_pending().expect("its turn has come");
    assert!(matches!(pending.left, Left::Whole(text) if text.contains("<b/>")));
    assert!(!stage.binding.has_backlog());
    expect(stage.settle(), &[(2, "<body><x/></body>")]);
    expect(stage.push("<c/>"), &[(1, "<body><c/></body>")]);
    // Three are more than two, in whatever order.
    stage.take("rid='103'", "<a/>").expect("the rules are kept");
    stage.take("rid='105'", "<a/>").expect("the rules are kept");
    assert_eq!(stage.take("rid='104'", "<a/>"), Err(Violation::TOO_MANY));
}

#[test]
fn what_could_not_be_taken_waits_and_with_it_its_answer() {
    let mut stage = Stage::new();
    assert_eq!(stage.take("rid='101'", "<a/><b/>"), Ok(Turn::Now));
    stage.binding.leave(101, Left::Whole("<body/>".into()));
    assert_eq!(stage.take("rid='102'", "<c/>"), Ok(Turn::Later));
    expect(stage.settle(), &[]);
    // No more than that at a time.
    assert_eq!(stage.take("rid='103'", "<d/>"), Err(Violation::TOO_MANY));
    let pending = stage.binding.next_pending().expect("the rest of the first");
    assert_eq!(pending.rid, 101);
    expect(stage.settle(), &[(1, EMPTY)]);
    assert_eq!(stage.binding.next_pending().expect("the second").rid, 102);
}

#[test]
fn a_client_that_keeps_to_its_requests_never_has_too_many_that_wait_to_be_taken() {
    for mut stage in [Stage::new(), Stage::polling()] {
        let mut waiting = VecDeque::new();
        for rid in 101..110 {
            stage.waiting.push_str("<x/>");
            let content = "<a/>";
            match stage.take(&format!("rid='{rid}'"), content).expect("the rules are kept") {
                Turn::Now => stage.binding.leave(rid, Left::Whole("<body/>".into())),
                Turn::Later => {}
            }
            waiting.push_back(rid);
            let said = stage.settle();
            if waiting.len() == 1 {
                expect(said, &[(rid - 100, "<body><x/></body>")]);
                continue;
            }
            expect(said, &[]);
            expect(stage.pass(61 * SECOND), &[]);
            let pending = stage.binding.next_pending().expect("it waits to be taken");
            assert_eq!(Some(pending.rid), waiting.pop_front());
            expect(stage.settle(), &[(rid - 100, "<body><x/></body>")]);
        }
    }
}

#[test]
fn an_answer_comes_again_byte_for_byte_as_long_as_it_is_kept() {
    let mut stage = Stage::new();
    for (rid, payload) in [(101, "<a/>"), (102, "<b/>"), (103, "<c/>")] {
        stage.poll(rid);
        stage.push(payload);
    }
    expect(stage.poll(103), &[(4, "<body><c/></body>")]);
    expect(stage.poll(102), &[(5, "<body><b/></body>")]);
    // The payloads of a repeated request are not taken again.
    assert_eq!(stage.take("rid='103'", "<iq/>"), Ok(Turn::Later));
    expect(stage.settle(), &[(6, "<body><c/></body>")]);
    assert_eq!(stage.take("rid='101'", ""), Err(Violation::ANSWER_GONE));
    assert_eq!(stage.take("rid='1'", ""), Err(Violation::ANSWER_GONE));
}

#[test]
fn the_first_answer_comes_again_too() {
    let mut stage = Stage::new();
    let again = stage.poll(100);
    assert!(again[0].1.contains("sid=\"SID\""), "{again:?}");
}

#[test]
fn a_request_that_comes_again_while_it_is_held_takes_its_own_place() {
    let mut stage = Stage::new();
    expect(stage.poll(101), &[]);
    expect(stage.pass(50 * SECOND), &[]);
    expect(stage.poll(101), &[(1, AGAIN)]);
    // It has its own time.
    expect(stage.pass(50 * SECOND), &[]);
    expect(stage.push("<a/>"), &[(2, "<body><a/></body>")]);
}

#[test]
fn nothing_is_lost_with_the_connection_of_a_held_request() {
    let mut stage = Stage::new();
    stage.poll(101);
    stage.binding.gone(stage.now, RequestId(1));
    expect(stage.push("<a/>"), &[]);
    // It comes again.
    expect(stage.poll(101), &[(2, "<body><a/></body>")]);
    stage.poll(102);
    stage.binding.gone(stage.now, RequestId(3));
    expect(stage.push("<b/>"), &[]);
    // Or the next one comes, and it is the earlier one that gets nothing, if it comes after all.
    expect(stage.poll(103), &[(4, "<body><b/></body>")]);
    expect(stage.poll(102), &[(5, EMPTY)]);
}

#[test]
fn a_gap_that_stays_is_asked_for() {
    let mut stage = Stage::new();
    assert_eq!(stage.take("rid='102'", "<a/>"), Ok(Turn::Later));
    assert_eq!(stage.binding.due(), stage.now + 60 * SECOND);
    expect(stage.pass(59 * SECOND), &[]);
    expect(stage.pass(SECOND), &[(1, AGAIN)]);
    // Both come again, and count.
    assert_eq!(stage.take("rid='101'", "<a/>"), Ok(Turn::Now));
    assert_eq!(stage.take("rid='102'", "<b/>"), Ok(Turn::Now));
    expect(stage.settle(), &[(2, EMPTY)]);
}

#[test]
fn acknowledgements_go_both_ways() {
    let (mut stage, _) = Stage::with("ack='1' ver='1.6'", |_| {});
    stage.poll(101);
    // The number of the request itself need not be said.
    expect(stage.push("<a/>"), &[(1, "<body><a/></body>")]);
    stage.poll(102);
    expect(stage.post("rid='103' ack='101'", "<a/>"), &[(2, "<body ack=\"103\"/>")]);
    // What the client has it does not want again.
    assert_eq!(stage.take("rid='101'", ""), Err(Violation::ANSWER_GONE));
    let mut other = Stage::with("ack='1' ver='1.6'", |_| {}).0;
    other.poll(101);
    other.push("<a/>");
    expect(other.poll(101), &[(2, "<body><a/></body>")]);
    other.poll(102);
    assert_eq!(other.take("rid='101'", ""), Err(Violation::ANSWER_GONE), "all is acknowledged by silence");
}

#[test]
fn the_end_is_said_to_the_oldest_request() {
    let (oldest, other) = (RequestId(1), RequestId(2));
    let end = |stage: &mut Stage, end: &dyn Fn(&mut Binding)| {
        stage.poll(101);
        stage.take("rid='102'", "<a/>").expect("the rules are kept");
        end(&mut stage.binding);
        stage.binding.take_answers()
    };
    let body = |text: &str| format!("<body xmlns=\"{}\"{text}", ns::HTTPBIND).into();
    let answer = |request, text| BoshResponse { request, status: 200, content_type: None, body: body(text) };
    let said = end(&mut Stage::new(), &|binding| binding.finish(None, "<p/>"));
    assert_eq!(said, [answer(oldest, " type=\"terminate\"><p/></body>"), answer(other, "/>")]);
    let error = Some(Condition::RemoteStreamError);
    let said = end(&mut Stage::new(), &|binding| binding.finish(error, "<e/>"));
    let another = " type=\"terminate\" condition=\"other-request\"/>";
    let first = " type=\"terminate\" condition=\"remote-stream-error\"><e/></body>";
    assert_eq!(said, [answer(oldest, first), answer(other, another)]);
    // A request that breaks the rules hears it itself, as a status code if it is an old client.
    for (ver, status) in [("ver='1.6'", 200), ("", 404)] {
        let said = end(&mut Stage::with(ver, |_| {}).0, &|binding| binding.violate(other, Violation::RID));
        let told = answer(other, " type=\"terminate\" condition=\"item-not-found\"/>");
        assert_eq!(said, [BoshResponse { status, ..told }, answer(oldest, another)]);
    }
}

#[test]
fn the_content_type_is_the_clients() {
    let (mut stage, _) = Stage::with("content='application/xml; charset=utf-8'", |_| {});
    stage.take("rid='101'", "").expect("the rules are kept");
    stage.waiting.push_str("<a/>");
    stage.binding.respond(stage.now, &mut stage.waiting);
    let answers = stage.binding.take_answers();
    assert_eq!(answers[0].content_type.as_deref(), Some("application/xml; charset=utf-8"));
}
