//! Messages of supervisors to their teams.

use crate::support::http::Answer;
use crate::support::rest::{ask, event, field, get};
use crate::support::{Client, Server};

const XML: &str = "Content-Type: application/xml\r\nrequestId: r-1\r\n";
const LAB: &str = "/finesse/api/Team/1/TeamMessages";
const KIOSK: &str = "/finesse/api/Team/2/TeamMessages";

fn post(server: &Server, user: &str, body: &str) -> Answer {
    ask(server, user, "POST", "TeamMessage", XML, body)
}

fn message(duration: &str, teams: &str) -> String {
    format!(
        "<TeamMessage><duration>{duration}</duration><content>Tea &amp; cake</content><teams>{teams}</teams></TeamMessage>"
    )
}

/// A session that hears what is told to a team.
fn listener(server: &Server, user: &str, node: &str) -> Client {
    let mut client = Client::online(server, user, "desktop");
    client.subscribe(node);
    client
}

#[test]
fn a_message_reaches_its_teams_and_is_shown_until_it_is_deleted() {
    let server = Server::demo();
    let mut lab = listener(&server, "1001", LAB);
    let mut kiosk = listener(&server, "1004", KIOSK);
    let created = post(&server, "administrator", &message("100", "<team>1</team><team>2</team>"));
    assert_eq!((created.status(), created.header("requestId")), (200, Some("r-1")), "{created:?}");
    let shape = created.body.replace(field(&created.body, "createdAt"), "T");
    let expected = "<TeamMessage><uri>/finesse/api/TeamMessage/1</uri><id>1</id><createdBy><id>administrator</id>\
        <firstName>Ada</firstName><lastName>Admin</lastName></createdBy><createdAt>T</createdAt><duration>100</duration>\
        <content>Tea &amp; cake</content><teams><team>1</team><team>2</team></teams></TeamMessage>";
    assert_eq!(shape, expected);
    for (client, node) in [(&mut lab, LAB), (&mut kiosk, KIOSK)] {
        let update = format!(
            "<Update><data>{}</data><event>POST</event><requestId>r-1</requestId><source>{node}</source></Update>",
            created.body
        );
        assert_eq!(event(client, node), update);
    }
    let list = format!("<TeamMessages>{}</TeamMessages>", created.body);
    assert_eq!(get(&server, "1001", "Team/1/TeamMessages").body, list);
    assert_eq!(get(&server, "1004", "Team/2/TeamMessages").body, list);
    assert_eq!(get(&server, "administrator", "TeamMessages").body, list);
    assert_eq!(get(&server, "1004", "TeamMessage/1").body, created.body);

    assert_eq!(ask(&server, "1001", "DELETE", "TeamMessage/1", "", "").status(), 401);
    let deleted = ask(&server, "administrator", "DELETE", "TeamMessage/1", "requestId: r-2\r\n", "");
    assert_eq!((deleted.status(), deleted.body.as_str()), (200, ""));
    for (client, node) in [(&mut lab, LAB), (&mut kiosk, KIOSK)] {
        let update = event(client, node);
        assert_eq!((field(&update, "event"), field(&update, "requestId")), ("DELETE", "r-2"));
        client.expect_nothing_more();
    }
    assert_eq!(get(&server, "1001", "Team/1/TeamMessages").body, "<TeamMessages/>");
    assert_eq!(ask(&server, "administrator", "DELETE", "TeamMessage/1", "", "").status(), 404);
}

#[test]
fn a_message_ends_by_itself() {
    let server = Server::demo();
    let mut lab = listener(&server, "1001", LAB);
    assert_eq!(
        ask(&server, "administrator", "POST", "TeamMessages", XML, &message("1", "<team>1</team>")).status(),
        200
    );
    assert_eq!(field(&event(&mut lab, LAB), "event"), "POST");
    let over = event(&mut lab, LAB);
    assert_eq!((field(&over, "event"), field(&over, "requestId"), field(&over, "id")), ("DELETE", "", "1"));
    assert_eq!(get(&server, "1001", "TeamMessage/1").status(), 404);
}

#[test]
fn a_bad_message_gets_an_error_and_nobody_hears_of_it() {
    let server = Server::demo();
    let mut lab = listener(&server, "1001", LAB);
    let good = message("100", "<team>1</team>");
    let long = good.replace("cake", &"x".repeat(250));
    let large = good.replace("cake", &"x".repeat(70_000));
    for (user, headers, body, status, kind) in [
        ("1001", XML, good.as_str(), 401, "Authorization Failure"),
        ("administrator", XML, &message("100", "<team>9</team>"), 404, "Not Found"),
        ("administrator", XML, &message("100", "<team>&#x1;</team>"), 400, "Bad Request"),
        ("administrator", XML, &message("100", "<team>1</team><team>1</team>"), 400, "Invalid Input"),
        ("administrator", XML, &message("100", ""), 400, "Parameter Missing"),
        ("administrator", XML, &message("soon", "<team>1</team>"), 400, "Invalid Input"),
        ("administrator", XML, "<TeamMessage/>", 400, "Parameter Missing"),
        ("administrator", XML, "<TeamMessages/>", 400, "Bad Request"),
        ("administrator", XML, "", 400, "Bad Request"),
        ("administrator", XML, "duration=100", 400, "Bad Request"),
        ("administrator", XML, &format!("<!DOCTYPE a>{good}"), 400, "Bad Request"),
        ("administrator", XML, &good.replace("<content>", "<content/><content>"), 400, "Bad Request"),
        ("administrator", XML, &long, 400, "Invalid Input"),
        ("administrator", XML, &large, 413, "Bad Request"),
        ("administrator", "Content-Type: text/plain\r\n", &good, 415, "Bad Request"),
    ] {
        let answer = ask(&server, user, "POST", "TeamMessage", headers, body);
        assert_eq!(answer.status(), status, "{body:.200}: {answer:?}");
        assert_eq!(field(&answer.body, "ErrorType"), kind, "{body:.200}");
    }
    lab.expect_nothing_more();
    assert_eq!(get(&server, "administrator", "TeamMessages").body, "<TeamMessages/>");
}
