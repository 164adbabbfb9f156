//! The mistakes in `[[layout]]`, and what a good one says.

use crate::config::tests::*;

mistakes! {
    a_layout_of_nothing: "", "[[layout]]
" => [
        r#"10:1: [[layout]] has no name; add name = "…""#,
        r#"10:1: [[layout]] has no header; add header = ["callVariable1", "…"]"#,
    ];
    layouts_with_the_same_id_and_name: "", r#"[[layout]]
name = "Bank"
header = ["callVariable1", ""]
[[layout]]
id = 1
name = "Bank"
header = ["callVariable1", ""]
"# => [
        r#"14:6: id "1" already belongs to the layout in line 10; give each its own"#,
        r#"15:8: name "Bank" already belongs to the layout in line 11; give each its own"#,
    ];
    a_layout_with_unknown_keys_and_teams: "", r#"[[layout]]
id = 0
name = "a\nb"
team = ["1"]
teams = ["2"]
description = 3
header = ["callVariable1", "a\u0000"]
"# => [
        "11:6: id must be an integer from 1 to 2147483647",
        r#"12:8: name "a\nb" must not have control characters"#,
        r#"13:1: "team" is not a key of [[layout]]; did you mean "teams"?"#,
        r#"14:10: team "2" is not declared by any [[team]]; known are: 1"#,
        "15:15: description must be a string in quotes, not an integer",
        r#"16:28: label "a\0" must not have control characters"#,
    ];
    what_is_no_variable_with_a_label: "", r#"[[layout]]
name = "Bank"
header = "callVariable1"
left = "callVariable2"
right = [["callVariable3"], "callVariable4", [5, true], ["callVariable11", ""],
  ["callVariable01", ""], ["user.", ""], ["ewt", ""]]
"# => [
        r#"12:10: header must be a variable and its label, like ["callVariable1", "Customer"]"#,
        r#"13:8: left must be an array like [["callVariable1", "Customer"]], not a string"#,
        r#"14:10: each of right must be a variable and its label, like ["callVariable1", "Customer"]"#,
        r#"14:29: each of right must be a variable and its label, like ["callVariable1", "Customer"]"#,
        "14:47: a variable must be a string in quotes, not an integer",
        "14:50: a label must be a string in quotes, not a boolean",
        r#"14:58: variable "callVariable11" is not a variable; known are: callVariable1 to callVariable10, user.NAME, BACampaign, BAAccountNumber, BAResponse, BAStatus, BADialedListID, BATimeZone, BABuddyName, BACustomerNumber, wrapUpReason"#,
        r#"15:4: variable "callVariable01" is not a variable; known are: callVariable1 to callVariable10, user.NAME, BACampaign, BAAccountNumber, BAResponse, BAStatus, BADialedListID, BATimeZone, BABuddyName, BACustomerNumber, wrapUpReason"#,
        r#"15:28: variable "user." is not a variable; known are: callVariable1 to callVariable10, user.NAME, BACampaign, BAAccountNumber, BAResponse, BAStatus, BADialedListID, BATimeZone, BABuddyName, BACustomerNumber, wrapUpReason"#,
        r#"15:43: variable "ewt" is not a variable; known are: callVariable1 to callVariable10, user.NAME, BACampaign, BAAccountNumber, BAResponse, BAStatus, BADialedListID, BATimeZone, BABuddyName, BACustomerNumber, wrapUpReason"#,
    ];
    a_layout_with_single_brackets: "", "[layout]
id = 1
" => [
        "10:1: layout must be sections [[layout]] with two brackets, not a table",
    ];
}

fn layouts(text: &str) -> Vec<Layout> {
    Config::parse(&format!("{PEOPLE}{text}"), "c.toml").expect("a valid file").layouts
}

#[test]
fn a_layout_has_what_the_file_says() {
    let entry = |variable: &str, label: &str| Entry { variable: variable.into(), label: label.into() };
    let read = layouts(
        r#"[[layout]]
id = 7
name = "Bank"
description = "Money"
teams = ["1"]
header = ["callVariable10", "Customer"]
left = [["user.ewt", "Waited"], ["BAStatus", ""]]
right = [["wrapUpReason", "Why"]]
[[layout]]
name = "Plain"
header = ["callVariable1", ""]
"#,
    );
    let bank = Layout {
        id: 7,
        name: "Bank".into(),
        description: "Money".into(),
        teams: Some(vec!["1".into()]),
        header: entry("callVariable10", "Customer"),
        columns: [
            vec![entry("user.ewt", "Waited"), entry("BAStatus", "")],
            vec![entry("wrapUpReason", "Why")],
        ],
    };
    let plain = Layout {
        id: 2,
        name: "Plain".into(),
        description: String::new(),
        teams: None,
        header: entry("callVariable1", ""),
        columns: [vec![], vec![]],
    };
    assert_eq!(read, [bank, plain]);
}

#[test]
fn a_team_without_a_layout_gets_the_built_in_one() {
    let ids = |text: &str| {
        let layouts = layouts(text);
        let shown = layouts.into_iter().map(|layout| (layout.id, layout.name, layout.teams.is_none()));
        shown.collect::<Vec<_>>()
    };
    let layout = |id: u32, teams: &str| {
        format!("[[layout]]\nid = {id}\nname = \"{id}\"\n{teams}\nheader = [\"callVariable1\", \"\"]\n")
    };
    let team = "teams = [\"1\"]";
    assert_eq!(ids(""), [(1, "Default Layout".into(), true)]);
    assert_eq!(ids(&layout(2, team)), [(2, "2".into(), false), (1, "Default Layout".into(), true)]);
    let two = layout(2, team) + &layout(1, team);
    assert_eq!(ids(&two)[2], (3, "Default Layout".into(), true));
    assert_eq!(ids(&layout(2, "")), [(2, "2".into(), true)]);
}

#[test]
fn more_than_finesse_has_room_for() {
    let text = |name: usize, description: usize, label: usize| {
        let [name, description, label] = [name, description, label].map(|length| "ä".repeat(length));
        format!(
            "\n{PEOPLE}[[layout]]\nname = \"{name}\"\ndescription = \"{description}\"\nheader = [\"callVariable1\", \"{label}\"]\n"
        )
    };
    assert_eq!(problems(&text(40, 128, 50)), [""; 0]);
    let too_long = problems(&text(41, 129, 51));
    for (problem, (start, longest)) in
        too_long.iter().zip([("11:8: name", 40), ("12:15: description", 128), ("13:28: label", 50)])
    {
        assert!(problem.starts_with(start), "{problem}");
        assert!(problem.ends_with(&format!("must not be longer than {longest} characters")), "{problem}");
    }
    assert_eq!(too_long.len(), 3);

    let column = |count: usize| {
        let pair = "\n[\"callVariable1\", \"\"],";
        format!(
            "\n{PEOPLE}[[layout]]\nname = \"a\"\nheader = [\"callVariable1\", \"\"]\nleft = [{}]\n",
            pair.repeat(count)
        )
    };
    assert_eq!(problems(&column(10)), [""; 0]);
    assert_eq!(problems(&column(12)), ["24:1: left can have 10 variables; leave some out"]);

    let many = |count: usize| {
        let layout = |id| format!("[[layout]]\nname = \"{id}\"\nheader = [\"callVariable1\", \"\"]\n");
        format!("\n{PEOPLE}{}", (0..count).map(layout).collect::<String>())
    };
    assert_eq!(problems(&many(200)), [""; 0]);
    assert_eq!(problems(&many(202)), ["610:1: there can be 200 layouts; leave some out"]);
}
