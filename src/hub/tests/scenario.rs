//! A scenario plays agents and callers by the doors that clients have.

use std::rc::Rc;

use super::*;
use crate::desk::Status;
use crate::record::{Key, Kind};
use crate::scenario::{File, Verdict};

/// Two agents of team 1, and a caller each ten seconds.
const SMALL: &str = r#"name = "Small"
seed = 5
length = "10m"
[[arrivals]]
queue = "9001"
per_minute = 6
process = "even"
patience = "40s"
[[agents]]
users = ["1001", "1002"]
answer = "2s"
talk = "10s"
[verdict]
calls = ">= 10"
"#;

fn read(text: &str) -> Rc<File> {
    Rc::new(File::read(text, "s.toml").expect("a good file"))
}

impl Stage {
    fn start(&mut self, text: &str) {
        self.hub.start_scenario(self.now, read(text)).expect("it names what there is");
        self.settle();
    }

    /// Lets time go by, from one due time to the next.
    fn play(&mut self, time: Duration) {
        let end = self.now.monotonic + time;
        for turn in 0.. {
            let Some(due) = self.hub.wake_at().filter(|due| *due <= end) else { break };
            assert!(turn < 100_000, "something is due at once for ever");
            let passed = due.saturating_duration_since(self.now.monotonic);
            self.now = Now { monotonic: self.now.monotonic + passed, wall: self.now.wall + passed };
            self.hub.tick(self.now);
            self.settle();
        }
        self.now.wall += end.saturating_duration_since(self.now.monotonic);
        self.now.monotonic = end;
        self.hub.tick(self.now);
        self.settle();
    }

    /// What the scenario did for a user, or by itself.
    fn done(&self, user: Option<&str>) -> Vec<&str> {
        let is_own =
            |entry: &&crate::record::Entry| entry.kind == Kind::Scenario && entry.get(Key::User) == user;
        self.hub.record().entries().filter(is_own).filter_map(|entry| entry.get(Key::What)).collect()
    }

