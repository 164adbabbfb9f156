//! Files of scenarios, and what is wrong with them.

use crate::config::Config;
use crate::desk::Desk;
use crate::scenario::file::NAME_MAX;
use crate::scenario::{AGENTS_MAX, File, SECTIONS_MAX, SHIPPED, crowd};

fn problems(text: &str) -> Vec<String> {
    let refused = File::read(text, "s.toml").err().unwrap_or_default();
    refused.iter().map(ToString::to_string).collect()
}

const HEAD: &str = "name = \"x\"\nlength = \"30m\"\n";

#[test]
fn scenarios_in_the_program_are_short_and_are_played_in_the_demo() {
    let desk = Desk::new(Config::demo());
    for (name, text) in SHIPPED {
        assert!(text.lines().count() <= 60, "{name}");
        let file = File::read(text, name).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        assert_eq!(file.check(&desk), [], "{name}");
        assert!(text.starts_with("# "), "{name} says in a line what it is");
    }
}

#[test]
fn every_problem_of_a_file_is_told_at_its_place() {
    let text = "name = \"x\"\nlenght = \"30m\"\n\
        [[arrivals]]\nqueue = \"9001\"\nper_minute = [[\"0m\", 2], [\"xx\", 3]]\npatience = { kind = \"lognormall\", median = \"90s\" }\n\
        [[agents]]\nusers = [\"1001\"]\nhold = { chance = 2 }\nmisses = \"x\"\nbreaks = { every = \"5m\", reson = 3 }\n\
        [[at]]\ntime = \"3m\"\ndo = \"falt\"\n\
        [[at]]\ntime = \"3m\"\ndo = \"state\"\nuser = \"1001\"\nsate = \"READY\"\n\
        [[on]]\ndo = \"hang_up\"\nmatch = { kind = \"evnt\" }\n\
        [verdict]\nanswered = \"0.5\"\nwait_p95 = \"<= 3\"\n";
    let known = "request, response, frame-in, frame-out, event, state, fault, session, login, scenario";
    assert_eq!(
        problems(text),
        [
            "s.toml:1:1: the file has no length; add length = \"60s\"".to_owned(),
            "s.toml:2:1: \"lenght\" is not a key of the file; did you mean \"length\"?".to_owned(),
            "s.toml:5:27: the time of a point must be a duration such as \"500ms\", \"60s\", \"5m\" or \"1h\"".to_owned(),
            "s.toml:6:21: \"lognormall\" is no kind of distribution; it is one of uniform, exponential, normal, lognormal; did you mean \"lognormal\"?".to_owned(),
            "s.toml:9:19: chance must be a number from 0 to 1 such as 0.05".to_owned(),
            "s.toml:10:10: misses must be a number from 0 to 1 such as 0.05".to_owned(),
            "s.toml:11:10: breaks has no length; add length = \"10m\"".to_owned(),
            "s.toml:11:26: \"reson\" is not a key of breaks; did you mean \"reason\"?".to_owned(),
            "s.toml:14:6: \"falt\" is nothing that a step does; did you mean \"fault\"?".to_owned(),
            "s.toml:15:1: [[at]] has no state; add state = \"…\"".to_owned(),
            "s.toml:19:1: \"sate\" is not a key of [[at]] with do = \"state\"; did you mean \"state\"?".to_owned(),
            format!("s.toml:22:18: kind is one of {known}, not \"evnt\""),
            "s.toml:24:12: answered must be a condition such as \">= 0.90\"".to_owned(),
            "s.toml:25:12: wait_p95 must be a condition such as \"<= 30s\"".to_owned(),
        ]
    );
    assert_eq!(problems("name = [\n").len(), 1);
}

