//! The system and its service (the guide's chapter "Cisco Finesse Serviceability APIs").

use crate::config::Release::R12_6;
use crate::desk::{ApiError, Request, StartMaintenance};
use crate::id::UserId;

use super::row::Handler::{Change, Missing, Public, Read, Remove};
use super::row::Verb::{Delete, Get, Post, Put};
use super::row::{Asked, Row};

/// The parameter by which the list of the connected users is asked for.
const DETAILS: &str = "details";

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row::new(&["SystemInfo"], &[
        // Asked before anybody is logged in, to find the XMPP domain.
        (Get, Public(|asked| asked.desk().system_info_document(asked.hub.desk_time(asked.now), &asked.call.host()))),
    ]),
    Row::new(&["RuntimeConfigInfo"], &[
        (Get, Read(|asked, actor| asked.desk().runtime_config_document(actor, asked.hub.connected(asked.now)))),
    ]),
    Row::new(&["ConnectedUsersInfo"], &[(Get, Read(connected_users))]).since(R12_6),
    Row::new(&["LockedOutUsers"], &[
        (Get, Read(|asked, actor| asked.desk().locked_out_document(actor, &asked.hub.locked_out(asked.now)))),
    ]).since(R12_6),
    Row::new(&["LockedOutUsers/ID"], &[
        (Delete, Remove(|ids| Request::Unlock(ids.concat()))),
    ]).since(R12_6),
    // What it reads are counters of a Java machine.
    Row::new(&["performance"], &[(Post, Missing)]).since(R12_6),
    Row::new(&["MaintenanceMode"], &[
        (Get, Read(|asked, actor| {
            let pending = asked.hub.connected(asked.now).total();
            asked.desk().maintenance_document(asked.hub.desk_time(asked.now), actor, pending)
        })),
        (Put, Change(|_, body, bounds| Ok(Request::StartMaintenance(StartMaintenance::read(body, bounds)?)))),
    ]).since(R12_6).always_read(),
];

fn connected_users(asked: &Asked<'_>, actor: UserId) -> Result<String, ApiError> {
    let details = asked.call.parameter(DETAILS)? == "true";
    let users = asked.hub.connected_users(asked.now);
    asked.desk().connected_users_document(actor, &users, details, &asked.call.host())
}
