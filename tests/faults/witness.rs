//! Witnesses: a stream of numbered events goes on, and clients of every transport have to get each of them once and in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::standing::Standing;
use crate::support::http::{Http, basic};
use crate::support::polite::{Polite, Security};
use crate::support::sse::Stream;
use crate::support::{Client, Server, Session};

/// Where the events of the witnesses are.
pub const TEAM: &str = "/finesse/api/Team/1/Users";

/// Between two events.
const PAUSE: Duration = Duration::from_millis(2);

/// A client that reads what comes.
trait Way: Send {
    /// The payload of the next event of any publisher.
    fn payload(&mut self) -> String;

    /// Nothing has come but what was read.
    fn expect_nothing_more(&mut self);
}

impl Way for Client {
    fn payload(&mut self) -> String {
        let text = self.text();
        let (_, payload) = text.split_once("push:0\">").unwrap_or_else(|| panic!("{text} is no event"));
        payload.split('<').next().unwrap_or_default().to_owned()
    }

    fn expect_nothing_more(&mut self) {
        Self::expect_nothing_more(self);
    }
}

impl Way for Stream {
    fn payload(&mut self) -> String {
        self.event().1
    }

    // What comes too often comes before the end of the numbers.
    fn expect_nothing_more(&mut self) {}
}

fn ways(server: &Server) -> Vec<Box<dyn Way>> {
    let mut plain = Client::bound(server, "administrator", "plain");
    plain.become_available();
    plain.subscribe(TEAM);
    let secure = Polite::connect(server, Security::Tls(None), "/ws/").0;
    let mut secure = Session::new(secure, &server.domain);
    // Another user: none of both is told of the other's presence.
    secure.log_in("1006", "secure");
    secure.become_available();
    secure.subscribe_as(TEAM, "1006@localhost");
    let stream = Stream::open(server, "administrator", &[TEAM]);
    vec![Box::new(plain), Box::new(secure), Box::new(stream)]
}

/// A publisher of numbered events to the team, with a single connection and a request after the other.
pub struct Publisher {
    http: Http,
    pub published: usize,
}

impl Publisher {
    pub fn new(server: &Server) -> Self {
        Self { http: Http::connect(server.plain), published: 0 }
    }

    fn publish(&mut self, payload: &str) {
        let answer = self.http.ask(publication(TEAM, payload));
        assert_eq!(answer.status(), 202, "{answer:?}");
    }

    pub fn next(&mut self) {
        self.publish(&format!("event-{}", self.published));
        self.published += 1;
    }
}

/// A request that publishes, as the administrator.
pub fn publication(node: &str, payload: &str) -> String {
    format!(
        "POST /callboard/api/publish?node={node} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
         Content-Length: {}\r\n\r\n{payload}",
        basic("administrator", "1234"),
        payload.len()
    )
}

/// Does something while events go on, on a server where nobody else is, given how the server stands with the witnesses alone.
/// A client that behaves gets all events; what was there before comes back after it, with the witnesses and without them.
pub fn witnessed(server: &Server, work: impl FnOnce(Standing)) {
    let empty = Standing::of(server);
    let mut ways = ways(server);
    let mut publisher = Publisher::new(server);
    publisher.next();
    let busy = Standing::of(server);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for way in &mut ways {
            scope.spawn(|| witness(&mut **way));
        }
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                publisher.next();
                thread::sleep(PAUSE);
            }
            publisher.publish(&format!("end-{}", publisher.published));
        });
        let _end = AtEnd(&over);
        work(busy);
        busy.comes_back(server);
    });
    drop((ways, publisher));
    empty.comes_back(server);
}

/// Ends the stream of events, also when the work in between has failed.
struct AtEnd<'a>(&'a AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn witness(way: &mut dyn Way) {
    let mut next = 0;
    loop {
        let payload = way.payload();
        if payload == format!("end-{next}") {
            break;
        }
        // The changes of agents come on the same node.
        if !payload.starts_with("&lt;Update") && !payload.starts_with("<Update") {
            assert_eq!(payload, format!("event-{next}"));
            next += 1;
        }
    }
    way.expect_nothing_more();
}
