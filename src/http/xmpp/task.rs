//! The task of a WebSocket or of a stream over TCP: among the arrivals until its client is in, and among the sessions from then on.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use smol::Timer;

use crate::http::xmpp::session::{Moved, Session, Way};
use crate::http::xmpp::sessions::Sessions;
use crate::hub::Peer;
use crate::id::SessionId;
use crate::net::connection::Connection;

/// Runs a session until its connection is gone. `way`: how its client came.
pub async fn serve<S: Sessions>(sessions: Rc<S>, io: Connection, origin: Peer, way: Way) {
    let id = sessions.connect(origin);
    let peer = io.peer.ip();
    let session = Rc::new(RefCell::new(Session::new(sessions.clone(), io, id, way)));
    sessions.attach(id, session.clone());
    let mut time: Option<Timer> = None;
    let moved = std::future::poll_fn(|cx| {
        let mut session = session.borrow_mut();
        let moved = session.poll(cx);
        if moved.is_ready() || !session.is_logged_in() {
            return moved;
        }
        let time = time.get_or_insert_with(|| Timer::after(sessions.limits().login));
        Pin::new(time).poll(cx).map(|_| Moved::In)
    });
    match moved.await {
        Moved::In => {
            // From now on it has its turns before those who come in, and, when it is over, before those who leave.
            sessions.clone().spawn(async move {
                loop {
                    let moved = std::future::poll_fn(|cx| session.borrow_mut().poll(cx)).await;
                    if let Moved::Over(how) = moved {
                        // Nothing is written behind the last words in the meantime (RFC 6455 §5.5.1).
                        sessions.forget(id);
                        let owner = sessions.clone();
                        return owner
                            .spawn_arrival(peer, async move { end(&sessions, &session, id, &how).await });
                    }
                }
            });
        }
        Moved::Over(how) => end(&sessions, &session, id, &how).await,
    }
}

/// The session's connection is gone, for the reason that the log is told.
async fn end<S: Sessions>(sessions: &Rc<S>, session: &RefCell<Session<S>>, id: SessionId, how: &str) {
    sessions.closed(id, how);
    sessions.forget(id);
    // Nobody waits for a peer that does not read.
    std::future::poll_fn(|cx| {
        session.borrow_mut().end_writing(cx);
        Poll::Ready(())
    })
    .await;
}
