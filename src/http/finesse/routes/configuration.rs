//! The settings of the system (the guide's chapter "Cisco Finesse Configuration APIs").

use crate::config::Profile::Ucce;
use crate::config::Release::R12_5;
use crate::desk::Action::Update;
use crate::desk::Object::{
    ChatConfig, CloudConnectConfig, ClusterConfig, EnterpriseDatabaseConfig, LayoutConfig, SystemConfig,
};

use super::row::Handler::{Configure, Read};
use super::row::Row;
use super::row::Verb::{Get, Put};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row::new(&["SystemConfig"], &[
        (Get, Read(|asked, actor| asked.desk().settings_document(actor, SystemConfig))),
        (Put, Configure(SystemConfig, Update)),
    ]).only(Ucce),
    Row::new(&["ClusterConfig"], &[
        (Get, Read(|asked, actor| asked.desk().settings_document(actor, ClusterConfig))),
        (Put, Configure(ClusterConfig, Update)),
    ]).only(Ucce),
    Row::new(&["EnterpriseDatabaseConfig"], &[
        (Get, Read(|asked, actor| asked.desk().settings_document(actor, EnterpriseDatabaseConfig))),
        (Put, Configure(EnterpriseDatabaseConfig, Update)),
    ]).only(Ucce),
    Row::new(&["ChatConfig"], &[
        (Get, Read(|asked, actor| asked.desk().settings_document(actor, ChatConfig))),
        (Put, Configure(ChatConfig, Update)),
    ]).since(R12_5),
    Row::new(&["CloudConnectConfig"], &[
        (Get, Read(|asked, actor| asked.desk().settings_document(actor, CloudConnectConfig))),
        (Put, Configure(CloudConnectConfig, Update)),
    ]).since(R12_5),
    Row::new(&["ConfigInfo"], &[(Get, Read(|asked, actor| asked.desk().config_info_document(actor)))]),
    Row::new(&["ECCVariableConfig"], &[(Get, Read(|asked, _| Ok(asked.desk().ecc_variables_document())))]).only(Ucce),
    Row::new(&["LayoutConfig/default"], &[
        (Get, Read(|asked, _| Ok(asked.desk().desktop_layout_document()))),
        (Put, Configure(LayoutConfig, Update)),
    ]),
    Row::new(&["Team/ID/LayoutConfig"], &[
        (Get, Read(|asked, actor| {
            asked.whose(actor)?;
            asked.desk().team_layout_document(actor, asked.id(0))
        })),
        (Put, Configure(LayoutConfig, Update)),
    ]),
    Row::new(&["SystemVariables", "SystemVariable"], &[
        (Get, Read(|asked, actor| asked.desk().system_variables_document(actor, None))),
    ]),
    Row::new(&["SystemVariable/NAME"], &[
        (Get, Read(|asked, actor| asked.desk().system_variables_document(actor, Some(asked.id(0))))),
    ]),
];
