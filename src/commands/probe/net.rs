//! The sockets of a probe: does what the probe says, and tells it what is seen.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_signal::Signals;
use async_tungstenite::tungstenite::client::IntoClientRequest as _;
use async_tungstenite::tungstenite::handshake::client::Request;
use async_tungstenite::tungstenite::http::HeaderValue;
use async_tungstenite::tungstenite::http::header::{LOCATION, SEC_WEBSOCKET_PROTOCOL, SERVER};
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::tungstenite::{self, Error, Message};
use async_tungstenite::{WebSocketStream, client_async_with_config};
use smol::channel::{self, Receiver, Sender};
use smol::future::FutureExt as _;
use smol::net::TcpStream;
use smol::stream::StreamExt as _;
use smol::{LocalExecutor, Timer, net};
use zeroize::Zeroizing;

use super::connection::{FRAME_COST, FRAME_MAX, Fair, Said, Socket, Target, secure, told, words};
use super::http::{self, Question};
use super::tcp::{Heard, Stream};
use super::tls::Recorder;
use crate::probe::{
    Do, End, Got, NO_HTTP, NotConnected, NotSecured, Probe, Refusal, Response, Secured, Seen, Upgrade, Way,
    title,
};
use crate::xmpp::ns;

/// How many addresses of a name are tried.
const ADDRESSES_MAX: usize = 32;

/// How long one of several addresses may take to answer.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(3);

/// How much a peer may send in all: nobody who answers a probe has more to say.
const RECEIVED_MAX: usize = 16 << 20;

/// What a request of BOSH came to.
type Answer = Result<Response, String>;

/// The connection of a probe.
struct Connection<'a> {
    target: &'a Target,
    recorder: &'a Arc<Recorder>,
    /// Runs the requests of BOSH, of which one waits while another is sent.
    requests: &'a LocalExecutor<'static>,
    login: Option<(String, Zeroizing<String>)>,
    tcp: Option<TcpStream>,
    /// The address that has answered.
    address: Option<SocketAddr>,
    socket: Option<Box<dyn Socket>>,
    stream: Option<WebSocketStream<Box<dyn Socket>>>,
    /// A stream over TCP.
    xmpp: Option<Stream>,
    /// The SHA-256 of the certificate that the probe has judged.
    certificate: Option<String>,
    answers: (Sender<Answer>, Receiver<Answer>),
    /// How many requests of BOSH have no answer yet.
    waiting: usize,
    /// The first answer over BOSH has come.
    is_begun: bool,
    is_closed: bool,
    received: usize,
}

/// What a command does beside a probe.
pub struct Beside<'a> {
    /// Each of them asks the probe to end.
    pub signals: Option<&'a mut Signals>,
    /// Looks at the probe after each step; `false` asks it to end, too.
    pub look: &'a mut dyn FnMut(&mut Probe) -> bool,
}

/// Runs a probe to its end. `login`: the user and the password.
pub fn run(
    probe: &mut Probe,
    target: &Target,
    recorder: &Arc<Recorder>,
    login: Option<(String, Zeroizing<String>)>,
    beside: Beside<'_>,
) {
    let requests = LocalExecutor::new();
    let mut connection = Connection {
        target,
        recorder,
        requests: &requests,
        login,
        tcp: None,
        address: None,
        socket: None,
        stream: None,
        xmpp: None,
        certificate: None,
        answers: channel::unbounded(),
        waiting: 0,
        is_begun: false,
        is_closed: false,
        received: 0,
    };
    smol::block_on(requests.run(connection.run(probe, beside)));
}

#[expect(clippy::disallowed_methods, reason = "the one place of a client command that reads the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Waits, or until a signal comes. Returns whether one has come.
pub fn pause(time: Duration, signals: &mut Signals) -> bool {
    let late = async {
        Timer::after(time).await;
        false
    };
    smol::block_on(signal(Some(signals)).or(late))
}

/// Waits for a signal.
async fn signal(signals: Option<&mut Signals>) -> bool {
    match signals {
        Some(signals) => signals.next().await.is_some(),
        None => smol::future::pending().await,
    }
}

