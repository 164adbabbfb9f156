//! The steps of a run, and the commands that they are.

use crate::desk::tests::random_calls::*;

/// A step of a run. Calls are named by their place among those there are.
#[derive(Clone, Debug)]
pub(super) enum Do {
    State(u32, u32, &'static str, &'static str),
    Make(u32, &'static str),
    Listen(u32, &'static str),
    BargeIn(u32, usize),
    /// A participant of a call, the action, a number; the target, if it is not the participant's own telephone.
    Update(usize, usize, Action, &'static str, Option<usize>),
    /// A participant of a call, an action that it is offered, a number.
    Offered(usize, usize, usize, &'static str),
    Inbound(&'static str),
    /// The name of a campaign, a number, an agent.
    AddContact(&'static str, &'static str, Option<u32>),
    /// A contact by its place among those there are.
    RemoveContact(usize),
    Abandon(usize),
    Left(u32),
    Arrived(u32),
    /// Another side takes a user for gone.
    SignOut(u32),
    /// Milliseconds go by.
    Wait(u64),
    /// Until the next timer.
    UntilDue,
    /// To the next state of the service, and all are told.
    Status(Status),
    /// Another file is read.
    Reload(usize),
    /// The desk is kept, to go back to.
    Snapshot,
    GoBack,
    /// All begins again.
    Reset,
    /// A user who is gone is named as if it were still there.
    Former(usize, u8),
}

fn some(random: &mut fastrand::Rng) -> Do {
    let pick = |random: &mut fastrand::Rng, from: &[&'static str]| from[random.usize(..from.len())];
    let agent = |random: &mut fastrand::Rng| random.u32(..AGENTS);
    match random.u8(..100) {
        0..18 => {
            let user = agent(random);
            let actor = if random.u8(..5) == 0 { [0, 4][random.usize(..2)] } else { user };
            let state =
                pick(random, &["LOGIN", "LOGIN", "READY", "READY", "READY", "NOT_READY", "WORK", "LOGOUT"]);
            let at = if random.u8(..6) == 0 { agent(random) } else { user };
            Do::State(actor, user, state, NUMBERS[at as usize])
        }
        18..30 => Do::Make(agent(random), pick(random, NUMBERS)),
        30..33 => Do::Listen([0, 4][random.usize(..2)], pick(random, &NUMBERS[..5])),
        33..34 => Do::BargeIn([0, 4][random.usize(..2)], random.usize(..9)),
        34..64 => {
            Do::Offered(random.usize(..9), random.usize(..8), random.usize(..60), pick(random, NUMBERS))
        }
        64..77 => {
            let action = Action::ALL[random.usize(..Action::ALL.len())];
            let target =
                (action == Action::ParticipantDrop || random.u8(..30) == 0).then(|| random.usize(..8));
            Do::Update(random.usize(..9), random.usize(..8), action, pick(random, NUMBERS), target)
        }
        77..81 => Do::Inbound(pick(random, NUMBERS)),
        81..84 => {
            let campaign = pick(random, &["Direct", "Preview", "Kiosk", "Other"]);
            let of = (random.u8(..4) == 0).then(|| agent(random));
            Do::AddContact(campaign, pick(random, &NUMBERS[13..17]), of)
        }
        84..85 => Do::RemoveContact(random.usize(..9)),
        85..87 => Do::Abandon(random.usize(..9)),
        87..88 => Do::Left(agent(random)),
        88..90 => Do::Arrived(agent(random)),
        90..94 => Do::Wait(random.u64(1..9_000)),
        94..97 => Do::UntilDue,
        97 => match random.u8(..9) {
            0 => Do::Reset,
            1..5 => Do::Snapshot,
            _ => Do::GoBack,
        },
        98 => match random.u8(..4) {
            0 => Do::Former(random.usize(..9), random.u8(..5)),
            1 => Do::SignOut(agent(random)),
            _ => Do::Reload(random.usize(..OTHERWISE.len())),
        },
        _ => Do::Status(Status::ALL[random.usize(..3)]),
    }
}

impl Centre {
    fn call(&self, place: usize) -> Option<DialogId> {
        let count = self.desk.dialogs.len();
        if count == 0 { None } else { self.desk.dialogs.keys().nth(place % count).copied() }
    }

    /// The file that was read last.
    pub(super) fn config(&self) -> Config {
        centre(if self.profile == Profile::Uccx { "uccx" } else { "ucce" }, self.file)
    }

    /// The actions that a call's document offers to somebody.
    fn offered(&self, id: DialogId, user: UserId) -> Vec<Action> {
        let document = self.desk.dialog_document(WATCHER, &id.to_string()).expect("a call");
        let extension = self.desk.agent(user).extension.clone().unwrap_or_default();
        let part = document
            .split("<Participant>")
            .find(|part| part.contains(&format!("<mediaAddress>{extension}<")));
        let offers =
            |action: &Action| part.is_some_and(|part| part.contains(&format!("<action>{}<", action.name())));
        Action::ALL.into_iter().filter(offers).collect()
    }

    /// The command for one thing that happens, if it can happen now.
    pub(super) fn command(&mut self, what: &Do) -> Option<Command> {
        let owned = |text: &str| Some(text.to_owned());
        let user = |number: u32| self.agents[number as usize];
        let own = |number: u32| self.desk.agent(user(number)).extension.clone().or_else(|| owned("1000"));
        let request = |actor, request| Command::Request { actor, request_id: "r".to_owned(), request };
        Some(match *what {
            Do::State(actor, number, state, extension) => {
                let extension = (state == "LOGIN").then(|| extension.to_owned());
                let asked =
                    SetState { state: owned(state), extension, reason_code_id: None, ..SetState::default() };
                request(user(actor), Request::SetState { user: user(number), asked })
            }
            Do::Make(number, to) | Do::Listen(number, to) => {
                let action = if matches!(what, Do::Make(..)) { "MAKE_CALL" } else { "SILENT_MONITOR" };
                let asked = DialogRequest {
                    action: owned(action),
                    from: own(number),
                    to: owned(to),
                    ..DialogRequest::default()
                };
                request(user(number), Request::CreateDialog { user: user(number), asked })
            }
            Do::BargeIn(number, place) => {
                let listening = self.call(place).and_then(|id| self.desk.dialogs.get(&id));
                let asked = DialogRequest {
                    action: owned("BARGE_IN"),
                    from: own(number),
                    to: listening.map(|dialog| dialog.to.clone()).filter(|to| !to.is_empty()),
                    associated: self.call(place).map(nodes::dialog),
                    ..DialogRequest::default()
                };
                request(user(number), Request::CreateDialog { user: user(number), asked })
            }
            Do::Update(place, which, action, to, target) => {
                let id = self.call(place)?;
                let dialog = &self.desk.dialogs[&id];
                let agents = dialog.agents();
                let actor = *agents.get(which % agents.len().max(1))?;
                let target = match target {
                    Some(target) => {
                        Some(dialog.participants[target % dialog.participants.len()].address.clone())
                    }
                    None => self.desk.agent(actor).extension.clone(),
                };
                let mut data = CallData::default();
                let _ = data.set("callVariable1".into(), "x".into());
                let asked = DialogRequest {
                    action: owned(action.name()),
                    to: owned(to),
                    target,
                    data: Some(data),
                    digits: owned("1"),
                    classification: owned("FAX"),
                    callback_time: owned("2023-01-13T11:07:30"),
                    callback_number: owned("5550163").filter(|_| which % 2 == 0),
                    ..DialogRequest::default()
                };
                request(actor, Request::UpdateDialog { dialog: id.to_string(), asked })
            }
            Do::Offered(place, which, action, to) => {
                let id = self.call(place)?;
                let agents = self.desk.dialogs[&id].agents();
                let actor = agents.get(which % agents.len().max(1)).copied();
                let offered = actor.map(|actor| self.offered(id, actor)).unwrap_or_default();
                // UPDATE_CALL_DATA and SEND_DTMF are mostly left out.
                let offered: Vec<_> = offered
                    .into_iter()
                    .filter(|one| which == 7 || !matches!(one, Action::UpdateCallData | Action::SendDtmf))
                    .collect();
                let action = *offered.get(action % offered.len().max(1))?;
                return self.command(&Do::Update(place, which, action, to, None));
            }
            Do::Inbound(to) => Command::PlaceCall(Inbound {
                from: "5550199".into(),
                to: to.into(),
                data: CallData::default(),
            }),
            Do::AddContact(campaign, number, agent) => Command::AddContact(NewContact {
                campaign: campaign.into(),
                customer: Customer { phone_number: number.into(), ..Customer::default() },
                agent: agent.map(|agent| self.desk.directory().get(self.agents[agent as usize]).id.clone()),
            }),
            Do::RemoveContact(place) => {
                let all = self.desk.listed_contacts();
                Command::RemoveContact(all.get(place % all.len().max(1))?.id.to_string())
            }
            Do::Abandon(place) => Command::EndCall(self.call(place)?.to_string()),
            Do::Left(number) => Command::Left(user(number)),
            Do::Arrived(number) => Command::Arrived(user(number)),
            Do::SignOut(number) => Command::SignOut(user(number)),
            Do::Wait(time) => {
                self.now += time;
                Command::Tick
            }
            Do::UntilDue => {
                let ahead = self.desk.wake_at()?.saturating_duration_since(at(self.now).monotonic);
                self.now += u64::try_from(ahead.as_millis()).expect("hours at most");
                Command::Tick
            }
            Do::Status(status) => {
                Command::SetStatus { status, tell: true, tell_states: status == Status::InService }
            }
            Do::Reload(which) => {
                self.file = which;
                Command::Reload(self.config().into())
            }
            Do::Snapshot => {
                self.past = Some((self.desk.clone(), at(self.now)));
                return None;
            }
            Do::GoBack => {
                let (desk, taken) = self.past.clone()?;
                Command::GoBack(Past { desk, taken, config: self.config() }.into())
            }
            Do::Reset => Command::Reset(self.config().into()),
            Do::Former(place, which) => self.by_former(place, which)?,
        })
    }
}

fn signed_in() -> Vec<Do> {
    let states = ["LOGIN", "READY"].into_iter();
    states
        .flat_map(|state| (0..AGENTS).map(move |user| Do::State(user, user, state, NUMBERS[user as usize])))
        .collect()
}

/// A call of an agent, and beside it a consultation: chance alone seldom comes so far.
fn consultation(random: &mut fastrand::Rng) -> Vec<Do> {
    let first = if random.bool() { Do::Inbound("1001") } else { Do::Make(0, "1001") };
    let answer = |call| (0..2).map(move |which| Do::Update(call, which, Action::Answer, "", None));
    let consult = [0, 1].map(|which| Do::Update(0, which, Action::ConsultCall, NUMBERS[2], None));
    let consult = &consult[random.usize(..2)..];
    [first].into_iter().chain(answer(0)).chain(consult.iter().cloned()).chain(answer(1)).collect()
}

/// Everybody signs in, perhaps two calls, and then anything.
pub(super) fn sequence(random: &mut fastrand::Rng) -> Vec<Do> {
    let mut all = signed_in();
    if random.bool() {
        all.extend(consultation(random));
    }
    let length = random.usize(20..300);
    all.extend((0..length).map(|_| some(random)));
    all
}
