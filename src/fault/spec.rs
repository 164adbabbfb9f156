//! A fault as somebody asks for it: names and values, from a query or from the file.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use crate::config::nearest;
use crate::fault::kind::Kind;
use crate::fault::parameter::{Form, Parameter, Values};
use crate::fault::pattern::Pattern;
use crate::fault::table::{Row, TABLE};
use crate::fault::target::{Step, Target};
use crate::id::SessionId;
use crate::text;
use crate::transport::Transport;

/// What a request for a fault has wrong: the parameter, and a sentence that names it.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub parameter: Box<str>,
    /// The name of the parameter is wrong there, and not its value.
    pub is_name: bool,
    pub sentence: String,
}

/// Where a fault comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody asks for it.
    Api,
    /// The configuration has set the fault.
    File,
    /// A scenario has.
    Scenario,
}

impl Origin {
    /// The name, as it is listed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::File => "file",
            Self::Scenario => "scenario",
        }
    }
}

/// The longest value that is read, in bytes.
const VALUE_MAX: usize = 256;

/// The longest name of a fault, in bytes.
const NAME_MAX: usize = 64;

/// The names that no fault can have: other things are at their paths.
const RESERVED: &[&str] = &["kinds", "active", "root.pem", "intermediate.pem"];

/// How much of a wrong value stands in a sentence, in bytes.
const SHOWN: usize = 60;

/// The keys of a target, each with the form of its value.
pub const TARGETS: &[(&str, &str)] = &[
    ("user", "the id of a user"),
    ("team", "the id of a team"),
    ("session", "the id of a session, as GET /callboard/api/sessions shows it"),
    ("address", "an IP address of clients"),
    ("transport", "bosh, sse, tcp, tls, ws or wss"),
    ("node", "the name of a node; a star at its end stands for the rest"),
    ("path", "the path of a request; a star at its end stands for the rest"),
    ("listener", "the address of a listener, such as 0.0.0.0:8445"),
    ("after_step", "how far a session is at least: connect, open, login, bind or presence"),
];

/// The parameters that every kind has.
pub const COMMON: &[Parameter] = &[
    Parameter { name: "after", form: Form::Duration, default: "0s", meaning: "when it begins, from now" },
    Parameter { name: "for", form: Form::Duration, default: "10m", meaning: "how long it lasts" },
    Parameter {
        name: "count",
        form: Form::Number(0, 1_000_000),
        default: "0",
        meaning: "how often it acts; 0: always",
    },
    Parameter {
        name: "chance",
        form: Form::Number(1, 1000),
        default: "1000",
        meaning: "how often it acts, of a thousand",
    },
    Parameter {
        name: "seed",
        form: Form::Number(0, u32::MAX as u64),
        default: "1",
        meaning: "from which its chances are drawn",
    },
];

/// A fault that was asked for.
#[derive(Clone)]
pub struct Spec {
    pub row: &'static Row,
    pub kind: Kind,
    pub origin: Origin,
    pub target: Target,
    pub after: Duration,
    /// How long it lasts; `None`: until it is healed.
    pub time: Option<Duration>,
    /// How often it acts at most.
    pub count: Option<u32>,
    /// How often it acts, of a thousand.
    pub chance: u16,
    pub seed: u64,
    /// The names and values as they were given, but for the kind.
    pub given: Vec<(Box<str>, Box<str>)>,
}

impl Spec {
    /// Reads a fault.
    ///
    /// # Errors
    ///
    /// Returns the first thing that is wrong.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        let mut given: Vec<(Box<str>, Box<str>)> = Vec::new();
        let mut kind = None;
        for (name, value) in pairs {
            if value.len() > VALUE_MAX {
                return Err(problem(name, format!("has more than {VALUE_MAX} bytes")));
            }
            if given.iter().any(|(known, _)| **known == *name) || (name == "kind" && kind.is_some()) {
                return Err(problem(name, "stands more than once".to_owned()));
            }
            if name == "kind" {
                kind = Some(value.to_owned());
            } else {
                given.push((name.into(), value.into()));
            }
        }
        let kinds = || TABLE.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
        let kind = kind.ok_or_else(|| problem("kind", format!("is missing; it is one of {}", kinds())))?;
        let unknown = || {
            let meant = nearest(&kind, TABLE.iter().map(|row| row.name));
            let meant = meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            problem("kind", format!("is one of {}, not {}{meant}", kinds(), shown(&kind)))
        };
        let row = TABLE.iter().find(|row| row.name == kind).ok_or_else(unknown)?;
        for (name, _) in &given {
            check_name(row, name)?;
        }
        let value = |name: &str| given.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value);
        let read = |parameter: &Parameter| {
            let text = value(parameter.name).unwrap_or(parameter.default);
            let wrong =
                || problem(parameter.name, format!("is {}, not {}", parameter.form.shown(), shown(text)));
            parameter.form.read(text).ok_or_else(wrong)
        };
        let mut values = Values::default();
        for parameter in row.parameters.iter().chain(COMMON) {
            values.add(parameter.name, read(parameter)?);
        }
        let mut target = target(row, value)?;
        let kind = (row.make)(&values);
        if let Kind::Maintenance(_) = kind {
            // Nobody else is on line.
            target.after_step.get_or_insert(Step::Presence);
        }
        let count = values.number("count");
        Ok(Self {
            row,
            kind,
            origin: Origin::Api,
            target,
            after: values.duration("after"),
            time: Some(values.duration("for")),
            count: Some(count).filter(|count| *count > 0),
            chance: values.number("chance"),
            seed: values.number("seed"),
            given,
        })
    }

    /// Reads a fault of the configuration. Without a time it lasts until it is healed.
    ///
    /// # Errors
    ///
    /// Returns the first thing that is wrong. No session is there before the server.
    pub fn of_file<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        let mut spec = Self::read(pairs)?;
        let has = |wanted: &str| spec.given.iter().any(|(name, _)| **name == *wanted);
        if has("session") {
            let what = "cannot choose the target of a fault in the file, as no session is there yet";
            return Err(Problem { is_name: true, ..problem("session", what.to_owned()) });
        }
        if !has("for") {
            spec.time = None;
        }
        spec.origin = Origin::File;
        Ok(spec)
    }
}

