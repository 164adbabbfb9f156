//! Lines of the log that clients cause. Lines beyond a client's share are counted, and stand in the log at `debug` only.

use std::fmt::Arguments;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use log::Level;
use smol::Timer;

use crate::event_loop::driver::Driver;
use crate::event_loop::log_shares::{Grouped, Kind, Untold, Whose};
use crate::hub::{Note, NoteKind};
use crate::net::clock::now;

/// Between two looks at what was counted.
const LOOK: Duration = Duration::from_secs(1);

/// Writes a line that a client at this address caused before its login.
pub fn of_peer(driver: &Rc<Driver>, peer: IpAddr, kind: Kind, level: Level, line: Arguments<'_>) {
    say(driver, Whose::of(peer, None), kind, level, line);
}

/// Says something, or counts it.
pub fn say(driver: &Rc<Driver>, whose: Whose, kind: Kind, level: Level, line: Arguments<'_>) {
    let (was_empty, told) = {
        let mut shares = driver.shares.borrow_mut();
        (shares.is_empty(), shares.take(now().monotonic, whose, kind))
    };
    if was_empty {
        driver.spawn(keep_count(driver.clone()));
    }
    log::log!(if told { level } else { Level::Debug }, "{line}");
}

/// Says what happened to a session, or to a user.
pub fn note(driver: &Rc<Driver>, note: &Note) {
    let kind = match note.what {
        NoteKind::Connected => Kind::Session,
        NoteKind::LoggedIn | NoteKind::Bound | NoteKind::Resumed { .. } => Kind::Step,
        NoteKind::Refused { .. } => Kind::Login,
        NoteKind::LockedOut { .. } | NoteKind::BackedOff { .. } => Kind::Block,
        NoteKind::TooMany { .. } => Kind::Room,
        NoteKind::FaultSet { .. } | NoteKind::FaultActs { .. } | NoteKind::FaultEnded { .. } => Kind::Block,
        NoteKind::Scenario { .. } => Kind::Step,
        NoteKind::SlowReader { .. }
        | NoteKind::Waits { .. }
        | NoteKind::GivenUp { .. }
        | NoteKind::Closed { .. } => Kind::End,
    };
    let whose = Whose::of(note.peer, note.user);
    say(driver, whose, kind, note.level(), format_args!("{note}"));
}

/// Tells from time to time what was counted, as long as there is something to count.
async fn keep_count(driver: Rc<Driver>) {
    loop {
        Timer::after(LOOK).await;
        let untold = driver.shares.borrow_mut().untold(now().monotonic);
        tell(&driver, untold);
        if driver.shares.borrow().is_empty() {
            return;
        }
    }
}

/// Tells what is left, at the end.
pub fn rest(driver: &Rc<Driver>) {
    let untold = driver.shares.borrow_mut().rest();
    tell(driver, untold);
}

fn tell(driver: &Rc<Driver>, all: Vec<Untold>) {
    for Untold { whose, kind, count } in all {
        let count = Grouped(count);
        match whose {
            Whose::Address(IpAddr::V6(network)) => log::warn!("{network}/64: {count} more: {kind}"),
            Whose::Address(address) => log::warn!("{address}: {count} more: {kind}"),
            Whose::User(user) => {
                let name = driver.with_hub(|hub, _| hub.user_name(user));
                log::warn!("{name}: {count} more: {kind}");
            }
            Whose::Others => log::warn!("other addresses: {count} more: {kind}"),
        }
    }
}
