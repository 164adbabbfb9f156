//! The frames of the server: how the steps go that have begun.

use std::time::Duration;

use roxmltree::Node;

use super::{Asked, Dialogue, End, PENDING_MAX, PING_LATE, Phase, Purpose, child_named};
use crate::probe::step::Step;
use crate::probe::symptom::Symptom;
use crate::xmpp::ns;
use crate::xmpp::stanza;

/// The conditions of a server that has no such node, no service of nodes, or no such host.
const NO_NODE: [&str; 4] =
    ["item-not-found", "service-unavailable", "remote-server-not-found", "not-allowed"];

impl Dialogue {
    pub(super) fn server_says(&mut self, at: Duration, element: Node<'_, '_>) {
        match (element.tag_name().name(), element.tag_name().namespace()) {
            ("open", _) | ("stream", Some(ns::STREAM)) => self.opened(at, element),
            ("body", _) => {
                if self.phase == Phase::Opening {
                    self.outcomes.pass(Step::Upgrade, at);
                    if element.attribute("sid").is_some() {
                        self.opened(at, element);
                    }
                }
                element.children().filter(Node::is_element).for_each(|child| self.server_says(at, child));
                if element.attribute("type") == Some("terminate") {
                    let condition = element.attribute("condition").unwrap_or_default().to_owned();
                    if self.phase < Phase::Closing {
                        match &*condition {
                            // Errors of the stream that BOSH has a name for (XEP-0124 §17.2).
                            "host-unknown" | "improper-addressing" | "system-shutdown" => {
                                self.stream_ends(at, &condition);
                            }
                            "" => self.closed(at),
                            _ => {
                                let step = self.step();
                                self.outcomes.fact(step, "condition", &*condition);
                                self.outcomes.fail(step, at, Symptom::BoshEnded);
                                self.phase = Phase::Closing;
                            }
                        }
                    }
                    self.ended(at, &End { code: None, reason: condition });
                }
            }
            ("features", Some(ns::STREAM)) => self.features(at, element),
            ("proceed", Some(ns::TLS)) if self.phase == Phase::Securing => {
                self.outcomes.pass(Step::StartTls, at);
                self.secured();
            }
            ("failure", Some(ns::TLS)) => self.outcomes.fail(Step::StartTls, at, Symptom::StartTlsRefused),
            ("success", Some(ns::SASL)) => {
                self.phase = Phase::LoggedIn;
                self.outcomes.pass(Step::Auth, at);
            }
            ("failure", Some(ns::SASL)) => {
                let condition = element.first_element_child().map_or("", |child| child.tag_name().name());
                self.outcomes.fact(Step::Auth, "condition", condition);
                let symptom = match condition {
                    "not-authorized" => Symptom::NotAuthorized,
                    "account-disabled" => Symptom::LockedOut,
                    "encryption-required" => Symptom::EncryptionRequired,
                    _ => Symptom::LoginRefused,
                };
                self.outcomes.fail(Step::Auth, at, symptom);
            }
            ("error", Some(ns::STREAM)) => self.stream_error(at, element),
            ("iq", _) => self.answer(at, element),
            ("presence", _) => self.presence(at, element),
            ("message", _) => self.message(at, element),
            ("close", _) => self.closed(at),
            _ => {}
        }
    }

    fn opened(&mut self, at: Duration, open: Node<'_, '_>) {
        if self.phase == Phase::Opening {
            self.phase = Phase::Opened;
            self.outcomes.pass(Step::Open, at);
            self.outcomes.begin(Step::Features, at);
            let from = open.attribute("from").unwrap_or_default();
            if !from.is_empty() {
                self.outcomes.fact(Step::Open, "from", from);
            }
        }
    }

    fn features(&mut self, at: Duration, features: Node<'_, '_>) {
        if self.phase >= Phase::LoggedIn {
            self.phase = Phase::Ready;
            self.offers_session = child_named(features, "session").is_some();
            self.outcomes.pass(Step::Restart, at);
            return;
        }
        let mechanisms = features.descendants().filter(|node| stanza::is(*node, "mechanism", ns::SASL));
        self.mechanisms = mechanisms.filter_map(|node| node.text()).take(16).map(str::to_owned).collect();
        self.outcomes.begin(Step::Features, at);
        self.outcomes.fact(Step::Features, "mechanisms", self.mechanisms.join(" "));
        if let Some(caps) = features.children().find(|node| stanza::is(*node, "c", ns::CAPS)) {
            self.outcomes.fact(Step::Features, "software", caps.attribute("node").unwrap_or_default());
        }
        if let Some(offer) = child_named(features, "starttls").filter(|_| self.is_tcp && !self.has_tls) {
            self.offers_tls = true;
            let is_required = child_named(offer, "required").is_some();
            self.outcomes.fact(Step::StartTls, "offered", if is_required { "required" } else { "optional" });
        }
        // Mechanisms may be offered in TLS only (RFC 6120 §5.3.1).
        if self.offers_plain() || self.offers_tls {
            self.outcomes.pass(Step::Features, at);
        } else {
            self.outcomes.fail(Step::Features, at, Symptom::NoPlain);
        }
    }

