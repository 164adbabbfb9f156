//! TLS of a client that looks at a certificate before it judges it: what is wrong is written down, and the handshake goes on, so
//! that one run shows everything up to the login.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

use futures_rustls::rustls;
use ring::digest::{SHA256, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::probe::{Flaw, Secured};

/// Where systems keep the certificates that they trust, each in one file.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The variable that names such a file in place of the system's.
const BUNDLE: &str = "SSL_CERT_FILE";

/// What a user has said about certificates.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Any certificate will do.
    pub insecure: bool,
    /// The SHA-256 of the certificate that is to be trusted, in lower case and without colons.
    pub pin: Option<String>,
}

/// What one handshake after another shows.
#[derive(Debug)]
pub struct Recorder {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
    trust: Trust,
    /// The certificates of the file that the user has named.
    told: Arc<[CertificateDer<'static>]>,
    seen: Mutex<Secured>,
}

impl Recorder {
    /// A recorder that trusts what the system trusts, and the certificates of a file.
    ///
    /// # Errors
    ///
    /// Returns a sentence when the file cannot be read, or has no certificate.
    pub fn new(ca: Option<&Path>, trust: Trust) -> Result<Arc<Self>, String> {
        let mut roots = RootCertStore::empty();
        let of_system = env::var_os(BUNDLE).map(Into::into);
        let bundles = of_system.into_iter().chain(BUNDLES.iter().map(Into::into));
        if let Some(bundle) = bundles.into_iter().find_map(|path: std::path::PathBuf| fs::read(path).ok()) {
            roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&bundle).flatten());
        }
        let mut told = Vec::new();
        if let Some(path) = ca {
            let pem = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
            told.extend(CertificateDer::pem_slice_iter(&pem).flatten());
            let (taken, _) = roots.add_parsable_certificates(told.iter().cloned());
            if taken == 0 {
                return Err(format!("{} has no certificate in PEM", path.display()));
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(Arc::new(Self {
            roots: Arc::new(roots),
            provider,
            trust,
            told: told.into(),
            seen: Mutex::default(),
        }))
    }

    /// A recorder of one handshake with the same trust: what two handshakes show at the same time must not be taken for each other,
    /// or a password could go to the one by the certificate of the other.
    pub fn fresh(&self) -> Arc<Self> {
        Arc::new(Self {
            roots: self.roots.clone(),
            provider: self.provider.clone(),
            trust: self.trust.clone(),
            told: self.told.clone(),
            seen: Mutex::default(),
        })
    }

    /// The configuration of handshakes that are recorded here, with these protocols of ALPN (RFC 7301).
    ///
    /// # Errors
    ///
    /// Returns an error that no version of TLS causes.
    pub fn config(self: &Arc<Self>, protocols: &[&[u8]]) -> Result<Arc<ClientConfig>, Error> {
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(rustls::ALL_VERSIONS)?
            .dangerous()
            .with_custom_certificate_verifier(self.clone())
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        // A session that is resumed shows no certificate.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Arc::new(config))
    }

    /// What the last handshake showed.
    pub fn seen(&self) -> Secured {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Verifies a certificate as the library's own verifier does that knows no revoked ones: with that the program has 20 KB more.
    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        // Without roots there is nobody to trust.
        if self.roots.is_empty() {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        }
        let read = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&read, &self.roots, intermediates, now, algorithms)?;
        verify_server_name(&read, name)
    }

    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Secured {
        let sha256 = hexadecimal(digest(&SHA256, end_entity).as_ref());
        let (issuer, subject) = webpki::EndEntityCert::try_from(end_entity)
            .map(|read| (read.issuer().to_vec(), read.subject().to_vec()))
            .unwrap_or_default();
        let verdict = self.verify(end_entity, intermediates, name, now);
        let verdict = match verdict {
            Err(error) if is_ca(&error) && self.told.contains(end_entity) => {
                ParsedCertificate::try_from(end_entity).and_then(|read| verify_server_name(&read, name))
            }
            verdict => verdict,
        };
        let is_own = !subject.is_empty() && issuer == subject;
        let flaw = verdict.err().map(|error| flaw(error, is_own, intermediates.is_empty()));
        Secured {
            is_told: self.trust.insecure || self.trust.pin.as_ref() == Some(&sha256),
            sha256,
            certificates: 1 + intermediates.len(),
            subject: common_name(&subject),
            issuer: common_name(&issuer),
            flaw,
            ..Secured::default()
        }
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            self.judge(end_entity, intermediates, name, now);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a certificate is refused for nothing but that it may sign others. As the library looks at that after the dates, only the
/// name is left to be compared. A server that has made its own certificate often shows one of these, and users trust it by itself,
/// as every other client lets them.
fn is_ca(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// What an error of the library says about a certificate. `is_own`: its issuer has its own name; `is_alone`: no other came.
fn flaw(error: Error, is_own: bool, is_alone: bool) -> Flaw {
    let Error::InvalidCertificate(error) = error else { return Flaw::Other(error.to_string()) };
    match error {
        CertificateError::ExpiredContext { not_after, .. } => Flaw::Expired { not_after: date(not_after) },
        CertificateError::NotValidYetContext { not_before, .. } => {
            Flaw::NotYetValid { not_before: date(not_before) }
        }
        CertificateError::NotValidForNameContext { presented, .. } => Flaw::WrongName { presented },
        CertificateError::NotValidForName => Flaw::WrongName { presented: Vec::new() },
        // A certificate that has signed itself may say that it is an authority's.
        _ if is_own => Flaw::SelfSigned,
        CertificateError::UnknownIssuer if is_alone => Flaw::Incomplete,
        CertificateError::UnknownIssuer => Flaw::UnknownIssuer,
        other => Flaw::Other(other.to_string()),
    }
}

/// A time as RFC 3339 writes it.
fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok();
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_default()
}

/// The last common name (X.520, 2.5.4.3) of a distinguished name in DER; a name without one is empty.
fn common_name(der: &[u8]) -> String {
    const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
    let place = der.windows(3).rposition(|bytes| bytes == COMMON_NAME);
    let value = place.and_then(|place| {
        let rest = &der[place + 3..];
        let length = usize::from(*rest.get(1)?);
        rest.get(2..2 + length)
    });
    value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
