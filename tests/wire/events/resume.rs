//! Server-sent events: a client that comes back says what it has seen last, and gets the rest or is told that it cannot.

use crate::support::http::{Http, basic, publish};
use crate::support::sse::{Stream, password};
use crate::support::{Client, Server, ns};

const ALARMS: &str = "/lab/alarms";
const USER: &str = "/finesse/api/User/1001";

/// A stream on which nothing waits: what is published now comes next.
#[track_caller]
fn expect_nothing_more(server: &Server, stream: &mut Stream) {
    publish(server, ALARMS, "and now?");
    stream.expect(ALARMS, "and now?");
}

#[test]
fn a_stream_that_resumes_gets_missed_events_and_then_new_ones() {
    let server = Server::demo();
    let mut stream = Stream::open(&server, "1001", &[ALARMS, USER]);
    publish(&server, ALARMS, "0");
    stream.expect(ALARMS, "0");
    let last = stream.last.clone();
    drop(stream);
    for (node, payload) in
        [(USER, "1"), ("/finesse/api/User/1002", "other"), (ALARMS, "2\nlines"), (USER, "3")]
    {
        publish(&server, node, payload);
    }
    let nodes = format!("node={ALARMS}&node={USER}");
    let own = password("1001");
    let mut streams = [
        (format!("{nodes}&after={last}"), own.clone()),
        (nodes.clone(), format!("{own}Last-Event-ID: {last}\r\n")),
        // A browser comes back to the same address: what it says itself is newer.
        (format!("after=something-old&{nodes}"), format!("{own}Last-Event-ID: {last}\r\n")),
        (format!("{nodes}&after=x"), format!("{own}Last-Event-ID:{last}\r\n")),
    ]
    .map(|(query, headers)| Stream::with(&server, &query, &headers));
    for stream in &mut streams {
        stream.expect(USER, "1");
        stream.expect(ALARMS, "2\nlines");
        stream.expect(USER, "3");
    }
    let mut one = Stream::after(&server, &[ALARMS], &last);
    one.expect(ALARMS, "2\nlines");
    publish(&server, ALARMS, "live");
    for stream in streams.iter_mut().chain([&mut one]) {
        stream.expect(ALARMS, "live");
    }
    // Nothing was missed, and nothing came.
    let mut again = Stream::after(&server, &[ALARMS, USER], &one.last);
    expect_nothing_more(&server, &mut again);
    // A client that has seen nothing is owed nothing.
    let mut new = Stream::with(&server, &format!("{nodes}&after="), &own);
    expect_nothing_more(&server, &mut new);
}

#[test]
fn what_is_not_kept_any_more_is_said_and_each_node_counts_for_itself() {
    let server = Server::with("[limits]\nhistory = 3\n");
    let ids: Vec<_> = [(USER, "0"), (ALARMS, "1"), (ALARMS, "2"), (ALARMS, "3"), (ALARMS, "4")]
        .map(|(node, payload)| publish(&server, node, payload))
        .into();
    // The user's node has lost its only event, which came before this one.
    let mut stream = Stream::after(&server, &[USER], &ids[1]);
    publish(&server, USER, "5");
    stream.expect(USER, "5");
    // Kept are 3, 4 and 5 now. After 2 that is everything, after 1 it is not.
    let mut stream = Stream::after(&server, &[ALARMS, USER], &ids[2]);
    for (node, payload) in [(ALARMS, "3"), (ALARMS, "4"), (USER, "5")] {
        stream.expect(node, payload);
    }
    expect_nothing_more(&server, &mut stream);
    let mut stream = Stream::after(&server, &[ALARMS], &ids[1]);
    stream.expect_missed();
    for payload in ["4", "and now?"] {
        stream.expect(ALARMS, payload);
    }
    expect_nothing_more(&server, &mut stream);
}

#[test]
fn the_history_is_bounded_in_bytes_and_may_be_none() {
    let server = Server::with("[limits]\nhistory_size = \"8KiB\"\n");
    let filler = "x".repeat(2500);
    let ids = [(); 5].map(|()| publish(&server, ALARMS, &filler));
    let mut stream = Stream::after(&server, &[ALARMS], &ids[1]);
    (0..3).for_each(|_| stream.expect(ALARMS, &filler));
    Stream::after(&server, &[ALARMS], &ids[0]).expect_missed();
    let none = Server::with("[limits]\nhistory = 0\n");
    let id = publish(&none, ALARMS, "1");
    let mut stream = Stream::after(&none, &[ALARMS], &id);
    expect_nothing_more(&none, &mut stream);
    let mut stream = Stream::after(&none, &[ALARMS], &id);
    stream.expect_missed();
    expect_nothing_more(&none, &mut stream);
}

