//! Connections, requests and files.

mod bad_requests;
mod connection;
mod cors;
mod desktop_api;
mod files;
mod hosts;
mod legal_requests;
mod proxies;
mod queries;
mod tls;
