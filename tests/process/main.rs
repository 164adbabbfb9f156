//! The process from outside: signals, certificates, ports, and what stands in the log.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

#[path = "../wire/support/mod.rs"]
mod support;

mod certificate;
mod durability;
mod manager;
mod probe;
mod probe_compare;
mod probe_hostile;
mod probe_matrix;
mod probe_tcp;
mod watch;

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callboard::config::password::Password;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use ring::digest::{SHA256, digest};
use rustix::process::Signal;
use support::http::{basic, post, publish};
use support::polite::{Polite, Security};
use support::server::{DEMO, Folder};
use support::{Client, Server, Session, ns, program, tls};

/// A certificate, and its key in PEM.
struct Pair {
    certificate: String,
    key: String,
    der: Vec<u8>,
}

fn pair() -> Pair {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate can be made");
    Pair { certificate: cert.pem(), key: signing_key.serialize_pem(), der: cert.der().to_vec() }
}

const TLS: &str = "[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n";

/// Runs a command of the program that ends by itself. Returns the exit code, and what it printed and complained.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program().args(arguments).stdin(Stdio::null()).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A demo that listens on `listen`, with something added.
fn listening(folder: &Folder, listen: &str, more: &str) -> String {
    let config = DEMO.replace("listen = [\"127.0.0.1:8445\"]", &format!("listen = {listen}"));
    assert_ne!(config, DEMO, "the demo listens somewhere");
    let file = folder.write("callboard.toml", &format!("{config}\n{more}"));
    file.to_str().expect("the folder of the tests has a plain name").to_owned()
}

#[test]
fn a_signal_ends_every_stream_in_order_and_the_exit_code_is_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::demo();
        let mut unopened = Client::connect(&server);
        let mut opened = Client::connect(&server);
        opened.open();
        let mut online = Client::online(&server, "1001", "desktop");
        let mut secure = Session::new(Polite::connect(&server, Security::Tls(None), "/ws/").0, "localhost");
        secure.log_in("1002", "desktop");
        server.signal(signal);
        unopened.expect_open_and_stream_error("system-shutdown", 1001);
        for client in [&mut opened, &mut online, &mut secure] {
            client.expect_stream_error("system-shutdown", 1001);
        }
        let (code, log) = server.ended();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("going down"), "{log}");
    }
}

