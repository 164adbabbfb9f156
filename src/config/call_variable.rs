//! The names of a call's variables: callVariable1 to callVariable10, and those of one's own, `user.NAME`
//! (the guide, "Dialog API parameters").

/// The longest name of one's own, in bytes.
const OWN_NAME_MAX: usize = 64;

/// The longest value of callVariable1 to 10, in bytes, and of the others.
pub const LONGEST_NUMBERED: usize = 40;
pub const LONGEST_OWN: usize = 210;
/// The most of the others together, names and values, in bytes: they stand in every event of the call.
pub const LONGEST_ALL_OWN: usize = 2000;

/// The variables that every call has, in the order of documents.
pub const NUMBERED: [&str; 10] = [
    "callVariable1",
    "callVariable2",
    "callVariable3",
    "callVariable4",
    "callVariable5",
    "callVariable6",
    "callVariable7",
    "callVariable8",
    "callVariable9",
    "callVariable10",
];

/// Whether it is one of callVariable1 to callVariable10.
pub fn is_numbered(name: &str) -> bool {
    NUMBERED.contains(&name)
}

/// Whether it is `user.` and a name (Enterprise: expanded call context).
pub fn is_own(name: &str) -> bool {
    name.len() <= OWN_NAME_MAX
        && name.strip_prefix("user.").is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>&\"'".contains(&byte))
        })
}
