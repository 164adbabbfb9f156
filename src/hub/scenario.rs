//! A scenario as the hub plays it: its orders are carried out as those of clients, and it is told what happens.

use std::rc::Rc;
use std::time::Instant;

use std::net::{IpAddr, Ipv4Addr};

use crate::clock::Now;
use crate::config::Problem;
use crate::desk::{Command, Event};
use crate::fault::{Fault, Origin};
use crate::hub::action::{Action, Note, NoteKind};
use crate::hub::changes::Entry;
use crate::hub::stanzas::finesse_user::Availability;
use crate::hub::state::Hub;
use crate::hub::time_control::ClockChange;
use crate::id::UserId;
use crate::record::{self, Key};
use crate::scenario::{File, Order, Scenario};

/// How many orders are carried out before others have their turn.
const ORDERS: usize = 16;

/// Why a scenario does not begin.
#[derive(Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// The scenario names users, queues or reasons that the configuration has not.
    Problems(Vec<Problem>),
    /// Only a reset takes back what it does, and there can be none.
    NoReset,
    NoRecord,
    NoFaults,
    GoingDown,
}

impl NotStarted {
    /// The sentences that say so.
    pub fn sentences(&self) -> Vec<String> {
        let sentence = match self {
            Self::Problems(problems) => return problems.iter().map(Problem::to_string).collect(),
            Self::NoReset => {
                "Scenarios are played only where there is a record or where faults are on, as only a reset takes back what they do: start with callboard serve --record 10000."
            }
            Self::NoRecord => {
                "[[on]] and [[expect]] look at entries of the record, and there is none: start with callboard serve --record 10000."
            }
            Self::NoFaults => {
                "The scenario sets faults, which needs faults = true in the configuration, or `callboard serve --faults`."
            }
            Self::GoingDown => "The server is going down.",
        };
        vec![sentence.to_owned()]
    }
}

impl Hub {
    /// The scenario that is played, or was played last.
    pub fn scenario(&self) -> Option<&Scenario> {
        self.scenario.as_deref().filter(|_| cfg!(feature = "lab"))
    }

    fn playing(&mut self) -> Option<&mut Scenario> {
        self.scenario.as_deref_mut().filter(|scenario| cfg!(feature = "lab") && !scenario.is_over())
    }

    /// Begins a scenario, in the place of one that is played.
    ///
    /// # Errors
    ///
    /// Returns why it does not begin.
    pub fn start_scenario(&mut self, now: Now, file: Rc<File>) -> Result<(), NotStarted> {
        if self.closing {
            return Err(NotStarted::GoingDown);
        }
        let Some(start) = &self.start else { return Err(NotStarted::NoReset) };
        if file.needs_record() && !self.record.is_on() {
            return Err(NotStarted::NoRecord);
        }
        if file.needs_faults() && !start.faults {
            return Err(NotStarted::NoFaults);
        }
        let problems = file.check(&self.desk);
        if !problems.is_empty() {
            return Err(NotStarted::Problems(problems));
        }
        self.stop_scenario(now);
        let shown = self.desk_time(now).monotonic;
        self.tell_of_scenario(now, &file.name, "started");
        self.scenario = Some(Box::new(Scenario::new(file, shown, &self.desk)));
        self.play(now);
        Ok(())
    }

    /// Ends a scenario before its time: nobody else comes, and who is there stays. Tells whether there was one.
    pub fn stop_scenario(&mut self, now: Now) -> bool {
        let Some(mut scenario) = self.scenario.take() else { return false };
        if !scenario.is_over() {
            let undone = scenario.undo();
            for order in undone {
                self.carry_out(now, order);
            }
            self.tell_of_scenario(now, &scenario.file().name, "stopped");
            self.mind_speed(now);
            self.report.act(Action::WaitOver);
        }
        true
    }

    /// Stops the clock of the contact centre while a scenario is played. Tells whether one is.
    pub fn pause_scenario(&mut self, now: Now) -> bool {
        self.playing().is_some() && self.set_clock(now, ClockChange { speed: Some(0), advance: None })
    }

    /// Lets the clock go while a scenario is played, at another speed or as before. Tells whether one is.
    pub fn pace_scenario(&mut self, now: Now, speed: Option<u32>) -> bool {
        let Some(scenario) = self.playing() else { return false };
        scenario.speed = speed.unwrap_or(scenario.speed);
        let speed = Some(scenario.speed);
        self.set_clock(now, ClockChange { speed, advance: None })
    }

    /// The clock goes as fast as everywhere after a scenario, unless it stands still.
    fn mind_speed(&mut self, now: Now) {
        if self.desk_clock.speed() > 1 {
            self.set_clock(now, ClockChange { speed: Some(1), advance: None });
        }
    }

    /// When the scenario has something to do, by the clock of the contact centre.
    pub(super) fn scenario_wake_at(&self) -> Option<Instant> {
        self.scenario().filter(|scenario| !scenario.is_over() && !self.closing)?.wake_at()
    }

