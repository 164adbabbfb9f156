//! The socket that the client of Redis is given: with the traits that it wants, and a bound on what may come in.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use smol::io::{AsyncRead, AsyncWrite};
use tokio::io::ReadBuf;

/// A connection, with TLS or without.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection whose peer may say so much. The client keeps an answer in memory until it is whole, however long it is.
pub(super) struct Socket {
    inner: Box<dyn Duplex>,
    room: Arc<AtomicUsize>,
}

impl Socket {
    /// `room`: how many bytes may still come in. With the last of them the connection ends.
    pub fn new(inner: Box<dyn Duplex>, room: Arc<AtomicUsize>) -> Self {
        Self { inner, room }
    }
}

impl tokio::io::AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buf.initialize_unfilled()))?;
        let room = self.room.load(Ordering::Relaxed);
        let left = room.saturating_sub(read);
        self.room.store(left, Ordering::Relaxed);
        if left == 0 && read > 0 {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
