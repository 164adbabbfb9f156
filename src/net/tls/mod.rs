//! Certificates: read from PEM files, or made and kept.

pub(crate) mod certificate;
pub mod defective;
mod der;
pub mod kept;
mod oid;
mod self_signed;
pub mod stream;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::crypto::ring::{ALL_CIPHER_SUITES, ALL_KX_GROUPS, Ticketer};
use rustls::crypto::{CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use rustls::{CipherSuite, ServerConfig};
use zeroize::Zeroizing;

use crate::config::{Files, Place, Problem, TlsFiles};
use crate::net::tls::certificate::Certificate;

/// A certificate, and the configuration with which a listener speaks TLS.
#[derive(Clone)]
pub struct Identity {
    /// TLS 1.2 and 1.3, HTTP/1.1.
    pub server: Arc<ServerConfig>,
    /// The SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` and browsers show it.
    pub fingerprint: String,
    /// The certificate was made by the server.
    pub self_signed: bool,
    /// The folder that keeps the certificate, if the server made and kept it.
    pub kept_in: Option<PathBuf>,
    /// The certificate and those that lead to its root, as clients see them; at least one.
    pub chain: Vec<CertificateDer<'static>>,
}

/// How TLS is spoken with a certificate. A client that names another protocol than that of its listener is refused (RFC 7301 §3.2).
#[derive(Clone)]
pub struct Configurations {
    pub http: Arc<ServerConfig>,
    /// The configuration for XMPP over TCP, whose ALPN is `xmpp-client` (XEP-0368 §2).
    pub xmpp: Arc<ServerConfig>,
}

/// A configuration of TLS for XMPP in the place of HTTP.
pub fn for_xmpp(http: &ServerConfig) -> Arc<ServerConfig> {
    let mut xmpp = http.clone();
    xmpp.alpn_protocols = vec![b"xmpp-client".to_vec()];
    Arc::new(xmpp)
}

impl Identity {
    /// The configurations of its listeners.
    pub fn configurations(&self) -> Configurations {
        Configurations { http: self.server.clone(), xmpp: for_xmpp(&self.server) }
    }

    /// Lets clients resume the sessions that they began with `earlier`, if this is the same certificate. If it is another one,
    /// they have to see it.
    pub fn resume(&mut self, earlier: &Self) {
        if self.chain == earlier.chain {
            let mut server = ServerConfig::clone(&self.server);
            server.ticketer = earlier.server.ticketer.clone();
            server.session_storage = earlier.server.session_storage.clone();
            self.server = Arc::new(server);
        }
    }

    /// The chain in PEM.
    pub fn pem(&self) -> String {
        self.chain.iter().map(|certificate| pem_of("CERTIFICATE", certificate)).collect()
    }
}

/// What DER is in PEM (RFC 7468 §2).
fn pem_of(label: &str, der: &[u8]) -> String {
    const LINE: usize = 64;
    let mut pem = format!("-----BEGIN {label}-----\n");
    let text = STANDARD.encode(der);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

/// The identity of a configuration: that of its files, or one that is made or was kept; none if nothing listens with TLS and
/// there are no files. `earlier`: that in use.
///
/// # Errors
///
/// Every problem with the files, at the place where the configuration names them.
pub fn identity(files: &Files, earlier: Option<&Identity>) -> Result<Option<Identity>, Vec<Problem>> {
    match (&files.tls, &files.self_signed) {
        (Some(tls), _) => from_files(files, tls).map(|(identity, _)| Some(identity)),
        (None, None) => Ok(None),
        (None, Some(wanted)) => kept::identity(wanted, earlier).map(Some).map_err(|error| {
            let sentence =
                format!("no certificate could be made ({error}); add a section [tls] with files of your own");
            vec![files.problem(Place::START, sentence)]
        }),
    }
}

/// The identity of files, and what is known of the certificates in them.
pub(crate) fn from_files(
    files: &Files,
    tls: &TlsFiles,
) -> Result<(Identity, Vec<Certificate>), Vec<Problem>> {
    let certificates = read(&tls.certificate, "certificate").and_then(|pem| {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match chain {
            Ok(chain) if !chain.is_empty() => Ok(chain),
            Ok(_) => Err(no_pem(&tls.certificate, "certificate", &pem)),
            Err(error) => Err(bad_pem(&tls.certificate, &error)),
        }
    });
    let key = read(&tls.key, "private key").and_then(|pem| {
        if has_passphrase(&pem) {
            return Err(passphrase(&tls.key));
        }
        PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
            pem::Error::NoItemsFound => no_pem(&tls.key, "private key", &pem),
            error => bad_pem(&tls.key, &error),
        })
    });
    let (certificates, key) = match (certificates, key) {
        (Ok(certificates), Ok(key)) => (certificates, key),
        (certificates, key) => {
            let problems = [(certificates.err(), tls.certificate_place), (key.err(), tls.key_place)];
            return Err(problems
                .into_iter()
                .filter_map(|(sentence, place)| Some(files.problem(place, sentence?)))
                .collect());
        }
    };
    let known: Vec<_> =
        certificates.iter().filter_map(|certificate| Certificate::read(certificate)).collect();
    if any_supported_type(&key).is_err() {
        let sentence = format!(
            "the key in {} is damaged, or of a kind that is not supported; use ECDSA with P-256 or P-384, RSA with 2048 to \
             4096 bits, or Ed25519",
            tls.key.display()
        );
        return Err(vec![files.problem(tls.key_place, sentence)]);
    }
    if known.first().is_some_and(|certificate| !certificate.extensible) {
        let sentence = format!(
            "the certificate in {} is of an X.509 version that has no extensions, so it names no host; get one of version \
             3, with the names of this server in subjectAltName",
            tls.certificate.display()
        );
        return Err(vec![files.problem(tls.certificate_place, sentence)]);
    }
    let identity = server(certificates, key, false).map_err(|error| {
        let certificate = tls.certificate.display();
        let (place, sentence) = match error {
            rustls::Error::InconsistentKeys(_) => (
                tls.key_place,
                format!(
                    "the key in {} does not belong to the certificate in {certificate}; name a pair that was made together",
                    tls.key.display()
                ),
            ),
            error => {
                (tls.certificate_place, format!("the certificate in {certificate} cannot be used: {error}"))
            }
        };
        vec![files.problem(place, sentence)]
    })?;
    Ok((identity, known))
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("the {what} {} cannot be read: {error}", path.display()))
}

