//! `callboard probe` against each kind of faults, over WebSocket, over BOSH and over TCP.

use std::net::SocketAddr;
use std::sync::Mutex;

use crate::probe::{probe, symptom, url};
use crate::probe_tcp::trusting;
use crate::run;
use crate::support::Server;
use crate::support::http::own;
use crate::support::server::Folder;
use crate::support::tcp::{self, Ports};

/// Faults over a transport, and the first thing that a probe finds; `-` is a fault that harms nobody who only connects.
const MATRIX: &[(&str, &str, &str)] = &[
    // Before a stream.
    ("wss", "refuse&listener=TLS", "refused"),
    ("https", "refuse&listener=TLS", "refused"),
    ("wss", "tls-hang&listener=TLS", "silent"),
    ("https", "tls-hang&listener=TLS", "silent"),
    ("wss", "certificate&defect=expired", "certificate-expired"),
    ("wss", "certificate&defect=not-yet", "certificate-not-yet-valid"),
    ("wss", "certificate&defect=wrong-name", "certificate-name"),
    ("wss", "certificate&defect=untrusted", "certificate-self-signed"),
    ("wss", "certificate&defect=no-chain", "certificate-chain"),
    ("https", "certificate&defect=expired", "certificate-expired"),
    ("https", "certificate&defect=no-chain", "certificate-chain"),
    ("xmpps", "refuse&listener=XMPPS", "refused"),
    ("xmpp", "refuse&listener=XMPP", "refused"),
    ("xmpps", "tls-hang&listener=XMPPS", "silent"),
    ("xmpp", "tls-hang&listener=XMPP", "silent"),
    ("xmpps", "certificate&defect=expired", "certificate-expired"),
    ("xmpp", "certificate&defect=wrong-name", "certificate-name"),
    ("xmpp", "certificate&defect=untrusted", "certificate-self-signed"),
    ("xmpps", "certificate&defect=no-chain", "certificate-chain"),
    ("ws", "upgrade-status&status=200", "not-upgraded"),
    ("ws", "upgrade-status&status=403", "forbidden"),
    ("ws", "upgrade-status&status=404", "not-found"),
    ("ws", "upgrade-status&status=426", "not-upgraded"),
    ("ws", "upgrade-status&status=500", "upgrade-refused"),
    ("ws", "upgrade-status&status=502", "service-down"),
    ("ws", "upgrade-status&status=503", "service-down"),
    ("ws", "no-subprotocol", "no-subprotocol"),
    ("ws", "no-upgrade-header", "bad-handshake"),
    ("http", "http-status&status=400&path=/http-bind/", "bosh-refused"),
    ("http", "http-status&status=401&path=/http-bind/", "forbidden"),
    ("http", "http-status&status=404&path=/http-bind/", "not-found"),
    ("http", "http-status&status=502&path=/http-bind/", "service-down"),
    ("http", "http-silence&path=/http-bind/", "silent"),
    ("http", "http-cut&path=/http-bind/", "bad-handshake"),
    ("http", "http-delay&delay=1200ms&path=/http-bind/", "slow"),
    // The login.
    ("ws", "old-framing", "old-framing"),
    ("ws", "no-plain", "no-plain"),
    ("http", "no-plain", "no-plain"),
    ("xmpps", "no-plain", "no-plain"),
    ("xmpp", "no-plain", "no-plain"),
    ("xmpp", "login-refused", "not-authorized"),
    ("xmpps", "login-refused&condition=temporary-auth-failure", "login-refused"),
    ("xmpp", "slow-step&step=open&delay=1500ms", "slow"),
    ("xmpps", "slow-step&step=login&delay=20s", "silent"),
    ("xmpp", "bind-conflict", "conflict"),
    ("ws", "login-refused", "not-authorized"),
    ("http", "login-refused", "not-authorized"),
    ("ws", "login-refused&condition=temporary-auth-failure", "login-refused"),
    ("http", "login-refused&condition=invalid-authzid", "login-refused"),
    ("ws", "slow-step&step=open&delay=1500ms", "slow"),
    ("ws", "slow-step&step=bind&delay=1500ms", "slow"),
    ("ws", "slow-step&step=login&delay=20s", "silent"),
    ("http", "slow-step&step=login&delay=20s", "silent"),
    ("http", "slow-step&step=bind&delay=20s", "silent"),
    ("ws", "bind-conflict", "conflict"),
    ("http", "bind-conflict", "conflict"),
    // The session.
    ("ws", "ping-delay&delay=20s", "ping-late"),
    ("http", "ping-delay&delay=20s", "ping-late"),
    ("xmpp", "ping-delay&delay=20s", "ping-late"),
    ("xmpps", "ping-error", "ping-error"),
    ("xmpp", "ping-silence", "ping-late"),
    ("xmpps", "iq-error", "session-refused"),
    ("xmpp", "iq-silence", "silent"),
    ("xmpps", "iq-delay&delay=1500ms", "slow"),
    ("xmpps", "finesse-hidden", "no-finesse"),
    ("xmpp", "finesse-late&delay=1500ms", "slow"),
    ("xmpps", "stall", "silent"),
    ("xmpp", "stall&after_step=bind", "silent"),
    ("xmpp", "slow&rate=20", "silent"),
    ("xmpps", "slice&bytes=10", "-"),
    ("xmpps", "idle-cut&idle=1s&after_step=presence", "idle-closed"),
    ("xmpp", "cut&how=fin&after_step=bind", "broken"),
    ("xmpps", "cut&how=rst&after_step=bind", "broken"),
    ("xmpp", "end", "stream-error"),
    ("xmpps", "end&condition=host-unknown", "host-unknown"),
    ("xmpp", "end&condition=conflict&after_step=bind", "conflict"),
    ("xmpps", "maintenance&notice=1s", "stream-error"),
    ("xmpp", "outage&finesse=unavailable", "no-finesse"),
    ("xmpps", "event-drop", "-"),
    ("xmpp", "event-twice", "-"),
    ("ws", "ping-error", "ping-error"),
    ("http", "ping-error", "ping-error"),
    ("ws", "ping-silence", "ping-late"),
    ("http", "ping-silence", "ping-late"),
    ("ws", "iq-error", "session-refused"),
    ("http", "iq-error", "session-refused"),
    ("ws", "iq-delay&delay=1500ms", "slow"),
    ("ws", "iq-silence", "silent"),
    ("http", "iq-silence", "silent"),
    ("ws", "finesse-hidden", "no-finesse"),
    ("http", "finesse-hidden", "no-finesse"),
    ("ws", "finesse-late&delay=1500ms", "slow"),
    ("http", "finesse-late&delay=1500ms", "slow"),
    ("ws", "stall", "silent"),
    ("http", "stall", "silent"),
    ("ws", "stall&after_step=bind", "silent"),
    ("ws", "slow&rate=20", "silent"),
    ("ws", "slice&bytes=10", "-"),
    ("ws", "idle-cut&idle=1s&after_step=presence", "idle-closed"),
    ("ws", "cut&how=fin&after_step=bind", "broken"),
    ("ws", "cut&how=rst&after_step=bind", "broken"),
    ("ws", "cut&how=close&code=1001&after_step=bind", "closed"),
    ("ws", "end", "stream-error"),
    ("http", "end&after_step=bind", "stream-error"),
    ("ws", "end&condition=host-unknown", "host-unknown"),
    ("http", "end&condition=host-unknown", "host-unknown"),
    ("ws", "end&condition=conflict&after_step=bind", "conflict"),
    ("http", "end&condition=conflict&after_step=bind", "conflict"),
    ("ws", "end&condition=policy-violation&after_step=login", "stream-error"),
    ("http", "bosh-end", "bosh-ended"),
    ("http", "bosh-end&condition=policy-violation&after_step=bind", "bosh-ended"),
    ("http", "bosh-end&condition=system-shutdown&after_step=bind", "stream-error"),
    ("ws", "maintenance&notice=1s", "stream-error"),
    // The REST API.
    ("ws", "http-status&status=401&path=/finesse/api/User/*", "not-authorized"),
    ("ws", "http-status&status=403&path=/finesse/api/SystemInfo", "forbidden"),
    ("ws", "http-status&status=404&path=/finesse/api/SystemInfo", "no-rest"),
    ("http", "http-status&status=500&path=/finesse/api/User/*", "rest-refused"),
    ("http", "http-status&status=502&path=/finesse/api/SystemInfo", "service-down"),
    ("http", "http-status&status=503&path=/finesse/api/SystemInfo", "out-of-service"),
    ("ws", "http-delay&delay=1500ms&path=/finesse/api/SystemInfo", "slow"),
    ("ws", "http-silence&path=/finesse/api/SystemInfo", "silent"),
    ("ws", "http-cut&path=/finesse/api/User/*", "broken"),
    ("ws", "outage", "out-of-service"),
    ("http", "outage&status=PARTIAL_SERVICE", "out-of-service"),
    ("ws", "outage&finesse=unavailable", "no-finesse"),
    // What needs an event, a change or a second connection.
    ("ws", "event-delay", "-"),
    ("ws", "event-drop", "-"),
    ("http", "event-twice", "-"),
    ("ws", "event-order", "-"),
    ("ws", "payload-broken", "-"),
    ("ws", "state-fails", "-"),
    ("ws", "call-fails", "-"),
    ("ws", "request-id-lost", "-"),
    ("ws", "secondary-node", "-"),
    ("ws", "role-secondary", "-"),
    ("http", "late-logout", "-"),
];

