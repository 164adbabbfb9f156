//! Makes the page's words and the server's table of symptoms from `src/diagnosis/words.txt`, for the build script.

use std::fmt::Write as _;
use std::{fs, io};

/// The file of symptoms.
pub const FILE: &str = "src/diagnosis/words.txt";

/// The name that the view Session has in the file.
const PAGE: &str = "page";

/// The texts of an entry, in the order in which the table has them.
const TEXTS: [&str; 6] = ["en symptom", "en cause", "en check", "zh symptom", "zh cause", "zh check"];

/// An entry of the file.
#[derive(Default)]
pub struct Symptom {
    name: String,
    by: Vec<String>,
    step: String,
    texts: [Option<String>; TEXTS.len()],
}

/// Reads the file.
pub fn read() -> io::Result<Vec<Symptom>> {
    parse(&fs::read_to_string(FILE)?).map_err(|problem| io::Error::other(format!("{FILE}: {problem}")))
}

fn parse(file: &str) -> Result<Vec<Symptom>, String> {
    let mut symptoms: Vec<Symptom> = Vec::new();
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(entry) = line.strip_prefix("  ") else {
            if symptoms.iter().any(|symptom| symptom.name == line) {
                return Err(format!("{line} is there twice"));
            }
            symptoms.push(Symptom { name: line.to_owned(), ..Symptom::default() });
            continue;
        };
        let (key, text) = entry.split_once(": ").ok_or(format!("{line} has no text"))?;
        let symptom = symptoms.last_mut().ok_or(format!("{line} stands before the first name"))?;
        match (key, TEXTS.iter().position(|name| *name == key)) {
            ("for", _) => symptom.by = text.split(' ').map(ToOwned::to_owned).collect(),
            ("step", _) => text.clone_into(&mut symptom.step),
            (_, Some(place)) => symptom.texts[place] = Some(text.to_owned()),
            _ => return Err(format!("{key} of {} is not known", symptom.name)),
        }
    }
    Ok(symptoms)
}

/// The module of the page's words: `fail.NAME`, `fail.NAME.cause` and `fail.NAME.check` in both languages.
pub fn words(symptoms: &[Symptom]) -> String {
    let mut out = String::from("import { addWords } from './words.js';\n\naddWords({\n");
    for (language, first) in [("en", 0), ("'zh-TW'", 3)] {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {language}: {{");
        for Symptom { name, texts, .. } in symptoms.iter().filter(|symptom| symptom.is_for_page()) {
            for (part, text) in ["", ".cause", ".check"].iter().zip(&texts[first..]) {
                let Some(text) = text else { continue };
                let text = text.replace('\\', "\\\\").replace('\'', "\\'");
                let _ = writeln!(out, "    'fail.{name}{part}': '{text}',");
            }
        }
        out.push_str("  },\n");
    }
    out + "});\n"
}

/// The table of those that faults and the probe have: a line for each, with tabs between who has it, its step and its texts.
pub fn table(symptoms: &[Symptom]) -> io::Result<String> {
    let mut out = String::new();
    for Symptom { name, by, step, texts } in symptoms {
        let users: Vec<&str> = by.iter().filter(|user| *user != PAGE).map(String::as_str).collect();
        if users.is_empty() {
            continue;
        }
        let mut fields = vec![users.join(" "), step.clone()];
        for text in texts {
            let text =
                text.as_deref().ok_or_else(|| io::Error::other(format!("{FILE}: {name} lacks a text")))?;
            fields.push(without_values(text));
        }
        out.push_str(&fields.join("\t"));
        out.push('\n');
    }
    Ok(out)
}

impl Symptom {
    fn is_for_page(&self) -> bool {
        self.by.iter().any(|user| user == PAGE)
    }
}

/// Leaves out parentheses with a value in them, which only the page knows.
fn without_values(text: &str) -> String {
    let mut rest = text;
    let mut out = String::new();
    while let Some(start) = rest.find(['(', '（']) {
        let end = rest[start..].find([')', '）']).map_or(rest.len(), |end| start + end);
        let after = rest[end..].chars().next().map_or(rest.len(), |bracket| end + bracket.len_utf8());
        match rest[start..end].contains('{') {
            true => out.push_str(rest[..start].trim_end()),
            false => out.push_str(&rest[..after]),
        }
        rest = &rest[after..];
    }
    out + rest
}
