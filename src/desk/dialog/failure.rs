//! Why an operation on a call fails after it was accepted (the guide, "Dialog notification").

use std::borrow::Cow;

use crate::config::Profile;
use crate::desk::write::{element, inside};

/// A row of the table in [`Failure::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<'a> {
    /// The participant may not do that now.
    Action {
        name: &'a str,
        extension: &'a str,
    },
    /// The agent or the other call is in no state for it.
    State,
    /// An invalid state where the guide has another type for it: an agent of Enterprise who is ready or wraps up is listened
    /// to, and on Express somebody adds a party to the conference of another controller.
    AgentState,
    /// The telephone that is called is in use.
    Busy,
    /// Nobody is signed in at the telephone that is called, or there are too many calls.
    OutOfService,
    /// The number belongs to no telephone.
    Destination,
    /// The conference has as many participants as it can.
    ConferenceFull(Profile),
    /// Somebody adds a party to the conference of another controller: Enterprise.
    NotController,
    /// The digits to be sent have a letter among them: Express.
    Digits,
    /// An agent who has no call is listened to: Express, and Enterprise for one who is not ready or holds.
    ListenExpress,
    ListenEnterprise,
}

const CALL_FAILURE: &str = "Call Operation Failure";
const GENERIC: &str = "Generic Error";

impl Failure<'_> {
    /// errorData, errorMessage, errorType. INVALID_ACTION is as captured, 34 is in the guide ("Dialog CTI error notification", with
    /// the type of a full conference on Enterprise), 20999 and 22 for conferences, the other type of a full conference, 3, and the
    /// types for listening are in guide 12.5 (pages 86, 93, 99). 22 and 33 are numbers that the guide has for states; 6 and 42 go
    /// by the numbers of CSTA, which these are.
    fn row(self) -> (Cow<'static, str>, Cow<'static, str>, &'static str) {
        let (data, message, kind) = match self {
            Self::Action { name, extension } => {
                let message = format!("INVALID_ACTION {name} on extension {extension}");
                return (extension.to_owned().into(), message.into(), GENERIC);
            }
            Self::State => ("22", "CF_INVALID_OBJECT_STATE", CALL_FAILURE),
            Self::AgentState => ("22", "CF_INVALID_OBJECT_STATE", "Invalid State"),
            Self::Busy => ("33", "CF_RESOURCE_BUSY", CALL_FAILURE),
            Self::OutOfService => ("34", "CF_RESOURCE_OUT_OF_SERVICE", CALL_FAILURE),
            Self::Destination => ("6", "CF_INVALID_CALLED_DEVICE", CALL_FAILURE),
            Self::ConferenceFull(Profile::Uccx) => ("42", "CF_CONFERENCE_MEMBER_LIMIT_EXCEEDED", GENERIC),
            Self::ConferenceFull(Profile::Ucce) => {
                ("42", "CF_CONFERENCE_MEMBER_LIMIT_EXCEEDED", CALL_FAILURE)
            }
            Self::NotController => (
                "20999",
                "<ConferenceCallCommand>: Conference failed...causes include agent already has a consult call or \
                 conferencing a non-conference controller. ",
                GENERIC,
            ),
            Self::Digits => ("3", "CF_VALUE_OUT_OF_RANGE", GENERIC),
            Self::ListenExpress => ("88049", "CF_INVALID_OBJECT_STATE", "88049"),
            Self::ListenEnterprise => ("13145", "CF_INVALID_OBJECT_STATE", "13145"),
        };
        (data.into(), message.into(), kind)
    }

    /// Writes `<apiErrors>` in the order of the capture.
    pub fn write(self, out: &mut String) {
        let (data, message, kind) = self.row();
        inside(out, "apiErrors", |out| {
            inside(out, "apiError", |out| {
                element(out, "errorData", &data);
                element(out, "errorMessage", &message);
                element(out, "errorType", kind);
            });
        });
    }
}
