//! `callboard scenario`: a contact centre plays by itself.

use std::fs::{self, File as Opened};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use ring::digest::{Context, SHA256};

use crate::cli;
use crate::clock::Now;
use crate::commands::{Exit, configuration, print_error, print_warnings};
use crate::config::{Config, Problem, proposal};
use crate::desk::Desk;
use crate::hub::Hub;
use crate::scenario::{File, Outcome, SHIPPED, Verdict, crowd, shipped};

/// The longest file, in bytes.
const FILE_MAX: u64 = 1024 * 1024;

/// How many entries are recorded for a scenario.
pub const RECORD: usize = 10_000;

/// When a scenario without a server begins, in seconds since 1970: a Monday, at eight.
const START: u64 = 1_767_600_000;

/// What has come of something, or why there is nothing: an exit code and sentences.
type Told<T> = Result<T, (Exit, Vec<String>)>;

/// A scenario that a server plays until it is over, by its name.
pub struct Served<'f> {
    pub config: Option<&'f Path>,
    pub file: Rc<File>,
    pub speed: u32,
}

/// `callboard scenario`. `serve` serves until the scenario is over.
///
/// # Errors
///
/// Returns an error when standard output cannot be written to.
pub fn scenario(
    flags: &cli::Scenario,
    serve: impl FnOnce(Served<'_>) -> io::Result<Result<Option<Outcome>, ExitCode>>,
) -> io::Result<ExitCode> {
    let told = match (flags.action.as_str(), &flags.name) {
        ("list", None) => return list(),
        ("print", Some(name)) => match text_of(name) {
            Ok((_, text)) => {
                io::stdout().write_all(text.as_bytes())?;
                return Ok(Exit::Well.into());
            }
            Err(refused) => Err(refused),
        },
        ("check", Some(name)) => match checked(flags, name) {
            Ok((file, _)) => {
                writeln!(io::stdout(), "{}: no problems", file.name)?;
                return Ok(Exit::Well.into());
            }
            Err(refused) => Err(refused),
        },
        ("run", Some(name)) => match checked(flags, name) {
            Ok((file, config)) if flags.is_virtual => Ok(play(config, Rc::new(file))),
            Ok(_) if flags.agents.is_some() => {
                Err((Exit::WrongUsage, vec!["--agents is for --virtual".to_owned()]))
            }
            Ok((file, _)) => {
                let config = flags.config.as_deref();
                match serve(Served { config, file: Rc::new(file), speed: flags.speed })? {
                    Ok(Some(outcome)) => Ok(outcome),
                    // A signal has ended it.
                    Ok(None) => return Ok(Exit::Inconclusive.into()),
                    Err(exit) => return Ok(exit),
                }
            }
            Err(refused) => Err(refused),
        },
        ("list", Some(_)) => Err((Exit::WrongUsage, vec!["list takes no name".to_owned()])),
        (action @ ("print" | "check" | "run"), None) => {
            let sentence = format!(
                "name a scenario: callboard scenario {action} rush-hour; callboard scenario list has all names"
            );
            Err((Exit::WrongUsage, vec![sentence]))
        }
        (action, _) => {
            let end = proposal(action, ["list", "print", "check", "run"]);
            Err((Exit::WrongUsage, vec![format!("a scenario cannot {action:?}{end}")]))
        }
    };
    match told {
        Ok(outcome) => print(flags, &outcome),
        Err((exit, sentences)) => {
            let start = if exit == Exit::WrongUsage { "callboard: " } else { "" };
            sentences.iter().for_each(|sentence| print_error(&format!("{start}{sentence}")));
            Ok(exit.into())
        }
    }
}

fn list() -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    for (name, text) in SHIPPED {
        let about = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        writeln!(out, "{name:<22} {about}")?;
    }
    Ok(Exit::Well.into())
}

/// Prints what has come of a scenario, and writes its report.
fn print(flags: &cli::Scenario, outcome: &Outcome) -> io::Result<ExitCode> {
    io::stdout().write_all(if flags.json { outcome.json.as_bytes() } else { outcome.text.as_bytes() })?;
    if let Some(path) = &flags.junit
        && let Err(error) = fs::write(path, &outcome.junit)
    {
        print_error(&format!("callboard: {} cannot be written: {error}", path.display()));
        return Ok(Exit::ToMend.into());
    }
    let exit = match outcome.verdict {
        Verdict::Pass => Exit::Well,
        Verdict::Fail => Exit::ToMend,
        Verdict::Inconclusive => Exit::Inconclusive,
    };
    Ok(exit.into())
}

