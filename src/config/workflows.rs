//! Workflows and what they do, and how `[[workflow]]` and `[[workflow_action]]` are read.

use toml::de::DeValue;

use crate::config::keys;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report};
use crate::config::rules;
use crate::config::section;
use crate::config::section::{Reported, Section, all, kind_of, named, number};
use crate::config::shared_keys;
use crate::config::shared_keys::LARGEST_ID;

/// The most workflows and the most actions of a system (Cisco's administration guide, "Workflows and workflow actions").
pub const MOST: usize = 100;
/// The most conditions and actions of a workflow, and the most variables of an action.
pub const MOST_PARTS: usize = 5;
/// The longest names and the longest description, in characters (the guide, "Workflow" and "WorkflowAction API parameters").
pub const LONGEST_NAME: usize = 40;
pub const LONGEST_ACTION_NAME: usize = 64;
pub const LONGEST_DESCRIPTION: usize = 128;
/// The longest value of a parameter and of a condition, in bytes.
pub const LONGEST_VALUE: usize = 2000;

/// The events at which a workflow looks at its conditions.
pub const TRIGGERS: [&str; 5] =
    ["CALL_ARRIVES", "CALL_ANSWERED", "CALL_ENDS", "MAKING_CALL", "PREVIEWING_CALL"];
/// The ways in which a condition compares.
const COMPARATORS: [&str; 8] = [
    "IS_EQUAL",
    "IS_NOT_EQUAL",
    "BEGINS_WITH",
    "ENDS_WITH",
    "CONTAINS",
    "IS_EMPTY",
    "IS_NOT_EMPTY",
    "IS_IN_LIST",
];
/// The kinds of actions, and who carries them out.
pub const ACTION_TYPES: [&str; 2] = ["BROWSER_POP", "HTTP_REQUEST"];
pub const HANDLERS: [&str; 2] = ["FINESSE_DESKTOP", "OTHER"];
/// How conditions are joined.
pub const APPLY_METHODS: [&str; 2] = ["ALL", "ANY"];

/// The parameters of actions: the key of the file, and the name that Finesse has for it.
const PARAMETERS: [(&str, &str); 6] = [
    ("path", "path"),
    ("window_name", "windowName"),
    ("method", "method"),
    ("location", "location"),
    ("content_type", "contentType"),
    ("body", "body"),
];

/// Something that a desktop does when a workflow runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowAction {
    /// By which requests name it; no two have the same.
    pub id: u32,
    /// No two have the same.
    pub name: String,
    /// BROWSER_POP or HTTP_REQUEST.
    pub kind: String,
    pub handled_by: String,
    /// Names and values.
    pub params: Vec<(String, String)>,
    pub variables: Vec<Variable>,
}

/// A value that a desktop takes from a call or a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    /// An XPath; empty for variables of the system.
    pub node: String,
    /// SYSTEM or CUSTOM.
    pub kind: String,
    pub test_value: String,
}

/// A comparison of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    pub variable: Variable,
    pub comparator: String,
    pub value: String,
}

/// Something that agents' desktops do at events of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflow {
    /// By which requests name it; no two have the same.
    pub id: u32,
    /// No two have the same.
    pub name: String,
    pub description: String,
    /// The id of the medium; 1 is voice.
    pub media: String,
    pub trigger: TriggerSet,
    /// Whether ALL or ANY of the conditions have to hold.
    pub apply: String,
    pub conditions: Vec<Condition>,
    /// The ids of actions, in the order in which they run.
    pub actions: Vec<u32>,
    /// The ids of the teams that have it; `None`: all.
    pub teams: Option<Vec<String>>,
}

/// The event at which a workflow looks at its conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriggerSet {
    /// SYSTEM or CUSTOM.
    pub kind: String,
    pub name: String,
    pub allow_overlapping: String,
    /// What tells the event; empty for the events of the system.
    pub triggers: Vec<Condition>,
}

impl Variable {
    /// A variable that Finesse knows by name.
    pub fn of_system(name: &str) -> Self {
        Self { name: name.to_owned(), kind: "SYSTEM".to_owned(), ..Self::default() }
    }
}

/// An object as far as it could be read.
struct Draft<'d, T> {
    id: Result<Placed<u64>, Reported>,
    name: Option<Placed<&'d str>>,
    object: Result<T, Reported>,
}

