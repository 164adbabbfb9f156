//! What Chromium's developer tools say of a connection that failed: the words of its network stack, which a HAR has as a message of the
//! type `error`, or as the `_error` of a response.

use std::time::Duration;

use super::dialogue::{Dialogue, End};
use super::peer::{self, Refusal, Upgrade};
use super::step::Step;
use super::symptom::Symptom;

/// Errors before a connection is there, each by the start of its name, and the first that fits.
const ERRORS: [(&str, Step, Symptom); 14] = [
    ("ERR_NAME_", Step::Dns, Symptom::NameUnknown),
    ("ERR_DNS_", Step::Dns, Symptom::NameUnknown),
    ("ERR_CONNECTION_REFUSED", Step::Tcp, Symptom::Refused),
    ("ERR_CONNECTION_TIMED_OUT", Step::Tcp, Symptom::Unreachable),
    ("ERR_ADDRESS_", Step::Tcp, Symptom::Unreachable),
    ("ERR_INTERNET_DISCONNECTED", Step::Tcp, Symptom::Unreachable),
    ("ERR_PROXY_", Step::Tcp, Symptom::Unreachable),
    ("ERR_TUNNEL_", Step::Tcp, Symptom::Unreachable),
    ("ERR_CERT_DATE_INVALID", Step::Tls, Symptom::Expired),
    ("ERR_CERT_COMMON_NAME_INVALID", Step::Tls, Symptom::WrongName),
    ("ERR_CERT_AUTHORITY_INVALID", Step::Tls, Symptom::UnknownIssuer),
    ("ERR_CERT_", Step::Tls, Symptom::CertificateRefused),
    ("ERR_SSL_CLIENT_AUTH", Step::Upgrade, Symptom::Forbidden),
    ("ERR_SSL_", Step::Tls, Symptom::NoTls),
];

/// Whether an error of a request says no more than that the page gave it up.
pub fn is_given_up(words: &str) -> bool {
    words.contains("ERR_ABORTED") || words.contains("ERR_BLOCKED_BY_CLIENT")
}

/// Judges such an error. `begun`: the stream has frames; `bosh`: its requests are posted.
pub fn failed(dialogue: &mut Dialogue, at: Duration, words: &str, begun: bool, bosh: bool) {
    if begun {
        return dialogue.ended(at, &End { code: None, reason: words.to_owned() });
    }
    let outcomes = &mut dialogue.outcomes;
    if let Some((_, step, symptom)) = ERRORS.iter().find(|(name, ..)| words.contains(name)) {
        outcomes.fact(*step, "error", words);
        return outcomes.fail(*step, at, *symptom);
    }
    let status =
        words.split_once("Unexpected response code: ").and_then(|(_, code)| code.trim().parse().ok());
    let upgrade = match status {
        Some(status) => Upgrade::Status(Refusal { status, ..Refusal::default() }),
        None if words.contains("'Sec-WebSocket-Protocol'") => Upgrade::Done { protocol: None },
        None => Upgrade::Broken(words.to_owned()),
    };
    peer::upgraded(outcomes, at, &upgrade, bosh);
}
