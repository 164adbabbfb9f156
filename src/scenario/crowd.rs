//! More agents than a file names, or fewer.

use crate::config::password::Password;
use crate::config::{Config, User};
use crate::scenario::file::{File, Name};

/// The first extension that is tried for another agent.
const FIRST_EXTENSION: usize = 600_001;

/// Lets so many agents be played, with as many more or fewer callers for each minute. Agents beyond those of the file are added to
/// the configuration, each in the team of one of them. A file without agents stays as it is.
pub fn crowd(file: &mut File, config: &mut Config, wanted: usize) {
    let models: Vec<(usize, Name)> = file
        .agents
        .iter()
        .enumerate()
        .flat_map(|(group, agents)| agents.users.iter().map(move |user| (group, user.clone())))
        .collect();
    if models.is_empty() {
        return;
    }
    for agents in &mut file.agents {
        agents.users.clear();
    }
    for (number, (group, model)) in models.iter().cycle().take(wanted).enumerate() {
        let mut name = model.clone();
        if number >= models.len()
            && let Some(user) = config.users.iter().find(|user| *user.id == *model.id).cloned()
        {
            name.id = format!("{}-{}", model.id, number / models.len() + 1).into();
            config.users.push(User {
                id: name.id.to_string(),
                login_name: None,
                password: Password::nobodys(),
                extension: Some((FIRST_EXTENSION + number).to_string()),
                devices: Vec::new(),
                ..user
            });
        }
        file.agents[*group].users.push(name);
    }
    for (_, calls) in file.arrivals.iter_mut().flat_map(|arrivals| &mut arrivals.curve.points) {
        *calls = *calls * wanted as u64 / models.len() as u64;
    }
}
