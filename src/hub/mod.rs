//! The sessions on line, their rights, and the way of an event to them.
//!
//! Here are the live state of all sessions, which nothing else owns; the routing of stanzas; the delivery of events; every bound
//! of a session. Sockets and clocks are elsewhere. Time comes in with each call, and [`Action`]s for the world outside come out.
//! Frames wait in the session until [`Hub::drain`], or over BOSH until [`Hub::answer_pending`].
#![deny(clippy::disallowed_methods)]

mod action;
mod bosh;
mod changes;
mod deadlines;
mod delivery;
mod desk_clock;
mod drain;
mod ending;
#[cfg(feature = "replica")]
mod entry_log;
mod event_stream;
mod faults;
mod frame_tap;
mod guests;
#[cfg(feature = "replica")]
mod log_state;
mod login;
mod maintenance;
pub mod nodes;
mod receive;
mod recording;
mod reload;
mod report;
mod reset;
mod roster;
mod scenario;
mod serviceability;
mod session;
mod session_address;
mod session_list;
#[cfg(feature = "replica")]
mod shared;
mod snapshot;
mod snapshots;
mod stanzas;
mod state;
mod stream_management;
mod subscriptions;
mod tap;
#[cfg(test)]
mod tests;
mod tick;
mod time_control;
mod tokens;

pub use crate::transport::Transport;
pub use action::{Action, Counters, Failures, Note, NoteKind};
pub use bosh::Post;
pub use changes::{Change, Entry};
pub use delivery::back_pressure::{Admission, NO_ROOM_SENTENCE};
pub use delivery::frame::{EventOut, XmppOut};
pub use desk_clock::{DeskClock, SPEED_MAX};
#[cfg(feature = "replica")]
pub use entry_log::Replayed;
pub use event_stream::{SessionRefused, StreamRefused, StreamRequest};
pub use faults::file::of_file as faults_of_file;
pub use faults::state::FileFault;
pub use frame_tap::TapRefused;
#[cfg(feature = "replica")]
pub use log_state::{Batch, LogFigures};
pub use login::credentials::{Credentials, Evidence};
pub use login::gate::TooMany;
pub use login::password_queue::{CheckId, NoPlace, Turn};
pub use login::sso::{Bearer, Issued};
pub use login::tickets::TicketKey;
pub use recording::{RecordedRequest, RecordedResponse};
pub use reload::Reloaded;
pub use reset::Reset;
pub use scenario::NotStarted;
pub use session::Peer;
pub use session_list::Listed;
#[cfg(feature = "replica")]
pub use shared::{Restored, Way};
pub use snapshot::Snapshot;
pub use snapshots::NotTaken;
pub use stanzas::finesse_user::Availability;
pub use state::Hub;
pub use subscriptions::{ListedSubscription, Wanted};
pub use time_control::ClockChange;
