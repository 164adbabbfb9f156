//! `[[queue]]`, `[outside]` and `wrap_up`.

use crate::config::tests::*;

mistakes! {
    a_queue_without_anything: "", "[[queue]]" => [
        r#"10:1: [[queue]] has no id; add id = "…""#,
        r#"10:1: [[queue]] has no name; add name = "…""#,
        r#"10:1: [[queue]] has no team; add team = "…""#,
        r#"10:1: [[queue]] has no number; add number = "…""#,
    ];
    a_queue_of_no_team: "", r#"[[queue]]
id = "1"
name = "Sales"
team = "2"
number = "9001"
"# => [
        r#"13:8: team "2" is not declared by any [[team]]; known are: 1"#,
    ];
    queues_alike: "", r#"[[queue]]
id = "1"
name = "A"
team = "1"
number = "9001"
[[queue]]
id = "1"
name = "B"
team = "1"
number = "9001"
"# => [
        r#"16:6: id "1" already belongs to the queue in line 11; give each its own"#,
        r#"19:10: number "9001" already belongs to the queue or number outside in line 14; give each its own"#,
    ];
    a_number_that_cannot_be_dialled: "", r#"[[queue]]
id = "a b"
name = ""
team = "1"
number = "nine"
"# => [
        r#"11:6: id "a b" must consist of the letters A to Z, digits, "-", "." and "_""#,
        r#"12:8: name "" must not be empty"#,
        r##"14:10: number "nine" must be 1 to 32 digits, with "+", "*" or "#" where needed"##,
    ];
    an_extension_as_a_number: "", r#"extension = "1001"
[[queue]]
id = "1"
name = "A"
team = "1"
number = "1001"
[outside]
busy = ["1001"]
"# => [
        r#"15:10: number "1001" is the extension of the user in line 10; choose another"#,
        r#"17:9: number "1001" is the extension of the user in line 10; choose another"#,
        r#"17:9: number "1001" already belongs to the queue or number outside in line 15; give each its own"#,
    ];
    an_extension_as_a_number_beside_another_mistake: "", r#"extension = "1001"
[[user]]
id = "bob"
team = "1"
[[queue]]
id = "1"
name = "A"
team = "1"
number = "1001"
"# => [
        r#"11:1: [[user]] has no password; add password_hash = "…" from `callboard passwd`, or password"#,
        r#"18:10: number "1001" is the extension of the user in line 10; choose another"#,
    ];
    queues_that_are_none_beside_another_mistake: "queue = 3", r#"[outside]
busy = ["x"]
"# => [
        "1:9: queue must be sections [[queue]] with two brackets, not an integer",
        r##"11:9: busy "x" must be 1 to 32 digits, with "+", "*" or "#" where needed"##,
    ];
    numbers_outside_twice: "", r#"[outside]
busy = ["1", "2"]
no_answer = ["2"]
"# => [
        r#"12:14: number "2" already belongs to the queue or number outside in line 11; give each its own"#,
    ];
    numbers_outside_that_are_none: "", r#"[outside]
busy = "1"
no_answer = ["x"]
colour = 1
"# => [
        r#"11:8: busy must be an array of strings like ["…"], not a string"#,
        r##"12:14: no_answer "x" must be 1 to 32 digits, with "+", "*" or "#" where needed"##,
        r#"13:1: "colour" is not a key of [outside]; known are: busy, no_answer"#,
    ];
    times_to_wrap_up: "", r#"[[team]]
id = "2"
name = "B"
wrap_up = "50ms"
[[team]]
id = "3"
name = "C"
wrap_up = 30
[[team]]
id = "4"
name = "D"
wrap_up = "soon"
"# => [
        r#"13:11: wrap_up "50ms" must be a duration from "100ms" to "2h", such as "30s""#,
        r#"17:11: wrap_up must be a string in quotes, not an integer"#,
        r#"21:11: wrap_up "soon" must be a duration from "100ms" to "2h", such as "30s""#,
    ];
}

#[test]
fn the_queues_of_the_demo() {
    let demo = Config::demo();
    let queue = |id: &str, name: &str, number: &str| Queue {
        id: id.into(),
        name: name.into(),
        team: id.into(),
        number: number.into(),
    };
    assert_eq!(demo.queues, [queue("1", "Sales", "9001"), queue("2", "Support", "9002")]);
    assert_eq!(demo.outside, Outside { busy: vec!["5550001".into()], no_answer: vec!["5550002".into()] });
    let wrap_up: Vec<_> = demo.teams.iter().map(|team| team.wrap_up).collect();
    assert_eq!(wrap_up, [Some(Duration::from_secs(30)), None]);
}

#[test]
fn more_queues_than_there_can_be() {
    let queues: String = (0..=1000)
        .map(|id| format!("[[queue]]\nid = \"{id}\"\nname = \"Q\"\nteam = \"1\"\nnumber = \"9{id}\"\n"))
        .collect();
    assert_eq!(
        problems(&format!("\n{PEOPLE}{queues}")),
        ["5010:1: there can be 1000 queues; leave some out"]
    );
}

#[test]
fn more_numbers_outside_than_there_can_be() {
    let line = |key: &str, first: usize, count: usize| {
        let numbers: Vec<String> = (first..first + count).map(|number| format!("\"{number}\"")).collect();
        format!("{key} = [{}]\n", numbers.join(","))
    };
    let outside = |busy, no_answer| {
        let (busy, no_answer) = (line("busy", 10_000, busy), line("no_answer", 20_000, no_answer));
        problems(&format!("\n{PEOPLE}[outside]\n{busy}{no_answer}"))
    };
    assert_eq!(outside(1000, 1000), [""; 0]);
    // Each number takes eight characters, with its quotes and comma.
    let sentences = [
        "11:8009: busy can have 1000 numbers; leave some out",
        "12:8014: no_answer can have 1000 numbers; leave some out",
    ];
    assert_eq!(outside(1001, 1002), sentences);
}
