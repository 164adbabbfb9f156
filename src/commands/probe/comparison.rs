//! What `probe --compare` prints: for people, as JSON, and as JUnit.

use std::fmt::Write as _;

use crate::diagnosis::Language;
use crate::json;
use crate::probe::{Comparison, Difference, Step};
use crate::text::printable;
use crate::xml;

/// Two connections beside each other.
#[derive(Debug)]
pub struct Compared<'a> {
    /// The URL or the file of each.
    pub of: [&'a str; 2],
    pub found: Comparison,
    pub language: Language,
}

impl Compared<'_> {
    /// The last line: without the names of the two, so that it can be shown to anybody.
    fn summary(&self) -> String {
        let (equal, all, percent) = (self.found.equal(), self.found.steps.len(), self.found.percent());
        let differing: Vec<_> = self.found.differing().map(Step::name).collect();
        let differing = differing.join(", ");
        match (self.language, differing.is_empty()) {
            (Language::English, _) if all == 0 => "No step can be compared.".to_owned(),
            (Language::Chinese, _) if all == 0 => "沒有可比較的步驟。".to_owned(),
            (Language::English, true) => format!("Equal in all steps ({all})."),
            (Language::English, false) => {
                format!("Equal in {percent} % of steps ({equal} of {all}). Differs in: {differing}.")
            }
            (Language::Chinese, true) => format!("所有步驟都相同（{all} 步）。"),
            (Language::Chinese, false) => {
                format!("{percent} % 的步驟相同（{all} 步中的 {equal} 步）。不同之處：{differing}。")
            }
        }
    }

    /// A line for each step, the differences below it, and the summary.
    pub fn text(&self) -> String {
        let [a, b] = self.of.map(printable);
        let mut out = format!("A  {a}\nB  {b}\n");
        for (step, differences) in &self.found.steps {
            let mark = if differences.is_empty() { "==" } else { "!=" };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{mark} {}", step.name());
            for difference in differences {
                let _ = writeln!(out, "     {}", line(difference));
            }
        }
        let _ = writeln!(out, "\n{}", self.summary());
        out
    }

    /// An object with `a`, `b`, `percent`, `equal`, `compared`, `summary`, and `steps`, each with `step` and `differences`.
    pub fn json(&self, out: &mut String) {
        json::object(out, |object| {
            object.string("a", self.of[0]);
            object.string("b", self.of[1]);
            object.plain("percent", self.found.percent());
            object.plain("equal", self.found.equal());
            object.plain("compared", self.found.steps.len());
            object.string("summary", &self.summary());
            object.array("steps", &self.found.steps, |out, (step, differences)| {
                json::object(out, |object| {
                    object.string("step", step.name());
                    object.array("differences", differences, |out, difference| {
                        json::object(out, |object| {
                            let [a, b] = &difference.values;
                            object.string("what", &difference.what);
                            object.optional("a", a.as_deref());
                            object.optional("b", b.as_deref());
                        });
                    });
                });
            });
        });
    }

    /// A test suite with a case for each step, which fails where the two differ.
    pub fn junit(&self, out: &mut String) {
        let [a, b] = self.of.map(|of| xml::escape(&printable(of)));
        let (tests, failures) = (self.found.steps.len(), self.found.differing().count());
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "  <testsuite name=\"{a} : {b}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
        );
        for (step, differences) in &self.found.steps {
            let _ = write!(out, "    <testcase classname=\"compare\" name=\"{}\"", step.name());
            let lines: Vec<_> = differences.iter().map(|difference| xml::escape(&line(difference))).collect();
            match lines.first() {
                Some(first) => {
                    let all = lines.join("\n");
                    let _ = writeln!(out, "><failure message=\"{first}\">{all}</failure></testcase>");
                }
                None => out.push_str("/>\n"),
            }
        }
        out.push_str("  </testsuite>\n");
    }
}

/// The place and the values of both sides: `-` where a side has none, `+` for one without a text.
fn line(Difference { what, values }: &Difference) -> String {
    let [a, b] = values.each_ref().map(|value| match value.as_deref() {
        None => "-",
        Some("") => "+",
        Some(value) => value,
    });
    printable(&format!("{what}: {a} | {b}"))
}
