//! The bodies of requests about media, and tasks from outside.

use roxmltree::Node;

use crate::desk::dialog::request::CallData;
use crate::desk::error::{ApiError, ApiRefusal};
use crate::desk::request::{children, read, texts};
use crate::xml::Bounds;

/// The most media that one request is about.
const MEDIA_MAX: usize = 32;

/// A change of an agent in a medium, of `PUT /User/{id}/Media/{mrdId}` (the guide, "Media APIs"): the texts of the elements, without
/// white space around them. An empty element is as good as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediumRequest {
    /// The medium; the path names it where the request is about one only.
    pub id: Option<String>,
    pub state: Option<String>,
    pub max_dialogs: Option<String>,
    pub interrupt_action: Option<String>,
    pub logout_action: Option<String>,
    pub reason_code_id: Option<String>,
    pub routable: Option<String>,
}

/// A task that somebody outside hands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// The id, the name or a script selector of its medium.
    pub medium: String,
    pub data: CallData,
}

impl MediumRequest {
    /// Reads `<Media>…</Media>`, in any order; elements that mean nothing here are passed over.
    ///
    /// # Errors
    ///
    /// Returns Bad Request for what is not XML within `bounds`, has another root, or an element twice.
    pub fn read(body: &str, bounds: &Bounds) -> Result<Self, ApiError> {
        read(body, bounds, "Media", Self::of)
    }

    /// Reads `<MediaList><Media>…</Media>…</MediaList>` (the guide, "Media: put list").
    ///
    /// # Errors
    ///
    /// Returns what [`MediumRequest::read`] does, and Bad Request for too many media.
    pub fn read_list(body: &str, bounds: &Bounds) -> Result<Vec<Self>, ApiError> {
        read(body, bounds, "MediaList", |list| {
            let all: Vec<_> = children(list, "Media").map(Self::of).collect::<Result<_, _>>()?;
            match all.len() {
                0 => Err(ApiRefusal::ParameterMissing.about("Media")),
                1..=MEDIA_MAX => Ok(all),
                _ => Err(ApiRefusal::Malformed.about("too many media")),
            }
        })
    }

    fn of(media: Node<'_, '_>) -> Result<Self, ApiError> {
        let [id, state, max_dialogs, interrupt_action, logout_action, reason_code_id, routable] = texts(
            media,
            [
                "id",
                "state",
                "maxDialogLimit",
                "interruptAction",
                "dialogLogoutAction",
                "reasonCodeId",
                "routable",
            ],
        )?;
        Ok(Self { id, state, max_dialogs, interrupt_action, logout_action, reason_code_id, routable })
    }
}
