//! The static world: who may log in, where to listen, what is bounded. It never changes while it is in use; another one
//! may take its place, but for what is [`Fixed`].
//!
//! A configuration is a TOML file (`deploy/demo.toml` shows every key). All that is wrong with one is reported at
//! once, each problem at its place, by [`Config::load`] and [`Config::parse`].

mod books;
pub(crate) mod browsers;
pub mod call_variable;
mod file;
mod guessable;
mod layouts;
pub mod limits;
pub mod password;
mod people;
mod problem;
mod queues;
mod read;
mod reasons;
pub(crate) mod restart_only;
mod rules;
mod section;
pub(crate) mod shared_keys;
#[cfg(test)]
mod tests;
pub mod web_origin;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client_address::Network;
use crate::config::limits::Limits;
use crate::config::password::Password;
use crate::config::web_origin::{Host, WebOrigin};
use crate::xmpp::ns;

pub use books::{Contact, PhoneBook};
use guessable::Guessable;
pub use layouts::{Entry, Layout};
pub use problem::{Place, Problem, nearest, proposal};
pub use queues::{Outside, Queue};
pub use restart_only::Fixed;

/// The text of the embedded demo configuration.
pub const DEMO: &str = include_str!("../../deploy/demo.toml");

/// Every section of a configuration file but `[limits]`, and its keys; the first one is the file itself.
pub const SECTIONS: [(&str, &[&str]); 11] = [
    ("", read::KEYS),
    ("[tls]", read::TLS_KEYS),
    ("[[team]]", people::TEAM_KEYS),
    ("[[user]]", people::USER_KEYS),
    ("[[reason_code]]", reasons::KEYS),
    ("[[phone_book]]", books::KEYS),
    ("[[phone_book.contact]]", books::CONTACT_KEYS),
    ("[[layout]]", layouts::KEYS),
    ("[[queue]]", queues::KEYS),
    ("[outside]", queues::OUTSIDE_KEYS),
    ("[[node]]", read::NODE_KEYS),
];

/// A configuration without contradictions: every reference in it leads somewhere, every name is unique.
#[derive(Clone, Debug)]
pub struct Config {
    /// The XMPP domain, prepared by nameprep; the pubsub service is `pubsub.` before it.
    pub domain: String,
    /// The product whose agent rules and payload details apply.
    pub profile: Profile,
    /// The release whose payload details apply.
    pub release: Release,
    /// Where TLS is spoken; this or `listen_plain` has an address.
    pub listen: Vec<SocketAddr>,
    /// Where the same is spoken without TLS.
    pub listen_plain: Vec<SocketAddr>,
    /// Where the file names each address to listen on; those of flags stand nowhere.
    pub listen_places: Vec<(SocketAddr, Place)>,
    /// The files of the certificate; `None`: one is made.
    pub tls: Option<TlsFiles>,
    /// The folder whose files are served at `/`; `None`: none is.
    pub www: Option<Www>,
    /// The origins whose pages may use the server beside its own and those of the machine on which the browser runs; none twice.
    pub cors_origins: Vec<WebOrigin>,
    /// By which names it goes.
    pub hosts: Hosts,
    /// For how long browsers are told to come by TLS only; `None`: they are told nothing.
    pub hsts: Option<Duration>,
    /// The proxies whose word counts about where a request comes from.
    pub trusted_proxies: Vec<Network>,
    /// Whether administrators may look at the frames of other sessions.
    pub frame_tap: bool,
    /// Which users may follow the nodes of users, teams and queues.
    pub node_access: NodeAccess,
    /// In the order of the file.
    pub teams: Vec<Team>,
    /// In the order of the file; at least one.
    pub users: Vec<User>,
    /// Whether NOT_READY and LOGOUT need a reason code where there are any for the agent.
    pub require_reason_codes: bool,
    /// In the order of the file.
    pub reason_codes: Vec<ReasonCode>,
    /// In the order of the file.
    pub phone_books: Vec<PhoneBook>,
    /// In the order of the file; at least one is for all teams.
    pub layouts: Vec<Layout>,
    /// In the order of the file.
    pub queues: Vec<Queue>,
    /// Numbers that are no telephones of users.
    pub outside: Outside,
    /// Pubsub nodes of one's own, in the order of the file.
    pub nodes: Vec<NodeConfig>,
    /// The bounds in force.
    pub limits: Limits,
    /// Where all this comes from.
    pub origin: Origin,
    guessable: Vec<Guessable>,
}

/// A variant of the contact centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Unified Contact Center Express.
    Uccx,
    /// Unified Contact Center Enterprise.
    Ucce,
}

/// A release of Finesse, as far as its API and its events differ; a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// 11.6 and before.
    R11_6,
    R12_5,
    /// 12.6(2).
    R12_6,
    /// No difference from 12.6(2) is known.
    R15,
}

