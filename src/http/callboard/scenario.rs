//! `/callboard/api/scenario`: a contact centre that plays by itself is started, looked at, paused and stopped.

use std::rc::Rc;
use std::time::Duration;

use hyper::{Method, StatusCode};

use crate::clock::{Now, Seconds};
use crate::config::Problem;
use crate::http::callboard::{Next, Served, Step, UserRequest, record};
use crate::http::query::Query;
use crate::http::response::{self, HttpRefusal, Response, text};
use crate::http::site::Site;
use crate::hub::{Hub, NotStarted, SPEED_MAX};
use crate::json;
use crate::scenario::{self, File, SHIPPED, shipped};
use crate::xml::Bounds;

/// The path.
pub const PATH: &str = "/callboard/api/scenario";

/// The path of what is recorded, as a scenario.
pub const RECORDED: &str = "/callboard/api/scenario/recorded";

/// The name of a scenario in a body.
const BODY: &str = "the body";

const WRONG: HttpRefusal = HttpRefusal {
    status: StatusCode::BAD_REQUEST,
    sentence: "Say what to do, once each: do=start with name=rush-hour or a file as the body, do=pause, do=go, do=stop or do=speed; speed=10 (1 to 1000) goes with start, go and speed.",
};

const NO_NAME: HttpRefusal = HttpRefusal {
    status: StatusCode::NOT_FOUND,
    sentence: "There is no scenario of that name; GET /callboard/api/scenario lists those in the program. Another one is the body of the request.",
};

const NONE: HttpRefusal = HttpRefusal { status: StatusCode::CONFLICT, sentence: "No scenario is played." };

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Start,
    Pause,
    Go,
    Stop,
    Speed,
}

/// Answers GET with how it stands, and POST with how it stands then.
pub fn serve(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    if request.method() == Method::POST {
        let (mut wanted, mut name, mut speed) = (None, None, None);
        for (key, value) in Query::of(request.uri()).pairs() {
            let is_second = match &*key {
                "do" => {
                    let all = [
                        ("start", Wanted::Start),
                        ("pause", Wanted::Pause),
                        ("go", Wanted::Go),
                        ("stop", Wanted::Stop),
                        ("speed", Wanted::Speed),
                    ];
                    let found = all.into_iter().find(|(known, _)| *known == value).ok_or(WRONG)?;
                    wanted.replace(found.1).is_some()
                }
                "name" => name.replace(value.into_owned()).is_some(),
                "speed" => {
                    let number = crate::text::number(&value).filter(|n| (1..=SPEED_MAX).contains(n));
                    speed.replace(number.ok_or(WRONG)?).is_some()
                }
                _ => return Err(WRONG),
            };
            if is_second {
                return Err(WRONG);
            }
        }
        let wanted = wanted.ok_or(WRONG)?;
        let is_start = wanted == Wanted::Start;
        let takes_speed = matches!(wanted, Wanted::Start | Wanted::Go | Wanted::Speed);
        if (name.is_some() && !is_start)
            || (speed.is_some() && !takes_speed)
            || (speed.is_none() && wanted == Wanted::Speed)
        {
            return Err(WRONG);
        }
        if is_start {
            let start = move |site: &Rc<Site>, body: &str| match read(name.as_deref(), body)? {
                Ok(file) => carry_out(site, wanted, Some(Rc::new(file)), speed),
                Err(problems) => Ok(refused(problems.iter().map(Problem::to_string))),
            };
            return Ok(Step::Body(Box::new(move |site, body| start(site, body).map(Next::Answer))));
        }
        return Ok(carry_out(site, wanted, None, speed)?.into());
    }
    Ok(shown(site).into())
}

fn carry_out(
    site: &Rc<Site>,
    wanted: Wanted,
    file: Option<Rc<File>>,
    speed: Option<u32>,
) -> Result<Response, HttpRefusal> {
    let done = site.driver.with_hub(|hub, now| change(hub, now, wanted, file, speed));
    Ok(match done? {
        Ok(()) => shown(site),
        Err(problems @ NotStarted::Problems(_)) => refused(problems.sentences()),
        Err(why) => {
            let status = match why {
                NotStarted::GoingDown => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::CONFLICT,
            };
            text(status, why.sentences().concat())
        }
    })
}

