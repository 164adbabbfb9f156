//! The lines of the table: what is measured, how it is shown, and what it should come to.

use super::attacks::Attack;
use super::capacity::Carried;
use super::report::Target;

/// A figure of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    Binary,
    Idle,
    IdleAnonymous,
    Start,
    Users,
    Rss,
    Anonymous,
    Logins,
    LoginCpu,
    LoginGenerator,
    Burst,
    Merged,
    BurstCpu,
    BurstServer,
    BurstGenerator,
    Peak,
    P50,
    P99,
    Longest,
    SteadyCpu,
    SteadyGenerator,
    Length,
    RestP50,
    RestP99,
    RestCpu,
    RestGenerator,
    PublishP50,
    PublishP99,
    RestRatio,
    TeamOwnP50,
    TeamOwnP99,
    TeamOwnRatio,
    TeamP50,
    TeamP99,
    TeamCpu,
    TeamGenerator,
    TeamPublishP50,
    TeamPublishP99,
    TeamRatio,
    SlowPeak,
    SlowClosed,
    SlowGenerator,
    QuietPing,
    Storm(Storm, Part),
    Agents(Come),
    Capacity(Carried),
    IdleCpu,
    IdleGenerator,
    /// At so many sessions.
    Growth(u32, Grown),
    /// Of an attack.
    Unfair(Attack, Suffered),
    /// At so many readers, with so many requests in flight.
    Flight(u32, u32, Flown),
    Lost,
    Duplicated,
    Disordered,
}

/// What others suffer by an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suffered {
    P50,
    P99,
    Max,
    Newcomer,
    Refused,
    Ended,
    Peak,
    Log,
    Cpu,
}

/// Figures of fan-out with several requests in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flown {
    Rate,
    Cpu,
    P99,
    Generator,
    Refused,
    Lost,
    Doubled,
}

/// The numbers of readers that it is measured at; the last only with `--all`, or if it is asked for.
pub const READERS: [u32; 3] = [10, 1000, 10_000];

/// How many requests are in flight: all of them stands for no bound.
pub const FLIGHTS: [u32; 3] = [4, 256, ALL];

/// Every request is sent without waiting for an answer.
pub const ALL: u32 = u32::MAX;

/// Many logins at once, by what the server knows of the passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Storm {
    Plain,
    /// Hashes, and no login before.
    First,
    /// A second round of logins of the same users.
    Again,
}

/// Figures of a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Rate,
    Cpu,
    Generator,
    Refused,
    Ping99,
    PingLongest,
}

/// Figures of agents that come in, and come back all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Come {
    Nobody,
    All,
    Each,
    Seconds,
    Cpu,
    Generator,
    Resumed,
    Refused,
    Lost,
    P50,
    P99,
    Max,
    Peak,
}

/// Figures that are taken as the number of sessions grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grown {
    Rate,
    Cpu,
    Generator,
    Rss,
    Total,
    LoginCpu,
    Idle,
}

/// The numbers of sessions that growth is measured at.
pub const STEPS: [u32; 4] = [10, 100, 1000, 10_000];

/// What the samples of several rounds come to.
#[derive(Clone, Copy, Debug)]
pub enum Sum {
    Median,
    Total,
    Highest,
}

/// What callboard should come to.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtMost(f64),
    /// At most this many times the floor's figure.
    FloorAtMost(f64),
    FloorAtLeast(f64),
}

/// How a figure is shown.
#[derive(Clone, Debug)]
pub struct Line {
    pub figure: Figure,
    /// Name in JSON.
    pub key: String,
    /// With the unit.
    pub title: String,
    pub decimals: usize,
    pub sum: Sum,
    /// By transport: ws, wss.
    pub goals: [Option<Goal>; 2],
    /// The server whose figure it is compared with.
    pub against: Target,
}

impl Line {
    fn goal(self, goal: Goal) -> Self {
        self.goals(Some(goal), Some(goal))
    }

    fn goals(self, ws: Option<Goal>, wss: Option<Goal>) -> Self {
        Self { goals: [ws, wss], ..self }
    }

    fn sum(self, sum: Sum) -> Self {
        Self { sum, ..self }
    }

    fn against(self, against: Target) -> Self {
        Self { against, ..self }
    }
}

