//! Lists to choose from, for each kind of user.

use crate::desk::Whose::{All, Team, User};
use crate::desk::tests::*;

/// Phone books for all, the second and third in the file, and for team 2.
const BOOKS: &str = r#"[[phone_book]]
id = 3
name = "Night & Day"
teams = ["2"]
[[phone_book.contact]]
id = 8
first_name = "Zoë"
last_name = "<Z>"
phone_number = "+49*8"
description = "on call"
[[phone_book]]
id = 1
name = "House"
[[phone_book.contact]]
phone_number = "1000"
[[phone_book.contact]]
phone_number = "1001"
[[phone_book]]
id = 2
name = "Empty"
"#;

fn listed() -> Desk {
    desk_with("uccx", "", &format!("{REASONS}{BOOKS}"))
}

const OTHERS: &str = "401|Invalid Authorization User Specified|bob";

#[test]
fn reason_codes_are_shown_to_those_who_have_them() {
    let desk = listed();
    let code = |id, category, code, label, all| {
        format!(
            "<ReasonCode><uri>/finesse/api/ReasonCode/{id}</uri><id>{id}</id><category>{category}</category>\
             <code>{code}</code><label>{label}</label><forAll>{all}</forAll><systemCode>false</systemCode></ReasonCode>"
        )
    };
    let meeting = code(1, "NOT_READY", 10, "Team Meeting", true);
    let fire = code(2, "NOT_READY", 11, "Fire &amp; Ice", false);
    let home = code(3, "LOGOUT", 10, "Home", false);
    let list = |category: &str, codes: &[&str]| {
        let start = format!("<ReasonCodes category=\"{category}\"");
        if codes.is_empty() { start + "/>" } else { format!("{start}>{}</ReasonCodes>", codes.concat()) }
    };
    for (actor, whose, category, expected) in [
        (BOB, User(BOB), "NOT_READY", list("NOT_READY", &[&meeting])),
        (ADA, User(BOB), "NOT_READY", list("NOT_READY", &[&meeting])),
        (SUE, User(EVE), "NOT_READY", list("NOT_READY", &[&meeting, &fire])),
        (ROOT, User(ROOT), "NOT_READY", list("NOT_READY", &[&meeting])),
        (BOB, User(BOB), "LOGOUT", list("LOGOUT", &[])),
        (EVE, Team("2"), "LOGOUT", list("LOGOUT", &[&home])),
        (EVE, Team("2"), "ALL", list("ALL", &[&meeting, &fire, &home])),
        (ROOT, All, "ALL", list("ALL", &[&meeting, &fire, &home])),
        (BOB, User(BOB), "WRAPUP", "400|Invalid Input|category".into()),
        (BOB, User(BOB), "", "400|Invalid Input|category".into()),
        (EVE, User(BOB), "LOGOUT", OTHERS.into()),
        (EVE, Team("1"), "LOGOUT", "401|Authorization Failure|1".into()),
        (EVE, Team("9"), "LOGOUT", "404|Not Found|9".into()),
        (SUE, All, "LOGOUT", "401|Authorization Failure|sue".into()),
    ] {
        assert_eq!(
            shown(desk.reason_codes_document(actor, whose, category)),
            expected,
            "{actor:?} {whose:?}"
        );
    }
    for (actor, whose, id, expected) in [
        (EVE, All, "2", fire.as_str()),
        (SUE, All, "2", &fire),
        (BOB, All, "2", "401|Authorization Failure|2"),
        (BOB, All, "1", &meeting),
        (EVE, User(EVE), "2", &fire),
        (SUE, User(EVE), "2", &fire),
        (BOB, User(BOB), "2", "404|Not Found|2"),
        (EVE, User(BOB), "1", OTHERS),
        // What it was about is not why an agent is not ready.
        (BOB, All, "4", "404|Not Found|4"),
        (BOB, All, "5", "404|Not Found|5"),
        (BOB, All, "x", "404|Not Found|x"),
        (BOB, All, "-1", "404|Not Found|-1"),
        (BOB, All, "4294967297", "404|Not Found|4294967297"),
    ] {
        assert_eq!(shown(desk.reason_code_document(actor, whose, id)), expected, "{actor:?} {whose:?}");
    }
}

