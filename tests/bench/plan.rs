//! The order of measurements, each in fresh servers.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use callboard::config::password::{ITERATIONS, Password};

use super::attacks::Attack;
use super::floor;
use super::growth;
use super::idle;
use super::lines::{ALL, Figure, Storm};
use super::login::Generator;
use super::options::{Stage, Transport};
use super::plot;
use super::report::{Column, Samples, Target};
use super::rush_hour::{self, RushHour};
use super::servers::{Servers, Setup};
use super::slow;
use super::soak;
use super::storm::{PINGING, STORM};
use super::unfair::{self, LogCount};
use super::way::Way;

/// How often the start is measured.
const STARTS: usize = 5;
/// Stages that have several rounds.
const ROUND: [Stage; 4] = [Stage::Login, Stage::Fanout, Stage::Steady, Stage::Rest];
/// The password of everybody where passwords are hashed.
const PASSWORD: &str = "1234";

/// What all measurements need.
pub struct Bench {
    pub servers: Servers,
    pub generator: Generator,
}

impl Bench {
    /// Everything that is asked for.
    pub fn measure(&self, samples: &mut Samples) -> io::Result<()> {
        let options = &self.generator.options;
        if options.wants(Stage::Start) && !options.url_only {
            self.start(samples)?;
        }
        let rounds = if options.wants_any(&ROUND) { options.rounds } else { 0 };
        for round in 1..=rounds {
            self.each(&format!("round {round}"), samples, async |column, samples| {
                self.round(column, samples).await
            })?;
        }
        for _ in 0..if options.flights().is_empty() { 0 } else { options.rounds } {
            for (readers, in_flight) in options.flights() {
                let what = match in_flight {
                    ALL => format!("fan-out, {readers} readers, all in flight"),
                    some => format!("fan-out, {readers} readers, {some} in flight"),
                };
                let targets = options.targets_in_flight();
                self.each_of(&targets, &what, samples, async |column, samples| {
                    self.flight(column, (readers, in_flight), samples).await
                })?;
            }
        }
        if options.wants(Stage::Slow) {
            self.each("slow readers", samples, async |column, samples| self.slow(column, samples).await)?;
        }
        if options.wants(Stage::Storm) {
            self.each("storm", samples, async |column, samples| self.storm(column, samples).await)?;
        }
        if options.wants(Stage::Idle) {
            self.each("idle", samples, async |column, samples| self.idle(column, samples).await)?;
        }
        if options.wants(Stage::Agents) && !options.url_only {
            self.each_of(&options.targets_attacked(), "agents", samples, async |column, samples| {
                self.agents(column, samples).await
            })?;
        }
        if options.wants(Stage::Capacity) && !options.url_only {
            self.each_of(&options.targets_attacked(), "capacity", samples, async |column, samples| {
                self.capacity(column, samples).await
            })?;
        }
        if options.wants(Stage::Unfair) && !options.url_only {
            let www = unfair::www(&self.servers)?;
            let targets = options.targets_attacked();
            for attack in Attack::ALL {
                if options.attack.is_some_and(|only| only != attack) {
                    continue;
                }
                let what = format!("unfair, {}", attack.names().1);
                self.each_of(&targets, &what, samples, async |column, samples| {
                    self.unfair(column, attack, &www, samples).await
                })?;
            }
        }
        if options.wants(Stage::Growth) {
            for step in growth::steps() {
                self.each(&format!("growth, {step} sessions"), samples, async |column, samples| {
                    self.grow(column, step, samples).await
                })?;
            }
            let path = plot::folder()?.join("growth.svg");
            fs::write(&path, plot::svg(&growth::panels(samples)))?;
            eprintln!("plots: {}", path.display());
        }
        Ok(())
    }

