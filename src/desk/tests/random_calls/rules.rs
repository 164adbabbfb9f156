//! What a client that reads all events knows, and what holds whenever nothing happens.

use crate::desk::tests::random_calls::*;

impl Centre {
    /// A client reads an event.
    pub(super) fn read(&mut self, event: &Event, request_ids: &[&str]) -> Checked {
        let Event { node, payload } = event;
        must!(self.nodes.contains(node), "event on an unknown node: {node}");
        must!(
            request_ids.contains(&field(payload, "requestId").as_str()),
            "event with another requestId: {payload}"
        );
        must!(payload.len() < 64_000, "event too large: {} bytes", payload.len());
        let kind = field(payload, "event");
        let source = field(payload, "source");
        let data = payload.split_once("<data>").and_then(|(_, rest)| rest.rsplit_once("</data>"));
        let data = data.map(|(data, _)| data).unwrap_or_default();
        if kind == "put" {
            return Ok(());
        }
        for place in 0..self.readers.len() {
            let id = self.desk.directory().get(self.agents[place]).id.clone();
            let reader = &mut self.readers[place];
            if *node == nodes::user(&id) {
                reader.user = Some(data.replace("<user>", "").replace("</user>", ""));
            } else if node.ends_with("/Users") && source == nodes::user(&id) {
                reader.summary = Some((field(payload, "state"), field(payload, "stateChangeTime")));
            } else if *node == nodes::dialogs(&id) {
                let call = data.replace("<dialogs>", "").replace("</dialogs>", "");
                let call = call.replace("<Dialog>", "").replace("</Dialog>", "");
                let call = call.replace("<dialog>", "").replace("</dialog>", "");
                let uri = field(payload, "uri");
                let known = reader.dialogs.contains_key(&uri);
                match kind.as_str() {
                    "POST" => {
                        must!(!known, "event order: POST twice for {id}: {uri}");
                        reader.dialogs.insert(uri, call);
                    }
                    "DELETE" => {
                        must!(known, "event order: DELETE of what {id} does not know: {uri}");
                        reader.dialogs.remove(&uri);
                    }
                    _ => {
                        must!(known, "event order: PUT of what {id} does not know: {uri}");
                        must!(source == uri, "event source {source} for {uri}");
                        reader.dialogs.insert(uri, call);
                    }
                }
            }
        }
        Ok(())
    }

    /// What holds whenever nothing happens.
    pub(super) fn check(&self) -> Checked {
        for (user, reader) in self.agents.iter().zip(&self.readers) {
            self.check_agent(*user)?;
            self.check_reader(*user, reader)?;
        }
        for id in self.desk.dialogs.keys() {
            self.check_call(*id)?;
        }
        self.check_queues()?;
        self.check_contacts()?;
        self.check_timers()?;
        self.check_telephones()
    }

    /// All is as after the start.
    pub(super) fn check_begun(&self) -> Checked {
        let desk = &self.desk;
        for user in desk.directory().keys() {
            let agent = desk.agent(user);
            must!(
                agent.state == State::Logout && agent.since.is_none(),
                "not signed out for ever: {agent:?}"
            );
        }
        must!(desk.dialogs.is_empty() && desk.timers.set.is_empty(), "something is left: {desk:?}");
        let fresh = Desk::new(self.config());
        must!(desk.last_dialog == fresh.last_dialog, "ids do not begin again");
        must!(
            desk.extensions == fresh.extensions && desk.outbound == fresh.outbound,
            "other telephones or contacts"
        );
        for id in ["q1", "q2", "q3"] {
            let [is, of_start] = [desk, &fresh].map(|desk| desk.queue_document(WATCHER, id).ok());
            must!(is == of_start, "queue {id}: {is:?}");
        }
        Ok(())
    }

