//! Messages to teams: who may send them, what is told of them, how they end, and how many there can be.

use crate::desk::NewMessage;
use crate::desk::tests::*;

const SECOND: u64 = 1000;

fn message(duration: &str, content: &str, teams: &[&str]) -> NewMessage {
    NewMessage {
        duration: Some(duration.into()),
        content: Some(content.into()),
        teams: teams.iter().map(|team| team.to_string()).collect(),
    }
}

/// Sends one at a time; returns the document and the events.
fn send(
    desk: &mut Desk,
    at_second: u64,
    actor: UserId,
    asked: &NewMessage,
) -> Result<(String, Vec<Event>), ApiError> {
    desk.create_message(at(at_second * SECOND), actor, asked.clone(), "r-1")
}

fn document(id: u64, [creator, first_name, teams]: [&str; 3]) -> String {
    format!(
        "<TeamMessage><uri>/finesse/api/TeamMessage/{id}</uri><id>{id}</id><createdBy><id>{creator}</id>\
         <firstName>{first_name}</firstName><lastName></lastName></createdBy><createdAt>1673608031</createdAt>\
         <duration>100</duration><content>Tea &amp; cake</content><teams>{teams}</teams></TeamMessage>"
    )
}

/// The event that tells a team of a message.
fn told_to(team: &str, event: &str, request_id: &str, message: &str) -> Event {
    let node = format!("/finesse/api/Team/{team}/TeamMessages");
    let payload = format!(
        "<Update><data>{message}</data><event>{event}</event><requestId>{request_id}</requestId><source>{node}</source></Update>"
    );
    Event { node, payload }
}

#[test]
fn a_message_is_told_to_each_of_its_teams_until_it_is_over() {
    let mut desk = desk("uccx");
    let (created, events) =
        send(&mut desk, 0, ROOT, &message("100", "Tea & cake", &["2", "1"])).expect("a message");
    let expected = document(1, ["root", "", "<team>2</team><team>1</team>"]);
    assert_eq!(created, expected);
    assert_eq!(events, [told_to("2", "POST", "r-1", &expected), told_to("1", "POST", "r-1", &expected)]);
    assert_eq!(desk.wake_at(), Some(at(100 * SECOND).monotonic));
    assert_eq!(desk.tick(at(100 * SECOND - 1)), []);
    assert_eq!(shown(desk.message_document(BOB, "1")), expected);
    let over = desk.tick(at(100 * SECOND));
    assert_eq!(over, [told_to("2", "DELETE", "", &expected), told_to("1", "DELETE", "", &expected)]);
    assert_eq!(shown(desk.message_document(BOB, "1")), "404|Not Found|1");
    assert_eq!(desk.wake_at(), None);
}

#[test]
fn messages_are_shown_to_their_teams_and_their_makers() {
    let mut desk = desk("uccx");
    for (actor, teams) in [(ADA, &["1"][..]), (SUE, &["2"]), (ROOT, &["1", "2"])] {
        send(&mut desk, 0, actor, &message("100", "Tea & cake", teams)).expect("a message");
    }
    let first = document(1, ["ada", "", "<team>1</team>"]);
    let second = document(2, ["sue", "", "<team>2</team>"]);
    let third = document(3, ["root", "", "<team>1</team><team>2</team>"]);
    let list = |messages: &[&str]| match messages {
        [] => "<TeamMessages/>".to_owned(),
        _ => format!("<TeamMessages>{}</TeamMessages>", messages.concat()),
    };
    for (answer, expected) in [
        (desk.messages_of_team(BOB, "1"), list(&[&first, &third])),
        (desk.messages_of_team(SUE, "2"), list(&[&second, &third])),
        (desk.messages_of_team(EVE, "1"), "401|Authorization Failure|1".into()),
        (desk.messages_of_team(ROOT, "9"), "404|Not Found|9".into()),
        (Ok(desk.messages_document(ADA)), list(&[&first])),
        (Ok(desk.messages_document(BOB)), list(&[])),
        (Ok(desk.messages_document(ROOT)), list(&[&first, &second, &third])),
        (desk.message_document(BOB, "1"), first),
        (desk.message_document(EVE, "1"), "401|Authorization Failure|1".into()),
        (desk.message_document(ROOT, "2"), second),
        (desk.message_document(SUE, "2"), document(2, ["sue", "", "<team>2</team>"])),
        (desk.message_document(ROOT, "4"), "404|Not Found|4".into()),
        (desk.message_document(ROOT, "one"), "404|Not Found|one".into()),
    ] {
        assert_eq!(shown(answer), expected);
    }
}

#[test]
fn its_maker_and_administrators_delete_a_message() {
    let mut desk = desk("uccx");
    for _ in 0..2 {
        send(&mut desk, 0, ADA, &message("100", "Tea & cake", &["1"])).expect("a message");
    }
    for (actor, id, refused) in [
        (BOB, "1", (401, "Authorization Failure")),
        (SUE, "1", (401, "Authorization Failure")),
        (ADA, "3", (404, "Not Found")),
    ] {
        let error = desk.delete_message(at(SECOND), actor, id, "r-2").expect_err("no event");
        assert_eq!(told(&error), (refused.0, refused.1.into(), id.into()));
    }
    for (actor, id) in [(ADA, 1), (ROOT, 2)] {
        let events = desk.delete_message(at(SECOND), actor, &id.to_string(), "r-2").expect("an event");
        let message = document(id, ["ada", "", "<team>1</team>"]);
        assert_eq!(events, [told_to("1", "DELETE", "r-2", &message)]);
    }
    assert_eq!(desk.wake_at(), None, "the time of a deleted message never comes");
    assert_eq!(desk.messages_document(ROOT), "<TeamMessages/>");
}

