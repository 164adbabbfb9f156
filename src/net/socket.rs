//! The socket of a connection, which others may look at while its owner reads and writes.

use std::io::{self, IoSlice};
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;
use smol::Async;
use smol::io::{AsyncRead, AsyncWrite};

/// A TCP connection.
pub struct Socket(Arc<Async<TcpStream>>);

/// Tells of a connection whether its other end is still there. Nothing is read for that, so it can be asked where nobody reads.
#[derive(Clone)]
pub struct Remote(Weak<Async<TcpStream>>);

impl Socket {
    pub fn new(stream: Async<TcpStream>) -> Self {
        Self(Arc::new(stream))
    }

    /// A second handle of the connection, for the task that takes it over.
    pub fn again(&self) -> Self {
        Self(self.0.clone())
    }

    /// The socket itself.
    pub fn get_ref(&self) -> &TcpStream {
        (*self.0).get_ref()
    }

    /// Reads what comes in, for a caller that does not own it.
    pub fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_read(cx, buf)
    }

    /// The connection, to be looked at.
    pub fn remote(&self) -> Remote {
        Remote(Arc::downgrade(&self.0))
    }
}

impl Remote {
    /// Ends the connection both ways, for whoever reads or writes there.
    pub fn cut(&self) {
        if let Some(stream) = self.0.upgrade() {
            let _ = (*stream).get_ref().shutdown(Shutdown::Both);
        }
    }

    /// The connection is reset as soon as it is dropped, instead of closed.
    pub fn reset(&self) {
        if let Some(stream) = self.0.upgrade() {
            // Where the system does not do it, the connection is closed.
            let _ = set_socket_linger(&*stream, Some(Duration::ZERO));
        }
    }

    /// Whether the other end has closed the connection, or it is lost.
    pub fn has_left(&self) -> bool {
        self.0.upgrade().is_none_or(|stream| has_left(&stream))
    }
}

/// Whether the other end of a connection has closed it, or it is lost.
pub fn has_left(stream: &Async<TcpStream>) -> bool {
    let mut asked = [PollFd::new(stream, PollFlags::RDHUP)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    // Where the system does not say it, it is there.
    poll(&mut asked, Some(&at_once)).is_ok() && !asked[0].revents().is_empty()
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Socket::poll_read(&self, cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.0).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.0).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_client_that_has_closed_its_connection_is_gone_even_if_bytes_are_unread() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("it has one")).expect("it listens");
        let (stream, _) = listener.accept().expect("it has connected");
        let socket = Socket::new(Async::new(stream).expect("it can wait"));
        let remote = socket.remote();
        client.write_all(b"something that nobody reads").expect("it is open");
        assert!(!remote.has_left());
        client.shutdown(Shutdown::Write).expect("it is open");
        assert!(remote.has_left());
        drop(socket);
        assert!(remote.has_left());
    }
}