/// Reads all actions and all workflows.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    teams: Option<&Declared>,
) -> Result<(Vec<WorkflowAction>, Vec<Workflow>), Reported> {
    let actions = root.tables(report, "workflow_action", "[[workflow_action]]", keys::WORKFLOW_ACTION);
    let actions = actions.and_then(|sections| drafts(report, &sections, "workflow action", action));
    let known: Option<Vec<u32>> =
        actions.as_ref().ok().map(|actions| actions.iter().map(|action| action.id).collect());
    let workflows = root.tables(report, "workflow", "[[workflow]]", keys::WORKFLOW).and_then(|sections| {
        drafts(report, &sections, "workflow", |report, section| {
            workflow(report, section, teams, known.as_deref())
        })
    });
    Ok((actions?, workflows?))
}

fn drafts<T: Numbered>(
    report: &mut Report,
    sections: &[Section],
    what: &str,
    read: impl Fn(&mut Report, &Section) -> Result<T, Reported>,
) -> Result<Vec<T>, Reported> {
    if let Some(section) = sections.get(MOST) {
        report.add(section.place, format!("there can be {MOST} of these; leave some out"));
    }
    let draft = |(place, section): (u64, &Section<'_>)| {
        let id = shared_keys::integer(report, section, "id", LARGEST_ID)
            .map(|id| id.unwrap_or(Placed { place: section.place, value: place }));
        let name =
            section.string(report, "name").ok().flatten().map(|name| (name.place, name.value.to_owned()));
        (id, name, read(report, section))
    };
    let drafts: Vec<_> = (1..).zip(sections).map(draft).collect();
    let drafts: Vec<_> = drafts
        .iter()
        .map(|(id, name, object)| {
            let name = name.as_ref().map(|(place, value)| Placed { place: *place, value: value.as_str() });
            Draft { id: *id, name, object: object.as_ref().map_err(|reported| *reported) }
        })
        .collect();
    shared_keys::unique_numbers(report, "id", what, drafts.iter().flat_map(|draft| &draft.id));
    people::unique(report, "name", what, drafts.iter().map(|draft| draft.name));
    // Within the bound of an id.
    all(drafts.into_iter().map(|draft| Ok(draft.object?.numbered(draft.id?.value as u32))))
}

/// An object whose id is known last, as its place may stand for it.
trait Numbered {
    fn numbered(&self, id: u32) -> Self;
}

impl Numbered for WorkflowAction {
    fn numbered(&self, id: u32) -> Self {
        Self { id, ..self.clone() }
    }
}

impl Numbered for Workflow {
    fn numbered(&self, id: u32) -> Self {
        Self { id, ..self.clone() }
    }
}

fn action(report: &mut Report, section: &Section) -> Result<WorkflowAction, Reported> {
    let name = name(report, section, LONGEST_ACTION_NAME);
    let kind = section.needed(report, "type").and_then(|kind| one_of(report, "type", kind, ACTION_TYPES));
    let handled_by = match section.string(report, "handled_by") {
        Ok(Some(text)) => one_of(report, "handler", text, HANDLERS),
        other => other.map(|_| HANDLERS[0].to_owned()),
    };
    let path = section.needed(report, "path").map(|_| ());
    let params = PARAMETERS.map(|(key, name)| {
        let value = section.string(report, key);
        let value = people::optional(report, key, value, &|text| rules::text(text, LONGEST_VALUE))?;
        Ok(value.map(|value| (name.to_owned(), value)))
    });
    let variables = section.strings(report, "variables").and_then(|names| {
        let names = names.unwrap_or_default();
        at_most(report, "variables", &names, MOST_PARTS);
        all(names.into_iter().map(|name| {
            people::checked(report, "variable", name, &|text| {
                rules::name(text).and_then(|()| rules::text(text, 32))
            })
        }))
    });
    Ok(WorkflowAction {
        id: 0,
        name: name?,
        kind: kind?,
        handled_by: handled_by?,
        params: path.and_then(|()| all(params.into_iter()))?.into_iter().flatten().collect(),
        variables: variables?.into_iter().map(|name| Variable::of_system(name.value)).collect(),
    })
}

