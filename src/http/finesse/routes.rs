//! The table of the API. From a row follow who answers a request, the answers 405 and 501, the header Allow, the answer to
//! OPTIONS, which changes are made on conditions, and the table of the API in the manual.
//!
//! A further resource is a row in the file of its subject.

mod configuration;
mod lists;
mod row;
mod service;
mod users;

use hyper::Method;

use crate::config::{Profile, Release};
use crate::desk::{Action, ApiError, ApiRefusal, Change, Element, Object, Request};
use crate::http::finesse::as_json;
use crate::http::finesse::document;
use crate::http::finesse::request::{Call, Reply, Success};
use crate::id::UserId;

use row::{Asked, Handler, ReadRange, Row, Verb};

static TABLE: [&[Row]; 4] = [users::ROWS, lists::ROWS, configuration::ROWS, service::ROWS];

/// The resource that a request is about.
pub struct Found {
    row: &'static Row,
    ids: Vec<String>,
}

fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.into_iter().flatten()
}

fn find(path: &[String], profile: Profile, release: Release) -> Option<Found> {
    let mut rows = rows().filter(|row| row.holds(profile, release));
    rows.find_map(|row| Some(Found { row, ids: row.ids(path)? }))
}

/// The resource of a call.
///
/// # Errors
///
/// Returns Not Found for a path that neither Finesse has nor callboard.
pub fn resource(call: &Call<'_>) -> Result<Found, ApiError> {
    let (profile, release) = call.look(|hub, _| (hub.desk().profile(), hub.desk().release()));
    find(&call.path, profile, release).ok_or_else(|| ApiRefusal::PathUnknown.about(call.path.join("/")))
}

impl Found {
    /// What answers the method, or why nothing does.
    fn handler(&self, call: &Call<'_>) -> Result<Handler, ApiError> {
        match Verb::of(&call.method).map(|verb| self.row.handler(verb)) {
            None | Some(Some(Handler::Missing)) => Err(missing(call)),
            Some(None) => Err(ApiRefusal::MethodNotAllowed.about(self.row.allow())),
            Some(Some(handler)) => Ok(handler),
        }
    }

    /// Tells whether a secondary node refuses a request for a part of the configuration: in Express every change, with a stand-alone
    /// Finesse everything that administrators ask for (the guide, "Cisco Finesse Configuration APIs").
    pub fn is_for_primary(&self, call: &Call<'_>, actor: UserId) -> bool {
        let mut rows = lists::ROWS.iter().chain(configuration::ROWS);
        let is_own = matches!(call.path.first().map(String::as_str), Some("User" | "TeamResource"));
        let is_refused = || {
            call.method != Method::GET
                || call.look(|hub, _| {
                    hub.desk().profile() == Profile::Ucce && hub.desk().directory().is_administrator(actor)
                })
        };
        !is_own && rows.any(|row| std::ptr::eq(row, self.row)) && is_refused()
    }

    /// Tells whether a request is served in each status of the service.
    pub fn needs_no_service(&self, call: &Call<'_>) -> bool {
        self.row.is_always_read && call.method == Method::GET
    }

    /// The document at the address, if there is one.
    fn read(&self, actor: UserId, call: &Call<'_>) -> Option<Result<Success, ApiError>> {
        let handler = self.row.handler(Verb::Get)?;
        call.look(|hub, now| {
            let asked = Asked { hub, now, call, ids: &self.ids };
            match handler {
                Handler::Public(document) | Handler::PublicInService(document) => {
                    Some(Ok(Success::Document(document(&asked))))
                }
                Handler::Read(document) => Some(document(&asked, actor).map(Success::Document)),
                Handler::ReadRange(document) => Some(part(&asked, actor, document)),
                Handler::ReadCsv(text) => Some(text(&asked, actor).map(Success::Csv)),
                Handler::ReadOfUser(document) => {
                    let user = hub.desk().find(actor, asked.id(0));
                    Some(user.and_then(|user| document(&asked, actor, user)).map(Success::Document))
                }
                _ => None,
            }
        })
    }

