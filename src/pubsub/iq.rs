//! The requests of XEP-0060 in XML, and their answers.

use std::borrow::Cow;

use roxmltree::Node;

use crate::id::{SessionId, UserId};
use crate::pubsub::command::Command;
use crate::pubsub::event::write_item;
use crate::pubsub::nodes::NodeId;
use crate::pubsub::service::Pubsub;
use crate::pubsub::values::{ItemId, Payload, Publisher, PubsubError, Subscriber, Uniqueness};
use crate::xml::{text_content, write_attribute, write_node};
use crate::xmpp::jid::Jid;
use crate::xmpp::ns;
use crate::xmpp::stanza::{Condition, Request, StanzaError};

/// The features of the service beside its access model, for disco#info (XEP-0060 §10); [`answer`] has all of them.
pub const FEATURES: [&str; 9] = [
    "item-ids",
    "persistent-items",
    "publish",
    "publisher-affiliation",
    "retract-items",
    "retrieve-affiliations",
    "retrieve-items",
    "retrieve-subscriptions",
    "subscribe",
];

/// The user who asks, and the sessions as far as an answer depends on them.
pub struct Requester<'a> {
    pub user: UserId,
    /// The user's bare JID.
    pub bare: &'a str,
    pub administrator: bool,
    /// The user's session with that resource.
    pub session: &'a dyn Fn(&str) -> Option<SessionId>,
    /// The resource of one of the user's sessions; a stream of server-sent events has none.
    pub resource: &'a dyn Fn(SessionId) -> Option<String>,
    /// Whether the user may follow the node of that name.
    pub may_follow: &'a dyn Fn(&str) -> bool,
    /// The largest payload in bytes.
    pub payload: usize,
    /// The longest answer in bytes.
    pub longest: usize,
}

impl Requester<'_> {
    fn publisher(&self) -> Publisher {
        Publisher { user: self.user, administrator: self.administrator }
    }

    /// Stops an answer that has become too long to be sent.
    fn check_length(&self, answer: &str) -> Result<(), StanzaError> {
        if answer.len() > self.longest { Err(TOO_LONG) } else { Ok(()) }
    }
}

/// The error in place of an answer that is too long.
pub const TOO_LONG: StanzaError =
    StanzaError::new(Condition::ResourceConstraint, "The answer is too long to be sent; ask for less.");

impl From<PubsubError> for StanzaError {
    /// The error table (XEP-0060 §6 and §7).
    fn from(refusal: PubsubError) -> Self {
        match refusal {
            PubsubError::NodeUnknown => Self::new(Condition::ItemNotFound, "There is no such node."),
            PubsubError::NotSubscribed => error(Condition::UnexpectedRequest, "not-subscribed"),
            PubsubError::TooManySubscriptions => {
                Self::new(Condition::PolicyViolation, "Too many subscriptions.")
                    .pubsub("too-many-subscriptions")
            }
            PubsubError::NodeClosed => {
                Self::new(Condition::NotAllowed, "Your role does not let you follow this node.")
                    .pubsub("closed-node")
            }
            PubsubError::MayNotPublish => {
                Self::new(Condition::Forbidden, "You may not publish to this node.")
            }
            PubsubError::ItemUnknown => Self::new(Condition::ItemNotFound, "There is no such item."),
            PubsubError::PayloadTooBig => error(Condition::NotAcceptable, "payload-too-big"),
        }
    }
}

fn error(condition: Condition, pubsub: &'static str) -> StanzaError {
    StanzaError::from(condition).pubsub(pubsub)
}

/// The payload of the result, and the command that the request asks for: the result counts if the command is not refused.
pub type PubsubResult = Result<(String, Option<Command>), StanzaError>;

