//! Where the engine is, and who asks.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::cluster::bounds::Bounds;

/// The engine, and the stream in it.
#[derive(Clone)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub database: u32,
    /// The user of the engine; `None`: that which it calls `default`.
    pub user: Option<String>,
    pub password: Option<Zeroizing<String>>,
    /// Whose certificates are trusted; `None`: there is no TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// The key of the stream; that of the snapshot is `:snapshot` behind it.
    pub key: String,
    /// The XMPP domain: that of the stream has to be the same.
    pub domain: String,
    /// What the header and snapshots tell others of the configuration; for the caller to understand, 64 KiB at the most.
    pub sections: Vec<u8>,
    pub bounds: Bounds,
}

impl Settings {
    /// The key of the snapshot.
    pub fn snapshot_key(&self) -> String {
        format!("{}:snapshot", self.key)
    }
}

/// How TLS is spoken with an engine whose certificate leads to one of those in a PEM file.
///
/// # Errors
///
/// Returns the end of a sentence that begins with the file.
pub fn tls(pem: &[u8]) -> Result<Arc<ClientConfig>, String> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("is not valid PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("has a certificate that cannot be used: {error}"))?;
    }
    if roots.is_empty() {
        return Err(
            "has no certificate in PEM form (a line BEGIN CERTIFICATE and what follows it)".to_owned()
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot be used: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
