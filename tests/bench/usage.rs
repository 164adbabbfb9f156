//! What a stage costs: CPU time of the server and of the generator, and the time it takes.

use std::io;
use std::time::Instant;

use super::child::{self, Server};

/// The beginning of a stage.
pub struct Usage {
    server: f64,
    generator: f64,
    start: Instant,
}

/// What it came to, in seconds.
pub struct Used {
    /// NaN if the server's process is not known.
    pub server: f64,
    pub generator: f64,
    pub wall: f64,
}

impl Usage {
    /// A stage begins.
    pub fn start(server: &Server) -> io::Result<Self> {
        Ok(Self { server: server.cpu()?, generator: child::cpu("self")?, start: Instant::now() })
    }

    /// Ends the measurement.
    pub fn end(&self, server: &Server) -> io::Result<Used> {
        Ok(Used {
            wall: self.start.elapsed().as_secs_f64(),
            server: server.cpu()? - self.server,
            generator: child::cpu("self")? - self.generator,
        })
    }
}

impl Used {
    /// The share of one core that the server took, in percent.
    pub fn server_share(&self) -> f64 {
        100.0 * self.server / self.wall
    }

    /// The share of one core that the generator took, in percent: with 100 it would be what is measured.
    pub fn generator_share(&self) -> f64 {
        100.0 * self.generator / self.wall
    }
}

impl std::ops::AddAssign for Used {
    fn add_assign(&mut self, other: Self) {
        self.server += other.server;
        self.generator += other.generator;
        self.wall += other.wall;
    }
}
