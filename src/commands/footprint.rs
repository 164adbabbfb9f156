//! The memory that a server may come to need: what the limits add up to, each with what one of it costs at the most.
//!
//! The sum is reached only by clients that try to: a working day takes a small part of it (deploy/manual/operating.md).

use crate::config::campaigns;
use crate::config::{Config, LONGEST_LAYOUT, MOST_CONTACTS, MOST_LAYOUTS};
use crate::record::BYTES_PER_ENTRY;

const KIB: u64 = 1024;

/// The program itself with an empty configuration, its threads, and what it has for all connections together.
const PROGRAM: u64 = 8 * 1024 * KIB;

/// A user with its nodes, automatic subscriptions, remembered password and tries.
const USER: u64 = 4 * KIB;

/// A connection without what its client has sent: its task, the state of TLS, and the buffer for an answer.
const CONNECTION: u64 = 20 * KIB;

/// A record of TLS that is not complete.
const RECORD: u64 = 18 * KIB;

/// The state of a session; the bytes that wait for it are counted by `queue`.
const SESSION: u64 = 4 * KIB;

/// A subscription, or an event that is kept, without its payload.
const ENTRY: u64 = 256;

/// A call with all of its variables, participants, and its document.
const CALL: u64 = 8 * KIB;

/// A piece of a file that is read, and one that is sent.
const PIECES: u64 = 32 * KIB;

/// A login that waits: the longest name and password, and a hash.
const LOGIN: u64 = 4 * KIB;

/// A refresh token with its access tokens, and a code.
const TOKEN: u64 = 1024;

/// A contact of a phone book with its longest texts, in a script of three bytes a character.
const CONTACT: u64 = 2 * KIB;

/// A contact of a campaign with its longest texts and all of its variables.
const CUSTOMER: u64 = 4 * KIB;

/// A layout of call variables with its longest texts.
const LAYOUT: u64 = 8 * KIB;

/// All messages to teams that there may be, and the log that waits for its reader.
const BESIDE: u64 = 8 * 1024 * KIB;

/// A kind of thing that takes memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The limit or section of the configuration that bounds it.
    pub what: &'static str,
    /// At the most, in bytes.
    pub bytes: u64,
}

/// The parts of the memory that a server for this configuration takes at the most.
pub fn rows(config: &Config) -> Vec<Row> {
    let limits = &config.limits;
    let number = |value: usize| value as u64;
    let users = number(config.users.len());
    let sso = config.users.iter().filter(|user| user.sso).count() as u64;
    let streams = number(limits.connections) + number(limits.bosh_sessions);
    // Only users who have logged in send these.
    let logged_in = streams.min(users * number(limits.sessions_per_user));
    let subscriptions =
        logged_in * number(limits.subscriptions_per_session) + users * number(limits.subscriptions_per_user);
    // Over BOSH two requests and two answers are kept.
    let stanzas = 4 * number(limits.stanza);
    let items: u64 = config.nodes.iter().map(|node| number(node.items)).sum();
    // Without a campaign nobody hands one in.
    let contacts =
        if config.campaigns.is_empty() { 0 } else { number(limits.contacts + campaigns::MOST_CONTACTS) };
    let row = |what, bytes| Row { what, bytes };
    vec![
        row("program", PROGRAM + BESIDE),
        row("users", users * USER),
        row("connections", number(limits.connections) * (CONNECTION + RECORD + number(limits.http_header))),
        row("handshakes", number(limits.handshakes).min(number(limits.connections) * 16 * KIB)),
        row("bosh_sessions", number(limits.bosh_sessions) * (SESSION + number(limits.stanza_before_login))),
        row("sessions_per_user", logged_in * (SESSION + stanzas)),
        row("subscriptions", subscriptions * ENTRY),
        row("queues", number(limits.queues).min(streams * number(limits.queue))),
        row("history", number(limits.history_size) + number(limits.history) * ENTRY),
        row("items", items * (ENTRY + number(limits.payload))),
        row(
            "record",
            if cfg!(feature = "lab") { number(config.record) * number(BYTES_PER_ENTRY) } else { 0 },
        ),
        row("calls", number(limits.calls) * CALL),
        row("contacts", contacts * CUSTOMER),
        row("bodies", number(limits.bodies)),
        row("phone_book", number(MOST_CONTACTS) * CONTACT),
        row("layout", number(MOST_LAYOUTS) * LAYOUT),
        row("desktop_layout", number(config.teams.len() + 1) * number(LONGEST_LAYOUT)),
        row("tokens", number(limits.tokens).min(sso * number(limits.sessions_per_user)) * TOKEN),
        row("files", if config.www.is_some() { number(limits.files) * PIECES } else { 0 }),
        row(
            "password_waiting",
            if config.hashed_logins() > 0 { number(limits.password_waiting) * LOGIN } else { 0 },
        ),
    ]
}

/// All of it, in MiB.
pub fn total(config: &Config) -> u64 {
    rows(config).iter().map(|row| row.bytes).sum::<u64>().div_ceil(KIB * KIB)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::limits::Limits;

    /// The bound of the service, in MiB.
    fn memory_max() -> u64 {
        let unit = include_str!("../../deploy/callboard.service");
        let line = unit.lines().find_map(|line| line.strip_prefix("MemoryMax="));
        let bound = line.and_then(|line| line.strip_suffix('M')).expect("the unit has one, in MiB");
        bound.parse().expect("a number")
    }

    #[test]
    fn the_bound_of_the_service_is_what_the_limits_add_up_to() {
        let needed = total(&Config::demo());
        assert_eq!(memory_max(), needed.next_multiple_of(64), "{needed} MiB: {:#?}", rows(&Config::demo()));
    }

    #[test]
    fn a_small_board_needs_as_much_as_its_documents_say() {
        let manual = include_str!("../../deploy/manual/operating.md");
        let (_, section) = manual.split_once("## Memory\n").expect("there is a section");
        let (said, example) = section.split_once("```toml\n").expect("it has an example");
        let (example, _) = example.split_once("```").expect("it ends");
        let mut config = Config::demo();
        let text =
            format!("[[user]]\nid = \"a\"\npassword = \"not a\"\nroles = [\"Administrator\"]\n{example}");
        let example = Config::parse(&text, "example.toml").expect("it can be read");
        (config.limits, config.record) = (example.limits, example.record);
        let needed = total(&config);
        assert!(said.contains(&format!("{needed} MiB")), "it is {needed} MiB: {:#?}", rows(&config));
    }

    #[test]
    fn more_of_anything_takes_more_memory() {
        let mut config = Config::demo();
        let before = total(&config);
        config.limits = Limits { connections: 2 * config.limits.connections, ..config.limits };
        assert!(total(&config) > before);
        let users = config.users.clone();
        config.users.extend((0..1000).flat_map(|_| users.clone()));
        let rows = rows(&config);
        let all = (config.limits.connections + config.limits.bosh_sessions) as u64;
        let sessions = rows.iter().find(|row| row.what == "sessions_per_user").expect("there is one");
        assert_eq!(
            sessions.bytes,
            all * (SESSION + 4 * config.limits.stanza as u64),
            "not more than there can be"
        );
    }
}
