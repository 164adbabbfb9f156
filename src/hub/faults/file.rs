//! The faults of the configuration: how they are read, and what a reload makes of them.

use std::collections::HashSet;
use std::net::SocketAddr;

use crate::clock::Now;
use crate::config::{Config, FaultSection, Place, Problem, proposal};
use crate::desk::Desk;
use crate::fault::{self, FAULTS_MAX, Origin, Pattern, Point, Spec};
use crate::hub::faults::state::FileFault;
use crate::hub::nodes;
use crate::hub::state::Hub;

/// Reads the faults of a configuration, whose flags are applied.
///
/// # Errors
///
/// Returns every problem.
pub fn of_file(config: &Config) -> Result<Vec<FileFault>, Vec<Problem>> {
    let Some(first) = config.fault_sections.first() else { return Ok(Vec::new()) };
    let refused = |place: Place, sentence: &str| Err(vec![config.problem(place, sentence)]);
    if !cfg!(feature = "lab") {
        return refused(
            first.place,
            "[[fault]] is nothing for this program, which was built without the feature lab; leave it out, or use the whole program",
        );
    }
    if !config.faults {
        return refused(
            first.place,
            "[[fault]] needs faults = true; add that above the first section, or start callboard serve with --faults",
        );
    }
    if let Some(more) = config.fault_sections.get(FAULTS_MAX) {
        let sentence = format!("there can be {FAULTS_MAX} sections [[fault]]; leave some out");
        return refused(more.place, &sentence);
    }
    let mut problems = Vec::new();
    let faults: Vec<FileFault> = config
        .fault_sections
        .iter()
        .filter_map(|section| {
            if !fault::is_name(&section.name) {
                let sentence =
                    "name must have 1 to 64 letters, digits, dots, dashes and underscores, and not be kinds, active, root.pem or intermediate.pem";
                problems.push(config.problem(section.name_place, sentence));
            }
            let spec = read(config, section, &mut problems)?;
            check_names(config, section, &spec, &mut problems);
            Some(FileFault { name: section.name.as_str().into(), spec })
        })
        .collect();
    check_listeners(config, &faults, &mut problems);
    if problems.is_empty() {
        return Ok(faults);
    }
    Problem::sort(&mut problems);
    Err(problems)
}

/// Reads a fault, or reports all that is wrong with its keys.
fn read(config: &Config, section: &FaultSection, problems: &mut Vec<Problem>) -> Option<Spec> {
    let mut keys: Vec<_> = section.keys.iter().collect();
    let before = problems.len();
    loop {
        let problem = match Spec::of_file(keys.iter().map(|key| (&*key.name, &*key.value))) {
            Ok(spec) => return Some(spec).filter(|_| problems.len() == before),
            Err(problem) => problem,
        };
        let wrong = keys.iter().position(|key| *key.name == *problem.parameter);
        let place = wrong.map_or(section.place, |at| {
            if problem.is_name { keys[at].name_place } else { keys[at].value_place }
        });
        problems.push(config.problem(place, problem.sentence.trim_end_matches('.')));
        // Without its kind nothing more can be said of a fault.
        let wrong = wrong.filter(|_| &*problem.parameter != "kind")?;
        keys.remove(wrong);
    }
}

/// Reports users, teams and nodes that there are not.
fn check_names(config: &Config, section: &FaultSection, spec: &Spec, problems: &mut Vec<Problem>) {
    let mut unknown = |key: &str, end: String| {
        let key = section.keys.iter().find(|other| other.name == key);
        let place = key.map_or(section.place, |key| key.value_place);
        problems.push(config.problem(place, end));
    };
    if let Some(user) = &spec.target.user
        && !config.users.iter().any(|known| *known.id == **user)
    {
        let end = proposal(user, config.users.iter().map(|user| &*user.id));
        unknown("user", format!("user {user:?} is not declared by any [[user]]{end}"));
    }
    if let Some(team) = &spec.target.team
        && !config.teams.iter().any(|known| *known.id == **team)
    {
        let end = proposal(team, config.teams.iter().map(|team| &*team.id));
        unknown("team", format!("team {team:?} is not declared by any [[team]]{end}"));
    }
    if let Some(node) = &spec.target.node
        && !is_node(config, node)
    {
        unknown(
            "node",
            "node is no node of this configuration, and begins none; name one as /finesse/api/User/ID, or a beginning and a star"
                .to_owned(),
        );
    }
}