#[test]
fn a_client_that_does_not_answer_does_not_keep_the_process() {
    let server = Server::with("[limits]\nclose = \"1s\"\n");
    let _silent = Client::online(&server, "1001", "desktop");
    let _half = std::net::TcpStream::connect(server.tls).expect("the server accepts connections");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn the_demo_says_where_its_page_is_and_who_may_log_in() {
    let mut server = Server::demo();
    server.printed();
    assert_eq!(server.printed(), format!("open https://{}/ in a browser: administrator, 1234", server.tls));
    // Where it listens on every address, it names one that the certificate has; a folder of pages has the root.
    let flags = ["serve", "--listen", "0.0.0.0:0", "--demo-anywhere", "--www", "src", "--log", "off"];
    let mut child = program().args(flags).stdout(Stdio::piped()).spawn().expect("the program starts");
    let out = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
    let lines: Vec<String> = out.lines().take(3).map(|line| line.expect("UTF-8")).collect();
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let port = lines[0].rsplit(':').next().expect("a port");
    assert_eq!(lines[2], format!("open https://localhost:{port}/console/ in a browser: administrator, 1234"));
    // A configuration of one's own tells nobody a password.
    let mut server = Server::serving("localhost", DEMO);
    assert!(server.printed().contains("SHA-256"));
    server.signal(Signal::TERM);
    assert_eq!(server.printed_to_the_end(), "");
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn the_self_signed_certificate_is_announced_by_its_fingerprint() {
    let mut server = Server::demo();
    let bytes = digest(&SHA256, &tls::certificate(server.tls));
    let hex: Vec<String> = bytes.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let line = server.printed();
    assert!(line.contains("SHA-256") && line.ends_with(&hex.join(":")), "{line}");
}

#[test]
fn a_hangup_shows_a_new_certificate_to_new_handshakes_and_keeps_the_old_sessions() {
    let (old, new) = (pair(), pair());
    let folder = Folder::new();
    let certificate = folder.write("server.pem", &old.certificate);
    let key = folder.write("server.key", &old.key);
    let server = Server::serving_in(folder, "localhost", &format!("{DEMO}\n{TLS}"));
    assert_eq!(tls::certificate(server.tls), old.der);
    let mut session = Session::new(Polite::connect(&server, Security::Tls(None), "/ws/").0, "localhost");
    session.log_in("1001", "desktop");
    session.become_available();

    let write = |path, text: &str| std::fs::write(path, text).expect("the file is ours");
    write(&certificate, &new.certificate);
    write(&key, &new.key);
    server.signal(Signal::HUP);
    server.wait_for_log(&["reload", "certificate in use"]);
    assert_eq!(tls::certificate(server.tls), new.der);

    // Whatever is wrong with the files, the last good pair stays, and the log says what is wrong where.
    for (what, bad_certificate, bad_key) in [
        ("not belong", old.certificate.as_str(), new.key.as_str()),
        ("no certificate in PEM", "empty", new.key.as_str()),
        ("no private key in PEM", new.certificate.as_str(), ""),
    ] {
        write(&certificate, bad_certificate);
        write(&key, bad_key);
        server.signal(Signal::HUP);
        server.wait_for_log(&["reload: nothing has changed", "callboard.toml:", what]);
        assert_eq!(tls::certificate(server.tls), new.der, "{what}");
    }
    std::fs::remove_file(&key).expect("the file is ours");
    server.signal(Signal::HUP);
    server.wait_for_log(&["reload", "cannot be read"]);
    publish(&server, "/finesse/api/User/1001", "still here");
    session.expect_event("1001@localhost", "/finesse/api/User/1001", "still here");
    let secret = new.key.lines().nth(1).expect("a key has lines");
    assert!(!server.log().contains(secret), "no key stands in the log");
}

#[test]
fn a_certificate_that_does_not_match_its_key_is_found_before_anything_is_opened() {
    let (one, other) = (pair(), pair());
    let folder = Folder::new();
    folder.write("server.pem", &one.certificate);
    folder.write("server.key", &other.key);
    let file = listening(&folder, "[\"127.0.0.1:0\"]", TLS);
    let text = std::fs::read_to_string(&file).expect("it was written");
    let line = text.lines().position(|line| line == "key = \"server.key\"").expect("it stands there") + 1;
    for command in ["check", "serve"] {
        let (code, out, err) = run(&[command, "--config", &file]);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{command}: {err}");
        assert_eq!(err.lines().count(), 1, "{command}: {err}");
        assert!(err.starts_with(&format!("{file}:{line}:7: ")) && err.contains("does not belong"), "{err}");
    }
}

#[test]
fn a_port_that_is_taken_is_one_sentence_with_its_place() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let another = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let [taken, another] = [&taken, &another].map(|listener| listener.local_addr().expect("it is bound"));
    // Each of both is named, and nothing is served where there was a port to be had.
    let folder = Folder::new();
    let file = listening(&folder, &format!("[\"127.0.0.1:0\", \"{taken}\", \"{another}\"]"), "");
    let text = std::fs::read_to_string(&file).expect("it was written");
    let line = text.lines().position(|line| line.starts_with("listen = ")).expect("it stands there") + 1;
    let (code, out, err) = run(&["serve", "--config", &file]);
    // A service manager may try again, as it may for an address that is not up yet.
    assert_eq!((code, out.as_str()), (Some(75), ""), "{err}");
    let said: Vec<&str> = err.lines().filter(|said| !said.contains(": warning: ")).collect();
    assert_eq!(said.len(), 2, "{err}");
    let listen = text.lines().nth(line - 1).expect("it stands there");
    for (sentence, address) in said.iter().zip([taken, another]) {
        let column = listen.find(&format!("\"{address}\"")).expect("it stands there") + 1;
        assert!(sentence.starts_with(&format!("{file}:{line}:{column}: ")), "{sentence}");
        assert!(sentence.contains(&address.to_string()), "{sentence}");
    }
    // One that stands on the command line has no place in a file.
    let (code, out, err) = run(&["serve", "--listen", &taken.to_string()]);
    assert_eq!((code, out.as_str()), (Some(75), ""), "{err}");
    assert!(err.contains(&taken.to_string()) && err.lines().count() == 1, "{err}");
}

#[test]
fn an_address_that_is_not_there_may_come_and_another_mistake_beside_it_does_not_go_away() {
    let (code, _, err) = run(&["serve", "--listen", "192.0.2.1:1", "--demo-anywhere"]);
    assert!(code == Some(75) && err.contains("192.0.2.1:1 cannot be listened on"), "{code:?} {err}");
    let (code, _, err) = run(&["serve", "--listen", "192.0.2.1:1", "--www", "/nothing", "--demo-anywhere"]);
    assert_eq!(code, Some(1), "{err}");
}

#[test]
fn a_folder_that_cannot_be_served_is_one_sentence_with_its_place() {
    let pair = pair();
    let folder = Folder::new();
    let path = folder.path().display();
    folder.write("server.pem", &pair.certificate);
    folder.write("page.html", "");
    std::fs::create_dir_all(folder.path().join("keys")).expect("the folder is ours");
    folder.write("keys/server.key", &pair.key);
    std::os::unix::fs::symlink(".", folder.path().join("link")).expect("the folder is ours");
    let keys = "[tls]\ncertificate = \"server.pem\"\nkey = \"keys/server.key\"\n";
    for (www, sentence) in [
        ("nothing", format!("www {path}/nothing is not there; make the folder, or name another")),
        ("page.html", format!("www {path}/page.html is no folder; name the one that the file is in")),
        (
            ".",
            format!(
                "www {path}/. has this configuration in it, which everybody could read; move one of the two"
            ),
        ),
        (
            "link",
            format!(
                "www {path}/link has this configuration in it, which everybody could read; move one of the two"
            ),
        ),
        (
            "keys",
            format!(
                "www {path}/keys has the private key of [tls] in it, which everybody could read; move one of the two"
            ),
        ),
        ("/", "www / is the whole machine; name a folder with nothing but web pages".to_owned()),
    ] {
        let file = folder.write("callboard.toml", &format!("# Two lines\nwww = \"{www}\"\n{DEMO}\n{keys}"));
        let file = file.to_str().expect("the folder of the tests has a plain name");
        for command in
            [&["check", "--config", file][..], &["serve", "--listen", "127.0.0.1:0", "--config", file]]
        {
            let (code, out, err) = run(command);
            assert_eq!((code, out.as_str()), (Some(1), ""), "{www}: {err}");
            assert_eq!(err, format!("{file}:2:7: {sentence}\n"), "{command:?}");
        }
    }
    // A flag has no place in a file, and wins over what has.
    let keys = "www = \"keys\"\ncors_origins = [\"https://a.example:8443\"]\n";
    let file = folder.write("callboard.toml", &format!("{keys}{DEMO}"));
    let file = file.to_str().expect("the folder of the tests has a plain name");
    let (code, out, err) = run(&["serve", "--listen", "127.0.0.1:0", "--www", "/nothing", "--config", file]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert_eq!(err, "callboard: www /nothing is not there; make the folder, or name another\n");
    // It is named beside whatever else is wrong.
    let (code, _, err) = run(&["serve", "--listen", "192.0.2.1:1", "--www", "/nothing", "--demo-anywhere"]);
    assert_eq!((code, err.lines().count()), (Some(1), 2), "{err}");
    // And a good one is shown.
    let (code, out, err) = run(&["check", "--config", file]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.lines().any(|line| line == format!("www            {path}/keys")), "{out}");
    let pages = "pages          of the same origin and of loopback addresses, https://a.example:8443";
    assert!(out.lines().any(|line| line == pages), "{out}");
}

#[test]
fn a_trace_shows_every_frame_and_no_password_in_any_form() {
    let hash = Password::hash("geheimnis", 1000).expect("a password that can be hashed");
    let users = format!(
        "[[user]]\nid = \"ada\"\nteam = \"1\"\npassword = \"hunter2secret\"\nroles = [\"Administrator\"]\n\
         [[user]]\nid = \"bob\"\nteam = \"1\"\npassword_hash = \"{hash}\"\nroles = [\"Administrator\"]\n"
    );
    let server = Server::with(&users);
    let mut secrets = vec![hash.clone()];
    for (user, password) in [("ada", "hunter2secret"), ("bob", "geheimnis")] {
        let forms = ["", user, "ada@localhost"]
            .map(|authzid| STANDARD.encode(format!("{authzid}\0{user}\0{password}")));
        secrets.extend([
            password.to_owned(),
            STANDARD.encode(password),
            basic(user, password)[6..].to_owned(),
        ]);
        secrets.extend(forms.clone());
        // Right, wrong, in a frame that is broken, in one of another kind, and where a password has no place.
        let mut client = Client::connect(&server);
        client.open();
        client.send_auth("PLAIN", &format!("!{}", forms[0]));
        client.expect_failure("incorrect-encoding");
        client.send_auth("PLAIN", &forms[0]);
        client.expect_success();
        client.open();
        client.bind(user, "desktop");
        client.leave();
        for message in [
            format!("<auth xmlns='{}' mechanism='PLAIN'>{}", ns::SASL, forms[0]),
            format!("<auth mechanism='PLAIN'>{}</auth>", forms[0]),
            format!(
                "<iq type='set' xmlns='jabber:client'><query><password>{password}</password></query></iq>"
            ),
        ] {
            let mut client = Client::connect(&server);
            client.open();
            client.send(&message);
            client.text();
        }
        let authorization = format!("Authorization: {}\r\n", basic(user, password));
        assert_eq!(post(&server, "/lab/alarms", &authorization, b"x").status(), 403);
        assert_eq!(post(&server, "/finesse/api/SystemInfo", &authorization, b"x").status(), 202);
    }
    let log = server.stop();
    for frame in ["<open ", "<auth ", "<success ", "<bind ", "<jid>ada@localhost/desktop</jid>", "<close "] {
        assert!(log.contains(frame), "{frame} is not in the log");
    }
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} stands in the log");
    }
}

