//! Buffers that are used only within one poll and so need not be there for every connection.

/// The size of the buffer through which everything is read, in bytes.
pub const CHUNK: usize = 16 * 1024;

/// About how much is written to one connection at once, in bytes: four records of TLS, and a burst in few calls of the system.
pub const WRITE: usize = 4 * CHUNK;

/// A buffer for each direction.
pub struct Scratch {
    pub input: Vec<u8>,
    pub output: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { input: vec![0; CHUNK], output: Vec::with_capacity(2 * WRITE) }
    }
}