    /// Lets sessions come and go for so many minutes, and says what came of it. Returns the number of faults.
    pub fn soak(&self, minutes: u32) -> io::Result<usize> {
        let setup = Setup { users: soak::SESSIONS, ..Setup::default() };
        // Some hundred thousand logins would be a log of gigabytes.
        let server = self.servers.callboard_with(&setup, &["--log", "warn"])?;
        let generator = &self.generator;
        let soak = smol::block_on(generator.executor.run(generator.soak(&server, minutes)))?;
        server.stop()?;
        let path = plot::folder()?.join("soak.svg");
        fs::write(&path, plot::svg(&soak.panels()))?;
        eprintln!("plots: {}", path.display());
        println!("{soak}");
        Ok(soak.faults())
    }

    /// Does something for each column.
    fn each(
        &self,
        what: &str,
        samples: &mut Samples,
        one: impl AsyncFn(Column, &mut Samples) -> io::Result<()>,
    ) -> io::Result<()> {
        self.each_of(&self.generator.options.targets(), what, samples, one)
    }

    /// Does something for each column of some servers.
    fn each_of(
        &self,
        targets: &[Target],
        what: &str,
        samples: &mut Samples,
        one: impl AsyncFn(Column, &mut Samples) -> io::Result<()>,
    ) -> io::Result<()> {
        for transport in self.generator.options.transports() {
            for target in targets.iter().copied() {
                let column = Column { target, transport };
                eprintln!("{what}: {}", samples.title(column));
                smol::block_on(self.generator.executor.run(one(column, samples)))?;
            }
        }
        Ok(())
    }

    async fn round(&self, column: Column, samples: &mut Samples) -> io::Result<()> {
        let options = &self.generator.options;
        let setup = Setup { users: options.sessions + 1, ..Setup::default() };
        if options.wants_any(&ROUND[..3])
            && let Some(server) = self.servers.start(options, column, &setup)?
        {
            self.generator.round(&server, column, samples).await?;
            server.stop()?;
        }
        // Others know no agents: a publication is what their requests are compared with.
        if options.wants(Stage::Rest)
            && column.target == Target::Callboard
            && let Some(server) = self.servers.start(options, column, &setup)?
        {
            self.generator.rest(&server, column, samples).await?;
            server.stop()?;
        }
        Ok(())
    }

    async fn flight(&self, column: Column, flight: (u32, u32), samples: &mut Samples) -> io::Result<()> {
        let setup = Setup { users: flight.0 as usize, ..Setup::default() };
        if let Some(server) = self.servers.start(&self.generator.options, column, &setup)? {
            self.generator.flight(&server, column, flight, samples).await?;
            server.stop()?;
        }
        Ok(())
    }

    async fn unfair(
        &self,
        column: Column,
        attack: Attack,
        www: &str,
        samples: &mut Samples,
    ) -> io::Result<()> {
        let hash = unfair::is_hashed(attack).then(|| Password::hash(PASSWORD, ITERATIONS));
        let hash = hash.transpose().map_err(io::Error::other)?;
        let hash = hash.as_deref().map(|hash| (hash, PASSWORD));
        let setup = Setup { users: unfair::USERS, hash, ..Setup::default() };
        let log = LogCount::way();
        if let Some(mut server) = self.servers.start_for(column.target, &setup, &["--www", www], log)? {
            let log = LogCount::of(&mut server)?;
            self.generator.unfair(&server, &log, column, attack, samples).await?;
            server.stop()?;
        }
        Ok(())
    }

    async fn slow(&self, column: Column, samples: &mut Samples) -> io::Result<()> {
        let setup = Setup { users: slow::SESSIONS, ..Setup::default() };
        // The floor has no bounds.
        if column.target != Target::Floor
            && let Some(server) = self.servers.start(&self.generator.options, column, &setup)?
        {
            self.generator.slow(&server, column, samples).await?;
            server.stop()?;
        }
        Ok(())
    }

