//! The system gives no more threads: what needs one waits for those that are there, and nobody else waits for it.

use std::time::{Duration, Instant};

use callboard::config::password::Password;

use crate::support::http::{Http, basic};
use crate::support::server::{DEMO, Folder};
use crate::support::{Client, Server, program_by};

#[test]
fn files_and_hashes_are_served_by_the_threads_that_are_there() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("site")).expect("the folder is ours");
    folder.write("site/index.html", "<p>page</p>");
    let hash = Password::hash("geheim", 20_000).expect("a hash");
    let user = format!("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword_hash = \"{hash}\"\n");
    let config = format!("www = \"site\"\n{DEMO}\n{user}");
    let server = Server::serving_with_log("info", folder, "localhost", &config);
    server.limit_memory(1024);
    let (started, before) = (Instant::now(), server.processor_time());
    let mut pages: Vec<Http> = (0..20).map(|_| Http::connect(server.plain)).collect();
    pages.iter_mut().for_each(|page| page.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let mut login = Http::connect(server.plain);
    let authorization = basic("ada", "geheim");
    login.send(format!(
        "GET /finesse/api/User/ada HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n"
    ));
    assert!(pages.iter_mut().all(|page| page.answer().body == "<p>page</p>"));
    assert_eq!(login.answer().status(), 200);
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\0ada\0geheim");
    client.expect_success();
    std::thread::sleep(Duration::from_secs(1).saturating_sub(started.elapsed()));
    let used = server.processor_time() - before;
    assert!(used < started.elapsed() / 2, "{used:?} of {:?}", started.elapsed());
}

#[test]
fn a_server_that_gets_no_threads_does_not_start_and_says_so() {
    // No machine has room for such a stack.
    let line = format!("RUST_MIN_STACK={} exec timeout -k 5 20 \"$0\" \"$@\"", 1_u64 << 46);
    let output =
        program_by(&line).args(["serve", "--listen", "127.0.0.1:0"]).output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(75), &b""[..]), "{said}");
    assert!(
        said.starts_with("callboard: the system gives no threads (") && said.lines().count() == 1,
        "{said}"
    );
}
