//! Connections of a probe: TCP, and TLS whose certificate is judged.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_rustls::{TlsConnector, rustls};
use rustls::pki_types::ServerName;
use smol::io::{AsyncRead, AsyncWrite};
use smol::net::TcpStream;

use super::tls::Recorder;
use crate::probe::{NotSecured, Secured};

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
}

impl Fair {
    pub fn new(tcp: TcpStream) -> Self {
        Self { tcp, reads: 0 }
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

/// Where a probe goes.
#[derive(Clone, Debug)]
pub struct Target {
    pub secure: bool,
    /// XEP-0124 in place of WebSocket.
    pub bosh: bool,
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

/// A connection to the server of a probe, at the address that has answered before, with TLS if the probe has it; with another certificate than the one given there is none.
pub async fn reach(
    target: &Target,
    address: Option<SocketAddr>,
    recorder: &Arc<Recorder>,
    certificate: Option<&str>,
) -> Result<Box<dyn Socket>, String> {
    let tcp = match address {
        Some(address) => TcpStream::connect(address).await,
        None => TcpStream::connect((&*target.host, target.port)).await,
    };
    let tcp = tcp.map_err(|error| error.to_string())?;
    let _ = tcp.set_nodelay(true);
    if !target.secure {
        return Ok(Box::new(Fair::new(tcp)));
    }
    let (stream, secured) = secure(target, recorder, tcp).await.map_err(|error| error.words)?;
    if certificate.is_some_and(|certificate| certificate != secured.sha256) {
        return Err("another connection to the same address shows another certificate".to_owned());
    }
    Ok(stream)
}

/// A handshake of TLS.
pub async fn secure(
    target: &Target,
    recorder: &Arc<Recorder>,
    tcp: TcpStream,
) -> Result<(Box<dyn Socket>, Secured), NotSecured> {
    let failed =
        |error: &dyn Error| NotSecured { certificate: None, is_reset: false, words: error.to_string() };
    let name = ServerName::try_from(target.host.clone()).map_err(|error| failed(&error))?;
    let recorder = recorder.fresh();
    let config = recorder.config().map_err(|error| failed(&error))?;
    let stream = TlsConnector::from(config).connect(name, Fair::new(tcp)).await.map_err(|error| {
        // The signature of the handshake cannot be verified by this certificate.
        let is_its = matches!(
            error.get_ref().and_then(|error| error.downcast_ref()),
            Some(rustls::Error::InvalidCertificate(_))
        );
        let is_reset = error.kind() == io::ErrorKind::ConnectionReset;
        NotSecured { certificate: is_its.then(|| recorder.seen()), is_reset, ..failed(&error) }
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