#[test]
fn a_password_where_it_has_no_place_does_not_stand_in_the_log_either() {
    let server = Server::with("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword = \"hunter2secret\"\n");
    let secret = STANDARD.encode("\0ada\0hunter2secret");
    for message in [
        format!("<auth xmlns='{}' mechanism='PLAIN' response='{secret}'/>", ns::SASL),
        secret.clone(),
        "hunter2secret\n".to_owned(),
    ] {
        let mut client = Client::connect(&server);
        client.open();
        client.send(&message);
        client.text();
    }
    // The password in the field of the name.
    let authorization = format!("Authorization: {}\r\n", basic("hunter2secret", "ada"));
    assert_eq!(post(&server, "/lab/alarms", &authorization, b"x").status(), 401);
    let log = server.stop();
    for secret in ["hunter2secret", &secret] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} stands in the log");
    }
}

#[test]
fn a_login_that_is_sent_once_more_after_the_login_does_not_stand_in_the_log() {
    let server = Server::with("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword = \"hunter2secret\"\n");
    let secret = STANDARD.encode("\0ada\0hunter2secret");
    // A client that does not wait for the answer, and one that has lost its state.
    for wait in [false, true] {
        let mut client = Client::connect(&server);
        client.open();
        client.send_auth("PLAIN", &secret);
        if wait {
            client.expect_success();
            client.open();
            client.bind("ada", "desktop");
        }
        client.send_auth("PLAIN", &secret);
        while !client.text().contains("<stream:error ") {}
    }
    let log = server.stop();
    let line = log.lines().find(|line| line.contains(&secret));
    assert_eq!(line, None, "the password stands in the log");
}

