//! The certificate that the server makes: it is kept over a restart, and a client that is to trust it can have it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;

use super::{listening, run};
use crate::support::http::Http;
use crate::support::server::{DEMO, Folder};
use crate::support::{Server, tls};

const NAME: &str = "certificate-and-key.pem";

/// The demo, which keeps its certificate in a folder.
fn kept(folder: &Folder) -> Server {
    Server::flags(&["--state-dir", state(folder).to_str().expect("a plain name")])
}

fn state(folder: &Folder) -> std::path::PathBuf {
    folder.path().join("state")
}

/// What a client without a password gets.
fn pem(server: &Server) -> String {
    let answer =
        Http::connect(server.plain).ask("GET /callboard/certificate.pem HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert!(answer.has_header("Content-Type", "application/pem-certificate-chain"), "{answer:?}");
    answer.body
}

fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(text).expect("PEM has base64 in it")
}

#[test]
fn a_certificate_that_was_made_stays_over_a_restart_and_everybody_can_have_it() {
    let folder = Folder::new();
    let server = kept(&folder);
    let first = tls::certificate(server.tls);
    assert_eq!(der(&pem(&server)), first);
    server.signal(Signal::TERM);
    let (_, log) = server.ended();
    assert!(!log.contains("not kept"), "{log}");

    let mut server = kept(&folder);
    assert_eq!(tls::certificate(server.tls), first);
    assert!(
        server
            .printed()
            .starts_with(&format!("self-signed certificate in {}, SHA-256 ", state(&folder).display()))
    );
    // Whose server this is may see it, and nobody else its key.
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!([mode(&state(&folder)), mode(&state(&folder).join(NAME))], [0o700, 0o600]);
    let (code, out, err) =
        run(&["certificate", "--state-dir", state(&folder).to_str().expect("a plain name")]);
    assert_eq!((code, out.as_str()), (Some(0), pem(&server).as_str()), "{err}");
    assert!(
        err.starts_with("SHA-256 ") && err.ends_with(&format!(", {}\n", state(&folder).join(NAME).display())),
        "{err}"
    );
    assert!(!out.contains("PRIVATE"));
}

#[test]
fn a_name_that_is_new_makes_another_certificate_at_the_next_start_and_a_broken_file_stops_nobody() {
    let folder = Folder::new();
    let first = tls::certificate(kept(&folder).tls);
    let more = format!("state_dir = \"state\"\nhosts = [\"board.example.org\"]\n{DEMO}");
    let file = folder.write("callboard.toml", &more);
    let file = file.to_str().expect("a plain name");
    for command in [&["check"][..], &["certificate"]] {
        let (code, out, err) = run(&[command, &["--config", file]].concat());
        assert_eq!(code, Some(0), "{err}");
        let said = "it is not for board.example.org: the next start makes another one";
        assert!(out.contains(said) || err.contains(said), "{out}{err}");
    }
    let server = Server::flags(&["--config", file]);
    server.wait_for_log(&["WARN", "is not for board.example.org", "another one takes its place"]);
    let second = tls::certificate(server.tls);
    assert_ne!(second, first);
    // The server that runs keeps its own, and a reload takes what is kept.
    fs::write(state(&folder).join(NAME), "something else").expect("it is ours");
    server.signal(Signal::HUP);
    server.wait_for_log(&[
        "WARN",
        NAME,
        "has no certificate with its key in PEM form",
        "the next start makes another one",
    ]);
    server.wait_for_log(&["reload: 7 users"]);
    assert_eq!(tls::certificate(server.tls), second);
    drop(server);
    let server = Server::flags(&["--config", file]);
    server.wait_for_log(&["WARN", NAME, "has no certificate with its key in PEM form", "unusable"]);
    let third = tls::certificate(server.tls);
    assert_ne!(third, second);
    let aside = fs::read_to_string(state(&folder).join("certificate-and-key.unusable"));
    assert_eq!(aside.expect("it was put aside"), "something else");
    // A reload without news changes nothing, and sessions can be resumed: the certificate is the same.
    server.signal(Signal::HUP);
    server.wait_for_log(&["reload: 7 users"]);
    assert_eq!(tls::certificate(server.tls), third);
}

#[test]
fn servers_that_start_at_once_have_one_certificate() {
    let folder = Folder::new();
    let certificates: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..3).map(|_| scope.spawn(|| tls::certificate(kept(&folder).tls))).collect();
        started.into_iter().map(|thread| thread.join().expect("it starts")).collect()
    });
    assert!(certificates.iter().all(|certificate| *certificate == certificates[0]));
}

