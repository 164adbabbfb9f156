//! The parameters of a query: every resource that reads a query has the same rule.

use crate::support::Server;
use crate::support::http::{Http, basic};

/// A parameter that stands twice may mean either: 400, and nothing happens.
#[test]
fn a_parameter_that_stands_twice_is_refused_at_every_door() {
    let server = Server::demo();
    for (method, target) in [
        ("POST", "/callboard/api/publish?node=/finesse/api/User/1001&node=/finesse/api/User/1001"),
        ("POST", "/callboard/api/status?status=OUT_OF_SERVICE&status=OUT_OF_SERVICE"),
        ("POST", "/callboard/api/status?finesse=available&finesse=available"),
        ("POST", "/callboard/api/calls?to=9001&to=9001"),
        ("POST", "/callboard/api/calls?to=9001&from=1&from=1"),
        ("POST", "/callboard/api/calls?to=9001&callVariable1=1&callVariable1=1"),
        ("GET", "/callboard/api/frames?session=1&session=1"),
        ("GET", "/callboard/api/frames?ticket=1&ticket=1"),
        ("GET", "/events?node=/finesse/api/User/1001&ticket=1&%74icket=1"),
        ("GET", "/events?node=/finesse/api/User/1001&after=1&after=1"),
        ("GET", "/events?node=/finesse/api/User/1001&lastEventId=1&lastEventId=1"),
        ("GET", "/finesse/api/User/1001/ReasonCodes?category=ALL&category=ALL"),
        ("GET", "/finesse/api/Team/1?includeLoggedOutAgents=true&includeLoggedOutAgents=true"),
    ] {
        let answer = Http::connect(server.plain).ask(format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Length: 0\r\n\r\n",
            basic("administrator", "1234")
        ));
        assert_eq!(answer.status(), 400, "{method} {target}: {answer:?}");
        assert!(answer.body.contains("once") || answer.body.contains("twice"), "{target}: {}", answer.body);
    }
}
