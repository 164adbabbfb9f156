//! Scenarios break no rule of the desk: what agents and callers do in them is what people could do.

use std::rc::Rc;

use crate::desk::tests::random_calls::*;
use crate::scenario::{File, Order, Scenario};

/// All that agents do, in both teams of the centre, and more callers than they can answer.
const SCENARIO: &str = r#"name = "All"
length = "6m"
[[arrivals]]
queue = "q1"
per_minute = [["0m", 4], ["3m", 10], ["6m", 2]]
patience = { kind = "lognormal", median = "40s", spread = 0.8 }
variables = { callVariable1 = ["Gold", "Silver"] }
[[arrivals]]
queue = "9002"
per_minute = 4
[[agents]]
users = ["ada", "bob", "cid"]
sign_in = { kind = "uniform", from = "0s", to = "20s" }
answer = { kind = "lognormal", median = "4s", spread = 1.0 }
talk = { kind = "exponential", mean = "20s" }
hold = { chance = 0.3, length = { kind = "exponential", mean = "10s" } }
consult = { chance = 0.3, to = "9002", length = "10s" }
misses = 0.1
breaks = { every = { kind = "exponential", mean = "2m" }, length = { kind = "normal", mean = "30s", sd = "10s" } }
[[agents]]
users = ["dan"]
talk = "15s"
consult = { chance = 0.3, to = "1000" }
[[at]]
time = "2m"
do = "outage"
status = "OUT_OF_SERVICE"
for = "30s"
[[at]]
time = "3m"
do = "state"
user = "bob"
state = "LOGOUT"
[[at]]
time = "4m"
do = "hang_up"
"#;

/// Plays a scenario with a seed. Returns how many commands were accepted, and what has come of it.
fn play(name: &str, seed: u64) -> Result<(u64, String), String> {
    let mut centre = Centre::new(name);
    let text = format!("seed = {seed}\n{SCENARIO}");
    let file = File::read(&text, "s.toml").map_err(|problems| format!("{problems:?}"))?;
    must!(file.check(&centre.desk).is_empty(), "names what there is not");
    let start = at(0).monotonic;
    let mut scenario = Scenario::new(Rc::new(file), start, &centre.desk);
    let mut accepted = 0;
    while !scenario.is_over() {
        let wakes = [centre.desk.wake_at(), scenario.wake_at()];
        let Some(due) = wakes.into_iter().flatten().min() else { return Err("it stands still".into()) };
        let due = due.saturating_duration_since(start).as_millis();
        centre.now = centre.now.max(u64::try_from(due).expect("minutes"));
        apply(&mut centre, &mut scenario, Command::Tick)?;
        while let Some(order) = scenario.next(at(centre.now).monotonic, &centre.desk) {
            accepted += u64::from(order_of(&mut centre, &mut scenario, order)?);
        }
    }
    must!(centre.desk.dialogs.is_empty(), "calls stay: {:?}", centre.desk.dialogs);
    let stays = centre.agents.iter().find(|user| centre.desk.agent(**user).state != State::Logout);
    must!(stays.is_none(), "stays signed in: {stays:?}");
    Ok((accepted, scenario.outcome(None).json))
}

/// Applies a command as the hub does, and lets the scenario see what follows.
fn apply(centre: &mut Centre, scenario: &mut Scenario, command: Command) -> Result<Option<Applied>, String> {
    if let Command::Request { actor, request, .. } = &command {
        if centre.desk.in_service().is_err() {
            return Ok(None);
        }
        for user in centre.desk.signing_in(*actor, request).collect::<Vec<_>>() {
            apply(centre, scenario, Command::EndSignIn(user))?;
        }
    }
    centre.apply(command)?;
    let (_, _, applied) = centre.log.pop().expect("it was applied");
    let Ok(applied) = applied else { return Ok(None) };
    scenario.see(at(centre.now).monotonic, &centre.desk, &applied.events);
    Ok(Some(applied))
}

fn order_of(centre: &mut Centre, scenario: &mut Scenario, order: Order) -> Result<bool, String> {
    let command = match order {
        Order::Request { user, request, .. } => {
            Command::Request { actor: user, request_id: "r".to_owned(), request: *request }
        }
        Order::Place(call) => {
            let applied = apply(centre, scenario, Command::PlaceCall(*call))?;
            let id = applied.and_then(|applied| applied.answer?.parse().ok());
            scenario.placed(id);
            return Ok(id.is_some());
        }
        Order::HangUp(id) => Command::EndCall(id.to_string()),
        Order::Availability { status, .. } => {
            Command::SetStatus { status, tell: true, tell_states: status == Status::InService }
        }
        _ => return Ok(false),
    };
    let applied = apply(centre, scenario, command)?;
    if applied.is_none() {
        scenario.refused();
    }
    Ok(applied.is_some())
}

/// Plays with as many seeds, in both products.
fn seeds(from: u64, count: u64) {
    for name in ["uccx", "ucce"] {
        let mut all = 0;
        for seed in from..from + count {
            let (accepted, outcome) =
                play(name, seed).unwrap_or_else(|broken| panic!("{name}, {seed}: {broken}"));
            assert!(accepted > 50, "{name}, {seed}: {accepted}");
            assert!(!outcome.contains("\"answered\":0,"), "{name}, {seed}: {outcome}");
            all += accepted;
        }
        println!("{name}: {count} seeds, {all} commands");
    }
}

#[test]
fn scenarios_of_some_seeds_break_no_rule() {
    seeds(1, 2);
}

/// `cargo test --lib -- --ignored --nocapture scenarios_of_a_thousand_seeds`
#[test]
#[ignore = "it takes minutes"]
fn scenarios_of_a_thousand_seeds_break_no_rule() {
    seeds(1, 1000);
}
