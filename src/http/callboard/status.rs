//! `/callboard/api/status`: the availability of the service, to look at and to set by hand (the guide, "Failure scenarios").

use hyper::{Method, StatusCode};

use crate::desk::Status;
use crate::http::callboard::{Served, UserRequest};
use crate::http::headers::entity_tag;
use crate::http::query::Query;
use crate::http::response::{self, HttpRefusal, Response};
use crate::hub::Availability;
use crate::json;

/// The path of the availability.
pub const PATH: &str = "/callboard/api/status";

const PARAMETERS: &str =
    "Say what to set, once each: /callboard/api/status?status=OUT_OF_SERVICE&finesse=unavailable";
const STATUS: &str = "status is IN_SERVICE, OUT_OF_SERVICE or PARTIAL_SERVICE.";
const FINESSE: &str = "finesse is available or unavailable.";

/// The presence of the `finesse` user as it is written.
const PRESENCES: [(&str, bool); 2] = [("available", true), ("unavailable", false)];

/// The wishes of a request; `None` stays as it is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    status: Option<Status>,
    finesse: Option<bool>,
}

/// Answers GET with what is set, and POST with what is set then.
pub fn serve(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    if request.method() == Method::POST {
        let wanted = Wanted::read(Query::of(request.uri()))?;
        entity_tag::check_change(request.headers(), None)?;
        site.driver.with_hub(|hub, now| {
            let Availability { status, finesse } = hub.availability();
            let status = wanted.status.unwrap_or(status);
            let finesse = wanted.finesse.unwrap_or(finesse);
            hub.set_availability(now, Availability { status, finesse });
        });
    }
    Ok(shown(site.driver.with_hub(|hub, _| hub.availability())).into())
}

/// The availability as JSON.
fn shown(Availability { status, finesse }: Availability) -> Response {
    let presence = PRESENCES.iter().find(|(_, there)| *there == finesse).map_or("", |(name, _)| name);
    response::json(json::document(|object| {
        object.string("status", status.name());
        object.string("finesse", presence);
    }))
}

impl Wanted {
    /// Reads a query. It asks for one thing at least.
    fn read(query: Query<'_>) -> Result<Self, HttpRefusal> {
        let refused = |sentence| HttpRefusal { status: StatusCode::BAD_REQUEST, sentence };
        let mut wanted = Self::default();
        for (name, value) in query.pairs() {
            match &*name {
                "status" if wanted.status.is_none() => {
                    let status = Status::ALL.into_iter().find(|status| status.name() == value);
                    wanted.status = Some(status.ok_or(refused(STATUS))?);
                }
                "finesse" if wanted.finesse.is_none() => {
                    let presence = PRESENCES.iter().find(|(name, _)| *name == value);
                    wanted.finesse = Some(presence.ok_or(refused(FINESSE))?.1);
                }
                _ => return Err(refused(PARAMETERS)),
            }
        }
        if wanted == Self::default() { Err(refused(PARAMETERS)) } else { Ok(wanted) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_one_thing_or_both() {
        for status in Status::ALL {
            let wanted = Wanted::read(Query::new(&format!("status={}", status.name())));
            assert_eq!(wanted, Ok(Wanted { status: Some(status), finesse: None }));
            assert!(STATUS.contains(status.name()));
        }
        for (name, finesse) in PRESENCES {
            let wanted = Wanted::read(Query::new(&format!("finesse={name}&status=IN_SERVICE")));
            assert_eq!(wanted, Ok(Wanted { status: Some(Status::InService), finesse: Some(finesse) }));
            assert!(FINESSE.contains(name));
        }
        for (query, sentence) in [
            ("", PARAMETERS),
            ("?", PARAMETERS),
            ("state=IN_SERVICE", PARAMETERS),
            ("status=IN_SERVICE&status=OUT_OF_SERVICE", PARAMETERS),
            ("finesse=available&finesse=available", PARAMETERS),
            ("status=IN_SERVICE&x=1", PARAMETERS),
            ("status", STATUS),
            ("status=in_service", STATUS),
            ("status=%00", STATUS),
            ("status=IN_SERVICE&finesse=", FINESSE),
            ("finesse=on", FINESSE),
        ] {
            assert_eq!(
                Wanted::read(Query::new(query)).map_err(|refused| refused.sentence),
                Err(sentence),
                "{query}"
            );
        }
    }
}
