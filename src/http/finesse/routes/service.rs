//! The system and its service (the guide's chapter "Cisco Finesse Serviceability APIs").

use crate::config::Release::R12_6;

use super::row::Handler::{Missing, Public};
use super::row::Row;
use super::row::Verb::{Delete, Get, Post, Put};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row::new(&["SystemInfo"], &[
        // Asked before anybody is logged in, to find the XMPP domain.
        (Get, Public(|asked| asked.desk().system_info_document(asked.now, &asked.call.host()))),
    ]),
    Row::new(&["RuntimeConfigInfo"], &[(Get, Missing)]),
    Row::new(&["ConnectedUsersInfo", "LockedOutUsers", "Performance"], &[(Get, Missing)]).since(R12_6),
    Row::new(&["LockedOutUsers/ID"], &[(Delete, Missing)]).since(R12_6),
    Row::new(&["MaintenanceMode"], &[(Get, Missing), (Post, Missing), (Put, Missing)]).since(R12_6),
];
