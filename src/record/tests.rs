//! The record: its bounds, what a query finds, and files.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::id::SessionId;
use crate::pubsub::event::head;
use crate::pubsub::{Item, Payload};
use crate::record::export::{About, Form, write};
use crate::record::{BYTES_PER_ENTRY, Entry, Key, Kind, Query, Record, Text, Wire, body};
use crate::xmpp::ns;

fn record(most: usize) -> Record {
    Record::new(most, Wire { head: head("pubsub.localhost"), notification: ns::PUSH })
}

fn session(place: u32) -> SessionId {
    format!("{place}.1").parse().expect("a good id")
}

fn at(milliseconds: u64, kind: Kind) -> Entry {
    Entry::new(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds), kind)
}

fn item(payload: &str) -> Rc<Item> {
    Rc::new(Item { id: "i".into(), payload: Payload::Text(payload.to_owned()) })
}

fn message(item: &Rc<Item>) -> Text {
    Text::Message { node: "/n".into(), item: item.clone(), to: "1001@localhost".into(), id: *b"12345678" }
}

fn query(text: &str) -> Query {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Query::read(pairs).unwrap_or_else(|problem| panic!("{text}: {}", problem.0))
}

fn numbers(record: &Record, text: &str) -> Vec<u64> {
    record.page(&query(text)).entries.iter().map(|entry| entry.seq).collect()
}

#[test]
fn the_oldest_entries_make_room_for_others_and_are_counted() {
    let mut record = record(3);
    for number in 1..=5 {
        assert_eq!(record.add(at(number, Kind::State)), number);
    }
    assert_eq!((record.len(), record.first(), record.last(), record.dropped()), (3, 3, 5, 2));
    assert_eq!(numbers(&record, ""), [3, 4, 5]);
    assert_eq!(record.get(2).map(|entry| entry.seq), None);
    assert_eq!(record.get(4).map(|entry| entry.seq), Some(4));
    record.clear();
    assert_eq!((record.len(), record.bytes(), record.first(), record.last()), (0, 0, 6, 5));
    assert_eq!(record.add(at(6, Kind::State)), 6, "no number is used again");
}

#[test]
fn all_entries_together_have_a_bound_in_bytes() {
    let mut record = record(100);
    for _ in 0..100 {
        record.add(at(0, Kind::FrameIn).with_text(&"x".repeat(10_000)));
    }
    assert!(
        record.bytes() <= 100 * BYTES_PER_ENTRY && record.len() >= 4,
        "{} {}",
        record.bytes(),
        record.len()
    );
    record.add(at(0, Kind::FrameIn).with_text(&"x".repeat(1_000_000)));
    assert!(record.bytes() <= 100 * BYTES_PER_ENTRY, "a long text is cut: {}", record.bytes());
    let entry = record.entries().next_back().expect("it is there");
    assert_eq!((entry.size, entry.text.shown(record.wire()).len()), (1_000_000, 16 * 1024));
    let mut shown = String::new();
    entry.write(&mut shown, record.wire());
    assert!(
        shown.contains("\"size\":1000000,") && shown.ends_with(",\"cut\":true}"),
        "{}",
        &shown[shown.len() - 40..]
    );
}

#[test]
fn an_event_for_a_thousand_readers_is_one_text_in_memory() {
    let mut record = record(100_000);
    let item = item(&"<Update/>".repeat(1000));
    record.add(Entry { text: Text::Item { node: "/n".into(), item: item.clone() }, ..at(0, Kind::Event) });
    let one = record.bytes();
    assert!(one > 9000);
    for _ in 0..1000 {
        record.add(Entry { text: message(&item), ..at(0, Kind::FrameOut) });
    }
    assert!(record.bytes() - one < 1000 * 300, "{}", record.bytes() - one);
    assert!(Rc::strong_count(&item) > 1000);
}

#[test]
fn what_an_entry_took_is_given_back_when_it_makes_room() {
    let mut record = record(4);
    let large = item(&"x".repeat(1000));
    for _ in 0..3 {
        record.add(Entry { text: message(&large), ..at(0, Kind::FrameOut) });
    }
    record.add(at(0, Kind::State));
    for number in 0..4 {
        assert!(record.bytes() > 0);
        record.add(at(number, Kind::State));
    }
    let plain = record.bytes();
    assert_eq!(Rc::strong_count(&large), 1, "nothing holds it any more");
    for _ in 0..4 {
        record.add(at(0, Kind::State));
    }
    assert_eq!(record.bytes(), plain);
    let number = record.add(at(0, Kind::Request));
    record.change(number, |entry| entry.set(Key::Fault, "f"));
    assert!(record.bytes() > plain);
    for _ in 0..4 {
        record.add(at(0, Kind::State));
    }
    assert_eq!(record.bytes(), plain, "a change is counted, too");
}

