//! From the text of a configuration file to a [`Config`], or to all that is wrong with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::config::books;
use crate::config::browsers;
use crate::config::campaigns;
#[cfg(feature = "cluster")]
use crate::config::cluster;
use crate::config::configuration::{Config, MOST_ENTRIES};
use crate::config::faults;
use crate::config::files::{Files, Origin, TlsFiles, Unread};
use crate::config::keys;
use crate::config::layouts;
use crate::config::limits::{Kind, Limits, TABLE};
use crate::config::mechanisms;
use crate::config::media;
use crate::config::objects;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Place, Placed, Report, shown};
use crate::config::queues;
use crate::config::reasons;
use crate::config::rules;
use crate::config::section::{Reported, Section, all, kind_of, named, number};
use crate::config::server::{
    Durability, NodeAccess, NodeConfig, Profile, QueueStatistics, Release, Subscriptions,
};

/// The most items a node can be told to keep.
const MOST_ITEMS: usize = 1000;

#[cfg(not(feature = "cluster"))]
const NO_CLUSTER: &str = "this program was built without the feature cluster, which [cluster] needs; leave the section out, or use a program \
                          with it (`cargo build --features cluster`)";

/// A configuration, and what is known of its text only.
#[derive(Debug)]
pub(super) struct Parsed {
    pub config: Config,
    /// Where the first password stands in plain text.
    pub first_plain: Option<Place>,
    /// Where every address is trusted as a proxy.
    pub every_proxy: Option<Place>,
}

/// Reads a configuration. `file` is its name in problems; paths in it start at `folder`.
pub(super) fn read(text: &str, file: &str, folder: &Path, origin: Origin) -> Result<Parsed, Unread> {
    // Editors may begin a file with a byte order mark, which is no character of its first line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut report = Report::new(file, text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !syntax(&mut report, &errors) {
        let files = Box::new(Files { origin, tls: None, self_signed: None, www: None });
        return Err(Unread { problems: report.into_problems(), files });
    }

    let root = Section::open(&mut report, "the file", Place::START, document.get_ref(), keys::FILE);
    let domain = domain(&mut report, &root);
    let profile = profile(&mut report, &root);
    let release = release(&mut report, &root);
    let listeners = listeners(&mut report, &root);
    let tls = tls(&mut report, &root, folder);
    let state_dir = state_dir(&mut report, &root, folder);
    let durability = durability(&mut report, &root);
    let www = browsers::www(&mut report, &root, folder);
    let cors_origins = browsers::cors_origins(&mut report, &root);
    let hosts = browsers::hosts(&mut report, &root);
    let hsts = browsers::hsts(&mut report, &root, &tls);
    let trusted_proxies = browsers::trusted_proxies(&mut report, &root);
    let every_proxy = trusted_proxies.as_ref().ok().and_then(|proxies| proxies.everything);
    let xmpp_plain_login = root.boolean(&mut report, "xmpp_plain_login");
    let sasl = mechanisms::read(&mut report, &root);
    let stream_management = root.boolean(&mut report, "stream_management");
    let frame_tap = root.boolean(&mut report, "frame_tap");
    let faults = root.boolean(&mut report, "faults");
    let record = root.integer(&mut report, "record", MOST_ENTRIES);
    let node_access = node_access(&mut report, &root);
    let subscriptions = subscriptions(&mut report, &root);
    let queue_statistics = queue_statistics(&mut report, &root);
    let people = people::read(&mut report, &root, sasl.as_deref().unwrap_or_default());
    let require_reason_codes = root.boolean(&mut report, "require_reason_codes");
    let reason_codes = reasons::read(&mut report, &root, people.team_ids.as_ref());
    let phone_books = books::read(&mut report, &root, people.team_ids.as_ref());
    let layouts = layouts::read(&mut report, &root, people.team_ids.as_ref());
    let queues = queues::read(&mut report, &root, people.team_ids.as_ref(), &people.extensions);
    let media = media::read(&mut report, &root, people.team_ids.as_ref());
    let campaigns =
        campaigns::read(&mut report, &root, profile.as_ref().ok().copied(), people.team_ids.as_ref());
    let nodes = nodes(&mut report, &root, people.user_ids.as_ref());
    let fault_sections = faults::read(&mut report, &root);
    #[cfg(feature = "cluster")]
    let cluster = cluster::read(&mut report, &root, folder, domain.as_deref().unwrap_or_default());
    #[cfg(not(feature = "cluster"))]
    if let Some(section) = root.value(&report, "cluster") {
        report.add(section.place, NO_CLUSTER);
    }
    let limits = limits(&mut report, &root);
    let objects = objects::read(&mut report, &root, people.team_ids.as_ref());

    let files = Box::new(Files {
        origin: origin.clone(),
        tls: tls.as_ref().ok().cloned().flatten(),
        self_signed: None,
        www: www.as_ref().ok().cloned().flatten(),
    });
    let assemble = || -> Option<Config> {
        let Listeners { addresses, places: listen_places } = listeners.ok()?;
        let [listen, listen_plain, listen_xmpp, listen_xmpp_plain] = addresses;
        let (queues, outside) = queues.ok()?;
        let proxies = trusted_proxies.ok()?.networks;
        Some(Config {
            queues,
            outside,
            domain: domain.ok()?,
            profile: profile.ok()?,
            release: release.ok()?,
            listen,
            listen_plain,
            listen_xmpp,
            listen_xmpp_plain,
            xmpp_plain_login: xmpp_plain_login.ok()?.is_some_and(|on| on.value),
            sasl: sasl.ok()?,
            stream_management: stream_management.ok()?.is_some_and(|on| on.value),
            listen_places,
            tls: tls.ok()?,
            state_dir: state_dir.ok()?,
            durability: durability.ok()?,
            www: www.ok()?,
            cors_origins: cors_origins.ok()?,
            hosts: hosts.ok()?,
            hsts: hsts.ok()?,
            trusted_proxies: proxies,
            frame_tap: frame_tap.ok()?.is_some_and(|on| on.value),
            faults: faults.ok()?.is_some_and(|on| on.value),
            record: record.ok()?.unwrap_or_default(),
            seed: None,
            node_access: node_access.ok()?,
            subscriptions: subscriptions.ok()?,
            queue_statistics: queue_statistics.ok()?,
            teams: people.teams?,
            users: people.users?,
            require_reason_codes: require_reason_codes.ok()?.is_none_or(|required| required.value),
            reason_codes: reason_codes.ok()?,
            phone_books: phone_books.ok()?,
            layouts: layouts.ok()?,
            objects: objects.ok()?,
            media: media.ok()?,
            campaigns: campaigns.ok()?,
            nodes: nodes.ok()?,
            fault_sections: fault_sections.ok()?,
            #[cfg(feature = "cluster")]
            cluster: cluster.ok()?,
            limits,
            origin,
            guessable: people.guessable,
        })
    };
    match assemble() {
        Some(config) if report.is_empty() => {
            Ok(Parsed { config, first_plain: people.first_plain, every_proxy })
        }
        _ => Err(Unread { problems: report.into_problems(), files }),
    }
}

