//! SCRAM over every transport: who gets in, and each way to fail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callboard::config::password::Password;
use callboard::config::scram::{Hash, Keys};

use crate::support::client::Wire;
use crate::support::http::{Http, basic, own};
use crate::support::scram::{Last, Scram, data};
use crate::support::tcp::{Ports, TcpSession, serving};
use crate::support::{Bosh, Client, Server, Session, ns};

const ALL: &str = "sasl = [\"SCRAM-SHA-256\", \"SCRAM-SHA-1\", \"PLAIN\"]";
const SHA256: &str = "SCRAM-SHA-256";

/// The demo with Ada, of whom the server has keys only; the others have plain passwords.
fn server(keys: &str) -> (Server, Ports) {
    let ada = Password::scram("pencil, please").expect("keys");
    serving(
        keys,
        &format!(
            "[[user]]\nid = \"ada\"\nlogin_name = \"countess\"\nteam = \"1\"\npassword_scram = \"{ada}\"\n"
        ),
    )
}

fn opened(server: &Server) -> Client {
    let mut client = Client::connect(server);
    client.open();
    client
}

fn respond<W: Wire>(client: &mut Session<W>, data: &str) {
    client.send(&format!("<response xmlns='{}'>{data}</response>", ns::SASL));
}

/// Says who logs in. Returns the challenge.
fn begin<W: Wire>(client: &mut Session<W>, scram: &Scram) -> String {
    client.send_auth(scram.mechanism, &STANDARD.encode(scram.first()));
    data("challenge", &client.text())
}

/// Logs in and binds a resource.
fn log_in<W: Wire>(mut client: Session<W>, scram: &Scram, user: &str) {
    let challenge = begin(&mut client, scram);
    let Last { message, answer } = scram.last(&challenge);
    respond(&mut client, &STANDARD.encode(message));
    assert_eq!(data("success", &client.text()), answer);
    client.open();
    client.bind(user, "desktop");
    client.expect_nothing_more();
}