    fn stream_error(&mut self, at: Duration, error: Node<'_, '_>) {
        self.stream_ends(at, error.first_element_child().map_or("", |child| child.tag_name().name()));
    }

    fn stream_ends(&mut self, at: Duration, condition: &str) {
        let symptom = match condition {
            "host-unknown" | "improper-addressing" => Symptom::HostUnknown,
            "conflict" => Symptom::Conflict,
            _ => Symptom::StreamError,
        };
        // Requests of BOSH are answered in any order: that the session is gone, and on another connection why.
        if let Some((step, _)) =
            self.outcomes.failed().filter(|(_, outcome)| outcome.symptom == Some(Symptom::BoshEnded))
        {
            self.outcomes.fact(step, "condition", condition);
            return self.outcomes.tell(step, Symptom::BoshEnded, symptom);
        }
        let step = self.step();
        self.outcomes.fact(step, "condition", condition);
        self.outcomes.fail(step, at, symptom);
        self.phase = Phase::Closing;
    }

    fn answer(&mut self, at: Duration, iq: Node<'_, '_>) {
        let id = iq.attribute("id").unwrap_or_default();
        let is_error = match iq.attribute("type") {
            Some("result") => false,
            Some("error") => true,
            _ => {
                if self.asked.len() < PENDING_MAX {
                    let from = iq.attribute("from").unwrap_or_default().to_owned();
                    let is_ping = iq.children().any(|child| stanza::is(child, "ping", ns::PING));
                    self.asked.push(Asked { from, id: id.to_owned(), is_ping });
                }
                return;
            }
        };
        let Some(place) = self.pending.iter().position(|pending| pending.id == id) else { return };
        let pending = self.pending.remove(place);
        let took = at.saturating_sub(pending.at);
        let step = pending.purpose.step();
        if is_error {
            let condition = child_named(iq, "error")
                .into_iter()
                .flat_map(|error| error.children())
                .find(|child| child.tag_name().namespace() == Some(ns::STANZAS))
                .map_or("", |child| child.tag_name().name());
            self.outcomes.fact(step, "condition", condition);
            self.outcomes.fail(step, at, pending.purpose.refused(condition));
            self.lacks_nodes |= step == Step::Subscribe && NO_NODE.contains(&condition);
            self.judge_finesse();
            return;
        }
        match pending.purpose {
            Purpose::Bind => {
                let jid = iq.descendants().find(|node| stanza::is(*node, "jid", ns::BIND));
                self.jid = jid.and_then(|jid| jid.text()).map(str::to_owned);
                self.phase = Phase::Bound;
                self.outcomes.fact(step, "jid", self.jid.clone().unwrap_or_default());
                self.outcomes.pass(step, at);
            }
            Purpose::Ping => {
                // A session that lasts sends one a minute.
                if self.pings.len() < PENDING_MAX {
                    self.pings.push(took);
                }
                if took > PING_LATE {
                    self.outcomes.fail(step, at, Symptom::PingLate);
                } else {
                    self.outcomes.pass(step, at);
                }
            }
            Purpose::Subscribe => {
                self.subscribed.push(pending.node);
                self.outcomes.pass(step, at);
                self.outcomes.begin(Step::Event, at);
            }
            Purpose::Session | Purpose::Unsubscribe => self.outcomes.pass(step, at),
        }
    }

    fn presence(&mut self, at: Duration, presence: Node<'_, '_>) {
        let from = presence.attribute("from").unwrap_or_default();
        if from.split('@').next() != Some("finesse") || !from.contains('@') {
            return;
        }
        match presence.attribute("type") {
            None => {
                self.finesse += 1;
                self.outcomes.fact(Step::Finesse, "from", from);
                self.outcomes.pass(Step::Finesse, at);
            }
            Some("unavailable") => {
                self.finesse = self.finesse.saturating_sub(1);
                if self.finesse == 0 {
                    self.outcomes.fail(Step::Finesse, at, Symptom::FinesseGone);
                }
            }
            Some(_) => {}
        }
    }

    fn message(&mut self, at: Duration, message: Node<'_, '_>) {
        let items = message.descendants().find(|node| stanza::is(*node, "items", ns::PUBSUB_EVENT));
        if let Some(items) = items {
            self.outcomes.fact(Step::Event, "node", items.attribute("node").unwrap_or_default());
            self.outcomes.pass(Step::Event, at);
        }
    }

    /// The server has ended the stream: by `<close/>`, or by the end tag.
    pub(super) fn closed(&mut self, at: Duration) {
        if self.phase == Phase::Closing {
            self.outcomes.pass(Step::Close, at);
        } else {
            let step = self.step();
            self.outcomes.fail(step, at, Symptom::Closed);
            self.phase = Phase::Closing;
        }
    }
}
