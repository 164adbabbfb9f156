//! Rules for single values. Each rule returns the end of a sentence when a text breaks it.

use crate::config::problem::shown;

/// The longest part of an XMPP address, in bytes (RFC 6122 §2).
const LONGEST_PART: usize = 1023;
/// The longest name of a person or a team, in characters.
const LONGEST_NAME: usize = 200;
/// The longest telephone number, in characters.
const LONGEST_EXTENSION: usize = 32;
/// The user that presences come from, so nobody else's name.
const RESERVED_USER: &str = "finesse";
/// The domain of the pubsub service is the domain with this before it.
const PUBSUB: &str = "pubsub.";
/// Where the nodes of users, teams and the system live.
pub(super) const RESERVED_NODES: &str = "/finesse/api";

/// The XMPP domain (RFC 6122 §2.2).
pub(super) fn domain(text: &str) -> Result<(), String> {
    not_empty(text)?;
    not_longer(text, LONGEST_PART - PUBSUB.len())?;
    let forbidden =
        |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !"-._".contains(c) || c.is_whitespace();
    if text.contains(forbidden) || text.split('.').any(str::is_empty) {
        return Err(
            "is not a domain; write a host name such as \"localhost\" or \"finesse.example.org\"".into()
        );
    }
    let prepared = stringprep::nameprep(text).map_err(|error| {
        // The character that is none of a domain can be one that a terminal takes for a command.
        format!("is not a domain: {}", error.to_string().escape_debug())
    })?;
    unchanged(text, &prepared)
}

/// The id of a user: the local part of an XMPP address (RFC 6122 §2.3) and a part of node names and URLs.
pub(super) fn user_id(text: &str) -> Result<(), String> {
    let prepared = local_part(text)?;
    if text == RESERVED_USER {
        return Err("is the server's own name; choose another".into());
    }
    path_segment(text)?;
    unchanged(text, &prepared)
}

/// Another name to log in with: as an id, but upper case is as good. Returns it as an id would be written.
pub(super) fn login_name(text: &str) -> Result<String, String> {
    let prepared = local_part(text)?;
    path_segment(&prepared)?;
    if prepared == RESERVED_USER {
        return Err("is the server's own name; choose another".into());
    }
    Ok(prepared)
}

/// The id of a team: a part of node names and URLs.
pub(super) fn team_id(text: &str) -> Result<(), String> {
    not_empty(text)?;
    not_longer(text, LONGEST_PART / 4)?;
    if text.contains(|c: char| !c.is_ascii_alphanumeric() && !"-._".contains(c)) {
        return Err("must consist of the letters A to Z, digits, \"-\", \".\" and \"_\"".into());
    }
    path_segment(text)
}

/// The name of a team or of a person, which goes into XML documents.
pub(super) fn name(text: &str) -> Result<(), String> {
    not_empty(text)?;
    self::text(text, LONGEST_NAME)
}

/// A text that may be empty and goes into XML documents, with a bound in characters.
pub(super) fn text(text: &str, longest: usize) -> Result<(), String> {
    if text.chars().count() > longest {
        return Err(format!("must not be longer than {longest} characters"));
    }
    xml_text(text)
}

/// A telephone number.
pub(super) fn extension(text: &str) -> Result<(), String> {
    let dialled = |c: char| c.is_ascii_digit() || "*#+".contains(c);
    if !(1..=LONGEST_EXTENSION).contains(&text.len()) || !text.chars().all(dialled) {
        return Err(format!(
            "must be 1 to {LONGEST_EXTENSION} digits, with \"+\", \"*\" or \"#\" where needed"
        ));
    }
    Ok(())
}

/// The name of a pubsub node of one's own.
pub(super) fn node(text: &str) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err("must start with \"/\", like \"/lab/alarms\"".into());
    }
    not_longer(text, LONGEST_PART)?;
    xml_text(text)?;
    match text.strip_prefix(RESERVED_NODES) {
        Some("") => Err(format!("is the server's own; choose a name outside of \"{RESERVED_NODES}/\"")),
        Some(rest) if rest.starts_with('/') => {
            Err(format!("is the server's own; choose a name outside of \"{RESERVED_NODES}/\""))
        }
        _ => Ok(()),
    }
}

