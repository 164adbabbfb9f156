//! The turns of clients on the event loop: those that are in, those that come in, and those behind a proxy.

use std::io::{Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use smol::future::{FutureExt as _, yield_now};
use smol::{Async, LocalExecutor, Timer};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::config::Network;
use crate::event_loop::rounds::ADDRESS;
use crate::event_loop::scheduler::{ARRIVAL_TURN_MAX, SESSION_TURN_MAX, run};
use crate::http::tests::*;
use crate::http::xmpp::{Way, task};
use crate::hub::{Peer, Transport};

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
const AUTH: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>";
const BIND: &str =
    "<iq type='set' id='a' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
const SESSION: &str =
    "<iq type='set' id='a' xmlns='jabber:client'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>";
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
        let (client, io) = connected(&site);
        client.set_nonblocking(true).expect("it can be");
        let peer = io.peer;
        let origin =
            Peer { address: peer, transport: Transport::Ws, accepted: now().monotonic, via_proxy: false };
        site.driver.spawn_arrival(
            peer.ip(),
            task::serve(site.driver.clone(), io, origin, Way::WebSocket(Vec::new())),
        );
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
    assert_eq!(stage.hear_in(&arrivals), [0_u8; 0], "the end of the connection");
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
    config.trusted_proxies = vec![Network::parse("127.0.0.1").expect("a network")];
    let arrivals = Rc::new(LocalExecutor::new());
    let site = Site::new(config, None, Rc::default(), arrivals.clone());
    // The client has had so much time that its next turn does not come before the end of this test.
    site.driver.arrival_rounds.borrow_mut().spend([192, 0, 2, 1].into(), ADDRESS * u32::MAX);
    let [busy, mut other] = ["192.0.2.1", "192.0.2.2"].map(|client| {
        let (mut socket, io) = connected(&site);
        let request =
            format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {client}\r\n\r\n");
        socket.write_all(request.as_bytes()).expect("it is open");
        let arrival = came_in(io);
        site.driver.spawn_arrival_of(arrival.turns.clone(), arrival::serve(site.clone(), arrival));
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
