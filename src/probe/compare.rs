//! Two connections beside each other: what differs by meaning, step by step. The order of attributes, ids, times, and what each side
//! calls its domain, its user and its resource make no difference, and a carrier makes none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use roxmltree::Node;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::dialogue::{Side, bounds};
use super::header;
use super::outcome::{Outcome, Verdict};
use super::plan::Judged;
use super::step::Step;
use super::symptom::Symptom;
use crate::text;
use crate::xml;
use crate::xmpp::ns;

/// How many statements a connection has at most, and how many values one of them.
const STATEMENTS_MAX: usize = 4096;
const VALUES_MAX: usize = 64;

/// How many differences of a step are told.
const DIFFERENCES_MAX: usize = 32;

/// How long a value is at most, in bytes.
const VALUE_MAX: usize = 200;

const CLOSE_CODE: &str = "close code";

/// Facts that say something of the server and not of this one connection.
const FACTS: [&str; 8] =
    ["version", "cipher", "status", "deploymentType", "server", "location", "subprotocol", CLOSE_CODE];

/// Attributes that are others each time, and what a frame that was masked has of a login.
const BY_CHANCE: [&str; 12] =
    ["id", "rid", "sid", "authid", "ack", "stamp", "lang", "ver", "subid", "masked", "authcid", "authzid"];

/// What differs: a place in a frame, a fact or the result, with the values of both sides; nothing where a side has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub what: String,
    pub values: [Option<String>; 2],
}

/// Two connections beside each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The steps that can be compared, each with what differs.
    pub steps: Vec<(Step, Vec<Difference>)>,
}

impl Comparison {
    /// How many steps are equal.
    pub fn equal(&self) -> usize {
        self.steps.iter().filter(|(_, differences)| differences.is_empty()).count()
    }

    /// The share of steps that are equal, in percent, rounded down: 100 only if all are.
    pub fn percent(&self) -> usize {
        self.equal() * 100 / self.steps.len().max(1)
    }

    /// The steps that differ.
    pub fn differing(&self) -> impl Iterator<Item = Step> {
        self.steps.iter().filter(|(_, differences)| !differences.is_empty()).map(|(step, _)| *step)
    }
}

/// Compares two connections.
pub fn compare(pair: [&Judged; 2]) -> Comparison {
    let said = pair.map(Statements::of);
    let mut steps = Vec::new();
    for step in Step::ALL {
        let taken = pair.map(|judged| judged.outcomes.of(step).from.is_some());
        let taken_open = pair.map(|judged| judged.outcomes.of(Step::Open).from.is_some());
        let cannot_tell = |side: usize| {
            let Judged { outcomes, is_recording, .. } = pair[side];
            // A recording begins with the stream, and not each client takes each step. An event comes by chance, REST is another
            // connection, and how TLS or a stream begins is a matter of the carrier.
            !taken[side]
                && (matches!(step, Step::StartTls | Step::Event | Step::SystemInfo | Step::User)
                    || (step == Step::Upgrade && taken_open[side])
                    || (*is_recording && (step < Step::Open || outcomes.failed().is_none())))
        };
        if !(taken[0] || taken[1]) || cannot_tell(0) || cannot_tell(1) {
            continue;
        }
        let [a, b] = &said;
        let (a, b) = (&a.said[step as usize], &b.said[step as usize]);
        let keys: BTreeSet<_> = a.keys().chain(b.keys()).cloned().collect();
        let mut differences = Vec::new();
        for what in keys {
            let values = [a, b].map(|side| side.get(&what));
            // Neither BOSH nor a file has one.
            if what == CLOSE_CODE && values.contains(&None) {
                continue;
            }
            if values[0] != values[1] && differences.len() < DIFFERENCES_MAX {
                let shown = |values: &BTreeSet<String>| {
                    let values = values.iter().filter(|value| !value.is_empty());
                    values.cloned().collect::<Vec<_>>().join(", ")
                };
                differences.push(Difference { values: values.map(|values| values.map(shown)), what });
            }
        }
        steps.push((step, differences));
    }
    Comparison { steps }
}

