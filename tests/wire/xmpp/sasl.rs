//! The login: every way to fail, and what the failures do not tell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callboard::config::password::Password;

use super::{Client, Server};
use crate::support::http::{Http, basic};
use crate::support::ns;

fn opened(server: &Server) -> Client {
    let mut client = Client::connect(server);
    client.open();
    client
}

#[test]
fn every_failure_has_its_condition_and_the_next_attempt_works() {
    let server = Server::demo();
    let plain = |message: &str| STANDARD.encode(message);
    for (mechanism, data, condition) in [
        ("PLAIN", plain("\x001001\0wrong"), "not-authorized"),
        ("PLAIN", plain("\0nobody\x001001"), "not-authorized"),
        ("PLAIN", plain("\x001001\x001001 "), "not-authorized"),
        ("PLAIN", plain("\x001001@elsewhere\x001001"), "not-authorized"),
        ("PLAIN", plain("\x001001@localhost/desktop\x001001"), "not-authorized"),
        ("PLAIN", plain("\0finesse\0finesse"), "not-authorized"),
        ("PLAIN", plain("1002\x001001\x001001"), "invalid-authzid"),
        ("PLAIN", plain("1001@localhost/desktop\x001001\x001001"), "invalid-authzid"),
        ("PLAIN", "!!!".into(), "incorrect-encoding"),
        ("PLAIN", "ADEwMDEAMTAwMQ".into(), "incorrect-encoding"),
        ("PLAIN", "ADEwMDEA MTAwMQ==".into(), "incorrect-encoding"),
        ("PLAIN", "=".into(), "malformed-request"),
        ("PLAIN", plain("1001"), "malformed-request"),
        ("PLAIN", plain("\x001001"), "malformed-request"),
        ("PLAIN", plain("\0\x001001"), "malformed-request"),
        ("PLAIN", plain("\x001001\x001001\0more"), "malformed-request"),
        ("PLAIN", STANDARD.encode(b"\x001001\0\xff"), "malformed-request"),
        ("SCRAM-SHA-1", plain("n,,n=1001,r=x"), "invalid-mechanism"),
        ("plain", plain("\x001001\x001001"), "invalid-mechanism"),
        ("EXTERNAL", "=".into(), "invalid-mechanism"),
        ("ANONYMOUS", String::new(), "invalid-mechanism"),
        ("", String::new(), "invalid-mechanism"),
    ] {
        let mut client = opened(&server);
        client.send_auth(mechanism, &data);
        client.expect_failure(condition);
        client.send_plain("\x001001\x001001");
        client.expect_success();
    }
}

#[test]
fn an_auth_without_a_mechanism_is_refused() {
    let server = Server::demo();
    let mut client = opened(&server);
    client.send(&format!("<auth xmlns='{}'>ADEwMDEAMTAwMQ==</auth>", ns::SASL));
    client.expect_failure("invalid-mechanism");
}

#[test]
fn an_abort_is_aborted_and_a_response_to_nothing_is_malformed() {
    let server = Server::demo();
    let mut client = opened(&server);
    client.send(&format!("<abort xmlns='{}'/>", ns::SASL));
    client.expect_failure("aborted");
    client.send(&format!("<response xmlns='{}'>AA==</response>", ns::SASL));
    client.expect_failure("malformed-request");
    client.send_plain("\x001001\x001001");
    client.expect_success();
}

/// RFC 4422 §5: PLAIN is a mechanism in which the client speaks first.
#[test]
fn a_login_without_an_initial_response_is_asked_for_it() {
    let server = Server::demo();
    for (response, condition) in
        [("ADEwMDEAMTAwMQ==", ""), ("ADEwMDEAeA==", "not-authorized"), ("=", "malformed-request")]
    {
        let mut client = opened(&server);
        client.send(&format!("<auth xmlns='{}' mechanism='PLAIN'/>", ns::SASL));
        client.expect(&format!("<challenge xmlns='{}'/>", ns::SASL));
        client.send(&format!("<response xmlns='{}'>{response}</response>", ns::SASL));
        match condition {
            "" => client.expect_success(),
            _ => client.expect_failure(condition),
        }
    }
    let mut client = opened(&server);
    client.send_auth("PLAIN", "");
    client.expect(&format!("<challenge xmlns='{}'/>", ns::SASL));
    client.send(&format!("<abort xmlns='{}'/>", ns::SASL));
    client.expect_failure("aborted");
    client.send_plain("\x001001\x001001");
    client.expect_success();
}

