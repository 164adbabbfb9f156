//! Connections as they come in, up to the first byte of what is said on them.

use std::cell::{Cell, RefCell};
use std::io::{self, Error, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::net::sockopt;
use rustls::{AlertDescription, ServerConfig};
use smol::future::FutureExt as _;
use smol::{Async, Timer};

use crate::client_address;
use crate::clock::Seconds;
use crate::config::limits::Limits;
use crate::net::admission::Admission;
use crate::net::clock::now;
use crate::net::connection::{Connection, Slots};
use crate::net::listen::{Listener, Listening};
use crate::net::quota::Part;
use crate::net::resource_shortage::{Over, Shortage};
use crate::net::socket::{Socket, has_left};
use crate::net::tls::Configurations;
use crate::net::tls::stream::TlsStream;

/// The configuration of TLS for new handshakes; `None`: there are no listeners with TLS.
pub type TlsInUse = Rc<RefCell<Option<Configurations>>>;

/// The address in whose turns the task of a connection runs. By a proxy it becomes that of the client whose request came last.
pub type Turns = Rc<Cell<IpAddr>>;

/// The configuration of TLS for a handshake on a connection that began without it, and the place for what the handshake holds; `None`:
/// there is no STARTTLS.
pub type StartTls = Option<Box<dyn Fn() -> Option<(Arc<ServerConfig>, Part)>>>;

/// A connection on which nothing was said yet.
pub struct Arrival {
    pub connection: Connection,
    /// The other end.
    pub peer: SocketAddr,
    /// The address of this machine by which it came in.
    pub own: IpAddr,
    /// When it was accepted.
    pub accepted: Instant,
    /// The connection is to a listener with TLS, and has none.
    pub lacks_tls: bool,
    /// XMPP is spoken on it, and not HTTP: it may have STARTTLS.
    pub xmpp: Option<StartTls>,
    pub turns: Turns,
}

/// How a new connection is received.
pub enum Meeting {
    Serve,
    /// It is reset.
    Refuse,
    /// Nothing is said on it before this is over.
    Hang(Hang),
}

/// Is over when a connection may be served.
pub type Hang = Pin<Box<dyn Future<Output = ()>>>;

/// The part of the program that serves connections.
pub trait Host: 'static {
    /// Runs a task of a connection in the turns of an address.
    fn spawn(&self, turns: Turns, task: impl Future<Output = ()> + 'static);

    /// Waits until all others have had a turn.
    fn next_round(&self) -> impl Future<Output = ()>;

    /// Tells how a listener receives a new connection.
    fn meet(self: &Rc<Self>, listener: SocketAddr, peer: IpAddr) -> Meeting;

    /// The configuration of TLS for a new handshake, if it is not the usual one.
    fn other_certificate(self: &Rc<Self>, listener: Listening, peer: IpAddr) -> Option<Arc<ServerConfig>>;

    /// Serves a connection until it is over.
    fn serve(self: Rc<Self>, arrival: Arrival) -> impl Future<Output = ()> + 'static;

    /// Says that a connection ended before its first byte.
    fn connection_failed(self: Rc<Self>, peer: SocketAddr, why: &str);
}

/// How long to wait after the system had no resources for one more connection.
const BREATH: Duration = Duration::from_millis(100);

/// The most connections that are accepted in one round of the event loop. All clients may connect at once, and those that are in
/// would wait until each of them has its socket.
const AT_ONCE: usize = 4;

/// Accepts connections for ever, and hands each to `host`. The handshakes run in tasks of their own.
pub async fn accept<H: Host>(host: Rc<H>, admission: Rc<Admission>, listener: Listener, tls: TlsInUse) {
    let address = listener.address;
    let mut shortage = Shortage::default();
    let mut left = AT_ONCE;
    loop {
        if left == 0 {
            host.next_round().await;
            left = AT_ONCE;
        }
        let accepted = async { Some(listener.socket.accept().await) };
        let over = async {
            match shortage.due() {
                Some(due) => Timer::at(due).await,
                None => std::future::pending().await,
            };
            None
        };
        let (stream, peer) = match accepted.or(over).await {
            Some(Ok(accepted)) => accepted,
            Some(Err(error)) => {
                // No descriptors or no memory: those that are in stay in, new ones wait in the system's queue.
                if shortage.failed(now().monotonic) {
                    log::warn!("{address}: no connection can be accepted now, new ones wait: {error}");
                }
                Timer::after(BREATH).await;
                continue;
            }
            None => {
                if let Some(Over { lasted, accepted }) = shortage.end() {
                    let seconds = Seconds(lasted);
                    log::warn!(
                        "{address}: connections are accepted again, after {seconds:.1} s; {accepted} have come in"
                    );
                }
                continue;
            }
        };
        shortage.accepted();
        left -= 1;
        let Some(slots) = admission.admit(peer) else { continue };
        let hang = match host.meet(address, peer.ip()) {
            Meeting::Serve => None,
            Meeting::Refuse => {
                Socket::new(stream).remote().reset();
                continue;
            }
            Meeting::Hang(hang) => Some(hang),
        };
        let config = listener.tls.then(|| in_use(&tls, listener.xmpp)).flatten();
        let turns = Rc::new(Cell::new(client_address::key(peer.ip())));
        let way_in = WayIn { listener: listener.at(), slots, config, hang, tls: tls.clone() };
        host.spawn(turns, connection(host.clone(), admission.clone(), stream, peer, way_in));
    }
}

/// What a new connection has to pass.
struct WayIn {
    listener: Listening,
    slots: Slots,
    config: Option<Arc<ServerConfig>>,
    hang: Option<Hang>,
    tls: TlsInUse,
}

/// The configuration of TLS that is in use.
fn in_use(tls: &TlsInUse, xmpp: bool) -> Option<Arc<ServerConfig>> {
    let tls = tls.borrow();
    let tls = tls.as_ref()?;
    Some(if xmpp { tls.xmpp.clone() } else { tls.http.clone() })
}

/// Waits until nothing keeps a connection from being served. Returns false if the client has gone before that: it takes no place
/// from others meanwhile.
async fn outlasts(stream: &Async<TcpStream>, hang: Hang) -> bool {
    let gone = async {
        while !has_left(stream) {
            Timer::after(BREATH).await;
        }
        false
    };
    let over = async {
        hang.await;
        true
    };
    over.or(gone).await
}

async fn connection<H: Host>(
    host: Rc<H>,
    admission: Rc<Admission>,
    stream: Async<TcpStream>,
    peer: SocketAddr,
    WayIn { listener, slots, config, hang, tls }: WayIn,
) {
    log::debug!("{peer}: connection accepted");
    if let Some(hang) = hang
        && !outlasts(&stream, hang).await
    {
        return log::debug!("{peer}: gone at once");
    }
    let accepted = now().monotonic;
    let prepared = prepare(stream.get_ref(), &admission.limits).and_then(|()| stream.get_ref().local_addr());
    let own = match prepared {
        Ok(own) => own.ip(),
        Err(error) => return log::debug!("{peer}: gone at once: {error}"),
    };
    let traffic = admission.traffic.clone();
    let opened = async {
        match config {
            None => Ok((Connection::plain(Socket::new(stream), peer, slots, traffic), false)),
            Some(config) => match first_byte(&stream).await {
                // No record of TLS begins with a letter.
                Some(first) if first.is_ascii_uppercase() && !listener.xmpp => {
                    Ok((Connection::plain(Socket::new(stream), peer, slots, traffic), true))
                }
                Some(_) => {
                    let config = host.other_certificate(listener, peer.ip()).unwrap_or(config);
                    let held = admission.handshakes.part(peer.ip());
                    let stream = TlsStream::accept(config, Socket::new(stream), held).await?;
                    Ok((Connection::tls(stream, peer, slots, traffic), false))
                }
                None => Err(ErrorKind::ConnectionAborted.into()),
            },
        }
    };
    let limit = admission.limits.login;
    let late = async {
        Timer::after(limit).await;
        Err(Error::other(format!("no handshake within {limit:?}")))
    };
    match opened.or(late).await {
        Ok((connection, lacks_tls)) => {
            // A task of its own, so that what the handshake needed is not kept for the life of the connection.
            let turns = Rc::new(Cell::new(client_address::key(peer.ip())));
            let xmpp = listener
                .xmpp
                .then(|| (!listener.tls).then(|| start_tls(&host, admission, listener, peer.ip(), tls)));
            let arrival = Arrival { connection, peer, own, accepted, lacks_tls, xmpp, turns: turns.clone() };
            host.spawn(turns, host.clone().serve(arrival));
        }
        // Health checks connect and leave like this all the time.
        Err(error) if is_lost(&error) => log::debug!("{peer} tls: {error}"),
        Err(error) => host.connection_failed(peer, &reason(&error)),
    }
}

fn start_tls<H: Host>(
    host: &Rc<H>,
    admission: Rc<Admission>,
    listener: Listening,
    peer: IpAddr,
    tls: TlsInUse,
) -> Box<dyn Fn() -> Option<(Arc<ServerConfig>, Part)>> {
    let host = host.clone();
    Box::new(move || {
        let config = host.other_certificate(listener, peer).or_else(|| in_use(&tls, true))?;
        Some((config, admission.handshakes.part(peer)))
    })
}

/// Sets what TCP is to do with a connection.
fn prepare(stream: &TcpStream, limits: &Limits) -> io::Result<()> {
    // An event is one small write: it must not wait for the answer to the one before.
    stream.set_nodelay(true)?;
    // The connection of a client that only receives may be half open: the system would try for a
    // quarter of an hour. It gives up when a client with pings would be given up, and never before a client that only reads
    // slowly.
    let silence = (limits.ping + 2 * limits.ping_answer).max(2 * limits.login);
    if let Err(error) = sockopt::set_tcp_user_timeout(stream, silence.as_millis() as u32) {
        // Not every system that runs programs for Linux has it, and a connection is worth more.
        log::debug!("a half-open connection may stay until the system gives it up by itself: {error}");
    }
    Ok(())
}

/// Waits for the first byte, which stays there; `None`: the client has gone without one.
async fn first_byte(stream: &Async<TcpStream>) -> Option<u8> {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)).then_some(first[0])
}