/// How many probes go on at a time, each with a server of its own: most of them wait.
const WIDTH: usize = 8;

/// A probe of a server with a fault.
fn probe_with(
    (server, ports): &(Server, Ports),
    folder: &Folder,
    root: &str,
    scheme: &str,
    fault: &str,
) -> String {
    let more = ["--json", "--rest", "--timeout", "4"];
    let is_tcp = scheme.starts_with("xmpp");
    // The REST API has another port there, as at Finesse.
    let more = if is_tcp { vec![more[0], more[2], more[3]] } else { more.to_vec() };
    let address = match scheme {
        "xmpp" => ports.plain,
        "xmpps" => ports.tls,
        "wss" | "https" => server.tls,
        _ => server.plain,
    };
    if matches!(scheme, "wss" | "https") || fault.starts_with("certificate") {
        // A client that does not trust the authority of these certificates sees that before anything else.
        let (name, url) = (folder.write("root.pem", root), url(scheme, address));
        let ca = name.to_str().expect("the folder of the tests has a plain name");
        return run(&[&["probe", &*url, "--domain", "localhost", "--ca", ca], &more[..]].concat()).1;
    }
    let is_slow = fault.starts_with("idle-cut") || fault.starts_with("maintenance");
    let silence: &[&str] = if is_slow { &["--silence", "5"] } else { &[] };
    let ca = trusting(folder, server.tls);
    let trust: &[&str] = if is_tcp { &["--ca", &ca] } else { &[] };
    probe(&url(scheme, address), &[&more[..], silence, trust].concat()).1
}

