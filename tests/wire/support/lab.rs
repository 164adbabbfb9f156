//! A configuration that changes while the server runs.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Server;
use super::server::{DEMO, Folder, PATIENCE};

/// A server whose file a test can change.
pub struct Lab {
    pub server: Server,
    pub file: PathBuf,
}

impl Lab {
    /// A lab with the demo.
    pub fn new() -> Self {
        Self::with_log("trace", DEMO)
    }

    /// A lab with that file, and less in the log.
    pub fn with_log(level: &str, config: &str) -> Self {
        let folder = Folder::new();
        let file = folder.path().join("callboard.toml");
        Self { server: Server::serving_with_log(level, folder, "localhost", config), file }
    }

    /// Another file, which is good. Returns what the log says of it.
    #[track_caller]
    pub fn reload(&self, config: &str) -> String {
        let before = self.reloads().len();
        self.hang_up(config);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.reloads().get(before) {
                Some(line) => return line.clone(),
                None => assert!(Instant::now() < deadline, "{}", self.server.log()),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What the log says of each good file that was read.
    pub fn reloads(&self) -> Vec<String> {
        let log = self.server.log();
        log.lines().filter(|line| line.ends_with(" nodes taken away")).map(str::to_owned).collect()
    }

    /// Another file, whatever it is.
    pub fn hang_up(&self, config: &str) {
        fs::write(&self.file, config).expect("the file is ours");
        self.server.signal(Signal::HUP);
    }
}

/// The demo without the section that begins with this line and the one after it.
pub fn without(config: &str, first: &str, second: &str) -> String {
    let start = config.find(&format!("{first}\n{second}\n")).expect("it stands there");
    let end = config[start + 1..].find("\n[").map_or(config.len(), |end| start + 1 + end + 1);
    format!("{}{}", &config[..start], &config[end..])
}

/// The demo without that user.
pub fn without_user(id: &str) -> String {
    without(DEMO, "[[user]]", &format!("id = \"{id}\""))
}