/// Reports what is not TOML; tells whether what was read can be trusted all the same.
///
/// After a broken line the rest may have been misread, and a password taken for a key: then nothing more is said
/// than where the syntax is broken, once for each line and not for all that follows from a bracket left open.
pub(super) fn syntax(report: &mut Report, errors: &[toml::de::Error]) -> bool {
    const MOST: usize = 8;
    let (repeated, mut broken): (Vec<_>, Vec<_>) = errors
        .iter()
        .map(|error| (error.span().map_or(Place::START, |span| report.place(span)), error.message()))
        .partition(|(_, message)| *message == "duplicate key");
    for (place, _) in repeated {
        report.add(place, "this key or section already stood above; keep one of them");
    }
    broken.sort_by_key(|(place, _)| *place);
    broken.dedup_by_key(|(place, _)| place.line);
    for (place, message) in broken.iter().take(MOST) {
        report.add(*place, format!("not valid TOML: {}", message.replace('\n', " ")));
    }
    broken.is_empty()
}

fn domain(report: &mut Report, root: &Section) -> Result<String, Reported> {
    let Some(text) = root.string(report, "domain")? else {
        return Ok("localhost".into());
    };
    people::checked(report, "domain", text, &rules::domain).map(|text| text.value.into())
}

fn profile(report: &mut Report, root: &Section) -> Result<Profile, Reported> {
    one_of(report, root, "profile", Profile::ALL, Profile::name, Profile::Uccx)
}

fn release(report: &mut Report, root: &Section) -> Result<Release, Reported> {
    one_of(report, root, "release", Release::ALL, Release::name, Release::R12_5)
}

fn node_access(report: &mut Report, root: &Section) -> Result<NodeAccess, Reported> {
    one_of(report, root, "node_access", NodeAccess::ALL, NodeAccess::name, NodeAccess::default())
}

