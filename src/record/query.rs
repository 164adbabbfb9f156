//! What of the record is wanted: names and values, from a query.

use std::cell::RefCell;
use std::rc::Rc;

use crate::fault::Pattern;
use crate::id::SessionId;
use crate::pubsub::Item;
use crate::record::entry::{Entry, Key, Kind, Text};
use crate::text;

/// The most entries of one answer.
pub const LIMIT_MAX: usize = 1000;

/// The entries of one answer if nothing else is said.
const LIMIT: usize = 100;

/// The longest value that is read, in bytes.
const VALUE_MAX: usize = 1024;

/// How much of a wrong value stands in a sentence, in bytes.
const SHOWN: usize = 60;

/// The parameters, each with its form.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("after", "the number of an entry"),
    ("kind", "one or more kinds, with commas between them"),
    ("user", "the id of a user"),
    ("session", "the id of a session, as GET /callboard/api/sessions shows it"),
    ("node", "the name of a node; a star at its end stands for the rest"),
    ("path", "the path of a request; a star at its end stands for the rest"),
    ("requestId", "the requestId of a request"),
    ("contains", "a part of the text, or of another value"),
    ("limit", "a number from 1 to 1000"),
];

/// What a query has wrong: a sentence that names the parameter.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem(pub String);

/// The entries that somebody wants to see: those for which all that is given fits.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    kinds: Vec<Kind>,
    user: Option<Box<str>>,
    session: Option<SessionId>,
    node: Option<Pattern>,
    path: Option<Pattern>,
    request_id: Option<Box<str>>,
    contains: Option<Box<str>>,
    /// The item that was searched last, and whether `contains` stands in it: each reader of an event has an entry with it.
    searched: RefCell<Option<(Rc<Item>, bool)>>,
}

impl Filter {
    /// Tells whether an entry is wanted.
    pub fn has(&self, entry: &Entry) -> bool {
        Self::ASKED.iter().all(|asked| self.fits(asked, entry) != Some(false))
    }

    /// The parameters that an entry does not fit, and how many it fits.
    pub fn differences(&self, entry: &Entry) -> (Vec<&'static str>, usize) {
        let (mut differs, mut fits) = (Vec::new(), 0);
        for asked in Self::ASKED {
            match self.fits(asked, entry) {
                None => {}
                Some(true) => fits += 1,
                Some(false) => differs.push(*asked),
            }
        }
        (differs, fits)
    }

    /// What can be asked of an entry, first what costs least.
    const ASKED: &[&str] = &["kind", "session", "user", "requestId", "node", "path", "contains"];

    /// Whether an entry fits a parameter; `None` if that is not given.
    fn fits(&self, asked: &str, entry: &Entry) -> Option<bool> {
        let is = |wanted: &Option<Box<str>>, key| Some(entry.get(key) == Some(wanted.as_deref()?));
        let named = |wanted: &Option<Pattern>, name: Option<&str>| {
            let wanted = wanted.as_ref()?;
            Some(name.is_some_and(|name| wanted.has(name)))
        };
        match asked {
            "kind" => (!self.kinds.is_empty()).then(|| self.kinds.contains(&entry.kind)),
            "session" => Some(entry.session == Some(self.session?)),
            "user" => is(&self.user, Key::User),
            "requestId" => is(&self.request_id, Key::RequestId),
            "node" => named(&self.node, entry.node()),
            "path" => {
                named(&self.path, entry.get(Key::Path).map(|path| path.split('?').next().unwrap_or_default()))
            }
            _ => {
                let part = self.contains.as_deref()?;
                let is_value = entry.values().any(|value| value.contains(part));
                Some(is_value || self.stands_in(&entry.text, part))
            }
        }
    }

    fn stands_in(&self, text: &Text, part: &str) -> bool {
        let Some((_, item)) = text.item() else { return text.searched().contains(part) };
        let mut last = self.searched.borrow_mut();
        if let Some((known, stands)) = &*last
            && Rc::ptr_eq(known, item)
        {
            return *stands;
        }
        let stands = item.payload.text().contains(part);
        *last = Some((item.clone(), stands));
        stands
    }
}

/// A query.
#[derive(Clone, Debug)]
pub struct Query {
    pub filter: Filter,
    /// The number behind which it begins.
    pub after: Option<u64>,
    /// The most entries.
    pub limit: usize,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    ///
    /// Returns the first thing that is wrong.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Problem> {
        let mut query = Self { filter: Filter::default(), after: None, limit: LIMIT };
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            let Some((name, form)) = PARAMETERS.iter().find(|(known, _)| *known == name) else {
                let known: Vec<_> = PARAMETERS.iter().map(|(name, _)| *name).collect();
                return Err(problem(name, format!("is no parameter here; there are {}", known.join(", "))));
            };
            if seen.contains(name) {
                return Err(problem(name, "stands more than once".to_owned()));
            }
            seen.push(name);
            if value.len() > VALUE_MAX {
                return Err(problem(name, format!("has more than {VALUE_MAX} bytes")));
            }
            let wrong = || problem(name, format!("is {form}, not {:?}", text::start(value, SHOWN)));
            if value.is_empty() {
                return Err(wrong());
            }
            let Filter { kinds, user, session, node, path, request_id, contains, .. } = &mut query.filter;
            match *name {
                "after" => query.after = Some(text::number(value).ok_or_else(wrong)?),
                "kind" => *kinds = value.split(',').map(kind).collect::<Result<_, _>>()?,
                "user" => *user = Some(value.into()),
                "session" => *session = Some(value.parse().map_err(|_| wrong())?),
                "node" => *node = Some(Pattern::new(value)),
                "path" => *path = Some(Pattern::new(value)),
                "requestId" => *request_id = Some(value.into()),
                "contains" => *contains = Some(value.into()),
                _ => {
                    let limit = text::number(value).filter(|limit| (1..=LIMIT_MAX).contains(limit));
                    query.limit = limit.ok_or_else(wrong)?;
                }
            }
        }
        Ok(query)
    }
}

fn kind(name: &str) -> Result<Kind, Problem> {
    let known = || Kind::ALL.map(Kind::name).join(", ");
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name.trim());
    kind.ok_or_else(|| problem("kind", format!("is one of {}, not {:?}", known(), text::start(name, SHOWN))))
}

fn problem(parameter: &str, what: String) -> Problem {
    Problem(format!("{} {what}.", text::start(parameter, SHOWN)))
}
