//! The two kinds of errors: what a request gets at once, and what comes as an event after it was accepted.

use crate::desk::write::{document, element, inside};

/// Why a request is refused at once: a row of the table in [`ApiRefusal::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiRefusal {
    Malformed,
    StateMissing,
    StateUnknown,
    StateNotAllowed,
    ModeMissing,
    DialNumberMissing,
    ModeUnknown,
    ExtensionMissing,
    ReasonMissing,
    ReasonNotAllowed,
    ReasonUnknown,
    CategoryUnknown,
    AlreadyLoggedOut,
    NotAllowed,
    NotYourself,
    NotYourMember,
    OriginNotAllowed,
    OriginHidden,
    OriginUnsaid,
    UserUnknown,
    TeamUnknown,
    NotFound,
    RangeInvalid,
    ParameterMissing,
    ParameterInvalid,
    DestinationInvalid,
    DialogUnknown,
    QueueUnknown,
    NoTelephone,
    OnACall,
    NotListening,
    Held,
    NotController,
    ConferenceFull,
    NoAdministrator,
    SecondaryNode,
    InMaintenance,
    TooManyMessages,
    FieldMissing,
    FieldInvalid,
    Duplicate,
    InUse,
    MaximumExceeded,
    DefaultStays,
    TeamNotAssignable,
    MethodNotAllowed,
    Changed,
    NotXml,
    NotCsv,
    NotUtf8,
    BodyTooLarge,
    PathUnknown,
    NotImplemented,
    Busy,
    OutOfService,
    NumberUnknown,
    CallerInside,
    NobodyThere,
    NumberBusy,
    TooManyCalls,
    CallOutOfService,
    CallUnknown,
    MediumUnknown,
    TooManyTasks,
    TaskUnknown,
    TaskActionUnknown,
    CampaignUnknown,
    ContactAgentUnknown,
    TooManyContacts,
    ContactUnknown,
}

