//! `callboard watch` and `callboard publish` against a running server.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::probe::url;
use crate::run;
use crate::support::http::{own, publish};
use crate::support::server::Folder;
use crate::support::{Server, program, tcp};

/// The words by which a command logs in at an address.
fn login<'a>(url: &'a str, user: &'a str, password: &'a str) -> [&'a str; 8] {
    ["--url", url, "--user", user, "--password-file", password, "--domain", "localhost"]
}

fn password(folder: &Folder, user: &str) -> String {
    let text = if user == "administrator" { "1234" } else { user };
    let file = folder.write(user, &format!("{text}\n"));
    file.to_str().expect("the folder of the tests has a plain name").to_owned()
}

/// A `callboard watch` that is watching.
struct Watcher {
    child: Child,
    out: BufReader<ChildStdout>,
    complaints: BufReader<ChildStderr>,
}

impl Watcher {
    fn begin(words: &[&str]) -> Self {
        let mut command = program();
        command.arg("watch").args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let complaints = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut watcher = Self { child, out, complaints };
        watcher.complaint_with("watching");
        watcher
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("output is UTF-8");
        line
    }

    /// The next line on standard error with a word in it, and all before.
    fn complaint_with(&mut self, word: &str) -> String {
        let mut text = String::new();
        while !text.contains(word) {
            let read = self.complaints.read_line(&mut text).expect("output is UTF-8");
            assert!(read > 0, "it ended without {word:?}: {text}");
        }
        text
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has an id");
        kill_process(pid, signal).expect("it still runs");
    }

    /// The exit code, and what it has printed and complained since.
    fn ended(mut self) -> (Option<i32>, String, String) {
        let code = self.child.wait().expect("it ends").code();
        let (mut out, mut complaints) = (String::new(), String::new());
        self.out.read_to_string(&mut out).expect("output is UTF-8");
        self.complaints.read_to_string(&mut complaints).expect("output is UTF-8");
        (code, out, complaints)
    }
}

impl Drop for Watcher {
    /// A test that has failed leaves no command behind that connects again for ever.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_one_command_publishes_another_prints_as_it_comes_over_any_transport() {
    let (server, ports) = tcp::serving("", "");
    let folder = Folder::new();
    let password = password(&folder, "administrator");
    for (scheme, address) in [
        ("ws", server.plain),
        ("wss", server.tls),
        ("http", server.plain),
        ("https", server.tls),
        ("xmpp", ports.plain),
        ("xmpps", ports.tls),
    ] {
        let url = url(scheme, address);
        let login = [&login(&url, "administrator", &password)[..], &["--insecure"]].concat();
        let mut watcher = Watcher::begin(&[&login[..], &["--count", "2", "/lab/alarms"]].concat());
        let (code, item, complained) =
            run(&[&["publish"], &login[..], &["/lab/alarms", "<a>1 & 2</a>\r\n\u{9b}2J\u{202e}\u{2066}"]]
                .concat());
        assert_eq!((code, &*complained), (Some(0), ""), "{scheme}");
        assert!(item.trim().len() > 3 && item.ends_with('\n'), "{item}");
        // The event is there before there is another one. What a terminal would take for a command, or would turn the line round, is
        // not printed.
        assert_eq!(watcher.line(), "/lab/alarms <a>1 & 2</a>  \u{fffd}2J\u{fffd}\u{fffd}\n", "{scheme}");
        publish(&server, "/lab/alarms", "second");
        let (code, printed, complained) = watcher.ended();
        assert_eq!((code, &*printed, &*complained), (Some(0), "/lab/alarms second\n", ""), "{scheme}");
    }
    assert!(!server.log().contains("panicked"));
}

