//! The names and the times of a certificate (RFC 5280 §4.1).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use time::{Date, Month, OffsetDateTime};

use crate::net::tls::der::{
    BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE,
    UTC_TIME, constructed, primitive,
};
use crate::net::tls::oid::{EXTENDED_KEY_USAGE, SERVER_AUTH, SUBJECT_ALT_NAME};

/// The longest validity that Apple's devices accept (Apple, "Requirements for trusted certificates in iOS 13 and macOS 10.15").
const LONGEST: time::Duration = time::Duration::days(825);

/// The first year of clocks that are set: the program is not older.
pub const FIRST_YEAR: i32 = 2026;

/// A certificate ends soon if less than this is left, or a third of its time.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// The fields of a certificate that are read.
#[derive(Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The names of hosts and the addresses for which it is.
    pub names: Vec<String>,
    /// The certificate is of version 3 and can have extensions (RFC 5280 §4.1.2.1).
    pub extensible: bool,
    /// Whether the certificate is for servers (RFC 5280 §4.2.1.12).
    server_auth: bool,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Certificate {
    /// Reads one in DER; `None`: it has no form that we know.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut whole = Reader(der);
        let mut certificate = Reader(whole.take(SEQUENCE)?);
        let read = to_be_signed(certificate.take(SEQUENCE)?)?;
        // The algorithm of the signature, and the signature.
        certificate.take(SEQUENCE)?;
        certificate.take(BIT_STRING)?;
        (whole.is_empty() && certificate.is_empty()).then_some(read)
    }

    /// Describes a certificate: its end, the days that are left until then, and its names.
    pub fn describe(&self, now: SystemTime) -> String {
        let names = if self.names.is_empty() { "nobody".to_owned() } else { self.names.join(", ") };
        let left = self.not_after - OffsetDateTime::from(now);
        let (days, ago) = (days(left.abs()), if left.is_negative() { " ago" } else { "" });
        format!("for {names}; valid until {} ({days}{ago})", Day(self.not_after))
    }

    /// Why the server makes another certificate in place of this one of its own, if it does; the end of a sentence. A clock that
    /// is not set says nothing of its validity.
    pub fn misfit(&self, now: SystemTime, names: &[String]) -> Option<String> {
        if let Some(missing) = names.iter().find(|name| !self.names.contains(name)) {
            return Some(format!("is not for {missing}"));
        }
        if !self.server_auth {
            return Some("is not for servers".to_owned());
        }
        if !is_set(now) {
            return None;
        }
        if self.not_after - self.not_before > LONGEST {
            return Some("was made before the clock was set".to_owned());
        }
        let soon = self.is_soon(now);
        (soon || OffsetDateTime::from(now) < self.not_before)
            .then(|| format!("is valid from {} to {}", Day(self.not_before), Day(self.not_after)))
    }

    /// Whether less is left than one should wait with another one.
    fn is_soon(&self, now: SystemTime) -> bool {
        let left = self.not_after - OffsetDateTime::from(now);
        left < SOON && left < (self.not_after - self.not_before) / 3
    }

    /// The warning for a certificate that names no host; the end of a sentence.
    pub fn nameless(&self) -> Option<&'static str> {
        let end = "names no host, and clients refuse it; get another, with the names of this server in subjectAltName";
        self.names.is_empty().then_some(end)
    }

    /// The warning for a certificate that has expired, will do so soon, or does not count yet; the end of a sentence.
    pub fn warning(&self, now: SystemTime) -> Option<String> {
        let (now, not_before, not_after) = (OffsetDateTime::from(now), self.not_before, self.not_after);
        let left = not_after - now;
        if left.is_negative() {
            return Some(format!("expired on {}, and clients refuse it; get another", Day(not_after)));
        }
        if now < not_before {
            return Some(format!(
                "is valid only from {} on; look whether the clock of this machine is right",
                Day(not_before)
            ));
        }
        self.is_soon(now.into())
            .then(|| format!("expires on {}, in {}; get another before that", Day(not_after), days(left)))
    }
}

/// Whether the clock of the machine has been set: a board without a battery begins long ago.
pub fn is_set(now: SystemTime) -> bool {
    OffsetDateTime::from(now).year() >= FIRST_YEAR
}

/// How many whole days a time has.
fn days(time: time::Duration) -> String {
    match time.whole_days() {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// A day, as 2026-11-29.
struct Day(OffsetDateTime);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

/// Reads a TBSCertificate.
fn to_be_signed(der: &[u8]) -> Option<Certificate> {
    let mut reader = Reader(der);
    // The version, one less than what it is called.
    let version = match reader.take_optional(constructed(0)) {
        Some(version) => Reader(version).take(INTEGER)?,
        None => &[0],
    };
    // The number, the algorithm of the signature, the issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        reader.take(tag)?;
    }
    let mut validity = Reader(reader.take(SEQUENCE)?);
    let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
    // The subject, whose common name counts no more (RFC 9525 §2), and its key.
    reader.take(SEQUENCE)?;
    reader.take(SEQUENCE)?;
    for unique_id in [1, 2] {
        reader.take_optional(primitive(unique_id));
    }
    let Extensions { names, server_auth } = match reader.take_optional(constructed(3)) {
        Some(extensions) => self::extensions(extensions)?,
        None => Extensions::default(),
    };
    let certificate = Certificate { names, extensible: version == [2], server_auth, not_before, not_after };
    reader.is_empty().then_some(certificate)
}

/// Reads a time in the form that certificates have: to the second, in UTC (RFC 5280 §4.1.2.5).
fn time(reader: &mut Reader) -> Option<OffsetDateTime> {
    let (tag, digits) = reader.next()?;
    let digits = digits.strip_suffix(b"Z")?;
    let mut pairs = digits.chunks(2).map(|pair| match pair {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + ones - b'0'),
        _ => None,
    });
    let mut pair = || pairs.next().flatten();
    let year = match tag {
        UTC_TIME => match i32::from(pair()?) {
            year @ ..50 => 2000 + year,
            year => 1900 + year,
        },
        GENERALIZED_TIME => i32::from(pair()?) * 100 + i32::from(pair()?),
        _ => return None,
    };
    let date = Date::from_calendar_date(year, Month::try_from(pair()?).ok()?, pair()?).ok()?;
    let time = date.with_hms(pair()?, pair()?, pair()?).ok()?;
    pairs.next().is_none().then(|| time.assume_utc())
}

