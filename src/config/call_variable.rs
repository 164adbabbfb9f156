//! The names of a call's variables: callVariable1 to callVariable10, and those of one's own, `user.NAME`
//! (the guide, "Dialog API parameters").

/// The longest name of one's own, in bytes.
const OWN_NAME_MAX: usize = 64;

/// Whether it is one of callVariable1 to callVariable10.
pub fn is_numbered(name: &str) -> bool {
    let number = name.strip_prefix("callVariable").and_then(|number| number.parse::<u8>().ok());
    number.is_some_and(|number| (1..=10).contains(&number) && name == format!("callVariable{number}"))
}

/// Whether it is `user.` and a name (Enterprise: expanded call context).
pub fn is_own(name: &str) -> bool {
    name.len() <= OWN_NAME_MAX
        && name.strip_prefix("user.").is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>&\"'".contains(&byte))
        })
}