    /// Checks the conditions of a change, if what it changes can be read at the same address.
    fn check_conditions(&self, actor: UserId, call: &Call<'_>) -> Result<(), ApiError> {
        match self.read(actor, call) {
            Some(Ok(Success::Document(document))) => {
                document::check_conditions(call.headers, as_json::is_asked_for(call.headers), &document)
            }
            Some(Ok(Success::Csv(text))) => document::check_conditions(call.headers, false, &text),
            // Why it cannot be read is for the change to say.
            _ => Ok(()),
        }
    }

    /// The answer to OPTIONS (RFC 9110 §9.3.7): the methods that callboard serves there.
    pub fn options(&self) -> Success {
        Success::Methods(self.row.allow())
    }

    /// The answer to a request that needs no password.
    pub fn for_everybody(&self, call: &Call<'_>) -> Option<String> {
        let handler = self.row.handler(Verb::of(&call.method)?)?;
        call.look(|hub, now| {
            let asked = Asked { hub, now, call, ids: &self.ids };
            match handler {
                Handler::Public(document) => Some(document(&asked)),
                // Out of service it is a request like any other.
                Handler::PublicInService(document) => hub.desk().in_service().ok().map(|()| document(&asked)),
                _ => None,
            }
        })
    }

    /// The answer to a user who is logged in: `by` sends the request, and `actor` is the user as whom it is carried out.
    pub async fn reply<'a>(&'a self, by: UserId, actor: UserId, call: Call<'a>) -> Reply {
        let handler = self.handler(&call)?;
        let call = match call.method {
            Method::GET => call,
            _ => call.on_conditions(|call| self.check_conditions(actor, call))?,
        };
        let user = || call.user(actor, self.ids.first().map_or("", String::as_str));
        match handler {
            Handler::Change(read) => {
                call.change(by, actor, |body: &str, bounds: &_| read(&self.ids, body, bounds)).await
            }
            Handler::ChangeOfUser(read) => {
                let user = user()?;
                call.change(by, actor, |body: &str, bounds: &_| read(user, body, bounds)).await
            }
            Handler::Configure(object, action) => {
                let ids = self.ids.clone();
                let category = call.parameter("category")?;
                let of_team = !ids.is_empty();
                let read =
                    move |body: Element| Request::Configure(Change { object, action, ids, category, body });
                if action == Action::Delete {
                    return call.configure(by, actor, read).await;
                }
                let root = Change::root(object, action, of_team);
                if (object, action) == (Object::Contact, Action::Replace) {
                    // Only an administrator's list, which may be long, is read at all.
                    call.look(|hub, _| hub.desk().administrators_only(actor))?;
                    return call.replace_contacts(by, actor, &root, read).await;
                }
                call.configure_by(by, actor, &root, read).await
            }
            Handler::ImportContacts => {
                call.look(|hub, _| hub.desk().administrators_only(actor))?;
                let ids = self.ids.clone();
                let read = |body| {
                    let (object, action) = (Object::Contact, Action::Replace);
                    Request::Configure(Change { object, action, ids, category: String::new(), body })
                };
                call.import(by, actor, read).await
            }
            Handler::Remove(request) => {
                call.change_without_body(by, actor, request(&self.ids)).await?;
                Ok(Success::Document(String::new()))
            }
            Handler::Log(read) => {
                let user = user()?;
                call.log(by, actor, |body: &str, bounds: &_| read(user, body, bounds)).await
            }
            Handler::OpaqueLog(request) => {
                let user = user()?;
                call.opaque_log(by, actor, request(user)).await
            }
            Handler::Missing => Err(missing(&call)),
            Handler::Public(_)
            | Handler::PublicInService(_)
            | Handler::Read(_)
            | Handler::ReadRange(_)
            | Handler::ReadCsv(_)
            | Handler::ReadOfUser(_) => self.read(actor, &call).unwrap_or_else(|| Err(missing(&call))),
        }
    }
}

