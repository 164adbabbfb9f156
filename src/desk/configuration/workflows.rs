//! Workflows and their actions that are created, changed and deleted (the guide, "Workflow" and "WorkflowAction").

use crate::config::workflows::{
    APPLY_METHODS, Condition, LONGEST_VALUE, MOST_PARTS, TriggerSet, Variable, Workflow, WorkflowAction,
};
use crate::desk::configuration::change::{check_name, place, set, store};
use crate::desk::configuration::element::Element;
use crate::desk::configuration::objects::Object;
use crate::desk::configuration::request::{Action, Change};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};

/// The longest texts of a variable, in characters (the guide, "WorkflowAction API parameters").
const LONGEST_NAME: usize = 32;
const LONGEST_NODE: usize = 500;
const LONGEST_TEST_VALUE: usize = 128;
/// The most parameters of an action, and the most triggers of a workflow.
const MOST_PARAMS: usize = 20;

impl Desk {
    /// A workflow is for no team until one gets it.
    pub(super) fn change_workflow(&mut self, change: &Change) -> Result<Option<u32>, ApiError> {
        let object = Object::Workflow;
        let objects = &self.configuration.objects;
        let workflows = &objects.workflows;
        let place = place(change, 0, workflows, |workflow| workflow.id)?;
        if let (Some(place), Action::Delete) = (place, change.action) {
            self.configuration.objects.workflows.remove(place);
            return Ok(None);
        }
        let new = || Workflow {
            media: "1".to_owned(),
            apply: APPLY_METHODS[0].to_owned(),
            teams: Some(Vec::new()),
            ..Workflow::default()
        };
        let mut workflow = place.and_then(|place| workflows.get(place)).cloned().unwrap_or_else(new);
        let body = &change.body;
        set(body, "name", &mut workflow.name);
        set(body, "description", &mut workflow.description);
        set(body, "media", &mut workflow.media);
        if let Some(trigger) = body.child("TriggerSet") {
            workflow.trigger = trigger_set(trigger)?;
        }
        if let Some(set) = body.child("ConditionSet") {
            workflow.apply = one_of(set, "applyMethod", &APPLY_METHODS, APPLY_METHODS[0])?;
            workflow.conditions = conditions(set, "conditions", "Condition", MOST_PARTS)?;
        }
        if body.child("workflowActions").is_some() {
            let asked = body.items("workflowActions", "WorkflowAction");
            workflow.actions = asked
                .map(|action| {
                    let uri = action.text("uri").unwrap_or_default();
                    let id = uri.rsplit('/').next().unwrap_or_default();
                    let found = objects.workflow_actions.iter().find(|action| action.id.to_string() == id);
                    found
                        .map(|action| action.id)
                        .ok_or_else(|| ApiRefusal::ParameterInvalid.about("workflowActions"))
                })
                .collect::<Result<_, ApiError>>()?;
            at_most(workflow.actions.len(), MOST_PARTS, "workflowActions")?;
        }
        check_name(object, workflows, place, |other| other.name == workflow.name)?;
        if place.is_none() {
            object.check_room(true, workflows.len())?;
            let taken: Vec<u32> = workflows.iter().map(|workflow| workflow.id).collect();
            workflow.id = self.configuration.next_id(object, &taken);
        }
        let id = workflow.id;
        store(&mut self.configuration.objects.workflows, place, workflow);
        Ok(place.is_none().then_some(id))
    }

