//! The mistakes in `[[fault]]` that need no knowledge of kinds.

use crate::config::tests::*;

mistakes! {
    a_fault_without_a_name: "", r#"[[fault]]
kind = "stall"
"# => [
        r#"10:1: [[fault]] has no name; add name = "…""#,
    ];
    two_faults_of_one_name: "", r#"[[fault]]
name = "a"
kind = "stall"
[[fault]]
name = "a"
kind = "cut"
"# => [
        r#"14:8: name "a" already belongs to the fault in line 11; give each its own"#,
    ];
    values_of_faults_that_have_no_text: "", r#"[[fault]]
name = "a"
kind = ["stall"]
count = 1.5
"# => [
        "12:8: \"kind\" must be a string in quotes, a number or true or false, not an array",
        "13:9: \"count\" must be a string in quotes, a number or true or false, not a number with a fraction",
    ];
    one_fault_in_single_brackets: "", r#"[fault]
name = "a"
"# => [
        "10:1: fault must be sections [[fault]] with two brackets, not a table",
    ];
}

#[test]
fn keys_of_faults_are_kept_with_their_places() {
    let text = format!(
        "{PEOPLE}[[fault]]\nkind = \"slow\"\n  rate = 1_000\nfor=\"5m\"\nname = \"narrow\"\nkeep = true\n"
    );
    let config = Config::parse(&text, "c.toml").expect("a valid file");
    let [fault] = config.fault_sections.as_slice() else { panic!("one fault") };
    let place = |line, column| Place { line, column };
    assert_eq!((fault.name.as_str(), fault.name_place), ("narrow", place(13, 8)));
    assert_eq!(fault.place, place(9, 1));
    let keys: Vec<_> = fault
        .keys
        .iter()
        .map(|key| (key.name.as_str(), key.name_place, key.value.as_str(), key.value_place))
        .collect();
    assert_eq!(keys.len(), 4);
    for key in [
        ("kind", place(10, 1), "slow", place(10, 8)),
        ("rate", place(11, 3), "1000", place(11, 10)),
        ("for", place(12, 1), "5m", place(12, 5)),
        ("keep", place(14, 1), "true", place(14, 8)),
    ] {
        assert!(keys.contains(&key), "{key:?} is not in {keys:?}");
    }
}
