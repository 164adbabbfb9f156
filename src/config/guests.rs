//! Users, teams and queues that are there beside those of the file until the server begins again.

use std::collections::HashSet;

use crate::config::configuration::Config;
use crate::config::password::Password;
use crate::config::queues::Queue;
use crate::config::rules;
use crate::config::users::{Role, Team, User};

/// The most users of this kind at a time, and the most teams, each with a queue: a team stays when its users go one by one.
pub const GUESTS_MAX: usize = 1000;

/// The first number that is tried for a telephone or a queue that needs one.
const FIRST_NUMBER: u32 = 70_001;

/// Users, teams and queues beside those of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guests {
    pub teams: Vec<Team>,
    pub users: Vec<User>,
    pub queues: Vec<Queue>,
}

impl Guests {
    /// Adds them to a configuration, but for those whose names or numbers it has itself, or whose team it has no more.
    pub fn add_to(&self, config: &mut Config) {
        for team in &self.teams {
            if config.teams.iter().all(|own| own.id != team.id) {
                config.teams.push(team.clone());
            }
        }
        for user in &self.users {
            if problem_of_user(config, user).is_none() {
                config.users.push(user.clone());
            }
        }
        for queue in &self.queues {
            let is_known = config.teams.iter().any(|team| team.id == queue.team);
            if is_known
                && config.queues.iter().all(|own| own.id != queue.id)
                && !is_number(config, &queue.number)
            {
                config.queues.push(queue.clone());
            }
        }
    }

    /// Forgets a user alone. Tells how many there were.
    pub fn remove_user(&mut self, id: &str) -> usize {
        let before = self.users.len();
        self.users.retain(|user| user.id != id);
        before - self.users.len()
    }

    /// Forgets those whose ids are named. Tells how many users, teams and queues there were.
    pub fn remove(&mut self, is_named: impl Fn(&str) -> bool) -> usize {
        let count = |all: &Self| all.users.len() + all.queues.len() + all.teams.len();
        let before = count(self);
        self.users.retain(|user| !is_named(&user.id));
        self.queues.retain(|queue| !is_named(&queue.id));
        self.teams.retain(|team| !is_named(&team.id));
        before - count(self)
    }
}

/// All numbers of a configuration.
pub fn numbers(config: &Config) -> HashSet<String> {
    let of_users = config.users.iter().filter_map(|user| user.extension.as_ref());
    let others = config.queues.iter().map(|queue| &queue.number).chain(&config.outside.busy);
    of_users.chain(others).chain(&config.outside.no_answer).cloned().collect()
}

/// A number that is none of `taken`, and is one of them from now on.
pub fn free_number(taken: &mut HashSet<String>) -> String {
    let mut numbers = (FIRST_NUMBER..).map(|number| number.to_string());
    let free = numbers.find(|number| !taken.contains(number)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

fn is_number(config: &Config, number: &str) -> bool {
    config.users.iter().any(|user| user.extension.as_deref() == Some(number))
        || config.queues.iter().any(|queue| queue.number == number)
        || config.outside.busy.iter().chain(&config.outside.no_answer).any(|own| own == number)
}

/// Says why a user cannot be added to a configuration.
pub fn problem_of_user(config: &Config, user: &User) -> Option<String> {
    let wrong = |key: &str, value: &str, rule: Result<(), String>| {
        rule.err().map(|end| format!("{key} {value:?} {end}."))
    };
    let id = &user.id;
    let answers_to = |own: &User| own.id == *id || own.login_name.as_ref().is_some_and(|name| name == id);
    wrong("id", id, rules::user_id(id))
        .or_else(|| user.extension.as_ref().and_then(|one| wrong("extension", one, rules::extension(one))))
        .or_else(|| {
            let names = [("first_name", &user.first_name), ("last_name", &user.last_name)];
            let mut given = names.into_iter().filter(|(_, name)| !name.is_empty());
            given.find_map(|(key, name)| wrong(key, name, rules::name(name)))
        })
        .or_else(|| {
            let is_known = |team: &String| config.teams.iter().any(|own| own.id == *team);
            let unknown = user.team.iter().chain(&user.supervises).find(|team| !is_known(team));
            unknown.map(|team| format!("There is no team {team:?}."))
        })
        .or_else(|| {
            let lacks = user.roles.contains(&Role::Agent) && user.team.is_none();
            lacks.then(|| "An Agent needs a team: add team=ID.".to_owned())
        })
        .or_else(|| config.users.iter().any(answers_to).then(|| format!("There is a user {id:?} already.")))
        .or_else(|| {
            let taken = user.extension.as_ref().filter(|number| is_number(config, number));
            taken.map(|number| format!("The number {number} belongs to somebody else."))
        })
}

/// Says why a team cannot be added to a configuration.
pub fn problem_of_team(config: &Config, id: &str) -> Option<String> {
    let rule = rules::team_id(id).err().map(|end| format!("team {id:?} {end}."));
    let is_known =
        || config.teams.iter().any(|own| own.id == id) || config.queues.iter().any(|own| own.id == id);
    rule.or_else(|| is_known().then(|| format!("There is a team or a queue {id:?} already.")))
}

/// A user without names and devices.
pub fn user(id: String, password: Password) -> User {
    User {
        id,
        login_name: None,
        password,
        first_name: String::new(),
        last_name: String::new(),
        roles: vec![Role::Agent],
        team: None,
        supervises: Vec::new(),
        extension: None,
        devices: Vec::new(),
        sso: false,
    }
}