fn local_part(text: &str) -> Result<String, String> {
    not_empty(text)?;
    not_longer(text, LONGEST_PART)?;
    let prepared = stringprep::nodeprep(text).map_err(|_| {
        "has a character that an XMPP address cannot have: a space, a control character or one of \"&'/:<>@"
    })?;
    not_empty(&prepared)?;
    Ok(prepared.into_owned())
}

/// Refuses what a URL takes for a step to the folder above.
fn path_segment(text: &str) -> Result<(), String> {
    if [".", ".."].contains(&text) {
        Err("cannot be a part of a path; choose another".into())
    } else {
        Ok(())
    }
}

/// Refuses what XML 1.0 §2.2 has no place for, and line breaks.
fn xml_text(text: &str) -> Result<(), String> {
    if text.contains(|c: char| c.is_control() || ['\u{fffe}', '\u{ffff}'].contains(&c)) {
        return Err("must not have control characters".into());
    }
    Ok(())
}

fn unchanged(text: &str, prepared: &str) -> Result<(), String> {
    if text == prepared { Ok(()) } else { Err(format!("must be written {}", shown(prepared))) }
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("must not be empty".into()) } else { Ok(()) }
}

fn not_longer(text: &str, bytes: usize) -> Result<(), String> {
    if text.len() > bytes { Err(format!("must not be longer than {bytes} bytes")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        for good in ["localhost", "a.b-c.example", "10.0.0.1", "münchen.example"] {
            assert_eq!(domain(good), Ok(()), "{good}");
        }
        let long = "a".repeat(1017);
        for (bad, word) in [
            ("", "empty"),
            ("a b", "not a domain"),
            ("a/b", "not a domain"),
            ("a@b", "not a domain"),
            ("a\u{a0}b", "not a domain"),
            ("a\u{7f}b", "not a domain"),
            (".a", "not a domain"),
            ("a..b", "not a domain"),
            ("a.", "not a domain"),
            ("a\u{e000}", "not a domain"),
            ("Localhost", "must be written \"localhost\""),
            (&long, "longer than 1016 bytes"),
        ] {
            let error = domain(bad).expect_err(bad);
            assert!(error.contains(word), "{bad}: {error}");
        }
        assert_eq!(domain(&long[1..]), Ok(()));
    }

    #[test]
    fn user_ids_and_login_names() {
        for good in ["1001", "administrator", "ada.lovelace", "jürgen", "finesse2", "a%b"] {
            assert_eq!(user_id(good), Ok(()), "{good}");
            assert_eq!(login_name(good).as_deref(), Ok(good));
        }
        let long = "a".repeat(1024);
        for bad in ["", "a b", "a/b", "a@b", "a:b", "a\"", "a&", "a'", "<a", "a>", "a\u{7}", "\u{ad}", &long]
        {
            assert!(user_id(bad).is_err(), "{bad:?}");
            assert!(login_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(user_id(&long[1..]), Ok(()));
        for bad in ["finesse", ".", ".."] {
            assert!(user_id(bad).is_err(), "{bad}");
            assert!(login_name(bad).is_err(), "{bad}");
        }
        assert_eq!(user_id("Ada"), Err("must be written \"ada\"".into()));
        assert_eq!(login_name("Ada"), Ok("ada".into()));
        assert!(login_name("Finesse").is_err());
    }

    #[test]
    fn team_ids_names_extensions_and_nodes() {
        assert_eq!(team_id("Lab-1.2_b"), Ok(()));
        for bad in ["", "a b", "a/b", "ä", "..", &"1".repeat(256)] {
            assert!(team_id(bad).is_err(), "{bad}");
        }
        assert_eq!(name("Ada \"the first\" <Lovelace>"), Ok(()));
        for bad in ["", "a\nb", "a\u{0}", "a\u{ffff}", &"ä".repeat(201)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(name(&"ä".repeat(200)), Ok(()));
        assert_eq!(extension("+49*1#"), Ok(()));
        for bad in ["", "ext", "1 2", &"1".repeat(33)] {
            assert!(extension(bad).is_err(), "{bad}");
        }
        for good in ["/", "/lab/alarms", "/finesse", "/finesse/apidoc", "/lab/a b"] {
            assert_eq!(node(good), Ok(()), "{good}");
        }
        let long = "/".repeat(1024);
        for bad in ["", "lab", "/finesse/api", "/finesse/api/User/1001", "/a\nb", "/\u{fffe}", &long] {
            assert!(node(bad).is_err(), "{bad:?}");
        }
        assert_eq!(node(&long[1..]), Ok(()));
    }
}
