//! XMPP over TCP: the bytes of a connection as pieces of a stream (RFC 6120 §4).

use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::connection::{FRAME_COST, FRAME_MAX, Socket, words};
use crate::xml::XmlError;
use crate::xmpp::splitter::{Piece, Splitter};

/// How much of something that is no stream is shown.
const HEAD_MAX: usize = 512;

/// A stream.
pub struct Stream {
    socket: Box<dyn Socket>,
    splitter: Splitter,
    /// What has come, and how much of it is taken.
    bytes: Vec<u8>,
    taken: usize,
    /// The start of the piece that is not complete.
    head: Vec<u8>,
    is_over: bool,
}

/// What has come.
pub enum Heard {
    /// The text of a piece, as it stands on the wire, and what it costs.
    Piece(String, usize),
    /// White space, with its cost.
    Space(usize),
    /// The end of the connection, and why.
    End(String),
}

impl Stream {
    pub fn new(socket: Box<dyn Socket>) -> Self {
        let splitter = Splitter::new(FRAME_MAX);
        Self { socket, splitter, bytes: Vec::new(), taken: 0, head: Vec::new(), is_over: false }
    }

    /// Sends a text. The server answers the start tag of a stream with one of its own, whatever has been before.
    pub async fn send(&mut self, text: &str) {
        if text.starts_with("<?xml") {
            self.splitter.restart(FRAME_MAX);
        }
        // An error of the connection is seen when it is read from.
        if self.socket.write_all(text.as_bytes()).await.is_ok() {
            let _ = self.socket.flush().await;
        }
    }

    /// Whether nothing has come behind the last piece.
    pub fn is_empty(&self) -> bool {
        self.taken == self.bytes.len()
    }

    /// The next piece, or the end.
    pub async fn next(&mut self) -> Heard {
        loop {
            if self.is_over {
                return Heard::End(String::new());
            }
            if let Some(heard) = self.piece() {
                return heard;
            }
            let mut bytes = [0; 4096];
            match self.socket.read(&mut bytes).await {
                Ok(0) => self.is_over = true,
                Ok(count) => {
                    self.bytes.clear();
                    self.taken = 0;
                    self.bytes.extend_from_slice(&bytes[..count]);
                }
                Err(error) => {
                    self.is_over = true;
                    return Heard::End(words(&error));
                }
            }
        }
    }

    /// The next piece of what has come; `None`: there is more to come.
    fn piece(&mut self) -> Option<Heard> {
        let mut rest = &self.bytes[self.taken..];
        let before = rest;
        let piece = self.splitter.next(&mut rest);
        let taken = before.len() - rest.len();
        self.taken += taken;
        let shown = HEAD_MAX.saturating_sub(self.head.len());
        let heard = match piece {
            Ok(None) => {
                self.head.extend_from_slice(&before[..taken.min(shown)]);
                return None;
            }
            Ok(Some(Piece::Space)) => Heard::Space(FRAME_COST + taken),
            Ok(Some(Piece::Stanza(text))) => Heard::Piece(text.to_owned(), FRAME_COST + text.len()),
            Ok(Some(Piece::Header(text))) => {
                let start = text.strip_suffix("/>").map(|start| format!("{start}>"));
                Heard::Piece(start.unwrap_or_else(|| text.to_owned()), FRAME_COST + text.len())
            }
            Ok(Some(Piece::End)) => {
                // The side that has sent the first of two end tags closes the connection behind the second (RFC 6120 §4.4).
                self.is_over = true;
                Heard::Piece(crate::xmpp::stream::END.to_owned(), FRAME_COST)
            }
            Err(XmlError::TooMuch(words)) => {
                self.is_over = true;
                Heard::End(words.to_owned())
            }
            Err(_) => {
                self.is_over = true;
                self.head.extend_from_slice(&before[..before.len().min(shown)]);
                Heard::Piece(String::from_utf8_lossy(&self.head).into_owned(), FRAME_COST)
            }
        };
        self.head.clear();
        Some(heard)
    }
}
