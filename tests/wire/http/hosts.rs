//! For which hosts requests are served, and what every answer says to a browser.

use std::net::SocketAddr;

use rcgen::{CertificateParams, KeyPair};

use crate::support::http::{Answer, Http, UPGRADE, basic};
use crate::support::server::{DEMO, Folder};
use crate::support::{Server, tls};

/// What there is, each with the status that it has for who may ask.
const PATHS: [(&str, &str, u16); 12] = [
    ("GET", "/", 200),
    ("GET", "/nothing", 404),
    ("GET", "/console/", 200),
    ("GET", "/console", 307),
    ("GET", "/finesse/api/SystemInfo", 200),
    ("GET", "/finesse/api/User/1001", 200),
    ("PUT", "/finesse/api/User/1001", 400),
    ("GET", "/callboard/api/directory", 200),
    ("GET", "/metrics", 200),
    ("OPTIONS", "/http-bind/", 204),
    ("POST", "/http-bind/", 200),
    ("PUT", "/metrics", 405),
];

fn certificate(folder: &Folder, names: &[&str]) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(names).expect("names").self_signed(&key).expect("a certificate");
    folder.write("server.pem", &certificate.pem());
    folder.write("server.key", &key.serialize_pem());
}

/// A server with a folder, a certificate of its own, and these keys.
fn server(keys: &str) -> Server {
    server_of("12.5", keys)
}

/// Starts a server of another release.
fn server_of(release: &str, keys: &str) -> Server {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("site")).expect("the folder is ours");
    folder.write("site/index.html", "<p>page</p>");
    certificate(&folder, &["board.example", "*.boards.example"]);
    let domain = "finesse.example.org";
    let demo = DEMO.replace("domain = \"localhost\"", &format!("domain = \"{domain}\""));
    let demo = demo.replace("release = \"12.5\"", &format!("release = \"{release}\""));
    let tls = "[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n";
    let keys = format!("www = \"site\"\ncors_origins = [\"https://gadgets.example:8443\"]\n{keys}\n");
    Server::serving_in(folder, domain, &format!("{keys}{demo}\n{tls}"))
}

fn request(method: &str, path: &str, host: &str, headers: &str) -> String {
    let login = basic("1001", "1001");
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {login}\r\nContent-Length: 0\r\n{headers}\r\n"
    )
}

fn ask(server: &Server, method: &str, path: &str, host: &str) -> Answer {
    Http::connect(server.plain).ask(request(method, path, host, ""))
}

fn upgrade(server: &Server, host: &str) -> u16 {
    let upgrade = UPGRADE.replace("Host: localhost", &format!("Host: {host}"));
    Http::connect(server.plain).ask(format!("GET /ws/ HTTP/1.1\r\n{upgrade}\r\n")).status()
}

#[test]
fn a_page_whose_name_was_led_here_gets_nothing() {
    let server = server("");
    for host in [
        "rebind.evil.example",
        "rebind.evil.example:8080",
        "localhost.evil.example",
        "a_b",
        "",
        "board.example.evil",
    ] {
        for (method, path, _) in PATHS {
            let answer = ask(&server, method, path, host);
            assert_eq!(answer.status(), 421, "{method} {path} {host}: {answer:?}");
            assert!(answer.body.contains("hosts"), "{answer:?}");
            assert!(answer.header("X-Content-Type-Options").is_some(), "{answer:?}");
        }
        assert_eq!(upgrade(&server, host), 421, "{host}");
        let events = Http::connect(server.plain).ask(request("GET", "/events?node=/lab/alarms", host, ""));
        assert_eq!(events.status(), 421, "{host}");
        // Without TLS where it is spoken: it is not led anywhere either.
        assert_eq!(Http::connect(server.tls).ask(request("GET", "/", host, "")).status(), 421);
        assert_eq!(Http::secure(server.tls).ask(request("GET", "/", host, "")).status(), 421);
        // What watches over the server may call it as it likes.
        assert_eq!(ask(&server, "GET", "/healthz", host).status(), 200, "{host}");
    }
    server.wait_for_log(&["rebind.evil.example", "not in hosts"]);
    // The host of a whole URL counts, not the header beside it (RFC 9112 §3.2.2).
    let whole = |url: &str, host: &str| ask(&server, "GET", &format!("http://{url}/metrics"), host).status();
    assert_eq!([whole("localhost", "evil.example"), whole("evil.example", "localhost")], [200, 421]);
    // HTTP/1.0 knew no hosts.
    assert_eq!(Http::connect(server.plain).ask("GET /metrics HTTP/1.0\r\n\r\n").status(), 200);
    let named = "GET /metrics HTTP/1.0\r\nHost: rebind.evil.example\r\n\r\n";
    assert_eq!(Http::connect(server.plain).ask(named).status(), 421);
}

