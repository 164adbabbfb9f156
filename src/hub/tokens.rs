//! Names that nobody can guess, from random bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 128 random bits as text that needs no escaping.
pub fn token(random: fn(&mut [u8])) -> String {
    let mut bytes = [0; 16];
    random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A UUID of these bytes, as Finesse's item ids start with one in captures.
pub fn item_prefix(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
