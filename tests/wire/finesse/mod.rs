//! Finesse's REST API.

mod bad_dialogs;
mod bad_input;
mod client_log;
mod configuration;
mod etag;
mod lists;
mod logout;
mod media;
mod messages;
mod outbound;
mod phone_books;
mod queues;
mod rest;
mod serviceability;
mod sso;
mod users;