/// The part of a document that the header Range asks for, in the unit `objects` (the guide, "TeamResource: get phone books").
fn part(asked: &Asked<'_>, actor: UserId, read: ReadRange) -> Reply {
    let range = asked.call.range()?;
    let (document, whole) = read(asked, actor, range.clone())?;
    Ok(match (range, whole) {
        (Some(range), Some(whole)) => {
            let (from, to) = (range.start(), range.end().min(&whole));
            let range = if from > to { "*".to_owned() } else { format!("{from}-{to}") };
            Success::Part(document, format!("objects {range}/{whole}"))
        }
        _ => Success::Document(document),
    })
}

/// The error for what Finesse has, and callboard has not.
fn missing(call: &Call<'_>) -> ApiError {
    ApiRefusal::NotImplemented.about(format!("{} {}", call.method, call.path.join("/")))
}

/// The rows of the manual's table of the API: paths, methods, methods that only Finesse has, products, releases.
pub fn shown() -> impl Iterator<Item = [String; 5]> {
    rows().map(|row| {
        let paths: Vec<_> = row.paths.iter().map(|path| format!("`{path}`")).collect();
        let verbs = |served| row.verbs(served).collect::<Vec<_>>().join(", ");
        let profile = row.profile.map_or("both", Profile::name);
        let releases = match (row.since, row.before) {
            (Some(since), _) => format!("from {}", since.name()),
            (None, Some(before)) => format!("before {}", before.name()),
            (None, None) => "all".to_owned(),
        };
        [paths.join(", "), verbs(true), verbs(false), profile.to_owned(), releases]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path of a pattern with ids in it that no row has as a word.
    fn example(pattern: &str) -> Vec<String> {
        let is_id = |part: &str| part.bytes().all(|byte| byte.is_ascii_uppercase());
        pattern.split('/').map(|part| if is_id(part) { "77" } else { part }.to_owned()).collect()
    }

    #[test]
    fn no_row_hides_another_and_no_method_stands_twice() {
        for row in rows() {
            let profile = row.profile.unwrap_or(Profile::Ucce);
            let release = if row.before.is_some() { Release::R12_5 } else { Release::R15 };
            for pattern in row.paths {
                let found = find(&example(pattern), profile, release).expect(pattern);
                assert!(std::ptr::eq(found.row, row), "{pattern} is hidden by {:?}", found.row.paths);
            }
            for (nth, (verb, _)) in row.methods.iter().enumerate() {
                assert!(row.methods[..nth].iter().all(|(other, _)| other != verb), "{:?}", row.paths);
            }
        }
    }

    #[test]
    fn a_row_is_there_in_its_products_and_releases_only() {
        let is_there = |path: &str, profile, release| find(&example(path), profile, release).is_some();
        for (profile, release, expected) in [
            (Profile::Ucce, Release::R12_5, false),
            (Profile::Ucce, Release::R12_6, true),
            (Profile::Ucce, Release::R15, true),
            (Profile::Uccx, Release::R15, false),
        ] {
            assert_eq!(is_there("ScriptSelectors", profile, release), expected, "{profile:?} {release:?}");
            assert!(is_there("User/ID", profile, release));
        }
    }

    #[test]
    fn allow_names_what_is_served_and_nothing_else() {
        let allow = |path: &str| find(&example(path), Profile::Ucce, Release::R12_5).expect(path).row.allow();
        assert_eq!(allow("User/ID"), "GET, HEAD, PUT, OPTIONS");
        assert_eq!(allow("User/ID/ClientLog"), "POST, OPTIONS");
        assert_eq!(allow("PhoneBook/ID/Contacts/csvFileContent"), "GET, HEAD, POST, OPTIONS");
        // The list of media is changed from 12.6 on.
        assert_eq!(allow("User/ID/Media"), "GET, HEAD, OPTIONS");
        let later = find(&example("User/ID/Media"), Profile::Ucce, Release::R12_6).expect("it is there");
        assert_eq!(later.row.allow(), "GET, HEAD, PUT, OPTIONS");
    }
}
