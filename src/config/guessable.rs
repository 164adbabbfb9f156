//! Passwords that others may know before they have seen the file: those of the demo, and names.

use std::net::SocketAddr;

use crate::config::password::Password;
use crate::config::problem::{Place, Placed};

/// The passwords of the demo. Each is also what the users of the demo have their ids from, but the first.
const DEMO: [&str; 7] = ["1234", "1001", "1002", "1003", "1004", "1005", "1006"];

/// The user of the demo whose password is not its id.
const ADMINISTRATOR: &str = "administrator";

/// The most users that are named; what is wrong with the others is the same.
const NAMED: usize = 8;

/// A password that others may know.
#[derive(Clone, Debug)]
pub struct Guessable {
    /// Where it stands.
    place: Place,
    user: String,
    /// The hash of the password, which has to be compared with that of the demo. `None`: the password is known to be the
    /// demo's or the user's own name.
    to_try: Option<(Password, &'static str)>,
}

impl Guessable {
    /// Looks at the password of a user in plain text.
    pub(super) fn plain(id: &str, login_name: Option<&str>, password: Placed<&str>) -> Option<Self> {
        // An attacker that tries names as passwords tries them in capitals, too.
        let is_name = |name: &str| name.to_lowercase() == password.value.to_lowercase();
        let known = DEMO.contains(&password.value) || is_name(id) || login_name.is_some_and(is_name);
        known.then(|| Self { place: password.place, user: id.to_owned(), to_try: None })
    }

    /// Looks at the hash of a user. To try a password costs what a login does, so only users of the demo are suspected of the
    /// one that they have there.
    pub(super) fn hashed(id: &str, place: Place, password: &Password) -> Option<Self> {
        let attempt =
            if id == ADMINISTRATOR { DEMO[0] } else { DEMO.into_iter().find(|known| *known == id)? };
        Some(Self { place, user: id.to_owned(), to_try: Some((password.clone(), attempt)) })
    }

    fn is_known(&self) -> bool {
        self.to_try.as_ref().is_none_or(|(password, attempt)| password.matches(attempt))
    }
}

/// A sentence for each password that others may know of a server that they reach at `open`, with its place. It may take as long
/// as some logins.
pub(super) fn sentences(all: &[Guessable], open: SocketAddr) -> Vec<(Place, String)> {
    let known: Vec<&Guessable> = all.iter().filter(|guessable| guessable.is_known()).collect();
    let mut sentences: Vec<(Place, String)> = known
        .iter()
        .take(NAMED)
        .map(|Guessable { place, user, .. }| {
            let sentence = format!(
                "everybody can guess the password of {user}, as it is one of the demo or the user's own name, and others can reach {open}; run `callboard \
                 passwd` and put what it prints here, as password_hash = \"…\", or add --demo-anywhere"
            );
            (*place, sentence)
        })
        .collect();
    if let Some(next) = known.get(NAMED) {
        let more = known.len() - NAMED;
        sentences.push((next.place, format!("and so for {more} more users from here on")));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Problem};

    const OPEN: &str = "0.0.0.0:8445";

    fn config(users: &[(&str, &str)]) -> Config {
        let users: String = users
            .iter()
            .map(|(id, more)| format!("[[user]]\nid = \"{id}\"\nroles = [\"Administrator\"]\n{more}\n"))
            .collect();
        Config::parse(&users, "c.toml").unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    fn lines(config: &Config, address: &str) -> Vec<String> {
        let address: SocketAddr = address.parse().expect("an address");
        config.guessable_at([address]).iter().map(Problem::to_string).collect()
    }

    #[test]
    fn every_password_of_the_demo_is_known() {
        let demo = Config::demo();
        assert_eq!(demo.guessable.len(), demo.users.len());
        for user in &demo.users {
            assert!(DEMO.iter().any(|known| user.password.matches(known)), "{}", user.id);
        }
    }

    #[test]
    fn a_password_that_others_may_know_is_no_problem_on_this_machine_alone() {
        let config = config(&[("ada", "password = \"1234\"")]);
        for address in ["127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(lines(&config, address), [""; 0]);
        }
        for address in [OPEN, "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1"] {
            let lines = lines(&config, address);
            assert_eq!(lines.len(), 1);
            for part in ["c.toml:4:12: ", " of ada", address, "callboard passwd", "--demo-anywhere"] {
                assert!(lines[0].contains(part), "{part}: {lines:?}");
            }
        }
    }

    #[test]
    fn the_demos_passwords_and_names_are_guessed_and_others_are_not() {
        let hash = |text: &str| Password::hash(text, 1000).expect("a good password");
        for (id, more, known) in [
            ("ada", "password = \"1234\"".to_owned(), true),
            ("ada", "password = \"1003\"".to_owned(), true),
            ("ada", "password = \"ada\"".to_owned(), true),
            ("ada", "login_name = \"Countess\"\npassword = \"Countess\"".to_owned(), true),
            ("ada", "login_name = \"Countess\"\npassword = \"countess\"".to_owned(), true),
            ("ada", "password = \"ADA\"".to_owned(), true),
            ("ada", "login_name = \"Countess\"\npassword = \"COUNTESS\"".to_owned(), true),
            ("ada", "password = \"ada.\"".to_owned(), false),
            ("ada", "password = \"12345\"".to_owned(), false),
            ("1001", "password = \"correct horse\"".to_owned(), false),
            ("administrator", format!("password_hash = \"{}\"", hash("1234")), true),
            ("1003", format!("password_hash = \"{}\"", hash("1003")), true),
            ("administrator", format!("password_hash = \"{}\"", hash("correct horse")), false),
            // As every try costs a hash, others are not tried.
            ("ada", format!("password_hash = \"{}\"", hash("ada")), false),
        ] {
            assert_eq!(!lines(&config(&[(id, &more)]), OPEN).is_empty(), known, "{id} {more}");
        }
    }

    #[test]
    fn of_many_users_some_are_named() {
        let ids: Vec<String> = (1..=20).map(|n| format!("u{n}")).collect();
        let passwords: Vec<String> = ids.iter().map(|id| format!("password = \"{id}\"")).collect();
        let users: Vec<_> =
            ids.iter().zip(&passwords).map(|(id, more)| (id.as_str(), more.as_str())).collect();
        let lines = lines(&config(&users), OPEN);
        assert_eq!(lines.len(), NAMED + 1);
        assert!(lines[NAMED].contains("12 more users"), "{lines:?}");
    }
}
