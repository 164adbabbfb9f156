//! Where the engine is, and who asks.

use std::fs;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::cluster::bounds::Bounds;
use crate::config::Place;
use crate::config::cluster::{Address, Cluster};

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
    /// The configuration as header and snapshots tell it to others: bytes that the caller understands, at most 64 KiB.
    pub sections: Vec<u8>,
    pub bounds: Bounds,
}

impl Settings {
    /// The settings of a section, with what is in its files. `variable` is the password of the environment, which counts for more than
    /// that of a file.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with a file, and where the section names it.
    pub fn of(
        cluster: &Cluster,
        domain: &str,
        sections: Vec<u8>,
        variable: Option<Zeroizing<String>>,
    ) -> Result<Self, (Place, String)> {
        let Address { tls: _, user, host, port, database } = cluster.engine.clone();
        let places = cluster.places;
        let password = match (variable, &cluster.password_file) {
            (Some(password), _) => Some(password),
            (None, Some(path)) => {
                let wrong =
                    |end: String| (places.password_file, format!("password_file {} {end}", path.display()));
                let text = fs::read_to_string(path).map(Zeroizing::new);
                let text = text.map_err(|error| wrong(format!("cannot be read: {error}")))?;
                let mut lines = text.lines();
                match (lines.next().filter(|line| !line.is_empty()), lines.next()) {
                    (Some(password), None) => Some(Zeroizing::new(password.to_owned())),
                    _ => return Err(wrong("must have the password as its only line".to_owned())),
                }
            }
            (None, None) => None,
        };
        if let (Some(user), None) = (&user, &password) {
            let sentence = format!(
                "url names the user {user}, who needs a password; name it by password_file, or set the variable CALLBOARD_CLUSTER_PASSWORD"
            );
            return Err((places.section, sentence));
        }
        let tls = match &cluster.ca {
            Some(path) => {
                let wrong = |end: String| (places.ca, format!("ca {} {end}", path.display()));
                let pem = fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
                Some(tls(&pem).map_err(wrong)?)
            }
            None => None,
        };
        let (key, domain) = (cluster.key.clone(), domain.to_owned());
        let bounds = Bounds::default();
        Ok(Self { host, port, database, user, password, tls, key, domain, sections, bounds })
    }

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
