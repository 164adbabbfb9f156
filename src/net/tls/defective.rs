//! Certificates with something wrong about them, for faults. They are made when a handshake needs one and kept nowhere.
//!
//! What is wrong is to be the only thing wrong, so all but that of an unknown issuer come from an authority that clients may
//! trust. It lives as long as the process, so that trainers hand it to their clients once.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use time::OffsetDateTime;

use crate::fault::Defect;
use crate::net::tls::certificate::FIRST_YEAR;
use crate::net::tls::self_signed::{Authority, Made, Validity, authority, issued, validity};
use crate::net::tls::{bare, pem_of};

/// The host of a certificate that is for another one. No host has that name (RFC 6761 §6.4).
const ELSEWHERE: &str = "elsewhere.invalid";

/// How long a certificate is shown before another one is made: its dates follow the clock.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The certificates of faults.
#[derive(Default)]
pub struct DefectiveCertificates {
    authorities: Option<Authorities>,
    /// One for each defect at most.
    ready: Vec<Ready>,
}

/// A root, and an intermediate that it has signed.
struct Authorities {
    root: Authority,
    intermediate: Authority,
}

/// A certificate that was made.
struct Ready {
    defect: Defect,
    names: Vec<String>,
    made: SystemTime,
    server: Arc<ServerConfig>,
}

impl DefectiveCertificates {
    /// TLS with a certificate for these names that has this defect. Each handshake shows it: there is no session to resume. To make
    /// it takes as long as a few handshakes (a third of a millisecond on a PC, once), so it needs no thread of its own.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn server(
        &mut self,
        defect: Defect,
        names: &[String],
        now: SystemTime,
    ) -> Result<Arc<ServerConfig>, String> {
        // Another certificate has come into the place of the right one, or the clock was set.
        self.ready.retain(|ready| {
            let age = now.duration_since(ready.made);
            ready.defect != defect || ready.names == names && age.is_ok_and(|age| age < DAY)
        });
        if let Some(ready) = self.ready.iter().find(|ready| ready.defect == defect) {
            return Ok(ready.server.clone());
        }
        let Made { certificate, key } = self.make(defect, names, now)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
        let mut server = bare(vec![certificate], key).map_err(|error| error.to_string())?;
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        let server = Arc::new(server);
        self.ready.push(Ready { defect, names: names.to_vec(), made: now, server: server.clone() });
        Ok(server)
    }

    /// The root in PEM, which has signed what is expired, not valid yet, for another name, or incomplete.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn root(&mut self) -> Result<String, &'static str> {
        Ok(pem(&self.authorities()?.root.certificate))
    }

    /// The intermediate in PEM, which is missing from a chain that is incomplete.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn intermediate(&mut self) -> Result<String, &'static str> {
        Ok(pem(&self.authorities()?.intermediate.certificate))
    }

    fn make(&mut self, defect: Defect, names: &[String], now: SystemTime) -> Result<Made, &'static str> {
        let Authorities { root, intermediate } = self.authorities()?;
        let usual = validity(now);
        match defect {
            Defect::Expired => issued(names, long_ago(now), Some(root)),
            Defect::NotYet => issued(names, later(now), Some(root)),
            Defect::WrongName => issued(&[ELSEWHERE.to_owned()], usual, Some(root)),
            Defect::Untrusted => issued(names, usual, None),
            Defect::NoChain => issued(names, usual, Some(intermediate)),
        }
    }

    fn authorities(&mut self) -> Result<&Authorities, &'static str> {
        let authorities = match self.authorities.take() {
            Some(authorities) => authorities,
            None => {
                let root = authority("callboard faults: root", None)?;
                let intermediate = authority("callboard faults: intermediate", Some(&root))?;
                Authorities { root, intermediate }
            }
        };
        Ok(self.authorities.insert(authorities))
    }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    pem_of("CERTIFICATE", certificate)
}

/// A month that ended a day ago. Clients know the time also where the server does not: then it ended before the program was there.
fn long_ago(now: SystemTime) -> Validity {
    let now = OffsetDateTime::from(now);
    let now = if now.year() < FIRST_YEAR { year(FIRST_YEAR) } else { now };
    (now - time::Duration::days(31), now - time::Duration::days(1))
}

/// A month that begins in a month, or after all that a clock that is not set may stand for.
fn later(now: SystemTime) -> Validity {
    let now = OffsetDateTime::from(now);
    let first = if now.year() < FIRST_YEAR { year(2048) } else { now + time::Duration::days(30) };
    (first, first + time::Duration::days(30))
}

fn year(year: i32) -> OffsetDateTime {
    let first = time::Date::from_ordinal_date(year, 1).unwrap_or(time::Date::MIN);
    first.midnight().assume_utc()
}

