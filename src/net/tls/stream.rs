//! TLS over a socket. A session is silent almost always, so nothing is kept for bytes that are not there: what comes in and goes
//! out passes through one buffer for all connections, and only what is incomplete or not taken stays with its own.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    AppDataRecord, ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError,
    UnbufferedStatus, WriteTraffic,
};
use rustls::{CommonState, Error, ServerConfig};
use smol::io::{AsyncRead, AsyncWrite};

use crate::net::buffers::{CHUNK, WRITE};
use crate::net::quota::Part;
use crate::net::socket::Socket;

/// The most that may have come in and is not understood yet, in bytes, of a handshake: a ClientHello has a tenth of that.
const HELLO: usize = 16 * 1024;

/// The most that may have come in and is not understood yet, in bytes, after the handshake: a record with its head (RFC 8446
/// §5.2, RFC 5246 §6.2.3).
const RECORD: usize = 16 * 1024 + 2048 + 5;

thread_local! {
    /// Used within one poll only. There is room for what is held with a piece behind it, and for what is written with what its
    /// records have around them.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; WRITE + CHUNK]);
}

/// Why a handshake is not gone on with.
const FULL: &str = "others of its address, or all, hold too much (handshakes in [limits])";

/// A connection of a client.
pub struct TlsStream {
    socket: Socket,
    connection: UnbufferedServerConnection,
    /// Bytes that came in and are no complete record yet.
    incoming: Vec<u8>,
    /// Decrypted bytes that were not read yet.
    plain: Vec<u8>,
    /// Encrypted bytes that the socket has not taken yet.
    outgoing: Vec<u8>,
    /// Nothing more comes: the other end has said so, or has broken the protocol.
    ended: bool,
    /// Nothing more goes: we have said so, or the other end has broken the protocol.
    closed: bool,
}

impl TlsStream {
    /// Does the handshake. `held` is what it holds of what is not complete.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the two do not agree; the client is told why, if the socket takes it at once. Or there is no
    /// room for what it holds.
    pub async fn accept(config: Arc<ServerConfig>, socket: Socket, mut held: Part) -> io::Result<Self> {
        let mut stream = Self::begin(config, socket)?;
        poll_fn(|cx| {
            while stream.connection.is_handshaking() {
                ready!(stream.poll_send(cx))?;
                ready!(stream.poll_receive(cx, &mut []))?;
                if held.set(stream.incoming.len()).is_err() {
                    return Poll::Ready(Err(full()));
                }
                // A client that ends its side together with the handshake is told the end of ours later, like every client.
                if stream.ended && stream.connection.is_handshaking() {
                    return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
                }
            }
            stream.poll_send(cx)
        })
        .await?;
        Ok(stream)
    }

    /// A connection whose handshake is still to come, and is done by whoever reads from it.
    pub fn begin(config: Arc<ServerConfig>, socket: Socket) -> io::Result<Self> {
        Ok(Self {
            socket,
            connection: UnbufferedServerConnection::new(config).map_err(io::Error::other)?,
            incoming: Vec::new(),
            plain: Vec::new(),
            outgoing: Vec::new(),
            ended: false,
            closed: false,
        })
    }

    /// Whether the handshake is not done.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// The socket below.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// How many bytes have come in that were not read yet.
    pub fn unread(&self) -> usize {
        self.incoming.len() + self.plain.len()
    }

    /// The result of the handshake.
    pub fn agreed(&self) -> &CommonState {
        &self.connection
    }

