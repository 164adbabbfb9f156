//! The command line: every command and flag, and how flags change a configuration.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use argh::{ArgsInfo, CommandInfoWithArgs, EarlyExit, FlagInfo, FlagInfoKind, FromArgs};
use log::LevelFilter;

use crate::config::{Config, Origin, Problem, Www, proposal};

/// The command that is meant when none is named.
const SERVE: &str = "serve";
/// The command that hashes a password.
const PASSWD: &str = "passwd";
/// What argh takes for `--help`, with a command and without.
const HELP: &str = "help";

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

/// Reads the command line, the program's name first.
///
/// # Errors
///
/// What to print instead of going on: help with the status Ok, or what is wrong.
pub fn read(words: impl Iterator<Item = OsString>) -> Result<Arguments, EarlyExit> {
    let words: Result<Vec<String>, _> = words.skip(1).map(OsString::into_string).collect();
    let words = words.map_err(|word| EarlyExit::from(format!("{} is not UTF-8", word.to_string_lossy())));
    let words = words.and_then(|words| plain(words).map_err(EarlyExit::from));
    let read = words.and_then(|words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Arguments::from_args(&[env!("CARGO_PKG_NAME")], &words)
    });
    read.map_err(|exit| match exit.status {
        Ok(()) => exit,
        Err(()) => {
            EarlyExit::from(format!("{}\nRun `callboard --help` for what there is.", exit.output.trim_end()))
        }
    })
}

/// Brings the words of a command line into the form that argh knows: `-h`, `-V`, `help`, `--flag=value`, and flags of `serve`
/// without it. The error says what was meant by a word that nobody knows.
fn plain(words: Vec<String>) -> Result<Vec<String>, String> {
    let info = Arguments::get_args_info();
    let mut words: VecDeque<String> = words.into();
    let mut plain = Vec::new();
    let (name, flags) = match words.front() {
        None => return Ok(plain),
        Some(first) if ["-h", "-V", "--help", "--version", HELP].contains(&first.as_str()) => {
            ("", info.flags)
        }
        Some(first) if !first.starts_with('-') => {
            let Some(sub) = info.commands.iter().find(|sub| sub.name == *first) else {
                let known = names(&info).chain(["--help", "--version"]);
                return Err(format!("there is no command {first:?}{}", proposal(first, known)));
            };
            plain.extend(words.pop_front());
            (sub.name, sub.command.flags)
        }
        Some(_) => {
            let serve = info.commands.iter().find(|sub| sub.name == SERVE);
            plain.push(SERVE.to_owned());
            (SERVE, serve.map_or(info.flags, |sub| sub.command.flags))
        }
    };
    while let Some(word) = words.pop_front() {
        let (written, value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let long = match written {
            "-h" | HELP => "--help",
            "-V" if plain.is_empty() => "--version",
            other => other,
        };
        let Some(flag) = flags.iter().find(|flag| flag.long == long) else {
            if let Some(command) = names(&info).find(|command| *command == word) {
                return Err(format!(
                    "{command:?} is a command; write one command, and write it before the flags"
                ));
            }
            return Err(unknown(name, flags, &word, written));
        };
        plain.push(long.to_owned());
        match (&flag.kind, value) {
            (FlagInfoKind::Switch, None) => {}
            (FlagInfoKind::Switch, Some(_)) => {
                return Err(format!("{long} has no value; leave out what follows the ="));
            }
            (FlagInfoKind::Option { .. }, value) => match value.or_else(|| words.pop_front()) {
                Some(value) if value.is_empty() => {
                    return Err(format!("the value of {long} is empty; write one, or leave the flag out"));
                }
                // argh says it if there is none.
                value => plain.extend(value),
            },
        }
    }
    Ok(plain)
}

/// The names of all commands.
fn names(info: &CommandInfoWithArgs) -> impl Iterator<Item = &str> {
    info.commands.iter().map(|sub| sub.name)
}

/// Says what is wrong with a word of a command that is none of its flags.
fn unknown(command: &str, flags: &[FlagInfo<'_>], word: &str, written: &str) -> String {
    let of = if command.is_empty() { String::new() } else { format!(" of {command}") };
    let takes = |long| flags.iter().any(|flag| flag.long == long);
    if !word.starts_with('-') && takes("--config") {
        return format!("{word:?} is no flag{of}; did you mean \"--config {word}\"?");
    }
    if !word.starts_with('-') && command.is_empty() {
        return format!("{word:?} is too much: --help and --version stand alone");
    }
    if !word.starts_with('-') {
        // A password would stand in the list of processes.
        let from = if command == PASSWD { "; it reads the password from standard input" } else { "" };
        return format!("{word:?} is too much: {command} takes nothing but --help{from}");
    }
    if written == "-c" && takes("--config") {
        return format!("{word:?} is no flag{of}; did you mean \"--config\"?");
    }
    format!("{written:?} is no flag{of}{}", proposal(written, flags.iter().map(|flag| flag.long)))
}

/// What the environment says, in place of flags that are not there (the Twelve-Factor App, III).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// Where to speak TLS.
    pub listen: Vec<SocketAddr>,
    /// Where not.
    pub listen_plain: Vec<SocketAddr>,
    /// How much to log.
    pub log: Option<LevelFilter>,
}

impl Environment {
    /// Reads the variables. One that is empty is as none.
    ///
    /// # Errors
    ///
    /// Returns a sentence that names the variable.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| {
            let text = given(name).map(OsString::into_string).transpose();
            text.map_err(|_| format!("the variable {name} is not UTF-8"))
        };
        let addresses = |name: &str| -> Result<Vec<SocketAddr>, String> {
            let text = text(name)?.unwrap_or_default();
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            let read = texts.map(|text| {
                address(text).map_err(|form| format!("the variable {name} has {text:?} in it, and {form}"))
            });
            read.collect()
        };
        let log = match text("CALLBOARD_LOG")? {
            Some(text) => Some(
                level(&text).map_err(|form| format!("the variable CALLBOARD_LOG is {text:?}, and {form}"))?,
            ),
            None => None,
        };
        Ok(Self {
            config: given("CALLBOARD_CONFIG").map(PathBuf::from),
            listen: addresses("CALLBOARD_LISTEN")?,
            listen_plain: addresses("CALLBOARD_LISTEN_PLAIN")?,
            log,
        })
    }
}

