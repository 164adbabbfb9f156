//! Signals while much is going on.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::process::Signal;

use crate::late::{LIMITS, Late};
use crate::login::{connect, log_in};
use crate::support::http::Http;
use crate::support::lab::{Lab, without};
use crate::support::polite::{Polite, Security};
use crate::support::rest::put_state;
use crate::support::server::{DEMO, PATIENCE};
use crate::support::sse::{Stream, Told};
use crate::support::{Client, Raw, Server, Session};
use crate::witness::{TEAM, publication, witnessed};

/// How often the configuration is read again.
const RELOADS: usize = 20;

/// The user who is removed at times.
const SOMETIMES: &str = "1005";

#[test]
fn reloads_in_full_swing_cost_nobody_anything_but_who_is_removed() {
    // A removed user has no right password: all from its address would have to wait in the end.
    let all = format!("{DEMO}\n{LIMITS}address_attempts = 0\n");
    let lab = Lab::with_log("info", &all);
    let server = &lab.server;
    let new = "[[user]]\nid = \"2001\"\npassword = \"2001\"\nteam = \"2\"\n";
    let without = without(&all, "[[user]]", &format!("id = \"{SOMETIMES}\""));
    let configs = [all, without].into_iter().flat_map(|config| [format!("{config}\n{new}"), config]);
    let configs: Vec<String> = configs.collect();
    witnessed(server, |_| {
        let mut late = Late::new(server, "1003");
        let over = AtomicBool::new(false);
        let rounds = AtomicUsize::new(0);
        let again_and_again = |work: &dyn Fn()| {
            while !over.load(Ordering::Relaxed) {
                work();
                rounds.fetch_add(1, Ordering::Relaxed);
            }
        };
        thread::scope(|scope| {
            // Those who stay in every configuration come and go as they like.
            for user in ["1001", "1002"] {
                scope.spawn(move || {
                    again_and_again(&|| Client::online(server, user, "desktop").leave());
                });
            }
            scope.spawn(|| {
                again_and_again(&|| {
                    for body in ["<state>LOGIN</state><extension>1004</extension>", "<state>LOGOUT</state>"] {
                        assert_eq!(put_state(server, "1004", "1004", body).status(), 202);
                    }
                });
            });
            // The one who is removed at times is let in or not, and may be cut off.
            scope.spawn(|| {
                again_and_again(&|| {
                    smol::block_on(async {
                        if let Ok(mut stream) = connect(server.plain, false).await {
                            let _ = log_in(&mut *stream, SOMETIMES, "desktop").await;
                        }
                    });
                });
            });
            for n in 0..RELOADS {
                let before = rounds.load(Ordering::Relaxed);
                lab.reload(&configs[n % configs.len()]);
                while rounds.load(Ordering::Relaxed) < before + 5 {
                    thread::yield_now();
                }
            }
            over.store(true, Ordering::Relaxed);
        });
        // What waited all the time is still there.
        late.catch_up().expect_nothing_more();
    });
    let removed = lab.reloads().iter().filter(|line| !line.contains(" 0 removed)")).count();
    assert!(removed >= RELOADS / 2, "somebody is removed in each second one: {:?}", lab.reloads());
}

/// How many events each series has to have before the end, at the least.
const ENOUGH: usize = 100;

/// Publishes numbered events, each on a connection of its own, until the server does not take them any more. `acknowledged`
/// tells how many it has taken.
fn publish_to_the_end(server: &Server, series: usize, acknowledged: &AtomicUsize) {
    loop {
        let number = acknowledged.load(Ordering::SeqCst);
        let Ok(mut stream) = TcpStream::connect(server.plain) else { return };
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        let request = publication(TEAM, &format!("event-{series}-{number}"));
        let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        if stream.write_all(request.as_bytes()).is_err()
            || !Http::over(stream).rest().starts_with("HTTP/1.1 202 ")
        {
            return;
        }
        acknowledged.store(number + 1, Ordering::SeqCst);
    }
}

