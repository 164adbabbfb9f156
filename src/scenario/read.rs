//! From the text of a file to a scenario, or to all that is wrong with it.

use crate::config::document;
use crate::config::problem::{Placed, Problem, Report};
use crate::config::section::{Reported, Section, all, named};
use crate::scenario::distribution::Distribution;
use crate::scenario::file::{
    AGENTS_MAX, Agents, Arrivals, Breaks, Consult, File, LENGTH_MAX, NAME_MAX, Name, Variables,
};
use crate::scenario::keys;
use crate::scenario::parts::{any_table, check_variable, name_at, sections};
use crate::scenario::random::Millionths;
use crate::scenario::read_steps;
use crate::scenario::values::{curve, decimal_at, distribution_at, inline, needed_time, whole, wrong};
use crate::text::is_shown;

impl File {
    /// Reads a scenario. `file` is its name in problems.
    ///
    /// # Errors
    ///
    /// Returns every problem, in the order of the file.
    pub fn read(text: &str, file: &str) -> Result<Self, Vec<Problem>> {
        document::read(text, file, keys::FILE, |report, root| {
            let name = root.needed(report, "name");
            if let Ok(name) = name
                && (name.value.is_empty() || name.value.len() > NAME_MAX || !name.value.chars().all(is_shown))
            {
                report.add(name.place, format!("name must have 1 to {NAME_MAX} bytes, on one line"));
            }
            let seed = whole(report, root, "seed", (0, i64::MAX as u64));
            let length = needed_time(report, root, "length", LENGTH_MAX);
            // What follows is read all the same.
            let most = length.as_ref().copied().unwrap_or(LENGTH_MAX);
            let arrivals = sections(report, root, "arrivals", "[[arrivals]]", keys::ARRIVALS);
            let arrivals =
                arrivals.and_then(|all_of| all(all_of.iter().map(|one| self::arrivals(report, one, most))));
            let agents = sections(report, root, "agents", "[[agents]]", keys::AGENTS);
            let agents = agents.and_then(|all_of| all(all_of.iter().map(|one| self::agents(report, one))));
            let at = read_steps::at(report, root, most);
            let on = read_steps::on(report, root, most);
            let expect = read_steps::expect(report, root, most);
            let verdict = read_steps::verdict(report, root);
            let agents = agents?;
            check_users(report, &agents)?;
            Ok(Self {
                file: file.into(),
                name: name?.value.into(),
                seed: seed?.unwrap_or(1),
                length: length?,
                arrivals: arrivals?,
                agents,
                at: at?,
                on: on?,
                expect: expect?,
                verdict: verdict?,
            })
        })
    }
}

fn arrivals(report: &mut Report, section: &Section<'_>, length: u64) -> Result<Arrivals, Reported> {
    let queue = name_at(report, section, "queue");
    let curve = curve(report, section, length);
    let process = match section.string(report, "process") {
        Ok(None) => Ok(true),
        Ok(Some(text)) => {
            named(report, "process", text, [true, false], |poisson| if poisson { "poisson" } else { "even" })
        }
        Err(Reported) => Err(Reported),
    };
    let patience = distribution_at(report, section, "patience");
    let variables = match section.value(report, "variables") {
        None => Ok(Vec::new()),
        Some(value) => variables(report, value),
    };
    Ok(Arrivals {
        queue: queue?,
        curve: curve?,
        is_poisson: process?,
        patience: patience?,
        variables: variables?,
    })
}

/// Reads names of call variables, each with a list of values.
fn variables(report: &mut Report, value: Placed<&toml::de::DeValue<'_>>) -> Result<Variables, Reported> {
    let table = any_table(report, "variables", value)?;
    all(table.entries(report).into_iter().map(|(name, values)| {
        const FORM: &str = "a call variable must have a list of values such as [\"Gold\", \"Silver\"]";
        let list = values.value.as_array().filter(|list| !list.is_empty());
        let list: Option<Vec<&str>> =
            list.and_then(|list| list.iter().map(|value| value.get_ref().as_str()).collect());
        let Some(list) = list else { return wrong(report, values.place, FORM) };
        for value in &list {
            check_variable(report, name.value, value, values.place)?;
        }
        Ok((name.value.into(), list.into_iter().map(Box::from).collect()))
    }))
}

