//! The reader of WebSocket messages makes the same of bytes however they are cut, and what tungstenite makes of them.
#![no_main]

use std::io::{self, Cursor, Read, Write};

use callboard::http::xmpp::frames;
use libfuzzer_sys::fuzz_target;
use tungstenite::Message;
use tungstenite::error::Error;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

/// In bytes: messages are long from 1024 on, which the reader treats in another way.
const LIMIT: usize = 2048;

/// What came out: the messages up to a close, the answers, and the error at the end if there was one.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    messages: Vec<Message>,
    answers: Vec<u8>,
    error: Option<String>,
}

fuzz_target!(|data: &[u8]| {
    let Some((&cut, bytes)) = data.split_first() else { return };
    let whole = read(std::iter::once(bytes));
    let size = usize::from(cut % 16) + 1;
    assert_eq!(whole, read(bytes.chunks(size)), "in pieces of {size}");
    let (first, second) = bytes.split_at(usize::from(cut).min(bytes.len()));
    assert_eq!(whole, read([first, second].into_iter()), "in two pieces");
    assert_eq!(whole, reference(bytes));
});

/// By callboard's reader.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let mut reader = frames::Reader::new(LIMIT / 2);
    let mut read = Outcome::default();
    for mut piece in pieces {
        loop {
            match reader.next(&mut piece, &mut read.answers) {
                Ok(None) => break,
                Ok(Some(message)) => {
                    // As after a login.
                    reader.raise(LIMIT);
                    if read.took(message) {
                        return read;
                    }
                }
                Err(error) => {
                    read.error = Some(error.to_string());
                    return read;
                }
            }
        }
    }
    read
}

/// By tungstenite alone.
fn reference(bytes: &[u8]) -> Outcome {
    let config = |limit| {
        WebSocketConfig::default()
            .write_buffer_size(0)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit))
    };
    let mut context = WebSocketContext::new(Role::Server, Some(config(LIMIT / 2)));
    let mut read = Outcome::default();
    let mut pipe = Pipe { input: Cursor::new(bytes), output: Vec::new() };
    loop {
        match context.read(&mut pipe) {
            Ok(message) => {
                context.set_config(|other| *other = config(LIMIT));
                if message.is_ping() {
                    context.flush(&mut pipe).expect("memory takes all");
                }
                if read.took(message) {
                    break;
                }
            }
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => {
                read.error = Some(error.to_string());
                break;
            }
        }
    }
    read.answers = pipe.output;
    read
}

impl Outcome {
    /// Tells whether that was the last message.
    fn took(&mut self, message: Message) -> bool {
        let is_last = message.is_close();
        self.messages.push(message);
        is_last
    }
}

/// Memory in place of a socket.
struct Pipe<'a> {
    input: Cursor<&'a [u8]>,
    output: Vec<u8>,
}

impl Read for Pipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.input.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            length => Ok(length),
        }
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.output.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
