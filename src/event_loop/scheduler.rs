//! The turns on the event loop: sessions come before connections that are no sessions yet, and nobody has a long one.
//!
//! A thousand clients that connect at once are a thousand handshakes of TLS, of which each takes a good part of a millisecond.
//! If all tasks stood in one line, sessions would wait behind all of them.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use smol::LocalExecutor;

use crate::event_loop::rounds::Rounds;
use crate::net::clock::now;

/// How long the tasks of sessions run before others have their turn, and sockets and timers are looked at.
pub const SESSION_TURN_MAX: Duration = Duration::from_millis(5);

/// The time that connections which are no sessions have in a turn. It is short, because on a fraction of a core it takes several
/// times as long, and a ping waits for it.
pub const ARRIVAL_TURN_MAX: Duration = Duration::from_millis(1);

/// How many rounds in a row connections that are no sessions wait because the time was up for the tasks of sessions.
const WAITS: usize = 2;

/// Runs the tasks of sessions, and behind them those of connections that are none, for ever.
pub async fn run_all<T>(sessions: Rc<LocalExecutor<'static>>, arrivals: Rc<LocalExecutor<'static>>) -> T {
    let mut sessions = pin!(run::<T>(sessions, SESSION_TURN_MAX));
    let mut arrivals = pin!(run::<T>(arrivals, ARRIVAL_TURN_MAX));
    let mut waited = 0;
    std::future::poll_fn(|cx| {
        let began = now().monotonic;
        let _never: Poll<T> = sessions.as_mut().poll(cx);
        let is_busy = now().monotonic.saturating_duration_since(began) >= SESSION_TURN_MAX;
        if is_busy && waited < WAITS {
            waited += 1;
            cx.waker().wake_by_ref();
        } else {
            waited = 0;
            let _never: Poll<T> = arrivals.as_mut().poll(cx);
        }
        Poll::Pending
    })
    .await
}

/// Runs the tasks of an executor for ever, for about `patience` each time it is polled.
pub async fn run<T>(executor: Rc<LocalExecutor<'static>>, patience: Duration) -> T {
    let began = Cell::new(now().monotonic);
    let mut tasks = pin!(async {
        loop {
            executor.tick().await;
            if now().monotonic.saturating_duration_since(began.get()) >= patience {
                smol::future::yield_now().await;
            }
        }
    });
    std::future::poll_fn(|cx| {
        began.set(now().monotonic);
        let _never: Poll<()> = tasks.as_mut().poll(cx);
        Poll::Pending
    })
    .await
}

pin_project! {
    /// A task of a connection that is no session, which has its turns with those of the same address.
    pub struct InTurn<F> {
        #[pin]
        task: F,
        rounds: Rc<RefCell<Rounds<IpAddr>>>,
        address: Rc<Cell<IpAddr>>,
    }
}

impl<F> InTurn<F> {
    /// A task of a client at this address, which may be found out to be another one: that of a client behind a proxy.
    pub fn new(rounds: Rc<RefCell<Rounds<IpAddr>>>, address: Rc<Cell<IpAddr>>, task: F) -> Self {
        Self { task, rounds, address }
    }
}

