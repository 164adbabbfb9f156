//! Every mistake a file can have, with the place and the words in which it is reported; and what a good one says.

use std::path::Path;
use std::time::Duration;

use crate::config::limits::Limits;
use crate::config::password::Password;
use crate::config::scram::{Hash, Mechanism};
use crate::config::*;

mod books;
mod campaigns;
#[cfg(feature = "cluster")]
mod cluster;
mod faults;
mod layouts;
mod media;
mod objects;
mod people;
mod queues;
mod reasons;
mod server;

/// A valid file; the mistakes stand in the line before it, or from line 10 on.
const PEOPLE: &str = r#"[[team]]
id = "1"
name = "Lab"

[[user]]
id = "ada"
password = "hunter2"
team = "1"
"#;

/// Returns the problems of a text as `LINE:COL: sentence`.
fn problems(text: &str) -> Vec<String> {
    let problems = Config::parse(text, "c.toml").map(drop).err().unwrap_or_default();
    let lines = problems.iter().map(|problem| problem.to_string().strip_prefix("c.toml:").map(str::to_owned));
    lines.collect::<Option<_>>().expect("every problem names the file")
}

/// Makes a test of each mistake: what stands before and after [`PEOPLE`], and the problems it must give.
macro_rules! mistakes {
    ($($name:ident: $before:literal, $after:literal => [$($problem:literal),+ $(,)?];)+) => {$(
        #[test]
        fn $name() {
            assert_eq!(problems(&format!("{}\n{PEOPLE}{}", $before, $after)), [$($problem),+]);
        }
    )+};
}
use mistakes;

#[test]
fn the_file_around_the_mistakes_has_none() {
    assert_eq!(problems(&format!("\n{PEOPLE}")), [""; 0]);
}

#[test]
#[cfg(not(feature = "cluster"))]
fn a_program_without_the_feature_refuses_a_cluster() {
    let sentence = "10:1: this program was built without the feature cluster, which [cluster] needs; leave the section out, or use a \
                    program with it (`cargo build --features cluster`)";
    assert_eq!(problems(&format!("\n{PEOPLE}[cluster]\nurl = \"redis://h\"\n")), [sentence]);
}

#[test]
fn a_short_file_gets_the_defaults() {
    let config = Config::parse(PEOPLE, "c.toml").expect("a valid file");
    assert_eq!((config.domain.as_str(), config.profile), ("localhost", Profile::Uccx));
    assert_eq!(config.listen, ["127.0.0.1:8445".parse().expect("an address")]);
    assert!(config.listen_plain.is_empty() && config.nodes.is_empty() && config.cors_origins.is_empty());
    assert!(!config.frame_tap && !config.stream_management);
    assert!(config.require_reason_codes && config.reason_codes.is_empty());
    assert!(config.phone_books.is_empty());
    assert_eq!((config.tls, config.www, config.limits), (None, None, Limits::default()));
    assert_eq!(config.origin, Origin::File("c.toml".into()));
    let user = &config.users[0];
    assert_eq!((user.roles.as_slice(), user.login_name.as_deref()), ([Role::Agent].as_slice(), None));
    assert!(user.password.matches("hunter2"));
}

