//! Certificates (RFC 5280 §4.1) that are made: signed with their own key or by an authority, ECDSA with P-256 and SHA-256 (RFC 5758
//! §3.2).

use std::net::IpAddr;
use std::time::SystemTime;

use ring::digest;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::pki_types::CertificateDer;
use time::{Date, Duration, Month, OffsetDateTime};

use crate::net::tls::certificate::is_set;
use crate::net::tls::der::{
    BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, UTC_TIME,
    UTF8_STRING, constructed, element, primitive,
};
use crate::net::tls::oid::{
    AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, COMMON_NAME, EC_PUBLIC_KEY, ECDSA_WITH_SHA256,
    EXTENDED_KEY_USAGE, KEY_USAGE, SECP256R1, SERVER_AUTH, SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER,
};

/// The validity of a certificate, its first day in the past, for clients whose clocks are behind: shorter than what browsers take
/// of a certificate authority (398 days; CA/Browser Forum, Baseline Requirements §6.3.2).
const DAYS: i64 = 397;

/// The first and the last moment at which a certificate counts.
pub type Validity = (OffsetDateTime, OffsetDateTime);

/// A new certificate with its key.
pub struct Made {
    pub certificate: CertificateDer<'static>,
    /// PKCS #8 in DER.
    pub key: Vec<u8>,
}

/// A certificate that signs others.
pub struct Authority {
    name: &'static str,
    pair: EcdsaKeyPair,
    pub certificate: CertificateDer<'static>,
}

/// What a certificate is for.
enum Subject<'s> {
    /// A server with these names.
    Server(&'s [String]),
    /// An authority of this name.
    Authority(&'static str),
}

/// Makes a certificate for these names. If the clock is not set its dates are wide: a board without a battery starts in the past.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn make(names: &[String], now: SystemTime) -> Result<Made, &'static str> {
    issued(names, validity(now), None)
}

/// Makes a certificate for these names that an authority signs; `None`: its own key does.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn issued(
    names: &[String],
    validity: Validity,
    issuer: Option<&Authority>,
) -> Result<Made, &'static str> {
    let (made, _) = signed(&Subject::Server(names), validity, issuer).map_err(|_| NO_RANDOM_BYTES)?;
    Ok(made)
}

/// Makes an authority that another one signs; `None`: it is a root. It outlives everything that it signs.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn authority(name: &'static str, issuer: Option<&Authority>) -> Result<Authority, &'static str> {
    let made = signed(&Subject::Authority(name), unbounded(), issuer).map_err(|_| NO_RANDOM_BYTES)?;
    let (Made { certificate, .. }, pair) = made;
    Ok(Authority { name, pair, certificate })
}

const NO_RANDOM_BYTES: &str = "the system gives no random bytes";

fn signed(
    subject: &Subject<'_>,
    validity: Validity,
    issuer: Option<&Authority>,
) -> Result<(Made, EcdsaKeyPair), Unspecified> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random)
        .map_err(|_| Unspecified)?;
    let algorithm = element(SEQUENCE, &[&oid(ECDSA_WITH_SHA256)]);
    let signed = to_be_signed(subject, validity, issuer, pair.public_key().as_ref(), &algorithm);
    let signer = issuer.map_or(&pair, |issuer| &issuer.pair);
    let signature = signer.sign(&random, &signed)?;
    let certificate = element(SEQUENCE, &[&signed, &algorithm, &bits(signature.as_ref())]);
    Ok((Made { certificate: certificate.into(), key: key.as_ref().to_vec() }, pair))
}

/// TBSCertificate (RFC 5280 §4.1).
fn to_be_signed(
    subject: &Subject<'_>,
    (not_before, not_after): Validity,
    issuer: Option<&Authority>,
    key: &[u8],
    algorithm: &[u8],
) -> Vec<u8> {
    // A number of 16 bytes that is neither negative nor begins with a byte too much.
    let mut number = digest::digest(&digest::SHA256, key).as_ref()[..16].to_vec();
    number[0] = number[0] & 0x7f | 0x40;
    let (shown, mut extensions) = match subject {
        Subject::Server(names) => (common_name(names), of_server(names)),
        Subject::Authority(name) => (*name, of_authority(key)),
    };
    if let Some(issuer) = issuer {
        let identifier = element(primitive(0), &[&key_identifier(issuer.pair.public_key().as_ref())]);
        extensions.push(extension(AUTHORITY_KEY_IDENTIFIER, false, &element(SEQUENCE, &[&identifier])));
    }
    let validity = element(SEQUENCE, &[&time(not_before), &time(not_after)]);
    let key_kind = element(SEQUENCE, &[&oid(EC_PUBLIC_KEY), &oid(SECP256R1)]);
    let key = element(SEQUENCE, &[&key_kind, &bits(key)]);
    let extensions = element(SEQUENCE, &[&extensions.concat()]);
    // Version 3.
    let version = element(constructed(0), &[&[INTEGER, 1, 2]]);
    element(
        SEQUENCE,
        &[
            &version,
            &element(INTEGER, &[&number]),
            algorithm,
            &name(issuer.map_or(shown, |issuer| issuer.name)),
            &validity,
            &name(shown),
            &key,
            &element(constructed(3), &[&extensions]),
        ],
    )
}

/// The first name that is no address, for people to read.
fn common_name(names: &[String]) -> &str {
    let shown = names.iter().find(|name| *name != "localhost" && name.parse::<IpAddr>().is_err());
    shown.map_or("localhost", String::as_str)
}