#[test]
fn events_are_objects_in_json_and_an_element_travels_as_it_is() {
    let server = Server::demo();
    let folder = Folder::new();
    let password = password(&folder, "administrator");
    let url = url("ws", server.plain);
    let login = login(&url, "administrator", &password);
    let mut watcher = Watcher::begin(&[&login[..], &["--json", "/lab/*"]].concat());
    let file = folder
        .write("payload.xml", "<?xml version='1.0'?>\n<x xmlns='urn:x'><y>\u{9b}\u{202e}\u{2067}</y></x>\n");
    let file = file.to_str().expect("the folder of the tests has a plain name");
    let (code, item, complained) =
        run(&[&["publish"], &login[..], &["/lab/alarms", "--xml", "--file", file]].concat());
    assert_eq!((code, &*complained), (Some(0), ""));
    let line = watcher.line();
    let (time, rest) = line.split_once(",\"node\"").expect("an object");
    assert!(time.starts_with("{\"time\":\"20") && time.ends_with("Z\""), "{line}");
    let item = item.trim();
    assert_eq!(
        rest,
        format!(
            ":\"/lab/alarms\",\"event\":\"item\",\"item\":\"{item}\",\"payload\":\"<x xmlns=\\\"urn:x\\\"><y>\\u009b\\u202e\\u2067</y></x>\"}}\n"
        )
    );
    watcher.signal(Signal::TERM);
    assert_eq!(watcher.ended().0, Some(0));
    server.wait_for_log(&["<unsubscribe node='/lab/alarms' jid='administrator@localhost/callboard-watch'"]);
    let log = server.log();
    assert!(!log.contains("jid='administrator@localhost'"), "a subscription by bare JID would stay: {log}");
}

#[test]
fn without_nodes_all_are_watched_that_the_user_may_see() {
    let server = Server::demo();
    let folder = Folder::new();
    let own_password = password(&folder, "1001");
    let url = url("ws", server.plain);
    let mut watcher = Watcher::begin(&login(&url, "1001", &own_password));
    publish(&server, "/finesse/api/User/1001", "mine");
    assert_eq!(watcher.line(), "/finesse/api/User/1001 mine\n");
    publish(&server, "/finesse/api/User/1001/Dialogs", "my calls");
    assert_eq!(watcher.line(), "/finesse/api/User/1001/Dialogs my calls\n");
    watcher.signal(Signal::INT);
    let (code, printed, complained) = watcher.ended();
    assert_eq!((code, &*printed, &*complained), (Some(0), "", ""));
}

#[test]
fn events_that_do_not_come_are_a_failure_if_they_are_counted() {
    let server = Server::demo();
    let folder = Folder::new();
    let password = password(&folder, "1001");
    let url = url("ws", server.plain);
    let login = login(&url, "1001", &password);
    let node = "/finesse/api/User/1001";
    let (code, _, complained) =
        run(&[&["watch"], &login[..], &["--for", "1", "--count", "2", node]].concat());
    assert_eq!(
        (code, &*complained),
        (Some(1), "callboard: watching 1 node\ncallboard: 0 of 2 events have come\n")
    );
    let (code, ..) = run(&[&["watch"], &login[..], &["--for", "1", node]].concat());
    assert_eq!(code, Some(0));
}

#[test]
fn a_connection_that_ends_is_made_again_if_the_user_wants_it() {
    let server = Server::demo();
    let folder = Folder::new();
    let own_password = password(&folder, "1001");
    let url = url("ws", server.plain);
    let node = "/finesse/api/User/1001";
    let close = || {
        let sessions = own(&server, "administrator", "GET", "sessions").body;
        let id =
            sessions.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a session");
        assert_eq!(
            own(&server, "administrator", "DELETE", &format!("sessions/{id}")).status(),
            204,
            "{sessions}"
        );
    };
    let words = [&login(&url, "1001", &own_password)[..], &["--count", "2", node]].concat();
    let mut watcher = Watcher::begin(&[&words[..], &["--retry", "1"]].concat());
    publish(&server, node, "first");
    assert_eq!(watcher.line(), format!("{node} first\n"));
    close();
    let complaint = watcher.complaint_with("watching");
    assert!(complaint.contains("failed closed at"), "{complaint}");
    publish(&server, node, "second");
    assert_eq!(watcher.line(), format!("{node} second\n"));
    assert_eq!(watcher.ended().0, Some(0));
    // Without the flag the command ends with it, and says what was seen.
    let watcher = Watcher::begin(&words);
    close();
    let (code, _, complained) = watcher.ended();
    assert_eq!(code, Some(1), "{complained}");
    assert!(complained.contains("(closed)") && complained.contains("Check: "), "{complained}");
}

