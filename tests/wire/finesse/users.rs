//! Users as clients ask for them, by id and by login name.

use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::{Client, Server};

const LOGIN: &str = "<state>LOGIN</state><extension>1001</extension>";

/// A user whose login name is another than the id; the password is the login name.
const HEDY: &str = "[[user]]\nid = \"7001\"\nlogin_name = \"hedy\"\nteam = \"1\"\npassword = \"hedy\"\nextension = \"7001\"\n";

/// A client with nothing but a login name asks for the id, and one that never learns the id works too.
#[test]
fn finding_gap_8_a_user_works_by_the_login_name() {
    let server = Server::with(HEDY);
    let own = get(&server, "hedy", "User/hedy");
    assert_eq!(
        (own.status(), field(&own.body, "loginId"), field(&own.body, "loginName")),
        (200, "7001", "hedy")
    );
    assert_eq!(own.body, get(&server, "hedy", "User/7001").body);
    let login = "<state>LOGIN</state><extension>7001</extension>";
    assert_eq!(put_state(&server, "hedy", "hedy", login).status(), 202);
    for path in [
        "User/hedy/Dialogs",
        "User/hedy/ReasonCodes?category=NOT_READY",
        "User/hedy/Queues",
        "User/hedy/Media",
        "User/hedy/MediaPropertiesLayout",
    ] {
        assert_eq!(get(&server, "hedy", path).status(), 200, "{path}");
    }
    let call = "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>7001</fromAddress><toAddress>5550100</toAddress></Dialog>";
    assert_eq!(ask(&server, "hedy", "POST", "User/hedy/Dialogs", "", call).status(), 202);
    assert_eq!(ask(&server, "hedy", "POST", "User/hedy/CompressedClientLog", "", "x").status(), 202);
    assert_eq!(
        get(&server, "administrator", "User/HEDY").body,
        get(&server, "administrator", "User/7001").body
    );
    // Nobody learns the id of somebody else.
    let other = get(&server, "1001", "User/hedy");
    assert_eq!(other.status(), 401);
    assert_eq!(field(&other.body, "ErrorType"), "Invalid Authorization User Specified");
    assert_eq!(field(&other.body, "ErrorData"), "hedy");
    assert!(!other.body.contains("7001"), "{}", other.body);
}

/// Cisco's sample page with JabberWerx says that it is there after it has signed in.
#[test]
fn finding_gap_3_a_client_hears_of_a_sign_in_that_comes_before_its_presence() {
    let server = Server::with("[limits]\nsign_in = \"1s\"\n");
    let mut agent = Client::connect(&server);
    agent.log_in("1001", "desktop");
    assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
    assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "LOGOUT");
    agent.become_available();
    let told = event(&mut agent, "/finesse/api/User/1001");
    assert_eq!((field(&told, "state"), field(&told, "requestId")), ("NOT_READY", "r-1"));
    agent.expect_nothing_more();
}

/// Scripts do not wait for the event.
#[test]
fn finding_gap_3_requests_back_to_back_are_served_in_order() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    for body in [LOGIN, "<state>READY</state>", "<state>LOGOUT</state>"] {
        assert_eq!(put_state(&server, "1001", "1001", body).status(), 202);
    }
    for state in ["NOT_READY", "READY", "LOGOUT"] {
        assert_eq!(field(&event(&mut agent, "/finesse/api/User/1001"), "state"), state);
    }
    agent.expect_nothing_more();
}
