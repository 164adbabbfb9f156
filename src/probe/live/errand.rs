//! What a session does that is no probe's: it watches nodes, or publishes an item.

use std::mem;
use std::time::Duration;

use roxmltree::Node;

use super::{Probe, State, stanzas};
use crate::probe::dialogue::bounds;
use crate::probe::errand::{self, Errand, Event, Over, Progress};
use crate::probe::outcome::Verdict;
use crate::probe::plan::Do;
use crate::probe::step::Step;
use crate::probe::symptom::Symptom;
use crate::xml;
use crate::xmpp::ns;

/// How long nothing may come until a ping asks whether the other side is there.
const QUIET: Duration = Duration::from_secs(60);

/// How many nodes of a list are subscribed to.
const NODES_MAX: usize = 1024;

impl Probe {
    /// What there is to tell of an errand.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Takes the events that have come.
    pub fn take_events(&mut self) -> Vec<Event> {
        mem::take(&mut self.progress.events)
    }

    /// Whether the other side may go on for ever.
    pub fn is_watching(&self) -> bool {
        self.state == State::Watching
    }

    pub(super) fn is_errand(&self) -> bool {
        !matches!(self.plan.errand, Errand::Probe)
    }

    /// The session is there.
    pub(super) fn set_out(&mut self, at: Duration, out: &mut Vec<Do>) {
        let (id, domain) = (self.id(), xml::escape(&self.plan.domain));
        if let Errand::Publish(payload) = &self.plan.errand {
            let node = xml::escape(self.plan.nodes.first().map(String::as_str).unwrap_or_default());
            let request = format!(
                "<iq xmlns='jabber:client' type='set' to='pubsub.{domain}' id='probe-{id}'>\
                 <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='{node}'><item>{payload}</item></publish></pubsub></iq>"
            );
            self.stanza(at, &request, out);
            self.go(at, State::Publishing);
            return;
        }
        self.stanza(at, stanzas::PRESENCE, out);
        if self.plan.nodes.iter().any(|node| node.ends_with('*')) {
            let request = format!(
                "<iq xmlns='jabber:client' type='get' to='pubsub.{domain}' id='probe-{id}'>\
                 <query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
            );
            self.stanza(at, &request, out);
            self.go(at, State::Listing);
        } else {
            self.watch_next(at, out);
        }
    }

    /// Looks at a frame of the server for what the errand waits for.
    pub(super) fn look(&mut self, text: &str) {
        let Ok(document) = xml::read_document(text, &bounds()) else { return };
        let root = document.root_element();
        if root.tag_name().name() == "body" {
            root.children().filter(Node::is_element).for_each(|stanza| self.look_at(stanza));
        } else {
            self.look_at(root);
        }
    }

    fn look_at(&mut self, stanza: Node<'_, '_>) {
        let progress = &mut self.progress;
        if stanza.tag_name().name() == "message" && is_underway(self.state) {
            let before = progress.events.len();
            errand::events(stanza, &mut progress.events);
            // What comes to the bare JID belongs to another subscription of the user.
            let is_own = stanza.attribute("to").is_none_or(|to| Some(to) == self.dialogue.jid());
            let mut nth = 0;
            progress.events.retain(|event| {
                nth += 1;
                nth <= before || is_own || progress.of_others.contains(&event.node)
            });
            if let Errand::Watch { count: Some(count), .. } = self.plan.errand {
                let left = usize::try_from(count - progress.seen).unwrap_or(usize::MAX);
                progress.events.truncate(before.saturating_add(left));
            }
            progress.seen += (progress.events.len() - before) as u64;
            return;
        }
        // There is one request at a time, of which this is the answer.
        let own = format!("probe-{}", self.next_id);
        if stanza.tag_name().name() != "iq" || stanza.attribute("id") != Some(&own) {
            return;
        }
        let is_error = match stanza.attribute("type") {
            Some("result") => false,
            Some("error") => true,
            _ => return,
        };
        match self.state {
            State::Listing => {
                if is_error {
                    progress.refused.push(("*".to_owned(), errand::refusal(stanza)));
                }
                let of_query =
                    stanza.children().filter(|child| child.has_tag_name((ns::DISCO_ITEMS, "query")));
                let listed =
                    of_query.flat_map(|query| query.children()).filter_map(|item| item.attribute("node"));
                for node in listed {
                    let mut wanted = self.to_subscribe.iter().filter_map(|wanted| wanted.strip_suffix('*'));
                    if !wanted.any(|start| node.starts_with(start))
                        || self.to_subscribe.iter().any(|other| other == node)
                    {
                        continue;
                    }
                    if self.to_subscribe.len() >= NODES_MAX {
                        progress.left_out += 1;
                    } else {
                        self.to_subscribe.push_back(node.to_owned());
                    }
                }
                self.to_subscribe.retain(|node| !node.ends_with('*'));
                if self.to_subscribe.is_empty() && self.plan.nodes == ["*"] {
                    // What every user of Finesse may watch.
                    let own = format!("/finesse/api/User/{}", self.plan.user);
                    self.to_subscribe.extend([format!("{own}/Dialogs"), own]);
                }
                self.state = State::Subscribing;
            }
            State::Subscribing if is_error => {
                progress.refused.push((mem::take(&mut progress.asked), errand::refusal(stanza)));
            }
            State::Subscribing => {
                let mut found = stanza.descendants();
                let jid = found.find_map(|node| {
                    node.attribute("jid").filter(|_| node.tag_name().name() == "subscription")
                });
                if jid.is_some_and(|jid| Some(jid) != self.dialogue.jid()) {
                    progress.of_others.push(mem::take(&mut progress.asked));
                }
            }
            State::Publishing if is_error => {
                let node = self.plan.nodes.first().cloned().unwrap_or_default();
                progress.refused.push((node, errand::refusal(stanza)));
            }
            State::Publishing => {
                let item = stanza.descendants().find(|node| node.has_tag_name((ns::PUBSUB, "item")));
                progress.item = item.and_then(|item| item.attribute("id")).map(str::to_owned);
                progress.over = Some(Over::Published);
            }
            _ => {}
        }
    }

