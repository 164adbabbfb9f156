//! A client of server-sent events, by the steps of WHATWG HTML §9.2.6.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use super::http::{Answer, Http, basic};
use super::server::{PATIENCE, Server};

/// What comes on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An event: its type, the last event id after it, its data.
    Event(String, String, String),
    /// How long to wait before coming back, in milliseconds.
    Retry(u64),
    Comment,
    End,
}

/// A stream.
pub struct Stream<S: Read + Write = TcpStream> {
    http: Http<S>,
    pub head: Answer,
    /// Everything that came, and how much of it was looked at.
    pub text: String,
    seen: usize,
    /// What a client would say when it comes back.
    pub last: String,
}

/// Asks for a stream of events, of which only the head is read. `query` comes behind the question mark; `headers` end with a
/// line break each.
pub fn ask(server: &Server, query: &str, headers: &str) -> Answer {
    Http::connect(server.plain)
        .ask(format!("GET /events?{query} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
}

/// The header with the password of a user of the demo.
pub fn password(user: &str) -> String {
    let password = if user == "administrator" { "1234" } else { user };
    format!("Authorization: {}\r\n", basic(user, password))
}

/// A ticket for a user of the demo.
#[track_caller]
pub fn ticket(server: &Server, user: &str) -> String {
    let answer = ask_for_ticket(server, &password(user));
    assert_eq!(answer.status(), 200, "{answer:?}");
    let (start, end) = ("{\"ticket\":\"", "\",\"seconds\":");
    let ticket = answer.body.strip_prefix(start).and_then(|rest| rest.split_once(end));
    ticket.unwrap_or_else(|| panic!("{}", answer.body)).0.to_owned()
}

pub fn ask_for_ticket(server: &Server, headers: &str) -> Answer {
    Http::connect(server.plain).ask(format!(
        "POST /callboard/api/ticket HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{headers}\r\n"
    ))
}

impl Stream {
    /// Opens a stream of nodes as a user of the demo.
    #[track_caller]
    pub fn open(server: &Server, user: &str, nodes: &[&str]) -> Self {
        let query: Vec<_> = nodes.iter().map(|node| format!("node={node}")).collect();
        Self::with(server, &query.join("&"), &password(user))
    }

    /// Opens one of some nodes, after that item.
    #[track_caller]
    pub fn after(server: &Server, nodes: &[&str], last: &str) -> Self {
        let query: Vec<_> = nodes.iter().map(|node| format!("node={node}")).collect();
        let headers = format!("{}Last-Event-ID: {last}\r\n", password("1001"));
        Self::with(server, &query.join("&"), &headers)
    }

    /// Opens a stream of events.
    #[track_caller]
    pub fn with(server: &Server, query: &str, headers: &str) -> Self {
        Self::at(server, &format!("/events?{query}"), headers)
    }

    /// Opens any stream.
    #[track_caller]
    pub fn at(server: &Server, path: &str, headers: &str) -> Self {
        let http = Http::connect(server.plain);
        Self::over(http, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
    }
}

impl<S: Read + Write> Stream<S> {
    /// Opens one by this request.
    #[track_caller]
    pub fn over(mut http: Http<S>, request: impl AsRef<[u8]>) -> Self {
        http.send(request);
        let head = http.head();
        assert_eq!(head.status(), 200, "{head:?}");
        assert_eq!(head.header("Content-Type"), Some("text/event-stream"));
        let mut stream = Self { http, head, text: String::new(), seen: 0, last: String::new() };
        assert_eq!(stream.told(), Told::Retry(2000));
        stream
    }

    /// The next thing that comes.
    pub fn told(&mut self) -> Told {
        let chunked = self.head.has_header("Transfer-Encoding", "chunked");
        let end = loop {
            if let Some(end) = self.text[self.seen..].find("\n\n") {
                break self.seen + end + 2;
            }
            match self.http.piece(chunked) {
                // A character may be cut by the end of a piece in general; not by ours, which ends with an event.
                Some(piece) => self.text.push_str(&String::from_utf8(piece).expect("the stream is UTF-8")),
                None => {
                    assert_eq!(self.text.len(), self.seen, "the stream ends within an event");
                    return Told::End;
                }
            }
        };
        let block = self.text[self.seen..end - 1].to_owned();
        self.seen = end;
        self.take(&block)
    }

    fn take(&mut self, block: &str) -> Told {
        let (mut name, mut data) = (String::new(), String::new());
        for line in block.split_inclusive('\n') {
            let line = line.strip_suffix('\n').expect("each line has its end");
            assert!(!line.contains('\r'), "{line:?} is more than one line to a browser");
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => return Told::Comment,
                "event" => value.clone_into(&mut name),
                "data" => data.push_str(&format!("{value}\n")),
                "id" => value.clone_into(&mut self.last),
                "retry" => return Told::Retry(value.parse().expect("a number")),
                _ => panic!("{line:?} is no field"),
            }
        }
        assert!(data.pop().is_some(), "an event without data is none: {block:?}");
        Told::Event(name, self.last.clone(), data)
    }

    /// The next event: its type and its data. Heartbeats are passed over.
    #[track_caller]
    pub fn event(&mut self) -> (String, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.told() {
                Told::Event(name, _, data) => return (name, data),
                Told::Comment => assert!(Instant::now() < deadline, "nothing comes but heartbeats"),
                other => panic!("{other:?} in place of an event"),
            }
        }
    }

    /// The next event is on that node, with that payload.
    #[track_caller]
    pub fn expect(&mut self, node: &str, payload: &str) {
        assert_eq!(self.event(), (node.to_owned(), payload.to_owned()));
    }

    /// The client is told that it may have missed something.
    #[track_caller]
    pub fn expect_missed(&mut self) {
        let (name, data) = self.event();
        assert_eq!((name.as_str(), data.lines().count()), ("missed", 1), "{data}");
    }

    /// The end comes, and nothing before it.
    #[track_caller]
    pub fn expect_end(&mut self) {
        assert_eq!(self.told(), Told::End);
    }
}
