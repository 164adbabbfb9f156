//! The commands that don't serve: `check`, `healthcheck`, `certificate`, `passwd`, `demo-config`.

pub mod footprint;
pub mod healthcheck;

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::{self, Arguments, Certificate, Check, Command, Environment, Healthcheck, Serve};
use crate::clock::Seconds;
use crate::config::{
    Config, DEMO, Files, Found, Hosts, NodeAccess, Objects, Problem, Subscriptions, Unread, User,
};

use crate::config::limits::{Kind, Limits, TABLE};
use crate::config::password::{ITERATIONS, Password};

/// Reads the configuration a command is about: that of a file, or the embedded demo; also returns warnings.
///
/// # Errors
///
/// Returns every problem of the file.
pub fn configuration(file: Option<&Path>) -> Result<(Config, Vec<Problem>), Unread> {
    file.map_or_else(|| Ok((Config::demo(), Vec::new())), Config::load)
}

/// Reads a configuration as the flags of `serve` change it. `in_use`: the listeners of a server that runs already.
///
/// # Errors
///
/// Returns a line for every problem of the file or with the flags.
pub fn served(flags: &Serve, in_use: &[SocketAddr]) -> Result<(Config, Vec<Problem>), Vec<String>> {
    let (mut config, warnings) = configuration(flags.config.as_deref())
        .map_err(|unread| unread.problems.iter().map(Problem::to_string).collect::<Vec<_>>())?;
    flags.apply(&mut config);
    flags.judge(&config, in_use)?;
    Ok((config, warnings))
}

