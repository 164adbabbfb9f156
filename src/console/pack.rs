//! Packs the files of the built-in page into the program. Cargo runs this before the crate is compiled.
//!
//! Every file of `src/console/page` is compressed once, here, so that nothing is compressed while it is served.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

const PAGE: &str = "src/console/page";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={PAGE}");
    println!("cargo::rerun-if-changed=src/console/pack.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?);
    let mut files: Vec<PathBuf> =
        fs::read_dir(PAGE)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    files.sort();
    let mut table = String::from("[\n");
    for file in &files {
        let name = file.file_name().and_then(OsStr::to_str).ok_or_else(|| unfit(file))?;
        let kind = kind(file).ok_or_else(|| unfit(file))?;
        let text = fs::read(file)?;
        let packed = pack(&text)?;
        let place = out.join(name);
        fs::write(&place, packed)?;
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "    Asset {{ name: {name:?}, kind: {kind:?}, tag: \"\\\"{:016x}\\\"\", packed: include_bytes!({place:?}) }},",
            fingerprint(&text),
        );
    }
    table.push_str("]\n");
    fs::write(out.join("page.rs"), table)
}

fn pack(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text)?;
    encoder.finish()
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
        _ => return None,
    })
}

fn unfit(file: &Path) -> io::Error {
    io::Error::other(format!("{} is no file of a page: html, css, js or svg", file.display()))
}
