//! The section `[cluster]`: the engine that keeps the log of several appliances, and their sides.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::keys;
use crate::config::people;
use crate::config::problem::{Place, Placed, Report, shown};
use crate::config::section::{Reported, Section, all, named};
use crate::config::web_origin::Host;

/// The port of Redis.
const PORT: u16 = 6379;
/// The longest name and the longest key, in bytes.
const LONGEST: usize = 200;

/// The engine, and the sides of the contact centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    pub engine: Address,
    /// The side that this appliance is, or stands for.
    pub name: String,
    /// The key of the stream.
    pub key: String,
    /// The file with the password; relative paths of the file are resolved.
    pub password_file: Option<PathBuf>,
    /// A PEM file with the certificates that the engine's has to lead to; with TLS only, and always then.
    pub ca: Option<PathBuf>,
    /// The sides that clients are told of: none, or the primary one first and the secondary one after it.
    pub sides: Vec<Side>,
    pub places: Places,
}

/// Where the engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub tls: bool,
    /// The user of the engine; `None`: that which it calls `default`.
    pub user: Option<String>,
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    pub database: u32,
}

/// Where the file names what can be wrong later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub section: Place,
    pub password_file: Place,
    pub ca: Place,
}

impl Places {
    const NOWHERE: Self = Self { section: Place::START, password_file: Place::START, ca: Place::START };
}

/// A side of the contact centre, as Finesse has two nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    pub name: String,
    /// The host at which its clients find it.
    pub host: String,
    pub role: SideRole,
}

/// The role of a side: one of two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideRole {
    Primary,
    Secondary,
}

impl SideRole {
    /// Both roles.
    pub const ALL: [SideRole; 2] = [SideRole::Primary, SideRole::Secondary];

    /// The name in the configuration file.
    pub fn name(self) -> &'static str {
        match self {
            SideRole::Primary => "primary",
            SideRole::Secondary => "secondary",
        }
    }
}

impl Cluster {
    /// The section without its places in the file, to compare two files.
    pub fn without_places(&self) -> Self {
        Self { places: Places::NOWHERE, ..self.clone() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tls, user, host, port, database } = self;
        f.write_str(if *tls { "rediss://" } else { "redis://" })?;
        if let Some(user) = user {
            write!(f, "{user}@")?;
        }
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{open}{host}{close}:{port}/{database}")
    }
}

impl Address {
    /// Reads `redis://USER@HOST:PORT/DATABASE`, of which user, port and database may be left out.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let tls = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return None,
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let database = if path.is_empty() { 0 } else { number(path)? };
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let is_plain = |user: &&str| !user.is_empty() && !user.contains([':', '%', '?', '#', ' ']);
        if user.is_some_and(|user| !is_plain(&user)) {
            return None;
        }
        let (host, port) = Host::with_port(place)?;
        let host = match host {
            Host::Address(address) => address.to_string(),
            Host::Name(name) => name,
        };
        Some(Self { tls, user: user.map(str::to_owned), host, port: port.unwrap_or(PORT), database })
    }
}

/// A number as it is usually written.
fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// Reads `[cluster]`. Paths in the file start at `folder`; `domain` names the stream if the section does not.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    folder: &Path,
    domain: &str,
) -> Result<Option<Cluster>, Reported> {
    let Some(section) = root.table(report, "cluster", "[cluster]", keys::CLUSTER)? else {
        return Ok(None);
    };
    let engine = section.needed(report, "url").and_then(|url| address(report, url));
    let name = section.needed(report, "name").and_then(|name| word(report, "name", name));
    let key = match section.string(report, "key") {
        Ok(Some(key)) => word(report, "key", key),
        Ok(None) => Ok(format!("callboard:{domain}")),
        Err(Reported) => Err(Reported),
    };
    let password_file = file(report, &section, "password_file", "the path of a file", folder);
    let ca = file(report, &section, "ca", "the path of a PEM file", folder);
    let sides = sides(report, &section);
    if let (Ok(engine), Ok(ca)) = (&engine, &ca) {
        match ca {
            None if engine.value.tls => {
                let sentence = "with rediss:// the file is needed that the engine's certificate is looked at by; add ca = \"…\" \
                                (/etc/ssl/certs/ca-certificates.crt has the public authorities)";
                report.add(engine.place, sentence);
            }
            Some(ca) if !engine.value.tls => {
                report.add(ca.place, "ca is for TLS, and url has none; write rediss://, or leave ca out");
            }
            _ => {}
        }
    }
    if let (Ok(sides), Ok(name)) = (&sides, &name)
        && !sides.is_empty()
        && !sides.iter().any(|side| side.name == *name)
    {
        let place = section.value(report, "name").map_or(section.place, |value| value.place);
        report.add(place, format!("there is no [[cluster.side]] with the name {}; name the side that this appliance is, or stands for", shown(name)));
    }
    let (engine, password_file, ca) = (engine?, password_file?, ca?);
    let place = |file: &Option<Placed<PathBuf>>| file.as_ref().map_or(section.place, |file| file.place);
    Ok(Some(Cluster {
        engine: engine.value,
        name: name?,
        key: key?,
        places: Places { section: section.place, password_file: place(&password_file), ca: place(&ca) },
        password_file: password_file.map(|file| file.value),
        ca: ca.map(|file| file.value),
        sides: sides?,
    }))
}

