//! Logs that clients hand in.

use crate::support::http::{Answer, Http, basic};
use crate::support::rest::{ask, event, field};
use crate::support::{Client, Server};

const XML: &str = "Content-Type: application/xml\r\nrequestId: r-1\r\n";
const NODE: &str = "/finesse/api/User/1001/ClientLog";

fn log(data: &str) -> String {
    format!("<ClientLog><logData>{data}</logData></ClientLog>")
}

fn compressed(server: &Server, of: &str, body: &[u8]) -> Answer {
    let mut http = Http::connect(server.plain);
    http.send(format!(
        "POST /finesse/api/User/{of}/CompressedClientLog HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
         Content-Type: application/zip\r\nContent-Length: {}\r\n\r\n",
        basic("1001", "1001"),
        body.len()
    ));
    http.send(body);
    http.answer()
}

#[test]
fn a_log_is_taken_counted_and_thrown_away() {
    let server = Server::demo();
    let mut agent = Client::online(&server, "1001", "desktop");
    agent.subscribe(NODE);
    // As long as Finesse takes them, and longer than any other body.
    let long = log(&"secret words\n".repeat(80_000));
    let answer = ask(&server, "1001", "POST", "User/1001/ClientLog", XML, &long);
    assert_eq!((answer.status(), answer.body.as_str(), answer.header("requestId")), (202, "", Some("r-1")));
    let expected = format!(
        "<Update><data><clientLog><logData></logData></clientLog></data><event>POST</event>\
         <requestId>r-1</requestId><source>{NODE}</source></Update>"
    );
    assert_eq!(event(&mut agent, NODE), expected);
    let answer = compressed(&server, "1001", b"PK\x03\x04\x00\xff\xfe");
    assert_eq!((answer.status(), answer.body.as_str()), (202, ""));
    agent.expect_nothing_more();
    let written = server.stop();
    assert!(written.contains("POST /finesse/api/User/1001/ClientLog 202"), "{written}");
    assert!(written.contains("2 client logs"), "{written}");
    assert!(!written.contains("secret"), "{written}");
}

#[test]
fn a_bad_log_gets_an_error_and_nobody_hears_of_it() {
    let server = Server::with("[limits]\nclient_log = \"2KiB\"\n");
    let mut agent = Client::online(&server, "1001", "desktop");
    agent.subscribe(NODE);
    for (user, headers, body, status, kind) in [
        ("1002", XML, log("x"), 401, "Invalid Authorization User Specified"),
        ("administrator", XML, log("x"), 401, "Invalid Authorization User Specified"),
        ("1001", XML, log(" "), 400, "Parameter Missing"),
        ("1001", XML, "<ClientLog/>".into(), 400, "Parameter Missing"),
        ("1001", XML, "<logData>x</logData>".into(), 400, "Bad Request"),
        ("1001", XML, format!("<!DOCTYPE a>{}", log("x")), 400, "Bad Request"),
        ("1001", XML, "{}".into(), 400, "Bad Request"),
        ("1001", XML, log(&"x".repeat(2048)), 413, "Bad Request"),
        ("1001", "Content-Type: application/json\r\n", log("x"), 415, "Bad Request"),
    ] {
        let answer = ask(&server, user, "POST", "User/1001/ClientLog", headers, &body);
        assert_eq!(answer.status(), status, "{body}: {answer:?}");
        assert_eq!(field(&answer.body, "ErrorType"), kind, "{body}");
    }
    assert_eq!(ask(&server, "1001", "POST", "User/nobody/ClientLog", XML, &log("x")).status(), 404);
    assert_eq!(compressed(&server, "1002", b"PK").status(), 401);
    assert_eq!(compressed(&server, "1001", &[0; 2049]).status(), 413);
    agent.expect_nothing_more();
    assert!(server.stop().contains("0 client logs"));
}
