//! JIDs: `localpart@domainpart/resourcepart` (RFC 6122).

use std::borrow::Cow;
use std::fmt;

use crate::prepare::{Profile, prepare};

/// The longest part of a JID in bytes (RFC 6122 §2.1).
pub const PART_MAX: usize = 1023;

/// The characters that separate the labels of a domain (RFC 3490 §3.1).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// A JID whose parts are prepared, so that comparing it is comparing bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jid<'a> {
    /// The part before `@`, by nodeprep.
    pub local: Option<Cow<'a, str>>,
    /// The domain, by nameprep.
    pub domain: Cow<'a, str>,
    /// The part after `/`, by resourceprep.
    pub resource: Option<Cow<'a, str>>,
}

/// The text is no JID (`<jid-malformed/>`, RFC 6120 §8.3.3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Jid<'a> {
    /// Reads `text` and prepares its parts.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(prepare_resource(resource)?)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(prepare_local(local)?), domain),
            None => (None, bare),
        };
        // A domain is the same with a dot at its end, which goes before anything else is done (RFC 6122 §2.2).
        let domain = part(domain.strip_suffix(DOTS).unwrap_or(domain), Profile::Nameprep)?;
        // Nameprep leaves control characters to the rules of host names.
        let is_foreign = |c: char| c.is_control() || ['@', '/', ' ', '<', '>', '&', '"', '\''].contains(&c);
        if domain.contains(is_foreign) || domain.ends_with(DOTS) {
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
    part(text, Profile::Nodeprep)
}

/// The localpart in a name that somebody logs in with: that alone, or a bare JID of `domain`.
pub fn prepare_login<'a>(text: &'a str, domain: &str) -> Result<Cow<'a, str>, Malformed> {
    if !text.contains('@') {
        return prepare_local(text);
    }
    let jid = Jid::parse(text)?;
    let is_bare = jid.domain == domain && jid.resource.is_none();
    jid.local.filter(|_| is_bare).ok_or(Malformed)
}

/// A resourcepart by resourceprep (RFC 6122 appendix B), 1 to 1023 bytes.
pub fn prepare_resource(text: &str) -> Result<Cow<'_, str>, Malformed> {
    part(text, Profile::Resourceprep)
}

fn part(text: &str, profile: Profile) -> Result<Cow<'_, str>, Malformed> {
    prepare(text, profile, PART_MAX).ok_or(Malformed)
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
    fn a_domain_is_the_same_with_a_dot_at_its_end() {
        for text in ["localhost.", "LocalHost\u{3002}", "localhost\u{ff0e}", "localhost\u{ff61}"] {
            assert_eq!(Jid::parse(text).map(|jid| jid.to_string()), Ok("localhost".into()), "{text}");
        }
        let jid = Jid::parse("a.@localhost./b.").unwrap();
        assert_eq!(jid.to_string(), "a.@localhost/b.");
        for text in ["localhost..", ".", "..", "localhost.\u{3002}", "a@./b"] {
            assert_eq!(Jid::parse(text), Err(Malformed), "{text}");
        }
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
            "a@\u{c}\0localhost",
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
