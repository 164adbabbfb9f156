//! What concerns browsers: the folder with pages, and which other pages may use the server.

use std::path::Path;

use super::Www;
use super::problem::{Place, Placed, Report, shown};
use super::section::{Reported, Section, all};
use crate::web_origin::WebOrigin;

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

/// Reads `cors_origins`.
pub(super) fn cors_origins(report: &mut Report, root: &Section) -> Result<Vec<WebOrigin>, Reported> {
    const EXAMPLE: &str = "such as \"https://gadgets.example.org:8443\"";
    let Some(texts) = root.strings(report, "cors_origins")? else {
        return Ok(Vec::new());
    };
    let mut places: Vec<(WebOrigin, Place)> = Vec::new();
    all(texts.iter().map(|Placed { place, value }| {
        let Some(origin) = WebOrigin::parse(value) else {
            let end = if *value == "*" {
                format!(
                    "would let every page use the passwords that browsers remember; name each origin, {EXAMPLE}"
                )
            } else {
                format!(
                    "is not an origin; write http:// or https://, the host as browsers send it, the port if it is \
                     not the usual one, and nothing behind, {EXAMPLE}"
                )
            };
            report.add(*place, format!("cors_origins {} {end}", shown(value)));
            return Err(Reported);
        };
        if let Some((_, first)) = places.iter().find(|(other, _)| *other == origin) {
            let line = first.line;
            report.add(*place, format!("cors_origins {origin} already stands in line {line}; leave one out"));
        }
        places.push((origin.clone(), *place));
        Ok(origin)
    }))
}