    fn check_agent(&self, user: UserId) -> Checked {
        let desk = &self.desk;
        let agent = desk.agent(user);
        let id = &desk.directory().get(user).id;
        let mut phases = Vec::new();
        for call in &agent.dialogs {
            let dialog = desk.dialogs.get(call);
            must!(dialog.is_some(), "dead call: {id} has {call}, which is gone");
            let part = dialog.and_then(|dialog| dialog.of(user));
            must!(
                part.is_some_and(|part| !part.has_left()),
                "no part: {id} has {call} and takes no part in it"
            );
            phases.extend(part.map(|part| part.phase));
        }
        let distinct: HashSet<_> = agent.dialogs.iter().collect();
        must!(distinct.len() == agent.dialogs.len(), "call twice: {id} has {:?}", agent.dialogs);
        let rings = |phase: &Phase| *phase == Phase::Alerting;
        let state = agent.state;
        let shown = format!("{id} {state:?} {phases:?}");
        let reserved = agent.dialogs.iter().filter(|call| desk.dialogs[call].is_reservation()).count();
        must!(reserved == 0 || state == State::ReservedOutboundPreview, "reserved in another state: {shown}");
        let good = match state {
            State::Logout => phases.is_empty() && agent.extension.is_none(),
            State::NotReady => self.profile == Profile::Uccx || phases.iter().all(rings),
            State::Ready => phases.iter().all(rings),
            State::Reserved => phases.iter().any(rings) && phases.iter().all(rings),
            State::ReservedOutbound => phases.is_empty() && desk.outbound.dialing.contains_key(&user),
            State::ReservedOutboundPreview => reserved == 1 && phases.len() == 1,
            State::Talking => phases.iter().any(|phase| !rings(phase)),
            State::Hold => self.profile == Profile::Ucce && phases.contains(&Phase::Held),
            State::Work => agent.wrap_up.is_some(),
            State::WorkReady => self.profile == Profile::Ucce && agent.wrap_up.is_some(),
        };
        must!(good, "state and calls: {shown}");
        let works = matches!(state, State::Work | State::WorkReady);
        must!(agent.wrap_up.is_none() || works, "wrap-up timer outside WORK: {shown}");
        must!(!works || agent.after.is_some(), "WORK leads nowhere: {shown}");
        must!(!works || phases.is_empty(), "call in WORK: {shown}");
        must!(
            agent.pending.is_none() || !phases.is_empty(),
            "pending without a call: {shown} {:?}",
            agent.pending
        );
        let settled = matches!(state, State::NotReady | State::Ready | State::Logout);
        must!(
            !(settled && phases.is_empty()) || agent.after.is_none(),
            "after without a call: {shown} {:?}",
            agent.after
        );
        must!(!(settled && phases.is_empty() && agent.wraps_up), "wraps_up without a call: {shown}");
        let wraps_up = agent.wrapping.is_some();
        must!(!(settled && phases.is_empty() && wraps_up), "wraps up in another state: {shown}");
        let wrapped = agent.wrapping.and_then(|call| desk.dialogs.get(&call));
        let is_wrapped = wrapped.is_some_and(|dialog| dialog.of(user).is_some_and(Participant::has_left));
        must!(!wraps_up || is_wrapped, "wraps up nothing: {shown} {:?}", agent.wrapping);
        let is_out = state == State::Logout && agent.sign_in.is_none();
        must!(!is_out || agent.leaving.is_none(), "leaves and is not here: {shown}");
        must!(
            agent.sign_in.is_none() || desk.directory().get(user).roles.contains(&Role::Agent),
            "signs in and is no agent: {shown}"
        );
        // One hears one call at a time.
        let active = phases.iter().filter(|phase| !matches!(phase, Phase::Alerting | Phase::Held)).count();
        must!(active <= 1, "talks on {active} calls: {shown}");
        must!(agent.dialogs.len() <= 3, "many calls: {shown}");
        let told = !desk.has_media_state() || agent.told_busy == desk.is_busy(user);
        must!(told, "the team has not been told of mediaState: {shown}");
        Ok(())
    }

