//! Every command and flag.

use std::net::SocketAddr;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use log::LevelFilter;

use crate::cli::values::{address, entries, level, seed};
#[cfg(feature = "lab")]
use crate::cli::values::{agents, speed};
#[cfg(feature = "client")]
use crate::cli::values::{language, seconds, some, some_seconds};
#[cfg(feature = "client")]
use crate::diagnosis::Language;

/// Stands in for the notification service of a Cisco Finesse contact centre: XMPP over WebSocket and pubsub events.
///
/// Without a command callboard serves, and without --config it serves the built-in demo to this machine only. -h and -V are --help
/// and --version, and --log=debug is --log debug. The variables CALLBOARD_CONFIG, CALLBOARD_LISTEN, CALLBOARD_LISTEN_PLAIN
/// (addresses with commas between them) and CALLBOARD_LOG win over the file, and flags win over the variables.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(example = "{command_name}\n{command_name} demo-config > callboard.toml\n\
               {command_name} check --config callboard.toml\n{command_name} serve --config callboard.toml")]
pub struct Arguments {
    /// print the version
    #[argh(switch)]
    pub version: bool,

    /// the command; `serve` if there is none
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
    /// Print the certificate of the server.
    Certificate(Certificate),
    /// Hash a password.
    Passwd(Passwd),
    /// Print the demo configuration.
    DemoConfig(DemoConfig),
    /// Let a contact centre play by itself.
    #[cfg(feature = "lab")]
    Scenario(Scenario),
    /// Find out why a connection fails.
    #[cfg(feature = "client")]
    Probe(Probe),
    /// Print events as they come.
    #[cfg(feature = "client")]
    Watch(Watch),
    /// Publish an item.
    #[cfg(feature = "client")]
    Publish(Publish),
}

/// Run the server. Flags win over the configuration file.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "serve")]
pub struct Serve {
    /// the configuration file; without it callboard serves the built-in demo
    #[argh(option, arg_name = "file")]
    pub config: Option<PathBuf>,

    /// listen with TLS on ADDR:PORT (port 0: any free port); may be repeated; replaces `listen` of the file
    #[argh(option, arg_name = "addr:port", from_str_fn(address))]
    pub listen: Vec<SocketAddr>,

    /// listen without TLS on ADDR:PORT; may be repeated; replaces `listen_plain` of the file
    #[argh(option, arg_name = "addr:port", from_str_fn(address))]
    pub listen_plain: Vec<SocketAddr>,

    /// serve the files of this folder at /; replaces `www` of the file
    #[argh(option, arg_name = "dir")]
    pub www: Option<PathBuf>,

    /// keep the certificate that callboard makes in this folder; replaces `state_dir` of the file
    #[argh(option, arg_name = "dir")]
    pub state_dir: Option<PathBuf>,

    /// how much to log: off, error, warn, info (the default), debug or trace
    #[argh(option, arg_name = "level", from_str_fn(level))]
    pub log: Option<LevelFilter>,

    /// let administrators set faults: failures on purpose
    #[argh(switch)]
    pub faults: bool,

    /// keep so many entries of what happens: requests, frames, events, sessions; replaces `record` of the file
    #[argh(option, arg_name = "entries", from_str_fn(entries))]
    pub record: Option<usize>,

    /// make ids of items and messages by this number, so that they are the same in each run; secrets stay random
    #[argh(option, arg_name = "number", from_str_fn(seed))]
    pub seed: Option<u64>,

    /// play a scenario from the start: the name of one in the program, or a file
    #[argh(option, arg_name = "name")]
    pub scenario: Option<String>,

    /// let other machines use the demo, or a configuration with passwords that everybody can guess
    #[argh(switch)]
    pub demo_anywhere: bool,
}

