//! The mistakes in `[[reason_code]]`.

use crate::config::tests::*;

mistakes! {
    a_reason_code_of_nothing: "", "[[reason_code]]
" => [
        "10:1: [[reason_code]] has no id; add id = 1 or another number",
        r#"10:1: [[reason_code]] has no category; add category = "…""#,
        "10:1: [[reason_code]] has no code; add code = 1 or another number",
        r#"10:1: [[reason_code]] has no label; add label = "…""#,
    ];
    a_reason_code_with_numbers_out_of_range: "", r#"[[reason_code]]
id = 2147483648
category = "NOT_READY"
code = 65536
label = "x"
[[reason_code]]
id = 0
category = "LOGOUT"
code = "1"
label = "x"
"# => [
        "11:6: id must be an integer from 1 to 2147483647",
        "13:8: code must be an integer from 1 to 65535",
        "16:6: id must be an integer from 1 to 2147483647",
        "18:8: code must be an integer from 1 to 65535",
    ];
    reason_codes_with_equal_numbers: "", r#"[[reason_code]]
id = 1
category = "NOT_READY"
code = 10
label = "x"
[[reason_code]]
id = 1
category = "NOT_READY"
code = 10
label = "y"
[[reason_code]]
id = 3
category = "LOGOUT"
code = 10
label = "x"
"# => [
        r#"16:6: id "1" already belongs to the reason code in line 11; give each its own"#,
        r#"18:8: code "10" already belongs to the reason code in line 13; give each its own"#,
    ];
    a_reason_code_of_an_unknown_category_and_key: "", r#"[[reason_code]]
id = 1
category = "NOT-READY"
code = 10
label = "a\nb"
for_all = true
"# => [
        r#"12:12: "NOT-READY" is not a category; did you mean "NOT_READY"?"#,
        r#"14:9: label "a\nb" must not have control characters"#,
        r#"15:1: "for_all" is not a key of [[reason_code]]; known are: id, category, code, label, teams"#,
    ];
    a_reason_code_for_wrong_teams: "", r#"[[reason_code]]
id = 1
category = "WRAPUP"
code = 10
label = "x"
teams = ["1", "2", "1"]
[[reason_code]]
id = 2
category = "WRAPUP"
code = 11
label = "x"
teams = []
"# => [
        r#"15:15: team "2" is not declared by any [[team]]; known are: 1"#,
        r#"15:20: teams has "1" twice; leave one out"#,
        "21:9: teams names no team; leave the key out for all of them",
    ];
    one_reason_code_with_single_brackets: "", "[reason_code]
id = 1
" => [
        "10:1: reason_code must be sections [[reason_code]] with two brackets, not a table",
    ];
    a_requirement_in_quotes: r#"require_reason_codes = "no""#, "" => [
        "1:24: require_reason_codes must be true or false, not a string",
    ];
}
