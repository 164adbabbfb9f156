//! The Desktop Interface API: JSON that a desktop and a proxy ask for before anybody has logged in.

use crate::support::Server;
use crate::support::http::{Answer, Http, own};
use crate::support::server::{DEMO, Folder};

const PROXY: [u8; 4] = [127, 0, 0, 9];

fn ask(server: &Server, from: [u8; 4], method: &str, path: &str, headers: &str) -> Answer {
    let request = format!("{method} /desktop/api/{path} HTTP/1.1\r\nHost: localhost:8445\r\n{headers}\r\n");
    let mut http = Http::connect_from(from, server.plain);
    if method == "HEAD" { http.ask_head(request) } else { http.ask(request) }
}

fn get(server: &Server, path: &str) -> Answer {
    let answer = ask(server, [127, 0, 0, 1], "GET", path, "");
    assert!(answer.has_header("content-type", "application/json"), "{answer:?}");
    answer
}

fn config(deployment: &str, status: &str, host: &str, license: &str, proxy: bool) -> String {
    format!(
        "{{\"deploymentType\":\"{deployment}\",\"securityBannerMessage\":\"\",\"systemStatus\":\"{status}\",\"host\":\"{host}\",\
         \"isAlternateSystemAvailable\":false,\"desktopLicensed\":\"{license}\",\"systemAuthMode\":\"NON_SSO\",\
         \"enableMobileAgentLogin\":\"false\",\"isProxyRequest\":{proxy},\"redirectToAlternateHost\":false,\
         \"alternateHost\":\"\"}}\n"
    )
}

#[test]
fn finding_gap_9_the_desktop_asks_for_its_configuration_and_languages_without_a_password() {
    let demo = format!("trusted_proxies = [\"127.0.0.9\"]\nhosts = [\"board.example\"]\n{DEMO}");
    for (profile, deployment, license) in [("uccx", "UCCX", "PREMIUM"), ("ucce", "UCCE", "")] {
        let text = demo.replace("profile = \"uccx\"", &format!("profile = \"{profile}\""));
        let server = Server::serving("localhost", &text);
        let expected = config(deployment, "IN_SERVICE", "localhost:8445", license, false);
        for path in ["desktopConfig", "DesktopConfig", "DesktopConfig/"] {
            let answer = get(&server, path);
            assert_eq!((answer.status(), answer.body.as_str()), (200, expected.as_str()), "{path}");
        }
        let headers = "X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Host: board.example\r\n";
        let answer = ask(&server, PROXY, "GET", "desktopConfig", headers);
        assert_eq!(answer.body, config(deployment, "IN_SERVICE", "board.example", license, true));
        assert_eq!(own(&server, "administrator", "POST", "status?status=PARTIAL_SERVICE").status(), 200);
        assert_eq!(
            get(&server, "desktopConfig").body,
            config(deployment, "OUT_OF_SERVICE", "localhost:8445", license, false)
        );
        assert_eq!(
            get(&server, "languages").body,
            "{\"Language\":[{\"locale\":\"en_US\",\"displayName\":\"English\"},\
             {\"locale\":\"zh_TW\",\"displayName\":\"繁體中文\"}]}\n"
        );
    }
}

#[test]
fn finding_gap_9_a_proxy_learns_which_files_need_no_password() {
    let folder = Folder::new();
    for (path, name) in [
        ("www/tunnel", "index.html"),
        ("www/desktop/assets", "a.js"),
        ("www/3rdpartygadget/files/x y", "g.css"),
        ("www", "index.html"),
    ] {
        std::fs::create_dir_all(folder.path().join(path)).expect("a folder");
        std::fs::write(folder.path().join(path).join(name), "").expect("a file");
    }
    let server = Server::serving_in(folder, "localhost", &format!("www = \"www\"\n{DEMO}"));
    let desktop = get(&server, "urls?type=desktop").body;
    let built_in = get(&Server::demo(), "urls?type=desktop").body;
    assert_eq!(desktop.replace("\"/desktop/assets/a.js\",", ""), built_in, "once each, and one more");
    let paths: Vec<&str> = built_in.trim().trim_matches(['[', ']']).split(',').collect();
    assert!(paths.contains(&"\"/desktop/\"") && paths.contains(&"\"/tunnel/index.html\""), "{built_in}");
    for path in paths {
        let request = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path.trim_matches('"'));
        assert_eq!(Http::connect(server.plain).ask(request).status(), 200, "{path}");
    }
    // The second one is that of Cisco's configurations of OpenResty.
    for object in ["urls", "ResourceURLs"] {
        assert_eq!(get(&server, &format!("{object}?type=desktop")).body, desktop);
        let gadgets = get(&server, &format!("{object}?type=3rdParty")).body;
        assert_eq!(gadgets, "[\"/3rdpartygadget/files/x y/g.css\"]\n", "{object}");
    }
    // Files may stand beside the API, and none in it.
    let file =
        Http::connect(server.plain).ask("GET /desktop/assets/a.js HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(file.status(), 200);
    assert_eq!(get(&Server::demo(), "urls?type=3rdParty").body, "[]\n");
}

#[test]
fn errors_of_the_desktop_interface_are_json() {
    let server = Server::demo();
    let error = |status: u16, kind: &str, message: &str, data: &str| {
        format!(
            "{{\"status\":{status},\"apiErrors\":{{\"errorType\":\"{kind}\",\"errorMessage\":\"{message}\",\"errorData\":\"{data}\"}}}}\n"
        )
    };
    let bad = |data: &str| error(400, "Bad Request", "type is desktop or 3rdParty", data);
    let unknown = |data: &str| error(404, "Not Found", "There is no such resource", data);
    for (path, expected) in [
        ("urls", bad("")),
        ("urls?type=", bad("")),
        ("urls?type=Desktop", bad("Desktop")),
        ("urls?type=%22%0a", bad("\\\"\\n")),
        ("urls?type=desktop&type=desktop", bad("type stands twice")),
        ("", unknown("")),
        ("users/1", unknown("users/1")),
        ("%ff", unknown("%ff")),
    ] {
        let answer = get(&server, path);
        assert_eq!(answer.body, expected, "{path}");
        assert!(expected.starts_with(&format!("{{\"status\":{}", answer.status())), "{path}");
    }
    let head = ask(&server, [127, 0, 0, 1], "HEAD", "languages", "");
    assert_eq!(head.status(), 200);
    let options = ask(&server, [127, 0, 0, 1], "OPTIONS", "languages", "");
    assert_eq!((options.status(), options.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
    let put = ask(&server, [127, 0, 0, 1], "PUT", "desktopConfig", "Content-Length: 0\r\n");
    assert_eq!((put.status(), put.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
}