fn line(figure: Figure, key: impl Into<String>, title: impl Into<String>, decimals: usize) -> Line {
    let (key, title) = (key.into(), title.into());
    Line { figure, key, title, decimals, sum: Sum::Median, goals: [None, None], against: Target::Floor }
}

/// All lines, in the order of the table.
pub fn lines() -> Vec<Line> {
    use Goal::{AtMost, FloorAtLeast, FloorAtMost};
    let mut lines = vec![
        line(Figure::Binary, "binary_kib", "program file, KiB", 0).goal(AtMost(4096.0)),
        line(Figure::Idle, "idle_rss_kib", "RSS idle, KiB", 0).goal(AtMost(6144.0)),
        line(Figure::IdleAnonymous, "idle_anon_kib", "  of it RssAnon, KiB", 0),
        line(Figure::Start, "start_ms", "start to first answer, ms", 1).goal(AtMost(20.0)),
        line(Figure::Users, "users_rss_kib", "RSS, users known, nobody in, KiB", 0),
        line(Figure::Rss, "session_rss_kib", "RSS per session, KiB", 1)
            .goals(Some(AtMost(4.0)), Some(AtMost(7.0))),
        line(Figure::Anonymous, "session_anon_kib", "  of it RssAnon, KiB", 1),
        line(Figure::Logins, "logins_per_s", "logins/s", 0).goals(None, Some(FloorAtLeast(0.8))),
        line(Figure::LoginCpu, "login_cpu_ms", "  server CPU per login, ms", 2),
        line(Figure::LoginGenerator, "login_generator_percent", "  generator CPU, %", 0),
        line(Figure::Burst, "burst_per_s", "burst: deliveries/s", 0).goal(FloorAtLeast(1.3)),
        line(Figure::Merged, "burst_per_read", "  deliveries in one read", 1),
        line(Figure::BurstCpu, "burst_cpu_us", "  server CPU per delivery, us", 1),
        line(Figure::BurstServer, "burst_server_percent", "  server CPU, %", 0),
        line(Figure::BurstGenerator, "burst_generator_percent", "  generator CPU, %", 0),
        line(Figure::Peak, "peak_rss_mib", "  highest RSS, MiB", 1),
        line(Figure::P50, "steady_p50_ms", "steady: p50, ms", 1),
        line(Figure::P99, "steady_p99_ms", "  p99, ms", 1).goal(FloorAtMost(1.5)),
        line(Figure::Longest, "steady_max_ms", "  max, ms", 1).sum(Sum::Highest),
        line(Figure::SteadyCpu, "steady_cpu_us", "  server CPU per delivery, us", 1).goal(FloorAtMost(1.15)),
        line(Figure::SteadyGenerator, "steady_generator_percent", "  generator CPU, %", 0),
        line(Figure::Length, "event_bytes", "bytes per delivery", 0),
        line(Figure::RestP50, "rest_p50_ms", "PUT state to own event: p50, ms", 2),
        line(Figure::RestP99, "rest_p99_ms", "  p99, ms", 2),
        line(Figure::RestCpu, "rest_cpu_us", "  server CPU per request, us", 0),
        line(Figure::RestGenerator, "rest_generator_percent", "  generator CPU, %", 0),
        line(Figure::PublishP50, "publish_p50_ms", "publish to the same: p50, ms", 2),
        line(Figure::PublishP99, "publish_p99_ms", "  p99, ms", 2),
        line(Figure::RestRatio, "rest_ratio", "  PUT to publish, p50", 2),
        line(Figure::TeamOwnP50, "team_own_p50_ms", "with the team: own event p50, ms", 2),
        line(Figure::TeamOwnP99, "team_own_p99_ms", "  p99, ms", 2),
        line(Figure::TeamOwnRatio, "team_own_ratio", "  to alone, p50", 2),
        line(Figure::TeamP50, "team_p50_ms", "  the last of the team: p50, ms", 2),
        line(Figure::TeamP99, "team_p99_ms", "  p99, ms", 2),
        line(Figure::TeamCpu, "team_cpu_us", "  server CPU per request, us", 0),
        line(Figure::TeamGenerator, "team_generator_percent", "  generator CPU, %", 0),
        line(Figure::TeamPublishP50, "team_publish_p50_ms", "publish to the team: last p50, ms", 2),
        line(Figure::TeamPublishP99, "team_publish_p99_ms", "  p99, ms", 2),
        line(Figure::TeamRatio, "team_ratio", "  PUT to publish, p50", 2),
        line(Figure::SlowPeak, "slow_peak_mib", "slow readers: highest RSS, MiB", 1).goal(AtMost(12.0)),
        line(Figure::SlowClosed, "slow_closed", "  closed, of 10", 0),
        line(Figure::SlowGenerator, "slow_generator_percent", "  generator CPU, %", 0),
        line(Figure::QuietPing, "quiet_ping_max_ms", "ping before storms: max, ms", 1).sum(Sum::Highest),
    ];
    lines.extend([Storm::Plain, Storm::First, Storm::Again].into_iter().flat_map(storm));
    lines.extend([
        line(Figure::IdleCpu, "idle_cpu_percent", "idle, ours pings in 10 s: server CPU, %", 2),
        line(Figure::IdleGenerator, "idle_generator_percent", "  generator CPU, %", 2),
    ]);
    lines.extend(agents());
    lines.extend(Carried::ALL.map(|(what, name, title, decimals)| {
        line(Figure::Capacity(what), format!("capacity_{name}"), title, decimals)
    }));
    lines.extend(growth());
    lines.extend(Attack::ALL.into_iter().flat_map(unfair));
    lines.extend(
        READERS.into_iter().flat_map(|readers| FLIGHTS.into_iter().flat_map(move |all| flight(readers, all))),
    );
    lines.extend([
        line(Figure::Lost, "lost", "lost", 0).sum(Sum::Total),
        line(Figure::Duplicated, "duplicated", "duplicated", 0).sum(Sum::Total),
        line(Figure::Disordered, "out_of_order", "out of order", 0).sum(Sum::Total),
    ]);
    lines
}

