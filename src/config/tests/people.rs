//! The mistakes in `[[team]]` and `[[user]]`.

use crate::config::tests::*;

mistakes! {
    a_team_twice: "", r#"[[team]]
id = "1"
name = "Other"
"# => [
        r#"11:6: id "1" already belongs to the team in line 3; give each its own"#,
    ];
    a_team_without_a_name: "", r#"[[team]]
id = "2"
"# => [
        r#"10:1: [[team]] has no name; add name = "…""#,
    ];
    a_team_without_an_id: "", r#"[[team]]
name = "2"
"# => [
        r#"10:1: [[team]] has no id; add id = "…""#,
    ];
    a_team_id_with_a_slash: "", r#"[[team]]
id = "a/b"
name = "x"
"# => [
        r#"11:6: id "a/b" must consist of the letters A to Z, digits, "-", "." and "_""#,
    ];
    a_team_name_with_a_line_break: "", r#"[[team]]
id = "2"
name = "a\nb"
"# => [
        r#"12:8: name "a\nb" must not have control characters"#,
    ];
    devices_of_all_wrong_kinds: "", r#"[[user]]
id = "bob"
password = "x"
team = "1"
extension = "7"
devices = [["a", 1, "x"], ["a", 2, "y"], ["b", "1", "x"], ["c", -1, "x"], ["", 1, "x"], 5]
"# => [
        r#"15:42: each of devices must be an id, the number of a type and its name, like ["SEP0019305D8EC1", 30018, "Cisco 7961"]"#,
        r#"15:59: each of devices must be an id, the number of a type and its name, like ["SEP0019305D8EC1", 30018, "Cisco 7961"]"#,
        r#"15:76: id "" must not be empty"#,
        r#"15:89: each of devices must be an id, the number of a type and its name, like ["SEP0019305D8EC1", 30018, "Cisco 7961"]"#,
    ];
    a_device_twice: "", r#"[[user]]
id = "bob"
password = "x"
team = "1"
extension = "7"
devices = [["a", 1, "x"], ["a", 2, "y"]]
"# => [
        r#"15:27: devices has "a" twice; leave one out"#,
    ];
    devices_without_a_telephone: "", r#"[[user]]
id = "bob"
password = "x"
team = "1"
devices = [["a", 1, "x"]]
"# => [
        "14:11: devices are those of a telephone; add an extension or leave this out",
    ];
    devices_that_are_no_array: "", r#"[[user]]
id = "bob"
password = "x"
team = "1"
extension = "7"
devices = "a"
"# => [
        r#"15:11: devices must be an array like [["SEP0019305D8EC1", 30018, "Cisco 7961"]], not a string"#,
    ];
    a_user_twice: "", r#"[[user]]
id = "ada"
password = "x"
team = "1"
"# => [
        r#"11:6: id "ada" already belongs to the user in line 7; give each its own"#,
    ];
    a_user_without_an_id: "", r#"[[user]]
password = "x"
team = "1"
"# => [
        r#"10:1: [[user]] has no id; add id = "…""#,
    ];
    a_login_name_that_is_an_id: "", r#"[[user]]
id = "bob"
login_name = "Ada"
password = "x"
team = "1"
"# => [
        r#"12:14: login_name "Ada" is the id of the user in line 7"#,
    ];
    a_login_name_twice: "", r#"[[user]]
id = "bob"
login_name = "x"
password = "x"
team = "1"
[[user]]
id = "eve"
login_name = "X"
password = "x"
team = "1"
"# => [
        r#"17:14: login_name "X" already stands in line 12"#,
    ];
    a_login_name_with_a_colon: "", r#"[[user]]
id = "bob"
login_name = "a:b"
password = "x"
team = "1"
"# => [
        r#"12:14: login_name "a:b" has a character that an XMPP address cannot have: a space, a control character or one of "&'/:<>@"#,
    ];
    an_extension_twice: "", r#"[[user]]
id = "bob"
extension = "7"
password = "x"
team = "1"
[[user]]
id = "eve"
extension = "7"
password = "x"
team = "1"
"# => [
        r#"17:13: extension "7" already belongs to the user in line 12; give each its own"#,
    ];
    an_extension_of_letters: "", r#"[[user]]
id = "bob"
extension = "home"
password = "x"
team = "1"
"# => [
        r##"12:13: extension "home" must be 1 to 32 digits, with "+", "*" or "#" where needed"##,
    ];
    an_id_in_upper_case: "", r#"[[user]]
id = "Bob"
password = "x"
team = "1"
"# => [
        r#"11:6: id "Bob" must be written "bob""#,
    ];
    an_id_with_a_slash: "", r#"[[user]]
id = "bob/desktop"
password = "x"
team = "1"
"# => [
        r#"11:6: id "bob/desktop" has a character that an XMPP address cannot have: a space, a control character or one of "&'/:<>@"#,
    ];
    an_id_that_is_empty: "", r#"[[user]]
id = ""
password = "x"
team = "1"
"# => [
        r#"11:6: id "" must not be empty"#,
    ];
    the_id_of_the_server: "", r#"[[user]]
id = "finesse"
password = "x"
team = "1"
"# => [
        r#"11:6: id "finesse" is the server's own name; choose another"#,
    ];
    a_first_name_with_a_control_character: "", r#"[[user]]
id = "bob"
first_name = "a\u0007"
password = "x"
team = "1"
"# => [
        r#"12:14: first_name "a\u{7}" must not have control characters"#,
    ];
    an_agent_without_a_team: "", r#"[[user]]
