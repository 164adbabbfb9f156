//! A client that behaves, over TCP or TLS.

use std::net::TcpStream;
use std::pin::pin;

use async_tungstenite::WebSocketStream;
use async_tungstenite::tungstenite::client::IntoClientRequest as _;
use async_tungstenite::tungstenite::handshake::client::Response;
use async_tungstenite::tungstenite::{Error, Message};
use futures_rustls::rustls::SupportedProtocolVersion;
use smol::future::{FutureExt as _, poll_once};
use smol::io::{AsyncRead, AsyncWrite};
use smol::stream::StreamExt as _;
use smol::{Async, Timer};

use super::client::{Received, Session, Wire};
use super::server::{PATIENCE, Server};
use super::tls;

/// A client that behaves: an independent implementation of RFC 6455, over TCP or TLS.
pub struct Polite(WebSocketStream<Box<dyn Stream>>);

/// A session of one.
pub type Client = Session<Polite>;

/// A byte stream.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// How a connection is secured.
#[derive(Clone, Copy)]
pub enum Security {
    Plain,
    Tls(Option<&'static SupportedProtocolVersion>),
}

/// Waits for `future`, but not for ever.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let late = async {
        Timer::after(PATIENCE).await;
        panic!("nothing comes");
    };
    smol::block_on(future.or(late))
}

impl Polite {
    /// Upgrades; also returns the server's 101.
    pub fn connect(server: &Server, security: Security, path: &str) -> (Self, Response) {
        wait(async {
            let (scheme, stream): (_, Box<dyn Stream>) = match security {
                Security::Plain => {
                    let stream = Async::<TcpStream>::connect(server.plain).await;
                    ("ws", Box::new(stream.expect("the server accepts connections")))
                }
                Security::Tls(version) => {
                    let stream = tls::connect(server.tls, version).await;
                    ("wss", Box::new(stream.expect("the TLS handshake succeeds")))
                }
            };
            let mut request =
                format!("{scheme}://localhost{path}").into_client_request().expect("a good URL");
            let headers = request.headers_mut();
            headers.insert("Sec-WebSocket-Protocol", "xmpp".parse().expect("a good header"));
            let (socket, response) =
                async_tungstenite::client_async(request, stream).await.expect("the upgrade succeeds");
            (Self(socket), response)
        })
    }

    fn received(message: Option<Result<Message, Error>>) -> Received {
        match message {
            Some(Ok(Message::Text(text))) => Received::Text(text.to_string()),
            Some(Ok(Message::Ping(payload))) => Received::Ping(payload.to_vec()),
            Some(Ok(Message::Pong(payload))) => Received::Pong(payload.to_vec()),
            Some(Ok(Message::Close(frame))) => Received::Close(frame.map_or(1005, |frame| frame.code.into())),
            None => Received::End,
            other => panic!("{other:?} comes"),
        }
    }
}

impl Wire for Polite {
    fn send(&mut self, text: &str) {
        wait(self.0.send(Message::text(text))).expect("the server takes what is sent");
    }

    fn receive(&mut self) -> Received {
        Self::received(wait(self.0.next()))
    }
}

impl Client {
    /// A stream that is not opened yet, without TLS.
    pub fn connect(server: &Server) -> Self {
        Session::new(Polite::connect(server, Security::Plain, "/ws/").0, &server.domain)
    }

    /// A bound session without presence, of a user of the demo.
    pub fn bound(server: &Server, user: &str, resource: &str) -> Self {
        let mut client = Self::connect(server);
        client.log_in(user, resource);
        client
    }

    /// An available session of a user of the demo.
    pub fn online(server: &Server, user: &str, resource: &str) -> Self {
        let mut client = Self::bound(server, user, resource);
        client.become_available();
        client
    }

    /// Tells whether nothing has come until now.
    pub fn is_silent(&mut self) -> bool {
        smol::block_on(async { poll_once(pin!(self.wire.0.next())).await.is_none() })
    }
}
