//! The benchmark: callboard as a process of its own, a load generator, and a floor to compare with.
//!
//! `cargo bench --bench load`, with options behind `--` (`--help` lists them). It reports and judges nothing but one
//! thing: an event that was lost, came twice or out of order makes it fail.
#![allow(clippy::disallowed_methods, reason = "measuring needs clocks, sockets and threads")]

mod agents;
mod attacks;
mod capacity;
mod child;
mod client;
mod explain;
mod flights;
mod floor;
mod growth;
mod idle;
mod lines;
mod login;
mod options;
mod order;
mod pings;
mod plan;
mod plot;
mod publisher;
mod report;
mod requests;
mod rest;
mod round;
mod rush_agent;
mod rush_hour;
mod servers;
mod slow;
mod soak;
mod socket;
mod storm;
mod stream;
mod tally;
mod unfair;
mod usage;
mod way;
mod witness;
mod world;

use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use argh::FromArgs as _;
use rustix::process::{Resource, getrlimit, setrlimit};
use smol::LocalExecutor;

use login::Generator;
use options::Options;
use plan::Bench;
use report::Samples;
use servers::Servers;

fn main() -> ExitCode {
    // cargo says --bench to every benchmark.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let options = match Options::from_args(&["load"], &arguments) {
        Ok(options) => options,
        Err(exit) => {
            print!("{}", exit.output);
            return if exit.status.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let done = if options.floor {
        floor::run(options.batching).map(|()| 0)
    } else if let Some(errand) = &options.witness {
        witness::run(errand, options.password.clone()).map(|()| 0)
    } else {
        options.check().map_err(io::Error::other).and_then(|()| run(options))
    };
    match done {
        Ok(0) => ExitCode::SUCCESS,
        Ok(faults) => {
            eprintln!("load: {faults} deliveries or sessions went wrong");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and prints. Returns the number of faults.
fn run(options: Options) -> io::Result<usize> {
    more_files()?;
    let start = Instant::now();
    let mut samples = Samples::new(options.names().iter().map(|name| (*name).to_owned()).collect());
    let bench = Bench {
        servers: Servers::new(&options)?,
        generator: Generator {
            executor: Rc::new(LocalExecutor::new()),
            connector: socket::connector()?,
            options,
        },
    };
    if let Some(minutes) = bench.generator.options.soak {
        return bench.soak(minutes).inspect_err(|_| bench.servers.show_log());
    }
    let done = bench.measure(&mut samples);
    if done.is_err() {
        bench.servers.show_log();
    }
    let options = &bench.generator.options;
    println!("{:.0} s in all.{}\n", start.elapsed().as_secs_f64(), explain::text(options));
    println!("{}", samples.table());
    println!("{}", samples.json(&explain::json(options)));
    done?;
    Ok(samples.faults)
}

/// Allows as many open files as the system lets one have, here and in the servers: a session is one at each end.
fn more_files() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
