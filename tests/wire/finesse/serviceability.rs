//! What administrators ask of the running system from release 12.6 on: who is connected, who is kept out, and maintenance mode.

use crate::support::http::{Answer, Http, basic, own};
use crate::support::raw::Raw;
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::server::DEMO;
use crate::support::{Client, Server};

const PROXY: [u8; 4] = [127, 0, 0, 9];
const XML: &str = "Content-Type: application/xml\r\n";
const SYSTEM_INFO: &str = "/finesse/api/SystemInfo";

/// The demo as a release with a proxy that is trusted.
fn server(release: &str, limits: &str) -> Server {
    let demo = DEMO.replace("release = \"12.5\"", &format!("release = \"{release}\""));
    let keys = "trusted_proxies = [\"127.0.0.9\"]\n";
    Server::serving("localhost", &format!("{keys}{demo}\n[limits]\n{limits}"))
}

fn asked(server: &Server, path: &str) -> Answer {
    get(server, "administrator", path)
}

fn begin(server: &Server) -> Answer {
    ask(server, "administrator", "PUT", "MaintenanceMode", XML, "<MaintenanceMode/>")
}

/// Status, type and data of an error.
fn told(answer: &Answer) -> (u16, &str, &str) {
    (answer.status(), field(&answer.body, "ErrorType"), field(&answer.body, "ErrorData"))
}

#[test]
fn finding_m17_the_connected_users_are_known_by_their_clients_and_by_the_proxy() {
    let server = server("12.6", "");
    let _desktop = Client::bound(&server, "1001", "desktop");
    let by_proxy = |user: &str, resource: &str| {
        let mut client = Raw::connect_from(PROXY, &server, "X-Forwarded-For: 203.0.113.5\r\n");
        client.log_in(user, resource);
        client
    };
    let _by_proxy = by_proxy("1002", "isi");
    // A proxy that is not trusted is a client.
    let mut other = Raw::connect_from([127, 0, 0, 8], &server, "X-Forwarded-For: 203.0.113.5\r\n");
    other.log_in("1003", "isi");
    let mut stream = Http::connect_from(PROXY, server.plain);
    let head = stream.ask_head(format!(
        "GET /events?node=/finesse/api/Team/1/Users HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
         X-Forwarded-For: 203.0.113.6\r\n\r\n",
        basic("1004", "1004")
    ));
    assert_eq!(head.status(), 200);
    let answer = asked(&server, "ConnectedUsersInfo");
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.body,
        "<ConnectedUsersInfo><userSummary><desktopUsers>1</desktopUsers><fippaUsers>0</fippaUsers>\
         <thirdPartyUsers>3</thirdPartyUsers><totalConnectedUsers>4</totalConnectedUsers>\
         <totalConnectedUsersViaProxy>2</totalConnectedUsersViaProxy></userSummary>\
         <uri>/finesse/api/ConnectedUsersInfo</uri></ConnectedUsersInfo>"
    );
    let details = asked(&server, "ConnectedUsersInfo?details=true").body;
    assert_eq!(details.matches("<userDetail>").count(), 4, "{details}");
    assert!(details.contains(
        "<loginId>1002</loginId><userType>THIRDPARTY</userType><xmppJID>1002@localhost/isi</xmppJID>"
    ));
    assert!(details.contains("<connectedHostName>localhost</connectedHostName>"), "{details}");
    let figures = asked(&server, "RuntimeConfigInfo").body;
    assert_eq!(field(&figures, "totalConnectedUsersViaProxy"), "2", "{figures}");
}

#[test]
fn finding_m17_who_is_kept_out_is_listed_and_let_in_again() {
    let server = server("15", "lockout_attempts = 2");
    assert_eq!(asked(&server, "LockedOutUsers").body, "<LockedOutUsers/>");
    let login = |password: &str| {
        let request = "GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\n";
        let authorization = basic("1001", password);
        Http::connect(server.plain).ask(format!("{request}Authorization: {authorization}\r\n\r\n")).status()
    };
    assert_eq!([login("x"), login("x"), login("1001")], [401, 401, 401]);
    let list = asked(&server, "LockedOutUsers").body;
    assert_eq!((field(&list, "loginId"), field(&list, "uri")), ("1001", "/finesse/api/LockedOutUsers/1001"));
    assert!((1..=300).contains(&field(&list, "remainingTime").parse::<u32>().expect("seconds")), "{list}");
    let unlock = |user: &str, of: &str| ask(&server, user, "DELETE", &format!("LockedOutUsers/{of}"), "", "");
    assert_eq!(told(&unlock("1002", "1001")), (403, "Forbidden", "1002"));
    assert_eq!(login("1001"), 401);
    let done = unlock("administrator", "1001");
    assert_eq!((done.status(), done.body.as_str()), (200, ""));
    assert_eq!(login("1001"), 200);
    assert_eq!(told(&unlock("administrator", "1001")), (404, "Not Found", "1001"));
    assert_eq!(told(&unlock("administrator", "nobody")), (404, "User Not Found", "nobody"));
}

