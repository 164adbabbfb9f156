//! From the command line to a running command.

use std::io;
use std::process::ExitCode;

use callboard::cli::{Arguments, Command, Serve};
use callboard::commands;

fn main() -> ExitCode {
    let arguments: Arguments = argh::from_env();
    if arguments.version {
        println!("callboard {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let done = match arguments
        .command
        .unwrap_or_else(|| Command::Serve(Serve::default()))
    {
        Command::Serve(flags) => serve(&flags),
        Command::Check(flags) => commands::check(flags.config.as_deref(), |_| Vec::new()),
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
    Err(io::Error::other("this build cannot serve yet"))
}