/// Whether a key is encrypted: by PKCS #8 (RFC 7468 §11), or as older tools do it (RFC 1421 §4.6.1.1).
fn has_passphrase(pem: &[u8]) -> bool {
    let mut lines = pem.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.any(|line| {
        line == b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
            || line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED")
    })
}

fn passphrase(path: &Path) -> String {
    let path = path.display();
    format!(
        "the key in {path} has a passphrase, which nobody is asked for; write the key without it (`openssl pkey -in {path} \
         -out {path}.plain`, then `chmod 600 {path}.plain`), and name that file"
    )
}

fn no_pem(path: &Path, what: &str, found: &[u8]) -> String {
    let path = path.display();
    let command = match found {
        // A SEQUENCE with the number 3 first (RFC 7292 §4), after a length of one to five bytes.
        [0x30, rest @ ..] if rest.windows(3).take(5).any(|window| window == [2, 1, 3]) => "pkcs12 -nodes",
        [0x30, ..] if what == "certificate" => "x509 -inform der",
        [0x30, ..] => "pkey -inform der",
        _ => return format!("{path} has no {what} in PEM form (a line BEGIN … and what follows it)"),
    };
    format!(
        "{path} is not in PEM form; convert it (`openssl {command} -in {path} -out {path}.pem`), and name that file"
    )
}

