//! Makes events, on one connection that stays open: by HTTP, or by iqs of a session.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::{self, Client};
use super::tally::Published;
use super::way::{Place, Way};
use super::world;

/// The namespace of pubsub, also of a notification (as Finesse has it).
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The request that makes the event of a number.
type Request = Box<dyn Fn(u32) -> String + Send + Sync>;

/// Publishes a payload of `size` bytes to a node.
pub fn publication(login: &str, node: &str, size: usize) -> Request {
    let head = head("POST", &format!("/callboard/api/publish?node={node}"), login);
    Box::new(move |sequence| {
        format!("{head}Content-Length: {size}\r\n\r\n{}", world::payload(sequence, size))
    })
}

/// Asks for another state of an agent each time; the events carry the number as their request id.
pub fn state_change(name: &str) -> Request {
    let head = head("PUT", &world::node(name), &format!("{name}:{name}"));
    Box::new(move |sequence| {
        let state = if sequence.is_multiple_of(2) { "READY" } else { "NOT_READY" };
        let body = format!("<User><state>{state}</state></User>");
        format!("{head}requestId: #{sequence:08}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    })
}

/// Signs an agent in, at the extension of its number.
pub fn sign_in(name: &str, extension: usize) -> Request {
    let head = head("PUT", &world::node(name), &format!("{name}:{name}"));
    let body = format!("<User><state>LOGIN</state><extension>{extension}</extension></User>");
    Box::new(move |_| format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))
}

fn head(method: &str, path: &str, login: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {}\r\nContent-Type: application/xml\r\n",
        STANDARD.encode(login)
    )
}

/// A client that makes events.
pub enum Publisher {
    Http(HttpPublisher),
    Xmpp(XmppPublisher),
}

impl Publisher {
    /// Connects to a listener without TLS.
    pub fn connect(address: SocketAddr, request: Request) -> io::Result<Self> {
        Ok(Self::Http(HttpPublisher::connect(address, request)?))
    }

    /// Makes one event after the other, each as soon as the one before is accepted.
    pub async fn publish(self, published: &Arc<Published>, events: Range<u32>) -> io::Result<Self> {
        match self {
            // On a thread of its own, so that receiving does not hold it up.
            Self::Http(mut http) => {
                let published = published.clone();
                let publish = move || http.publish(&published, events).map(|()| http);
                Ok(Self::Http(smol::unblock(publish).await?))
            }
            Self::Xmpp(mut xmpp) => {
                xmpp.publish(published, events).await?;
                Ok(Self::Xmpp(xmpp))
            }
        }
    }
}

impl Publisher {
    /// Makes events with so many requests in flight, by HTTP. Returns how many were refused for want of room.
    pub async fn pipeline(
        self,
        published: &Arc<Published>,
        events: Range<u32>,
        in_flight: u32,
    ) -> io::Result<usize> {
        let Self::Http(mut http) = self else {
            return Err(io::Error::other("a session publishes one event after the other"));
        };
        let published = published.clone();
        smol::unblock(move || http.pipeline(&published, events, in_flight)).await
    }
}

/// The connection. It blocks.
pub struct HttpPublisher {
    reader: BufReader<TcpStream>,
    request: Request,
}

impl HttpPublisher {
    fn connect(address: SocketAddr, request: Request) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { reader: BufReader::new(stream), request })
    }

    fn publish(&mut self, published: &Published, events: Range<u32>) -> io::Result<()> {
        for sequence in events {
            let request = (self.request)(sequence);
            published.stamp(sequence);
            self.reader.get_mut().write_all(request.as_bytes())?;
            if !is_accepted(&mut self.reader)? {
                return Err(io::Error::other("refused, though nothing else is published"));
            }
        }
        Ok(())
    }

    /// Publishes with so many requests in flight. Returns how many were refused for want of room.
    fn pipeline(&mut self, published: &Published, events: Range<u32>, in_flight: u32) -> io::Result<usize> {
        let mut stream = self.reader.get_ref().try_clone()?;
        let request = &self.request;
        // The writer has a place for each request that is not answered.
        let places = in_flight.min(events.end - events.start) as usize;
        let (sender, receiver) = mpsc::sync_channel(places);
        let asked = events.clone();
        let reader = &mut self.reader;
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                for sequence in asked {
                    if sender.send(()).is_err() {
                        break;
                    }
                    let request = request(sequence);
                    published.stamp(sequence);
                    stream.write_all(request.as_bytes())?;
                }
                io::Result::Ok(())
            });
            let mut refused = 0;
            let answered = events.into_iter().try_for_each(|_| {
                refused += usize::from(!is_accepted(reader)?);
                receiver.recv().map_err(io::Error::other)
            });
            if answered.is_err() {
                // A writer that waits for room is not to wait for ever.
                let _ = reader.get_ref().shutdown(Shutdown::Both);
            }
            drop(receiver);
            let written = writer.join().map_err(|_| io::Error::other("the writer has failed"))?;
            answered.and(written).map(|()| refused)
        })
    }
}

/// Reads an answer. Tells whether the request was accepted; if not, there was no room.
fn is_accepted(reader: &mut BufReader<TcpStream>) -> io::Result<bool> {
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    match status.get(9..12) {
        Some("202") => Ok(true),
        Some("503") => Ok(false),
        _ => {
            let body = String::from_utf8_lossy(&body);
            Err(io::Error::other(format!("not accepted: {} {body}", status.trim_end())))
        }
    }
}

/// A session that publishes by XEP-0060.
pub struct XmppPublisher {
    client: Client,
    way: Arc<Way>,
    node: String,
    size: usize,
}

impl XmppPublisher {
    /// Logs in and makes the nodes that are not there yet; events go to the first of them.
    pub async fn connect(place: &Place, nodes: &[&str], size: usize) -> io::Result<Self> {
        let way = place.way.clone();
        let (name, password) = way.publisher.split_once(':').unwrap_or((&way.publisher, ""));
        let mut client = Client::connect(place, client::scratch()).await?;
        client.login(name, password, &[]).await?;
        let service = format!("pubsub.{}", way.domain);
        for node in nodes {
            let create = format!("<pubsub xmlns='{PUBSUB}'><create node='{node}'/></pubsub>");
            // That it is there already is an error, and no harm.
            client.ask("create", &world::iq("set", "create", &service, &create)).await?;
        }
        let node = nodes.first().copied().unwrap_or_default().to_owned();
        Ok(Self { client, way, node, size })
    }

    async fn publish(&mut self, published: &Published, events: Range<u32>) -> io::Result<()> {
        let service = format!("pubsub.{}", self.way.domain);
        for sequence in events {
            let id = format!("publish-{sequence}-");
            let child = format!(
                "<pubsub xmlns='{PUBSUB}'><publish node='{}'><item><notification xmlns='{PUBSUB}'>{}</notification></item>\
                 </publish></pubsub>",
                self.node,
                world::escaped(&world::payload(sequence, self.size))
            );
            let request = world::iq("set", &id, &service, &child);
            published.stamp(sequence);
            let answer = self.client.ask(&id, &request).await?;
            if answer.contains("<error") {
                return Err(io::Error::other(format!("not accepted: {answer}")));
            }
        }
        Ok(())
    }
}
