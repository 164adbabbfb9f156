//! `callboard probe`: why does this connection fail?

mod connection;
mod http;
mod net;
mod report;
mod tls;

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use zeroize::Zeroizing;

use self::connection::Target;
use self::report::Report;
use self::tls::{Recorder, Trust};
use crate::cli;
use crate::commands::{passwd, print_error};
use crate::json;
use crate::probe::{Outcomes, Plan, Probe, Step, Symptom, Verdict, explain};

/// Everything passed.
const WELL: u8 = 0;
/// A step failed, or there is a warning and `--strict`.
const TO_MEND: u8 = 1;
/// The command line says nothing that can be done.
const WRONG_USAGE: u8 = 2;
/// Nobody answers: it may be otherwise later (`EX_TEMPFAIL` of sysexits.h).
const TRY_LATER: u8 = 75;

/// How long a recording may be, in bytes.
const FILE_MAX: u64 = 128 << 20;

/// Probes one URL after another, prints what came of each, and returns the worst exit code.
///
/// # Errors
///
/// Returns an error when standard output, or a file that a flag names, cannot be written.
pub fn probe(flags: &cli::Probe) -> io::Result<ExitCode> {
    match run(flags)? {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(sentence) => {
            print_error(&format!("callboard: {sentence}"));
            Ok(ExitCode::from(WRONG_USAGE))
        }
    }
}

/// What flags make of a user's words, or a sentence that says what is wrong with them.
struct Setting {
    targets: Vec<Target>,
    recorder: Arc<Recorder>,
    login: Option<(String, Zeroizing<String>)>,
}

fn run(flags: &cli::Probe) -> io::Result<Result<u8, String>> {
    if let Some(path) = &flags.explain {
        return explained(flags, path);
    }
    let setting = match setting(flags)? {
        Ok(setting) => setting,
        Err(sentence) => return Ok(Err(sentence)),
    };
    if flags.watch.is_some() && (flags.json || flags.junit.is_some() || flags.save.is_some()) {
        return Ok(Err(
            "--watch prints lines for ever; --json, --junit and --save are for one time".to_owned()
        ));
    }
    if let Some(pause) = flags.watch {
        return watch(flags, &setting, Duration::from_secs(pause)).map(Ok);
    }
    let probes = round(flags, &setting);
    let reports = flags.url.iter().zip(&probes).map(|(of, probe)| report(flags, of, probe));
    print(flags, &reports.collect::<Vec<_>>()).map(Ok)
}

fn setting(flags: &cli::Probe) -> io::Result<Result<Setting, String>> {
    let read = || {
        if flags.url.is_empty() {
            return Err("name what to probe, such as wss://HOST:8445/ws/".to_owned());
        }
        let targets = flags.url.iter().map(|url| target(url)).collect::<Result<_, _>>()?;
        let trust = Trust {
            insecure: flags.insecure,
            pin: flags.pin.as_ref().map(|pin| pin.replace(':', "").to_ascii_lowercase()),
        };
        if trust
            .pin
            .as_ref()
            .is_some_and(|pin| pin.len() != 64 || !pin.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return Err("--pin is a SHA-256: 64 hexadecimal digits, with colons or without".to_owned());
        }
        let recorder = Recorder::new(flags.ca.as_deref(), trust)?;
        let password = flags.password_file.as_ref().map(|path| {
            let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok::<_, String>(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
        });
        Ok((targets, recorder, password.transpose()?))
    };
    let (targets, recorder, password) = match read() {
        Ok(read) => read,
        Err(sentence) => return Ok(Err(sentence)),
    };
    let password = match (password, &flags.user) {
        (None, Some(_)) => match String::from_utf8(passwd::ask()?) {
            Ok(text) => Some(Zeroizing::new(text)),
            Err(_) => return Ok(Err("the password must be UTF-8".to_owned())),
        },
        (password, _) => password,
    };
    Ok(Ok(Setting { targets, recorder, login: flags.user.clone().zip(password) }))
}

/// Probes every target once.
fn round(flags: &cli::Probe, setting: &Setting) -> Vec<Probe> {
    let probe = |target: &Target| {
        let mut probe = Probe::new(plan(flags, target, setting), fastrand::u64(1..1 << 40));
        net::run(&mut probe, target, &setting.recorder, setting.login.clone());
        probe
    };
    setting.targets.iter().map(probe).collect()
}

fn report<'a>(flags: &'a cli::Probe, of: &'a str, probe: &'a Probe) -> Report<'a> {
    let (frames, more) = probe.frames();
    let outcomes = &probe.dialogue().outcomes;
    Report { of, outcomes, frames, more, language: flags.lang, end_is_unknown: false }
}

