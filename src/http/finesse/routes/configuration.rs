//! The settings of the system (the guide's chapter "Cisco Finesse Configuration APIs").

use crate::config::Profile::Ucce;
use crate::config::Release::R12_5;

use super::row::Handler::Missing;
use super::row::Row;
use super::row::Verb::{Get, Put};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row::new(&["SystemConfig"], &[(Get, Missing), (Put, Missing)]).only(Ucce),
    Row::new(&["ConfigInfo"], &[(Get, Missing)]),
    Row::new(&["ECCVariableConfig"], &[(Get, Missing), (Put, Missing)]),
    Row::new(&["ClusterConfig"], &[(Get, Missing), (Put, Missing)]).only(Ucce),
    Row::new(&["EnterpriseDatabaseConfig"], &[(Get, Missing), (Put, Missing)]).only(Ucce),
    Row::new(&["LayoutConfig/default"], &[(Get, Missing), (Put, Missing)]),
    Row::new(&["Team/ID/LayoutConfig"], &[(Get, Missing), (Put, Missing)]),
    Row::new(&["ChatConfig"], &[(Get, Missing), (Put, Missing)]).since(R12_5),
    Row::new(&["CloudConnectConfig"], &[(Get, Missing), (Put, Missing)]).since(R12_5),
    Row::new(&["SystemVariable", "SystemVariables"], &[(Get, Missing)]),
];
