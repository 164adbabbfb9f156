//! The manual page callboard.toml(5). The keys come from the tables of `deploy/manual/configuration.md`, which tests compare
//! with the program, the limits from the table in the program.

use callboard::config::limits::{Limits, TABLE};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use roff::{Inline, Roff, bold, roman};

const KEYS: &str = include_str!("manual/configuration.md");
const LIMITS: &str = include_str!("manual/operating.md");

/// A file that can be served as it stands.
pub const EXAMPLE: &str = "\
domain = \"lab.example\"
listen = [\"127.0.0.1:8445\"]

[[team]]
id = \"1\"
name = \"Sales\"
wrap_up = \"30s\"

[[user]]
id = \"2001\"
password = \"a long password\"
extension = \"2001\"
team = \"1\"

[limits]
connections = 100
";

/// A piece of a page of the manual.
enum Block {
    Heading(HeadingLevel, String),
    Paragraph(Vec<Inline>),
    /// The cells of a row, without the row of headings.
    Row(Vec<Vec<Inline>>),
}

/// Writes the page.
pub fn page() -> String {
    let title = concat!("callboard ", env!("CARGO_PKG_VERSION"));
    let mut page = Roff::new();
    page.control("TH", ["CALLBOARD.TOML", "5", "\"\"", title, "File Formats"]);
    page.control("SH", ["NAME"]).text([roman("callboard.toml - the configuration of callboard")]);
    page.control("SH", ["DESCRIPTION"]);
    let mut is_below_keys = false;
    let mut is_first = true;
    for block in blocks(KEYS) {
        match block {
            Block::Heading(HeadingLevel::H2, title) => is_below_keys = title == "Keys",
            _ if !is_below_keys => {}
            Block::Heading(_, title) if title == "[limits]" => break,
            Block::Heading(_, title) => {
                // The name of a section is written as in the file.
                let title = if title.starts_with('[') { title } else { title.to_uppercase() };
                page.control("SH", [title.as_str()]);
                is_first = true;
            }
            Block::Paragraph(text) => {
                if !is_first {
                    page.control("PP", []);
                }
                page.text(text);
                is_first = false;
            }
            Block::Row(mut cells) => {
                let default = if cells.len() > 2 { cells.pop() } else { None };
                let [term, meaning] = <[Vec<Inline>; 2]>::try_from(cells).unwrap_or_default();
                match default {
                    Some(default) => entry(&mut page, term, meaning, &default),
                    // What a value means has no default.
                    None => {
                        page.control("TP", []).text(term).text(meaning);
                    }
                }
            }
        }
    }
    limits(&mut page);
    page.control("SH", ["FILES"]);
    page.control("TP", []).text([bold("/etc/callboard/callboard.toml")]);
    page.text([roman("The file that the service of the Debian package serves.")]);
    page.control("SH", ["EXAMPLES"]).control("EX", []);
    for line in EXAMPLE.lines() {
        page.text([roman(line)]);
    }
    page.control("EE", []);
    page.control("SH", ["SEE ALSO"]).text([bold("callboard"), roman("(1)")]);
    page.render()
}

/// A key, its meaning and its default.
fn entry(page: &mut Roff, key: Vec<Inline>, mut meaning: Vec<Inline>, default: &[Inline]) {
    page.control("TP", []).text(key);
    let is_required = matches!(default, [Inline::Roman(text)] if text == "needed");
    if !meaning.is_empty() {
        meaning.push(roman(". "));
    }
    if is_required {
        meaning.push(roman("Required."));
    } else {
        meaning.push(roman("Default: "));
        meaning.extend_from_slice(default);
        meaning.push(roman("."));
    }
    page.text(meaning);
}

/// The section `[limits]`: form, default and range from the program, the text from the manual.
fn limits(page: &mut Roff) {
    page.control("SH", ["[limits]"]);
    page.text([roman("Each limit bounds what clients can make the server keep, or for how long. A value outside its range is an error.")]);
    let defaults = Limits::default();
    let rows: Vec<_> = blocks(LIMITS)
        .into_iter()
        .filter_map(|block| if let Block::Row(cells) = block { Some(cells) } else { None })
        .collect();
    for limit in TABLE {
        let row =
            rows.iter().find(|cells| matches!(cells[0].as_slice(), [Inline::Bold(key)] if key == limit.key));
        let mut text =
            row.and_then(|cells| cells.last()).cloned().unwrap_or_else(|| vec![roman(limit.meaning)]);
        if let Some(Inline::Roman(last)) = text.last_mut() {
            last.truncate(last.trim_end_matches('.').len());
        }
        let show = |value| limit.kind.show(value);
        text.push(roman(format!(
            ". Written as {}. Default: {}. Range: {} to {}.",
            limit.kind.form(),
            show(limit.get(&defaults)),
            show(limit.minimum),
            show(limit.maximum),
        )));
        page.control("TP", []).text([bold(limit.key)]).text(text);
    }
}

/// Reads headings, paragraphs and rows of tables.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut text = Vec::new();
    let mut cells = Vec::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::TableCell) => text.clear(),
            Event::Start(Tag::TableRow) => cells.clear(),
            // The page is ASCII: groff takes nothing else as it comes.
            Event::Text(words) => text.push(roman(words.replace('…', "..."))),
            Event::Code(words) => text.push(bold(words.replace('…', "..."))),
            Event::SoftBreak => text.push(roman(" ")),
            Event::End(TagEnd::TableCell) => cells.push(std::mem::take(&mut text)),
            Event::End(TagEnd::TableRow) => blocks.push(Block::Row(std::mem::take(&mut cells))),
            Event::End(TagEnd::Paragraph) => blocks.push(Block::Paragraph(std::mem::take(&mut text))),
            Event::End(TagEnd::Heading(level)) => blocks.push(Block::Heading(level, plain(&text))),
            _ => {}
        }
    }
    blocks
}

