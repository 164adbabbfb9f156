//! Producers that are faster than others read: stanzas to another user, publishes, REST commands and call data, each as fast
//! as the server takes them. A reader that reads, at full speed or slowly, gets everything that was acknowledged, once and in
//! order, and nothing that was refused. A reader that has stopped reading is closed for it, and no other.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{self, AddressFamily, SocketType};

use crate::support::client::Wire;
use crate::support::figures::metrics;
use crate::support::http::{Http, basic};
use crate::support::polite::{Polite, Security};
use crate::support::raw::{TEXT, frame};
use crate::support::server::PATIENCE;
use crate::support::sse::{Stream, Told};
use crate::support::{Bosh, Client, Raw, Received, Server, Session, ns};
use crate::witness::{TEAM, publication};

const ALARMS: &str = "/lab/alarms";

/// Bytes that a slow reader takes in a second.
const SLOW: u32 = 1_000_000;

/// From one read of a trickling reader to the next; each takes 16 KiB at the most.
const TRICKLE: Duration = Duration::from_secs(1);

/// The receive buffer of a slow reader's connection: the system keeps little in the reader's place.
const WINDOW: usize = 32 * 1024;

/// The number of the producer that goes on until every reader that has stopped is closed, and the most that it publishes.
const FILLER: usize = 99;
const FILLERS: usize = 600;

/// A long payload, below `limits.payload`.
const LONG: usize = 31_000;

/// What was acknowledged, or came: the numbers by their producer.
type Numbers = BTreeMap<usize, Vec<usize>>;

/// What stands in everything that a producer sends.
fn mark(producer: usize, number: usize) -> String {
    format!("mark-{producer}-{number}-")
}

/// Comes behind everything else.
const END: &str = "mark-end";

fn marked(text: &str) -> Option<(usize, usize)> {
    let (_, rest) = text.split_once("mark-")?;
    let mut parts = rest.split('-').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Ws,
    Wss,
    Bosh,
    Sse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Full,
    Slow,
    /// Takes so little that nobody can wait for it.
    Trickling,
    Stopped,
}

impl Pace {
    /// Whether the server has to give it up.
    fn is_hopeless(self) -> bool {
        matches!(self, Trickling | Stopped)
    }
}

use Pace::{Full, Slow, Stopped, Trickling};

/// Every way at full speed and slowly.
const BOTH_PACES: [(Way, Pace); 8] = [
    (Way::Ws, Full),
    (Way::Wss, Full),
    (Way::Bosh, Full),
    (Way::Sse, Full),
    (Way::Ws, Slow),
    (Way::Wss, Slow),
    (Way::Bosh, Slow),
    (Way::Sse, Slow),
];

/// Readers of stanzas, which do not come on a stream of server-sent events.
const BOTH_PACES_OF_XMPP: [(Way, Pace); 6] = [
    (Way::Ws, Full),
    (Way::Wss, Full),
    (Way::Bosh, Full),
    (Way::Ws, Slow),
    (Way::Wss, Slow),
    (Way::Bosh, Slow),
];

/// Every way at full speed beside readers of every way that have stopped.
const SOME_STOPPED: [(Way, Pace); 8] = [
    (Way::Ws, Full),
    (Way::Wss, Full),
    (Way::Bosh, Full),
    (Way::Sse, Full),
    (Way::Ws, Stopped),
    (Way::Wss, Stopped),
    (Way::Bosh, Stopped),
    (Way::Sse, Stopped),
];

/// Readers at both paces beside some that take a few bytes now and then.
const SOME_TRICKLING: [(Way, Pace); 8] = [
    (Way::Ws, Full),
    (Way::Wss, Full),
    (Way::Bosh, Full),
    (Way::Sse, Full),
    (Way::Ws, Trickling),
    (Way::Wss, Trickling),
    (Way::Bosh, Trickling),
    (Way::Sse, Trickling),
];

/// What lies between the server and a reader that is not at full speed.
struct Relay {
    address: SocketAddr,
    valve: Arc<Valve>,
}