/// A Name (RFC 5280 §4.1.2.4).
fn name(common: &str) -> Vec<u8> {
    let attribute = element(SEQUENCE, &[&oid(COMMON_NAME), &element(UTF8_STRING, &[common.as_bytes()])]);
    element(SEQUENCE, &[&element(SET, &[&attribute])])
}

fn of_server(names: &[String]) -> Vec<Vec<u8>> {
    vec![
        extension(SUBJECT_ALT_NAME, false, &general_names(names)),
        // digitalSignature, the first of the bits; seven after it are none.
        extension(KEY_USAGE, true, &[BIT_STRING, 2, 7, 0x80]),
        // Apple's devices take no certificate of a server without it, be it trusted or not.
        extension(EXTENDED_KEY_USAGE, false, &element(SEQUENCE, &[&oid(SERVER_AUTH)])),
    ]
}

fn of_authority(key: &[u8]) -> Vec<Vec<u8>> {
    vec![
        extension(BASIC_CONSTRAINTS, true, &element(SEQUENCE, &[&[BOOLEAN, 1, 0xff]])),
        // keyCertSign, the sixth of the bits; two after it are none.
        extension(KEY_USAGE, true, &[BIT_STRING, 2, 2, 0x04]),
        extension(SUBJECT_KEY_IDENTIFIER, false, &element(OCTET_STRING, &[&key_identifier(key)])),
    ]
}

/// The identifier by which authorities of one name are told apart (RFC 5280 §4.2.1.2).
fn key_identifier(key: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, key).as_ref()[..20].to_vec()
}

fn oid(identifier: &[u8]) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, &[identifier])
}

/// A BIT STRING of whole bytes.
fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

fn extension(kind: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    const CRITICAL: &[u8] = &[BOOLEAN, 1, 0xff];
    let critical = if critical { CRITICAL } else { &[] };
    element(SEQUENCE, &[&oid(kind), critical, &element(OCTET_STRING, &[value])])
}

/// GeneralNames of hosts and addresses (RFC 5280 §4.2.1.6).
fn general_names(names: &[String]) -> Vec<u8> {
    let names = names.iter().map(|name| match name.parse() {
        Ok(IpAddr::V4(address)) => element(primitive(7), &[&address.octets()]),
        Ok(IpAddr::V6(address)) => element(primitive(7), &[&address.octets()]),
        Err(_) => element(primitive(2), &[name.as_bytes()]),
    });
    element(SEQUENCE, &[&names.collect::<Vec<_>>().concat()])
}

/// The validity of a certificate that is made now.
pub fn validity(now: SystemTime) -> Validity {
    if is_set(now) {
        let first = OffsetDateTime::from(now) - Duration::days(1);
        return (first, first + Duration::days(DAYS));
    }
    unbounded()
}

/// Longer than any server runs, be its clock right or not.
fn unbounded() -> Validity {
    let on = |year, month, day| {
        let date = Date::from_calendar_date(year, month, day).unwrap_or(Date::MIN);
        date.midnight().assume_utc()
    };
    (on(1975, Month::January, 1), on(2049, Month::December, 31))
}

/// UTCTime until 2049, and GeneralizedTime from then on (RFC 5280 §4.1.2.5).
fn time(time: OffsetDateTime) -> Vec<u8> {
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let month = u8::from(month);
    let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    match text.get(2..) {
        Some(short) if year < 2050 => element(UTC_TIME, &[short.as_bytes()]),
        _ => element(GENERALIZED_TIME, &[text.as_bytes()]),
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
    use rustls::client::verify_server_name;
    use rustls::pki_types::ServerName;
    use rustls::server::ParsedCertificate;

    use super::*;
    use crate::net::tls::certificate::Certificate;
    use crate::net::tls::der::Reader;

    fn on(year: i32) -> SystemTime {
        let date = Date::from_calendar_date(year, Month::June, 1).expect("a day");
        date.midnight().assume_utc().into()
    }

    #[test]
    fn another_reader_takes_the_certificate_for_each_of_its_names() {
        let names = ["localhost", "a.example", "127.0.0.1", "::1"].map(str::to_owned);
        let made = make(&names, on(2027)).expect("it is made");
        let read = ParsedCertificate::try_from(&made.certificate).expect("a certificate");
        for name in &names {
            let name = ServerName::try_from(name.as_str()).expect("a name");
            verify_server_name(&read, &name).expect("it is for it");
        }
        let other = ServerName::try_from("b.example").expect("a name");
        verify_server_name(&read, &other).expect_err("it is not for it");
        assert_eq!(Certificate::read(&made.certificate).expect("a certificate").names, names);
    }

    #[test]
    fn the_signature_is_that_of_its_key() {
        let made = make(&["localhost".to_owned()], on(2027)).expect("it is made");
        let mut certificate = Reader(Reader(&made.certificate).take(SEQUENCE).expect("a certificate"));
        let signed = certificate.0;
        certificate.take(SEQUENCE).expect("what is signed");
        let signed = &signed[..signed.len() - certificate.0.len()];
        certificate.take(SEQUENCE).expect("an algorithm");
        let signature = certificate.take(BIT_STRING).expect("a signature");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &made.key, &SystemRandom::new());
        let pair = pair.expect("a key");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key());
        key.verify(signed, &signature[1..]).expect("it is signed");
    }

    #[test]
    fn dates_from_2050_on_have_four_digits_of_the_year() {
        for year in [2027, 2048, 2049, 2050, 2060] {
            let made = make(&["localhost".to_owned()], on(year)).expect("it is made");
            let read = Certificate::read(&made.certificate).expect("a certificate");
            let shown = read.describe(on(year));
            assert!(shown.contains(&format!("valid until {}-0", year + 1)), "{shown}");
            assert!(shown.contains("(396 days)"), "{shown}");
        }
    }
}
