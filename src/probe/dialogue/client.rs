//! The frames of the client: which steps begin with them.

use std::time::Duration;

use roxmltree::Node;

use super::{Dialogue, PENDING_MAX, Pending, Phase, Purpose, child_named};
use crate::probe::step::Step;
use crate::probe::symptom::Symptom;
use crate::xmpp::ns;

impl Dialogue {
    pub(super) fn client_says(&mut self, at: Duration, element: Node<'_, '_>) {
        match element.tag_name().name() {
            "open" => {
                self.is_framed = true;
                self.opening(at, element);
            }
            "stream" if self.is_tcp => self.opening(at, element),
            "starttls" => {
                self.phase = Phase::Securing;
                let from = self.outcomes.of(Step::Open).from.unwrap_or(at);
                self.outcomes.begin(Step::StartTls, from);
            }
            "body" => {
                let is_restart = element.attribute((ns::XBOSH, "restart")) == Some("true");
                if element.attribute("sid").is_none() || is_restart {
                    self.opening(at, element);
                }
                element.children().filter(Node::is_element).for_each(|child| self.client_says(at, child));
                if element.attribute("type") == Some("terminate") {
                    self.closing(at);
                }
            }
            "auth" => {
                self.phase = Phase::LoggingIn;
                self.outcomes.begin(Step::Auth, at);
                let mechanism = element.attribute("mechanism").unwrap_or_default();
                self.outcomes.fact(Step::Auth, "mechanism", mechanism);
            }
            "iq" => self.request(at, element),
            "presence" if element.attribute("type").is_none() && element.attribute("to").is_none() => {
                self.outcomes.begin(Step::Presence, at);
                self.outcomes.begin(Step::Finesse, at);
                let priority = child_named(element, "priority").and_then(|priority| priority.text());
                if priority.is_some_and(|priority| priority.trim().starts_with('-')) {
                    self.outcomes.fact(Step::Presence, "priority", priority.unwrap_or_default());
                    self.outcomes.fail(Step::Presence, at, Symptom::NegativePriority);
                } else {
                    self.outcomes.pass(Step::Presence, at);
                }
            }
            "close" => self.closing(at),
            _ => {}
        }
    }

    fn opening(&mut self, at: Duration, open: Node<'_, '_>) {
        let step = if self.phase == Phase::LoggedIn { Step::Restart } else { Step::Open };
        self.phase = if step == Step::Open { Phase::Opening } else { Phase::Restarting };
        self.outcomes.begin(step, at);
        if step == Step::Open
            && let Some(domain) = open.attribute("to")
        {
            self.outcomes.fact(step, "domain", domain);
        }
    }

    pub(super) fn closing(&mut self, at: Duration) {
        if self.phase < Phase::Closing {
            self.phase = Phase::Closing;
        }
        self.outcomes.begin(Step::Close, at);
    }

    /// An iq of the client.
    fn request(&mut self, at: Duration, iq: Node<'_, '_>) {
        let Some(child) = iq.first_element_child() else { return };
        let mut node = "";
        let purpose = match (child.tag_name().name(), child.tag_name().namespace()) {
            ("bind", Some(ns::BIND)) => Purpose::Bind,
            ("session", Some(ns::SESSION)) => Purpose::Session,
            ("ping", Some(ns::PING)) => Purpose::Ping,
            ("pubsub", Some(ns::PUBSUB)) => match child.first_element_child() {
                Some(action) if action.tag_name().name() == "subscribe" => {
                    node = action.attribute("node").unwrap_or_default();
                    self.outcomes.fact(Step::Subscribe, "node", node);
                    Purpose::Subscribe
                }
                Some(action) if action.tag_name().name() == "unsubscribe" => Purpose::Unsubscribe,
                _ => return,
            },
            _ => return,
        };
        if purpose == Purpose::Bind {
            let resource = child_named(child, "resource").and_then(|resource| resource.text());
            self.outcomes.fact(Step::Bind, "resource", resource.unwrap_or_default());
        }
        self.outcomes.begin(purpose.step(), at);
        if self.pending.len() < PENDING_MAX {
            let id = iq.attribute("id").unwrap_or_default().to_owned();
            self.pending.push(Pending { id, purpose, node: node.to_owned(), at });
        }
    }
}
