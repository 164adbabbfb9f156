//! The real program, started for a test and ended with it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};

use super::program;
use super::program::keeping_state;

/// Ends a test that hangs, and decides nothing else.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The demo configuration: the users of most tests.
pub const DEMO: &str = include_str!("../../../deploy/demo.toml");

/// The program started by a line for the shell, in which `exec "$0" "$@"` is the program with its arguments.
pub fn program_by(line: &str) -> Command {
    let mut command = keeping_state(Command::new("sh"));
    command.arg("-c").arg(line).arg(program().get_program());
    command
}

/// A folder of its own for a test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("wire-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).expect("the folder of the tests can be written to");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file that nobody else can read.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).expect("the folder of the test can be written to");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the program has written to standard error until now.
#[derive(Default)]
struct Log {
    text: Mutex<String>,
    more: Condvar,
}

/// A running server.
pub struct Server {
    child: Child,
    /// Where it speaks TLS.
    pub tls: SocketAddr,
    /// Where else it speaks TLS, if a flag has it do so.
    pub other_tls: Option<SocketAddr>,
    /// Where it does not.
    pub plain: SocketAddr,
    /// The XMPP domain.
    pub domain: String,
    out: BufReader<ChildStdout>,
    log: Arc<Log>,
    reader: Option<thread::JoinHandle<()>>,
    _folder: Option<Folder>,
}

impl Server {
    /// The embedded demo.
    pub fn demo() -> Self {
        Self::flags(&[])
    }

    /// The demo with something added at its end, such as `[limits]`.
    pub fn with(more: &str) -> Self {
        Self::serving("localhost", &format!("{DEMO}\n{more}"))
    }

    /// Starts a server with less in the log, for a test with much traffic.
    pub fn with_log(level: &str, more: &str) -> Self {
        Self::by_with(program(), level, more)
    }

    /// Starts a server by another command.
    pub fn by_with(command: Command, level: &str, more: &str) -> Self {
        Self::configured(command, level, Folder::new(), "localhost", &format!("{DEMO}\n{more}"))
    }

    /// A configuration of the test's own.
    pub fn serving(domain: &str, config: &str) -> Self {
        Self::serving_in(Folder::new(), domain, config)
    }

    /// A configuration that names files of a folder.
    pub fn serving_in(folder: Folder, domain: &str, config: &str) -> Self {
        Self::serving_with_log("trace", folder, domain, config)
    }

    /// Starts a server of that folder with less in the log.
    pub fn serving_with_log(level: &str, folder: Folder, domain: &str, config: &str) -> Self {
        Self::configured(program(), level, folder, domain, config)
    }

    /// The embedded demo with more flags.
    pub fn flags(flags: &[&str]) -> Self {
        Self::by(program(), flags)
    }

    /// Starts a server by another command, such as with a variable in its environment.
    pub fn by(command: Command, flags: &[&str]) -> Self {
        Self::start(command, "trace", flags, "localhost", None)
    }

    fn configured(command: Command, level: &str, folder: Folder, domain: &str, config: &str) -> Self {
        let file = folder.write("callboard.toml", config);
        let file = file.to_str().expect("the folder of the tests has a plain name");
        Self::start(command, level, &["--config", file], domain, Some(folder))
    }

