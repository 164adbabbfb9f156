//! `callboard check`: what a configuration would serve.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::cli::{Check, Environment, Serve};
use crate::clock::Seconds;
#[cfg(feature = "cluster")]
use crate::cluster::Settings;
#[cfg(feature = "cluster")]
use crate::commands::NOT_JOINED;
use crate::commands::{Exit, configuration, footprint, judge, print_warnings, refused};
use crate::config::limits::{Kind, Limits, TABLE};
use crate::config::password::Password;
use crate::config::{
    Config, Durability, Files, Found, Hosts, NodeAccess, Objects, Problem, Subscriptions, User,
};

/// `callboard check`: prints on standard output what a configuration would serve, or all problems on standard error.
///
/// `more` looks at the files that the configuration names: a certificate may not belong to its key.
///
/// # Errors
///
/// Returns an error only when standard output cannot be written to.
pub fn check(
    flags: &Check,
    #[cfg_attr(
        not(feature = "cluster"),
        expect(unused_mut, reason = "the password of a cluster is taken out")
    )]
    mut environment: Environment,
    more: impl FnOnce(&Files) -> Found,
) -> io::Result<ExitCode> {
    let Check { config, demo_anywhere } = flags;
    #[cfg(feature = "cluster")]
    let password = environment.cluster_password.take();
    let flags =
        Serve { config: config.clone(), demo_anywhere: *demo_anywhere, ..Serve::alone() }.or(environment);
    let read = configuration(flags.config.as_deref()).map(|(mut config, warnings)| {
        flags.apply(&mut config);
        (config, warnings)
    });
    let mut found = more(&match &read {
        Ok((config, _)) => config.files(),
        Err(unread) => (*unread.files).clone(),
    });
    let mut problems = match &read {
        Ok((config, _)) => judge(&flags, config, &[]).err().unwrap_or_default(),
        Err(unread) => unread.problems.iter().map(Problem::to_string).collect(),
    };
    problems.extend(std::mem::take(&mut found.problems));
    let mut warnings = read.as_ref().map(|(_, warnings)| warnings.clone()).unwrap_or_default();
    #[cfg(feature = "cluster")]
    if let Ok((config, _)) = &read
        && let Some(cluster) = &config.cluster
    {
        warnings.push(config.problem(cluster.places.section, NOT_JOINED));
        let settings = Settings::of(cluster, &config.domain, Vec::new(), password);
        problems.extend(settings.err().map(|(place, sentence)| config.problem(place, sentence).to_string()));
    }
    warnings.extend(std::mem::take(&mut found.warnings));
    Problem::sort(&mut warnings);
    print_warnings(&warnings);
    match read {
        Ok((config, _)) if problems.is_empty() => {
            describe(&config, &found, &mut io::stdout().lock())?;
            Ok(Exit::Well.into())
        }
        _ => Ok(refused(problems)),
    }
}