/// Let a contact centre play by itself: callers come, agents answer, and a verdict says whether all was as expected. list names
/// the scenarios in the program, print shows one, check looks for problems in a file, and run plays one: with a server, or
/// with --virtual in seconds and without one.
#[cfg(feature = "lab")]
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "scenario")]
#[argh(
    example = "{command_name} list\n{command_name} run rush-hour --virtual\n{command_name} check my-scenario.toml"
)]
pub struct Scenario {
    /// list, print, check or run
    #[argh(positional)]
    pub action: String,

    /// the name of a scenario in the program, or a file
    #[argh(positional, arg_name = "name")]
    pub name: Option<String>,

    /// the configuration file of the contact centre; without it the scenario is played in the built-in demo
    #[argh(option, arg_name = "file")]
    pub config: Option<PathBuf>,

    /// play without a server, as fast as it goes
    #[argh(switch, long = "virtual")]
    pub is_virtual: bool,

    /// how many times faster than real the clock of the contact centre goes, 1 to 1000 (1)
    #[argh(option, default = "1", arg_name = "times", from_str_fn(speed))]
    pub speed: u32,

    /// play so many agents, with as many more or fewer callers, 1 to 10000; only with --virtual
    #[argh(option, arg_name = "number", from_str_fn(agents))]
    pub agents: Option<usize>,

    /// print JSON
    #[argh(switch)]
    pub json: bool,

    /// write a report in the form of JUnit to this file
    #[argh(option, arg_name = "file")]
    pub junit: Option<PathBuf>,
}

/// Read a configuration and print what it would serve, or every problem in it.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "check")]
pub struct Check {
    /// the configuration file; without it callboard checks the built-in demo
    #[argh(option, arg_name = "file")]
    pub config: Option<PathBuf>,

    /// accept passwords that everybody can guess, as `serve` does with this flag
    #[argh(switch)]
    pub demo_anywhere: bool,
}

/// Ask a running server whether it serves; the exit code is 0, or 1 with the reason.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "healthcheck")]
pub struct Healthcheck {
    /// the configuration file of the server; without it callboard asks the built-in demo
    #[argh(option, arg_name = "file")]
    pub config: Option<PathBuf>,

    /// ask this address, with TLS or without, instead of the first address of the file
    #[argh(option, arg_name = "addr:port", from_str_fn(address))]
    pub listen: Option<SocketAddr>,

    /// ask the server that runs on this machine, or in this container, at the address that its flags and environment name
    #[argh(switch)]
    pub running: bool,
}

/// Print the certificate that the server shows, in PEM, for clients that are to trust it.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "certificate")]
pub struct Certificate {
    /// the configuration file of the server; without it the certificate is that of the built-in demo
    #[argh(option, arg_name = "file")]
    pub config: Option<PathBuf>,

    /// the folder that keeps the certificate; replaces `state_dir` of the file
    #[argh(option, arg_name = "dir")]
    pub state_dir: Option<PathBuf>,
}

/// Read a password from standard input and print its hash, for password_hash in the configuration.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "passwd")]
pub struct Passwd {
    /// print its keys for the mechanisms SCRAM-SHA-256 and SCRAM-SHA-1 instead, for password_scram in the configuration
    #[argh(switch)]
    pub scram: bool,
}

/// Print the demo configuration, a starting point for your own.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "demo-config")]
pub struct DemoConfig {}

/// Connect as a client of Finesse does, step by step, and say which step fails, why, and what to check.
///
/// The probe changes nothing on the other side. The password is asked for, or read from a file, and is sent only to a server whose
/// certificate is verified or that the flags say is to be trusted. Exit codes: 0 every step passed, 1 one did not, or two that
/// are compared differ, 2 wrong usage, 75 nobody answers.
#[cfg(feature = "client")]
#[derive(ArgsInfo, FromArgs, Debug, Default)]
#[argh(
    subcommand,
    name = "probe",
    example = "{command_name} wss://finesse1.example.com:8445/ws/ --user 1001 --domain finesse1.example.com"
)]
pub struct Probe {
    /// what to probe: wss://HOST:8445/ws/, https://HOST:7443/http-bind/ for BOSH, xmpps://HOST:5223 and xmpp://HOST:5222 for
    /// TCP with TLS and with STARTTLS; ws and http are without TLS; may be repeated; with --compare also files
    #[argh(positional)]
    pub url: Vec<String>,

