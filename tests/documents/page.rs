//! A page of the manual, and its tables that are made from the program.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs};

/// The folder of the project.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The variable that makes the tests write the tables in place of comparing them.
const RENEW: &str = "RENEW";

/// Held while a page is written.
static WRITING: Mutex<()> = Mutex::new(());

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A page.
pub struct Page {
    path: PathBuf,
    pub text: String,
}

/// The cells of a table's rows, without its head.
pub type Rows = Vec<Vec<String>>;

impl Page {
    /// Reads a page of the manual.
    pub fn of(name: &str) -> Self {
        let path = Path::new(ROOT).join("deploy/manual").join(name);
        Self { text: read(&path), path }
    }

    /// The rows of the first table behind that line.
    pub fn rows(&self, line: &str) -> Rows {
        let name = self.path.display();
        let mut lines = self.text.lines();
        lines.find(|other| *other == line).unwrap_or_else(|| panic!("{name} has no line {line}"));
        let table = lines.skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
        table.skip(2).map(cells).collect()
    }

    /// Compares a table between marks with what the program says, or writes it.
    ///
    /// `made` gets the rows that are there; each row that it returns has all cells of the table.
    pub fn compare(&self, mark: &str, made: impl FnOnce(&Rows) -> Rows) {
        let begin = format!("<!-- {mark}: renew this table by RENEW=1 cargo test --test documents -->");
        let end = format!("<!-- end of {mark} -->");
        let name = self.path.display();
        let found = self.rows(&begin);
        let made = made(&found);
        if made == found {
            return;
        }
        let lines = made.iter().map(|row| format!("| {} |\n", row.join(" | ")).replace("|  |", "| |"));
        let table: String = lines.collect();
        assert!(
            env::var_os(RENEW).is_some(),
            "{name} has other {mark} than the program. RENEW=1 cargo test --test documents writes:\n{table}"
        );
        // Another test may write another table of the page.
        let _alone = WRITING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let text = read(&self.path);
        let (before, rest) = text.split_once(&begin).expect("the mark was found");
        let (old, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{name} has no {end}"));
        let head: Vec<_> = old.lines().filter(|line| line.starts_with('|')).take(2).collect();
        let text = format!("{before}{begin}\n\n{}\n{table}\n{end}{after}", head.join("\n"));
        fs::write(&self.path, text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// The cells of a row. A `|` inside of one stands as `\|`.
fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\0");
    row.split('|').map(|cell| cell.trim().replace('\0', "\\|")).collect()
}

/// The last cell of each row by its first one: what people have written beside what the program says.
pub fn texts(rows: &Rows) -> HashMap<&str, &str> {
    rows.iter().map(|row| (row[0].as_str(), row[row.len() - 1].as_str())).collect()
}
