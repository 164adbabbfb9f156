//! `/desktop/`, the container of gadgets, and `/tunnel/`, the event tunnel. `tests/interop/gadgets.test.js` works with them.

use std::fs;

use crate::support::Server;
use crate::support::http::{Answer, Http};
use crate::support::server::{DEMO, Folder};

fn get(server: &Server, path: &str) -> Answer {
    Http::connect(server.plain).ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}

#[track_caller]
fn policy(answer: &Answer) -> &str {
    answer.header("Content-Security-Policy").expect("a policy")
}

#[test]
fn the_container_is_as_closed_as_the_page_but_for_the_gadgets_in_its_frames() {
    let server = Server::demo();
    for path in ["/desktop/", "/desktop/desktop.js", "/desktop/gadgets.js", "/desktop/desktop.css"] {
        let answer = get(&server, path);
        assert_eq!(answer.status(), 200, "{path}");
        for part in ["default-src 'none'", "script-src 'self';", "frame-src 'self'", "frame-ancestors 'none'"]
        {
            assert!(policy(&answer).contains(part), "{path}: {answer:?}");
        }
        assert!(!policy(&answer).contains("unsafe"), "{answer:?}");
    }
    // A gadget is the user's own code, and stands in a window of its own that only this server shows.
    let gadget = get(&server, "/desktop/gadget.html?mid=1&url=https%3A%2F%2Fx");
    assert_eq!(policy(&gadget), "frame-ancestors 'self'; base-uri 'self'; object-src 'none'");
    // The tunnel may be framed by every page, and runs nothing but its own scripts.
    let tunnel = get(&server, "/tunnel/");
    assert_eq!((tunnel.status(), tunnel.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert!(
        policy(&tunnel).starts_with("default-src 'none'; script-src 'self'; connect-src 'self';"),
        "{tunnel:?}"
    );
    assert!(!policy(&tunnel).contains("frame-ancestors"), "{tunnel:?}");
}

#[test]
fn the_container_has_no_other_address() {
    let server = Server::demo();
    for (path, location) in [("/desktop", "/desktop/"), ("/tunnel", "/tunnel/")] {
        let answer = get(&server, path);
        assert_eq!((answer.status(), answer.header("Location")), (307, Some(location)));
    }
    for path in [
        "/console/desktop/desktop.js",
        "/console/tunnel/tunnel.js",
        "/desktop/assets/js/finesse.js",
        "/desktop/app.js",
        "/desktop/../console/app.js",
        "/tunnel/EventTunnel.js",
        "/desktops/",
    ] {
        assert_eq!(get(&server, path).status(), 404, "{path}");
    }
    let answer = Http::connect(server.plain)
        .ask("POST /desktop/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(answer.status(), 405);
}

#[test]
fn a_file_of_the_folder_comes_first() {
    let folder = Folder::new();
    let www = folder.path().join("www");
    fs::create_dir_all(www.join("desktop/assets/js")).expect("the folder is ours");
    fs::create_dir_all(www.join("tunnel")).expect("the folder is ours");
    fs::write(www.join("desktop/assets/js/finesse.js"), "mine").expect("the folder is ours");
    fs::write(www.join("tunnel/index.html"), "my tunnel").expect("the folder is ours");
    let config = format!("www = \"www\"\n{DEMO}");
    let server = Server::serving_in(folder, "localhost", &config);
    assert_eq!(get(&server, "/desktop/assets/js/finesse.js").body, "mine");
    assert_eq!(get(&server, "/tunnel/").body, "my tunnel");
    assert!(get(&server, "/desktop/").body.contains("./desktop.js"));
    assert_eq!(get(&server, "/desktop/desktop.js").status(), 200);
    assert_eq!(get(&server, "/tunnel/tunnel.js").status(), 200);
    assert_eq!(get(&server, "/desktop/assets/js/jquery.min.js").status(), 404);
    assert_eq!(get(&server, "/desktop/.hidden").status(), 404);
}
