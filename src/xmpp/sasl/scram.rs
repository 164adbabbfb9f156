//! The messages of SCRAM (RFC 5802 §5 and §7, RFC 7677), without channel binding: the transports give nothing to bind to, so no mechanism
//! that ends in `-PLUS` is offered, and a client that says so (`y`) is right.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::scram::{Hash, Proof};
use crate::xmpp::sasl::failure::Failure;
use crate::xmpp::sasl::identity::user;

/// The client's first message.
#[derive(PartialEq, Eq)]
pub struct First {
    pub hash: Hash,
    /// The user who logs in, by nodeprep.
    pub user: String,
    /// What the client has said of channel binding and of the authorization identity, to be repeated by it.
    header: Box<str>,
    bare: Box<str>,
    nonce: Box<str>,
}

/// What has been said until the client's last message.
pub struct Exchange {
    first: First,
    nonce: String,
    salt: Box<[u8]>,
    iterations: NonZeroU32,
    question: String,
}

impl First {
    /// Reads the message of a client of this domain.
    pub fn read(hash: Hash, data: &[u8], domain: &str) -> Result<Self, Failure> {
        let text = std::str::from_utf8(data).map_err(|_| Failure::MalformedRequest)?;
        let Some(Parts { authzid, authcid, header, bare, nonce }) = Parts::of(text) else {
            return Err(Failure::MalformedRequest);
        };
        let user = user(&authzid, &authcid, domain)?.into_owned();
        Ok(Self { hash, user, header: header.into(), bare: bare.into(), nonce: nonce.into() })
    }

    /// Asks for the proof: with a text that nobody can guess behind the client's nonce, and the salt and iterations of the user's keys.
    pub fn ask(self, random: &str, salt: &[u8], iterations: NonZeroU32) -> Exchange {
        let nonce = format!("{}{random}", self.nonce);
        let question = format!("r={nonce},s={},i={iterations}", STANDARD.encode(salt));
        Exchange { first: self, nonce, salt: salt.into(), iterations, question }
    }
}

impl fmt::Debug for First {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("First").field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)
    }
}

impl Exchange {
    /// The server's first message.
    pub fn question(&self) -> &str {
        &self.question
    }

    /// The user who logs in.
    pub fn user(&self) -> &str {
        &self.first.user
    }

    /// Reads the client's last message.
    pub fn finish(&self, data: &[u8]) -> Result<Proof, Failure> {
        let read = || {
            let (said, proof) = std::str::from_utf8(data).ok()?.rsplit_once(",p=")?;
            let mut attributes = said.split(',');
            let header = STANDARD.decode(attributes.next()?.strip_prefix("c=")?).ok()?;
            let nonce = attributes.next()?.strip_prefix("r=")?;
            let hash = self.first.hash;
            let proof = STANDARD.decode(proof).ok().filter(|proof| proof.len() == hash.length())?;
            let is_as_before = header == self.first.header.as_bytes() && nonce == self.nonce;
            is_as_before.then(|| Proof {
                hash,
                salt: self.salt.clone(),
                iterations: self.iterations,
                message: format!("{},{},{said}", self.first.bare, self.question),
                proof,
                answer: Arc::default(),
            })
        };
        read().ok_or(Failure::MalformedRequest)
    }
}

/// The parts of a client's first message.
pub(super) struct Parts<'m> {
    /// Empty if there is none.
    pub authzid: String,
    pub authcid: String,
    header: &'m str,
    bare: &'m str,
    nonce: &'m str,
}

impl<'m> Parts<'m> {
    /// Divides a message; `None`: it has another form, binds to a channel (`p=`), or has an extension that nobody knows and that has to be
    /// known (`m=`).
    pub(super) fn of(text: &'m str) -> Option<Self> {
        let (flag, rest) = text.split_once(',')?;
        if !matches!(flag, "n" | "y") {
            return None;
        }
        let (authzid, bare) = rest.split_once(',')?;
        let authzid = match authzid {
            "" => String::new(),
            named => name(named.strip_prefix("a=")?)?,
        };
        let mut attributes = bare.split(',');
        let authcid = name(attributes.next()?.strip_prefix("n=")?)?;
        let nonce = attributes.next()?.strip_prefix("r=")?;
        let is_printable = !nonce.is_empty() && nonce.bytes().all(|byte| byte.is_ascii_graphic());
        let header = &text[..text.len() - bare.len()];
        is_printable.then_some(Self { authzid, authcid, header, bare, nonce })
    }
}

