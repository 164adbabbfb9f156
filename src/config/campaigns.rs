//! Outbound campaigns, and how `[[campaign]]` is read (the guide, "Outbound Call Types and BAStatus").

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::call_variable::{LONGEST_ALL_OWN, LONGEST_NUMBERED, LONGEST_OWN, is_numbered, is_own};
use crate::config::keys;
use crate::config::limits::Kind;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report, shown};
use crate::config::rules;
use crate::config::section::{Reported, Section, all, named};
use crate::config::server::Profile;

/// The most campaigns.
const MOST: usize = 100;

/// The most contacts of all campaigns together.
pub const MOST_CONTACTS: usize = 500;

/// The most call variables of a contact.
const MOST_VARIABLES: usize = 20;

/// How long a contact rests that an agent has rejected, in milliseconds.
const RETRY: RangeInclusive<u64> = 100..=86_400_000;
const DEFAULT_RETRY: Duration = Duration::from_secs(60);

/// The number of the dialer where the file has none.
const DIALER_PORT: &str = "7900";

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// For people, and by which contacts name it; no two have the same.
    pub name: String,
    /// The id of the team whose agents are reserved.
    pub team: String,
    pub mode: DialingMode,
    /// The number from which agents are reserved.
    pub dialer_port: String,
    /// Whether a callback is for the agent who has scheduled it.
    pub personal_callbacks: bool,
    /// How long a contact rests that an agent has rejected.
    pub retry: Duration,
    /// In the order of the file.
    pub contacts: Vec<Customer>,
}

/// How the customers of a campaign are dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialingMode {
    /// The dialer calls the customer when the agent has accepted: Enterprise.
    Preview,
    /// The agent's telephone does.
    DirectPreview,
    /// The dialer calls the customer, and puts it through to an agent who is reserved and has not been asked.
    Progressive,
    /// As Progressive for the agent; a real dialer calls more customers than there are agents.
    Predictive,
}

/// The end of dialling a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    Voice,
    AnsweringMachine,
    Fax,
    Busy,
    NoAnswer,
    Invalid,
}

/// A customer of a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    pub phone_number: String,
    /// Empty when there is none.
    pub first_name: String,
    /// Empty when there is none.
    pub last_name: String,
    /// Empty when there is none.
    pub account_number: String,
    /// `None`: as `[outside]` says of the number.
    pub result: Option<CallResult>,
    pub variables: Vec<(String, String)>,
}

impl DialingMode {
    const ALL: [Self; 4] = [Self::Preview, Self::DirectPreview, Self::Progressive, Self::Predictive];

    /// Whether an agent is reserved without being asked.
    pub fn asks_nobody(self) -> bool {
        matches!(self, Self::Progressive | Self::Predictive)
    }

    /// The name in files.
    fn name(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::DirectPreview => "direct_preview",
            Self::Progressive => "progressive",
            Self::Predictive => "predictive",
        }
    }
}

impl CallResult {
    /// Every result.
    pub const ALL: [Self; 6] =
        [Self::Voice, Self::AnsweringMachine, Self::Fax, Self::Busy, Self::NoAnswer, Self::Invalid];

    /// The name in files and requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::AnsweringMachine => "answering_machine",
            Self::Fax => "fax",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Invalid => "invalid",
        }
    }
}

/// Whether a number can be dialled for a campaign.
pub fn is_number(text: &str) -> bool {
    rules::extension(text).is_ok()
}

/// Whether a text can be the name or the account number of a customer, or the name of a campaign.
pub fn is_name(text: &str) -> bool {
    people::name_or_nothing(text).is_ok()
}

/// Reads all campaigns.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    profile: Option<Profile>,
    teams: Option<&Declared>,
) -> Result<Vec<Campaign>, Reported> {
    let sections = root.tables(report, "campaign", "[[campaign]]", keys::CAMPAIGN)?;
    if let Some(section) = sections.get(MOST) {
        report.add(section.place, format!("there can be {MOST} campaigns; leave some out"));
    }
    let (mut names, mut count) = (Vec::new(), 0);
    let campaigns =
        all(sections.iter().map(|section| campaign(report, section, profile, teams, &mut names, &mut count)));
    people::unique(report, "name", "campaign", names.into_iter().map(Some));
    campaigns
}

