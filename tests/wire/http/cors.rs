//! Pages of other origins: who may read an answer, who may change something, and what a preflight says.

use crate::support::http::{Answer, Http, basic};
use crate::support::server::{DEMO, Folder};
use crate::support::{Client, Server};

const ALLOWED: &str = "https://gadgets.example.org:8443";
const FOREIGN: &str = "https://evil.example";

fn server() -> Server {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("site")).expect("the folder is ours");
    folder.write("site/index.html", "<p>page</p>");
    let keys = format!(
        "www = \"site\"\nhosts = [\"lab.example\"]\ncors_origins = [\"{ALLOWED}\", \"http://plain.example\"]\n"
    );
    Server::serving_in(folder, "localhost", &format!("{keys}{DEMO}"))
}

fn origin(origin: &str) -> String {
    format!("Origin: {origin}\r\n")
}

fn request(method: &str, path: &str, host: &str, headers: &str, body: &str) -> String {
    let (login, length) = (basic("1001", "1001"), body.len());
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {login}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

fn ask(server: &Server, method: &str, path: &str, headers: &str) -> Answer {
    Http::connect(server.plain).ask(request(method, path, "lab.example:8080", headers, ""))
}

fn allow_origin(answer: &Answer) -> Option<&str> {
    answer.header("Access-Control-Allow-Origin")
}

/// A page may read this answer.
fn expect_open(answer: &Answer, origin: &str) {
    assert_eq!(allow_origin(answer), Some(origin), "{answer:?}");
    assert_eq!(answer.header("Access-Control-Allow-Credentials"), Some("true"));
    assert_eq!(
        answer.header("Access-Control-Expose-Headers"),
        Some("requestId, ETag, Location, X-Callboard-Sequence, X-Callboard-Fault")
    );
    assert!(answer.has_header("Vary", "Origin"), "{answer:?}");
}

/// No page may.
fn expect_closed(answer: &Answer) {
    let headers = format!("{answer:?}").to_lowercase();
    assert!(!headers.contains("access-control-"), "{answer:?}");
    assert!(answer.has_header("Vary", "Origin"), "a cache must not give it to a page that may");
}

const PATHS: [(&str, u16); 6] = [
    ("/healthz", 200),
    ("/", 200),
    ("/nothing", 404),
    ("/finesse/api/SystemInfo", 200),
    ("/finesse/api/User/1001", 200),
    ("/callboard/api/publish", 405),
];

#[test]
fn a_page_that_is_allowed_may_read_every_answer() {
    let server = server();
    for page in [
        ALLOWED,
        "http://plain.example",
        "HTTPS://GADGETS.example.org:8443",
        "http://plain.example:80",
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:8445",
        "http://page.localhost:5173",
        "http://127.0.0.1:8080",
        "https://127.1.2.3",
        "http://[::1]:3000",
        // The server's own.
        "http://lab.example:8080",
    ] {
        for (path, status) in PATHS {
            let answer = ask(&server, "GET", path, &origin(page));
            assert_eq!(answer.status(), status, "{page} {path}");
            expect_open(&answer, page);
        }
    }
    // What says no says it to the page too.
    let mut http = Http::connect(server.plain);
    let answer = http
        .ask(format!("GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\n{}\r\n", origin(ALLOWED)));
    assert_eq!(answer.status(), 401);
    expect_open(&answer, ALLOWED);
}

#[test]
fn a_page_that_is_not_allowed_is_answered_and_cannot_read_it() {
    let server = server();
    for page in [
        FOREIGN,
        "null",
        "",
        "*",
        "https://gadgets.example.org",
        "http://gadgets.example.org:8443",
        "https://gadgets.example.org:8444",
        "https://gadgets.example.org:8443.evil.example",
        "https://gadgets.example.org:8443/",
        "https://x.gadgets.example.org:8443",
        "https://plain.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "https://lab.example:8080",
        "http://lab.example",
        "http://lab.example:8081",
        "lab.example:8080",
        "chrome-extension://abcdef",
        "https://m\u{fc}nchen.example",
        "https://evil.example, https://gadgets.example.org:8443",
        "https://evil.example https://gadgets.example.org:8443",
    ] {
        for (path, status) in PATHS {
            let answer = ask(&server, "GET", path, &origin(page));
            assert_eq!(answer.status(), status, "{page} {path}");
            expect_closed(&answer);
        }
    }
    for twice in [[ALLOWED, FOREIGN], [FOREIGN, ALLOWED], [ALLOWED, ALLOWED]] {
        expect_closed(&ask(&server, "GET", "/healthz", &twice.map(origin).concat()));
    }
    // A client that is no page is no concern of it.
    let answer = ask(&server, "GET", "/healthz", "");
    assert_eq!(answer.status(), 200);
    expect_closed(&answer);
}

#[test]
fn the_origin_of_the_server_is_that_of_its_listener() {
    let server = server();
    for (page, host, in_clear, in_tls) in [
        ("http://lab.example:8080", "lab.example:8080", true, false),
        ("https://lab.example:8080", "lab.example:8080", false, true),
        ("https://lab.example", "lab.example", false, true),
        ("https://lab.example", "LAB.example:443", false, true),
        ("http://lab.example", "lab.example:80", true, false),
        ("http://lab.example", "lab.example:443", false, false),
        ("https://192.0.2.7:8445", "192.0.2.7:8445", false, true),
        ("https://[2001:db8::7]:8445", "[2001:db8:0::7]:8445", false, true),
        ("https://lab.example", "192.0.2.7", false, false),
        // The dot that ends a name in the DNS makes another origin.
        ("http://localhost.:8080", "localhost.:8080", true, false),
        ("https://Lab.example.", "lab.example.", false, true),
        ("https://lab.example.", "lab.example", false, false),
        ("http://evil.example.", "lab.example.", false, false),
        ("lab.example.", "lab.example.", false, false),
    ] {
        let get = request("GET", "/healthz", host, &origin(page), "");
        let clear = Http::connect(server.plain).ask(&get);
        let tls = Http::secure(server.tls).ask(&get);
        for (answer, expected) in [(clear, in_clear), (tls, in_tls)] {
            assert_eq!(allow_origin(&answer), expected.then_some(page), "{page} at {host}: {answer:?}");
        }
    }
    // Without Host there is nothing to compare.
    let answer = Http::connect(server.plain)
        .ask(format!("GET /healthz HTTP/1.0\r\n{}\r\n", origin("http://lab.example")));
    assert_eq!((answer.status(), allow_origin(&answer)), (200, None));
    // A change over TLS, from the page that the server itself has served.
    let put = |page: &str| {
        let headers = format!("{}Content-Type: application/xml\r\n", origin(page));
        let login = "<User><state>LOGIN</state><extension>1001</extension></User>";
        let put = request("PUT", "/finesse/api/User/1001", "lab.example", &headers, login);
        Http::secure(server.tls).ask(put).status()
    };
    assert_eq!([put("http://lab.example"), put("https://lab.example")], [403, 202]);
}

#[test]
fn a_preflight_says_what_a_page_may_send() {
    let server = server();
    // A browser sends no password with it.
    let preflight = |path: &str, headers: &str| {
        Http::connect(server.plain)
            .ask(format!("OPTIONS {path} HTTP/1.1\r\nHost: lab.example\r\n{headers}\r\n"))
    };
    let asks = format!("{}Access-Control-Request-Method: PUT\r\n", origin(ALLOWED));
    for (path, _) in PATHS {
        let asked = "Access-Control-Request-Headers: authorization, content-type,requestid\r\n";
        let answer = preflight(path, &format!("{asks}{asked}"));
        assert_eq!((answer.status(), answer.body.as_str()), (204, ""), "{path}");
        expect_open(&answer, ALLOWED);
        assert_eq!(answer.header("Access-Control-Allow-Methods"), Some("GET, HEAD, POST, PUT, DELETE"));
        let headers = answer.header("Access-Control-Allow-Headers");
        assert_eq!(headers, Some("authorization, content-type,requestid"));
        assert_eq!(answer.header("Access-Control-Max-Age"), Some("600"));
        assert_eq!(answer.header("WWW-Authenticate"), None);
    }
    for asked in ["", "Access-Control-Request-Headers:\r\n", "Access-Control-Request-Headers: a b\r\n"] {
        let answer = preflight("/finesse/api/User/1001", &format!("{asks}{asked}"));
        assert_eq!((answer.status(), answer.header("Access-Control-Allow-Headers")), (204, None), "{asked}");
    }
    for page in [FOREIGN, "null"] {
        for method in ["GET", "PUT"] {
            let headers = format!("{}Access-Control-Request-Method: {method}\r\n", origin(page));
            let answer = preflight("/finesse/api/User/1001", &headers);
            assert_eq!(answer.status(), 403, "{page} {method}");
            expect_closed(&answer);
            assert_eq!(answer.header("Content-Type"), Some("text/plain; charset=utf-8"));
            assert!(answer.body.contains("cors_origins"), "{answer:?}");
        }
    }
    server.wait_for_log(&["https://evil.example", "not in cors_origins"]);
}

#[test]
fn options_that_are_no_preflight_say_which_methods_there_are() {
    let server = server();
    for (path, methods) in [
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/finesse/api/User/1001", "GET, HEAD, PUT, OPTIONS"),
        ("/finesse/api/User/1001/ClientLog", "POST, OPTIONS"),
        ("/callboard/api/publish", "POST, OPTIONS"),
    ] {
        for asks in ["", "Access-Control-Request-Method: PUT\r\n"] {
            let mut http = Http::connect(server.plain);
            let answer = http.ask(format!("OPTIONS {path} HTTP/1.1\r\nHost: lab.example\r\n{asks}\r\n"));
            assert_eq!((answer.status(), answer.header("Allow")), (204, Some(methods)), "{path}");
            expect_closed(&answer);
        }
        let answer = ask(&server, "OPTIONS", path, &origin(ALLOWED));
        assert_eq!((answer.status(), answer.header("Allow")), (204, Some(methods)), "{path}");
        expect_open(&answer, ALLOWED);
        expect_closed(&ask(&server, "OPTIONS", path, &origin(FOREIGN)));
    }
}

#[test]
fn a_page_that_is_not_allowed_changes_nothing_though_the_browser_sends_the_password() {
    let server = server();
    let mut agent = Client::online(&server, "1001", "desktop");
    let mut administrator = Client::online(&server, "administrator", "desktop");
    administrator.subscribe("/lab/alarms");
    let login = "<User><state>LOGIN</state><extension>1001</extension></User>";
    let send = |method: &str, path: &str, page: &str, body: &str| {
        let headers = format!("{}Content-Type: application/xml\r\nrequestId: r-7\r\n", origin(page));
        let admin = format!("Authorization: {}\r\n", basic("administrator", "1234"));
        let request = request(method, path, "lab.example", &headers, body);
        let login = format!("Authorization: {}\r\n", basic("1001", "1001"));
        let request = if path.starts_with("/callboard") { request.replace(&login, &admin) } else { request };
        Http::connect(server.plain).ask(request)
    };
    for page in [FOREIGN, "null", "https://lab.example"] {
        for method in ["PUT", "POST", "DELETE", "PATCH", "FROBNICATE"] {
            let answer = send(method, "/finesse/api/User/1001", page, login);
            assert_eq!(answer.status(), 403, "{page} {method}");
            expect_closed(&answer);
            assert_eq!(answer.header("Content-Type"), Some("application/xml;charset=UTF-8"));
            assert_eq!(answer.header("requestId"), Some("r-7"));
            let document = roxmltree::Document::parse(&answer.body).expect("XML");
            let field = |name| document.descendants().find(|element| element.has_tag_name(name));
            assert!(document.root_element().has_tag_name("ApiErrors"), "{answer:?}");
            assert_eq!(field("ErrorType").and_then(|element| element.text()), Some("Forbidden"));
            assert_eq!(field("ErrorData").and_then(|element| element.text()).unwrap_or_default(), page);
            assert!(answer.body.contains("cors_origins"), "{answer:?}");
        }
        for path in [
            "/callboard/api/publish?node=/lab/alarms",
            "/callboard/api/calls",
            "/callboard/api/status?status=OUT_OF_SERVICE",
            "/healthz",
            "/",
            "/nothing",
        ] {
            let answer = send("POST", path, page, "x");
            assert_eq!(answer.status(), 403, "{page} {path}");
            expect_closed(&answer);
            assert_eq!(answer.header("Content-Type"), Some("text/plain; charset=utf-8"));
            assert!(answer.body.contains("cors_origins"), "{answer:?}");
        }
    }
    agent.expect_nothing_more();
    administrator.expect_nothing_more();
    // The same from pages that are allowed, and from what is no page.
    let answer = send("PUT", "/finesse/api/User/1001", ALLOWED, login);
    assert_eq!(answer.status(), 202);
    expect_open(&answer, ALLOWED);
    assert!(agent.text().contains("/finesse/api/User/1001"));
    let answer =
        send("POST", "/callboard/api/publish?node=/lab/alarms", "http://localhost:3000", "from a page");
    assert_eq!(answer.status(), 202);
    expect_open(&answer, "http://localhost:3000");
    assert!(administrator.text().contains("from a page"));
    let ready =
        request("PUT", "/finesse/api/User/1001", "localhost", "", "<User><state>READY</state></User>");
    assert_eq!(Http::connect(server.plain).ask(ready).status(), 202);
}

#[test]
fn a_websocket_is_for_pages_that_may_read_and_for_programs() {
    let server = server();
    let upgrade = |origins: &str| {
        let upgrade = crate::support::http::UPGRADE;
        Http::connect(server.plain).ask(format!("GET /ws/ HTTP/1.1\r\n{upgrade}{origins}\r\n"))
    };
    let own = format!("http://{}", server.plain);
    for page in [ALLOWED, "http://localhost:3000", "https://127.0.0.1", &own] {
        assert_eq!(upgrade(&origin(page)).status(), 101, "{page}");
    }
    assert_eq!(upgrade("").status(), 101, "no page at all");
    for page in [FOREIGN, "null", "file://"] {
        let answer = upgrade(&origin(page));
        assert_eq!((answer.status(), allow_origin(&answer)), (403, None), "{page}");
        assert!(answer.body.contains("cors_origins"), "{answer:?}");
    }
    assert_eq!(upgrade(&[ALLOWED, FOREIGN].map(origin).concat()).status(), 403, "two of them");
    server.wait_for_log(&["GET /ws/", FOREIGN, "not in cors_origins"]);
    let answer = ask(&server, "OPTIONS", "/ws/", &origin(ALLOWED));
    assert_eq!((answer.status(), allow_origin(&answer)), (405, None));
}

#[test]
fn pages_of_extensions_and_wrapped_applications_are_allowed_by_name() {
    let pages = [
        "chrome-extension://abcdefghij",
        "moz-extension://0f9c-11",
        "capacitor://localhost",
        "ionic://localhost",
        "file://",
    ];
    let keys = format!("cors_origins = {pages:?}\n");
    let server = Server::serving("localhost", &format!("{keys}{DEMO}"));
    let upgrade = |page: &str| {
        let upgrade = crate::support::http::UPGRADE;
        Http::connect(server.plain)
            .ask(format!("GET /ws/ HTTP/1.1\r\n{upgrade}{}\r\n", origin(page)))
            .status()
    };
    let get = |page: &str| {
        Http::connect(server.plain).ask(request(
            "GET",
            "/finesse/api/User/1001",
            "localhost",
            &origin(page),
            "",
        ))
    };
    for page in pages {
        expect_open(&get(page), page);
        assert_eq!(upgrade(page), 101, "{page}");
    }
    for page in [
        "chrome-extension://abcdefghik",
        "app-extension://abcdefghij",
        "capacitor://local",
        "tauri://localhost",
        "null",
    ] {
        expect_closed(&get(page));
        assert_eq!(upgrade(page), 403, "{page}");
    }
    for (method, path) in [("POST", "/callboard/api/ticket"), ("PUT", "/finesse/api/User/1001")] {
        let request = request(method, path, "localhost", &origin("null"), "");
        let hidden = Http::connect(server.plain).ask(request);
        assert_eq!(hidden.status(), 403);
        assert!(hidden.body.contains("hide their origin"), "{hidden:?}");
    }
    server.wait_for_log(&["POST /callboard/api/ticket", "an origin that it hides"]);
}

#[test]
fn what_only_programs_say_of_themselves_is_taken_for_a_program_if_it_names_this_server() {
    let server = server();
    let upgrade = |tls: bool, host: &str, page: &str| {
        let upgrade = crate::support::http::UPGRADE.replace("localhost", host);
        let get = format!("GET /ws/ HTTP/1.1\r\n{upgrade}{}\r\n", origin(page));
        if tls { Http::secure(server.tls).ask(get) } else { Http::connect(server.plain).ask(get) }.status()
    };
    for (tls, host, page, status) in [
        (false, "lab.example:8080", "", 101),
        (false, "lab.example:8080", "lab.example:8080", 101),
        (false, "lab.example:8080", "ws://lab.example:8080", 101),
        (true, "lab.example:8445", "wss://lab.example:8445", 101),
        (true, "lab.example", "wss://lab.example", 101),
        (true, "192.0.2.1:8445", "192.0.2.1:8445", 101),
        (false, "lab.example:8080", "lab.example:8081", 403),
        (false, "lab.example:8080", "ws://evil.example:8080", 403),
        (true, "lab.example", "ws://lab.example", 403),
        (false, "lab.example:8080", "lab.example:8080/", 403),
        // These can be pages: a proxy between browser and server has written them.
        (true, "lab.example:8445", "http://lab.example:8445", 403),
        (false, "lab.example:8080", "null", 403),
    ] {
        assert_eq!(upgrade(tls, host, page), status, "{page} at {host}");
    }
    // It is no page, so no page may read it.
    for page in ["", "lab.example:8080", "ws://lab.example:8080"] {
        expect_closed(&ask(&server, "GET", "/finesse/api/User/1001", &origin(page)));
    }
    let null = Server::serving("localhost", &format!("hosts = [\"null\"]\n{DEMO}"));
    let get = format!(
        "GET /ws/ HTTP/1.1\r\n{}{}\r\n",
        crate::support::http::UPGRADE.replace("localhost", "null"),
        origin("null")
    );
    assert_eq!(Http::connect(null.plain).ask(get).status(), 403, "a host of that name is no excuse");
}

#[test]
fn a_change_that_a_page_of_elsewhere_asks_for_without_its_origin_is_refused() {
    let server = server();
    let put = |headers: &str| {
        let headers = format!("{headers}Content-Type: application/xml\r\n");
        let login = "<User><state>LOGIN</state><extension>1001</extension></User>";
        Http::connect(server.plain).ask(request(
            "PUT",
            "/finesse/api/User/1001",
            "localhost",
            &headers,
            login,
        ))
    };
    for site in ["cross-site", "same-site", "", "Same-Origin", "same-origin\r\nSec-Fetch-Site: cross-site"] {
        for origin in ["", "Origin:\r\n"] {
            let answer = put(&format!("{origin}Sec-Fetch-Site: {site}\r\n"));
            assert_eq!(answer.status(), 403, "{site}");
            assert!(answer.body.contains("the browser does not say of which this one is"), "{site}");
            expect_closed(&answer);
        }
        let status = format!("Sec-Fetch-Site: {site}\r\n");
        let post = request("POST", "/callboard/api/ticket", "localhost", &status, "");
        assert_eq!(Http::connect(server.plain).ask(post).status(), 403, "{site}");
        let upgrade = crate::support::http::UPGRADE;
        let get = format!("GET /ws/ HTTP/1.1\r\n{upgrade}{status}\r\n");
        assert_eq!(Http::connect(server.plain).ask(get).status(), 403, "{site}");
        // A link may lead here.
        assert_eq!(ask(&server, "GET", "/finesse/api/User/1001", &status).status(), 200, "{site}");
    }
    for headers in ["", "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n", "Origin:\r\n"] {
        assert_eq!(put(headers).status(), 202, "{headers}");
    }
    // A client that names its origin is judged by that.
    assert_eq!(put(&format!("{}Sec-Fetch-Site: cross-site\r\n", origin(ALLOWED))).status(), 202);
}

#[test]
fn a_page_that_is_allowed_may_reach_an_address_of_a_private_network() {
    let server = server();
    let preflight = |page: &str, asks: &str| {
        let asked = format!("{}Access-Control-Request-Method: GET\r\n{asks}", origin(page));
        Http::connect(server.plain)
            .ask(format!("OPTIONS /finesse/api/SystemInfo HTTP/1.1\r\nHost: lab.example\r\n{asked}\r\n"))
            .header("Access-Control-Allow-Private-Network")
            .map(str::to_owned)
    };
    let asks = "Access-Control-Request-Private-Network: true\r\n";
    assert_eq!(preflight(ALLOWED, asks).as_deref(), Some("true"));
    assert_eq!((preflight(ALLOWED, ""), preflight(FOREIGN, asks)), (None, None));
}
