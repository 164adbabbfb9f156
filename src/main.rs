//! From the command line to a running command.

use std::io::{self, Write as _};
use std::process::ExitCode;

use callboard::cli::{Arguments, Command, Serve};
use callboard::config::Config;
use callboard::net::{self, tls};
use callboard::{commands, logger};

fn main() -> ExitCode {
    let arguments: Arguments = argh::from_env();
    if arguments.version {
        println!("callboard {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let done = match arguments.command.unwrap_or_else(|| Command::Serve(Serve::default())) {
        Command::Serve(flags) => serve(&flags),
        Command::Check(flags) => {
            commands::check(flags.config.as_deref(), |config| tls::identity(config).err().unwrap_or_default())
        }
        Command::Passwd(_) => commands::passwd(),
        Command::DemoConfig(_) => commands::demo_config(),
    };
    match done {
        Ok(code) => code,
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("callboard: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until a signal ends it. Everything that can be wrong with the configuration is said before that.
fn serve(flags: &Serve) -> io::Result<ExitCode> {
    let (mut config, warnings) = match commands::configuration(flags.config.as_deref()) {
        Ok(read) => read,
        Err(problems) => {
            commands::print_problems(&problems);
            return Ok(ExitCode::FAILURE);
        }
    };
    commands::print_warnings(&warnings);
    flags.apply(&mut config).map_err(io::Error::other)?;
    logger::init(flags.log).map_err(io::Error::other)?;
    let (identity, listeners) = match (tls::identity(&config), net::listen(&config)) {
        (Ok(identity), Ok(listeners)) => (identity, listeners),
        (identity, listeners) => {
            commands::print_problems(&identity.err().unwrap_or_default());
            listeners.err().unwrap_or_default().iter().for_each(|line| eprintln!("{line}"));
            return Ok(ExitCode::FAILURE);
        }
    };
    let lines = greeting(&config, &identity);
    net::run(config, identity, listeners, |urls| {
        let mut out = io::stdout().lock();
        let shown = urls.iter().try_for_each(|url| writeln!(out, "listening {url}"));
        // Nobody has to read what is printed.
        let _ = shown.and_then(|()| out.write_all(lines.as_bytes())).and_then(|()| out.flush());
    });
    Ok(ExitCode::SUCCESS)
}

/// What is printed below the listeners.
fn greeting(config: &Config, identity: &tls::Identity) -> String {
    let mut lines = String::new();
    if identity.self_signed && !config.listen.is_empty() {
        lines += &format!("self-signed certificate, SHA-256 {}\n", identity.fingerprint);
    }
    lines
}
