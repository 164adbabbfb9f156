//! What goes out: what waits for the session becomes frames, or over TCP text, in few long writes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use smol::io::AsyncWrite;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{Phase, Session, Wire};
use crate::http::xmpp::frames::header;
use crate::http::xmpp::sessions::Sessions;
use crate::hub::XmppOut;
use crate::net::buffers::{Scratch, WRITE};
use crate::xmpp::sasl;

impl<S: Sessions> Session<S> {
    /// Writes what waits, many frames at once. Pending if the socket takes no more.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> io::Result<Poll<()>> {
        let written = self.try_write(cx)?;
        self.stuck = written.is_pending();
        if self.stuck {
            self.sessions.full(self.id);
        }
        Ok(written)
    }

    fn try_write(&mut self, cx: &mut Context<'_>) -> io::Result<Poll<()>> {
        let sessions = self.sessions.clone();
        loop {
            let mut sent = 0;
            while sent < self.unsent.len() {
                let rest = &self.unsent[sent..];
                let most = self.slice.map_or(rest.len(), |bytes| rest.len().min(bytes.into()));
                match Pin::new(&mut self.io).poll_write(cx, &rest[..most])? {
                    Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(length) => sent += length,
                    Poll::Pending => break,
                }
            }
            if sent > 0 {
                // A client that takes its events lives, though its pongs are not read meanwhile.
                sessions.heard(self.id);
            }
            if sent < self.unsent.len() {
                // Once for all segments: each would move the rest of a long stanza.
                drop(self.unsent.drain(..sent));
                return Ok(Poll::Pending);
            }
            self.unsent = Vec::new();
            let Scratch { output, .. } = &mut *sessions.scratch().borrow_mut();
            output.clear();
            self.slice = None;
            let more = sessions.drain(self.id, WRITE, |out| self.encode(output, &out));
            if self.slice.is_some() {
                self.unsent.extend_from_slice(output);
            } else if !output.is_empty() {
                match Pin::new(&mut self.io).poll_write(cx, output)? {
                    Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(length) => self.unsent.extend_from_slice(&output[length..]),
                    Poll::Pending => self.unsent.extend_from_slice(output),
                }
            }
            if !more && self.unsent.is_empty() {
                let flushed = Pin::new(&mut self.io).poll_flush(cx)?;
                if flushed.is_ready() && self.deaf && self.phase == Phase::Closing && !self.half_closed {
                    self.half_closed = true;
                    self.io.end_writing(cx);
                }
                return Ok(flushed);
            }
        }
    }

    fn encode(&mut self, output: &mut Vec<u8>, out: &XmppOut<'_>) {
        match out {
            XmppOut::Slice(bytes) => self.slice = Some(*bytes),
            XmppOut::Text(pieces) => {
                if let Wire::Tcp(tcp) = &mut self.wire {
                    tcp.says(pieces);
                }
                self.encode_text(output, pieces);
            }
            XmppOut::Ping => header(output, OpCode::Control(Control::Ping), 0),
            // The client knows by the end of the connection that nothing more comes (RFC 6120 §4.4).
            XmppOut::Close(..) if self.is_tcp() => (self.phase, self.deaf) = (Phase::Closing, true),
            XmppOut::Close(code, reason) => {
                header(output, OpCode::Control(Control::Close), 2 + reason.len());
                output.extend_from_slice(&code.to_be_bytes());
                output.extend_from_slice(reason.as_bytes());
                self.phase = Phase::Closing;
            }
        }
    }

    fn encode_text(&self, output: &mut Vec<u8>, pieces: &[&str]) {
        if log::log_enabled!(log::Level::Trace) {
            log::trace!("{} > {}", self.io.peer, sasl::masked_answer(&pieces.concat()));
        }
        if !self.is_tcp() {
            header(output, OpCode::Data(Data::Text), pieces.iter().map(|piece| piece.len()).sum());
        }
        for piece in pieces {
            output.extend_from_slice(piece.as_bytes());
        }
    }
}
