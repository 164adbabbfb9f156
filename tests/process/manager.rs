//! What looks after the process: a service manager, the journal, a health check.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::linux::fs::MetadataExt as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{TLS, pair, run};
use crate::support::http::{Http, basic};
use crate::support::server::{DEMO, Folder, PATIENCE, program_by};
use crate::support::{Client, Server, program};

/// A service manager that is told things.
struct Manager(UnixDatagram);

impl Manager {
    fn at(address: &UnixAddr) -> Self {
        let socket = UnixDatagram::bind_addr(address).expect("the name is free");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
        Self(socket)
    }

    /// What it is told next.
    fn told(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.0.recv(&mut buffer).expect("it is told something");
        String::from_utf8(buffer[..length].to_vec()).expect("it is text")
    }

    /// What it is told next but that the server lives.
    fn told_of_change(&self) -> String {
        loop {
            let told = self.told();
            if !told.starts_with("WATCHDOG=1\n") {
                return told;
            }
        }
    }
}

#[test]
fn a_service_manager_is_told_how_the_server_stands() {
    let folder = Folder::new();
    let path = folder.path().join("notify");
    let manager = Manager::at(&UnixAddr::from_pathname(&path).expect("a short path"));
    let file = folder.write("callboard.toml", DEMO);
    let mut command = program();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let server = Server::by(command, &["--config", file.to_str().expect("a plain name")]);
    // It listens already: the lines have been printed.
    assert_eq!(manager.told(), "READY=1\nSTATUS=0 sessions; 0 events in 0 deliveries since the start");
    let _client = Client::online(&server, "1001", "desktop");
    let lives = "WATCHDOG=1\nSTATUS=1 sessions; ";
    while !manager.told().starts_with(lives) {}
    // Again and again.
    for _ in 0..3 {
        assert!(manager.told().starts_with(lives));
    }
    server.signal(Signal::HUP);
    let told = manager.told_of_change();
    let time = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("it reads its file again");
    assert!(time.parse::<u64>().is_ok_and(|time| time > 0), "{told}");
    assert!(manager.told_of_change().starts_with("READY=1\nSTATUS=1 sessions"));
    server.signal(Signal::TERM);
    assert_eq!(manager.told_of_change(), "STOPPING=1\nSTATUS=going down");
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn the_manager_may_have_a_name_that_is_no_file_and_watch_another_process() {
    let name = format!("callboard-test-{}", std::process::id());
    let manager = Manager::at(&UnixAddr::from_abstract_name(&name).expect("a short name"));
    let mut command = program();
    command.env("NOTIFY_SOCKET", format!("@{name}")).env("WATCHDOG_USEC", "100000").env("WATCHDOG_PID", "1");
    let server = Server::by(command, &[]);
    assert!(manager.told().starts_with("READY=1\n"));
    // Nobody is told what nobody waits for.
    manager.0.set_read_timeout(Some(Duration::from_millis(300))).expect("a socket has a timeout");
    assert!(manager.0.recv(&mut [0; 8]).is_err());
    server.stop();
}

#[test]
fn a_manager_that_is_not_there_is_a_warning() {
    let mut command = program();
    command.env("NOTIFY_SOCKET", "/nothing/here").env("WATCHDOG_USEC", "soon");
    let server = Server::by(command, &[]);
    server.wait_for_log(&["WARN", "NOTIFY_SOCKET=/nothing/here"]);
    Client::online(&server, "1001", "desktop");
}

#[test]
fn the_journal_gets_priorities_and_others_get_the_time() {
    let folder = Folder::new();
    for is_journal in [true, false] {
        // So few connections that every system has descriptors for them: else that would be another line.
        let config = folder.write("callboard.toml", &format!("{DEMO}\n[limits]\nconnections = 100\n"));
        let config = config.to_str().expect("a plain name");
        let path = folder.path().join("log");
        let log = File::create(&path).expect("the folder is ours");
        let meta = log.metadata().expect("it is there");
        let inode = meta.st_ino() + u64::from(!is_journal);
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--config", config])
            .env("JOURNAL_STREAM", format!("{}:{inode}", meta.st_dev()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        // From this line on it takes signals.
        let out = child.stdout.take().expect("standard output is a pipe");
        let mut out = BufReader::new(out);
        out.read_line(&mut line).expect("it is text");
        assert!(line.starts_with("listening "), "{line}");
        let pid = Pid::from_child(&child);
        folder.write("callboard.toml", "no configuration");
        kill_process(pid, Signal::HUP).expect("it runs");
        let text = || fs::read_to_string(&path).expect("it is there");
        let deadline = Instant::now() + PATIENCE;
        while !text().contains("reload: ") {
            assert!(Instant::now() < deadline, "{}", text());
            std::thread::sleep(Duration::from_millis(10));
        }
        kill_process(pid, Signal::TERM).expect("it runs");
        assert!(child.wait().expect("it ends").success());
        for line in text().lines() {
            let (priority, level) =
                if line.contains("reload: ") { ("<3>", "Z ERROR ") } else { ("<6>", "Z INFO  ") };
            assert_eq!(line.starts_with(priority), is_journal, "{line}");
            assert_eq!(line.contains(level), !is_journal, "{line}");
        }
    }
}

#[test]
fn a_health_check_asks_the_server_of_a_configuration() {
    let server = Server::demo();
    let folder = Folder::new();
    for address in [server.tls, server.plain] {
        let (code, out, err) = run(&["healthcheck", "--listen", &address.to_string()]);
        assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", ""));
    }
    let file = |listen: &str| {
        let config = DEMO.replace("\"127.0.0.1:8445\"", listen);
        folder.write("callboard.toml", &config).to_str().expect("a plain name").to_owned()
    };
    // A server that listens on every address is reached on this machine.
    for listen in [format!("\"{}\"", server.tls), format!("\"0.0.0.0:{}\"", server.tls.port())] {
        let (code, _, err) = run(&["healthcheck", "--config", &file(&listen)]);
        assert_eq!(code, Some(0), "{err}");
    }
    let silent = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let nobody: SocketAddr = silent.local_addr().expect("it is bound");
    drop(silent);
    for (words, sentence) in [
        (&["--listen", &nobody.to_string()][..], format!("{nobody} does not serve: ")),
        (&["--config", &file("\"127.0.0.1:0\"")], "is known only when the server runs".to_owned()),
        (&["--config", "/nothing"], "/nothing:1:1: ".to_owned()),
    ] {
        let (code, out, err) = run(&[&["healthcheck"][..], words].concat());
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1), "{err}");
        assert!(err.contains(&sentence), "{err}");
    }
}

#[test]
fn plain_http_on_the_tls_port_is_led_to_https() {
    let pair = pair();
    let folder = Folder::new();
    folder.write("server.pem", &pair.certificate);
    folder.write("server.key", &pair.key);
    // A name that no time, port or process id of the log contains by chance.
    let config = DEMO.replace("id = \"1001\"", "id = \"turing\"");
    let server = Server::serving_in(folder, "localhost", &format!("{config}\n{TLS}"));
    let ask = |request: &str| Http::connect(server.tls).ask(format!("{request}\r\n\r\n"));
    let answer = ask("GET /healthz HTTP/1.1\r\nHost: localhost");
    assert_eq!((answer.status(), answer.body.as_str()), (200, "ok\n"));
    let answer = ask("GET /console/?a=b HTTP/1.1\r\nHost: localhost:8445");
    assert_eq!(
        (answer.status(), answer.header("Location")),
        (307, Some("https://localhost:8445/console/?a=b"))
    );
    let login = format!("Authorization: {}", basic("turing", "1001"));
    for request in [
        format!("PUT /finesse/api/User/turing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{login}"),
        format!("POST /http-bind/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{login}"),
        "GET /ws/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket".to_owned(),
        "GET /healthz HTTP/1.1".to_owned(),
    ] {
        let answer = ask(&request);
        assert_eq!((answer.status(), answer.header("Location")), (400, None), "{request}");
    }
    // Nothing was done for them.
    let log = server.stop();
    assert!(!log.contains("turing"), "{log}");
}

#[test]
fn a_port_that_needs_a_right_is_a_sentence_that_says_how_to_get_it() {
    let start = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").expect("Linux says it");
    if start.trim() == "0" {
        // Some containers have no such ports.
        return;
    }
    let is_root = fs::metadata("/proc/self").expect("Linux has it").st_uid() == 0;
    // Root has the right, and gives it up.
    let mut command = if is_root {
        program_by(r#"exec setpriv --bounding-set=-net_bind_service "$0" "$@""#)
    } else {
        program()
    };
    let output = command.args(["serve", "--listen", "127.0.0.1:1"]).output().expect("the program starts");
    let err = String::from_utf8(output.stderr).expect("it is text");
    assert_eq!((output.status.code(), err.lines().count()), (Some(1), 1), "{err}");
    assert!(err.contains("127.0.0.1:1 ") && err.contains("setcap cap_net_bind_service=+ep"), "{err}");
}