#[test]
fn each_fault_has_its_finding() {
    let left = Mutex::new(MATRIX.iter());
    let wrong = Mutex::new(Vec::new());
    let work = || {
        let (both, folder) = (tcp::serving("", ""), Folder::new());
        let (server, ports) = &both;
        let ask = |method: &str, path: &str| own(server, "administrator", method, path);
        let root = ask("GET", "faults/root.pem").body;
        let next = || left.lock().expect("nobody panics with it").next();
        while let Some((scheme, fault, expected)) = next() {
            let listeners = [("XMPPS", ports.tls), ("XMPP", ports.plain), ("TLS", server.tls)];
            let named =
                |kind: String, (name, address): (&str, SocketAddr)| kind.replace(name, &address.to_string());
            let kind = listeners.into_iter().fold((*fault).to_owned(), named);
            assert_eq!(ask("PUT", &format!("faults/f?kind={kind}")).status(), 201, "{fault}");
            let printed = probe_with(&both, &folder, &root, scheme, fault);
            let found = symptom(&printed);
            // A busy machine is slow, too, and there a reset can come behind the first word.
            let is_busy = matches!((*expected, &*found), ("-", "slow") | ("refused", "broken"));
            if found != *expected && !is_busy {
                let line = format!("{scheme} {fault}: {found}, not {expected}: {printed}");
                wrong.lock().expect("nobody panics with it").push(line);
            }
            assert_eq!(ask("DELETE", "faults/f").status(), 204, "{fault}");
        }
        let (code, printed) = probe(&url("ws", server.plain), &["--rest"]);
        assert_eq!(code, Some(0), "all is healed: {printed}");
    };
    std::thread::scope(|scope| {
        for _ in 0..WIDTH {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().expect("nobody panics with it");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
