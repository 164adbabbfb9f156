//! The people of the contact centre, as the configuration has them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::config::{Role, User};
use crate::id::UserId;
use crate::xmpp::jid;

/// The users, by their keys and names.
#[derive(Debug)]
pub struct Directory {
    users: Vec<User>,
    ids: HashMap<String, UserId>,
    login_names: HashMap<String, UserId>,
}

impl Directory {
    /// The users of a configuration, whose ids are distinct.
    pub fn new(users: Vec<User>) -> Self {
        let ids = (0..).zip(&users).map(|(key, user)| (user.id.clone(), UserId(key))).collect();
        let prepared = |name: &str| jid::prepare_local(name).map(Cow::into_owned).ok();
        let login_names = (0..)
            .zip(&users)
            .filter_map(|(key, user)| Some((prepared(user.login_name.as_deref()?)?, UserId(key))))
            .collect();
        Self { users, ids, login_names }
    }

    /// The user with that id, which is the localpart of the JID too.
    pub fn find(&self, id: &str) -> Option<UserId> {
        self.ids.get(id).copied()
    }

    /// The user with that id or login name, as HTTP accepts either; upper case is as good as lower.
    pub fn find_login(&self, name: &str) -> Option<UserId> {
        let name = jid::prepare_local(name).ok()?;
        self.find(&name).or_else(|| self.login_names.get(&*name).copied())
    }

    /// What the configuration says of a user.
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

    /// How many there are.
    pub fn count(&self) -> usize {
        self.users.len()
    }

    /// The keys of all.
    pub fn keys(&self) -> impl Iterator<Item = UserId> + use<> {
        (0..).take(self.count()).map(UserId)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.users.iter()
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
        for name in ["ada", "ADA", "Ada.Lovelace", "ada.lovelace"] {
            assert_eq!(directory.find_login(name), Some(UserId(0)), "{name}");
        }
        for name in ["", "ad", "a b"] {
            assert_eq!(directory.find_login(name), None, "{name}");
        }
    }
}