#[test]
fn a_bad_message_gets_an_error_and_is_not_shown() {
    let mut desk = desk("uccx");
    let longest = "ä".repeat(255);
    let good = message("100", "x", &["1"]);
    let without = |change: fn(&mut NewMessage)| {
        let mut message = good.clone();
        change(&mut message);
        message
    };
    for (actor, asked, expected) in [
        (BOB, good.clone(), (401, "Authorization Failure", "bob")),
        (ADA, message("100", "x", &["2"]), (401, "Authorization Failure", "2")),
        (ADA, message("100", "x", &["1", "2"]), (401, "Authorization Failure", "2")),
        (ROOT, message("100", "x", &["1", "3"]), (404, "Not Found", "3")),
        (ROOT, message("100", "x", &["\u{0}"]), (404, "Not Found", "")),
        (ROOT, message("100", "x", &["1", "1"]), (400, "Invalid Input", "team")),
        (ADA, without(|message| message.teams.clear()), (400, "Parameter Missing", "team")),
        (ADA, without(|message| message.duration = None), (400, "Parameter Missing", "duration")),
        (ADA, without(|message| message.content = None), (400, "Parameter Missing", "content")),
        (ADA, message("0", "x", &["1"]), (400, "Invalid Input", "duration")),
        (ADA, message("-1", "x", &["1"]), (400, "Invalid Input", "duration")),
        (ADA, message("1.5", "x", &["1"]), (400, "Invalid Input", "duration")),
        (ADA, message("+1", "x", &["1"]), (400, "Invalid Input", "duration")),
        (ADA, message("86401", "x", &["1"]), (400, "Invalid Input", "duration")),
        (ADA, message("99999999999999999999", "x", &["1"]), (400, "Invalid Input", "duration")),
        (ADA, message("100", &(longest.clone() + "x"), &["1"]), (400, "Invalid Input", "content")),
    ] {
        let error = send(&mut desk, 0, actor, &asked).expect_err("an error");
        let (status, kind, data) = told(&error);
        assert_eq!((status, kind.as_str(), data.as_str()), expected, "{asked:?}");
    }
    assert_eq!((desk.messages_document(ROOT).as_str(), desk.wake_at()), ("<TeamMessages/>", None));
    send(&mut desk, 0, ADA, &message("86400", &longest, &["1"])).expect("as long as can be");
}

/// Tells whether the error is that there are too many.
fn is_full(answer: Result<(String, Vec<Event>), ApiError>) -> bool {
    let Err(error) = answer else { return false };
    let full = "<ApiErrors><ApiError><ErrorType>System Resource Limit Exceeded</ErrorType>\
        <ErrorData>teammessage.max.limit.exceeded</ErrorData>\
        <ErrorMessage>MAX_ACTIVE_MESSAGE_LIMIT_EXCEEDED</ErrorMessage></ApiError></ApiErrors>";
    assert_eq!((error.status(), error.document().as_str()), (400, full));
    true
}

#[test]
fn there_are_400_new_messages_an_hour_and_no_more() {
    let mut desk = desk("uccx");
    let asked = message("1", "x", &["1"]);
    for second in 0..400 {
        desk.tick(at(second * SECOND));
        assert!(!is_full(send(&mut desk, second, ADA, &asked)));
    }
    // Whether they are still shown or not.
    desk.tick(at(401 * SECOND));
    assert!(is_full(send(&mut desk, 3599, ROOT, &asked)));
    assert!(!is_full(send(&mut desk, 3600, ADA, &asked)));
    assert!(is_full(send(&mut desk, 3600, ADA, &asked)));
}

#[test]
fn there_are_4800_messages_at_a_time_and_no_more() {
    let mut desk = desk("uccx");
    let asked = message("86400", "x", &["1"]);
    for hour in 0..12 {
        for _ in 0..400 {
            assert!(!is_full(send(&mut desk, hour * 3600, ADA, &asked)));
        }
    }
    assert!(is_full(send(&mut desk, 12 * 3600, ADA, &asked)));
    desk.delete_message(at(12 * 3600 * SECOND), ADA, "1", "").expect("an event");
    assert!(!is_full(send(&mut desk, 12 * 3600, ADA, &asked)));
    assert!(is_full(send(&mut desk, 12 * 3600, ADA, &asked)));
}

#[test]
fn the_body_of_a_message_is_read_in_any_order() {
    let read = |body: &str| NewMessage::read(body, &Bounds::of(&Limits::default()));
    let good = "<TeamMessage><teams><team> 1 </team>,<team/><team>2</team></teams><other/><content> a\nb </content>\
        <duration>100</duration></TeamMessage>";
    assert_eq!(read(good), Ok(message("100", "a\nb", &["1", "2"])));
    assert_eq!(read("<TeamMessage/>"), Ok(NewMessage::default()));
    for (body, what) in [
        ("<TeamMessages/>", "the root element must be TeamMessage"),
        ("<TeamMessage><teams/><teams/></TeamMessage>", "teams stands twice"),
        ("<TeamMessage><teams><team><id>1</id></team></teams></TeamMessage>", "team must be text"),
        ("<TeamMessage><content>a</content><content/></TeamMessage>", "content stands twice"),
        ("<!DOCTYPE a><TeamMessage/>", "DTDs and entities of one's own are not allowed"),
    ] {
        let error = read(body).expect_err(body);
        assert_eq!(told(&error), (400, "Bad Request".into(), what.into()));
    }
}
