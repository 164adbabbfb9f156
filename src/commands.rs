//! The commands that don't serve: `check`, `healthcheck`, `passwd`, `demo-config`.

use std::fmt;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::{Healthcheck, Serve};
use crate::clock::Seconds;
use crate::config::{Config, DEMO, Hosts, Problem, User};
use crate::limits::{Limits, TABLE};
use crate::password::{ITERATIONS, Password};

/// Reads the configuration a command is about: that of a file, or the embedded demo; also returns warnings.
///
/// # Errors
///
/// Returns every problem of the file.
pub fn configuration(file: Option<&Path>) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    file.map_or_else(|| Ok((Config::demo(), Vec::new())), Config::load)
}

/// The same as flags of `serve` change it.
///
/// # Errors
///
/// Returns a line for every problem of the file or with the flags.
pub fn served(flags: &Serve) -> Result<(Config, Vec<Problem>), Vec<String>> {
    let lines = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>();
    let (mut config, warnings) = configuration(flags.config.as_deref()).map_err(lines)?;
    flags.apply(&mut config).map_err(|error| vec![format!("callboard: {error}")])?;
    Ok((config, warnings))
}

/// The same for a server that runs already.
///
/// # Errors
///
/// Returns what [`served`] does, and for the demo that there is no file.
pub fn served_again(flags: &Serve) -> Result<(Config, Vec<Problem>), Vec<String>> {
    if flags.config.is_none() {
        return Err(vec!["the demo is inside the program, there is no file to read again".to_owned()]);
    }
    served(flags)
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
/// `more` finds the problems that only show when the configuration is put to use, such as a certificate that doesn't
/// belong to its key: a line for each.
///
/// # Errors
///
/// Returns an error only when standard output cannot be written to.
pub fn check(file: Option<&Path>, more: impl FnOnce(&Config) -> Vec<String>) -> io::Result<ExitCode> {
    let (config, warnings) = match configuration(file) {
        Ok(read) => read,
        Err(problems) => return Ok(refused(problems)),
    };
    print_warnings(&warnings);
    let problems = more(&config);
    if !problems.is_empty() {
        return Ok(refused(problems));
    }
    describe(&config, &mut io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

/// `callboard healthcheck`: asks by `ask` the server at an address, and says so if it does not serve.
pub fn healthcheck(flags: &Healthcheck, ask: impl FnOnce(SocketAddr) -> Result<(), String>) -> ExitCode {
    let address = match flags.listen {
        Some(address) => Ok(address),
        None => configuration(flags.config.as_deref()).map_err(refused).and_then(|(config, _)| {
            let first = config.listen.iter().chain(&config.listen_plain).next().copied();
            first.ok_or_else(|| refused(["callboard: the configuration has no listener"]))
        }),
    };
    address
        .and_then(|address| ask(address).map_err(|sentence| refused([format!("callboard: {sentence}")])))
        .map_or_else(|code| code, |()| ExitCode::SUCCESS)
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
        line()?
    } else {
        line()?
    };
    let hash = String::from_utf8(line)
        .map_err(|_| "must be UTF-8".to_owned())
        .and_then(|password| Password::hash(&password, ITERATIONS));
    match hash {
        Ok(hash) => writeln!(io::stdout(), "{hash}").map(|()| ExitCode::SUCCESS),
        Err(end) => {
            print_error(&format!("the password {end}"));
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
fn describe(config: &Config, out: &mut impl Write) -> io::Result<()> {
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
        None => writeln!(out, "certificate    self-signed, made at start")?,
        Some(tls) => {
            writeln!(out, "certificate    {}, key {}", tls.certificate.display(), tls.key.display())?
        }
    }
    if let Some(www) = &config.www {
        writeln!(out, "www            {}", www.folder.display())?;
    }
    let origins: String = config.cors_origins.iter().map(|origin| format!(", {origin}")).collect();
    writeln!(out, "pages          of the same origin and of loopback addresses{origins}")?;
    match &config.hosts {
        Hosts::Loopback => writeln!(
            out,
            "host names     those of this machine, the domain and the certificate, for what comes in by a loopback address"
        )?,
        Hosts::Named(names) => {
            let names: String = names.iter().map(|name| format!(", {name}")).collect();
            writeln!(out, "host names     those of this machine, the domain and the certificate{names}")?;
        }
        Hosts::Any => writeln!(out, "host names     all")?,
    }
    if let Some(time) = config.hsts {
        writeln!(out, "hsts           {} s", time.as_secs())?;
    }
    if !config.trusted_proxies.is_empty() {
        let proxies: Vec<_> = config.trusted_proxies.iter().map(ToString::to_string).collect();
        writeln!(out, "proxies        {} are trusted", proxies.join(", "))?;
    }
    let tap =
        if config.frame_tap { "may be looked at by administrators" } else { "are not shown to anybody" };
    writeln!(out, "frames         {tap}")?;
    let hashed = config.users.iter().filter(|user| user.password.is_slow()).count();
    let plain = config.users.len() - hashed;
    writeln!(out, "users          {}, passwords: {hashed} hashed, {plain} plain", config.users.len())?;
    if let Some(slowest) = config.decoy() {
        let each = time_of_hash(slowest.iterations());
        let all = restart(config.hashed_logins(), each, config.limits.password_checks);
        writeln!(
            out,
            "restart        {} users need a hash to come back: {:.1} s each on this machine, {:.1} s for all",
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
        writeln!(out, "layouts        {}", config.layouts.len())?;
    }
    for queue in &config.queues {
        writeln!(out, "queue {:8} {}: number {}, team {}", queue.id, queue.name, queue.number, queue.team)?;
    }
    writeln!(out, "nodes          {} beside those of users and teams", config.nodes.len())?;

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
    // It fails only for texts that nobody has.
    let _ = Password::hash("sample", sample);
    start.elapsed() * iterations / sample.max(1)
}

/// How long it takes until so many users are in again after a new start, which remembers nobody's password.
fn restart(users: usize, each: Duration, at_once: usize) -> Duration {
    each * u32::try_from(users.div_ceil(at_once)).unwrap_or(u32::MAX)
}

/// Lists the ids of some users.
fn ids(config: &Config, which: impl Fn(&User) -> bool) -> String {
    let ids: Vec<&str> =
        config.users.iter().filter(|user| which(user)).map(|user| user.id.as_str()).collect();
    if ids.is_empty() { "nobody".into() } else { ids.join(" ") }
}

/// Reads a line without what ends it; what is too long for a password is an error.
fn line() -> io::Result<Vec<u8>> {
    const LONGEST: u64 = 4096;
    let mut line = Vec::new();
    io::stdin().lock().take(LONGEST).read_until(b'\n', &mut line)?;
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
