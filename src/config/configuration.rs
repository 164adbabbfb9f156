//! A configuration as a value.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::config::books::PhoneBook;
use crate::config::campaigns::Campaign;
#[cfg(feature = "cluster")]
use crate::config::cluster::Cluster;
use crate::config::faults::FaultSection;
use crate::config::files::{Files, Origin, SelfSigned, TlsFiles, Www};
use crate::config::guessable::{self, Guessable};
use crate::config::layouts::Layout;
use crate::config::limits::Limits;
use crate::config::media::Medium;
use crate::config::network::Network;
use crate::config::objects::Objects;
use crate::config::password::Password;
use crate::config::problem::{Place, Problem};
use crate::config::queues::{Outside, Queue};
use crate::config::scram::Mechanism;
use crate::config::server::{
    Durability, Hosts, NodeAccess, NodeConfig, Profile, QueueStatistics, Release, Subscriptions,
};
use crate::config::users::{ReasonCode, Team, User};
use crate::config::web_origin::{Host, WebOrigin};

/// The most entries that the record can be told to keep.
pub const MOST_ENTRIES: usize = 100_000;

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
    /// Where XMPP over TCP is spoken, with TLS from the first byte.
    pub listen_xmpp: Vec<SocketAddr>,
    /// Where XMPP over TCP is spoken, with STARTTLS.
    pub listen_xmpp_plain: Vec<SocketAddr>,
    /// Whether users may log in without STARTTLS there.
    pub xmpp_plain_login: bool,
    /// The mechanisms by which users log in over XMPP, in the order in which they are offered; at least one.
    pub sasl: Vec<Mechanism>,
    /// Whether stream management is offered (XEP-0198), which Finesse does not.
    pub stream_management: bool,
    /// Where the file names each address to listen on; those of flags stand nowhere.
    pub listen_places: Vec<(SocketAddr, Place)>,
    /// The files of the certificate; `None`: one is made.
    pub tls: Option<TlsFiles>,
    /// The folder for what the server keeps over a restart; `None`: the default.
    pub state_dir: Option<PathBuf>,
    /// How much of the changes the folder keeps.
    pub durability: Durability,
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
    /// Whether administrators may set faults.
    pub faults: bool,
    /// How many entries of what happens are kept; 0: none.
    pub record: usize,
    /// Makes ids of items and messages repeatable, if a flag says so.
    pub seed: Option<u64>,
    /// Access to the nodes of users, teams and queues.
    pub node_access: NodeAccess,
    /// How many subscriptions to a node an owner may have.
    pub subscriptions: Subscriptions,
    /// The queues whose statistics are shown as numbers.
    pub queue_statistics: QueueStatistics,
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
    /// Workflows, layouts of the desktop, settings.
    pub objects: Objects,
    /// In the order of the file.
    pub queues: Vec<Queue>,
    /// Numbers that are no telephones of users.
    pub outside: Outside,
    /// Media other than voice, in the order of the file; Enterprise only.
    pub media: Vec<Medium>,
    /// Outbound campaigns, in the order of the file.
    pub campaigns: Vec<Campaign>,
    /// Pubsub nodes of one's own, in the order of the file.
    pub nodes: Vec<NodeConfig>,
    /// Faults, in the order of the file, as far as this room understands them.
    pub fault_sections: Vec<FaultSection>,
    /// The engine of several appliances, and their sides; `None`: this one is alone.
    #[cfg(feature = "cluster")]
    pub cluster: Option<Cluster>,
    /// The bounds in force.
    pub limits: Limits,
    /// Where all this comes from.
    pub origin: Origin,
    pub(super) guessable: Vec<Guessable>,
}

impl Config {
    /// Where TLS is spoken when the file doesn't say it.
    pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8445);

    /// Where XMPP over TCP is spoken by the demo inside the program: with TLS from the first byte, and with STARTTLS.
    pub const DEMO_XMPP: [SocketAddr; 2] = [
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5223),
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5222),
    ];

    /// All addresses on which it listens.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let xmpp = self.listen_xmpp.iter().chain(&self.listen_xmpp_plain);
        self.listen.iter().chain(&self.listen_plain).chain(xmpp).copied()
    }

    /// Returns the slowest password in use, for [`crate::config::password::verify`].
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
        Files {
            origin: self.origin.clone(),
            tls: self.tls.clone(),
            self_signed: self.self_signed(),
            www: self.www.clone(),
        }
    }

    /// The certificate that is made where it names none; `None`: nothing listens with TLS.
    fn self_signed(&self) -> Option<SelfSigned> {
        let with_tls = || self.listen.iter().chain(&self.listen_xmpp).chain(&self.listen_xmpp_plain);
        with_tls().next()?;
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let addresses = with_tls().map(|listener| listener.ip().to_canonical());
        let addresses = loopback.into_iter().chain(addresses.filter(|address| !address.is_unspecified()));
        let mut names = vec!["localhost".to_owned(), self.domain.clone()];
        names.extend(addresses.map(|address| address.to_string()));
        if let Hosts::Named(hosts) = &self.hosts {
            names.extend(hosts.iter().map(|host| match host {
                Host::Address(address) => address.to_string(),
                Host::Name(name) => name.clone(),
            }));
        }
        // An internationalised domain cannot stand in a certificate as it is written; the other names still can.
        let mut seen = HashSet::new();
        names.retain(|name| name.is_ascii() && seen.insert(name.clone()));
        Some(SelfSigned { names, state_dir: self.state_dir.clone() })
    }

    /// Makes a problem with this configuration, for what is found out only when it is put to use.
    pub fn problem(&self, place: Place, sentence: impl Into<String>) -> Problem {
        Problem { file: self.origin.to_string().into(), place, sentence: sentence.into() }
    }

    /// The users whose passwords others may know, if one of the addresses is not of this machine alone: a problem for each. It
    /// may take as long as some logins.
    pub fn guessable_at(&self, addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<Problem> {
        let open = addresses.into_iter().find(|address| !address.ip().to_canonical().is_loopback());
        let Some(open) = open else { return Vec::new() };
        let sentences = guessable::sentences(&self.guessable, open);
        sentences.into_iter().map(|(place, sentence)| self.problem(place, sentence)).collect()
    }
}