impl ApiRefusal {
    /// HTTP status, ErrorType, ErrorMessage (the guide, "API errors"; the texts as in captures and samples where there is one).
    #[rustfmt::skip]
    fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Malformed => (400, "Bad Request", "The request is malformed or incomplete"),
            Self::StateMissing => (400, "Parameter Missing", "State Parameter missing"),
            Self::StateUnknown => (400, "Invalid Input", "Invalid State specified for user"),
            Self::StateNotAllowed => (400, "Invalid State", "Invalid State specified for user"),
            Self::ModeMissing => (400, "Parameter Missing", "Mode Parameter missing"),
            Self::DialNumberMissing => (400, "Parameter Missing", "DialNumber Parameter missing"),
            Self::ModeUnknown => (400, "Invalid Input", "Invalid Mode specified for user"),
            Self::ExtensionMissing => (400, "Parameter Missing", "Extension Parameter missing"),
            Self::ReasonMissing => (400, "Parameter Missing", "The state change requires a valid reason code."),
            Self::ReasonNotAllowed =>
                (400, "Invalid Input", "For this operation, Reason Codes are not allowed."),
            Self::ReasonUnknown => (400, "Invalid Input", "Invalid reasonCodeId specified for user"),
            Self::ParameterMissing => (400, "Parameter Missing", "A required parameter is missing"),
            Self::ParameterInvalid => (400, "Invalid Input", "A parameter is not valid"),
            Self::DestinationInvalid => (400, "Invalid Destination", "The destination is not valid"),
            Self::DialogUnknown => (404, "Not Found", "Invalid dialogId specified for dialog"),
            Self::QueueUnknown => (404, "Not Found", "Invalid queueId specified for queue"),
            // The spelling is Finesse's.
            Self::NoTelephone => (401, "Invalid Authorization User Specified", "is not an authorizied supervisor."),
            Self::OnACall => (400, "Invalid State", "The supervisor has a call"),
            Self::NotListening => (400, "Invalid State", "The supervisor does not listen to the agent by this dialog"),
            Self::Held => (401, "Invalid State", "The participant holds the call"),
            Self::NotController => (400, "20999", "The agent is not the controller of the conference, or has another call"),
            Self::ConferenceFull => (400, "20700", "The conference has as many parties as it can"),
            Self::NoAdministrator => (403, "Forbidden", "This is for users with the role Administrator"),
            Self::SecondaryNode =>
                (403, "Forbidden", "Configuration APIs cannot be run against the secondary Finesse server"),
            Self::InMaintenance => (400, "Bad Request", "Maintenance mode is in progress already"),
            Self::TooManyMessages =>
                (400, "System Resource Limit Exceeded", "MAX_ACTIVE_MESSAGE_LIMIT_EXCEEDED"),
            Self::FieldMissing => (400, "Bad Request", "A required parameter is missing"),
            Self::FieldInvalid => (400, "Bad Request", "A parameter is not valid"),
            Self::Duplicate => (400, "Database constraint violation",
                "HTTP Status code: 400 (Bad Request) Api Error Type: Database constraint violation Error Message: An object with the same \
                 name already exists"),
            Self::InUse => (400, "In Use", "The object is in use"),
            Self::MaximumExceeded => (400, "Maximum Exceeded", "The maximum number of items has been exceeded"),
            Self::DefaultStays => (403, "Forbidden", "The default layout cannot be deleted"),
            Self::TeamNotAssignable => (404, "finesse.api.team.team_assignment_invalid_team",
                "HTTP Status code: 404 (Not Found) Api Error Type: finesse.api.team.team_assignment_invalid_team Error Message: This is \
                 not a valid team"),
            Self::MethodNotAllowed => (405, "Method Not Allowed", "There are other methods here"),
            Self::Changed => (412, "Precondition Failed", "The object is not what the request takes it for"),
            Self::CategoryUnknown => (400, "Invalid Input", "Invalid category specified for reason codes"),
            Self::AlreadyLoggedOut => (400, "Invalid State", "The user is not signed in"),
            Self::NotAllowed => (401, "Authorization Failure", "UNAUTHORIZED"),
            Self::NotYourself => (401, "Invalid Authorization User Specified",
                "The user specified in the authentication credentials and the uri don't match"),
            Self::NotYourMember => (401, "Invalid Supervisor", "The user does not belong to a team of the supervisor"),
            Self::OriginNotAllowed => (403, "Forbidden",
                "Pages of this origin may not do that; add the origin to cors_origins in the configuration"),
            Self::OriginHidden => (403, "Forbidden",
                "Pages that hide their origin, as files and sandboxed ones do, may not do that; serve the page by HTTP, and add its \
                 origin to cors_origins in the configuration"),
            Self::OriginUnsaid => (403, "Forbidden",
                "Pages of other origins may not do that, and the browser does not say of which this one is"),
            Self::UserUnknown => (404, "User Not Found", "UNKNOWN_USER"),
            Self::TeamUnknown => (404, "Not Found", "Invalid teamId specified for team"),
            Self::NotFound => (404, "Not Found", "The specified resource cannot be found"),
            Self::RangeInvalid => (416, "Invalid Range", "Range must be 1-6000 objects"),
            Self::NotXml => (415, "Bad Request", "The body has to be application/xml"),
            Self::NotCsv => {
                (415, "Bad Request", "The body has to be a form with a file (multipart/form-data), or text/csv")
            }
            Self::NotUtf8 => (415, "Bad Request", "The body has to be UTF-8"),
            Self::BodyTooLarge => (413, "Bad Request", "The body is too large"),
            Self::PathUnknown => (404, "Not Found", "There is no such resource"),
            Self::NotImplemented => (501, "Not Implemented", "callboard does not serve this part of the API"),
            Self::OutOfService => (503, "Service Unavailable", "SERVER_OUT_OF_SERVICE"),
            Self::Busy => (503, "Service Unavailable", "Too many at once; try again"),
            // Calls from outside are callboard's own; their answers are these sentences alone.
            Self::NumberUnknown => (404, "Not Found",
                "There is no such number: to is an extension, or the number or the id of a queue."),
            Self::CallerInside => (400, "Invalid Input", "from is an extension here; an agent makes a call by MAKE_CALL."),
            Self::NobodyThere => (409, "Invalid State", "Nobody is signed in at that extension."),
            Self::NumberBusy => (409, "Invalid State", "That extension is busy."),
            Self::TooManyCalls => (503, "Service Unavailable", "There are as many calls as calls in [limits] allows."),
            Self::CallOutOfService => (503, "Service Unavailable", "The service is not IN_SERVICE."),
            Self::CallUnknown => (404, "Not Found", "There is no such call with somebody from outside."),
            Self::MediumUnknown => (404, "Not Found",
                "There is no such medium: media is the id, the name or a script selector of a [[media]], in the profile ucce."),
            Self::TooManyTasks => (503, "Service Unavailable", "There are as many tasks as tasks in [limits] allows."),
            Self::TaskUnknown => (404, "Not Found", "There is no such task."),
            Self::CampaignUnknown => (404, "Not Found",
                "There is no such campaign: campaign is the name of a [[campaign]]."),
            Self::ContactAgentUnknown => (404, "Not Found", "There is no such agent: agent is the id of a user with the role Agent."),
            Self::TooManyContacts => (503, "Service Unavailable", "There are as many contacts as contacts in [limits] allows."),
            Self::ContactUnknown => (404, "Not Found", "There is no such contact that waits or is offered to an agent."),
            Self::TaskActionUnknown => (400, "Invalid Input", "Invalid 'requestedAction' specified for task"),
        }
    }

    /// Returns the error as a sentence, for an answer that is no document of Finesse's.
    pub fn sentence(self) -> String {
        format!("{}.", self.row().2)
    }

    /// The error with what it is about: a parameter, an id.
    pub fn about(self, data: impl Into<String>) -> ApiError {
        ApiError { refusal: self, data: data.into() }
    }
}

