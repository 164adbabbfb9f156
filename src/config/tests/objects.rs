//! The mistakes in workflows, layouts of the desktop, ECC variables and settings, and what good ones say.

use crate::config::tests::*;

mistakes! {
    workflows_of_nothing: "", "[[workflow_action]]
[[workflow]]
" => [
        r#"10:1: [[workflow_action]] has no name; add name = "…""#,
        r#"10:1: [[workflow_action]] has no type; add type = "…""#,
        r#"10:1: [[workflow_action]] has no path; add path = "…""#,
        r#"11:1: [[workflow]] has no name; add name = "…""#,
        r#"11:1: [[workflow]] has no trigger; add trigger = "…""#,
    ];
    workflows_with_wrong_words: "", r#"[[workflow_action]]
name = "pop"
type = "BROWSERPOP"
path = "x"
handled_by = "NOBODY"
variables = ["a", "b", "c", "d", "e", "f"]
[[workflow]]
name = "w"
trigger = "CALL_ARIVES"
apply = "SOME"
teams = ["2"]
conditions = [["x", "IS_EQUL", "y"], ["x"], 3]
"# => [
        r#"12:8: "BROWSERPOP" is not a type; did you mean "BROWSER_POP"?"#,
        r#"14:14: "NOBODY" is not a handler; known are: FINESSE_DESKTOP, OTHER"#,
        "15:39: variables can have 5; leave some out",
        r#"18:11: "CALL_ARIVES" is not a trigger; did you mean "CALL_ARRIVES"?"#,
        r#"19:9: "SOME" is not a way to apply conditions; known are: ALL, ANY"#,
        r#"20:10: team "2" is not declared by any [[team]]; known are: 1"#,
        r#"21:21: "IS_EQUL" is not a comparator; did you mean "IS_EQUAL"?"#,
        r#"21:38: each of conditions must be like ["callVariable1", "IS_EQUAL", "gold"]"#,
        r#"21:45: each of conditions must be like ["callVariable1", "IS_EQUAL", "gold"]"#,
    ];
    workflows_with_the_same_id_and_name: "", r#"[[workflow]]
name = "a"
trigger = "CALL_ENDS"
[[workflow]]
id = 1
name = "a"
trigger = "CALL_ENDS"
"# => [
        r#"14:6: id "1" already belongs to the workflow in line 10; give each its own"#,
        r#"15:8: name "a" already belongs to the workflow in line 11; give each its own"#,
    ];
    an_action_that_is_not_there: "", r#"[[workflow_action]]
name = "a"
type = "BROWSER_POP"
path = "x"
[[workflow]]
name = "a"
trigger = "CALL_ENDS"
actions = [1, 2, "1"]
"# => [
        "17:15: each of actions must be the id of a [[workflow_action]]",
        "17:18: each of actions must be the id of a [[workflow_action]]",
    ];
    layouts_of_the_desktop: "", r#"[[desktop_layout]]
[[desktop_layout]]
xml = "<finesseLayout>"
[[desktop_layout]]
xml = "<layout/>"
"# => [
        r#"10:1: [[desktop_layout]] has no xml; add xml = "…""#,
        "12:7: xml is not well-formed XML: the root node was opened but never closed",
        "14:7: xml must have the root element finesseLayout",
    ];
    two_layouts_for_the_same_desktop: "", r#"[[desktop_layout]]
xml = "<finesseLayout/>"
[[desktop_layout]]
xml = "<finesseLayout/>"
[[desktop_layout]]
teams = ["1"]
xml = "<finesseLayout/>"
[[desktop_layout]]
teams = ["1"]
xml = "<finesseLayout/>"
"# => [
        "12:1: there is a layout of the desktop for all teams above; keep one of them",
        r#"17:1: team "1" has a layout of the desktop above; keep one of them"#,
    ];
    ecc_variables_and_settings: "", r#"[[ecc_variable]]
name = "user.a"
length = 211
[[ecc_variable]]
name = "user.a"
[settings]
cti_port = "0"
chat_primary = "http://chat"
colour = "red"
"# => [
        "12:10: length must be an integer from 1 to 210",
        "13:1: [[ecc_variable]] has no length; add length = 1 or another number",
        r#"14:8: name "user.a" already belongs to the ECC variable in line 11; give each its own"#,
        r#"16:12: cti_port "0" must be a port from 1 to 65535"#,
        r#"17:16: chat_primary "http://chat" must be an address that begins with https://"#,
        r#"18:1: "colour" is not a key of [settings]; known are: cti_host, cti_port, cti_backup_host, cti_backup_port, peripheral_id, cti_secure, secondary_node, database_host, database_backup_host, database_port, database_name, database_domain, database_username, chat_primary, chat_secondary, cloud_connect_publisher, cloud_connect_subscriber, cloud_connect_username"#,
    ];
}

#[test]
fn workflows_are_numbered_by_their_places() {
    let text = r#"[[workflow_action]]
name = "pop"
type = "HTTP_REQUEST"
path = "http://x"
method = "PUT"
variables = ["callVariable1"]
[[workflow_action]]
id = 7
name = "pop 2"
type = "BROWSER_POP"
path = "http://y"
[[workflow]]
name = "w"
trigger = "CALL_ARRIVES"
actions = [7, 1]
"#;
    let objects = Config::parse(&format!("{PEOPLE}{text}"), "c.toml").expect("a valid file").objects;
    let ids: Vec<_> =
        objects.workflow_actions.iter().map(|action| (action.id, action.name.as_str())).collect();
    assert_eq!(ids, [(1, "pop"), (7, "pop 2")]);
    let pop = &objects.workflow_actions[0];
    assert_eq!(pop.handled_by, "FINESSE_DESKTOP");
    assert_eq!(pop.params, [("path".into(), "http://x".into()), ("method".into(), "PUT".into())]);
    let workflow = &objects.workflows[0];
    assert_eq!((workflow.id, workflow.apply.as_str(), workflow.teams.is_none()), (1, "ALL", true));
    assert_eq!(workflow.actions, [7, 1]);
}
