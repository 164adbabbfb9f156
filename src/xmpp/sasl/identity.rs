//! The identities in a login: who one is, and who one wants to act as (RFC 4422 §2).

use std::borrow::Cow;

use crate::xmpp::jid;
use crate::xmpp::sasl::failure::Failure;

/// Who logs in. An authzid is fine if it is empty, or the user's own name or bare JID (RFC 4616 §2, RFC 5802 §5.1); the authcid may
/// be a bare JID too, as Openfire has it.
pub fn user<'a>(authzid: &str, authcid: &'a str, domain: &str) -> Result<Cow<'a, str>, Failure> {
    // A name that can be nobody's is refused as an unknown one would be.
    let user = jid::prepare_login(authcid, domain).map_err(|_| Failure::NotAuthorized)?;
    let is_own = |authzid| jid::prepare_login(authzid, domain).is_ok_and(|name| name == user);
    if !authzid.is_empty() && authzid != authcid && !is_own(authzid) {
        return Err(Failure::InvalidAuthzid);
    }
    Ok(user)
}
