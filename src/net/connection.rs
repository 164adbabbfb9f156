//! A connection, with TLS or without, which counts as long as it lives.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use rustls::ServerConfig;
use smol::Timer;
use smol::io::{AsyncRead, AsyncWrite};

use crate::net::socket::{Remote, Socket};
use crate::net::tls::stream::TlsStream;
use crate::net::traffic::Traffic;

/// The most bytes of what nobody wants that are read before a client that goes on sending is cut off.
pub const UNWANTED_MAX: usize = 64 * 1024 * 1024;

/// The number of things there are now, of open connections for example. Atomic only because a connection has to be able to move
/// between threads for hyper's sake; it never does.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicUsize>);

impl Gauge {
    /// How many there are.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a connection until the slot is dropped.
    pub fn take(&self) -> Slot {
        self.0.fetch_add(1, Ordering::Relaxed);
        Slot(self.0.clone())
    }
}

/// A counted connection.
#[derive(Debug)]
pub struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether anything goes over a connection now. Atomic for the same reason as [`Gauge`].
#[derive(Debug, Default)]
pub struct Quiet {
    /// All that was written has been taken by the system.
    flushed: AtomicBool,
    /// All that had come in was read, and more was asked for.
    starved: AtomicBool,
    /// The bytes that have come in of a request whose head is not complete.
    unserved: AtomicUsize,
}

impl Quiet {
    /// Nothing is left to read or to write.
    pub fn is_quiet(&self) -> bool {
        self.is_flushed() && self.starved.load(Ordering::Relaxed)
    }

    /// Nothing is left to write.
    pub fn is_flushed(&self) -> bool {
        self.flushed.load(Ordering::Relaxed)
    }

    /// How much has come in since the last request was there, or was answered.
    pub fn unserved(&self) -> usize {
        self.unserved.load(Ordering::Relaxed)
    }

    /// All that has come in belongs to a request that is there.
    pub fn serve(&self) {
        self.unserved.store(0, Ordering::Relaxed);
    }

    /// Something is to be written.
    pub fn disturb(&self) {
        self.flushed.store(false, Ordering::Relaxed);
    }
}

enum Transport {
    Plain(Socket),
    Tls(Box<TlsStream>),
}

/// A connection over TCP, with TLS or without.
pub struct Connection {
    transport: Transport,
    /// Bytes that were read from the connection and have to be read again.
    ahead: Bytes,
    /// `None`: nobody asks.
    quiet: Option<Arc<Quiet>>,
    /// The other end.
    pub peer: SocketAddr,
    /// How long writes may still wait for the other end to read.
    patience: Option<WritePatience>,
    stalled: Option<Box<Stalled>>,
    /// `None`: nobody counts it any more.
    traffic: Option<Arc<Traffic>>,
    /// The traffic of all connections.
    all: Arc<Traffic>,
    slots: Slots,
}

/// For how long a connection waits for the other end to read. Waiting uses it up, and what is taken gives some back.
#[derive(Clone, Copy, Debug)]
pub struct WritePatience {
    most: Duration,
    left: Duration,
    /// Bytes that give back a second.
    rate: usize,
}

impl WritePatience {
    /// WritePatience of that length with a client that takes `rate` bytes a second in the long run.
    pub fn new(most: Duration, rate: usize) -> Self {
        Self { most, left: most, rate }
    }

    /// Counts a time of waiting, and the bytes that were taken.
    fn account(&mut self, waited: Duration, bytes: usize) {
        let back = Duration::from_micros((bytes as u64).saturating_mul(1_000_000) / self.rate as u64);
        self.left = (self.left.saturating_sub(waited) + back).min(self.most);
    }
}

/// A write that waits.
struct Stalled {
    since: Instant,
    timer: Timer,
}

/// A connection counts among all, and among those of its address.
pub type Slots = [Slot; 2];

impl Connection {
    /// A connection without TLS.
    pub fn plain(stream: Socket, peer: SocketAddr, slots: Slots, all: Arc<Traffic>) -> Self {
        Self::new(Transport::Plain(stream), peer, slots, all)
    }

    /// A connection whose TLS handshake is done.
    pub fn tls(stream: TlsStream, peer: SocketAddr, slots: Slots, all: Arc<Traffic>) -> Self {
        Self::new(Transport::Tls(Box::new(stream)), peer, slots, all)
    }

    fn new(transport: Transport, peer: SocketAddr, slots: Slots, all: Arc<Traffic>) -> Self {
        Self {
            transport,
            ahead: Bytes::new(),
            quiet: None,
            peer,
            patience: None,
            stalled: None,
            traffic: None,
            all,
            slots,
        }
    }

    /// TLS begins. Its handshake is done by whoever reads.
    pub fn start_tls(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        if let Transport::Plain(socket) = &self.transport {
            self.transport = Transport::Tls(Box::new(TlsStream::begin(config, socket.again())?));
        }
        Ok(())
    }

    /// Whether a handshake of TLS is not done.
    pub fn is_handshaking(&self) -> bool {
        matches!(&self.transport, Transport::Tls(stream) if stream.is_handshaking())
    }