    fn check_reader(&self, user: UserId, reader: &Reader) -> Checked {
        let desk = &self.desk;
        let document = desk.user_document(user, user).expect("one's own document");
        if let Some(known) = &reader.user {
            must!(*known == inner(&document, "User"), "stale user: knows {known}; is {document}");
            let now = (field(&document, "state"), field(&document, "stateChangeTime"));
            must!(
                reader.summary.as_ref() == Some(&now),
                "stale team: knows {:?}; is {now:?}",
                reader.summary
            );
        }
        let is_own = |one: &Participant| match one.party {
            Party::Agent(agent) => agent == user && one.phase != Phase::Dropped,
            Party::Listened(member) => member == user,
            Party::Outside => false,
        };
        let own = desk.dialogs.iter().filter(|(_, dialog)| dialog.participants.iter().any(is_own));
        let calls = own.map(|(id, _)| {
            let document = desk.dialog_document(WATCHER, &id.to_string()).expect("a call");
            (nodes::dialog(*id), inner(&document, "Dialog"))
        });
        let calls: BTreeMap<_, _> = calls.collect();
        let id = &desk.directory().get(user).id;
        must!(
            calls.keys().eq(reader.dialogs.keys()),
            "stale calls: {id} knows {:?}; has {:?}",
            reader.dialogs.keys(),
            calls.keys()
        );
        let list = desk.dialogs_document(user, user).expect("one's own list");
        let listed = list.matches("<Dialog>").count();
        must!(listed == calls.len(), "stale list: {id} has {:?}; is {list}", calls.keys());
        for (uri, is) in &calls {
            must!(
                list.contains(&format!("<uri>{uri}</uri></Dialog>")),
                "stale list: {id} has {uri}; is {list}"
            );
            let known = &reader.dialogs[uri];
            let [known_besides, is_besides] = [known, is].map(|text| without(text, "actions"));
            must!(known_besides == is_besides, "stale call: {id} knows {known}; is {is}");
            must!(known == is, "stale actions: {id} knows {known}; is {is}");
        }
        Ok(())
    }

    fn check_call(&self, id: DialogId) -> Checked {
        let desk = &self.desk;
        let dialog = &desk.dialogs[&id];
        let brief: Vec<_> = dialog.participants.iter().map(|one| (one.party, one.phase)).collect();
        let shown = format!("{id} {:?} {brief:?}", dialog.kind);
        must!(!dialog.participants.is_empty(), "call without a participant: {shown}");
        let is_over = dialog.participants.iter().all(Participant::has_left);
        must!(is_over || dialog.is_ours(), "call of nobody here: {shown}");
        must!(dialog.present().count() <= 8, "too many participants: {shown}");
        must!(dialog.participants.len() <= 16, "too many who have left: {shown}");
        let has = |phase| dialog.participants.iter().any(|one| one.phase == phase);
        must!(is_over || !has(Phase::Dropped), "dropped participant: {shown}");
        must!(!is_over || has(Phase::WrapUp), "call that is over: {shown}");
        must!(!is_over || dialog.listeners.is_empty(), "listeners to nothing: {shown}");
        let agents = dialog.agents();
        let distinct: HashSet<_> = agents.iter().map(|user| user.0).collect();
        must!(distinct.len() == agents.len(), "twice in a call: {shown}");
        for user in &agents {
            let part = dialog.of(*user).expect("takes part");
            let agent = desk.agent(*user);
            if part.phase == Phase::WrapUp {
                must!(agent.wrapping == Some(id), "wraps up another: {shown} {:?}", agent.wrapping);
                must!(!agent.dialogs.contains(&id), "talks and wraps up: {shown}");
                continue;
            }
            must!(agent.dialogs.contains(&id), "unknown part: {shown}");
            let extension = agent.extension.as_deref();
            must!(extension == Some(&part.address), "elsewhere: {shown} {extension:?} {}", part.address);
        }
        let waits = desk.queues.iter().any(|queue| queue.waiting.contains(&id));
        let failed = dialog.participants.iter().any(|one| one.phase == Phase::Failed);
        let rings = |one: &&Participant| one.phase == Phase::Alerting;
        must!(is_over || !dialog.present().all(|one| rings(&one)), "rings for nobody: {shown}");
        for one in dialog.participants.iter().filter(rings) {
            let is_timed = match one.party {
                Party::Outside => one.address != "5550002",
                _ => dialog.queued_since.is_some() || dialog.is_reservation(),
            };
            must!(is_timed == one.ringing.is_some(), "ringing without its timer: {shown} {one:?}");
        }
        must!(
            is_over
                || dialog.present().count() > 1
                || waits
                || failed
                || dialog.present().all(|one| one.phase == Phase::Initiating),
            "alone: {shown}"
        );
        for one in dialog.present() {
            if let Party::Agent(user) = one.party {
                let beside = desk.agent(user).dialogs.iter().any(|other| {
                    let other = desk.dialogs.get(other).filter(|other| other.id != id && other.is_complete());
                    other.and_then(|other| other.of(user)).is_some_and(|one| one.phase == Phase::Active)
                });
                must!(one.beside == beside, "beside: {shown}");
            }
        }
        for listener in &dialog.listeners {
            let listening = desk.dialogs.get(listener);
            must!(
                listening.is_some_and(|one| one.associated == Some(id)),
                "dead listener: {shown} {listener}"
            );
        }
        if dialog.kind == CallType::SupervisorMonitor {
            let heard = dialog.associated.and_then(|heard| desk.dialogs.get(&heard));
            must!(heard.is_some_and(|heard| heard.listeners.contains(&id)), "listens to nothing: {shown}");
            let member = dialog.participants.iter().find_map(|one| match one.party {
                Party::Listened(user) => Some(user),
                _ => None,
            });
            let hears =
                member.is_some_and(|member| heard.is_some_and(|heard| heard.place_of(member).is_some()));
            must!(hears, "listens to somebody elsewhere: {shown}");
        }
        Ok(())
    }

