//! The folder whose files are served.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smol::lock::Semaphore;

use crate::config::{Files, Origin};

/// How many files are looked up or read at the same time: a slow disk must not take all threads of the pool.
pub const READERS: usize = 4;

/// A folder that is served.
pub struct Www {
    pub folder: PathBuf,
    /// Permits to touch the disk.
    pub readers: Arc<Semaphore>,
}

impl Www {
    /// The folder of a configuration, if it names one.
    ///
    /// # Errors
    ///
    /// A line that says why the folder cannot be served.
    pub fn open(files: &Files) -> Result<Option<Self>, String> {
        let Some(www) = &files.www else {
            return Ok(None);
        };
        servable(files, &www.folder)
            .map_err(|end| files.line(www.place, &format!("www {} {end}", www.folder.display())))?;
        Ok(Some(Self { folder: www.folder.clone(), readers: Arc::new(Semaphore::new(READERS)) }))
    }
}

/// Checks a folder; the error is the end of a sentence.
fn servable(files: &Files, folder: &Path) -> Result<(), String> {
    // The dot asks for the right to go into it.
    let real = fs::canonicalize(folder).and_then(|real| fs::metadata(folder.join(".")).map(|_| real));
    let real = real.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "is not there; make the folder, or name another".to_owned(),
        io::ErrorKind::NotADirectory => "is no folder; name the one that the file is in".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    if real.parent().is_none() {
        return Err("is the whole machine; name a folder with nothing but web pages".to_owned());
    }
    let configuration = match &files.origin {
        Origin::File(file) => Some((file, "this configuration")),
        Origin::Demo => None,
    };
    let key = files.tls.as_ref().map(|tls| (&tls.key, "the private key of [tls]"));
    for (file, what) in configuration.into_iter().chain(key) {
        // A key that is not there is a problem of its own.
        if fs::canonicalize(file).is_ok_and(|file| file.starts_with(&real)) {
            return Err(format!("has {what} in it, which everybody could read; move one of the two"));
        }
    }
    Ok(())
}
