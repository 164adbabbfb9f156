//! A long time with sessions that come and go: does anything grow, and does everybody still get everything?

use std::cell::Cell;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use smol::future::FutureExt as _;
use smol::{Task, Timer};

use super::child::Server;
use super::client;
use super::login::{self, Generator, Logins};
use super::options::Transport;
use super::order::{Order, Seen};
use super::plot::{Axis, Panel, Scale, Series};
use super::report::percentile;
use super::tally::{Faults, Published};
use super::usage::Usage;
use super::way::Place;
use super::world;

/// All sessions.
pub const SESSIONS: usize = 1000;
/// The number of sessions that come and go; the others stay.
const CHURN: usize = 200;
/// From one event to the next.
const INTERVAL: Duration = Duration::from_millis(100);
/// From one sample to the next.
const SAMPLE: Duration = Duration::from_secs(10);
/// How long a session stays that comes and goes, in milliseconds: from so many, up to so many more.
const STAY: (usize, usize) = (500, 4500);
/// How long an event may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// A pause after a session that was refused or cut.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the server has for what is left behind when everybody has gone.
const SETTLE: Duration = Duration::from_secs(5);

/// What the server is at a moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Since the beginning.
    minutes: f64,
    /// KiB.
    rss: f64,
    descriptors: f64,
    /// Percent of a core since the sample before.
    cpu: f64,
    generator: f64,
    /// 99 % of the deliveries since the sample before took no longer, in milliseconds.
    p99: f64,
}

/// What a soak came to.
pub struct Soak {
    samples: Vec<Sample>,
    /// When everybody has gone.
    after: Sample,
    events: u32,
    deliveries: u64,
    logins: u64,
    faults: Faults,
}

impl Generator {
    /// Lets sessions come and go for a while. Prints a line for each sample.
    pub async fn soak(&self, server: &Server, minutes: u32) -> io::Result<Soak> {
        let events = minutes * 60 * (1000 / INTERVAL.as_millis() as u32);
        let seen = Rc::new(Seen::new(Published::new(events as usize)));
        let over = Rc::new(Cell::new(false));
        let staying = self.staying(server, &seen).await?;
        let churning = self.churning(server, &seen, &over);
        let mut publisher = self.publisher(server, Transport::Ws, world::NODE, self.options.payload).await?;
        let start = Instant::now();
        let mut usage = Usage::start(server)?;
        let mut samples = Vec::new();
        for event in 0..events {
            seen.begun.set(event + 1);
            publisher = publisher.publish(&seen.published, event..event + 1).await?;
            seen.accepted.set(event + 1);
            Timer::at(start + INTERVAL * (event + 1)).await;
            if start.elapsed() >= SAMPLE * (samples.len() as u32 + 1) {
                let sample = Sample::take(server, start, &mut usage, &seen)?;
                eprintln!("{sample}, {} logins, {} faults", seen.logins.get(), seen.faults.get().sum());
                samples.push(sample);
            }
        }
        over.set(true);
        for task in churning {
            task.await;
        }
        let deadline = Instant::now() + PATIENCE;
        for (order, task) in staying {
            order.wait(events, deadline).await;
            task.cancel().await;
        }
        drop(publisher);
        Timer::after(SETTLE).await;
        let after = Sample::take(server, start, &mut usage, &seen)?;
        let (deliveries, logins, faults) = (seen.deliveries.get(), seen.logins.get(), seen.faults.get());
        Ok(Soak { samples, after, events, deliveries, logins, faults })
    }

    /// Starts the sessions that stay, in equal parts over each transport.
    async fn staying(&self, server: &Server, seen: &Rc<Seen>) -> io::Result<Vec<(Rc<Order>, Task<()>)>> {
        let transports: Vec<Transport> = self.options.transports().collect();
        let count = (SESSIONS - CHURN) / transports.len();
        let mut sessions = Vec::new();
        for (part, transport) in transports.into_iter().enumerate() {
            let logins = Logins { first: part * count, ..Logins::all(count) };
            for mut client in self.sessions(server, transport, logins).await? {
                let order = Order::new(seen);
                let (seen, of_task) = (seen.clone(), order.clone());
                let receive = async move {
                    of_task.receive(&mut client).await;
                    seen.fault(|faults| faults.closed += 1);
                };
                sessions.push((order, self.executor.spawn(receive)));
            }
        }
        Ok(sessions)
    }

    /// Starts the sessions that come and go until the run is over.
    fn churning(&self, server: &Server, seen: &Rc<Seen>, over: &Rc<Cell<bool>>) -> Vec<Task<()>> {
        let transports: Vec<Transport> = self.options.transports().collect();
        let scratch = client::scratch();
        let one = |index: usize| {
            let place = server.place(transports[index % transports.len()], &self.connector);
            let (seen, over, scratch) = (seen.clone(), over.clone(), scratch.clone());
            self.executor.spawn(async move {
                for round in 0.. {
                    let stay = STAY.0 + (index * 7919 + round * 104_729) % STAY.1;
                    if let Err(error) = visit(&place, index, stay as u64, &seen, scratch.clone()).await {
                        eprintln!("{}: {error}", place.way.user(index));
                        seen.fault(|faults| faults.closed += 1);
                        Timer::after(AGAIN).await;
                    }
                    if over.get() {
                        break;
                    }
                }
            })
        };
        (SESSIONS - CHURN..SESSIONS).map(one).collect()
    }
}

