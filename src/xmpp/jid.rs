//! JIDs: `localpart@domainpart/resourcepart` (RFC 6122).

use std::borrow::Cow;
use std::fmt;

use stringprep::{Error, nameprep, nodeprep, resourceprep};

/// The longest part of a JID in bytes (RFC 6122 §2.1).
pub const PART_MAX: usize = 1023;

/// The longest text that is looked at: what is prepared can become shorter, but not by more than this.
const TEXT_MAX: usize = 4 * (3 * PART_MAX + 2);

/// A JID whose parts are prepared, so that comparing it is comparing bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jid<'a> {
    /// What stands before `@`, by nodeprep.
    pub local: Option<Cow<'a, str>>,
    /// The domain, by nameprep.
    pub domain: Cow<'a, str>,
    /// What stands after `/`, by resourceprep.
    pub resource: Option<Cow<'a, str>>,
}

/// The text is no JID (`<jid-malformed/>`, RFC 6120 §8.3.3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Jid<'a> {
    /// Reads `text` and prepares its parts.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        // Preparing costs time with the length, and none of what is longer could come out short enough.
        if text.len() > TEXT_MAX {
            return Err(Malformed);
        }
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(prepare_resource(resource)?)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(prepare_local(local)?), domain),
            None => (None, bare),
        };
        let domain = part(domain, nameprep)?;
        // Nameprep leaves these to the rules for names of hosts (RFC 3490 §4.1, step 3).
        if domain.contains(|c: char| c.is_ascii_control() || "@/ <>&\"'".contains(c)) {
            return Err(Malformed);
        }
        Ok(Self { local, domain, resource })
    }
}

impl fmt::Display for Jid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(local) = &self.local {
            write!(f, "{local}@")?;
        }
        f.write_str(&self.domain)?;
        if let Some(resource) = &self.resource {
            write!(f, "/{resource}")?;
        }
        Ok(())
    }
}

/// A localpart by nodeprep (RFC 6122 appendix A): lower case, 1 to 1023 bytes.
pub fn prepare_local(text: &str) -> Result<Cow<'_, str>, Malformed> {
    part(text, nodeprep)
}

/// A resourcepart by resourceprep (RFC 6122 appendix B), 1 to 1023 bytes.
pub fn prepare_resource(text: &str) -> Result<Cow<'_, str>, Malformed> {
    if text.len() > TEXT_MAX {
        return Err(Malformed);
    }
    part(text, resourceprep)
}

/// Prepares a part by its profile. What preparing it again would change is refused: the tables are of Unicode 3.2, and of some
/// younger characters they make others that they would fold, so that one name could be two.
fn part(
    text: &str,
    profile: impl Fn(&str) -> Result<Cow<'_, str>, Error>,
) -> Result<Cow<'_, str>, Malformed> {
    let prepared = profile(text).map_err(|_| Malformed)?;
    let is_stable = match &prepared {
        Cow::Borrowed(_) => true,
        Cow::Owned(once) => profile(once).is_ok_and(|twice| twice == *once),
    };
    if is_stable && (1..=PART_MAX).contains(&prepared.len()) { Ok(prepared) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_prepared() {
        let jid = Jid::parse("Administrator@LocalHost/Desk Top@a/b").unwrap();
        assert_eq!(jid.to_string(), "administrator@localhost/Desk Top@a/b");
        assert_eq!(Jid::parse("pubsub.localhost").unwrap().local, None);
        assert_eq!(Jid::parse("ſ@localhost").unwrap().local.as_deref(), Some("s"));
    }

    /// U+03F9 becomes a capital sigma, which would become a small one.
    #[test]
    fn what_is_prepared_stays_the_same_when_it_is_prepared_again() {
        for text in ["\u{3f9}@localhost", "localhost\u{3f9}"] {
            assert_eq!(Jid::parse(text), Err(Malformed), "{text}");
        }
        let jid = Jid::parse("a@localhost/\u{3f9}").unwrap();
        assert_eq!(Jid::parse(&jid.to_string()).as_ref(), Ok(&jid));
    }

    #[test]
    fn malformed_jids_are_refused() {
        let long = "a".repeat(PART_MAX + 1);
        for text in [
            "",
            "@",
            "@localhost",
            "a@",
            "a@localhost/",
            "/a",
            "a b@localhost",
            "a<@localhost",
            "a@b@c",
            "a@local host",
            "a@local\thost",
            "a@localhost\u{7f}",
            "a@\0localhost",
            "a@localhost/\u{7}",
            &format!("{long}@localhost"),
            &format!("a@{long}"),
            &format!("a@localhost/{long}"),
        ] {
            assert_eq!(Jid::parse(text), Err(Malformed), "{text}");
        }
        assert!(Jid::parse(&format!("a@localhost/{}", &long[1..])).is_ok());
    }
}
