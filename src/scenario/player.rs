//! An agent who is played: what it does next, by what it sees of the contact centre.

use crate::desk::{Desk, Part};
use crate::id::{DialogId, UserId};
use crate::scenario::file::Agents;
use crate::scenario::random::Random;

/// How long an agent waits before it tries again what had no effect.
const RETRY: u64 = 5_000;

/// The same at the end of a scenario.
const LAST_RETRY: u64 = 1_000;

/// How long an agent waits for the answer to a consultation.
const CONSULT_WAIT: u64 = 30_000;

/// How long an agent takes to go back to a call that it holds, and to hang up where nobody is.
const BACK: u64 = 1_000;

/// The situation of an agent: while it stays, the agent keeps to what it has planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Situation {
    /// The configuration does not have the user any more.
    Gone,
    SigningIn,
    Out,
    Ready,
    NotReady,
    Call(DialogId, Part),
    WrapUp,
    /// Something else that passes by itself.
    Other,
}

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    SignIn,
    Ready,
    /// Is not ready: a break.
    Break,
    /// Is not ready: the scenario ends.
    Stop,
    SignOut,
    Answer(DialogId),
    /// Takes a contact of a campaign.
    Accept(DialogId),
    Hold(DialogId),
    Retrieve(DialogId),
    Consult(DialogId),
    Drop(DialogId),
    /// Plans anew.
    LookAgain,
}

/// The plan for a call.
#[derive(Clone, Copy, Debug)]
struct Talk {
    dialog: DialogId,
    ends: u64,
    hold: Option<u64>,
    consult: Option<u64>,
    /// The call is held without a consultation.
    is_on_hold: bool,
}

/// An agent.
#[derive(Clone, Debug)]
pub struct Player {
    pub user: UserId,
    /// The section of the file that says how it behaves.
    pub group: usize,
    random: Random,
    situation: Option<Situation>,
    due: Option<(u64, Act)>,
    talk: Option<Talk>,
    /// When it signs in for the first time, until it has.
    begins: Option<u64>,
    next_break: Option<u64>,
    /// The end of its break.
    back_at: Option<u64>,
}

impl Player {
    /// An agent who comes when the scenario begins.
    pub fn new(user: UserId, group: usize, mut random: Random, agents: &Agents) -> Self {
        let begins = Some(agents.sign_in.draw(&mut random));
        Self {
            user,
            group,
            random,
            situation: None,
            due: None,
            talk: None,
            begins,
            next_break: None,
            back_at: None,
        }
    }

    /// When it does something.
    pub fn due(&self) -> Option<u64> {
        self.due.map(|(time, _)| time)
    }

    /// Something may have changed: the agent plans, if its situation is another one.
    pub fn look(&mut self, now: u64, desk: &Desk, agents: &Agents, ends: bool) {
        let situation = situation(desk, self.user);
        if self.situation != Some(situation) {
            self.situation = Some(situation);
            self.due = self.plan(now, desk, situation, agents, ends);
        }
    }

    /// Plans again, whatever the situation was.
    pub fn look_again(&mut self, now: u64, desk: &Desk, agents: &Agents, ends: bool) {
        self.situation = None;
        self.look(now, desk, agents, ends);
    }

    /// Whether it is signed out and does nothing more.
    pub fn is_out(&self) -> bool {
        matches!(self.situation, Some(Situation::Out | Situation::Gone)) && self.due.is_none()
    }

    /// Its time has come. Returns what it does now.
    pub fn act(&mut self, now: u64, desk: &Desk, agents: &Agents, ends: bool) -> Option<Act> {
        let (_, act) = self.due.take()?;
        if act == Act::LookAgain {
            self.look_again(now, desk, agents, ends);
            return None;
        }
        if self.situation != Some(situation(desk, self.user)) {
            self.look(now, desk, agents, ends);
            return None;
        }
        self.due = Some((now + if ends { LAST_RETRY } else { RETRY }, Act::LookAgain));
        match act {
            Act::SignIn => self.begins = None,
            Act::Break => {
                let breaks = agents.breaks.as_ref();
                self.back_at = breaks.map(|breaks| now + breaks.length.draw(&mut self.random));
                self.next_break = None;
            }
            Act::Hold(_) => {
                if let Some(talk) = &mut self.talk {
                    (talk.hold, talk.is_on_hold) = (None, true);
                }
            }
            Act::Consult(_) => {
                if let Some(talk) = &mut self.talk {
                    talk.consult = None;
                }
            }
            _ => {}
        }
        Some(act)
    }