/// Tells whether a fault may have this name.
pub fn is_name(name: &str) -> bool {
    is_plain_name(name) && !RESERVED.contains(&name)
}

/// Tells whether a name needs no escaping in a path.
pub fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_plain)
}

/// Checks that the kind has a parameter of this name.
fn check_name(row: &Row, name: &str) -> Result<(), Problem> {
    let own = row.parameters.iter().chain(COMMON).map(|parameter| parameter.name);
    let known: Vec<&str> = own.chain(row.targets.iter().copied()).collect();
    if known.contains(&name) {
        return Ok(());
    }
    let kind = row.name;
    let sentence = match TARGETS.iter().find(|(target, _)| *target == name) {
        Some(_) => format!("cannot choose the target of {kind}; it has {}", known.join(", ")),
        None => format!("is no parameter of {kind}; it has {}", known.join(", ")),
    };
    Err(Problem { is_name: true, ..problem(name, sentence) })
}

fn target<'v>(row: &Row, value: impl Fn(&str) -> Option<&'v str>) -> Result<Target, Problem> {
    let wrong = |name: &str, text: &str| {
        let form = TARGETS.iter().find(|(known, _)| *known == name).map_or("", |(_, form)| form);
        problem(name, format!("is {form}, not {}", shown(text)))
    };
    fn parsed<T: FromStr>(text: &str) -> Option<T> {
        text.parse().ok()
    }
    let get = |name: &'static str| value(name).filter(|text| !text.is_empty());
    let reading = |name: &'static str| get(name).map(|text| (name, text));
    for (name, _) in TARGETS {
        if value(name) == Some("") {
            return Err(wrong(name, ""));
        }
    }
    let transport = |(name, text): (&'static str, &str)| {
        let transport = Transport::ALL.into_iter().find(|transport| transport.name() == text);
        let transport = transport.ok_or_else(|| wrong(name, text))?;
        if row.transports.contains(&transport) {
            return Ok(transport);
        }
        let names: Vec<_> = row.transports.iter().map(|transport| transport.name()).collect();
        Err(problem(name, format!("is one of {} for {}, not {text}", names.join(", "), row.name)))
    };
    let path = |(name, text): (&'static str, &str)| {
        if text.starts_with("/callboard") {
            return Err(problem(name, "cannot be below /callboard/: faults are healed there".to_owned()));
        }
        Ok(Pattern::new(text))
    };
    Ok(Target {
        user: get("user").map(Box::from),
        team: get("team").map(Box::from),
        session: reading("session")
            .map(|(name, text)| parsed::<SessionId>(text).ok_or_else(|| wrong(name, text)))
            .transpose()?,
        address: reading("address")
            .map(|(name, text)| parsed::<IpAddr>(text).ok_or_else(|| wrong(name, text)))
            .transpose()?,
        transport: reading("transport").map(transport).transpose()?,
        node: get("node").map(Pattern::new),
        path: reading("path").map(path).transpose()?,
        listener: reading("listener")
            .map(|(name, text)| parsed::<SocketAddr>(text).ok_or_else(|| wrong(name, text)))
            .transpose()?,
        after_step: reading("after_step")
            .map(|(name, text)| Step::named(text).ok_or_else(|| wrong(name, text)))
            .transpose()?,
    })
}

fn shown(text: &str) -> String {
    format!("{:?}", text::start(text, SHOWN))
}

fn problem(parameter: &str, what: String) -> Problem {
    let end = if what.ends_with('?') { "" } else { "." };
    Problem {
        parameter: parameter.into(),
        is_name: false,
        sentence: format!("{} {what}{end}", text::start(parameter, SHOWN).escape_debug()),
    }
}