/// An error that answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    refusal: ApiRefusal,
    data: String,
}

impl ApiError {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.refusal.row().0
    }

    /// The ErrorMessage.
    pub fn message(&self) -> &'static str {
        self.refusal.row().2
    }

    /// The methods that there are instead, for a status 405, which has to name them (RFC 9110 §15.5.6).
    pub fn allowed(&self) -> Option<&str> {
        (self.refusal == ApiRefusal::MethodNotAllowed).then_some(&self.data)
    }

    /// The body: capital tags (the guide, "API errors"), in the order in which published answers of real systems have them.
    pub fn document(&self) -> String {
        let (_, kind, message) = self.refusal.row();
        // Guide 12.5, page 82: here it is the message that names the user.
        let named =
            (self.refusal == ApiRefusal::NoTelephone).then(|| format!("User ({}) {message}", self.data));
        let data =
            if named.is_some() { "The user is not authorized to perform this operation" } else { &self.data };
        document(|out| {
            inside(out, "ApiErrors", |out| {
                inside(out, "ApiError", |out| {
                    element(out, "ErrorType", kind);
                    element(out, "ErrorData", data);
                    element(out, "ErrorMessage", named.as_deref().unwrap_or(message));
                });
            });
        })
    }
}

/// Why something fails after it was accepted: a row of the table in [`Failure::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    InvalidDevice,
    DeviceBusy,
    ModeNotAllowed,
    ObjectState,
    WorkMode,
    Busy,
    InvalidPassword,
    InvalidParameter,
}

/// The elements that Enterprise adds to an error from 12.5 on.
struct Peripheral {
    code: &'static str,
    text: &'static str,
    message: &'static str,
}

/// Values of captures.
const NO_DEVICE_TARGET: Peripheral = Peripheral {
    code: "10125",
    text: "A device target with the network target ID specified cannot be found.",
    message: "PERERR_TELDRIVE_NODEVICETARGETFORNETTARGETID",
};

impl Failure {
    /// errorType, errorMessage, errorData, and what Enterprise adds (captures of Finesse 12.5). The codes of Device Busy
    /// and of Mode Not Allowed are an assumption.
    #[rustfmt::skip]
    fn row(self) -> (&'static str, &'static str, &'static str, Option<&'static Peripheral>) {
        match self {
            Self::InvalidDevice =>
                ("Invalid Device", "CF_INVALID_LOGON_DEVICE_SPECIFIED", "260", Some(&NO_DEVICE_TARGET)),
            Self::DeviceBusy => ("Device Busy", "CF_RESOURCE_BUSY", "33", None),
            Self::ModeNotAllowed => ("Mode Not Allowed", "CF_INVALID_AGENT_WORKMODE", "265", None),
            Self::ObjectState => ("Invalid State", "CF_INVALID_OBJECT_STATE", "22", None),
            Self::WorkMode => ("Invalid State", "CF_INVALID_AGENT_WORKMODE", "265", None),
            Self::Busy => ("Invalid State", "CF_RESOURCE_BUSY", "33", None),
            Self::InvalidPassword => ("Invalid State", "CF_INVALID_PASSWORD_SPECIFIED", "257", None),
            Self::InvalidParameter => ("Invalid State", "CF_INVALID_PARAMETER", "1010", None),
        }
    }

    /// Writes `<apiErrors>` in the order of the captures.
    pub(super) fn write(self, out: &mut String, with_peripheral: bool) {
        let (kind, message, data, peripheral) = self.row();
        let peripheral = peripheral.filter(|_| with_peripheral);
        inside(out, "apiErrors", |out| {
            inside(out, "apiError", |out| {
                if let Some(peripheral) = peripheral {
                    element(out, "peripheralErrorCode", peripheral.code);
                }
                element(out, "errorType", kind);
                element(out, "errorMessage", message);
                if let Some(peripheral) = peripheral {
                    element(out, "peripheralErrorText", peripheral.text);
                    element(out, "peripheralErrorMsg", peripheral.message);
                }
                element(out, "errorData", data);
            });
        });
    }
}
