//! Why the engine cannot be used, in sentences that say what to do.

use std::fmt;

/// A reason for which the engine cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Whether the trouble stays until somebody mends it: a program that starts with it ends.
    pub is_lasting: bool,
    /// The sentence, without a full stop.
    pub why: String,
}

impl Trouble {
    pub fn passing(why: impl Into<String>) -> Self {
        Self { is_lasting: false, why: why.into() }
    }

    pub fn lasting(why: impl Into<String>) -> Self {
        Self { is_lasting: true, why: why.into() }
    }

    /// The engine has not answered in time, in milliseconds.
    pub fn silence(time: u128) -> Self {
        Self::passing(format!(
            "the engine has not answered within {time} ms; look at its machine and the network"
        ))
    }

    /// Makes a sentence of an error that the engine has answered: its code and what stands behind it.
    pub fn refusal(code: &str, detail: &str) -> Self {
        let detail: String = detail.chars().filter(|c| !c.is_control()).take(200).collect();
        for (known, is_lasting, why) in TABLE {
            if *known == code {
                let is_lasting = *is_lasting;
                return Self { is_lasting, why: why.replace("{}", &detail) };
            }
        }
        // Errors with the code ERR are told apart by their words alone.
        if detail.contains("unknown command") {
            return Self::lasting(format!(
                "the engine does not know a command that is needed ({detail}); use Redis 6.2 or later, and rename no commands"
            ));
        }
        if detail.contains("without any password configured") {
            return Self::lasting(
                "the engine has no password, and one is given; leave password_file and CALLBOARD_CLUSTER_PASSWORD out, or set requirepass there",
            );
        }
        if detail.contains("DB index") {
            return Self::lasting(
                "the engine has no database of that number; name another one at the end of url",
            );
        }
        Self::passing(format!("the engine refuses a command: {code} {detail}"))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// The codes of errors (Redis, "RESP errors"), whether they last, and what they mean; `{}` stands for the words of the engine.
const TABLE: &[(&str, bool, &str)] = &[
    (
        "NOAUTH",
        true,
        "the engine wants a password; name it by password_file, or by the variable CALLBOARD_CLUSTER_PASSWORD",
    ),
    (
        "WRONGPASS",
        true,
        "the engine does not take this password, or the user of url; correct password_file or CALLBOARD_CLUSTER_PASSWORD",
    ),
    (
        "NOPERM",
        true,
        "the user of url may not do what is needed ({}); give it the rights that the manual names",
    ),
    ("WRONGTYPE", true, "the key is of another type ({}); name another key, or delete it in the engine"),
    (
        "READONLY",
        false,
        "the engine is a replica, which takes no entries; name the primary in url, or make this one primary (REPLICAOF NO ONE)",
    ),
    (
        "MASTERDOWN",
        false,
        "the engine is a replica that has lost its primary; name the primary in url, or make this one primary (REPLICAOF NO ONE)",
    ),
    (
        "OOM",
        false,
        "the engine has used all the memory it may (maxmemory); give it more, or free some in its other databases",
    ),
    (
        "MISCONF",
        false,
        "the engine cannot write to its disk and takes no entries; see its log, and free space there",
    ),
    (
        "NOREPLICAS",
        false,
        "the engine has fewer replicas than its min-replicas-to-write; see whether they run",
    ),
    ("LOADING", false, "the engine still loads its data; it takes entries when that is done"),
    ("BUSY", false, "the engine is busy with a script of somebody; end it there (SCRIPT KILL)"),
    (
        "CLUSTERDOWN",
        true,
        "the engine is part of a Redis Cluster, which callboard does not use; name an engine that stands alone",
    ),
    (
        "MOVED",
        true,
        "the engine is part of a Redis Cluster, which callboard does not use; name an engine that stands alone",
    ),
    (
        "DENIED",
        true,
        "the engine takes no connections from other machines (protected-mode); set a password there, and name it here",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_says_becomes_a_sentence_of_what_to_do() {
        for (code, detail, is_lasting, words) in [
            ("WRONGPASS", "invalid username-password pair or user is disabled.", true, "password_file"),
            ("NOPERM", "this user has no permissions to run the 'xadd' command", true, "'xadd'"),
            ("READONLY", "You can't write against a read only replica.", false, "primary"),
            ("OOM", "command not allowed when used memory > 'maxmemory'.", false, "maxmemory"),
            ("ERR", "unknown command 'HELLO'", true, "Redis 6.2"),
            ("ERR", "AUTH <password> called without any password configured", true, "has no password"),
            ("ERR", "DB index is out of range", true, "database"),
            ("SURPRISE", "what\r\nis this", false, "SURPRISE whatis this"),
        ] {
            let trouble = Trouble::refusal(code, detail);
            assert!(trouble.why.contains(words) && trouble.is_lasting == is_lasting, "{code}: {trouble}");
        }
        assert!(Trouble::refusal("ERR", &"long ".repeat(1000)).why.len() < 300);
    }
}
