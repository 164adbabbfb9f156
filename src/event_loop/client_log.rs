//! Lines of the log that clients cause. Lines beyond a client's share are counted, and stand in the log at `debug` only.

use std::fmt::Arguments;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hyper::{HeaderMap, StatusCode};
use log::Level;
use smol::Timer;

use crate::event_loop::driver::Server;
use crate::event_loop::log_shares::{Grouped, Kind, Untold, Whose};
use crate::http::basic_auth;
use crate::hub::{Note, What};
use crate::id::UserId;
use crate::net::clock::now;
use crate::text;

/// Between two looks at what was counted.
const LOOK: Duration = Duration::from_secs(1);

/// The most bytes of a user's id that are shown.
const NAME_MAX: usize = 256;

/// Says something that a client at this address caused who has not logged in.
pub fn of_peer(server: &Rc<Server>, peer: IpAddr, kind: Kind, level: Level, line: Arguments<'_>) {
    say(server, Whose::of(peer, None), kind, level, line);
}

/// Says something, or counts it.
pub fn say(server: &Rc<Server>, whose: Whose, kind: Kind, level: Level, line: Arguments<'_>) {
    let (was_empty, told) = {
        let mut shares = server.shares.borrow_mut();
        (shares.is_empty(), shares.take(now().monotonic, whose, kind))
    };
    if was_empty {
        server.spawn(keep_count(server.clone()));
    }
    log::log!(if told { level } else { Level::Debug }, "{line}");
}

/// Says how a request was answered. `user`: who has made it, if that is known.
pub fn request(
    server: &Rc<Server>,
    peer: SocketAddr,
    user: Option<UserId>,
    headers: &HeaderMap,
    shown: &str,
    status: StatusCode,
    level: Level,
) {
    if level > log::max_level() {
        return;
    }
    let who = match user {
        Some(user) => server.with_hub(|hub, _| hub.user_name(user)),
        None => basic_auth::name(server, headers),
    };
    let (status, name) = (status.as_u16(), text::start(&who, NAME_MAX));
    let line = format_args!("{peer} http {name}: {shown} {status}");
    say(server, Whose::of(peer.ip(), user), Kind::Request(status), level, line);
}

/// Says what happened to a session, or to a user.
pub fn note(server: &Rc<Server>, note: &Note) {
    let kind = match note.what {
        What::Connected => Kind::Session,
        What::LoggedIn | What::Bound => Kind::Step,
        What::Refused { .. } => Kind::Login,
        What::LockedOut { .. } | What::BackedOff { .. } => Kind::Block,
        What::TooMany { .. } => Kind::Room,
        What::SlowReader { .. } | What::Closed { .. } => Kind::End,
    };
    let whose = Whose::of(note.peer, note.user);
    say(server, whose, kind, note.level(), format_args!("{note}"));
}

/// Tells from time to time what was counted, as long as there is something to count.
async fn keep_count(server: Rc<Server>) {
    loop {
        Timer::after(LOOK).await;
        let untold = server.shares.borrow_mut().untold(now().monotonic);
        tell(&server, untold);
        if server.shares.borrow().is_empty() {
            return;
        }
    }
}

/// Tells what is left, at the end.
pub fn rest(server: &Rc<Server>) {
    let untold = server.shares.borrow_mut().rest();
    tell(server, untold);
}

fn tell(server: &Rc<Server>, all: Vec<Untold>) {
    for Untold { whose, kind, count } in all {
        let count = Grouped(count);
        match whose {
            Whose::Address(IpAddr::V6(network)) => log::warn!("{network}/64: {count} more: {kind}"),
            Whose::Address(address) => log::warn!("{address}: {count} more: {kind}"),
            Whose::User(user) => {
                let name = server.with_hub(|hub, _| hub.user_name(user));
                log::warn!("{name}: {count} more: {kind}");
            }
            Whose::Others => log::warn!("other addresses: {count} more: {kind}"),
        }
    }
}
