//! Variables of the environment in place of flags (the Twelve-Factor App, III).

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use log::LevelFilter;

use super::{address, level};

/// What the environment says, in place of flags that are not there (the Twelve-Factor App, III).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// Where to speak TLS.
    pub listen: Vec<SocketAddr>,
    /// Where not.
    pub listen_plain: Vec<SocketAddr>,
    /// How much to log.
    pub log: Option<LevelFilter>,
}

impl Environment {
    /// Reads the variables. One that is empty is as none.
    ///
    /// # Errors
    ///
    /// Returns a sentence that names the variable.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| {
            let text = given(name).map(OsString::into_string).transpose();
            text.map_err(|_| format!("the variable {name} is not UTF-8"))
        };
        let addresses = |name: &str| -> Result<Vec<SocketAddr>, String> {
            let text = text(name)?.unwrap_or_default();
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            let read = texts.map(|text| {
                address(text).map_err(|form| format!("the variable {name} has {text:?} in it, and {form}"))
            });
            read.collect()
        };
        let log = match text("CALLBOARD_LOG")? {
            Some(text) => Some(
                level(&text).map_err(|form| format!("the variable CALLBOARD_LOG is {text:?}, and {form}"))?,
            ),
            None => None,
        };
        Ok(Self {
            config: given("CALLBOARD_CONFIG").map(PathBuf::from),
            listen: addresses("CALLBOARD_LISTEN")?,
            listen_plain: addresses("CALLBOARD_LISTEN_PLAIN")?,
            log,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_variable_is_named_with_the_right_form() {
        for (name, value, form) in [
            ("CALLBOARD_LISTEN", "localhost:8445", "127.0.0.1:8445"),
            ("CALLBOARD_LISTEN_PLAIN", "127.0.0.1:1,8080", "127.0.0.1:8445"),
            ("CALLBOARD_LOG", "loud", "off, error, warn, info, debug or trace"),
        ] {
            let error = Environment::read(|other| (other == name).then(|| value.into())).expect_err(name);
            assert!(error.contains(name) && error.contains(form), "{error}");
        }
    }
}
