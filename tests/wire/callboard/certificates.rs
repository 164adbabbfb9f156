//! Faults of certificates: shown to the new handshakes that they are meant for, and to nobody else.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_rustls::rustls::crypto::ring::default_provider;
use futures_rustls::rustls::pki_types::CertificateDer;
use futures_rustls::rustls::pki_types::pem::PemObject as _;
use futures_rustls::rustls::version::{TLS12, TLS13};
use futures_rustls::rustls::{CertificateError, ClientConfig, Error, HandshakeKind, RootCertStore};
use rustix::process::Signal;
use smol::Async;

use crate::support::http::{Answer, Http, basic, own};
use crate::support::polite::{Client, Polite, Security};
use crate::support::server::{DEMO, Folder, PATIENCE};
use crate::support::{Server, tls};

fn set(server: &Server, query: &str) -> Answer {
    let answer = own(server, "administrator", "PUT", &format!("faults/f?kind=certificate{query}"));
    assert!(matches!(answer.status(), 200 | 201), "{query}: {} {}", answer.start, answer.body);
    answer
}

fn heal(server: &Server) {
    assert_eq!(own(server, "administrator", "DELETE", "faults/f").status(), 204);
}

fn hits(server: &Server) -> String {
    let list = own(server, "administrator", "GET", "faults").body;
    let (_, rest) = list.split_once("\"hits\":").expect("a fault is set");
    rest.split(',').next().unwrap_or_default().to_owned()
}

fn get(server: &Server, path: &str) -> String {
    let answer = own(server, "administrator", "GET", path);
    assert_eq!(answer.status(), 200, "{}", answer.body);
    answer.body
}

/// The right certificate.
pub fn right(server: &Server) -> String {
    Http::connect(server.plain).ask("GET /callboard/certificate.pem HTTP/1.1\r\nHost: localhost\r\n\r\n").body
}

/// A client that trusts the certificates in a text, and no others.
pub fn strict(pem: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.expect("PEM")).expect("a certificate");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has ciphers for both")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// What is wrong with the certificate of a handshake for localhost, in the eyes of a client; `None`: nothing.
pub fn wrong(config: &Arc<ClientConfig>, stream: TcpStream) -> Option<&'static str> {
    let stream = Async::new(stream).expect("it does not block");
    let error = smol::block_on(tls::with(config.clone(), stream)).err()?;
    let Some(Error::InvalidCertificate(error)) = error.get_ref().and_then(|inner| inner.downcast_ref())
    else {
        panic!("{error}");
    };
    Some(match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "not yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "name",
        // The second is of a certificate whose issuer has the name of one that is trusted, and another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "issuer",
        other => panic!("{other:?}"),
    })
}

pub fn from(own: [u8; 4], to: SocketAddr) -> TcpStream {
    Http::connect_from(own, to).into_inner()
}

const HERE: [u8; 4] = [127, 0, 0, 1];