    /// Subscribes to the next node, or begins to wait for events.
    pub(super) fn watch_next(&mut self, at: Duration, out: &mut Vec<Do>) {
        if let Some(node) = self.to_subscribe.pop_front() {
            self.pubsub(at, "subscribe", &node, out);
            self.progress.asked = node;
            return self.go(at, State::Subscribing);
        }
        let watched = self.dialogue.subscribed();
        self.progress.watched = Some(watched);
        if watched == 0 {
            return self.close(at, out);
        }
        self.state = State::Watching;
        // Some may have come already.
        self.heard(at, out);
    }

    /// Something has come while events are waited for.
    pub(super) fn heard(&mut self, at: Duration, out: &mut Vec<Do>) {
        self.progress.pinged = false;
        self.wait(at, QUIET);
        if let Errand::Watch { count: Some(count), .. } = self.plan.errand
            && self.progress.seen >= count
        {
            self.end(at, Over::Counted, out);
        }
    }

    /// The user has had enough; who says so twice does not wait for the other side.
    pub(super) fn stop(&mut self, at: Duration, out: &mut Vec<Do>) {
        if is_underway(self.state) {
            self.end(at, Over::Stopped, out);
        } else {
            self.progress.over.get_or_insert(Over::Stopped);
            out.push(Do::Close);
            self.state = State::Done;
        }
    }

    fn end(&mut self, at: Duration, over: Over, out: &mut Vec<Do>) {
        self.progress.over = Some(over);
        self.to_subscribe.clear();
        self.unsubscribe(at, out);
    }

    /// Waits for a time, and not beyond that of the errand.
    fn wait(&mut self, at: Duration, time: Duration) {
        self.deadline = at + time;
        if let Errand::Watch { until: Some(until), .. } = self.plan.errand {
            self.deadline = self.deadline.min(until);
        }
    }

    /// Nothing has come for long.
    pub(super) fn quiet(&mut self, at: Duration, out: &mut Vec<Do>) {
        if let Errand::Watch { until: Some(until), .. } = self.plan.errand
            && at >= until
        {
            return self.end(at, Over::Late, out);
        }
        if self.progress.pinged {
            self.dialogue.outcomes.fail(Step::Ping, at, Symptom::PingLate);
            return self.close(at, out);
        }
        self.send_ping(at, out);
        self.progress.pinged = true;
        self.wait(at, self.plan.patience);
    }

    /// Whether the login failed: a password that is refused again and again locks the user out.
    pub fn is_refused(&self) -> bool {
        let auth = self.dialogue.outcomes.of(Step::Auth);
        auth.verdict == Verdict::Failed
    }
}

/// Whether the session is there and its errand not over.
fn is_underway(state: State) -> bool {
    (State::Listing..State::Unsubscribing).contains(&state)
}