/// What a connection says, without what is its own.
struct Statements {
    /// By step, and by place in a frame, fact or result.
    said: Vec<BTreeMap<String, BTreeSet<String>>>,
    count: usize,
    /// The step of each request of the client, by its id.
    requests: HashMap<String, Step>,
    /// Names of this side, and what stands for them.
    names: Vec<(String, &'static str)>,
    has_logged_in: bool,
    /// `<proceed/>` comes later.
    before_tls: bool,
}

impl Statements {
    fn of(judged: &Judged) -> Self {
        let fact = |step, name| {
            let facts = &judged.outcomes.of(step).facts;
            facts.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone())
        };
        let mut names = Vec::new();
        if let Some((bare, resource)) = fact(Step::Bind, "jid").as_deref().and_then(|jid| jid.split_once('/'))
        {
            if let Some((user, domain)) = bare.split_once('@') {
                // Whole, as a user and a resource may have the same name.
                names.push((format!("{bare}/{resource}"), "{user}@{domain}/{resource}"));
                names.extend([(domain.to_owned(), "{domain}"), (user.to_owned(), "{user}")]);
            }
            names.push((resource.to_owned(), "{resource}"));
        }
        names.extend(fact(Step::Bind, "resource").map(|resource| (resource, "{resource}")));
        names.extend(fact(Step::Open, "domain").map(|domain| (domain, "{domain}")));
        names.retain(|(name, _)| !name.is_empty());
        // A domain may have the name of a user in it.
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let mut statements = Self {
            said: vec![BTreeMap::new(); Step::ALL.len()],
            count: 0,
            requests: HashMap::new(),
            names,
            has_logged_in: false,
            before_tls: false,
        };
        for (step, outcome) in judged.outcomes.iter() {
            statements.say(step, "result".to_owned(), result(outcome));
            for (name, text) in outcome.facts.iter().filter(|(name, _)| FACTS.contains(name)) {
                statements.say(step, (*name).to_owned(), text.clone());
            }
        }
        statements.before_tls = judged.outcomes.of(Step::StartTls).verdict == Verdict::Passed;
        for frame in &judged.frames {
            if let Ok(document) = xml::read_document(&header::whole(&frame.text), &bounds()) {
                statements.frame(frame.side, document.root_element());
            }
        }
        statements
    }

    fn say(&mut self, step: Step, what: String, value: String) {
        if self.count < STATEMENTS_MAX {
            let values = self.said[step as usize].entry(what).or_default();
            if values.len() < VALUES_MAX && values.insert(value) {
                self.count += 1;
            }
        }
    }

    fn frame(&mut self, side: Side, element: Node<'_, '_>) {
        let (name, attribute) = (element.tag_name().name(), |name| element.attribute(name));
        if side == Side::Server
            && !self.has_logged_in
            && matches!(name, "open" | "body" | "stream")
            && let Some(from) = attribute("from")
        {
            let from = self.plain(from);
            self.say(Step::Open, "from".to_owned(), from);
        }
        let step = match (name, side) {
            ("body", _) => {
                element.children().filter(Node::is_element).for_each(|child| self.frame(side, child));
                return;
            }
            ("proceed", Side::Server) => {
                self.before_tls = false;
                return;
            }
            ("features", Side::Server) if self.before_tls => Step::StartTls,
            ("features", Side::Server) if self.has_logged_in => Step::Restart,
            ("features", Side::Server) => Step::Features,
            ("auth" | "success" | "failure", _) => {
                self.has_logged_in |= name == "success";
                Step::Auth
            }
            ("iq", Side::Client) => {
                let Some(step) = request(element) else { return };
                if self.requests.len() < STATEMENTS_MAX {
                    self.requests.insert(attribute("id").unwrap_or_default().to_owned(), step);
                }
                step
            }
            ("iq", Side::Server) => {
                let known = attribute("id").and_then(|id| self.requests.get(id));
                match known.filter(|_| matches!(attribute("type"), Some("result" | "error"))) {
                    Some(step) => *step,
                    None => return,
                }
            }
            ("presence", Side::Client) if attribute("type").is_none() && attribute("to").is_none() => {
                Step::Presence
            }
            // The presences of others come as they come.
            ("presence", Side::Server) if attribute("from").unwrap_or_default().starts_with("finesse@") => {
                Step::Finesse
            }
            ("message", Side::Server)
                if element.descendants().any(|node| node.tag_name().name() == "items") =>
            {
                Step::Event
            }
            ("error", Side::Server) => Step::Close,
            _ => return,
        };
        let from = if side == Side::Client { "client" } else { "server" };
        self.element(step, &format!("{from} {name}"), element, ns::CLIENT);
    }

