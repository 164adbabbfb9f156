//! Prints a manual page or the completions of a shell: `cargo run --example manual -- man`, `man5`, `bash`, `zsh` or `fish`.
//! All but `man5` are made from the structures that `callboard --help` is made from.
//!
//! Completions are written here and not by `argh_complete`: its flags know no files and folders, and its fish needs
//! version 4.

mod configuration_page;

use std::process::ExitCode;

use argh::{ArgsInfo as _, CommandInfoWithArgs, FlagInfo, FlagInfoKind, Optionality, PositionalInfo};
use callboard::cli::Arguments;
use callboard::commands::Exit;
use log::LevelFilter;
use roff::{Inline, Roff, bold, italic, roman};

/// What no flag tells: files, signals.
const MORE: [(&str, &[(&str, &str)]); 3] = [
    (
        "FILES",
        &[(
            "/etc/callboard/callboard.toml",
            "The configuration that the service of the Debian package serves. `callboard demo-config` prints one with a \
             comment on every key.",
        )],
    ),
    (
        "ENVIRONMENT",
        &[
            ("CALLBOARD_CONFIG", "The configuration file, if --config is not given."),
            (
                "CALLBOARD_LISTEN, CALLBOARD_LISTEN_PLAIN",
                "Addresses with commas between them, if --listen or --listen-plain is not given. They win over those of the \
                 file.",
            ),
            ("CALLBOARD_LOG", "How much to log, if --log is not given."),
        ],
    ),
    (
        "SIGNALS",
        &[
            (
                "SIGHUP",
                "Reads the configuration again, with its certificate; sessions stay. A file with a problem changes nothing. \
                 The log names the keys whose changes take effect after a restart.",
            ),
            (
                "SIGTERM, SIGINT",
                "Close every session, and then stop the server. A second signal does not wait for clients.",
            ),
        ],
    ),
];

fn main() -> ExitCode {
    let info = Arguments::get_args_info();
    let text = match std::env::args().nth(1).as_deref() {
        Some("man") => man(&info),
        Some("man5") => configuration_page::page(),
        Some("bash") => bash(&info),
        Some("zsh") => zsh(&info),
        Some("fish") => fish(&info),
        _ => {
            eprintln!("say what to print: man, man5, bash, zsh or fish");
            return ExitCode::FAILURE;
        }
    };
    print!("{text}");
    ExitCode::SUCCESS
}

/// The manual page callboard(1).
fn man(info: &CommandInfoWithArgs) -> String {
    let title = concat!("callboard ", env!("CARGO_PKG_VERSION"));
    let mut page = Roff::new();
    // No date: the same sources make the same page.
    page.control("TH", ["CALLBOARD", "1", "\"\"", title, "User Commands"]);
    page.control("SH", ["NAME"]);
    page.text([roman(format!(
        "callboard, {PROBE} - stands in for the notification service of a Cisco Finesse contact centre"
    ))]);
    page.control("SH", ["SYNOPSIS"]);
    let commands = info.commands.iter().map(|sub| &sub.command);
    page.text(synopsis(vec![bold("callboard")], info.flags.iter()));
    for command in commands.clone() {
        let name = vec![bold("callboard"), roman(" "), bold(command.name)];
        let mut line = synopsis(name, own_flags(command));
        line.extend(command.positionals.iter().flat_map(positional));
        page.control("br", []).text(line);
    }
    page.control("br", []).text([bold(PROBE), roman(" as "), bold("callboard probe")]);
    page.control("SH", ["DESCRIPTION"]).text([roman(info.description)]);
    page.control("SH", ["OPTIONS"]);
    options(&mut page, info.flags.iter());
    page.control("SH", ["COMMANDS"]);
    for command in commands {
        page.control("SS", [command.name]).text([roman(command.description)]);
        for words in command.positionals {
            page.control("TP", []).text([italic(words.name.to_uppercase())]).text([roman(words.description)]);
        }
        options(&mut page, own_flags(command));
    }
    for (section, entries) in MORE {
        page.control("SH", [section]);
        for (term, text) in entries {
            page.control("TP", []).text([bold(*term)]).text([roman(*text)]);
        }
    }
    page.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        let code = exit.code().to_string();
        page.control("TP", []).text([bold(code)]).text([roman(sentence(exit.meaning()))]);
    }
    page.control("SH", ["EXAMPLES"]).control("EX", []);
    for example in info.examples {
        page.text([roman(example.replace("{command_name}", "callboard"))]);
    }
    page.control("EE", []);
    page.control("SH", ["SEE ALSO"]).text([bold("callboard.toml"), roman("(5)")]);
    page.render()
}

fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    format!("{}{rest}.", first.to_uppercase())
}

/// The flags of a command but --help, which all have and the program's options tell.
fn own_flags(command: &CommandInfoWithArgs) -> impl Iterator<Item = &'static FlagInfo<'static>> {
    command.flags.iter().filter(|flag| flag.long != "--help")
}

/// A flag as it is written, with the name of its value.
fn usage(flag: &FlagInfo) -> Vec<Inline> {
    match flag.kind {
        FlagInfoKind::Switch => vec![bold(flag.long)],
        FlagInfoKind::Option { arg_name } => vec![bold(flag.long), roman(" "), italic(arg_name)],
    }
}

/// A word that is no flag, as the synopsis has it.
fn positional(word: &PositionalInfo) -> [Inline; 3] {
    let (before, behind) = match word.optionality {
        Optionality::Repeating => (" [", "]..."),
        Optionality::Required => (" ", ""),
        _ => (" [", "]"),
    };
    [roman(before), italic(word.name.to_uppercase()), roman(behind)]
}

fn synopsis<'f>(mut line: Vec<Inline>, flags: impl Iterator<Item = &'f FlagInfo<'f>>) -> Vec<Inline> {
    for flag in flags {
        line.push(roman(" ["));
        line.extend(usage(flag));
        line.push(roman(if flag.optionality == Optionality::Repeating { "]..." } else { "]" }));
    }
    line
}

fn options<'f>(page: &mut Roff, flags: impl Iterator<Item = &'f FlagInfo<'f>>) {
    for flag in flags {
        page.control("TP", []).text(usage(flag)).text([roman(flag.description)]);
    }
}

/// The name by which the program is its command probe.
const PROBE: &str = "callboard-probe";

/// The command that it is then.
fn probe(info: &CommandInfoWithArgs) -> impl Iterator<Item = &CommandInfoWithArgs> {
    info.commands.iter().map(|sub| &sub.command).filter(|command| command.name == "probe")
}

/// What a shell can propose after a flag.
enum Value {
    /// The flag has no value.
    None,
    /// It has one of which nothing is known.
    Any,
    File,
    Folder,
    OneOf(String),
}

/// Says it by the name of the value in the help.
fn value(flag: &FlagInfo) -> Value {
    match flag.kind {
        FlagInfoKind::Switch => Value::None,
        FlagInfoKind::Option { arg_name: "file" } => Value::File,
        FlagInfoKind::Option { arg_name: "dir" } => Value::Folder,
        FlagInfoKind::Option { arg_name: "level" } => {
            let levels: Vec<_> = LevelFilter::iter().map(|level| level.as_str().to_lowercase()).collect();
            Value::OneOf(levels.join(" "))
        }
        FlagInfoKind::Option { .. } => Value::Any,
    }
}

/// The first clause of a description: a list of proposals has no room for more.
fn short(description: &str) -> &str {
    description.split([';', '.']).next().unwrap_or_default()
}

fn words(command: &CommandInfoWithArgs) -> String {
    let commands = command.commands.iter().map(|sub| sub.name);
    command.flags.iter().map(|flag| flag.long).chain(commands).collect::<Vec<_>>().join(" ")
}

