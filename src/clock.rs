//! Time as the state machines get it.

use std::time::{Instant, SystemTime};

/// What time it is: for deadlines, and for people.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub monotonic: Instant,
    pub wall: SystemTime,
}
