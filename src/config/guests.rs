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
        let mut taken = Taken::of(config);
        for team in &self.teams {
            if taken.teams.insert(team.id.clone()) {
                config.teams.push(team.clone());
            }
        }
        for user in &self.users {
            if taken.problem_of(user).is_none() {
                taken.add(user);
                config.users.push(user.clone());
            }
        }
        for queue in &self.queues {
            let is_free = !taken.queues.contains(&queue.id) && !taken.numbers.contains(&queue.number);
            if is_free && taken.teams.contains(&queue.team) {
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

/// The ids, names and numbers of a configuration: looked up, as thousands of users may be compared with a thousand others.
pub struct Taken {
    /// Ids and login names.
    names: HashSet<String>,
    numbers: HashSet<String>,
    teams: HashSet<String>,
    queues: HashSet<String>,
}

impl Taken {
    /// All of a configuration.
    pub fn of(config: &Config) -> Self {
        let outside = config.outside.busy.iter().chain(&config.outside.no_answer);
        let mut taken = Self {
            names: HashSet::new(),
            numbers: outside.chain(config.queues.iter().map(|queue| &queue.number)).cloned().collect(),
            teams: config.teams.iter().map(|team| team.id.clone()).collect(),
            queues: config.queues.iter().map(|queue| queue.id.clone()).collect(),
        };
        config.users.iter().for_each(|user| taken.add(user));
        taken
    }

    /// Adds the id, the login name and the telephone of a user.
    pub fn add(&mut self, user: &User) {
        self.names.extend([Some(&user.id), user.login_name.as_ref()].into_iter().flatten().cloned());
        self.numbers.extend(user.extension.clone());
    }

    /// Adds a team, and a queue with its number.
    pub fn add_team(&mut self, team: &str, queue: &Queue) {
        self.teams.insert(team.to_owned());
        self.queues.insert(queue.id.clone());
        self.numbers.insert(queue.number.clone());
    }

    /// A number for a telephone or a queue that nothing has.
    pub fn free_number(&self) -> String {
        let mut numbers = (FIRST_NUMBER..).map(|number| number.to_string());
        numbers.find(|number| !self.numbers.contains(number)).unwrap_or_default()
    }

    /// Says why a user cannot be added.
    pub fn problem_of(&self, user: &User) -> Option<String> {
        let id = &user.id;
        wrong("id", id, rules::user_id(id))
            .or_else(|| {
                user.extension.as_ref().and_then(|one| wrong("extension", one, rules::extension(one)))
            })
            .or_else(|| {
                let names = [("first_name", &user.first_name), ("last_name", &user.last_name)];
                let mut given = names.into_iter().filter(|(_, name)| !name.is_empty());
                given.find_map(|(key, name)| wrong(key, name, rules::name(name)))
            })
            .or_else(|| {
                let mut named = user.team.iter().chain(&user.supervises);
                let unknown = named.find(|team| !self.teams.contains(*team));
                unknown.map(|team| format!("There is no team {team:?}."))
            })
            .or_else(|| {
                let lacks = user.roles.contains(&Role::Agent) && user.team.is_none();
                lacks.then(|| "An Agent needs a team: add team=ID.".to_owned())
            })
            .or_else(|| self.names.contains(id).then(|| format!("There is a user {id:?} already.")))
            .or_else(|| {
                let number = user.extension.as_ref().filter(|number| self.numbers.contains(*number));
                number.map(|number| format!("The number {number} belongs to somebody else."))
            })
    }

    /// Says why a team cannot be added.
    pub fn problem_of_new_team(&self, team: &Team) -> Option<String> {
        let Team { id, name, .. } = team;
        wrong("id", id, rules::team_id(id))
            .or_else(|| wrong("name", name, rules::name(name)))
            .or_else(|| self.teams.contains(id).then(|| format!("There is a team {id:?} already.")))
    }

    /// Says why a queue cannot be added.
    pub fn problem_of_queue(&self, queue: &Queue) -> Option<String> {
        let Queue { id, name, team, number } = queue;
        wrong("id", id, rules::team_id(id))
            .or_else(|| wrong("name", name, rules::name(name)))
            .or_else(|| wrong("number", number, rules::extension(number)))
            .or_else(|| self.queues.contains(id).then(|| format!("There is a queue {id:?} already.")))
            .or_else(|| (!self.teams.contains(team)).then(|| format!("There is no team {team:?}.")))
            .or_else(|| {
                let is_taken = self.numbers.contains(number);
                is_taken.then(|| format!("The number {number} belongs to somebody else."))
            })
    }

    /// Says why a team or a queue of many users cannot be added.
    pub fn problem_of_team(&self, id: &str) -> Option<String> {
        let rule = rules::team_id(id).err().map(|end| format!("team {id:?} {end}."));
        let is_known = || self.teams.contains(id) || self.queues.contains(id);
        rule.or_else(|| is_known().then(|| format!("There is a team or a queue {id:?} already.")))
    }
}

fn wrong(key: &str, value: &str, rule: Result<(), String>) -> Option<String> {
    rule.err().map(|end| format!("{key} {value:?} {end}."))
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
