//! From bytes to WebSocket messages (RFC 6455 §5).
//!
//! The protocol is tungstenite's. It is given one frame at a time, so that it never holds bytes of the next one: a
//! session can stop between any two messages, and can give back the memory of a large one.

use std::io::{self, Cursor, Read, Write};

use tungstenite::Message;
use tungstenite::error::Error;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::OpCode;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use crate::net::buffers::CHUNK;

/// The protocol reader's own buffer in bytes.
const READ_BUFFER: usize = 256;

/// A message longer than this, in bytes, must not leave its buffer behind in an idle session.
const LARGE: usize = 1024;

/// Reads the messages of one client.
pub struct Reader {
    context: WebSocketContext,
    /// The start of a frame's header, until it is whole.
    head: Vec<u8>,
    /// The number of bytes of the frame that are still to come.
    left: u64,
    limit: usize,
}

impl Reader {
    /// A reader of messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { context: context(limit), head: Vec::new(), left: 0, limit }
    }

    /// From now on messages may be this long.
    pub fn raise(&mut self, limit: usize) {
        self.limit = limit;
        self.context.set_config(|config| {
            config.max_message_size = Some(limit);
            config.max_frame_size = Some(limit);
        });
    }

    /// Takes bytes from `input` up to the end of the next message; none if that has not come yet. The answers of the protocol
    /// itself are appended to `answers`, but for that to a close frame.
    ///
    /// # Errors
    ///
    /// The client has broken the protocol or a bound. There is no reading on after that.
    pub fn next(&mut self, input: &mut &[u8], answers: &mut Vec<u8>) -> Result<Option<Message>, Error> {
        while !input.is_empty() {
            if self.left == 0 && !self.take_head(input)? {
                return Ok(None);
            }
            let length = usize::try_from(self.left).map_or(input.len(), |left| left.min(input.len()));
            let (payload, rest) = input.split_at(length);
            *input = rest;
            self.left -= length as u64;
            let mut pipe = Pipe { parts: [&self.head, payload], answers };
            let message = self.context.read(&mut pipe);
            if matches!(message, Ok(Message::Ping(_))) {
                self.context.flush(&mut pipe)?;
            }
            self.head.clear();
            match message {
                Ok(message) => {
                    if message.len() > LARGE {
                        self.context = context(self.limit);
                    }
                    return Ok(Some(message));
                }
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Collects the header of the next frame. Tells whether it is whole.
    fn take_head(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        while let Some((byte, rest)) = input.split_first() {
            self.head.push(*byte);
            *input = rest;
            if let Some((_, length)) = FrameHeader::parse(&mut Cursor::new(&self.head))? {
                self.left = length;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn context(limit: usize) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(CHUNK)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    WebSocketContext::new(Role::Server, Some(config))
}

/// Memory in place of a socket.
struct Pipe<'a> {
    parts: [&'a [u8]; 2],
    answers: &'a mut Vec<u8>,
}

impl Read for Pipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.parts.iter_mut().find(|part| !part.is_empty()) {
            Some(part) => part.read(buffer),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.answers.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the header of a frame that is sent whole and unmasked (RFC 6455 §5.2).
pub fn header(output: &mut Vec<u8>, opcode: OpCode, length: usize) {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    // Writing to a Vec cannot fail.
    let _ = header.format(length as u64, output);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

    fn frame(opcode: OpCode, last: bool, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let header = FrameHeader { is_final: last, opcode, mask: Some(mask), ..FrameHeader::default() };
        let mut out = Vec::new();
        header.format(payload.len() as u64, &mut out).unwrap();
        out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        out
    }

    /// Feeds `bytes` in pieces of `size`; returns the messages and the answers.
    fn feed(reader: &mut Reader, bytes: &[u8], size: usize) -> (Vec<Message>, Vec<u8>) {
        let (mut messages, mut answers) = (Vec::new(), Vec::new());
        for mut piece in bytes.chunks(size) {
            while let Some(message) = reader.next(&mut piece, &mut answers).unwrap() {
                messages.push(message);
            }
        }
        (messages, answers)
    }

    #[test]
    fn messages_come_out_whole_however_the_bytes_come() {
        let long = "x".repeat(3000);
        let bytes = [
            frame(OpCode::Data(Data::Text), true, b"one"),
            frame(OpCode::Control(Control::Ping), true, b"p"),
            frame(OpCode::Data(Data::Text), false, b"tw"),
            frame(OpCode::Control(Control::Ping), true, b""),
            frame(OpCode::Data(Data::Continue), true, b"o"),
            frame(OpCode::Data(Data::Text), true, long.as_bytes()),
            frame(OpCode::Data(Data::Text), true, b""),
            frame(OpCode::Data(Data::Text), true, b"end"),
        ]
        .concat();
        for size in [1, 2, 7, 300, 4096] {
            let (messages, answers) = feed(&mut Reader::new(4096), &bytes, size);
            let texts: Vec<_> =
                messages.iter().filter(|m| m.is_text()).map(|m| m.to_text().unwrap()).collect();
            assert_eq!(texts, ["one", "two", &long, "", "end"], "in pieces of {size}");
            assert_eq!(answers, [&[0x8a, 1, b'p'][..], &[0x8a, 0]].concat());
        }
    }

    #[test]
    fn nothing_behind_a_message_is_taken_with_it() {
        let mut reader = Reader::new(4096);
        let first = frame(OpCode::Data(Data::Text), true, b"first");
        let second = frame(OpCode::Data(Data::Text), true, b"second");
        let both = [first, second.clone()].concat();
        let mut input = &both[..];
        assert_eq!(reader.next(&mut input, &mut Vec::new()).unwrap(), Some(Message::text("first")));
        assert_eq!(input, second);
    }

    #[test]
    fn the_bound_holds_from_the_header_alone() {
        let mut reader = Reader::new(100);
        let mut input = &[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4][..];
        assert!(matches!(reader.next(&mut input, &mut Vec::new()), Err(Error::Capacity(_))));
        let mut reader = Reader::new(100);
        reader.raise(200);
        let message = frame(OpCode::Data(Data::Text), true, &[b'x'; 200]);
        assert!(reader.next(&mut &message[..], &mut Vec::new()).unwrap().is_some());
        let message = frame(OpCode::Data(Data::Text), true, &[b'x'; 201]);
        assert!(reader.next(&mut &message[..], &mut Vec::new()).is_err());
    }
}