#[test]
fn what_cannot_be_done_is_told_with_its_exit_code() {
    let server = Server::demo();
    let folder = Folder::new();
    let (own_password, wrong) = (password(&folder, "1001"), folder.write("wrong", "wrong\n"));
    let plain = url("ws", server.plain);
    let secure = url("wss", server.tls);
    let agent = login(&plain, "1001", &own_password);
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port");
    let nobody = url("ws", free);
    let wrong = wrong.to_str().expect("the folder of the tests has a plain name");
    let long = folder.write("long", "");
    let file = std::fs::File::options().write(true).open(&long);
    file.and_then(|file| file.set_len((16 << 20) + 1)).expect("a file without blocks");
    let long = long.to_str().expect("the folder of the tests has a plain name");
    for (words, code, sentence) in [
        (
            [&["publish"], &agent[..], &["/lab/alarms", "x"]].concat(),
            1,
            "/lab/alarms: forbidden: You may not publish to this node.",
        ),
        (
            [&["publish"], &agent[..], &["/no/such", "x"]].concat(),
            1,
            "/no/such: item-not-found: There is no such node.",
        ),
        (
            [&["publish"], &agent[..], &["/lab/alarms"]].concat(),
            2,
            "say what to publish: a text behind the node, or --file FILE",
        ),
        ([&["publish"], &agent[..], &["/lab/alarms", "x", "--file", "/x"]].concat(), 2, "not both"),
        (
            [&["publish"], &agent[..], &["/lab/alarms", "--file", "/no/such"]].concat(),
            1,
            "/no/such: No such file",
        ),
        (
            [&["publish"], &agent[..], &["/lab/alarms", "--file", long]].concat(),
            1,
            "/long: it is longer than 16 MiB",
        ),
        ([&["publish"], &agent[..], &["/lab/alarms", "x", "--xml"]].concat(), 1, "one element of XML"),
        (
            [&["publish"], &agent[..], &["/lab/alarms", "\u{1}"]].concat(),
            1,
            "a character that XML cannot carry",
        ),
        ([&["watch"], &agent[..], &["/no/such"]].concat(), 1, "/no/such: item-not-found"),
        ([&["watch"], &agent[..], &["/no/*"]].concat(), 1, "there is no node to watch"),
        ([&["watch"], &login(&nobody, "1001", &own_password)[..]].concat(), 75, "(refused)"),
        // A time that is over without a connection is none in which events were watched.
        (
            [&["watch"], &login(&nobody, "1001", &own_password)[..], &["--for", "1", "--retry", "1"]]
                .concat(),
            75,
            "(refused)",
        ),
        ([&["publish"], &login(&nobody, "1001", &own_password)[..], &["/a", "x"]].concat(), 75, "(refused)"),
        // A password goes to nobody who is not trusted, and one that is refused is not tried again.
        ([&["watch"], &login(&secure, "1001", &own_password)[..]].concat(), 1, "(password-kept)"),
        ([&["watch"], &login(&plain, "1001", wrong)[..], &["--retry", "1"]].concat(), 1, "(not-authorized)"),
        (vec!["watch"], 2, "--user"),
        ([&["watch"], &agent[..], &["--count", "0"]].concat(), 2, "no number from 1 to"),
    ] {
        let (ended, printed, complained) = run(&words);
        assert_eq!((ended, &*printed), (Some(code), ""), "{words:?}: {complained}");
        assert!(complained.contains(sentence), "{words:?}: {complained}");
    }
    assert_eq!(server.log().matches("login of 1001 refused").count(), 1, "{}", server.log());
}
