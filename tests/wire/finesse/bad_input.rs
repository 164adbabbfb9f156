//! Bad requests for each row of the table of Finesse's API: each gets the guide's error with its number and text, and changes nothing.

use callboard::http::routes;

use crate::support::http::{Answer, Http, basic};
use crate::support::rest::{ask, field, get};
use crate::support::server::DEMO;
use crate::support::{Client, Server};

const XML: &str = "Content-Type: application/xml\r\n";
const VERBS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// An error: status, ErrorType, ErrorMessage.
type Told = (u16, &'static str, &'static str);

const MALFORMED: Told = (400, "Bad Request", "The request is malformed or incomplete");
const NOT_XML: Told = (415, "Bad Request", "The body has to be application/xml");
const NOT_UTF8: Told = (415, "Bad Request", "The body has to be UTF-8");
const TOO_LARGE: Told = (413, "Bad Request", "The body is too large");
const NO_METHOD: Told = (405, "Method Not Allowed", "There are other methods here");
const MISSING: Told = (501, "Not Implemented", "callboard does not serve this part of the API");
const NO_PATH: Told = (404, "Not Found", "There is no such resource");
const CHANGED: Told = (412, "Precondition Failed", "The object is not what the request takes it for");
const UNAUTHORIZED: Told = (401, "Authorization Failure", "UNAUTHORIZED");

/// A row of the table, with ids of the demo in its paths.
struct Row {
    paths: Vec<String>,
    served: Vec<String>,
    missing: Vec<String>,
}

impl Row {
    fn serves(&self, verb: &str) -> bool {
        self.served.iter().any(|served| served == verb)
    }
}