/// The extensions that are read.
#[derive(Default)]
struct Extensions {
    names: Vec<String>,
    server_auth: bool,
}

fn extensions(der: &[u8]) -> Option<Extensions> {
    let mut read = Extensions::default();
    let mut extensions = Reader(Reader(der).take(SEQUENCE)?);
    while !extensions.is_empty() {
        let mut extension = Reader(extensions.take(SEQUENCE)?);
        let kind = extension.take(OBJECT_IDENTIFIER)?;
        // Whether it is critical.
        extension.take_optional(BOOLEAN);
        let value = extension.take(OCTET_STRING)?;
        if kind == SUBJECT_ALT_NAME {
            read.names = general_names(Reader(value).take(SEQUENCE)?)?;
        } else if kind == EXTENDED_KEY_USAGE {
            let mut uses = Reader(Reader(value).take(SEQUENCE)?);
            while !uses.is_empty() {
                read.server_auth |= uses.take(OBJECT_IDENTIFIER)? == SERVER_AUTH;
            }
        }
    }
    Some(read)
}

/// The names of hosts and the addresses among GeneralNames.
fn general_names(der: &[u8]) -> Option<Vec<String>> {
    const DNS_NAME: u8 = primitive(2);
    const IP_ADDRESS: u8 = primitive(7);
    let mut names = Vec::new();
    let mut reader = Reader(der);
    while !reader.is_empty() {
        match reader.next()? {
            (DNS_NAME, name) if name.is_ascii() => names.push(str::from_utf8(name).ok()?.to_owned()),
            (DNS_NAME, _) => return None,
            (IP_ADDRESS, bytes) => {
                let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
                let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)));
                names.extend(v4.or(v6).ok().map(|address| address.to_string()));
            }
            _ => {}
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use rcgen::{CertificateParams, KeyPair, SanType, date_time_ymd};

    use super::*;

    fn made(not_before: (i32, u8, u8), not_after: (i32, u8, u8)) -> Vec<u8> {
        let mut params = CertificateParams::new(["a.example".to_owned()]).expect("a name");
        params.subject_alt_names.extend([
            SanType::IpAddress(Ipv4Addr::LOCALHOST.into()),
            SanType::IpAddress(Ipv6Addr::LOCALHOST.into()),
            SanType::Rfc822Name("a@a.example".try_into().expect("ASCII")),
            SanType::DnsName("*.b.example".try_into().expect("ASCII")),
        ]);
        let ((a, b, c), (d, e, f)) = (not_before, not_after);
        (params.not_before, params.not_after) = (date_time_ymd(a, b, c), date_time_ymd(d, e, f));
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    fn on(year: i32, month: u8, day: u8) -> SystemTime {
        date_time_ymd(year, month, day).into()
    }

    #[test]
    fn names_and_times_are_read_in_both_forms_of_time() {
        for end in [(2027, 1, 31), (2051, 1, 31)] {
            let certificate = Certificate::read(&made((2026, 1, 1), end)).expect("a certificate");
            assert_eq!(certificate.names, ["a.example", "127.0.0.1", "::1", "*.b.example"]);
            let days = if end.0 == 2027 { 30 } else { 8796 };
            assert_eq!(
                certificate.describe(on(2027, 1, 1)),
                format!(
                    "for a.example, 127.0.0.1, ::1, *.b.example; valid until {}-01-31 ({days} days)",
                    end.0
                )
            );
        }
    }

    #[test]
    fn a_certificate_is_warned_of_before_it_counts_and_from_shortly_before_its_end() {
        let year = Certificate::read(&made((2026, 1, 1), (2027, 1, 1))).expect("a certificate");
        let week = Certificate::read(&made((2026, 1, 1), (2026, 1, 7))).expect("a certificate");
        for (certificate, now, warning) in [
            (&year, on(2025, 12, 31), Some("is valid only from 2026-01-01 on")),
            (&year, on(2026, 1, 1), None),
            (&year, on(2026, 12, 1), None),
            (&year, on(2026, 12, 3), Some("expires on 2027-01-01, in 29 days")),
            (&year, on(2027, 1, 2), Some("expired on 2027-01-01")),
            (&week, on(2026, 1, 4), None),
            (&week, on(2026, 1, 6), Some("expires on 2026-01-07, in 1 day;")),
        ] {
            let said = certificate.warning(now);
            assert_eq!(said.is_some(), warning.is_some(), "{said:?}");
            assert!(said.unwrap_or_default().starts_with(warning.unwrap_or_default()), "{warning:?}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_none_and_no_panic() {
        let good = made((2026, 1, 1), (2027, 1, 1));
        assert_eq!(Certificate::read(b""), None);
        for length in 0..good.len() {
            assert_eq!(Certificate::read(&good[..length]), None);
        }
        for at in 0..good.len() {
            for other in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] = other;
                // It may still be one, as the signature is not looked at.
                let _ = Certificate::read(&bad);
            }
        }
    }
}
