//! The documents of workflows and their actions (the guide, "Workflow", "WorkflowAction" and "SystemVariable").

use crate::config::workflows::{Condition, TriggerSet, Variable, Workflow, WorkflowAction};
use crate::desk::access::{Scope, Whose};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::write::{document, element, inside, list};
use crate::id::UserId;

/// The variables that workflows know by name, and where a dialog or a user has them. Those of calls follow.
#[rustfmt::skip]
const VARIABLES: [(&str, &str); 14] = [
    ("DNIS", "//Dialog/mediaProperties/DNIS"),
    ("fromAddress", "//Dialog/fromAddress"),
    ("callType", "//Dialog/mediaProperties/callType"),
    ("dialogId", "//Dialog/id"),
    ("queueName", "//Dialog/mediaProperties/queueName"),
    ("queueNumber", "//Dialog/mediaProperties/queueNumber"),
    ("wrapUpReason", "//Dialog/mediaProperties/wrapUpReason"),
    ("extension", "//User/extension"),
    ("loginId", "//User/loginId"),
    ("loginName", "//User/loginName"),
    ("firstName", "//User/firstName"),
    ("lastName", "//User/lastName"),
    ("teamId", "//User/teamId"),
    ("teamName", "//User/teamName"),
];

/// The variables of an outbound call.
const OUTBOUND: [&str; 7] = [
    "BACampaign",
    "BAAccountNumber",
    "BAResponse",
    "BAStatus",
    "BADialedListID",
    "BATimeZone",
    "BABuddyName",
];

/// The state of the user's participant at each event of the system.
const STATES: [(&str, &str); 5] = [
    ("CALL_ARRIVES", "ALERTING"),
    ("CALL_ANSWERED", "ACTIVE"),
    ("CALL_ENDS", "WRAP_UP,DROPPED"),
    ("MAKING_CALL", "INITIATING,INITIATED"),
    ("PREVIEWING_CALL", "ACTIVE"),
];

/// Where the state of the user's participant stands.
const OWN_STATE: &str = "//Dialog/participants/Participant/mediaAddress[.=${userExtension}]/../state";

/// The variables that Finesse knows by name.
fn system_variables() -> impl Iterator<Item = (String, String)> {
    let of_call = |name: String| {
        let node = format!("//Dialog/mediaProperties/callvariables/CallVariable/name[.=\"{name}\"]/../value");
        (name, node)
    };
    let numbered = (1..=10).map(|number| format!("callVariable{number}"));
    let of_calls = numbered.chain(OUTBOUND.map(str::to_owned)).map(of_call);
    of_calls.chain(VARIABLES.map(|(name, node)| (name.to_owned(), node.to_owned())))
}

impl Desk {
    /// `GET …/Workflows`: those of a user or team with all of their actions, all of them with the names.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::scope`] does.
    pub fn workflows_document(&self, actor: UserId, whose: Whose<'_>) -> Result<String, ApiError> {
        let scope = self.scope(actor, whose)?;
        let with_actions = !matches!(whose, Whose::All);
        let workflows = self.configuration.objects.workflows.iter();
        let mut workflows: Vec<_> =
            workflows.filter(|workflow| scope.has(workflow.teams.as_deref())).collect();
        if let Scope::Team(Some(team)) = scope {
            workflows.sort_by_key(|workflow| self.configuration.workflow_place(team, workflow.id));
        }
        Ok(document(|out| {
            list(out, "Workflows", |out| {
                workflows.into_iter().for_each(|workflow| self.write_workflow(out, workflow, with_actions));
            });
        }))
    }

    /// `GET /Workflow/{id}`: for everybody who has it.
    ///
    /// # Errors
    ///
    /// Returns Not Found or Authorization Failure.
    pub fn workflow_document(&self, actor: UserId, id: &str) -> Result<String, ApiError> {
        let mut workflows = self.configuration.objects.workflows.iter();
        let workflow = workflows.find(|workflow| workflow.id.to_string() == id);
        let workflow = workflow.ok_or_else(|| ApiRefusal::NotFound.about(id))?;
        self.may_have(actor, workflow.teams.as_deref(), id)?;
        Ok(document(|out| self.write_workflow(out, workflow, false)))
    }