/// Answers an iq whose child is `<pubsub/>`.
pub fn answer(service: &Pubsub, who: &Requester<'_>, request: &Request<'_>) -> PubsubResult {
    let namespace = request.child.tag_name().namespace();
    let own = |child: &Node<'_, '_>| child.is_element() && child.tag_name().namespace() == namespace;
    let mut children = request.child.children().filter(own);
    let action = children.next().ok_or(StanzaError::new(Condition::BadRequest, "<pubsub/> is empty."))?;
    if namespace == Some(ns::PUBSUB_OWNER) {
        return Err(StanzaError::unsupported(match action.tag_name().name() {
            "affiliations" => "modify-affiliations",
            "subscriptions" => "manage-subscriptions",
            "delete" => "delete-nodes",
            "purge" => "purge-nodes",
            "default" => "retrieve-default",
            _ => "config-node",
        }));
    }
    if let Some(more) = children.next() {
        return Err(match more.tag_name().name() {
            _ if action.tag_name().name() == "create" => StanzaError::unsupported("create-nodes"),
            "options" => StanzaError::unsupported("subscription-options"),
            "configure" => StanzaError::unsupported("config-node"),
            "publish-options" => StanzaError::unsupported("publish-options"),
            _ => StanzaError::new(Condition::BadRequest, "<pubsub/> has more than one request."),
        });
    }
    match (action.tag_name().name(), request.set) {
        ("subscribe", true) => subscribe(service, who, action),
        ("unsubscribe", true) => unsubscribe(service, who, action),
        ("subscriptions", false) => subscriptions(service, who, action),
        ("affiliations", false) => affiliations(service, who, action),
        ("items", false) => items(service, who, action),
        ("publish", true) => publish(service, who, action),
        ("retract", true) => retract(service, who, action),
        ("options", _) => Err(StanzaError::unsupported("subscription-options")),
        ("create", _) => Err(StanzaError::unsupported("create-nodes")),
        ("configure", _) => Err(StanzaError::unsupported("config-node")),
        ("default", _) => Err(StanzaError::unsupported("retrieve-default-sub")),
        (
            "subscribe" | "unsubscribe" | "subscriptions" | "affiliations" | "items" | "publish" | "retract",
            _,
        ) => Err(StanzaError::new(
            Condition::BadRequest,
            "The iq is a get where it has to be a set, or the other way.",
        )),
        _ => Err(Condition::FeatureNotImplemented.into()),
    }
}

/// Tells whether others get an event if the request is carried out.
pub fn is_for_others(request: &Request<'_>) -> bool {
    let action = request.child.children().find(Node::is_element);
    request.set && action.is_some_and(|action| ["publish", "retract"].contains(&action.tag_name().name()))
}

/// The node that a request names.
fn node(service: &Pubsub, action: Node<'_, '_>) -> Result<NodeId, StanzaError> {
    let name = action.attribute("node").filter(|name| !name.is_empty());
    let name = name.ok_or(error(Condition::BadRequest, "nodeid-required"))?;
    Ok(service.find(name)?)
}

/// Finds a node, if the requester may follow it (XEP-0060 §6.1.3.11, §6.5.9.10).
fn open_node(service: &Pubsub, who: &Requester<'_>, action: Node<'_, '_>) -> Result<NodeId, StanzaError> {
    let node = node(service, action)?;
    if (who.may_follow)(&service.name(node)) { Ok(node) } else { Err(PubsubError::NodeClosed.into()) }
}

/// The address that `jid` names.
fn address<'a>(action: Node<'a, '_>) -> Result<Jid<'a>, StanzaError> {
    let jid = action.attribute("jid").ok_or(error(Condition::BadRequest, "jid-required"))?;
    Jid::parse(jid).map_err(|_| error(Condition::BadRequest, "invalid-jid"))
}

/// Whether that is the requester, or a session of it.
fn is_own(who: &Requester<'_>, jid: &Jid<'_>) -> bool {
    jid.local.as_deref().is_some_and(|local| who.bare.split_once('@') == Some((local, &jid.domain)))
}

/// The subscriber of that address, which is the requester's: its bare JID or one of its sessions.
fn subscriber(who: &Requester<'_>, jid: &Jid<'_>) -> Option<Subscriber> {
    let session = match &jid.resource {
        None => None,
        Some(resource) => Some((who.session)(resource)?),
    };
    Some(Subscriber { user: who.user, session })
}