/// The rows of a product in the newest release.
fn rows(profile: &str) -> Vec<Row> {
    let words = |text: &str| -> Vec<String> {
        text.split(", ")
            .filter(|word| !word.is_empty())
            .map(|word| word.trim_matches('`').to_owned())
            .collect()
    };
    let filled = |path: &str| {
        let id = if path.starts_with("User/") || path.starts_with("LockedOutUsers/") { "1001" } else { "1" };
        let is_id = |part: &&str| part.bytes().all(|byte| byte.is_ascii_uppercase());
        let mut ids = [id, "2"].into_iter();
        path.split('/')
            .map(|part| if is_id(&part) { ids.next().unwrap_or("3") } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    routes::shown_of_finesse()
        .filter(|[.., product, releases]| {
            [profile, "both"].contains(&&**product) && !releases.starts_with("before")
        })
        .map(|[paths, served, missing, ..]| Row {
            paths: words(&paths).iter().map(|path| filled(path)).collect(),
            served: words(&served),
            missing: words(&missing),
        })
        .collect()
}

fn server(profile: &str) -> Server {
    // Each wrong token of these tests is a try.
    let demo = DEMO.replace("release = \"12.5\"", "release = \"15\"") + "\n[limits]\naddress_attempts = 0\n";
    Server::serving("localhost", &demo.replace("profile = \"uccx\"", &format!("profile = \"{profile}\"")))
}

/// The error of an answer, which has to be a document of the guide's form.
fn told(answer: &Answer, case: &str) -> (u16, String, String) {
    assert!(
        answer.header("Content-Type").is_some_and(|kind| kind.starts_with("application/xml")),
        "{case}: {answer:?}"
    );
    let document = roxmltree::Document::parse(&answer.body).unwrap_or_else(|_| panic!("{case}: {answer:?}"));
    let error = document.root_element().first_element_child().expect("an error");
    let names: Vec<&str> = error.children().map(|child| child.tag_name().name()).collect();
    assert_eq!(names, ["ErrorType", "ErrorData", "ErrorMessage"], "{case}");
    (
        answer.status(),
        field(&answer.body, "ErrorType").to_owned(),
        field(&answer.body, "ErrorMessage").replace("&apos;", "'"),
    )
}

fn expect(answer: &Answer, (status, kind, message): Told, case: &str) {
    assert_eq!(told(answer, case), (status, kind.to_owned(), message.to_owned()), "{case}: {answer:?}");
}

/// Tells whether nobody looks at the bytes of a body.
fn is_opaque(path: &str) -> bool {
    path.ends_with("CompressedClientLog") || path.ends_with("csvFileContent")
}

/// A request whose body is bytes.
fn ask_bytes(server: &Server, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let mut http = Http::connect(server.plain);
    http.send(format!(
        "{method} /finesse/api/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Length: {}\r\n{headers}\r\n",
        basic("administrator", "1234"),
        body.len()
    ));
    http.ask(body)
}

/// All that can be read of the people, and who is watched while it is looked whether anything changes.
struct Witness {
    server: Server,
    client: Client,
    before: [String; 4],
}

impl Witness {
    fn new(profile: &str) -> Self {
        let server = server(profile);
        let client = Client::online(&server, "1002", "desktop");
        let before = Self::all(&server);
        Self { server, client, before }
    }

    fn all(server: &Server) -> [String; 4] {
        ["Users", "Teams", "TeamMessages", "PhoneBooks"].map(|path| get(server, "administrator", path).body)
    }

    /// Nothing has changed, and nobody was told anything.
    fn end(mut self) {
        assert_eq!(Self::all(&self.server), self.before);
        self.client.expect_nothing_more();
    }
}

/// Every path of every row with every method that a test asks for.
fn each(profile: &str, mut test: impl FnMut(&Server, &Row, &str)) {
    let witness = Witness::new(profile);
    let rows = rows(profile);
    assert!(rows.len() > 50, "where is the table of the API?");
    for row in &rows {
        for path in &row.paths {
            test(&witness.server, row, path);
        }
    }
    witness.end();
}

#[test]
fn each_path_refuses_the_methods_that_it_has_not() {
    for profile in ["uccx", "ucce"] {
        each(profile, |server, row, path| {
            for verb in VERBS.into_iter().filter(|verb| !row.serves(verb)) {
                let answer = ask(server, "administrator", verb, path, XML, "");
                let case = format!("{verb} {path}");
                if row.missing.iter().any(|missing| missing == verb) {
                    expect(&answer, MISSING, &case);
                    assert_eq!(field(&answer.body, "ErrorData"), case);
                    continue;
                }
                expect(&answer, NO_METHOD, &case);
                let allowed = answer.header("Allow").expect("a 405 names the methods");
                assert_eq!(field(&answer.body, "ErrorData"), allowed, "{case}");
                let expected: Vec<&str> = VERBS.into_iter().filter(|verb| row.serves(verb)).collect();
                let named: Vec<&str> = allowed.split(", ").filter(|name| VERBS.contains(name)).collect();
                assert!(
                    named.len() == expected.len() && expected.iter().all(|verb| named.contains(verb)),
                    "{case}: {allowed}"
                );
            }
            // Methods that the API does not know.
            for method in ["PATCH", "BREW"] {
                expect(
                    &ask(server, "administrator", method, path, XML, ""),
                    MISSING,
                    &format!("{method} {path}"),
                );
            }
        });
    }
}

#[test]
fn each_change_refuses_what_is_no_xml_that_it_can_read() {
    let deep = "<a>".repeat(100) + &"</a>".repeat(100);
    let wide = format!("<a>{}</a>", "<b/>".repeat(2000));
    let bodies: [(&str, &[u8], Told); 15] = [
        (XML, b"", MALFORMED),
        (XML, b" \r\n", MALFORMED),
        (XML, b"{\"state\":\"READY\"}", MALFORMED),
        (XML, b"<User><state>READY</User>", MALFORMED),
        (XML, b"<a/><b/>", MALFORMED),
        (XML, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", MALFORMED),
        (XML, deep.as_bytes(), MALFORMED),
        (XML, wide.as_bytes(), MALFORMED),
        (XML, b"<unknown/>", MALFORMED),
        (XML, b"<a>\xff</a>", NOT_UTF8),
        (XML, b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", NOT_UTF8),
        (XML, b"\xff\xfe<\0a\0/\0>\0", NOT_UTF8),
        ("Content-Type: application/json\r\n", b"{}", NOT_XML),
        ("Content-Type: application/x-www-form-urlencoded\r\n", b"a=b", NOT_XML),
        ("Content-Type: text/xml; charset=utf-16\r\n", b"<a/>", NOT_UTF8),
    ];
    each("ucce", |server, row, path| {
        for verb in ["POST", "PUT"].into_iter().filter(|verb| row.serves(verb) && !is_opaque(path)) {
            for (headers, body, expected) in bodies {
                let case = format!(
                    "{verb} {path} {headers}{}",
                    String::from_utf8_lossy(&body[..body.len().min(60)])
                );
                expect(&ask_bytes(server, verb, path, headers, body), expected, &case);
            }
            let is_long = path.ends_with("ClientLog") || path.ends_with("/Contacts");
            let long = "x".repeat(if is_long { 1_100_000 } else { 70_000 });
            expect(
                &ask_bytes(server, verb, path, XML, long.as_bytes()),
                TOO_LARGE,
                &format!("{verb} {path}, too long"),
            );
            let id = format!("{XML}requestId: {}\r\n", "7".repeat(300));
            expect(
                &ask(server, "administrator", verb, path, &id, "<a/>"),
                MALFORMED,
                &format!("{verb} {path}, its id"),
            );
        }
    });
}

/// Java's parsers take both, and so do the bodies here; only the root is not what is asked for.
#[test]
fn finding_d25_each_change_reads_a_body_with_a_byte_order_mark_and_comments() {
    let mut changes = 0;
    each("uccx", |server, row, path| {
        for verb in ["POST", "PUT"].into_iter().filter(|verb| row.serves(verb) && !is_opaque(path)) {
            changes += 1;
            for body in ["\u{feff}<a/>", "<!-- x --><a><?y z?></a><!-- w -->"] {
                let answer = ask(server, "administrator", verb, path, XML, body);
                expect(&answer, MALFORMED, &format!("{verb} {path} {body}"));
                let data = field(&answer.body, "ErrorData");
                assert!(data.starts_with("the root element must be "), "{verb} {path} {body}: {data}");
            }
        }
    });
    assert!(changes >= 6, "{changes}");
}

#[test]
fn each_document_can_be_looked_at_by_head_and_each_path_tells_its_methods() {
    each("uccx", |server, row, path| {
        let options = Http::connect(server.plain)
            .ask(format!("OPTIONS /finesse/api/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_eq!((options.status(), options.body.as_str()), (204, ""), "{path}");
        let allowed = options.header("Allow").expect("the methods");
        assert!(
            VERBS.into_iter().all(|verb| allowed.split(", ").any(|name| name == verb) == row.serves(verb)),
            "{path}: {allowed}"
        );
        let mut http = Http::connect(server.plain);
        let head = http.ask_head(format!(
            "HEAD /finesse/api/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
            basic("administrator", "1234")
        ));
        let answer = get(server, "administrator", path);
        assert_eq!(head.status(), answer.status(), "{path}");
        assert_eq!(head.header("Content-Length"), Some(answer.body.len().to_string().as_str()), "{path}");
        // Nothing comes behind the head.
        http.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(http.answer().body, "ok\n", "{path}");
    });
}

#[test]
fn each_change_of_what_can_be_read_is_made_on_conditions() {
    let mut changes = Vec::new();
    each("ucce", |server, row, path| {
        let is_there = row.serves("GET") && get(server, "administrator", path).status() == 200;
        for verb in ["POST", "PUT", "DELETE"].into_iter().filter(|verb| row.serves(verb) && is_there) {
            changes.push(format!("{verb} {path}"));
            for condition in ["If-Match: \"other\"", "If-None-Match: *", "If-Match: W/\"weak\""] {
                let answer =
                    ask(server, "administrator", verb, path, &format!("{XML}{condition}\r\n"), "<unknown/>");
                expect(&answer, CHANGED, &format!("{verb} {path} {condition}"));
            }
        }
    });
    assert!(changes.contains(&"PUT User/1001".to_owned()), "{changes:?}");
    assert!(changes.contains(&"PUT MaintenanceMode".to_owned()), "{changes:?}");
}

#[test]
fn no_path_is_served_without_a_password_but_those_that_say_how_to_log_in() {
    let public = ["SystemInfo", "UserAuthMode/1"];
    each("ucce", |server, row, path| {
        for verb in VERBS.into_iter().filter(|verb| row.serves(verb)) {
            let case = format!("{verb} {path}");
            let request = format!(
                "{verb} /finesse/api/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{XML}"
            );
            let answer = Http::connect(server.plain).ask(format!("{request}\r\n"));
            if public.contains(&path) {
                assert_eq!(answer.status(), 200, "{case}");
                continue;
            }
            expect(&answer, UNAUTHORIZED, &case);
            assert!(answer.header("WWW-Authenticate").is_some(), "{case}");
            for authorization in ["Basic", "Basic !", "Basic 1001", "Digest x", "Bearer x", "Basic MTAwMQ=="]
            {
                let answer = Http::connect(server.plain)
                    .ask(format!("{request}Authorization: {authorization}\r\n\r\n"));
                expect(&answer, UNAUTHORIZED, &format!("{case} {authorization}"));
            }
        }
    });
}

#[test]
fn no_agent_changes_what_belongs_to_others_or_to_the_system() {
    each("ucce", |server, row, path| {
        // A user without a team of its own and without any role but Agent.
        for verb in ["POST", "PUT", "DELETE"].into_iter().filter(|verb| row.serves(verb)) {
            let root = match path.split('/').collect::<Vec<_>>()[..] {
                ["User", _] => "<User><state>LOGOUT</state></User>",
                [.., "Dialogs"] => {
                    "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress><toAddress>1003</toAddress></Dialog>"
                }
                ["Dialog", _] => {
                    "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>DROP</requestedAction></Dialog>"
                }
                [.., "ClientLog"] => "<ClientLog><logData>x</logData></ClientLog>",
                ["MaintenanceMode"] => "<MaintenanceMode/>",
                ["TeamMessage" | "TeamMessages", ..] => {
                    "<TeamMessage><duration>60</duration><content>x</content><teams><team>1</team></teams></TeamMessage>"
                }
                _ => "<a/>",
            };
            let answer = ask(server, "1003", verb, path, XML, root);
            let (status, kind, _) = told(&answer, &format!("{verb} {path}"));
            // A file of contacts is read before it is looked at who sends it.
            let is_file = status == 415 && path.ends_with("csvFileContent");
            assert!(is_file || [400, 401, 403, 404].contains(&status), "{verb} {path}: {answer:?}");
            assert!(root == "<a/>" || status != 400, "{verb} {path}: {kind}");
        }
    });
}

#[test]
fn a_path_that_nobody_can_read_or_that_is_not_there_is_not_found() {
    let witness = Witness::new("ucce");
    let server = &witness.server;
    for path in [
        "",
        "Nothing",
        "user/1001",
        "User/1001/Nothing",
        "User//Dialogs/x",
        "Dialogs",
        "%ff",
        "User/%ff",
        "User/%fe%ff/Dialogs",
        "User/1001%2FDialogs/x",
        "SystemInfo/x",
        "..%2fUser",
        "Devices",
        "ConfigInfo/x",
        "Us%65r%2F1001",
    ] {
        for verb in VERBS {
            expect(&ask(server, "administrator", verb, path, XML, ""), NO_PATH, &format!("{verb} {path}"));
        }
    }
    // A sequence that is not one stands for itself; what is decoded is an id like any other.
    for (path, data) in [("User/%zz", "%zz"), ("User/%2", "%2"), ("User/%00%3C", ""), ("User/a%2Fb", "a/b")] {
        let answer = get(server, "administrator", path);
        expect(&answer, (404, "User Not Found", "UNKNOWN_USER"), path);
        assert_eq!(field(&answer.body, "ErrorData"), data, "{path}");
    }
    assert_eq!(get(server, "administrator", "%55ser/10%301").status(), 200);
    witness.end();
}

#[test]
fn a_parameter_that_stands_twice_is_refused_and_an_unknown_one_is_not() {
    let witness = Witness::new("uccx");
    let server = &witness.server;
    for (path, name) in [
        ("ReasonCodes", "category"),
        ("User/1001/ReasonCodes", "category"),
        ("Team/1/ReasonCodes", "category"),
        ("Team/1", "includeLoggedOutAgents"),
        ("ConnectedUsersInfo", "details"),
        ("User/1001/Dialogs", "includeNonVoice"),
    ] {
        let answer = get(server, "administrator", &format!("{path}?{name}=ALL&{name}=ALL"));
        expect(&answer, MALFORMED, path);
        assert_eq!(field(&answer.body, "ErrorData"), format!("{name} stands twice"));
        let answer = get(server, "administrator", &format!("{path}?{name}=ALL&nocache=1&nocache=2&%ff=%zz"));
        assert_eq!(answer.status(), 200, "{path}: {answer:?}");
    }
    witness.end();
}

#[test]
fn an_error_is_json_for_those_who_ask_for_json() {
    let server = server("uccx");
    for (method, path, body, status, kind) in [
        ("GET", "User/nobody", "", 404, "User Not Found"),
        ("PUT", "User/1001", "<a/>", 400, "Bad Request"),
        ("DELETE", "User/1001", "", 405, "Method Not Allowed"),
        ("GET", "Nothing", "", 404, "Not Found"),
    ] {
        let answer = ask(&server, "1001", method, path, &format!("{XML}Accept: application/json\r\n"), body);
        assert_eq!(answer.status(), status, "{method} {path}");
        assert!(
            answer.header("Content-Type").is_some_and(|kind| kind.starts_with("application/json")),
            "{answer:?}"
        );
        assert!(answer.body.contains(&format!("\"ErrorType\":\"{kind}\"")), "{answer:?}");
    }
}
