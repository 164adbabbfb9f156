//! The lists to choose from: reason codes, wrap-up reasons, phone books, layouts of call variables, workflows. Each stands
//! below a user and below a team, and alone for administrators (the guide's pages of these names).

use crate::desk::Action::{Assign, Create, Replace, Update};
use crate::desk::Object::{
    Contact, MediaPropertiesLayout, PhoneBook, ReasonCode, Workflow, WorkflowAction, WrapUpReason,
};
use crate::desk::{Action, Whose};

use super::row::Handler::{Configure, ImportContacts, Read, ReadCsv, ReadOfUser, ReadRange};
use super::row::Verb::{Delete, Get, Post, Put};
use super::row::{Handler, Row};

const REASON_CODES: Handler = Read(|asked, actor| {
    asked.desk().reason_codes_document(actor, asked.whose(actor)?, &asked.call.parameter("category")?)
});
const WRAP_UP_REASONS: Handler =
    Read(|asked, actor| asked.desk().wrap_up_reasons_document(actor, asked.whose(actor)?));
const PHONE_BOOKS: Handler =
    ReadRange(|asked, actor, range| asked.desk().phone_books_document(actor, asked.whose(actor)?, range));
const LAYOUTS: Handler = Read(|asked, actor| asked.desk().layouts_document(actor, asked.whose(actor)?));
const LAYOUT: Handler = Read(|asked, actor| {
    asked.desk().layout_document(actor, asked.ids.first().map_or("default", String::as_str))
});
const WORKFLOWS: Handler = Read(|asked, actor| asked.desk().workflows_document(actor, asked.whose(actor)?));

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row::new(&["ReasonCodes", "User/ID/ReasonCodes", "TeamResource/ID/ReasonCodes"], &[(Get, REASON_CODES)]),
    Row::new(&["Team/ID/ReasonCodes"], &[(Get, REASON_CODES), (Put, Configure(ReasonCode, Assign))]),
    Row::new(&["ReasonCode"], &[(Post, Configure(ReasonCode, Create))]),
    Row::new(&["ReasonCode/ID"], &[
        (Get, Read(|asked, actor| asked.desk().reason_code_document(actor, Whose::All, asked.id(0)))),
        (Put, Configure(ReasonCode, Update)),
        (Delete, Configure(ReasonCode, Action::Delete)),
    ]),
    Row::new(&["User/ID/ReasonCode/ID"], &[(Get, ReadOfUser(|asked, actor, user| {
        asked.desk().reason_code_document(actor, Whose::User(user), asked.id(1))
    }))]),
    Row::new(&["WrapUpReasons", "User/ID/WrapUpReasons", "TeamResource/ID/WrapUpReasons"], &[(Get, WRAP_UP_REASONS)]),
    Row::new(&["Team/ID/WrapUpReasons"], &[(Get, WRAP_UP_REASONS), (Put, Configure(WrapUpReason, Assign))]),
    Row::new(&["WrapUpReason"], &[(Post, Configure(WrapUpReason, Create))]),
    Row::new(&["WrapUpReason/ID"], &[
        (Get, Read(|asked, actor| asked.desk().wrap_up_reason_document(actor, Whose::All, asked.id(0)))),
        (Put, Configure(WrapUpReason, Update)),
        (Delete, Configure(WrapUpReason, Action::Delete)),
    ]),
    Row::new(&["User/ID/WrapUpReason/ID"], &[(Get, ReadOfUser(|asked, actor, user| {
        asked.desk().wrap_up_reason_document(actor, Whose::User(user), asked.id(1))
    }))]),
    Row::new(&["PhoneBooks", "User/ID/PhoneBooks", "TeamResource/ID/PhoneBooks"], &[(Get, PHONE_BOOKS)]),
    Row::new(&["Team/ID/PhoneBooks"], &[(Get, PHONE_BOOKS), (Put, Configure(PhoneBook, Assign))]),
    Row::new(&["PhoneBook"], &[(Post, Configure(PhoneBook, Create))]),
    Row::new(&["PhoneBook/ID"], &[
        (Get, Read(|asked, actor| asked.desk().phone_book_document(actor, asked.id(0)))),
        (Put, Configure(PhoneBook, Update)),
        (Delete, Configure(PhoneBook, Action::Delete)),
    ]),
    Row::new(&["PhoneBook/ID/Contacts"], &[
        (Get, Read(|asked, actor| asked.desk().contacts_document(actor, asked.id(0)))),
        (Put, Configure(Contact, Replace)),
    ]),
    Row::new(&["PhoneBook/ID/Contacts/csvFileContent"], &[
        (Get, ReadCsv(|asked, actor| asked.desk().contacts_csv(actor, asked.id(0)))),
        (Post, ImportContacts),
    ]),
    Row::new(&["PhoneBook/ID/Contact"], &[(Post, Configure(Contact, Create))]),
    Row::new(&["PhoneBook/ID/Contact/CONTACT"], &[
        (Get, Read(|asked, actor| asked.desk().contact_document(actor, asked.id(0), asked.id(1)))),
        (Put, Configure(Contact, Update)),
        (Delete, Configure(Contact, Action::Delete)),
    ]),
    Row::new(&["MediaPropertiesLayouts", "User/ID/MediaPropertiesLayouts", "TeamResource/ID/MediaPropertiesLayouts"], &[
        (Get, LAYOUTS),
    ]),
    Row::new(&["Team/ID/MediaPropertiesLayouts"], &[(Get, LAYOUTS)]),
    Row::new(&["User/ID/MediaPropertiesLayout"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().layout_of_user(actor, user))),
    ]),
    Row::new(&["MediaPropertiesLayout"], &[(Post, Configure(MediaPropertiesLayout, Create))]),
    Row::new(&["MediaPropertiesLayout/default"], &[(Get, LAYOUT), (Put, Configure(MediaPropertiesLayout, Update))]),
    Row::new(&["MediaPropertiesLayout/ID"], &[
        (Get, LAYOUT),
        (Put, Configure(MediaPropertiesLayout, Update)),
        (Delete, Configure(MediaPropertiesLayout, Action::Delete)),
    ]),
    Row::new(&[
        "Workflows", "User/ID/Workflows", "TeamResource/ID/Workflows",
        "WorkFlows", "User/ID/WorkFlows", "TeamResource/ID/WorkFlows",
    ], &[(Get, WORKFLOWS)]),
    Row::new(&["Team/ID/Workflows", "Team/ID/WorkFlows"], &[(Get, WORKFLOWS), (Put, Configure(Workflow, Assign))]),
    Row::new(&["Workflow"], &[(Post, Configure(Workflow, Create))]),
    Row::new(&["Workflow/ID"], &[
        (Get, Read(|asked, actor| asked.desk().workflow_document(actor, asked.id(0)))),
        (Put, Configure(Workflow, Update)),
        (Delete, Configure(Workflow, Action::Delete)),
    ]),
    Row::new(&["WorkflowActions"], &[(Get, Read(|asked, actor| asked.desk().workflow_actions_document(actor)))]),
    Row::new(&["WorkflowAction"], &[(Post, Configure(WorkflowAction, Create))]),
    Row::new(&["WorkflowAction/ID"], &[
        (Get, Read(|asked, actor| asked.desk().workflow_action_document(actor, asked.id(0)))),
        (Put, Configure(WorkflowAction, Update)),
        (Delete, Configure(WorkflowAction, Action::Delete)),
    ]),
];