fn campaign<'d>(
    report: &mut Report,
    section: &Section<'d>,
    profile: Option<Profile>,
    teams: Option<&Declared>,
    names: &mut Vec<Placed<&'d str>>,
    count: &mut usize,
) -> Result<Campaign, Reported> {
    let name = section.needed(report, "name");
    let name = name.and_then(|name| people::checked(report, "name", name, &rules::name));
    names.extend(name);
    let team = section.needed(report, "team");
    if let (Ok(team), Some(known)) = (&team, teams) {
        people::declared(report, "team", team, known);
    }
    let mode = mode(report, section, profile);
    let port = section.string(report, "dialer_port");
    let port = people::optional(report, "dialer_port", port, &rules::extension);
    let personal = section.boolean(report, "personal_callbacks");
    let retry = retry(report, section);
    let contacts = contacts(report, section, count);
    Ok(Campaign {
        name: name?.value.to_owned(),
        team: team?.value.to_owned(),
        mode: mode?,
        dialer_port: port?.unwrap_or_else(|| DIALER_PORT.to_owned()),
        personal_callbacks: personal?.is_some_and(|on| on.value),
        retry: retry?,
        contacts: contacts?,
    })
}

fn mode(report: &mut Report, section: &Section, profile: Option<Profile>) -> Result<DialingMode, Reported> {
    let Some(text) = section.string(report, "mode")? else { return Ok(DialingMode::DirectPreview) };
    let mode = named(report, "mode", text, DialingMode::ALL, DialingMode::name)?;
    if mode == DialingMode::Preview && profile == Some(Profile::Uccx) {
        let sentence = "mode \"preview\" is there in the profile \"ucce\" only; choose \"direct_preview\"";
        report.add(text.place, sentence);
        return Err(Reported);
    }
    Ok(mode)
}

fn retry(report: &mut Report, section: &Section) -> Result<Duration, Reported> {
    let Some(text) = section.string(report, "retry")? else { return Ok(DEFAULT_RETRY) };
    match Kind::Duration.parse(text.value).filter(|time| RETRY.contains(time)) {
        Some(time) => Ok(Duration::from_millis(time)),
        None => {
            let form = "must be a duration from \"100ms\" to \"24h\", such as \"5m\"";
            report.add(text.place, format!("retry {} {form}", shown(text.value)));
            Err(Reported)
        }
    }
}

fn contacts(report: &mut Report, campaign: &Section, count: &mut usize) -> Result<Vec<Customer>, Reported> {
    let sections = campaign.tables(report, "contact", "[[campaign.contact]]", keys::CUSTOMER)?;
    let before = *count;
    *count += sections.len();
    if let Some(first_too_many) = sections.get(MOST_CONTACTS.saturating_sub(before))
        && before <= MOST_CONTACTS
    {
        let sentence =
            format!("there are more than {MOST_CONTACTS} contacts of campaigns from here on; leave some out");
        report.add(first_too_many.place, sentence);
    }
    all(sections.iter().map(|section| customer(report, section)))
}

fn customer(report: &mut Report, section: &Section) -> Result<Customer, Reported> {
    let number = section.needed(report, "phone_number");
    let number = number.and_then(|number| people::checked(report, "phone_number", number, &rules::extension));
    let mut text = |key| {
        let text = section.string(report, key);
        people::optional(report, key, text, &people::name_or_nothing).map(Option::unwrap_or_default)
    };
    let (first, last, account) = (text("first_name"), text("last_name"), text("account_number"));
    let result = match section.string(report, "result") {
        Ok(Some(text)) => named(report, "result", text, CallResult::ALL, CallResult::name).map(Some),
        Ok(None) => Ok(None),
        Err(reported) => Err(reported),
    };
    let variables = variables(report, section);
    Ok(Customer {
        phone_number: number?.value.to_owned(),
        first_name: first?,
        last_name: last?,
        account_number: account?,
        result: result?,
        variables: variables?,
    })
}

/// Reads `variables`: a list of `NAME=VALUE`.
fn variables(report: &mut Report, section: &Section) -> Result<Vec<(String, String)>, Reported> {
    let texts = section.strings(report, "variables")?.unwrap_or_default();
    if let Some(text) = texts.get(MOST_VARIABLES) {
        report.add(text.place, format!("variables can have {MOST_VARIABLES} entries; leave some out"));
    }
    let (mut read, mut own): (Vec<(String, String)>, usize) = (Vec::new(), 0);
    for text in texts {
        let (name, value) = text.value.split_once('=').unwrap_or((text.value, ""));
        let longest = if is_numbered(name) { LONGEST_NUMBERED } else { LONGEST_OWN };
        own += if is_numbered(name) { 0 } else { name.len() + value.len() };
        let is_good = (is_numbered(name) || is_own(name))
            && text.value.contains('=')
            && value.len() <= longest
            && rules::text(value, longest).is_ok()
            && own <= LONGEST_ALL_OWN
            && read.iter().all(|(known, _)| known != name);
        if !is_good {
            let form = "must be callVariable1 to callVariable10 or user.NAME, each once, \"=\" and a value";
            report.add(text.place, format!("variables {} {form}", shown(text.value)));
            return Err(Reported);
        }
        read.push((name.to_owned(), value.to_owned()));
    }
    Ok(read)
}
