//! Whatever is asked in whatever order: the rules of the desk hold.

use std::collections::HashSet;

use crate::config::Profile;
use crate::desk::tests::*;
use crate::hub::nodes;
use crate::pubsub::NodeSpec;

/// Actors with the users for whom they ask; most of them may.
const PAIRS: &[(UserId, UserId)] = &[
    (ADA, ADA),
    (BOB, BOB),
    (EVE, EVE),
    (ADA, BOB),
    (ADA, BOB),
    (SUE, EVE),
    (SUE, EVE),
    (EVE, BOB),
    (SUE, BOB),
    (SUE, SUE),
    (ROOT, EVE),
];

/// The states that may follow a state, for any actor (the guide, "User: change agent state"); a state may always stay.
fn may_follow(profile: Profile, from: &str, to: &str, own: bool) -> bool {
    match (from, to) {
        ("LOGOUT", "READY") => false,
        ("LOGOUT", "NOT_READY") => own,
        ("READY", "LOGOUT") => profile == Profile::Uccx || !own,
        _ => true,
    }
}

/// A request that is mostly good.
fn sound(random: &mut fastrand::Rng, actor: UserId, user: UserId) -> SetState {
    let state = pick(random, &["LOGIN", "LOGIN", "NOT_READY", "READY", "READY", "LOGOUT"]);
    let reasons: &[&str] = match state.as_deref() {
        Some("NOT_READY") if actor == user => &["1"],
        Some("LOGOUT") if (actor, user) == (EVE, EVE) => &["3"],
        _ => &[""],
    };
    let extension = pick(random, &["1000", "1001", "1002"]);
    SetState { state, extension, reason_code_id: pick(random, reasons), ..SetState::default() }
}

/// A request that is mostly bad.
fn wild(random: &mut fastrand::Rng) -> SetState {
    SetState {
        state: pick(random, &["LOGIN", "NOT_READY", "READY", "LOGOUT", "WORK", ""]),
        extension: pick(random, &["1000", "1002", "9", "<&>", ""]),
        reason_code_id: pick(random, &["", "1", "2", "3", "-1"]),
        ..SetState::default()
    }
}

fn pick(random: &mut fastrand::Rng, from: &[&str]) -> Option<String> {
    random.choice(from).filter(|text| !text.is_empty()).map(|text| (*text).to_owned())
}

#[test]
fn no_sequence_of_commands_leaves_the_table() {
    for (profile, name) in [(Profile::Uccx, "uccx"), (Profile::Ucce, "ucce")] {
        let mut seen = HashSet::new();
        for seed in 0..4 {
            for required in [true, false] {
                sequence(seed, profile, name, required, &mut seen);
            }
        }
        // Else this would prove nothing: everything that may happen has happened.
        let states = ["LOGOUT", "NOT_READY", "READY"];
        for (from, to, own) in states
            .into_iter()
            .flat_map(|from| states.into_iter().flat_map(move |to| [true, false].map(|own| (from, to, own))))
        {
            let may = may_follow(profile, from, to, own);
            let kept = from == to && !own;
            assert!(
                kept || may == seen.contains(&(from.into(), to.into(), own)),
                "{name}: {from} {to} {own}"
            );
        }
    }
}

fn sequence(
    seed: u64,
    profile: Profile,
    name: &str,
    required: bool,
    seen: &mut HashSet<(String, String, bool)>,
) {
    let mut random = fastrand::Rng::with_seed(seed);
    let text = format!("profile = \"{name}\"\nrequire_reason_codes = {required}\n{PEOPLE}{REASONS}");
    let config = Config::parse(&text, "c.toml").expect("a valid file");
    let mut desk = at_once(config);
    let known: HashSet<String> = nodes::all(&desk, &[]).iter().flat_map(NodeSpec::names).collect();
    let people: Vec<UserId> = desk.directory().keys().collect();
    for step in 0..100 {
        let (actor, user) = *random.choice(PAIRS).expect("pairs");
        let asked = if random.u8(..4) > 0 { sound(&mut random, actor, user) } else { wild(&mut random) };
        let request_id = pick(&mut random, &["", "7", "<&>\"'", "a\u{1}b", "漢"]).unwrap_or_default();
        let case = format!("seed {seed}, {name}, step {step}: {actor:?} {user:?} {asked:?}");
        let before = everything(&desk);
        let from = field(&get(&desk, user), "state");
        let answer = desk.set_state(at(step), actor, user, &asked, &request_id);
        let document = get(&desk, user);
        let to = field(&document, "state");
        assert!(["LOGOUT", "NOT_READY", "READY"].contains(&to.as_str()), "{case}");
        assert!(may_follow(profile, &from, &to, actor == user), "{case}: {from} {to}");
        seen.insert((from, to, actor == user));
        match answer {
            Err(error) => {
                assert!((400..=404).contains(&told(&error).0), "{case}");
                assert_eq!(everything(&desk), before, "{case}");
            }
            Ok(events) => {
                let failed = field(&events[0].payload, "event") == "put";
                assert!(!failed || events.len() == 1 && everything(&desk) == before, "{case}");
                for event in &events {
                    assert!(known.contains(&event.node), "{case}: {}", event.node);
                    let sent = if request_id.contains('\u{1}') { "" } else { request_id.as_str() };
                    assert_eq!(field(&event.payload, "requestId"), sent, "{case}");
                    if !failed {
                        for name in ["state", "stateChangeTime", "extension"] {
                            assert_eq!(field(&event.payload, name), field(&document, name), "{case}");
                        }
                    }
                }
                assert_eq!(events[0].payload.contains(&inner(&document)), !failed, "{case}");
            }
        }
        telephones(&desk, &people, &case);
    }
}

/// What stands inside the outermost element.
fn inner(document: &str) -> String {
    let inner = document.strip_prefix("<User>").and_then(|text| text.strip_suffix("</User>"));
    inner.expect("a user").to_owned()
}

/// Checks that each user who is signed in has a telephone of its own, and nobody else has one.
fn telephones(desk: &Desk, people: &[UserId], case: &str) {
    let mut taken = HashSet::new();
    for user in people {
        let document = get(desk, *user);
        let extension = field(&document, "extension");
        assert_eq!(extension.is_empty(), field(&document, "state") == "LOGOUT", "{case}");
        if !extension.is_empty() {
            assert_eq!(desk.find(ROOT, &extension), Ok(*user), "{case}");
            assert!(taken.insert(extension), "{case}");
        }
    }
    for free in ["1000", "1001", "1002"].iter().filter(|extension| !taken.contains(**extension)) {
        assert!(desk.find(ROOT, free).is_err(), "{case}");
    }
}
