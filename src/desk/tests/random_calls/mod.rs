//! Whatever is done with calls in whatever order: the rules of the desk hold, and who follows the events knows all.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::config::campaigns::Customer;
use crate::config::{Profile, Role};
use crate::desk::dialog::call::{Action, CallType, Participant, Party, Phase};
use crate::desk::nodes;
use crate::desk::state::State;
#[cfg(feature = "replica")]
use crate::desk::tests::shared::Twin;
use crate::desk::tests::*;
use crate::desk::timers::Alarm;
use crate::desk::{Applied, CallData, Command, DialogRequest, Inbound, NewContact, Past, Request};
use crate::id::DialogId;

type Checked = Result<(), String>;

macro_rules! must {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

mod files;
mod people;
mod rules;
mod scenarios;
mod steps;

use files::{AGENTS, NUMBERS, OTHERWISE, WATCHER, centre};
use steps::{Do, sequence};

/// Knowledge of a client that has read all events.
#[derive(Default)]
struct Reader {
    user: Option<String>,
    /// State and the time of its change, from the node of the team.
    summary: Option<(String, String)>,
    dialogs: BTreeMap<String, String>,
}

struct Centre {
    desk: Desk,
    profile: Profile,
    nodes: HashSet<String>,
    readers: Vec<Reader>,
    /// The key of each agent.
    agents: Vec<UserId>,
    /// The keys of those who are gone.
    former: Vec<UserId>,
    now: u64,
    /// The file that was read last.
    file: usize,
    /// A desk to go back to, and its time.
    past: Option<(Desk, Now)>,
    /// A desk from the bytes of the other.
    #[cfg(feature = "replica")]
    twin: Twin,
    /// The commands, each with its time and its effect.
    log: Vec<(u64, Command, Result<Applied, ApiError>)>,
}

impl Centre {
    fn new(name: &str) -> Self {
        let config = centre(name, 0);
        let profile = config.profile;
        let desk = Desk::new(config);
        let centres = (0..OTHERWISE.len()).map(|which| Desk::new(centre(name, which)));
        let nodes = centres.flat_map(|desk| crate::hub::nodes::all(&desk, &[]));
        let nodes = nodes.flat_map(|spec| spec.names().collect::<Vec<_>>()).collect();
        let readers = (0..AGENTS).map(|_| Reader::default()).collect();
        let agents = (0..AGENTS).map(UserId::first).collect();
        Self {
            desk,
            profile,
            nodes,
            readers,
            agents,
            former: Vec::new(),
            now: 0,
            file: 0,
            past: None,
            #[cfg(feature = "replica")]
            twin: Twin::default(),
            log: Vec::new(),
        }
    }

    /// Returns whether it was accepted.
    fn step(&mut self, what: &Do) -> Result<bool, String> {
        self.now += 1;
        let Some(command) = self.command(what) else { return Ok(false) };
        if let Command::Request { actor, request, .. } = &command {
            // As the hub does.
            for user in self.desk.signing_in(*actor, request).collect::<Vec<_>>() {
                self.apply(Command::EndSignIn(user))?;
            }
        }
        self.apply(command)
    }

    /// Returns whether it was accepted.
    fn apply(&mut self, command: Command) -> Result<bool, String> {
        // What comes of a sign-in has the id of its request.
        let is_signing_in = self.desk.agents.values().any(|agent| agent.sign_in.is_some());
        let request_ids = match command {
            Command::Request { .. } => &["r"][..],
            _ if is_signing_in => &["", "r"],
            _ => &[""],
        };
        let before = format!("{:?}", self.desk);
        let (last, begins_again) = (self.desk.last_dialog, matches!(command, Command::Reset(_)));
        let applied = self.desk.apply(at(self.now), command.clone());
        #[cfg(feature = "replica")]
        self.mind_twin(&command, &applied)?;
        self.log.push((self.now, command, applied.clone()));
        let refusals = applied.as_ref().err().map(told);
        let events = applied.ok().map(|applied| applied.events);
        let Some(events) = events else {
            must!(format!("{:?}", self.desk) == before, "refused, and something has changed: {refusals:?}");
            return Ok(false);
        };
        for event in &events {
            self.read(event, request_ids)?;
        }
        self.mind_people()?;
        self.check()?;
        must!(begins_again || self.desk.last_dialog >= last, "ids are given again: {last}");
        if begins_again {
            self.check_begun()?;
        }
        Ok(true)
    }
}

#[cfg(feature = "replica")]
impl Centre {
    /// A desk that is read from bytes goes on as the other one does.
    fn mind_twin(&mut self, command: &Command, applied: &Result<Applied, ApiError>) -> Checked {
        self.twin.follow(at(self.now), command.clone(), applied)?;
        if self.log.len().is_multiple_of(7) {
            self.twin.renew(at(self.now), &self.desk, self.config())?;
        }
        Ok(())
    }
}

/// Everybody signs in and most are ready; then that happens. Returns which rule was broken at which place.
fn run(name: &str, all: &[Do]) -> Result<u64, (usize, String)> {
    let mut centre = Centre::new(name);
    let mut accepted = 0;
    for (place, what) in all.iter().enumerate() {
        let step = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| centre.step(what)));
        match step {
            Ok(Ok(done)) => accepted += u64::from(done),
            Ok(Err(broken)) => return Err((place, broken)),
            Err(_) => return Err((place, "panic: see above".to_owned())),
        }
    }
    Ok(accepted)
}

