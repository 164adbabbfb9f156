//! Services, operations and connections that fail.

use super::*;

pub const SERVICES: &[(u32, Run)] = &[
    (6, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        assert!(event(&mut client, "/finesse/api/SystemInfo").contains("OUT_OF_SERVICE"));
        assert_eq!(get(&server, "1001", "User/1001").status(), 503);
        heal(&server);
        assert!(event(&mut client, "/finesse/api/SystemInfo").contains("IN_SERVICE"));
        assert_eq!(get(&server, "1001", "User/1001").status(), 200);
    }),
    (7, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        let texts = before_ping(&mut client);
        assert!(texts.iter().any(|text| text.contains("from=\"finesse@") && text.contains("unavailable")));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| get(&server, "1001", "User/1001"));
            acted(&server);
            heal(&server);
            assert!(waiting.join().expect("an answer").header("X-Callboard-Fault").is_some());
        });
        let texts = before_ping(&mut client);
        assert!(texts[0].starts_with("<presence"), "{texts:?}");
        assert!(texts.iter().any(|text| text.contains("IN_SERVICE")), "{texts:?}");
    }),
    (8, |recipe| {
        let server = Server::demo();
        let mut client = Raw::connect(&server);
        client.log_in("1001", "desktop");
        recipe.cause(&server);
        assert!(matches!(client.receive(), crate::support::client::Received::End));
        assert_eq!(upgrade(&server).status(), 503);
        assert_eq!(get(&server, "1001", "User/1001").status(), 503);
        heal(&server);
        online(&server);
    }),
    (34, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        let told = before_ping(&mut client).concat();
        assert!(told.contains("OUT_OF_SERVICE") && told.contains("127.0.0.2"), "{told}");
        heal(&server);
        let told = before_ping(&mut client).concat();
        assert!(told.contains("IN_SERVICE"), "{told}");
        assert!(!get(&server, "1001", "SystemInfo").body.contains("secondaryNode"));
    }),
    (36, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        let refused = recipe.ask(&server);
        assert_eq!((refused.status(), field(&refused.body, "ErrorType")), (403, "Forbidden"));
        heal(&server);
        assert_eq!(recipe.ask(&server).status(), 200);
    }),
    (42, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.with("&notice=100ms").cause(&server);
        assert!(client.text().contains("<system-shutdown "));
        heal(&server);
        online(&server).expect_nothing_more();
    }),
    (33, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        publish(&server, USER, "lost");
        heal(&server);
        publish(&server, USER, "next");
        assert_eq!(event(&mut client, USER), "next");
    }),
];