fn storm(storm: Storm) -> [Line; 6] {
    let (key, title) = match storm {
        Storm::Plain => ("storm_plain", "storm, plain passwords: logins/s"),
        Storm::First => ("storm_hashed", "storm, hashed, first: logins/s"),
        Storm::Again => ("storm_again", "storm, hashed, again: logins/s"),
    };
    let part = |part, name: &str, title: &str, decimals| {
        line(Figure::Storm(storm, part), format!("{key}_{name}"), title, decimals)
    };
    [
        part(Part::Rate, "per_s", title, 0),
        part(Part::Cpu, "cpu_ms", "  server CPU per login, ms", 2),
        part(Part::Generator, "generator_percent", "  generator CPU, %", 0),
        part(Part::Refused, "refused", "  refused or cut, tried again", 0),
        part(Part::Ping99, "ping_p99_ms", "  ping of others: p99, ms", 1),
        part(Part::PingLongest, "ping_max_ms", "  max, ms", 1).sum(Sum::Highest).goal(Goal::AtMost(50.0)),
    ]
}

/// The lines of agents that come back.
fn agents() -> [Line; 13] {
    let part = |part, name: &str, title: &str, decimals| {
        line(Figure::Agents(part), format!("agents_{name}"), title, decimals)
    };
    [
        part(Come::Nobody, "nobody_mib", "agents: RSS, nobody in, MiB", 1),
        part(Come::All, "rss_mib", "  all in, MiB", 1),
        part(Come::Each, "each_kib", "  per agent, KiB", 1).goal(Goal::AtMost(15.0)),
        part(Come::Seconds, "storm_s", "agents in a storm: all back after, s", 2),
        part(Come::Cpu, "cpu_ms", "  server CPU per agent, ms", 2),
        part(Come::Generator, "generator_percent", "  generator CPU, %", 0),
        part(Come::Resumed, "resumed_percent", "  TLS sessions resumed, %", 0),
        part(Come::Refused, "refused", "  refused or cut, tried again", 0).sum(Sum::Total),
        part(Come::Lost, "lost", "  lost", 0).sum(Sum::Total).goal(Goal::AtMost(0.0)),
        part(Come::P50, "ping_p50_ms", "  ping of one who was in: p50, ms", 1),
        part(Come::P99, "ping_p99_ms", "  p99, ms", 1).goal(Goal::AtMost(60.0)),
        part(Come::Max, "ping_max_ms", "  max, ms", 1).sum(Sum::Highest),
        part(Come::Peak, "peak_mib", "  highest RSS, MiB", 1).sum(Sum::Highest).goal(Goal::AtMost(64.0)),
    ]
}

