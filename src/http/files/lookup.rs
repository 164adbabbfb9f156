//! From the path of a URL to an open file, which lies in the folder whatever the path and the links in the folder say.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

/// To go through a folder the right to list it is not needed, where the system knows the difference.
#[cfg(target_os = "linux")]
const THROUGH: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const THROUGH: OFlags = OFlags::RDONLY;

/// The thing that a path names.
pub enum Found {
    File(File, Metadata),
    Folder,
}

/// The path below the folder that the path of a URL names; `None` where there is never a file: an empty segment, one
/// that begins with a dot (hidden files, and steps up), or one with a character that no name has or that some program
/// on the way takes for a slash.
pub fn below(path: &str) -> Option<PathBuf> {
    let path = path.strip_prefix('/')?;
    if path.is_empty() {
        return Some(PathBuf::new());
    }
    path.strip_suffix('/').unwrap_or(path).split('/').map(segment).collect()
}

fn segment(text: &str) -> Option<PathBuf> {
    let name: Vec<u8> = percent_decode_str(text).collect();
    let bad = name.is_empty() || name[0] == b'.' || name.iter().any(|byte| b"\0/\\".contains(byte));
    (!bad).then(|| PathBuf::from(OsStr::from_bytes(&name)))
}

/// Opens what `below` the folder is named. Waits for the disk.
///
/// # Errors
///
/// See [`is_there`]. A link that leads out of the folder is as if there were nothing.
pub fn find(folder: &Path, below: &Path) -> io::Result<Found> {
    // Each time anew: the folder may be a link to the newest version of the pages.
    let folder = fs::canonicalize(folder)?;
    let target = fs::canonicalize(folder.join(below))?;
    let real = target.strip_prefix(&folder).map_err(|_| Errno::NOENT)?;
    if fs::metadata(&target)?.is_dir() {
        return Ok(Found::Folder);
    }
    // Step by step and without following links: there are none in this path, unless somebody has just put one there.
    // Without waiting: a pipe has no end.
    let step = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let last = step | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut place = openat(CWD, &folder, step | OFlags::DIRECTORY | THROUGH, Mode::empty())?;
    let mut steps = real.components().peekable();
    while let Some(Component::Normal(name)) = steps.next() {
        let flags = if steps.peek().is_some() { step | OFlags::DIRECTORY | THROUGH } else { last };
        place = openat(&place, name, flags, Mode::empty())?;
    }
    opened(place)
}

fn opened(place: OwnedFd) -> io::Result<Found> {
    let file = File::from(place);
    let metadata = file.metadata()?;
    // Pipes, sockets and devices are no files to be sent.
    if metadata.is_file() { Ok(Found::File(file, metadata)) } else { Err(Errno::NOENT.into()) }
}

/// Whether a file that was not opened is there and should have been. If not, the error says why for the log.
pub fn is_there(error: &io::Error) -> Result<(), &'static str> {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::NXIO) => {
            Err("not there, or outside of the folder")
        }
        Some(Errno::LOOP) => Err("a link that leads to itself"),
        Some(Errno::ACCESS | Errno::PERM) => Err("the server has not the right to read it"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_what_is_below_or_nothing() {
        for (path, named) in [
            ("/", ""),
            ("/index.html", "index.html"),
            ("/a/b/", "a/b"),
            ("/a%20b/%C3%A4.css", "a b/\u{e4}.css"),
            ("/100%", "100%"),
            ("/a..b/c.", "a..b/c."),
            ("/~/%2541", "~/%41"),
        ] {
            assert_eq!(below(path).as_deref(), Some(Path::new(named)), "{path}");
        }
        for path in [
            "",
            "*",
            "a",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/../a",
            "/a/..",
            "/a/../b",
            "/%2e%2e/a",
            "/%2E./a",
            "/.%2e",
            "/.htaccess",
            "/a/.git/config",
            "/a%2f..%2fb",
            "/a%2Fb",
            "/a%5c..%5cb",
            "/a\\b",
            "/a%00",
            "/%00",
        ] {
            assert_eq!(below(path), None, "{path}");
        }
    }
}
