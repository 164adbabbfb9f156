//! Actions on the call to a customer: it is reclassified, and a callback is scheduled.

use std::time::{Duration, SystemTime};

use crate::desk::contact_centre::Desk;
use crate::desk::dialog::call::Action;
use crate::desk::dialog::request::DialogRequest;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::event::Step;
use crate::desk::outbound::contacts::CallbackTime;
use crate::desk::outbound::data::respond;
use crate::id::{DialogId, UserId};

/// The classifications of a call, each with the BAResponse that it makes.
pub(in crate::desk) const CLASSIFICATIONS: [(&str, &str); 6] = [
    ("VOICE", "Voice"),
    ("FAX", "Fax"),
    ("ANS_MACHINE", "Answering Machine"),
    ("INVALID", "Invalid"),
    ("BUSY", "Busy"),
    ("DO_NOT_CALL", "Do Not Call"),
];

/// The longest number for a callback, in bytes.
const NUMBER_MAX: usize = 64;

/// The parameters of an action on the call to a customer, which are good.
#[derive(Debug)]
pub(in crate::desk) enum Asked {
    Classification(&'static str, &'static str),
    Callback(Option<CallbackTime>, Option<String>),
    NoCallback,
}

impl Asked {
    /// Reads the parameters of `RECLASSIFY`, `UPDATE_SCHEDULED_CALLBACK` and `CANCEL_SCHEDULED_CALLBACK`; of another action there
    /// are none.
    ///
    /// # Errors
    ///
    /// Returns Parameter Missing or Invalid Input.
    pub fn read(action: Action, asked: &DialogRequest) -> Result<Option<Self>, ApiError> {
        Ok(Some(match action {
            Action::Reclassify => {
                let name = "outboundClassification";
                let value = asked.classification.as_deref();
                let value = value.ok_or_else(|| ApiRefusal::ParameterMissing.about(name))?;
                let known = CLASSIFICATIONS.into_iter().find(|(known, _)| *known == value);
                let (value, response) = known.ok_or_else(|| ApiRefusal::ParameterInvalid.about(name))?;
                Self::Classification(value, response)
            }
            Action::UpdateScheduledCallback => {
                let time = asked.callback_time.as_deref().map(callback_time).transpose()?;
                let number = asked.callback_number.as_deref().map(callback_number).transpose()?;
                if time.is_none() && number.is_none() {
                    return Err(ApiRefusal::ParameterMissing.about("callbackTime"));
                }
                Self::Callback(time, number)
            }
            Action::CancelScheduledCallback => Self::NoCallback,
            _ => return Ok(None),
        }))
    }
}

impl Desk {
    /// Does what was asked for the call to a customer.
    pub(in crate::desk) fn act_on_contact(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        id: DialogId,
        asked: Asked,
    ) {
        let agent = self.directory.get(user).id.clone();
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        let Some(call) = &mut dialog.outbound else { return };
        let response = match asked {
            Asked::Classification(classification, response) => {
                call.classification = classification;
                response
            }
            Asked::Callback(time, number) => {
                call.callback_time = time.or(call.callback_time.take());
                call.callback_number = number.or(call.callback_number.take());
                call.callback_agent = Some(agent);
                "Callback"
            }
            Asked::NoCallback => {
                (call.callback_time, call.callback_number, call.callback_agent) = (None, None, None);
                "Callback Cancel"
            }
        };
        respond(dialog, response);
        self.dialog_changed(step, id, &[]);
    }
}

fn callback_number(text: &str) -> Result<String, ApiError> {
    let is_good = text.len() <= NUMBER_MAX && crate::config::campaigns::is_number(text);
    if is_good { Ok(text.to_owned()) } else { Err(ApiRefusal::ParameterInvalid.about("callbackNumber")) }
}

/// Reads `2026-11-30T12:50`, with seconds or without: the time of the customer, which is UTC here (BATimeZone is 0).
fn callback_time(text: &str) -> Result<CallbackTime, ApiError> {
    let invalid = || ApiRefusal::ParameterInvalid.about("callbackTime");
    let due = parsed(text).ok_or_else(invalid)?;
    Ok(CallbackTime { text: text.to_owned(), due })
}

fn parsed(text: &str) -> Option<SystemTime> {
    let (date, clock) = text.split_once('T')?;
    let mut date = date.split('-');
    let (year, month, day) = (digits(date.next()?, 4)?, digits(date.next()?, 2)?, digits(date.next()?, 2)?);
    let mut clock = clock.split(':');
    let (hour, minute) = (digits(clock.next()?, 2)?, digits(clock.next()?, 2)?);
    let second = clock.next().map_or(Some(0), |second| digits(second, 2))?;
    if date.next().is_some() || clock.next().is_some() {
        return None;
    }
    let month = time::Month::try_from(month as u8).ok()?;
    let date = time::Date::from_calendar_date(i32::from(year), month, day as u8).ok()?;
    let time = date.with_hms(hour as u8, minute as u8, second as u8).ok()?;
    let since = time.assume_utc().unix_timestamp();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(since).ok()?))
}

/// Reads a number of `count` digits.
fn digits(text: &str, count: usize) -> Option<u16> {
    let is_good = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_good { text.parse().ok() } else { None }
}
