//! The command line: every command and flag, and how flags change a configuration.

use std::collections::HashSet;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use argh::{ArgsInfo, EarlyExit, FromArgs};
use log::LevelFilter;

use crate::config::{Config, Origin, Www};

/// Stands in for the notification side of a Cisco Finesse contact centre: XMPP over WebSocket and pubsub events.
///
/// Without a command it serves a demo to this machine, as `serve` does without --config.
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
    let words = words.map_err(|word| EarlyExit::from(format!("{} is not UTF-8", word.to_string_lossy())))?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Arguments::from_args(&[env!("CARGO_PKG_NAME")], &words).map_err(|exit| match exit.status {
        Ok(()) => exit,
        Err(()) => {
            EarlyExit::from(format!("{}\nRun `callboard --help` for what there is.", exit.output.trim_end()))
        }
    })
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
    #[argh(option, arg_name = "level", from_str_fn(level), default = "LevelFilter::Info")]
    pub log: LevelFilter,

    /// let others than this machine use the demo, whose passwords everybody knows
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
}

/// Read a password from standard input and print its hash, for password_hash in the configuration.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "passwd")]
pub struct Passwd {}

/// Print the demo configuration, a start for one's own.
#[derive(ArgsInfo, FromArgs, Debug)]
#[argh(subcommand, name = "demo-config")]
pub struct DemoConfig {}

impl Default for Serve {
    /// What `callboard` alone means.
    fn default() -> Self {
        Serve {
            config: None,
            listen: Vec::new(),
            listen_plain: Vec::new(),
            www: None,
            log: LevelFilter::Info,
            demo_anywhere: false,
        }
    }
}

impl Serve {
    /// Changes a configuration as the flags say.
    ///
    /// # Errors
    ///
    /// Returns a sentence when an address would be listened on twice, or when the demo would be served to others
    /// than this machine without `--demo-anywhere`.
    pub fn apply(&self, config: &mut Config) -> Result<(), String> {
        if !self.listen.is_empty() {
            config.listen.clone_from(&self.listen);
        }
        if !self.listen_plain.is_empty() {
            config.listen_plain.clone_from(&self.listen_plain);
        }
        if let Some(folder) = &self.www {
            config.www = Some(Www { folder: folder.clone(), place: None });
        }
        let addresses = || config.listen.iter().chain(&config.listen_plain);
        let mut seen = HashSet::new();
        // Port 0 is a different free port every time.
        if let Some(twice) = addresses().find(|address| address.port() != 0 && !seen.insert(**address)) {
            return Err(format!("{twice} would be listened on twice; name it once"));
        }
        let open = addresses().find(|address| !address.ip().to_canonical().is_loopback());
        match open {
            Some(address) if config.origin == Origin::Demo && !self.demo_anywhere => Err(format!(
                "the demo has passwords everybody knows, so it is not served on {address}; \
                 make a configuration of your own (`callboard demo-config > callboard.toml`, passwords by \
                 `callboard passwd`, then `callboard serve --config callboard.toml`) or add --demo-anywhere"
            )),
            _ => Ok(()),
        }
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

    fn arguments(line: &str) -> Result<Arguments, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Arguments::from_args(&["callboard"], &words).map_err(|exit| exit.output)
    }

    /// Applies the flags of a `serve` line; returns the addresses with and without TLS.
    fn served(line: &str, mut config: Config) -> Result<(Vec<String>, Vec<String>), String> {
        let Some(Command::Serve(serve)) = arguments(line)?.command else { panic!("{line} is no serve") };
        serve.apply(&mut config)?;
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
            serve.apply(&mut config).expect(line);
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
        assert_eq!(format!("{serve:?}"), format!("{:?}", Serve::default()));
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
            assert_eq!(serve.log, level);
        }
    }
}
