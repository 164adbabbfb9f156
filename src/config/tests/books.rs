//! The mistakes in `[[phone_book]]`.

use crate::config::tests::*;

mistakes! {
    a_phone_book_of_nothing: "", "[[phone_book]]
[[phone_book.contact]]
" => [
        "10:1: [[phone_book]] has no id; add id = 1 or another number",
        r#"10:1: [[phone_book]] has no name; add name = "…""#,
        r#"11:1: [[phone_book.contact]] has no phone_number; add phone_number = "…""#,
    ];
    phone_books_with_the_same_id_and_name: "", r#"[[phone_book]]
id = 1
name = "House"
[[phone_book]]
id = 1
name = "House"
"# => [
        r#"14:6: id "1" already belongs to the phone book in line 11; give each its own"#,
        r#"15:8: name "House" already belongs to the phone book in line 12; give each its own"#,
    ];
    a_phone_book_with_unknown_keys_and_teams: "", r#"[[phone_book]]
id = 0
name = "a\nb"
team = ["1"]
teams = ["2"]
[[phone_book.contact]]
number = "1"
phone_number = "1"
"# => [
        "11:6: id must be an integer from 1 to 2147483647",
        r#"12:8: name "a\nb" must not have control characters"#,
        r#"13:1: "team" is not a key of [[phone_book]]; did you mean "teams"?"#,
        r#"14:10: team "2" is not declared by any [[team]]; known are: 1"#,
        r#"16:1: "number" is not a key of [[phone_book.contact]]; known are: id, first_name, last_name, phone_number, description"#,
    ];
    contacts_that_cannot_be_dialled_or_told_apart: "", r#"[[phone_book]]
id = 1
name = "House"
[[phone_book.contact]]
id = 2
first_name = 3
phone_number = "Ada"
[[phone_book.contact]]
phone_number = ""
[[phone_book.contact]]
id = "x"
phone_number = "1"
description = "\u0000"
"# => [
        "15:14: first_name must be a string in quotes, not an integer",
        r##"16:16: phone_number "Ada" must be 1 to 32 digits, with "+", "*" or "#" where needed"##,
        r#"17:1: id "2" already belongs to the contact in line 14; give each its own"#,
        r##"18:16: phone_number "" must be 1 to 32 digits, with "+", "*" or "#" where needed"##,
        "20:6: id must be an integer from 1 to 2147483647",
        r#"22:15: description "\0" must not have control characters"#,
    ];
    a_phone_book_with_single_brackets: "", "[phone_book]
id = 1
" => [
        "10:1: phone_book must be sections [[phone_book]] with two brackets, not a table",
    ];
}

#[test]
fn more_contacts_than_a_list_can_have() {
    let book = |id: usize, contacts: usize| {
        let contact = "[[phone_book.contact]]\nphone_number = \"1\"\n";
        format!("[[phone_book]]\nid = {id}\nname = \"{id}\"\n{}", contact.repeat(contacts))
    };
    let most = format!("\n{PEOPLE}{}{}", book(1, 5999), book(2, 1));
    assert_eq!(problems(&most), [""; 0]);
    let line = most.lines().count() + 4;
    let sentence = format!("{line}:1: there are more than 6000 contacts from here on; leave some out");
    assert_eq!(problems(&(most + &book(3, 3) + &book(4, 2))), [sentence]);
}