id = "bob"
password = "x"
"# => [
        r#"10:1: [[user]] has no team, which an Agent needs; add team = "…" or give it other roles"#,
    ];
    a_team_that_does_not_exist: "", r#"[[user]]
id = "bob"
password = "x"
team = "2"
"# => [
        r#"13:8: team "2" is not declared by any [[team]]; known are: 1"#,
    ];
    a_supervised_team_that_does_not_exist: "", r#"[[user]]
id = "bob"
password = "x"
roles = ["Supervisor"]
supervises = ["1", "2"]
"# => [
        r#"14:20: team "2" is not declared by any [[team]]; known are: 1"#,
    ];
    a_supervised_team_twice: "", r#"[[user]]
id = "bob"
password = "x"
roles = ["Supervisor"]
supervises = ["1", "1"]
"# => [
        r#"14:20: supervises has "1" twice; leave one out"#,
    ];
    supervision_without_the_role: "", r#"[[user]]
id = "bob"
password = "x"
team = "1"
supervises = ["1"]
"# => [
        r#"14:15: supervises is for a user with the role "Supervisor"; add the role or leave this out"#,
    ];
    an_unknown_role: "", r#"[[user]]
id = "bob"
password = "x"
team = "1"
roles = ["agent", "Boss"]
"# => [
        r#"14:10: "agent" is not a role; did you mean "Agent"?"#,
        r#"14:19: "Boss" is not a role; known are: Agent, Supervisor, Administrator"#,
    ];
    a_role_twice: "", r#"[[user]]
id = "bob"
password = "x"
team = "1"
roles = ["Agent", "Agent"]
"# => [
        r#"14:19: roles has "Agent" twice; leave one out"#,
    ];
    no_role: "", r#"[[user]]
id = "bob"
password = "x"
team = "1"
roles = []
"# => [
        r#"14:9: roles must have at least one role; leave the key out for ["Agent"]"#,
    ];
    a_password_and_a_hash: "", r#"[[user]]
id = "bob"
password_hash = "x"
password = "hunter3"
team = "1"
"# => [
        "13:12: [[user]] has both password and password_hash; keep one of them",
    ];
    neither_password_nor_hash: "", r#"[[user]]
id = "bob"
team = "1"
"# => [
        r#"10:1: [[user]] has no password; add password_hash = "…" from `callboard passwd`, or password"#,
    ];
    an_empty_password: "", r#"[[user]]
id = "bob"
password = ""
team = "1"
"# => [
        "12:12: password must not be empty",
    ];
    a_password_that_saslprep_refuses: "", r#"[[user]]
id = "bob"
password = "hunter\u0007"
team = "1"
"# => [
        "12:12: password has a character that is not allowed in a password (a control character, for example)",
    ];
    a_password_where_its_hash_belongs: "", r#"[[user]]
id = "bob"
password_hash = "hunter2"
team = "1"
"# => [
        "12:17: password_hash must have the form $pbkdf2-sha256$i=600000$SALT$HASH; make it with `callboard passwd`",
    ];
    a_hash_with_too_few_iterations: "", r#"[[user]]
id = "bob"
password_hash = "$pbkdf2-sha256$i=1$AAAA$AAAA"
team = "1"
"# => [
        "12:17: password_hash must have from 1000 to 10000000 iterations; make it with `callboard passwd`",
    ];
    a_password_where_its_keys_belong: "", r#"[[user]]
id = "bob"
password_scram = "hunter2"
team = "1"
"# => [
        "12:18: password_scram must have the form SCRAM-SHA-256$10000:SALT$STOREDKEY:SERVERKEY, and may have SCRAM-SHA-1$… behind a space; make it with `callboard passwd --scram`",
    ];
    three_passwords: "", r#"[[user]]
id = "bob"
password_scram = "x"
password_hash = "x"
password = "hunter3"
team = "1"
"# => [
        "14:12: [[user]] has both password and password_hash and password_scram; keep one of them",
    ];
    a_hash_where_scram_needs_keys: r#"sasl = ["PLAIN", "SCRAM-SHA-256"]"#, r#"[[user]]
id = "bob"
password_hash = "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ"
team = "1"
"# => [
        r#"12:17: sasl offers SCRAM-SHA-256, for which this password has no keys; put what `callboard passwd --scram` prints here, as password_scram = "…""#,
    ];
    keys_for_another_mechanism: r#"sasl = ["SCRAM-SHA-1"]"#, r#"[[user]]
id = "bob"
password_scram = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
team = "1"
"# => [
        r#"12:18: sasl offers SCRAM-SHA-1, for which this password has no keys; put what `callboard passwd --scram` prints here, as password_scram = "…""#,
    ];
    access_tokens_without_plain: r#"sasl = ["SCRAM-SHA-256"]"#, r#"[[user]]
id = "bob"
password = "hunter3"
sso = true
team = "1"
"# => [
        r#"13:7: sso needs "PLAIN" in sasl, since no other mechanism looks at an access token"#,
    ];
    no_mechanism: "sasl = []", "" => [
        r#"1:8: sasl has no mechanism, so nobody could log in over XMPP; leave the key out for ["PLAIN"]"#,
    ];
    mechanisms_that_there_are_not: r#"sasl = ["SCRAM-SHA-256-PLUS", "PLAIN", "PLAIN"]"#, "" => [
        r#"1:9: "SCRAM-SHA-256-PLUS" is not a mechanism of sasl; known are: PLAIN, SCRAM-SHA-1, SCRAM-SHA-256"#,
        r#"1:40: sasl has "PLAIN" twice; leave one out"#,
    ];
}