#[test]
fn what_is_more_than_may_be_owed_is_said_too() {
    let server = Server::with("[limits]\nqueue_frames = 512\n");
    let ids: Vec<_> = (0..300).map(|number| publish(&server, ALARMS, &number.to_string())).collect();
    let mut stream = Stream::after(&server, &[ALARMS], &ids[0]);
    stream.expect_missed();
    (44..300).for_each(|number: u32| stream.expect(ALARMS, &number.to_string()));
    expect_nothing_more(&server, &mut stream);
    let mut stream = Stream::after(&server, &[ALARMS], &ids[44]);
    (45..300).for_each(|number: u32| stream.expect(ALARMS, &number.to_string()));
    stream.expect(ALARMS, "and now?");
}

#[test]
fn an_id_of_which_nothing_is_known_is_answered_honestly() {
    let before = {
        let server = Server::demo();
        publish(&server, ALARMS, "of another run");
        publish(&server, ALARMS, "of another run")
    };
    let server = Server::demo();
    let id = publish(&server, ALARMS, "kept");
    let (run, number) = id.split_at(id.len() - 1);
    assert_eq!(number, "1", "{id}");
    let own = password("1001").into_bytes();
    let long = "x".repeat(8000);
    let future = format!("{run}2");
    let odd = [format!("{run}01"), format!("{run}+1"), format!("{run}18446744073709551616"), run.to_owned()];
    let ids = odd.iter().map(String::as_bytes);
    for last in ids.chain([
        before.as_bytes(),
        b"x",
        b"\xff\xfe",
        "\u{e9}".as_bytes(),
        long.as_bytes(),
        future.as_bytes(),
    ]) {
        let request = [
            format!("GET /events?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\n").as_bytes(),
            &own,
            b"Last-Event-ID: ",
            last,
            b"\r\n\r\n",
        ]
        .concat();
        let mut stream = Stream::over(Http::connect(server.plain), request);
        stream.expect_missed();
        assert_eq!(stream.last, "", "it changes nothing of what the client has seen");
    }
    // What comes after it is not kept from anybody.
    let mut stream = Stream::after(&server, &[ALARMS], "x");
    stream.expect_missed();
    expect_nothing_more(&server, &mut stream);
}

#[test]
fn ids_of_the_publishers_own_are_found_as_long_as_they_are_kept() {
    let server = Server::with("[limits]\nhistory = 4\n");
    let mut administrator = Client::online(&server, "administrator", "desktop");
    let mut say = |id: &str, payload: &str| {
        let item =
            format!("<item id='{id}'><notification xmlns='{}'>{payload}</notification></item>", ns::PUSH);
        let request =
            format!("<pubsub xmlns='{}'><publish node='{ALARMS}'>{item}</publish></pubsub>", ns::PUBSUB);
        administrator.set("pubsub.localhost", &request).is_result_with(&["<item id="]);
    };
    for (id, payload) in [("a", "0"), ("b", "1"), ("twice", "2"), ("c d/é", "3"), ("twice", "4")] {
        say(id, payload);
    }
    let mut stream = Stream::after(&server, &[ALARMS], "b");
    for payload in ["2", "3", "4"] {
        stream.expect(ALARMS, payload);
    }
    // Which of the two it was nobody knows: better again than never.
    let mut stream = Stream::after(&server, &[ALARMS], "twice");
    for payload in ["3", "4"] {
        stream.expect(ALARMS, payload);
    }
    let mut stream = Stream::with(&server, &format!("node={ALARMS}&after=c+d/%C3%A9"), &password("1001"));
    stream.expect(ALARMS, "4");
    assert_eq!(stream.last, "twice");
    // The first one is not kept: what it was is not known.
    Stream::after(&server, &[ALARMS], "a").expect_missed();
}

#[test]
fn a_client_that_comes_back_again_and_again_gets_everything_in_order_and_once() {
    let server = Server::with_log("info", "");
    let mut http = Http::connect(server.plain);
    let authorization = basic("administrator", "1234");
    let mut stream = Stream::open(&server, "1001", &[ALARMS, USER]);
    let publisher = std::thread::spawn(move || {
        for number in 0..1000 {
            let (node, body) = (if number % 4 == 0 { USER } else { ALARMS }, number.to_string());
            let answer = http.ask(format!(
                "POST /callboard/api/publish?node={node} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
            assert_eq!(answer.status(), 202);
        }
    });
    for number in 0..1000 {
        stream.expect(if number % 4 == 0 { USER } else { ALARMS }, &number.to_string());
        if number % 37 == 0 {
            let last = stream.last.clone();
            drop(stream);
            stream = Stream::after(&server, &[USER, ALARMS], &last);
        }
    }
    publisher.join().expect("it does not panic");
    expect_nothing_more(&server, &mut stream);
}
