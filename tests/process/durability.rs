//! Changes that outlive the program: it is killed, and started again on the same folder.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use rustix::process::Signal;

use crate::run;
use crate::support::http::{Http, basic, post, publish};
use crate::support::server::{DEMO, Folder, program_by};
use crate::support::{Client, Server};

/// A server whose changes are kept in the folder.
fn durable(folder: &Folder, value: &str) -> Server {
    Server::flags(&["--config", &file(folder, value)])
}

fn file(folder: &Folder, value: &str) -> String {
    let config = format!(
        "state_dir = \"state\"\ndurability = \"{value}\"\n{DEMO}\n[[node]]\nname = \"/lab/kept\"\nitems = 100\n"
    );
    let file = folder.write("callboard.toml", &config);
    file.to_str().expect("the folder of the tests has a plain name").to_owned()
}

/// Changes the state of an agent. Returns the status of the answer.
fn set_state(http: &mut Http, user: &str, state: &str) -> u16 {
    let body = format!("<User><state>{state}</state><extension>{user}</extension></User>");
    http.ask(format!(
        "PUT /finesse/api/User/{user} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Type: application/xml\r\n\
         Content-Length: {}\r\n\r\n{body}",
        basic(user, user),
        body.len()
    ))
    .status()
}

fn state(server: &Server, user: &str) -> String {
    let answer = Http::connect(server.plain).ask(format!(
        "GET /finesse/api/User/{user} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
        basic("administrator", "1234")
    ));
    let state = answer.body.split_once("<state>").and_then(|(_, rest)| rest.split_once("</state>"));
    state.unwrap_or_else(|| panic!("{answer:?}")).0.to_owned()
}

#[test]
fn what_was_acknowledged_is_there_once_after_the_program_is_killed_and_no_item_has_the_id_of_another() {
    let folder = Folder::new();
    let mut kept: Vec<(String, String)> = Vec::new();
    for round in 0..20 {
        let server = durable(&folder, "each");
        let mut http = Http::connect(server.plain);
        if round == 0 {
            assert_eq!(set_state(&mut http, "1001", "LOGIN"), 202);
        } else {
            server.wait_for_log(&["changes since"]);
            assert_eq!(state(&server, "1001"), if round % 2 == 1 { "READY" } else { "NOT_READY" });
        }
        let load = load(&server);
        let wanted = if round % 2 == 0 { "READY" } else { "NOT_READY" };
        assert_eq!(set_state(&mut http, "1001", wanted), 202);
        for nth in 0..3 {
            let payload = format!("change {nth} of round {round}.");
            kept.push((publish(&server, "/lab/kept", &payload), payload));
        }
        server.signal(Signal::KILL);
        server.ended();
        load.join().expect("no panic");
    }
    let server = durable(&folder, "each");
    let mut client = Client::online(&server, "administrator", "reader");
    let reply = client.get(
        "pubsub.localhost",
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='/lab/kept'/></pubsub>",
    );
    let items = reply.text;
    for (id, payload) in &kept {
        assert_eq!(items.matches(payload.as_str()).count(), 1, "{payload} in {items}");
        assert_eq!(
            items.matches(&format!("{id}\"")).count() + items.matches(&format!("{id}'")).count(),
            1,
            "{id} in {items}"
        );
    }
}

/// Publishes beside the test until the server is gone.
fn load(server: &Server) -> thread::JoinHandle<()> {
    let mut stream = TcpStream::connect(server.plain).expect("the server accepts connections");
    let request = format!(
        "POST /callboard/api/publish?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nAuthorization: {}\r\n\r\nload",
        basic("administrator", "1234")
    );
    thread::spawn(move || {
        let mut answer = [0; 1024];
        while stream.write_all(request.as_bytes()).is_ok()
            && stream.read(&mut answer).is_ok_and(|length| length > 0)
        {}
    })
}

#[test]
fn a_log_that_was_cut_is_read_up_to_there() {
    let folder = Folder::new();
    let server = durable(&folder, "each");
    let first = publish(&server, "/lab/kept", "first");
    server.signal(Signal::KILL);
    server.ended();
    let log = folder.path().join("state/log.1");
    let whole = fs::read(&log).expect("it is there");
    fs::write(&log, [&whole[..], &whole[..whole.len().min(9)]].concat()).expect("it is ours");
    let server = durable(&folder, "each");
    server.wait_for_log(&["the last 9 bytes of the log", "cut off"]);
    let second = publish(&server, "/lab/kept", "second");
    assert_ne!(first, second);
    let log = server.stop();
    assert!(log.contains("1 changes since: 0 users signed in, 0 messages, 1 items"), "{log}");
}

#[test]
fn a_disk_that_takes_no_more_refuses_changes_until_it_does() {
    let folder = Folder::new();
    let file = file(&folder, "each");
    // In blocks of 512 bytes: the first state has room.
    let line = "trap '' XFSZ; ulimit -S -f 64 && exec \"$0\" \"$@\"";
    let server = Server::by(program_by(line), &["--config", &file]);
    let payload = "x".repeat(4000);
    let headers = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    let refused = (0..100)
        .map(|_| post(&server, "/lab/kept", &headers, payload.as_bytes()))
        .find(|answer| answer.status() != 202);
    assert_eq!(refused.map(|answer| answer.status()), Some(503));
    server.wait_for_log(&["changes cannot be kept", "File too large"]);
    let metrics = || Http::connect(server.plain).ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").body;
    assert!(metrics().contains("\ncallboard_log_failed 1\n"), "{}", metrics());
    assert_eq!(post(&server, "/lab/kept", &headers, b"more").status(), 503);
    server.allow_files();
    server.wait_for_log(&["changes can be kept again"]);
    publish(&server, "/lab/kept", "more");
    assert!(metrics().contains("\ncallboard_log_failed 0\n"), "{}", metrics());
}

#[test]
fn a_second_server_does_not_take_the_folder_of_the_first() {
    let folder = Folder::new();
    let first = durable(&folder, "1s");
    let (code, printed, complaint) =
        run(&["serve", "--config", &file(&folder, "1s"), "--listen", "127.0.0.1:0"]);
    assert_eq!((code, printed.as_str()), (Some(1), ""), "{complaint}");
    assert!(complaint.contains("belongs to another server that runs"), "{complaint}");
    publish(&first, "/lab/kept", "of the first");
    first.stop();
    let again = durable(&folder, "1s");
    again.wait_for_log(&["1 items"]);
}
