//! Reads a command line: the usual forms of its words, and what was meant by a word that nobody knows.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::Path;

use argh::{ArgsInfo as _, CommandInfoWithArgs, EarlyExit, FlagInfo, FlagInfoKind, FromArgs as _};

use crate::cli::arguments::Arguments;
#[cfg(feature = "client")]
use crate::cli::arguments::{Command, Probe};
use crate::config::proposal;

/// The command that is meant when none is named.
const SERVE: &str = "serve";
/// The command that hashes a password.
const PASSWD: &str = "passwd";
/// The command whose first word says what it does.
const SCENARIO: &str = "scenario";
/// The file name by which the program is that command alone, without its name on the command line.
const OTHER: &str = "callboard-probe";
/// The word that argh takes for `--help`, with a command and without.
const HELP: &str = "help";

/// Reads the command line, the program's name first.
///
/// # Errors
///
/// Returns what to print instead of going on: help with the status Ok, or what is wrong.
pub fn read(mut words: impl Iterator<Item = OsString>) -> Result<Arguments, EarlyExit> {
    let is_probe =
        words.next().is_some_and(|name| Path::new(&name).file_name().is_some_and(|name| name == OTHER));
    let own = if is_probe { OTHER } else { env!("CARGO_PKG_NAME") };
    let mut words: Result<Vec<String>, _> = words.map(OsString::into_string).collect();
    if let Ok(words) = words.as_mut().map_err(|_| ())
        && is_probe
        && !words.first().is_some_and(|word| word == "-V" || word == "--version")
    {
        words.insert(0, "probe".to_owned());
    }
    let words = words.map_err(|word| EarlyExit::from(format!("{} is not UTF-8", word.to_string_lossy())));
    let words = words.and_then(|words| plain(words).map_err(EarlyExit::from));
    let read = words.and_then(|words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        #[cfg(feature = "client")]
        if let (true, Some((&"probe", words))) = (is_probe, words.split_first()) {
            let probe = Probe::from_args(&[own], words)?;
            return Ok(Arguments { version: false, command: Some(Command::Probe(probe)) });
        }
        Arguments::from_args(&[own], &words)
    });
    read.map_err(|exit| match exit.status {
        Ok(()) => exit,
        Err(()) => EarlyExit::from(format!(
            "callboard: {}\nRun `{own} --help` to see all commands and flags.",
            exit.output.trim_end()
        )),
    })
}