/// What a future comes to, a tick at a time, or a signal.
async fn timed(
    until: Option<Instant>,
    signals: Option<&mut Signals>,
    work: impl Future<Output = Option<Seen>>,
) -> Option<Seen> {
    let late = async {
        match until {
            Some(until) => Timer::at(until).await,
            None => Timer::never().await,
        };
        Some(Seen::Tick)
    };
    let stopped = async { signal(signals).await.then_some(Seen::Stop) };
    work.or(late).or(stopped).await
}

/// The one that counts of two things that were seen one after the other: a signal is told once, whatever is done behind it.
fn later(seen: Option<Seen>, next: Option<Seen>) -> Option<Seen> {
    if seen == Some(Seen::Stop) { seen } else { next }
}

impl Connection<'_> {
    async fn run(&mut self, probe: &mut Probe, mut beside: Beside<'_>) {
        let begun = now();
        let mut to_do = probe.begin(Duration::ZERO);
        while !probe.is_done() {
            let mut seen = None;
            for what in to_do.drain(..) {
                let until = begun.checked_add(probe.wake_at());
                let next = timed(until, beside.signals.as_deref_mut(), self.act(what)).await;
                seen = later(seen, next);
            }
            if seen.is_none() {
                let until = begun.checked_add(probe.wake_at());
                seen = timed(until, beside.signals.as_deref_mut(), self.receive()).await;
            }
            let at = now().saturating_duration_since(begun);
            to_do = probe.handle(at, seen.unwrap_or(Seen::Tick));
            // A peer that always has something to say keeps the timer from its turn.
            if at >= probe.wake_at() {
                to_do.extend(probe.handle(at, Seen::Tick));
            }
            if !(beside.look)(probe) {
                to_do.extend(probe.handle(at, Seen::Stop));
            }
            if probe.is_watching() {
                // Watching may go on for ever, so the bound on what a peer says starts anew.
                self.received = 0;
            }
        }
    }

    /// Does something; what is seen at once is returned.
    async fn act(&mut self, what: Do) -> Option<Seen> {
        match what {
            Do::Resolve => Some(Seen::Resolved(self.resolve().await)),
            Do::Connect(addresses) => Some(self.connect(addresses).await),
            Do::Secure => Some(Seen::Secured(self.secure().await)),
            Do::Upgrade => Some(Seen::Upgraded(self.upgrade().await)),
            Do::Get(path, with_login) => Some(Seen::Got(self.get(path, with_login).await)),
            Do::Send(text) => {
                match self.target.way {
                    Way::WebSocket => {}
                    Way::Bosh => {
                        self.post(text);
                        return None;
                    }
                    Way::Tcp => {
                        self.open()?.send(&text).await;
                        return None;
                    }
                }
                let stream = self.stream.as_mut()?;
                // An error of the connection is seen when it is read from.
                let _ = stream.send(Message::text(text)).await;
                None
            }
            Do::Close => {
                self.is_closed = true;
                let stream = self.stream.as_mut()?;
                let _ = stream.close(None).await;
                None
            }
        }
    }

    async fn resolve(&self) -> Result<Vec<IpAddr>, String> {
        let found = net::resolve((&*self.target.host, self.target.port)).await;
        let mut addresses = Vec::new();
        for address in found.map_err(|error| error.to_string())? {
            if addresses.len() < ADDRESSES_MAX && !addresses.contains(&address.ip()) {
                addresses.push(address.ip());
            }
        }
        Ok(addresses)
    }

    /// Sends the body of a BOSH request; its answer is received like a frame.
    fn post(&mut self, body: String) {
        self.waiting += 1;
        let (target, recorder) = (self.target.clone(), self.recorder.clone());
        let question = Question {
            path: self.target.path.clone(),
            login: None,
            body: Some(body),
            address: self.address,
            certificate: self.certificate.clone(),
        };
        let answers = self.answers.0.clone();
        let asked = async move {
            // Nobody waits for it after the end.
            let _ = answers.send(http::ask(&target, &recorder, question).await).await;
        };
        self.requests.spawn(asked).detach();
    }

    async fn get(&self, path: String, with_login: bool) -> Result<Got, String> {
        let login = self.login.clone().filter(|_| with_login);
        let (address, certificate) = (self.address, self.certificate.clone());
        let question = Question { path, login, body: None, address, certificate };
        let Response { status, body, location, .. } =
            http::ask(&self.target.rest(), self.recorder, question).await?;
        Ok(Got { status, location, body })
    }

    /// What comes over BOSH.
    async fn answer(&mut self) -> Seen {
        if self.waiting == 0 && self.is_closed {
            return Seen::Ended(End::default());
        }
        // Without a request that waits nothing comes until another one is sent.
        let answer = self.answers.1.recv().await.unwrap_or_else(|error| Err(error.to_string()));
        self.waiting -= 1;
        self.received += FRAME_COST + answer.as_ref().map_or(0, |answer| answer.body.len());
        if self.received > RECEIVED_MAX {
            return Seen::Ended(without_end());
        }
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        match answer {
            // A page that anything answers with is no body of BOSH.
            Ok(Response { status: 200, body, .. }) if !is_first || body.contains(ns::HTTPBIND) => {
                Seen::Frame(body)
            }
            Ok(Response { status, location, server, body }) if is_first => {
                Seen::Upgraded(Upgrade::Status(Refusal { status, location, server, page: title(&body) }))
            }
            Ok(Response { status, .. }) => {
                Seen::Ended(End { code: None, reason: format!("HTTP status {status}") })
            }
            Err(_) if self.is_closed => Seen::Ended(End::default()),
            Err(words) if is_first => Seen::Upgraded(Upgrade::Broken(words)),
            Err(reason) => Seen::Ended(End { code: None, reason }),
        }
    }

    /// Tries one address after another.
    async fn connect(&mut self, addresses: Vec<IpAddr>) -> Seen {
        let mut tried = Vec::new();
        let last = addresses.len().saturating_sub(1);
        for (place, ip) in addresses.into_iter().enumerate() {
            let address = SocketAddr::new(ip, self.target.port);
            let late = async {
                // Nobody waits behind the last one: it has the time that is left.
                if place == last {
                    Timer::never().await;
                }
                Timer::after(ADDRESS_PATIENCE).await;
                Err(io::ErrorKind::TimedOut.into())
            };
            match TcpStream::connect(address).or(late).await {
                Ok(tcp) => {
                    let _ = tcp.set_nodelay(true);
                    self.tcp = Some(tcp);
                    self.address = Some(address);
                    return Seen::Connected(tried, Some(address));
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
                    ) =>
                {
                    tried.push((address, NotConnected::Refused));
                }
                Err(error) => tried.push((address, NotConnected::Other(error.to_string()))),
            }
        }
        Seen::Connected(tried, None)
    }

    async fn secure(&mut self) -> Result<Secured, NotSecured> {
        let refused = |words: &str| NotSecured { words: words.to_owned(), ..NotSecured::default() };
        // Nobody may put something before what the server says in TLS.
        if self.xmpp.take().is_some_and(|stream| !stream.is_empty()) {
            return Err(refused("bytes came behind <proceed/> before TLS"));
        }
        let tcp = self.tcp.take().ok_or_else(|| refused("there is no connection"))?;
        let (stream, secured) = secure(self.target, self.recorder, tcp).await?;
        self.certificate = Some(secured.sha256.clone());
        self.socket = Some(stream);
        Ok(secured)
    }

    /// The stream over TCP; there is none without a connection.
    fn open(&mut self) -> Option<&mut Stream> {
        if self.xmpp.is_none() {
            // The connection itself is wanted again for TLS.
            let plain = || self.tcp.clone().map(|tcp| Box::new(Fair::new(tcp)) as Box<dyn Socket>);
            self.xmpp = self.socket.take().or_else(plain).map(Stream::new);
        }
        self.xmpp.as_mut()
    }

    fn request(&self) -> Result<Request, Error> {
        let scheme = if self.target.secure { "wss" } else { "ws" };
        let url = format!("{scheme}://{}{}", self.target.authority(), self.target.path);
        let mut request = url.into_client_request()?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("xmpp"));
        Ok(request)
    }

    async fn upgrade(&mut self) -> Upgrade {
        let mut said = Said::default();
        let mut plain = |tcp| {
            let fair = Fair::new(tcp);
            said = fair.said.clone();
            Box::new(fair) as Box<dyn Socket>
        };
        let socket = self.socket.take().or_else(|| self.tcp.take().map(&mut plain));
        let (Some(socket), Ok(request)) = (socket, self.request()) else {
            return Upgrade::Broken("the path cannot be asked for".to_owned());
        };
        let config =
            WebSocketConfig::default().max_message_size(Some(FRAME_MAX)).max_frame_size(Some(FRAME_MAX));
        match client_async_with_config(request, socket, Some(config)).await {
            Ok((stream, response)) => {
                let protocol = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
                let protocol = protocol.and_then(|protocol| protocol.to_str().ok()).map(str::to_owned);
                self.stream = Some(stream);
                Upgrade::Done { protocol }
            }
            Err(Error::Protocol(tungstenite::error::ProtocolError::SecWebSocketSubProtocolError(_))) => {
                Upgrade::Done { protocol: None }
            }
            Err(Error::Http(response)) => {
                let header = |name| {
                    response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
                };
                // As much of the body as has come with the head.
                let body = response.body().as_deref().map(String::from_utf8_lossy);
                Upgrade::Status(Refusal {
                    status: response.status().as_u16(),
                    location: header(LOCATION),
                    server: header(SERVER),
                    page: body.and_then(|body| title(&body)),
                })
            }
            Err(_) if told(&said).contains("<stream:stream") => Upgrade::Broken(NO_HTTP.to_owned()),
            Err(Error::Io(error)) => Upgrade::Broken(words(&error)),
            Err(error) => Upgrade::Broken(error.to_string()),
        }
    }

    /// What comes over TCP.
    async fn hear(&mut self) -> Seen {
        loop {
            let Some(stream) = self.xmpp.as_mut() else { return Seen::Ended(End::default()) };
            let (text, cost) = match stream.next().await {
                Heard::Piece(text, cost) => (Some(text), cost),
                Heard::Space(cost) => (None, cost),
                Heard::End(reason) => return Seen::Ended(End { code: None, reason }),
            };
            self.received += cost;
            if self.received > RECEIVED_MAX {
                return Seen::Ended(without_end());
            }
            if let Some(text) = text {
                return Seen::Frame(text);
            }
        }
    }

    async fn receive(&mut self) -> Option<Seen> {
        match self.target.way {
            Way::WebSocket => {}
            Way::Bosh => return Some(self.answer().await),
            Way::Tcp => return Some(self.hear().await),
        }
        let Some(stream) = self.stream.as_mut() else {
            return Some(Seen::Ended(End::default()));
        };
        loop {
            let message = match next(stream).await {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Some(Seen::Ended(ended(&error))),
                None => return Some(Seen::Ended(End::default())),
            };
            self.received += message.len() + FRAME_COST;
            if self.received > RECEIVED_MAX {
                return Some(Seen::Ended(without_end()));
            }
            match message {
                Message::Text(text) => return Some(Seen::Frame(text.as_str().to_owned())),
                Message::Binary(_) => return Some(Seen::Frame("(binary)".to_owned())),
                Message::Close(frame) => {
                    return Some(Seen::Ended(frame.map_or_else(End::default, |frame| End {
                        code: Some(frame.code.into()),
                        reason: frame.reason.as_str().to_owned(),
                    })));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// The next message.
async fn next(stream: &mut WebSocketStream<Box<dyn Socket>>) -> Option<Result<Message, Error>> {
    smol::future::poll_fn(|context| smol::stream::Stream::poll_next(Pin::new(&mut *stream), context)).await
}

fn without_end() -> End {
    End { code: None, reason: "the other side sends without end".to_owned() }
}

fn ended(error: &Error) -> End {
    End { code: None, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use async_signal::Signal;
    use rustix::process::{self, getpid, kill_process};

    use super::*;

    #[test]
    fn a_signal_that_comes_while_something_is_sent_is_told_though_more_is_sent_behind_it() {
        let mut signals = Signals::new([Signal::Usr2]).expect("a handler");
        kill_process(getpid(), process::Signal::USR2).expect("this process");
        let seen = smol::block_on(timed(None, Some(&mut signals), smol::future::pending()));
        let next = smol::block_on(timed(None, Some(&mut signals), async { None }));
        assert_eq!((&seen, &next), (&Some(Seen::Stop), &None), "it comes once");
        assert_eq!(later(seen, next), Some(Seen::Stop));
        assert_eq!(later(None, Some(Seen::Tick)), Some(Seen::Tick));
        assert_eq!(later(Some(Seen::Tick), None), None);
    }
}