#[test]
fn each_step_and_each_expectation_says_what_it_lacks() {
    for (section, sentence) in [
        ("[[at]]\ndo = \"mark\"\ntext = \"x\"", "[[at]] has no time; add time = \"60s\""),
        ("[[at]]\ntime = \"40m\"\ndo = \"mark\"\ntext = \"x\"", "time must be at most \"30m\""),
        ("[[at]]\ntime = \"1m\"\ndo = \"outage\"\nfor = \"1m\"", "do = \"outage\" changes nothing"),
        ("[[at]]\ntime = \"1m\"\ndo = \"fault\"", "do = \"fault\" has no fault"),
        (
            "[[at]]\ntime = \"1m\"\ndo = \"fault\"\nfault = { name = \"kinds\", kind = \"stall\" }",
            "the name of a fault must have",
        ),
        (
            "[[at]]\ntime = \"1m\"\ndo = \"fault\"\nfault = { name = \"x\", kind = \"refuse\" }",
            "refuse is a fault of new connections",
        ),
        (
            "[[at]]\ntime = \"1m\"\ndo = \"fault\"\nfault = { name = \"x\", kind = \"stall\", after = \"1s\" }",
            "leave after out",
        ),
        (
            "[[at]]\ntime = \"1m\"\ndo = \"fault\"\nfault = { name = \"x\", kind = \"stall\", user = [] }",
            "not an array",
        ),
        (
            "[[at]]\ntime = \"1m\"\ndo = \"call\"\nto = \"9001\"\nvariables = { x = \"1\" }",
            "\"x\" is no call variable",
        ),
        ("[[on]]\ndo = \"hang_up\"", "[[on]] has no match; add match"),
        ("[[on]]\ndo = \"hang_up\"\nmatch = {}", "match is empty"),
        ("[[on]]\ndo = \"hang_up\"\nmatch = { limit = \"3\" }", "\"limit\" is not a key of match"),
        ("[[expect]]\nmatch = { kind = \"event\" }", "[[expect]] has no within; add within"),
        (
            "[[expect]]\nname = \"a\\nb\"\nmatch = { kind = \"event\" }\nwithin = \"1s\"",
            "s.toml:4:8: name must have at most 100 bytes, on one line",
        ),
        (
            "[[expect]]\nname = \"\\u001b[2J\"\nmatch = { kind = \"event\" }\nwithin = \"1s\"",
            "s.toml:4:8: name must have at most 100 bytes, on one line",
        ),
        ("[[agents]]", "[[agents]] has no users"),
        ("[[agents]]\nusers = [\"1\", \"1\"]", "user \"1\" stands above"),
        (
            "[[agents]]\nusers = [\"1\"]\ntalk = { kind = \"uniform\", from = \"2s\", to = \"1s\" }",
            "before from",
        ),
        ("[[agents]]\nusers = [\"1\"]\ntalk = { median = \"2s\" }", "talk has no kind"),
        (
            "[[agents]]\nusers = [\"1\"]\ntalk = { kind = \"lognormal\", median = \"2s\" }",
            "talk has no spread",
        ),
        ("[[arrivals]]\nqueue = \"1\"", "[[arrivals]] has no per_minute"),
        (
            "[[arrivals]]\nqueue = \"1\"\nper_minute = [[\"2m\", 1], [\"1m\", 1]]",
            "in the order of their times",
        ),
        ("[[arrivals]]\nqueue = \"1\"\nper_minute = 1e3", "per_minute must be a number of calls"),
        ("[[arrivals]]\nqueue = \"1\"\nper_minute = 1\nprocess = \"odd\"", "\"odd\" is not a process"),
        (
            "[[arrivals]]\nqueue = \"1\"\nper_minute = 1\nvariables = { callVariable1 = [] }",
            "must have a list of values",
        ),
        ("[verdict]\ncalls = \"<= 20\"", "calls must be a condition such as \">= 20\""),
        ("[verdict]\nansered = \">= 1\"", "\"ansered\" is not a key of [verdict]"),
    ] {
        let found = problems(&format!("{HEAD}{section}\n"));
        assert!(found.iter().any(|problem| problem.contains(sentence)), "{section}: {found:?}");
    }
}

