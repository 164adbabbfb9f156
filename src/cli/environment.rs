//! Variables of the environment in place of flags (the Twelve-Factor App, III).

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use log::LevelFilter;
#[cfg(feature = "cluster")]
use zeroize::Zeroizing;

use crate::cli::values::{address, level};
use crate::config::nearest;

/// The beginning of the names of all variables.
const PREFIX: &str = "CALLBOARD_";
const CONFIG: &str = "CALLBOARD_CONFIG";
const LISTEN: &str = "CALLBOARD_LISTEN";
const LISTEN_PLAIN: &str = "CALLBOARD_LISTEN_PLAIN";
const LOG: &str = "CALLBOARD_LOG";
#[cfg(feature = "cluster")]
const CLUSTER_PASSWORD: &str = "CALLBOARD_CLUSTER_PASSWORD";
const NAMES: &[&str] = &[
    #[cfg(feature = "cluster")]
    CLUSTER_PASSWORD,
    CONFIG,
    LISTEN,
    LISTEN_PLAIN,
    LOG,
];

/// The environment's values for flags that are not given (the Twelve-Factor App, III).
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
    /// The password of the engine of several appliances.
    #[cfg(feature = "cluster")]
    pub cluster_password: Option<Zeroizing<String>>,
}

impl Environment {
    /// Reads the variables. An empty variable is as none.
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
        let log = match text(LOG)? {
            Some(text) => {
                Some(level(&text).map_err(|form| format!("the variable {LOG} is {text:?}, and {form}"))?)
            }
            None => None,
        };
        Ok(Self {
            config: given(CONFIG).map(PathBuf::from),
            listen: addresses(LISTEN)?,
            listen_plain: addresses(LISTEN_PLAIN)?,
            log,
            #[cfg(feature = "cluster")]
            cluster_password: text(CLUSTER_PASSWORD)?.map(Zeroizing::new),
        })
    }
}

/// Looks at the names of all variables for those that are misspelt. Returns what to warn of: a name that looks like none of the
/// program's may be there for another program, as a manager of containers names the addresses of a service CALLBOARD_PORT and
/// the scripts of this project know CALLBOARD_CACHE.
///
/// # Errors
///
/// Returns a sentence that names the first of those that look like one of the program's, and what was meant.
pub fn misspelt(names: impl IntoIterator<Item = OsString>) -> Result<Option<String>, String> {
    let names = names.into_iter().filter_map(|name| name.into_string().ok());
    let mut others: Vec<_> =
        names.filter(|name| name.starts_with(PREFIX) && !NAMES.contains(&name.as_str())).collect();
    others.sort_unstable();
    for name in &others {
        let known = NAMES.iter().map(|name| &name[PREFIX.len()..]);
        if let Some(meant) = nearest(&name[PREFIX.len()..], known) {
            return Err(format!("there is no variable {name}; did you mean {PREFIX}{meant}?"));
        }
    }
    others.retain(|name| !is_of_others(&name[PREFIX.len()..]));
    let warning = || {
        let (others, known) = (others.join(", "), NAMES.join(", "));
        format!("warning: nothing reads {others} of the environment; known are: {known}")
    };
    Ok((!others.is_empty()).then(warning))
}

/// Tells whether something else is known to set a variable of that name.
fn is_of_others(name: &str) -> bool {
    // The scripts that build the program, and Kubernetes for a service of the name of the program.
    matches!(name, "CACHE" | "DEBS" | "PORT") || name.starts_with("PORT_") || name.starts_with("SERVICE_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_looks_like_one_of_the_programs_is_refused_and_another_one_is_warned_of() {
        let names = |names: &str| misspelt(names.split(' ').map(OsString::from));
        for (name, meant) in [
            ("CALLBOARD_CONFG", "CALLBOARD_CONFIG"),
            ("CALLBOARD_LISTN", "CALLBOARD_LISTEN"),
            ("CALLBOARD_LISTEN_PLANE", "CALLBOARD_LISTEN_PLAIN"),
            ("CALLBOARD_listen", "CALLBOARD_LISTEN"),
            ("CALLBOARD_LOGS", "CALLBOARD_LOG"),
        ] {
            let sentence = format!("there is no variable {name}; did you mean {meant}?");
            assert_eq!(names(&format!("PATH CALLBOARD_LOG {name}")), Err(sentence));
        }
        for good in [
            "PATH callboard_log MYCALLBOARD_LOGS CALLBOARD CALLBOARD_LOG CALLBOARD_LISTEN",
            "CALLBOARD_CACHE CALLBOARD_DEBS",
            "CALLBOARD_PORT CALLBOARD_PORT_8445_TCP_ADDR CALLBOARD_SERVICE_HOST CALLBOARD_SERVICE_PORT",
        ] {
            assert_eq!(names(good), Ok(None), "{good}");
        }
        let more = if cfg!(feature = "cluster") { "CALLBOARD_CLUSTER_PASSWORD, " } else { "" };
        let warning = format!(
            "warning: nothing reads CALLBOARD_LOG_LEVEL, CALLBOARD_WWW of the environment; known are: {more}CALLBOARD_CONFIG, \
             CALLBOARD_LISTEN, CALLBOARD_LISTEN_PLAIN, CALLBOARD_LOG"
        );
        assert_eq!(names("CALLBOARD_WWW CALLBOARD_PORT CALLBOARD_LOG_LEVEL"), Ok(Some(warning)));
    }

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
