//! The documents of dialogs: names and order of the elements as captured, what 12.x adds by the alphabet.

use crate::config::call_variable::{NUMBERED, is_numbered};
use crate::config::campaigns::DialingMode;
use crate::config::{Profile, Release};
use crate::desk::contact_centre::Desk;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::nodes;
use crate::desk::write::{document, element, inside, list, timestamp};
use crate::id::{DialogId, UserId};

use crate::desk::dialog::call::{Dialog, Participant, Party};

impl Desk {
    /// `GET /Dialog/{id}`: for the agents who take part, their supervisors, and administrators.
    ///
    /// # Errors
    ///
    /// Returns Not Found, or Invalid Authorization User Specified to everybody else.
    pub fn dialog_document(&self, actor: UserId, id: &str) -> Result<String, ApiError> {
        if is_task(id) {
            return self.task_document(actor, id);
        }
        let dialog = self.find_dialog(id)?;
        if !dialog.followers().iter().any(|user| self.may_see(actor, *user).is_ok())
            && !self.directory.is_administrator(actor)
        {
            return Err(ApiRefusal::NotYourself.about(&self.directory.get(actor).id));
        }
        Ok(document(|out| self.write_dialog(out, "Dialog", dialog)))
    }

    /// `GET /User/{id}/Dialogs`.
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::user_document`] does.
    pub fn dialogs_document(&self, actor: UserId, user: UserId) -> Result<String, ApiError> {
        self.list_of_dialogs(actor, user, false)
    }

    /// `GET /User/{id}/Dialogs?includeNonVoice=true`: the calls, and behind them the tasks of all media (the guide, "User APIs for
    /// Nonvoice Tasks").
    ///
    /// # Errors
    ///
    /// Returns what [`Desk::user_document`] does.
    pub fn dialogs_of_all_media(&self, actor: UserId, user: UserId) -> Result<String, ApiError> {
        self.list_of_dialogs(actor, user, true)
    }

    fn list_of_dialogs(&self, actor: UserId, user: UserId, with_tasks: bool) -> Result<String, ApiError> {
        self.may_see(actor, user)?;
        Ok(document(|out| {
            list(out, "Dialogs", |out| {
                self.collection(user).into_iter().for_each(|dialog| self.write_dialog(out, "Dialog", dialog));
                if with_tasks {
                    self.write_tasks(out, user, None);
                }
            });
        }))
    }

    /// The dialog of that id.
    pub(super) fn find_dialog(&self, id: &str) -> Result<&Dialog, ApiError> {
        let found = id.parse().ok().and_then(|number: DialogId| self.dialogs.get(&number));
        // Each call has one name: a number can be written with a sign and zeros too.
        found.filter(|dialog| dialog.id.to_string() == id).ok_or_else(|| ApiRefusal::DialogUnknown.about(id))
    }

    pub(super) fn write_dialog(&self, out: &mut String, root: &str, dialog: &Dialog) {
        inside(out, root, |out| {
            element(out, "associatedDialogUri", &dialog.associated.map(nodes::dialog).unwrap_or_default());
            if let Some(number) = self.callback_number(dialog) {
                element(out, "callbackNumber", number);
            }
            element(out, "fromAddress", &dialog.from);
            element(out, "id", &dialog.id.to_string());
            inside(out, "mediaProperties", |out| self.write_media(out, dialog));
            element(out, "mediaType", "Voice");
            inside(out, "participants", |out| {
                for participant in &dialog.participants {
                    self.write_participant(out, dialog, participant);
                }
            });
            write_callback(out, dialog);
            if self.release >= Release::R12_5 {
                element(out, "secondaryId", &dialog.secondary.map(|id| id.to_string()).unwrap_or_default());
            }
            element(out, "state", dialog.phase().name());
            element(out, "toAddress", &dialog.to);
            element(out, "uri", &nodes::dialog(dialog.id));
        });
    }

    /// The customer's number without what a dialer puts before it (the guide, "Dialog API parameters": Enterprise, Direct Preview).
    fn callback_number<'d>(&self, dialog: &'d Dialog) -> Option<&'d str> {
        let call = dialog.outbound.as_ref()?;
        let shows = self.profile == Profile::Ucce
            && self.release >= Release::R12_6
            && call.mode == DialingMode::DirectPreview;
        shows.then_some(&call.contact.customer.phone_number)
    }

    fn write_media(&self, out: &mut String, dialog: &Dialog) {
        let queue = dialog.queue.and_then(|place| self.queues.get(place));
        element(out, "DNIS", &dialog.dnis);
        element(out, "callType", dialog.kind.name());
        element(out, "dialedNumber", &dialog.dialed);
        if self.release >= Release::R12_5 {
            element(out, "mediaId", "1");
        }
        element(
            out,
            "outboundClassification",
            dialog.outbound.as_ref().map_or("", |call| call.classification),
        );
        if self.release >= Release::R12_5 {
            element(out, "queueName", queue.map_or("", |queue| &queue.config.name));
            element(out, "queueNumber", queue.map_or("", |queue| &queue.config.id));
            if self.profile == Profile::Uccx {
                inside(out, "wrapUpItems", |out| {
                    dialog.wrap_up_items.iter().for_each(|item| element(out, "wrapUpItem", item));
                });
            }
        }
        // A wrap-up reason is left out until it is set, and callVariable1 to 10 never are.
        if !dialog.wrap_up_reason.is_empty() {
            element(out, "wrapUpReason", &dialog.wrap_up_reason);
        }
        write_variables(out, &dialog.variables);
    }

    fn write_participant(&self, out: &mut String, dialog: &Dialog, participant: &Participant) {
        let kind = match participant.party {
            Party::Agent(_) | Party::Listened(_) => "AGENT_DEVICE",
            Party::Outside => "",
        };
        inside(out, "Participant", |out| {
            inside(out, "actions", |out| {
                for action in self.offered(dialog, participant) {
                    element(out, "action", action.name());
                }
            });
            element(out, "mediaAddress", &participant.address);
            element(out, "mediaAddressType", kind);
            element(out, "startTime", &timestamp(participant.started));
            element(out, "state", participant.phase.name());
            element(out, "stateCause", participant.cause.name());
            element(out, "stateChangeTime", &timestamp(participant.since));
        });
    }
}

/// Writes the callback that is scheduled (the guide, `Dialog.getCallbackInfo`).
fn write_callback(out: &mut String, dialog: &Dialog) {
    let Some(call) = &dialog.outbound else { return };
    let time = call.callback_time.as_ref().map(|time| time.text.as_str());
    if time.is_none() && call.callback_number.is_none() {
        return;
    }
    inside(out, "scheduledCallbackInfo", |out| {
        if let Some(number) = &call.callback_number {
            element(out, "callbackNumber", number);
        }
        if let Some(time) = time {
            element(out, "callbackTime", time);
        }
    });
}

/// Writes the variables of a call or a task: callVariable1 to 10 always, and the others that are set.
pub(in crate::desk) fn write_variables(out: &mut String, variables: &[(String, String)]) {
    inside(out, "callvariables", |out| {
        for name in NUMBERED {
            let set = variables.iter().find(|(set, _)| set == name);
            write_variable(out, name, set.map_or("", |(_, value)| value));
        }
        let others = variables.iter().filter(|(name, _)| !is_numbered(name));
        others.for_each(|(name, value)| write_variable(out, name, value));
    });
}

fn write_variable(out: &mut String, name: &str, value: &str) {
    inside(out, "CallVariable", |out| {
        element(out, "name", name);
        element(out, "value", value);
    });
}

/// Whether an id is one of a task: those of calls have no underscores (the guide, "Dialog APIs for Nonvoice Tasks").
pub(in crate::desk) fn is_task(id: &str) -> bool {
    id.contains('_')
}
