//! Check sums and hashes.

use ring::digest::{Context, SHA256};

/// The length of a check sum in bytes.
pub const SUM_LEN: usize = 16;

/// The beginning of the SHA-256 of both.
pub(super) fn sum(before: &[u8], behind: &[u8]) -> [u8; SUM_LEN] {
    let mut context = Context::new(&SHA256);
    context.update(before);
    context.update(behind);
    let mut sum = [0; SUM_LEN];
    sum.copy_from_slice(&context.finish().as_ref()[..SUM_LEN]);
    sum
}

/// The hash of a value's bytes: equal for equal values.
pub fn fingerprint(bytes: &[u8]) -> [u8; SUM_LEN] {
    sum(bytes, &[])
}
