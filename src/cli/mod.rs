//! The command line: every command and flag. `read` reads a line, `serve` applies flags to a configuration, and `environment`
//! reads the variables that stand in for flags.

mod environment;
mod read;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use log::LevelFilter;

pub use environment::{Environment, misspelt};
pub use read::read;

/// Stands in for the notification side of a Cisco Finesse contact centre: XMPP over WebSocket and pubsub events.
///
/// Without a command it does what `serve` does, and without --config that is a demo for this machine. -h and -V are --help and
/// --version, and a flag and its value may be one word: --log=debug. The variables CALLBOARD_CONFIG, CALLBOARD_LISTEN,
/// CALLBOARD_LISTEN_PLAIN (addresses with commas between them) and CALLBOARD_LOG win over the file, and flags over them.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(example = "{command_name}\n{command_name} demo-config > callboard.toml\n\
               {command_name} check --config callboard.toml\n{command_name} serve --config callboard.toml")]
pub struct Arguments {
    /// print the version
    #[argh(switch)]
    pub version: bool,

    /// what to do; nothing said: serve
    #[argh(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand)]
pub enum Command {
    /// Run the server.
    Serve(Serve),
    /// Look at a configuration.
    Check(Check),
    /// Ask a running server whether it serves.
    Healthcheck(Healthcheck),
    /// Hash a password.
    Passwd(Passwd),
    /// Print the demo configuration.
    DemoConfig(DemoConfig),
}

/// Run the server. Flags win over the configuration file.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "serve")]
pub struct Serve {
    /// the configuration file; without one the demo inside the program is served
    #[argh(option, arg_name = "file")]
    pub config: Option<PathBuf>,

    /// speak TLS here, as ADDR:PORT (port 0: any free one); may be repeated; replaces `listen` of the file
    #[argh(option, arg_name = "addr:port", from_str_fn(address))]
    pub listen: Vec<SocketAddr>,

    /// the same without TLS; may be repeated; replaces `listen_plain` of the file
    #[argh(option, arg_name = "addr:port", from_str_fn(address))]
    pub listen_plain: Vec<SocketAddr>,

    /// serve the files of this folder at /, beside /ws/ and /finesse; replaces `www` of the file
    #[argh(option, arg_name = "dir")]
    pub www: Option<PathBuf>,

    /// how much to log: off, error, warn, info (if nothing is said), debug or trace
    #[argh(option, arg_name = "level", from_str_fn(level))]
    pub log: Option<LevelFilter>,

    /// let others than this machine use the demo, or another configuration with passwords that everybody can guess
    #[argh(switch)]
    pub demo_anywhere: bool,
}

/// Read a configuration and print what it would serve, or every problem in it.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "check")]
pub struct Check {
    /// the configuration file; without one the demo inside the program is checked
    #[argh(option, arg_name = "file")]
    pub config: Option<PathBuf>,

    /// passwords that everybody can guess are no problem, as with this flag of `serve`
    #[argh(switch)]
    pub demo_anywhere: bool,
}

/// Ask the server that runs with a configuration whether it serves; exit code 0, or 1 with the reason.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "healthcheck")]
pub struct Healthcheck {
    /// the configuration file; without one the demo inside the program is meant
    #[argh(option, arg_name = "file")]
    pub config: Option<PathBuf>,

    /// ask this address, with TLS or without, in place of the first one of the file
    #[argh(option, arg_name = "addr:port", from_str_fn(address))]
    pub listen: Option<SocketAddr>,

    /// ask the server that runs on this machine, or in this container, where its flags and the environment let it listen
    #[argh(switch)]
    pub running: bool,
}

/// Read a password from standard input and print its hash, for password_hash in the configuration.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "passwd")]
pub struct Passwd {}

/// Print the demo configuration, a start for one's own.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "demo-config")]
pub struct DemoConfig {}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "it must be an IP address with a port, such as 127.0.0.1:8445 or [::1]:8445".to_owned())
}

fn level(text: &str) -> Result<LevelFilter, String> {
    text.parse().map_err(|_| "it must be off, error, warn, info, debug or trace".to_owned())
}