/// Which users may subscribe to the nodes of users, teams and queues (the access models of XEP-0060 §4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeAccess {
    /// Every user who may follow the node's object on Finesse.
    #[default]
    Open,
    /// The users to whom the REST API shows the same.
    Role,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes calls, in a team.
    Agent,
    /// Watches over teams.
    Supervisor,
    /// May do what Finesse has no interface for, such as publishing on nodes without a list of publishers.
    Administrator,
}

/// A certificate with its key, and where the file names them, for problems found when they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// A PEM file with the certificate and those that lead to its root; relative paths of the file are resolved.
    pub certificate: PathBuf,
    /// Where the configuration names the certificate.
    pub certificate_place: Place,
    /// A PEM file with the private key; relative paths of the file are resolved.
    pub key: PathBuf,
    /// Where the configuration names the key.
    pub key_place: Place,
}

/// The files that a configuration names, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Where the configuration comes from.
    pub origin: Origin,
    /// The files of the certificate.
    pub tls: Option<TlsFiles>,
    /// The folder whose files are served.
    pub www: Option<Www>,
}

impl Files {
    /// Makes a problem with the configuration, for what is found out only when it is put to use.
    pub fn problem(&self, place: Place, sentence: impl Into<String>) -> Problem {
        Problem { file: self.origin.to_string().into(), place, sentence: sentence.into() }
    }

    /// A line for a problem, with its place in the file if it stands there.
    pub fn line(&self, place: Option<Place>, sentence: &str) -> String {
        match place {
            Some(place) => self.problem(place, sentence).to_string(),
            None => format!("callboard: {sentence}"),
        }
    }
}

/// What there is to say of the files that a configuration names.
#[derive(Debug, Default)]
pub struct Found {
    /// Why the server would not start with them: a line for each.
    pub problems: Vec<String>,
    /// Settings that are allowed and still unwise.
    pub warnings: Vec<Problem>,
    /// For whom the certificate is, and until when.
    pub certificate: Option<String>,
}

/// The problems of a configuration.
#[derive(Debug)]
pub struct Unread {
    /// In the order of the file.
    pub problems: Vec<Problem>,
    /// What it names all the same.
    pub files: Box<Files>,
}

/// A folder with files for browsers, and where it is named, for problems found when it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Www {
    /// Relative paths of the file are resolved; those of a flag start at the working directory.
    pub folder: PathBuf,
    /// Where the configuration names it; a flag stands nowhere.
    pub place: Option<Place>,
}

/// The names that requests may have in their header Host beside those that the server has anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// No names. Only requests that come in by a loopback address are looked at.
    Loopback,
    /// These names. All requests are looked at.
    Named(Vec<Host>),
    /// All there are.
    Any,
}

/// A team of agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// ASCII letters, digits, `-`, `.` and `_`.
    pub id: String,
    /// For people; without control characters.
    pub name: String,
    /// How long its agents wrap up after a call from a queue; `None`: they do not.
    pub wrap_up: Option<Duration>,
}

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The local part of the XMPP address, as nodeprep leaves it.
    pub id: String,
    /// Another name to log in with, as written. What nodeprep makes of it is no other user's id or login name.
    pub login_name: Option<String>,
    /// What the password is compared with.
    pub password: Password,
    /// Empty when the configuration has none.
    pub first_name: String,
    /// Empty when the configuration has none.
    pub last_name: String,
    /// At least one, none twice.
    pub roles: Vec<Role>,
    /// The id of a team; agents have one.
    pub team: Option<String>,
    /// The ids of teams; empty unless the user is a supervisor.
    pub supervises: Vec<String>,
    /// The telephone: digits, `+`, `*` and `#`. No two users have the same.
    pub extension: Option<String>,
}

/// Why an agent is not ready, signs out, or what a call was about (the guide, "Reason codes" and "Wrap-up reasons").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonCode {
    /// By which requests name it; no two have the same.
    pub id: u32,
    /// What it is a reason for.
    pub category: Category,
    /// The number for reports, 1 to 65535; no two of a category have the same.
    pub code: u16,
    /// For people; without control characters.
    pub label: String,
    /// The ids of the teams that have it; `None`: all.
    pub teams: Option<Vec<String>>,
}

/// What a reason code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// The state NOT_READY.
    NotReady,
    /// Signing out.
    Logout,
    /// The end of a call.
    WrapUp,
}

/// A pubsub node of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// Starts with `/`, but not with `/finesse/api/`.
    pub name: String,
    /// The ids of the users who may publish; empty: those with the role [`Role::Administrator`].
    pub publish: Vec<String>,
    /// How many of the last items are kept, 0 to 1000.
    pub items: usize,
}

