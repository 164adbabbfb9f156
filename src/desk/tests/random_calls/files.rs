//! The files that the centre of a run is read from.

use crate::desk::tests::*;

/// Three agents of a team that wraps up, one of them its supervisor; two of another team, which does not.
pub(super) const CENTRE: &str = r#"[[team]]
id = "1"
name = "Lab"
wrap_up = "7s"
[[team]]
id = "2"
name = "Kiosk"
[[user]]
id = "ada"
password = "x"
roles = ["Agent", "Supervisor"]
team = "1"
supervises = ["1", "2"]
extension = "1000"
[[user]]
id = "bob"
password = "x"
team = "1"
extension = "1001"
[[user]]
id = "cid"
password = "x"
team = "1"
extension = "1002"
[[user]]
id = "dan"
password = "x"
team = "2"
extension = "1003"
[[user]]
id = "eve"
password = "x"
roles = ["Agent", "Supervisor"]
team = "2"
supervises = ["1"]
extension = "1004"
[[user]]
id = "root"
password = "x"
roles = ["Administrator"]
[[queue]]
id = "q1"
name = "One"
team = "1"
number = "9001"
[[queue]]
id = "q2"
name = "Two"
team = "2"
number = "9002"
[outside]
busy = ["5550001"]
no_answer = ["5550002"]
[[campaign]]
name = "Direct"
team = "1"
retry = "4s"
[[campaign.contact]]
phone_number = "5550161"
[[campaign.contact]]
phone_number = "5550001"
[[campaign]]
name = "Preview"
team = "1"
mode = "preview"
retry = "4s"
personal_callbacks = true
[[campaign.contact]]
phone_number = "5550162"
[[campaign]]
name = "Kiosk"
team = "2"
mode = "progressive"
retry = "4s"
[[campaign.contact]]
phone_number = "5550164"
[limits]
calls = 9
contacts = 6
"#;

/// Changes that make other files for the same centre. A user or queue with another id is gone from such a file.
pub(super) const OTHERWISE: [&[(&str, &str)]; 4] = [
    &[],
    &[
        ("id = \"bob\"", "id = \"bea\""),
        ("id = \"q1\"", "id = \"q3\""),
        ("wrap_up = \"7s\"\n", ""),
        ("mode = \"progressive\"", "mode = \"predictive\""),
    ],
    &[
        ("team = \"1\"\nextension = \"1002\"", "team = \"2\"\nextension = \"1002\""),
        ("extension = \"1003\"", "extension = \"1005\""),
        ("roles = [\"Agent\", \"Supervisor\"]\nteam = \"2\"", "roles = [\"Supervisor\"]\nteam = \"2\""),
        ("id = \"q1\"\nname = \"One\"\nteam = \"1\"", "id = \"q1\"\nname = \"Other\"\nteam = \"2\""),
        ("number = \"9002\"", "number = \"9003\""),
        ("name = \"Preview\"\nteam = \"1\"", "name = \"Other\"\nteam = \"2\""),
        ("phone_number = \"5550001\"", "phone_number = \"5550002\""),
    ],
    &[("id = \"cid\"", "id = \"cyd\""), ("id = \"dan\"", "id = \"dot\"")],
];

/// Reads a file of the centre.
pub(super) fn centre(profile: &str, which: usize) -> Config {
    let mut text = format!("profile = \"{profile}\"\n{CENTRE}");
    for (from, to) in OTHERWISE[which] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    if profile == "uccx" {
        text = text.replace("mode = \"preview\"", "mode = \"direct_preview\"");
    }
    Config::parse(&text, "c.toml").expect("a valid file")
}

pub(super) const AGENTS: u32 = 5;
pub(super) const WATCHER: UserId = UserId::first(5);

pub(super) const NUMBERS: &[&str] = &[
    "1000", "1001", "1002", "1003", "1004", "1000", "1001", "1002", "1003", "1004", "9001", "9002", "9001",
    "5550001", "5550002", "5550123", "5550123", "sip:x", "1099",
];
