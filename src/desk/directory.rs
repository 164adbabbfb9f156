//! The people of the contact centre, as the configuration has them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::config::password::Password;
use crate::config::{Role, User};
use crate::id::UserId;
use crate::id::places::Places;
use crate::xmpp::jid;

/// A user of this configuration, or of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    user: User,
    is_present: bool,
}

/// The users, by their keys and names. A user who is taken out of the configuration keeps a place until the next one comes, for
/// the end of what the user has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    users: Places<Entry>,
    /// The users whom this configuration does not have any more, by their keys.
    gone: Vec<UserId>,
    /// By id.
    ids: HashMap<String, UserId>,
    login_names: HashMap<String, UserId>,
    /// Stands for a user whose place has been given back.
    nobody: User,
}

/// Takes from a user who is gone all that opens a door: an earlier request may come to its turn only now.
fn shut_out(user: &mut User) {
    user.roles.clear();
    user.supervises.clear();
    user.team = None;
    user.password = Password::nobodys();
}

impl Directory {
    /// The users of a configuration, whose ids are distinct.
    pub fn new(users: Vec<User>) -> Self {
        let nobody = User {
            id: String::new(),
            login_name: None,
            password: Password::nobodys(),
            first_name: String::new(),
            last_name: String::new(),
            roles: Vec::new(),
            team: None,
            supervises: Vec::new(),
            extension: None,
            devices: Vec::new(),
            sso: false,
        };
        let mut directory = Self {
            users: Places::with_capacity(users.len()),
            gone: Vec::new(),
            ids: HashMap::new(),
            login_names: HashMap::new(),
            nobody,
        };
        directory.replace(users);
        directory
    }

    /// From now on these are the users; their ids are distinct. A user of the configuration before keeps the key. The places
    /// of those whom that one did not have any more are free.
    pub fn replace(&mut self, users: Vec<User>) {
        // The smallest place is taken first.
        for user in self.gone.drain(..).rev() {
            self.users.remove(user.0);
        }
        let mut former = std::mem::take(&mut self.ids);
        self.login_names.clear();
        self.ids.reserve(users.len());
        for user in users {
            let prepared = user.login_name.as_deref().and_then(|name| jid::prepare_local(name).ok());
            let login_name = prepared.map(Cow::into_owned);
            let id = user.id.clone();
            let entry = Entry { user, is_present: true };
            let key = match former.remove(&id) {
                Some(key) => {
                    if let Some(old) = self.users.get_mut(key.0) {
                        *old = entry;
                    }
                    key
                }
                None => UserId(self.users.insert(entry)),
            };
            self.ids.insert(id, key);
            self.login_names.extend(login_name.map(|name| (name, key)));
        }
        self.gone.extend(former.into_values());
        self.gone.sort_unstable();
        for gone in &self.gone {
            if let Some(entry) = self.users.get_mut(gone.0) {
                entry.is_present = false;
                shut_out(&mut entry.user);
            }
        }
    }

    /// The user with that id, which is the localpart of the JID too.
    pub fn find(&self, id: &str) -> Option<UserId> {
        self.ids.get(id).copied()
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
        self.users.get(user.0).is_some_and(|entry| entry.is_present)
    }

    /// Returns a user as the configuration has it, or as the one before had it, without rights then; a user without a name and
    /// without rights for all who have gone earlier.
    pub fn get(&self, user: UserId) -> &User {
        self.users.get(user.0).map_or(&self.nobody, |entry| &entry.user)
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

    /// The users who have gone with this configuration.
    pub fn gone(&self) -> &[UserId] {
        &self.gone
    }

    /// How many places there are: no more than users of two configurations, one after the other.
    pub fn places(&self) -> usize {
        self.users.count()
    }

    /// The keys of all who are there, in the order of their places.
    pub fn keys(&self) -> impl Iterator<Item = UserId> {
        self.users.iter().filter(|(_, entry)| entry.is_present).map(|(key, _)| UserId(key))
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
            assert_eq!(directory.find_login(name, "localhost"), Some(UserId::first(0)), "{name}");
        }
        for name in ["", "ad", "a b", "@localhost", "ada@", "ada@elsewhere", "ada@localhost/x"] {
            assert_eq!(directory.find_login(name, "localhost"), None, "{name}");
        }
    }

    #[test]
    fn nothing_that_opens_a_door_is_kept_of_a_user_who_is_gone() {
        let mut directory = Directory::new(Config::demo().users);
        directory.replace(Vec::new());
        assert_eq!(directory.gone().len(), Config::demo().users.len());
        for user in directory.gone().iter().map(|key| directory.get(*key)) {
            assert!(user.password == Password::nobodys() && user.roles.is_empty(), "{}", user.id);
        }
        directory.replace(Config::demo().users);
        assert!(directory.keys().all(|key| directory.get(key).password != Password::nobodys()));
    }

    fn users(ids: impl Iterator<Item = String>) -> Vec<User> {
        let user = Config::demo().users.swap_remove(1);
        ids.map(|id| User { id, login_name: None, ..user.clone() }).collect()
    }

    #[test]
    fn finding_defect_3_places_are_given_back_and_the_key_of_a_former_user_is_nobodys() {
        let mut directory = Directory::new(users(["stays".to_owned()].into_iter()));
        let stays = directory.find("stays").expect("it is there");
        let mut former: Vec<UserId> = Vec::new();
        for turn in 0..1000 {
            let new = (0..3).map(|number| format!("u{turn}-{number}"));
            directory.replace(users(new.chain(["stays".to_owned()])));
            assert_eq!(directory.find("stays"), Some(stays));
            for (age, key) in former.iter().rev().enumerate() {
                assert!(!directory.has(*key) && !directory.keys().any(|other| other == *key));
                // The last three are those of the configuration before.
                let name = if age < 3 { format!("u{}-{}", turn - 1, 2 - age) } else { String::new() };
                assert_eq!(directory.get(*key).id, name, "turn {turn}");
                assert!(directory.get(*key).roles.is_empty());
            }
            former.extend((0..3).filter_map(|number| directory.find(&format!("u{turn}-{number}"))));
            former.drain(..former.len().saturating_sub(60));
        }
        assert_eq!((directory.places(), directory.keys().count(), directory.ids.len()), (7, 4, 4));
    }

    #[test]
    fn finding_defect_3_a_user_who_comes_back_is_not_the_one_who_was_there() {
        let mut directory = Directory::new(users(["ada".to_owned(), "bob".to_owned()].into_iter()));
        let ada = directory.find("ada").expect("it is there");
        directory.replace(users(["bob".to_owned()].into_iter()));
        directory.replace(users(["bob".to_owned(), "ada".to_owned()].into_iter()));
        let again = directory.find("ada").expect("it is there again");
        assert!(again != ada && directory.has(again) && !directory.has(ada));
        assert_eq!((directory.get(again).id.as_str(), directory.get(ada).id.as_str()), ("ada", ""));
    }
}
