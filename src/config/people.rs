//! Reads `[[team]]` and `[[user]]`, and checks what they say of each other.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::devices;
use crate::config::guessable::Guessable;
use crate::config::keys;
use crate::config::limits::Kind;
use crate::config::password::Password;
use crate::config::problem::{Place, Placed, Report, proposal, shown};
use crate::config::rules;
use crate::config::scram::Mechanism;
use crate::config::section::{Read, Reported, Section, all};
use crate::config::users::{Role, Team, User};

/// The password that examples have: everybody knows it, so nobody is let in with it.
const EXAMPLE: &str = "change-me";

/// The shortest and the longest time to wrap up, in milliseconds.
const WRAP_UP: RangeInclusive<u64> = 100..=7_200_000;

/// Names to which other sections may refer, each with the line in which it was first declared.
pub(super) type Declared = HashMap<String, usize>;

/// The teams and users of a file.
pub(super) struct People {
    /// `None` if a problem was reported for one of them.
    pub teams: Option<Vec<Team>>,
    /// `None` if a problem was reported for one of them.
    pub users: Option<Vec<User>>,
    /// The ids of all teams; `None` when some could not be read, so that a reference cannot be judged.
    pub team_ids: Option<Declared>,
    /// The ids of all users; `None` when some could not be read, so that a reference cannot be judged.
    pub user_ids: Option<Declared>,
    /// The extensions that could be read, and the line each was first declared in.
    pub extensions: Declared,
    /// Where the first password stands in plain text.
    pub first_plain: Option<Place>,
    /// The passwords that others may know.
    pub guessable: Vec<Guessable>,
}

/// A user as far as it could be read.
struct Draft<'d> {
    id: Option<Placed<&'d str>>,
    login_name: Option<Placed<&'d str>>,
    extension: Option<Placed<&'d str>>,
    team: Option<Placed<&'d str>>,
    supervises: Vec<Placed<&'d str>>,
    plain: Option<Place>,
    guessable: Option<Guessable>,
    user: Option<User>,
}

/// Reads all teams and users, who log in by these mechanisms.
pub(super) fn read(report: &mut Report, root: &Section, sasl: &[Mechanism]) -> People {
    let (teams, team_ids) = teams(report, root);
    let drafts: Result<Vec<Draft>, Reported> = root
        .tables(report, "user", "[[user]]", keys::USER)
        .map(|sections| sections.iter().map(|section| user(report, section, sasl)).collect());
    let Ok(drafts) = drafts else {
        let extensions = Declared::new();
        return People {
            teams,
            users: None,
            team_ids,
            user_ids: None,
            extensions,
            first_plain: None,
            guessable: Vec::new(),
        };
    };
    if drafts.is_empty() {
        report.add(Place::START, "there is no user; add a section [[user]] for each");
    }

    let user_ids = unique(report, "id", "user", drafts.iter().map(|draft| draft.id));
    let extensions = drafts.iter().map(|draft| draft.extension).filter(Option::is_some);
    let extensions = unique(report, "extension", "user", extensions).unwrap_or_default();
    login_names(report, &drafts, user_ids.as_ref());
    if let Some(team_ids) = &team_ids {
        for reference in drafts.iter().flat_map(|draft| draft.team.iter().chain(&draft.supervises)) {
            declared(report, "team", reference, team_ids);
        }
    }

    let first_plain = drafts.iter().filter_map(|draft| draft.plain).min();
    let guessable = drafts.iter().filter_map(|draft| draft.guessable.clone()).collect();
    let users = drafts.into_iter().map(|draft| draft.user).collect();
    People { teams, users, team_ids, user_ids, extensions, first_plain, guessable }
}

fn teams(report: &mut Report, root: &Section) -> (Option<Vec<Team>>, Option<Declared>) {
    let Ok(sections) = root.tables(report, "team", "[[team]]", keys::TEAM) else {
        return (None, None);
    };
    let mut ids = Vec::new();
    let mut teams = Vec::new();
    for section in &sections {
        let id = section.needed(report, "id");
        let name =
            section.needed(report, "name").and_then(|name| checked(report, "name", name, &rules::name));
        ids.push(id.ok());
        let id = id.and_then(|id| checked(report, "id", id, &rules::team_id));
        let wrap_up = wrap_up(report, section);
        let team = || -> Result<Team, Reported> {
            Ok(Team { id: id?.value.into(), name: name?.value.into(), wrap_up: wrap_up? })
        };
        teams.push(team().ok());
    }
    let ids = unique(report, "id", "team", ids.into_iter());
    (teams.into_iter().collect(), ids)
}

fn wrap_up(report: &mut Report, section: &Section) -> Result<Option<Duration>, Reported> {
    let Some(text) = section.string(report, "wrap_up")? else { return Ok(None) };
    match Kind::Duration.parse(text.value).filter(|time| WRAP_UP.contains(time)) {
        Some(time) => Ok(Some(Duration::from_millis(time))),
        None => {
            let form = "must be a duration from \"100ms\" to \"2h\", such as \"30s\"";
            report.add(text.place, format!("wrap_up {} {form}", shown(text.value)));
            Err(Reported)
        }
    }
}

