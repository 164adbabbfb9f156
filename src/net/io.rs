//! One connection, with TLS or without, that counts as long as it lives.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_rustls::server::TlsStream;
use smol::Async;
use smol::io::{AsyncRead, AsyncWrite};

/// The number of open connections. Atomic only because a connection has to be able to move between threads for
/// hyper's sake; it never does.
#[derive(Clone, Debug, Default)]
pub struct Count(Arc<AtomicUsize>);

impl Count {
    /// How many there are.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// One more, until the slot is dropped.
    pub fn take(&self) -> Slot {
        self.0.fetch_add(1, Ordering::Relaxed);
        Slot(self.0.clone())
    }
}

/// A connection's part in the number of all.
#[derive(Debug)]
pub struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

enum Transport {
    Plain(Async<TcpStream>),
    Tls(Box<TlsStream<Async<TcpStream>>>),
}

/// A connection.
pub struct Io {
    transport: Transport,
    /// The other end.
    pub peer: SocketAddr,
    _slot: Slot,
}

impl Io {
    /// A connection without TLS.
    pub fn plain(stream: Async<TcpStream>, peer: SocketAddr, slot: Slot) -> Self {
        Self { transport: Transport::Plain(stream), peer, _slot: slot }
    }

    /// A connection whose TLS handshake is done.
    pub fn tls(stream: TlsStream<Async<TcpStream>>, peer: SocketAddr, slot: Slot) -> Self {
        Self { transport: Transport::Tls(Box::new(stream)), peer, _slot: slot }
    }
}

impl Io {
    /// Says that nothing more will be written, in TLS and TCP, as far as the socket takes it at once.
    pub fn end_writing(&mut self, cx: &mut Context<'_>) {
        let _ = Pin::new(&mut *self).poll_close(cx);
        let socket = match &self.transport {
            Transport::Plain(stream) => stream,
            Transport::Tls(stream) => stream.get_ref().0,
        };
        let _ = socket.get_ref().shutdown(Shutdown::Write);
    }
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

impl AsyncRead for Io {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        delegate!(self, poll_read(cx, buf))
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self, poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_flush(cx))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, poll_close(cx))
    }
}
