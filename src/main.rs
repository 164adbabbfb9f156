//! From the command line to a running command.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
#[cfg(feature = "lab")]
use std::rc::Rc;
use std::sync::Arc;

use argh::EarlyExit;
use callboard::cli::{self, Command, Environment, Serve};
use callboard::commands::Exit;
#[cfg(feature = "lab")]
use callboard::commands::scenario::{RECORD, Served};
use callboard::config::{Config, Origin};
use callboard::net::tls;
use callboard::scenario::Outcome;
use callboard::serve;
use callboard::serve::{Again, NotPrepared, Play};
use callboard::{commands, logger};
use log::LevelFilter;

fn main() -> ExitCode {
    let arguments = match cli::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(EarlyExit { output, status: Ok(()) }) => return shown(writeln!(io::stdout(), "{output}")),
        Err(EarlyExit { output, .. }) => {
            commands::print_error(&output);
            return Exit::WrongUsage.into();
        }
    };
    if arguments.version {
        return shown(writeln!(io::stdout(), "callboard {}", env!("CARGO_PKG_VERSION")));
    }
    let command = arguments.command.unwrap_or_else(|| Command::Serve(Serve::alone()));
    let misspelt = cli::misspelt(std::env::vars_os().map(|(name, _)| name));
    let read = misspelt
        .and_then(|warning| Environment::read(|name| std::env::var_os(name)).map(|read| (read, warning)));
    let environment = match read {
        Ok((environment, warning)) => {
            if let Some(warning) =
                warning.filter(|_| matches!(command, Command::Serve(_) | Command::Check(_)))
            {
                commands::print_error(&format!("callboard: {warning}"));
            }
            environment
        }
        Err(sentence) => {
            commands::print_error(&format!("callboard: {sentence}"));
            return Exit::WrongUsage.into();
        }
    };
    let done = match command {
        Command::Serve(flags) => serve(flags.or(environment), None).map(|served| match served {
            Ok(_) => Exit::Well.into(),
            Err(exit) => exit,
        }),
        Command::Check(flags) => commands::check::check(&flags, environment, serve::check),
        Command::Healthcheck(flags) => {
            Ok(commands::healthcheck(flags, environment, commands::healthcheck::check))
        }
        Command::Certificate(flags) => commands::certificate(flags, environment, |files| {
            let (identity, place) = serve::certificate(files)?;
            Ok((identity.pem(), format!("SHA-256 {}, {place}", identity.fingerprint)))
        }),
        Command::Passwd(flags) => commands::passwd::passwd(&flags),
        Command::DemoConfig(_) => commands::demo_config(),
        #[cfg(feature = "lab")]
        Command::Scenario(flags) => commands::scenario::scenario(&flags, |Served { config, file, speed }| {
            let config = config.map(Into::into);
            let flags = Serve { config, faults: true, record: Some(RECORD), ..Serve::alone() };
            serve(flags.or(environment), Some(Play { file, speed, ends: true }))
        }),
        #[cfg(feature = "client")]
        Command::Probe(flags) => commands::probe::probe(&flags),
        #[cfg(feature = "client")]
        Command::Watch(flags) => commands::probe::watch(&flags),
        #[cfg(feature = "client")]
        Command::Publish(flags) => commands::probe::publish(&flags),
    };
    done.unwrap_or_else(failed)
}

fn shown(written: io::Result<()>) -> ExitCode {
    written.map_or_else(failed, |()| Exit::Well.into())
}

fn failed(error: io::Error) -> ExitCode {
    if error.kind() == io::ErrorKind::BrokenPipe {
        // The reader has seen enough.
        return Exit::Well.into();
    }
    commands::print_error(&format!("callboard: {error}"));
    Exit::ToMend.into()
}

/// Serves until a signal ends it, or a scenario that is to end it is over, and returns what has come of that. Everything that can be
/// wrong with the configuration is said before.
fn serve(flags: Serve, mut play: Option<Play>) -> io::Result<Result<Option<Outcome>, ExitCode>> {
    let (config, warnings) = match commands::served(&flags, &[]) {
        Ok(read) => read,
        Err(problems) => return Ok(Err(commands::refused(problems))),
    };
    commands::print_warnings(&warnings);
    if let Some(name) = &flags.scenario {
        match asked_for(name, &config) {
            Ok(asked_for) => play = Some(asked_for),
            Err(problems) => return Ok(Err(commands::refused(problems))),
        }
    }
    if let Err(error) =
        logger::init(flags.log.unwrap_or(LevelFilter::Info)).and_then(|()| serve::begin_threads(&config))
    {
        commands::print_error(&format!(
            "callboard: the system gives no threads ({error}); it needs a few (ulimit -u, TasksMax), and memory for their stacks"
        ));
        return Ok(Err(Exit::TryLater.into()));
    }
    let prepared = match serve::prepare(&config) {
        Ok(prepared) => prepared,
        Err(NotPrepared { problems, may_pass }) => {
            let failed = commands::refused(problems);
            return Ok(Err(if may_pass { Exit::TryLater.into() } else { failed }));
        }
    };
    // With a folder of pages `/` is theirs.
    let page = if config.www.is_some() { "/console/" } else { "/" };
    let is_demo = matches!(config.origin, Origin::Demo);
    let lines = prepared.identity.as_ref().map(greeting).unwrap_or_default();
    let in_use: Vec<SocketAddr> = config.addresses().collect();
    let again = (!is_demo).then(|| -> Again { Arc::new(move || commands::served(&flags, &in_use)) });
    let outcome = serve::run(config, prepared, again, play, |urls| {
        let mut out = io::stdout().lock();
        let shown = urls.iter().try_for_each(|url| writeln!(out, "listening {url}"));
        // Nobody has to read what is printed.
        let shown = shown.and_then(|()| out.write_all(lines.as_bytes()));
        let shown = match urls.first().filter(|_| is_demo) {
            Some(url) => shown.and_then(|()| {
                writeln!(out, "open {}{page} in a browser: administrator, 1234", to_open(url))
            }),
            None => shown,
        };
        let _ = shown.and_then(|()| out.flush());
    });
    log::logger().flush();
    Ok(Ok(outcome))
}

/// Reads the scenario that the server is to play from its start.
#[cfg(feature = "lab")]
fn asked_for(name: &str, config: &Config) -> Result<Play, Vec<String>> {
    let file = commands::scenario::named(name)?;
    commands::scenario::judge(config, &file)?;
    Ok(Play { file: Rc::new(file), speed: 1, ends: false })
}

#[cfg(not(feature = "lab"))]
fn asked_for(_: &str, _: &Config) -> Result<Play, Vec<String>> {
    Err(vec![
        "callboard: --scenario is nothing for this program, which was built without the feature lab"
            .to_owned(),
    ])
}

/// Where a browser on this machine finds a listener: the address that stands for all of them is none to go to, and no
/// certificate has it.
fn to_open(url: &str) -> String {
    url.replace("//0.0.0.0:", "//localhost:").replace("//[::]:", "//localhost:")
}

/// The lines that are printed below the listeners.
fn greeting(identity: &tls::Identity) -> String {
    if identity.self_signed {
        let place = identity.kept_in.as_ref().map(|folder| format!(" in {}", folder.display()));
        format!("self-signed certificate{}, SHA-256 {}\n", place.unwrap_or_default(), identity.fingerprint)
    } else {
        String::new()
    }
}
