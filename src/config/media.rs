//! Media other than voice, and how `[[media]]` is read (the guide, "Media").

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::keys;
use crate::config::limits::Kind;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report, shown};
use crate::config::rules;
use crate::config::section::{Reported, Section, all};
use crate::config::shared_keys;
use crate::config::shared_keys::LARGEST_ID;

/// The most media, and the most script selectors of a medium.
const MOST: usize = 32;

/// The id of the voice medium, which is no section of the file (the guide, "Dialog API parameters").
pub const VOICE: u32 = 1;

/// The most dialogs that an agent handles in a medium at once (the guide, "Media API parameters").
pub const MOST_DIALOGS: u64 = 10;

/// The longest description, in bytes.
const DESCRIPTION_MAX: usize = 250;

/// How long a task may be offered, in milliseconds.
const START_TIMEOUT: RangeInclusive<u64> = 100..=3_600_000;
const DEFAULT_START_TIMEOUT: Duration = Duration::from_secs(30);

/// A Media Routing Domain other than that of voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// By which requests name it; no two have the same, and none that of voice.
    pub id: u32,
    /// For people; without control characters.
    pub name: String,
    pub description: String,
    /// Whether a call, or a task of a medium that is not interruptible, interrupts its tasks.
    pub interruptible: bool,
    /// The most dialogs that an agent may ask for when it signs in, 1 to [`MOST_DIALOGS`].
    pub max_dialogs: u32,
    /// How long a task is offered to an agent.
    pub start_timeout: Duration,
    /// The ids of the teams whose agents handle its tasks; `None`: all.
    pub teams: Option<Vec<String>>,
    /// The targets that bring a transferred task here.
    pub script_selectors: Vec<String>,
    pub channel: String,
    pub class: String,
}

impl Medium {
    /// Whether agents of a team handle its tasks.
    pub fn is_for(&self, team: Option<&str>) -> bool {
        self.teams.as_ref().is_none_or(|teams| teams.iter().any(|own| Some(own.as_str()) == team))
    }
}

/// Reads all media.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    teams: Option<&Declared>,
) -> Result<Vec<Medium>, Reported> {
    let sections = root.tables(report, "media", "[[media]]", keys::MEDIA)?;
    if let Some(section) = sections.get(MOST) {
        report.add(section.place, format!("there can be {MOST} media; leave some out"));
    }
    let (mut ids, mut names, mut selectors) = (Vec::new(), Vec::new(), Vec::new());
    let media = all(sections
        .iter()
        .map(|section| medium(report, section, teams, &mut ids, &mut names, &mut selectors)));
    shared_keys::unique_numbers(report, "id", "medium", ids.iter());
    people::unique(report, "name", "medium", names.into_iter().map(Some));
    people::unique(report, "script_selectors", "script selector", selectors.into_iter().map(Some));
    media
}

fn medium<'d>(
    report: &mut Report,
    section: &Section<'d>,
    teams: Option<&Declared>,
    ids: &mut Vec<Placed<u64>>,
    names: &mut Vec<Placed<&'d str>>,
    all_selectors: &mut Vec<Placed<&'d str>>,
) -> Result<Medium, Reported> {
    let id = shared_keys::needed_integer(report, section, "id", LARGEST_ID);
    if let Ok(id) = &id {
        if id.value == u64::from(VOICE) {
            report.add(id.place, "id 1 is that of voice; choose another, such as 5000");
        }
        ids.push(Placed { place: id.place, value: id.value });
    }
    let name = section.needed(report, "name");
    let name = name.and_then(|name| people::checked(report, "name", name, &rules::name));
    names.extend(name);
    let mut optional = |key, longest| match section.string(report, key) {
        Ok(Some(text)) => people::checked(report, key, text, &|text| rules::text(text, longest))
            .map(|text| text.value.to_owned()),
        Ok(None) => Ok(String::new()),
        Err(reported) => Err(reported),
    };
    let description = optional("description", DESCRIPTION_MAX);
    let (channel, class) = (optional("channel", DESCRIPTION_MAX), optional("class", DESCRIPTION_MAX));
    let interruptible = section.boolean(report, "interruptible");
    let max_dialogs = shared_keys::integer(report, section, "max_dialogs", MOST_DIALOGS);
    let start_timeout = start_timeout(report, section);
    let teams = shared_keys::teams(report, section, teams);
    let selectors = section.strings(report, "script_selectors").map(Option::unwrap_or_default);
    if let Ok(selectors) = &selectors {
        if let Some(text) = selectors.get(MOST) {
            report.add(text.place, format!("script_selectors can have {MOST} entries; leave some out"));
        }
        for selector in selectors {
            all_selectors.extend(people::checked(report, "script_selectors", *selector, &rules::name));
        }
    }
    Ok(Medium {
        // Within LARGEST_ID and MOST_DIALOGS.
        id: id?.value as u32,
        name: name?.value.to_owned(),
        description: description?,
        interruptible: interruptible?.is_some_and(|on| on.value),
        max_dialogs: max_dialogs?.map_or(MOST_DIALOGS, |most| most.value) as u32,
        start_timeout: start_timeout?,
        teams: teams?,
        script_selectors: selectors?.iter().map(|selector| selector.value.to_owned()).collect(),
        channel: channel?,
        class: class?,
    })
}

fn start_timeout(report: &mut Report, section: &Section) -> Result<Duration, Reported> {
    let Some(text) = section.string(report, "start_timeout")? else { return Ok(DEFAULT_START_TIMEOUT) };
    match Kind::Duration.parse(text.value).filter(|time| START_TIMEOUT.contains(time)) {
        Some(time) => Ok(Duration::from_millis(time)),
        None => {
            let form = "must be a duration from \"100ms\" to \"1h\", such as \"30s\"";
            report.add(text.place, format!("start_timeout {} {form}", shown(text.value)));
            Err(Reported)
        }
    }
}
