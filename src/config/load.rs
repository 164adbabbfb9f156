//! Reads a configuration from the demo, a text or a file, and looks at who else can read the file.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::process::geteuid;

use crate::config::configuration::Config;
use crate::config::files::{Files, Origin, Unread};
use crate::config::problem::{Place, Problem, Report};
use crate::config::read;

/// The text of the embedded demo configuration.
pub const DEMO: &str = include_str!("../../deploy/demo.toml");

/// The largest configuration file, in bytes; some ten thousand users fit.
const LARGEST: u64 = 1024 * 1024;

impl Config {
    /// Returns the embedded demo configuration.
    pub fn demo() -> Config {
        let mut config = read::read(DEMO, &Origin::Demo.to_string(), Path::new(""), Origin::Demo)
            .expect("a test reads the demo configuration")
            .config;
        // Not in the file, of which people make one of their own: there an address that is taken is a problem.
        [config.listen_xmpp, config.listen_xmpp_plain] = Config::DEMO_XMPP.map(|address| vec![address]);
        config
    }

    /// Reads a configuration file.
    ///
    /// Returns it with warnings: what is allowed and still unwise, such as a file with passwords that everybody
    /// on the machine can read.
    ///
    /// # Errors
    ///
    /// Returns every problem found, in the order of the file. A file that cannot be read is one problem.
    pub fn load(path: &Path) -> Result<(Config, Vec<Problem>), Unread> {
        let file = path.display().to_string();
        let refused = |place, sentence: String| {
            let files = Box::new(Files {
                origin: Origin::File(path.into()),
                tls: None,
                self_signed: None,
                www: None,
            });
            Unread { problems: vec![files.problem(place, sentence)], files }
        };
        let bytes = bytes(path).map_err(|sentence| refused(Place::START, sentence))?;
        let text = match str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) => {
                let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let place = Report::new(&file, &good).place(good.len()..good.len());
                return Err(refused(place, "is not UTF-8 from here on; save the file as UTF-8".into()));
            }
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let parsed = read::read(text, &file, folder, Origin::File(path.into()))?;

        let mut warnings = Vec::new();
        if let Some(place) = parsed.first_plain
            // A service that reads it by its group needs that bit.
            && (is_open(path, 0o004) || is_open(path, 0o040) && is_own(path))
        {
            let sentence = "others on this machine can read the passwords in this file; run `chmod 600` on it, \
                        or use password_hash";
            warnings.push(parsed.config.problem(place, sentence));
        }
        if let Some(tls) = &parsed.config.tls
            // A group of its own for those who may read keys is common.
            && is_open(&tls.key, 0o004)
        {
            let key = tls.key.display();
            let sentence = format!("everybody on this machine can read the key {key}; run `chmod 600` on it");
            warnings.push(parsed.config.problem(tls.key_place, sentence));
        }
        if let Some(place) = parsed.every_proxy {
            let sentence = "trusted_proxies names every address, so every client may say that it is another one; name the proxies only";
            warnings.push(parsed.config.problem(place, sentence));
        }
        Problem::sort(&mut warnings);
        Ok((parsed.config, warnings))
    }

    /// Reads a configuration from the text of a file called `name`; touches no file.
    ///
    /// # Errors
    ///
    /// Returns every problem found, in the order of the text.
    pub fn parse(text: &str, name: &str) -> Result<Config, Vec<Problem>> {
        let path = Path::new(name);
        let folder = path.parent().unwrap_or(Path::new(""));
        let read = read::read(text, name, folder, Origin::File(path.into()));
        read.map(|parsed| parsed.config).map_err(|unread| unread.problems)
    }
}

/// Reads a file of bounded size; the error is a sentence.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such file; `callboard demo-config` prints one to start from".to_owned()
        }
        io::ErrorKind::IsADirectory => "is a directory; name the configuration file in it".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    if bytes.len() as u64 > LARGEST {
        return Err("is larger than 1 MiB, too large for a configuration file".into());
    }
    Ok(bytes)
}

/// Tells whether a file belongs to the user that the program runs as.
fn is_own(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.uid() == geteuid().as_raw())
}

/// Tells whether a file is there and one of the permission bits is set on it.
fn is_open(path: &Path, bits: u32) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & bits != 0)
}