#[test]
fn the_own_address_is_as_good_as_the_name() {
    let server = Server::demo();
    for message in ["\x001001@localhost\x001001", "1001@localhost\x001001@LOCALHOST.\x001001"] {
        let mut client = opened(&server);
        client.send_plain(message);
        client.expect_success();
    }
    for (name, status) in [("1001@localhost", 200), ("1001@elsewhere", 401), ("1001@localhost/x", 401)] {
        let request = format!(
            "GET /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
            basic(name, "1001")
        );
        assert_eq!(Http::connect(server.plain).ask(request).status(), status, "{name}");
    }
}

#[test]
fn the_third_failure_closes_the_stream() {
    let server = Server::demo();
    let mut client = opened(&server);
    client.send_plain("\x001001\0wrong");
    client.expect_failure("not-authorized");
    client.send_auth("PLAIN", "!!!");
    client.expect_failure("incorrect-encoding");
    client.send_plain("\x001001\0wrong again");
    client.expect_failure("not-authorized");
    client.expect_stream_error("policy-violation", 1000);
    // It counts for that stream, not for the user.
    Client::online(&server, "1001", "desktop").leave();
}

#[test]
fn an_unknown_user_is_answered_exactly_as_a_wrong_password() {
    let server = Server::demo();
    let answers = ["1001", "nobody", "nobody\u{7}"].map(|user| {
        let mut client = opened(&server);
        client.send_plain(&format!("\0{user}\0wrong"));
        client.text()
    });
    assert_eq!(
        answers,
        ["<failure xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><not-authorized/></failure>"; 3]
    );
}

#[test]
fn the_name_is_prepared_and_the_password_is_not() {
    let server = Server::with("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword = \"Pässwörd Ⅷ\"\n");
    for (name, password, success) in [
        ("ada", "Pässwörd Ⅷ", true),
        ("ADA", "Pässwörd Ⅷ", true),
        ("ada", "pässwörd Ⅷ", false),
        ("ada", "Pässwörd", false),
    ] {
        let mut client = opened(&server);
        client.send_plain(&format!("\0{name}\0{password}"));
        if success {
            client.expect_success();
            client.open();
            client.bind("ada", "desktop");
            client.leave();
        } else {
            client.expect_failure("not-authorized");
        }
    }
}

#[test]
fn a_hashed_password_works_as_a_plain_one() {
    let hash = Password::hash("geheim", 1000).expect("a password that can be hashed");
    let server = Server::with(&format!("[[user]]\nid = \"ada\"\nteam = \"1\"\npassword_hash = \"{hash}\"\n"));
    let mut client = opened(&server);
    for wrong in ["Geheim", &hash] {
        client.send_plain(&format!("\0ada\0{wrong}"));
        client.expect_failure("not-authorized");
    }
    // The open may follow at once: it waits until the check is done.
    client.send_plain("\0ada\0geheim");
    client.send_open();
    client.expect_success();
    client.expect_opened();
    client.bind("ada", "desktop");
    // The plain ones beside it go on working.
    Client::online(&server, "1001", "desktop").leave();
    let mut client = opened(&server);
    client.send_plain("\0nobody\0geheim");
    client.expect_failure("not-authorized");
}

#[test]
fn a_login_after_the_login_ends_the_stream() {
    let server = Server::demo();
    let mut authenticated = opened(&server);
    authenticated.send_plain("\x001001\x001001");
    authenticated.expect_success();
    let mut bound = Client::bound(&server, "1001", "desktop");
    for client in [&mut authenticated, &mut bound] {
        client.send_plain("\x001002\x001002");
        let error = client.text();
        assert!(error.starts_with("<stream:error "), "{error}");
        client.expect_close(1000);
    }
}
