//! What a scenario does: its steps, its callers and its agents give orders.

use crate::config::Category;
use crate::desk::{CallData, Desk, DialogRequest, Inbound, Request, Status};
use crate::id::{DialogId, UserId};
use crate::scenario::file::{Do, Name};
use crate::scenario::order::Order;
use crate::scenario::play::{Due, Scenario};
use crate::scenario::player::Act;

/// How long agents have to sign out at the end.
const LAST: u64 = 60_000;

/// How many numbers callers have who give none.
const NUMBERS: u64 = 10_000_000;

/// The actions that make a call.
pub const MAKES_CALLS: &[&str] = &["MAKE_CALL", "SILENT_MONITOR"];

impl Scenario {
    /// What takes back what is not to stay behind a scenario.
    pub fn undo(&mut self) -> Vec<Order> {
        let heals = std::mem::take(&mut self.faults).into_iter().map(Order::Heal);
        let back = Order::Availability { status: Status::InService, finesse: true };
        let was_out = !std::mem::take(&mut self.outages).is_empty();
        heals.chain(was_out.then_some(back)).collect()
    }

    /// What a step does; steps by event come behind those by time.
    pub(super) fn what(&self, step: usize) -> Option<Do> {
        let by_event = || self.file.on.get(step - self.file.at.len()).map(|on| &on.what);
        self.file.at.get(step).map(|at| &at.what).or_else(by_event).cloned()
    }

    /// The id of a call by its number since the start.
    fn id_of(&self, call: u32) -> Option<DialogId> {
        self.before.checked_add(call)
    }

    /// The end of a fault that was set before does not end the one that takes its place.
    fn heals_no_more(&mut self, name: &str) {
        let ends = |due: &Due| match due {
            Due::Heal(step) => {
                matches!(self.what(*step), Some(Do::Fault { name: other, .. }) if *other == *name)
            }
            _ => false,
        };
        let over: Vec<(u64, Due)> = self.due.iter().filter(|(_, due)| ends(due)).copied().collect();
        for due in over {
            self.due.remove(&due);
        }
    }

    /// A fault of a step was not set, so that the scenario has none of that name to heal.
    pub fn has_no_fault(&mut self, name: &str) {
        self.heals_no_more(name);
        self.faults.retain(|other| **other != *name);
    }

    pub(super) fn heal(&mut self, name: Box<str>) {
        self.has_no_fault(&name);
        self.orders.push_back(Order::Heal(name));
    }

    /// A caller comes, and the next one is awaited.
    pub(super) fn arrive(&mut self, number: usize) {
        let file = self.file.clone();
        let (arrivals, source) = (&file.arrivals[number], &mut self.sources[number]);
        let random = &mut source.random;
        let from = format!("555{:07}", random.below(NUMBERS));
        let mut data = CallData::default();
        for (name, values) in &arrivals.variables {
            let chosen = usize::try_from(random.below(values.len() as u64)).ok();
            if let Some(value) = chosen.and_then(|chosen| values.get(chosen)) {
                // Looked at when the file was read.
                let _ = data.set(name.to_string(), value.to_string());
            }
        }
        let patience = arrivals.patience.map(|patience| patience.draw(random));
        let next = source.moments.next(&arrivals.curve, file.length, random);
        self.due.extend(next.map(|time| (time, Due::Arrival(number))));
        self.place(Inbound { from, to: arrivals.queue.id.to_string(), data }, patience);
    }

    fn place(&mut self, call: Inbound, patience: Option<u64>) {
        self.patience = patience.map(|patience| patience.max(1));
        self.orders.push_back(Order::Place(Box::new(call)));
    }

    /// What an agent does, as an order.
    pub(super) fn order(&self, place: usize, act: Act, desk: &Desk) -> Option<Order> {
        let player = &self.players[place];
        let (user, agents) = (player.user, &self.file.agents[player.group]);
        let state = |state, reason| Some(Order::state(user, state, None, reason));
        let call =
            |id: DialogId, action, to| Some(Order::call(user, desk.telephone_of(user)?, id, action, to));
        match act {
            Act::SignIn => {
                let extension = desk.directory().get(user).extension.clone();
                Some(Order::state(user, "LOGIN", extension, None))
            }
            Act::Ready => state("READY", None),
            Act::Break => {
                let own = agents.breaks.as_ref().and_then(|breaks| breaks.reason);
                state("NOT_READY", own.or_else(|| desk.reason_needed(user, Category::NotReady)))
            }
            Act::Stop => state("NOT_READY", desk.reason_needed(user, Category::NotReady)),
            Act::SignOut => state("LOGOUT", desk.reason_needed(user, Category::Logout)),
            Act::Answer(id) => call(id, "ANSWER", None),
            Act::Accept(id) => call(id, "ACCEPT", None),
            Act::Hold(id) => call(id, "HOLD", None),
            Act::Retrieve(id) => call(id, "RETRIEVE", None),
            Act::Consult(id) => call(id, "CONSULT_CALL", agents.consult.as_ref().map(|consult| &*consult.to)),
            Act::Drop(id) => call(id, "DROP", None),
            Act::LookAgain => None,
        }
    }