    /// probe a host by these at Finesse's ports: ws, bosh, tcp, tls, separated by commas
    #[argh(option, arg_name = "names")]
    pub transport: Option<String>,

    /// explain a recording instead: a HAR of a browser, or a file of the page, the record or a probe, in JSON or text
    #[argh(option, arg_name = "file")]
    pub explain: Option<PathBuf>,

    /// compare the first with each of the others, step by step: URLs, or files as those of --explain
    #[argh(switch)]
    pub compare: bool,

    /// log in as this user, the id of an agent or administrator; without it the probe ends before the login
    #[argh(option, arg_name = "id")]
    pub user: Option<String>,

    /// read the password from the first line of this file instead of asking for it
    #[argh(option, arg_name = "file")]
    pub password_file: Option<PathBuf>,

    /// the XMPP domain, xmppDomain of SystemInfo (the host of the URL)
    #[argh(option)]
    pub domain: Option<String>,

    /// the resource to bind (callboard-probe)
    #[argh(option, default = "String::from(\"callboard-probe\")")]
    pub resource: String,

    /// subscribe to the node of this team, too, by its id
    #[argh(option, arg_name = "id")]
    pub team: Option<String>,

    /// trust the certificates of this file, in PEM, beside those of the system
    #[argh(option, arg_name = "file")]
    pub ca: Option<PathBuf>,

    /// trust the certificate with this SHA-256, whatever is wrong with it
    #[argh(option, arg_name = "sha256")]
    pub pin: Option<String>,

    /// trust every certificate, and connections without TLS: for a laboratory
    #[argh(switch)]
    pub insecure: bool,

    /// ask the REST API, too: SystemInfo, and the user
    #[argh(switch)]
    pub rest: bool,

    /// print JSON
    #[argh(switch)]
    pub json: bool,

    /// write a report in the form of JUnit to this file
    #[argh(option, arg_name = "file")]
    pub junit: Option<PathBuf>,

    /// write the report and all frames, without secrets, to this file
    #[argh(option, arg_name = "file")]
    pub save: Option<PathBuf>,

    /// probe again after so many seconds, for ever: a line for each time, and the whole report when it is another one
    #[argh(option, from_str_fn(some_seconds), arg_name = "seconds")]
    pub watch: Option<u64>,

    /// a warning counts as a failure
    #[argh(switch)]
    pub strict: bool,

    /// seconds that each answer may take, 1 to 600 (10)
    #[argh(option, default = "10", arg_name = "seconds", from_str_fn(some_seconds))]
    pub timeout: u64,

    /// send nothing for so many seconds, to see whether something in between ends the connection (0)
    #[argh(option, default = "0", arg_name = "seconds", from_str_fn(seconds))]
    pub silence: u64,

    /// the language of the report: en or zh-TW
    #[argh(option, default = "Language::English", arg_name = "language", from_str_fn(language))]
    pub lang: Language,
}

/// Print the events of nodes as they come, each on a line: the node and the payload.
///
/// Without a node all are watched that the server lists for the user; a star at the end of a name stands for the rest. SIGINT and
/// SIGTERM unsubscribe and close. Exit codes: 0 as many events as were wanted have come, or the time is over, 1 they have not, or
/// something failed, 2 wrong usage, 75 nobody answers.
#[cfg(feature = "client")]
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(
    subcommand,
    name = "watch",
    example = "{command_name} --user 1001 --insecure /finesse/api/User/1001 '/finesse/api/Team/*'"
)]
pub struct Watch {
    /// the nodes to watch
    #[argh(positional)]
    pub node: Vec<String>,

    /// where to connect to: an address as those of the probe, such as wss://HOST:8445/ws/ or xmpps://HOST:5223
    #[argh(option, default = "String::from(\"wss://localhost:8445/ws/\")")]
    pub url: String,