/// The name of a scenario in problems, and its text.
fn text_of(name: &str) -> Told<(String, String)> {
    if let Some(text) = shipped(name) {
        return Ok((format!("the scenario {name}"), text.to_owned()));
    }
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Opened::open(name)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let refused = |end: String| Err((Exit::ToMend, vec![format!("{name}:1:1: {end}")]));
    match read() {
        Ok(bytes) if bytes.len() as u64 > FILE_MAX => {
            refused("is larger than 1 MiB, too large for a scenario".to_owned())
        }
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok((name.to_owned(), text)),
            Err(_) => refused("is not UTF-8; save the file as UTF-8".to_owned()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let end = proposal(name, SHIPPED.iter().map(|(name, _)| *name));
            refused(format!("there is no such file, and no scenario of that name{end}"))
        }
        Err(error) => refused(format!("cannot be read: {error}")),
    }
}

/// Reads a scenario: the name of one in the program, or a file.
///
/// # Errors
///
/// Returns a line for every problem.
pub fn named(name: &str) -> Result<File, Vec<String>> {
    let (file, text) = text_of(name).map_err(|(_, sentences)| sentences)?;
    File::read(&text, &file).map_err(|problems| problems.iter().map(Problem::to_string).collect())
}

/// Looks whether a configuration has all that a scenario names and needs.
///
/// # Errors
///
/// Returns a line for every problem.
pub fn judge(config: &Config, file: &File) -> Result<(), Vec<String>> {
    let problems = file.check(&Desk::new(config.clone()));
    let mut sentences: Vec<String> = problems.iter().map(Problem::to_string).collect();
    if file.needs_record() && config.record == 0 {
        sentences
            .push("callboard: the scenario looks at entries of the record; add --record 10000".to_owned());
    }
    if file.needs_faults() && !config.faults {
        sentences.push("callboard: the scenario sets faults; add --faults".to_owned());
    }
    if config.record == 0 && !config.faults {
        sentences.push(
            "callboard: scenarios are played only with a record or with faults; add --record 10000"
                .to_owned(),
        );
    }
    if sentences.is_empty() { Ok(()) } else { Err(sentences) }
}

/// Reads a scenario and the configuration for it.
fn checked(flags: &cli::Scenario, name: &str) -> Told<(File, Config)> {
    let to_mend = |sentences| (Exit::ToMend, sentences);
    let mut file = named(name).map_err(to_mend)?;
    let (mut config, warnings) = configuration(flags.config.as_deref())
        .map_err(|unread| to_mend(unread.problems.iter().map(Problem::to_string).collect()))?;
    print_warnings(&warnings);
    if let Some(agents) = flags.agents.filter(|_| flags.is_virtual) {
        crowd(&mut file, &mut config, agents);
    }
    (config.record, config.faults) = (RECORD, true);
    judge(&config, &file).map_err(to_mend)?;
    Ok((file, config))
}

/// Plays a scenario without a server: the hub is told of times as they become due, and nobody waits for them.
fn play(mut config: Config, file: Rc<File>) -> Outcome {
    config.seed = Some(file.seed);
    let mut hub = Hub::new(config, |bytes| bytes.fill(7));
    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    let mut now =
        Now { monotonic: Instant::now(), wall: SystemTime::UNIX_EPOCH + Duration::from_secs(START) };
    let mut record = Context::new(&SHA256);
    let (mut seen, mut line) = (0, String::new());
    if let Err(refused) = hub.start_scenario(now, file) {
        // The scenario was checked with this configuration before, so a refusal is not expected.
        refused.sentences().iter().for_each(|sentence| print_error(sentence));
    }
    loop {
        // Nobody is outside.
        while hub.poll().is_some() {}
        for entry in hub.record().behind(seen) {
            line.clear();
            entry.write(&mut line, hub.record().wire());
            line.push('\n');
            record.update(line.as_bytes());
        }
        seen = hub.record().last();
        let next = hub.scenario().filter(|scenario| !scenario.is_over()).and_then(|_| hub.wake_at());
        let Some(due) = next else { break };
        let passed = due.saturating_duration_since(now.monotonic);
        now = Now { monotonic: now.monotonic + passed, wall: now.wall + passed };
        hub.tick(now);
    }
    let sum: String = record.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    match hub.scenario() {
        Some(scenario) => scenario.outcome(Some(&sum)),
        None => Outcome {
            verdict: Verdict::Inconclusive,
            text: String::new(),
            json: String::new(),
            junit: String::new(),
        },
    }
}
