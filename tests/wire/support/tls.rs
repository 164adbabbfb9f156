//! The client side of TLS, which takes any certificate and remembers it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use futures_rustls::rustls::crypto::{
    CryptoProvider, ring::default_provider, verify_tls12_signature, verify_tls13_signature,
};
use futures_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use futures_rustls::rustls::{
    ALL_VERSIONS, ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion,
};
use smol::future::FutureExt as _;
use smol::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use smol::{Async, Timer};

use super::server::PATIENCE;

/// Any certificate will do; the signatures of the handshake must be right.
#[derive(Debug)]
struct Anybody(CryptoProvider);

impl ServerCertVerifier for Anybody {
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
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Connects with one of these versions of TLS, or with any.
pub async fn connect(
    address: SocketAddr,
    version: Option<&'static SupportedProtocolVersion>,
) -> std::io::Result<TlsStream<Async<TcpStream>>> {
    over(Async::<TcpStream>::connect(address).await?, version).await
}

/// Makes TLS over a connection that is there.
pub async fn over<T: AsyncRead + AsyncWrite + Unpin>(
    stream: T,
    version: Option<&'static SupportedProtocolVersion>,
) -> std::io::Result<TlsStream<T>> {
    with(Arc::new(client(version)), stream).await
}

/// Makes TLS over a connection as a client that remembers its sessions.
pub async fn with<T: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    stream: T,
) -> std::io::Result<TlsStream<T>> {
    let name = ServerName::try_from("localhost").expect("localhost is a name");
    TlsConnector::from(config).connect(name, stream).await
}

/// A client with no sessions to resume.
pub fn client(version: Option<&'static SupportedProtocolVersion>) -> ClientConfig {
    let versions = version.map_or(ALL_VERSIONS.to_vec(), |version| vec![version]);
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&versions)
        .expect("ring has ciphers for both")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(default_provider())))
        .with_no_client_auth()
}

/// A connection for those who wait for each byte.
pub struct Secure(TlsStream<Async<TcpStream>>);

impl Secure {
    pub fn connect(address: SocketAddr) -> Self {
        Self(smol::block_on(connect(address, None)).expect("the handshake succeeds"))
    }

    /// Takes a connection on which the handshake is over.
    pub fn of(stream: TlsStream<Async<TcpStream>>) -> Self {
        Self(stream)
    }
}

impl Read for Secure {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let late = async {
            Timer::after(PATIENCE).await;
            panic!("nothing comes")
        };
        smol::block_on(self.0.read(bytes).or(late))
    }
}

impl Write for Secure {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        smol::block_on(self.0.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        smol::block_on(self.0.flush())
    }
}

/// The certificate that a new handshake shows, in DER.
pub fn certificate(address: SocketAddr) -> Vec<u8> {
    let stream = smol::block_on(connect(address, None)).expect("the handshake succeeds");
    let (_, connection) = stream.get_ref();
    connection.peer_certificates().expect("a server shows a certificate")[0].to_vec()
}

/// The first bytes of a ClientHello of that length, in records of 1,000 bytes.
pub fn half_hello(length: usize, sent: usize) -> Vec<u8> {
    let mut message = vec![1, 0, (length >> 8) as u8, length as u8];
    message.resize(sent, 0);
    let record = |part: &[u8]| [&[22, 3, 1, (part.len() >> 8) as u8, part.len() as u8][..], part].concat();
    message.chunks(1000).flat_map(record).collect()
}