/// XEP-0060 §6.1.
fn subscribe(service: &Pubsub, who: &Requester<'_>, action: Node<'_, '_>) -> PubsubResult {
    let node = open_node(service, who, action)?;
    let jid = address(action)?;
    let invalid = error(Condition::BadRequest, "invalid-jid");
    if !is_own(who, &jid) {
        return Err(invalid);
    }
    let subscriber = subscriber(who, &jid).ok_or(StanzaError {
        text: "A subscription by full JID belongs to a session, and there is none with this resource.",
        ..invalid
    })?;
    let name = service.name(node);
    let mut out = pubsub();
    if service.uniqueness() == Uniqueness::Owner {
        // The owner's subscription by another JID stays, and is the answer.
        let mut others = service.subscriptions_to(who.user, node).filter(|other| *other != subscriber);
        if others.any(|other| begin_subscription(&mut out, who, &name, other).is_some()) {
            out.push_str("><subscribe-options/></subscription></pubsub>");
            return Ok((out, None));
        }
    }
    // A subscriber that a request names has an address.
    let _ = begin_subscription(&mut out, who, &name, subscriber);
    out.push_str("><subscribe-options/></subscription></pubsub>");
    Ok((out, Some(Command::Subscribe { node, who: subscriber })))
}

/// XEP-0060 §6.2. A `subid` says nothing, as none is ever given out (§6.2.3.5).
fn unsubscribe(service: &Pubsub, who: &Requester<'_>, action: Node<'_, '_>) -> PubsubResult {
    let node = node(service, action)?;
    let jid = address(action)?;
    if !is_own(who, &jid) {
        return Err(StanzaError::new(Condition::Forbidden, "Only the subscriber can end a subscription."));
    }
    let who = subscriber(who, &jid).ok_or(PubsubError::NotSubscribed)?;
    Ok((String::new(), Some(Command::Unsubscribe { node, who })))
}

/// XEP-0060 §5.6.
fn subscriptions(service: &Pubsub, who: &Requester<'_>, action: Node<'_, '_>) -> PubsubResult {
    let node = action.attribute("node").map(|name| service.find(name)).transpose()?;
    let mut out = begin_list("subscriptions", action);
    for (subscriber, name) in service.subscriptions(who.user, node) {
        if begin_subscription(&mut out, who, &name, subscriber).is_none() {
            continue;
        }
        out.push_str("/>");
        who.check_length(&out)?;
    }
    out.push_str("</subscriptions></pubsub>");
    Ok((out, None))
}

/// Nothing is written of a subscriber without an address.
fn begin_subscription(
    out: &mut String,
    who: &Requester<'_>,
    node: &str,
    subscriber: Subscriber,
) -> Option<()> {
    let jid = match subscriber.session {
        None => Cow::Borrowed(who.bare),
        Some(session) => Cow::Owned(format!("{}/{}", who.bare, (who.resource)(session)?)),
    };
    out.push_str("<subscription");
    write_attribute(out, "node", node);
    write_attribute(out, "jid", &jid);
    write_attribute(out, "subscription", "subscribed");
    Some(())
}

/// XEP-0060 §5.7: only the affiliation `publisher` is told; everybody else has none.
fn affiliations(service: &Pubsub, who: &Requester<'_>, action: Node<'_, '_>) -> PubsubResult {
    let only = action.attribute("node").map(|name| service.find(name)).transpose()?;
    let mut out = begin_list("affiliations", action);
    for name in service.publishable(who.publisher(), only) {
        out.push_str("<affiliation");
        write_attribute(&mut out, "node", &name);
        write_attribute(&mut out, "affiliation", "publisher");
        out.push_str("/>");
        who.check_length(&out)?;
    }
    out.push_str("</affiliations></pubsub>");
    Ok((out, None))
}

