//! The benchmark: callboard as a process of its own, a load generator, and a floor to compare with.
//!
//! `cargo bench --bench load`, with options behind `--` (`--help` lists them). It reports and judges nothing but one
//! thing: an event that was lost, came twice or out of order makes it fail.
#![allow(clippy::disallowed_methods, reason = "measuring needs clocks, sockets and threads")]

mod child;
mod client;
mod floor;
mod growth;
mod idle;
mod lines;
mod login;
mod options;
mod pings;
mod plan;
mod plot;
mod publisher;
mod report;
mod rest;
mod round;
mod servers;
mod slow;
mod socket;
mod storm;
mod stream;
mod tally;
mod usage;
mod way;
mod world;

use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use argh::FromArgs as _;
use rustix::process::{Resource, getrlimit, setrlimit};
use smol::LocalExecutor;

use login::{Generator, LOGINS};
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
        floor::run().map(|()| 0)
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
    let done = bench.measure(&mut samples);
    if done.is_err() {
        bench.servers.show_log();
    }
    let Options { sessions, burst, steady, changes, payload, rounds, .. } = bench.generator.options;
    println!(
        "{sessions} sessions, payloads of {payload} bytes, medians of {rounds} rounds; {:.0} s in all.\n\
         A login goes from the TCP connection to the second subscription, then it is cut; {LOGINS} at a time.\n\
         Burst: {burst} events as fast as they are accepted. They fit into the queue of every session, so nothing\n\
         is paced; a server may put several into one write. Steady: {steady} events, one at a time, one write each.\n\
         PUT state: {changes} changes of one agent's state, one at a time, from the request to its event; first it is alone,\n\
         then {sessions} others are subscribed to its team's node, and the generator reads for all of them in its one\n\
         thread. Publish: as many bare publications to the same, as long as those events.\n\
         Slow readers: {} sessions, of which 10 do not read while 13 MB are published to each; the others have all.\n\
         Storm: {} logins at once ({} with hashed passwords) while {} others ping each 10 ms, from a second thread.\n\
         CPU in percent is of one core. A generator near 100 is what holds a server up.\n",
        start.elapsed().as_secs_f64(),
        slow::SESSIONS,
        storm::STORM,
        bench.generator.options.hashed(),
        storm::PINGING,
    );
    println!("{}", samples.table());
    println!(
        "{}",
        samples.json(&format!(
            "\"sessions\":{sessions},\"payload\":{payload},\"burst\":{burst},\"steady\":{steady},\"changes\":{changes},\"rounds\":{rounds}"
        ))
    );
    done?;
    Ok(samples.faults)
}

/// Allows as many open files as the system lets one have, here and in the servers: a session is one at each end.
fn more_files() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
