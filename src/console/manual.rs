//! Renders the manual: the Markdown of `deploy/manual` becomes pages that look like the built-in page. A part of `pack.rs`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::{fs, io};

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

const MANUAL: &str = "deploy/manual";
/// The examples that pages of the manual link to.
const PROXIES: &str = "deploy/proxies";

/// The pages in the order of the index: first for people who write a client, then for people who teach, then for people who
/// run it.
const ORDER: [&str; 19] = [
    "from-finesse",
    "clients",
    "testing",
    "ci",
    "rest",
    "xmpp",
    "differences",
    "teaching",
    "scenarios",
    "faults",
    "record",
    "probe",
    "watch",
    "causes",
    "configuration",
    "operating",
    "durability",
    "cluster",
    "security",
];

/// A page of the manual.
struct Page {
    /// The name of its file, without the extension.
    name: String,
    title: String,
    /// Address and text of each heading of the second level.
    sections: Vec<(String, String)>,
    /// The text below the head, as HTML.
    body: String,
}

/// Renders all pages and their index. Returns path below `/console/` and content of each file.
pub fn files() -> io::Result<Vec<(String, Vec<u8>)>> {
    for folder in [MANUAL, PROXIES] {
        println!("cargo::rerun-if-changed={folder}");
    }
    println!("cargo::rerun-if-changed=src/console/manual.rs");
    let mut pages = Vec::new();
    for entry in fs::read_dir(MANUAL)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !ORDER.contains(&name.as_str()) {
            return Err(io::Error::other(format!(
                "{} is missing in ORDER of src/console/manual.rs",
                path.display()
            )));
        }
        pages.push(render(name, &fs::read_to_string(&path)?));
    }
    pages.sort_by_key(|page| ORDER.iter().position(|name| *name == page.name));
    let mut files = vec![("manual/index.html".to_owned(), index(&pages).into_bytes())];
    for page in &pages {
        files.push((
            format!("manual/{}.html", page.name),
            document(&page.title, &page.body, &pages).into_bytes(),
        ));
    }
    for entry in fs::read_dir(PROXIES)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((format!("manual/proxies/{name}"), fs::read(&path)?));
    }
    Ok(files)
}

/// Renders the Markdown of one page.
fn render(name: String, text: &str) -> Page {
    let parsed: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
    let mut page = Page { name, title: String::new(), sections: Vec::new(), body: String::new() };
    let mut addresses = HashMap::new();
    let mut events = Vec::new();
    // For each link that is open, whether it is kept.
    let mut links = Vec::new();
    let mut image = 0;
    for (place, event) in parsed.iter().enumerate() {
        match event {
            // The page shows what the pictures show, and they are larger than all of the text.
            Event::Start(Tag::Image { .. }) => image += 1,
            Event::End(TagEnd::Image) => image -= 1,
            _ if image > 0 => {}
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let title = words(&parsed[place..]);
                let address = address(&title, &mut addresses);
                match level {
                    HeadingLevel::H1 => page.title.clone_from(&title),
                    HeadingLevel::H2 => page.sections.push((address.clone(), title)),
                    _ => {}
                }
                let (id, classes, attrs) = (Some(address.into()), classes.clone(), attrs.clone());
                events.push(Event::Start(Tag::Heading { level: *level, id, classes, attrs }));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let target = target(dest_url);
                links.push(target.is_some());
                if let Some(target) = target {
                    let (title, id) = (title.clone(), id.clone());
                    events.push(Event::Start(Tag::Link {
                        link_type: *link_type,
                        dest_url: target.into(),
                        title,
                        id,
                    }));
                }
            }
            Event::End(TagEnd::Link) => {
                if links.pop() == Some(true) {
                    events.push(event.clone());
                }
            }
            // Aligned cells have a style of their own in HTML, which the policy of the page forbids. A table that is too wide is
            // moved with the arrow keys.
            Event::Start(Tag::Table(columns)) => {
                events.push(Event::Html(CowStr::Borrowed("<div class=\"wide\" tabindex=\"0\">")));
                events.push(Event::Start(Tag::Table(vec![pulldown_cmark::Alignment::None; columns.len()])));
            }
            Event::End(TagEnd::Table) => {
                events.push(event.clone());
                events.push(Event::Html(CowStr::Borrowed("</div>\n")));
            }
            // Comments are for the tests that compare a table with the program. Other markup than Markdown is shown as text.
            Event::Html(text) if text.starts_with("<!--") => {}
            Event::Html(text) | Event::InlineHtml(text) => events.push(Event::Text(text.clone())),
            _ => events.push(event.clone()),
        }
    }
    html::push_html(&mut page.body, events.into_iter());
    page.body = page.body.replace("<p></p>\n", "");
    page
}

/// The text of the heading that the events begin with.
fn words(events: &[Event<'_>]) -> String {
    let until_end = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    until_end
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

/// The id of a heading, made as forges make it, so that a link works in both.
fn address(title: &str, taken: &mut HashMap<String, usize>) -> String {
    let kept = title.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let address: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
    let times = taken.entry(address.clone()).or_default();
    *times += 1;
    if *times == 1 { address } else { format!("{address}-{}", *times - 1) }
}

/// Where a link of the Markdown leads in the program; `None` for a file that only the sources have.
fn target(link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with('#') {
        return Some(link.to_owned());
    }
    if let Some(file) = link.strip_prefix("../proxies/") {
        return Some(format!("proxies/{file}"));
    }
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
    let page = file.strip_suffix(".md").filter(|page| !page.contains('/'))?;
    Some(heading.map_or_else(|| format!("{page}.html"), |heading| format!("{page}.html#{heading}")))
}

/// The page that lists all others and their sections.
fn index(pages: &[Page]) -> String {
    let mut body = String::from("<h1 id=\"manual\">Manual</h1>\n<dl class=\"contents\">\n");
    for Page { name, title, sections, .. } in pages {
        let _ = writeln!(body, "<dt><a href=\"{name}.html\">{}</a></dt>", escaped(title));
        let sections = sections
            .iter()
            .map(|(address, title)| format!("<a href=\"{name}.html#{address}\">{}</a>", escaped(title)));
        let _ = writeln!(body, "<dd>{}</dd>", sections.collect::<Vec<_>>().join(" · "));
    }
    body.push_str("</dl>\n");
    document("Manual", &body, pages)
}

/// A whole document around the text of a page, with the list of all pages beside it.
fn document(title: &str, body: &str, pages: &[Page]) -> String {
    let mut list = String::new();
    for page in pages {
        let here = if page.title == title { " aria-current=\"page\"" } else { "" };
        let _ = writeln!(list, "<li><a href=\"{}.html\"{here}>{}</a></li>", page.name, escaped(&page.title));
    }
    let title = escaped(title);
    let head = crate::head("../");
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
{head}  <title>{title} · callboard</title>
<link rel="stylesheet" href="./manual.css">
<script type="module" src="../shared/theme.js"></script>
</head>
<body>
<header id="top"><a class="skip" href="#text">Skip to the content</a><a class="brand" href="../">callboard</a><a href="./">Manual</a></header>
<div class="manual">
<nav aria-label="Pages of the manual"><ul>
{list}</ul></nav>
<main id="text" tabindex="-1">
{body}</main>
</div>
</body>
</html>
"##
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