fn bash(info: &CommandInfoWithArgs) -> String {
    let propose = |words: &str| format!("mapfile -t COMPREPLY < <(compgen -W '{words}' -- \"$2\")");
    let mut cases = String::new();
    for sub in &info.commands {
        for flag in sub.command.flags {
            let action = match value(flag) {
                Value::None => continue,
                Value::Any => ":".to_owned(),
                Value::File => "compopt -o default".to_owned(),
                Value::Folder => "compopt -o dirnames".to_owned(),
                Value::OneOf(words) => propose(&words),
            };
            cases += &format!("        '{} {}') {action} ;;\n", sub.name, flag.long);
        }
        cases += &format!("        '{} '*) {} ;;\n", sub.name, propose(&words(&sub.command)));
    }
    format!(
        "# bash completion for callboard\n\
         _callboard() {{\n    \
             local command=\n    \
             COMPREPLY=()\n    \
             [ \"$COMP_CWORD\" -lt 2 ] || command=${{COMP_WORDS[1]}}\n    \
             [ \"${{1##*/}}\" != {PROBE} ] || command=probe\n    \
             case \"$command $3\" in\n\
         {cases}        \
                 ' '*) {} ;;\n    \
             esac\n\
         }}\n\
         complete -F _callboard callboard {PROBE}\n",
        propose(&words(info)),
    )
}

fn zsh(info: &CommandInfoWithArgs) -> String {
    let escaped = |text: &str| {
        short(text).replace('\'', r"'\''").replace(':', r"\:").replace('[', r"\[").replace(']', r"\]")
    };
    let flags = |command: &CommandInfoWithArgs| -> String {
        let specification = |flag: &FlagInfo| {
            let again = if flag.optionality == Optionality::Repeating { "*" } else { "" };
            let value = match value(flag) {
                Value::None => String::new(),
                Value::Any => ":value: ".to_owned(),
                Value::File => ":file:_files".to_owned(),
                Value::Folder => ":folder:_files -/".to_owned(),
                Value::OneOf(words) => format!(":one of them:({words})"),
            };
            format!(" '{again}{}[{}]{value}'", flag.long, escaped(flag.description))
        };
        command.flags.iter().map(specification).collect()
    };
    let mut commands = String::new();
    let mut cases = String::new();
    for sub in &info.commands {
        commands += &format!(" '{}:{}'", sub.name, escaped(sub.command.description));
        cases += &format!("            {}) _arguments{} ;;\n", sub.name, flags(&sub.command));
    }
    format!(
        "#compdef callboard {PROBE}\n\
         if [[ $service == {PROBE} ]]; then\n    \
             _arguments{} '*: :_files'\n    \
             return\n\
         fi\n\
         local state line\n\
         local -a commands=({commands})\n\
         _arguments -C{} '1: :->command' '*:: :->words'\n\
         case $state in\n    \
             command) _describe command commands ;;\n    \
             words)\n        \
                 case $words[1] in\n\
         {cases}        \
                 esac ;;\n\
         esac\n",
        probe(info).map(&flags).collect::<String>(),
        flags(info),
    )
}

