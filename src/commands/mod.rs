//! The commands that don't serve: `check`, `healthcheck`, `certificate`, `passwd`, `demo-config`, `scenario`, `probe`, `watch`, `publish`.

pub mod check;
mod exit;
pub mod footprint;
pub mod healthcheck;
pub mod passwd;
#[cfg(feature = "client")]
pub mod probe;
#[cfg(feature = "lab")]
pub mod scenario;

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{self, Arguments, Certificate, Command, Environment, Healthcheck, Serve};
use crate::config::{Config, DEMO, Files, Problem, Unread};
use crate::hub;

pub use exit::Exit;

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
    judge(flags, &config, in_use)?;
    #[cfg(feature = "cluster")]
    if let Some(cluster) = &config.cluster {
        return Err(vec![config.problem(cluster.places.section, NOT_JOINED).to_string()]);
    }
    Ok((config, warnings))
}

/// Why a configuration with `[cluster]` is not served.
#[cfg(feature = "cluster")]
const NOT_JOINED: &str = "an appliance does not join others yet: the section is read, and `callboard check` prints it, but nothing is served \
                          with it; leave it out";

/// Looks at where a configuration would be served, and at its faults.
///
/// # Errors
///
/// Returns a line for each problem.
fn judge(flags: &Serve, config: &Config, in_use: &[SocketAddr]) -> Result<(), Vec<String>> {
    let mut problems = flags.judge(config, in_use).err().unwrap_or_default();
    problems.extend(hub::faults_of_file(config).err().iter().flatten().map(Problem::to_string));
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Prints a line on standard error. If that cannot be written there is nobody to tell.
pub fn print_error(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints what is wrong on standard error, a line for each.
pub fn refused(problems: impl IntoIterator<Item = impl fmt::Display>) -> ExitCode {
    problems.into_iter().for_each(|problem| print_error(&problem.to_string()));
    Exit::ToMend.into()
}

/// Prints warnings on standard error, a line for each.
pub fn print_warnings(warnings: &[Problem]) {
    warnings.iter().for_each(|problem| print_error(&problem.warning()));
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
    asked.map_or_else(refused, |()| Exit::Well.into())
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
            Ok(Exit::Well.into())
        }
        Err(problems) => Ok(refused(problems)),
    }
}

/// `callboard demo-config`: prints the embedded demo configuration.
///
/// # Errors
///
/// Returns an error when standard output cannot be written to.
pub fn demo_config() -> io::Result<ExitCode> {
    io::stdout().write_all(DEMO.as_bytes()).map(|()| Exit::Well.into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
