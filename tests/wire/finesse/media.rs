//! Media other than voice and their tasks, as a client on the wire sees them.

use crate::support::http::{Answer, Http, basic};
use crate::support::rest::{ask, event, field, get};
use crate::support::server::DEMO;
use crate::support::{Client, Server};

const MEDIA: &str = "/finesse/api/User/1001/Media";
const TASKS: &str = "/finesse/api/User/1001/Dialogs/Media";

/// The demo of another profile and release.
fn server(profile: &str, release: &str) -> Server {
    let demo = DEMO
        .replace("profile = \"uccx\"", &format!("profile = \"{profile}\""))
        .replace("release = \"12.5\"", &format!("release = \"{release}\""));
    Server::serving("localhost", &demo)
}

fn put(server: &Server, path: &str, body: &str) -> Answer {
    ask(server, "1001", "PUT", path, "", body)
}

fn medium(server: &Server, body: &str) -> u16 {
    put(server, "User/1001/Media/5000", &format!("<Media>{body}</Media>")).status()
}

fn own(server: &Server, user: &str, line: &str, body: &str) -> Answer {
    let login = basic(user, if user == "administrator" { "1234" } else { user });
    let length = body.len();
    Http::connect(server.plain).ask(format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login}\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

const LOGIN: &str = "<maxDialogLimit>5</maxDialogLimit><interruptAction>ACCEPT</interruptAction>\
                     <dialogLogoutAction>CLOSE</dialogLogoutAction><state>LOGIN</state>";

/// The order of requests is that of Cisco's sample gadget: the list, the medium, its tasks, then signing in.
#[test]
fn finding_m6_an_agent_handles_a_task_over_the_wire() {
    let server = server("ucce", "12.5");
    let mut agent = Client::online(&server, "1001", "desktop");
    let list = get(&server, "1001", "User/1001/Media").body;
    assert!(list.starts_with("<MediaList><Media>") && list.contains("<id>5000</id>"), "{list}");
    assert_eq!(get(&server, "1001", "User/1001/Dialogs/Media").body, "<Dialogs/>");
    let directory = own(&server, "1001", "GET /callboard/api/directory", "").body;
    assert!(
        directory.trim_end().ends_with("\"media\":[{\"id\":\"5000\",\"name\":\"Chat\"}],\"campaigns\":[]}"),
        "{directory}"
    );
    // Every agent reads the list of all media.
    let domains = get(&server, "1004", "MediaDomain");
    assert_eq!((domains.status(), field(&domains.body, "name")), (200, "Chat"));
    let domain = get(&server, "1004", "MediaDomain/5000").body;
    assert_eq!(domains.body, format!("<MediaDomains>{domain}</MediaDomains>"));
    assert_eq!(get(&server, "1004", "MediaDomain/5001").status(), 404);
    assert_eq!(field(&get(&server, "1001", "User/1001/Media/5000").body, "state"), "LOGOUT");
    for (body, state) in [(LOGIN, "NOT_READY"), ("<state>READY</state>", "READY")] {
        assert_eq!(medium(&server, body), 202);
        let told = event(&mut agent, MEDIA);
        assert!(
            told.starts_with("<Update><data><Media><uri>/finesse/api/User/1001/Media/5000</uri>"),
            "{told}"
        );
        assert_eq!(field(&told, "state"), state);
    }
    assert_eq!(medium(&server, LOGIN), 202);
    let error = event(&mut agent, MEDIA);
    assert_eq!(
        ["errorData", "errorMedia", "errorMessage", "errorType", "source"].map(|name| field(&error, name)),
        [
            "1",
            "5000",
            "E_ARM_STAT_AGENT_ALREADY_LOGGED_IN",
            "Agent already logged into MRD",
            "/finesse/api/User/1001/Media/5000"
        ]
    );
    let placed =
        own(&server, "administrator", "POST /callboard/api/tasks?media=5000", "callVariable1=Ada&user.pod=1");
    assert_eq!(placed.status(), 202);
    let id = placed.body.trim().to_owned();
    assert_eq!(field(&event(&mut agent, MEDIA), "state"), "RESERVED");
    let offer = event(&mut agent, TASKS);
    assert_eq!(["id", "event", "mediaType"].map(|name| field(&offer, name)), [&id, "POST", "Chat"]);
    assert!(offer.contains("<name>callVariable1</name><value>Ada</value>"), "{offer}");
    for (action, state) in
        [("ACCEPT", "ACCEPTED"), ("START", "ACTIVE"), ("PAUSE", "PAUSED"), ("WRAP_UP", "WRAPPING_UP")]
    {
        let body = format!("<Dialog><requestedAction>{action}</requestedAction><target></target></Dialog>");
        assert_eq!(put(&server, &format!("Dialog/{id}"), &body).status(), 202);
        // START leaves the agent ACTIVE in the medium.
        if action != "START" {
            event(&mut agent, MEDIA);
        }
        let told = event(&mut agent, TASKS);
        assert!(told.contains(&format!("<state>{state}</state>")), "{told}");
        assert!(
            get(&server, "1001", &format!("Dialog/{id}")).body.contains(&format!("<state>{state}</state>"))
        );
    }
    let gone = own(&server, "administrator", &format!("DELETE /callboard/api/tasks/{id}"), "");
    assert_eq!(gone.status(), 202);
    let closed = event(&mut agent, TASKS);
    assert_eq!(
        ["event", "dispositionCode"].map(|name| field(&closed, name)),
        ["DELETE", "CD_NORMAL_END_TASK"]
    );
    assert_eq!(field(&event(&mut agent, MEDIA), "state"), "READY");
    assert_eq!(get(&server, "1001", &format!("Dialog/{id}")).status(), 404);
}

#[test]
fn finding_m6_bad_requests_for_media_and_tasks_get_their_errors() {
    for (profile, path, body, expected) in [
        ("ucce", "User/1001/Media/5000", "<Media><state>GONE</state></Media>", 400),
        ("ucce", "User/1001/Media/5000", "<Media></Media>", 400),
        ("ucce", "User/1001/Media/5000", "<User><state>READY</state></User>", 400),
        ("ucce", "User/1001/Media/5000", "<Media><state>READY</state><state>READY</state></Media>", 400),
        ("ucce", "User/1001/Media/7", "<Media><state>READY</state></Media>", 404),
        ("ucce", "User/1002/Media/5000", "<Media><state>READY</state></Media>", 401),
        ("ucce", "User/nobody/Media/5000", "<Media><state>READY</state></Media>", 404),
        (
            "ucce",
            "User/1001/Media",
            "<MediaList><Media><id>5000</id><state>READY</state></Media></MediaList>",
            501,
        ),
        ("ucce", "Dialog/1_5000_1", "<Dialog><requestedAction>ACCEPT</requestedAction></Dialog>", 404),
        ("uccx", "User/1001/Media/5000", "<Media><state>READY</state></Media>", 501),
    ] {
        let server = server(profile, "12.5");
        assert_eq!(put(&server, path, body).status(), expected, "{path} {body}");
    }
    let server = server("ucce", "12.6");
    let list = "<MediaList><Media><id>5000</id><state>READY</state></Media></MediaList>";
    assert_eq!(put(&server, "User/1001/Media", list).status(), 202);
    for (user, line, status) in [
        ("1001", "POST /callboard/api/tasks?media=5000", 403),
        ("administrator", "POST /callboard/api/tasks", 400),
        ("administrator", "POST /callboard/api/tasks?media=5000&media=5000", 400),
        ("administrator", "POST /callboard/api/tasks?media=5000&from=1", 400),
        ("administrator", "POST /callboard/api/tasks?media=7", 404),
        ("administrator", "POST /callboard/api/tasks?media=Chat", 202),
        ("administrator", "POST /callboard/api/tasks?media=chat", 202),
        ("1001", "DELETE /callboard/api/tasks/1_5000_1", 403),
        ("administrator", "DELETE /callboard/api/tasks/1_5000_1", 202),
        ("administrator", "DELETE /callboard/api/tasks/1_5000_1", 404),
    ] {
        assert_eq!(own(&server, user, line, "").status(), status, "{line}");
    }
}
