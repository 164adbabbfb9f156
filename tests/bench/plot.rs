//! Plots as SVG, readable on light and on dark.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A plot.
pub struct Panel {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
}

/// An axis.
pub struct Axis {
    /// With the unit.
    pub label: String,
    pub scale: Scale,
}

/// How values become places.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0.
    Linear,
    /// By powers of ten; all values must be above 0.
    Log,
}

/// A line of a plot.
pub struct Series {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// Size of a panel, all labels included.
const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
/// Room for the labels around a plot: left, right, top, bottom.
const ROOM: (f64, f64, f64, f64) = (64.0, 20.0, 40.0, 44.0);
/// Room for the names of the lines above all panels.
const LEGEND: f64 = 32.0;
const COLUMNS: usize = 2;

// Plain CSS: what makes pictures of it knows no more.
const STYLE: &str = "\
    svg{background:#fff;color:#1c1c1c;font:12px system-ui,sans-serif}\
    text{fill:currentColor}.title{font-weight:600;font-size:13px}.small{font-size:11px;opacity:.8}\
    .grid{stroke:currentColor;opacity:.15}.frame{fill:none;stroke:currentColor;opacity:.4}\
    .line{fill:none;stroke:currentColor;stroke-width:2}.dot{fill:currentColor}\
    .s1 .line,.s3 .line,.s5 .line,.s7 .line{stroke-dasharray:6 4}\
    .s0{color:#00727d}.s1{color:#2b9aa6}.s2{color:#6c6c6c}.s3{color:#949494}\
    .s4{color:#b3541e}.s5{color:#d98149}.s6{color:#6b4fa0}.s7{color:#9b7fd0}\
    @media(prefers-color-scheme:dark){svg{background:#161a1d;color:#e4e4e4}\
    .s0{color:#3fc1cd}.s1{color:#8fdfe6}.s2{color:#b0b0b0}.s3{color:#888}.s4{color:#f0955a}.s6{color:#b49be6}}";

/// Where plots go: `bench` beside what cargo makes.
pub fn folder() -> io::Result<PathBuf> {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = temporary.parent().unwrap_or(temporary).join("bench");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Some plots in one picture. Lines of the same name look the same in all of them.
pub fn svg(panels: &[Panel]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for series in panels.iter().flat_map(|panel| &panel.series) {
        if !names.contains(&series.name.as_str()) {
            names.push(&series.name);
        }
    }
    let rows = panels.len().div_ceil(COLUMNS);
    let (width, height) = (WIDTH * COLUMNS as f64, LEGEND + HEIGHT * rows as f64);
    let mut out = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}'>\
         <style>{STYLE}</style>"
    );
    for (index, name) in names.iter().enumerate() {
        let (x, y) = (ROOM.0 + 130.0 * index as f64, LEGEND / 2.0 + 4.0);
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            out,
            "<g class='s{}'><path class='line' d='M{x} {y}h24'/></g><text x='{}' y='{}'>{name}</text>",
            index % 8,
            x + 30.0,
            y + 4.0
        );
    }
    for (index, panel) in panels.iter().enumerate() {
        let (column, row) = ((index % COLUMNS) as f64, (index / COLUMNS) as f64);
        let _ = write!(out, "<g transform='translate({},{})'>", WIDTH * column, LEGEND + HEIGHT * row);
        panel.draw(&mut out, &names);
        out.push_str("</g>");
    }
    out.push_str("</svg>\n");
    out
}

impl Panel {
    fn draw(&self, out: &mut String, names: &[&str]) {
        let (left, right, top, bottom) = (ROOM.0, WIDTH - ROOM.1, ROOM.2, HEIGHT - ROOM.3);
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = Span::new(self.x.scale, points().map(|point| point.0));
        let y = Span::new(self.y.scale, points().map(|point| point.1));
        let place = |point: &(f64, f64)| {
            let (x, y) = (x.share(point.0), y.share(point.1));
            (left + x * (right - left), bottom - y * (bottom - top))
        };
        let _ = write!(
            out,
            "<text class='title' x='{left}' y='16'>{}</text><text class='small' x='{left}' y='32'>{}</text>\
             <text class='small' x='{right}' y='{}' text-anchor='end'>{}</text>\
             <rect class='frame' x='{left}' y='{top}' width='{}' height='{}'/>",
            self.title,
            self.y.label,
            HEIGHT - 8.0,
            self.x.label,
            right - left,
            bottom - top
        );
        for tick in x.ticks() {
            let (at, _) = place(&(tick, y.from));
            let _ = write!(
                out,
                "<path class='grid' d='M{at:.1} {top}V{bottom}'/>\
                 <text class='small' x='{at:.1}' y='{}' text-anchor='middle'>{}</text>",
                bottom + 16.0,
                number(tick)
            );
        }
        for tick in y.ticks() {
            let (_, at) = place(&(x.from, tick));
            let _ = write!(
                out,
                "<path class='grid' d='M{left} {at:.1}H{right}'/>\
                 <text class='small' x='{}' y='{:.1}' text-anchor='end'>{}</text>",
                left - 6.0,
                at + 4.0,
                number(tick)
            );
        }
        for series in &self.series {
            let index = names.iter().position(|name| *name == series.name).unwrap_or(0);
            let places: Vec<(f64, f64)> = series.points.iter().map(place).collect();
            let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            let _ = write!(out, "<g class='s{}'><path class='line' d='M{}'/>", index % 8, line.join("L"));
            // Dots show where something was measured, if they can be told apart.
            if places.len() <= 20 {
                for (x, y) in places {
                    let _ = write!(out, "<circle class='dot' cx='{x:.1}' cy='{y:.1}' r='3'/>");
                }
            }
            out.push_str("</g>");
        }
    }
}

/// What an axis shows.
struct Span {
    scale: Scale,
    from: f64,
    to: f64,
    /// From one tick to the next; a factor if the scale is logarithmic.
    step: f64,
}

impl Span {
    fn new(scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        // Without a value there is something to draw around.
        let (low, high) = if low.is_finite() { (low, high) } else { (1.0, 10.0) };
        match scale {
            Scale::Log => {
                let power = |value: f64| value.max(1e-9).log10();
                let from = power(low).floor();
                let to = power(high).ceil().max(from + 1.0);
                Self { scale, from: 10f64.powf(from), to: 10f64.powf(to), step: 10.0 }
            }
            Scale::Linear => {
                let rough = high.max(1e-9) / 5.0;
                let power = 10f64.powf(rough.log10().floor());
                let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| rough <= factor * power);
                let step = factor.unwrap_or(10.0) * power;
                Self { scale, from: 0.0, to: (high / step).ceil().max(1.0) * step, step }
            }
        }
    }

    fn share(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Log => (value / self.from).log10() / (self.to / self.from).log10(),
        }
    }

    fn ticks(&self) -> Vec<f64> {
        let next = |tick: &f64| match self.scale {
            Scale::Linear => tick + self.step,
            Scale::Log => tick * self.step,
        };
        // What was added up may be a little beyond the end.
        let end = self.to + self.step * 1e-6;
        std::iter::successors(Some(self.from), |tick| Some(next(tick)).filter(|tick| *tick <= end)).collect()
    }
}

/// A short form of a number.
fn number(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", (value / 1e5).round() / 10.0),
        value if value >= 1e3 => format!("{}k", (value / 1e2).round() / 10.0),
        value => format!("{}", (value * 1e4).round() / 1e4),
    }
}