/// What the program is to do.
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

impl Serve {
    /// What `callboard` alone means.
    pub fn alone() -> Self {
        Serve {
            config: None,
            listen: Vec::new(),
            listen_plain: Vec::new(),
            www: None,
            log: None,
            demo_anywhere: false,
        }
    }

    /// Takes from the environment what no flag says.
    #[must_use]
    pub fn or(self, environment: Environment) -> Self {
        let either = |flags: Vec<_>, others| if flags.is_empty() { others } else { flags };
        Self {
            config: self.config.or(environment.config),
            listen: either(self.listen, environment.listen),
            listen_plain: either(self.listen_plain, environment.listen_plain),
            log: self.log.or(environment.log),
            ..self
        }
    }

    /// Changes a configuration as the flags say.
    pub fn apply(&self, config: &mut Config) {
        if !self.listen.is_empty() {
            config.listen.clone_from(&self.listen);
        }
        if !self.listen_plain.is_empty() {
            config.listen_plain.clone_from(&self.listen_plain);
        }
        if let Some(folder) = &self.www {
            config.www = Some(Www { folder: folder.clone(), place: None });
        }
    }

    /// Looks at where a configuration would be served: no address twice, and to nobody else if its passwords are known. It may
    /// take as long as some logins. `in_use`: where others are served already, whatever the configuration says.
    ///
    /// # Errors
    ///
    /// Returns a line for each problem.
    pub fn judge(&self, config: &Config, in_use: &[SocketAddr]) -> Result<(), Vec<String>> {
        let addresses = || config.listen.iter().chain(&config.listen_plain).copied();
        let mut seen = HashSet::new();
        // Port 0 is a different free port every time.
        if let Some(twice) = addresses().find(|address| address.port() != 0 && !seen.insert(*address)) {
            return Err(vec![format!("callboard: {twice} would be listened on twice; name it once")]);
        }
        if self.demo_anywhere {
            return Ok(());
        }
        let open = addresses().find(|address| !address.ip().to_canonical().is_loopback());
        if let Some(address) = open.filter(|_| config.origin == Origin::Demo) {
            return Err(vec![format!(
                "callboard: the demo has passwords everybody knows, so it is not served on {address}; \
                 make a configuration of your own (`callboard demo-config > callboard.toml`, passwords by \
                 `callboard passwd`, then `callboard serve --config callboard.toml`) or add --demo-anywhere"
            )]);
        }
        let problems = config.guessable_at(addresses().chain(in_use.iter().copied()));
        if problems.is_empty() { Ok(()) } else { Err(problems.iter().map(Problem::to_string).collect()) }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "it must be an IP address with a port, such as 127.0.0.1:8445 or [::1]:8445".to_owned())
}