#[test]
fn the_server_is_known_by_its_own_names() {
    let server = server("");
    for host in [
        "localhost",
        "LOCALHOST:1",
        "localhost.",
        "localhost.:8445",
        "page.localhost",
        "127.0.0.1:8445",
        "192.0.2.1",
        "[::1]",
        "[2001:db8::1]:80",
        "finesse.example.org",
        "Finesse.example.org:8445",
        "board.example",
        "wall.boards.example",
        "gadgets.example",
    ] {
        for (method, path, status) in PATHS {
            assert_eq!(ask(&server, method, path, host).status(), status, "{method} {path} {host}");
        }
        assert_eq!(upgrade(&server, host), 101, "{host}");
    }
    for host in ["x.wall.boards.example", "boards.example", "x.gadgets.example", "pubsub.finesse.example.org"]
    {
        assert_eq!(ask(&server, "GET", "/metrics", host).status(), 421, "{host}");
    }
}

#[test]
fn more_names_are_a_matter_of_the_configuration() {
    let named = server("hosts = [\"Kiosk\", \"board.lan\"]");
    for (host, status) in [("kiosk:8080", 200), ("board.lan", 200), ("localhost", 200), ("evil.example", 421)]
    {
        assert_eq!(ask(&named, "GET", "/metrics", host).status(), status, "{host}");
    }
    let any = server("hosts = [\"*\"]");
    for host in ["evil.example", "", "a_b"] {
        assert_eq!(ask(&any, "GET", "/metrics", host).status(), 200, "{host}");
        assert_eq!(upgrade(&any, host), 101, "{host}");
    }
}

#[test]
fn where_others_come_in_only_hosts_that_are_named_are_asked_for() {
    // An address of this machine that is no loopback address: that by which it would reach others.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").expect("a socket");
    let reaches = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    let Some(own) = reaches.ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback()) else { return };
    for (keys, status) in [("", 200), ("hosts = [\"board.lan\"]", 421)] {
        let file = Folder::new();
        let config = file.write(
            "callboard.toml",
            &format!("{keys}\n{}", DEMO.replace("password = \"", "password = \"not-")),
        );
        let config = config.to_str().expect("the folder of the tests has a plain name").to_owned();
        let mut server =
            Server::flags(&["--config", &config, "--listen-plain", &format!("{own}:0"), "--demo-anywhere"]);
        let printed = server.printed();
        let outside: SocketAddr =
            printed.strip_prefix("listening http://").and_then(|it| it.parse().ok()).expect("an address");
        let get = "GET /metrics HTTP/1.1\r\nHost: any.example\r\n\r\n";
        assert_eq!(Http::connect(outside).ask(get).status(), status, "{keys}");
        assert_eq!(Http::connect(server.plain).ask(get).status(), 421, "by a loopback address");
    }
}

#[test]
fn a_certificate_that_is_read_again_brings_its_names() {
    let folder = Folder::new();
    certificate(&folder, &["old.example"]);
    let (pem, key) = (folder.path().join("server.pem"), folder.path().join("server.key"));
    let server = Server::serving_in(
        folder,
        "localhost",
        &format!("{DEMO}\n[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n"),
    );
    let status = |host: &str| ask(&server, "GET", "/metrics", host).status();
    assert_eq!([status("old.example"), status("new.example")], [200, 421]);
    let other = Folder::new();
    certificate(&other, &["new.example"]);
    std::fs::copy(other.path().join("server.pem"), pem).expect("it is ours");
    std::fs::copy(other.path().join("server.key"), key).expect("it is ours");
    server.signal(rustix::process::Signal::HUP);
    server.wait_for_log(&["reload:", "nodes taken away"]);
    assert_eq!([status("old.example"), status("new.example")], [421, 200]);
}

