//! Steps that ask for what a user asks for by Finesse's API on calls and media, and what somebody outside hands in.

use crate::config::campaigns::{CallResult, is_name, is_number};
use crate::config::problem::Report;
use crate::config::section::{Reported, Section, named};
use crate::desk::{CallData, Command, DialogRequest, MediumRequest, NewContact, NewTask};
use crate::scenario::acts::MAKES_CALLS;
use crate::scenario::file::Do;
use crate::scenario::parts::{name_at, number, variables};
use crate::scenario::values::wrong;

/// Reads an action of a user on a call.
pub fn dialog(report: &mut Report, section: &Section<'_>) -> Result<Do, Reported> {
    let (user, action) = (name_at(report, section, "user"), section.needed(report, "action"));
    let (call, variables) = (number(report, section, "call"), variables(report, section));
    let (action, call) = (action?.value, call?);
    let mut text = |key| text(report, section, key);
    let to = text("to")?;
    let data = CallData { variables: variables?, wrap_up_reason: text("wrap_up")?, wrap_up_items: None };
    let asked = DialogRequest {
        action: Some(action.to_owned()),
        target: text("participant")?,
        digits: text("digits")?,
        classification: text("classification")?,
        callback_time: text("callback_time")?,
        callback_number: text("callback_number")?,
        data: Some(data).filter(|data| *data != CallData::default()),
        to,
        ..DialogRequest::default()
    };
    if MAKES_CALLS.contains(&action) && (asked.to.is_none() || call.is_some()) {
        let sentence = format!("action = \"{action}\" makes a call; add to = \"9001\", and leave call out");
        return wrong(report, section.place, sentence);
    }
    Ok(Do::Dialog { user: user?, call, asked: Box::new(asked) })
}

/// Reads a change of a user in a medium. A sign-in says what Finesse wants to know, too.
pub fn medium(report: &mut Report, section: &Section<'_>) -> Result<Do, Reported> {
    let (user, medium) = (name_at(report, section, "user"), section.needed(report, "medium"));
    let (state, reason) = (section.needed(report, "state"), number(report, section, "reason"));
    let limit = number(report, section, "limit")?;
    let state = state?.value;
    let at_sign_in = |value: &str| (state == "LOGIN").then(|| value.to_owned());
    let asked = MediumRequest {
        id: Some(medium?.value.to_owned()),
        state: Some(state.to_owned()),
        max_dialogs: limit.map(|limit| limit.to_string()).or_else(|| at_sign_in("1")),
        interrupt_action: at_sign_in(INTERRUPT),
        logout_action: at_sign_in(AT_LOGOUT),
        reason_code_id: reason?.map(|reason| reason.to_string()),
        routable: None,
    };
    Ok(Do::Medium { user: user?, asked: Box::new(asked) })
}

/// What a sign-in at a medium says of an interruption.
pub const INTERRUPT: &str = "ACCEPT";

/// What a sign-in at a medium says of the tasks of an agent who signs out.
pub const AT_LOGOUT: &str = "CLOSE";

/// Reads a task.
pub fn task(report: &mut Report, section: &Section<'_>) -> Result<Do, Reported> {
    let (medium, variables) = (section.needed(report, "media"), variables(report, section));
    let data = CallData { variables: variables?, ..CallData::default() };
    Ok(Do::Outside(Box::new(Command::PlaceTask(NewTask { medium: medium?.value.to_owned(), data }))))
}

/// Reads a contact of a campaign.
pub fn contact(report: &mut Report, section: &Section<'_>) -> Result<Do, Reported> {
    let (campaign, number) = (section.needed(report, "campaign"), section.needed(report, "phone_number"));
    let result = match section.string(report, "result")? {
        Some(result) => Some(named(report, "result", result, CallResult::ALL, CallResult::name)?),
        None => None,
    };
    let mut contact = NewContact { agent: text(report, section, "agent")?, ..NewContact::default() };
    contact.campaign = campaign?.value.to_owned();
    let customer = &mut contact.customer;
    customer.phone_number = number?.value.to_owned();
    customer.first_name = text(report, section, "first_name")?.unwrap_or_default();
    customer.last_name = text(report, section, "last_name")?.unwrap_or_default();
    customer.account_number = text(report, section, "account_number")?.unwrap_or_default();
    customer.result = result;
    customer.variables = variables(report, section)?;
    let names = [&customer.first_name, &customer.last_name, &customer.account_number];
    let is_good = |name: &&String| name.is_empty() || is_name(name);
    if !is_number(&customer.phone_number) || !names.iter().all(is_good) {
        let sentence =
            "phone_number has digits, +, * and #; first_name, last_name and account_number are texts";
        return wrong(report, section.place, sentence);
    }
    Ok(Do::Outside(Box::new(Command::AddContact(contact))))
}

fn text(report: &mut Report, section: &Section<'_>, key: &'static str) -> Result<Option<String>, Reported> {
    Ok(section.string(report, key)?.map(|text| text.value.to_owned()).filter(|text| !text.is_empty()))
}
