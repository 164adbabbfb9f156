//! Values that flags and variables of the environment have in common.

use std::net::SocketAddr;

use log::LevelFilter;

/// Reads an address to listen on.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "it must be an IP address with a port, such as 127.0.0.1:8445 or [::1]:8445".to_owned())
}

/// Reads how much to log.
pub fn level(text: &str) -> Result<LevelFilter, String> {
    text.parse().map_err(|_| "it must be off, error, warn, info, debug or trace".to_owned())
}