/// A name as it is, without its escapes (`saslname`, RFC 5802 §7).
fn name(text: &str) -> Option<String> {
    let mut parts = text.split('=');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (escape, rest) = part.split_at_checked(2)?;
        name.push(match escape {
            "2C" => ',',
            "3D" => '=',
            _ => return None,
        });
        name.push_str(rest);
    }
    (!name.is_empty() && !name.contains('\0')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL";

    fn read(text: &str) -> Result<First, Failure> {
        First::read(Hash::Sha1, text.as_bytes(), "localhost")
    }

    fn asked(first: &str) -> Exchange {
        let first = read(first).expect("a first message");
        let salt = STANDARD.decode("QSXCR+Q6sek8bf92").expect("base64");
        first.ask("3rfcNHYJY1ZVvWVs7j", &salt, NonZeroU32::new(4096).expect("not 0"))
    }

    /// RFC 5802 §5.
    #[test]
    fn the_example_of_the_rfc_is_understood() {
        let exchange = asked(FIRST);
        assert_eq!(exchange.user(), "user");
        let nonce = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
        let question = format!("{nonce},s=QSXCR+Q6sek8bf92,i=4096");
        assert_eq!(exchange.question(), question);
        let last = format!("c=biws,{nonce},p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        let proof = exchange.finish(last.as_bytes()).expect("a proof");
        assert_eq!(proof.message, format!("n=user,r=fyko+d2lbbFgONRv9qkxdawL,{question},c=biws,{nonce}"));
        assert_eq!((proof.proof.len(), proof.iterations.get()), (20, 4096));
        assert!(!format!("{proof:?}").contains("user"));
    }

    #[test]
    fn names_have_escapes_and_the_authzid_is_ones_own() {
        for (message, user) in [
            (FIRST.to_owned(), "user"),
            (FIRST.replace("n,,", "y,,"), "user"),
            (FIRST.replace("n,,", "n,a=user,"), "user"),
            (FIRST.replace("n,,", "n,a=user@localhost,"), "user"),
            (FIRST.replace("n=user", "n=USER@localhost"), "user"),
            (FIRST.replace("n=user", "n=a=2Cb=3D=3Dc"), "a,b==c"),
            (format!("{FIRST},x=later"), "user"),
        ] {
            assert_eq!(read(&message).expect(&message).user, user);
        }
        for (from, to, failure) in [
            ("n,,", "n,a=other,", Failure::InvalidAuthzid),
            ("n,,", "n,a=user@elsewhere,", Failure::InvalidAuthzid),
            ("n=user", "n=user@elsewhere", Failure::NotAuthorized),
            ("n=user", "n=us\u{7}er", Failure::NotAuthorized),
            ("n=user", "n=", Failure::MalformedRequest),
            ("n=user", "n=us\0er", Failure::MalformedRequest),
            ("n=user", "n=us=er", Failure::MalformedRequest),
            ("n=user", "n=user=2c", Failure::MalformedRequest),
            ("n=user", "n=user=2", Failure::MalformedRequest),
            ("n=user", "n=user=\u{20ac}", Failure::MalformedRequest),
            ("n=user", "user", Failure::MalformedRequest),
            ("n=user", "m=new,n=user", Failure::MalformedRequest),
            ("n,,", "p=tls-unique,,", Failure::MalformedRequest),
            ("n,,", "p=,,", Failure::MalformedRequest),
            ("n,,", "N,,", Failure::MalformedRequest),
            ("n,,", "n,", Failure::MalformedRequest),
            ("n,,", "n,a=,", Failure::MalformedRequest),
            ("n,,", "n,user,", Failure::MalformedRequest),
            ("n,,", "", Failure::MalformedRequest),
            (",r=fyko+d2lbbFgONRv9qkxdawL", "", Failure::MalformedRequest),
            (",r=fyko+d2lbbFgONRv9qkxdawL", ",r=", Failure::MalformedRequest),
            (",r=fyko+d2lbbFgONRv9qkxdawL", ",r=a b", Failure::MalformedRequest),
            (",r=fyko+d2lbbFgONRv9qkxdawL", ",r=ä", Failure::MalformedRequest),
        ] {
            assert_eq!(read(&FIRST.replace(from, to)), Err(failure), "{to}");
        }
        assert_eq!(First::read(Hash::Sha1, b"n,,n=\xff,r=x", "localhost"), Err(Failure::MalformedRequest));
        assert_eq!(read(""), Err(Failure::MalformedRequest));
    }

    #[test]
    fn the_last_message_repeats_what_was_said() {
        let last = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
        let good = format!(
            "{},x=later,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            &last[..last.rfind(",p=").expect("it is there")]
        );
        assert!(asked(FIRST).finish(good.as_bytes()).is_ok_and(|proof| proof.message.ends_with(",x=later")));
        let with_own = asked(&FIRST.replace("n,,", "y,a=user,"));
        assert!(with_own.finish(last.replace("biws", "eSxhPXVzZXIs").as_bytes()).is_ok());
        for (from, to) in [
            ("c=biws", "c=eSws"),
            ("c=biws", "c=biw"),
            ("c=biws", "c="),
            ("c=biws,", ""),
            ("c=biws,", "m=x,c=biws,"),
            ("awL3", "awL4"),
            ("Vs7j,", "Vs7,"),
            ("3rfcNHYJY1ZVvWVs7j", ""),
            ("Ts=", "Ts"),
            ("v0X8", ""),
            ("v0X8", "AAAAv0X8"),
            ("v0X8", "v0 8"),
            (",p=", ",q="),
            ("fyko", "\u{e4}"),
        ] {
            assert!(last.contains(from));
            let failure = asked(FIRST).finish(last.replace(from, to).as_bytes());
            assert!(matches!(failure, Err(Failure::MalformedRequest)), "{from} {to}");
        }
        for bytes in [&b""[..], b"=", b"\xff", b",p="] {
            assert!(asked(FIRST).finish(bytes).is_err());
        }
    }
}