/// A text without bold and italics.
fn plain(text: &[Inline]) -> String {
    let words = text.iter().map(|part| match part {
        Inline::Roman(words) | Inline::Bold(words) | Inline::Italic(words) => words.as_str(),
        Inline::LineBreak => " ",
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use callboard::config::{Config, SECTIONS};

    use super::*;

    #[test]
    fn every_key_stands_below_its_section_with_its_default() {
        let page = page().replace(r"\-", "-");
        for (section, keys) in SECTIONS {
            let heading = if section.is_empty() { "THE FILE".to_owned() } else { section.to_owned() };
            let lines = page
                .split(&format!(".SH \"{heading}\"\n"))
                .nth(1)
                .or_else(|| page.split(&format!(".SH {heading}\n")).nth(1));
            let Some(lines) = lines else { panic!("no section {heading} in\n{page}") };
            let lines = lines.split(".SH ").next().unwrap_or_default();
            let inside = section.trim_matches(['[', ']']);
            // A key that is a section has a heading in place of an entry.
            let is_section = |key: &str| {
                let name = if inside.is_empty() { key.to_owned() } else { format!("{inside}.{key}") };
                key == "limits" || SECTIONS.iter().any(|(other, _)| other.trim_matches(['[', ']']) == name)
            };
            for key in keys.iter().filter(|key| !is_section(key)) {
                let term = lines.lines().any(|line| line.contains(&format!(r"\fB{key}\fR")));
                assert!(term, "{heading} has no {key} in\n{lines}");
            }
        }
        assert!(page.contains("addresses with TLS. Default: "), "{page}");
        assert!(!page.contains(".TP\n\n"), "every entry has a name:\n{page}");
    }

    #[test]
    fn every_limit_has_its_form_default_and_range() {
        let page = page().replace(r"\-", "-");
        let defaults = Limits::default();
        for limit in TABLE {
            // A key of the file can have the same name.
            let named = format!(".TP\n\\fB{}\\fR\n", limit.key);
            let entries = page.split(&named).skip(1).map(|entry| entry.lines().next().unwrap_or_default());
            let default = format!(
                "Default: {}. Range: {} to",
                limit.kind.show(limit.get(&defaults)),
                limit.kind.show(limit.minimum)
            );
            let entry = entries.filter(|entry| entry.contains(&default)).last();
            let entry = entry.unwrap_or_else(|| panic!("{} has no entry with {default}", limit.key));
            assert!(entry.len() > default.len() + 60, "{}: {entry}", limit.key);
        }
    }

    #[test]
    fn the_page_is_ascii() {
        let page = page();
        assert!(page.is_ascii(), "{:?}", page.chars().find(|c| !c.is_ascii()));
    }

    #[test]
    fn the_example_is_a_configuration() {
        Config::parse(EXAMPLE, "callboard.toml").expect("a valid file");
    }
}