fn class(broken: &str) -> String {
    broken.split(':').next().unwrap_or_default().to_owned()
}

/// Finds as few steps as possible that lead to the breach.
fn shrink(name: &str, mut all: Vec<Do>, of: &str) -> (Vec<Do>, String) {
    let mut said = String::new();
    loop {
        let mut shorter = None;
        for place in (0..all.len()).rev() {
            let mut fewer = all.clone();
            fewer.remove(place);
            if let Err((at, broken)) = run(name, &fewer)
                && class(&broken) == of
            {
                fewer.truncate(at + 1);
                said = broken;
                shorter = Some(fewer);
                break;
            }
        }
        match shorter {
            Some(fewer) => all = fewer,
            None => return (all, said),
        }
    }
}

#[test]
fn two_desks_that_apply_the_same_commands_publish_the_same_and_are_equal() {
    for (name, seed) in ["uccx", "ucce"].into_iter().flat_map(|name| (0..10).map(move |seed| (name, seed))) {
        let mut first = Centre::new(name);
        for what in sequence(&mut fastrand::Rng::with_seed(seed)) {
            first.step(&what).expect("no rule is broken");
        }
        let mut second = Desk::new(centre(name, 0));
        assert!(second != first.desk, "{name}, {seed}: the commands change nothing");
        for (time, command, applied) in &first.log {
            assert_eq!(second.apply(at(*time), command.clone()), *applied, "{name}, {seed}: {command:?}");
        }
        assert!(second == first.desk, "{name}, {seed}: {second:#?}\n{:#?}", first.desk);
    }
}

#[test]
fn calls_in_any_order_break_no_rule() {
    // More of them with STEPS=200000.
    let steps: usize = std::env::var("STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(2_000);
    let mut found: BTreeMap<(String, String), (usize, Vec<Do>)> = BTreeMap::new();
    for name in ["uccx", "ucce"] {
        let (mut done, mut seed, mut accepted) = (0, 0, 0);
        while done < steps {
            let mut random = fastrand::Rng::with_seed(seed);
            seed += 1;
            let mut all = sequence(&mut random);
            done += all.len();
            match run(name, &all) {
                Ok(count) => accepted += count,
                Err((place, broken)) => {
                    all.truncate(place + 1);
                    let entry = found.entry((class(&broken), name.to_owned())).or_insert((0, all.clone()));
                    entry.0 += 1;
                    if all.len() < entry.1.len() {
                        entry.1 = all;
                    }
                }
            }
        }
        println!("{name}: {seed} sequences, {accepted} accepted in those without a breach");
    }
    for ((of, name), (count, all)) in &found {
        let (all, said) = shrink(name, all.clone(), of);
        println!("== {name}, {count} times: {said}");
        for what in all {
            println!("     {what:?}");
        }
    }
    assert!(found.is_empty(), "{} kinds of breaches", found.len());
}