fn address(report: &mut Report, Placed { place, value }: Placed<&str>) -> Result<Placed<Address>, Reported> {
    let authority = value.split_once("://").map_or(value, |(_, rest)| rest);
    if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        // The text is not shown.
        let sentence = "url has a password in it, which would stand in logs; write it into a file and name that by password_file, \
                        or set the variable CALLBOARD_CLUSTER_PASSWORD";
        report.add(place, sentence);
        return Err(Reported);
    }
    Address::parse(value).map(|value| Placed { place, value }).ok_or_else(|| {
        let form = "is not the address of an engine; write redis:// or rediss:// (with TLS), the host, the port if it is not 6379, and \
                    the number of the database if it is not 0, such as \"redis://engine.example.org:6379/0\"";
        report.add(place, format!("url {} {form}", shown(value)));
        Reported
    })
}

/// Reads a name or a key.
fn word(report: &mut Report, key: &str, Placed { place, value }: Placed<&str>) -> Result<String, Reported> {
    let is_good = |c: char| !c.is_whitespace() && !c.is_control();
    if value.is_empty() || value.len() > LONGEST || !value.chars().all(is_good) {
        let sentence = format!("{key} {} must be 1 to {LONGEST} bytes without spaces", shown(value));
        report.add(place, sentence);
        return Err(Reported);
    }
    Ok(value.to_owned())
}

fn file(
    report: &mut Report,
    section: &Section,
    key: &'static str,
    what: &str,
    folder: &Path,
) -> Result<Option<Placed<PathBuf>>, Reported> {
    let Some(path) = section.string(report, key)? else { return Ok(None) };
    if path.value.is_empty() || path.value.contains('\0') {
        report.add(path.place, format!("{key} must be {what}"));
        return Err(Reported);
    }
    Ok(Some(path.map(|path| folder.join(path))))
}

/// Reads `[[cluster.side]]`: one of each role at the most, and a primary one if there are any. More appliances than two have the
/// names of the sides that they stand for, as SystemInfo of Finesse names two nodes.
fn sides(report: &mut Report, section: &Section) -> Result<Vec<Side>, Reported> {
    let sections = section.tables(report, "side", "[[cluster.side]]", keys::SIDE)?;
    let names: Vec<_> = sections.iter().map(|section| section.needed(report, "name")).collect();
    people::unique(report, "name", "side", names.iter().map(|name| name.ok()));
    let mut sides = all(sections.iter().zip(names).map(|(section, name)| {
        let name = name.and_then(|name| word(report, "name", name));
        let host = section.needed(report, "host").and_then(|host| side_host(report, host));
        let role = section.needed(report, "role");
        let role = role.and_then(|role| named(report, "role", role, SideRole::ALL, SideRole::name));
        Ok(Side { name: name?, host: host?, role: role? })
    }))?;
    for role in SideRole::ALL {
        let mut of_role = sides.iter().zip(&sections).filter(|(side, _)| side.role == role);
        let (first, second) = (of_role.next(), of_role.next());
        if let Some((_, section)) = second {
            let end = "leave one out, and give further appliances the name of the side that they stand for";
            report.add(section.place, format!("there is a {} side already; {end}", role.name()));
        }
        if let (None, SideRole::Primary, Some(section)) = (first, role, sections.first()) {
            report.add(section.place, "no side is the primary one; write role = \"primary\" for one of them");
        }
    }
    sides.sort_by_key(|side| side.role == SideRole::Secondary);
    Ok(sides)
}

fn side_host(report: &mut Report, Placed { place, value }: Placed<&str>) -> Result<String, Reported> {
    match Host::with_port(value) {
        Some((Host::Name(_) | Host::Address(_), None)) => Ok(value.to_owned()),
        _ => {
            let form =
                "is not the name or the address of a host without a port, such as \"side-a.example.org\"";
            report.add(place, format!("host {} {form}", shown(value)));
            Err(Reported)
        }
    }
}