#[test]
fn wrap_up_reasons_are_as_in_the_guide() {
    let more =
        "[[reason_code]]\nid = 9\ncategory = \"WRAPUP\"\ncode = 11\nlabel = \"<b>\"\nteams = [\"2\"]\n";
    let desk = desk_with("uccx", "", &format!("{REASONS}{more}"));
    let reason = |owner: &str, id, label, all| {
        format!(
            "<WrapUpReason><uri>{owner}/WrapUpReason/{id}</uri><label>{label}</label><forAll>{all}</forAll></WrapUpReason>"
        )
    };
    let list = |reasons: &[String]| format!("<WrapUpReasons>{}</WrapUpReasons>", reasons.concat());
    let (user, api) = ("/finesse/api/User/eve", "/finesse/api");
    let of_eve = [reason(user, 4, "Sold", true), reason(user, 9, "&lt;b&gt;", false)];
    let all = [reason(api, 4, "Sold", true), reason(api, 9, "&lt;b&gt;", false)];
    for (actor, whose, expected) in [
        (EVE, User(EVE), list(&of_eve)),
        (SUE, User(EVE), list(&of_eve)),
        (BOB, User(BOB), list(&[reason("/finesse/api/User/bob", 4, "Sold", true)])),
        (EVE, Team("2"), list(&all)),
        (ADA, Team("1"), list(&all[..1])),
        (ROOT, All, list(&all)),
        (EVE, User(BOB), OTHERS.into()),
        (EVE, All, "401|Authorization Failure|eve".into()),
    ] {
        assert_eq!(shown(desk.wrap_up_reasons_document(actor, whose)), expected, "{actor:?} {whose:?}");
    }
    for (actor, whose, id, expected) in [
        (EVE, User(EVE), "9", of_eve[1].as_str()),
        (EVE, All, "9", &all[1]),
        (BOB, All, "9", "401|Authorization Failure|9"),
        (BOB, User(BOB), "9", "404|Not Found|9"),
        (BOB, All, "1", "404|Not Found|1"),
        (BOB, All, "", "404|Not Found|"),
    ] {
        assert_eq!(shown(desk.wrap_up_reason_document(actor, whose, id)), expected, "{actor:?} {whose:?}");
    }
}

