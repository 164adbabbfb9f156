//! The files of a folder at `/`: what a browser gets, and that nothing from outside of the folder is among it.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use crate::support::http::{Answer, Http};
use crate::support::server::{DEMO, Folder};
use crate::support::{Client, Server};

/// A server whose folder `site` has some files in it, and a file that lies beside it.
struct Site {
    server: Server,
    site: PathBuf,
}

const PAGE: &str = "<!DOCTYPE html>\n<title>Gr\u{fc}\u{df}e</title>\n";
const SECRET: &str = "hunter2";

impl Site {
    fn new() -> Self {
        Self::with("")
    }

    /// Starts the server with `more` at the end of the configuration.
    fn with(more: &str) -> Self {
        let folder = Folder::new();
        let site = folder.path().join("site");
        fs::create_dir_all(site.join("lib/deep")).expect("the folder is ours");
        folder.write("secret.txt", SECRET);
        for (name, content) in [
            ("index.html", PAGE),
            ("digits.txt", "0123456789"),
            ("empty.txt", ""),
            ("lib/index.html", "<p>lib</p>"),
            ("lib/a b.js", "'use strict';"),
        ] {
            folder.write(&format!("site/{name}"), content);
        }
        let server = Server::serving_in(folder, "localhost", &format!("www = \"site\"\n{DEMO}\n{more}"));
        Self { server, site }
    }

    fn send(&self, method: &str, path: &str, headers: &str) -> Http {
        let mut http = Http::connect(self.server.plain);
        http.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"));
        http
    }

    fn get(&self, path: &str, headers: &str) -> Answer {
        self.send("GET", path, headers).answer()
    }

    /// A file of nothing but zeros, of which the disk has nothing.
    fn write_large(&self, name: &str, length: u64) {
        let file = File::create(self.site.join(name)).expect("the folder is ours");
        file.set_len(length).expect("the file is ours");
    }
}

fn is_sentence(answer: &Answer) -> bool {
    answer.header("Content-Type") == Some("text/plain; charset=utf-8")
        && answer.body.ends_with(".\n")
        && answer.body.lines().count() == 1
}

#[test]
fn a_page_comes_with_what_a_browser_wants_to_know() {
    let site = Site::new();
    let modified = UNIX_EPOCH + Duration::from_secs(784_111_777);
    let file = File::options().write(true).open(site.site.join("index.html")).expect("it is there");
    file.set_modified(modified).expect("the file is ours");
    for path in ["/", "/index.html", "/?a=/../b", "/index%2Ehtml"] {
        let answer = site.get(path, "");
        assert_eq!((answer.status(), answer.body.as_str()), (200, PAGE), "{path}");
        for (name, value) in [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", "39"),
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
        let tag = answer.header("ETag").expect("a page has a tag");
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag} is strong");
        assert!(answer.header("Date").is_some());
    }
    let script = site.get("/lib/a%20b.js", "");
    assert_eq!((script.status(), script.body.as_str()), (200, "'use strict';"));
    assert_eq!(script.header("Content-Type"), Some("text/javascript; charset=utf-8"));
    let empty = site.get("/empty.txt", "");
    assert_eq!((empty.status(), empty.header("Content-Length"), empty.body.as_str()), (200, Some("0"), ""));
    // Inside TLS, and the session lives on the same port.
    let mut secure = Http::secure(site.server.tls);
    let answer = secure.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((answer.status(), answer.body.as_str()), (200, PAGE));
    Client::online(&site.server, "1001", "desktop").leave();
}

#[test]
fn a_flag_names_the_folder_too_and_the_last_word_is_its() {
    let folder = Folder::new();
    folder.write("index.html", PAGE);
    let path = folder.path().to_str().expect("the folder of the tests has a plain name");
    let server = Server::flags(&["--www", path]);
    let answer = Http::connect(server.plain).ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((answer.status(), answer.body.as_str()), (200, PAGE));
}

