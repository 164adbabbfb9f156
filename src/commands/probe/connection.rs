//! Connections of a probe: TCP, and TLS whose certificate is judged.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures_rustls::{TlsConnector, rustls};
use rustls::pki_types::ServerName;
use smol::io::{AsyncRead, AsyncWrite};
use smol::net::TcpStream;

use super::tls::Recorder;
use crate::probe::{NotSecured, RESET, Secured, Way};

/// How long a frame may be.
pub const FRAME_MAX: usize = 1 << 20;

/// What a frame counts beside its length: one without content is work, too.
pub const FRAME_COST: usize = 64;

/// Bytes of a connection, with TLS or without.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// How often a connection is read from until others have their turn.
const TURN: usize = 4;

/// A connection that lets timers have their turn. A peer that always has something to say keeps a library reading that makes nothing
/// of it, such as of empty parts of a message.
#[derive(Debug)]
pub struct Fair {
    tcp: TcpStream,
    reads: usize,
    pub said: Said,
}

/// The start of what the other side has said first.
pub type Said = Arc<OnceLock<Vec<u8>>>;

/// What a peer said, as text. Records of TLS are left out, as people cannot read them.
pub fn told(said: &Said) -> String {
    let said = said.get().map(|said| String::from_utf8_lossy(said).into_owned());
    said.filter(|said| !said.contains('\0')).unwrap_or_default()
}

/// How much of it is kept.
const SAID_MAX: usize = 256;

impl Fair {
    pub fn new(tcp: TcpStream) -> Self {
        Self { tcp, reads: 0, said: Said::default() }
    }
}

impl AsyncRead for Fair {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.reads == TURN {
            self.reads = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = Pin::new(&mut self.tcp).poll_read(context, bytes);
        self.reads = if read.is_ready() { self.reads + 1 } else { 0 };
        if let Poll::Ready(Ok(count @ 1..)) = read {
            self.said.get_or_init(|| bytes[..count.min(SAID_MAX)].to_vec());
        }
        read
    }
}

impl AsyncWrite for Fair {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_close(context)
    }
}

/// The words for an error of a connection.
pub fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset => RESET.to_owned(),
        _ => error.to_string(),
    }
}

/// Where a probe goes.
#[derive(Clone, Debug)]
pub struct Target {
    pub way: Way,
    /// TLS from the first byte.
    pub secure: bool,
    pub host: String,
    pub port: u16,
    pub path: String,
}

impl Target {
    /// The host and the port as they stand in a URL.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The port of BOSH and WebSocket before 12.6(1).
const NOTIFICATION_PORT: u16 = 7443;

/// The port of the REST API.
const REST_PORT: u16 = 8445;

impl Target {
    /// Where the REST API is. Up to 12.5 Finesse has BOSH and WebSocket at one port and the REST API at another, and XMPP over TCP
    /// has always had ports of its own.
    pub fn rest(&self) -> Self {
        let is_tcp = self.way == Way::Tcp;
        Self {
            way: Way::Bosh,
            secure: self.secure || is_tcp,
            port: if is_tcp || self.port == NOTIFICATION_PORT { REST_PORT } else { self.port },
            ..self.clone()
        }
    }
}

/// The connection that a request wants.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The address of the host that answered before.
    pub address: Option<SocketAddr>,
    /// The SHA-256 of the certificate that has been judged.
    pub certificate: Option<&'a str>,
    /// A password is to be sent.
    pub has_secret: bool,
}

/// A connection to the server of a probe, with TLS if the probe has it. Another certificate than that which has been judged has to be
/// trusted by itself, and so has the first one before a password is sent.
pub async fn reach(
    target: &Target,
    recorder: &Arc<Recorder>,
    wanted: &Wanted<'_>,
) -> Result<Box<dyn Socket>, String> {
    let tcp = match wanted.address {
        Some(address) => TcpStream::connect(SocketAddr::new(address.ip(), target.port)).await,
        None => TcpStream::connect((&*target.host, target.port)).await,
    };
    let tcp = tcp.map_err(|error| error.to_string())?;
    let _ = tcp.set_nodelay(true);
    if !target.secure {
        return Ok(Box::new(Fair::new(tcp)));
    }
    let (stream, secured) = secure(target, recorder, tcp).await.map_err(|failed| failed.words)?;
    match wanted.certificate {
        _ if secured.is_trusted() => {}
        Some(certificate) if certificate == secured.sha256 => {}
        Some(_) => return Err("another connection to the same address shows another certificate".to_owned()),
        None if wanted.has_secret => return Err("the certificate is not trusted".to_owned()),
        None => {}
    }
    Ok(stream)
}

/// A handshake of TLS.
pub async fn secure(
    target: &Target,
    recorder: &Arc<Recorder>,
    tcp: TcpStream,
) -> Result<(Box<dyn Socket>, Secured), NotSecured> {
    let fair = Fair::new(tcp);
    let said = fair.said.clone();
    let failed = |error: &dyn Error| NotSecured { words: error.to_string(), ..NotSecured::default() };
    let name = ServerName::try_from(target.host.clone()).map_err(|error| failed(&error))?;
    let recorder = recorder.fresh();
    let protocol: &[&[u8]] = match target.way {
        // XEP-0368 §4; STARTTLS knows what is spoken.
        Way::Tcp if target.secure => &[b"xmpp-client"],
        Way::Tcp => &[],
        Way::WebSocket | Way::Bosh => &[b"http/1.1"],
    };
    let config = recorder.config(protocol).map_err(|error| failed(&error))?;
    let stream = TlsConnector::from(config).connect(name, fair).await.map_err(|error| {
        // The signature of the handshake cannot be verified by this certificate.
        let is_its = matches!(
            error.get_ref().and_then(|error| error.downcast_ref()),
            Some(rustls::Error::InvalidCertificate(_))
        );
        let is_reset = error.kind() == io::ErrorKind::ConnectionReset;
        let said = told(&said);
        NotSecured { certificate: is_its.then(|| recorder.seen()), is_reset, said, ..failed(&error) }
    })?;
    let (_, session) = stream.get_ref();
    let version = session.protocol_version().and_then(|version| version.as_str().map(str::to_owned));
    let cipher = session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    let secured = Secured {
        version: version.unwrap_or_default(),
        cipher: cipher.unwrap_or_default(),
        ..recorder.seen()
    };
    Ok((Box::new(stream), secured))
}