fn user<'d>(report: &mut Report, section: &Section<'d>, sasl: &[Mechanism]) -> Draft<'d> {
    let id = section.needed(report, "id");
    let login_name = section.string(report, "login_name");
    let extension = section.string(report, "extension");
    let devices = devices::read(report, section, matches!(extension, Ok(Some(_)) | Err(_)));
    let sso = section.boolean(report, "sso");
    let team = section.string(report, "team");
    let supervises = section.strings(report, "supervises");
    let Secret { password, plain, hash } = password(report, section, sasl);
    if let (Ok(password), Ok(sso)) = (&password, &sso)
        && let Some(sentence) = password.problem(sso.is_some_and(|on| on.value), sasl)
    {
        let place = sso.filter(|on| on.value).map(|on| on.place).or(hash.map(|hash| hash.place));
        report.add(place.unwrap_or(section.place), sentence);
    }
    let guessable = id.ok().and_then(|id| match (plain, &password) {
        (Some(plain), _) => {
            Guessable::plain(id.value, login_name.ok().flatten().map(|name| name.value), plain)
        }
        (None, Ok(password)) => Guessable::hashed(id.value, hash?.place, password),
        _ => None,
    });
    let roles = roles(report, section);
    if let Ok(teams) = &supervises {
        distinct(report, "supervises", teams.as_deref().unwrap_or_default());
    }
    if let (Ok(roles), Ok(team)) = (&roles, &team)
        && roles.contains(&Role::Agent)
        && team.is_none()
    {
        let sentence = "[[user]] has no team, which an Agent needs; add team = \"…\" or give it other roles";
        report.add(section.place, sentence);
    }
    if let (Ok(roles), Ok(Some(teams))) = (&roles, &supervises)
        && !roles.contains(&Role::Supervisor)
        && let Some(first) = teams.first()
    {
        let sentence =
            "supervises is for a user with the role \"Supervisor\"; add the role or leave this out";
        report.add(first.place, sentence);
    }

    let supervised = supervises.as_ref().ok().cloned().flatten().unwrap_or_default();
    let good_id = id.and_then(|id| checked(report, "id", id, &rules::user_id));
    let good_login_name =
        optional(report, "login_name", login_name, &|text| rules::login_name(text).map(drop));
    let good_extension = optional(report, "extension", extension, &rules::extension);
    let first_name = section.string(report, "first_name");
    let first_name = optional(report, "first_name", first_name, &name_or_nothing);
    let last_name = section.string(report, "last_name");
    let last_name = optional(report, "last_name", last_name, &name_or_nothing);
    let user = || -> Result<User, Reported> {
        Ok(User {
            id: good_id?.value.into(),
            login_name: good_login_name?,
            password: password?,
            first_name: first_name?.unwrap_or_default(),
            last_name: last_name?.unwrap_or_default(),
            roles: roles?,
            team: team?.map(|team| team.value.into()),
            supervises: supervises?.unwrap_or_default().iter().map(|team| team.value.into()).collect(),
            extension: good_extension?,
            devices: devices?,
            sso: sso?.is_some_and(|on| on.value),
        })
    };
    Draft {
        id: id.ok(),
        login_name: login_name.ok().flatten(),
        extension: extension.ok().flatten(),
        team: team.ok().flatten(),
        supervises: supervised,
        plain: plain.map(|plain| plain.place),
        guessable,
        user: user().ok(),
    }
}

/// A password, and how it stands in the file.
struct Secret<'d> {
    password: Result<Password, Reported>,
    plain: Option<Placed<&'d str>>,
    hash: Option<Placed<&'d str>>,
}

/// Reads the one of `password`, `password_hash` and `password_scram` that must be there.
fn password<'d>(report: &mut Report, section: &Section<'d>, sasl: &[Mechanism]) -> Secret<'d> {
    let plain = section.string(report, "password");
    let hash = section.string(report, "password_hash");
    let scram = section.string(report, "password_scram");
    let (Ok(plain), Ok(hash), Ok(scram)) = (plain, hash, scram) else {
        return Secret { password: Err(Reported), plain: None, hash: None };
    };
    let password = match (plain, hash, scram) {
        (Some(plain), None, None) if plain.value == EXAMPLE => {
            let sentence = "password is still that of the example; run `callboard passwd` and put what it prints here, as \
                            password_hash = \"…\"";
            Err((plain.place, sentence.to_owned()))
        }
        (Some(plain), None, None) => {
            Password::plain_for(plain.value, sasl).map_err(|end| (plain.place, format!("password {end}")))
        }
        (None, Some(hash), None) => {
            Password::parse_hash(hash.value).map_err(|end| (hash.place, format!("password_hash {end}")))
        }
        (None, None, Some(scram)) => {
            Password::parse_scram(scram.value).map_err(|end| (scram.place, format!("password_scram {end}")))
        }
        (None, None, None) => {
            let sentence =
                "[[user]] has no password; add password_hash = \"…\" from `callboard passwd`, or password";
            Err((section.place, sentence.to_owned()))
        }
        _ => {
            let all = [("password", plain), ("password_hash", hash), ("password_scram", scram)];
            let there = || all.iter().filter_map(|(key, value)| value.map(|value| (*key, value.place)));
            let names: Vec<_> = there().map(|(key, _)| key).collect();
            let place = there().map(|(_, place)| place).max().unwrap_or(section.place);
            Err((place, format!("[[user]] has both {}; keep one of them", names.join(" and "))))
        }
    };
    let password = password.map_err(|(place, sentence)| {
        report.add(place, sentence);
        Reported
    });
    Secret { password, plain, hash: hash.or(scram) }
}