#[test]
fn a_file_has_no_more_sections_and_agents_than_there_can_be() {
    let steps = "[[at]]\ntime = \"1m\"\ndo = \"mark\"\ntext = \"x\"\n".repeat(SECTIONS_MAX);
    assert_eq!(problems(&format!("{HEAD}{steps}")), [""; 0]);
    let found = problems(&format!("{HEAD}{steps}[[at]]\n"));
    assert!(found[0].contains("there can be 256 sections [[at]]"), "{found:?}");
    let more = "[[expect]]\nmatch = { kind = \"event\" }\nwithin = \"1s\"\n".repeat(SECTIONS_MAX + 1);
    let found = problems(&format!("{HEAD}{more}"));
    assert!(found[0].contains("there can be 256 sections [[expect]]"), "{found:?}");
    let named = |length| {
        format!(
            "{HEAD}[[expect]]\nname = \"{}\"\nmatch = {{ kind = \"event\" }}\nwithin = \"1s\"\n",
            "x".repeat(length)
        )
    };
    assert_eq!(problems(&named(NAME_MAX)), [""; 0]);
    let found = problems(&named(NAME_MAX + 1));
    assert!(found.len() == 1 && found[0].contains("name must have at most 100 bytes"), "{found:?}");
    let users: Vec<String> = (0..=AGENTS_MAX).map(|number| format!("\"u{number}\"")).collect();
    let found = problems(&format!("{HEAD}[[agents]]\nusers = [{}]\n", users.join(", ")));
    assert!(found.len() == 1 && found[0].contains("there can be 10000 agents"), "{found:?}");
}

#[test]
fn a_crowd_has_as_many_agents_as_are_wanted_and_callers_for_them() {
    let (_, text) = SHIPPED[1];
    for (wanted, rate) in [(3, 500), (6, 1000), (60, 10_000)] {
        let (mut file, mut config) = (File::read(text, "s").expect("a good file"), Config::demo());
        crowd(&mut file, &mut config, wanted);
        assert_eq!(file.agents.iter().map(|agents| agents.users.len()).sum::<usize>(), wanted);
        assert_eq!(file.arrivals[0].curve.points[0], (0, rate));
        assert_eq!(file.check(&Desk::new(config)), [], "{wanted}");
    }
}

#[test]
fn steps_of_media_tasks_and_contacts_say_what_they_lack() {
    for (section, sentence) in [
        (
            "do = \"dialog\"\nuser = \"1001\"\naction = \"MAKE_CALL\"",
            "action = \"MAKE_CALL\" makes a call; add to = \"9001\", and leave call out",
        ),
        ("do = \"dialog\"\nuser = \"1001\"", "[[at]] has no action; add action = \"…\""),
        (
            "do = \"contact\"\ncampaign = \"Renewals\"\nphone_number = \"five\"",
            "phone_number has digits, +, * and #; first_name, last_name and account_number are texts",
        ),
        ("do = \"task\"", "[[at]] has no media; add media = \"…\""),
    ] {
        let problems = problems(&format!("{HEAD}[[at]]\ntime = \"1s\"\n{section}\n"));
        assert!(problems.len() == 1 && problems[0].ends_with(sentence), "{section}: {problems:?}");
    }
    let well = "do = \"medium\"\nuser = \"1001\"\nmedium = \"5000\"\nstate = \"LOGIN\"\n[[at]]\ntime = \"2s\"\ndo = \"task\"\nmedia = \"5000\"\nvariables = { callVariable1 = \"x\" }\n[[at]]\ntime = \"3s\"\ndo = \"contact\"\ncampaign = \"Renewals\"\nphone_number = \"5550190\"\nresult = \"busy\"\n[[at]]\ntime = \"4s\"\ndo = \"hang_up\"\ncall = 1\n";
    assert_eq!(problems(&format!("{HEAD}[[at]]\ntime = \"1s\"\n{well}")), [""; 0]);
}
