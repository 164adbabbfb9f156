//! A TCP connection with or without TLS, for the generator and for the floor.

use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_rustls::rustls::client::Resumption;
use futures_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use futures_rustls::rustls::crypto::ring::default_provider;
use futures_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime,
};
use futures_rustls::rustls::{
    ALL_VERSIONS, ClientConfig, DigitallySignedStruct, Error, HandshakeKind, ServerConfig, SignatureScheme,
};
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketType};
use smol::Async;
use smol::io::{AsyncRead, AsyncWrite};

use super::way::Place;

/// A TCP connection that is read only when something is there: half the system calls of trying first.
pub struct Tcp(Async<TcpStream>);

impl Tcp {
    fn new(stream: Async<TcpStream>) -> io::Result<Self> {
        stream.get_ref().set_nodelay(true)?;
        Ok(Self(stream))
    }
}

impl AsyncRead for Tcp {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_readable(cx))?;
            match self.0.get_ref().read(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

/// A connection.
pub enum Socket {
    Plain(Tcp),
    Tls(Box<TlsStream<Tcp>>),
}

impl Socket {
    /// Connects, with TLS if the place has it.
    pub async fn connect(place: &Place) -> io::Result<Self> {
        let stream = match place.from {
            None => Async::<TcpStream>::connect(place.address).await?,
            Some(own) => connect_from(own, place.address).await?,
        };
        let tcp = Tcp::new(stream)?;
        let Some(tls) = &place.tls else { return Ok(Self::Plain(tcp)) };
        let host = place.host.rsplit_once(':').map_or("", |(host, _)| host);
        let name = ServerName::try_from(host.to_owned())
            .unwrap_or_else(|_| ServerName::IpAddress(place.address.ip().into()));
        Ok(Self::Tls(Box::new(tls.connect(name, tcp).await?.into())))
    }

    /// Whether TLS goes on with an earlier session.
    pub fn is_resumed(&self) -> bool {
        matches!(self, Self::Tls(tls) if tls.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed))
    }

    /// Takes an accepted connection, with TLS if there is an acceptor.
    pub async fn accept(stream: Async<TcpStream>, tls: Option<&TlsAcceptor>) -> io::Result<Self> {
        let tcp = Tcp::new(stream)?;
        let Some(tls) = tls else { return Ok(Self::Plain(tcp)) };
        Ok(Self::Tls(Box::new(tls.accept(tcp).await?.into())))
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_close(cx),
            Self::Tls(tls) => Pin::new(tls).poll_close(cx),
        }
    }
}

/// Connects from another address of this machine.
pub async fn connect_from(own: Ipv4Addr, address: SocketAddr) -> io::Result<Async<TcpStream>> {
    let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
    net::bind(&socket, &SocketAddr::from((own, 0)))?;
    let stream = Async::new(TcpStream::from(socket))?;
    match net::connect(&stream, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(error) => return Err(error.into()),
    }
    stream.writable().await?;
    stream.get_ref().take_error()?.map_or(Ok(stream), Err)
}

/// A connector that takes any certificate and makes a full handshake every time. It is for measuring only.
pub fn connector() -> io::Result<TlsConnector> {
    connector_with(Resumption::disabled())
}

/// Makes a connector for a client with few connections, which resumes its sessions.
pub fn resuming() -> io::Result<TlsConnector> {
    connector_with(Resumption::in_memory_sessions(1))
}

fn connector_with(resumption: Resumption) -> io::Result<TlsConnector> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(ALL_VERSIONS)
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth();
    config.resumption = resumption;
    Ok(Arc::new(config).into())
}

/// An acceptor with a certificate of its own.
pub fn acceptor() -> io::Result<TlsAcceptor> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(ALL_VERSIONS)
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key)
        })
        .map_err(io::Error::other)?;
    Ok(Arc::new(config).into())
}

/// A verifier that looks at nothing: the generator's work must stay small.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
