//! Values that flags and variables of the environment have in common.

use std::net::SocketAddr;

use log::LevelFilter;

use crate::config::MOST_ENTRIES;
#[cfg(feature = "client")]
use crate::diagnosis::Language;
#[cfg(feature = "lab")]
use crate::hub::SPEED_MAX;
#[cfg(feature = "lab")]
use crate::scenario::AGENTS_MAX;
use crate::text::number;

/// Reads an address to listen on.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "it must be an IP address with a port, such as 127.0.0.1:8445 or [::1]:8445".to_owned())
}

/// Reads how many entries are kept.
pub fn entries(text: &str) -> Result<usize, String> {
    let entries = number(text).filter(|entries| *entries <= MOST_ENTRIES);
    entries.ok_or_else(|| format!("it must be a number from 0 to {MOST_ENTRIES}"))
}

/// Reads a number by which ids are made.
pub fn seed(text: &str) -> Result<u64, String> {
    number(text).ok_or_else(|| "it must be a number from 0 to 18446744073709551615".to_owned())
}

/// Reads how many times faster a clock goes.
#[cfg(feature = "lab")]
pub fn speed(text: &str) -> Result<u32, String> {
    let speed = number(text).filter(|speed| (1..=SPEED_MAX).contains(speed));
    speed.ok_or_else(|| format!("it must be a number from 1 to {SPEED_MAX}"))
}

/// Reads how many agents are played.
#[cfg(feature = "lab")]
pub fn agents(text: &str) -> Result<usize, String> {
    let agents = number(text).filter(|agents| (1..=AGENTS_MAX).contains(agents));
    agents.ok_or_else(|| format!("it must be a number from 1 to {AGENTS_MAX}"))
}

/// Reads how much to log.
pub fn level(text: &str) -> Result<LevelFilter, String> {
    text.parse().map_err(|_| "it must be off, error, warn, info, debug or trace".to_owned())
}

/// Seconds.
///
/// # Errors
///
/// Returns a sentence that names the range.
#[cfg(feature = "client")]
pub fn seconds(text: &str) -> Result<u64, String> {
    number(text)
        .filter(|seconds| *seconds <= 600)
        .ok_or_else(|| format!("{text:?} is no number of seconds from 0 to 600"))
}

/// Seconds that something takes, or a pause: not none.
///
/// # Errors
///
/// Returns a sentence that names the range.
#[cfg(feature = "client")]
pub fn some_seconds(text: &str) -> Result<u64, String> {
    seconds(text)
        .ok()
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| format!("{text:?} is no number of seconds from 1 to 600"))
}

/// A number of things, or of seconds without an end of their own: not none.
///
/// # Errors
///
/// Returns a sentence that names the range.
#[cfg(feature = "client")]
pub fn some(text: &str) -> Result<u64, String> {
    number(text)
        .filter(|some| (1..=1_000_000_000).contains(some))
        .ok_or_else(|| format!("{text:?} is no number from 1 to 1000000000"))
}

/// A language, as the page names them.
///
/// # Errors
///
/// Returns a sentence that names the languages.
#[cfg(feature = "client")]
pub fn language(text: &str) -> Result<Language, String> {
    Language::named(text).ok_or_else(|| format!("{text:?} is neither en nor zh-TW"))
}