#[test]
fn users_log_in_over_every_transport() {
    let (server, ports) = server(ALL);
    for scram in [
        Scram::new(SHA256, "ada", "pencil, please"),
        Scram::new("SCRAM-SHA-1", "ada", "pencil, please"),
        Scram { header: "y,a=ada@localhost,", ..Scram::new(SHA256, "Ada@LOCALHOST", "pencil, please") },
        Scram::new(SHA256, "1001", "1001"),
    ] {
        let user = if scram.name == "1001" { "1001" } else { "ada" };
        log_in(opened(&server), &scram, user);
        let mut bosh = Bosh::session(&server);
        bosh.open();
        log_in(bosh, &scram, user);
        for mut tcp in [TcpSession::tls(ports), TcpSession::by_start_tls(ports)] {
            tcp.open();
            log_in(tcp, &scram, user);
        }
    }
    // An empty challenge comes first where there is no initial response.
    let scram = Scram::new(SHA256, "ada", "pencil, please");
    let mut client = opened(&server);
    client.send_auth(SHA256, "");
    client.expect(&format!("<challenge xmlns='{}'/>", ns::SASL));
    respond(&mut client, &STANDARD.encode(scram.first()));
    let Last { message, answer } = scram.last(&data("challenge", &client.text()));
    respond(&mut client, &STANDARD.encode(message));
    assert_eq!(data("success", &client.text()), answer);
    // Over HTTP the password comes as it is, and is compared with the keys.
    for (name, password, status) in [
        ("ada", "pencil, please", 200),
        ("countess", "pencil, please", 200),
        ("ada", "pencil", 401),
        ("ada", "", 401),
    ] {
        let request = format!(
            "GET /finesse/api/User/ada HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
            basic(name, password)
        );
        assert_eq!(Http::connect(server.plain).ask(request).status(), status, "{name} {password}");
    }
    // Over XMPP by PLAIN, too.
    let mut client = opened(&server);
    client.send_plain("\0ada\0pencil, please");
    client.expect_success();
    // Nothing secret stands in the log or in the record.
    let record = own(&server, "administrator", "GET", "record?kind=login&user=ada").body;
    assert!(
        record.contains("\"mechanism\":\"SCRAM-SHA-256\"") && record.contains("\"authcid\":\"ada\""),
        "{record}"
    );
    let all = own(&server, "administrator", "GET", "record").body + &server.log();
    for secret in ["pencil", &STANDARD.encode(scram.first())[4..]] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn every_failure_has_its_condition_and_the_next_attempt_works() {
    let (server, _ports) = server(ALL);
    let right = Scram::new(SHA256, "ada", "pencil, please");
    let encode = |text: &str| STANDARD.encode(text);
    for (mechanism, first, condition) in [
        (SHA256, encode("n,a=1001,n=ada,r=x"), "invalid-authzid"),
        (SHA256, encode("n,,n=ada@elsewhere,r=x"), "not-authorized"),
        (SHA256, encode("p=tls-exporter,,n=ada,r=x"), "malformed-request"),
        (SHA256, encode("n,,m=x,n=ada,r=x"), "malformed-request"),
        (SHA256, encode("n,,n=ada"), "malformed-request"),
        (SHA256, encode("\0ada\0pencil, please"), "malformed-request"),
        (SHA256, "=".to_owned(), "malformed-request"),
        (SHA256, "!!!".to_owned(), "incorrect-encoding"),
        ("SCRAM-SHA-256-PLUS", encode("p=tls-exporter,,n=ada,r=x"), "invalid-mechanism"),
        ("SCRAM-SHA-512", encode("n,,n=ada,r=x"), "invalid-mechanism"),
        ("PLAIN", encode("n,,n=ada,r=x"), "malformed-request"),
    ] {
        let mut client = opened(&server);
        client.send_auth(mechanism, &first);
        client.expect_failure(condition);
        let challenge = begin(&mut client, &right);
        respond(&mut client, &encode(&right.last(&challenge).message));
        data("success", &client.text());
    }
    let broken = |message: &str, part: &str, by: &str| encode(&message.replacen(part, by, 1));
    for place in 0..9 {
        let mut client = opened(&server);
        let challenge = begin(&mut client, &right);
        let message = right.last(&challenge).message;
        let nonce = message.split(',').nth(1).expect("a nonce").to_owned();
        let (answer, condition) = match place {
            0 => (broken(&message, "c=biws", "c=eSws"), "malformed-request"),
            1 => (broken(&message, &nonce, "r=x"), "malformed-request"),
            2 => (broken(&message, ",p=", ",p=AAAA"), "malformed-request"),
            3 => (broken(&message, ",p=", ",p"), "malformed-request"),
            4 => ("=".to_owned(), "malformed-request"),
            5 => (String::new(), "malformed-request"),
            6 => ("?".to_owned(), "incorrect-encoding"),
            // The right proof for other words than were said.
            7 => (broken(&message, ",p=", ",x=y,p="), "not-authorized"),
            _ => (encode(&right.first()), "malformed-request"),
        };
        respond(&mut client, &answer);
        client.expect_failure(condition);
        // What was asked is over.
        respond(&mut client, &encode(&message));
        client.expect_failure("malformed-request");
        client.send_plain("\x001001\x001001");
        client.expect_success();
    }
    let second =
        format!("<auth xmlns='{}' mechanism='PLAIN'>{}</auth>", ns::SASL, encode("\x001001\x001001"));
    let abort = format!("<abort xmlns='{}'/>", ns::SASL);
    for (between, condition) in [(second, "malformed-request"), (abort, "aborted")] {
        let mut client = opened(&server);
        let challenge = begin(&mut client, &right);
        client.send(&between);
        client.expect_failure(condition);
        respond(&mut client, &encode(&right.last(&challenge).message));
        client.expect_failure("malformed-request");
        let challenge = begin(&mut client, &right);
        respond(&mut client, &encode(&right.last(&challenge).message));
        data("success", &client.text());
    }
    let mut client = opened(&server);
    begin(&mut client, &right);
    client.send("<iq xmlns='jabber:client' type='get' id='a'/>");
    client.expect_stream_error("not-authorized", 1000);
}

#[test]
fn wrong_passwords_and_unknown_names_are_answered_alike_and_close_the_stream() {
    let (server, _ports) = server(ALL);
    for name in ["ada", "1001", "nobody", "finesse"] {
        let wrong = Scram::new(SHA256, name, "wrong");
        let mut client = opened(&server);
        for _ in 0..3 {
            let challenge = begin(&mut client, &wrong);
            assert_eq!((wrong.told(&challenge).0.len(), wrong.told(&challenge).1), (16, 10_000), "{name}");
            respond(&mut client, &STANDARD.encode(wrong.last(&challenge).message));
            let failure = "<failure xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><not-authorized/></failure>";
            assert_eq!(client.text(), failure, "{name}");
        }
        client.expect_stream_error("policy-violation", 1000);
    }
    // The proofs count as the passwords over HTTP do, and the address has used up its tries for this user.
    let own_wrong = Scram::new(SHA256, "ada", "wrong");
    let mut client = opened(&server);
    for _ in 0..2 {
        let challenge = begin(&mut client, &own_wrong);
        respond(&mut client, &STANDARD.encode(own_wrong.last(&challenge).message));
        client.expect_failure("not-authorized");
    }
    server.wait_for_log(&["ada", "blocked for 300s"]);
    let mut client = opened(&server);
    client.send_plain("\0ada\0pencil, please");
    client.expect_failure("not-authorized");
}

#[test]
fn nothing_but_the_mechanisms_of_the_file_is_offered_or_taken() {
    let (server, ports) = server("sasl = [\"SCRAM-SHA-256\"]");
    let mut client = TcpSession::tls(ports);
    client.send_open();
    client.expect_open();
    let features = client.text();
    assert!(features.contains("<mechanism>SCRAM-SHA-256</mechanism></mechanisms>"), "{features}");
    client.send_plain("\x001001\x001001");
    client.expect_failure("invalid-mechanism");
    client.send_auth("SCRAM-SHA-1", &STANDARD.encode("n,,n=ada,r=x"));
    client.expect_failure("invalid-mechanism");
    // Without TLS nobody is asked anything.
    let mut client = TcpSession::plain(ports);
    client.open();
    client.send_auth(SHA256, &STANDARD.encode("n,,n=ada,r=x"));
    client.expect_failure("encryption-required");
    // HTTP has no mechanisms.
    assert_eq!(own(&server, "administrator", "GET", "sessions").status(), 200);
}

#[test]
fn users_of_tests_log_in_by_scram_too() {
    let (server, _ports) = server(ALL);
    let made = own(&server, "administrator", "POST", "users?count=1&prefix=g-&team=1").body;
    let password = made.split_once("\"password\":\"").and_then(|(_, rest)| rest.split('"').next());
    log_in(opened(&server), &Scram::new(SHA256, "g-1", password.expect("it has one")), "g-1");
}

/// Whoever could compute the salt of an unknown name would know by it who is there, and could try passwords on it if it hung on them.
#[test]
fn the_salt_of_an_unknown_name_is_made_anew_by_each_server_and_has_the_form_of_those_of_users() {
    let keys = |hash, rounds: u32, salt: &[u8]| {
        Keys::derive(hash, rounds.try_into().expect("not 0"), salt, "pencil, please").text()
    };
    let both = format!("{} {}", keys(Hash::Sha256, 5000, &[1; 12]), keys(Hash::Sha1, 6000, &[2; 40]));
    let ada = format!("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword_scram = \"{both}\"\n");
    let salts = || {
        let (server, ports) = serving(ALL, &ada);
        let mut told = Vec::new();
        for (mechanism, form) in [(SHA256, (12, 5000)), ("SCRAM-SHA-1", (40, 6000))] {
            for name in ["ada", "nobody", "somebody"] {
                let scram = Scram::new(mechanism, name, "x");
                let (salt, rounds) = scram.told(&begin(&mut opened(&server), &scram));
                assert_eq!((salt.len(), rounds), form, "{mechanism} {name}");
                let mut tcp = TcpSession::tls(ports);
                tcp.open();
                assert_eq!(
                    scram.told(&begin(&mut tcp, &scram)),
                    (salt.clone(), rounds),
                    "{mechanism} {name}"
                );
                told.push(salt);
            }
        }
        told
    };
    let (first, second) = (salts(), salts());
    for place in 0..first.len() {
        // Ada has the salts of the file.
        assert_eq!(first[place] == second[place], place % 3 == 0, "{place}");
        assert!(!first[place + 1..].contains(&first[place]), "{place}");
    }
}