struct Valve {
    pace: Pace,
    is_shut: AtomicBool,
    is_over: AtomicBool,
}

impl Relay {
    fn to(server: SocketAddr, pace: Pace) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let valve =
            Arc::new(Valve { pace, is_shut: AtomicBool::new(false), is_over: AtomicBool::new(false) });
        let given = valve.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                if given.is_over.load(Ordering::Relaxed) {
                    break;
                }
                let client = client.expect("a client connects");
                let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
                set_socket_recv_buffer_size(&socket, WINDOW).expect("a buffer has a size");
                net::connect(&socket, &server).expect("the server accepts connections");
                let server = TcpStream::from(socket);
                let [from, to] = [&client, &server].map(|side| side.try_clone().expect("a socket is cloned"));
                thread::spawn(move || carry(from, to, |_| true));
                let valve = given.clone();
                thread::spawn(move || carry(server, client, |length| valve.wait(length)));
            }
        });
        Self { address, valve }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.valve.is_over.store(true, Ordering::Relaxed);
        // Its listener looks.
        let _ = TcpStream::connect(self.address);
    }
}

impl Valve {
    /// Waits after so many bytes. Returns true if it goes on.
    fn wait(&self, length: usize) -> bool {
        match self.pace {
            Full => {}
            Slow => thread::sleep(Duration::from_secs(1) * length as u32 / SLOW),
            Trickling | Stopped => {
                let until = Instant::now() + TRICKLE;
                while self.is_shut.load(Ordering::Relaxed) && (self.pace == Stopped || Instant::now() < until)
                {
                    if self.is_over.load(Ordering::Relaxed) {
                        return false;
                    }
                    thread::sleep(Duration::from_millis(5));
                }
            }
        }
        true
    }
}