#[test]
fn what_clients_send_cannot_forge_lines_of_the_log() {
    let server = Server::with("[[node]]\nname = \"/lab/open\"\n");
    let mut client = Client::online(&server, "1001", "desktop");
    let mut other = Client::online(&server, "1002", "desktop");
    client.subscribe("/lab/open");
    let forged = "2026-01-01T00:00:00Z ERROR forged";
    // Ends of lines, the character that starts a command of a terminal, and one that turns the line round.
    let evil = format!("x\n{forged}\r\u{9b}31m\u{85}{forged}\u{2028}{forged}\u{202e}");
    let xml = evil.replace('\n', "&#10;").replace('\r', "&#13;");
    for (name, text) in [("as references", xml.as_str()), ("as they are", evil.as_str())] {
        println!("{name}");
        // In what comes in, what goes out to the same and to another, and what is echoed in an error.
        client.send(&format!(
            "<message to='1002@localhost' xmlns='jabber:client'><body>{text}</body></message>"
        ));
        other.text();
        client.send(&format!(
            "<iq type='get' id='{text}' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
        ));
        client.text();
        client
            .get(
                "pubsub.localhost",
                &format!("<pubsub xmlns='{}'><items node='{text}'>{text}</items></pubsub>", ns::PUBSUB),
            )
            .is_error("404 cancel item-not-found");
        client.send(&format!("<presence xmlns='jabber:client'><status>{text}</status></presence>"));
        client.text();
    }
    publish(&server, "/lab/open", &evil);
    client.text();
    // In the parts of an HTTP request that are logged.
    let encoded = "%0A2026-01-01T00:00:00Z%20ERROR%20forged";
    let headers = format!("Authorization: {}\r\n", basic(&format!("1001\n{forged}"), "1001"));
    assert_eq!(post(&server, encoded, &headers, b"x").status(), 401);
    // In a login and in a resource.
    let mut stranger = Client::connect(&server);
    stranger.open();
    stranger.send_plain(&format!("\0\n{forged}\0x"));
    stranger.expect_failure("not-authorized");
    let mut bold = Client::connect(&server);
    bold.authenticate("1003");
    bold.send_bind(&evil);
    bold.text();

    // Nobody is left who would have to answer a close.
    drop((client, other, stranger, bold));
    let log = server.stop();
    assert!(log.contains("forged"), "it is logged in some form");
    for line in log.lines() {
        assert!(!line.starts_with(forged), "a line was forged");
        let is_evil = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
        assert!(!line.contains(is_evil), "a control character stands in {line:?}");
    }
    assert!(!log.contains('\r'));
}