#[test]
fn phone_books_for_all_come_first_and_agents_get_the_contacts_in_them() {
    let desk = listed();
    let contact = |book, id, [first, last, number, description]: [&str; 4]| {
        format!(
            "<Contact><firstName>{first}</firstName><lastName>{last}</lastName><phoneNumber>{number}</phoneNumber>\
             <description>{description}</description><uri>/finesse/api/PhoneBook/{book}/Contact/{id}</uri></Contact>"
        )
    };
    let book = |id, name, kind, contacts: &str| {
        format!(
            "<PhoneBook><uri>/finesse/api/PhoneBook/{id}</uri><name>{name}</name><type>{kind}</type>\
             <contacts>{contacts}</contacts></PhoneBook>"
        )
        .replace("<contacts></contacts>", "<contacts/>")
    };
    let list = |books: &[String]| format!("<PhoneBooks>{}</PhoneBooks>", books.concat());
    let house = contact(1, 1, ["", "", "1000", ""]) + &contact(1, 2, ["", "", "1001", ""]);
    let zoe = contact(3, 8, ["Zoë", "&lt;Z&gt;", "+49*8", "on call"]);
    let full = [
        book(1, "House", "GLOBAL", &house),
        book(2, "Empty", "GLOBAL", ""),
        book(3, "Night &amp; Day", "TEAM", &zoe),
    ];
    let short = [(1, "House", "GLOBAL"), (2, "Empty", "GLOBAL"), (3, "Night &amp; Day", "TEAM")]
        .map(|(id, name, kind)| book(id, name, kind, &format!("/finesse/api/PhoneBook/{id}/Contacts")));
    for (actor, whose, expected) in [
        (EVE, User(EVE), list(&full)),
        (BOB, User(BOB), list(&full[..2])),
        (SUE, User(SUE), list(&full[..2])),
        (SUE, Team("2"), list(&full)),
        (ROOT, All, list(&short)),
        (EVE, User(BOB), OTHERS.into()),
        (BOB, Team("2"), "401|Authorization Failure|2".into()),
        (BOB, All, "401|Authorization Failure|bob".into()),
    ] {
        assert_eq!(
            shown(desk.phone_books_document(actor, whose, None).map(|(document, _)| document)),
            expected,
            "{actor:?} {whose:?}"
        );
    }
    for (answer, expected) in [
        (desk.phone_book_document(EVE, "3"), short[2].as_str()),
        (desk.phone_book_document(SUE, "3"), &short[2]),
        (desk.phone_book_document(BOB, "3"), "401|Authorization Failure|3"),
        (desk.phone_book_document(BOB, "4"), "404|Not Found|4"),
        (desk.contacts_document(BOB, "1"), &format!("<Contacts>{house}</Contacts>")),
        (desk.contacts_document(BOB, "2"), "<Contacts/>"),
        (desk.contacts_document(BOB, "3"), "401|Authorization Failure|3"),
        (desk.contact_document(EVE, "3", "8"), &zoe),
        (desk.contact_document(EVE, "3", "1"), "404|Not Found|1"),
        (desk.contact_document(EVE, "1", "8"), "404|Not Found|8"),
        (desk.contact_document(BOB, "3", "8"), "401|Authorization Failure|3"),
        (desk.contact_document(BOB, "x", "8"), "404|Not Found|x"),
    ] {
        assert_eq!(shown(answer), expected);
    }
}

#[test]
fn without_a_layout_in_the_file_there_is_one_with_all_call_variables() {
    let entry = |number: u8, flags: &str| {
        format!(
            "<entry><displayName>Call Variable {number}</displayName><mediaProperty>callVariable{number}</mediaProperty>{flags}</entry>"
        )
    };
    let flags = "<showInPopOver>false</showInPopOver><uiEditable>false</uiEditable>";
    for (release, flags) in [("12.5", flags), ("11.6", "")] {
        let column = |numbers: [u8; 5]| {
            format!("<column>{}</column>", numbers.map(|number| entry(number, flags)).concat())
        };
        let layout = format!(
            "<MediaPropertiesLayout><uri>/finesse/api/MediaPropertiesLayout/1</uri><name>Default Layout</name>\
             <description>The layout of every call</description><type>DEFAULT</type><header>{}</header>{}{}</MediaPropertiesLayout>",
            entry(1, flags),
            column([1, 2, 3, 4, 5]),
            column([6, 7, 8, 9, 10]),
        );
        let list = format!("<MediaPropertiesLayouts>{layout}</MediaPropertiesLayouts>");
        let desk = desk_with("uccx", &format!("release = \"{release}\""), "");
        for (answer, expected) in [
            (desk.layouts_document(BOB, User(BOB)), list.as_str()),
            (desk.layouts_document(BOB, Team("1")), &list),
            (desk.layouts_document(ROOT, All), &list),
            (desk.layouts_document(BOB, All), "401|Authorization Failure|bob"),
            (desk.layouts_document(EVE, User(BOB)), OTHERS),
            (desk.layout_of_user(BOB, BOB), &layout),
            (desk.layout_of_user(EVE, BOB), OTHERS),
            (desk.layout_document(BOB, "default"), &layout),
            (desk.layout_document(BOB, "1"), &layout),
            (desk.layout_document(BOB, "2"), "404|Not Found|2"),
        ] {
            assert_eq!(shown(answer), expected);
        }
    }
}