/// Carries bytes in one direction until a side has ended.
fn carry(mut from: TcpStream, mut to: TcpStream, goes_on: impl Fn(usize) -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !goes_on(length) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// What came to a reader.
#[derive(Default)]
struct Reading {
    numbers: Numbers,
    /// Whether the end of everything came; else the connection ended before.
    is_whole: bool,
    /// What came last beside that.
    last: String,
}

/// Logs in, becomes available, subscribes. Other sessions of the user are told of each other meanwhile.
fn get_ready<W: Wire>(session: &mut Session<W>, user: &str, resource: &str, node: &str) {
    session.log_in(user, resource);
    session.send("<presence xmlns='jabber:client'/>");
    session.send(&format!(
        "<iq type='set' id='subscribed' to='pubsub.localhost' xmlns='jabber:client'><pubsub xmlns='{}'>\
         <subscribe node='{node}' jid='{user}@localhost/{resource}'/></pubsub></iq>",
        ns::PUBSUB
    ));
    while !session.text().contains("id=\"subscribed\"") {}
}

/// The next text; `None` at the end.
fn next<W: Wire>(session: &mut Session<W>) -> Option<String> {
    loop {
        match session.receive() {
            Received::Text(text) => return Some(text),
            Received::Ping(_) | Received::Pong(_) => {}
            Received::Close(_) | Received::End => return None,
        }
    }
}

fn read(mut next: impl FnMut() -> Option<String>) -> Reading {
    let mut reading = Reading::default();
    while let Some(text) = next() {
        if text.contains(END) {
            reading.is_whole = true;
            break;
        }
        match marked(&text) {
            Some((producer, number)) => reading.numbers.entry(producer).or_default().push(number),
            None if text.starts_with("<close ") => {}
            None => reading.last = text,
        }
    }
    reading
}

/// Connects by a way, through a relay if there is one, and reads to the end.
fn be_reader(
    mut server: MutexGuard<'_, &mut Server>,
    (way, relay): (Way, Option<&Relay>),
    (user, resource, node): (&str, &str, &str),
    ready: mpsc::Sender<()>,
) -> Reading {
    let direct = (server.plain, server.tls);
    if let Some(relay) = relay {
        (server.plain, server.tls) = (relay.address, relay.address);
    }
    let is_ready = || ready.send(()).expect("somebody waits for it");
    match way {
        Way::Ws | Way::Wss => {
            let security = if way == Way::Ws { Security::Plain } else { Security::Tls(None) };
            let polite = Polite::connect(&server, security, "/ws/").0;
            (server.plain, server.tls) = direct;
            drop(server);
            let mut session = Session::new(polite, "localhost");
            get_ready(&mut session, user, resource, node);
            is_ready();
            read(|| next(&mut session))
        }
        Way::Bosh => {
            let mut session = Bosh::session(&server);
            (server.plain, server.tls) = direct;
            drop(server);
            get_ready(&mut session, user, resource, node);
            is_ready();
            read(|| next(&mut session))
        }
        Way::Sse => {
            let mut stream = Stream::open(&server, user, &[node]);
            (server.plain, server.tls) = direct;
            drop(server);
            is_ready();
            read(|| {
                loop {
                    match stream.told() {
                        Told::Event(_, _, data) => return Some(data),
                        Told::End => return None,
                        Told::Retry(_) | Told::Comment => {}
                    }
                }
            })
        }
    }
}

/// Lets a producer work while readers read, all of them `user` with a subscription to `node`, and looks at what came to
/// whom. The producer returns what was acknowledged.
#[track_caller]
fn beside_readers(
    mut server: Server,
    readers: &[(Way, Pace)],
    (user, node): (&str, &str),
    produce: impl FnOnce(&Server) -> Numbers,
) {
    let hopeless = readers.iter().filter(|(_, pace)| pace.is_hopeless()).count();
    let relays: Vec<Option<Relay>> = readers
        .iter()
        .map(|(way, pace)| {
            let address = if *way == Way::Wss { server.tls } else { server.plain };
            (*pace != Full).then(|| Relay::to(address, *pace))
        })
        .collect();
    let shut = |is_shut| {
        for relay in relays.iter().flatten() {
            relay.valve.is_shut.store(is_shut, Ordering::Relaxed);
        }
    };
    let server = Mutex::new(&mut server);
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for ((index, (way, _)), relay) in readers.iter().enumerate().zip(&relays) {
            let (sender, receiver) = mpsc::channel();
            let resource = format!("reader-{index}");
            let server = &server;
            threads.push(scope.spawn(move || {
                let server = server.lock().expect("the readers before have connected");
                be_reader(server, (*way, relay.as_ref()), (user, &resource, node), sender)
            }));
            receiver.recv().unwrap_or_else(|_| panic!("{:?} does not come in", readers[index]));
        }
        shut(true);
        let server = server.lock().expect("all readers have connected");
        let mut acknowledged = produce(&server);
        if hopeless > 0 {
            acknowledged.insert(FILLER, fill(&server, node, hopeless));
        }
        shut(false);
        publish_surely(&server, node, END);
        // The panic of one whose connection is reset has been printed; here it has nothing.
        let readings: Vec<Reading> =
            threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect();
        let slow = metrics(&server)["callboard_slow_readers_total"] as usize;
        let faults: Vec<String> = readers
            .iter()
            .zip(&readings)
            .filter_map(|(reader, reading)| fault(*reader, reading, &acknowledged))
            .collect();
        assert!(faults.is_empty(), "{slow} closed as slow, {hopeless} should be:\n{}", faults.join("\n"));
        assert_eq!(slow, hopeless, "readers that are closed as slow");
    });
}

/// Says what is wrong with what came to a reader.
fn fault(reader: (Way, Pace), reading: &Reading, acknowledged: &Numbers) -> Option<String> {
    let come = |producer| reading.numbers.get(producer).map_or(&[][..], Vec::as_slice);
    let is_right = if reader.1.is_hopeless() {
        let has_reason = reader.0 == Way::Sse || reading.last.contains("<policy-violation ");
        let is_start = acknowledged.iter().all(|(producer, numbers)| numbers.starts_with(come(producer)));
        !reading.is_whole && is_start && has_reason
    } else {
        let is_all = acknowledged.iter().all(|(producer, numbers)| numbers == come(producer));
        reading.is_whole && is_all && reading.numbers.keys().all(|known| acknowledged.contains_key(known))
    };
    let total = |numbers: &Numbers| numbers.values().map(Vec::len).sum::<usize>();
    (!is_right).then(|| {
        format!(
            "{reader:?}: {} of {} came, {}, the last beside them {:.200}",
            total(&reading.numbers),
            total(acknowledged),
            if reading.is_whole { "to the end" } else { "not to the end" },
            reading.last
        )
    })
}

