//! Deadlines, shares and bounds, and a configuration that changes while the server runs.

mod deadlines;
mod lockout;
mod log;
mod passwords;
mod pressure;
mod reload;
mod unlucky;