fn subscriptions(report: &mut Report, root: &Section) -> Result<Subscriptions, Reported> {
    let default = Subscriptions::default();
    one_of(report, root, "subscriptions", Subscriptions::ALL, Subscriptions::name, default)
}

fn queue_statistics(report: &mut Report, root: &Section) -> Result<QueueStatistics, Reported> {
    let default = QueueStatistics::default();
    one_of(report, root, "queue_statistics", QueueStatistics::ALL, QueueStatistics::name, default)
}

/// Reads a key whose value is the name of one of a few things.
fn one_of<T: Copy>(
    report: &mut Report,
    root: &Section,
    key: &'static str,
    all: impl IntoIterator<Item = T> + Copy,
    name: fn(T) -> &'static str,
    default: T,
) -> Result<T, Reported> {
    let Some(text) = root.string(report, key)? else {
        return Ok(default);
    };
    named(report, key, text, all, name)
}

/// The addresses of HTTP with and without TLS, and of XMPP over TCP likewise, and where the file names them.
struct Listeners {
    addresses: [Vec<SocketAddr>; 4],
    places: Vec<(SocketAddr, Place)>,
}

fn listeners(report: &mut Report, root: &Section) -> Result<Listeners, Reported> {
    let mut places = Vec::new();
    let listen = addresses(report, root, "listen", &mut places);
    let listen_plain = addresses(report, root, "listen_plain", &mut places);
    let listen_xmpp = addresses(report, root, "listen_xmpp", &mut places);
    let listen_xmpp_plain = addresses(report, root, "listen_xmpp_plain", &mut places);
    let listen = listen?.unwrap_or_else(|| vec![Config::DEFAULT_LISTEN]);
    let listen_plain = listen_plain?.unwrap_or_default();
    if listen.is_empty() && listen_plain.is_empty() {
        let place = root.value(report, "listen").map_or(Place::START, |value| value.place);
        report.add(place, "nothing to listen on; add an address to listen or listen_plain");
    }
    let [listen_xmpp, listen_xmpp_plain] =
        [listen_xmpp?.unwrap_or_default(), listen_xmpp_plain?.unwrap_or_default()];
    Ok(Listeners { addresses: [listen, listen_plain, listen_xmpp, listen_xmpp_plain], places })
}

fn addresses(
    report: &mut Report,
    root: &Section,
    key: &'static str,
    places: &mut Vec<(SocketAddr, Place)>,
) -> Result<Option<Vec<SocketAddr>>, Reported> {
    let Some(texts) = root.strings(report, key)? else {
        return Ok(None);
    };
    let read = texts.iter().map(|Placed { place, value }| {
        let Ok(address) = value.parse::<SocketAddr>() else {
            let form = "is not an IP address with a port, such as \"127.0.0.1:8445\" or \"[::1]:8445\"";
            report.add(*place, format!("{key} {} {form}", shown(value)));
            return Err(Reported);
        };
        // Port 0 is a different free port every time.
        if address.port() != 0
            && let Some((_, first)) = places.iter().find(|(other, _)| *other == address)
        {
            let line = first.line;
            report
                .add(*place, format!("{key} {} already stands in line {line}; leave one out", shown(value)));
        }
        places.push((address, *place));
        Ok(address)
    });
    all(read).map(Some)
}

fn tls(report: &mut Report, root: &Section, folder: &Path) -> Result<Option<TlsFiles>, Reported> {
    let Some(section) = root.table(report, "tls", "[tls]", keys::TLS)? else {
        return Ok(None);
    };
    let mut file = |key| {
        let path = section.needed(report, key)?;
        if path.value.is_empty() || path.value.contains('\0') {
            report.add(path.place, format!("{key} must be the path of a PEM file"));
            return Err(Reported);
        }
        Ok(path.map(|path| folder.join(path)))
    };
    let (certificate, key) = (file("certificate"), file("key"));
    let (certificate, key) = (certificate?, key?);
    Ok(Some(TlsFiles {
        certificate: certificate.value,
        certificate_place: certificate.place,
        key: key.value,
        key_place: key.place,
    }))
}

/// Reads `state_dir`; an empty text is as none. Paths in the file start at `folder`.
fn state_dir(report: &mut Report, root: &Section, folder: &Path) -> Result<Option<PathBuf>, Reported> {
    let Some(path) = root.string(report, "state_dir")? else {
        return Ok(None);
    };
    if path.value.contains('\0') {
        report.add(path.place, "state_dir must be the path of a folder");
        return Err(Reported);
    }
    Ok((!path.value.is_empty()).then(|| folder.join(path.value)))
}