#[cfg(test)]
mod tests {
    use rcgen::date_time_ymd;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::crypto::ring::default_provider;
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{CertificateError, Error, RootCertStore};

    use super::*;

    const ALL: [Defect; 5] =
        [Defect::Expired, Defect::NotYet, Defect::WrongName, Defect::Untrusted, Defect::NoChain];

    fn on(year: i32, month: u8, day: u8) -> SystemTime {
        date_time_ymd(year, month, day).into()
    }

    /// What a client that trusts a root thinks of a certificate.
    fn judged(
        root: &CertificateDer<'static>,
        intermediates: &[CertificateDer<'_>],
        certificate: &CertificateDer<'_>,
        name: &str,
        now: SystemTime,
    ) -> Result<(), String> {
        let mut roots = RootCertStore::empty();
        roots.add(root.clone()).expect("a root");
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
        let verifier = verifier.build().expect("there is a root");
        let name = ServerName::try_from(name).expect("a name");
        let now = UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).expect("after it"));
        match verifier.verify_server_cert(certificate, intermediates, &name, &[], now) {
            Ok(_) => Ok(()),
            Err(Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => Err("expired".to_owned()),
            Err(Error::InvalidCertificate(
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
            )) => Err("not yet".to_owned()),
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Err("name".to_owned()),
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => Err("issuer".to_owned()),
            Err(error) => Err(format!("{error:?}")),
        }
    }

    #[test]
    fn a_defect_is_the_only_thing_wrong_with_its_certificate() {
        let names = ["board.example".to_owned()];
        let now = on(2027, 6, 15);
        let mut made = DefectiveCertificates::default();
        for (defect, wrong) in ALL.into_iter().zip(["expired", "not yet", "name", "issuer", "issuer"]) {
            let certificate = made.make(defect, &names, now).expect("it is made").certificate;
            let Authorities { root, intermediate } = made.authorities().expect("they are made");
            let root = &root.certificate;
            let found = judged(root, &[], &certificate, "board.example", now);
            assert_eq!(found, Err(wrong.to_owned()), "{defect:?}");
            let cured = match defect {
                Defect::Expired => judged(root, &[], &certificate, "board.example", on(2027, 6, 1)),
                Defect::NotYet => judged(root, &[], &certificate, "board.example", on(2027, 7, 25)),
                Defect::WrongName => judged(root, &[], &certificate, ELSEWHERE, now),
                Defect::Untrusted => judged(&certificate, &[], &certificate, "board.example", now),
                Defect::NoChain => {
                    let intermediates = [intermediate.certificate.clone()];
                    judged(root, &intermediates, &certificate, "board.example", now)
                }
            };
            assert_eq!(cured, Ok(()), "{defect:?}");
        }
    }

    #[test]
    fn clients_see_the_defect_also_where_the_clock_of_the_server_is_not_set() {
        let names = ["board.example".to_owned()];
        let mut made = DefectiveCertificates::default();
        for (defect, wrong) in [(Defect::Expired, "expired"), (Defect::NotYet, "not yet")] {
            let certificate = made.make(defect, &names, on(1970, 1, 2)).expect("it is made").certificate;
            let root = &made.authorities().expect("they are made").root.certificate;
            for now in [on(2026, 11, 30), on(2040, 1, 1)] {
                let found = judged(root, &[], &certificate, "board.example", now);
                assert_eq!(found, Err(wrong.to_owned()), "{defect:?}");
            }
        }
    }

    #[test]
    fn a_certificate_is_shown_again_until_the_right_one_has_other_names_or_a_day_is_over() {
        let (old, new) = (["a.example".to_owned()], ["b.example".to_owned()]);
        let mut made = DefectiveCertificates::default();
        let mut shown = |defect, names, now| made.server(defect, names, now).expect("it is made");
        let first = shown(Defect::Expired, &old, on(2027, 6, 15));
        assert!(Arc::ptr_eq(&first, &shown(Defect::Expired, &old, on(2027, 6, 15))));
        assert!(!Arc::ptr_eq(&first, &shown(Defect::NotYet, &old, on(2027, 6, 15))));
        assert!(Arc::ptr_eq(&first, &shown(Defect::Expired, &old, on(2027, 6, 15))));
        let second = shown(Defect::Expired, &old, on(2027, 6, 17));
        assert!(!Arc::ptr_eq(&first, &second));
        let third = shown(Defect::Expired, &new, on(2027, 6, 17));
        assert!(!Arc::ptr_eq(&second, &third));
        // The clock was set back.
        assert!(!Arc::ptr_eq(&third, &shown(Defect::Expired, &new, on(2027, 6, 15))));
        assert_eq!(made.ready.len(), 2);
    }
}
