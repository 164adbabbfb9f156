//! SCRAM (RFC 5802, RFC 7677) as a client speaks it.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

/// A login.
#[derive(Clone, Copy)]
pub struct Scram<'a> {
    pub mechanism: &'a str,
    /// What is said of channel binding and of the authorization identity.
    pub header: &'a str,
    pub name: &'a str,
    pub password: &'a str,
}

const NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";

/// The last message of a client, and the answer that has to come.
pub struct Last {
    pub message: String,
    pub answer: String,
}

impl<'a> Scram<'a> {
    /// A login without anything unusual.
    pub fn new(mechanism: &'a str, name: &'a str, password: &'a str) -> Self {
        Self { mechanism, header: "n,,", name, password }
    }

    fn bare(&self) -> String {
        format!("n={},r={NONCE}", self.name.replace('=', "=3D").replace(',', "=2C"))
    }

    /// The first message.
    pub fn first(&self) -> String {
        format!("{}{}", self.header, self.bare())
    }

    /// Salt and iterations of a challenge that goes on with this client's nonce.
    pub fn told(&self, challenge: &str) -> (Vec<u8>, u32) {
        let mut attributes = challenge.split(',');
        let mut next = |name: &str| {
            attributes.next().and_then(|attribute| attribute.strip_prefix(name)).expect(name).to_owned()
        };
        let nonce = next("r=");
        assert!(nonce.starts_with(NONCE) && nonce.len() >= NONCE.len() + 16, "{challenge}");
        let salt = STANDARD.decode(next("s=")).expect("base64");
        let iterations = next("i=").parse().expect("a number");
        assert!(iterations >= 4096 && attributes.next().is_none(), "{challenge}");
        (salt, iterations)
    }

    /// Answers a challenge.
    pub fn last(&self, challenge: &str) -> Last {
        let (salt, iterations) = self.told(challenge);
        let (algorithm, hmac) = match self.mechanism {
            "SCRAM-SHA-1" => (pbkdf2::PBKDF2_HMAC_SHA1, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            _ => (pbkdf2::PBKDF2_HMAC_SHA256, hmac::HMAC_SHA256),
        };
        let sign = |key: &[u8], text: &str| {
            hmac::sign(&hmac::Key::new(hmac, key), text.as_bytes()).as_ref().to_vec()
        };
        let mut salted = vec![0; hmac.digest_algorithm().output_len()];
        let iterations = NonZeroU32::new(iterations).expect("not 0");
        pbkdf2::derive(algorithm, iterations, &salt, self.password.as_bytes(), &mut salted);
        let key = sign(&salted, "Client Key");
        let stored = digest::digest(hmac.digest_algorithm(), &key);
        let nonce = challenge.split(',').next().expect("the nonce");
        let without = format!("c={},{nonce}", STANDARD.encode(self.header));
        let said = format!("{},{challenge},{without}", self.bare());
        let signature = sign(stored.as_ref(), &said);
        let proof: Vec<u8> = key.iter().zip(&signature).map(|(one, other)| one ^ other).collect();
        let answer = format!("v={}", STANDARD.encode(sign(&sign(&salted, "Server Key"), &said)));
        Last { message: format!("{without},p={}", STANDARD.encode(proof)), answer }
    }
}

/// What an element of SASL with this name carries.
pub fn data(name: &str, element: &str) -> String {
    let start = format!("<{name} xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">");
    let data = element.split_once(&start).and_then(|(_, rest)| rest.split_once("</"));
    let (data, _) = data.unwrap_or_else(|| panic!("{element} is no {name}"));
    String::from_utf8(STANDARD.decode(data).expect("base64")).expect("UTF-8")
}
