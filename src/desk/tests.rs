//! The desk from outside: commands in, events and documents out.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use crate::clock::Now;
use crate::config::Config;
use crate::config::limits::Limits;
use crate::id::UserId;
use crate::xml;
use crate::xml::Bounds;

use crate::desk::{ApiError, CallData, Desk, Event, Inbound, SetState, Status};

mod call_data;
mod client_log;
mod commands;
mod configuration;
mod devices;
mod dialogues;
mod documents;
mod during_calls;
mod ends_of_calls;
mod errors_of_calls;
mod events;
mod going_back;
mod lists;
mod maintenance;
mod media;
mod media_beside_calls;
mod media_documents;
mod messages;
mod outbound;
mod payloads;
mod presence;
mod queues;
mod random;
mod random_calls;
mod random_media;
mod reload;
mod service;
#[cfg(feature = "replica")]
mod shared;
mod sign_in;
mod transitions;

/// A supervisor of team 1 who is an agent of it, an agent of each team, a supervisor of team 2 who is no agent, an
/// administrator.
const PEOPLE: &str = r#"[[team]]
id = "1"
name = "Lab & Co"
[[team]]
id = "2"
name = "Kiosk"
[[user]]
id = "ada"
login_name = "Ada"
password = "x"
roles = ["Agent", "Supervisor"]
team = "1"
supervises = ["1"]
extension = "1000"
[[user]]
id = "bob"
first_name = "Bob <b>"
password = "x"
team = "1"
extension = "1001"
[[user]]
id = "eve"
password = "x"
team = "2"
extension = "1002"
[[user]]
id = "sue"
password = "x"
roles = ["Supervisor"]
supervises = ["2"]
[[user]]
id = "root"
password = "x"
roles = ["Administrator"]
"#;

const ADA: UserId = UserId::first(0);
const BOB: UserId = UserId::first(1);
const EVE: UserId = UserId::first(2);
const SUE: UserId = UserId::first(3);
const ROOT: UserId = UserId::first(4);

const REASONS: &str = r#"[[reason_code]]
id = 1
category = "NOT_READY"
code = 10
label = "Team Meeting"
[[reason_code]]
id = 2
category = "NOT_READY"
code = 11
label = "Fire & Ice"
teams = ["2"]
[[reason_code]]
id = 3
category = "LOGOUT"
code = 10
label = "Home"
teams = ["2"]
[[reason_code]]
id = 4
category = "WRAPUP"
code = 10
label = "Sold"
"#;

/// The desk of a configuration, with sign-ins that take no time.
fn at_once(mut config: Config) -> Desk {
    config.limits.sign_in = Duration::ZERO;
    Desk::new(config)
}

/// A desk with the people above; `more` is the rest of the file, `keys` its beginning.
fn desk_with(profile: &str, keys: &str, more: &str) -> Desk {
    let text = format!("profile = \"{profile}\"\n{keys}\n{PEOPLE}{more}");
    at_once(Config::parse(&text, "c.toml").expect("a valid file"))
}

fn desk(profile: &str) -> Desk {
    desk_with(profile, "", "")
}

/// A time some milliseconds after 2023-01-13T11:07:11.000Z.
fn at(milliseconds: u64) -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant comes from a clock only; which one it is doesn't matter"
    )]
    let start = *START.get_or_init(Instant::now);
    Now {
        monotonic: start + Duration::from_millis(milliseconds),
        wall: SystemTime::UNIX_EPOCH + Duration::from_millis(1_673_608_031_000 + milliseconds),
    }
}

/// What a body asks for.
fn asked(body: &str) -> SetState {
    SetState::read(body, &Bounds::of(&Limits::default())).expect("a good body")
}

/// Asks for a state without anything else; LOGIN is at the extension of the configuration.
fn ask(desk: &mut Desk, actor: UserId, user: UserId, state: &str) -> Result<Vec<Event>, ApiError> {
    let extension = (state == "LOGIN").then(|| desk.directory().get(user).extension.clone()).flatten();
    let asked =
        SetState { state: Some(state.into()), extension, reason_code_id: None, ..SetState::default() };
    desk.set_state(at(466), actor, user, &asked, "r-1")
}

/// Brings an agent that is logged out into a state.
fn bring(desk: &mut Desk, user: UserId, state: &str) {
    let steps: &[&str] = match state {
        "LOGOUT" => &[],
        "NOT_READY" => &["LOGIN"],
        _ => &["LOGIN", "READY"],
    };
    for step in steps {
        ask(desk, user, user, step).expect("an accepted request");
    }
    assert_eq!(field(&get(desk, user), "state"), state);
}

/// What GET says of a user.
fn get(desk: &Desk, user: UserId) -> String {
    desk.user_document(user, user).expect("one's own document")
}

/// Everything that can be asked about all users.
fn everything(desk: &Desk) -> String {
    let teams = ["1", "2"].map(|team| desk.team_document(ROOT, team, true).expect("a team"));
    desk.users_document(ROOT).expect("the users") + &teams.concat()
}

/// The text of the first element of that name; reads the whole document, which must be well-formed.
fn field(document: &str, name: &str) -> String {
    let read = xml::read(document, &Bounds::of(&Limits::default())).expect(document);
    let found = read.descendants().find(|node| node.tag_name().name() == name);
    xml::text_content(found.unwrap_or_else(|| panic!("no {name} in {document}")))
}

/// What an answer is: the document, or status, type and data of its error.
fn shown(answer: Result<String, ApiError>) -> String {
    answer.unwrap_or_else(|error| {
        let (status, kind, data) = told(&error);
        format!("{status}|{kind}|{data}")
    })
}

/// An error as status, type, data.
fn told(error: &ApiError) -> (u16, String, String) {
    let document = error.document();
    (error.status(), field(&document, "ErrorType"), field(&document, "ErrorData"))
}
