//! XMPP over HTTP (XEP-0124, XEP-0206).

mod bad_requests;
mod requests;
mod sessions;
