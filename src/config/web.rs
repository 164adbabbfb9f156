//! What concerns browsers: the folder with pages.

use std::path::Path;

use super::Www;
use super::problem::Report;
use super::section::{Reported, Section};

/// Reads `www`; an empty text is as none. Paths in the file start at `folder`.
pub(super) fn www(report: &mut Report, root: &Section, folder: &Path) -> Result<Option<Www>, Reported> {
    let Some(path) = root.string(report, "www")? else {
        return Ok(None);
    };
    if path.value.contains('\0') {
        report.add(path.place, "www must be the path of a folder");
        return Err(Reported);
    }
    Ok((!path.value.is_empty()).then(|| Www { folder: folder.join(path.value), place: Some(path.place) }))
}