#[test]
fn every_key_arrives_where_it_belongs() {
    let hash = Password::hash("correct horse", 2000).expect("a hash");
    let keys = Password::scram("hunter2").expect("keys");
    let text = format!(
        r#"domain = "finesse.example.org"
profile = "ucce"
listen = ["0.0.0.0:0", "[::1]:0", "0.0.0.0:0"]
listen_plain = ["127.0.0.1:8080"]
tls.certificate = "cert/a.pem"
tls.key = "/etc/a.key"
state_dir = "state"
www = "site"
sasl = ["SCRAM-SHA-256", "PLAIN"]
cors_origins = ["https://Gadgets.example.org:8443", "http://a:80"]
frame_tap = true
stream_management = true
require_reason_codes = false
limits = {{ ping = "5m", stanza = "128KiB", depth = 0x10, payload = 10_000 }}
[[team]]
id = "1"
name = "Lab"
[[user]]
id = "ada"
login_name = "Ada"
password_hash = "{hash}"
first_name = "Ada"
last_name = "Lovelace"
roles = ["Supervisor", "Administrator"]
supervises = ["1"]
extension = "1000"
sso = true
[[user]]
id = "bob"
password_scram = "{keys}"
team = "1"
[[reason_code]]
id = 1
category = "NOT_READY"
code = 65535
label = "Lunch"
[[reason_code]]
id = 2147483647
category = "LOGOUT"
code = 65535
label = "Home"
teams = ["1"]
[[phone_book]]
id = 7
name = "House"
teams = ["1"]
[[phone_book.contact]]
id = 9
first_name = "Bob"
last_name = "Moss"
phone_number = "+49*1"
description = "Desk 3"
[[phone_book.contact]]
phone_number = "1000"
[[phone_book]]
id = 2
name = "Empty"
[[node]]
name = "/a"
[[node]]
name = "/b"
publish = ["bob"]
items = 0
"#
    );
    let config = Config::parse(&text, "etc/c.toml").expect("a valid file");
    assert_eq!((config.domain.as_str(), config.profile), ("finesse.example.org", Profile::Ucce));
    assert_eq!((config.listen.len(), config.listen_plain.len()), (3, 1));
    let tls = config.tls.as_ref().expect("a certificate");
    assert_eq!(tls.certificate, Path::new("etc/cert/a.pem"));
    assert_eq!(tls.key, Path::new("/etc/a.key"));
    assert_eq!(
        (tls.certificate_place, tls.key_place),
        (Place { line: 5, column: 19 }, Place { line: 6, column: 11 })
    );
    let www = Www { folder: "etc/site".into(), place: Some(Place { line: 8, column: 7 }) };
    assert_eq!(config.state_dir.as_deref(), Some(Path::new("etc/state")));
    assert_eq!(config.www, Some(www));
    let origins: Vec<_> = config.cors_origins.iter().map(ToString::to_string).collect();
    assert_eq!(origins, ["https://gadgets.example.org:8443", "http://a"]);
    let expected = Limits {
        ping: Duration::from_secs(300),
        stanza: 131_072,
        depth: 16,
        payload: 10_000,
        ..Limits::default()
    };
    assert_eq!(config.limits, expected);
    assert_eq!(config.teams, [Team { id: "1".into(), name: "Lab".into(), wrap_up: None }]);
    let [ada, bob] = config.users.as_slice() else { panic!("two users") };
    assert_eq!(ada.login_name.as_deref(), Some("Ada"));
    assert_eq!((ada.first_name.as_str(), ada.last_name.as_str()), ("Ada", "Lovelace"));
    assert_eq!(ada.roles, [Role::Supervisor, Role::Administrator]);
    assert_eq!((ada.team.as_deref(), ada.supervises.as_slice()), (None, ["1".to_owned()].as_slice()));
    assert_eq!((ada.extension.as_deref(), bob.extension.as_deref()), (Some("1000"), None));
    assert_eq!((ada.sso, bob.sso), (true, false));
    assert_eq!(config.sasl, [Mechanism::Scram(Hash::Sha256), Mechanism::Plain]);
    assert!(bob.password.keys(Hash::Sha1).is_some());
    assert!(ada.password.matches("correct horse") && bob.password.matches("hunter2"));
    assert_eq!(config.decoy().map(Password::iterations), Some(10_000));
    assert!(!config.require_reason_codes && config.frame_tap && config.stream_management);
    let reason = |id, category, label: &str, teams: Option<&str>| ReasonCode {
        id,
        category,
        code: 65_535,
        label: label.into(),
        teams: teams.map(|team| vec![team.into()]),
    };
    let reasons = [
        reason(1, Category::NotReady, "Lunch", None),
        reason(2_147_483_647, Category::Logout, "Home", Some("1")),
    ];
    assert_eq!(config.reason_codes, reasons);
    let contact = |id, [first_name, last_name, phone_number, description]: [&str; 4]| Contact {
        id,
        first_name: first_name.into(),
        last_name: last_name.into(),
        phone_number: phone_number.into(),
        description: description.into(),
    };
    let contacts = vec![contact(9, ["Bob", "Moss", "+49*1", "Desk 3"]), contact(2, ["", "", "1000", ""])];
    let house = PhoneBook { id: 7, name: "House".into(), teams: Some(vec!["1".into()]), contacts };
    let empty = PhoneBook { id: 2, name: "Empty".into(), teams: None, contacts: Vec::new() };
    assert_eq!(config.phone_books, [house, empty]);
    let node = |name: &str, publish: &[&str], items| NodeConfig {
        name: name.into(),
        publish: publish.iter().map(|user| user.to_string()).collect(),
        items,
    };
    assert_eq!(config.nodes, [node("/a", &[], 1), node("/b", &["bob"], 0)]);
}

