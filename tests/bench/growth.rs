//! How figures change as sessions become more, each number of them in a fresh server.

use std::io;
use std::rc::Rc;

use smol::Timer;

use super::child::Server;
use super::lines::{Figure, Grown, STEPS};
use super::login::{Generator, Logins};
use super::plot::{Axis, Panel, Scale, Series};
use super::report::{Column, Samples};
use super::round::SETTLE;
use super::stream::Stream;
use super::tally::{Published, Tally};
use super::usage::Usage;
use super::world;

/// Logins that are measured while all the others are in; their users come behind those.
pub const MORE: usize = 500;
/// Events of a burst, the same at each step.
pub const BURST: u32 = 200;
/// Deliveries of all bursts together: there are as many bursts as that takes.
const DELIVERIES: u32 = 400_000;
/// Memory is divided by no fewer sessions than these: what is not theirs would count.
const FEW: u32 = 100;
/// Fewer have no CPU time that could be seen while they are silent.
const SILENT: u32 = 1000;

impl Generator {
    /// Measures one server with so many sessions, or only the logins while there are none.
    pub async fn grow(
        &self,
        server: &Server,
        column: Column,
        step: u32,
        samples: &mut Samples,
    ) -> io::Result<()> {
        let mut grown = |what, value| samples.add(Figure::Growth(step, what), column, value);
        Timer::after(SETTLE).await;
        let before = server.memory()?.rss;
        let logins = Logins::all(step as usize);
        let clients = self.sessions(server, column.transport, logins).await?;
        Timer::after(SETTLE).await;
        let after = server.memory()?.rss;
        let bursts = DELIVERIES.checked_div(step * BURST).map_or(0, |bursts| bursts.max(1));
        let tally = Rc::new(Tally::new(step as usize, Published::new((bursts * BURST) as usize)));
        let tasks = self.receive(clients, &tally);
        if step >= FEW {
            grown(Grown::Rss, (after - before) / f64::from(step));
        }
        if step > 0 {
            grown(Grown::Total, after / 1024.0);
            let publisher =
                self.publisher(server, column.transport, world::NODE, self.options.payload).await?;
            let mut stream = Stream::new(server, publisher, &tally);
            let mut all = stream.burst(BURST).await?;
            for _ in 1..bursts {
                all += stream.burst(BURST).await?;
            }
            grown(Grown::Rate, all.deliveries / all.seconds);
            grown(Grown::Cpu, all.used.server * 1e6 / all.deliveries);
            grown(Grown::Generator, all.used.generator_share());
        }
        if step >= SILENT {
            grown(Grown::Idle, self.silence(server).await?.server_share());
        }
        let usage = Usage::start(server)?;
        let logins = Logins { first: step as usize, ..Logins::all(MORE) };
        self.logins(server, column.transport, logins, drop).await?;
        Timer::after(SETTLE).await;
        grown(Grown::LoginCpu, usage.end(server)?.server * 1e3 / MORE as f64);
        samples.count(column, &tally.faults((bursts * BURST) as usize));
        for task in tasks {
            task.cancel().await;
        }
        Ok(())
    }
}

/// The steps that are measured, the first without a session.
pub fn steps() -> impl Iterator<Item = u32> {
    std::iter::once(0).chain(STEPS)
}

/// What growth looks like.
pub fn panels(samples: &Samples) -> Vec<Panel> {
    let panel = |what, title: &str, label: &str, scale| {
        let series = samples.columns().into_iter().map(|column| {
            let value = |step: u32| {
                let values = samples.values(Figure::Growth(step, what), column);
                values.first().map(|value| (f64::from(step), *value))
            };
            Series { name: samples.title(column), points: STEPS.into_iter().filter_map(value).collect() }
        });
        Panel {
            title: title.to_owned(),
            x: Axis { label: "sessions".to_owned(), scale: Scale::Log },
            y: Axis { label: label.to_owned(), scale },
            series: series.filter(|series| !series.points.is_empty()).collect(),
        }
    };
    vec![
        panel(Grown::Rate, "Burst of events to all sessions", "deliveries/s", Scale::Log),
        panel(Grown::Cpu, "Server CPU of a burst", "µs per delivery", Scale::Log),
        panel(Grown::Rss, "Memory of an idle session", "KiB of RSS", Scale::Linear),
        panel(Grown::Total, "Memory of the server", "MiB of RSS", Scale::Log),
        panel(Grown::LoginCpu, "Server CPU of one more login", "ms", Scale::Linear),
        panel(Grown::Generator, "The generator in a burst", "% of a core", Scale::Linear),
    ]
}
