//! The table, and the same as one line of JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::options::Transport;
use super::tally::Faults;

/// Whose figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Callboard,
    Floor,
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub target: Target,
    pub transport: Transport,
}

/// A line of the table, in the order of the table.
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
    Burst,
    Merged,
    BurstCpu,
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
    Lost,
    Duplicated,
    Disordered,
}

/// What the samples of several rounds come to.
enum Sum {
    Median,
    Total,
    Highest,
}

/// How a line is shown: its key in JSON, its title with the unit, decimals, and what becomes of several samples.
const LINES: [(Figure, &str, &str, usize, Sum); 40] = [
    (Figure::Binary, "binary_kib", "program file, KiB", 0, Sum::Median),
    (Figure::Idle, "idle_rss_kib", "RSS idle, KiB", 0, Sum::Median),
    (Figure::IdleAnonymous, "idle_anon_kib", "  of it RssAnon, KiB", 0, Sum::Median),
    (Figure::Start, "start_ms", "start to first answer, ms", 1, Sum::Median),
    (Figure::Users, "users_rss_kib", "RSS, users known, nobody in, KiB", 0, Sum::Median),
    (Figure::Rss, "session_rss_kib", "RSS per session, KiB", 1, Sum::Median),
    (Figure::Anonymous, "session_anon_kib", "  of it RssAnon, KiB", 1, Sum::Median),
    (Figure::Logins, "logins_per_s", "logins/s", 0, Sum::Median),
    (Figure::LoginCpu, "login_cpu_ms", "  server CPU per login, ms", 2, Sum::Median),
    (Figure::Burst, "burst_per_s", "burst: deliveries/s", 0, Sum::Median),
    (Figure::Merged, "burst_per_read", "  deliveries in one read", 1, Sum::Median),
    (Figure::BurstCpu, "burst_cpu_us", "  server CPU per delivery, us", 1, Sum::Median),
    (Figure::BurstGenerator, "burst_generator_us", "  generator CPU per delivery, us", 1, Sum::Median),
    (Figure::Peak, "peak_rss_mib", "  highest RSS, MiB", 1, Sum::Median),
    (Figure::P50, "steady_p50_ms", "steady: p50, ms", 1, Sum::Median),
    (Figure::P99, "steady_p99_ms", "  p99, ms", 1, Sum::Median),
    (Figure::Longest, "steady_max_ms", "  max, ms", 1, Sum::Highest),
    (Figure::SteadyCpu, "steady_cpu_us", "  server CPU per delivery, us", 1, Sum::Median),
    (Figure::SteadyGenerator, "steady_generator_us", "  generator CPU per delivery, us", 1, Sum::Median),
    (Figure::Length, "event_bytes", "bytes per delivery", 0, Sum::Median),
    (Figure::RestP50, "rest_p50_ms", "PUT state to own event: p50, ms", 2, Sum::Median),
    (Figure::RestP99, "rest_p99_ms", "  p99, ms", 2, Sum::Median),
    (Figure::RestCpu, "rest_cpu_us", "  server CPU per request, us", 0, Sum::Median),
    (Figure::RestGenerator, "rest_generator_us", "  generator CPU per request, us", 0, Sum::Median),
    (Figure::PublishP50, "publish_p50_ms", "publish to the same: p50, ms", 2, Sum::Median),
    (Figure::PublishP99, "publish_p99_ms", "  p99, ms", 2, Sum::Median),
    (Figure::RestRatio, "rest_ratio", "  PUT to publish, p50", 2, Sum::Median),
    (Figure::TeamOwnP50, "team_own_p50_ms", "with the team: own event p50, ms", 2, Sum::Median),
    (Figure::TeamOwnP99, "team_own_p99_ms", "  p99, ms", 2, Sum::Median),
    (Figure::TeamOwnRatio, "team_own_ratio", "  to alone, p50", 2, Sum::Median),
    (Figure::TeamP50, "team_p50_ms", "  the last of the team: p50, ms", 2, Sum::Median),
    (Figure::TeamP99, "team_p99_ms", "  p99, ms", 2, Sum::Median),
    (Figure::TeamCpu, "team_cpu_us", "  server CPU per request, us", 0, Sum::Median),
    (Figure::TeamGenerator, "team_generator_us", "  generator CPU per request, us", 0, Sum::Median),
    (Figure::TeamPublishP50, "team_publish_p50_ms", "publish to the team: last p50, ms", 2, Sum::Median),
    (Figure::TeamPublishP99, "team_publish_p99_ms", "  p99, ms", 2, Sum::Median),
    (Figure::TeamRatio, "team_ratio", "  PUT to publish, p50", 2, Sum::Median),
    (Figure::Lost, "lost", "lost", 0, Sum::Total),
    (Figure::Duplicated, "duplicated", "duplicated", 0, Sum::Total),
    (Figure::Disordered, "out_of_order", "out of order", 0, Sum::Total),
];

