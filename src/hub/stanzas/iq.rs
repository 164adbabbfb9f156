//! The answers to iq requests of the server, the account, the pubsub service and the `finesse` user.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock::Now;
use crate::config::NodeAccess;
use crate::hub::changes::Entry;
use crate::hub::delivery::back_pressure::NO_ROOM;
use crate::hub::stanzas::finesse_user::{CAPS_NODE as FINESSE_CAPS_NODE, CAPS_VER as FINESSE_CAPS_VER};
use crate::hub::stanzas::target::{FINESSE, Target};
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::pubsub::iq::{FEATURES, Requester, TOO_LONG};
use crate::pubsub::{self, NodeId, PubsubError};
use crate::xml::{escape, write_attribute};
use crate::xmpp::ns;
use crate::xmpp::stanza::{Condition, Request, StanzaError};
use crate::xmpp::stream::{CAPS_NODE, CAPS_VER};

/// The payload of a result, or an error.
type IqResult = Result<String, StanzaError>;

/// Answers a request. An unknown request gets `service-unavailable`, never silence (RFC 6120 §8.4).
pub fn answer(hub: &mut Hub, now: Now, user: UserId, target: &Target<'_>, request: &Request<'_>) -> IqResult {
    let name = request.child.tag_name();
    match (target, name.name(), name.namespace().unwrap_or(""), request.set) {
        (Target::User { .. } | Target::Nobody, ..) => Err(Condition::ServiceUnavailable.into()),
        (_, "ping", ns::PING, false) => Ok(String::new()),
        (_, "query", ns::DISCO_INFO, false) => disco_info(hub, user, target, request.child.attribute("node")),
        (_, "query", ns::DISCO_ITEMS, false) => {
            disco_items(hub, user, target, request.child.attribute("node"))
        }
        (Target::Pubsub, "pubsub", ns::PUBSUB | ns::PUBSUB_OWNER, _) => pubsub(hub, now, user, request),
        (Target::Server | Target::Pubsub | Target::Account, "query", ns::VERSION, false) => Ok(version()),
        (Target::Server | Target::Account, "time", ns::TIME, false) => time(now),
        (Target::Server | Target::Account, "session", ns::SESSION, true) => Ok(String::new()),
        (Target::Server | Target::Account, "bind", ns::BIND, true) => {
            Err(StanzaError::new(Condition::NotAllowed, "This stream has a resource already."))
        }
        (Target::Account, "query", ns::ROSTER, false) => Ok(roster(hub)),
        (Target::Account, "query", ns::ROSTER, true) => {
            Err(StanzaError::new(Condition::NotAllowed, "The roster is made by the server."))
        }
        _ => Err(Condition::ServiceUnavailable.into()),
    }
}

fn pubsub(hub: &mut Hub, now: Now, user: UserId, request: &Request<'_>) -> IqResult {
    if pubsub::iq::is_for_others(request) && !hub.has_room(user) {
        hub.report.counters.refused_sends += 1;
        return Err(NO_ROOM);
    }
    let bare = hub.bare(user);
    let (sessions, online, desk) = (&hub.sessions, hub.roster.bound(user), &hub.desk);
    let resource =
        |id: SessionId| sessions.get(id).and_then(|session| Some(session.address()?.resource.to_string()));
    let who = Requester {
        user,
        bare: &bare,
        administrator: hub.users().is_administrator(user),
        session: &|wanted| online.iter().copied().find(|id| resource(*id).as_deref() == Some(wanted)),
        resource: &resource,
        may_follow: &|node| desk.may_follow(user, node),
        payload: hub.limits.payload,
        longest: hub.longest(),
    };
    let (payload, command) = pubsub::iq::answer(&hub.pubsub, &who, request)?;
    if let Some(command) = command {
        #[cfg(feature = "replica")]
        if hub.log_has_failed() {
            hub.report.counters.refused_sends += 1;
            return Err(NO_ROOM);
        }
        hub.apply(Entry { now, by: Some(user), command })?;
    }
    Ok(payload)
}

