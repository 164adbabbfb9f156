//! Looks whether a contact centre has all that a scenario names.

use crate::config::{Category, Problem, Role, proposal};
use crate::desk::Desk;
use crate::scenario::file::{Do, File, Name};

impl File {
    /// The problems of a scenario with a contact centre: users, numbers and reasons that it does not have.
    pub fn check(&self, desk: &Desk) -> Vec<Problem> {
        let mut problems = Vec::new();
        let directory = desk.directory();
        let user = |name: &Name| match directory.find(&name.id) {
            Some(user) => Ok(user),
            None => {
                let known = directory.keys().map(|key| &*directory.get(key).id);
                let end = proposal(&name.id, known);
                Err(self.problem(name.place, format!("there is no user {:?}{end}", name.id)))
            }
        };
        for group in &self.agents {
            for name in &group.users {
                let found = user(name).and_then(|user| {
                    let of = directory.get(user);
                    if !of.roles.contains(&Role::Agent) || of.extension.is_none() {
                        let sentence = format!("{:?} is played, but no agent with an extension", name.id);
                        return Err(self.problem(name.place, sentence));
                    }
                    Ok(user)
                });
                match (found, &group.breaks) {
                    (Err(problem), _) => problems.push(problem),
                    (Ok(user), Some(breaks)) => {
                        let wrong =
                            breaks.reason.filter(|id| !desk.has_reason(user, Category::NotReady, *id));
                        if let Some(id) = wrong {
                            let sentence = format!("{:?} has no reason {id} for NOT_READY", name.id);
                            problems.push(self.problem(breaks.place, sentence));
                        }
                    }
                    (Ok(_), None) => {}
                }
            }
        }
        for arrivals in &self.arrivals {
            if !desk.has_number(&arrivals.queue.id) {
                let sentence = format!(
                    "{:?} is neither the number or id of a queue nor an extension",
                    arrivals.queue.id
                );
                problems.push(self.problem(arrivals.queue.place, sentence));
            }
        }
        let steps = self.at.iter().map(|at| (at.place, &at.what));
        for (place, what) in steps.chain(self.on.iter().map(|on| (on.place, &on.what))) {
            match what {
                Do::Call { to, .. } if !desk.has_number(to) => {
                    let sentence = format!("{to:?} is neither the number or id of a queue nor an extension");
                    problems.push(self.problem(place, sentence));
                }
                Do::State { user: name, by, .. } => {
                    let both = [Some(name), by.as_ref()];
                    problems.extend(both.into_iter().flatten().filter_map(|name| user(name).err()));
                }
                Do::Dialog { user: name, .. }
                | Do::Medium { user: name, .. }
                | Do::Message { user: name, .. }
                | Do::Publish { user: name, .. }
                | Do::EndSession(name) => problems.extend(user(name).err()),
                _ => {}
            }
        }
        Problem::sort(&mut problems);
        problems
    }
}
