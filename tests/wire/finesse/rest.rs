//! Finesse's REST API, and the events that a request causes.

use crate::support::http::{Http, basic};
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::{Client, Server};

const LOGIN: &str = "<state>LOGIN</state><extension>1001</extension>";

#[test]
fn an_agent_signs_in_and_everybody_who_should_know_hears_of_it() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    let mut supervisor = Client::online(&server, "administrator", "desktop");
    supervisor.subscribe("/finesse/api/Team/1/Users");
    for (body, state, reason) in [
        (LOGIN, "NOT_READY", "-1"),
        ("<state>READY</state>", "READY", "-1"),
        ("<state>NOT_READY</state><reasonCodeId>2</reasonCodeId>", "NOT_READY", "2"),
    ] {
        let answer = put_state(&server, "1001", "1001", body);
        assert_eq!((answer.status(), answer.body.as_str()), (202, ""));
        assert_eq!(answer.header("requestId"), Some("r-1"));
        let own = event(&mut agent, "/finesse/api/User/1001");
        assert!(
            own.starts_with("<Update><data><user><dialogs>/finesse/api/User/1001/Dialogs</dialogs>"),
            "{own}"
        );
        assert!(
            own.ends_with(
                "<event>PUT</event><requestId>r-1</requestId><source>/finesse/api/User/1001</source></Update>"
            ),
            "{own}"
        );
        assert_eq!((field(&own, "state"), field(&own, "reasonCodeId")), (state, reason));
        let team = event(&mut supervisor, "/finesse/api/Team/1/Users");
        assert_eq!((field(&team, "loginId"), field(&team, "state")), ("1001", state));
        assert!(team.contains("<source>/finesse/api/User/1001</source>"), "{team}");
        let shown = get(&server, "1001", "User/1001");
        assert_eq!((shown.status(), field(&shown.body, "state")), (200, state));
        assert_eq!(field(&shown.body, "stateChangeTime"), field(&own, "stateChangeTime"));
    }
    agent.expect_nothing_more();
    supervisor.expect_nothing_more();
}

#[test]
fn what_finesse_accepts_and_then_refuses_comes_as_an_event() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    for (body, number) in
        [("<state>READY</state>", "22"), ("<state>LOGIN</state><extension>9999</extension>", "260")]
    {
        assert_eq!(put_state(&server, "1001", "1001", body).status(), 202);
        let error = event(&mut agent, "/finesse/api/User/1001");
        assert!(error.starts_with("<Update><data><apiErrors><apiError>"), "{error}");
        assert!(
            error.ends_with(
                "<requestId>r-1</requestId><source>/finesse/api/User/1001</source><event>put</event></Update>"
            ),
            "{error}"
        );
        assert_eq!(field(&error, "errorData"), number);
        assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "LOGOUT");
    }
}

#[test]
fn a_supervisor_moves_members_of_its_teams_and_nobody_else_does() {
    let server = Server::demo();
    assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
    assert_eq!(put_state(&server, "administrator", "1001", "<state>READY</state>").status(), 202);
    assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "READY");
    let stranger = put_state(&server, "1002", "1001", "<state>LOGOUT</state>");
    assert_eq!(
        (stranger.status(), field(&stranger.body, "ErrorType")),
        (401, "Invalid Authorization User Specified")
    );
    assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "READY");
}

