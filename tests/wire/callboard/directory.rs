//! Requests of the built-in page: the directory, and requests in another user's name.

use crate::support::http::{Http, basic, own};
use crate::support::rest::{event, field};
use crate::support::{Client, Server};

const USER: &str = "/finesse/api/User/1001";

/// The ids of the objects in a list of the directory.
fn ids(document: &str, list: &str) -> Vec<String> {
    let start = document.find(&format!("\"{list}\":[")).expect("the list is there");
    let list = &document[start..];
    let list = &list[..list.find("}]").unwrap_or_else(|| list.find(']').expect("its end"))];
    list.split("{\"id\":\"").skip(1).map(|one| one[..one.find('"').expect("an id")].to_owned()).collect()
}

#[test]
fn everybody_is_told_of_whom_it_may_see() {
    let server = Server::demo();
    let everybody = ["administrator", "1001", "1002", "1003", "1004", "1005", "1006"];
    let all = own(&server, "administrator", "GET", "directory");
    assert_eq!((all.status(), all.header("Content-Type")), (200, Some("application/json")));
    assert_eq!(ids(&all.body, "users"), everybody);
    assert_eq!(ids(&all.body, "teams"), ["1", "2"]);
    assert_eq!(ids(&all.body, "queues").len(), 2);
    // Express has no media.
    let end = "\"media\":[],\"campaigns\":[\"Renewals\"]}";
    assert!(all.body.trim_end().ends_with(end), "{}", all.body);
    for part in [
        "{\"domain\":\"localhost\",\"pubsub\":\"pubsub.localhost\",\"version\":\"",
        "\"profile\":\"uccx\",\"release\":\"12.5\",\"me\":\"administrator\",\"administrator\":true,",
        "\"extension\":\"1001\",\"team\":\"1\",\"roles\":[\"Agent\"]}",
        "\"number\":\"9001\",\"team\":\"1\"}",
    ] {
        assert!(all.body.contains(part), "{part} in {}", all.body);
    }
    let agent = own(&server, "1004", "GET", "directory");
    assert_eq!(ids(&agent.body, "users"), ["1004"]);
    assert_eq!(ids(&agent.body, "teams"), ["2"]);
    assert!(agent.body.contains("\"me\":\"1004\",\"administrator\":false,"), "{}", agent.body);
    assert!(
        agent.body.trim_end().ends_with("\"campaigns\":[]}"),
        "only administrators hand in contacts: {}",
        agent.body
    );
    assert_eq!(own(&server, "nobody", "GET", "directory").status(), 401);
    assert_eq!(own(&server, "administrator", "POST", "directory").status(), 405);
}

#[test]
fn an_administrator_does_what_the_user_could_do() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    let put = |user: &str, id: &str, body: &str| {
        let password = if user == "administrator" { "1234" } else { user };
        Http::connect(server.plain).ask(format!(
            "PUT /callboard/api/as/{id}/finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
             Content-Type: application/xml\r\nrequestId: r-7\r\nContent-Length: {}\r\n\r\n{body}",
            basic(user, password),
            body.len()
        ))
    };
    let login = "<User><state>LOGIN</state><extension>1001</extension></User>";
    for (user, id, status, part) in [
        ("1001", "1001", 401, "<ErrorType>Authorization Failure</ErrorType>"),
        ("1002", "1001", 401, "<ErrorType>Authorization Failure</ErrorType>"),
        ("nobody", "1001", 401, "<ErrorMessage>UNAUTHORIZED</ErrorMessage>"),
        ("administrator", "1009", 404, "<ErrorMessage>UNKNOWN_USER</ErrorMessage>"),
        ("administrator", "1002", 401, "<ErrorType>Invalid Authorization User Specified</ErrorType>"),
        ("administrator", "%ff", 404, ""),
    ] {
        let answer = put(user, id, login);
        assert_eq!(answer.status(), status, "{user} as {id}: {}", answer.body);
        assert!(answer.body.contains(part), "{user} as {id}: {}", answer.body);
    }
    agent.expect_nothing_more();
    let answer = put("administrator", "1001", login);
    assert_eq!((answer.status(), answer.header("requestId")), (202, Some("r-7")));
    let told = event(&mut agent, USER);
    assert_eq!((field(&told, "state"), field(&told, "requestId")), ("NOT_READY", "r-7"));
}