/// Writes what a configuration would serve; of passwords only how many are of which kind.
fn describe(config: &Config, found: &Found, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "configuration  {}", config.origin)?;
    writeln!(out, "domain         {0}, with its nodes at pubsub.{0}", config.domain)?;
    writeln!(out, "profile        {}", config.profile.name())?;
    writeln!(out, "release        {}", config.release.name())?;
    for address in &config.listen {
        writeln!(out, "listener       https://{address}")?;
    }
    for address in &config.listen_plain {
        writeln!(out, "listener       http://{address}")?;
    }
    for address in &config.listen_xmpp {
        writeln!(out, "listener       xmpps://{address}, XMPP over TCP with TLS")?;
    }
    let login = if config.xmpp_plain_login { "may be used" } else { "has to be used before a login" };
    for address in &config.listen_xmpp_plain {
        writeln!(out, "listener       xmpp://{address}, XMPP over TCP; STARTTLS {login}")?;
    }
    let mechanisms: Vec<_> = config.sasl.iter().map(|mechanism| mechanism.name()).collect();
    writeln!(out, "logins         over XMPP by {}", mechanisms.join(", "))?;
    if config.stream_management {
        writeln!(
            out,
            "streams        can be resumed (XEP-0198); clients that rely on it fail with Finesse, which has no such thing"
        )?;
    }
    match &config.tls {
        None if config.files().self_signed.is_none() => {
            writeln!(out, "certificate    none, as no listener speaks TLS")?
        }
        None => match &found.certificate_kept_in {
            Some(folder) => writeln!(out, "certificate    self-signed, kept in {}", folder.display())?,
            None => writeln!(out, "certificate    self-signed, made at every start")?,
        },
        Some(tls) => {
            writeln!(out, "certificate    {}, key {}", tls.certificate.display(), tls.key.display())?
        }
    }
    if let Some(certificate) = &found.certificate {
        writeln!(out, "               {certificate}")?;
    }
    if let Some(www) = &config.www {
        writeln!(out, "www            {}", www.folder.display())?;
    }
    let origins: String = config.cors_origins.iter().map(|origin| format!(", {origin}")).collect();
    writeln!(out, "pages          of the same origin and of loopback addresses{origins}")?;
    match &config.hosts {
        Hosts::Loopback => writeln!(
            out,
            "host names     addresses, localhost, the domain and those of the certificate; other ones get 421 if they come by a loopback address"
        )?,
        Hosts::Named(names) => {
            let names: String = names.iter().map(|name| format!(", {name}")).collect();
            writeln!(
                out,
                "host names     addresses, localhost, the domain and those of the certificate{names}; other ones get 421"
            )?;
        }
        Hosts::Any => writeln!(out, "host names     all")?,
    }
    if let Some(time) = config.hsts {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        writeln!(out, "hsts           {}", Kind::Duration.show(time))?;
    }
    if !config.trusted_proxies.is_empty() {
        let proxies: Vec<_> = config.trusted_proxies.iter().map(ToString::to_string).collect();
        writeln!(out, "proxies        trusted: {}", proxies.join(", "))?;
    }
    let tap =
        if config.frame_tap { "may be looked at by administrators" } else { "are not shown to anybody" };
    writeln!(out, "frames         {tap}")?;
    if config.faults {
        let faults =
            if cfg!(feature = "lab") { "may be set by administrators" } else { "are not in this program" };
        writeln!(out, "faults         {faults}")?;
    }
    if config.record > 0 {
        let entries = config.record;
        if cfg!(feature = "lab") {
            writeln!(out, "record         the last {entries} entries, for administrators")?;
        } else {
            writeln!(out, "record         is not in this program")?;
        }
    }
    for fault in &config.fault_sections {
        let keys: String = fault.keys.iter().map(|key| format!(" {}={}", key.name, key.value)).collect();
        writeln!(out, "fault {:8} {}", fault.name, keys.trim_start())?;
    }
    #[cfg(feature = "cluster")]
    if let Some(cluster) = &config.cluster {
        let password = match &cluster.password_file {
            Some(file) => format!("password from {}", file.display()),
            None => "no password_file".to_owned(),
        };
        writeln!(
            out,
            "cluster        side {} of {}, key {}, {password}",
            cluster.name, cluster.engine, cluster.key
        )?;
        for side in &cluster.sides {
            writeln!(out, "{:14} {} at {}", side.role.name(), side.name, side.host)?;
        }
    }
    let access = match config.node_access {
        NodeAccess::Open => "open to every user",
        NodeAccess::Role => "for those to whom the REST API shows the same",
    };
    writeln!(out, "node access    {access}")?;
    if config.durability != Durability::Off {
        writeln!(out, "durability     {}, kept in the folder of state_dir", config.durability.name())?;
    }
    if config.subscriptions == Subscriptions::PerOwner {
        writeln!(out, "subscriptions  one of each user to a node")?;
    }
    let hashed = config.users.iter().filter(|user| user.password.is_slow()).count();
    let plain = config.users.len() - hashed;
    writeln!(out, "users          {}, passwords: {hashed} hashed, {plain} plain", config.users.len())?;
    if let Some(slowest) = config.decoy() {
        let each = time_of_hash(slowest.iterations());
        let all = restart(config.hashed_logins(), each, config.limits.password_checks);
        writeln!(
            out,
            "restart        the first login of {} users takes a hash: {:.1} s each on this machine, {:.1} s for all",
            config.hashed_logins(),
            Seconds(each),
            Seconds(all)
        )?;
    }
    for team in &config.teams {
        let members = ids(config, |user| user.team.as_ref() == Some(&team.id));
        let supervisors = ids(config, |user| user.supervises.contains(&team.id));
        writeln!(out, "team {:9} {}: {members}; supervised by {supervisors}", team.id, team.name)?;
    }
    if config.users.iter().any(|user| user.team.is_none()) {
        writeln!(out, "without a team {}", ids(config, |user| user.team.is_none()))?;
    }
    let required = if config.require_reason_codes { "required" } else { "not required" };
    writeln!(out, "reason codes   {}, {required}", config.reason_codes.len())?;
    let contacts: usize = config.phone_books.iter().map(|book| book.contacts.len()).sum();
    writeln!(out, "phone books    {} with {contacts} contacts", config.phone_books.len())?;
    if !config.layouts.is_empty() {
        writeln!(out, "layouts        {} of call variables", config.layouts.len())?;
    }
    let Objects { workflow_actions, workflows, desktop_layout, team_layouts, ecc_variables, .. } =
        &config.objects;
    if !workflows.is_empty() || !workflow_actions.is_empty() {
        writeln!(out, "workflows      {} with {} actions", workflows.len(), workflow_actions.len())?;
    }
    let desktops = team_layouts.len() + usize::from(desktop_layout.is_some());
    if desktops > 0 {
        writeln!(out, "layouts        {desktops} of the desktop")?;
    }
    if !ecc_variables.is_empty() {
        writeln!(out, "ECC variables  {}", ecc_variables.len())?;
    }
    for queue in &config.queues {
        writeln!(out, "queue {:8} {}: number {}, team {}", queue.id, queue.name, queue.number, queue.team)?;
    }
    if !config.campaigns.is_empty() {
        let contacts: usize = config.campaigns.iter().map(|campaign| campaign.contacts.len()).sum();
        writeln!(out, "campaigns      {} with {contacts} contacts", config.campaigns.len())?;
    }
    writeln!(out, "nodes          {} beside those of users and teams", config.nodes.len())?;

    for footprint::Row { what, bytes } in footprint::rows(config).iter().filter(|row| row.bytes > 0) {
        let tenths = bytes.saturating_mul(10).div_ceil(1024 * 1024);
        writeln!(out, "memory         {:4}.{} MiB at most for {what}", tenths / 10, tenths % 10)?;
    }
    writeln!(
        out,
        "memory         {:6} MiB together: MemoryMax of a service must not be less",
        footprint::total(config)
    )?;

    writeln!(out, "\n[limits]")?;
    let defaults = Limits::default();
    for limit in TABLE {
        let line = format!("{} = {}", limit.key, limit.show(&config.limits));
        let (minimum, maximum) = (limit.kind.show(limit.minimum), limit.kind.show(limit.maximum));
        write!(out, "{line:33} # {}, {minimum} to {maximum}: {}", limit.unit, limit.meaning)?;
        if limit.get(&config.limits) != limit.get(&defaults) {
            write!(out, " (NOT THE DEFAULT, which is {})", limit.show(&defaults))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// How long a hash with so many iterations takes here, from a part of one.
#[expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]
fn time_of_hash(iterations: u32) -> Duration {
    let sample = iterations.min(20_000);
    let start = Instant::now();
    // Hashing fails only for a text that is no password.
    let _ = Password::hash("sample", sample);
    start.elapsed() * iterations / sample.max(1)
}

/// How long it takes until so many users are in again after a new start, which remembers nobody's password.
fn restart(users: usize, each: Duration, at_once: usize) -> Duration {
    each * u32::try_from(users.div_ceil(at_once)).unwrap_or(u32::MAX)
}

/// Lists the ids of some users, as many as a line can bear.
fn ids(config: &Config, which: impl Fn(&User) -> bool) -> String {
    const LISTED: usize = 20;
    let ids: Vec<&str> =
        config.users.iter().filter(|user| which(user)).map(|user| user.id.as_str()).collect();
    match ids.len() {
        0 => "nobody".into(),
        1..=LISTED => ids.join(" "),
        many => format!("{} and {} more", ids[..LISTED].join(" "), many - LISTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_users_some_are_listed() {
        let ids_of = |many: usize| {
            let users: String = (1..=many)
                .map(|n| format!("[[user]]\nid = \"u{n}\"\npassword = \"x\"\nroles = [\"Supervisor\"]\n"))
                .collect();
            ids(&Config::parse(&users, "c.toml").expect("a valid file"), |_| true)
        };
        assert_eq!(ids_of(2), "u1 u2");
        assert!(ids_of(20).ends_with("u19 u20"));
        assert!(ids_of(2000).ends_with("u19 u20 and 1980 more"));
    }
}