fn durability(report: &mut Report, root: &Section) -> Result<Durability, Reported> {
    one_of(report, root, "durability", Durability::ALL, Durability::name, Durability::default())
}

fn nodes(report: &mut Report, root: &Section, users: Option<&Declared>) -> Result<Vec<NodeConfig>, Reported> {
    let sections = root.tables(report, "node", "[[node]]", keys::NODE)?;
    let names: Vec<_> = sections.iter().map(|section| section.needed(report, "name")).collect();
    people::unique(report, "name", "node", names.iter().map(|name| name.ok()));
    all(sections.iter().zip(names).map(|(section, name)| node(report, section, name, users)))
}

fn node(
    report: &mut Report,
    section: &Section,
    name: Result<Placed<&str>, Reported>,
    users: Option<&Declared>,
) -> Result<NodeConfig, Reported> {
    let name = name.and_then(|name| people::checked(report, "name", name, &rules::node));
    let publish = section.strings(report, "publish");
    if let Ok(Some(publishers)) = &publish {
        people::distinct(report, "publish", publishers);
        if publishers.is_empty()
            && let Some(value) = section.value(report, "publish")
        {
            let sentence =
                "publish names nobody; leave the key out for everybody with the role \"Administrator\"";
            report.add(value.place, sentence);
        }
        if let Some(users) = users {
            for publisher in publishers {
                people::declared(report, "user", publisher, users);
            }
        }
    }
    let items = section.integer(report, "items", MOST_ITEMS);
    Ok(NodeConfig {
        name: name?.value.into(),
        publish: publish?.unwrap_or_default().iter().map(|user| user.value.into()).collect(),
        items: items?.unwrap_or(1),
    })
}

fn limits(report: &mut Report, root: &Section) -> Limits {
    let mut limits = Limits::default();
    let known: Vec<&'static str> = TABLE.iter().map(|limit| limit.key).collect();
    let Ok(Some(section)) = root.table(report, "limits", "[limits]", &known) else {
        return limits;
    };
    let mut wrong = false;
    for limit in TABLE {
        let Some(Placed { place, value }) = section.value(report, limit.key) else {
            continue;
        };
        let read = match (limit.kind, value) {
            (Kind::Count | Kind::Size, DeValue::Integer(integer)) => Ok(number(integer)),
            (kind, DeValue::String(text)) => kind.parse(text).ok_or_else(|| shown(text)),
            (_, other) => Err(kind_of(other).to_owned()),
        };
        let set = match read {
            Ok(value) => limit.set(&mut limits, value),
            Err(found) => Err(format!("must be {}, not {found}", limit.kind.form())),
        };
        if let Err(end) = set {
            wrong = true;
            report.add(place, format!("{} {end}", limit.key));
        }
    }
    if !wrong {
        relations(report, &section, &limits);
    }
    limits
}

/// Reports limits that contradict each other: one would never be reached, or nothing would come through.
fn relations(report: &mut Report, section: &Section, limits: &Limits) {
    for (smaller, larger) in [
        ("stanza_before_login", "stanza"),
        ("elements_before_login", "elements"),
        ("payload", "stanza"),
        ("client_log", "bodies"),
    ] {
        let find = |key| TABLE.iter().find(|limit| limit.key == key);
        let (Some(low), Some(high)) = (find(smaller), find(larger)) else {
            continue;
        };
        if low.get(limits) <= high.get(limits) {
            continue;
        }
        // The defaults fit, so at least one of the two stands in the file.
        let place = section.value(report, smaller).or_else(|| section.value(report, larger));
        let (low, high) = (low.show(limits), high.show(limits));
        let sentence =
            format!("{smaller} ({low}) must not be larger than {larger} ({high}); change one of them");
        report.add(place.map_or(section.place, |value| value.place), sentence);
    }
    // Else one event could not be delivered to anybody: a message takes half of a queue at the most, `&` becomes
    // `&amp;`, and an envelope comes around it.
    let longest = limits.payload * 6 + 8 * 1024;
    if limits.half_queue() < longest {
        let place = section.value(report, "queue").or_else(|| section.value(report, "payload"));
        let sentence = format!(
            "queue must be at least 12 times payload and 16KiB ({} bytes), so that two events fit into it; \
             make queue larger or payload smaller",
            longest * 2
        );
        report.add(place.map_or(section.place, |value| value.place), sentence);
    }
}
