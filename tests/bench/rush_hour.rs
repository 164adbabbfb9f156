//! The rush hour for as many agents as are wanted: the arrivals of the shipped scenario at its peak, and how its agents work.

use std::fmt::Write as _;

use callboard::scenario::{File, Random, shipped};

use super::way::Way;
use super::world;

/// The agents of a team, which has a queue of its own.
pub const TEAM: usize = 20;

/// The most teams: a scenario can have a section of arrivals for the queue of each.
pub const TEAMS: usize = callboard::scenario::SECTIONS_MAX;

/// The name of the scenario.
const NAME: &str = "rush-hour";

/// How agents work, and how many calls come.
pub struct RushHour {
    file: File,
    text: &'static str,
}

/// What an agent does with a call, in milliseconds.
pub struct Work {
    pub answer: u64,
    pub talk: u64,
    /// When the call is put on hold, and how long it is held.
    pub hold: Option<(u64, u64)>,
}

impl RushHour {
    /// The scenario as it is shipped.
    pub fn new() -> Result<Self, String> {
        let text = shipped(NAME).unwrap_or_default();
        let file = File::read(text, NAME).map_err(|problems| format!("{problems:?}"))?;
        Ok(Self { file, text })
    }

    /// Draws how long after the start an agent signs in.
    pub fn sign_in(&self, random: &mut Random) -> u64 {
        self.file.agents.first().map_or(0, |group| group.sign_in.draw(random))
    }

    /// Draws what an agent does with its next call.
    pub fn work(&self, random: &mut Random) -> Work {
        let groups = &self.file.agents;
        let group = &groups[random.below(groups.len() as u64) as usize];
        let (chance, length) = group.hold;
        let (answer, talk) = (group.answer.draw(random), group.talk.draw(random));
        let hold = random.happens(chance).then(|| (random.below(talk), length.draw(random)));
        Work { answer, talk, hold }
    }

    /// The calls of a minute for each agent, when most calls come.
    pub fn rate(&self) -> f64 {
        let agents: usize = self.file.agents.iter().map(|group| group.users.len()).sum();
        let peak = |points: &[(u64, u64)]| points.iter().map(|(_, rate)| *rate).max().unwrap_or(0);
        let calls: u64 = self.file.arrivals.iter().map(|arrivals| peak(&arrivals.curve.points)).sum();
        calls as f64 / 1000.0 / agents as f64
    }

    /// A scenario with those calls for the queues of all teams, and nobody who answers them.
    pub fn scenario(&self, agents: usize) -> String {
        // Callers wait as long as those of the first section do.
        let key = |key: &str| self.text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        let (patience, variables) = (key("patience"), key("variables"));
        let mut text = "name = \"Peak\"\nseed = 7\nlength = \"1h\"\n".to_owned();
        for team in 1..=agents.div_ceil(TEAM) {
            let members = TEAM.min(agents - (team - 1) * TEAM);
            let rate = self.rate() * members as f64;
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "[[arrivals]]\nqueue = \"q{team}\"\nper_minute = {rate:.3}\n{patience}\n{variables}\n"
            );
        }
        text
    }
}

/// A configuration with so many agents in teams of [`TEAM`], each team with a queue.
pub fn configuration(way: &Way, agents: usize) -> String {
    let (name, password) = way.publisher.split_once(':').unwrap_or_default();
    // Calls that wait are beside those of the agents. Scenarios want faults or a record.
    let mut text = format!(
        "domain = \"{}\"\nlisten = [\"127.0.0.1:0\"]\nfaults = true\n[limits]\ncalls = {}\npayload = \"64KiB\"\n\
         [[user]]\nid = \"{name}\"\npassword = \"{password}\"\nlast_name = \"Admin\"\nroles = [\"Administrator\"]\n",
        world::DOMAIN,
        4096.max(4 * agents)
    );
    for team in 1..=agents.div_ceil(TEAM) {
        let _ = write!(
            text,
            "[[team]]\nid = \"{team}\"\nname = \"Team {team}\"\n\
             [[queue]]\nid = \"q{team}\"\nname = \"Queue {team}\"\nteam = \"{team}\"\nnumber = \"{}\"\n",
            FIRST_NUMBER + team
        );
    }
    for index in 0..agents {
        let name = way.user(index);
        let _ = write!(
            text,
            "[[user]]\nid = \"{name}\"\npassword = \"{}\"\nlast_name = \"{index}\"\nteam = \"{}\"\nextension = \"{}\"\n",
            way.password(&name),
            team(index),
            extension(index)
        );
    }
    text
}

/// The numbers of queues come behind this one.
const FIRST_NUMBER: usize = 900_000;

/// The extension of an agent.
pub fn extension(index: usize) -> usize {
    100_000 + index
}

/// The team of an agent.
fn team(index: usize) -> usize {
    index / TEAM + 1
}

/// What an agent's desktop subscribes to: its user, and the users of its team.
pub fn nodes(_: &Way, name: &str) -> Vec<String> {
    let digits = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let team = team(digits.parse().unwrap_or(0));
    vec![world::node(name), format!("/finesse/api/Team/{team}/Users")]
}
