//! A client over BOSH (XEP-0124, XEP-0206), and requests of it one by one.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::client::{CLOSE, Received, Session, Wire};
use super::http::{Answer, Http};
use super::server::{PATIENCE, Server};
use super::tls::Secure;
use super::{ns, xml};

/// The first request of the captures, but for the rid.
pub const CREATE: &str = "content='text/xml; charset=utf-8' hold='1' rid='1000' to='localhost' ver='1.6' wait='60' \
                          xml:lang='en' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'";

/// Opens the stream again.
pub const RESTART: &str = "xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'";

/// Whatever carries bytes.
pub trait Channel: Read + Write {}
impl<T: Read + Write> Channel for T {}

/// A connection, with TLS or without.
type Connection = Http<Box<dyn Channel>>;

/// The body of a request or an answer.
pub fn envelope(attributes: &str, content: &str) -> String {
    if content.is_empty() {
        return format!("<body {attributes} xmlns='{}'/>", ns::HTTPBIND);
    }
    format!("<body {attributes} xmlns='{}'>{content}</body>", ns::HTTPBIND)
}

/// A question that the server answers at once.
pub fn ping(id: &str) -> String {
    format!(
        "<iq type='get' id='{id}' to='localhost' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
    )
}

/// A request around a body.
pub fn request(body: &str, headers: &str) -> String {
    format!(
        "POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// The value of an attribute of the first tag.
pub fn attribute(body: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(body).unwrap_or_else(|error| panic!("{error} in {body}"));
    document.root_element().attribute(name).map(str::to_owned)
}

/// The children of a body as they are written, which has no `>` but at the ends of tags.
fn payloads(body: &str) -> impl Iterator<Item = &str> {
    let mut rest = body.split_once('>').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let mut depth = 0;
        let mut at = 0;
        while !rest.starts_with("</") {
            at += rest[at..].find('<')?;
            let end = at + rest[at..].find('>')?;
            depth += match &rest[at..end] {
                tag if tag.starts_with("</") => -1,
                tag if tag.ends_with('/') => 0,
                _ => 1,
            };
            at = end + 1;
            if depth == 0 {
                let payload = &rest[..at];
                rest = &rest[at..];
                return Some(payload);
            }
        }
        None
    })
}

/// A session.
pub struct Bosh {
    address: SocketAddr,
    tls: bool,
    /// Connections whose last request was answered.
    idle: Vec<Connection>,
    /// Connections with a request that was not.
    waiting: VecDeque<Connection>,
    /// The number of the last request.
    pub rid: u64,
    pub sid: String,
    domain: String,
    /// What has come and was not asked for yet.
    come: VecDeque<Received>,
    opening: bool,
}

impl Bosh {
    /// A session that has not begun.
    pub fn new(server: &Server, tls: bool) -> Self {
        Self {
            address: if tls { server.tls } else { server.plain },
            tls,
            idle: Vec::new(),
            waiting: VecDeque::new(),
            rid: 999,
            sid: String::new(),
            domain: server.domain.clone(),
            come: VecDeque::new(),
            opening: false,
        }
    }

    /// A session as a stream.
    pub fn session(server: &Server) -> Session<Self> {
        Session::new(Self::new(server, false), &server.domain)
    }

    /// A session that has bound its resource and is available.
    pub fn online(server: &Server, user: &str, resource: &str) -> Session<Self> {
        let mut client = Self::session(server);
        client.log_in(user, resource);
        client.become_available();
        client
    }

