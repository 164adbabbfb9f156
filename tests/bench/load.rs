//! The benchmark: callboard as a process of its own, a load generator, and a floor to compare with.
//!
//! `cargo bench --bench load`, with options behind `--` (`--help` lists them). It reports and judges nothing but one
//! thing: an event that was lost, came twice or out of order makes it fail.
#![allow(clippy::disallowed_methods, reason = "measuring needs clocks, sockets and threads")]

mod child;
mod client;
mod floor;
mod options;
mod publisher;
mod report;
mod rest;
mod round;
mod socket;
mod tally;
mod world;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use smol::LocalExecutor;

use child::Server;
use options::{Options, Stage, Transport};
use report::{Column, Figure, Samples, Target, column};
use round::Generator;

/// How often the start is measured.
const STARTS: usize = 5;

fn main() -> ExitCode {
    let options: Options = argh::from_env();
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
    let bench = Bench {
        folder: Folder::make()?,
        program: options.server.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_callboard").to_owned()),
        generator: Generator {
            executor: Rc::new(LocalExecutor::new()),
            connector: socket::connector()?,
            options,
        },
    };
    let mut samples = Samples::default();
    let done = bench.measure(&mut samples);
    if done.is_err() {
        bench.show_log();
    }
    let Options { sessions, burst, steady, changes, payload, rounds, .. } = bench.generator.options;
    println!(
        "{sessions} sessions, payloads of {payload} bytes, medians of {rounds} rounds; {:.0} s in all.\n\
         A login goes from the TCP connection to the second subscription, then it is cut; {} at a time.\n\
         Burst: {burst} events as fast as they are accepted. They fit into the queue of every session, so nothing\n\
         is paced; a server may put several into one write. Steady: {steady} events, one at a time, one write each.\n\
         PUT state: {changes} changes of one agent's state, one at a time, from the request to its event; first it is alone,\n\
         then {sessions} others are subscribed to its team's node, and the generator reads for all of them in its one\n\
         thread. Publish: as many bare publications to the same, as long as those events.\n",
        start.elapsed().as_secs_f64(),
        round::LOGINS,
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

/// What all measurements need.
struct Bench {
    folder: Folder,
    /// The server's program file.
    program: String,
    generator: Generator,
}

impl Bench {
    fn measure(&self, samples: &mut Samples) -> io::Result<()> {
        let options = &self.generator.options;
        fs::write(self.configuration(), world::configuration(options.sessions + 1))?;
        if options.wants(Stage::Start) {
            self.start(samples)?;
        }
        if options.only == Some(Stage::Start) {
            return Ok(());
        }
        for round in 1..=options.rounds {
            for transport in options.transports() {
                for target in [Target::Callboard, Target::Floor] {
                    // The floor knows no agents: a publication is what their requests are compared with.
                    let rest_only = options.only == Some(Stage::Rest);
                    if target == Target::Floor && (options.no_floor || rest_only) {
                        continue;
                    }
                    eprintln!("round {round}: {target:?} {transport:?}");
                    let (mut command, log) = (self.command(target)?, self.log());
                    let (generator, column) = (&self.generator, column(target, transport));
                    if !rest_only {
                        let one = generator.round(&mut command, &log, column, samples);
                        smol::block_on(generator.executor.run(one))?;
                    }
                    if options.wants(Stage::Rest) && target == Target::Callboard {
                        let one = generator.rest(&mut command, &log, column, samples);
                        smol::block_on(generator.executor.run(one))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The size of the program, and how it starts with the demo that is inside it.
    fn start(&self, samples: &mut Samples) -> io::Result<()> {
        // These do not depend on the transport: they stand in the first column.
        let ours = column(Target::Callboard, Transport::Ws);
        let size = fs::metadata(&self.program)?.len();
        samples.add(Figure::Binary, ours, size as f64 / 1024.0);
        for _ in 0..STARTS {
            self.start_one(&mut self.serve(), ours, samples)?;
            if !self.generator.options.no_floor {
                let floor = Column { target: Target::Floor, ..ours };
                self.start_one(&mut self.command(Target::Floor)?, floor, samples)?;
            }
        }
        Ok(())
    }

    fn start_one(&self, command: &mut Command, column: Column, samples: &mut Samples) -> io::Result<()> {
        let start = Instant::now();
        let server = Server::start(command, &self.log())?;
        let mut stream = TcpStream::connect(server.plain)?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        stream.read_exact(&mut [0; 12])?;
        samples.add(Figure::Start, column, start.elapsed().as_secs_f64() * 1e3);
        drop(stream);
        std::thread::sleep(Duration::from_millis(100));
        let memory = server.memory()?;
        samples.add(Figure::Idle, column, memory.rss);
        samples.add(Figure::IdleAnonymous, column, memory.anonymous);
        server.stop()
    }

    /// `callboard serve` on free ports.
    fn serve(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--listen-plain", "127.0.0.1:0"]);
        command
    }

    fn command(&self, target: Target) -> io::Result<Command> {
        Ok(match target {
            Target::Callboard => {
                let mut command = self.serve();
                command.arg("--config").arg(self.configuration());
                command
            }
            Target::Floor => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("--floor");
                command
            }
        })
    }

    fn configuration(&self) -> PathBuf {
        self.folder.0.join("load.toml")
    }

    fn log(&self) -> PathBuf {
        self.folder.0.join("server.log")
    }

    /// The end of the last server's log, after an error.
    fn show_log(&self) {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        for line in &lines[lines.len().saturating_sub(10)..] {
            eprintln!("server: {line}");
        }
    }
}

/// A temporary folder that goes away with this value.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("callboard-load-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is small, and in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Allows as many open files as the system lets one have, here and in the servers: a session is one at each end.
fn more_files() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
