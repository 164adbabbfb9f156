//! `callboard probe`: why does this connection fail? With its sockets `callboard watch` and `callboard publish` in `errands.rs`.

mod comparison;
mod connection;
mod errands;
mod http;
mod net;
mod progress;
mod report;
mod setting;
mod target;
mod tcp;
mod tls;

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use self::comparison::Compared;
pub use self::errands::{publish, watch};
use self::net::Beside;
use self::progress::Progress;
use self::report::Report;
use self::setting::{Input, Setting, Told, of_file, setting};
use crate::cli;
use crate::commands::{Exit, print_error};
use crate::json;
use crate::probe::{Judged, Outcomes, Probe, Step, Symptom, Verdict, compare, explain};

/// How long a recording may be, in bytes.
const FILE_MAX: u64 = 128 << 20;

/// Probes one URL after another, prints what came of each, and returns the worst exit code.
///
/// # Errors
///
/// Returns an error when standard output cannot be written.
pub fn probe(flags: &cli::Probe) -> io::Result<ExitCode> {
    let exit = run(flags)?.unwrap_or_else(|(exit, sentence)| {
        print_error(&format!("callboard: {sentence}"));
        exit
    });
    Ok(exit.into())
}

fn run(flags: &cli::Probe) -> io::Result<Told<Exit>> {
    if let Err(sentence) = judge(flags) {
        return Ok(Err((Exit::WrongUsage, sentence)));
    }
    if let Some(path) = &flags.explain {
        return match recorded(path) {
            Ok(found) => print(flags, &found),
            Err(refused) => Ok(Err(refused)),
        };
    }
    let setting = match setting(flags)? {
        Ok(setting) => setting,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(pause) = flags.watch {
        return repeat(flags, &setting, Duration::from_secs(pause)).map(Ok);
    }
    match round(flags, &setting) {
        Ok(found) => print(flags, &found),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Looks for flags that do not go together.
fn judge(flags: &cli::Probe) -> Result<(), String> {
    let sentence = if flags.explain.is_some() && (flags.compare || !flags.url.is_empty()) {
        "--explain is about a file alone; a file beside something else is --compare"
    } else if flags.explain.is_some() {
        return Ok(());
    } else if flags.compare && flags.url.len() < 2 && flags.transport.is_none() {
        "--compare wants two or more: URLs, or files with recordings"
    } else if flags.url.is_empty() {
        "name what to probe, such as wss://HOST:8445/ws/"
    } else if flags.watch.is_some()
        && (flags.json || flags.compare || flags.junit.is_some() || flags.save.is_some())
    {
        "--watch prints lines for ever; --json, --junit, --save and --compare are for one time"
    } else {
        return Ok(());
    };
    Err(sentence.to_owned())
}

/// Probes every server once, and reads every file.
fn round(flags: &cli::Probe, setting: &Setting) -> Told<Vec<Judged>> {
    let judge = |(input, name): &(Input, String)| match input {
        Input::Server(target) => {
            let plan = target::plan(flags, target, setting.login.as_ref().map(|(_, password)| password));
            let mut probe = Probe::new(plan, fastrand::u64(1..1 << 40));
            let mut progress = Progress::new(name);
            let look = &mut |probe: &mut Probe| {
                progress.show(probe);
                true
            };
            let beside = Beside { signals: None, look };
            net::run(&mut probe, target, &setting.recorder, setting.login.clone(), beside);
            Ok(probe.judged(name.clone()))
        }
        Input::File(path) => {
            let steps = |judged: &Judged| {
                judged.outcomes.iter().filter(|(_, outcome)| outcome.from.is_some()).count()
            };
            let mut found = recorded(path)?;
            // Of several connections the first that went furthest.
            found.reverse();
            let furthest = found.into_iter().max_by_key(steps);
            // A report says how steps went, and not what was said.
            let furthest = furthest.filter(|judged| judged.is_recording).ok_or_else(|| {
                (Exit::ToMend, of_file(path, "it is a report, and has no frames to be compared"))
            })?;
            Ok(Judged { name: name.clone(), ..furthest })
        }
    };
    setting.inputs.iter().map(judge).collect()
}

/// Probes again and again: a line each time, and the whole report where it is another one than before.
fn repeat(flags: &cli::Probe, setting: &Setting, pause: Duration) -> io::Result<Exit> {
    let mut before: Vec<Vec<(Step, Verdict, Option<Symptom>)>> = vec![Vec::new(); setting.inputs.len()];
    loop {
        // Without --compare there are no files.
        let probed = round(flags, setting).unwrap_or_default();
        let mut out = io::stdout().lock();
        for (of, before) in probed.iter().zip(&mut before) {
            let report = Report { of, language: flags.lang, strict: flags.strict };
            let now: Vec<_> = of
                .outcomes
                .iter()
                .map(|(step, outcome)| (step, outcome.verdict, outcome.symptom))
                .filter(|(step, ..)| *step != Step::Event)
                .collect();
            writeln!(out, "{}", report.line_of_all())?;
            if *before != now {
                write!(out, "{}", report.text(out.is_terminal()))?;
                *before = now;
            }
        }
        out.flush()?;
        drop(out);
        // Five wrong passwords in a row lock the user out, and each further one does so again.
        let is_refused = |of: &Judged| {
            let symptoms = [Step::Auth, Step::User].map(|step| of.outcomes.of(step).symptom);
            let refusals = [Symptom::NotAuthorized, Symptom::LockedOut].map(Some);
            symptoms.iter().any(|symptom| refusals.contains(symptom))
        };
        if probed.iter().any(is_refused) {
            print_error(
                "callboard: the user or the password is refused; it is not tried again, as that would lock the user out",
            );
            return Ok(Exit::ToMend);
        }
        sleep(pause);
    }
}

/// The connections of a recording, each with a name.
fn recorded(path: &Path) -> Told<Vec<Judged>> {
    // A pipe or a device does not say how long it is.
    let read = fs::File::open(path)
        .and_then(|file| {
            let mut text = String::new();
            match file.take(FILE_MAX + 1).read_to_string(&mut text)? as u64 {
                0..=FILE_MAX => Ok(text),
                _ => Err(io::Error::other("it is longer than 128 MiB")),
            }
        })
        .map_err(|error| error.to_string())
        .and_then(|text| explain(&text));
    let mut found = read.map_err(|sentence| (Exit::ToMend, of_file(path, sentence)))?;
    for judged in found.iter_mut().filter(|judged| judged.name.is_empty()) {
        judged.name = path.display().to_string();
    }
    Ok(found)
}

/// Prints what has been found as the flags say. Returns the worst exit code.
fn print(flags: &cli::Probe, found: &[Judged]) -> io::Result<Told<Exit>> {
    let reports: Vec<_> =
        found.iter().map(|of| Report { of, language: flags.lang, strict: flags.strict }).collect();
    let compared: Vec<_> = match found {
        [first, others @ ..] if flags.compare => others
            .iter()
            .map(|other| Compared {
                of: [&first.name, &other.name],
                found: compare([first, other]),
                language: flags.lang,
            })
            .collect(),
        _ => Vec::new(),
    };
    let mut out = io::stdout().lock();
    if flags.json {
        let mut text = String::new();
        if flags.compare {
            json::array(&mut text, &compared, |text, compared| compared.json(text));
        } else {
            json::array(&mut text, &reports, |text, report| report.json(text));
        }
        writeln!(out, "{text}")?;
    } else {
        let colours = out.is_terminal();
        let texts: Vec<_> = match flags.compare {
            true => compared.iter().map(Compared::text).collect(),
            false => reports.iter().map(|report| report.text(colours)).collect(),
        };
        write!(out, "{}", texts.join("\n"))?;
    }
    let mut files = Vec::new();
    if let Some(path) = &flags.junit {
        let mut suites = String::new();
        if flags.compare {
            compared.iter().for_each(|compared| compared.junit(&mut suites));
        } else {
            reports.iter().for_each(|report| report.junit(&mut suites));
        }
        let text =
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{suites}</testsuites>\n");
        files.push((path, text));
    }
    files.extend(flags.save.as_ref().map(|path| (path, report::saved(&reports))));
    for (path, text) in files {
        if let Err(error) = setting::write(path, &text) {
            return Ok(Err((Exit::ToMend, of_file(path, error))));
        }
    }
    let mut exits: Vec<_> = reports.iter().map(|report| exit(flags, &report.of.outcomes)).collect();
    if flags.compare {
        // What fails on both sides in the same way is no difference.
        exits.retain(|exit| *exit == Exit::TryLater);
        exits.extend(
            compared
                .iter()
                .filter(|compared| {
                    compared.found.steps.is_empty() || compared.found.differing().next().is_some()
                })
                .map(|_| Exit::ToMend),
        );
    }
    Ok(Ok(exits.into_iter().max().unwrap_or(Exit::Well)))
}

fn exit(flags: &cli::Probe, outcomes: &Outcomes) -> Exit {
    match (outcomes.worst(), outcomes.failed()) {
        (_, Some((Step::Dns | Step::Tcp, _))) => Exit::TryLater,
        (Verdict::Failed, _) => Exit::ToMend,
        (Verdict::Warned, _) if flags.strict => Exit::ToMend,
        _ => Exit::Well,
    }
}
