//! What a probe says, but for the login: requests that change nothing.

use crate::probe::dialogue::Asked;
use crate::xml;
use crate::xmpp::ns;

pub const PRESENCE: &str = "<presence xmlns='jabber:client'/>";

/// RFC 6120 §5.4.2.1.
pub const START_TLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

/// RFC 6120 §7.7.
pub fn bind(id: u32, resource: &str) -> String {
    let resource = xml::escape(resource);
    let payload = format!("<bind xmlns='{}'><resource>{resource}</resource></bind>", ns::BIND);
    iq("set", "", id, &payload)
}

/// RFC 3921 §3.
pub fn session(id: u32) -> String {
    iq("set", "", id, &format!("<session xmlns='{}'/>", ns::SESSION))
}

/// XEP-0199.
pub fn ping(id: u32, domain: &str) -> String {
    iq("get", domain, id, &format!("<ping xmlns='{}'/>", ns::PING))
}

/// `subscribe` or `unsubscribe` of a full JID (XEP-0060 §6.1, §6.2).
pub fn pubsub(id: u32, domain: &str, action: &str, node: &str, jid: &str) -> String {
    let (node, jid) = (xml::escape(node), xml::escape(jid));
    let payload = format!("<pubsub xmlns='{}'><{action} node='{node}' jid='{jid}'/></pubsub>", ns::PUBSUB);
    iq("set", &format!("pubsub.{domain}"), id, &payload)
}

fn iq(kind: &str, to: &str, id: u32, payload: &str) -> String {
    let to = if to.is_empty() { String::new() } else { format!(" to='{}'", xml::escape(to)) };
    format!("<iq xmlns='jabber:client' type='{kind}'{to} id='probe-{id}'>{payload}</iq>")
}

/// The answer to a request of the server: a probe knows pings.
pub fn reply(Asked { from, id, is_ping }: &Asked) -> String {
    let (to, id) = (xml::escape(from), xml::escape(id));
    if *is_ping {
        return format!("<iq xmlns='jabber:client' type='result' to='{to}' id='{id}'/>");
    }
    format!(
        "<iq xmlns='jabber:client' type='error' to='{to}' id='{id}'><error type='cancel'>\
         <service-unavailable xmlns='{}'/></error></iq>",
        ns::STANZAS
    )
}