fn bad_pem(path: &Path, error: &pem::Error) -> String {
    format!("{} is not valid PEM: {error}", path.display())
}

fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    self_signed: bool,
) -> Result<Identity, rustls::Error> {
    // Without one there is nothing that the key could belong to.
    let fingerprint = fingerprint(chain.first().ok_or(rustls::Error::NoCertificatesPresented)?);
    let mut server = bare(chain.clone(), key)?;
    // The client keeps the session, encrypted with a key that nobody else has and that is another one after six hours: so each
    // that comes back, after a restart of the network say, costs no signature, and none of them any memory here.
    server.ticketer = Ticketer::new()?;
    // A client gets another one each time that it comes.
    server.send_tls13_tickets = 1;
    Ok(Identity { server: Arc::new(server), fingerprint, self_signed, kept_in: None, chain })
}

/// How TLS is spoken here with a certificate.
fn bare(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut server = ServerConfig::builder_with_provider(Arc::new(provider(has_aes())))
        .with_protocol_versions(rustls::ALL_VERSIONS)?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    server.ignore_client_order = true;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(server)
}

/// What rustls takes from ring: all that a server needs. Nobody's signature is verified, as clients have no certificates, and
/// what does that stays out of the program.
fn provider(has_aes: bool) -> CryptoProvider {
    let mut cipher_suites = ALL_CIPHER_SUITES.to_vec();
    cipher_suites.sort_by_key(|suite| cost(suite.suite(), has_aes));
    CryptoProvider {
        cipher_suites,
        kx_groups: ALL_KX_GROUPS.to_vec(),
        signature_verification_algorithms: WebPkiSupportedAlgorithms { all: &[], mapping: &[] },
        secure_random: &Ring,
        key_provider: &Ring,
    }
}

/// Random bytes and keys.
#[derive(Debug)]
struct Ring;

impl SecureRandom for Ring {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        SystemRandom::new().fill(bytes).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        any_supported_type(&Zeroizing::new(key))
    }
}

/// The place of a cipher suite among the others, the first for what costs this processor least. All of them are beyond doubt;
/// clients know what costs themselves least, and a server has many of them.
fn cost(suite: CipherSuite, has_aes: bool) -> usize {
    use CipherSuite as Suite;
    let (chacha, aes) = if has_aes { (1, 0) } else { (0, 1) };
    match suite {
        Suite::TLS13_CHACHA20_POLY1305_SHA256
        | Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        | Suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => chacha,
        Suite::TLS13_AES_128_GCM_SHA256
        | Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => aes,
        // A longer key, and a hash that most processors have no instructions for.
        _ => 2,
    }
}

/// Whether the processor is known to have instructions for AES; without them AES costs more than ChaCha20. Of 32-bit ARM the
/// standard library does not say it, and its processors seldom have them.
fn has_aes() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("aes");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    false
}

fn fingerprint(certificate: &[u8]) -> String {
    let bytes = digest::digest(&digest::SHA256, certificate);
    bytes.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_suite_comes_first() {
        for (has_aes, expected) in
            [(true, ["AES_128", "CHACHA20", "AES_256"]), (false, ["CHACHA20", "AES_128", "AES_256"])]
        {
            let suites = provider(has_aes).cipher_suites;
            // Of TLS 1.3; of TLS 1.2 for each kind of certificate.
            for (prefix, suites) in ["TLS13_", "TLS_ECDHE_ECDSA_WITH_", "TLS_ECDHE_RSA_WITH_"].map(|prefix| {
                (prefix, suites.iter().filter_map(move |suite| suite.suite().as_str()?.strip_prefix(prefix)))
            }) {
                let suites: Vec<&str> = suites.collect();
                let fits = suites.iter().zip(expected).all(|(suite, start)| suite.starts_with(start));
                assert!(fits && suites.len() == expected.len(), "{prefix} {suites:?}");
            }
        }
    }
}
