//! A relay between a side and the engine, that can be told to fail.

use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use smol::Timer;

/// Passes on what connections say, each by two threads.
pub struct Relay {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    connections: Mutex<Vec<TcpStream>>,
    /// Nothing is passed on, and nobody is told.
    is_stalled: AtomicBool,
    is_over: AtomicBool,
}

impl Relay {
    pub fn start(engine: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", engine)) else { continue };
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                let mut connections = shared.connections.lock().expect("no thread has failed");
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let from = from.try_clone().expect("a descriptor");
                    let to = to.try_clone().expect("a descriptor");
                    let shared = shared.clone();
                    thread::spawn(move || pass(&from, &to, &shared));
                }
                connections.extend([near, far]);
            }
        });
        Self { port, state }
    }

    /// Ends all connections; with `reset` they are not told properly.
    pub fn cut(&self, reset: bool) {
        for connection in self.state.connections.lock().expect("no thread has failed").drain(..) {
            if reset {
                let _ = set_socket_linger(&connection, Some(Duration::ZERO));
            }
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    pub fn stall(&self, is_stalled: bool) {
        self.state.is_stalled.store(is_stalled, Ordering::SeqCst);
    }

    /// Fails in ways that follow from a number.
    pub async fn disturb(relays: &[Self], mut seed: u64) {
        for round in 0..16 {
            // Knuth's generator (MMIX).
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let draw = seed >> 33;
            Timer::after(Duration::from_millis(draw % 120)).await;
            let relay = &relays[draw as usize / 128 % relays.len()];
            match round % 8 {
                3 => {
                    relay.stall(true);
                    Timer::after(Duration::from_millis(400)).await;
                    relay.stall(false);
                }
                _ => relay.cut(draw.is_multiple_of(2)),
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        self.stall(false);
        // The last one that it accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.cut(false);
    }
}

fn pass(mut from: &TcpStream, mut to: &TcpStream, state: &State) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        while state.is_stalled.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