#[test]
fn a_query_finds_entries_by_all_that_it_names() {
    let mut record = record(100);
    let request = at(1, Kind::Request)
        .with(Key::User, "1001")
        .with(Key::Path, "/finesse/api/User/1001?ticket=(masked)")
        .with(Key::RequestId, "a");
    record.add(request.with_text("<User/>"));
    let published = item("<Update>&amp;</Update>");
    record.add(Entry {
        text: Text::Item { node: "/finesse/api/User/1001".into(), item: published.clone() },
        ..at(2, Kind::Event)
    });
    record.add(Entry { session: Some(session(0)), text: message(&published), ..at(3, Kind::FrameOut) });
    record.add(at(4, Kind::Event).with(Key::Node, "/n").with(Key::What, "deleted"));
    for (text, found) in [
        ("", &[1, 2, 3, 4][..]),
        ("after=2", &[3, 4]),
        ("after=4", &[]),
        ("after=5", &[1, 2, 3, 4]),
        ("kind=event", &[2, 4]),
        ("kind=event, request", &[1, 2, 4]),
        ("user=1001", &[1]),
        ("user=100", &[]),
        ("session=0.1", &[3]),
        ("session=0.2", &[]),
        ("node=/n", &[3, 4]),
        ("node=/finesse/*", &[2]),
        ("path=/finesse/api/User/1001", &[1]),
        ("path=/finesse/*", &[1]),
        ("path=/finesse/api/User", &[]),
        ("requestId=a", &[1]),
        ("contains=&amp;", &[2, 3]),
        ("contains=delet", &[4]),
        ("contains=(masked)", &[1]),
        ("limit=2", &[1, 2]),
        ("limit=1&kind=event&after=2", &[4]),
    ] {
        let pairs = text.split_once('=').filter(|_| text.starts_with("contains"));
        let found_now = match pairs {
            Some(pair) => {
                let query = Query::read([pair]).expect("a good query");
                record.page(&query).entries.iter().map(|entry| entry.seq).collect()
            }
            None => numbers(&record, text),
        };
        assert_eq!(found_now, found, "{text}");
    }
}

#[test]
fn a_page_says_where_the_next_one_begins_and_what_was_lost() {
    let mut record = record(4);
    for number in 1..=10 {
        record.add(at(number, if number % 2 == 0 { Kind::Event } else { Kind::State }));
    }
    let shown = |text: &str| {
        let page = record.page(&query(text));
        (page.entries.len(), page.first, page.next, page.lost)
    };
    assert_eq!(shown(""), (4, 7, 10, 6));
    assert_eq!(shown("after=2"), (4, 7, 10, 4));
    assert_eq!(shown("after=6"), (4, 7, 10, 0));
    assert_eq!(shown("after=6&limit=3"), (3, 7, 9, 0));
    assert_eq!(shown("kind=event&limit=1"), (1, 7, 8, 6));
    assert_eq!(shown("kind=event&limit=2"), (2, 7, 10, 6), "what follows is of no kind that is wanted");
    assert_eq!(shown("after=10"), (0, 7, 10, 0));
}

#[test]
fn a_wrong_query_is_told_its_parameter_and_what_there_is() {
    for (pairs, sentence) in [
        (&[("colour", "x")][..], "colour is no parameter here; there are after, kind, user, "),
        (
            &[("kind", "frame")],
            "kind is one of request, response, frame-in, frame-out, event, state, fault, session, login, scenario, not \"frame\".",
        ),
        (&[("kind", "")], "kind is one or more kinds, with commas between them, not \"\"."),
        (&[("after", "-1")], "after is the number of an entry, not \"-1\"."),
        (&[("limit", "0")], "limit is a number from 1 to 1000, not \"0\"."),
        (&[("limit", "1001")], "limit is a number from 1 to 1000, not \"1001\"."),
        (
            &[("session", "x")],
            "session is the id of a session, as GET /callboard/api/sessions shows it, not \"x\".",
        ),
        (&[("user", "")], "user is the id of a user, not \"\"."),
        (&[("user", "a"), ("user", "a")], "user stands more than once."),
    ] {
        let problem = Query::read(pairs.iter().copied()).expect_err(sentence);
        assert!(problem.0.starts_with(sentence), "{}", problem.0);
    }
    let long = "x".repeat(2000);
    assert_eq!(
        Query::read([("contains", &*long)]).expect_err("long").0,
        "contains has more than 1024 bytes."
    );
}

