//! Users with single sign-on: an access token instead of a password, for the REST API and for XMPP.

use std::thread;
use std::time::Duration;

use crate::support::http::{Answer, Http, basic};
use crate::support::rest::field;
use crate::support::{Client, Server};

/// A user with single sign-on beside those of the demo, with the name that its directory knows.
const ADA: &str = "[[user]]\nid = \"2001\"\nlogin_name = \"ada\"\npassword = \"geheim-sso\"\nteam = \"1\"\n\
                   extension = \"2001\"\nsso = true\n";

fn server(limits: &str) -> Server {
    Server::with(&format!("{ADA}\n[limits]\n{limits}\n"))
}

/// A request without a body; `headers` end with a line break each.
fn ask(server: &Server, method: &str, path: &str, headers: &str) -> Answer {
    send(server, method, path, headers, "")
}

fn send(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    Http::connect(server.plain).ask(format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    ))
}

/// Sends a request with an access token.
fn bearer(server: &Server, token: &str, method: &str, path: &str, body: &str) -> Answer {
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/xml\r\n");
    send(server, method, path, &headers, body)
}

/// The value of a member of JSON.
fn member<'a>(json: &'a str, name: &str) -> &'a str {
    let (_, rest) = json.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {json}"));
    let end = rest.find([',', '}']).expect("it ends");
    rest[..end].trim_matches('"')
}

/// The query of most requests.
const FETCH: &str = "/desktop/sso/token?cc_username=2001&return_refresh_token=true";

/// Gives the password on the page to which a client is led.
fn identify(server: &Server, page: &str, name: &str, password: &str) -> Answer {
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    send(
        server,
        "POST",
        page,
        headers,
        &format!("UserName={name}&Password={password}&AuthMethod=FormsAuthentication"),
    )
}

/// Signs in as a thick client does: it follows redirects, fills the form, and sends cookies back. Returns the JSON.
fn sign_in(server: &Server, from: &str, name: &str, password: &str) -> String {
    let led = ask(server, "GET", from, "");
    assert_eq!((led.status(), led.body.as_str()), (302, ""));
    let page = led.header("Location").expect("it leads somewhere").to_owned();
    let shown = ask(server, "GET", &page, "");
    assert_eq!(shown.status(), 200);
    let done = identify(server, &page, name, password);
    assert_eq!(done.status(), 303, "{}", done.body);
    let cookie = done.header("Set-Cookie").expect("a cookie is set");
    let cookie = cookie.split(';').next().expect("it has a value").to_owned();
    let back = done.header("Location").expect("it leads back").to_owned();
    // A client that asks with HEAD first does not use up its code.
    let asked = format!("HEAD {back} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n");
    assert_eq!(Http::connect(server.plain).ask_head(asked).status(), 200);
    let tokens = ask(server, "GET", &back, &format!("Cookie: a=b; {cookie}\r\n"));
    assert_eq!(tokens.status(), 200, "{tokens:?}");
    assert!(
        tokens.has_header("Cache-Control", "no-store")
            && tokens.has_header("Content-Type", "application/json")
    );
    // The cookie was good once.
    assert_eq!(ask(server, "GET", &back, &format!("Cookie: {cookie}\r\n")).status(), 302);
    tokens.body
}

