//! A `redis-server` of a test's own.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server with a folder and a port of its own; both are gone with it.
pub struct Redis {
    pub port: u16,
    pub folder: PathBuf,
    arguments: Vec<String>,
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Redis {
    /// Starts it with arguments of `redis-server`, separated by spaces.
    pub fn start(arguments: &str) -> Self {
        let port = free_port();
        let folder = folder();
        let mut given: Vec<String> =
            ["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]
                .map(str::to_owned)
                .to_vec();
        given.push(folder.display().to_string());
        given.extend(arguments.split_whitespace().map(str::to_owned));
        let (child, output) = spawn(&given);
        Self { port, folder, arguments: given, child, output }
    }

    /// Kills it by SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.output.read_to_end(&mut Vec::new());
    }

    /// Starts it again, with what it had in its folder.
    pub fn start_again(&mut self) {
        (self.child, self.output) = spawn(&self.arguments);
    }

    /// Asks it by `redis-cli` as `default`.
    pub fn ask(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli").arg("-p").arg(self.port.to_string()).args(command).output();
        let output = output.expect("redis-cli is in the package redis-tools");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts a server, and waits until it takes connections.
fn spawn(arguments: &[String]) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new("redis-server")
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server is in Debian's package of that name");
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut log = String::new();
    while !log.contains("Ready to accept connections") {
        assert!(output.read_line(&mut log).expect("it writes text") > 0, "it has ended: {log}");
    }
    (child, output)
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
    listener.local_addr().expect("it is bound").port()
}

fn folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("callboard-cluster-{}-{next}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}
