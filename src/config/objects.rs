//! The objects of Finesse's configuration that agents see little of: workflows, layouts of the desktop, ECC variables, settings.

use crate::config::keys;
use crate::config::people;
use crate::config::people::Declared;
use crate::config::problem::{Placed, Report};
use crate::config::rules;
use crate::config::section::{Reported, Section, all};
use crate::config::settings::Settings;
use crate::config::shared_keys;
use crate::config::workflows;
use crate::config::workflows::{Workflow, WorkflowAction};

/// The most ECC variables, and the longest value of one in bytes (the guide, "ECCVariableConfig API parameters").
const MOST_VARIABLES: usize = 200;
const LONGEST_VARIABLE: u64 = 210;

/// The longest layout of the desktop, in bytes.
pub const LONGEST_LAYOUT: usize = 64 * 1024;
/// The outermost element of such a layout.
pub const LAYOUT_ROOT: &str = "finesseLayout";

/// Objects of a configuration, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    pub workflow_actions: Vec<WorkflowAction>,
    pub workflows: Vec<Workflow>,
    /// The layout of teams without one of their own.
    pub desktop_layout: Option<String>,
    /// The layouts of teams.
    pub team_layouts: Vec<(String, String)>,
    /// The names of ECC variables, and how many bytes each has room for.
    pub ecc_variables: Vec<(String, u64)>,
    pub settings: Settings,
}

/// Reads all of them.
pub(super) fn read(
    report: &mut Report,
    root: &Section,
    teams: Option<&Declared>,
) -> Result<Objects, Reported> {
    let workflows = workflows::read(report, root, teams);
    let layouts = layouts(report, root, teams);
    let ecc_variables = ecc_variables(report, root);
    let settings = Settings::read(report, root);
    let (workflow_actions, workflows) = workflows?;
    let (desktop_layout, team_layouts) = layouts?;
    let (ecc_variables, settings) = (ecc_variables?, settings?);
    Ok(Objects { workflow_actions, workflows, desktop_layout, team_layouts, ecc_variables, settings })
}

type Layouts = (Option<String>, Vec<(String, String)>);

fn layouts(report: &mut Report, root: &Section, known_teams: Option<&Declared>) -> Result<Layouts, Reported> {
    let sections = root.tables(report, "desktop_layout", "[[desktop_layout]]", keys::DESKTOP_LAYOUT)?;
    let read = all(sections.iter().map(|section| {
        let teams = shared_keys::teams(report, section, known_teams);
        let xml = section.needed(report, "xml").and_then(|xml| {
            let Err(why) = desktop_layout(xml.value) else { return Ok(xml) };
            report.add(xml.place, format!("xml {why}"));
            Err(Reported)
        });
        Ok((section.place, teams?, xml?.value.trim().to_owned()))
    }))?;
    let (mut default, mut of_teams): Layouts = (None, Vec::new());
    for (place, teams, xml) in read {
        match teams {
            None if default.is_some() => {
                report.add(place, "there is a layout of the desktop for all teams above; keep one of them");
            }
            None => default = Some(xml),
            Some(teams) => {
                for team in teams {
                    if of_teams.iter().any(|(other, _)| *other == team) {
                        report.add(
                            place,
                            format!("team {team:?} has a layout of the desktop above; keep one of them"),
                        );
                    }
                    of_teams.push((team, xml.clone()));
                }
            }
        }
    }
    Ok((default, of_teams))
}

/// The rule of a layout of the desktop: XML whose outermost element is `finesseLayout` (the guide, "LayoutConfig").
fn desktop_layout(text: &str) -> Result<(), String> {
    if text.len() > LONGEST_LAYOUT {
        return Err(format!("is longer than {LONGEST_LAYOUT} bytes"));
    }
    match roxmltree::Document::parse(text.trim()) {
        Ok(document) if document.root_element().tag_name().name() == LAYOUT_ROOT => Ok(()),
        Ok(_) => Err(format!("must have the root element {LAYOUT_ROOT}")),
        Err(why) => Err(format!("is not well-formed XML: {why}")),
    }
}

fn ecc_variables(report: &mut Report, root: &Section) -> Result<Vec<(String, u64)>, Reported> {
    let sections = root.tables(report, "ecc_variable", "[[ecc_variable]]", keys::ECC_VARIABLE)?;
    if let Some(section) = sections.get(MOST_VARIABLES) {
        report.add(section.place, format!("there can be {MOST_VARIABLES} ECC variables; leave some out"));
    }
    let names: Vec<_> = sections.iter().map(|section| section.needed(report, "name")).collect();
    people::unique(report, "name", "ECC variable", names.iter().map(|name| name.ok()));
    all(sections.iter().zip(names).map(|(section, name)| {
        let name = name.and_then(|name| people::checked(report, "name", name, &rules::name));
        let length = shared_keys::needed_integer(report, section, "length", LONGEST_VARIABLE);
        let (name, Placed { value: length, .. }) = (name?, length?);
        Ok((name.value.to_owned(), length))
    }))
}