#[test]
fn the_demo_is_what_its_description_says() {
    let config = Config::demo();
    assert_eq!(config.origin, Origin::Demo);
    assert_eq!(config.listen, [Config::DEFAULT_LISTEN]);
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.decoy().map(Password::iterations), None);
    let teams: Vec<_> = config.teams.iter().map(|team| (team.id.as_str(), team.name.as_str())).collect();
    assert_eq!(teams, [("1", "Lab"), ("2", "Kiosk")]);
    let users: Vec<_> = config.users.iter().map(|user| (user.id.as_str(), user.team.as_deref())).collect();
    let (one, two) = (Some("1"), Some("2"));
    let six = [("1001", one), ("1002", one), ("1003", one), ("1004", two), ("1005", two), ("1006", two)];
    assert_eq!(users[0], ("administrator", one));
    assert_eq!(users[1..], six);
    let administrator = &config.users[0];
    assert!(administrator.password.matches("1234"));
    assert_eq!(administrator.roles, Role::ALL);
    assert_eq!(administrator.supervises, ["1", "2"]);
    for agent in &config.users[1..] {
        assert!(agent.password.matches(&agent.id));
        assert_eq!(agent.roles, [Role::Agent]);
        assert_eq!(agent.extension.as_ref(), Some(&agent.id));
    }
    let reasons: Vec<_> = config.reason_codes.iter().map(|code| (code.id, code.category)).collect();
    let not_ready = [1, 2, 3].map(|id| (id, Category::NotReady));
    let others =
        [4, 5].map(|id| (id, Category::Logout)).into_iter().chain([6, 7].map(|id| (id, Category::WrapUp)));
    assert_eq!(reasons, not_ready.into_iter().chain(others).collect::<Vec<_>>());
    let dialled: Vec<_> = config.phone_books.iter().flat_map(|book| &book.contacts).collect();
    let inside = dialled.iter().filter(|contact| {
        config.users.iter().any(|user| user.extension.as_ref() == Some(&contact.phone_number))
    });
    assert_eq!((config.phone_books.len(), inside.count(), dialled.len()), (2, 3, 4));
    assert!(!config.require_reason_codes);
    assert_eq!(config.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["/lab/alarms"]);
}

#[test]
fn an_empty_folder_name_is_none_and_an_absolute_one_stays() {
    for (text, folder) in [("", None), ("/srv/site", Some("/srv/site")), (".", Some("etc/."))] {
        let config =
            Config::parse(&format!("www = \"{text}\"\n{PEOPLE}"), "etc/c.toml").expect("a valid file");
        assert_eq!(config.www.map(|www| www.folder).as_deref(), folder.map(Path::new), "{text}");
        let config =
            Config::parse(&format!("state_dir = \"{text}\"\n{PEOPLE}"), "etc/c.toml").expect("a valid file");
        assert_eq!(config.state_dir.as_deref(), folder.map(Path::new), "{text}");
    }
}

#[test]
fn no_user_at_all() {
    let sentence = "1:1: there is no user; add a section [[user]] for each";
    assert_eq!(problems(""), [sentence]);
    assert_eq!(problems("user = []"), [sentence]);
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let text = format!("\u{feff}domian = 1\n{PEOPLE}");
    assert!(problems(&text)[0].starts_with("1:1: \"domian\""), "{:?}", problems(&text));
}

#[test]
fn a_mistake_in_a_team_or_user_does_not_make_its_references_wrong() {
    let text = PEOPLE.replacen("id = \"1\"", "id = 1", 1) + "[[node]]\nname = \"/a\"\npublish = [\"ada\"]\n";
    assert_eq!(problems(&text), ["2:6: id must be a string in quotes, not an integer"]);
    let text = text.replacen("id = 1", "id = \"1\"", 1).replacen("id = \"ada\"", "id = 1", 1);
    assert_eq!(problems(&text), ["6:6: id must be a string in quotes, not an integer"]);
}

#[test]
fn the_password_of_the_example_is_refused_where_it_stands() {
    let example = include_str!("../../deploy/callboard.toml");
    let problems = Config::parse(example, "c.toml").expect_err("nobody has changed a password");
    let lines: Vec<usize> = (1..)
        .zip(example.lines())
        .filter(|(_, line)| line.contains("= \"change-me\""))
        .map(|(at, _)| at)
        .collect();
    assert!(!lines.is_empty());
    assert_eq!(problems.iter().map(|problem| problem.place.line).collect::<Vec<_>>(), lines);
    assert!(problems.iter().all(|problem| problem.sentence.contains("callboard passwd")), "{problems:?}");
    let hash = crate::config::password::Password::hash("x", 1000).expect("a hash");
    let changed = example.replace("password = \"change-me\"", &format!("password_hash = \"{hash}\""));
    assert!(Config::parse(&changed, "c.toml").is_ok());
}
