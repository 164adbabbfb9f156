//! Faults of the configuration: what can be wrong with one, and what a reload makes of them.

use crate::config::Config;
use crate::config::DEMO;
use crate::hub::faults_of_file;
use crate::hub::tests::faults::seconds;
use crate::hub::tests::*;

/// The number of the first line behind the demo.
fn first_line() -> usize {
    DEMO.lines().count() + 1
}

fn config(sections: &str) -> Config {
    let text = format!("{DEMO}{sections}");
    Config::parse(&text, "c.toml").unwrap_or_else(|problems| panic!("{sections}: {problems:?}"))
}

/// What is wrong with a configuration, with its lines counted from the end of the demo.
fn wrong(config: &Config) -> Vec<String> {
    let problems = faults_of_file(config).map(drop).err().unwrap_or_default();
    let line = |problem: &crate::config::Problem| {
        let line = problem.place.line + 1 - first_line();
        format!("{line}:{}: {}", problem.place.column, problem.sentence)
    };
    problems.iter().map(line).collect()
}

#[test]
fn every_mistake_in_a_fault_is_told_at_its_place() {
    for (keys, expected) in [
        ("kind = \"stall\"", &[][..]),
        ("user = \"1001\"", &["1:1: kind is missing; it is one of refuse, "]),
        ("kind = \"stal\"\nuser = \"nobody\"", &["3:8: kind is one of refuse, "]),
        (
            "kind = \"stall\"\nkeep = \"maybe\"\nrate = 5\nfor = 5",
            &[
                "4:8: keep is true, false, not \"maybe\"",
                "5:1: rate is no parameter of stall; it has keep, ",
                "6:7: for is a duration up to an hour such as 500ms, 12s or 5m, not \"5\"",
            ],
        ),
        ("kind = \"stall\"\nnode = \"/x\"", &["4:1: node cannot choose the target of stall; it has "]),
        (
            "kind = \"stall\"\nsession = \"1.1\"",
            &["4:1: session cannot choose the target of a fault in the file"],
        ),
        ("kind = \"stall\"\nuser = \"10001\"", &["4:8: user \"10001\" is not declared by any [[user]]"]),
        (
            "kind = \"stall\"\nteam = \"7\"",
            &["4:8: team \"7\" is not declared by any [[team]]; known are: 1, 2"],
        ),
        (
            "kind = \"event-drop\"\nnode = \"/finesse/api/User/7\"",
            &["4:8: node is no node of this configuration"],
        ),
        ("kind = \"event-drop\"\nnode = \"/finesse/api/User/1001/Dialogs\"", &[]),
        ("kind = \"event-drop\"\nnode = \"/finesse/api/Team/*\"", &[]),
        ("kind = \"event-drop\"\nnode = \"/lab/alarms\"", &[]),
        (
            "kind = \"http-status\"\npath = \"/callboard/api/faults\"",
            &["4:8: path cannot be below /callboard/: faults are healed there"],
        ),
        ("kind = \"refuse\"", &["1:1: refuse needs a target; name a listener, an address or both"]),
        (
            "kind = \"refuse\"\nlistener = \"127.0.0.1:1\"",
            &["4:12: there is no listener 127.0.0.1:1; there are 127.0.0.1:8445"],
        ),
        (
            "kind = \"certificate\"\nlistener = \"127.0.0.1:1\"",
            &["4:12: there is no listener 127.0.0.1:1; there are 127.0.0.1:8445"],
        ),
        ("kind = \"certificate\"\nlistener = \"127.0.0.1:8445\"", &[]),
        ("kind = \"certificate\"", &[]),
        (
            "kind = \"tls-hang\"\nlistener = \"127.0.0.1:8445\"",
            &["4:12: no listener would be left on which somebody could heal this fault; "],
        ),
        ("kind = \"tls-hang\"\nlistener = \"127.0.0.1:8445\"\naddress = \"192.0.2.1\"", &[]),
    ] {
        let found = wrong(&config(&format!("[[fault]]\nname = \"f\"\n{keys}\n")));
        assert_eq!(found.len(), expected.len(), "{keys}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{keys}: {found}");
        }
    }
    let names = wrong(&config(
        "[[fault]]\nname = \"a b\"\nkind = \"stall\"\n[[fault]]\nname = \"kinds\"\nkind = \"stal\"\n",
    ));
    assert!(names[0].starts_with("2:8: name must have 1 to 64 letters, "), "{names:?}");
    assert!(names[1].starts_with("5:8: name must have 1 to 64 letters, "), "{names:?}");
    assert!(names[2].ends_with("not \"stal\"; did you mean stall?"), "{names:?}");
}

