//! Clients whose connections break at any point, by chance: what was published comes once and in order all the same.
//!
//! The seed of each run is told when it fails.

use std::collections::{HashMap, VecDeque};
use std::thread;

use fastrand::Rng;

use crate::support::bosh::{Channel, attribute, envelope, ping, request};
use crate::support::http::{Http, publish};
use crate::support::sse::{Stream, password};
use crate::support::{Bosh, Server};

const USER: &str = "/finesse/api/User/1001";
const ALARMS: &str = "/lab/alarms";

/// How often the same BOSH request is sent at the most; the server takes it once, and ten times again.
const SENT_MAX: usize = 11;

/// The numbers that stand behind `mark` in a text.
fn numbers(text: &str, mark: &str) -> impl Iterator<Item = usize> {
    text.split(mark).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().expect("a number")
    })
}

#[test]
fn a_stream_that_breaks_anywhere_goes_on_where_it_was() {
    const EVENTS: usize = 400;
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let server = Server::with_log("warn", "");
    let query = format!("node={ALARMS}&node={USER}");
    let mut stream = Stream::with(&server, &query, &password("1001"));
    publish(&server, USER, "event-0");
    stream.expect(USER, "event-0");
    let mut seen = vec![0];
    let mut streams = 1;
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..EVENTS {
                publish(&server, [USER, ALARMS][number % 2], &format!("event-{number}"));
            }
        });
        while seen.len() < EVENTS {
            for _ in 0..random.usize(..12).min(EVENTS - seen.len()) {
                let (node, data) = stream.event();
                seen.extend(numbers(&data, "event-"));
                assert_eq!(node, [USER, ALARMS][seen[seen.len() - 1] % 2], "seed {seed}");
            }
            let last = stream.last.clone();
            let headers = format!("{}Last-Event-ID: {last}\r\n", password("1001"));
            stream = Stream::with(&server, &query, &headers);
            stream.last = last;
            streams += 1;
        }
    });
    assert_eq!(seen, (0..EVENTS).collect::<Vec<_>>(), "seed {seed}, {streams} streams");
}

/// A client over BOSH that may make two requests at a time.
struct Unlucky<'a> {
    server: &'a Server,
    bosh: Bosh,
    random: Rng,
    /// The oldest request whose answer has not come.
    lowest: u64,
    /// What each of the requests since then says, and how often it was sent.
    requests: VecDeque<(String, usize)>,
    /// The connections on which they wait for their answers.
    open: HashMap<u64, Http<Box<dyn Channel>>>,
    pings: usize,
    published: usize,
    /// What came in all answers.
    come: String,
}

impl Unlucky<'_> {
    fn publish(&mut self) {
        publish(self.server, USER, &format!("event-{}", self.published));
        self.published += 1;
    }

    /// Sends one of the two requests that may be on their way, again if it was sent before.
    fn send(&mut self, ahead: u64) {
        let rid = self.lowest + ahead;
        while self.requests.len() <= ahead as usize {
            let rid = self.lowest + self.requests.len() as u64;
            let content = if self.random.bool() { ping(&self.pings.to_string()) } else { String::new() };
            self.pings += usize::from(!content.is_empty());
            let body = envelope(&format!("rid='{rid}' sid='{}'", self.bosh.sid), &content);
            self.requests.push_back((request(&body, ""), 0));
        }
        let (text, sent) = &mut self.requests[ahead as usize];
        // The last one has to have luck.
        let luck = if *sent + 1 < SENT_MAX { self.random.u8(..8) } else { 7 };
        let mut http = self.bosh.connect();
        if luck == 0 {
            return http.send(&text[..self.random.usize(..text.len())]);
        }
        *sent += 1;
        http.send(&*text);
        if luck > 2 {
            self.open.insert(rid, http);
        }
    }

    /// Reads the answer to the oldest request, which has one as soon as there is an event, and may lose it.
    fn read(&mut self) {
        let repeats = self.requests.front().map_or(0, |(_, sent)| *sent);
        if !self.open.contains_key(&self.lowest) && repeats < SENT_MAX {
            self.send(0);
        }
        let Some(mut http) = self.open.remove(&self.lowest) else { return };
        self.publish();
        let body = http.answer().body;
        assert_eq!(attribute(&body, "type"), None, "{body}");
        if repeats + 1 < SENT_MAX && self.random.u8(..3) == 0 {
            return;
        }
        self.come.push_str(&body);
        self.requests.pop_front();
        self.lowest += 1;
    }
}

#[test]
fn requests_that_are_lost_on_either_way_come_again_until_all_is_there() {
    let seed = fastrand::u64(..);
    let server = Server::with_log("warn", "[limits]\nbosh_polling = \"0s\"\n");
    let bosh = Bosh::online(&server, "1001", "desktop").wire;
    let mut client = Unlucky {
        server: &server,
        random: Rng::with_seed(seed),
        lowest: bosh.rid + 1,
        bosh,
        requests: VecDeque::new(),
        open: HashMap::new(),
        pings: 0,
        published: 0,
        come: String::new(),
    };
    for _ in 0..400 {
        match client.random.u8(..8) {
            0 => client.publish(),
            1..4 => client.read(),
            other => {
                let ahead = u64::from(other % 2);
                if client.requests.get(ahead as usize).is_none_or(|(_, sent)| *sent < SENT_MAX) {
                    client.send(ahead);
                }
            }
        }
    }
    while !client.requests.is_empty() {
        client.read();
    }
    client.bosh.rid = client.lowest - 1;
    client.publish();
    client.come.push_str(&client.bosh.ask("", "").body);
    let events: Vec<_> = numbers(&client.come, "event-").collect();
    assert_eq!(events, (0..client.published).collect::<Vec<_>>(), "seed {seed}");
    let answers: Vec<_> = numbers(&client.come, "type=\"result\" id=\"").collect();
    assert_eq!(answers, (0..client.pings).collect::<Vec<_>>(), "seed {seed}");
}