    /// Does what is due of the scenario.
    pub(super) fn play(&mut self, now: Now) {
        if self.scenario.is_none() || self.closing {
            return;
        }
        for _ in 0..ORDERS {
            let shown = self.desk_time(now).monotonic;
            let Some(scenario) = self.scenario.as_deref_mut().filter(|_| cfg!(feature = "lab")) else {
                return;
            };
            let Some(order) = scenario.next(shown, &self.desk) else { return };
            self.carry_out(now, order);
        }
    }

    /// Something has happened in the contact centre.
    pub(super) fn scenario_sees(&mut self, now: Now, events: &[Event]) {
        if self.scenario.is_none() {
            return;
        }
        let shown = self.desk_time(now).monotonic;
        if let Some(scenario) = self.scenario.as_deref_mut().filter(|scenario| !scenario.is_over()) {
            scenario.see(shown, &self.desk, events);
        }
    }

    /// Something was recorded.
    pub(super) fn scenario_sees_entry(&mut self, now: Now, number: u64) {
        if self.scenario.is_none() {
            return;
        }
        let shown = self.desk_time(now).monotonic;
        if let Some(scenario) = self.scenario.as_deref_mut().filter(|scenario| !scenario.is_over())
            && let Some(entry) = self.record.get(number)
        {
            scenario.see_entry(shown, entry);
        }
    }

    fn carry_out(&mut self, now: Now, order: Order) {
        let request_id = self.record_order(now, &order);
        let done = match order {
            Order::Request { user, request, .. } => {
                self.request(now, user, user, request_id, *request).map(drop).map_err(drop)
            }
            Order::Place(call) => {
                let placed = self.apply(Entry { now, by: None, command: Command::PlaceCall(*call) });
                let id = placed.ok().flatten().and_then(|id| id.parse().ok());
                if let Some(scenario) = self.playing() {
                    scenario.placed(id);
                }
                Ok(())
            }
            Order::Outside(command) => {
                self.apply(Entry { now, by: None, command: *command }).map(drop).map_err(drop)
            }
            Order::HangUp(id) => {
                // The call may be over by now.
                let _ = self.apply(Entry { now, by: None, command: Command::EndCall(id.to_string()) });
                Ok(())
            }
            Order::Availability { status, finesse } => {
                self.set_availability(now, Availability { status, finesse });
                Ok(())
            }
            Order::SetFault { name, spec } => {
                // A fault of somebody else stays, and does not end with the scenario.
                let is_others = |fault: &Fault| fault.name == name && fault.origin != Origin::Scenario;
                let is_set = !self.faults.set.list().iter().any(is_others)
                    && self.set_fault(now, &name, *spec).is_ok();
                if !is_set && let Some(scenario) = self.playing() {
                    scenario.has_no_fault(&name);
                }
                if is_set { Ok(()) } else { Err(()) }
            }
            Order::Heal(name) => {
                self.heal_fault(now, &name);
                Ok(())
            }
            Order::Publish { user, node, payload } => {
                self.publish(now, user, &node, payload.into()).map(drop).map_err(drop)
            }
            Order::EndSessions(user) => {
                let is_own =
                    |id: &_| self.sessions.get(*id).is_some_and(|session| session.user == Some(user));
                for id in self.sessions.ids().into_iter().filter(is_own).collect::<Vec<_>>() {
                    self.end_session(now, id);
                }
                Ok(())
            }
            Order::Mark(_) => Ok(()),
            Order::Over => {
                self.scenario_over(now);
                Ok(())
            }
        };
        if done.is_err()
            && let Some(scenario) = self.playing()
        {
            scenario.refused();
        }
    }

    fn scenario_over(&mut self, now: Now) {
        let Some(scenario) = self.scenario() else { return };
        let (name, verdict) = (scenario.file().name.clone(), scenario.verdict().name());
        self.tell_of_scenario(now, &name, verdict);
        self.mind_speed(now);
        self.report.act(Action::WaitOver);
    }

    /// Says in the log and the record how a scenario stands.
    fn tell_of_scenario(&mut self, now: Now, name: &str, what: &'static str) {
        let peer = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let what_of_note = NoteKind::Scenario { what };
        self.report.note(Note { who: format!("scenario {name}"), peer, user: None, what: what_of_note });
        self.record_scenario(now, None, what, "", name);
    }

    /// Records an order. Returns the id for its request.
    fn record_order(&mut self, now: Now, order: &Order) -> String {
        self.orders += 1;
        let (user, what, about) = order.shown();
        if let Order::Over = order {
            // The end of a scenario is told by its verdict.
            return String::new();
        }
        let is_request = matches!(order, Order::Request { .. });
        let request_id = if is_request { format!("scenario-{}", self.orders) } else { String::new() };
        self.record_scenario(now, user, what, &request_id, &about);
        request_id
    }

    fn record_scenario(&mut self, now: Now, user: Option<UserId>, what: &str, request_id: &str, text: &str) {
        if !self.record.is_on() {
            return;
        }
        let user = user.map(|user| self.user_name(user));
        let entry = record::Entry::new(now.wall, record::Kind::Scenario)
            .with_some(Key::User, user.as_deref())
            .with(Key::What, what)
            .with(Key::RequestId, request_id)
            .with_text(text);
        self.keep(now, entry);
    }
}
