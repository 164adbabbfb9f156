//! Packs the files of the built-in page into the program. Cargo runs this before the crate is compiled.
//!
//! Every file in the folders of `src/console/page` is compressed here, so that nothing is compressed while it is served. Pages
//! get the lines of `head.html`, which all of them have.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::{env, fs};

use zopfli::{Format, Options};

#[cfg(feature = "manual")]
mod manual;
#[cfg(feature = "manual")]
mod openapi;
mod symptoms;

const PAGE: &str = "src/console/page";

/// The line of a page where those of `head.html` stand.
const HEAD: &str = "  <!-- head.html -->\n";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={PAGE}");
    println!("cargo::rerun-if-changed=src/console/pack.rs");
    println!("cargo::rerun-if-changed=src/console/head.html");
    println!("cargo::rerun-if-changed=src/console/symptoms.rs");
    println!("cargo::rerun-if-changed={}", symptoms::FILE);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?);
    let symptoms = symptoms::read()?;
    fs::write(out.join("symptoms"), pack(symptoms::table(&symptoms)?.as_bytes())?)?;
    let mut files = page()?;
    files.push(("shared/symptoms.words.js".to_owned(), symptoms::words(&symptoms).into_bytes()));
    #[cfg(feature = "manual")]
    files.extend(manual::files()?);
    #[cfg(feature = "manual")]
    files.extend(openapi::files()?);
    files.sort();
    let mut table = String::from("[\n");
    for (name, text) in &files {
        let kind = kind(Path::new(name)).ok_or_else(|| unfit(Path::new(name)))?;
        // Folders stay apart: two of them may have files of one name.
        let place = out.join(name.replace('/', "+"));
        fs::write(&place, pack(text)?)?;
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "    Asset {{ name: {name:?}, kind: {kind:?}, tag: \"\\\"{:016x}\\\"\", packed: include_bytes!({place:?}) }},",
            fingerprint(text),
        );
    }
    table.push_str("]\n");
    fs::write(out.join("page.rs"), table)
}

/// Reads all files of the page. Returns path below `/console/` and content of each.
fn page() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut paths = Vec::new();
    find(Path::new(PAGE), &mut paths)?;
    let mut files = Vec::new();
    for path in &paths {
        let name = name(path).ok_or_else(|| unfit(path))?;
        let has_manual = cfg!(feature = "manual");
        let is_left_out = match name.split('/').next() {
            Some("manual") => !has_manual,
            Some("desktop" | "tunnel") => !cfg!(feature = "gadgets"),
            Some("faults") => !cfg!(feature = "lab"),
            Some("wire") => name.starts_with("wire/follow/") && !cfg!(feature = "lab"),
            _ => false,
        };
        if is_left_out {
            continue;
        }
        let mut text = fs::read(path)?;
        if name.ends_with(".html") {
            // The container is served beside `/console/`, and the others below it.
            let root = if name.starts_with("desktop/") { "../console/" } else { "./" };
            let page = String::from_utf8_lossy(&text).replace(HEAD, &head(root));
            // By the links the page knows that there is a manual, a view of faults, and that sessions can be followed.
            let is_lab = |line: &str| line.contains("./faults/") || line.contains("./wire/follow/");
            let kept = page.split_inclusive('\n').filter(|line| {
                (has_manual || !line.contains("rel=\"help\"")) && (cfg!(feature = "lab") || !is_lab(line))
            });
            text = kept.collect::<String>().into_bytes();
        }
        if name.ends_with(".js") || name.ends_with(".css") {
            let short = without_comments(&String::from_utf8_lossy(&text));
            let problem =
                || io::Error::other(format!("{name}: a comment or a template does not end with its line"));
            text = short.ok_or_else(problem)?.into_bytes();
        }
        files.push((name, text));
    }
    Ok(files)
}

/// The lines of the head that all pages have; `root` leads to `/console/`.
fn head(root: &str) -> String {
    include_str!("head.html").replace("{root}", root)
}

/// Leaves out comments that have lines of their own, an eighth of what is packed, and how lines are indented. The lines stay, so that a browser's tools name
/// those of the source. `None`: something stands behind the end of such a comment, or the file ends in one or in a template.
fn without_comments(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    let (mut in_comment, mut in_template) = (false, false);
    for line in text.lines() {
        let trimmed = line.trim();
        in_comment |= !in_template && trimmed.starts_with("/*");
        if in_comment {
            if let Some((_, behind)) = trimmed.split_once("*/") {
                in_comment = false;
                if !behind.is_empty() {
                    return None;
                }
            }
        } else if in_template || !trimmed.starts_with("//") {
            // A browser needs no white space at the ends of a line, except in a template.
            let ends_in_template = in_template != (line.matches('`').count() % 2 == 1);
            kept.push_str(match (in_template, ends_in_template) {
                (false, false) => trimmed,
                (false, true) => line.trim_start(),
                (true, _) => line,
            });
            in_template ^= line.matches('`').count() % 2 == 1;
        }
        kept.push('\n');
    }
    (!in_comment && !in_template).then_some(kept)
}

/// Finds the files of a folder and of the folders in it.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// The path of a file below the page, with `/` on every system: what stands behind `/console/` in its URL.
fn name(file: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = file.strip_prefix(PAGE).ok()?.iter().map(OsStr::to_str).collect();
    Some(parts?.join("/"))
}

fn pack(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let mut options = Options::default();
    // A build for tests is made often, and may be larger.
    if env::var_os("PROFILE").is_some_and(|profile| profile == "debug") {
        options.iteration_count = NonZeroU64::MIN;
        options.maximum_block_splits = 1;
    }
    zopfli::compress(options, Format::Gzip, text, &mut packed)?;
    Ok(packed)
}

/// A number that tells one version of a file from another.
fn fingerprint(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The value of Content-Type.
fn kind(file: &Path) -> Option<&'static str> {
    Some(match file.extension()?.to_str()? {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "conf" | "cfg" => "text/plain; charset=utf-8",
        // RFC 9512.
        "yaml" => "application/yaml",
        _ => return None,
    })
}

fn unfit(file: &Path) -> io::Error {
    io::Error::other(format!(
        "{} is no file of a page: html, css, js, svg, yaml, conf or cfg",
        file.display()
    ))
}