/// XEP-0060 §6.5.
fn items(service: &Pubsub, who: &Requester<'_>, action: Node<'_, '_>) -> PubsubResult {
    let node = open_node(service, who, action)?;
    if service.keeps(node) == 0 {
        return Err(StanzaError::unsupported("persistent-items"));
    }
    let max = match action.attribute("max_items") {
        None => usize::MAX,
        Some(max) => {
            // On a 32-bit machine too a number may be larger than any list.
            let max = max.parse::<u64>();
            let max = max.map_err(|_| StanzaError::new(Condition::BadRequest, "max_items is no number."))?;
            usize::try_from(max).unwrap_or(usize::MAX)
        }
    };
    let wanted: Vec<&str> =
        action.children().filter(Node::is_element).filter_map(|item| item.attribute("id")).collect();
    let mut found: Vec<_> = service
        .items(node)
        .rev()
        .filter(|item| wanted.is_empty() || wanted.contains(&&*item.id))
        .take(max)
        .collect();
    found.reverse();
    // An answer that is too long in any case is not even begun.
    if found.iter().map(|item| item.payload.text().len()).sum::<usize>() > who.longest {
        return Err(TOO_LONG);
    }
    let mut out = begin_list("items", action);
    for item in found {
        write_item(&mut out, item, service.notification());
        who.check_length(&out)?;
    }
    out.push_str("</items></pubsub>");
    Ok((out, None))
}

/// XEP-0060 §7.1.
fn publish(service: &Pubsub, who: &Requester<'_>, action: Node<'_, '_>) -> PubsubResult {
    let node = node(service, action)?;
    service.check_publisher(node, who.publisher())?;
    let item = only_item(action)?;
    let mut payloads = item.children().filter(Node::is_element);
    let payload = payloads.next().ok_or(error(Condition::BadRequest, "payload-required"))?;
    if payloads.next().is_some() {
        return Err(error(Condition::BadRequest, "invalid-payload"));
    }
    let id = item.attribute("id").filter(|id| !id.is_empty());
    let payload = read_payload(payload, who.payload)?;
    let id = id.map_or_else(|| ItemId::Made(service.make_item_id()), |id| ItemId::Given(id.into()));
    let mut out = begin_list("publish", action);
    out.push_str("<item");
    write_attribute(&mut out, "id", id.name());
    out.push_str("/></publish></pubsub>");
    Ok((out, Some(Command::Publish { node, by: Some(who.publisher()), id, payload })))
}

/// XEP-0060 §7.2.
fn retract(service: &Pubsub, who: &Requester<'_>, action: Node<'_, '_>) -> PubsubResult {
    let node = node(service, action)?;
    service.check_publisher(node, who.publisher())?;
    let id = only_item(action)?.attribute("id").ok_or(error(Condition::BadRequest, "item-required"))?;
    if service.keeps(node) == 0 {
        return Err(StanzaError::unsupported("persistent-items"));
    }
    let notify = matches!(action.attribute("notify"), Some("1" | "true"));
    let by = who.publisher();
    Ok((String::new(), Some(Command::Retract { node, by: Some(by), id: id.into(), notify })))
}

fn only_item<'a>(action: Node<'a, 'a>) -> Result<Node<'a, 'a>, StanzaError> {
    let mut items = action.children().filter(Node::is_element);
    let item = items.next().ok_or(error(Condition::BadRequest, "item-required"))?;
    if items.next().is_some() {
        return Err(StanzaError::new(Condition::BadRequest, "One item at a time.").pubsub("invalid-payload"));
    }
    Ok(item)
}

/// A `<notification/>` with text is what Finesse publishes: the text is the payload. Anything else goes as it is.
fn read_payload(payload: Node<'_, '_>, limit: usize) -> Result<Payload, PubsubError> {
    let name = payload.tag_name();
    if name.name() == "notification"
        && matches!(name.namespace(), Some(ns::PUSH | ns::PUBSUB))
        && !payload.children().any(|child| child.is_element())
    {
        return Ok(Payload::Text(text_content(payload)));
    }
    let mut xml = String::new();
    // It declares its namespace wherever it will stand.
    write_node(&mut xml, payload, None, limit).map_err(|_| PubsubError::PayloadTooBig)?;
    Ok(Payload::Xml(xml))
}

fn pubsub() -> String {
    format!("<pubsub xmlns=\"{}\">", ns::PUBSUB)
}

/// `<pubsub …><NAME node="…">`, with the node where the request had one.
fn begin_list(name: &str, action: Node<'_, '_>) -> String {
    let mut out = pubsub();
    out.push('<');
    out.push_str(name);
    if let Some(node) = action.attribute("node") {
        write_attribute(&mut out, "node", node);
    }
    out.push('>');
    out
}