/// Layouts for team 2, for all, and one more for all.
const LAYOUTS: &str = r#"[[layout]]
id = 5
name = "Night & Day"
teams = ["2"]
header = ["user.ewt", "Waited <s>"]
left = [["callVariable2", "Account"], ["BAStatus", ""]]
[[layout]]
id = 2
name = "House"
description = "For all"
header = ["callVariable1", "Customer"]
right = [["wrapUpReason", "Why"]]
[[layout]]
id = 1
name = "Short"
header = ["callVariable1", ""]
"#;

#[test]
fn layouts_are_shown_to_those_who_have_them() {
    let entry = |variable: &str, label: &str| {
        format!("<entry><displayName>{label}</displayName><mediaProperty>{variable}</mediaProperty></entry>")
    };
    let layout = |id, [name, description, kind]: [&str; 3], [header, left, right]: [&str; 3]| {
        format!(
            "<MediaPropertiesLayout><uri>/finesse/api/MediaPropertiesLayout/{id}</uri><name>{name}</name>\
             <description>{description}</description><type>{kind}</type><header>{header}</header>\
             <column>{left}</column><column>{right}</column></MediaPropertiesLayout>"
        )
        .replace("<column></column>", "<column/>")
    };
    let waited = entry("user.ewt", "Waited &lt;s&gt;");
    let left = entry("callVariable2", "Account") + &entry("BAStatus", "");
    let night = layout(5, ["Night &amp; Day", "", "CUSTOM"], [&waited, &left, ""]);
    let (customer, why) = (entry("callVariable1", "Customer"), entry("wrapUpReason", "Why"));
    let house = layout(2, ["House", "For all", "DEFAULT"], [&customer, "", &why]);
    let short = layout(1, ["Short", "", "CUSTOM"], [&entry("callVariable1", ""), "", ""]);
    let all = format!("<MediaPropertiesLayouts>{night}{house}{short}</MediaPropertiesLayouts>");
    let for_all = format!("<MediaPropertiesLayouts>{house}{short}</MediaPropertiesLayouts>");
    let desk = desk_with("uccx", "release = \"11.6\"", LAYOUTS);
    for (answer, expected) in [
        (desk.layouts_document(EVE, User(EVE)), all.as_str()),
        (desk.layouts_document(SUE, Team("2")), &all),
        (desk.layouts_document(ROOT, All), &all),
        (desk.layouts_document(BOB, User(BOB)), &for_all),
        (desk.layouts_document(ROOT, User(ROOT)), &for_all),
        (desk.layouts_document(BOB, Team("2")), "401|Authorization Failure|2"),
        (desk.layout_of_user(EVE, EVE), &night),
        (desk.layout_of_user(SUE, EVE), &night),
        (desk.layout_of_user(BOB, BOB), &house),
        (desk.layout_of_user(EVE, BOB), OTHERS),
        (desk.layout_document(EVE, "default"), &house),
        (desk.layout_document(BOB, "default"), &house),
        (desk.layout_document(BOB, "1"), &short),
        (desk.layout_document(EVE, "5"), &night),
        (desk.layout_document(BOB, "5"), "401|Authorization Failure|5"),
        (desk.layout_document(BOB, "3"), "404|Not Found|3"),
    ] {
        assert_eq!(shown(answer), expected);
    }
}

#[test]
fn express_has_an_empty_list_of_media_for_those_who_may_ask() {
    let desk = desk("uccx");
    assert_eq!(shown(desk.media_document(BOB, BOB)), "<MediaList/>");
    assert_eq!(shown(desk.media_document(EVE, BOB)), OTHERS);
    assert_eq!(
        desk.user_auth_mode_document("1001"),
        "<UserAuthMode><authMode>NON_SSO</authMode></UserAuthMode>"
    );
}