#[test]
fn where_nothing_can_be_kept_the_log_says_so_once() {
    let server = Server::flags(&["--state-dir", "/dev/null/state"]);
    let made = tls::certificate(server.tls);
    assert_eq!(der(&pem(&server)), made);
    for _ in 0..2 {
        server.signal(Signal::HUP);
    }
    server.wait_for_log(&["reload"]);
    assert_eq!(tls::certificate(server.tls), made);
    let log = server.stop();
    assert_eq!(log.matches("is not kept over a restart").count(), 1, "{log}");
    let (code, out, err) = run(&["certificate", "--state-dir", "/dev/null/state"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.starts_with("callboard: /dev/null/state/"), "{err}");
    let folder = Folder::new();
    let (code, _, err) = run(&["certificate", "--state-dir", folder.path().to_str().expect("a plain name")]);
    assert_eq!(code, Some(1));
    assert!(err.contains("is not there: start the server first") && err.lines().count() == 1, "{err}");
}

#[test]
fn the_certificate_of_files_is_the_one_that_is_shown() {
    let folder = Folder::new();
    let (pair, file) = (super::pair(), listening(&folder, "[\"127.0.0.1:0\"]", super::TLS));
    folder.write("server.pem", &pair.certificate);
    folder.write("server.key", &pair.key);
    let (code, out, err) = run(&["certificate", "--config", &file]);
    assert_eq!((code, der(&out)), (Some(0), pair.der.clone()), "{err}");
    assert_eq!(der(&pem(&Server::flags(&["--config", &file]))), pair.der);
    let plain = DEMO.replace("listen_plain = []", "listen_plain = [\"127.0.0.1:0\"]");
    folder.write("plain.toml", &plain.replace("[\"127.0.0.1:8445\"]", "[]"));
    let plain = folder.path().join("plain.toml");
    let (code, _, err) = run(&["certificate", "--config", plain.to_str().expect("a plain name")]);
    assert_eq!(
        (code, err.as_str()),
        (Some(1), "callboard: no listener speaks TLS, so there is no certificate\n")
    );
}

/// The recipes of the manual for the tools that are here.
#[test]
fn clients_trust_the_certificate_that_they_are_given() {
    let folder = Folder::new();
    let server = kept(&folder);
    let file = folder.write("cert.pem", &pem(&server));
    let file = file.to_str().expect("a plain name");
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{}/healthz", server.tls.port());
        let node =
            format!("fetch('{url}').then((answer) => answer.text()).then((text) => console.log(text))");
        let python = format!(
            "import ssl, urllib.request\ncontext = ssl.create_default_context(cafile={file:?})\n\
             context.verify_flags |= ssl.VERIFY_X509_STRICT\n\
             print(urllib.request.urlopen({url:?}, context=context).read().decode())"
        );
        let tools: [(&str, Vec<&str>, Option<&str>); 3] = [
            ("curl", vec!["-sS", "--cacert", file, &url], None),
            ("node", vec!["-e", &node], Some(file)),
            ("python3", vec!["-c", &python], None),
        ];
        for (tool, arguments, extra) in tools {
            let mut command = Command::new(tool);
            command.args(arguments).stdin(Stdio::null());
            if let Some(extra) = extra {
                command.env("NODE_EXTRA_CA_CERTS", extra);
            }
            // A machine need not have all of them.
            let Ok(output) = command.output() else { continue };
            let said = String::from_utf8_lossy(&output.stdout);
            assert_eq!(said.trim(), "ok", "{tool}: {}", String::from_utf8_lossy(&output.stderr));
        }
        // Without it they refuse it.
        let mut command = Command::new("curl");
        if let Ok(output) = command.args(["-sS", &url]).stdin(Stdio::null()).output() {
            assert!(!output.status.success());
        }
    }
}

/// The recipe of the manual for Java.
#[test]
fn java_trusts_the_certificate_that_it_is_given() {
    let folder = Folder::new();
    let server = kept(&folder);
    let file = folder.write("cert.pem", &pem(&server));
    let store = folder.path().join("trust.p12");
    let source = folder.write(
        "Ask.java",
        "import java.net.URI;\nimport java.net.http.*;\n\
         public class Ask { public static void main(String[] a) throws Exception {\n\
         var request = HttpRequest.newBuilder(URI.create(a[0])).build();\n\
         System.out.print(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body()); } }\n",
    );
    let keytool = Command::new("keytool")
        .args([
            "-importcert",
            "-noprompt",
            "-alias",
            "callboard",
            "-storetype",
            "PKCS12",
            "-storepass",
            "changeit",
        ])
        .arg("-file")
        .arg(&file)
        .arg("-keystore")
        .arg(&store)
        .output();
    // A machine need not have it.
    let Ok(keytool) = keytool else { return };
    assert!(keytool.status.success(), "{}", String::from_utf8_lossy(&keytool.stdout));
    let output = Command::new("java")
        .arg(format!("-Djavax.net.ssl.trustStore={}", store.display()))
        .arg("-Djavax.net.ssl.trustStorePassword=changeit")
        .arg(&source)
        .arg(format!("https://localhost:{}/healthz", server.tls.port()))
        .output();
    let Ok(output) = output else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "ok", "{}", String::from_utf8_lossy(&output.stderr));
}