fn agents(report: &mut Report, section: &Section<'_>) -> Result<Agents, Reported> {
    let users = match section.strings(report, "users")? {
        Some(users) if !users.is_empty() => users,
        _ => return wrong(report, section.place, "[[agents]] has no users; add users = [\"1001\"]"),
    };
    let users = users.into_iter().map(|user| Name { place: user.place, id: user.value.into() }).collect();
    let mut times = |key, default| {
        distribution_at(report, section, key).map(|read| read.unwrap_or(Distribution::Constant(default)))
    };
    let (sign_in, ready) = (times("sign_in", 0), times("ready", 2_000));
    let (answer, talk) = (times("answer", 3_000), times("talk", 120_000));
    let hold = section.value(report, "hold").map(|value| {
        let table = inline(report, "hold", value, keys::HOLD)?;
        let chance = chance(report, &table);
        let length = distribution_at(report, &table, "length");
        Ok((chance?, length?.unwrap_or(Distribution::Constant(30_000))))
    });
    let consult = section.value(report, "consult").map(|value| {
        let table = inline(report, "consult", value, keys::CONSULT)?;
        let (chance, to) = (chance(report, &table), table.needed(report, "to"));
        let length = distribution_at(report, &table, "length");
        let length = length?.unwrap_or(Distribution::Constant(20_000));
        Ok(Consult { chance: chance?, to: to?.value.into(), length })
    });
    let breaks = section.value(report, "breaks").map(|value| {
        let table = inline(report, "breaks", value, keys::BREAKS)?;
        let place = table.value(report, "reason").map_or(value.place, |reason| reason.place);
        let reason = whole(report, &table, "reason", (1, u64::from(u32::MAX)));
        let [every, length] = ["every", "length"].map(|key| match distribution_at(report, &table, key) {
            Ok(None) => wrong(report, value.place, format!("breaks has no {key}; add {key} = \"10m\"")),
            Ok(Some(read)) => Ok(read),
            Err(Reported) => Err(Reported),
        });
        let reason = reason?.and_then(|reason| u32::try_from(reason).ok());
        Ok(Breaks { every: every?, reason, place, length: length? })
    });
    let misses = decimal_at(report, section, "misses", Millionths::ONE);
    Ok(Agents {
        users,
        sign_in: sign_in?,
        ready: ready?,
        answer: answer?,
        talk: talk?,
        hold: hold.transpose()?.unwrap_or((Millionths(0), Distribution::Constant(0))),
        consult: consult.transpose()?,
        misses: misses?.unwrap_or_default(),
        breaks: breaks.transpose()?,
    })
}

fn chance(report: &mut Report, section: &Section<'_>) -> Result<Millionths, Reported> {
    match decimal_at(report, section, "chance", Millionths::ONE)? {
        Some(chance) => Ok(chance),
        None => wrong(report, section.place, format!("{} has no chance; add chance = 0.1", section.name)),
    }
}

/// Reports a user who stands twice, and too many of them.
fn check_users(report: &mut Report, agents: &[Agents]) -> Result<(), Reported> {
    let mut seen = std::collections::HashSet::new();
    for user in agents.iter().flat_map(|group| &group.users) {
        if !seen.insert(&*user.id) {
            report
                .add(user.place, format!("user \"{}\" stands above; name each once", user.id.escape_debug()));
        } else if seen.len() > AGENTS_MAX {
            return wrong(report, user.place, format!("there can be {AGENTS_MAX} agents; leave some out"));
        }
    }
    Ok(())
}