#[test]
fn every_answer_says_that_its_type_is_to_be_believed_and_what_is_no_page_is_closed() {
    let server = server("hsts = \"8760h\"");
    let (policy, resource) = ("Content-Security-Policy", "Cross-Origin-Resource-Policy");
    let closed = "default-src 'none'; frame-ancestors 'none'; sandbox";
    let paths = PATHS.iter().map(|(method, path, _)| (*method, *path)).chain([
        ("HEAD", "/finesse/api/User/1001"),
        ("POST", "/ws/"),
        ("GET", "/ws/"),
        ("GET", "/healthz"),
        ("GET", "/events"),
        ("GET", "/callboard/api/frames"),
        ("GET", "/finesse/api/User/1002"),
    ]);
    for (method, path) in paths {
        let answer = Http::connect(server.plain).ask_head(request(method, path, "localhost", ""));
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{method} {path}");
        // Only over TLS (RFC 6797 §7.2).
        assert_eq!(answer.header("Strict-Transport-Security"), None, "{path}");
        let tls = Http::secure(server.tls).ask_head(request(method, path, "localhost", ""));
        assert_eq!(tls.header("Strict-Transport-Security"), Some("max-age=31536000"), "{path}");
        // Gadgets of the folder may be shown in others' pages; in the built-in page nothing may.
        let (expected, same) = match path {
            "/" | "/nothing" | "/healthz" | "/ws/" => (None, None),
            "/console/" => {
                let policy = answer.header(policy).expect("the page has one");
                assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"));
                (Some(policy), Some("same-origin"))
            }
            _ => (Some(closed), Some("same-origin")),
        };
        assert_eq!((answer.header(policy), answer.header(resource)), (expected, same), "{method} {path}");
    }
    // What has not changed, what was done, what is refused to a page, and what is no request of ours.
    let tag = ask(&server, "GET", "/finesse/api/User/1001", "localhost");
    let tag = tag.header("ETag").expect("it has a tag").to_owned();
    for (headers, method, status) in [
        (format!("If-None-Match: {tag}\r\n"), "GET", 304),
        ("Origin: https://evil.example\r\n".to_owned(), "PUT", 403),
    ] {
        let answer =
            Http::connect(server.plain).ask(request(method, "/finesse/api/User/1001", "localhost", &headers));
        assert_eq!((answer.status(), answer.header("X-Content-Type-Options")), (status, Some("nosniff")));
        assert_eq!(answer.header(policy), Some(closed));
    }
    assert_eq!(Server::demo().plain.ip(), server.plain.ip());
    let answer = Http::secure(Server::demo().tls).ask(request("GET", "/healthz", "localhost", ""));
    assert_eq!(answer.header("Strict-Transport-Security"), None, "not unless the configuration says so");
}

#[test]
fn the_certificate_that_is_made_is_one_for_servers() {
    // The extension extendedKeyUsage with id-kp-serverAuth in it, and nothing else (RFC 5280 §4.2.1.12).
    const EKU: &[u8] =
        &[0x06, 0x03, 0x55, 0x1D, 0x25, 0x04, 0x0C, 0x30, 0x0A, 0x06, 0x08, 0x2B, 6, 1, 5, 5, 7, 3, 1];
    let certificate = tls::certificate(Server::demo().tls);
    assert!(certificate.windows(EKU.len()).any(|bytes| bytes == EKU), "{certificate:02X?}");
}

/// Finesse 12.6(2) answers 301 where TLS is spoken, and has browsers come by TLS only. What comes in without TLS on a
/// listener for that, and the names of this machine, stay as they are.
#[test]
fn finding_m9_from_12_6_on_browsers_are_led_to_tls_for_good() {
    for (release, status, year) in
        [("12.5", 307, None), ("12.6", 301, Some("max-age=31536000")), ("15", 301, Some("max-age=31536000"))]
    {
        let server = server_of(release, "");
        let hsts = |answer: &Answer| answer.header("Strict-Transport-Security").map(str::to_owned);
        let lead = Http::connect(server.tls).ask(request("GET", "/console/?a=b", "board.example", ""));
        assert_eq!(lead.status(), status, "{release}");
        assert_eq!(lead.header("Location"), Some("https://board.example/console/?a=b"));
        let named = Http::secure(server.tls).ask(request("GET", "/healthz", "board.example", ""));
        assert_eq!(hsts(&named).as_deref(), year, "{release}");
        for host in ["localhost:8445", "127.0.0.1", "[::1]:8445", "lab.localhost"] {
            let here = Http::secure(server.tls).ask(request("GET", "/healthz", host, ""));
            assert_eq!((here.status(), hsts(&here)), (200, None), "{release} {host}");
        }
        let plain = ask(&server, "GET", "/healthz", "localhost");
        assert_eq!((plain.status(), hsts(&plain)), (200, None), "{release}");
    }
    // A file that says it for how long is obeyed, and so is one that says never.
    let server = server_of("12.6", "hsts = \"0s\"");
    let answer = Http::secure(server.tls).ask(request("GET", "/healthz", "localhost", ""));
    assert_eq!(answer.header("Strict-Transport-Security"), Some("max-age=0"));
    let self_signed = Server::serving("localhost", &DEMO.replace("release = \"12.5\"", "release = \"12.6\""));
    let answer = Http::secure(self_signed.tls).ask(request("GET", "/healthz", "board.example", ""));
    assert_eq!(answer.header("Strict-Transport-Security"), None, "no browser could be told to accept it");
}