    /// Does what a step says. `dialog`: the call of which the event tells.
    pub(super) fn take_step(&mut self, step: usize, what: Do, dialog: Option<DialogId>, desk: &Desk) {
        let is_by_time = step < self.file.at.len();
        let find = |name: &Name| desk.directory().find(&name.id);
        let order = match what {
            Do::Call { from, to, patience, variables } => {
                let own = format!("555{:07}", self.steps.below(NUMBERS));
                let from = from.map_or(own, String::from);
                let patience = patience.map(|patience| patience.draw(&mut self.steps));
                let data = CallData { variables, ..CallData::default() };
                return self.place(Inbound { from, to: to.into(), data }, patience);
            }
            Do::HangUp(call) => {
                let longest = || self.calls.waiting().next().filter(|_| is_by_time);
                match call {
                    Some(call) => self.id_of(call),
                    None => dialog.or_else(longest),
                }
                .map(Order::HangUp)
            }
            Do::State { user, state, reason, extension, by } => find(&user).and_then(|user| {
                let by = by.as_ref().map_or(Some(user), find)?;
                Some(state_of(by, user, &state, (reason, extension), desk))
            }),
            Do::Dialog { user, call, asked } => {
                let own = |user| desk.parts(user).last().map(|(id, _)| id);
                find(&user).and_then(|user| {
                    let id = match call {
                        Some(call) => self.id_of(call),
                        None => dialog.or_else(|| own(user)),
                    };
                    on_call(user, id, *asked, desk)
                })
            }
            Do::Medium { user, asked } => find(&user).map(|key| {
                let (medium, what) = (asked.id.clone(), asked.state.clone().unwrap_or_default().into());
                let request = Request::ChangeMedia { user: user.id.into(), medium, asked: vec![*asked] };
                Order::Request { user: key, what, request: Box::new(request) }
            }),
            Do::Outside(command) => Some(Order::Outside(command)),
            Do::Outage { status, finesse, time } => {
                self.outages.retain(|(other, ..)| *other != step);
                self.outages.push((step, status, finesse));
                // By event it can begin again before its end, which is another one then.
                self.due.retain(|(_, due)| *due != Due::Back(step));
                self.due.insert((self.position + time, Due::Back(step)));
                Some(Order::Availability { status, finesse })
            }
            Do::Fault { name, spec, time } => {
                self.heals_no_more(&name);
                if !self.faults.contains(&name) {
                    self.faults.push(name.clone());
                }
                self.due.extend(time.map(|time| (self.position + time, Due::Heal(step))));
                Some(Order::SetFault { name, spec })
            }
            Do::Heal(name) => return self.heal(name),
            Do::Message { user, teams, content, seconds } => {
                find(&user).map(|user| Order::message(user, &teams, &content, seconds))
            }
            Do::Publish { user, node, payload } => {
                find(&user).map(|user| Order::Publish { user, node, payload })
            }
            Do::EndSession(user) => find(&user).map(Order::EndSessions),
            Do::Mark(text) => Some(Order::Mark(text)),
        };
        match order {
            Some(order) => self.orders.push_back(order),
            None => self.refused(),
        }
    }

    /// The length is over: callers hang up, agents sign out, and faults and outages end.
    pub(super) fn end(&mut self, desk: &Desk) {
        self.ends = true;
        self.reactions.clear();
        self.due.clear();
        let undone = self.undo();
        self.orders.extend(undone);
        self.orders.extend(self.calls.open().map(Order::HangUp));
        self.due.extend(self.calls.open().map(|id| (self.position + 1, Due::Look(id))));
        self.due.insert((self.position + LAST, Due::Over));
        for player in 0..self.players.len() {
            // Its time was forgotten with all others.
            self.with_player(player, |player, now, file, ends| {
                player.look_again(now, desk, &file.agents[player.group], ends);
            });
            self.due.extend(self.players[player].due().map(|time| (time, Due::Player(player))));
        }
    }

    pub(super) fn be_over(&mut self) {
        self.is_over = true;
        self.due.clear();
        self.orders.push_back(Order::Over);
    }
}

/// A request for a state of a user, with what that state needs.
fn state_of(
    by: UserId,
    user: UserId,
    state: &str,
    (reason, extension): (Option<u32>, Option<Box<str>>),
    desk: &Desk,
) -> Order {
    let category = match state {
        "NOT_READY" => Some(Category::NotReady),
        "LOGOUT" => Some(Category::Logout),
        _ => None,
    };
    let needed = || category.and_then(|category| desk.reason_needed(user, category));
    let own = || desk.directory().get(user).extension.clone().filter(|_| state == "LOGIN");
    let extension = extension.map(String::from).or_else(own);
    Order::state_by(by, user, state, extension, reason.or_else(needed))
}

/// A request of a user for an action on a call, or for one of its own.
fn on_call(user: UserId, call: Option<DialogId>, mut asked: DialogRequest, desk: &Desk) -> Option<Order> {
    let telephone = desk.telephone_of(user)?;
    let what = asked.action.clone().unwrap_or_default();
    let request = if MAKES_CALLS.contains(&&*what) {
        asked.from = Some(telephone.to_owned());
        Request::CreateDialog { user, asked }
    } else {
        asked.target.get_or_insert_with(|| telephone.to_owned());
        Request::UpdateDialog { dialog: call?.to_string(), asked }
    };
    Some(Order::Request { user, what: what.into(), request: Box::new(request) })
}