    /// An action of a workflow stays.
    pub(super) fn change_workflow_action(&mut self, change: &Change) -> Result<Option<u32>, ApiError> {
        let object = Object::WorkflowAction;
        let objects = &self.configuration.objects;
        let actions = &objects.workflow_actions;
        let place = place(change, 0, actions, |action| action.id)?;
        let old = place.and_then(|place| actions.get(place));
        if let (Some(place), Some(old), Action::Delete) = (place, old, change.action) {
            if objects.workflows.iter().any(|workflow| workflow.actions.contains(&old.id)) {
                return Err(ApiRefusal::InUse.about(change.id(0)));
            }
            self.configuration.objects.workflow_actions.remove(place);
            return Ok(None);
        }
        let mut action: WorkflowAction = old.cloned().unwrap_or_default();
        let body = &change.body;
        set(body, "name", &mut action.name);
        set(body, "type", &mut action.kind);
        set(body, "handledBy", &mut action.handled_by);
        if body.child("params").is_some() {
            let params = body.items("params", "Param");
            action.params = params
                .map(|param| {
                    Ok((text(param, "name", 1, LONGEST_NAME)?, text(param, "value", 0, LONGEST_VALUE)?))
                })
                .collect::<Result<_, ApiError>>()?;
            at_most(action.params.len(), MOST_PARAMS, "params")?;
        }
        if !action.params.iter().any(|(name, value)| name == "path" && !value.is_empty()) {
            return Err(ApiRefusal::ParameterMissing.about("path"));
        }
        if body.child("actionVariables").is_some() {
            let variables = body.items("actionVariables", "ActionVariable");
            action.variables = variables.map(variable).collect::<Result<_, ApiError>>()?;
            at_most(action.variables.len(), MOST_PARTS, "actionVariables")?;
        }
        check_name(object, actions, place, |other| other.name == action.name)?;
        if place.is_none() {
            object.check_room(true, actions.len())?;
            let taken: Vec<u32> = actions.iter().map(|action| action.id).collect();
            action.id = self.configuration.next_id(object, &taken);
        }
        let id = action.id;
        store(&mut self.configuration.objects.workflow_actions, place, action);
        Ok(place.is_none().then_some(id))
    }
}

/// Reads `<TriggerSet>`. The triggers of the events of the system are known, and are not kept.
fn trigger_set(set: &Element) -> Result<TriggerSet, ApiError> {
    let kind = one_of(set, "type", &["SYSTEM", "CUSTOM"], "SYSTEM")?;
    let triggers = conditions(set, "triggers", "Trigger", MOST_PARAMS)?;
    Ok(TriggerSet {
        name: text(set, "name", 1, crate::config::workflows::LONGEST_NAME)?,
        allow_overlapping: one_of(set, "allowOverlappingCallWorkflow", &["true", "false", ""], "")?,
        triggers: if kind == "SYSTEM" { Vec::new() } else { triggers },
        kind,
    })
}

fn conditions(parent: &Element, list: &str, item: &str, most: usize) -> Result<Vec<Condition>, ApiError> {
    let read = parent.items(list, item).map(|element| {
        Ok(Condition {
            variable: variable(element.child("Variable").unwrap_or(&Element::default()))?,
            comparator: text(element, "comparator", 1, LONGEST_NAME)?,
            value: text(element, "value", 0, LONGEST_VALUE)?,
        })
    });
    let read = read.collect::<Result<Vec<_>, ApiError>>()?;
    at_most(read.len(), most, list)?;
    Ok(read)
}

fn variable(element: &Element) -> Result<Variable, ApiError> {
    let kind = one_of(element, "type", &["SYSTEM", "CUSTOM"], "SYSTEM")?;
    // A variable of the system needs none.
    let least = usize::from(kind == "CUSTOM");
    let node = text(element, "node", least, LONGEST_NODE)?;
    Ok(Variable {
        name: text(element, "name", 1, LONGEST_NAME)?,
        node: if kind == "SYSTEM" { String::new() } else { node },
        test_value: text(element, "testValue", 0, LONGEST_TEST_VALUE)?,
        kind,
    })
}

fn text(element: &Element, name: &str, least: usize, most: usize) -> Result<String, ApiError> {
    let text = element.text(name).unwrap_or_default();
    match text.chars().count() {
        count if (least..=most).contains(&count) => Ok(text.to_owned()),
        0 => Err(ApiRefusal::ParameterMissing.about(name)),
        _ => Err(ApiRefusal::ParameterInvalid.about(name)),
    }
}

fn one_of(element: &Element, name: &str, all: &[&str], default: &str) -> Result<String, ApiError> {
    let text = element.text(name).unwrap_or(default);
    if all.contains(&text) { Ok(text.to_owned()) } else { Err(ApiRefusal::ParameterInvalid.about(name)) }
}

fn at_most(count: usize, most: usize, name: &str) -> Result<(), ApiError> {
    if count <= most { Ok(()) } else { Err(ApiRefusal::MaximumExceeded.about(name)) }
}