impl<F: Future> Future for InTurn<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let rounds = this.rounds;
        let left = rounds.borrow().left(this.address.get());
        if left.is_zero() {
            rounds.borrow_mut().rest(cx.waker(), left);
            return Poll::Pending;
        }
        let started = now().monotonic;
        let polled = this.task.poll(cx);
        rounds.borrow_mut().spend(this.address.get(), now().monotonic.saturating_duration_since(started));
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::Instant;

    use smol::future::{FutureExt as _, yield_now};
    use smol::{Async, Timer};
    use tungstenite::protocol::frame::FrameHeader;
    use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

    use super::*;
    use crate::config::Config;
    use crate::event_loop::rounds::ADDRESS;
    use crate::http::arrival;
    use crate::http::site::Site;
    use crate::http::websocket::task;
    use crate::hub::{Peer, Transport};
    use crate::net::accept::Arrival;
    use crate::net::connection::Io;
    use crate::net::socket::Socket;

    const MOMENT: Duration = Duration::from_millis(20);

    /// The event loop, if nobody had turns but the tasks of one executor.
    fn run_only(site: &Rc<Site>, executor: &Rc<LocalExecutor<'static>>, time: Duration) {
        let over = async {
            Timer::after(time).await;
        };
        smol::block_on(run(executor.clone(), SESSION_TURN_MAX).or(site.driver.clone().write()).or(over));
    }

    /// How long is waited for what has to happen.
    const LONG: Duration = Duration::from_secs(10);

    const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
    const AUTH: &str =
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>";
    const BIND: &str =
        "<iq type='set' id='a' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    const SESSION: &str = "<iq type='set' id='a' xmlns='jabber:client'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>";
    const PRESENCE: &str = "<presence xmlns='jabber:client'/>";
    const PING: &str = "<iq type='get' id='p' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>";

    /// What a client says until it is in.
    const COMES_IN: [&str; 10] = [OPEN, AUTH, OPEN, BIND, SESSION, PRESENCE, PING, PING, PING, PING];

    /// A site with one client, whose tasks have turns only when they are given some.
    struct Stage {
        site: Rc<Site>,
        sessions: Rc<LocalExecutor<'static>>,
        arrivals: Rc<LocalExecutor<'static>>,
        client: TcpStream,
    }

    impl Stage {
        fn new(config: Config) -> Self {
            let (sessions, arrivals) = (Rc::new(LocalExecutor::new()), Rc::new(LocalExecutor::new()));
            let site = Site::new(config, None, sessions.clone(), arrivals.clone());
            let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
            let client = TcpStream::connect(listener.local_addr().expect("it has one")).expect("it listens");
            client.set_nonblocking(true).expect("it can be");
            let (stream, peer) = listener.accept().expect("it has connected");
            let stream = Socket::new(Async::new(stream).expect("it can be watched"));
            let slots = site.admission.places(peer.ip()).expect("there is room");
            let io = Io::plain(stream, peer, slots, site.admission.traffic.clone());
            let origin =
                Peer { address: peer, transport: Transport::Ws, accepted: now().monotonic, via_proxy: false };
            site.driver.spawn_arrival(peer.ip(), task::serve(site.driver.clone(), io, origin, Vec::new()));
            Self { site, sessions, arrivals, client }
        }

        fn send(&mut self, opcode: OpCode, payload: &[u8]) {
            let header = FrameHeader { opcode, mask: Some([0; 4]), ..FrameHeader::default() };
            let mut frame = Vec::new();
            header.format(payload.len() as u64, &mut frame).expect("there is room");
            frame.extend_from_slice(payload);
            self.client.write_all(&frame).expect("the socket takes it");
        }

        fn say(&mut self, text: &str) {
            self.send(OpCode::Data(Data::Text), text.as_bytes());
        }

        /// What the client hears; empty at the end. `None`: nothing has come.
        fn hear(&mut self) -> Option<Vec<u8>> {
            let mut heard = [0; 16 * 1024];
            let length = self.client.read(&mut heard).ok()?;
            Some(heard[..length].to_vec())
        }

        /// What the client hears when only tasks of sessions have turns, or only those of arrivals.
        fn hear_in(&mut self, executor: &Rc<LocalExecutor<'static>>) -> Vec<u8> {
            let start = Instant::now();
            loop {
                run_only(&self.site, executor, MOMENT);
                if let Some(heard) = self.hear() {
                    return heard;
                }
                assert!(start.elapsed() < LONG);
            }
        }

        /// The client says so much of what clients say first.
        fn come_in(&mut self, texts: &[&str]) {
            let (sessions, arrivals) = (self.sessions.clone(), self.arrivals.clone());
            for text in texts {
                self.say(text);
                run_only(&self.site, &sessions, MOMENT);
                assert_eq!(self.hear(), None, "{text}");
                self.hear_in(&arrivals);
            }
        }
    }

    /// All clients may come in at once, or leave; a ping waits for none of them.
    #[test]
    fn a_client_that_comes_in_or_leaves_has_turns_behind_those_that_are_in() {
        let mut stage = Stage::new(Config::demo());
        let (site, sessions, arrivals) = (stage.site.clone(), stage.sessions.clone(), stage.arrivals.clone());
        stage.come_in(&COMES_IN);
        // The client is in.
        stage.say(PING);
        stage.hear_in(&sessions);
        drop(stage);
        let count = || site.driver.with_hub(|hub, _| hub.counters().sessions);
        run_only(&site, &sessions, MOMENT);
        assert_eq!(count(), 1);
        let start = Instant::now();
        while count() > 0 {
            assert!(start.elapsed() < LONG);
            run_only(&site, &sessions, MOMENT);
            run_only(&site, &arrivals, MOMENT);
        }
    }

    /// A desktop may only listen, and ping from time to time, while others never stop coming.
    #[test]
    fn a_client_with_little_to_say_is_in_when_it_has_been_there_for_some_time() {
        let mut config = Config::demo();
        config.limits.login = Duration::from_secs(2);
        let time = config.limits.login;
        let mut stage = Stage::new(config);
        stage.come_in(&COMES_IN[..6]);
        run_only(&stage.site, &stage.arrivals, time + MOMENT);
        stage.say(PING);
        let sessions = stage.sessions.clone();
        assert!(String::from_utf8_lossy(&stage.hear_in(&sessions)).contains("id=\"p\""));
    }

    #[test]
    fn nothing_is_written_behind_a_close_frame_though_the_end_of_the_session_waits_for_its_turn() {
        let mut stage = Stage::new(Config::demo());
        let (sessions, arrivals) = (stage.sessions.clone(), stage.arrivals.clone());
        stage.come_in(&COMES_IN);
        stage.send(OpCode::Control(Control::Close), &1000_u16.to_be_bytes());
        assert_eq!(stage.hear_in(&sessions), [0x88, 2, 3, 232]);
        stage.site.driver.with_hub(|hub, now| {
            let user = hub.desk().directory().find("administrator").expect("the demo has it");
            let told = hub.counters().deliveries;
            hub.publish(now, user, "/finesse/api/User/1001", "x".to_owned()).expect("administrators may");
            assert_eq!(hub.counters().deliveries, told + 1, "it is still there");
        });
        run_only(&stage.site, &sessions, MOMENT);
        assert_eq!(stage.hear(), None);
        assert_eq!(stage.hear_in(&arrivals), [], "the end of the connection");
    }

    #[test]
    fn connections_that_are_no_sessions_have_a_turn_in_every_third_round_however_busy_sessions_are() {
        const ROUNDS: usize = 3 * (WAITS + 1);
        let (sessions, arrivals) = (Rc::new(LocalExecutor::new()), Rc::new(LocalExecutor::new()));
        let busy = |executor: &LocalExecutor<'static>, time| {
            let turns = Rc::new(Cell::new(0));
            let counted = turns.clone();
            let task = executor.spawn(async move {
                loop {
                    counted.set(counted.get() + 1);
                    thread::sleep(time);
                    yield_now().await;
                }
            });
            task.detach();
            turns
        };
        let (of_sessions, of_arrivals) =
            (busy(&sessions, SESSION_TURN_MAX), busy(&arrivals, ARRIVAL_TURN_MAX));
        let mut all = Box::pin(run_all::<()>(sessions, arrivals));
        for _ in 0..ROUNDS {
            let _never = all.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        }
        assert_eq!((of_sessions.get(), of_arrivals.get()), (ROUNDS, ROUNDS / (WAITS + 1)));
    }

    #[test]
    fn a_client_does_not_wait_for_all_the_connections_of_another_address() {
        const CONNECTIONS: usize = 200;
        let arrivals = Rc::new(LocalExecutor::new());
        let site = Site::new(Config::demo(), None, Rc::default(), arrivals.clone());
        let turns = Rc::new(Cell::new(0));
        for _ in 0..CONNECTIONS {
            let turns = turns.clone();
            site.driver.spawn_arrival([192, 0, 2, 1].into(), async move {
                loop {
                    turns.set(turns.get() + 1);
                    thread::sleep(ADDRESS * 2);
                    yield_now().await;
                }
            });
        }
        let (done, is_done) = smol::channel::bounded(1);
        site.driver.spawn_arrival([192, 0, 2, 2].into(), async move {
            for _ in 0..10 {
                yield_now().await;
            }
            done.try_send(()).expect("there is room");
        });
        let all = run(arrivals, ARRIVAL_TURN_MAX).or(site.driver.clone().write());
        smol::block_on(all.or(async { is_done.recv().await.expect("it is sent") }));
        assert!(turns.get() < CONNECTIONS, "{} turns of the others in ten of its own", turns.get());
    }

    /// A client may have a thousand connections to the proxy, and others come by the same one.
    #[test]
    fn the_requests_of_a_trusted_proxy_have_the_turns_of_the_clients_that_it_names() {
        let mut config = Config::demo();
        config.trusted_proxies = vec![crate::config::Network::parse("127.0.0.1").expect("a network")];
        let arrivals = Rc::new(LocalExecutor::new());
        let site = Site::new(config, None, Rc::default(), arrivals.clone());
        // The client has had so much time that its next turn does not come before the end of this test.
        site.driver.arrival_rounds.borrow_mut().spend([192, 0, 2, 1].into(), ADDRESS * u32::MAX);
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it has one");
        let [busy, mut other] = ["192.0.2.1", "192.0.2.2"].map(|client| {
            let mut socket = TcpStream::connect(address).expect("it listens");
            let request =
                format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {client}\r\n\r\n");
            socket.write_all(request.as_bytes()).expect("it is open");
            let (stream, peer) = listener.accept().expect("it has connected");
            let stream = Socket::new(Async::new(stream).expect("it can wait"));
            let places = site.admission.places(peer.ip()).expect("there is room");
            let io = Io::plain(stream, peer, places, site.admission.traffic.clone());
            let turns = Rc::new(Cell::new(peer.ip()));
            let came_in = Arrival {
                connection: io,
                peer,
                own: address.ip(),
                accepted: now().monotonic,
                lacks_tls: false,
                turns: turns.clone(),
            };
            site.driver.spawn_arrival_of(turns, arrival::serve(site.clone(), came_in));
            Async::new(socket).expect("it can wait")
        });
        let mut answer = [0; 15];
        let answered = async {
            smol::io::AsyncReadExt::read_exact(&mut other, &mut answer).await.expect("it is answered");
        };
        smol::block_on(run(arrivals, ARRIVAL_TURN_MAX).or(site.driver.clone().write()).or(answered));
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        let read = busy.get_ref().read(&mut answer);
        assert_eq!(read.map_err(|error| error.kind()), Err(std::io::ErrorKind::WouldBlock));
        drop(busy);
    }
}
