//! The bodies of requests about calls.

use roxmltree::Node;

use crate::config::call_variable::{LONGEST_ALL_OWN, LONGEST_NUMBERED, LONGEST_OWN, is_numbered, is_own};
use crate::desk::dialog::call::Dialog;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::request::{children, list, only_child, read, text, texts};
use crate::xml::Bounds;

/// The most call variables of a call; Finesse has ten and those of Enterprise's own.
const VARIABLES_MAX: usize = 40;
/// The longest wrap-up reason, in bytes.
const REASON_MAX: usize = 200;
/// The most wrap-up reasons in `<wrapUpItems>`.
const ITEMS_MAX: usize = 10;

/// The requests `POST /User/{id}/Dialogs` and `PUT /Dialog/{id}` (the guide, "Dialog"): the texts of the elements, without white
/// space around them. An empty element is as good as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialogRequest {
    pub action: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    /// The participant whom the request is about.
    pub target: Option<String>,
    pub associated: Option<String>,
    pub data: Option<CallData>,
    /// The digits that `SEND_DTMF` is to send.
    pub digits: Option<String>,
    /// The parameters of `RECLASSIFY` and `UPDATE_SCHEDULED_CALLBACK`.
    pub classification: Option<String>,
    pub callback_time: Option<String>,
    pub callback_number: Option<String>,
    /// The script selector to which a task is transferred.
    pub script_selector: Option<String>,
}

/// The data of a call beside its participants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallData {
    pub variables: Vec<(String, String)>,
    pub wrap_up_reason: Option<String>,
    pub wrap_up_items: Option<Vec<String>>,
}

/// A call from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The caller's number.
    pub from: String,
    /// An extension, or the number or the id of a queue.
    pub to: String,
    pub data: CallData,
}

impl DialogRequest {
    /// Reads `<Dialog>…</Dialog>`, in any order; elements that mean nothing here are passed over.
    ///
    /// # Errors
    ///
    /// Returns Bad Request for what is not XML within `bounds`, has another root, or an element twice; Invalid Input for
    /// call variables that do not exist, stand twice or are too long.
    pub fn read(body: &str, bounds: &Bounds) -> Result<Self, ApiError> {
        read(body, bounds, "Dialog", |dialog| {
            let [action, from, to, target, associated, script_selector] = texts(
                dialog,
                [
                    "requestedAction",
                    "fromAddress",
                    "toAddress",
                    "targetMediaAddress",
                    "associatedDialogUri",
                    "target",
                ],
            )?;
            let data = only_child(dialog, "mediaProperties")?.map(data).transpose()?;
            let names = ["dtmfString", "outboundClassification", "callbackTime", "callbackNumber"];
            let parameters = only_child(dialog, "actionParams")?.map(|node| parameters(node, names));
            let [digits, classification, callback_time, callback_number] =
                parameters.transpose()?.unwrap_or_default();
            Ok(Self {
                action,
                from,
                to,
                target,
                associated,
                data,
                digits,
                classification,
                callback_time,
                callback_number,
                script_selector,
            })
        })
    }
}

fn data(properties: Node<'_, '_>) -> Result<CallData, ApiError> {
    let [wrap_up_reason] = texts(properties, ["wrapUpReason"])?;
    if wrap_up_reason.as_ref().is_some_and(|reason| reason.len() > REASON_MAX) {
        return Err(ApiRefusal::ParameterInvalid.about("wrapUpReason"));
    }
    let wrap_up_items = only_child(properties, "wrapUpItems")?.is_some();
    let wrap_up_items = wrap_up_items.then(|| list(properties, "wrapUpItems", "wrapUpItem")).transpose()?;
    let items = wrap_up_items.as_deref().unwrap_or_default();
    if items.len() > ITEMS_MAX || items.iter().any(|item| item.len() > REASON_MAX) {
        return Err(ApiRefusal::ParameterInvalid.about("wrapUpItems"));
    }
    let mut data = CallData { variables: Vec::new(), wrap_up_reason, wrap_up_items };
    // The guide writes the one, captures have the other.
    for name in ["callvariables", "callVariables"] {
        let Some(list) = only_child(properties, name)? else { continue };
        for variable in children(list, "CallVariable") {
            let [name] = texts(variable, ["name"])?;
            let name = name.ok_or_else(|| ApiRefusal::ParameterMissing.about("name"))?;
            let value = only_child(variable, "value")?.map(text).transpose()?.flatten();
            if data.variables.iter().any(|(known, _)| *known == name) {
                return Err(ApiRefusal::ParameterInvalid.about(name));
            }
            data.set(name, value.unwrap_or_default())?;
        }
    }
    Ok(data)
}