/// Why there is no handshake, with what people meet first in words of their own (RFC 8446 §6.2).
fn reason(error: &Error) -> String {
    use AlertDescription as Alert;
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::AlertReceived(
            alert @ (Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA),
        )) => format!("the client does not trust the certificate ({alert:?})"),
        Some(rustls::Error::PeerIncompatible(what)) => {
            format!("the client offers no TLS that is spoken here, which is 1.2 and 1.3 ({what:?})")
        }
        _ => error.to_string(),
    }
}

/// Whether the other end has just gone, with nothing said about why.
fn is_lost(error: &Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use std::task::Poll;

    use smol::LocalExecutor;

    use super::*;
    use crate::config::Config;
    use crate::event_loop::scheduler;
    use crate::http::site::Site;

    /// All others have their turns in between.
    #[test]
    fn clients_that_connect_at_once_are_accepted_in_many_rounds() {
        const CLIENTS: usize = 10 * AT_ONCE;
        let executor = Rc::new(LocalExecutor::new());
        let site = Site::new(Config::demo(), None, executor.clone(), Rc::default());
        let socket = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("there is a port");
        let address = socket.get_ref().local_addr().expect("it has one");
        let _clients: Vec<_> =
            (0..CLIENTS).map(|_| TcpStream::connect(address).expect("it listens")).collect();
        let listener = Listener { socket, address, tls: false, xmpp: false };
        site.driver.spawn(accept(site.clone(), site.admission.clone(), listener, TlsInUse::default()));
        let mut rounds =
            Box::pin(scheduler::run(executor, scheduler::SESSION_TURN_MAX).or(site.driver.clone().write()));
        smol::block_on(std::future::poll_fn(|cx| {
            let before = site.admission.connections.get();
            let _never: Poll<()> = rounds.as_mut().poll(cx);
            let accepted = site.admission.connections.get() - before;
            assert!(accepted <= AT_ONCE, "{accepted} in one round");
            if site.admission.connections.get() < CLIENTS { Poll::Pending } else { Poll::Ready(()) }
        }));
    }

    #[test]
    fn the_system_gives_up_who_does_not_answer_when_pings_would() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let stream = TcpStream::connect(listener.local_addr().expect("it has one")).expect("it listens");
        let second = Duration::from_secs(1);
        for (login, expected) in [(second, 70_000), (60 * second, 120_000)] {
            let limits = Limits { ping: 30 * second, ping_answer: 20 * second, login, ..Limits::default() };
            prepare(&stream, &limits).expect("Linux can");
            assert_eq!(sockopt::tcp_user_timeout(&stream).expect("Linux can"), expected);
        }
    }
}
