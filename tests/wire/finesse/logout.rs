//! What becomes of an agent whose session ends.

use crate::support::rest::{event, field, get, put_state};
use crate::support::{Client, Server};

const LOGIN: &str = "<state>LOGIN</state><extension>1001</extension>";
const TEAM: &str = "/finesse/api/Team/1/Users";

/// An agent who is signed in, and a supervisor who watches its team.
fn signed_in(server: &Server) -> (Client, Client) {
    let mut supervisor = Client::online(server, "administrator", "desktop");
    supervisor.subscribe(TEAM);
    let mut agent = Client::online(server, "1001", "desktop");
    assert_eq!(put_state(server, "1001", "1001", LOGIN).status(), 202);
    assert_eq!(field(&event(&mut agent, "/finesse/api/User/1001"), "state"), "NOT_READY");
    assert_eq!(field(&event(&mut supervisor, TEAM), "state"), "NOT_READY");
    (agent, supervisor)
}

#[test]
fn it_is_signed_out_when_it_does_not_come_back() {
    let server = Server::with("[limits]\nforced_logout = \"100ms\"\n");
    let (agent, mut supervisor) = signed_in(&server);
    drop(agent);
    let gone = event(&mut supervisor, TEAM);
    assert_eq!(
        (field(&gone, "state"), field(&gone, "code"), field(&gone, "requestId")),
        ("LOGOUT", "255", "")
    );
    assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "LOGOUT");
}

#[test]
fn a_silent_death_is_noticed_too() {
    let server = Server::with("[limits]\nforced_logout = \"100ms\"\nping = \"1s\"\nping_answer = \"1s\"\n");
    let mut supervisor = Client::online(&server, "administrator", "desktop");
    supervisor.subscribe(TEAM);
    // Never reads again, and so answers no ping.
    let _agent = Client::online(&server, "1001", "desktop");
    assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
    assert_eq!(field(&event(&mut supervisor, TEAM), "state"), "NOT_READY");
    assert_eq!(field(&event(&mut supervisor, TEAM), "state"), "LOGOUT");
}

#[test]
fn going_away_while_another_session_stays_or_coming_back_changes_nothing() {
    let server = Server::demo();
    let (mut agent, mut supervisor) = signed_in(&server);
    let mut other = Client::bound(&server, "1001", "tablet");
    other.become_available_beside(&mut agent);
    drop(agent);
    server.wait_for_log(&["1001@localhost/desktop: closed"]);
    drop(other);
    server.wait_for_log(&["1001@localhost/tablet: closed"]);
    let mut again = Client::online(&server, "1001", "desktop");
    assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "NOT_READY");
    again.expect_nothing_more();
    supervisor.expect_nothing_more();
}