#[test]
fn finding_m7_a_client_follows_redirects_to_a_form_and_gets_tokens_for_rest_and_xmpp() {
    let server = server("");
    let json = sign_in(&server, FETCH, "ada", "geheim-sso");
    assert_eq!(member(&json, "expires_in"), "3600");
    assert_eq!(member(&json, "user_id"), "ada");
    assert_eq!([member(&json, "realm"), member(&json, "user_principal")], ["localhost", "ada@localhost"]);
    let (token, refresh) = (member(&json, "token"), member(&json, "refresh_token"));
    assert_eq!(token.split('.').count(), 3, "it looks like a JSON Web Token");
    // REST of Finesse, and of callboard.
    let user = bearer(&server, token, "GET", "/finesse/api/User/2001", "");
    assert_eq!((user.status(), field(&user.body, "loginId")), (200, "2001"));
    let body = "<User><state>LOGIN</state><extension>2001</extension></User>";
    assert_eq!(bearer(&server, token, "PUT", "/finesse/api/User/2001", body).status(), 202);
    assert_eq!(bearer(&server, token, "GET", "/callboard/api/directory", "").status(), 200);
    assert_eq!(bearer(&server, token, "POST", "/callboard/api/ticket", "").status(), 200);
    assert_eq!(
        bearer(&server, token, "GET", "/callboard/api/sessions", "").status(),
        403,
        "it is no administrator"
    );
    let headers = format!("Authorization: Bearer {token}\r\n");
    let events = "/events?node=/finesse/api/User/2001";
    let opened = Http::connect(server.plain)
        .ask_head(format!("GET {events} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"));
    assert!(opened.has_header("Content-Type", "text/event-stream"), "{opened:?}");
    // The token is the password of XMPP and of HTTP Basic, by either name.
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain(&format!("\x002001\0{token}"));
    client.expect_success();
    for name in ["2001", "ada", "ada@localhost"] {
        let headers = format!("Authorization: {}\r\n", basic(name, token));
        assert_eq!(ask(&server, "GET", "/finesse/api/User/2001", &headers).status(), 200, "{name}");
    }
    // The refresh token is neither, and gets another access token, beside which the earlier one is valid.
    assert_eq!(bearer(&server, refresh, "GET", "/finesse/api/User/2001", "").status(), 401);
    let again =
        ask(&server, "GET", &format!("/desktop/sso/token?cc_username=2001&refresh-token={refresh}"), "");
    assert_eq!(again.status(), 200, "{again:?}");
    assert!(!again.body.contains("refresh_token"), "{}", again.body);
    let form = format!("token={token}&refresh-token={refresh}&return_user=yes&return_refresh_token=true");
    let headers = "Content-Type: application/x-www-form-urlencoded\r\nCookie: cc_username=ada\r\n";
    let posted = send(&server, "POST", "/desktop/sso/token", headers, &form);
    assert_eq!(posted.status(), 200, "{posted:?}");
    assert_eq!([member(&posted.body, "user_id"), member(&posted.body, "refresh_token")], ["ada", refresh]);
    for token in [member(&again.body, "token"), member(&posted.body, "token")] {
        assert_eq!(bearer(&server, token, "GET", "/finesse/api/User/2001", "").status(), 200);
    }
    // None of it stands in the log, nor in the figures.
    let figures = ask(&server, "GET", "/metrics", "").body;
    let log = server.stop();
    for secret in [token, refresh, "geheim-sso", member(&posted.body, "token")] {
        assert!(!log.contains(secret) && !figures.contains(secret), "{secret} in {log}");
    }
    assert!(log.contains("http 2001: GET /finesse/api/User/2001 200"), "{log}");
}

