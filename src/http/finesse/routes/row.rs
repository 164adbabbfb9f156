//! A row of the table of the API: a resource, its methods, and where Finesse has it.

use std::ops::RangeInclusive;

use hyper::Method;

use crate::clock::Now;
use crate::config::{Profile, Release};
use crate::desk::{Action, ApiError, Desk, Object, Request, Whose};
use crate::http::finesse::request::Call;
use crate::hub::Hub;
use crate::id::UserId;
use crate::xml::Bounds;

/// A request beside the state that it looks at.
pub struct Asked<'a> {
    pub hub: &'a Hub,
    pub now: Now,
    pub call: &'a Call<'a>,
    /// The segments of the path that stand for an id.
    pub ids: &'a [String],
}

impl Asked<'_> {
    pub fn desk(&self) -> &Desk {
        self.hub.desk()
    }

    /// The nth id of the path.
    pub fn id(&self, nth: usize) -> &str {
        self.ids.get(nth).map_or("", String::as_str)
    }

    /// The user or the team whose part of the configuration a path asks for.
    pub fn whose(&self, actor: UserId) -> Result<Whose<'_>, ApiError> {
        match self.call.path.first().map(String::as_str) {
            Some("User") => self.desk().find(actor, self.id(0)).map(Whose::User),
            // The configuration interface has lists below Team, the one for agents below TeamResource.
            Some("Team") => self.desk().check_assignable(self.id(0)).map(|()| Whose::Team(self.id(0))),
            Some("TeamResource") => Ok(Whose::Team(self.id(0))),
            _ => Ok(Whose::All),
        }
    }
}

/// Reads the body of a request about a user.
type ReadBody = fn(UserId, &str, &Bounds) -> Result<Request, ApiError>;

/// A document, and how many objects the whole has, if it is a part.
type Part = (String, Option<usize>);

/// Reads the part of a document that has the objects with these numbers; the first one is 1.
pub type ReadRange = fn(&Asked<'_>, UserId, Option<RangeInclusive<usize>>) -> Result<Part, ApiError>;

/// What answers a method of a resource.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Finesse has the method here, callboard has not.
    Missing,
    /// A document that needs no password.
    Public(fn(&Asked<'_>) -> String),
    /// A document for everybody while the service is there.
    PublicInService(fn(&Asked<'_>) -> String),
    /// A document; the actor is the user as whom the request is carried out.
    Read(fn(&Asked<'_>, UserId) -> Result<String, ApiError>),
    /// A document about the user whose id is the first of the path, behind the actor.
    ReadOfUser(fn(&Asked<'_>, UserId, UserId) -> Result<String, ApiError>),
    /// A document of which a part can be asked for, by a range of its objects.
    ReadRange(ReadRange),
    /// A change that a body asks for, with the ids of the path.
    Change(fn(&[String], &str, &Bounds) -> Result<Request, ApiError>),
    /// A change of the user whose id is the first of the path.
    ChangeOfUser(ReadBody),
    /// A change of an object of the configuration.
    Configure(Object, Action),
    /// A change without a body, answered with 200.
    Remove(fn(&[String]) -> Request),
    /// Comma-separated values.
    ReadCsv(fn(&Asked<'_>, UserId) -> Result<String, ApiError>),
    /// Other contacts of the phone book whose id is the first of the path, from a file.
    ImportContacts,
    /// The log of a client of that user.
    Log(ReadBody),
    /// A log whose bytes are read and thrown away.
    OpaqueLog(fn(UserId) -> Request),
}

/// The methods that Finesse's API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    const ALL: [Self; 4] = [Self::Get, Self::Post, Self::Put, Self::Delete];

    pub fn of(method: &Method) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == method.as_str())
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A row of the table.
pub struct Row {
    /// Paths with the same methods; a segment in capital letters stands for any id.
    pub paths: &'static [&'static str],
    /// The methods that Finesse has there.
    pub methods: &'static [(Verb, Handler)],
    /// The product that has it; `None`: both.
    pub profile: Option<Profile>,
    /// The first release that has it; `None`: all that callboard knows.
    pub since: Option<Release>,
    /// The first release that has another row for it; `None`: no known one.
    pub before: Option<Release>,
    /// Documents can be read out of service too.
    pub is_always_read: bool,
}

impl Row {
    pub const fn new(paths: &'static [&'static str], methods: &'static [(Verb, Handler)]) -> Self {
        Self { paths, methods, profile: None, since: None, before: None, is_always_read: false }
    }

    /// A row of one product.
    pub const fn only(self, profile: Profile) -> Self {
        Self { profile: Some(profile), ..self }
    }

    /// A row that earlier releases have not.
    pub const fn since(self, release: Release) -> Self {
        Self { since: Some(release), ..self }
    }

    /// A row that this release and later ones have not.
    pub const fn before(self, release: Release) -> Self {
        Self { before: Some(release), ..self }
    }

    /// A row whose documents can be read out of service too.
    pub const fn always_read(self) -> Self {
        Self { is_always_read: true, ..self }
    }

    pub fn holds(&self, profile: Profile, release: Release) -> bool {
        self.profile.is_none_or(|own| own == profile)
            && self.since.is_none_or(|since| since <= release)
            && self.before.is_none_or(|before| release < before)
    }

    pub fn handler(&self, verb: Verb) -> Option<Handler> {
        self.methods.iter().find(|(own, _)| *own == verb).map(|(_, handler)| *handler)
    }

    /// The methods that callboard has there, or those that only Finesse has.
    pub fn verbs(&self, served: bool) -> impl Iterator<Item = &'static str> {
        let methods = self.methods.iter();
        methods
            .filter(move |(_, handler)| matches!(handler, Handler::Missing) != served)
            .map(|(verb, _)| verb.name())
    }

    /// The value of the header Allow (RFC 9110 §10.2.1): what callboard serves.
    pub fn allow(&self) -> String {
        let mut names = Vec::new();
        for name in self.verbs(true) {
            names.push(name);
            if name == "GET" {
                names.push("HEAD");
            }
        }
        names.push("OPTIONS");
        names.join(", ")
    }

    /// The ids in a path that one of the row's patterns has.
    pub fn ids(&self, path: &[String]) -> Option<Vec<String>> {
        self.paths.iter().find_map(|pattern| ids(pattern, path))
    }
}

fn ids(pattern: &str, path: &[String]) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    let mut parts = pattern.split('/');
    for segment in path {
        match parts.next()? {
            part if part.bytes().all(|byte| byte.is_ascii_uppercase()) => ids.push(segment.clone()),
            part if part == segment => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_paths_of_its_length_with_any_ids() {
        let found = |pattern: &str, path: &str| {
            let path: Vec<_> = path.split('/').map(str::to_owned).collect();
            ids(pattern, &path).map(|ids| ids.join(","))
        };
        assert_eq!(found("User/ID", "User/1001").as_deref(), Some("1001"));
        assert_eq!(found("User/ID", "User/").as_deref(), Some(""));
        assert_eq!(found("PhoneBook/ID/Contact/CONTACT", "PhoneBook/1/Contact/2").as_deref(), Some("1,2"));
        assert_eq!(found("SystemInfo", "SystemInfo").as_deref(), Some(""));
        for (pattern, path) in [
            ("User/ID", "User"),
            ("User/ID", "User/1001/Dialogs"),
            ("User/ID", "Team/1"),
            ("User/ID", "user/1001"),
            ("User/ID/Dialogs", "User/1001/Queues"),
        ] {
            assert_eq!(found(pattern, path), None, "{pattern} {path}");
        }
    }
}