/// The columns in their order.
const COLUMNS: [(Column, &str); 4] = [
    (column(Target::Callboard, Transport::Ws), "callboard_ws"),
    (column(Target::Callboard, Transport::Wss), "callboard_wss"),
    (column(Target::Floor, Transport::Ws), "floor_ws"),
    (column(Target::Floor, Transport::Wss), "floor_wss"),
];

/// A column.
pub const fn column(target: Target, transport: Transport) -> Column {
    Column { target, transport }
}

/// The latency in milliseconds that so large a share does not exceed, of some in microseconds, sorted and not none.
pub fn percentile(latencies: &[u32], share: f64) -> f64 {
    let index = (latencies.len() as f64 * share) as usize;
    f64::from(latencies[index.min(latencies.len() - 1)]) / 1e3
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Samples {
    values: BTreeMap<(Figure, Column), Vec<f64>>,
    /// Deliveries that were not exactly once and in order, and sessions that ended.
    pub faults: usize,
}

impl Samples {
    /// One more sample.
    pub fn add(&mut self, figure: Figure, column: Column, value: f64) {
        self.values.entry((figure, column)).or_default().push(value);
    }

    /// What went wrong with some deliveries.
    pub fn count(&mut self, column: Column, faults: &Faults) {
        self.add(Figure::Lost, column, faults.lost as f64);
        self.add(Figure::Duplicated, column, faults.duplicated as f64);
        self.add(Figure::Disordered, column, faults.disordered as f64);
        self.faults += faults.sum();
    }

    fn value(&self, figure: Figure, column: Column, sum: &Sum) -> Option<f64> {
        let mut values = self.values.get(&(figure, column))?.clone();
        values.sort_by(f64::total_cmp);
        match sum {
            Sum::Median => values.get(values.len() / 2).copied(),
            Sum::Total => Some(values.iter().sum()),
            Sum::Highest => values.last().copied(),
        }
    }

    /// The table.
    pub fn table(&self) -> String {
        let mut out = format!("{:34}", "");
        for title in COLUMNS.map(|(_, title)| title.replace('_', " ")) {
            let _ = write!(out, "{title:>14}");
        }
        let _ = writeln!(out, "{:>10}{:>10}", "ratio ws", "ratio wss");
        for (figure, _, title, decimals, sum) in &LINES {
            let values = COLUMNS.map(|(column, _)| self.value(*figure, column, sum));
            if values.iter().all(Option::is_none) {
                continue;
            }
            let _ = write!(out, "{title:34}");
            for value in values {
                let shown = value.map_or_else(String::new, |value| format!("{value:.decimals$}"));
                let _ = write!(out, "{shown:>14}");
            }
            for (ours, floor) in [(values[0], values[2]), (values[1], values[3])] {
                let shown = match (ours, floor) {
                    (Some(ours), Some(floor)) if floor > 0.0 => format!("{:.2}", ours / floor),
                    _ => String::new(),
                };
                let _ = write!(out, "{shown:>10}");
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        out
    }

    /// One line of JSON: for each column an object of its figures.
    pub fn json(&self, head: &str) -> String {
        let mut out = format!("{{{head},\"faults\":{}", self.faults);
        for (column, name) in COLUMNS {
            let figures: Vec<String> = LINES
                .iter()
                .filter_map(|(figure, key, _, _, sum)| {
                    Some(format!("\"{key}\":{:.3}", self.value(*figure, column, sum)?))
                })
                .collect();
            let _ = write!(out, ",\"{name}\":{{{}}}", figures.join(","));
        }
        out.push('}');
        out
    }
}