#[test]
fn an_event_is_shown_as_it_went_over_the_wire() {
    let mut record = record(10);
    let number = record.add(Entry {
        session: Some(session(3)),
        text: message(&item("<Update>1</Update>")),
        size: 7,
        ..at(1500, Kind::FrameOut).with(Key::User, "1001")
    });
    let mut shown = String::new();
    record.get(number).expect("it is there").write(&mut shown, record.wire());
    let text = "<message from=\\\"pubsub.localhost\\\" to=\\\"1001@localhost\\\" id=\\\"12345678\\\" xmlns=\\\"jabber:client\\\">\
                <event xmlns=\\\"http://jabber.org/protocol/pubsub#event\\\"><items node=\\\"/n\\\"><item id=\\\"i\\\">";
    let start = "{\"seq\":1,\"time\":1500.000,\"kind\":\"frame-out\",\"session\":\"3.1\",\"user\":\"1001\",\"node\":\"/n\",\"item\":\"i\",\"size\":7,\"text\":\"";
    assert!(shown.starts_with(&format!("{start}{text}")), "{shown}");
    assert!(shown.contains("&lt;Update&gt;1&lt;/Update&gt;"), "{shown}");
}

#[test]
fn secrets_in_bodies_are_masked_by_their_names() {
    for (text, shown) in [
        ("<User><state>READY</state></User>", "<User><state>READY</state></User>"),
        ("<a><password>geheim</password></a>", "<a><password>(masked)</password></a>"),
        (
            "<a><dataPassword>ge<b>heim</b></dataPassword><c/></a>",
            "<a><dataPassword>(masked)</dataPassword><c/></a>",
        ),
        ("<a><password>ge<![CDATA[heim]]></password><c/></a>", "<a><password>(masked)</password><c/></a>"),
        ("<a><password value='geheim'/></a>", "<a><password value='(masked)'/></a>"),
        ("<a authToken='geheim' b='1'/>", "<a authToken='(masked)' b='1'/>"),
        ("<x:PassWord xmlns:x='y'>geheim</x:PassWord>", "<x:PassWord xmlns:x='y'>(masked)</x:PassWord>"),
        (
            " \n<?xml version='1.0'?><a><!-- password geheim --><b/></a>",
            "<?xml version='1.0'?><a>(masked)<b/></a>",
        ),
        ("<a><password/></a>", "<a><password/></a>"),
        ("<label>Password reset</label>", "<label>Password reset</label>"),
        ("{\"password\":\"geheim\"}", "(masked)"),
        ("<a><password>geheim</a>", "(masked)"),
        ("", ""),
    ] {
        assert_eq!(body(text), shown, "{text}");
    }
}

fn conversation() -> Record {
    let mut record = record(100);
    let own = |time, kind| Entry { session: Some(session(0)), ..at(time, kind) };
    let opened = own(0, Kind::Session)
        .with(Key::What, "opened")
        .with(Key::Transport, "ws")
        .with(Key::Peer, "127.0.0.1:1");
    record.add(opened);
    record.add(own(1, Kind::FrameIn).with_text("<open/>"));
    record.add(own(3, Kind::FrameOut).with_text("<open id='1'/>"));
    record.add(
        own(4, Kind::Login)
            .with(Key::User, "1002")
            .with(Key::What, "not-authorized")
            .with(Key::Authcid, "1002"),
    );
    let bound = own(5, Kind::Session)
        .with(Key::User, "1001")
        .with(Key::What, "bound")
        .with(Key::Jid, "1001@localhost/d");
    record.add(bound);
    let request = |user: &str| {
        at(10, Kind::Request)
            .with(Key::User, user)
            .with(Key::Method, "PUT")
            .with(Key::Path, "/finesse/api/User/1001")
    };
    let number = record.add(request("1001").with(Key::RequestId, "a").with_text("<User/>"));
    record.add(request("1002"));
    record.add(Entry { of: number, status: Some(202), ..at(12, Kind::Response).with(Key::User, "1001") });
    let update = item(
        "<Update><data><user><state>A &amp; B</state><x/></user></data><requestId>a</requestId></Update>",
    );
    record.add(Entry {
        text: message(&update),
        size: 400,
        ..own(13, Kind::FrameOut).with(Key::User, "1001")
    });
    record
}

const ABOUT: About<'_> = About { version: "1.2.3", profile: "uccx", release: "12.5", domain: "localhost" };

#[test]
fn a_session_is_an_archive_with_its_frames_and_the_requests_of_its_user() {
    let record = conversation();
    let har = write(&record, session(0), Form::Har, &ABOUT).expect("it is recorded");
    for part in [
        "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"callboard\",\"version\":\"1.2.3\",\"comment\":\"profile uccx, release 12.5\"},\"pages\":[],",
        "\"_resourceType\":\"websocket\",\"_webSocketMessages\":[{\"type\":\"send\",\"time\":0.001000,\"opcode\":1,\"data\":\"<open/>\"},\
         {\"type\":\"receive\",\"time\":0.003000,\"opcode\":1,\"data\":\"<open id='1'/>\"},",
        "\"url\":\"ws://localhost/ws/\"",
        "\"startedDateTime\":\"1970-01-01T00:00:00.01Z\",\"time\":2.000,\"request\":{\"method\":\"PUT\",\"url\":\"https://localhost/finesse/api/User/1001\"",
        "\"status\":202,\"statusText\":\"Accepted\"",
    ] {
        assert!(har.contains(part), "{part}: {har}");
    }
    assert_eq!(har.matches("\"startedDateTime\"").count(), 2, "nothing of others: {har}");
    assert_eq!(write(&record, session(1), Form::Har, &ABOUT), None);
}