    /// An element at a path, with all that is in it.
    fn element(&mut self, step: Step, path: &str, element: Node<'_, '_>, of_parent: &str) {
        // Of events only the form is told: what they say is what happened.
        let is_event = step == Step::Event;
        // Not each stanza of a file says that it is one.
        let namespace = element.tag_name().namespace().unwrap_or(ns::CLIENT);
        if namespace != of_parent {
            self.say(step, format!("{path} xmlns"), namespace.to_owned());
        }
        for attribute in element.attributes() {
            let name = attribute.name();
            // Whom an answer is for is known.
            if BY_CHANCE.contains(&name) || (name == "to" && path.starts_with("server")) {
                continue;
            }
            let value = if is_event { String::new() } else { self.plain(attribute.value()) };
            self.say(step, format!("{path}@{name}"), value);
        }
        let has_secret = path == "client auth";
        let text =
            element.children().filter(Node::is_text).filter_map(|node| node.text()).collect::<String>();
        let is_resource = path == "client iq/bind/resource"
            && self.names.iter().any(|(name, stand_in)| name == text.trim() && *stand_in == "{resource}");
        let value = match is_event || has_secret {
            true => String::new(),
            false if is_resource => "{resource}".to_owned(),
            false => self.plain(text.trim()),
        };
        self.say(step, path.to_owned(), value);
        for child in element.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            // What an error says to people.
            let is_words = name == "text"
                && matches!(child.tag_name().namespace(), Some(ns::STANZAS | ns::STREAMS | ns::SASL));
            if !is_words {
                self.element(step, &format!("{path}/{name}"), child, namespace);
            }
        }
    }

    /// A value without the names of this side, and without what is another one each time.
    fn plain(&self, value: &str) -> String {
        let is_id = value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if is_id {
            return "{id}".to_owned();
        }
        if value.len() >= 9 && value.bytes().all(|byte| byte.is_ascii_digit()) {
            return "{number}".to_owned();
        }
        if OffsetDateTime::parse(value, &Rfc3339).is_ok() {
            return "{time}".to_owned();
        }
        let start = text::start(value, VALUE_MAX);
        self.names.iter().fold(start.to_owned(), |value, (name, stand_in)| named(&value, name, stand_in))
    }
}

/// A text with another word in place of a name, where the name is not part of a longer word.
fn named(text: &str, name: &str, stand_in: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(place) = rest.find(name) {
        let (before, after) = (&rest[..place], &rest[place + name.len()..]);
        let is_part = before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        out.push_str(before);
        out.push_str(if is_part { name } else { stand_in });
        rest = after;
    }
    out + rest
}

/// The step that a request of the client belongs to.
fn request(iq: Node<'_, '_>) -> Option<Step> {
    let child = iq.first_element_child()?;
    let action = if child.tag_name().name() == "pubsub" { child.first_element_child()? } else { child };
    match action.tag_name().name() {
        "bind" => Some(Step::Bind),
        "session" => Some(Step::Session),
        "subscribe" => Some(Step::Subscribe),
        "unsubscribe" => Some(Step::Unsubscribe),
        "ping" => Some(Step::Ping),
        _ => None,
    }
}

/// How a step went. That it took long says nothing of what was said.
fn result(outcome: &Outcome) -> String {
    match (outcome.verdict, outcome.symptom) {
        (Verdict::Warned, Some(Symptom::Slow)) => Verdict::Passed.name().to_owned(),
        (verdict, Some(symptom)) => format!("{}: {}", verdict.name(), symptom.name()),
        (verdict, None) => verdict.name().to_owned(),
    }
}