fn level(text: &str) -> Result<LevelFilter, String> {
    text.parse().map_err(|_| "it must be off, error, warn, info, debug or trace".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEMO;

    fn arguments(line: &str) -> Result<Arguments, String> {
        let words = ["callboard"].into_iter().chain(line.split_whitespace());
        read(words.map(OsString::from)).map_err(|exit| exit.output)
    }

    /// Applies the flags of a `serve` line; returns the addresses with and without TLS.
    fn served(line: &str, mut config: Config) -> Result<(Vec<String>, Vec<String>), String> {
        let Some(Command::Serve(serve)) = arguments(line)?.command else { panic!("{line} is no serve") };
        serve.apply(&mut config);
        serve.judge(&config, &[]).map_err(|problems| problems.join("\n"))?;
        let text = |addresses: &[SocketAddr]| addresses.iter().map(ToString::to_string).collect();
        Ok((text(&config.listen), text(&config.listen_plain)))
    }

    fn file() -> Config {
        let own = "listen = [\"0.0.0.0:1\"]\nlisten_plain = [\"0.0.0.0:2\"]\n\
                   [[user]]\nid = \"ada\"\nroles = [\"Administrator\"]\npassword = \"x\"";
        Config::parse(own, "c.toml").expect("a valid file")
    }

    #[test]
    fn flags_win_over_the_file_each_for_its_own_list() {
        for (line, listen, listen_plain) in [
            ("serve", &["0.0.0.0:1"][..], &["0.0.0.0:2"][..]),
            ("serve --listen 127.0.0.1:3 --listen [::1]:3", &["127.0.0.1:3", "[::1]:3"], &["0.0.0.0:2"]),
            ("serve --listen-plain 127.0.0.1:3", &["0.0.0.0:1"], &["127.0.0.1:3"]),
            ("serve --listen 1.1.1.1:0 --listen-plain 1.1.1.1:0", &["1.1.1.1:0"], &["1.1.1.1:0"]),
        ] {
            let (tls, plain) = served(line, file()).expect(line);
            assert_eq!(
                (tls.as_slice(), plain.as_slice()),
                (&strings(listen)[..], &strings(listen_plain)[..])
            );
        }
    }

    #[test]
    fn a_folder_of_a_flag_wins_over_that_of_the_file() {
        for (line, folder) in [("serve", "own"), ("serve --www other", "other")] {
            let mut config = file();
            config.www = Some(Www { folder: "own".into(), place: None });
            let Some(Command::Serve(serve)) = arguments(line).expect(line).command else { panic!("{line}") };
            serve.apply(&mut config);
            assert_eq!(config.www, Some(Www { folder: folder.into(), place: None }), "{line}");
        }
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_address_is_listened_on_once() {
        for line in [
            "serve --listen 127.0.0.1:3 --listen 127.0.0.1:3",
            "serve --listen 127.0.0.1:3 --listen-plain 127.0.0.1:3",
            "serve --listen-plain 0.0.0.0:1",
        ] {
            let error = served(line, file()).expect_err(line);
            assert!(error.ends_with("would be listened on twice; name it once"), "{error}");
        }
    }

    #[test]
    fn the_demo_stays_on_this_machine() {
        for address in ["127.0.0.1:0", "127.1.2.3:8445", "[::1]:8445", "[::ffff:127.0.0.1]:8445"] {
            assert!(served(&format!("serve --listen {address}"), Config::demo()).is_ok(), "{address}");
        }
        for flag in ["--listen 0.0.0.0:0", "--listen-plain [::]:0", "--listen-plain 192.0.2.1:0"] {
            let error = served(&format!("serve {flag}"), Config::demo()).expect_err(flag);
            for step in ["demo-config > callboard.toml", "passwd", "serve --config", "--demo-anywhere"] {
                assert!(error.contains(step), "{step}: {error}");
            }
            assert!(served(&format!("serve {flag} --demo-anywhere"), Config::demo()).is_ok(), "{flag}");
            assert!(served(&format!("serve {flag}"), file()).is_ok(), "{flag}");
        }
    }

    #[test]
    fn no_command_is_as_serve_without_flags() {
        let alone = arguments("").expect("no arguments");
        assert!(alone.command.is_none() && !alone.version);
        let Some(Command::Serve(serve)) = arguments("serve").expect("serve").command else { panic!("serve") };
        assert_eq!(format!("{serve:?}"), format!("{:?}", Serve::alone()));
    }

    #[test]
    fn flags_are_taken_in_every_usual_form() {
        let shown = |line: &str| format!("{:?}", arguments(line));
        for (line, same) in [
            ("--config=c.toml", "serve --config c.toml"),
            ("--config c.toml --log=debug", "serve --config c.toml --log debug"),
            ("serve --listen=127.0.0.1:1 --listen [::1]:2", "serve --listen 127.0.0.1:1 --listen [::1]:2"),
            ("serve --config a=b", "serve --config=a=b"),
            ("serve --config --odd", "serve --config=--odd"),
            ("check --config=c.toml", "check --config c.toml"),
            ("-V", "--version"),
            ("-h", "--help"),
            ("serve -h", "serve --help"),
            ("help", "--help"),
            ("check help", "check --help"),
        ] {
            assert_eq!(shown(line), shown(same), "{line}");
        }
        assert!(arguments("-V").expect("a good line").version);
        assert!(arguments("-h").expect_err("help").contains("demo-config"));
    }

    #[test]
    fn a_word_that_nobody_knows_is_answered_with_what_was_meant() {
        for (line, answer) in [
            ("srve", r#"there is no command "srve"; did you mean "serve"?"#),
            ("demo_config", r#"there is no command "demo_config"; did you mean "demo-config"?"#),
            (
                "start",
                r#"there is no command "start"; known are: serve, check, healthcheck, passwd, demo-config, --help, --version"#,
            ),
            ("version", r#"there is no command "version"; did you mean "--version"?"#),
            ("serve check", r#""check" is a command; write one command, and write it before the flags"#),
            ("--log=off check", r#""check" is a command; write one command, and write it before the flags"#),
            ("serve --config=", "the value of --config is empty; write one, or leave the flag out"),
            ("--confg c.toml", r#""--confg" is no flag of serve; did you mean "--config"?"#),
            (
                "serve --listen_plain 127.0.0.1:1",
                r#""--listen_plain" is no flag of serve; did you mean "--listen-plain"?"#,
            ),
            ("serve --loud=yes", r#""--loud" is no flag of serve; known are: "#),
            ("check -c c.toml", r#""-c" is no flag of check; did you mean "--config"?"#),
            ("check c.toml", r#""c.toml" is no flag of check; did you mean "--config c.toml"?"#),
            (
                "passwd secret",
                r#""secret" is too much: passwd takes nothing but --help; it reads the password from standard input"#,
            ),
            ("-V x", r#""x" is too much: --help and --version stand alone"#),
            ("demo-config x", r#""x" is too much: demo-config takes nothing but --help"#),
            ("passwd --secret", r#""--secret" is no flag of passwd; known are: --help"#),
            ("--version --loud", r#""--loud" is no flag"#),
            ("serve --demo-anywhere=no", "--demo-anywhere has no value"),
            ("serve --config", "No value provided for option"),
        ] {
            let error = arguments(line).map(drop).expect_err(line);
            assert!(error.contains(answer), "{line}: {error}");
            assert!(error.ends_with("Run `callboard --help` for what there is."), "{error}");
        }
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let environment = || {
            let variable = |name: &str| match name {
                "CALLBOARD_CONFIG" => Some("e.toml".into()),
                "CALLBOARD_LISTEN" => Some("127.0.0.1:5, [::1]:5,".into()),
                "CALLBOARD_LISTEN_PLAIN" => Some("".into()),
                "CALLBOARD_LOG" => Some("warn".into()),
                _ => None,
            };
            Environment::read(variable).expect("good variables")
        };
        for (line, config, listen, log) in [
            ("serve", "e.toml", &["127.0.0.1:5", "[::1]:5"][..], LevelFilter::Warn),
            ("serve --config c.toml --listen 127.0.0.1:3", "c.toml", &["127.0.0.1:3"], LevelFilter::Warn),
            ("serve --log debug", "e.toml", &["127.0.0.1:5", "[::1]:5"], LevelFilter::Debug),
        ] {
            let Some(Command::Serve(serve)) = arguments(line).expect(line).command else { panic!("{line}") };
            let serve = serve.or(environment());
            let mut served = file();
            serve.apply(&mut served);
            let addresses: Vec<_> = served.listen.iter().map(ToString::to_string).collect();
            assert_eq!((serve.config, serve.log), (Some(config.into()), Some(log)), "{line}");
            assert_eq!((addresses, served.listen_plain.len()), (strings(listen), 1), "{line}");
        }
        assert_eq!(Environment::read(|_| None), Ok(Environment::default()));
    }

    #[test]
    fn a_wrong_variable_is_named_with_the_right_form() {
        for (name, value, form) in [
            ("CALLBOARD_LISTEN", "localhost:8445", "127.0.0.1:8445"),
            ("CALLBOARD_LISTEN_PLAIN", "127.0.0.1:1,8080", "127.0.0.1:8445"),
            ("CALLBOARD_LOG", "loud", "off, error, warn, info, debug or trace"),
        ] {
            let error = Environment::read(|other| (other == name).then(|| value.into())).expect_err(name);
            assert!(error.contains(name) && error.contains(form), "{error}");
        }
    }

    #[test]
    fn passwords_that_everybody_can_guess_stay_on_this_machine_also_after_a_reload() {
        let known =
            Config::parse(&DEMO.replace("127.0.0.1:8445", "0.0.0.0:1"), "c.toml").expect("a valid file");
        let error = served("serve", known.clone()).expect_err("everybody knows them");
        assert!(error.starts_with("c.toml:") && error.contains("--demo-anywhere"), "{error}");
        assert!(served("serve --listen 127.0.0.1:1", known.clone()).is_ok());
        assert!(served("serve --demo-anywhere", known.clone()).is_ok());
        // What the file says now does not move the listeners that are open.
        let serve = Serve { listen: vec![([127, 0, 0, 1], 1).into()], ..Serve::alone() };
        let mut again = known;
        serve.apply(&mut again);
        assert!(serve.judge(&again, &[]).is_ok());
        assert!(serve.judge(&again, &[([0, 0, 0, 0], 1).into()]).is_err());
    }

    #[test]
    fn a_wrong_value_is_answered_with_the_right_form() {
        for (line, form) in [
            ("serve --listen localhost:8445", "127.0.0.1:8445"),
            ("serve --listen-plain 8080", "127.0.0.1:8445"),
            ("serve --log loud", "off, error, warn, info, debug or trace"),
        ] {
            let error = arguments(line).expect_err(line);
            assert!(error.contains(form), "{error}");
        }
        for (text, level) in [("off", LevelFilter::Off), ("warn", LevelFilter::Warn)] {
            let line = format!("serve --log {text}");
            let Some(Command::Serve(serve)) = arguments(&line).expect("serve").command else {
                panic!("serve")
            };
            assert_eq!(serve.log, Some(level));
        }
    }
}
