//! `[[media]]`.

use crate::config::Medium;
use crate::config::tests::*;

mistakes! {
    a_medium_without_anything: "", "[[media]]" => [
        "10:1: [[media]] has no id; add id = 1 or another number",
        r#"10:1: [[media]] has no name; add name = "…""#,
    ];
    the_medium_of_voice: "", r#"[[media]]
id = 1
name = "Voice"
"# => [
        "11:6: id 1 is that of voice; choose another, such as 5000",
    ];
    media_alike: "", r#"[[media]]
id = 5000
name = "Chat"
script_selectors = ["a", "b"]
[[media]]
id = 5000
name = "Chat"
script_selectors = ["b"]
"# => [
        r#"15:6: id "5000" already belongs to the medium in line 11; give each its own"#,
        r#"16:8: name "Chat" already belongs to the medium in line 12; give each its own"#,
        r#"17:21: script_selectors "b" already belongs to the script selector in line 13; give each its own"#,
    ];
    a_medium_beyond_its_bounds: "", r#"[[media]]
id = 5000
name = ""
description = 3
teams = ["2"]
interruptible = "yes"
max_dialogs = 11
start_timeout = "2h"
script_selectors = [""]
channel = "a\u0007"
class = ""
colour = "red"
"# => [
        r#"12:8: name "" must not be empty"#,
        "13:15: description must be a string in quotes, not an integer",
        r#"14:10: team "2" is not declared by any [[team]]; known are: 1"#,
        "15:17: interruptible must be true or false, not a string",
        "16:15: max_dialogs must be an integer from 1 to 10",
        r#"17:17: start_timeout "2h" must be a duration from "100ms" to "1h", such as "30s""#,
        r#"18:21: script_selectors "" must not be empty"#,
        r#"19:11: channel "a\u{7}" must not have control characters"#,
        r#"21:1: "colour" is not a key of [[media]]; known are: id, name, description, teams, interruptible, max_dialogs, start_timeout, script_selectors, channel, class"#,
    ];
}

#[test]
fn a_medium_has_what_its_section_says_and_defaults() {
    let text = "[[team]]\nid = \"1\"\nname = \"A\"\n[[user]]\nid = \"a\"\npassword = \"x\"\nteam = \"1\"\n\
                [[media]]\nid = 5000\nname = \"Chat\"\n[[media]]\nid = 5001\nname = \"Mail\"\ndescription = \"Slow\"\n\
                teams = [\"1\"]\ninterruptible = true\nmax_dialogs = 3\nstart_timeout = \"5m\"\n\
                script_selectors = [\"mail\", \"post\"]\nchannel = \"EMAIL\"\nclass = \"ECE\"\n";
    let media = Config::parse(text, "c.toml").expect("a valid file").media;
    assert_eq!(
        media,
        [
            Medium {
                id: 5000,
                name: "Chat".into(),
                description: String::new(),
                interruptible: false,
                max_dialogs: 10,
                start_timeout: Duration::from_secs(30),
                teams: None,
                script_selectors: Vec::new(),
                channel: String::new(),
                class: String::new(),
            },
            Medium {
                id: 5001,
                name: "Mail".into(),
                description: "Slow".into(),
                interruptible: true,
                max_dialogs: 3,
                start_timeout: Duration::from_secs(300),
                teams: Some(vec!["1".into()]),
                script_selectors: vec!["mail".into(), "post".into()],
                channel: "EMAIL".into(),
                class: "ECE".into(),
            },
        ]
    );
    let many: String = (2..35).map(|id| format!("[[media]]\nid = {id}\nname = \"{id}\"\n")).collect();
    let users = text.split("[[media]]").next().expect("a team and a user");
    let problems = Config::parse(&format!("{users}{many}"), "c.toml").expect_err("too many");
    assert!(problems[0].to_string().ends_with("there can be 32 media; leave some out"), "{}", problems[0]);
}
