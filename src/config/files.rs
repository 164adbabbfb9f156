//! Where a configuration comes from, the files that it names, and what was found of them.

use std::fmt;
use std::path::PathBuf;

use crate::config::problem::{Place, Problem};

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The one inside the program, with passwords everybody knows.
    Demo,
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    /// Writes the name of the file, as it stands in problems.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Demo => f.write_str("the embedded demo.toml"),
            Origin::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A certificate with its key, and where the file names them, for problems found when they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// A PEM file with the certificate and those that lead to its root; relative paths of the file are resolved.
    pub certificate: PathBuf,
    /// Where the configuration names the certificate.
    pub certificate_place: Place,
    /// A PEM file with the private key; relative paths of the file are resolved.
    pub key: PathBuf,
    /// Where the configuration names the key.
    pub key_place: Place,
}

/// The certificate that the server makes where the configuration names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfSigned {
    /// The names and addresses for its subjectAltName (RFC 5280 §4.2.1.6): those of the machine for itself, the domain, the
    /// addresses of the listeners with TLS, and `hosts`; none twice.
    pub names: Vec<String>,
    /// The folder that keeps it; `None`: the default.
    pub state_dir: Option<PathBuf>,
}

/// A folder with files for browsers, and where it is named, for problems found when it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Www {
    /// Relative paths of the file are resolved; those of a flag start at the working directory.
    pub folder: PathBuf,
    /// Where the configuration names it; a flag stands nowhere.
    pub place: Option<Place>,
}

/// The files that a configuration names, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Where the configuration comes from.
    pub origin: Origin,
    /// The files of the certificate.
    pub tls: Option<TlsFiles>,
    /// The certificate that is made where there are no such files; `None`: nothing listens with TLS.
    pub self_signed: Option<SelfSigned>,
    /// The folder whose files are served.
    pub www: Option<Www>,
}

impl Files {
    /// Makes a problem with the configuration, for what is found out only when it is put to use.
    pub fn problem(&self, place: Place, sentence: impl Into<String>) -> Problem {
        Problem { file: self.origin.to_string().into(), place, sentence: sentence.into() }
    }

    /// A line for a problem, with its place in the file if it stands there.
    pub fn line(&self, place: Option<Place>, sentence: &str) -> String {
        match place {
            Some(place) => self.problem(place, sentence).to_string(),
            None => format!("callboard: {sentence}"),
        }
    }
}

/// What there is to say of the files that a configuration names.
#[derive(Debug, Default)]
pub struct Found {
    /// Why the server would not start with them: a line for each.
    pub problems: Vec<String>,
    /// Settings that are allowed and still unwise.
    pub warnings: Vec<Problem>,
    /// The folder that keeps the certificate, if it is one that is made.
    pub certificate_kept_in: Option<PathBuf>,
    /// For whom the certificate is, and until when.
    pub certificate: Option<String>,
}

/// The problems of a configuration.
#[derive(Debug)]
pub struct Unread {
    /// In the order of the file.
    pub problems: Vec<Problem>,
    /// What it names all the same.
    pub files: Box<Files>,
}