    async fn storm(&self, column: Column, samples: &mut Samples) -> io::Result<()> {
        let options = &self.generator.options;
        let setup = Setup { users: STORM + PINGING, ..Setup::default() };
        if let Some(server) = self.servers.start(options, column, &setup)? {
            self.generator.storms(&server, column, STORM, &[Storm::Plain], samples).await?;
            server.stop()?;
        }
        // It does not depend on the transport, and takes its time.
        let is_last = options.transports().last() == Some(column.transport);
        if column.target == Target::Callboard && is_last {
            let hash = Password::hash(PASSWORD, ITERATIONS).map_err(io::Error::other)?;
            let (users, hash) = (options.hashed() + PINGING, Some((hash.as_str(), PASSWORD)));
            if let Some(server) =
                self.servers.start(options, column, &Setup { users, hash, ..Setup::default() })?
            {
                let storms = [Storm::First, Storm::Again];
                self.generator.storms(&server, column, options.hashed(), &storms, samples).await?;
                server.stop()?;
            }
        }
        Ok(())
    }

    async fn agents(&self, column: Column, samples: &mut Samples) -> io::Result<()> {
        let options = &self.generator.options;
        let setup = Setup { users: options.agents + 1, default_limits: true, ..Setup::default() };
        if column.transport == Transport::Wss
            && let Some(server) = self.servers.start(options, column, &setup)?
        {
            self.generator.agents(&server, column, samples).await?;
            server.stop()?;
        }
        Ok(())
    }

    async fn capacity(&self, column: Column, samples: &mut Samples) -> io::Result<()> {
        let options = &self.generator.options;
        let configuration = rush_hour::configuration(&Way::default(), options.agents);
        let setup = Setup { text: Some(&configuration), ..Setup::default() };
        if column.transport == Transport::Wss
            && let Some(server) = self.servers.start_with(options, column, &setup, &["--log", "warn"])?
        {
            let rush_hour = RushHour::new().map_err(io::Error::other)?;
            self.generator.capacity(&server, rush_hour, column, samples).await?;
            server.stop()?;
        }
        Ok(())
    }

    async fn idle(&self, column: Column, samples: &mut Samples) -> io::Result<()> {
        let options = &self.generator.options;
        let setup = Setup { users: options.sessions, limits: idle::LIMITS, ..Setup::default() };
        // The floor sends no pings.
        if column.target != Target::Floor
            && let Some(server) = self.servers.start(options, column, &setup)?
        {
            self.generator.idle(&server, column, samples).await?;
            server.stop()?;
        }
        Ok(())
    }

    async fn grow(&self, column: Column, step: u32, samples: &mut Samples) -> io::Result<()> {
        let setup = Setup { users: step as usize + growth::MORE, ..Setup::default() };
        // Elsewhere subscriptions may outlive their sessions: a step would count with those before.
        if !matches!(column.target, Target::Other(_))
            && let Some(server) = self.servers.start(&self.generator.options, column, &setup)?
        {
            self.generator.grow(&server, column, step, samples).await?;
            server.stop()?;
        }
        Ok(())
    }

    /// The size of the program, and how it starts with the demo that is inside it.
    fn start(&self, samples: &mut Samples) -> io::Result<()> {
        // These do not depend on the transport: they stand in the first column.
        let ours = Column { target: Target::Callboard, transport: Transport::Ws };
        let size = fs::metadata(&self.servers.program)?.len();
        samples.add(Figure::Binary, ours, size as f64 / 1024.0);
        for _ in 0..STARTS {
            self.start_one(&mut self.servers.callboard(), ours, samples)?;
            if !self.generator.options.no_floor {
                let floor = Column { target: Target::Floor, ..ours };
                self.start_one(&mut floor::command(false)?, floor, samples)?;
            }
        }
        Ok(())
    }

    fn start_one(&self, command: &mut Command, column: Column, samples: &mut Samples) -> io::Result<()> {
        let start = Instant::now();
        let server = self.servers.run(command, Way::default())?;
        let mut stream = TcpStream::connect(server.plain.address)?;
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
}