/// Probes again and again: a line each time, and the whole report where it is another one than before.
fn watch(flags: &cli::Probe, setting: &Setting, pause: Duration) -> io::Result<u8> {
    let mut before: Vec<Vec<(Step, Verdict, Option<Symptom>)>> = vec![Vec::new(); flags.url.len()];
    loop {
        let probes = round(flags, setting);
        let mut out = io::stdout().lock();
        for ((of, probe), before) in flags.url.iter().zip(&probes).zip(&mut before) {
            let report = report(flags, of, probe);
            let now: Vec<_> = report
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
        let is_refused = |probe: &Probe| {
            let symptoms = [Step::Auth, Step::User].map(|step| probe.dialogue().outcomes.of(step).symptom);
            let refusals = [Symptom::NotAuthorized, Symptom::LockedOut].map(Some);
            symptoms.iter().any(|symptom| refusals.contains(symptom))
        };
        if probes.iter().any(is_refused) {
            print_error(
                "callboard: the user or the password is refused; it is not tried again, as that would lock the user out",
            );
            return Ok(TO_MEND);
        }
        sleep(pause);
    }
}

/// Explains a recording.
fn explained(flags: &cli::Probe, path: &Path) -> io::Result<Result<u8, String>> {
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
    let found = match read {
        Ok(found) => found,
        Err(sentence) => return Ok(Err(format!("{}: {sentence}", path.display()))),
    };
    let names: Vec<_> = found
        .iter()
        .map(|found| if found.name.is_empty() { path.display().to_string() } else { found.name.clone() })
        .collect();
    let reports = found.iter().zip(&names).map(|(found, name)| Report {
        of: name,
        outcomes: &found.outcomes,
        frames: &found.frames,
        more: 0,
        language: flags.lang,
        end_is_unknown: found.end_is_unknown,
    });
    print(flags, &reports.collect::<Vec<_>>()).map(Ok)
}

/// Prints reports as the flags say. Returns the worst exit code.
fn print(flags: &cli::Probe, reports: &[Report<'_>]) -> io::Result<u8> {
    let mut out = io::stdout().lock();
    if flags.json {
        let mut text = String::new();
        json::array(&mut text, reports, |text, report| report.json(text));
        writeln!(out, "{text}")?;
    } else {
        let colours = out.is_terminal();
        for (place, report) in reports.iter().enumerate() {
            let between = if place == 0 { "" } else { "\n" };
            write!(out, "{between}{}", report.text(colours))?;
        }
    }
    if let Some(path) = &flags.junit {
        let mut suites = String::new();
        reports.iter().for_each(|report| report.junit(&mut suites));
        fs::write(
            path,
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{suites}</testsuites>\n"),
        )?;
    }
    if let Some(path) = &flags.save {
        fs::write(path, report::saved(reports))?;
    }
    let codes = reports.iter().map(|report| code(flags, report.outcomes));
    Ok(codes.max().unwrap_or(WELL))
}

fn code(flags: &cli::Probe, outcomes: &Outcomes) -> u8 {
    match (outcomes.worst(), outcomes.failed()) {
        (_, Some((Step::Dns | Step::Tcp, _))) => TRY_LATER,
        (Verdict::Failed, _) => TO_MEND,
        (Verdict::Warned, _) if flags.strict => TO_MEND,
        _ => WELL,
    }
}

/// Reads a URL: ws or wss, a host, a port, a path.
fn target(url: &str) -> Result<Target, String> {
    let wrong = || format!("{url:?} is not like wss://HOST:8445/ws/");
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let (secure, bosh, port) = match scheme {
        "wss" => (true, false, 443),
        "ws" => (false, false, 80),
        "https" => (true, true, 443),
        "http" => (false, true, 80),
        _ => return Err(format!("{url:?} begins with none of wss, ws, https and http")),
    };
    let path = if bosh { "/http-bind/" } else { "/ws/" };
    let (authority, path) = rest.find('/').map_or((rest, path), |place| rest.split_at(place));
    if authority.contains('@') {
        return Err(format!("{url:?} has a user in it; give it with --user"));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, digits)) if !digits.ends_with(']') => {
            (host, digits.parse().map_err(|_| format!("{url:?} has no port of 1 to 65535"))?)
        }
        _ => (authority, port),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() || port == 0 {
        return Err(wrong());
    }
    Ok(Target { secure, bosh, host: host.to_owned(), port, path: path.to_owned() })
}

fn plan(flags: &cli::Probe, target: &Target, setting: &Setting) -> Plan {
    let user = flags.user.clone().unwrap_or_default();
    let mut nodes = Vec::new();
    if !user.is_empty() {
        nodes.push(format!("/finesse/api/User/{user}"));
    }
    nodes.extend(flags.team.iter().map(|team| format!("/finesse/api/Team/{team}/Users")));
    let is_local =
        target.host == "localhost" || target.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    Plan {
        secure: target.secure,
        bosh: target.bosh,
        rest: flags.rest,
        local: is_local && !target.secure,
        insecure: flags.insecure,
        domain: flags.domain.clone().unwrap_or_else(|| target.host.clone()),
        user,
        password: setting.login.as_ref().map(|(_, password)| password.clone()),
        resource: flags.resource.clone(),
        nodes,
        patience: Duration::from_secs(flags.timeout),
        silence: Duration::from_secs(flags.silence),
    }
}