/// Brings the words of a command line into the form that argh knows: `-h`, `-V`, `help`, `--flag=value`, and flags of `serve`
/// without it. A word behind the first of a command that is no flag is a text, whatever it says, and so are all words behind `--`.
/// The error says what was meant by a word that nobody knows.
fn plain(words: Vec<String>) -> Result<Vec<String>, String> {
    let info = Arguments::get_args_info();
    let mut words: VecDeque<String> = words.into();
    let (mut plain, mut texts) = (Vec::new(), Vec::new());
    let (name, flags, positionals) = match words.front() {
        None => return Ok(plain),
        Some(first) if ["-h", "-V", "--help", "--version", HELP].contains(&first.as_str()) => {
            ("", info.flags, info.positionals)
        }
        Some(first) if !first.starts_with('-') => {
            let Some(sub) = info.commands.iter().find(|sub| sub.name == *first) else {
                let known = names(&info).chain(["--help", "--version"]);
                return Err(format!("there is no command {first:?}{}", proposal(first, known)));
            };
            plain.extend(words.pop_front());
            (sub.name, sub.command.flags, sub.command.positionals)
        }
        Some(_) => {
            let serve = info.commands.iter().find(|sub| sub.name == SERVE);
            plain.push(SERVE.to_owned());
            (SERVE, serve.map_or(info.flags, |sub| sub.command.flags), info.positionals)
        }
    };
    while let Some(word) = words.pop_front() {
        if !texts.is_empty() && !word.starts_with('-') {
            texts.push(word);
            continue;
        }
        if word == "--" && !positionals.is_empty() {
            texts.extend(words.drain(..));
            break;
        }
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
            // A scenario is checked by a word that is a command elsewhere.
            let is_action = name == SCENARIO;
            if let Some(command) = names(&info).find(|command| *command == word).filter(|_| !is_action) {
                return Err(format!(
                    "{command:?} is a command; write one command, and write it before the flags"
                ));
            }
            if !word.starts_with('-') && !positionals.is_empty() {
                texts.push(word);
                continue;
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
    if !texts.is_empty() {
        // argh would take some texts for flags.
        plain.push("--".to_owned());
        plain.append(&mut texts);
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
        let names: Vec<_> = flags.iter().map(|flag| flag.long).collect();
        return format!("{word:?} is too much: {command} takes nothing but {}{from}", names.join(" and "));
    }
    if written == "-c" && takes("--config") {
        return format!("{word:?} is no flag{of}; did you mean \"--config\"?");
    }
    format!("{written:?} is no flag{of}{}", proposal(written, flags.iter().map(|flag| flag.long)))
}

#[cfg(test)]
mod tests {
    use log::LevelFilter;

    use super::*;
    use crate::cli::{Command, Serve};

    #[cfg(feature = "client")]
    #[test]
    fn by_its_other_name_the_program_is_the_probe() {
        let read = |line: &str| {
            read(line.split_whitespace().map(OsString::from)).map_err(|exit| (exit.status, exit.output))
        };
        for line in ["callboard-probe", "/usr/bin/callboard-probe"] {
            for words in ["", "ws://localhost/ --user=1001", "--explain serve"] {
                let same = format!("{:?}", read(&format!("callboard probe {words}")));
                assert_eq!(format!("{:?}", read(&format!("{line} {words}"))), same, "{line} {words}");
            }
            assert!(read(&format!("{line} -V")).expect("a good line").version);
            let (status, help) = read(&format!("{line} --help")).expect_err("help");
            assert!(status.is_ok() && help.starts_with("Usage: callboard-probe "), "{help}");
            let (status, error) = read(&format!("{line} --usr 1001")).expect_err("no such flag");
            assert!(status.is_err() && error.contains("did you mean \"--user\"?"), "{error}");
            assert!(
                error.ends_with("Run `callboard-probe --help` to see all commands and flags."),
                "{error}"
            );
        }
        assert!(read("/opt/callboard-probe.old probe --version").is_err());
    }

    fn arguments(line: &str) -> Result<Arguments, String> {
        let words = ["callboard"].into_iter().chain(line.split_whitespace());
        read(words.map(OsString::from)).map_err(|exit| exit.output)
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
                r#"there is no command "start"; known are: serve, check, healthcheck, certificate, passwd, demo-config, scenario, probe, watch, publish, --help, --version"#,
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
                r#""secret" is too much: passwd takes nothing but --help and --scram; it reads the password from standard input"#,
            ),
            ("-V x", r#""x" is too much: --help and --version stand alone"#),
            ("demo-config x", r#""x" is too much: demo-config takes nothing but --help"#),
            ("passwd --secret", r#""--secret" is no flag of passwd; known are: --help, --scram"#),
            ("--version --loud", r#""--loud" is no flag"#),
            ("serve --demo-anywhere=no", "--demo-anywhere has no value"),
            ("serve --config", "No value provided for option"),
        ] {
            let error = arguments(line).map(drop).expect_err(line);
            assert!(error.contains(answer), "{line}: {error}");
            assert!(error.starts_with("callboard: "), "{error}");
            assert!(error.ends_with("Run `callboard --help` to see all commands and flags."), "{error}");
        }
    }

    #[cfg(feature = "client")]
    #[test]
    fn what_follows_the_first_word_of_a_command_is_a_text_whatever_it_says() {
        let publish = |line: &str| match arguments(line).expect("a good line").command {
            Some(Command::Publish(publish)) => (publish.node, publish.text, publish.user),
            other => panic!("{line}: {other:?}"),
        };
        for (words, text) in [
            ("--user a /n serve", Some("serve")),
            ("/n serve --user a", Some("serve")),
            ("/n --user=a help", Some("help")),
            ("--user a /n a=b", Some("a=b")),
            ("--user a -- /n --help", Some("--help")),
            ("--user a /n -- -5", Some("-5")),
            ("--user a /n", None),
        ] {
            let (node, said, user) = publish(&format!("publish {words}"));
            assert_eq!((&*node, said.as_deref(), &*user), ("/n", text, "a"), "{words}");
        }
        for line in ["publish serve x --user a", "publish --user a -5"] {
            assert!(arguments(line).is_err(), "{line}");
        }
        let help = arguments("publish --user a /n --help").expect_err("help");
        assert!(help.starts_with("Usage: callboard publish"), "{help}");
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
