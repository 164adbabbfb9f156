//! `/callboard/api/clock`: the clock of the contact centre, which a test stops, moves on and speeds up.

use std::rc::Rc;
use std::time::Duration;

use hyper::{Method, Request, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::config::limits::Kind as Unit;
use crate::http::basic_auth;
use crate::http::query::Query;
use crate::http::request_body::Incoming;
use crate::http::response::{self, HttpRefusal, Response};
use crate::http::site::Site;
use crate::hub::{ClockChange, SPEED_MAX};
use crate::id::UserId;
use crate::json;

/// The path of the clock.
pub const PATH: &str = "/callboard/api/clock";

/// The longest way of one request.
const ADVANCE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

const WRONG: HttpRefusal = HttpRefusal {
    status: StatusCode::BAD_REQUEST,
    sentence: "Say what to do, once each: advance=60s (up to 24h), and one of freeze, go and speed=10 (1 to 1000).",
};

const TOO_FAR: HttpRefusal = HttpRefusal {
    status: StatusCode::CONFLICT,
    sentence: "The clock can be a thousand years ahead at most.",
};

const OFF: HttpRefusal = HttpRefusal {
    status: StatusCode::CONFLICT,
    sentence: "The clock is set only where there is a record or where faults are on, as only a reset takes it back: start with callboard serve --record 10000.",
};

/// Answers GET with the clock, and PUT when it shows what was asked for and all that was due until then is done.
pub async fn serve(site: &Rc<Site>, request: Request<Incoming>) -> Result<(UserId, Response), HttpRefusal> {
    let user = basic_auth::administrator(site, &request).await?;
    if request.method() == Method::PUT {
        if !site.records && !site.faults {
            return Err(OFF);
        }
        let change = read(Query::of(request.uri()))?;
        if !site.driver.with_hub(|hub, now| hub.set_clock(now, change)) {
            return Err(TOO_FAR);
        }
        site.driver.waits.until(|| site.driver.with_hub(|hub, _| hub.is_clock_set())).await;
    }
    let document = site.driver.with_hub(|hub, now| {
        let shown = hub.desk_time(now);
        let ahead = shown.wall.duration_since(now.wall);
        let (sign, apart) = match ahead {
            Ok(ahead) => ("", ahead),
            Err(behind) => ("-", behind.duration()),
        };
        json::document(|object| {
            let time = OffsetDateTime::from(shown.wall).format(&Rfc3339);
            object.string("time", &time.unwrap_or_default());
            object.plain("ahead", format_args!("{sign}{:.1}", crate::clock::Seconds(apart)));
            object.plain("speed", hub.desk_clock().speed());
        })
    });
    Ok((user, response::json(document)))
}

fn read(query: Query<'_>) -> Result<ClockChange, HttpRefusal> {
    let mut change = ClockChange::default();
    for (name, value) in query.pairs() {
        let speed = match (&*name, &*value) {
            ("freeze", "") => 0,
            ("go", "") => 1,
            ("speed", value) => {
                crate::text::number(value).filter(|speed| (1..=SPEED_MAX).contains(speed)).ok_or(WRONG)?
            }
            ("advance", value) if change.advance.is_none() => {
                let time = Unit::Duration.parse(value).map(Duration::from_millis);
                change.advance = Some(time.filter(|time| *time <= ADVANCE_MAX).ok_or(WRONG)?);
                continue;
            }
            _ => return Err(WRONG),
        };
        if change.speed.replace(speed).is_some() {
            return Err(WRONG);
        }
    }
    if change == ClockChange::default() { Err(WRONG) } else { Ok(change) }
}
