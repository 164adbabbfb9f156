//! The service goes and comes back, as it is set by hand.

use crate::desk::{ApiError, Request, SetState, Status};
use crate::hub::tests::*;

const SYSTEM_INFO: &str = "/finesse/api/SystemInfo";
const UP: Availability = Availability { status: Status::InService, finesse: true };

fn set(stage: &mut Stage, availability: Availability) {
    stage.hub.set_availability(stage.now, availability);
    stage.pass(Duration::ZERO);
    assert_eq!(stage.hub.availability(), availability);
}

/// What a session hears, in short: who is there or not, and the events.
fn short(stage: &mut Stage, id: SessionId) -> Vec<String> {
    let in_short = |text: String| {
        let document = roxmltree::Document::parse(&text).expect("XML");
        let root = document.root_element();
        if root.tag_name().name() == "presence" {
            let kind = root.attribute("type").unwrap_or("available");
            return format!("{} {kind}", root.attribute("from").expect("an address"));
        }
        let items = document.descendants().find(|node| node.tag_name().name() == "items");
        let node = items.and_then(|items| items.attribute("node")).expect("an event");
        let payload = xml::text_content(root);
        let payload = roxmltree::Document::parse(&payload).expect("XML");
        let field =
            |name| payload.descendants().find(|node| node.has_tag_name(name)).and_then(|node| node.text());
        format!("{node} {}", field("status").or(field("state")).expect("a status or a state"))
    };
    stage.hear(id).into_iter().map(in_short).collect()
}

pub(super) fn ask_for(stage: &mut Stage, user: &str, state: &str) -> Result<(), ApiError> {
    let user = stage.hub.users().find(user).expect("the demo has one");
    let extension = stage.hub.users().get(user).extension.clone();
    let asked =
        SetState { state: Some(state.to_owned()), extension, reason_code_id: None, ..SetState::default() };
    let now = stage.now;
    stage.hub.request(now, user, user, String::new(), Request::SetState { user, asked }).map(drop)
}

#[test]
fn out_of_service_everybody_is_told_once_and_nothing_can_be_asked_for() {
    let mut stage = Stage::new();
    let ids = [stage.available("1001", "desktop"), stage.available("1002", "desktop")];
    for status in [Status::OutOfService, Status::PartialService] {
        set(&mut stage, Availability { status, ..UP });
        set(&mut stage, Availability { status, ..UP });
        for id in ids {
            assert_eq!(short(&mut stage, id), [format!("{SYSTEM_INFO} {}", status.name())]);
        }
        let refused = ask_for(&mut stage, "1001", "LOGIN").expect_err("out of service");
        assert_eq!(refused.status(), 503);
    }
    // The notification service is another one: it goes on.
    stage.publish(TEAM_NODE, "1");
    let late = stage.available("1003", "desktop");
    set(&mut stage, UP);
    for id in ids.into_iter().chain([late]) {
        assert_eq!(short(&mut stage, id), [format!("{SYSTEM_INFO} IN_SERVICE")]);
    }
    assert_eq!(ask_for(&mut stage, "1001", "LOGIN"), Ok(()));
    stage.pass(stage.hub.limits.sign_in);
    assert_eq!(short(&mut stage, ids[0]), [format!("{USER_NODE} NOT_READY")]);
}

#[test]
fn finesse_goes_for_those_who_are_there_and_is_not_shown_to_those_who_come() {
    let mut stage = Stage::new();
    let there = stage.available("1001", "desktop");
    let hidden = stage.bind("1002", "desktop");
    stage.say(hidden, "<presence xmlns='jabber:client'><priority>-1</priority></presence>");
    stage.hear(hidden);
    let down = Availability { finesse: false, ..UP };
    set(&mut stage, down);
    set(&mut stage, down);
    let (first, second) = ("finesse@localhost/smack-1", "finesse@localhost/smack-2");
    let gone = [format!("{first} unavailable"), format!("{second} unavailable")];
    assert_eq!(short(&mut stage, there), gone);
    assert!(stage.hear(hidden).is_empty());
    // Cisco's desktop waits now: its own presence comes back, that of finesse doesn't.
    let late = stage.bind("1003", "desktop");
    stage.say(late, "<presence xmlns='jabber:client'/>");
    assert_eq!(short(&mut stage, late), ["1003@localhost/desktop available"]);
    stage.say(late, "<presence xmlns='jabber:client' type='probe' to='finesse@localhost'/>");
    assert_eq!(short(&mut stage, late), ["finesse@localhost unavailable"]);
    stage.say(late, "<presence xmlns='jabber:client' type='subscribe' to='finesse@localhost'/>");
    assert_eq!(short(&mut stage, late), ["finesse@localhost subscribed"]);
    // Requests are served all the time.
    assert_eq!(ask_for(&mut stage, "1001", "LOGIN"), Ok(()));
    stage.pass(stage.hub.limits.sign_in);
    stage.hear(there);
    set(&mut stage, UP);
    let back =
        [format!("{first} available"), format!("{second} available"), format!("{SYSTEM_INFO} IN_SERVICE")];
    assert_eq!(short(&mut stage, late), back);
    assert_eq!(short(&mut stage, there), [&back[..], &[format!("{USER_NODE} NOT_READY")]].concat());
    assert_eq!(short(&mut stage, hidden), Vec::<String>::new());
    stage.say(late, "<presence xmlns='jabber:client' type='probe' to='finesse@localhost'/>");
    assert_eq!(short(&mut stage, late), back[..2]);
}

#[test]
fn all_that_is_lost_comes_back_in_the_order_for_which_clients_wait() {
    let mut stage = Stage::new();
    let agent = stage.available("1001", "desktop");
    let other = stage.available("1002", "desktop");
    ask_for(&mut stage, "1001", "LOGIN").expect("in service");
    ask_for(&mut stage, "1001", "READY").expect("in service");
    stage.hear(agent);
    set(&mut stage, Availability { status: Status::OutOfService, finesse: false });
    let (first, second) = ("finesse@localhost/smack-1", "finesse@localhost/smack-2");
    let lost = [
        format!("{SYSTEM_INFO} OUT_OF_SERVICE"),
        format!("{first} unavailable"),
        format!("{second} unavailable"),
    ];
    assert_eq!(short(&mut stage, agent), lost);
    assert_eq!(short(&mut stage, other), lost);
    set(&mut stage, UP);
    let found =
        [format!("{first} available"), format!("{second} available"), format!("{SYSTEM_INFO} IN_SERVICE")];
    // An agent who is not signed in has no state to be told of.
    assert_eq!(short(&mut stage, other), found);
    assert_eq!(short(&mut stage, agent), [&found[..], &[format!("{USER_NODE} READY")]].concat());
    // One after the other: states come when all is there again.
    set(&mut stage, Availability { status: Status::OutOfService, finesse: false });
    stage.hear(agent);
    set(&mut stage, Availability { finesse: false, ..UP });
    assert_eq!(short(&mut stage, agent), found[2..]);
    set(&mut stage, UP);
    assert_eq!(short(&mut stage, agent), [&found[..], &[format!("{USER_NODE} READY")]].concat());
}

#[test]
fn nothing_is_accepted_any_more_when_the_server_goes_down() {
    let mut stage = Stage::new();
    ask_for(&mut stage, "1001", "LOGIN").expect("in service");
    stage.hub.shutdown(stage.now);
    let refused = ask_for(&mut stage, "1001", "READY").expect_err("nobody would be told");
    assert_eq!(refused.status(), 503);
}