    fn check_queues(&self) -> Checked {
        let desk = &self.desk;
        let mut seen = HashMap::new();
        for (place, queue) in desk.queues.iter().enumerate() {
            for id in &queue.waiting {
                must!(seen.insert(*id, place).is_none(), "waits twice: {id}");
                let dialog = desk.dialogs.get(id);
                must!(dialog.is_some(), "dead call in a queue: {id}");
                let dialog = dialog.expect("looked at");
                must!(dialog.queue == Some(place), "waits in another queue: {id}");
                must!(dialog.queued_since.is_some(), "waits since never: {id}");
                let rings = dialog.participants.iter().any(|one| one.phase == Phase::Alerting);
                must!(!rings, "waits and rings: {id}");
            }
            if !queue.waiting.is_empty() {
                let ready = self.agents.iter().copied().find(|user| {
                    let is_member = desk.directory().get(*user).team.as_deref() == Some(&queue.config.team);
                    let agent = desk.agent(*user);
                    is_member && agent.state == State::Ready && agent.dialogs.is_empty()
                });
                must!(ready.is_none(), "waits while {ready:?} is ready");
            }
            let order: Vec<_> = queue.waiting.iter().map(|id| desk.dialogs[id].queued).collect();
            must!(order.is_sorted(), "out of order in the queue: {order:?}");
        }
        for (id, dialog) in &desk.dialogs {
            let ringing = dialog.participants.iter().any(|one| one.phase == Phase::Alerting);
            let lost = dialog.queued_since.is_some() && !seen.contains_key(id) && !ringing;
            must!(!lost, "lost by its queue: {id}");
        }
        Ok(())
    }

    fn check_contacts(&self) -> Checked {
        let desk = &self.desk;
        let has = |name: &str| desk.outbound.campaigns.iter().any(|campaign| campaign.name == name);
        let mut ids = HashSet::new();
        for (place, contact) in &desk.outbound.waiting {
            must!(*place == contact.place, "contact elsewhere: {contact:?}");
            must!(has(&contact.campaign), "contact of no campaign: {contact:?}");
            must!(ids.insert(contact.id), "contact twice: {contact:?}");
            let takes = |user: &UserId| {
                let owner = desk.directory().get(*user);
                let of = contact.agent.as_ref().filter(|id| desk.directory().find(id).is_some());
                let campaign = desk.outbound.campaign(&contact.campaign).expect("looked at");
                of.map_or(owner.team.as_deref() == Some(&campaign.team), |id| *id == owner.id)
                    && desk.agent(*user).state == State::Ready
                    && desk.agent(*user).dialogs.is_empty()
            };
            let ready = self.agents.iter().copied().find(takes);
            let is_full = desk.dialogs.len() >= desk.limits.calls;
            must!(
                contact.rest.is_some() || is_full || ready.is_none(),
                "contact waits while {ready:?} is ready: {contact:?}"
            );
        }
        for (user, dialing) in &desk.outbound.dialing {
            must!(ids.insert(dialing.contact.id), "contact twice: {dialing:?}");
            must!(has(&dialing.contact.campaign), "dials for no campaign: {dialing:?}");
            must!(desk.agent(*user).state == State::ReservedOutbound, "dials for {user:?}: {dialing:?}");
        }
        for dialog in desk.dialogs.values() {
            let Some(call) = &dialog.outbound else { continue };
            must!(ids.insert(call.contact.id), "contact twice: {call:?}");
            if call.is_reservation {
                must!(has(&call.contact.campaign), "reserved for no campaign: {call:?}");
                must!(dialog.agents().len() == 1, "reserves others: {dialog:?}");
            }
        }
        Ok(())
    }