#[test]
fn a_session_is_a_text_with_payloads_that_can_be_read() {
    let text = write(&conversation(), session(0), Form::Text, &ABOUT).expect("it is recorded");
    let expected = "\
callboard 1.2.3, profile uccx, release 12.5, domain localhost
session 0.1 of 1001@localhost/d over ws from 127.0.0.1:1
1970-01-01T00:00:00Z is 0.000; then the time since the line before; --> from the client, <-- to it

    0.000    +0.000   * session opened
    0.001    +0.001 -->
                    <open/>
    0.003    +0.002 <--
                    <open id='1'/>
    0.004    +0.001   * login not-authorized, authcid 1002
    0.005    +0.001   * session bound, jid 1001@localhost/d
    0.010    +0.005 --> PUT /finesse/api/User/1001, requestId a
                    <User/>
    0.012    +0.002 <-- 202 for  \n    0.013    +0.001 <-- event of /n, item i
                    <message from=\"pubsub.localhost\" to=\"1001@localhost\" id=\"12345678\" xmlns=\"jabber:client\"><event xmlns=\"http://jabber.org/protocol/pubsub#event\"><items node=\"/n\"><item id=\"i\"><notification xmlns=\"http://jabber.org/protocol/pubsub\">
                      <Update>
                        <data>
                          <user>
                            <state>A &amp; B</state>
                            <x/>
                          </user>
                        </data>
                        <requestId>a</requestId>
                      </Update>
                    </notification></item></items></event></message>
";
    let notification = format!("<notification xmlns=\"{}\">", ns::PUSH);
    let expected =
        expected.replace("<notification xmlns=\"http://jabber.org/protocol/pubsub\">", &notification);
    assert_eq!(text, expected);
}

#[test]
fn a_session_is_json_that_says_where_it_comes_from() {
    let json = write(&conversation(), session(0), Form::Json, &ABOUT).expect("it is recorded");
    let start = "{\"callboard\":\"1.2.3\",\"profile\":\"uccx\",\"release\":\"12.5\",\"domain\":\"localhost\",\"session\":\"0.1\",\"user\":\"1001\",\"transport\":\"ws\",\"entries\":[{\"seq\":1,";
    assert!(json.starts_with(start), "{json}");
    assert_eq!(json.matches("\"seq\"").count(), 8, "{json}");
}

/// A session that has sent these frames.
fn spoken(record: &mut Record, frames: impl IntoIterator<Item = String>) {
    for (time, frame) in (0..).zip(frames) {
        record.add(Entry { session: Some(session(0)), ..at(time, Kind::FrameIn) }.with_text(&frame));
    }
}

#[test]
fn a_file_is_bounded_whatever_a_client_has_said() {
    let mut deep = record(10_000);
    spoken(&mut deep, (0..50).map(|_| format!("<Update>{}", "<a>".repeat(5_400))));
    let text = write(&deep, session(0), Form::Text, &ABOUT).expect("it is recorded");
    assert!(text.len() < 50 * 1024 * 1024, "what is nested is not indented without end: {}", text.len());
    let mut long = record(100_000);
    spoken(&mut long, (0..1_500).map(|number| format!("<n{number}/>{}", "x".repeat(16_000))));
    for form in [Form::Har, Form::Text, Form::Json] {
        let file = write(&long, session(0), form, &ABOUT).expect("it is recorded");
        assert!(file.len() < 10 * 1024 * 1024, "{form:?}: {}", file.len());
        assert!(file.contains("<n1499/>") && !file.contains("<n100/>"), "{form:?} has the newest");
    }
}

#[test]
fn an_archive_knows_the_transport_when_its_beginning_has_made_room() {
    let mut record = record(100);
    spoken(&mut record, ["<body rid='7' sid='(masked)'/>".to_owned()]);
    let har = write(&record, session(0), Form::Har, &ABOUT).expect("it is recorded");
    assert!(!har.contains("_webSocketMessages"), "{har}");
}

#[test]
fn an_entry_has_each_member_once() {
    let mut record = record(100);
    record.add(at(0, Kind::FrameIn).with(Key::Fault, "slow").with(Key::Fault, "late"));
    let mut shown = String::new();
    record.get(1).expect("it is there").write(&mut shown, record.wire());
    assert!(shown.contains("\"fault\":\"late\"") && !shown.contains("slow"), "{shown}");
}
