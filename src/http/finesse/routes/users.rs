//! Users, their calls, queues, messages and logs (the guide's chapter "Cisco Finesse Desktop APIs").

use crate::config::Profile::{Ucce, Uccx};
use crate::config::Release::R12_6;
use crate::desk::{ClientLog, DialogRequest, MediumRequest, NewMessage, Request, SetState};

use super::row::Handler::{
    Change, ChangeOfUser, Log, Missing, OpaqueLog, PublicInService, Read, ReadOfUser, Remove,
};
use super::row::Row;
use super::row::Verb::{Delete, Get, Post, Put};

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row::new(&["User", "Users"], &[(Get, Read(|asked, actor| asked.desk().users_document(actor)))]),
    Row::new(&["User/ID"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().user_document(actor, user))),
        (Put, ChangeOfUser(|user, body, bounds| {
            Ok(Request::SetState { user, asked: SetState::read(body, bounds)? })
        })),
    ]),
    Row::new(&["User/ID/Dialogs"], &[
        (Get, ReadOfUser(|asked, actor, user| match asked.call.parameter("includeNonVoice")?.as_str() {
            "true" => asked.desk().dialogs_of_all_media(actor, user),
            _ => asked.desk().dialogs_document(actor, user),
        })),
        (Post, ChangeOfUser(|user, body, bounds| {
            Ok(Request::CreateDialog { user, asked: DialogRequest::read(body, bounds)? })
        })),
    ]),
    Row::new(&["Dialog/ID"], &[
        (Get, Read(|asked, actor| asked.desk().dialog_document(actor, asked.id(0)))),
        (Put, Change(|ids, body, bounds| {
            Ok(Request::UpdateDialog { dialog: ids.concat(), asked: DialogRequest::read(body, bounds)? })
        })),
    ]),
    Row::new(&["User/ID/Queues"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().queues_of_user(actor, user))),
    ]),
    Row::new(&["Queues"], &[(Get, Read(|asked, actor| asked.desk().all_queues(actor)))]),
    Row::new(&["Queue/ID"], &[(Get, Read(|asked, actor| asked.desk().queue_document(actor, asked.id(0))))]),
    Row::new(&["User/ID/Media"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().media_document(actor, user))),
        (Put, Change(|ids, body, bounds| {
            let asked = MediumRequest::read_list(body, bounds)?;
            Ok(Request::ChangeMedia { user: ids.concat(), medium: None, asked })
        })),
    ]).only(Ucce).since(R12_6),
    Row::new(&["User/ID/Media"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().media_document(actor, user))),
        (Put, Missing),
    ]).only(Ucce).before(R12_6),
    Row::new(&["User/ID/Media/MRD"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().medium_document(actor, user, asked.id(1)))),
        (Put, Change(|ids, body, bounds| {
            let [user, medium] = [0, 1].map(|nth| ids.get(nth).cloned().unwrap_or_default());
            let asked = vec![MediumRequest::read(body, bounds)?];
            Ok(Request::ChangeMedia { user, medium: Some(medium), asked })
        })),
    ]).only(Ucce),
    Row::new(&["User/ID/Dialogs/Media"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().tasks_document(actor, user, None))),
    ]).only(Ucce),
    Row::new(&["User/ID/Media/MRD/Dialogs"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().tasks_document(actor, user, Some(asked.id(1))))),
    ]).only(Ucce),
    // Express has no media but voice, and says so in a list of none.
    Row::new(&["User/ID/Media"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().media_document(actor, user))),
        (Put, Missing),
    ]).only(Uccx),
    Row::new(&["User/ID/Media/MRD"], &[(Get, Missing), (Put, Missing)]).only(Uccx),
    Row::new(&["User/ID/Dialogs/Media", "User/ID/Media/MRD/Dialogs"], &[(Get, Missing)]).only(Uccx),
    Row::new(&["User/ID/Devices"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().devices_of_user(actor, user))),
    ]).since(R12_6),
    Row::new(&["Devices/EXTENSION"], &[(Get, Read(|asked, _| asked.desk().devices_document(asked.id(0))))]).since(R12_6),
    Row::new(&["MediaDomain"], &[(Get, Read(|asked, _| Ok(asked.desk().media_domains_document())))]).only(Ucce),
    Row::new(&["MediaDomain/ID"], &[
        (Get, Read(|asked, _| asked.desk().media_domain_document(asked.id(0)))),
    ]).only(Ucce),
    Row::new(&["DigitalChannels/Configuration"], &[(Get, Missing)]).only(Ucce).since(R12_6),
    Row::new(&["ScriptSelectors"], &[
        (Get, Read(|asked, _| asked.desk().script_selectors_document(&asked.call.parameter("mrdType")?))),
    ]).only(Ucce).since(R12_6),
    Row::new(&["Teams"], &[(Get, Read(|asked, actor| asked.desk().teams_document(actor)))]),
    Row::new(&["Team/ID"], &[(Get, Read(|asked, actor| {
        let wanted = asked.call.parameter("includeLoggedOutAgents")?;
        asked.desk().team_document(actor, asked.id(0), wanted != "false")
    }))]),
    Row::new(&["Team/ID/TeamMessages"], &[
        (Get, Read(|asked, actor| asked.desk().messages_of_team(actor, asked.id(0)))),
    ]),
    Row::new(&["TeamMessages"], &[
        (Get, Read(|asked, actor| Ok(asked.desk().messages_document(actor)))),
        (Post, Change(|_, body, bounds| Ok(Request::CreateMessage(NewMessage::read(body, bounds)?)))),
    ]),
    Row::new(&["TeamMessage"], &[
        (Post, Change(|_, body, bounds| Ok(Request::CreateMessage(NewMessage::read(body, bounds)?)))),
    ]),
    Row::new(&["TeamMessage/ID"], &[
        (Get, Read(|asked, actor| asked.desk().message_document(actor, asked.id(0)))),
        (Delete, Remove(|ids| Request::DeleteMessage(ids.concat()))),
    ]),
    Row::new(&["User/ID/ClientLog"], &[
        (Post, Log(|user, body, bounds| Ok(Request::TakeLog { user, log: ClientLog::read(body, bounds)? }))),
    ]),
    Row::new(&["User/ID/CompressedClientLog"], &[(Post, OpaqueLog(|user| Request::TakeCompressedLog { user }))]),
    Row::new(&["UserAuthMode/NAME"], &[
        // Asked to find out how to log in.
        (Get, PublicInService(|asked| asked.desk().user_auth_mode_document(asked.id(0)))),
    ]),
];
