//! callboard stands in for the notification side of a Cisco Finesse contact centre.

pub mod cli;
pub mod commands;
pub mod config;
pub mod limits;
pub mod password;
