//! The line of the log for a request.

use std::net::SocketAddr;
use std::rc::Rc;

use hyper::{HeaderMap, StatusCode};
use log::Level;

use crate::event_loop::client_log::say;
use crate::event_loop::driver::Driver;
use crate::event_loop::log_shares::{Kind, Whose};
use crate::http::basic_auth;
use crate::id::UserId;
use crate::text;

/// The most bytes of a user's id that are shown.
const NAME_MAX: usize = 256;

/// Says how a request was answered. `user`: its user, if known.
pub fn write(
    driver: &Rc<Driver>,
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
        Some(user) => driver.with_hub(|hub, _| hub.user_name(user)),
        None => basic_auth::name(driver, headers),
    };
    let (status, name) = (status.as_u16(), text::start(&who, NAME_MAX));
    let line = format_args!("{peer} http {name}: {shown} {status}");
    say(driver, Whose::of(peer.ip(), user), Kind::Request(status), level, line);
}