#[test]
fn bad_requests_get_the_errors_that_the_guide_documents_and_change_nothing() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    let deep = format!("<User>{}</User>", "<a xmlns:p='u'>".repeat(50));
    let xml = "Content-Type: application/xml\r\n";
    for (user, method, path, headers, body, status, kind) in [
        ("1001", "PUT", "User/1001", xml, "not XML", 400, "Bad Request"),
        ("1001", "PUT", "User/1001", xml, "", 400, "Bad Request"),
        (
            "1001",
            "PUT",
            "User/1001",
            xml,
            "<!DOCTYPE a><User><state>LOGIN</state></User>",
            400,
            "Bad Request",
        ),
        ("1001", "PUT", "User/1001", xml, deep.as_str(), 400, "Bad Request"),
        ("1001", "PUT", "User/1001", xml, "<Dialog><state>LOGIN</state></Dialog>", 400, "Bad Request"),
        ("1001", "PUT", "User/1001", xml, "<User/>", 400, "Parameter Missing"),
        (
            "1001",
            "PUT",
            "User/1001",
            xml,
            "<User><state>LOGIN</state><state>LOGIN</state></User>",
            400,
            "Bad Request",
        ),
        ("1001", "PUT", "User/1001", xml, "<User><state>HAPPY</state></User>", 400, "Invalid Input"),
        ("1001", "PUT", "User/1001", xml, "<User><state>LOGIN</state></User>", 400, "Parameter Missing"),
        (
            "1001",
            "PUT",
            "User/1001",
            "Content-Type: image/png\r\n",
            "<User><state>LOGIN</state></User>",
            415,
            "Bad Request",
        ),
        (
            "1001",
            "PUT",
            "User/1001",
            "Content-Type: text/xml; charset=iso-8859-1\r\n",
            "<User/>",
            415,
            "Bad Request",
        ),
        (
            "1001",
            "PUT",
            "User/1001",
            xml,
            "<?xml version='1.0' encoding='utf-16'?><User/>",
            415,
            "Bad Request",
        ),
        ("1001", "PUT", "User/1001", xml, "<\0U\0s\0e\0r\0/\0>\0", 415, "Bad Request"),
        ("1001", "PUT", "User/1001", xml, "<!DOCTYPE User><User/>", 400, "Bad Request"),
        ("1001", "PUT", "User/nobody", xml, "<User><state>LOGIN</state></User>", 404, "User Not Found"),
        ("1001", "GET", "User/1002", "", "", 401, "Invalid Authorization User Specified"),
        ("1001", "GET", "User/%00%3C", "", "", 404, "User Not Found"),
        ("1001", "GET", "User/%ff", "", "", 404, "Not Found"),
        ("1001", "GET", "Users", "", "", 401, "Authorization Failure"),
        ("1001", "GET", "Team/2", "", "", 401, "Authorization Failure"),
        ("1001", "GET", "Team/9", "", "", 404, "Not Found"),
        ("1001", "GET", "User/1001/ReasonCodes?category=%00", "", "", 400, "Invalid Input"),
        ("1001", "DELETE", "User/1001", "", "", 405, "Method Not Allowed"),
        ("1001", "GET", "User/1001/Devices", "", "", 404, "Not Found"),
        ("1001", "GET", "Nothing", "", "", 404, "Not Found"),
    ] {
        let answer = ask(&server, user, method, path, headers, body);
        assert_eq!(answer.status(), status, "{method} {path} {body}: {answer:?}");
        let document = roxmltree::Document::parse(&answer.body).expect("an error is XML");
        assert!(document.root_element().has_tag_name("ApiErrors"));
        assert_eq!(field(&answer.body, "ErrorType"), kind, "{method} {path} {body}");
    }
    let large = format!("<User><state>{}</state></User>", "x".repeat(70_000));
    assert_eq!(ask(&server, "1001", "PUT", "User/1001", xml, &large).status(), 413);
    let wrong = Http::connect(server.plain).ask(format!(
        "GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
        basic("1001", "wrong")
    ));
    assert_eq!(
        (wrong.status(), field(&wrong.body, "ErrorMessage"), field(&wrong.body, "ErrorData")),
        (401, "UNAUTHORIZED", "1001")
    );
    assert!(wrong.header("WWW-Authenticate").is_some_and(|scheme| scheme.starts_with("Basic ")));
    // Nobody learns from it which users there are.
    let unknown = Http::connect(server.plain).ask(format!(
        "GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
        basic("nobody", "wrong")
    ));
    assert_eq!((unknown.status(), unknown.body), (401, wrong.body.replace("1001", "nobody")));
    agent.expect_nothing_more();
    assert_eq!(field(&get(&server, "1001", "User/1001").body, "state"), "LOGOUT");
}