    fn state(&self, user: &str) -> &'static str {
        self.hub.desk().state_of(self.hub.users().find(user).expect("a user of the demo"))
    }

    fn figures(&self) -> String {
        let mut out = String::new();
        let scenario = self.hub.scenario().expect("it is there");
        crate::json::object(&mut out, |object| scenario.write_figures(object));
        out
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_fault_of_somebody_else_stays_and_outlives_the_scenario() {
    let mut stage = Stage::with(|config| config.faults = true);
    let spec = crate::fault::Spec::read([("kind", "ping-delay"), ("delay", "1s")]).expect("a fault");
    stage.hub.set_fault(stage.now, "late", spec).expect("there is room");
    let step = "[[at]]\ntime = \"1s\"\ndo = \"fault\"\nfault = { name = \"late\", kind = \"ping-error\", for = \"2s\" }\n";
    stage.start(&(SMALL.to_owned() + step));
    stage.play(Duration::from_secs(10));
    stage.hub.stop_scenario(stage.now);
    let set: Vec<_> = stage.hub.faults().list().iter().map(|fault| fault.row.name).collect();
    assert_eq!(set, ["ping-delay"]);
}

#[test]
fn agents_and_callers_are_played_and_all_is_quiet_at_the_end() {
    let mut stage = Stage::new();
    stage.start(SMALL);
    stage.play(11 * MINUTE);
    let done = stage.done(Some("1001"));
    assert_eq!(done[..5], ["LOGIN", "READY", "ANSWER", "DROP", "ANSWER"], "{done:?}");
    assert_eq!(done[done.len() - 2..], ["NOT_READY", "LOGOUT"], "{done:?}");
    let scenario = stage.hub.scenario().expect("it was played");
    assert!(scenario.is_over());
    assert_eq!(scenario.verdict(), Verdict::Pass, "{}", scenario.outcome(None).text);
    assert_eq!(
        (stage.state("1001"), stage.state("1002"), stage.state("1003")),
        ("LOGOUT", "LOGOUT", "LOGOUT")
    );
    // 12 seconds with a caller and half a minute of wrap-up are too long for one caller each ten seconds.
    let figures = stage.figures();
    assert!(figures.starts_with("{\"placed\":59,\"not_placed\":0,\"answered\":2"), "{figures}");
    assert!(figures.contains("\"waiting\":0,\"talking\":0,\"refused\":0,"), "{figures}");
    let done = stage.done(None);
    assert_eq!((done.first(), done.last()), (Some(&"started"), Some(&"PASS")));
    let hangs_up = done.iter().filter(|what| **what == "hang_up").count();
    assert!(hangs_up > 20, "who waits for 40 seconds hangs up: {done:?}");
    // Nothing is due any more.
    stage.play(60 * MINUTE);
    assert_eq!(stage.hub.wake_at(), None);
}

#[test]
fn one_seed_is_one_run_and_another_agent_changes_nothing_for_those_who_are_there() {
    let record = |text: &str| {
        let mut stage = Stage::with(|config| config.seed = Some(1));
        stage.start(text);
        stage.play(5 * MINUTE);
        let lines = stage.hub.record().entries().map(|entry| {
            let mut line = String::new();
            entry.write(&mut line, stage.hub.record().wire());
            line
        });
        lines.collect::<Vec<_>>()
    };
    let varied = SMALL.replace("\"10s\"", "{ kind = \"lognormal\", median = \"10s\", spread = 0.5 }");
    let first = record(&varied);
    assert_eq!(record(&varied), first);
    assert_ne!(record(&varied.replace("seed = 5", "seed = 6")), first);
    // Of 1001 it is the same beside others.
    let own = |lines: &[String]| {
        let of = |line: &&String| line.contains("\"kind\":\"scenario\",\"user\":\"1001\"");
        let time = |line: &String| {
            line.split("\"time\":").nth(1).and_then(|rest| rest.split(',').next()).map(str::to_owned)
        };
        lines.iter().filter(of).take(3).map(time).collect::<Vec<_>>()
    };
    let beside = varied
        + "[[agents]]\nusers = [\"1003\"]\nsign_in = \"1m\"\ntalk = { kind = \"exponential\", mean = \"5s\" }\n";
    let beside = record(&beside);
    assert_eq!((own(&beside).len(), own(&beside)), (3, own(&first)));
    assert_ne!(beside, first);
}

#[test]
fn callers_come_while_agents_take_breaks_miss_hold_and_consult() {
    let text = SMALL
        .replace("length = \"10m\"", "length = \"2h\"")
        .replace("per_minute = 6", "per_minute = 1.5")
        + "[[agents]]\nusers = [\"1003\"]\nanswer = \"2s\"\ntalk = \"20s\"\nhold = { chance = 0.5, length = \"5s\" }\n\
           consult = { chance = 0.5, to = \"9002\", length = \"10s\" }\nmisses = 0.2\n\
           breaks = { every = \"15m\", length = \"5m\", reason = 2 }\n\
           [[agents]]\nusers = [\"1004\"]\nanswer = \"1s\"\n";
    let mut stage = Stage::new();
    stage.start(&text);
    stage.play(122 * MINUTE);
    let done = stage.done(Some("1003"));
    for what in ["LOGIN", "READY", "ANSWER", "HOLD", "RETRIEVE", "CONSULT_CALL", "NOT_READY", "LOGOUT"] {
        assert!(done.contains(&what), "{what}: {done:?}");
    }
    assert!(stage.done(Some("1004")).contains(&"ANSWER"), "a consultation goes to the other queue");
    // After a missed call it is ready again.
    let rung_out = stage.hub.record().entries().filter(|entry| {
        entry.kind == Kind::Event
            && entry.text.item().is_some_and(|(_, item)| item.payload.text().contains("<code>32763</code>"))
    });
    assert!(rung_out.count() > 0);
    let scenario = stage.hub.scenario().expect("it was played");
    assert!(
        scenario.is_over()
            && stage.hub.desk().parts(stage.hub.users().find("1003").expect("a user")).next().is_none()
    );
}

#[test]
fn steps_by_time_and_by_event_are_taken_and_what_they_did_is_taken_back() {
    let text = SMALL.replace("length = \"10m\"", "length = \"30m\"")
        + "[[at]]\ntime = \"2m\"\ndo = \"outage\"\nstatus = \"OUT_OF_SERVICE\"\nfor = \"1m\"\n\
           [[at]]\ntime = \"4m\"\ndo = \"fault\"\nfault = { name = \"late\", kind = \"event-delay\", delay = \"1s\", for = \"1m\" }\n\
           [[at]]\ntime = \"6m\"\ndo = \"outage\"\nfinesse = \"unavailable\"\nfor = \"10m\"\n\
           [[at]]\ntime = \"6m\"\ndo = \"fault\"\nfault = { name = \"more\", kind = \"event-delay\", delay = \"1s\" }\n\
           [[at]]\ntime = \"6m\"\ndo = \"publish\"\nuser = \"administrator\"\nnode = \"/lab/alarms\"\npayload = \"hot\"\n\
           [[at]]\ntime = \"6m\"\ndo = \"message\"\nuser = \"administrator\"\nteams = [\"1\"]\ncontent = \"hello\"\n\
           [[on]]\nmatch = { kind = \"event\", node = \"/lab/alarms\", contains = \"hot\" }\nafter = \"5s\"\ndo = \"mark\"\ntext = \"seen\"\n";
    let mut stage = Stage::with(|config| config.faults = true);
    stage.start(&text);
    let names = |stage: &Stage| {
        stage.hub.faults().list().iter().map(|fault| fault.name.to_string()).collect::<Vec<_>>()
    };
    stage.play(2 * MINUTE + Duration::from_secs(1));
    assert_eq!(stage.hub.availability().status, Status::OutOfService);
    stage.play(MINUTE);
    assert_eq!(stage.hub.availability().status, Status::InService);
    stage.play(MINUTE);
    assert_eq!(names(&stage), ["late"]);
    stage.play(MINUTE);
    assert!(names(&stage).is_empty());
    stage.play(MINUTE);
    assert_eq!((names(&stage), stage.hub.availability().finesse), (vec!["more".to_owned()], false));
    let mark = |stage: &Stage| stage.done(None).contains(&"mark");
    assert!(!mark(&stage));
    stage.play(Duration::from_secs(5));
    assert!(mark(&stage));
    assert!(stage.done(Some("administrator")).contains(&"message"));
    // It is stopped before its time.
    assert!(stage.hub.stop_scenario(stage.now));
    assert!(names(&stage).is_empty() && stage.hub.availability().finesse);
    assert!(stage.hub.scenario().is_none() && !stage.hub.stop_scenario(stage.now));
}

#[test]
fn an_expectation_is_met_by_who_answers_and_fails_for_who_does_not() {
    let expect = "[[expect]]\nname = \"1003 answers\"\n\
        of = { kind = \"event\", node = \"/finesse/api/User/1003/Dialogs\", contains = \"<state>ALERTING</state>\" }\n\
        match = { kind = \"state\", user = \"1003\", contains = \"TALKING\" }\nwithin = \"15s\"\n";
    let of = |users: &str, more: &str| {
        let text = SMALL
            .replace("\"1001\", \"1002\"", users)
            .replace("answer = \"2s\"\n", more)
            .replace("\"40s\"", "\"20m\"")
            + expect;
        let mut stage = Stage::new();
        stage.start(&text);
        stage.play(11 * MINUTE);
        stage.hub.scenario().expect("it was played").outcome(None)
    };
    let met = of("\"1003\"", "answer = \"2s\"\n");
    assert_eq!(met.verdict, Verdict::Pass, "{}", met.text);
    let failed = of("\"1003\"", "misses = 1\n");
    assert_eq!(failed.verdict, Verdict::Fail, "{}", failed.text);
    assert!(
        failed
            .junit
            .contains("<testcase classname=\"scenario\" name=\"1003 answers\"><failure message=\"0 in time")
    );
    // Nobody has called 1003.
    let neither = of("\"1001\"", "answer = \"2s\"\n");
    assert_eq!(neither.verdict, Verdict::Inconclusive, "{}", neither.text);
}

#[test]
fn a_caller_hangs_up_by_event() {
    let text = SMALL.to_owned()
        + "[[on]]\nmatch = { kind = \"event\", node = \"/finesse/api/User/1001/Dialogs\", contains = \"<state>ALERTING</state>\" }\n\
           after = \"1s\"\ncount = 1\ndo = \"hang_up\"\n";
    let mut stage = Stage::new();
    stage.start(&text);
    stage.play(Duration::from_secs(12));
    // It called after ten seconds, and the agent would have answered two seconds later.
    let done = stage.done(Some("1001"));
    assert_eq!(done, ["LOGIN", "READY"], "{done:?}");
    assert!(stage.figures().contains("\"abandoned\":1"), "{}", stage.figures());
    stage.play(Duration::from_secs(30));
    assert!(stage.done(Some("1001")).contains(&"ANSWER"), "it acts once");
}

#[test]
fn the_clock_is_paused_and_goes_faster_with_the_scenario_alone() {
    let mut stage = Stage::new();
    assert!(!stage.hub.pause_scenario(stage.now) && !stage.hub.pace_scenario(stage.now, Some(10)));
    stage.start(SMALL);
    assert!(stage.hub.pace_scenario(stage.now, Some(60)));
    stage.play(Duration::from_secs(5));
    let position = |stage: &Stage| stage.hub.scenario().expect("it is there").position() / 1000;
    assert!((299..=300).contains(&position(&stage)), "{}", position(&stage));
    assert!(stage.hub.pause_scenario(stage.now));
    let before = position(&stage);
    stage.play(60 * MINUTE);
    assert_eq!(position(&stage), before);
    // As fast as before.
    assert!(stage.hub.pace_scenario(stage.now, None));
    stage.play(Duration::from_secs(6));
    assert!(stage.hub.scenario().is_some_and(crate::scenario::Scenario::is_over));
    assert_eq!(stage.hub.desk_clock().speed(), 1);
}

#[test]
fn a_reset_stops_a_scenario() {
    let mut stage = Stage::new();
    stage.start(SMALL);
    stage.play(3 * MINUTE);
    assert!(
        stage.hub.reset(stage.now, Reset { keeps_sessions: true, keeps_guests: false, keeps_faults: false })
    );
    assert!(stage.hub.scenario().is_none());
    stage.play(3 * MINUTE);
    assert_eq!((stage.state("1001"), stage.hub.record().len()), ("LOGOUT", 0));
}

#[test]
fn what_cannot_be_played_is_refused_with_a_sentence() {
    let refused = |text: &str, change: fn(&mut Config)| {
        let mut stage = Stage::with(change);
        let refused = stage.hub.start_scenario(stage.now, read(text)).expect_err("it cannot be played");
        assert!(stage.hub.scenario().is_none());
        refused.sentences().join("\n")
    };
    let unknown = SMALL.replace("\"1002\"", "\"1009\"").replace("\"9001\"", "\"9009\"");
    assert_eq!(
        refused(&unknown, |_| {}),
        "s.toml:5:9: \"9009\" is neither the number or id of a queue nor an extension\n\
         s.toml:10:18: there is no user \"1009\"; known are: administrator, 1001, 1002, 1003, 1004, 1005, 1006"
    );
    let expects = SMALL.to_owned() + "[[expect]]\nmatch = { kind = \"state\" }\nwithin = \"1s\"\n";
    assert!(refused(&expects, |config| config.record = 0).contains("entries of the record"));
    let none = |config: &mut Config| (config.record, config.faults) = (0, false);
    assert!(refused(SMALL, none).contains("only where there is a record"));
    let fault = SMALL.to_owned()
        + "[[at]]\ntime = \"1m\"\ndo = \"fault\"\nfault = { name = \"x\", kind = \"ping-delay\" }\n";
    assert!(refused(&fault, |config| config.faults = false).contains("--faults"));
    let mut stage = Stage::new();
    stage.hub.shutdown(stage.now);
    assert_eq!(stage.hub.start_scenario(stage.now, read(SMALL)), Err(NotStarted::GoingDown));
}

#[test]
fn a_user_who_is_taken_out_is_played_no_more() {
    let mut stage = Stage::new();
    stage.start(SMALL);
    stage.play(MINUTE);
    let mut config = Config::demo();
    config.users.retain(|user| user.id != "1002");
    stage.hub.reload(stage.now, config);
    stage.settle();
    stage.play(10 * MINUTE);
    let scenario = stage.hub.scenario().expect("it was played");
    assert!(scenario.is_over(), "{}", scenario.outcome(None).text);
}

#[test]
fn an_agent_whose_request_is_refused_asks_again_until_it_is_accepted() {
    let text = SMALL.to_owned()
        + "[[at]]\ntime = \"20s\"\ndo = \"outage\"\nstatus = \"OUT_OF_SERVICE\"\nfor = \"30s\"\n";
    let mut stage = Stage::new();
    stage.start(&text);
    stage.play(Duration::from_secs(49));
    let drops = |stage: &Stage| stage.done(Some("1001")).iter().filter(|what| **what == "DROP").count();
    // The call is over 12 seconds after it has come. Nobody hangs up in an outage, and each five seconds it is tried.
    assert_eq!((drops(&stage), stage.state("1001")), (6, "TALKING"), "{:?}", stage.done(Some("1001")));
    stage.play(Duration::from_secs(5));
    assert_eq!((drops(&stage), stage.state("1001")), (7, "WORK"));
}

#[test]
fn a_clock_that_stands_still_is_not_moved_by_callers_who_follow_each_other_closely() {
    let mut stage = Stage::new();
    let dense = "[[arrivals]]\nqueue = \"9001\"\nper_minute = 10000\n".repeat(8);
    stage.start(&(SMALL.to_owned() + &dense));
    stage.play(Duration::from_secs(1));
    assert!(stage.hub.pause_scenario(stage.now));
    stage.settle();
    let seen = |stage: &Stage| {
        (stage.hub.scenario().map(crate::scenario::Scenario::position), stage.hub.record().last())
    };
    let before = seen(&stage);
    stage.play(MINUTE);
    assert_eq!(seen(&stage), before);
    assert!(stage.hub.pace_scenario(stage.now, None));
    stage.play(Duration::from_secs(1));
    assert!(seen(&stage).0 > before.0 && seen(&stage).1 > before.1);
}

#[test]
fn agents_with_breaks_of_no_time_each_moment_are_played_to_the_end() {
    let text =
        SMALL.to_owned() + "ready = \"0s\"\nbreaks = { every = \"0s\", length = \"0s\", reason = 2 }\n";
    // The keys of agents stand before the verdict.
    let (start, more) = text.split_once("[verdict]\ncalls = \">= 10\"\n").expect("a verdict");
    let mut stage = Stage::new();
    stage.start(&format!("{start}{more}"));
    stage.play(MINUTE);
    let breaks = stage.done(Some("1001")).iter().filter(|what| **what == "NOT_READY").count();
    assert!((5..=60).contains(&breaks), "{breaks} breaks in a minute");
    stage.play(11 * MINUTE);
    assert!(stage.hub.scenario().is_some_and(crate::scenario::Scenario::is_over));
}