fn roles(report: &mut Report, section: &Section) -> Result<Vec<Role>, Reported> {
    let Some(names) = section.strings(report, "roles")? else {
        return Ok(vec![Role::Agent]);
    };
    distinct(report, "roles", &names);
    if names.is_empty() {
        if let Some(value) = section.value(report, "roles") {
            let sentence = "roles must have at least one role; leave the key out for [\"Agent\"]";
            report.add(value.place, sentence);
        }
        return Err(Reported);
    }
    all(names.iter().map(|name| {
        Role::ALL.into_iter().find(|role| role.name() == name.value).ok_or_else(|| {
            let proposal = proposal(name.value, Role::ALL.iter().map(|role| role.name()));
            report.add(name.place, format!("{} is not a role{proposal}", shown(name.value)));
            Reported
        })
    }))
}

/// Reports a login name that another user already answers to.
fn login_names(report: &mut Report, drafts: &[Draft], user_ids: Option<&Declared>) {
    let mut taken: Declared = HashMap::new();
    for draft in drafts {
        let Some(placed) = draft.login_name else { continue };
        let Ok(name) = rules::login_name(placed.value) else {
            continue;
        };
        let own = draft.id.is_some_and(|id| id.value == name);
        let by_id = user_ids.and_then(|ids| ids.get(&name)).filter(|_| !own);
        if let Some(line) = by_id {
            let shown = shown(placed.value);
            report.add(placed.place, format!("login_name {shown} is the id of the user in line {line}"));
        } else if let Some(line) = taken.get(&name) {
            let shown = shown(placed.value);
            report.add(placed.place, format!("login_name {shown} already stands in line {line}"));
        } else {
            taken.insert(name, placed.place.line);
        }
    }
}

/// Reports a text that stands twice; returns all, or `None` if one is not known.
pub(super) fn unique<'d>(
    report: &mut Report,
    key: &str,
    what: &str,
    texts: impl Iterator<Item = Option<Placed<&'d str>>>,
) -> Option<Declared> {
    unique_of(report, key, what, texts.collect())
}

fn unique_of(
    report: &mut Report,
    key: &str,
    what: &str,
    texts: Vec<Option<Placed<&str>>>,
) -> Option<Declared> {
    let mut first: Declared = HashMap::new();
    let mut complete = true;
    for text in texts {
        let Some(Placed { place, value }) = text else {
            complete = false;
            continue;
        };
        if let Some(line) = first.get(value) {
            let shown = shown(value);
            let sentence =
                format!("{key} {shown} already belongs to the {what} in line {line}; give each its own");
            report.add(place, sentence);
        } else {
            first.insert(value.to_owned(), place.line);
        }
    }
    complete.then_some(first)
}

/// Reports a text that stands twice in one array.
pub(super) fn distinct(report: &mut Report, key: &str, texts: &[Placed<&str>]) {
    let mut seen = HashSet::new();
    for text in texts.iter().filter(|text| !seen.insert(text.value)) {
        report.add(text.place, format!("{key} has {} twice; leave one out", shown(text.value)));
    }
}

/// Reports a reference to what nobody declared.
pub(super) fn declared(report: &mut Report, what: &str, reference: &Placed<&str>, known: &Declared) {
    if !known.contains_key(reference.value) {
        let mut names: Vec<&str> = known.keys().map(String::as_str).collect();
        names.sort_unstable();
        let (shown, proposal) = (shown(reference.value), proposal(reference.value, names));
        report.add(reference.place, format!("{what} {shown} is not declared by any [[{what}]]{proposal}"));
    }
}

/// Applies a rule to a value.
pub(super) fn checked<'d>(
    report: &mut Report,
    key: &str,
    text: Placed<&'d str>,
    rule: &dyn Fn(&str) -> Result<(), String>,
) -> Result<Placed<&'d str>, Reported> {
    rule(text.value).map(|()| text).map_err(|end| {
        report.add(text.place, format!("{key} {} {end}", shown(text.value)));
        Reported
    })
}

/// Applies a rule to a value, if there is one.
pub(super) fn optional(
    report: &mut Report,
    key: &str,
    text: Read<&str>,
    rule: &dyn Fn(&str) -> Result<(), String>,
) -> Result<Option<String>, Reported> {
    let Some(text) = text? else { return Ok(None) };
    checked(report, key, text, &rule).map(|text| Some(text.value.to_owned()))
}

/// The rule of a name that may be empty.
pub(super) fn name_or_nothing(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { rules::name(text) }
}
