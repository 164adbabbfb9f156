//! callboard's reader of messages, which also sends binary messages back: the program refuses them, as XMPP has none, and so
//! nothing behind the reader has a way for them.

#[path = "../../../src/net/frames.rs"]
mod own;

use tungstenite::Message;
use tungstenite::error::Error;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

// Where callboard's reader looks for it.
use super::scratch;

/// Reads the messages of one client.
pub struct Reader(own::Reader);

impl Reader {
    pub fn new(limit: usize) -> Self {
        Self(own::Reader::new(limit))
    }

    pub fn raise(&mut self, limit: usize) {
        self.0.raise(limit);
    }

    /// A binary message goes to `answers`, where the answers to pings go, and is told as what needs no answer.
    pub fn next(&mut self, input: &mut &[u8], answers: &mut Vec<u8>) -> Result<Option<Message>, Error> {
        match self.0.next(input, answers)? {
            Some(Message::Binary(payload)) => {
                let header = FrameHeader { opcode: OpCode::Data(Data::Binary), ..FrameHeader::default() };
                header.format(payload.len() as u64, answers)?;
                answers.extend_from_slice(&payload);
                Ok(Some(Message::Pong(Default::default())))
            }
            other => Ok(other),
        }
    }
}