/// A user comes, stays for so many milliseconds, and goes without a word when it has what was accepted by then.
async fn visit(
    place: &Place,
    index: usize,
    stay: u64,
    seen: &Rc<Seen>,
    scratch: client::Scratch,
) -> io::Result<()> {
    let mut client = login::login(place, index, login::both, scratch).await?;
    let order = Order::new(seen);
    let time = async {
        Timer::after(Duration::from_millis(stay)).await;
        order.wait(seen.accepted.get(), Instant::now() + PATIENCE).await;
        Ok(())
    };
    async { Err(order.receive(&mut client).await) }.or(time).await
}

impl Sample {
    fn take(server: &Server, start: Instant, usage: &mut Usage, seen: &Seen) -> io::Result<Self> {
        let used = usage.end(server)?;
        *usage = Usage::start(server)?;
        let mut latencies = seen.latencies.take();
        latencies.sort_unstable();
        Ok(Self {
            minutes: start.elapsed().as_secs_f64() / 60.0,
            rss: server.memory()?.rss,
            descriptors: server.descriptors()?,
            cpu: used.server_share(),
            generator: used.generator_share(),
            p99: if latencies.is_empty() { 0.0 } else { percentile(&latencies, 0.99) },
        })
    }
}

impl Display for Sample {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6.1} min: RSS {:.0} KiB, {} descriptors, CPU {:.1} % (generator {:.1} %), p99 {:.1} ms",
            self.minutes, self.rss, self.descriptors, self.cpu, self.generator, self.p99
        )
    }
}

impl Soak {
    /// How many things went wrong.
    pub fn faults(&self) -> usize {
        self.faults.sum()
    }

    /// How it went on.
    pub fn panels(&self) -> Vec<Panel> {
        let panel = |title: &str, label: &str, value: fn(&Sample) -> f64| Panel {
            title: title.to_owned(),
            x: Axis { label: "minutes".to_owned(), scale: Scale::Linear },
            y: Axis { label: label.to_owned(), scale: Scale::Linear },
            series: vec![Series {
                name: "callboard".to_owned(),
                points: self.samples.iter().map(|sample| (sample.minutes, value(sample))).collect(),
            }],
        };
        vec![
            panel("Memory of the server", "MiB of RSS", |sample| sample.rss / 1024.0),
            panel("Open files and sockets of the server", "descriptors", |sample| sample.descriptors),
            panel("The server", "% of a core", |sample| sample.cpu),
            panel("99 % of the deliveries take no longer than", "ms", |sample| sample.p99),
        ]
    }

    /// By how much a figure grows in an hour, in the second half of the time: the first is there for buffers and tables to grow
    /// to their size. By least squares.
    fn slope(&self, value: fn(&Sample) -> f64) -> f64 {
        let half = &self.samples[self.samples.len() / 2..];
        let mean = |value: &dyn Fn(&Sample) -> f64| half.iter().map(value).sum::<f64>() / half.len() as f64;
        let (x, y) = (mean(&|sample| sample.minutes), mean(&|sample| value(sample)));
        let covariance = mean(&|sample| (sample.minutes - x) * (value(sample) - y));
        60.0 * covariance / mean(&|sample| (sample.minutes - x).powi(2))
    }
}

/// A figure of each sample: its name in JSON, and how it is shown.
type Row = (&'static str, &'static str, usize, fn(&Sample) -> f64);

const ROWS: [Row; 5] = [
    ("rss_kib", "RSS, KiB", 0, |sample| sample.rss),
    ("descriptors", "descriptors", 0, |sample| sample.descriptors),
    ("cpu_percent", "server CPU, %", 1, |sample| sample.cpu),
    ("generator_percent", "generator CPU, %", 1, |sample| sample.generator),
    ("p99_ms", "p99, ms", 1, |sample| sample.p99),
];

/// A table, and the same as one line of JSON.
impl Display for Soak {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { samples, after, events, deliveries, logins, faults } = self;
        let Faults { lost, duplicated, disordered, unknown, closed } = faults;
        let minutes = samples.last().map_or(0.0, |sample| sample.minutes);
        writeln!(
            f,
            "Soak: {minutes:.0} minutes, {SESSIONS} sessions, of which {CHURN} come and go: {logins} logins. {events} events,\n\
             {deliveries} deliveries: {lost} lost, {duplicated} more than once or out of order, {unknown} unknown; {closed}\n\
             sessions ended early. The slope is that of the second half.\n"
        )?;
        let columns = ["first", "median", "highest", "last", "slope/h", "all gone"];
        write!(f, "{:<18}", "")?;
        columns.iter().try_for_each(|column| write!(f, "{column:>10}"))?;
        let mut json = format!(
            "{{\"minutes\":{minutes:.1},\"sessions\":{SESSIONS},\"churn\":{CHURN},\"logins\":{logins},\"events\":{events},\
             \"deliveries\":{deliveries},\"lost\":{lost},\"duplicated\":{},\"unknown\":{unknown},\"closed\":{closed}",
            duplicated + disordered
        );
        for (key, title, decimals, value) in ROWS {
            let mut sorted: Vec<f64> = samples.iter().map(value).collect();
            sorted.sort_by(f64::total_cmp);
            let at = |values: &[f64], index: usize| values.get(index).copied().unwrap_or(f64::NAN);
            let last = samples.len().saturating_sub(1);
            let figures = [
                samples.first().map_or(f64::NAN, value),
                at(&sorted, samples.len() / 2),
                at(&sorted, last),
                samples.last().map_or(f64::NAN, value),
                self.slope(value),
                value(after),
            ];
            write!(f, "\n{title:<18}")?;
            for (column, figure) in columns.iter().zip(figures) {
                write!(f, "{figure:>10.decimals$}")?;
                let column = column.replace(['/', ' '], "_");
                json.push_str(&format!(",\"{key}_{column}\":{figure:.decimals$}"));
            }
        }
        write!(f, "\n\n{json}}}")
    }
}
