//! The part of a configuration that a server takes once and for all when it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "cluster")]
use crate::config::cluster::Cluster;
use crate::config::configuration::Config;
use crate::config::limits::Limits;
use crate::config::network::Network;
use crate::config::server::{Durability, Hosts, Profile, Release};
use crate::config::web_origin::WebOrigin;

/// The part of a configuration that counts from the start to the end of a server.
#[derive(Clone, Debug)]
pub struct Fixed {
    domain: String,
    profile: Profile,
    release: Release,
    listen: Vec<SocketAddr>,
    listen_plain: Vec<SocketAddr>,
    listen_xmpp: Vec<SocketAddr>,
    listen_xmpp_plain: Vec<SocketAddr>,
    xmpp_plain_login: bool,
    stream_management: bool,
    state_dir: Option<PathBuf>,
    durability: Durability,
    www: Option<PathBuf>,
    cors_origins: Vec<WebOrigin>,
    hosts: Hosts,
    hsts: Option<Duration>,
    trusted_proxies: Vec<Network>,
    frame_tap: bool,
    faults: bool,
    record: usize,
    #[cfg(feature = "cluster")]
    cluster: Option<Cluster>,
    limits: Limits,
}

impl Fixed {
    /// Returns that part of a configuration.
    pub fn of(config: &Config) -> Self {
        Self {
            domain: config.domain.clone(),
            profile: config.profile,
            release: config.release,
            listen: config.listen.clone(),
            listen_plain: config.listen_plain.clone(),
            listen_xmpp: config.listen_xmpp.clone(),
            listen_xmpp_plain: config.listen_xmpp_plain.clone(),
            xmpp_plain_login: config.xmpp_plain_login,
            stream_management: config.stream_management,
            state_dir: config.state_dir.clone(),
            durability: config.durability,
            www: config.www.as_ref().map(|www| www.folder.clone()),
            cors_origins: config.cors_origins.clone(),
            hosts: config.hosts.clone(),
            hsts: config.hsts,
            trusted_proxies: config.trusted_proxies.clone(),
            frame_tap: config.frame_tap,
            faults: config.faults,
            record: config.record,
            #[cfg(feature = "cluster")]
            cluster: config.cluster.as_ref().map(Cluster::without_places),
            limits: config.limits,
        }
    }

    /// The keys by which another configuration differs, in the order of the file.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let differences = [
            ("domain", self.domain != other.domain),
            ("profile", self.profile != other.profile),
            ("release", self.release != other.release),
            ("listen", self.listen != other.listen),
            ("listen_plain", self.listen_plain != other.listen_plain),
            ("listen_xmpp", self.listen_xmpp != other.listen_xmpp),
            ("listen_xmpp_plain", self.listen_xmpp_plain != other.listen_xmpp_plain),
            ("xmpp_plain_login", self.xmpp_plain_login != other.xmpp_plain_login),
            ("stream_management", self.stream_management != other.stream_management),
            ("state_dir", self.state_dir != other.state_dir),
            ("durability", self.durability != other.durability),
            ("www", self.www != other.www),
            ("cors_origins", self.cors_origins != other.cors_origins),
            ("hosts", self.hosts != other.hosts),
            ("hsts", self.hsts != other.hsts),
            ("trusted_proxies", self.trusted_proxies != other.trusted_proxies),
            ("frame_tap", self.frame_tap != other.frame_tap),
            ("faults", self.faults != other.faults),
            ("record", self.record != other.record),
            #[cfg(feature = "cluster")]
            ("[cluster]", self.cluster != other.cluster),
            ("[limits]", self.limits != other.limits),
        ];
        differences.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }
}