    fn check_timers(&self) -> Checked {
        let desk = &self.desk;
        let mut expected = HashSet::new();
        for user in self.agents.iter().copied().chain([WATCHER]) {
            let agent = desk.agent(user);
            let sign_in = agent.sign_in.as_ref().map(|sign_in| sign_in.timer);
            let timers = agent.leaving.into_iter().chain(agent.wrap_up).chain(sign_in);
            expected.extend(timers.map(|id| format!("{id:?}")));
        }
        for dialog in desk.dialogs.values() {
            let ringing = dialog.participants.iter().filter_map(|one| one.ringing);
            expected.extend(ringing.chain(dialog.patience).map(|id| format!("{id:?}")));
            for one in &dialog.participants {
                must!(
                    one.ringing.is_none() || matches!(one.phase, Phase::Alerting | Phase::Accepted),
                    "ringing timer in {:?}",
                    one.phase
                );
            }
            let waits = desk.queues.iter().any(|queue| queue.waiting.contains(&dialog.id));
            let outside =
                dialog.present().any(|one| one.party == Party::Outside && one.phase != Phase::Alerting);
            let talk = dialog
                .participants
                .iter()
                .filter(|one| matches!(one.phase, Phase::Active | Phase::Held))
                .count();
            must!(
                !(outside && talk < 2) || dialog.is_reservation() || dialog.patience.is_some(),
                "nobody minds the caller: {} waits: {waits}",
                dialog.id
            );
        }
        let dialing = desk.outbound.dialing.values().map(|dialing| dialing.timer);
        expected.extend(dialing.map(|id| format!("{id:?}")));
        let resting = desk.outbound.waiting.values().filter_map(|contact| contact.rest);
        expected.extend(resting.map(|id| format!("{id:?}")));
        expected.extend(desk.telling.map(|id| format!("{id:?}")));
        for (id, alarm) in &desk.timers.set {
            let is_statistics = *alarm == Alarm::Statistics && desk.is_marked;
            must!(expected.remove(&format!("{id:?}")) || is_statistics, "timer left: {alarm:?}");
        }
        must!(expected.is_empty(), "timer gone: {expected:?}");
        Ok(())
    }

    fn check_telephones(&self) -> Checked {
        let desk = &self.desk;
        for (extension, at) in &desk.extensions {
            if let Some(user) = at {
                must!(
                    desk.agent(*user).extension.as_ref() == Some(extension),
                    "telephone {extension} of {user:?}"
                );
            }
        }
        for user in self.agents.iter().copied() {
            if let Some(extension) = &desk.agent(user).extension {
                must!(
                    desk.extensions.get(extension) == Some(&Some(user)),
                    "no telephone {extension} of {user:?}"
                );
            }
            let is_agent = desk.directory().get(user).roles.contains(&Role::Agent);
            must!(is_agent || desk.agent(user).extension.is_none(), "a telephone of no agent");
        }
        Ok(())
    }
}

/// A document without the elements of that name.
fn without(text: &str, name: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&start).map(|part| part.split_once(&end).map_or(part, |(_, rest)| rest)).collect()
}

/// What stands inside the outermost element.
fn inner(document: &str, name: &str) -> String {
    let inner = document.strip_prefix(&format!("<{name}>"));
    let inner = inner.and_then(|text| text.strip_suffix(&format!("</{name}>")));
    inner.expect("a document").to_owned()
}
