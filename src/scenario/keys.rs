//! Every key of the file of a scenario.

/// Keys above the first section, and the names of sections.
pub const FILE: &[&str] = &["name", "seed", "length", "arrivals", "agents", "at", "on", "expect", "verdict"];

/// Keys of `[[arrivals]]`.
pub const ARRIVALS: &[&str] = &["queue", "per_minute", "process", "patience", "variables"];

/// Keys of `[[agents]]`.
pub const AGENTS: &[&str] =
    &["users", "sign_in", "ready", "answer", "talk", "hold", "consult", "misses", "breaks"];

/// Keys of `hold`.
pub const HOLD: &[&str] = &["chance", "length"];

/// Keys of `consult`.
pub const CONSULT: &[&str] = &["chance", "to", "length"];

/// Keys of `breaks`.
pub const BREAKS: &[&str] = &["every", "reason", "length"];

/// Keys of `[[expect]]`.
pub const EXPECT: &[&str] = &["name", "match", "within", "of"];

/// Keys of `[[at]]`, beside those of what it does.
pub const AT: &[&str] = &["time", "do"];

/// Keys of `[[on]]`, beside those of what it does.
pub const ON: &[&str] = &["match", "after", "count", "do"];

/// What a step does, with the keys for it.
pub const DO: &[(&str, &[&str])] = &[
    ("call", &["to", "from", "patience", "variables"]),
    ("hang_up", &["call"]),
    ("state", &["user", "state", "reason", "extension", "by"]),
    ("dialog", DIALOG),
    ("medium", &["user", "medium", "state", "reason", "limit"]),
    ("task", &["media", "variables"]),
    ("contact", CONTACT),
    ("outage", &["status", "finesse", "for"]),
    ("fault", &["fault"]),
    ("heal", &["fault"]),
    ("message", &["user", "teams", "content", "for"]),
    ("publish", &["user", "node", "payload"]),
    ("end_session", &["user"]),
    ("mark", &["text"]),
];

/// The keys for an action of a user on a call.
pub const DIALOG: &[&str] = &[
    "user",
    "action",
    "call",
    "to",
    "participant",
    "digits",
    "wrap_up",
    "variables",
    "classification",
    "callback_time",
    "callback_number",
];

/// The keys for a contact of a campaign.
pub const CONTACT: &[&str] = &[
    "campaign",
    "phone_number",
    "first_name",
    "last_name",
    "account_number",
    "agent",
    "result",
    "variables",
];

/// The kinds of distributions, with their keys.
pub const DISTRIBUTIONS: &[(&str, &[&str])] = &[
    ("uniform", &["kind", "from", "to"]),
    ("exponential", &["kind", "mean"]),
    ("normal", &["kind", "mean", "sd"]),
    ("lognormal", &["kind", "median", "spread"]),
];

/// What an entry is compared with: the parameters of the record that say nothing of a place in it or of one session.
pub const MATCH: &[&str] = &["kind", "user", "node", "path", "requestId", "contains"];