#[test]
fn lists_and_the_system_are_there_to_be_read() {
    let server = Server::demo();
    // Before anybody logs in.
    let system = Http::connect(server.plain)
        .ask("GET /finesse/api/SystemInfo HTTP/1.1\r\nHost: localhost:8445\r\n\r\n");
    assert_eq!(system.status(), 200);
    assert_eq!(field(&system.body, "status"), "IN_SERVICE");
    assert_eq!(field(&system.body, "host"), "localhost");
    assert_eq!(
        (field(&system.body, "xmppDomain"), field(&system.body, "xmppPubSubDomain")),
        ("localhost", "pubsub.localhost")
    );
    assert!(system.header("Content-Type").is_some_and(|kind| kind.starts_with("application/xml")));

    assert_eq!(get(&server, "administrator", "Users").body.matches("<User>").count(), 7);
    let teams = get(&server, "administrator", "Teams").body;
    assert_eq!(teams.matches("<Team>").count(), 2, "{teams}");
    assert_eq!(get(&server, "1001", "Team/1").body.matches("<User>").count(), 4);
    assert_eq!(get(&server, "1001", "Team/1?includeLoggedOutAgents=false").body.matches("<User>").count(), 0);
    assert_eq!(
        get(&server, "1001", "User/1001/ReasonCodes?category=NOT_READY").body.matches("<ReasonCode>").count(),
        3
    );
    assert_eq!(field(&get(&server, "1001", "ReasonCode/2").body, "id"), "2");
}

#[test]
fn at_an_extension_the_one_who_is_signed_in_there_is_found() {
    let server =
        Server::with("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword = \"ada\"\nextension = \"77\"\n");
    assert_eq!(get(&server, "ada", "User/77").status(), 404);
    assert_eq!(
        put_state(&server, "ada", "ada", "<state>LOGIN</state><extension>77</extension>").status(),
        202
    );
    assert_eq!(field(&get(&server, "ada", "User/77").body, "loginId"), "ada");
}

/// What .NET, Java and SoapUI write: a body over HTTP is a document, and the rules of streams are not for it.
#[test]
fn a_body_may_have_a_byte_order_mark_a_declaration_comments_and_instructions() {
    let server = Server::demo();
    let login = "<User><state>LOGIN</state><extension>1001</extension></User>";
    for (kind, body) in [
        ("application/xml", format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n{login}")),
        ("application/xml; charset=utf-8", format!("\u{feff}{login}")),
        ("text/xml;charset=\"UTF-8\"", format!("<!-- sign in --><?a b?>{login}<!-- done -->")),
        ("application/xml", login.replace("LOGIN", "LO<!-- -->GIN")),
    ] {
        let kind = format!("Content-Type: {kind}\r\n");
        let answer = ask(&server, "1001", "PUT", "User/1001", &kind, &body);
        assert_eq!(answer.status(), 202, "{body}: {answer:?}");
    }
    let authorization = format!("Authorization: {}\r\n", crate::support::http::basic("1001", "1001"));
    for bytes in
        [&b"\xff\xfe<\0U\0s\0e\0r\0/\0>\0"[..], b"\xfe\xff\0<\0U\0s\0e\0r\0/\0>", b"<User>\xe9</User>"]
    {
        let mut http = crate::support::http::Http::connect(server.plain);
        let length = bytes.len();
        http.send(format!(
            "PUT /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n\
             Content-Length: {length}\r\n{authorization}\r\n"
        ));
        let answer = http.ask(bytes);
        assert_eq!(answer.status(), 415, "{answer:?}");
        assert!(answer.body.contains("The body has to be UTF-8"), "{answer:?}");
    }
}
