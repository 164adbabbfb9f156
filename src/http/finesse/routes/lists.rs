//! The lists to choose from: reason codes, wrap-up reasons, phone books, layouts of call variables, workflows. Each stands
//! below a user and below a team, and alone for administrators (the guide's pages of these names).

use crate::desk::Whose;

use super::row::Handler::{Missing, Read, ReadOfUser, ReadRange};
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
const WORKFLOWS: Handler =
    Read(|asked, actor| asked.desk().empty_list(actor, asked.whose(actor)?, "Workflows"));

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row::new(&["ReasonCodes", "User/ID/ReasonCodes", "TeamResource/ID/ReasonCodes"], &[(Get, REASON_CODES)]),
    Row::new(&["Team/ID/ReasonCodes"], &[(Get, REASON_CODES), (Put, Missing)]),
    Row::new(&["ReasonCode"], &[(Post, Missing)]),
    Row::new(&["ReasonCode/ID"], &[
        (Get, Read(|asked, actor| asked.desk().reason_code_document(actor, Whose::All, asked.id(0)))),
        (Put, Missing),
        (Delete, Missing),
    ]),
    Row::new(&["User/ID/ReasonCode/ID"], &[(Get, ReadOfUser(|asked, actor, user| {
        asked.desk().reason_code_document(actor, Whose::User(user), asked.id(1))
    }))]),
    Row::new(&["WrapUpReasons", "User/ID/WrapUpReasons", "TeamResource/ID/WrapUpReasons"], &[(Get, WRAP_UP_REASONS)]),
    Row::new(&["Team/ID/WrapUpReasons"], &[(Get, WRAP_UP_REASONS), (Put, Missing)]),
    Row::new(&["WrapUpReason"], &[(Post, Missing)]),
    Row::new(&["WrapUpReason/ID"], &[
        (Get, Read(|asked, actor| asked.desk().wrap_up_reason_document(actor, Whose::All, asked.id(0)))),
        (Put, Missing),
        (Delete, Missing),
    ]),
    Row::new(&["User/ID/WrapUpReason/ID"], &[(Get, ReadOfUser(|asked, actor, user| {
        asked.desk().wrap_up_reason_document(actor, Whose::User(user), asked.id(1))
    }))]),
    Row::new(&["PhoneBooks", "User/ID/PhoneBooks", "TeamResource/ID/PhoneBooks"], &[(Get, PHONE_BOOKS)]),
    Row::new(&["Team/ID/PhoneBooks"], &[(Get, PHONE_BOOKS), (Put, Missing)]),
    Row::new(&["PhoneBook"], &[(Post, Missing)]),
    Row::new(&["PhoneBook/ID"], &[
        (Get, Read(|asked, actor| asked.desk().phone_book_document(actor, asked.id(0)))),
        (Put, Missing),
        (Delete, Missing),
    ]),
    Row::new(&["PhoneBook/ID/Contacts"], &[
        (Get, Read(|asked, actor| asked.desk().contacts_document(actor, asked.id(0)))),
    ]),
    Row::new(&["PhoneBook/ID/Contacts/csvFileContent"], &[(Get, Missing), (Put, Missing)]),
    Row::new(&["PhoneBook/ID/Contact"], &[(Post, Missing)]),
    Row::new(&["PhoneBook/ID/Contact/CONTACT"], &[
        (Get, Read(|asked, actor| asked.desk().contact_document(actor, asked.id(0), asked.id(1)))),
        (Put, Missing),
        (Delete, Missing),
    ]),
    Row::new(&["MediaPropertiesLayouts", "User/ID/MediaPropertiesLayouts", "TeamResource/ID/MediaPropertiesLayouts"], &[
        (Get, LAYOUTS),
    ]),
    Row::new(&["Team/ID/MediaPropertiesLayouts"], &[(Get, LAYOUTS), (Put, Missing)]),
    Row::new(&["User/ID/MediaPropertiesLayout"], &[
        (Get, ReadOfUser(|asked, actor, user| asked.desk().layout_of_user(actor, user))),
    ]),
    Row::new(&["MediaPropertiesLayout"], &[(Post, Missing)]),
    Row::new(&["MediaPropertiesLayout/default"], &[(Get, LAYOUT), (Put, Missing)]),
    Row::new(&["MediaPropertiesLayout/ID"], &[(Get, LAYOUT), (Put, Missing), (Delete, Missing)]),
    Row::new(&[
        "Workflows", "User/ID/Workflows", "TeamResource/ID/Workflows",
        "WorkFlows", "User/ID/WorkFlows", "TeamResource/ID/WorkFlows",
    ], &[(Get, WORKFLOWS)]),
    Row::new(&["Team/ID/Workflows", "Team/ID/WorkFlows"], &[(Get, WORKFLOWS), (Put, Missing)]),
    Row::new(&["Workflow"], &[(Post, Missing)]),
    Row::new(&["Workflow/ID"], &[(Get, Missing), (Put, Missing), (Delete, Missing)]),
    Row::new(&["WorkflowActions"], &[(Get, Missing)]),
    Row::new(&["WorkflowAction"], &[(Post, Missing)]),
    Row::new(&["WorkflowAction/ID"], &[(Get, Missing), (Put, Missing), (Delete, Missing)]),
];