    fn start(
        mut command: Command,
        log: &str,
        arguments: &[&str],
        domain: &str,
        folder: Option<Folder>,
    ) -> Self {
        let mut child = command
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--listen-plain", "127.0.0.1:0", "--log", log])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Log::default());
        let mut err = BufReader::new(child.stderr.take().expect("standard error is a pipe"));
        let reader = thread::spawn({
            let log = log.clone();
            move || {
                let mut line = Vec::new();
                while err.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                    let mut text = log.text.lock().expect("no reader panics");
                    text.push_str(&String::from_utf8_lossy(&line));
                    log.more.notify_all();
                    line.clear();
                }
            }
        });
        let out = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        let mut server = Self {
            child,
            tls: ([127, 0, 0, 1], 0).into(),
            other_tls: None,
            plain: ([127, 0, 0, 1], 0).into(),
            domain: domain.to_owned(),
            out,
            log,
            reader: Some(reader),
            _folder: folder,
        };
        let address = |line: &str, start: &str| {
            line.strip_prefix(start)
                .and_then(|address| address.parse().ok())
                .unwrap_or_else(|| panic!("{line:?} in place of {start}ADDRESS:PORT"))
        };
        server.tls = address(&server.printed(), "listening https://");
        let mut next = server.printed();
        if next.starts_with("listening https://") {
            server.other_tls = Some(address(&next, "listening https://"));
            next = server.printed();
        }
        server.plain = address(&next, "listening http://");
        server
    }

    /// The next line on standard output.
    pub fn printed(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("standard output is text");
        assert!(line.ends_with('\n'), "no more lines are printed; {}", self.log());
        line.pop();
        line
    }

    /// Reads what the program still writes to standard output before it ends.
    pub fn printed_to_the_end(&mut self) -> String {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("standard output is text");
        rest
    }

    /// What it has logged until now.
    pub fn log(&self) -> String {
        self.log.text.lock().expect("no reader panics").clone()
    }

    /// Waits for a line in the log that has all of these words.
    pub fn wait_for_log(&self, words: &[&str]) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut text = self.log.text.lock().expect("no reader panics");
        loop {
            let line = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
            if let Some(line) = line {
                return line.to_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{words:?} was not logged:\n{text}");
            text = self.log.more.wait_timeout(text, left).expect("no reader panics").0;
        }
    }

    /// The most memory it has had until now, in KiB (proc(5)).
    pub fn peak_memory(&self) -> usize {
        self.memory("VmHWM:")
    }

    /// The memory it has now, in KiB, without the pages of the program itself.
    pub fn own_memory(&self) -> usize {
        self.memory("RssAnon:")
    }

    fn memory(&self, name: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux says it");
        line.trim_end_matches("kB").trim().parse().expect("a number")
    }

    /// What the system lets it have (proc(5)).
    pub fn system_limits(&self) -> String {
        fs::read_to_string(format!("/proc/{}/limits", self.child.id())).expect("it runs")
    }

    /// Its files may be as long as they like from now on.
    pub fn allow_files(&self) {
        let pid = Pid::from_child(&self.child);
        // It has the hard limit of the tests.
        let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: maximum, maximum })
            .expect("the program is our child");
    }

    /// From now on the system gives it that much more memory at the most, in KiB: too little for the stack of another thread,
    /// say.
    pub fn limit_memory(&self, more: u64) {
        let pid = Pid::from_child(&self.child);
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("Linux says it");
        let now: u64 = line.trim_end_matches("kB").trim().parse().expect("a number");
        let bound = Some(1024 * (now + more));
        prlimit(Some(pid), Resource::As, Rlimit { current: bound, maximum: bound })
            .expect("the program is our child");
    }

    /// How many descriptors it has open now (proc(5)).
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs").count()
    }

    /// The processor's time that it has used until now (proc(5), in ticks of a hundredth of a second).
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        // Its name may have blanks in it.
        let (_, after_name) = stat.rsplit_once(") ").expect("Linux says its name");
        let ticks =
            after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
        Duration::from_millis(10 * ticks.sum::<u64>())
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the program is our child");
    }

    /// Waits for its end. Returns the exit code and the whole log.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        let code = loop {
            match self.child.try_wait().expect("the program is our child") {
                Some(status) => break status.code(),
                None => assert!(Instant::now() < deadline, "it does not end:\n{}", self.log()),
            }
            thread::sleep(Duration::from_millis(5));
        };
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("standard output is text");
        self.reader.take().map(thread::JoinHandle::join);
        (code, self.log())
    }

    /// Ends it in order. Returns the whole log.
    pub fn stop(self) -> String {
        self.signal(Signal::TERM);
        let (code, log) = self.ended();
        assert_eq!(code, Some(0), "{log}");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.reader.is_some() && self.child.try_wait().is_ok_and(|status| status.is_some());
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.reader.take().map(thread::JoinHandle::join);
        // Whatever was sent to it, it goes on.
        if !thread::panicking() {
            assert!(!ended, "the server ended by itself:\n{}", self.log());
        }
    }
}
