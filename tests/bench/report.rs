//! The table, and the same as one line of JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::lines::{Figure, Goal, Line, Sum, lines};
use super::options::Transport;
use super::tally::Faults;

/// The server that figures are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Callboard,
    /// An earlier build of it.
    Before,
    Floor,
    /// The floor that puts all events that wait for a client into one write.
    Batching,
    /// A server behind `--url`, by the number of its name.
    Other(usize),
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub target: Target,
    pub transport: Transport,
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
    /// The names of the servers behind `--url`.
    names: Vec<String>,
    /// Deliveries that were not exactly once and in order, and sessions that ended.
    pub faults: usize,
}

impl Samples {
    /// Nothing so far.
    pub fn new(names: Vec<String>) -> Self {
        Self { names, ..Self::default() }
    }

    /// Adds a sample; NaN says that it could not be measured.
    pub fn add(&mut self, figure: Figure, column: Column, value: f64) {
        if !value.is_nan() {
            self.values.entry((figure, column)).or_default().push(value);
        }
    }

    /// What went wrong with some deliveries.
    pub fn count(&mut self, column: Column, faults: &Faults) {
        self.add(Figure::Lost, column, faults.lost as f64);
        self.add(Figure::Duplicated, column, faults.duplicated as f64);
        self.add(Figure::Disordered, column, faults.disordered as f64);
        if column.target != Target::Before {
            self.faults += faults.sum();
        }
    }

    /// All samples of a figure.
    pub fn values(&self, figure: Figure, column: Column) -> &[f64] {
        self.values.get(&(figure, column)).map_or(&[], Vec::as_slice)
    }

    /// What a figure came to.
    fn value(&self, figure: Figure, column: Column, sum: Sum) -> Option<f64> {
        let mut values = self.values(figure, column).to_vec();
        values.sort_by(f64::total_cmp);
        match sum {
            Sum::Median => values.get(values.len() / 2).copied(),
            Sum::Total => (!values.is_empty()).then(|| values.iter().sum()),
            Sum::Highest => values.last().copied(),
        }
    }

    /// The columns that have figures, in their order.
    pub fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = self.values.keys().map(|(_, column)| *column).collect();
        columns.sort();
        columns.dedup();
        columns
    }

    /// The server's name in one word.
    pub fn name(&self, target: Target) -> &str {
        match target {
            Target::Callboard => "callboard",
            Target::Before => "before",
            Target::Floor => "floor",
            Target::Batching => "batching",
            Target::Other(number) => self.names.get(number).map_or("", String::as_str),
        }
    }

    /// The name of a column.
    pub fn title(&self, column: Column) -> String {
        format!("{} {}", self.name(column.target), transport(column.transport))
    }

    /// The table: figures, their ratios to those of the floor, and what callboard's should come to.
    pub fn table(&self) -> String {
        let columns = self.columns();
        let is_floor = |column: &Column| matches!(column.target, Target::Floor | Target::Batching);
        let compared: Vec<Column> = columns.iter().copied().filter(|column| !is_floor(column)).collect();
        let is_shown =
            |line: &Line| columns.iter().any(|column| !self.values(line.figure, *column).is_empty());
        let lines: Vec<Line> = lines().into_iter().filter(is_shown).collect();
        let width = lines.iter().map(|line| line.title.len()).max().unwrap_or(0);
        let mut out = " ".repeat(width);
        for column in &columns {
            let _ = write!(out, "{:>10}", self.name(column.target));
        }
        for column in &compared {
            let _ = write!(out, "{:>10}", self.name(column.target));
        }
        let _ = write!(out, "\n{:width$}", "");
        for column in &columns {
            let _ = write!(out, "{:>10}", transport(column.transport));
        }
        for column in &compared {
            let _ = write!(out, "{:>10}", format!("{}:floor", transport(column.transport)));
        }
        let _ = writeln!(out, "{:>16}{:>16}", "target ws", "target wss");
        for line in lines {
            let value = |column: Column| self.value(line.figure, column, line.sum);
            let _ = write!(out, "{:width$}", line.title);
            for column in &columns {
                let shown =
                    value(*column).map_or_else(String::new, |value| format!("{value:.*}", line.decimals));
                let _ = write!(out, "{shown:>10}");
            }
            for column in &compared {
                let shown =
                    self.ratio(&line, *column).map_or_else(String::new, |ratio| format!("{ratio:.2}"));
                let _ = write!(out, "{shown:>10}");
            }
            for (transport, goal) in [Transport::Ws, Transport::Wss].into_iter().zip(line.goals) {
                let shown = goal.and_then(|goal| self.judge(&line, transport, goal)).unwrap_or_default();
                let _ = write!(out, "{shown:>16}");
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        out
    }

    fn ratio(&self, line: &Line, column: Column) -> Option<f64> {
        let floor = Column { target: line.against, ..column };
        let floor = self.value(line.figure, floor, line.sum).filter(|floor| *floor > 0.0)?;
        Some(self.value(line.figure, column, line.sum)? / floor)
    }

    /// What callboard's figure should be, and whether it is.
    fn judge(&self, line: &Line, transport: Transport, goal: Goal) -> Option<String> {
        let ours = Column { target: Target::Callboard, transport };
        let (sign, wanted, is_met) = match goal {
            Goal::AtMost(most) => ("<=", most.to_string(), self.value(line.figure, ours, line.sum)? <= most),
            Goal::FloorAtMost(most) => ("<=", format!("{most}x"), self.ratio(line, ours)? <= most),
            Goal::FloorAtLeast(least) => (">=", format!("{least}x"), self.ratio(line, ours)? >= least),
        };
        Some(format!("{sign}{wanted} {}", if is_met { "ok" } else { "missed" }))
    }

    /// Writes a line of JSON: for each column an object of its figures.
    pub fn json(&self, head: &str) -> String {
        let mut out = format!("{{{head},\"faults\":{}", self.faults);
        for column in self.columns() {
            let figures: Vec<String> = lines()
                .iter()
                .filter_map(|line| {
                    Some(format!("\"{}\":{:.3}", line.key, self.value(line.figure, column, line.sum)?))
                })
                .collect();
            let (name, transport) = (self.name(column.target), transport(column.transport));
            let _ = write!(out, ",\"{name}_{transport}\":{{{}}}", figures.join(","));
        }
        out.push('}');
        out
    }
}

/// The name of a transport.
pub fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Ws => "ws",
        Transport::Wss => "wss",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
    }
}