/// Where a configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The one inside the program, with passwords everybody knows.
    Demo,
    /// A file.
    File(PathBuf),
}

impl Config {
    /// Where TLS is spoken when the file doesn't say it.
    pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8445);

    /// Returns the embedded demo configuration.
    pub fn demo() -> Config {
        read::read(DEMO, &Origin::Demo.to_string(), Path::new(""), Origin::Demo)
            .expect("a test reads the demo configuration")
            .config
    }

    /// Reads a configuration file.
    ///
    /// Returns it with warnings: what is allowed and still unwise, such as a file with passwords that everybody
    /// on the machine can read.
    ///
    /// # Errors
    ///
    /// Returns every problem found, in the order of the file. A file that cannot be read is one problem.
    pub fn load(path: &Path) -> Result<(Config, Vec<Problem>), Unread> {
        file::load(path)
    }

    /// Reads a configuration from the text of a file called `name`; touches no file.
    ///
    /// # Errors
    ///
    /// Returns every problem found, in the order of the text.
    pub fn parse(text: &str, name: &str) -> Result<Config, Vec<Problem>> {
        let path = Path::new(name);
        let folder = path.parent().unwrap_or(Path::new(""));
        let read = read::read(text, name, folder, Origin::File(path.into()));
        read.map(|parsed| parsed.config).map_err(|unread| unread.problems)
    }

    /// Returns the slowest password hash in use, for [`password::verify`].
    pub fn decoy(&self) -> Option<&Password> {
        let hashed = self.users.iter().map(|user| &user.password).filter(|password| password.is_slow());
        hashed.max_by_key(|password| password.iterations())
    }

    /// How many users there are whose logins cost a hash: with one hashed password that is all of them.
    pub fn hashed_logins(&self) -> usize {
        self.decoy().map_or(0, |_| self.users.len())
    }

    /// Of how many users the right passwords are remembered under these limits. With room for fewer than log in all day each
    /// request of the others would cost a hash.
    pub fn remembered(&self, limits: &Limits) -> usize {
        if limits.password_memory == 0 { 0 } else { limits.password_memory.max(self.hashed_logins()) }
    }

    /// The files that it names.
    pub fn files(&self) -> Files {
        Files { origin: self.origin.clone(), tls: self.tls.clone(), www: self.www.clone() }
    }

    /// Makes a problem with this configuration, for what is found out only when it is put to use.
    pub fn problem(&self, place: Place, sentence: impl Into<String>) -> Problem {
        Problem { file: self.origin.to_string().into(), place, sentence: sentence.into() }
    }
}

impl Profile {
    /// Every profile there is.
    pub const ALL: [Profile; 2] = [Profile::Uccx, Profile::Ucce];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Uccx => "uccx",
            Profile::Ucce => "ucce",
        }
    }
}

impl Release {
    /// Every release there is.
    pub const ALL: [Release; 4] = [Release::R11_6, Release::R12_5, Release::R12_6, Release::R15];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            Release::R11_6 => "11.6",
            Release::R12_5 => "12.5",
            Release::R12_6 => "12.6",
            Release::R15 => "15",
        }
    }

    /// The namespace of the `<notification/>` around a payload (captures of Finesse 12.5 and 11.6).
    pub fn notification(self) -> &'static str {
        match self {
            Release::R11_6 => ns::PUBSUB,
            Release::R12_5 | Release::R12_6 | Release::R15 => ns::PUSH,
        }
    }
}

impl NodeAccess {
    /// Every model there is.
    pub const ALL: [NodeAccess; 2] = [NodeAccess::Open, NodeAccess::Role];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            NodeAccess::Open => "open",
            NodeAccess::Role => "role",
        }
    }
}

impl Category {
    /// Every category there is.
    pub const ALL: [Category; 3] = [Category::NotReady, Category::Logout, Category::WrapUp];

    /// The name in the configuration file and in the documents of the REST API.
    pub fn name(self) -> &'static str {
        match self {
            Category::NotReady => "NOT_READY",
            Category::Logout => "LOGOUT",
            Category::WrapUp => "WRAPUP",
        }
    }
}

impl Role {
    /// Every role there is.
    pub const ALL: [Role; 3] = [Role::Agent, Role::Supervisor, Role::Administrator];

    /// The name in the configuration file and in the documents of the REST API.
    pub fn name(self) -> &'static str {
        match self {
            Role::Agent => "Agent",
            Role::Supervisor => "Supervisor",
            Role::Administrator => "Administrator",
        }
    }
}

impl fmt::Display for Origin {
    /// Writes the name of the file, as it stands in problems.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Demo => f.write_str("the embedded demo.toml"),
            Origin::File(path) => write!(f, "{}", path.display()),
        }
    }
}
