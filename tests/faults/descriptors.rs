//! The system gives no more descriptors: clients that are in stay in, and a new client waits until one leaves.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::server::PATIENCE;
use crate::support::{Client, Server, program_by};
use crate::witness::witnessed;

const BEGINS: &str = "no connection can be accepted now";
const OVER: &str = "connections are accepted again";

/// A server with few descriptors. Those who say nothing keep theirs for long.
fn poor() -> Server {
    let command = program_by("ulimit -n 64 && exec \"$0\" \"$@\"");
    let server = Server::by_with(command, "info", "[limits]\nlogin = \"10m\"\nping = \"10m\"\n");
    server.wait_for_log(&["gives only 64 descriptors"]);
    server
}

/// A client that asks whether the server lives, and stays.
struct Guest(TcpStream);

impl Guest {
    fn new(server: &Server) -> Self {
        let mut stream = TcpStream::connect(server.plain).expect("the system lets it wait");
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("the system keeps it");
        Self(stream)
    }

    /// Tells whether the answer has come within a moment.
    fn is_in(&mut self) -> bool {
        self.0.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout can be set");
        let mut answer = [0; 4096];
        match self.0.read(&mut answer) {
            Ok(length) => {
                assert!(answer[..length].starts_with(b"HTTP/1.1 200 "), "nobody is refused");
                true
            }
            Err(error) => {
                assert!([ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()), "{error}");
                false
            }
        }
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_in() {
            assert!(Instant::now() < deadline, "it does not come in");
        }
    }
}

fn count(server: &Server, words: &str) -> usize {
    server.log().matches(words).count()
}

/// Comes in until nobody comes in any more. Returns those who are in, and the one who waits.
fn fill(server: &Server) -> (Vec<Guest>, Guest) {
    let mut inside = Vec::new();
    loop {
        assert!(inside.len() < 64, "there is no end of descriptors");
        let mut guest = Guest::new(server);
        let deadline = Instant::now() + PATIENCE;
        while !guest.is_in() {
            if count(server, BEGINS) > 0 {
                return (inside, guest);
            }
            assert!(Instant::now() < deadline, "it does not come in, and the log does not say why");
        }
        inside.push(guest);
    }
}

#[test]
fn a_client_that_finds_no_descriptor_waits_and_the_log_says_so_once() {
    let server = poor();
    witnessed(&server, |_| {
        let (mut inside, first) = fill(&server);
        let mut waiting: Vec<Guest> =
            [first].into_iter().chain((0..9).map(|_| Guest::new(&server))).collect();
        // Long enough for some tries.
        thread::sleep(Duration::from_millis(700));
        assert!(!waiting.iter_mut().any(Guest::is_in));
        // One leaves, and the first of the others comes in.
        drop(inside.pop());
        waiting[0].wait();
        thread::sleep(Duration::from_millis(300));
        assert!(!waiting[1..].iter_mut().any(Guest::is_in));
        assert_eq!((count(&server, BEGINS), count(&server, OVER)), (1, 0), "{}", server.log());
        drop(inside);
        waiting[1..].iter_mut().for_each(Guest::wait);
        let line = server.wait_for_log(&[OVER]);
        assert!(line.contains("10 have come in"), "{line}");
        assert_eq!((count(&server, BEGINS), count(&server, OVER)), (1, 1), "{}", server.log());
    });
}

#[test]
fn a_client_that_waits_for_a_descriptor_costs_next_to_nothing() {
    let server = poor();
    let mut online = Client::online(&server, "1001", "desktop");
    let (inside, mut first) = fill(&server);
    let (started, before) = (Instant::now(), server.processor_time());
    thread::sleep(Duration::from_secs(2));
    let (passed, used) = (started.elapsed(), server.processor_time() - before);
    assert!(used < passed / 5, "{used:?} of {passed:?}");
    online.expect_nothing_more();
    drop(inside);
    first.wait();
}
