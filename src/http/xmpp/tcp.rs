//! What a stream over TCP needs beside its session: the splitter of its bytes, and STARTTLS (RFC 6120 §5).

use std::io;

use crate::net::accept::StartTls;
use crate::net::connection::Connection;
use crate::net::quota::Part;
use crate::net::tls::stream;
use crate::xmpp::splitter::Splitter;
use crate::xmpp::stream::PROCEED;

/// A stream over TCP.
pub(super) struct Tcp {
    pub splitter: Splitter,
    /// `None`: there is TLS, or none can begin.
    start_tls: StartTls,
    /// The client has sent `<starttls/>`: TLS begins when all that waits is written.
    pub is_starting: bool,
    /// `<proceed/>` has gone out; a fault may keep it back for long.
    has_proceeded: bool,
    limit: usize,
    /// What the handshake of TLS holds, while it lasts.
    held: Option<Part>,
}

impl Tcp {
    /// A stream of which nothing has come, whose pieces have `limit` bytes before the login.
    pub fn new(limit: usize, start_tls: StartTls) -> Self {
        let splitter = Splitter::new(limit);
        Self { splitter, start_tls, is_starting: false, has_proceeded: false, limit, held: None }
    }

    /// Tells whether TLS can begin.
    pub fn has_start_tls(&self) -> bool {
        self.start_tls.is_some()
    }

    /// Notes that a text goes out: TLS begins behind `<proceed/>`, the answer to `<starttls/>`.
    pub fn says(&mut self, pieces: &[&str]) {
        self.has_proceeded |= self.is_starting && *pieces == [PROCEED];
    }

    /// Begins TLS, if it is time for it: all that was said without it is written.
    pub fn start_tls(&mut self, io: &mut Connection) -> io::Result<()> {
        if !std::mem::take(&mut self.has_proceeded) {
            return Ok(());
        }
        self.is_starting = false;
        let Some((config, held)) = self.start_tls.take().and_then(|make| make()) else {
            return Err(io::Error::other("there is no certificate"));
        };
        // Nothing of what was said without TLS counts after it (RFC 6120 §5.4.3.3).
        self.splitter = Splitter::new(self.limit);
        self.held = Some(held);
        io.start_tls(config)
    }

    /// Counts what a handshake holds, and calls `secured` at its end.
    pub fn look_at_handshake(&mut self, io: &Connection, secured: impl FnOnce()) -> io::Result<()> {
        let Some(held) = &mut self.held else { return Ok(()) };
        held.set(io.unread()).map_err(|_| stream::full())?;
        if !io.is_handshaking() {
            self.held = None;
            secured();
        }
        Ok(())
    }
}