#[test]
fn each_defect_is_seen_by_new_handshakes_and_healed_while_a_session_goes_on() {
    let server = Server::with_log("debug", "");
    let mut session = Client::new(Polite::connect(&server, Security::Tls(None), "/ws/").0, "localhost");
    session.log_in("1001", "desktop");
    let mut goes_on = || {
        session.send("<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
        assert!(session.text().contains("id=\"p\""));
    };
    let right = strict(&right(&server));
    let lab = strict(&get(&server, "faults/root.pem"));
    assert_eq!(wrong(&right, from(HERE, server.tls)), None);
    for (defect, seen) in [
        ("expired", "expired"),
        ("not-yet", "not yet"),
        ("wrong-name", "name"),
        ("untrusted", "issuer"),
        ("no-chain", "issuer"),
    ] {
        set(&server, &format!("&defect={defect}&listener={}", server.tls));
        assert_eq!(hits(&server), "0", "the session has its certificate");
        assert_eq!(wrong(&lab, from(HERE, server.tls)), Some(seen), "{defect}");
        assert!(wrong(&right, from(HERE, server.tls)).is_some(), "{defect}");
        assert_eq!(hits(&server), "2", "{defect}");
        goes_on();
        heal(&server);
        assert_eq!(wrong(&right, from(HERE, server.tls)), None, "{defect}");
        goes_on();
    }
    let metrics = Http::connect(server.plain).ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").body;
    assert!(metrics.contains("callboard_faults_fired_total{kind=\"certificate\"} 10\n"), "{metrics}");
    server.wait_for_log(&["fault f", "acts"]);
    server.wait_for_log(&["tls: the client does not trust the certificate (CertificateExpired)"]);
}

#[test]
fn a_chain_without_its_intermediate_is_trusted_by_clients_that_have_it() {
    let server = Server::demo();
    set(&server, "&defect=no-chain");
    let root = get(&server, "faults/root.pem");
    assert_eq!(wrong(&strict(&root), from(HERE, server.tls)), Some("issuer"));
    let intermediate = get(&server, "faults/intermediate.pem");
    assert_eq!(wrong(&strict(&intermediate), from(HERE, server.tls)), None);
    assert_eq!(root, get(&server, "faults/root.pem"), "it is handed out once for all");
    for path in ["faults/root.pem", "faults/intermediate.pem"] {
        assert_eq!(own(&server, "1001", "GET", path).status(), 403);
        assert_eq!(own(&server, "administrator", "PUT", &format!("{path}?kind=stall")).status(), 405);
    }
}

#[test]
fn only_the_listener_and_the_address_of_the_fault_see_its_certificate() {
    let server = Server::flags(&["--listen", "127.0.0.1:0"]);
    let other = server.other_tls.expect("it listens twice");
    let right = strict(&right(&server));
    const THERE: [u8; 4] = [127, 0, 0, 2];
    let is_wrong = |own, to| wrong(&right, from(own, to)).is_some();
    for (target, seen) in [
        (String::new(), [true, true, true, true]),
        (format!("&listener={}", server.tls), [true, true, false, false]),
        ("&address=127.0.0.2".to_owned(), [false, true, false, true]),
        (format!("&listener={other}&address=127.0.0.1"), [false, false, true, false]),
    ] {
        set(&server, &format!("&defect=wrong-name{target}"));
        let found = [(HERE, server.tls), (THERE, server.tls), (HERE, other), (THERE, other)];
        assert_eq!(found.map(|(own, to)| is_wrong(own, to)), seen, "{target}");
    }
    set(&server, "&count=1");
    assert!(is_wrong(HERE, server.tls));
    assert!(!is_wrong(HERE, server.tls), "its count is used up");
    let plain = Http::connect(server.tls).ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(plain.status(), 200, "where there is no handshake nothing is shown");
}

#[test]
fn no_session_of_tls_is_resumed_into_a_fault_or_out_of_it() {
    let server = Server::demo();
    let (full, resumed) = (Some(HandshakeKind::Full), Some(HandshakeKind::Resumed));
    for version in [&TLS13, &TLS12] {
        let handshake = |client: &Arc<ClientConfig>| {
            let stream = Async::new(from(HERE, server.tls)).expect("it does not block");
            let stream = smol::block_on(tls::with(client.clone(), stream)).expect("any certificate will do");
            let kind = stream.get_ref().1.handshake_kind();
            // The ticket comes behind the handshake.
            let mut http = Http::over(tls::Secure::of(stream));
            assert_eq!(http.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status(), 200);
            kind
        };
        let twice = |client| [handshake(client), handshake(client)];
        let [before, meanwhile] = [(); 2].map(|()| Arc::new(tls::client(Some(version))));
        assert_eq!(twice(&before), [full, resumed], "{version:?}");
        set(&server, "&defect=expired");
        assert_eq!([twice(&before), twice(&meanwhile)], [[full, full]; 2], "{version:?}");
        assert_eq!(hits(&server), "4");
        heal(&server);
        assert_eq!(twice(&meanwhile), [full, resumed], "{version:?}");
    }
}

#[test]
fn an_administrator_is_told_how_the_fault_is_healed() {
    let server = Server::flags(&["--listen", "127.0.0.1:0"]);
    let (first, other, plain) = (server.tls, server.other_tls.expect("it listens twice"), server.plain);
    let note = |query: &str| {
        let body = set(&server, query).body;
        let rest = body.split_once("\"note\":\"").map(|(_, rest)| rest.to_owned());
        rest.map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
    };
    let at = |ways: &str| {
        Some(format!(
            "Where a browser refuses this certificate, heal the fault at {ways}, or with curl -k; or wait until it ends by itself."
        ))
    };
    assert_eq!(note(""), at(&format!("http://{plain}")));
    assert_eq!(note(&format!("&listener={first}")), at(&format!("https://{other}, http://{plain}")));
    assert_eq!(note("&address=127.0.0.1"), at(&format!("http://{plain}")));
    assert_eq!(note("&address=127.0.0.2"), None, "the administrator comes from elsewhere");
    let second = format!("faults/g?kind=certificate&listener={other}");
    assert_eq!(own(&server, "administrator", "PUT", &second).status(), 201);
    assert_eq!(note(&format!("&listener={first}")), at(&format!("http://{plain}")));
    for (query, sentence) in [
        (format!("&listener={plain}"), format!("There is no listener {plain} with TLS; there are {first}, {other}.")),
        (
            "&defect=old".to_owned(),
            "defect is expired, not-yet, wrong-name, untrusted, no-chain, not \"old\".".to_owned(),
        ),
        (
            "&user=1001".to_owned(),
            "user cannot choose the target of certificate; it has defect, after, for, count, chance, seed, address, listener."
                .to_owned(),
        ),
    ] {
        let answer = own(&server, "administrator", "PUT", &format!("faults/h?kind=certificate{query}"));
        assert_eq!((answer.status(), answer.body.trim_end()), (400, &*sentence));
    }
    // With TLS alone, and without it.
    let alone = Server::serving("localhost", &DEMO.replacen("faults = true", "faults = false", 1));
    assert_eq!(own(&alone, "administrator", "GET", "faults/root.pem").status(), 403);
}

#[test]
fn a_fault_ends_by_itself_and_is_healed_by_who_does_not_trust_its_certificate() {
    let server = Server::demo();
    let right = strict(&right(&server));
    set(&server, "&for=1s");
    assert!(wrong(&right, from(HERE, server.tls)).is_some());
    let deadline = Instant::now() + PATIENCE;
    while wrong(&right, from(HERE, server.tls)).is_some() {
        assert!(Instant::now() < deadline, "{}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    set(&server, "");
    let own = basic("administrator", "1234");
    let request = format!(
        "DELETE /callboard/api/faults HTTP/1.1\r\nHost: localhost\r\nAuthorization: {own}\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(Http::secure(server.tls).ask(request).status(), 204, "as curl -k does");
    assert_eq!(wrong(&right, from(HERE, server.tls)), None);
}

#[test]
fn a_certificate_that_is_renewed_meanwhile_is_shown_when_the_fault_is_healed() {
    let folder = Folder::new();
    let path = folder.path().to_owned();
    let write = |name: &str| {
        let pair = rcgen::generate_simple_self_signed([name.to_owned(), "localhost".to_owned()]);
        let pair = pair.expect("a certificate can be made");
        for (name, pem) in [("server.pem", pair.cert.pem()), ("server.key", pair.signing_key.serialize_pem())]
        {
            fs::write(path.join(name), pem).expect("the folder is ours");
        }
        pair.cert.der().to_vec()
    };
    let old = write("old.example");
    let files = "[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n";
    let server = Server::serving_in(folder, "localhost", &format!("{DEMO}\n{files}"));
    let has =
        |certificate: &[u8], name: &str| certificate.windows(name.len()).any(|at| at == name.as_bytes());
    assert_eq!(tls::certificate(server.tls), old);
    set(&server, "&defect=expired");
    let shown = tls::certificate(server.tls);
    assert!(shown != old && has(&shown, "old.example"), "it has the names of the right one");
    let new = write("new.example");
    server.signal(Signal::HUP);
    server.wait_for_log(&["reload: certificate in use"]);
    let shown = tls::certificate(server.tls);
    assert!(shown != new && has(&shown, "new.example"), "it has the names of the right one");
    heal(&server);
    assert_eq!(tls::certificate(server.tls), new);
}

#[test]
fn a_fault_of_the_file_shows_its_certificate_from_the_start() {
    let server = Server::with("[[fault]]\nname = \"f\"\nkind = \"certificate\"\ndefect = \"not-yet\"\n");
    let lab = strict(&get(&server, "faults/root.pem"));
    assert_eq!(wrong(&lab, from(HERE, server.tls)), Some("not yet"));
    heal(&server);
    assert_eq!(wrong(&strict(&right(&server)), from(HERE, server.tls)), None);
}
