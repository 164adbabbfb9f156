//! The people of the contact centre, as the configuration has them.

use std::collections::HashMap;

use crate::config::password::Password;
use crate::config::{Role, User};
use crate::id::UserId;
use crate::xmpp::jid;

/// The users, by their keys and names. A user who is taken out of the configuration leaves a place, for when the user comes back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// In the order in which they were first there.
    users: Vec<User>,
    /// Whether each of them is there now.
    present: Vec<bool>,
    /// By id.
    places: HashMap<String, UserId>,
    /// Of those who are there now.
    login_names: HashMap<String, UserId>,
}

impl Directory {
    /// The users of a configuration, whose ids are distinct.
    pub fn new(users: Vec<User>) -> Self {
        let mut directory = Self::default();
        directory.replace(users);
        directory
    }

    /// From now on these are the users; their ids are distinct. A user who was there before keeps the key.
    pub fn replace(&mut self, users: Vec<User>) {
        self.login_names.clear();
        self.present.fill(false);
        self.users.reserve_exact(users.len().saturating_sub(self.users.len()));
        for user in users {
            let next = UserId(u32::try_from(self.users.len()).unwrap_or(u32::MAX));
            let key = *self.places.entry(user.id.clone()).or_insert(next);
            let prepared = user.login_name.as_deref().and_then(|name| jid::prepare_local(name).ok());
            if let Some(name) = prepared {
                self.login_names.insert(name.into_owned(), key);
            }
            match self.users.get_mut(key.0 as usize) {
                Some(place) => (*place, self.present[key.0 as usize]) = (user, true),
                None => {
                    self.users.push(user);
                    self.present.push(true);
                }
            }
        }
        for (gone, _) in self.users.iter_mut().zip(&self.present).filter(|(_, present)| !**present) {
            // An earlier request of the user may come to its turn only now.
            gone.roles.clear();
            gone.supervises.clear();
            gone.team = None;
            gone.password = Password::nobodys();
        }
    }

    /// The user with that id, which is the localpart of the JID too.
    pub fn find(&self, id: &str) -> Option<UserId> {
        self.places.get(id).copied().filter(|user| self.has(*user))
    }

    /// The user with that id or login name, as HTTP accepts either, alone or before the `domain`; upper case is as good as
    /// lower.
    pub fn find_login(&self, name: &str, domain: &str) -> Option<UserId> {
        // Most write it as it is.
        self.find_prepared(name).or_else(|| self.find_prepared(&jid::prepare_login(name, domain).ok()?))
    }

    /// The user with that id or login name, as nodeprep leaves it.
    pub fn find_prepared(&self, name: &str) -> Option<UserId> {
        self.find(name).or_else(|| self.login_names.get(name).copied())
    }

    /// Tells whether a user is still there.
    pub fn has(&self, user: UserId) -> bool {
        self.present[user.0 as usize]
    }

    /// Returns a user as the configuration has it, or had it last.
    pub fn get(&self, user: UserId) -> &User {
        // A UserId is made above only.
        &self.users[user.0 as usize]
    }

    /// Tells whether a user has the Administrator role.
    pub fn is_administrator(&self, user: UserId) -> bool {
        self.get(user).roles.contains(&Role::Administrator)
    }

    /// Tells whether one of two users watches over the team of the other.
    pub fn supervises(&self, supervisor: UserId, member: UserId) -> bool {
        let team = self.get(member).team.as_ref();
        team.is_some_and(|team| self.get(supervisor).supervises.contains(team))
    }

    /// The number of places. A removed user keeps one.
    pub fn places(&self) -> usize {
        self.users.len()
    }

    /// The keys of all who are there.
    pub fn keys(&self) -> impl Iterator<Item = UserId> {
        (0..).zip(&self.present).filter(|(_, present)| **present).map(|(key, _)| UserId(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_login_over_http_takes_either_name_in_any_case() {
        let text = "[[user]]\nid = \"ada\"\nlogin_name = \"Ada.Lovelace\"\nroles = [\"Administrator\"]\npassword = \"x\"";
        let directory = Directory::new(Config::parse(text, "c.toml").expect("a valid file").users);
        for name in ["ada", "ADA", "Ada.Lovelace", "ada.lovelace", "Ada@Localhost", "ada.lovelace@localhost."]
        {
            assert_eq!(directory.find_login(name, "localhost"), Some(UserId(0)), "{name}");
        }
        for name in ["", "ad", "a b", "@localhost", "ada@", "ada@elsewhere", "ada@localhost/x"] {
            assert_eq!(directory.find_login(name, "localhost"), None, "{name}");
        }
    }

    #[test]
    fn nothing_that_opens_a_door_is_kept_of_a_user_who_is_gone() {
        let mut directory = Directory::new(Config::demo().users);
        directory.replace(Vec::new());
        for user in &directory.users {
            assert!(user.password == Password::nobodys() && user.roles.is_empty(), "{}", user.id);
        }
        directory.replace(Config::demo().users);
        assert!(directory.keys().all(|key| directory.get(key).password != Password::nobodys()));
    }
}