    /// A connection of its own.
    pub fn connect(&self) -> Connection {
        if self.tls {
            return Http::over(Box::new(Secure::connect(self.address)));
        }
        let stream = TcpStream::connect(self.address).expect("the server accepts connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        Http::over(Box::new(stream))
    }

    /// Closes the connections on which nothing is waited for, as the server does after a time.
    pub fn close_idle(&mut self) {
        self.idle.clear();
    }

    /// Sends a request of any kind, and does not wait for its answer.
    pub fn post(&self, body: &str) -> Connection {
        let mut http = self.connect();
        http.send(request(body, ""));
        http
    }

    /// Begins a session with a request of any kind. Returns the answer.
    pub fn create(&mut self, attributes: &str) -> String {
        let answer = self.post(&envelope(attributes, "")).answer();
        assert_eq!(answer.status(), 200, "{answer:?}");
        self.rid =
            attribute(&envelope(attributes, ""), "rid").expect("it has one").parse().expect("a number");
        self.sid = attribute(&answer.body, "sid").unwrap_or_else(|| panic!("no session: {answer:?}"));
        answer.body
    }

    /// Sends a request with a rid of any kind, and does not wait for its answer.
    pub fn send_with(&self, rid: u64, attributes: &str, content: &str) -> Connection {
        self.post(&envelope(&format!("rid='{rid}' sid='{}' {attributes}", self.sid), content))
    }

    /// Sends the next request, and does not wait for its answer.
    pub fn send_next(&mut self, attributes: &str, content: &str) -> Connection {
        self.rid += 1;
        self.send_with(self.rid, attributes, content)
    }

    /// Sends the next request and waits for its answer.
    #[track_caller]
    pub fn ask(&mut self, attributes: &str, content: &str) -> Answer {
        self.send_next(attributes, content).answer()
    }

    /// The session is over, or was never there: this request says so.
    #[track_caller]
    pub fn expect_gone(&mut self) {
        self.ask("", "").expect_terminate("item-not-found");
    }

    fn forward(&mut self, attributes: &str, content: &str) {
        // So many requests may a client make at the same time.
        while self.waiting.len() > 1 {
            self.read();
        }
        let sid = if self.sid.is_empty() { String::new() } else { format!("sid='{}'", self.sid) };
        self.rid += 1;
        let body = envelope(&format!("rid='{}' {sid} {attributes}", self.rid), content);
        let mut http = self.idle.pop().unwrap_or_else(|| self.connect());
        http.send(request(&body, ""));
        self.waiting.push_back(http);
    }

    /// Reads the answer to the oldest request.
    fn read(&mut self) {
        let mut http = self.waiting.pop_front().expect("there is a request");
        let body = http.answer().body;
        self.idle.push(http);
        let document = roxmltree::Document::parse(&body).unwrap_or_else(|error| panic!("{error} in {body}"));
        let root = document.root_element();
        assert!(root.has_tag_name((ns::HTTPBIND, "body")), "{body}");
        if let Some(sid) = root.attribute("sid") {
            self.sid = sid.to_owned();
        }
        if std::mem::take(&mut self.opening) && root.attribute("type").is_none() {
            // The envelope is what an <open/> is over a WebSocket.
            let (from, id) = (root.attribute("from"), root.attribute("authid"));
            let (from, id) = (from.unwrap_or(&self.domain), id.unwrap_or("again"));
            self.come.push_back(Received::Text(format!(
                "<open xmlns='{}' from='{from}' id='{id}' version='1.0' xml:lang='en'/>",
                ns::FRAMING
            )));
        }
        self.come.extend(payloads(&body).map(|payload| Received::Text(payload.to_owned())));
        if root.attribute("type") == Some("terminate") {
            let code = if root.attribute("condition") == Some("system-shutdown") { 1001 } else { 1000 };
            self.come.extend([Received::Text(CLOSE.to_owned()), Received::Close(code), Received::End]);
        }
    }
}

impl Wire for Bosh {
    fn send(&mut self, text: &str) {
        let domain = self.domain.clone();
        if text.starts_with("<open ") {
            self.opening = true;
            let restart = if self.sid.is_empty() { "hold='1' wait='60' ver='1.6'" } else { RESTART };
            self.forward(&format!("to='{domain}' {restart}"), "");
        } else if text.starts_with("<close ") {
            self.forward("type='terminate'", "");
        } else {
            self.forward("", text);
        }
    }

    fn receive(&mut self) -> Received {
        loop {
            if let Some(received) = self.come.pop_front() {
                return received;
            }
            if self.waiting.is_empty() {
                self.forward("", "");
            }
            self.read();
        }
    }
}

impl Answer {
    /// The body is this XML; `{any}` stands for anything.
    #[track_caller]
    pub fn expect_body(&self, attributes: &str, content: &str) {
        let pattern = envelope(attributes, content);
        assert_eq!(self.status(), 200, "{self:?}");
        if let Err(difference) = xml::compare(&pattern, &self.body) {
            panic!("{difference}\n expected: {pattern}\n got:      {}", self.body);
        }
    }

    /// The session ends with this condition.
    #[track_caller]
    pub fn expect_terminate(&self, condition: &str) {
        self.expect_body(&format!("type='terminate' condition='{condition}'"), "");
    }

    /// The session ends with an error of the stream.
    #[track_caller]
    pub fn expect_stream_error(&self, condition: &str) {
        self.expect_body(
            "type='terminate' condition='remote-stream-error'",
            &format!(
                "<stream:error xmlns:stream='{}'><{condition} xmlns='{}'/></stream:error>",
                ns::STREAM,
                ns::STREAMS
            ),
        );
    }
}
