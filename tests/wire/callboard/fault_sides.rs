//! Faults of two sides over HTTP: this server is a secondary node, or names one.

use crate::support::Server;
use crate::support::http::{Answer, Http, own};
use crate::support::rest::{ask, get};
use crate::support::server::DEMO;

const CODE: &str = "<ReasonCode><category>NOT_READY</category><code>77</code><label>Errand</label><forAll>true</forAll></ReasonCode>";

fn set(server: &Server, query: &str) {
    let answer = own(server, "administrator", "PUT", &format!("faults/f?{query}"));
    assert!(matches!(answer.status(), 200 | 201), "{query}: {} {}", answer.start, answer.body);
}

fn heal(server: &Server) {
    assert_eq!(own(server, "administrator", "DELETE", "faults/f").status(), 204);
}

fn is_refused(answer: &Answer) -> bool {
    let is_marked = answer.header("X-Callboard-Fault") == Some("f");
    assert_eq!(is_marked, answer.status() == 403, "{} {}", answer.start, answer.body);
    assert!(!is_marked || answer.body.contains("<ErrorType>Forbidden</ErrorType>"), "{}", answer.body);
    is_marked
}

#[test]
fn a_secondary_node_refuses_changes_of_the_configuration_and_a_stand_alone_one_all_that_administrators_ask_for()
 {
    for (profile, reads_are_refused) in [("uccx", false), ("ucce", true)] {
        let text = DEMO.replacen("profile = \"uccx\"", &format!("profile = \"{profile}\""), 1);
        let server = Server::serving("localhost", &text);
        set(&server, "kind=role-secondary");
        let change =
            |who: &str| ask(&server, who, "POST", "ReasonCode", "Content-Type: application/xml\r\n", CODE);
        assert!(is_refused(&change("administrator")), "{profile}");
        for path in
            ["ReasonCodes?category=ALL", "ReasonCode/1", "Team/1/ReasonCodes?category=ALL", "ConfigInfo"]
        {
            let answer = get(&server, "administrator", path);
            assert_eq!(is_refused(&answer), reads_are_refused, "{profile} {path}: {}", answer.body);
        }
        // What a desktop on this side asks for, and what is no configuration.
        for (who, path) in [
            ("1001", "User/1001"),
            ("1001", "User/1001/ReasonCodes?category=ALL"),
            ("1001", "TeamResource/1/PhoneBooks"),
            ("1001", "LayoutConfig/default"),
            ("1001", "ChatConfig"),
            ("administrator", "User/1001"),
            ("administrator", "Users"),
        ] {
            let answer = get(&server, who, path);
            assert!(!is_refused(&answer), "{profile} {who} {path}: {} {}", answer.start, answer.body);
        }
        let listed = Http::connect(server.plain).ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").body;
        let count = if reads_are_refused { 5 } else { 1 };
        assert!(
            listed.contains(&format!("callboard_faults_fired_total{{kind=\"role-secondary\"}} {count}\n")),
            "{listed}"
        );
        set(&server, "kind=role-secondary&user=1001");
        assert!(!is_refused(&get(&server, "administrator", "ReasonCode/1")), "it is for somebody else");
        heal(&server);
        assert_eq!(change("administrator").status(), 200, "nothing was changed before");
    }
}

#[test]
fn a_secondary_node_is_named_to_those_who_ask_by_http() {
    let server = Server::demo();
    let ask = |path: &str| {
        Http::connect(server.plain).ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).body
    };
    let (info, desktop) = ("/finesse/api/SystemInfo", "/desktop/api/desktopConfig");
    set(&server, "kind=secondary-node&host=b.example.org");
    assert!(ask(info).contains("<secondaryNode><host>b.example.org</host>"), "{}", ask(info));
    assert!(ask(desktop).contains("\"alternateHost\":\"b.example.org\""), "{}", ask(desktop));
    heal(&server);
    assert!(!ask(info).contains("secondaryNode"));
    assert!(ask(desktop).contains("\"isAlternateSystemAvailable\":false"), "{}", ask(desktop));
}