#[test]
fn the_answer_to_head_is_that_to_get_without_the_file() {
    let site = Site::new();
    let get = site.get("/digits.txt", "");
    let mut http = site.send("HEAD", "/digits.txt", "Range: bytes=0-1\r\n");
    let head = http.head();
    assert_eq!(head.status(), 200);
    for name in ["Content-Type", "Content-Length", "ETag", "Last-Modified", "Accept-Ranges", "Cache-Control"]
    {
        assert!(head.header(name).is_some(), "{name}");
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    // The next answer follows at once.
    assert_eq!(http.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").body, "ok\n");
    let mut http = site.send("HEAD", "/nothing", "");
    assert_eq!(http.head().status(), 404);
    assert_eq!(http.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").body, "ok\n");
}

#[test]
fn what_the_browser_has_is_not_sent_again_until_it_changes() {
    let site = Site::new();
    let first = site.get("/digits.txt", "");
    let tag = first.header("ETag").expect("a file has a tag").to_owned();
    let modified = first.header("Last-Modified").expect("a file has a time").to_owned();
    for condition in [
        format!("If-None-Match: {tag}\r\n"),
        format!("If-None-Match: \"x\", W/{tag}\r\n"),
        format!("If-None-Match: \"x\"\r\nIf-None-Match: {tag}\r\n"),
        format!("If-Modified-Since: {modified}\r\n"),
    ] {
        let mut http = site.send("GET", "/digits.txt", &condition);
        let answer = http.head();
        assert_eq!((answer.status(), answer.header("ETag")), (304, Some(tag.as_str())), "{condition}");
        assert_eq!(answer.header("Cache-Control"), Some("no-cache"));
        assert_eq!(answer.header("Content-Length").unwrap_or("10"), "10", "of the file, or not said");
        assert_eq!(
            http.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").body,
            "ok\n",
            "no body follows"
        );
    }
    let stale = site.get("/digits.txt", "If-Match: \"x\"\r\n");
    assert_eq!(stale.status(), 412);
    assert!(is_sentence(&stale));

    fs::write(site.site.join("digits.txt"), "9876543210").expect("the file is ours");
    let second = site.get("/digits.txt", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((second.status(), second.body.as_str()), (200, "9876543210"));
    assert_ne!(second.header("ETag"), Some(tag.as_str()));
    let part = site.get("/digits.txt", &format!("Range: bytes=0-1\r\nIf-Range: {tag}\r\n"));
    assert_eq!((part.status(), part.body.as_str()), (200, "9876543210"), "no part of another version");
}

#[test]
fn a_range_of_bytes_is_a_part_of_the_file() {
    let site = Site::new();
    let tag = site.get("/digits.txt", "").header("ETag").expect("a file has a tag").to_owned();
    for (range, part, body) in [
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-1", "bytes 9-9/10", "9"),
        ("bytes=8-1000", "bytes 8-9/10", "89"),
    ] {
        for condition in [String::new(), format!("If-Range: {tag}\r\n")] {
            let answer = site.get("/digits.txt", &format!("Range: {range}\r\n{condition}"));
            assert_eq!((answer.status(), answer.body.as_str()), (206, body), "{range}");
            assert_eq!(answer.header("Content-Range"), Some(part));
            assert_eq!(answer.header("Content-Type"), Some("text/plain; charset=utf-8"));
            assert_eq!(answer.header("ETag"), Some(tag.as_str()));
        }
    }
    for (path, range, length) in
        [("/digits.txt", "bytes=10-", "bytes */10"), ("/empty.txt", "bytes=0-", "bytes */0")]
    {
        let answer = site.get(path, &format!("Range: {range}\r\n"));
        assert_eq!((answer.status(), answer.header("Content-Range")), (416, Some(length)));
        assert!(is_sentence(&answer), "{answer:?}");
    }
    for range in ["bytes=0-1,5-6", "bytes=4-2", "bytes=x", "lines=1-2"] {
        let answer = site.get("/digits.txt", &format!("Range: {range}\r\n"));
        assert_eq!((answer.status(), answer.header("Content-Range")), (200, None), "{range}");
        assert_eq!(answer.body, "0123456789");
    }
}

#[test]
fn a_file_and_its_ranges_may_lie_beyond_what_32_bits_count() {
    const LENGTH: u64 = 5 << 30;
    const PLACE: u64 = 9 << 29;
    let site = Site::new();
    site.write_large("large.bin", LENGTH);
    let file = File::options().write(true).open(site.site.join("large.bin")).expect("it is there");
    file.write_all_at(b"far away", PLACE).expect("the file is ours");
    let head = site.send("HEAD", "/large.bin", "").head();
    assert_eq!(head.header("Content-Length"), Some(LENGTH.to_string().as_str()));
    let whole = site.send("GET", "/large.bin", "").head();
    assert_eq!(whole.header("Content-Length"), Some(LENGTH.to_string().as_str()));
    let part = site.get("/large.bin", &format!("Range: bytes={PLACE}-{}\r\n", PLACE + 7));
    assert_eq!((part.status(), part.body.as_str()), (206, "far away"));
    let range = format!("bytes {PLACE}-{}/{LENGTH}", PLACE + 7);
    assert_eq!(part.header("Content-Range"), Some(range.as_str()));
    let rest = site.send("GET", "/large.bin", &format!("Range: bytes={PLACE}-\r\n")).head();
    assert_eq!(rest.header("Content-Length"), Some((LENGTH - PLACE).to_string().as_str()));
    let tail = site.get("/large.bin", "Range: bytes=-3\r\n");
    let range = format!("bytes {}-{}/{LENGTH}", LENGTH - 3, LENGTH - 1);
    assert_eq!((tail.status(), tail.header("Content-Range")), (206, Some(range.as_str())));
    let beyond = site.get("/large.bin", &format!("Range: bytes={LENGTH}-\r\n"));
    assert_eq!(beyond.status(), 416);
}

#[test]
fn a_folder_ends_in_a_slash_and_is_its_index() {
    let site = Site::new();
    for (path, to) in [("/lib", "/lib/"), ("/lib?a=b", "/lib/?a=b"), ("/l%69b", "/lib/")] {
        let answer = site.get(path, "");
        assert_eq!((answer.status(), answer.header("Location")), (301, Some(to)));
        assert_eq!(answer.header("Cache-Control"), Some("no-cache"), "it may become a file");
    }
    assert_eq!(site.get("/lib/", "").body, "<p>lib</p>");
    for path in ["/lib/deep/", "/digits.txt/", "/nothing", "/lib/nothing.js", "/index.html/x"] {
        let answer = site.get(path, "");
        assert_eq!(answer.status(), 404, "{path}");
        assert!(is_sentence(&answer), "{answer:?}");
    }
    // Not to another host.
    for path in ["//lib", "//localhost/lib", "/%2flib", "/\\lib", "/%5clib"] {
        let answer = site.get(path, "");
        assert!([400, 404].contains(&answer.status()) && answer.header("Location").is_none(), "{path}");
    }
}

#[test]
fn there_is_no_way_out_of_the_folder() {
    let site = Site::new();
    let outside = site.site.parent().expect("it lies in the folder of the test");
    let link = |to: PathBuf, name: &str| symlink(to, site.site.join(name)).expect("the folder is ours");
    link("../secret.txt".into(), "relative.txt");
    link(outside.join("secret.txt"), "absolute.txt");
    link("/".into(), "whole");
    link("..".into(), "up");
    link(outside.join("site/../secret.txt"), "round.txt");
    link("loop.txt".into(), "loop.txt");
    link("nothing".into(), "dangling.txt");
    fs::create_dir(site.site.join(".git")).expect("the folder is ours");
    for hidden in [".htaccess", ".git/config", "lib/.env"] {
        fs::write(site.site.join(hidden), SECRET).expect("the folder is ours");
    }
    let secret = format!("/whole{}", outside.join("secret.txt").display());
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/.%2e/secret.txt",
        "/lib/../../secret.txt",
        "/lib/%2e%2e/%2e%2e/secret.txt",
        "/lib/..%5c..%5csecret.txt",
        "/..\\secret.txt",
        "/%252e%252e/secret.txt",
        "/..%c0%afsecret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/..;/secret.txt",
        "/./../secret.txt",
        "//../secret.txt",
        "/index.html%00",
        "/%00",
        "/index.html%00.txt",
        "/etc/passwd",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/relative.txt",
        "/absolute.txt",
        "/round.txt",
        "/whole/etc/passwd",
        "/whole/",
        "/whole",
        "/up",
        "/up/",
        "/up/secret.txt",
        "/up/site/index.html/../../../secret.txt",
        &secret,
        "/loop.txt",
        "/dangling.txt",
        "/.htaccess",
        "/%2ehtaccess",
        "/.git/config",
        "/.git/",
        "/.git",
        "/lib/.env",
        "http://localhost/../secret.txt",
        "http://localhost/%2e%2e/secret.txt",
    ] {
        let answer = site.get(path, "");
        assert!([400, 404].contains(&answer.status()), "{path}: {answer:?}");
        assert!(answer.body.is_empty() || is_sentence(&answer), "{path}: {answer:?}");
        assert!(!answer.body.contains(SECRET) && !answer.body.contains("root:"), "{path}");
    }
    // A path that is too long for any file.
    let long = site.get(&format!("/{}", "a".repeat(8000)), "");
    assert_eq!(long.status(), 404);
    let deep = site.get(&"/a".repeat(4000), "");
    assert_eq!(deep.status(), 404);
}

#[test]
fn links_within_the_folder_are_followed() {
    let site = Site::new();
    symlink("digits.txt", site.site.join("relative.txt")).expect("the folder is ours");
    symlink(site.site.join("digits.txt"), site.site.join("absolute.txt")).expect("the folder is ours");
    symlink("../lib", site.site.join("lib/deep/lib")).expect("the folder is ours");
    symlink("../../lib", site.site.join("lib/deep/round")).expect("the folder is ours");
    for path in ["/relative.txt", "/absolute.txt"] {
        assert_eq!(site.get(path, "").body, "0123456789", "{path}");
    }
    assert_eq!(site.get("/lib/deep/round/", "").body, "<p>lib</p>");
    assert_eq!(site.get("/lib/deep/lib", "").status(), 404, "this one leads to nothing");
}

#[test]
fn what_is_no_file_is_not_opened_for_reading() {
    let site = Site::new();
    let status = std::process::Command::new("mkfifo").arg(site.site.join("pipe.txt")).status();
    assert!(status.expect("mkfifo is there").success());
    let _socket = std::os::unix::net::UnixListener::bind(site.site.join("socket.txt")).expect("a socket");
    for path in ["/pipe.txt", "/socket.txt"] {
        assert_eq!(site.get(path, "").status(), 404, "{path}");
    }
}

#[test]
fn a_folder_that_is_replaced_shows_its_new_files() {
    let site = Site::new();
    let old = site.site.with_file_name("old");
    fs::rename(&site.site, &old).expect("the folder is ours");
    assert_eq!(site.get("/", "").status(), 404);
    fs::create_dir(&site.site).expect("the folder is ours");
    fs::write(site.site.join("index.html"), "new").expect("the folder is ours");
    assert_eq!(site.get("/", "").body, "new");
}

#[test]
fn the_paths_of_the_server_are_never_files() {
    let site = Site::new();
    for name in ["finesse/api", "ws", "callboard/api", "healthz", "events", "metrics"] {
        fs::create_dir_all(site.site.join(name)).expect("the folder is ours");
        fs::write(site.site.join(name).join("index.html"), SECRET).expect("the folder is ours");
    }
    for name in ["finesse/api/SystemInfo", "finesse/x.txt", "callboard/api/publish"] {
        fs::write(site.site.join(name), SECRET).expect("the folder is ours");
    }
    for (path, status) in [
        ("/healthz", 200),
        ("/healthz/", 404),
        ("/%68ealthz/", 404),
        ("/events", 401),
        ("/events/", 404),
        ("/events/index.html", 404),
        ("/metrics", 200),
        ("/metrics/", 404),
        ("/metrics/index.html", 404),
        ("/finesse/api/SystemInfo", 200),
        ("/finesse/api/", 401),
        ("/finesse/x.txt", 404),
        ("/finesse/", 404),
        ("/%66inesse/x.txt", 404),
        ("/ws", 426),
        ("/ws/", 426),
        ("/ws/index.html", 404),
        ("/callboard/api/publish", 405),
        ("/callboard/api/", 404),
    ] {
        let answer = site.get(path, "");
        assert_eq!(answer.status(), status, "{path}");
        assert!(!answer.body.contains(SECRET), "{path}");
    }
    // Case matters to files, and a longer name is another name.
    for name in ["Finesse", "wsx"] {
        fs::write(site.site.join(name), "mine").expect("the folder is ours");
        assert_eq!(site.get(&format!("/{name}"), "").body, "mine");
    }
}

#[test]
fn files_are_only_read() {
    let site = Site::new();
    for path in ["/", "/digits.txt", "/new.txt"] {
        let ask = |method| site.send(method, path, "Content-Length: 0\r\n").answer();
        for method in ["POST", "PUT", "DELETE"] {
            let answer = ask(method);
            assert_eq!((answer.status(), answer.header("Allow")), (405, Some("GET, HEAD, OPTIONS")));
            assert!(is_sentence(&answer), "{answer:?}");
        }
        for method in ["PATCH", "PROPFIND"] {
            let answer = ask(method);
            assert!(answer.status() == 501 && is_sentence(&answer), "{answer:?}");
        }
    }
    let options = site.send("OPTIONS", "/digits.txt", "").answer();
    assert_eq!((options.status(), options.header("Allow")), (204, Some("GET, HEAD, OPTIONS")));
    assert_eq!(fs::read(site.site.join("digits.txt")).ok().as_deref(), Some(&b"0123456789"[..]));
}

#[test]
fn a_reader_that_stops_holds_a_piece_of_the_file_and_not_the_file() {
    const LENGTH: u64 = 64 * 1024 * 1024;
    let site = Site::new();
    site.write_large("large.bin", LENGTH);
    // Once before it counts: an emulator keeps a translation of all code that has run.
    let whole = || {
        let whole = site.get("/large.bin", "");
        assert_eq!((whole.status(), whole.body.len() as u64), (200, LENGTH));
    };
    whole();
    let before = site.server.peak_memory();
    let stopped: Vec<Http> = (0..8)
        .map(|_| {
            let mut http = site.send("GET", "/large.bin", "");
            assert_eq!(http.head().status(), 200);
            http
        })
        .collect();
    // One that reads gets all of it meanwhile.
    whole();
    let grown = site.server.peak_memory() - before;
    assert!(grown < LENGTH as usize / 4 / 1024, "{grown} KiB more than before");
    Client::online(&site.server, "1001", "desktop").leave();
    drop(stopped);
}

#[test]
fn a_reader_that_stops_is_cut_off_after_its_time() {
    let site = Site::with("[limits]\nlogin = \"1s\"\n");
    site.write_large("large.bin", 64 * 1024 * 1024);
    let mut http = site.send("GET", "/large.bin", "");
    assert_eq!(http.head().status(), 200);
    site.server.wait_for_log(&["http: closed"]);
    assert!(http.rest().len() < 64 * 1024 * 1024);
}

#[test]
fn a_file_that_becomes_shorter_meanwhile_breaks_off_its_own_connection_only() {
    const LENGTH: u64 = 64 * 1024 * 1024;
    let site = Site::new();
    site.write_large("large.bin", LENGTH);
    let mut http = site.send("GET", "/large.bin", "");
    let head = http.head();
    assert_eq!(head.header("Content-Length"), Some(LENGTH.to_string().as_str()));
    site.write_large("large.bin", 10);
    assert!((http.rest().len() as u64) < LENGTH);
    assert_eq!(site.get("/large.bin", "").body.len(), 10);
}

#[test]
fn one_address_is_sent_a_quarter_of_the_files_and_others_get_theirs() {
    let site = Site::with("[limits]\nfiles = 8\n");
    site.write_large("large.bin", 8 << 20);
    let mut slow: Vec<Http> = (0..2).map(|_| site.send("GET", "/large.bin", "")).collect();
    slow.iter_mut().for_each(|http| assert_eq!(http.head().status(), 200));
    assert_eq!(site.get("/digits.txt", "").status(), 503);
    let mut other = Http::connect_from([127, 0, 0, 2], site.server.plain);
    assert_eq!(other.ask("GET /digits.txt HTTP/1.1\r\nHost: localhost\r\n\r\n").body, "0123456789");
    drop(slow.pop());
    let answer = (0..1000).map(|_| site.get("/digits.txt", "").status());
    assert_eq!(answer.into_iter().find(|status| *status != 503), Some(200));
}

#[test]
fn only_so_many_files_are_sent_at_the_same_time() {
    let site = Site::with("[limits]\nfiles = 2\n");
    site.write_large("large.bin", 64 * 1024 * 1024);
    let from = |last| Http::connect_from([127, 0, 0, last], site.server.plain);
    let mut stopped: Vec<Http> = (2..4).map(from).collect();
    stopped.iter_mut().for_each(|http| http.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_eq!(stopped.iter_mut().map(|http| http.head().status()).collect::<Vec<_>>(), [200, 200]);
    let refused = site.get("/digits.txt", "");
    assert_eq!((refused.status(), refused.header("Retry-After")), (503, Some("1")));
    assert!(is_sentence(&refused), "{refused:?}");
    assert_eq!(site.send("HEAD", "/digits.txt", "").head().status(), 200, "what needs no place gets it");
    site.server.wait_for_log(&["not sent"]);
    // The places come back with the connections.
    drop(stopped);
    let served = (0..10_000).map(|_| site.get("/digits.txt", "").status()).find(|status| *status != 503);
    assert_eq!(served, Some(200));
}

#[test]
fn files_come_one_after_the_other_on_one_connection() {
    let site = Site::new();
    site.write_large("large.bin", 300_000);
    let mut http = Http::connect(site.server.plain);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    http.send(get("/") + &get("/large.bin") + &get("/nothing") + &get("/digits.txt"));
    let lengths = [(); 4].map(|()| http.answer().body.len());
    assert_eq!((lengths[0], lengths[1], lengths[3]), (PAGE.len(), 300_000, 10));
}

#[test]
fn after_a_file_the_server_rests() {
    let site = Site::new();
    let mut http = Http::connect(site.server.plain);
    http.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(http.answer().body, PAGE);
    // A thread that has read files waits half a second for more, again and again.
    let before = site.server.processor_time();
    thread::sleep(Duration::from_secs(2));
    let used = site.server.processor_time() - before;
    assert!(used < Duration::from_millis(500), "{used:?} of processor time in two idle seconds");
}

#[test]
fn a_date_of_a_condition_may_be_old_fashioned_and_stands_once() {
    let site = Site::new();
    let modified = UNIX_EPOCH + Duration::from_secs(784_111_777);
    let file = File::options().append(true).open(site.site.join("digits.txt")).expect("the file is ours");
    file.set_modified(modified).expect("the file is ours");
    // RFC 9110 §5.6.7.
    let dates =
        ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"];
    for date in dates {
        let status = |headers: &str| site.get("/digits.txt", headers).status();
        assert_eq!(status(&format!("If-Modified-Since: {date}\r\n")), 304, "{date}");
        // RFC 9110 §13.1.3: several say nothing.
        assert_eq!(status(&format!("If-Modified-Since: {date}\r\nIf-Modified-Since: {date}\r\n")), 200);
    }
}