#[test]
fn finding_m17_maintenance_mode_lets_the_sessions_go_and_stops_the_services() {
    let server = server("12.6", "maintenance = \"1s\"");
    let mut agent = Client::online(&server, "1001", "desktop");
    assert_eq!(asked(&server, "MaintenanceMode").body.matches("<status></status>").count(), 1);
    let answer = begin(&server);
    assert_eq!((answer.status(), answer.body.as_str()), (202, ""));
    let told_of = event(&mut agent, SYSTEM_INFO);
    assert_eq!((field(&told_of, "status"), field(&told_of, "finesseMMode")), ("IN_SERVICE", "IN_PROGRESS"));
    let mode = asked(&server, "MaintenanceMode").body;
    assert_eq!((field(&mode, "status"), field(&mode, "desktop")), ("IN_PROGRESS", "1"));
    assert_eq!(field(&mode, "pendingUserDisconnections"), "1");
    assert_eq!(told(&begin(&server)), (400, "Bad Request", "status"));
    agent.expect_stream_error("system-shutdown", 1001);
    // The services are stopped now; how it went can be read all the same.
    let mut mode = asked(&server, "MaintenanceMode");
    while field(&mode.body, "status") == "IN_PROGRESS" {
        std::thread::sleep(std::time::Duration::from_millis(20));
        mode = asked(&server, "MaintenanceMode");
    }
    assert_eq!((mode.status(), field(&mode.body, "status")), (200, "COMPLETED"));
    let system = asked(&server, "SystemInfo").body;
    assert_eq!((field(&system, "status"), field(&system, "finesseMMode")), ("OUT_OF_SERVICE", "COMPLETED"));
    for path in ["User/1001", "ConnectedUsersInfo", "RuntimeConfigInfo"] {
        assert_eq!(told(&asked(&server, path)), (503, "Service Unavailable", ""), "{path}");
    }
    assert_eq!(told(&begin(&server)), (503, "Service Unavailable", ""));
    // As if they were started again.
    let status = "status?status=IN_SERVICE&finesse=available";
    assert_eq!(own(&server, "administrator", "POST", status).status(), 200);
    assert_eq!(field(&asked(&server, "SystemInfo").body, "finesseMMode"), "");
    Client::online(&server, "1001", "desktop");
}

#[test]
fn maintenance_mode_fails_if_somebody_has_come_meanwhile() {
    let server = server("12.6", "maintenance = \"1s\"");
    let mut agent = Client::online(&server, "1001", "desktop");
    assert_eq!(begin(&server).status(), 202);
    event(&mut agent, SYSTEM_INFO);
    let mut back = Client::online(&server, "1002", "phone");
    agent.expect_stream_error("system-shutdown", 1001);
    let failed = event(&mut back, SYSTEM_INFO);
    assert_eq!((field(&failed, "status"), field(&failed, "finesseMMode")), ("IN_SERVICE", "FAILED"));
    let mode = asked(&server, "MaintenanceMode").body;
    assert_eq!((field(&mode, "status"), field(&mode, "pendingUserDisconnections")), ("FAILED", "1"));
    assert_eq!(
        put_state(&server, "1002", "1002", "<state>LOGIN</state><extension>1002</extension>").status(),
        202
    );
    back.text();
    back.expect_nothing_more();
}

#[test]
fn the_serviceability_of_12_6_is_for_administrators_and_not_in_earlier_releases() {
    let new = server("12.6", "");
    for (path, expected) in [
        ("ConnectedUsersInfo", (403, "Forbidden", "1001")),
        ("RuntimeConfigInfo", (403, "Forbidden", "1001")),
        ("LockedOutUsers", (403, "Forbidden", "1001")),
        ("MaintenanceMode", (401, "Authorization Failure", "1001")),
    ] {
        assert_eq!(told(&get(&new, "1001", path)), expected, "{path}");
    }
    for (body, expected) in [
        ("", (400, "Bad Request", "not well-formed XML: A message is exactly one XML element.")),
        ("<MaintenanceMode><status>FAILED</status></MaintenanceMode>", (400, "Invalid Input", "status")),
    ] {
        let answer = ask(&new, "administrator", "PUT", "MaintenanceMode", XML, body);
        assert_eq!(told(&answer), expected, "{body}");
    }
    let agents = ask(&new, "1001", "PUT", "MaintenanceMode", XML, "<MaintenanceMode/>");
    assert_eq!(told(&agents), (401, "Authorization Failure", "1001"));
    assert_eq!(told(&ask(&new, "administrator", "POST", "performance", "", "{}")).0, 501);
    assert_eq!(field(&asked(&new, "SystemInfo").body, "finesseMMode"), "");
    let portal =
        "GET /finesse-dp/rest/DiagnosticPortal/GetProductVersion HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(Http::connect(new.plain).ask(portal).status(), 501);
    let old = server("12.5", "");
    for path in ["ConnectedUsersInfo", "LockedOutUsers", "MaintenanceMode", "performance"] {
        assert_eq!(told(&asked(&old, path)), (404, "Not Found", path));
    }
    assert_eq!(asked(&old, "RuntimeConfigInfo").status(), 200);
}