    /// `GET /WorkflowActions`.
    ///
    /// # Errors
    ///
    /// Returns Authorization Failure to everybody but administrators.
    pub fn workflow_actions_document(&self, actor: UserId) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        let actions = &self.configuration.objects.workflow_actions;
        Ok(document(|out| {
            list(out, "WorkflowActions", |out| actions.iter().for_each(|action| write_action(out, action)))
        }))
    }

    /// `GET /WorkflowAction/{id}`.
    ///
    /// # Errors
    ///
    /// Returns Not Found, or Authorization Failure to everybody but administrators.
    pub fn workflow_action_document(&self, actor: UserId, id: &str) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        let mut actions = self.configuration.objects.workflow_actions.iter();
        let action = actions.find(|action| action.id.to_string() == id);
        action
            .map(|action| document(|out| write_action(out, action)))
            .ok_or_else(|| ApiRefusal::NotFound.about(id))
    }

    /// `GET /SystemVariables`, or `/SystemVariable/{name}`.
    ///
    /// # Errors
    ///
    /// Returns Not Found, or Authorization Failure to everybody but administrators.
    pub fn system_variables_document(&self, actor: UserId, name: Option<&str>) -> Result<String, ApiError> {
        self.administrators_only(actor)?;
        let write = |out: &mut String, (name, node): (String, String)| {
            inside(out, "SystemVariable", |out| {
                element(out, "name", &name);
                element(out, "node", &node);
            });
        };
        let Some(name) = name else {
            return Ok(document(|out| {
                inside(out, "SystemVariables", |out| system_variables().for_each(|one| write(out, one)));
            }));
        };
        let found = system_variables().find(|(known, _)| known == name);
        found.map(|one| document(|out| write(out, one))).ok_or_else(|| ApiRefusal::NotFound.about(name))
    }

    fn write_workflow(&self, out: &mut String, workflow: &Workflow, with_actions: bool) {
        let actions = workflow.actions.iter().filter_map(|id| {
            self.configuration.objects.workflow_actions.iter().find(|action| action.id == *id)
        });
        inside(out, "Workflow", |out| {
            element(out, "uri", &format!("/finesse/api/Workflow/{}", workflow.id));
            element(out, "name", &workflow.name);
            element(out, "description", &workflow.description);
            element(out, "media", &workflow.media);
            write_trigger_set(out, &workflow.trigger);
            inside(out, "ConditionSet", |out| {
                element(out, "applyMethod", &workflow.apply);
                list(out, "conditions", |out| {
                    workflow
                        .conditions
                        .iter()
                        .for_each(|condition| write_condition(out, "Condition", condition));
                });
            });
            list(out, "workflowActions", |out| {
                for action in actions {
                    if with_actions { write_action(out, action) } else { write_summary(out, action) }
                }
            });
        });
    }
}

fn write_trigger_set(out: &mut String, set: &TriggerSet) {
    inside(out, "TriggerSet", |out| {
        element(out, "type", &set.kind);
        element(out, "name", &set.name);
        element(out, "allowOverlappingCallWorkflow", &set.allow_overlapping);
        list(out, "triggers", |out| {
            set.triggers.iter().for_each(|trigger| write_condition(out, "Trigger", trigger));
            let state = STATES.iter().find(|(name, _)| *name == set.name && set.kind == "SYSTEM");
            for (name, node, comparator, value) in state.into_iter().flat_map(|(_, state)| {
                [
                    ("mediaType", "//Dialog/mediaType", "IS_EQUAL", "Voice"),
                    ("state", OWN_STATE, "IS_IN_LIST", *state),
                ]
            }) {
                let [name, node, kind] = [name, node, "CUSTOM"].map(str::to_owned);
                let variable = Variable { name, node, kind, ..Variable::default() };
                let trigger =
                    Condition { variable, comparator: comparator.to_owned(), value: value.to_owned() };
                write_condition(out, "Trigger", &trigger);
            }
        });
    });
}

fn write_condition(out: &mut String, name: &str, condition: &Condition) {
    inside(out, name, |out| {
        write_variable(out, "Variable", &condition.variable);
        element(out, "comparator", &condition.comparator);
        element(out, "value", &condition.value);
    });
}

fn write_variable(out: &mut String, name: &str, variable: &Variable) {
    let known = system_variables().find(|(known, _)| *known == variable.name && variable.node.is_empty());
    inside(out, name, |out| {
        element(out, "name", &variable.name);
        element(out, "node", known.as_ref().map_or(&variable.node, |(_, node)| node));
        element(out, "type", &variable.kind);
        if !variable.test_value.is_empty() {
            element(out, "testValue", &variable.test_value);
        }
    });
}

fn write_head(out: &mut String, action: &WorkflowAction) {
    element(out, "uri", &format!("/finesse/api/WorkflowAction/{}", action.id));
    element(out, "name", &action.name);
    element(out, "type", &action.kind);
}

fn write_summary(out: &mut String, action: &WorkflowAction) {
    inside(out, "WorkflowAction", |out| write_head(out, action));
}

fn write_action(out: &mut String, action: &WorkflowAction) {
    inside(out, "WorkflowAction", |out| {
        write_head(out, action);
        element(out, "handledBy", &action.handled_by);
        list(out, "params", |out| {
            for (name, value) in &action.params {
                inside(out, "Param", |out| {
                    element(out, "name", name);
                    element(out, "value", value);
                });
            }
        });
        list(out, "actionVariables", |out| {
            action.variables.iter().for_each(|variable| write_variable(out, "ActionVariable", variable));
        });
    });
}