pub const CALLS: &[(u32, Run)] = &[
    (27, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        let failed = event(&mut client, USER);
        assert!(failed.contains("<errorType>Invalid Device</errorType>"), "{failed}");
        heal(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        assert_eq!(field(&event(&mut client, USER), "state"), "NOT_READY");
    }),
    (28, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        let failed = event(&mut client, USER);
        assert!(failed.contains("<errorType>Invalid State</errorType>"), "{failed}");
        assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
        assert_eq!(field(&event(&mut client, USER), "state"), "NOT_READY");
        recipe.cause(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        let failed = event(&mut client, USER);
        assert!(failed.contains("<errorData>22</errorData>"), "{failed}");
        heal(&server);
        assert_eq!(recipe.ask(&server).status(), 202);
        assert_eq!(field(&event(&mut client, USER), "state"), "READY");
    }),
    (29, |_| {
        let server = Server::demo();
        let mut client = agent(&server, false);
        assert_eq!(put_state(&server, "1002", "1002", &LOGIN.replace("1001", "1002")).status(), 202);
        assert_eq!(ask(&server, "1001", "POST", "User/1001/Dialogs", XML, CALL).status(), 202);
        let dialog = field(&get(&server, "1001", "User/1001/Dialogs").body, "id").to_owned();
        before_ping(&mut client);
        let retrieve = "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>RETRIEVE</requestedAction></Dialog>";
        assert_eq!(ask(&server, "1001", "PUT", &format!("Dialog/{dialog}"), XML, retrieve).status(), 202);
        let failed = before_ping(&mut client).concat();
        assert!(failed.contains("Generic Error") && failed.contains("INVALID_ACTION"), "{failed}");
    }),
    (30, |recipe| call_fails(recipe, "<errorType>Call Operation Failure</errorType>")),
    (31, |recipe| call_fails(recipe, "CF_CONFERENCE_MEMBER_LIMIT_EXCEEDED")),
    (32, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        assert_eq!(put_state(&server, "1001", "1001", LOGIN).status(), 202);
        assert_eq!(field(&event(&mut client, USER), "requestId"), "");
        heal(&server);
        assert_eq!(put_state(&server, "1001", "1001", "<state>READY</state>").status(), 202);
        assert_eq!(field(&event(&mut client, USER), "requestId"), "r-1");
    }),
    (40, |recipe| {
        let server = Server::demo();
        recipe.cause(&server);
        assert_eq!(get(&server, "1001", "User/1001").status(), 401);
        heal(&server);
        assert_eq!(get(&server, "1001", "User/1001").status(), 200);
    }),
    (41, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        std::thread::scope(|scope| {
            let asked = Instant::now();
            let waiting = scope.spawn(|| put_state(&server, "1001", "1001", LOGIN));
            assert_eq!(field(&event(&mut client, USER), "state"), "NOT_READY");
            assert!(!waiting.is_finished() || asked.elapsed() > PATIENCE / 2, "the event comes first");
            heal(&server);
            assert_eq!(waiting.join().expect("an answer").status(), 202);
        });
    }),
];

/// A call that the agent makes fails, and the next one does not.
fn call_fails(recipe: &Recipe, sign: &str) {
    let server = Server::demo();
    let mut client = agent(&server, false);
    assert_eq!(put_state(&server, "1002", "1002", &LOGIN.replace("1001", "1002")).status(), 202);
    let call = || assert_eq!(ask(&server, "1001", "POST", "User/1001/Dialogs", XML, CALL).status(), 202);
    recipe.cause(&server);
    call();
    let failed = before_ping(&mut client).concat().replace("&lt;", "<").replace("&gt;", ">");
    assert!(failed.contains(sign), "{failed}");
    heal(&server);
    call();
    assert!(before_ping(&mut client).concat().contains("INITIATED"), "the call is made");
}

pub const CONNECTIONS: &[(u32, Run)] = &[
    (26, |recipe| {
        let server = Server::demo();
        let mut session = Bosh::online(&server, "1001", "desktop");
        recipe.cause(&server);
        session.wire.ask("", "").expect_terminate("item-not-found");
    }),
    (38, |recipe| {
        let server = Server::demo();
        let mut client = Raw::connect(&server);
        client.log_in("1001", "desktop");
        recipe.cause(&server);
        assert!(client.wire.stream.read(&mut [0]).is_err(), "it is reset");
        heal(&server);
        online(&server);
    }),
    (39, |recipe| {
        let server = Server::demo();
        let mut client = Raw::connect(&server);
        client.log_in("1001", "desktop");
        let mut sooner = recipe.with("");
        sooner.faults[0].1 = sooner.faults[0].1.replace("idle=30s", "idle=100ms");
        sooner.cause(&server);
        assert!(matches!(client.receive(), crate::support::client::Received::End));
        heal(&server);
        online(&server);
    }),
    (44, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        acted(&server);
        publish(&server, USER, &"x".repeat(20_000));
        heal(&server);
        assert_eq!(event(&mut client, USER).len(), 20_000);
    }),
    (45, |recipe| {
        let server = Server::demo();
        let mut client = online(&server);
        recipe.cause(&server);
        acted(&server);
        publish(&server, USER, "in pieces");
        assert_eq!(event(&mut client, USER), "in pieces");
        heal(&server);
        client.expect_nothing_more();
    }),
];
