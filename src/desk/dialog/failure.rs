//! Why an operation on a call fails after it was accepted (the guide, "Dialog notification").

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
    /// The telephone that is called is in use.
    Busy,
    /// Nobody is signed in at the telephone that is called, or there are too many calls.
    OutOfService,
    /// The number belongs to no telephone.
    Destination,
    /// The conference has as many participants as it can.
    ConferenceFull,
    /// The digits to be sent have a letter among them: Express.
    Digits,
    /// An agent who has no call is listened to: Express, and Enterprise for one who is not ready or holds.
    ListenExpress,
    ListenEnterprise,
}

impl Failure<'_> {
    /// errorData, errorMessage, errorType. INVALID_ACTION is as captured, 34 is in the guide; 22 and 33 are numbers that
    /// the guide has for states; 6 and 42 go by the numbers of CSTA, which these are; 88049 and 13145 are in the guide
    /// (12.5, page 99) without a text.
    fn row(self) -> (String, String, &'static str) {
        let (data, message) = match self {
            Self::Action { name, extension } => {
                let message = format!("INVALID_ACTION {name} on extension {extension}");
                return (extension.to_owned(), message, "Generic Error");
            }
            // Guide 12.5, page 93.
            Self::Digits => return ("3".to_owned(), "CF_VALUE_OUT_OF_RANGE".to_owned(), "Generic Error"),
            Self::State => ("22", "CF_INVALID_OBJECT_STATE"),
            Self::Busy => ("33", "CF_RESOURCE_BUSY"),
            Self::OutOfService => ("34", "CF_RESOURCE_OUT_OF_SERVICE"),
            Self::Destination => ("6", "CF_INVALID_CALLED_DEVICE"),
            Self::ConferenceFull => ("42", "CF_CONFERENCE_MEMBER_LIMIT_EXCEEDED"),
            Self::ListenExpress => ("88049", "CF_INVALID_OBJECT_STATE"),
            Self::ListenEnterprise => ("13145", "CF_INVALID_OBJECT_STATE"),
        };
        (data.to_owned(), message.to_owned(), "Call Operation Failure")
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
