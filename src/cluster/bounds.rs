//! How much may wait, and how long it may be.

/// The bounds of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The longest entry, in bytes. A longer one in the stream is refused as one that is not callboard's.
    pub entry: usize,
    /// The longest snapshot, in bytes.
    pub snapshot: usize,
    /// How many bytes may wait to be appended and read again.
    pub waiting: usize,
    /// How many entries may be appended in a second.
    pub entries_per_second: u32,
    /// How many entries the stream may have. Snapshots keep it shorter; without them nothing is appended beyond it.
    pub length: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            entry: 128 << 10,
            snapshot: 32 << 20,
            waiting: 4 << 20,
            entries_per_second: 10_000,
            length: 1_000_000,
        }
    }
}