    /// log in as this user
    #[argh(option, arg_name = "id")]
    pub user: String,

    /// read the password from the first line of this file instead of asking for it
    #[argh(option, arg_name = "file")]
    pub password_file: Option<PathBuf>,

    /// the XMPP domain, xmppDomain of SystemInfo (the host of the URL)
    #[argh(option)]
    pub domain: Option<String>,

    /// the resource to bind (callboard-watch)
    #[argh(option)]
    pub resource: Option<String>,

    /// trust the certificates of this file, in PEM, beside those of the system
    #[argh(option, arg_name = "file")]
    pub ca: Option<PathBuf>,

    /// trust the certificate with this SHA-256, whatever is wrong with it
    #[argh(option, arg_name = "sha256")]
    pub pin: Option<String>,

    /// trust every certificate, and connections without TLS: for a laboratory
    #[argh(switch)]
    pub insecure: bool,

    /// seconds that each answer may take, 1 to 600 (10)
    #[argh(option, default = "10", arg_name = "seconds", from_str_fn(some_seconds))]
    pub timeout: u64,

    /// print each event as JSON on a line: time, node, event, item, payload
    #[argh(switch)]
    pub json: bool,

    /// end after so many events
    #[argh(option, arg_name = "number", from_str_fn(some))]
    pub count: Option<u64>,

    /// end after so many seconds; with --count it is a failure if fewer events have come
    #[argh(option, arg_name = "seconds", from_str_fn(some))]
    pub r#for: Option<u64>,

    /// connect again so many seconds after a connection has ended, instead of ending with it; what happens in between is missed
    #[argh(option, arg_name = "seconds", from_str_fn(some_seconds))]
    pub retry: Option<u64>,
}

/// Publish an item to a node over XMPP (XEP-0060), and print its id.
///
/// The text travels as Finesse's do, in a notification element. The user needs the right to publish: of callboard's nodes an administrator
/// has it, or whom the configuration names.
#[cfg(feature = "client")]
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(
    subcommand,
    name = "publish",
    example = "{command_name} --user administrator --insecure /lab/alarms 'Line 2 is down'"
)]
pub struct Publish {
    /// the node to publish to
    #[argh(positional)]
    pub node: String,

    /// the text to publish; after -- it may begin with -
    #[argh(positional)]
    pub text: Option<String>,

    /// publish what is in this file
    #[argh(option, arg_name = "file")]
    pub file: Option<PathBuf>,

    /// the payload is an element of XML, and travels as it is
    #[argh(switch)]
    pub xml: bool,

    /// where to connect to: an address as those of the probe, such as wss://HOST:8445/ws/ or xmpps://HOST:5223
    #[argh(option, default = "String::from(\"wss://localhost:8445/ws/\")")]
    pub url: String,

    /// log in as this user
    #[argh(option, arg_name = "id")]
    pub user: String,

    /// read the password from the first line of this file instead of asking for it
    #[argh(option, arg_name = "file")]
    pub password_file: Option<PathBuf>,

    /// the XMPP domain, xmppDomain of SystemInfo (the host of the URL)
    #[argh(option)]
    pub domain: Option<String>,

    /// the resource to bind (callboard-publish)
    #[argh(option)]
    pub resource: Option<String>,

    /// trust the certificates of this file, in PEM, beside those of the system
    #[argh(option, arg_name = "file")]
    pub ca: Option<PathBuf>,

    /// trust the certificate with this SHA-256, whatever is wrong with it
    #[argh(option, arg_name = "sha256")]
    pub pin: Option<String>,

    /// trust every certificate, and connections without TLS: for a laboratory
    #[argh(switch)]
    pub insecure: bool,

    /// seconds that each answer may take, 1 to 600 (10)
    #[argh(option, default = "10", arg_name = "seconds", from_str_fn(some_seconds))]
    pub timeout: u64,
}
