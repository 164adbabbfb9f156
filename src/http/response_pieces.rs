//! The rest of an answer in pieces, when its head and what it begins with are written: a stream of server-sent events is silent
//! almost always, and hyper would keep two buffers for it all the time.

use std::io::{self, ErrorKind, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::Version;
use hyper::body::Bytes;
use smol::io::AsyncWrite as _;

use crate::http::response::Pieces;
use crate::net::connection::Connection;

/// The most pieces that are written until others have their turn.
const ROUNDS: usize = 16;

/// The pieces that are still to be written.
pub struct Rest {
    /// `None`: there are no more.
    pieces: Option<Pieces>,
    /// Each piece says its length (RFC 9112 §7.1). Else the end of the connection is the end of the answer (§6.3).
    chunked: bool,
    /// The piece that is being written, and how far.
    piece: Vec<u8>,
    written: usize,
    /// The connection took no more at the last write.
    stuck: bool,
}

impl Rest {
    /// The rest of an answer that hyper began for a client of that version of HTTP.
    pub fn new(pieces: Pieces, version: Version) -> Self {
        let chunked = version == Version::HTTP_11;
        Self { pieces: Some(pieces), chunked, piece: Vec::new(), written: 0, stuck: false }
    }

    /// Writes what there is, up to the end of the answer. The next piece is made when the connection has taken the one before.
    pub fn poll(&mut self, io: &mut Connection, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..ROUNDS {
            self.stuck = true;
            while self.written < self.piece.len() {
                match ready!(Pin::new(&mut *io).poll_write(cx, &self.piece[self.written..]))? {
                    0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                    length => self.written += length,
                }
            }
            ready!(Pin::new(&mut *io).poll_flush(cx))?;
            self.stuck = false;
            (self.piece, self.written) = (Vec::new(), 0);
            let Some(pieces) = &mut self.pieces else { return Poll::Ready(Ok(())) };
            let piece = ready!(pieces.as_mut().poll_next(cx)).transpose()?;
            self.take(piece)?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Tells whether the connection has not taken all that it was offered.
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Takes the next piece, or the end.
    fn take(&mut self, piece: Option<Bytes>) -> io::Result<()> {
        match piece {
            Some(piece) if self.chunked && !piece.is_empty() => {
                write!(self.piece, "{:x}\r\n", piece.len())?;
                self.piece.extend_from_slice(&piece);
                self.piece.extend_from_slice(b"\r\n");
            }
            Some(piece) => self.piece.extend_from_slice(&piece),
            None => {
                self.pieces = None;
                if self.chunked {
                    self.piece.extend_from_slice(b"0\r\n\r\n");
                }
            }
        }
        Ok(())
    }
}