fn shown(site: &Rc<Site>) -> Response {
    response::json(site.driver.with_hub(|hub, _| document(hub)))
}

/// Answers GET with what is recorded, as a scenario: `after` and `user` choose.
pub fn recorded(UserRequest { site, request, .. }: UserRequest<'_>) -> Served {
    record::check_on(site)?;
    const WRONG: HttpRefusal = HttpRefusal {
        status: StatusCode::BAD_REQUEST,
        sentence: "Say at most, once each: after=120, the number of an entry of the record, and user=1001, the id of a user.",
    };
    let (mut after, mut user) = (None, None);
    for (key, value) in Query::of(request.uri()).pairs() {
        let is_second = match &*key {
            "after" => after.replace(crate::text::number(&value).ok_or(WRONG)?).is_some(),
            "user" => user.replace(value).is_some(),
            _ => true,
        };
        if is_second {
            return Err(WRONG);
        }
    }
    let file = site.driver.with_hub(|hub, _| {
        let user = user.as_deref().map(|name| hub.known_as(name));
        let bounds = Bounds::of(&site.limits);
        scenario::recorded(hub.record(), after.unwrap_or_default(), user.as_deref(), &bounds)
    });
    Ok(text(StatusCode::OK, file).into())
}

fn refused(problems: impl IntoIterator<Item = String>) -> Response {
    let lines: Vec<String> = problems.into_iter().collect();
    text(StatusCode::BAD_REQUEST, lines.join("\n"))
}

/// Reads the scenario of that name, or the one in the body.
fn read(name: Option<&str>, body: &str) -> Result<Result<File, Vec<Problem>>, HttpRefusal> {
    match (name, body.trim().is_empty()) {
        (Some(name), true) => Ok(File::read(shipped(name).ok_or(NO_NAME)?, name)),
        (None, false) => Ok(File::read(body, BODY)),
        _ => Err(WRONG),
    }
}

fn change(
    hub: &mut Hub,
    now: Now,
    wanted: Wanted,
    file: Option<Rc<File>>,
    speed: Option<u32>,
) -> Result<Result<(), NotStarted>, HttpRefusal> {
    if let Some(file) = file {
        if let Err(why) = hub.start_scenario(now, file) {
            return Ok(Err(why));
        }
        if speed.is_some() {
            hub.pace_scenario(now, speed);
        }
        return Ok(Ok(()));
    }
    let is_playing = match wanted {
        Wanted::Pause => hub.pause_scenario(now),
        Wanted::Stop => hub.stop_scenario(now),
        Wanted::Start | Wanted::Go | Wanted::Speed => hub.pace_scenario(now, speed),
    };
    if is_playing { Ok(Ok(())) } else { Err(NONE) }
}

fn seconds(milliseconds: u64) -> Seconds {
    Seconds(Duration::from_millis(milliseconds))
}

fn document(hub: &Hub) -> String {
    json::document(|object| {
        let speed = hub.desk_clock().speed();
        let scenario = hub.scenario();
        let state = match scenario {
            None => "none",
            Some(scenario) if scenario.is_over() => "over",
            Some(_) if speed == 0 => "paused",
            Some(_) => "playing",
        };
        object.string("state", state);
        object.plain("speed", speed);
        if let Some(scenario) = scenario {
            object.string("name", &scenario.file().name);
            object.plain("position", format_args!("{:.1}", seconds(scenario.position())));
            object.plain("length", format_args!("{:.1}", seconds(scenario.file().length)));
            object.object("figures", |figures| scenario.write_figures(figures));
            scenario.write_judged(object);
            object.array("next", scenario.next_steps(), |out, (time, what)| {
                json::object(out, |step| {
                    step.plain("at", format_args!("{:.1}", seconds(time)));
                    step.string("do", what.name());
                });
            });
        }
        object.array("shipped", SHIPPED, |out, (name, text)| {
            json::object(out, |shipped| {
                shipped.string("name", name);
                let about = text.lines().next().unwrap_or_default();
                shipped.string("about", about.trim_start_matches("# "));
            });
        });
    })
}