#[test]
fn each_thing_that_happens_to_a_session_is_one_line_with_address_and_jid() {
    let server = Server::with_log("info", "");
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\x001001\0wrong");
    client.expect_failure("not-authorized");
    client.send_plain("\x001001\x001001");
    client.expect_success();
    client.open();
    client.bind("1001", "desktop");
    let session = Session::new(Polite::connect(&server, Security::Tls(None), "/ws/").0, "localhost");
    session.vanish();
    server.wait_for_log(&["wss", "closed after"]);
    client.leave();
    let log = server.stop();
    for words in [
        &["127.0.0.1:", " ws: connected"][..],
        &["127.0.0.1:", " wss: connected"],
        &["login of 1001 refused", "not-authorized"],
        &[" ws 1001: logged in"],
        &[" ws 1001@localhost/desktop: ", "bound"],
        &[" ws 1001@localhost/desktop: closed after ", " s: "],
    ] {
        let lines = log.lines().filter(|line| words.iter().all(|word| line.contains(word))).count();
        assert_eq!(lines, 1, "{words:?} in\n{log}");
    }
    assert!(!log.contains("<open"), "frames are for the trace");
}

#[test]
fn it_leaves_no_core_file_with_secrets_in_it() {
    let server = Server::demo();
    let limits = server.system_limits();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).expect("Linux says it");
    let soft = line.split_whitespace().nth(4);
    assert!(matches!(soft, Some("0" | "1")), "{line}");
}
