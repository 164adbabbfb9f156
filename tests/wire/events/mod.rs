//! Server-sent events.

mod resume;
mod streams;
