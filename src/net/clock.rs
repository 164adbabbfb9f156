//! The clocks of the system.

use std::time::{Instant, SystemTime};

use crate::clock::Now;

/// The time now.
pub fn now() -> Now {
    Now { monotonic: Instant::now(), wall: SystemTime::now() }
}