fn workflow(
    report: &mut Report,
    section: &Section,
    known_teams: Option<&Declared>,
    known_actions: Option<&[u32]>,
) -> Result<Workflow, Reported> {
    let name = name(report, section, LONGEST_NAME);
    let description = section.string(report, "description");
    let description =
        people::optional(report, "description", description, &|text| rules::text(text, LONGEST_DESCRIPTION));
    let teams = shared_keys::teams(report, section, known_teams);
    let trigger =
        section.needed(report, "trigger").and_then(|name| one_of(report, "trigger", name, TRIGGERS));
    let apply = match section.string(report, "apply") {
        Ok(Some(text)) => one_of(report, "way to apply conditions", text, APPLY_METHODS),
        other => other.map(|_| APPLY_METHODS[0].to_owned()),
    };
    let conditions = conditions(report, section);
    let actions = actions(report, section, known_actions);
    Ok(Workflow {
        id: 0,
        name: name?,
        description: description?.unwrap_or_default(),
        media: "1".to_owned(),
        trigger: TriggerSet { kind: "SYSTEM".to_owned(), name: trigger?, ..TriggerSet::default() },
        apply: apply?,
        conditions: conditions?,
        actions: actions?,
        teams: teams?,
    })
}

fn name(report: &mut Report, section: &Section, longest: usize) -> Result<String, Reported> {
    let name = section.needed(report, "name")?;
    let rule = |text: &str| rules::name(text).and_then(|()| rules::text(text, longest));
    people::checked(report, "name", name, &rule).map(|name| name.value.to_owned())
}

fn one_of<const N: usize>(
    report: &mut Report,
    key: &'static str,
    text: Placed<&str>,
    all: [&'static str; N],
) -> Result<String, Reported> {
    named(report, key, text, all, |name| name).map(str::to_owned)
}

fn at_most<T>(report: &mut Report, key: &str, values: &[Placed<T>], most: usize) {
    if let Some(value) = values.get(most) {
        report.add(value.place, format!("{key} can have {most}; leave some out"));
    }
}

/// Reads conditions, each a variable, a comparator and a value.
fn conditions(report: &mut Report, section: &Section) -> Result<Vec<Condition>, Reported> {
    const FORM: &str = "[\"callVariable1\", \"IS_EQUAL\", \"gold\"]";
    let Some(Placed { place, value }) = section.value(report, "conditions") else {
        return Ok(Vec::new());
    };
    let Some(array) = value.as_array() else {
        report.add(place, format!("conditions must be an array like [{FORM}], not {}", kind_of(value)));
        return Err(Reported);
    };
    let places: Vec<_> =
        array.iter().map(|one| Placed { place: report.place(one.span()), value: one.get_ref() }).collect();
    at_most(report, "conditions", &places, MOST_PARTS);
    all(places.into_iter().map(|one| {
        let parts = one.value.as_array().map(|parts| parts.iter().collect::<Vec<_>>());
        let Some([variable, comparator, value]) = parts.as_deref() else {
            report.add(one.place, format!("each of conditions must be like {FORM}"));
            return Err(Reported);
        };
        let variable = section::string(report, "a variable", variable)
            .and_then(|name| people::checked(report, "variable", name, &rules::name));
        let comparator = section::string(report, "a comparator", comparator)
            .and_then(|text| one_of(report, "comparator", text, COMPARATORS));
        let value = section::string(report, "a value", value).and_then(|text| {
            people::checked(report, "value", text, &|text| rules::text(text, LONGEST_VALUE))
        });
        let variable = Variable::of_system(variable?.value);
        Ok(Condition { variable, comparator: comparator?, value: value?.value.to_owned() })
    }))
}

/// Reads the ids of actions.
fn actions(report: &mut Report, section: &Section, known: Option<&[u32]>) -> Result<Vec<u32>, Reported> {
    let Some(Placed { place, value }) = section.value(report, "actions") else {
        return Ok(Vec::new());
    };
    let Some(array) = value.as_array() else {
        report.add(place, format!("actions must be an array like [1, 2], not {}", kind_of(value)));
        return Err(Reported);
    };
    let places: Vec<_> =
        array.iter().map(|one| Placed { place: report.place(one.span()), value: one.get_ref() }).collect();
    at_most(report, "actions", &places, MOST_PARTS);
    all(places.into_iter().map(|one| {
        let id = match one.value {
            DeValue::Integer(integer) => u32::try_from(number(integer)).ok(),
            _ => None,
        };
        match id {
            Some(id) if known.is_none_or(|known| known.contains(&id)) => Ok(id),
            _ => {
                report.add(one.place, "each of actions must be the id of a [[workflow_action]]");
                Err(Reported)
            }
        }
    }))
}