fn is_node(config: &Config, wanted: &Pattern) -> bool {
    let all = nodes::all(&Desk::new(config.clone()), &config.nodes);
    all.iter().any(|node| node.ends.iter().any(|end| wanted.has(&format!("{}{end}", node.name))))
}

/// Reports faults of new connections that would leave no listener on which they could be healed.
fn check_listeners(config: &Config, faults: &[FileFault], problems: &mut Vec<Problem>) {
    let listeners: HashSet<SocketAddr> = config.addresses().collect();
    // Faults are healed over HTTP.
    // STARTTLS does, too. Addresses say less: two listeners may have 127.0.0.1:0.
    let with_tls = [&config.listen, &config.listen_xmpp, &config.listen_xmpp_plain];
    let shows_certificate = with_tls.iter().any(|listeners| !listeners.is_empty());
    let mut left: HashSet<_> = config.listen.iter().chain(&config.listen_plain).copied().collect();
    for fault in faults {
        let Some(section) = config.fault_sections.iter().find(|section| *section.name == *fault.name) else {
            continue;
        };
        let (kind, is_of_arrival) = (fault.spec.row.name, fault.spec.row.point == Point::Accept);
        let target = &fault.spec.target;
        let key = section.keys.iter().find(|key| key.name == "listener");
        let place = key.map_or(section.place, |key| key.value_place);
        match (target.address, target.listener) {
            (None, None) if is_of_arrival => {
                let sentence = format!("{kind} needs a target; name a listener, an address or both");
                problems.push(config.problem(place, sentence));
            }
            (_, Some(listener)) if !listeners.contains(&listener) => {
                let mut all: Vec<_> = listeners.iter().map(ToString::to_string).collect();
                all.sort();
                let sentence = format!("there is no listener {listener}; there are {}", all.join(", "));
                problems.push(config.problem(place, sentence));
            }
            (_, Some(listener))
                if fault.spec.row.point == Point::Handshake && config.listen_plain.contains(&listener) =>
            {
                let sentence = format!(
                    "{listener} has no TLS, so that nobody sees a certificate there; name a listener with TLS"
                );
                problems.push(config.problem(place, sentence));
            }
            (_, None) if fault.spec.row.point == Point::Handshake && !shows_certificate => {
                let sentence = "no listener has TLS, so that nobody sees a certificate; add one to listen";
                problems.push(config.problem(place, sentence));
            }
            (None, Some(listener)) if is_of_arrival && left.remove(&listener) && left.is_empty() => {
                let sentence = "no listener would be left on which somebody could heal this fault; add another one to listen or listen_plain";
                problems.push(config.problem(place, sentence));
            }
            _ => {}
        }
    }
}

impl Hub {
    /// Faults of the configuration take the place of those of the one before. A fault that stands in both stays as it is, also healed
    /// or ended; faults that somebody has set stay. Returns a sentence for each that is not set.
    pub fn take_file_faults(&mut self, now: Now, mut new: Vec<FileFault>) -> Vec<String> {
        if !cfg!(feature = "lab") {
            return Vec::new();
        }
        let old = std::mem::take(&mut self.faults.of_file);
        for fault in old.iter().filter(|old| !new.iter().any(|new| new.name == old.name)) {
            let is_set = |set: &&fault::Fault| set.name == fault.name && set.origin == Origin::File;
            if self.faults.set.list().iter().any(|set| is_set(&set)) {
                self.heal_fault(now, &fault.name);
            }
        }
        let mut refusals = Vec::new();
        // What is refused is tried again with the next reload.
        new.retain(|fault| {
            if old.iter().any(|old| old.is_as(fault)) {
                return true;
            }
            let set = self.set_fault(now, &fault.name, fault.spec.clone());
            if let Err(refused) = &set {
                refusals.push(format!(
                    "the fault {} of the file is not set. {}",
                    fault.name,
                    refused.sentence()
                ));
            }
            set.is_ok()
        });
        self.faults.of_file = new;
        refusals
    }
}