/// The lines of an attack.
fn unfair(attack: Attack) -> [Line; 9] {
    let (key, title) = attack.names();
    let part = |part, name: &str, title: &str, decimals| {
        line(Figure::Unfair(attack, part), format!("unfair_{key}_{name}"), title, decimals)
    };
    [
        part(Suffered::P50, "p50_ms", &format!("{title}: ping p50, ms"), 2),
        part(Suffered::P99, "p99_ms", "  p99, ms", 1).goal(Goal::AtMost(20.0)),
        part(Suffered::Max, "max_ms", "  max, ms", 1).sum(Sum::Highest),
        part(Suffered::Newcomer, "newcomer_ms", "  a new client, max, ms", 0).sum(Sum::Highest),
        part(Suffered::Refused, "refused", "  new clients refused", 0).sum(Sum::Highest),
        part(Suffered::Ended, "ended", "  sessions of others ended", 0)
            .sum(Sum::Highest)
            .goal(Goal::AtMost(0.0)),
        part(Suffered::Peak, "peak_mib", "  highest RSS, MiB", 1).sum(Sum::Highest),
        part(Suffered::Log, "log_kib_per_s", "  log, KiB/s", 1),
        part(Suffered::Cpu, "server_percent", "  server CPU, %", 0),
    ]
}

/// The lines of fan-out with so many requests in flight.
fn flight(readers: u32, in_flight: u32) -> [Line; 7] {
    let (key, words) = match in_flight {
        ALL => ("all".to_owned(), "all".to_owned()),
        some => (some.to_string(), some.to_string()),
    };
    let part = |part, name: &str, title: &str, decimals| {
        let figure = Figure::Flight(readers, in_flight, part);
        line(figure, format!("fanout_{readers}_{key}_{name}"), title, decimals).against(Target::Batching)
    };
    let title = format!("{readers} read, {words} in flight: deliveries/s");
    [
        part(Flown::Rate, "per_s", &title, 0).goal(Goal::FloorAtLeast(0.8)),
        part(Flown::Cpu, "cpu_us", "  server CPU per delivery, us", 2).goal(Goal::FloorAtMost(1.25)),
        part(Flown::P99, "p99_ms", "  p99, ms", 1).goal(Goal::FloorAtMost(2.0)),
        part(Flown::Generator, "generator_percent", "  generator CPU, %", 0),
        part(Flown::Refused, "refused", "  refused", 0).sum(Sum::Total),
        part(Flown::Lost, "lost", "  accepted and lost", 0).sum(Sum::Total).goal(Goal::AtMost(0.0)),
        part(Flown::Doubled, "doubled", "  doubled", 0).sum(Sum::Total).goal(Goal::AtMost(0.0)),
    ]
}

/// The lines of growth, measure by measure.
fn growth() -> impl Iterator<Item = Line> {
    let measures: [(Grown, &str, &str, usize); 7] = [
        (Grown::Rate, "per_s", "burst: deliveries/s", 0),
        (Grown::Cpu, "cpu_us", "burst: server CPU per delivery, us", 1),
        (Grown::Generator, "generator_percent", "burst: generator CPU, %", 0),
        (Grown::Rss, "session_kib", "RSS per session, KiB", 1),
        (Grown::Total, "rss_mib", "RSS, MiB", 1),
        (Grown::LoginCpu, "login_cpu_ms", "CPU of one more login, ms", 2),
        (Grown::Idle, "idle_cpu_percent", "silent: server CPU, %", 2),
    ];
    measures.into_iter().flat_map(|(grown, key, title, decimals)| {
        // Logins are compared with those while nobody is there.
        std::iter::once(0).chain(STEPS).map(move |step| {
            let key = format!("growth_{step}_{key}");
            let line = line(Figure::Growth(step, grown), key, format!("{step} in, {title}"), decimals);
            match (step, grown) {
                (10_000, Grown::Total) => line.goals(None, Some(Goal::AtMost(128.0))),
                _ => line,
            }
        })
    })
}