/// XEP-0030 §3.
fn disco_info(hub: &Hub, user: UserId, target: &Target<'_>, node: Option<&str>) -> IqResult {
    let access = match hub.desk.node_access() {
        NodeAccess::Open => "access-open",
        NodeAccess::Role => "access-whitelist",
    };
    let service = |name: &str| format!("{}#{name}", ns::PUBSUB);
    let plain = |features: &[&str]| features.iter().map(|feature| (*feature).to_owned()).collect::<Vec<_>>();
    let common = [ns::DISCO_INFO, ns::DISCO_ITEMS, ns::PING];
    let caps_node = format!("{CAPS_NODE}#{CAPS_VER}");
    let finesse_node = format!("{FINESSE_CAPS_NODE}#{FINESSE_CAPS_VER}");
    let (identity, features) = match (target, node) {
        (Target::Server, None) => {
            (("server", "im", "callboard"), plain(&[&common[..], &[ns::VERSION, ns::TIME]].concat()))
        }
        (Target::Server, Some(node)) if node == caps_node => return disco_info_as(hub, user, target, node),
        (Target::Account, None) => (("account", "registered", ""), plain(&common)),
        (Target::Finesse, None) => (("client", "pc", "Finesse"), plain(&common)),
        (Target::Finesse, Some(node)) if node == finesse_node => {
            return disco_info_as(hub, user, target, node);
        }
        (Target::Pubsub, None) => {
            let features =
                [ns::DISCO_INFO, ns::DISCO_ITEMS, ns::PING, ns::VERSION, ns::PUBSUB].map(str::to_owned);
            (
                ("pubsub", "service", "callboard"),
                features.into_iter().chain([access].into_iter().chain(FEATURES).map(service)).collect(),
            )
        }
        (Target::Pubsub, Some(node)) => {
            open_node(hub, user, node)?;
            (("pubsub", "leaf", ""), plain(&[ns::PUBSUB, ns::DISCO_INFO]))
        }
        _ => return Err(Condition::ItemNotFound.into()),
    };
    let mut out = begin_query(ns::DISCO_INFO, node);
    out.push_str("<identity");
    write_attribute(&mut out, "category", identity.0);
    write_attribute(&mut out, "type", identity.1);
    if !identity.2.is_empty() {
        write_attribute(&mut out, "name", identity.2);
    }
    out.push_str("/>");
    for feature in features {
        out.push_str("<feature");
        write_attribute(&mut out, "var", &feature);
        out.push_str("/>");
    }
    out.push_str("</query>");
    Ok(out)
}

/// The answer for the node that entity capabilities name: the same as without, but for the node (XEP-0115 §6.2).
fn disco_info_as(hub: &Hub, user: UserId, target: &Target<'_>, node: &str) -> IqResult {
    let plain = begin_query(ns::DISCO_INFO, None);
    Ok(disco_info(hub, user, target, None)?.replacen(&plain, &begin_query(ns::DISCO_INFO, Some(node)), 1))
}

/// The node of that name, if the user may follow it.
fn open_node(hub: &Hub, user: UserId, name: &str) -> Result<NodeId, PubsubError> {
    let node = hub.pubsub.find(name)?;
    if hub.desk.may_follow(user, name) { Ok(node) } else { Err(PubsubError::NodeClosed) }
}

/// XEP-0030 §4.
fn disco_items(hub: &Hub, user: UserId, target: &Target<'_>, node: Option<&str>) -> IqResult {
    let mut out = begin_query(ns::DISCO_ITEMS, node);
    let mut item = |jid: &str, attribute: Option<(&str, &str)>| -> Result<(), StanzaError> {
        out.push_str("<item");
        write_attribute(&mut out, "jid", jid);
        if let Some((name, value)) = attribute {
            write_attribute(&mut out, name, value);
        }
        out.push_str("/>");
        if out.len() > hub.longest() { Err(TOO_LONG) } else { Ok(()) }
    };
    match (target, node) {
        (Target::Server, None) => item(&hub.names.pubsub, None)?,
        (Target::Account | Target::Finesse, None) => {}
        (Target::Pubsub, None) => {
            for name in hub.pubsub.names().filter(|name| hub.desk.may_follow(user, name)) {
                item(&hub.names.pubsub, Some(("node", &name)))?;
            }
        }
        (Target::Pubsub, Some(node)) => {
            for kept in hub.pubsub.items(open_node(hub, user, node)?) {
                item(&hub.names.pubsub, Some(("name", &kept.id)))?;
            }
        }
        _ => return Err(PubsubError::NodeUnknown.into()),
    }
    out.push_str("</query>");
    Ok(out)
}

fn begin_query(namespace: &str, node: Option<&str>) -> String {
    let mut out = String::from("<query");
    write_attribute(&mut out, "xmlns", namespace);
    if let Some(node) = node {
        write_attribute(&mut out, "node", node);
    }
    out.push('>');
    out
}

/// XEP-0092.
fn version() -> String {
    format!(
        "<query xmlns=\"{}\"><name>callboard</name><version>{}</version></query>",
        ns::VERSION,
        env!("CARGO_PKG_VERSION")
    )
}

/// XEP-0202.
fn time(now: Now) -> IqResult {
    let utc = OffsetDateTime::from(now.wall);
    let utc = utc
        .replace_nanosecond(0)
        .unwrap_or(utc)
        .format(&Rfc3339)
        .map_err(|_| Condition::ServiceUnavailable)?;
    Ok(format!("<time xmlns=\"{}\"><tzo>+00:00</tzo><utc>{utc}</utc></time>", ns::TIME))
}

/// Everybody has one contact: the `finesse` user, which sees their presence and shows its own (RFC 6121 §2).
fn roster(hub: &Hub) -> String {
    format!(
        "<query xmlns=\"{}\"><item jid=\"{FINESSE}@{}\" name=\"Finesse\" subscription=\"both\"/></query>",
        ns::ROSTER,
        escape(hub.names.domain.name())
    )
}