#[test]
fn faults_of_the_file_need_the_switch_and_are_not_too_many() {
    let section = "[[fault]]\nname = \"f\"\nkind = \"stall\"\n";
    let mut off = config(section);
    off.faults = false;
    assert_eq!(
        wrong(&off),
        [
            "1:1: [[fault]] needs faults = true; add that above the first section, or start callboard serve with --faults"
        ]
    );
    let many: String = (0..65).map(|n| format!("[[fault]]\nname = \"f{n}\"\nkind = \"stall\"\n")).collect();
    assert_eq!(wrong(&config(&many)), ["193:1: there can be 64 sections [[fault]]; leave some out"]);
}

impl Stage {
    fn reload_faults(&mut self, sections: &str) -> Vec<String> {
        let faults = faults_of_file(&config(sections)).unwrap_or_default();
        let refusals = self.hub.take_file_faults(self.now, faults);
        self.settle();
        refusals
    }

    /// The names of the faults that are set, with the ids of users that they have for a target.
    fn faults_set(&self) -> Vec<String> {
        let of = |fault: &crate::fault::Fault| {
            format!("{} {}", fault.name, fault.target().user.as_deref().unwrap_or_default())
        };
        self.hub.faults().list().iter().map(of).collect()
    }
}

fn section(name: &str, user: &str) -> String {
    format!("[[fault]]\nname = \"{name}\"\nkind = \"ping-silence\"\nuser = \"{user}\"\n")
}

#[test]
fn a_fault_of_the_file_lasts_until_it_is_healed_if_it_names_no_time() {
    let mut stage = Stage::new();
    let timed = section("timed", "1001") + "for = \"5s\"\n";
    stage.reload_faults(&(section("lasting", "1001") + &timed));
    stage.pass(seconds(5));
    assert_eq!(stage.faults_set(), ["lasting 1001"]);
    for _ in 0..60 {
        stage.pass(seconds(60));
    }
    assert_eq!(stage.faults_set(), ["lasting 1001"]);
    assert!(stage.hub.heal_fault(stage.now, "lasting"));
    stage.reload_faults(&(section("lasting", "1001") + &timed));
    assert!(stage.faults_set().is_empty(), "what has ended or was healed comes back by no unchanged file");
}

#[test]
fn a_reload_replaces_the_faults_of_the_file_and_leaves_those_of_others() {
    let mut stage = Stage::new();
    stage.reload_faults(&(section("a", "1001") + &section("b", "1001") + &section("c", "1001")));
    stage.named_fault("own", "kind=ping-silence&user=1003");
    stage.named_fault("c", "kind=ping-silence&user=1003");
    stage.reload_faults(&(section("b", "1002") + &section("d", "1002")));
    assert_eq!(stage.faults_set(), ["b 1002", "c 1003", "own 1003", "d 1002"], "a is gone, b is another one");
    stage.reload_faults(&(section("b", "1002") + &section("own", "1002")));
    assert_eq!(stage.faults_set(), ["b 1002", "c 1003", "own 1002"], "the last word counts");
    stage.reload_faults("");
    assert_eq!(stage.faults_set(), ["c 1003"]);
    for number in 1..64 {
        stage.named_fault(&number.to_string(), "kind=ping-silence&user=1003");
    }
    assert_eq!(
        stage.reload_faults(&section("e", "1002")),
        ["the fault e of the file is not set. There are 64 faults, as many as can be: heal one first."]
    );
    assert!(stage.hub.heal_fault(stage.now, "1"));
    assert!(stage.reload_faults(&section("e", "1002")).is_empty(), "now there is room for it");
    assert!(stage.faults_set().contains(&"e 1002".to_owned()));
}

#[test]
fn a_certificate_that_nobody_would_see_is_told() {
    let listen = DEMO.lines().find(|line| line.starts_with("listen = ")).expect("the demo listens with TLS");
    let plain =
        DEMO.lines().find(|line| line.starts_with("listen_plain = ")).expect("it names the other key");
    let both = format!("{listen}\nlisten_plain = [\"127.0.0.1:8446\"]");
    for (listeners, keys, expected) in [
        (both.clone(), "listener = \"127.0.0.1:8445\"", None),
        (
            both,
            "listener = \"127.0.0.1:8446\"",
            Some(
                "127.0.0.1:8446 has no TLS, so that nobody sees a certificate there; name a listener with TLS",
            ),
        ),
        (
            "listen = []\nlisten_plain = [\"127.0.0.1:8446\"]".to_owned(),
            "",
            Some("no listener has TLS, so that nobody sees a certificate; add one to listen"),
        ),
    ] {
        let demo = DEMO.replace(plain, "").replace(listen, &listeners);
        let text = format!("{demo}\n[[fault]]\nname = \"f\"\nkind = \"certificate\"\n{keys}\n");
        let config = Config::parse(&text, "c.toml").expect("it is a configuration");
        let found = faults_of_file(&config).map(drop).err().unwrap_or_default();
        let told: Vec<_> = found.iter().map(|problem| problem.sentence.as_str()).collect();
        assert_eq!(told, Vec::from_iter(expected), "{listeners} {keys}");
    }
}