fn fish(info: &CommandInfoWithArgs) -> String {
    let escaped = |text: &str| short(text).replace('\\', r"\\").replace('\'', r"\'");
    let flags = |program: &str, command: &CommandInfoWithArgs, condition: &str| -> String {
        let line = |flag: &FlagInfo| {
            let value = match value(flag) {
                Value::None => String::new(),
                Value::Any => " -x".to_owned(),
                Value::File => " -r -F".to_owned(),
                Value::Folder => " -x -a '(__fish_complete_directories)'".to_owned(),
                Value::OneOf(words) => format!(" -x -a '{words}'"),
            };
            let name = flag.long.trim_start_matches('-');
            format!("complete -c {program}{condition} -l {name}{value} -d '{}'\n", escaped(flag.description))
        };
        command.flags.iter().map(line).collect()
    };
    let mut lines = "complete -c callboard -f\n".to_owned();
    lines += &flags("callboard", info, " -n '__fish_use_subcommand'");
    for sub in &info.commands {
        lines += &format!(
            "complete -c callboard -n __fish_use_subcommand -a {} -d '{}'\n",
            sub.name,
            escaped(sub.command.description)
        );
        let condition = format!(" -n '__fish_seen_subcommand_from {}'", sub.name);
        lines += &flags("callboard", &sub.command, &condition);
    }
    probe(info).for_each(|command| lines += &flags(PROBE, command, ""));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command, and every flag with its command.
    fn names(info: &CommandInfoWithArgs) -> Vec<&'static str> {
        let below = info.commands.iter().flat_map(|sub| [vec![sub.name], names(&sub.command)].concat());
        info.flags.iter().map(|flag| flag.long).chain(below).collect()
    }

    #[test]
    fn the_page_and_the_completions_name_every_command_and_flag() {
        let info = Arguments::get_args_info();
        let names = names(&info);
        assert!(names.contains(&"serve") && names.contains(&"--listen-plain"), "{names:?}");
        let page = man(&info).replace(r"\-", "-");
        for name in names {
            assert!(
                page.contains(&format!(r"\fB{name}\fR")) || page.contains(&format!(".SS {name}\n")),
                "{name}"
            );
            let bare = name.trim_start_matches('-');
            for (shell, text) in [("bash", bash(&info)), ("zsh", zsh(&info))] {
                assert!(text.contains(name), "{shell}: {name}");
            }
            assert!(
                ["-l", "-a"].iter().any(|way| fish(&info).contains(&format!("{way} {bare}"))),
                "fish: {name}"
            );
        }
    }

    #[test]
    fn the_probe_by_its_own_name_has_the_flags_of_its_command() {
        let info = Arguments::get_args_info();
        assert!(bash(&info).ends_with("complete -F _callboard callboard callboard-probe\n"));
        assert!(bash(&info).contains("!= callboard-probe ] || command=probe"));
        let zsh = zsh(&info);
        let of_probe = zsh.split("return").next().expect("it has a beginning");
        for text in [of_probe, &fish(&info)] {
            assert!(text.contains("callboard-probe") && text.contains("explain"), "{text}");
        }
        assert!(fish(&info).contains("complete -c callboard-probe -l explain -r -F"));
        assert!(!of_probe.contains("--listen"), "{of_probe}");
        assert!(man(&info).replace(r"\-", "-").contains("callboard-probe"));
    }

    #[test]
    fn values_are_completed_by_what_they_are() {
        let info = Arguments::get_args_info();
        for (text, lines) in [
            (
                bash(&info),
                [
                    "'serve --config') compopt -o default ;;",
                    "'serve --www') compopt -o dirnames ;;",
                    "compgen -W 'off error warn info debug trace'",
                ],
            ),
            (
                zsh(&info),
                ["'--config[the configuration file]:file:_files'", ":folder:_files -/'", "'*--listen["],
            ),
            (
                fish(&info),
                [
                    "-l config -r -F",
                    "-l www -x -a '(__fish_complete_directories)'",
                    "-l log -x -a 'off error",
                ],
            ),
        ] {
            lines.iter().for_each(|line| assert!(text.contains(line), "{line} in\n{text}"));
        }
    }

    #[test]
    fn what_a_shell_or_the_page_would_read_as_its_own_is_escaped() {
        let quoted =
            CommandInfoWithArgs { name: "it", description: "one's own [x]: y", ..Default::default() };
        let info = CommandInfoWithArgs {
            commands: vec![argh::SubCommandInfo { name: "it", command: quoted }],
            description: ".TH is no title",
            ..Default::default()
        };
        assert!(zsh(&info).contains(r"'it:one'\''s own \[x\]\: y'"), "{}", zsh(&info));
        assert!(fish(&info).contains(r"'one\'s own [x]: y'"), "{}", fish(&info));
        assert!(man(&info).contains("\n\\&.TH is no title"), "{}", man(&info));
    }
}