/// The guide, "Single Sign-On—Test API": a page, a cookie, and a message of which `tests/interop/sso.test.js` has the receiver.
#[test]
fn finding_m7_single_sign_on_is_tried_without_showing_a_token() {
    let server = server("");
    let from = "/desktop/sso/test?cc_username=ada";
    let led = ask(&server, "GET", from, "");
    assert_eq!((led.status(), led.body.as_str(), led.header("Set-Cookie")), (302, "", None));
    let form = led.header("Location").expect("it leads to the form").to_owned();
    assert_eq!(identify(&server, &form, "ada", "wrong").status(), 403);
    let done = identify(&server, &form, "ada", "geheim-sso");
    let back = done.header("Location").expect("it leads back").to_owned();
    assert!(done.status() == 303 && back.starts_with("/desktop/sso/test?cc_username=ada"), "{done:?}");
    let cookie = done.header("Set-Cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    let cookie = format!("Cookie: {cookie}\r\n");
    let request = format!("HEAD {back} HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n");
    assert_eq!(Http::connect(server.plain).ask_head(request).status(), 200);
    let page = ask(&server, "GET", &back, &cookie);
    assert_eq!((page.status(), page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.has_header("Set-Cookie", "ssotest=true; Path=/; SameSite=Lax"), "{page:?}");
    assert!(page.has_header("Set-Cookie", "callboard_code=; Path=/desktop/sso/; Max-Age=0"), "{page:?}");
    assert!(
        page.body.contains("data-status=\"true\" data-error=\"\"") && page.body.contains("2001"),
        "{page:?}"
    );
    assert!(page.has_header("Cache-Control", "no-store"), "{page:?}");
    assert_eq!(ask(&server, "GET", &back, &cookie).status(), 302, "the cookie was good once");
    let nobody = ask(&server, "GET", "/desktop/sso/test", "");
    assert_eq!(nobody.status(), 400);
    assert!(nobody.has_header("Set-Cookie", "ssotest=false; Path=/; SameSite=Lax"), "{nobody:?}");
    assert!(nobody.body.contains("data-status=\"false\" data-error=\"NO TOKEN\""), "{nobody:?}");
    let twice = ask(&server, "GET", "/desktop/sso/test?cc_username=ada&cc_username=ada", "");
    assert!(twice.status() == 400 && twice.body.contains("data-error=\"AUTH_ERROR\""), "{twice:?}");
    assert_eq!(ask(&server, "POST", from, "").status(), 405);
    // A token that nobody gets would take the place of one that a desktop has.
    let bea = ADA.replace("2001", "2002").replace("\"ada\"", "\"bea\"");
    let full = Server::with(&format!("{ADA}{bea}\n[limits]\ntokens = 1\n"));
    let json = sign_in(&full, FETCH, "ada", "geheim-sso");
    let done = identify(&full, "/callboard/identity?cc_username=bea&test=true", "bea", "geheim-sso");
    let cookie = done.header("Set-Cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    let page = ask(&full, "GET", "/desktop/sso/test?cc_username=bea", &format!("Cookie: {cookie}\r\n"));
    assert!(page.status() == 200 && page.body.contains("data-status=\"true\""), "{page:?}");
    let directory = bearer(&full, member(&json, "token"), "GET", "/callboard/api/directory", "");
    assert_eq!(directory.status(), 200, "the desktop's token is still good");
}

#[test]
fn finding_m7_a_user_with_single_sign_on_has_no_other_password_and_others_have_no_token() {
    let server = server("");
    let mode = |name: &str| {
        let answer = ask(&server, "GET", &format!("/finesse/api/UserAuthMode/{name}"), "");
        assert_eq!(answer.status(), 200);
        field(&answer.body, "authMode").to_owned()
    };
    assert_eq!(["2001", "ada", "1001", "nobody"].map(mode), ["SSO", "SSO", "NON_SSO", "NON_SSO"]);
    let system = ask(&server, "GET", "/finesse/api/SystemInfo", "");
    assert_eq!(field(&system.body, "systemAuthMode"), "HYBRID");
    let desktop = ask(&server, "GET", "/desktop/api/desktopConfig", "");
    assert_eq!(member(&desktop.body, "systemAuthMode"), "HYBRID");
    let headers = format!("Authorization: {}\r\n", basic("2001", "geheim-sso"));
    let refused = ask(&server, "GET", "/finesse/api/User/2001", &headers);
    assert_eq!(refused.status(), 401);
    assert!(
        refused.header("WWW-Authenticate").is_some_and(|header| header.starts_with("Basic ")),
        "{refused:?}"
    );
    let mut client = Client::connect(&server);
    client.open();
    client.send_plain("\x002001\0secret");
    client.expect_failure("not-authorized");
    // The page is for such users only, and for the one that the client asks for.
    let page = "/callboard/identity?cc_username=2001";
    for (page, name, password) in [
        (page, "1001", "1001"),
        (page, "nobody", "geheim-sso"),
        (page, "ada", "wrong"),
        ("/callboard/identity?cc_username=1001", "ada", "geheim-sso"),
        ("/callboard/identity?cc_username=1001", "1001", "1001"),
    ] {
        let answer = identify(&server, page, name, password);
        assert_eq!(answer.status(), 403, "{name} {password} {}", answer.body);
        assert!(answer.body.contains("Wrong user or password") && answer.header("Set-Cookie").is_none());
    }
    assert_eq!(identify(&server, "/callboard/identity", "ada", "geheim-sso").status(), 303);
}

#[test]
fn finding_m7_all_users_with_single_sign_on_make_the_system_one_of_it() {
    let text = format!("listen = [\"127.0.0.1:8445\"]\n[[team]]\nid = \"1\"\nname = \"Lab\"\n{ADA}");
    let server = Server::serving("localhost", &text);
    let system = ask(&server, "GET", "/finesse/api/SystemInfo", "");
    assert_eq!(field(&system.body, "systemAuthMode"), "SSO");
    let unknown = ask(&server, "GET", "/finesse/api/UserAuthMode/nobody", "");
    assert_eq!(field(&unknown.body, "authMode"), "SSO");
}

#[test]
fn finding_m7_an_access_token_is_over_after_its_time_and_a_refresh_in_time_goes_on() {
    let server = server("access_token = \"2s\"\nrefresh_token = \"30s\"");
    let json = sign_in(&server, FETCH, "2001", "geheim-sso");
    assert_eq!(member(&json, "expires_in"), "2");
    let (token, refresh) = (member(&json, "token"), member(&json, "refresh_token"));
    // From three quarters of its life on it is refreshed.
    thread::sleep(Duration::from_millis(1500));
    let again =
        ask(&server, "GET", &format!("/desktop/sso/token?cc_username=ada&refresh-token={refresh}"), "");
    let next = member(&again.body, "token");
    thread::sleep(Duration::from_millis(700));
    let over = bearer(&server, token, "GET", "/finesse/api/User/2001", "");
    assert_eq!(over.status(), 401);
    assert!(
        over.has_header("WWW-Authenticate", "Bearer realm=\"callboard\", error=\"invalid_token\""),
        "{over:?}"
    );
    assert_eq!(field(&over.body, "ErrorType"), "Authorization Failure");
    let own = bearer(&server, token, "GET", "/callboard/api/directory", "");
    assert_eq!((own.status(), own.header("WWW-Authenticate")), (401, over.header("WWW-Authenticate")));
    // What is over was no guess: it keeps nobody out.
    for _ in 0..8 {
        let headers = format!("Authorization: {}\r\n", basic("2001", token));
        assert_eq!(ask(&server, "GET", "/finesse/api/User/2001", &headers).status(), 401);
    }
    let headers = format!("Authorization: {}\r\n", basic("2001", next));
    let answer = ask(&server, "GET", "/finesse/api/User/2001", &headers);
    // A slow machine may take longer than the token lives.
    assert!(
        answer.status() == 200 || bearer(&server, next, "GET", "/finesse/api/User/2001", "").status() == 401
    );
    assert!(!server.log().contains("blocked for"));
}

#[test]
fn finding_m7_wrong_tokens_count_like_wrong_passwords() {
    let server = server("lockout_attempts = 3\naddress_attempts = 8");
    let json = sign_in(&server, FETCH, "2001", "geheim-sso");
    let (token, refresh) = (member(&json, "token"), member(&json, "refresh_token"));
    // In the place of a password, and of a refresh token, they lock their user out.
    let headers = format!("Authorization: {}\r\n", basic("2001", "a.b.c"));
    assert_eq!(ask(&server, "GET", "/finesse/api/User/2001", &headers).status(), 401);
    for wrong in ["wrong", token] {
        let answer =
            ask(&server, "GET", &format!("/desktop/sso/token?cc_username=2001&refresh-token={wrong}"), "");
        assert_eq!(answer.status(), 401);
        assert_eq!(field(&answer.body, "ErrorType"), "Authorization Failure");
        assert!(answer.header("WWW-Authenticate").is_some_and(|header| header.starts_with("Bearer ")));
    }
    server.wait_for_log(&["2001", "blocked for"]);
    let kept_out =
        ask(&server, "GET", &format!("/desktop/sso/token?cc_username=2001&refresh-token={refresh}"), "");
    assert_eq!(kept_out.status(), 401);
    assert_eq!(identify(&server, "/callboard/identity", "2001", "geheim-sso").status(), 403);
    // Nobody guesses a token that is valid: it goes on, as a session does that is up.
    assert_eq!(bearer(&server, token, "GET", "/finesse/api/User/2001", "").status(), 200);
    // Without a name they use up the tries of their address.
    let statuses: Vec<u16> = (0..8)
        .map(|n| bearer(&server, &format!("wrong{n}"), "GET", "/callboard/api/directory", "").status())
        .collect();
    assert_eq!((statuses[0], statuses[7]), (401, 429), "{statuses:?}");
    assert_eq!(bearer(&server, token, "GET", "/finesse/api/User/2001", "").status(), 200);
}

#[test]
fn finding_m7_requests_for_tokens_that_lack_something_are_refused() {
    let server = server("");
    for (method, path, body, status) in [
        ("GET", "/desktop/sso/token", "", 400),
        ("GET", "/desktop/sso/token?cc_username=", "", 400),
        ("GET", "/desktop/sso/token?cc_username=2001&cc_username=2001", "", 400),
        ("POST", "/desktop/sso/token?cc_username=2001", "token=x", 400),
        ("POST", "/desktop/sso/token?cc_username=2001", "refresh-token=a&refresh-token=b", 400),
        ("POST", "/desktop/sso/token?cc_username=nobody", "refresh-token=a", 401),
        ("PUT", "/desktop/sso/token", "", 405),
        ("GET", "/desktop/sso/token/", "", 404),
        ("GET", "/callboard/identity?cc_username=1&cc_username=2", "", 400),
        ("POST", "/callboard/identity", "", 403),
        ("POST", "/callboard/identity", "UserName=ada&UserName=ada&Password=secret", 403),
    ] {
        let answer = send(&server, method, path, "", body);
        assert_eq!(answer.status(), status, "{method} {path} {body}: {}", answer.body);
        if status == 400 && path.starts_with("/desktop") {
            assert!(
                answer.body.starts_with("<ApiErrors>") || answer.body.contains("<ApiErrors>"),
                "{}",
                answer.body
            );
        }
    }
    let long = format!("UserName=ada&Password={}", "x".repeat(9000));
    assert_eq!(send(&server, "POST", "/callboard/identity", "", &long).status(), 413);
    // What a page of another origin asks for is not done, and markup in a name is none in the page.
    let foreign = "Origin: https://evil.example\r\n";
    assert_eq!(
        send(&server, "POST", "/callboard/identity", foreign, "UserName=ada&Password=secret").status(),
        403
    );
    let page = ask(&server, "GET", "/callboard/identity?cc_username=%22%3E%3Cscript%3E", "");
    assert!(
        !page.body.contains("<script>") && page.body.contains("&quot;&gt;&lt;script&gt;"),
        "{}",
        page.body
    );
    assert!(page.has_header("Referrer-Policy", "same-origin"), "else a browser hides the origin of the form");
    assert!(
        page.header("Content-Security-Policy").is_some_and(|policy| policy.starts_with("default-src 'none'"))
    );
}

#[test]
fn a_fault_finds_its_user_by_the_token_or_the_ticket_of_a_request() {
    let server = server("");
    let json = sign_in(&server, FETCH, "2001", "geheim-sso");
    let token = member(&json, "token");
    let ticket = bearer(&server, token, "POST", "/callboard/api/ticket", "").body;
    let events = format!("/events?node=/finesse/api/User/2001&ticket={}", member(&ticket, "ticket"));
    let status = || bearer(&server, token, "GET", "/finesse/api/User/2001", "").status();
    let administrator = format!("Authorization: {}\r\n", basic("administrator", "1234"));
    let set = |user: &str| {
        let query = format!("/callboard/api/faults/f?kind=http-status&status=504&user={user}");
        assert!(matches!(ask(&server, "PUT", &query, &administrator).status(), 200 | 201));
    };
    set("1001");
    assert_eq!(status(), 200, "it is for somebody else");
    set("2001");
    assert_eq!(status(), 504);
    assert_eq!(ask(&server, "GET", &events, "").status(), 504);
    assert_eq!(ask(&server, "DELETE", "/callboard/api/faults/f", &administrator).status(), 204);
    assert_eq!(status(), 200);
}

#[test]
fn finding_m7_tokens_end_with_their_user_and_its_password_on_a_reload() {
    use rustix::process::Signal;

    use crate::support::server::{DEMO, Folder};

    let folder = Folder::new();
    let config = format!("{DEMO}\n{ADA}{}", ADA.replace("2001", "2002").replace("ada", "bob"));
    let file = folder.path().join("callboard.toml");
    let server = Server::serving_in(folder, "localhost", &config);
    let fetch = |user: &str| {
        let json = sign_in(&server, &format!("/desktop/sso/token?cc_username={user}"), user, "geheim-sso");
        member(&json, "token").to_owned()
    };
    let (ada, bob) = (fetch("2001"), fetch("2002"));
    let status = |token: &str, user: &str| {
        bearer(&server, token, "GET", &format!("/finesse/api/User/{user}"), "").status()
    };
    std::fs::write(&file, config.replacen("password = \"geheim-sso\"", "password = \"other\"", 1))
        .expect("it is ours");
    server.signal(Signal::HUP);
    server.wait_for_log(&["reload: 9 users"]);
    assert_eq!([status(&ada, "2001"), status(&bob, "2002")], [401, 200]);
    std::fs::write(&file, format!("{DEMO}\n{ADA}")).expect("it is ours");
    server.signal(Signal::HUP);
    server.wait_for_log(&["reload: 8 users"]);
    assert_eq!([status(&ada, "2001"), status(&bob, "2002")], [401, 401]);
}