    /// Hands to the socket what is encrypted.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            match ready!(Pin::new(&mut self.socket).poll_write(cx, &self.outgoing))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                length if length == self.outgoing.len() => self.outgoing = Vec::new(),
                length => drop(self.outgoing.drain(..length)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes what the socket has. Returns how many bytes for the reader were in it and are in `out` now.
    fn poll_receive(&mut self, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        let received = BUFFER.with_borrow_mut(|buffer| {
            let held = self.incoming.len();
            buffer[..held].copy_from_slice(&self.incoming);
            let length = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer[held..held + CHUNK]))?;
            if length == 0 {
                let sentence = "the connection has ended without an end of TLS";
                return Poll::Ready(Err(io::Error::new(ErrorKind::UnexpectedEof, sentence)));
            }
            Poll::Ready(self.process(&mut buffer[..held + length], out))
        });
        if matches!(received, Poll::Ready(_)) {
            // Messages of TLS itself leave as far as the socket takes them now, and the rest before the next bytes.
            let _ = self.poll_send(cx);
        }
        received
    }

    /// Takes what came in, as far as it is complete. Returns how many bytes for the reader were in it and are in `out` now.
    fn process(&mut self, input: &mut [u8], out: &mut [u8]) -> io::Result<usize> {
        let (mut done, mut filled) = (0, 0);
        loop {
            let UnbufferedStatus { discard, state } = self.connection.process_tls_records(&mut input[done..]);
            done += discard;
            match state {
                Ok(ConnectionState::ReadTraffic(mut records)) => {
                    while let Some(record) = records.next_record() {
                        let AppDataRecord { discard, payload } = record.map_err(invalid)?;
                        done += discard;
                        let (fits, rest) = payload.split_at(payload.len().min(out.len() - filled));
                        out[filled..filled + fits.len()].copy_from_slice(fits);
                        filled += fits.len();
                        self.plain.extend_from_slice(rest);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(data)) => encode(data, &mut self.outgoing)?,
                // All earlier messages are on their way.
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.ended = true,
                Ok(_) => break,
                Err(error) => return Err(self.fail(error)),
            }
        }
        let rest = &input[done..];
        let most = if self.connection.is_handshaking() { HELLO } else { RECORD };
        if rest.len() > most {
            return Err(io::Error::new(ErrorKind::InvalidData, "a message of TLS is too long"));
        }
        self.incoming = rest.to_vec();
        Ok(filled)
    }

    /// Nothing more comes or goes but what the other end is told of it.
    fn fail(&mut self, error: Error) -> io::Error {
        (self.ended, self.closed) = (true, true);
        while self.connection.wants_write() {
            // Only messages to send are asked for: the input is broken, and must not be looked at once more.
            let Ok(ConnectionState::EncodeTlsData(data)) = self.connection.process_tls_records(&mut []).state
            else {
                break;
            };
            if encode(data, &mut self.outgoing).is_err() {
                break;
            }
        }
        invalid(error)
    }

    /// Encrypts something, and hands it to the socket as far as that takes it now.
    fn send_encrypted(
        &mut self,
        cx: &mut Context<'_>,
        encrypt: impl FnOnce(&mut Traffic<'_>, &mut [u8]) -> Result<usize, EncryptError>,
    ) -> io::Result<()> {
        BUFFER.with_borrow_mut(|buffer| {
            let length = loop {
                match self.connection.process_tls_records(&mut self.incoming).state {
                    Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                        break encrypt(&mut traffic, buffer).map_err(io::Error::other)?;
                    }
                    Ok(ConnectionState::EncodeTlsData(data)) => encode(data, &mut self.outgoing)?,
                    Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                    Ok(_) => return Err(ErrorKind::BrokenPipe.into()),
                    Err(error) => return Err(invalid(error)),
                }
            };
            let mut encrypted = &buffer[..length];
            if self.outgoing.is_empty()
                && let Poll::Ready(length) = Pin::new(&mut self.socket).poll_write(cx, encrypted)?
            {
                encrypted = &encrypted[length..];
            }
            self.outgoing.extend_from_slice(encrypted);
            Ok(())
        })
    }
}

/// There is no room for what a handshake holds.
pub fn full() -> io::Error {
    io::Error::other(FULL)
}

type Traffic<'a> = WriteTraffic<'a, ServerConnectionData>;

fn encode(mut data: EncodeTlsData<'_, ServerConnectionData>, out: &mut Vec<u8>) -> io::Result<()> {
    let begin = out.len();
    // The first try tells how long it is.
    while let Err(error) = data.encode(&mut out[begin..]) {
        let EncodeError::InsufficientSize(InsufficientSizeError { required_size }) = error else {
            return Err(io::Error::other(error));
        };
        out.resize(begin + required_size, 0);
    }
    Ok(())
}

fn invalid(error: Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

impl AsyncRead for TlsStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            if !self.plain.is_empty() {
                let length = self.plain.len().min(buf.len());
                buf[..length].copy_from_slice(&self.plain[..length]);
                self.plain.drain(..length);
                if self.plain.is_empty() {
                    self.plain = Vec::new();
                }
                return Poll::Ready(Ok(length));
            }
            if self.ended {
                return Poll::Ready(Ok(0));
            }
            let length = ready!(self.poll_receive(cx, buf))?;
            if length > 0 {
                return Poll::Ready(Ok(length));
            }
        }
    }
}

impl AsyncWrite for TlsStream {
    /// Takes and encrypts bytes when the socket has taken all earlier ones.
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        if self.closed {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let buf = &buf[..buf.len().min(WRITE)];
        self.send_encrypted(cx, |traffic, out| traffic.encrypt(buf, out))?;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.closed, true) {
            // A broken connection cannot say its end.
            let _ = self.send_encrypted(cx, |traffic, out| traffic.queue_close_notify(out));
        }
        ready!(self.poll_send(cx))?;
        match ready!(Pin::new(&mut self.socket).poll_close(cx)) {
            // The other end has closed first.
            Err(error) if error.kind() == ErrorKind::NotConnected => Poll::Ready(Ok(())),
            done => Poll::Ready(done),
        }
    }
}