/// Prints a line on standard error. If that cannot be written there is nobody to tell.
pub fn print_error(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints what is wrong on standard error, a line for each.
pub fn refused(problems: impl IntoIterator<Item = impl fmt::Display>) -> ExitCode {
    problems.into_iter().for_each(|problem| print_error(&problem.to_string()));
    ExitCode::FAILURE
}

/// Prints warnings on standard error, a line for each.
pub fn print_warnings(warnings: &[Problem]) {
    warnings.iter().for_each(|problem| print_error(&problem.warning()));
}

/// `callboard check`: prints on standard output what a configuration would serve, or all problems on standard error.
///
/// `more` looks at the files that the configuration names: a certificate may not belong to its key.
///
/// # Errors
///
/// Returns an error only when standard output cannot be written to.
pub fn check(
    flags: &Check,
    environment: Environment,
    more: impl FnOnce(&Files) -> Found,
) -> io::Result<ExitCode> {
    let Check { config, demo_anywhere } = flags;
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
        Ok((config, _)) => flags.judge(config, &[]).err().unwrap_or_default(),
        Err(unread) => unread.problems.iter().map(Problem::to_string).collect(),
    };
    problems.extend(std::mem::take(&mut found.problems));
    let mut warnings = read.as_ref().map(|(_, warnings)| warnings.clone()).unwrap_or_default();
    warnings.extend(std::mem::take(&mut found.warnings));
    warnings.sort_by_key(|warning| warning.place);
    print_warnings(&warnings);
    match read {
        Ok((config, _)) if problems.is_empty() => {
            describe(&config, &found, &mut io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }
        _ => Ok(refused(problems)),
    }
}

/// `callboard healthcheck`: asks by `ask` the server at an address, and says so if it does not serve.
pub fn healthcheck(
    flags: Healthcheck,
    environment: Environment,
    ask: impl FnOnce(SocketAddr) -> Result<(), String>,
) -> ExitCode {
    let address = match flags {
        Healthcheck { listen: Some(address), .. } => Ok(address),
        Healthcheck { running: true, .. } => {
            running(Path::new("/proc")).and_then(|serve| listener(serve.or(environment)))
        }
        Healthcheck { config, .. } => listener(Serve { config, ..Serve::alone() }.or(environment)),
    };
    let asked =
        address.and_then(|address| ask(address).map_err(|sentence| vec![format!("callboard: {sentence}")]));
    asked.map_or_else(refused, |()| ExitCode::SUCCESS)
}

/// The first address on which flags of `serve` make a server listen.
fn listener(flags: Serve) -> Result<SocketAddr, Vec<String>> {
    let (mut config, _) = configuration(flags.config.as_deref())
        .map_err(|unread| unread.problems.iter().map(Problem::to_string).collect::<Vec<_>>())?;
    flags.apply(&mut config);
    let first = config.listen.iter().chain(&config.listen_plain).next().copied();
    first.ok_or_else(|| vec!["callboard: the configuration has no listener".to_owned()])
}

/// The flags of the server that runs on this machine, by what the system says of all programs in a folder (proc(5)): a container
/// has one, whose flags its image does not know.
fn running(system: &Path) -> Result<Serve, Vec<String>> {
    let names = fs::read_dir(system).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut processes: Vec<u32> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
    processes.sort_unstable();
    let serving = processes.into_iter().find_map(|process| {
        let line = fs::read(system.join(process.to_string()).join("cmdline")).ok()?;
        let words = line.strip_suffix(&[0])?.split(|byte| *byte == 0).map(OsStr::from_bytes);
        if Path::new(words.clone().next()?).file_name()? != env!("CARGO_PKG_NAME") {
            return None;
        }
        match cli::read(words.map(OsStr::to_owned)).ok()? {
            Arguments { version: false, command: None } => Some(Serve::alone()),
            Arguments { command: Some(Command::Serve(serve)), .. } => Some(serve),
            Arguments { .. } => None,
        }
    });
    serving.ok_or_else(|| vec!["callboard: no server runs here".to_owned()])
}

/// `callboard certificate`: prints the certificate that `find` finds on standard output, and a line about it on standard error.
///
/// # Errors
///
/// Returns an error only when standard output cannot be written to.
pub fn certificate(
    flags: Certificate,
    environment: Environment,
    find: impl FnOnce(&Files) -> Result<(String, String), Vec<String>>,
) -> io::Result<ExitCode> {
    let Certificate { config, state_dir } = flags;
    let flags = Serve { config, state_dir, ..Serve::alone() }.or(environment);
    let read = configuration(flags.config.as_deref());
    let read = read.map_err(|unread| unread.problems.iter().map(Problem::to_string).collect::<Vec<_>>());
    let found = read.and_then(|(mut config, _)| {
        flags.apply(&mut config);
        find(&config.files())
    });
    match found {
        Ok((pem, line)) => {
            io::stdout().write_all(pem.as_bytes())?;
            print_error(&line);
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => Ok(refused(problems)),
    }
}

/// `callboard passwd`: reads a line from standard input and prints its hash on standard output.
///
/// A person at a terminal is asked for it, and it is not shown.
///
/// # Errors
///
/// Returns an error when standard input or output fail.
pub fn passwd() -> io::Result<ExitCode> {
    let line = if io::stdin().is_terminal() {
        let _quiet = Quiet::begin()?;
        let _ = write!(io::stderr(), "Password: ");
        line(false)?
    } else {
        line(true)?
    };
    let hash = String::from_utf8(line)
        .map_err(|_| "must be UTF-8".to_owned())
        .and_then(|password| Password::hash(&password, ITERATIONS));
    match hash {
        Ok(hash) => writeln!(io::stdout(), "{hash}").map(|()| ExitCode::SUCCESS),
        Err(end) => {
            print_error(&format!("callboard: the password {end}"));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// `callboard demo-config`: prints the embedded demo configuration.
///
/// # Errors
///
/// Returns an error when standard output cannot be written to.
pub fn demo_config() -> io::Result<ExitCode> {
    io::stdout().write_all(DEMO.as_bytes()).map(|()| ExitCode::SUCCESS)
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
    match &config.tls {
        None if config.listen.is_empty() => writeln!(out, "certificate    none, as no listener speaks TLS")?,
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
    let access = match config.node_access {
        NodeAccess::Open => "open to every user",
        NodeAccess::Role => "for those to whom the REST API shows the same",
    };
    writeln!(out, "node access    {access}")?;
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

/// Reads a line without what ends it; what is too long for a password is an error, and so is another line, unless somebody
/// types.
fn line(alone: bool) -> io::Result<Vec<u8>> {
    const LONGEST: u64 = 4096;
    let mut line = Vec::new();
    let mut input = io::stdin().lock().take(LONGEST);
    input.read_until(b'\n', &mut line)?;
    if alone && line.ends_with(b"\n") && input.read(&mut [0])? > 0 {
        return Err(io::Error::other(
            "the input has more than one line, and a password is one; give one at a time",
        ));
    }
    if line.len() as u64 == LONGEST {
        return Err(io::Error::other(format!("the password must be shorter than {LONGEST} bytes")));
    }
    for end in [b'\n', b'\r'] {
        line.pop_if(|last| *last == end);
    }
    Ok(line)
}

/// Keeps a terminal from showing what is typed, for as long as it lives.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // The end of the line is still shown, so that what is printed next starts on its own.
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Quiet { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // If this fails the terminal is gone, and there is nobody to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
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

    #[test]
    fn the_server_that_runs_is_found_by_its_flags() {
        let folder = std::env::temp_dir().join(format!("callboard-processes-{}", std::process::id()));
        let process = |number: &str, line: &str| {
            let folder = folder.join(number);
            fs::create_dir_all(&folder).expect("the folder is ours");
            fs::write(folder.join("cmdline"), line.replace(' ', "\0")).expect("the folder is ours");
        };
        let address = || running(&folder).and_then(listener).map(|address| address.to_string());
        process("1", "/sbin/init -- callboard serve ");
        process("20", "/usr/bin/callboard healthcheck --running ");
        process("21", "/usr/bin/other serve --listen 127.0.0.1:1 ");
        process("22", "");
        process("self", "callboard serve --listen 127.0.0.1:2 ");
        assert_eq!(address(), Err(vec!["callboard: no server runs here".to_owned()]));
        process("111", "callboard ");
        assert_eq!(address().as_deref(), Ok("127.0.0.1:8445"));
        process("19", "/usr/bin/callboard --log=debug --demo-anywhere --listen=0.0.0.0:4 ");
        assert_eq!(address().as_deref(), Ok("0.0.0.0:4"));
        process("3", "/usr/bin/callboard serve --listen-plain [::1]:3 --listen 127.0.0.1:3 ");
        assert_eq!(address().as_deref(), Ok("127.0.0.1:3"));
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}