/// What one witness got: of each series the number of its events, which come in order.
#[derive(Default)]
struct Got(HashMap<usize, usize>);

impl Got {
    /// Takes an event. Returns false for anything else.
    fn take(&mut self, text: &str) -> bool {
        let Some((_, event)) = text.split_once("event-") else { return false };
        let mut numbers = event.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
        let (Some(Some(series)), Some(Some(number))) = (numbers.next(), numbers.next()) else { return false };
        let next: &mut usize = self.0.entry(series).or_default();
        assert_eq!(*next, number, "of series {series}");
        *next += 1;
        true
    }
}

#[test]
fn the_end_in_full_swing_comes_after_everything_that_was_acknowledged() {
    let server = Server::with_log("info", LIMITS);
    let over = |session: &mut Client, got: &mut Got| {
        let error = loop {
            let text = session.text();
            if !got.take(&text) {
                break text;
            }
        };
        assert!(error.contains("<system-shutdown "), "{error}");
        session.expect_close(1001);
    };
    let mut plain = Client::online(&server, "1001", "desktop");
    let secure = Polite::connect(&server, Security::Tls(None), "/ws/").0;
    let mut secure = Session::new(secure, "localhost");
    secure.log_in("1002", "desktop");
    secure.become_available();
    let mut stream = Stream::open(&server, "1003", &[TEAM]);
    for client in [&mut plain, &mut secure] {
        client.subscribe(TEAM);
    }
    let mut late = Late::new(&server, "1004");
    let acknowledged: [AtomicUsize; 3] = Default::default();
    let all = Mutex::new(Vec::new());
    let done = |got: Got| all.lock().expect("nobody panics").push(got);
    thread::scope(|scope| {
        for client in [&mut plain, &mut secure] {
            scope.spawn(|| {
                let mut got = Got::default();
                over(client, &mut got);
                done(got);
            });
        }
        scope.spawn(|| {
            let mut got = Got::default();
            loop {
                match stream.told() {
                    Told::Event(_, _, data) => assert!(got.take(&data), "{data}"),
                    Told::End => break done(got),
                    _ => {}
                }
            }
        });
        let publishers: Vec<_> = acknowledged
            .iter()
            .enumerate()
            .map(|(series, acknowledged)| {
                let server = &server;
                scope.spawn(move || publish_to_the_end(server, series, acknowledged))
            })
            .collect();
        while acknowledged.iter().any(|count| count.load(Ordering::SeqCst) < ENOUGH) {
            assert!(publishers.iter().all(|publisher| !publisher.is_finished()), "it is not taken");
            thread::yield_now();
        }
        server.signal(Signal::TERM);
        late.catch_up().expect_stream_error("system-shutdown", 1001);
        for publisher in publishers {
            publisher.join().expect("no publisher panics");
        }
    });
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
    for got in all.into_inner().expect("nobody panics") {
        for (series, acknowledged) in acknowledged.iter().enumerate() {
            let acknowledged = acknowledged.load(Ordering::SeqCst);
            let got = got.0.get(&series).copied().unwrap_or_default();
            // One more may have been taken whose answer was cut off.
            assert!((acknowledged..=acknowledged + 1).contains(&got), "{got} of {acknowledged}");
        }
    }
}

#[test]
fn a_publisher_is_told_while_the_server_stops_that_nobody_will_get_its_event() {
    let server = Server::with_log("info", LIMITS);
    let mut publisher = Http::connect(server.plain);
    assert_eq!(publisher.ask(publication(TEAM, "before")).status(), 202);
    // It is waited for as long as it has not answered the close.
    let mut waited_for = Raw::connect(&server);
    waited_for.open();
    server.signal(Signal::TERM);
    let error = waited_for.text();
    assert!(error.contains("<system-shutdown "), "{error}");
    let answer = publisher.ask(publication(TEAM, "after"));
    assert_eq!((answer.status(), answer.body.as_str()), (503, "The server is going down.\n"));
    waited_for.expect_close(1001);
    assert_eq!(server.ended().0, Some(0));
}
