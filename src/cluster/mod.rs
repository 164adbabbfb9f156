//! A log in a stream of Redis: what one appliance appends, all read in the same order, and once. It knows nothing of what is in the
//! entries.
//!
//! ```text
//!   append ──▶ outbox ──▶ XADD ──▶ ┌────────┐ ──▶ XREAD ──▶ seen ──▶ Entry
//!                 ▲                │ engine │                 │
//!                 └─ sent again ── └────────┘                 └──▶ store: state, seen, up to the entry
//! ```
//!
//! An entry stays in the `outbox` until it was read from the stream, and is sent again over each new connection; `seen` drops what
//! was read before. The last entry that was read has to be in the stream still whenever the next ones are read: if it is not, what
//! came behind it may have been trimmed, and the snapshot is loaded.
//!
//! `record`, `seen`, `outbox` and `trouble` are plain values; `worker` is the task, `connection` has the socket, `join` what is done
//! when an appliance comes.
#![allow(clippy::disallowed_methods, reason = "the log has sockets and a clock")]

mod bounds;
mod connection;
mod engine;
mod join;
mod outbox;
mod record;
mod seen;
mod settings;
mod socket;
mod trouble;
mod worker;

pub use bounds::Bounds;
pub use engine::{Engine, Event};
pub use outbox::NotAppended;
pub use record::EntryId;
pub use settings::{Settings, tls};
