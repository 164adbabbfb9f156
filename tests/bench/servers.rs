//! Starts the servers that are measured.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::child::Server;
use super::floor;
use super::options::Options;
use super::report::{Column, Target};
use super::way::{Url, Way};
use super::world;

/// What it takes to start one.
pub struct Servers {
    /// The program file of callboard.
    pub program: String,
    /// The program of an earlier build.
    before: Option<String>,
    folder: Folder,
}

/// What a callboard has to know.
#[derive(Clone, Copy, Default)]
pub struct Setup<'a> {
    pub users: usize,
    /// The hash of the password of all of them, and the password.
    pub hash: Option<(&'a str, &'a str)>,
    /// Lines of the section `limits`.
    pub limits: &'a str,
    /// Whether it is to listen for XMPP over TCP, too.
    pub over_tcp: bool,
    /// The whole configuration, in place of one that is made of all that.
    pub text: Option<&'a str>,
    /// In place of those: each bound is what it is by default.
    pub default_limits: bool,
}

impl Servers {
    /// For the program that is asked for, or the one just built.
    pub fn new(options: &Options) -> io::Result<Self> {
        let program = options.program.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_callboard").to_owned());
        Ok(Self { program, before: options.before.clone(), folder: Folder::make()? })
    }

    /// A fresh server; one behind `--url` as it is, or `None` if it is not there with this transport.
    pub fn start(&self, options: &Options, column: Column, setup: &Setup<'_>) -> io::Result<Option<Server>> {
        self.start_with(options, column, setup, &[])
    }

    /// The same, with more arguments for a callboard.
    pub fn start_with(
        &self,
        options: &Options,
        column: Column,
        setup: &Setup<'_>,
        arguments: &[&str],
    ) -> io::Result<Option<Server>> {
        let setup = &Setup { over_tcp: column.transport.is_tcp(), ..*setup };
        match column.target {
            // The floor has frames only.
            Target::Floor | Target::Batching if setup.over_tcp => Ok(None),
            Target::Callboard => self.callboard_with(setup, arguments).map(Some),
            Target::Before => {
                let Some(program) = &self.before else { return Ok(None) };
                self.program_with(program, setup, arguments).map(Some)
            }
            Target::Floor => self.run(&mut floor::command(false)?, Way::default()).map(Some),
            Target::Batching => self.run(&mut floor::command(true)?, Way::default()).map(Some),
            Target::Other(number) => {
                let names = options.names();
                let name = names[number];
                let is_it = |url: &&Url| url.name == name && url.transport == column.transport;
                let pid = options.pid.iter().find(|(of, _)| of == name).map(|(_, pid)| *pid);
                options.url.iter().find(is_it).map(|url| Server::running(url, pid, options.way())).transpose()
            }
        }
    }

    /// A fresh callboard, with more arguments.
    pub fn callboard_with(&self, setup: &Setup<'_>, arguments: &[&str]) -> io::Result<Server> {
        self.program_with(&self.program, setup, arguments)
    }

    fn program_with(&self, program: &str, setup: &Setup<'_>, arguments: &[&str]) -> io::Result<Server> {
        // The rates of a user are for people: a load generator is one user.
        let limits = format!("{}{}", setup.limits, rates(program)?);
        let setup = Setup { limits: &limits, ..*setup };
        let (mut command, way) = self.command(program, &setup, arguments)?;
        self.run(&mut command, way)
    }

    /// A program with its configuration, and how one talks to it.
    fn command(&self, program: &str, setup: &Setup<'_>, arguments: &[&str]) -> io::Result<(Command, Way)> {
        let password = setup.hash.map(|(_, password)| password.to_owned());
        let way = Way { password, over_tcp: setup.over_tcp, ..Way::default() };
        let configuration = self.folder.0.join("load.toml");
        let hash = setup.hash.map(|(hash, _)| hash);
        let room = if setup.default_limits { String::new() } else { world::room(setup.users) + setup.limits };
        let made = || world::configuration(&way, setup.users, hash, &room);
        fs::write(&configuration, setup.text.map_or_else(made, str::to_owned))?;
        let mut command = serve(program, &self.folder.0);
        command.arg("--config").arg(configuration).args(arguments);
        Ok((command, way))
    }

    /// Starts a program. Its log goes to a file.
    pub fn run(&self, command: &mut Command, way: Way) -> io::Result<Server> {
        Server::start(command, fs::File::create(self.log())?.into(), way)
    }

    /// Starts a server for an attack: nothing of its log is kept.
    pub fn start_for(
        &self,
        target: Target,
        setup: &Setup<'_>,
        arguments: &[&str],
        log: Stdio,
    ) -> io::Result<Option<Server>> {
        let program = match (target, &self.before) {
            (Target::Callboard, _) => &self.program,
            (Target::Before, Some(before)) => before,
            _ => return Ok(None),
        };
        let (mut command, way) = self.command(program, setup, arguments)?;
        Server::start(&mut command, log, way).map(Some)
    }

    /// Where files are for the time of the benchmark.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// `callboard serve` on free ports.
    pub fn callboard(&self) -> Command {
        serve(&self.program, &self.folder.0)
    }

    fn log(&self) -> PathBuf {
        self.folder.0.join("server.log")
    }

    /// The end of the last server's log, after an error.
    pub fn show_log(&self) {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        for line in &lines[lines.len().saturating_sub(10)..] {
            eprintln!("server: {line}");
        }
    }
}

fn serve(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("XDG_STATE_HOME", folder.join("state")).env_remove("STATE_DIRECTORY");
    command.args(["serve", "--listen", "127.0.0.1:0", "--listen-plain", "127.0.0.1:0"]);
    command
}

/// Lines that take the bounds from what one user may send in a second, if the program has such bounds.
fn rates(program: &str) -> io::Result<String> {
    let known = Command::new(program).arg("check").output()?.stdout;
    let known = String::from_utf8_lossy(&known);
    let rates = [("user_rate", "\"0B\""), ("user_stanzas", "0")];
    let is_known = |key: &str| known.lines().any(|line| line.split_whitespace().next() == Some(key));
    Ok(rates
        .into_iter()
        .filter(|(key, _)| is_known(key))
        .map(|(key, rate)| format!("{key} = {rate}\n"))
        .collect())
}

/// A temporary folder that goes away with this value.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("callboard-load-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is small, and in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}