/// Publishes until so many readers are closed as slow. Returns what was acknowledged.
fn fill(server: &Server, node: &str, slow: usize) -> Vec<usize> {
    let mut http = Http::connect(server.plain);
    let filler = "x".repeat(LONG);
    let mut acknowledged = Vec::new();
    let is_done = || metrics(server)["callboard_slow_readers_total"] >= slow as f64;
    let deadline = Instant::now() + PATIENCE;
    for number in 0..FILLERS {
        if (number % 10 == 0 && is_done()) || Instant::now() > deadline {
            break;
        }
        let answer = http.ask(publication(node, &format!("{} {filler}", mark(FILLER, number))));
        match answer.status() {
            202 => acknowledged.push(number),
            503 => thread::sleep(Duration::from_millis(20)),
            _ => panic!("{answer:?}"),
        }
    }
    acknowledged
}

/// Publishes, and does it again as long as there is no room.
fn publish_surely(server: &Server, node: &str, payload: &str) {
    let mut http = Http::connect(server.plain);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = http.ask(publication(node, payload));
        match answer.status() {
            202 => return,
            503 => assert!(Instant::now() < deadline, "there is no room any more: {answer:?}"),
            _ => panic!("{answer:?}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sends requests on one connection with so many of them in flight. Returns which of them were acknowledged; the others
/// have to be refused for want of room.
fn pipeline(server: SocketAddr, in_flight: usize, requests: &[String]) -> Vec<usize> {
    let mut http = Http::connect(server);
    http.send(requests[..in_flight.min(requests.len())].concat());
    let mut acknowledged = Vec::new();
    for number in 0..requests.len() {
        let answer = http.answer();
        match answer.status() {
            202 => acknowledged.push(number),
            503 => {}
            _ => panic!("{number}: {answer:?}"),
        }
        if let Some(more) = requests.get(number + in_flight) {
            http.send(more);
        }
    }
    acknowledged
}

/// Sends stanzas on one session as fast as it takes them. Every iq has to be answered, the pings with a result; what a message
/// is answered with is an error. Returns the ids of what was refused.
fn flood(server: &Server, user: &str, stanzas: &[String]) -> Vec<String> {
    let mut session = Raw::connect(server);
    session.log_in(user, "flood");
    let mut stream = session.wire.stream.try_clone().expect("a socket is cloned");
    let last =
        "<iq type='get' id='last' to='localhost' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>";
    let iqs = stanzas.iter().filter(|stanza| stanza.starts_with("<iq ")).count();
    thread::scope(|scope| {
        scope.spawn(move || {
            let frames = stanzas.iter().map(String::as_str).chain([last]);
            let bytes: Vec<u8> = frames.flat_map(|stanza| frame(TEXT, stanza.as_bytes())).collect();
            stream.write_all(&bytes).expect("the server takes it in the end");
        });
        let (mut answered, mut refused) = (0, Vec::new());
        loop {
            let text = session.text();
            let id = attribute(&text, "id").unwrap_or_default();
            let is_refused = attribute(&text, "type") == Some("error");
            if id == "last" {
                break;
            }
            if text.starts_with("<iq ") {
                answered += 1;
                assert!(!is_refused || marked(id).is_some(), "a ping is refused: {text:.300}");
            } else {
                assert!(text.starts_with("<message ") && is_refused, "{text:.300}");
            }
            if is_refused {
                let is_for_want_of_room =
                    ["resource-constraint", "not-acceptable"].iter().any(|why| text.contains(why));
                assert!(is_for_want_of_room, "{text:.1000}");
                refused.push(id.to_owned());
            }
        }
        assert_eq!(answered, iqs, "iqs that are answered");
        refused
    })
}

fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let tag = text.split('>').next()?;
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// The numbers of a producer that are not among those that were refused.
fn all_but(producer: usize, count: usize, refused: &[String]) -> Vec<usize> {
    (0..count).filter(|number| !refused.contains(&mark(producer, *number))).collect()
}

/// What a single producer has sent that was acknowledged.
fn alone(acknowledged: Vec<usize>) -> Numbers {
    Numbers::from([(0, acknowledged)])
}

fn ping(number: usize) -> String {
    format!(
        "<iq type='get' id='ping-{number}' to='localhost' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
    )
}

fn message(producer: usize, number: usize, content: &str) -> String {
    let id = mark(producer, number);
    format!("<message to='1002@localhost' id='{id}' xmlns='jabber:client'>{content}</message>")
}

/// A server on which the least may wait for a reader that messages of 64 KiB allow. The time to finish a close is long, so
/// that what comes in the end can be looked at.
fn server() -> Server {
    server_with("")
}

/// Starts such a server with more limits.
fn server_with(more: &str) -> Server {
    let limits =
        "queue = \"512KiB\"\nqueue_frames = 512\nclose = \"1m\"\nping = \"10m\"\nsign_in = \"0ms\"\n";
    Server::with_log("info", &format!("[limits]\n{limits}{more}"))
}

#[test]
fn stanzas_that_grow_when_they_are_handed_on_close_no_session_that_reads() {
    const COUNT: usize = 12;
    // What may wait is what it is by default: a stanza may grow to half of that at the most.
    beside_readers(Server::with_log("info", ""), &BOTH_PACES_OF_XMPP, ("1002", TEAM), |server| {
        let uri = "u".repeat(500);
        let content = format!("<q xmlns='v' xmlns:p='{uri}'>{}</q>", "<p:a/>".repeat(950));
        let stanzas: Vec<String> = (0..COUNT).map(|number| message(0, number, &content)).collect();
        assert!(stanzas.concat().len() < 80_000);
        alone(all_but(0, COUNT, &flood(server, "1001", &stanzas)))
    });
}

#[test]
fn a_flood_of_long_messages_reaches_every_session_of_a_user_that_reads() {
    const COUNT: usize = 96;
    beside_readers(server(), &BOTH_PACES_OF_XMPP, ("1002", TEAM), |server| {
        let content = format!("<body>{}</body>", "x".repeat(LONG));
        let stanzas: Vec<String> =
            (0..COUNT).flat_map(|number| [message(0, number, &content), ping(number)]).collect();
        alone(all_but(0, COUNT, &flood(server, "1001", &stanzas)))
    });
}

#[test]
fn publishes_that_are_pipelined_over_xmpp_reach_everybody_who_reads() {
    const COUNT: usize = 100;
    beside_readers(server(), &BOTH_PACES, ("1002", ALARMS), |server| {
        alone(all_but(0, COUNT, &flood(server, "administrator", &publishes(ALARMS, 0, COUNT))))
    });
}

/// Publishes over XMPP with pings between them.
fn publishes(node: &str, producer: usize, count: usize) -> Vec<String> {
    let filler = "x".repeat(20_000);
    let publish = |number| {
        let mark = mark(producer, number);
        format!(
            "<iq type='set' id='{mark}' to='pubsub.localhost' xmlns='jabber:client'><pubsub xmlns='{}'>\
             <publish node='{node}'><item><notification xmlns='{}'>{mark} {filler}</notification></item></publish>\
             </pubsub></iq>",
            ns::PUBSUB,
            ns::PUSH
        )
    };
    (0..count).flat_map(|number| [publish(number), ping(number)]).collect()
}

/// Publishes over HTTP.
fn posts(node: &str, producer: usize, count: usize, length: usize) -> Vec<String> {
    let filler = "x".repeat(length);
    (0..count).map(|number| publication(node, &format!("{} {filler}", mark(producer, number)))).collect()
}

#[test]
fn publishes_that_are_pipelined_over_http_reach_everybody_who_reads() {
    beside_readers(server(), &BOTH_PACES, ("1002", ALARMS), |server| {
        alone(pipeline(server.plain, 34, &posts(ALARMS, 0, 34, LONG)))
    });
}

#[test]
fn many_connections_that_publish_at_once_are_heard_by_everybody_who_reads() {
    const PUBLISHERS: usize = 16;
    beside_readers(server(), &BOTH_PACES, ("1002", ALARMS), |server| {
        thread::scope(|scope| {
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|producer| {
                    scope.spawn(move || {
                        pipeline(server.plain, 256 / PUBLISHERS, &posts(ALARMS, producer, 80, 2_000))
                    })
                })
                .collect();
            let done = publishers.into_iter().map(|publisher| publisher.join().expect("all are answered"));
            done.enumerate().collect()
        })
    });
}

/// A request to the REST API that is marked by its id.
fn put(user: &str, path: &str, mark: &str, body: &str) -> String {
    format!(
        "PUT /finesse/api/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nrequestId: {}\r\n\
         Content-Type: application/xml\r\nContent-Length: {}\r\n\r\n{body}",
        basic(user, user),
        mark,
        body.len()
    )
}

fn sign_in(server: &Server, user: &str) {
    let body = format!("<User><state>LOGIN</state><extension>{user}</extension></User>");
    let answer = Http::connect(server.plain).ask(put(user, &format!("User/{user}"), "sign-in", &body));
    assert_eq!(answer.status(), 202, "{answer:?}");
}

/// Changes of an agent's state, each to the same.
fn changes(user: &str, producer: usize, count: usize) -> Vec<String> {
    let body = "<User><state>NOT_READY</state></User>";
    (0..count).map(|number| put(user, &format!("User/{user}"), &mark(producer, number), body)).collect()
}

#[test]
fn changes_of_state_that_are_pipelined_reach_everybody_who_reads() {
    const COUNT: usize = 2_000;
    beside_readers(server(), &BOTH_PACES, ("1002", TEAM), |server| {
        sign_in(server, "1001");
        alone(pipeline(server.plain, COUNT, &changes("1001", 0, COUNT)))
    });
}

#[test]
fn data_of_a_call_that_is_updated_without_a_pause_reaches_everybody_who_reads() {
    const COUNT: usize = 150;
    let dialogs = "/finesse/api/User/1002/Dialogs";
    beside_readers(server(), &BOTH_PACES, ("1003", dialogs), |server| {
        let dialog = call(server);
        alone(pipeline(server.plain, COUNT, &updates(&dialog, 0, COUNT)))
    });
}

/// Changes of the data of a call of 1001, whose events are long.
fn updates(dialog: &str, producer: usize, count: usize) -> Vec<String> {
    // Each of them becomes nine characters.
    let variables: String = (1..=9)
        .map(|number| (format!("callVariable{number}"), 40))
        .chain((1..=9).map(|number| (format!("user.v{number}"), 200)))
        .map(|(name, length)| variable(&name, &"&amp;".repeat(length)))
        .collect();
    let update = |number| {
        let mark = mark(producer, number);
        let own = variable("callVariable10", &mark);
        let body = format!(
            "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>UPDATE_CALL_DATA</requestedAction>\
             <mediaProperties><callvariables>{own}{variables}</callvariables></mediaProperties></Dialog>"
        );
        put("1001", &format!("Dialog/{dialog}"), &mark, &body)
    };
    (0..count).map(update).collect()
}

fn variable(name: &str, value: &str) -> String {
    format!("<CallVariable><name>{name}</name><value>{value}</value></CallVariable>")
}

/// 1001 and 1002 sign in, one calls the other, which answers. Returns the call's id.
fn call(server: &Server) -> String {
    for user in ["1001", "1002"] {
        sign_in(server, user);
    }
    let mut agent = Client::bound(server, "1001", "desktop");
    agent.become_available();
    let mut http = Http::connect(server.plain);
    let make = "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress><toAddress>1002</toAddress></Dialog>";
    let answer = http.ask(put("1001", "User/1001/Dialogs", "call", make).replace("PUT ", "POST "));
    assert_eq!(answer.status(), 202, "{answer:?}");
    let event = agent.text();
    let (_, rest) = event.split_once("&lt;id&gt;").unwrap_or_else(|| panic!("{event} is no event of a call"));
    let id = rest.split("&lt;").next().unwrap_or_default().to_owned();
    let accept = "<Dialog><targetMediaAddress>1002</targetMediaAddress><requestedAction>ANSWER</requestedAction></Dialog>";
    let answer = http.ask(put("1002", &format!("Dialog/{id}"), "answer", accept));
    assert_eq!(answer.status(), 202, "{answer:?}");
    id
}

#[test]
fn readers_that_have_stopped_are_closed_and_publishes_over_http_reach_all_others() {
    beside_readers(server(), &SOME_STOPPED, ("1002", ALARMS), |server| {
        alone(pipeline(server.plain, 68, &posts(ALARMS, 0, 68, LONG)))
    });
}

#[test]
fn readers_that_have_stopped_are_closed_and_publishes_over_xmpp_reach_all_others() {
    beside_readers(server(), &SOME_STOPPED, ("1002", ALARMS), |server| {
        alone(all_but(0, 100, &flood(server, "administrator", &publishes(ALARMS, 0, 100))))
    });
}

#[test]
fn everything_at_once_reaches_everybody_who_reads() {
    let content = format!("<body>{}</body>", "x".repeat(LONG));
    beside_readers(server(), &BOTH_PACES_OF_XMPP, ("1002", TEAM), |server| {
        let dialog = call(server);
        sign_in(server, "1003");
        let messages: Vec<String> =
            (0..24).flat_map(|number| [message(0, number, &content), ping(number)]).collect();
        thread::scope(|scope| {
            let messages = scope.spawn(|| all_but(0, 24, &flood(server, "1004", &messages)));
            let publishes = publishes(TEAM, 1, 20);
            let publishes = scope.spawn(move || all_but(1, 20, &flood(server, "administrator", &publishes)));
            let requests = [posts(TEAM, 2, 34, LONG), changes("1003", 3, 300), updates(&dialog, 4, 30)];
            let requests =
                requests.map(|requests| scope.spawn(move || pipeline(server.plain, 256, &requests)));
            let producers = [messages, publishes].into_iter().chain(requests);
            producers.map(|producer| producer.join().expect("all are answered")).enumerate().collect()
        })
    });
}

/// Nobody has to wait before so much is owed that there is no room.
const NO_BACKLOG: &str = "backlog = \"64MiB\"\n";

#[test]
fn what_is_refused_over_http_for_want_of_room_comes_to_nobody() {
    beside_readers(server_with(NO_BACKLOG), &BOTH_PACES, ("1002", ALARMS), |server| {
        let acknowledged = pipeline(server.plain, 100, &posts(ALARMS, 0, 100, LONG));
        assert!(acknowledged.len() < 100, "more was published than finds room");
        alone(acknowledged)
    });
}

#[test]
fn what_is_refused_over_xmpp_for_want_of_room_comes_to_nobody() {
    beside_readers(server_with(NO_BACKLOG), &BOTH_PACES, ("1002", ALARMS), |server| {
        let acknowledged = all_but(0, 100, &flood(server, "administrator", &publishes(ALARMS, 0, 100)));
        assert!(acknowledged.len() < 100, "more was published than finds room");
        alone(acknowledged)
    });
}

#[test]
fn readers_that_take_a_few_bytes_now_and_then_are_closed_and_all_others_get_everything() {
    beside_readers(server(), &SOME_TRICKLING, ("1002", ALARMS), |server| {
        alone(pipeline(server.plain, 68, &posts(ALARMS, 0, 68, LONG)))
    });
}