    /// Bytes that were read too early: they are read again before all others.
    pub fn put_back(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            // Copied, because they may be a small part of a large buffer.
            self.ahead = [bytes, &self.ahead].concat().into();
        }
    }

    /// Whether there are any of those.
    pub fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// How many bytes are kept that have come in and are still to be read.
    pub fn unread(&self) -> usize {
        let in_transport = match &self.transport {
            Transport::Plain(_) => 0,
            Transport::Tls(stream) => stream.unread(),
        };
        self.ahead.len() + in_transport
    }

    /// Something was read, or there is nothing to read.
    fn starve(&self, starved: bool) {
        if let Some(quiet) = &self.quiet {
            quiet.starved.store(starved, Ordering::Relaxed);
        }
    }

    /// Counts bytes of a request whose head is not complete.
    fn read(&self, bytes: usize) {
        if let Some(quiet) = &self.quiet {
            quiet.unserved.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// From now on it is known whether it is quiet.
    pub fn quiet(&mut self) -> Arc<Quiet> {
        self.quiet.get_or_insert_default().clone()
    }

    /// Whether nothing has come in that is still to be read.
    pub fn is_silent(&self) -> bool {
        match self.socket().get_ref().peek(&mut [0]) {
            Ok(length) => length == 0 && !self.has_ahead(),
            Err(error) => error.kind() == io::ErrorKind::WouldBlock && !self.has_ahead(),
        }
    }

    /// Reads what comes in, as the system has it, for nobody: in TLS what stands in it is not looked at.
    pub fn poll_discard(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.ahead = Bytes::new();
        self.socket().poll_read(cx, buf)
    }

    fn socket(&self) -> &Socket {
        match &self.transport {
            Transport::Plain(stream) => stream,
            Transport::Tls(stream) => stream.socket(),
        }
    }

    /// Belongs from now on to a client behind the other end, and counts as its connection.
    pub fn belong_to(&mut self, client: SocketAddr, place: Slot) {
        self.peer = client;
        self.slots[1] = place;
    }

    /// Counts from now on what goes over it.
    pub fn count(&mut self) -> Arc<Traffic> {
        self.traffic.get_or_insert_default().clone()
    }

    /// Counts no more.
    pub fn stop_counting(&mut self) {
        self.traffic = None;
    }

    /// The version of TLS and the cipher suite, if it has TLS.
    pub fn security(&self) -> Option<Security> {
        match &self.transport {
            Transport::Plain(_) => None,
            Transport::Tls(stream) => {
                let agreed = stream.agreed();
                Some(Security {
                    version: format!("{:?}", agreed.protocol_version()?),
                    cipher: format!("{:?}", agreed.negotiated_cipher_suite()?.suite()),
                })
            }
        }
    }

    /// From now on writes that wait longer than this for the other end to read are an error; `None`: they wait.
    pub fn set_patience(&mut self, patience: Option<WritePatience>) {
        self.patience = patience;
        self.stalled = None;
    }

    /// Watches the time of a write that is pending. `bytes`: what it has written.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        let Some(patience) = &mut self.patience else {
            return written;
        };
        match &written {
            Poll::Ready(Ok(written)) => {
                let waited = self.stalled.take().map_or(Duration::ZERO, |stalled| stalled.since.elapsed());
                patience.account(waited, bytes(written));
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                let left = patience.left;
                let stalled = self.stalled.get_or_insert_with(|| {
                    Box::new(Stalled { since: Instant::now(), timer: Timer::after(left) })
                });
                ready!(Pin::new(&mut stalled.timer).poll(cx));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        written
    }

    /// Says that nothing more will be written, in TLS and TCP, as far as the socket takes it at once.
    pub fn end_writing(&mut self, cx: &mut Context<'_>) {
        let _ = Pin::new(&mut *self).poll_close(cx);
        let _ = self.socket().get_ref().shutdown(Shutdown::Write);
    }

    /// The connection, to be looked at.
    pub fn remote(&self) -> Remote {
        self.socket().remote()
    }
}

/// The result of a TLS handshake.
#[derive(Clone, Debug)]
pub struct Security {
    pub version: String,
    pub cipher: String,
}

/// Calls a method of the stream that is there.
macro_rules! delegate {
    ($self:ident, $method:ident($($argument:expr),*)) => {
        match &mut $self.transport {
            Transport::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Transport::Tls(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.has_ahead() {
            let length = self.ahead.len().min(buf.len());
            buf[..length].copy_from_slice(&self.ahead.split_to(length));
            self.starve(false);
            self.read(length);
            return Poll::Ready(Ok(length));
        }
        let read = delegate!(self, poll_read(cx, buf));
        self.starve(read.is_pending());
        if let Poll::Ready(Ok(bytes)) = &read {
            self.read(*bytes);
            self.traffic.iter().chain([&self.all]).for_each(|traffic| traffic.read(*bytes));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(quiet) = &self.quiet {
            quiet.disturb();
        }
        let written = delegate!(self, poll_write(cx, buf));
        if let Poll::Ready(Ok(bytes)) = &written {
            self.traffic.iter().chain([&self.all]).for_each(|traffic| traffic.wrote(*bytes));
        }
        self.watch(cx, written, |bytes| *bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = delegate!(self, poll_flush(cx));
        if let Some(quiet) = self.quiet.as_ref().filter(|_| flushed.is_ready()) {
            quiet.flushed.store(true, Ordering::Relaxed);
        }
        self.watch(cx, flushed, |()| 0)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_close(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_for_who_takes_a_byte_now_and_then_and_not_for_who_reads_slowly() {
        let seconds = Duration::from_secs;
        let mut patience = WritePatience::new(seconds(30), 1024);
        patience.account(seconds(29), 1);
        assert!(patience.left < Duration::from_millis(1002));
        patience.account(seconds(29), 1);
        assert!(patience.left < Duration::from_millis(1));
        let mut patience = WritePatience::new(seconds(30), 1024);
        for _ in 0..1000 {
            patience.account(seconds(16), 16 * 1024);
        }
        assert_eq!(patience.left, seconds(30), "never more than at first");
        patience.account(seconds(10), 2048);
        assert_eq!(patience.left, seconds(22));
    }
}
