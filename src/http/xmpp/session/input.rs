//! What comes in: bytes become messages, or over TCP stanzas, and go to the owner of the session.

use tungstenite::Message;
use tungstenite::error::Error;

use super::{Closed, Phase, Session, Turn, Wire};
use crate::http::xmpp::sessions::Sessions;
use crate::xmpp::sasl;
use crate::xmpp::splitter::Piece;
use crate::xmpp::stream::StreamError;

const NOT_UTF8: StreamError =
    StreamError { condition: "bad-format", text: "The text is not UTF-8.", code: 1007 };
const BROKEN: StreamError =
    StreamError { condition: "bad-format", text: "Not the WebSocket protocol.", code: 1002 };

impl<S: Sessions> Session<S> {
    /// Takes what was read, as long as the hub takes messages. Returns the peer's close frame, if it came.
    pub(super) fn take(&mut self, mut input: &[u8], turn: Turn) -> Option<Closed> {
        while !self.deaf {
            let tired = !input.is_empty() && turn.is_over();
            if tired || !self.sessions.is_reading(self.id) {
                self.paused = true;
                self.unread = input.to_vec();
                return None;
            }
            let Wire::WebSocket(reader) = &mut self.wire else {
                if self.take_piece(&mut input) {
                    continue;
                }
                return None;
            };
            let mut answers = Vec::new();
            let message = reader.next(&mut input, &mut answers);
            if self.user.is_some() && matches!(message, Ok(Some(_))) {
                self.messages = self.messages.saturating_add(1);
            }
            if self.phase == Phase::Open {
                // A client that sends one ping after the other must not fill our memory with pongs: it is not read
                // from before it has taken those of this round.
                self.unsent.append(&mut answers);
            }
            match message {
                Ok(None) => return None,
                Ok(Some(Message::Text(text))) => self.text(&text),
                Ok(Some(Message::Ping(_) | Message::Pong(_))) => self.sessions.control(self.id),
                Ok(Some(Message::Close(frame))) => return Some(Closed(frame.map(|frame| frame.code.into()))),
                Ok(Some(Message::Binary(data))) => self.sessions.binary(self.id, &data, &mut self.unsent),
                // These are made for writing only.
                Ok(Some(Message::Frame(_))) => {}
                Err(error) => {
                    // Its answer to our close will not be understood either.
                    self.deaf = true;
                    let error = match error {
                        Error::Capacity(_) => StreamError::TOO_LARGE,
                        Error::Utf8(_) => NOT_UTF8,
                        _ => BROKEN,
                    };
                    self.sessions.fail(self.id, error);
                }
            }
        }
        None
    }

    fn text(&mut self, text: &str) {
        log::trace!("{} < {}", self.io.peer, sasl::masked(text, self.user.is_some()));
        let user = self.sessions.receive(self.id, text);
        if user.is_some() && self.user.is_none() {
            self.user = user;
            if let Wire::WebSocket(reader) = &mut self.wire {
                reader.raise(self.sessions.limits().stanza);
            }
        }
    }

    /// Takes the next piece of a stream over TCP. Returns false if it has not come yet, or nothing more is taken before TLS has begun.
    fn take_piece(&mut self, input: &mut &[u8]) -> bool {
        let Wire::Tcp(tcp) = &mut self.wire else { return false };
        if self.user.is_none() {
            self.user = self.sessions.user(self.id);
            if self.user.is_some() {
                tcp.splitter.restart(self.sessions.limits().stanza);
            }
        }
        match tcp.splitter.next(input) {
            Ok(None) => return false,
            Ok(Some(piece)) => {
                if let Piece::Header(text) | Piece::Stanza(text) = piece {
                    log::trace!("{} < {}", self.io.peer, sasl::masked(text, self.user.is_some()));
                }
                if self.user.is_some() && piece != Piece::Space {
                    self.messages = self.messages.saturating_add(1);
                }
                self.sessions.piece(self.id, piece);
                if tcp.has_start_tls() {
                    tcp.is_starting = self.sessions.start_tls(self.id, input.is_empty());
                }
            }
            Err(error) => {
                self.deaf = true;
                self.sessions.fail(self.id, error.into());
            }
        }
        !self.is_starting_tls()
    }
}