impl CallData {
    /// Sets a variable.
    ///
    /// # Errors
    ///
    /// Returns Invalid Input for a name that no variable can have, a value that is too long, or one variable too many.
    pub fn set(&mut self, name: String, value: String) -> Result<(), ApiError> {
        let is_numbered = is_numbered(&name);
        let longest = if is_numbered { LONGEST_NUMBERED } else { LONGEST_OWN };
        if !(is_numbered || is_own(&name)) || value.len() > longest {
            return Err(ApiRefusal::ParameterInvalid.about(name));
        }
        merge(&mut self.variables, name, value)
    }

    /// Returns the variables of a call or a task with these set among them.
    ///
    /// # Errors
    ///
    /// Returns Invalid Input for one variable too many.
    pub fn merged(&self, variables: &[(String, String)]) -> Result<Vec<(String, String)>, ApiError> {
        let mut merged = variables.to_vec();
        for (name, value) in &self.variables {
            merge(&mut merged, name.clone(), value.clone())?;
        }
        Ok(merged)
    }

    /// Brings what a call has up to date.
    ///
    /// # Errors
    ///
    /// Returns Invalid Input for one variable too many; then nothing has changed.
    pub fn apply(&self, dialog: &mut Dialog) -> Result<(), ApiError> {
        dialog.variables = self.merged(&dialog.variables)?;
        if let Some(reason) = &self.wrap_up_reason {
            reason.clone_into(&mut dialog.wrap_up_reason);
        }
        if let Some(items) = &self.wrap_up_items {
            dialog.wrap_up_items.clone_from(items);
        }
        Ok(())
    }
}

/// Sets one variable among others.
fn merge(variables: &mut Vec<(String, String)>, name: String, value: String) -> Result<(), ApiError> {
    let others = variables.iter().filter(|(known, _)| *known != name && !is_numbered(known));
    let sum: usize = others.map(|(name, value)| name.len() + value.len()).sum();
    if !is_numbered(&name) && sum + name.len() + value.len() > LONGEST_ALL_OWN {
        return Err(ApiRefusal::ParameterInvalid.about(name));
    }
    if let Some((_, known)) = variables.iter_mut().find(|(known, _)| *known == name) {
        *known = value;
    } else if variables.len() < VARIABLES_MAX {
        variables.push((name, value));
    } else {
        return Err(ApiRefusal::ParameterInvalid.about(name));
    }
    Ok(())
}

/// The values of `<ActionParam><name>dtmfString</name><value>…</value></ActionParam>`, by their names; the first of a name counts.
fn parameters<const N: usize>(
    parameters: Node<'_, '_>,
    names: [&str; N],
) -> Result<[Option<String>; N], ApiError> {
    let mut values = [const { None }; N];
    for parameter in children(parameters, "ActionParam") {
        let [name, value] = texts(parameter, ["name", "value"])?;
        let place = names.iter().position(|known| name.as_deref() == Some(known));
        if let Some(known) = place.and_then(|place| values.get_mut(place)).filter(|known| known.is_none()) {
            *known = value;
        }
    }
    Ok(values)
}
