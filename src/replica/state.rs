//! The head of the bytes of a state, and why such bytes are refused.
//!
//! ```text
//! "callboard state\n"   16 bytes
//! version               2 bytes, the lowest first: VERSION of the program that wrote it
//! length                4 bytes, the lowest first: of what is behind the check sum
//! check sum             16 bytes: the beginning of the SHA-256 of all before and of all behind
//! time, domain, profile, release, sections, users; then pubsub and desk, as `codec` writes them
//! ```

use std::fmt;
use std::time::SystemTime;

use crate::clock::Now;
use crate::replica::codec::{Codec, Coded as _};
use crate::replica::sections::Sections;
use crate::replica::sum::{SUM_LEN, sum};

/// The version of the form. Whoever changes what is written, or its order, raises it: a test compares a state with its bytes.
pub const VERSION: u16 = 1;

const MAGIC: &[u8; 16] = b"callboard state\n";
const VERSION_AT: usize = MAGIC.len();
const LENGTH_AT: usize = VERSION_AT + 2;
const SUM_AT: usize = LENGTH_AT + 4;
const BODY_AT: usize = SUM_AT + SUM_LEN;

/// The most bytes of a state: more than any limits allow.
pub const LONGEST: usize = 256 * 1024 * 1024;

/// Why a state is not taken. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The bytes do not begin as those of a state do.
    NotAState,
    /// The state has the form of this version.
    OtherVersion(u16),
    /// The state is cut off, or its bytes are others than were written.
    Damaged,
    /// The state is of this domain.
    OtherDomain(String),
    /// This part of the configuration is not the same.
    Differs(&'static str),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAState => f.write_str("it is not a state of callboard"),
            Self::OtherVersion(version) => {
                write!(f, "it has version {version}, and this program reads version {VERSION}")
            }
            Self::Damaged => {
                f.write_str("it is damaged: its check sum is another, or its parts contradict each other")
            }
            Self::OtherDomain(domain) => write!(f, "it is of the domain {domain:?}"),
            Self::Differs(section) => write!(
                f,
                "{section} differs from the configuration with which it was written; make both the same"
            ),
        }
    }
}

/// The head, before desk and pubsub.
pub struct Head {
    /// When it was written.
    pub taken: SystemTime,
    pub domain: String,
    pub sections: Sections,
    /// The ids of all users, in the order of their keys.
    pub users: Vec<String>,
}

impl Head {
    /// A head to read into.
    pub fn blank() -> Self {
        Self {
            taken: SystemTime::UNIX_EPOCH,
            domain: String::new(),
            sections: Sections::default(),
            users: Vec::new(),
        }
    }

    /// Writes or reads it.
    pub fn code(&mut self, codec: &mut Codec<'_>) {
        self.taken.code(codec);
        self.domain.code(codec);
        self.sections.code(codec);
        self.users.code(codec);
    }
}

/// Puts magic, version, length and check sum before what was written.
pub fn seal(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BODY_AT + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    let sum = sum(&bytes, body);
    bytes.extend_from_slice(&sum);
    bytes.extend_from_slice(body);
    bytes
}

/// Returns what was sealed.
///
/// # Errors
///
/// Returns why these bytes are no state of this version, or not as they were written.
pub fn open(bytes: &[u8]) -> Result<&[u8], Refused> {
    if !bytes.starts_with(MAGIC) {
        return Err(Refused::NotAState);
    }
    let field = |from: usize, to: usize| bytes.get(from..to).ok_or(Refused::Damaged);
    let version = field(VERSION_AT, LENGTH_AT)?.iter().rev().fold(0, |all, byte| all << 8 | u16::from(*byte));
    if version != VERSION {
        return Err(Refused::OtherVersion(version));
    }
    let length = field(LENGTH_AT, SUM_AT)?.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte));
    let (own, body) = (field(SUM_AT, BODY_AT)?, bytes.get(BODY_AT..).unwrap_or_default());
    let is_whole = body.len() == length as usize && body.len() <= LONGEST;
    if is_whole && sum(&bytes[..SUM_AT], body) == own { Ok(body) } else { Err(Refused::Damaged) }
}

/// The ids of the users of a state, in the order in which entries name them.
///
/// # Errors
///
/// Returns what [`open`] does.
pub fn users(bytes: &[u8], now: Now) -> Result<Vec<String>, Refused> {
    let mut codec = Codec::reader(open(bytes)?, now, Vec::new());
    let mut head = Head::blank();
    head.code(&mut codec);
    if codec.is_whole_so_far() { Ok(head.users) } else { Err(Refused::Damaged) }
}
