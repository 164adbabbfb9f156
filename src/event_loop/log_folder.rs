//! The files of a log: `state.N`, and `log.N` with the changes since that state. A state takes the place of the files before it.
//!
//! A state is written beside, and gets its name when all of it is on the disk: nobody ever reads a part of one. A log is only ever
//! appended to, so that all it can have is too little or, behind what was synced, something else.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::hub::Batch;

/// The file that a server locks for as long as it has the folder.
const LOCK: &str = "state.lock";

/// A state that is being written.
const BESIDE: &str = "state.tmp";

/// The folder of a server, which no other one has.
pub struct Folder {
    path: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
    /// The number of the newest state.
    number: u64,
    log: Option<File>,
}

/// A state and its log, as a folder has them.
pub struct Found {
    /// The name of the file, for people.
    pub name: String,
    pub state: Vec<u8>,
    pub log: Vec<u8>,
}

impl Folder {
    /// Takes a folder, and makes it with the mode 0700 if it is not there.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence that begins with the name of the folder.
    pub fn open(path: &Path) -> Result<Self, String> {
        let unusable = |error: io::Error| format!("cannot be used: {error}");
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let lock = file(true).open(path.join(LOCK)).map_err(unusable)?;
        // A file system without locks keeps no server from starting.
        if flock(&lock, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
            return Err("belongs to another server that runs; give each its own state_dir".to_owned());
        }
        Ok(Self { path: path.to_owned(), _lock: lock, number: 0, log: None })
    }

    /// Reads the newest state and its log; `None`: there is none.
    ///
    /// # Errors
    ///
    /// Returns the end of a sentence that begins with the name of the folder.
    pub fn read(&mut self) -> Result<Option<Found>, String> {
        let unreadable = |error: io::Error| format!("cannot be read: {error}");
        let numbers = self.numbers().map_err(unreadable)?;
        let Some(number) = numbers.into_iter().max() else { return Ok(None) };
        self.number = number;
        let state = fs::read(self.file("state", number)).map_err(unreadable)?;
        let log = match fs::read(self.file("log", number)) {
            // The power failed between the two.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(unreadable)?,
        };
        Ok(Some(Found { name: self.file("state", number).display().to_string(), state, log }))
    }

    /// Puts the newest state and its log aside: they cannot be used.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn put_aside(&self) -> io::Result<()> {
        for kind in ["state", "log"] {
            let path = self.file(kind, self.number);
            if path.exists() {
                fs::rename(&path, self.path.join(format!("{kind}.{}.unusable", self.number)))?;
            }
        }
        Ok(())
    }

    /// Writes what has been given out, and returns when it is on the disk.
    ///
    /// # Errors
    ///
    /// Returns what the system says; then only a state can be written next, as a log may have a part of the records.
    pub fn write(&mut self, batch: &Batch) -> io::Result<()> {
        let Some(state) = &batch.state else {
            let log = self.log.as_mut().ok_or(io::ErrorKind::NotFound)?;
            log.write_all(&batch.records)?;
            return log.sync_data();
        };
        let beside = self.path.join(BESIDE);
        let mut written = file(false).truncate(true).open(&beside)?;
        written.write_all(state)?;
        written.sync_all()?;
        let number = self.number + 1;
        let log = file(false).truncate(true).open(self.file("log", number))?;
        fs::rename(&beside, self.file("state", number))?;
        File::open(&self.path)?.sync_all()?;
        (self.number, self.log) = (number, Some(log));
        for old in self.numbers()?.into_iter().filter(|old| *old < number) {
            // The state last: by its name both are found if the program ends in between.
            match fs::remove_file(self.file("log", old)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::remove_file(self.file("state", old))?;
        }
        Ok(())
    }

    /// The numbers of the states that are there.
    fn numbers(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("state."));
            numbers.extend(number.and_then(crate::text::number::<u64>));
        }
        Ok(numbers)
    }

    fn file(&self, kind: &str, number: u64) -> PathBuf {
        self.path.join(format!("{kind}.{number}"))
    }
}

/// How the files are opened: others may not read them.
fn file(keeps: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(!keeps).mode(0o600);
    options
}
