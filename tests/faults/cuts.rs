//! Connections that are cut, at every step of a login and of requests.

use std::io;
use std::net::SocketAddr;

use crate::login::{ask, connect, log_in};
use crate::relay::{End, Limit, through};
use crate::support::http::basic;
use crate::support::rest::{field, get};
use crate::support::{Server, bosh};
use crate::witness::{TEAM, publication, witnessed};

/// No deadline helps: a client that is cut off has to be seen at once.
const PATIENT: &str = "[limits]\nlogin = \"10m\"\nping = \"10m\"\n";

/// What comes last is heard even if so many bytes are missing: signatures are not always of the same length, and what follows
/// the last answer is not waited for.
const LAST_WORDS: usize = 300;

/// Cuts what `client` does after every `up`th byte that it says and every `down`th that it hears, in both ways, with TLS and
/// without. `number` is another one each time.
fn cut_everywhere(
    server: &Server,
    up: usize,
    down: Option<usize>,
    client: impl AsyncFn(SocketAddr, bool, usize) -> io::Result<()>,
) {
    // How long it is when it is not cut is found out where it may be done.
    let other = Server::demo();
    let mut number = 0;
    for (address, other, secure) in [(server.plain, other.plain, false), (server.tls, other.tls, true)] {
        let (whole, [said, heard]) = through(other, Limit::NONE, End::Fin, |at| client(at, secure, number));
        whole.expect("who is not cut off gets to the end");
        let up = (0..said).step_by(up).map(Limit::up);
        let heard = heard.saturating_sub(LAST_WORDS);
        let down = down.into_iter().flat_map(|down| (0..heard).step_by(down)).map(Limit::down);
        for limit in up.chain(down) {
            for end in [End::Fin, End::Rst] {
                number += 1;
                let (cut, passed) = through(address, limit, end, |at| client(at, secure, number));
                assert!(cut.is_err(), "{limit:?}: {passed:?} of {said} and {heard} bytes are enough");
            }
        }
    }
}

#[test]
fn a_login_that_is_cut_anywhere_leaves_nothing_behind() {
    let server = Server::with_log("info", PATIENT);
    witnessed(&server, |_| {
        cut_everywhere(&server, 7, Some(23), async |address, secure, number| {
            let user = (1001 + number % 5).to_string();
            let mut stream = connect(address, secure).await?;
            log_in(&mut *stream, &user, &format!("cut-{number:05}")).await
        });
    });
}

/// Requests that would change something, with the end of the answer to each.
fn requests() -> [(String, &'static str); 4] {
    let put = "<User><state>LOGIN</state><extension>1001</extension></User>";
    let authorization = basic("1001", "1001");
    let session = "<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' to='localhost' \
                   ver='1.6' wait='60' hold='1' rid='1' xmpp:version='1.0'/>";
    [
        (publication(TEAM, "half a publication"), "\r\n\r\n"),
        (
            format!(
                "PUT /finesse/api/User/1001 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
                 Content-Type: application/xml\r\nContent-Length: {}\r\n\r\n{put}",
                put.len()
            ),
            "\r\n\r\n",
        ),
        (bosh::request(session, ""), "</body>"),
        (
            format!(
                "GET /events?node={TEAM} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n"
            ),
            "retry",
        ),
    ]
}

#[test]
fn a_request_that_is_cut_anywhere_has_done_nothing() {
    let server = Server::with_log("info", PATIENT);
    // The witnesses would see a publication.
    witnessed(&server, |_| {
        for (request, answer) in requests() {
            cut_everywhere(&server, 11, None, async |address, secure, _| {
                let mut stream = connect(address, secure).await?;
                ask(&mut *stream, request.as_bytes(), answer).await
            });
        }
        assert_eq!(field(&get(&server, "administrator", "User/1001").body, "state"), "LOGOUT");
    });
}