    fn plan(
        &mut self,
        now: u64,
        desk: &Desk,
        situation: Situation,
        agents: &Agents,
        ends: bool,
    ) -> Option<(u64, Act)> {
        match situation {
            Situation::Gone | Situation::SigningIn | Situation::Other => None,
            Situation::Out if ends => None,
            Situation::Out => {
                // Somebody else has signed it out, or what it tried was refused.
                let again = || now + RETRY;
                Some((self.begins.map_or_else(again, |begins| begins.max(now)), Act::SignIn))
            }
            // Nobody waits for the end of a wrap-up then.
            Situation::Ready | Situation::WrapUp if ends => Some((now, Act::Stop)),
            Situation::WrapUp => None,
            Situation::Ready => {
                self.back_at = None;
                let breaks = agents.breaks.as_ref()?;
                let random = &mut self.random;
                // However short the times are: else breaks could follow each other for ever at one moment.
                let next = *self.next_break.get_or_insert_with(|| now + breaks.every.draw(random).max(BACK));
                Some((next.max(now), Act::Break))
            }
            Situation::NotReady if ends => Some((now, Act::SignOut)),
            Situation::NotReady => match self.back_at.take().filter(|until| *until > now) {
                Some(until) => Some((until, Act::Ready)),
                None => Some((now + agents.ready.draw(&mut self.random), Act::Ready)),
            },
            Situation::Call(id, Part::Rings | Part::Reserves) if ends => Some((now + RETRY, Act::Answer(id))),
            Situation::Call(id, part @ (Part::Rings | Part::Reserves)) => {
                if self.random.happens(agents.misses) {
                    return None;
                }
                let act = if part == Part::Rings { Act::Answer(id) } else { Act::Accept(id) };
                Some((now + agents.answer.draw(&mut self.random), act))
            }
            Situation::Call(id, Part::Dials) => {
                Some((now + if ends { 0 } else { CONSULT_WAIT }, Act::Drop(id)))
            }
            Situation::Call(id, Part::Failed) => Some((now + BACK, Act::Drop(id))),
            Situation::Call(id, Part::Talks | Part::Holds) if ends => Some((now, Act::Drop(id))),
            Situation::Call(id, Part::Talks) => Some(self.plan_talk(now, desk, id, agents)),
            Situation::Call(id, Part::Holds) => {
                let mut back = now + BACK;
                if let Some(talk) = self.talk.as_mut().filter(|talk| talk.dialog == id && talk.is_on_hold) {
                    let length = agents.hold.1.draw(&mut self.random);
                    (back, talk.is_on_hold) = (now + length, false);
                    talk.ends += length;
                    talk.consult = talk.consult.map(|consult| consult + length);
                }
                Some((back, Act::Retrieve(id)))
            }
            Situation::Call(_, Part::Other) => None,
        }
    }

    fn plan_talk(&mut self, now: u64, desk: &Desk, id: DialogId, agents: &Agents) -> (u64, Act) {
        let random = &mut self.random;
        let has = |dialog: DialogId| desk.parts(self.user).any(|(own, _)| own == dialog);
        let talk = match &self.talk {
            Some(talk) if talk.dialog == id => *talk,
            Some(talk) if has(talk.dialog) => {
                // A consultation about that call.
                let length = agents.consult.as_ref().map_or(BACK, |consult| consult.length.draw(random));
                return (now + length, Act::Drop(id));
            }
            _ => {
                let length = agents.talk.draw(random);
                let (chance, _) = agents.hold;
                let hold = random.happens(chance).then(|| now + random.below(length));
                let consult = agents.consult.as_ref();
                let consult = consult.filter(|consult| random.happens(consult.chance));
                let consult = consult.map(|_| now + random.below(length));
                Talk { dialog: id, ends: now + length, hold, consult, is_on_hold: false }
            }
        };
        self.talk = Some(talk);
        let others = [(talk.hold, Act::Hold(id)), (talk.consult, Act::Consult(id))];
        let others = others.into_iter().filter_map(|(time, act)| Some((time?, act)));
        let next = others.min_by_key(|(time, _)| *time).filter(|(time, _)| *time < talk.ends);
        let (time, act) = next.unwrap_or((talk.ends, Act::Drop(id)));
        (time.max(now), act)
    }
}

/// The situation of a user.
fn situation(desk: &Desk, user: UserId) -> Situation {
    if !desk.directory().has(user) {
        return Situation::Gone;
    }
    let order =
        [Part::Failed, Part::Dials, Part::Talks, Part::Holds, Part::Rings, Part::Reserves, Part::Other];
    let rank = |part: Part| order.iter().position(|other| *other == part);
    if let Some((id, part)) = desk.parts(user).min_by_key(|(_, part)| rank(*part)) {
        return Situation::Call(id, part);
    }
    match desk.state_of(user) {
        _ if desk.is_signing_in(user) => Situation::SigningIn,
        "LOGOUT" => Situation::Out,
        "READY" => Situation::Ready,
        "NOT_READY" => Situation::NotReady,
        "WORK" | "WORK_READY" => Situation::WrapUp,
        _ => Situation::Other,
    }
}
