//! What the REST API has to choose from, in XML and in JSON, and what it says to those who ask wrongly.

use crate::support::Server;
use crate::support::http::{Answer, Http};
use crate::support::rest::{ask, field, get};
use crate::support::server::DEMO;

const JSON: &str = "Accept: application/json, text/javascript, */*; q=0.01\r\n";

/// The names of the elements of a document, each once, in their order.
fn names(document: &str) -> Vec<String> {
    let read = roxmltree::Document::parse(document).expect("XML");
    let mut names: Vec<String> = Vec::new();
    for element in read.descendants().filter(|node| node.is_element()) {
        let name = element.tag_name().name().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn without_password(server: &Server, method: &str, path: &str, headers: &str) -> Answer {
    Http::connect(server.plain)
        .ask(format!("{method} /finesse/api/{path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"))
}

#[test]
fn an_agent_its_team_and_administrators_get_the_lists_of_the_configuration() {
    let server = Server::demo();
    let (agent, administrator) = ("1004", "administrator");
    let reason =
        ["ReasonCodes", "ReasonCode", "uri", "id", "category", "code", "label", "forAll", "systemCode"];
    let wrap_up = ["WrapUpReasons", "WrapUpReason", "uri", "label", "forAll"];
    let contact = ["Contact", "firstName", "lastName", "phoneNumber", "description"];
    let book = ["PhoneBook", "uri", "name", "type", "contacts"];
    let books = ["PhoneBooks"].iter().chain(&book).copied().collect::<Vec<_>>();
    let layout = ["MediaPropertiesLayout", "uri", "name", "description", "type", "header", "entry"];
    let layout =
        layout.iter().chain(&["displayName", "mediaProperty", "showInPopOver", "uiEditable", "column"]);
    let layout = layout.copied().collect::<Vec<_>>();
    let layouts = ["MediaPropertiesLayouts"].iter().chain(&layout).copied().collect::<Vec<_>>();
    let full = books.iter().chain(&contact).copied().collect::<Vec<_>>();
    for (user, path, expected, count) in [
        (agent, "User/1004/ReasonCodes?category=NOT_READY", &reason[..], 3),
        (agent, "Team/2/ReasonCodes?category=LOGOUT", &reason, 2),
        (agent, "TeamResource/2/ReasonCodes?category=ALL&bypassServerCache=true", &reason, 5),
        (administrator, "ReasonCodes?category=ALL", &reason, 5),
        (agent, "User/1004/ReasonCode/1", &reason[1..], 1),
        (agent, "ReasonCode/1", &reason[1..], 1),
        (agent, "User/1004/WrapUpReasons", &wrap_up, 2),
        (agent, "Team/2/WrapUpReasons", &wrap_up, 2),
        (agent, "TeamResource/2/WrapUpReasons", &wrap_up, 2),
        (administrator, "WrapUpReasons", &wrap_up, 2),
        (agent, "User/1004/WrapUpReason/6", &wrap_up[1..], 1),
        (agent, "WrapUpReason/6", &wrap_up[1..], 1),
        (agent, "User/1004/PhoneBooks", &full, 2),
        (administrator, "User/1001/PhoneBooks", &full, 1),
        (agent, "TeamResource/2/PhoneBooks", &full, 2),
        (administrator, "PhoneBooks", &books, 2),
        (agent, "PhoneBook/2", &book, 1),
        (agent, "User/1004/MediaPropertiesLayouts", &layouts, 1),
        (agent, "Team/2/MediaPropertiesLayouts", &layouts, 1),
        (administrator, "MediaPropertiesLayouts", &layouts, 1),
        (agent, "User/1004/MediaPropertiesLayout", &layout, 1),
        (agent, "MediaPropertiesLayout/default", &layout, 1),
        (agent, "MediaPropertiesLayout/1", &layout, 1),
        (agent, "User/1004/Media", &["MediaList"], 1),
    ] {
        let answer = get(&server, user, path);
        assert_eq!(answer.status(), 200, "{path}: {answer:?}");
        assert_eq!(names(&answer.body), expected, "{path}");
        let item = if expected[0].ends_with('s') && expected.len() > 1 { expected[1] } else { expected[0] };
        let found = [format!("</{item}>"), format!("<{item}/>")].map(|tag| answer.body.matches(&tag).count());
        assert_eq!(found.iter().sum::<usize>(), count, "{path}");
    }
    let contacts = get(&server, agent, "PhoneBook/1/Contacts").body;
    assert_eq!(contacts.matches("</Contact>").count(), 3);
    let service = get(&server, agent, "PhoneBook/2/Contact/1").body;
    assert_eq!(
        (field(&service, "phoneNumber"), field(&service, "uri")),
        ("+4955501234", "/finesse/api/PhoneBook/2/Contact/1")
    );
    let sold = get(&server, agent, "User/1004/WrapUpReasons").body;
    assert_eq!(field(&sold, "uri"), "/finesse/api/User/1004/WrapUpReason/6");
}

#[test]
fn every_address_in_a_document_can_be_asked() {
    let server = Server::demo();
    let lists =
        ["ReasonCodes?category=ALL", "WrapUpReasons", "PhoneBooks", "MediaPropertiesLayouts", "Workflows"];
    let mut asked = 0;
    for path in lists.map(|list| format!("User/administrator/{list}")).iter().chain(&lists.map(str::to_owned))
    {
        let document = get(&server, "administrator", path).body;
        for address in
            document.split("<uri>/finesse/api/").skip(1).filter_map(|rest| rest.split_once("</uri>"))
        {
            let answer = get(&server, "administrator", address.0);
            assert_eq!(answer.status(), 200, "{} of {path}", address.0);
            assert!(answer.body.contains(&format!("<uri>/finesse/api/{}</uri>", address.0)), "{answer:?}");
            asked += 1;
        }
    }
    assert_eq!(asked, (5 + 2 + 1 + 3 + 1 + 2) + (5 + 2 + 2 + 1 + 2));
}

#[test]
fn the_layout_of_a_team_comes_before_the_built_in_one() {
    let server = Server::with(
        r#"[[layout]]
id = 1
name = "Bank"
teams = ["2"]
header = ["callVariable1", "Customer"]
left = [["user.ewt", "Waited"]]
"#,
    );
    let entry = "<displayName>Customer</displayName><mediaProperty>callVariable1</mediaProperty>";
    let flags = "<showInPopOver>false</showInPopOver><uiEditable>false</uiEditable>";
    let waited = "<displayName>Waited</displayName><mediaProperty>user.ewt</mediaProperty>";
    let bank = format!(
        "<MediaPropertiesLayout><uri>/finesse/api/MediaPropertiesLayout/1</uri><name>Bank</name>\
         <description></description><type>CUSTOM</type><header><entry>{entry}{flags}</entry></header>\
         <column><entry>{waited}{flags}</entry></column><column/></MediaPropertiesLayout>"
    );
    assert_eq!(get(&server, "1004", "User/1004/MediaPropertiesLayout").body, bank);
    let json = ask(&server, "1004", "GET", "MediaPropertiesLayout/1", JSON, "").body;
    assert!(json.contains(r#""mediaProperty":"user.ewt","#), "{json}");
    assert!(json.ends_with(r#"{"entry":[]}]}}"#), "{json}");
    let built_in = get(&server, "1001", "User/1001/MediaPropertiesLayout").body;
    assert_eq!(
        (field(&built_in, "uri"), field(&built_in, "name"), field(&built_in, "type")),
        ("/finesse/api/MediaPropertiesLayout/2", "Default Layout", "DEFAULT")
    );
    assert_eq!(get(&server, "1001", "MediaPropertiesLayout/default").body, built_in);
    let list = get(&server, "1004", "User/1004/MediaPropertiesLayouts").body;
    assert_eq!(list, format!("<MediaPropertiesLayouts>{bank}{built_in}</MediaPropertiesLayouts>"));
    assert_eq!(get(&server, "1001", "MediaPropertiesLayout/1").status(), 401);
}

#[test]
fn a_wrong_request_gets_the_error_that_the_guide_documents() {
    let server = Server::demo();
    for (user, method, path, status, kind) in [
        // Another user's path, another team's, and what is for administrators.
        ("1001", "GET", "User/1002/PhoneBooks", 401, "Invalid Authorization User Specified"),
        ("1001", "GET", "User/1002/WrapUpReason/6", 401, "Invalid Authorization User Specified"),
        ("1001", "GET", "User/1002/Media", 401, "Invalid Authorization User Specified"),
        ("1001", "GET", "Team/2/WrapUpReasons", 401, "Authorization Failure"),
        ("1001", "GET", "PhoneBook/2", 401, "Authorization Failure"),
        ("1001", "GET", "PhoneBook/2/Contacts", 401, "Authorization Failure"),
        ("1001", "GET", "PhoneBooks", 401, "Authorization Failure"),
        ("1001", "GET", "WrapUpReasons", 401, "Authorization Failure"),
        ("1001", "GET", "ReasonCodes?category=ALL", 401, "Authorization Failure"),
        // Odd ids and parameters.
        ("1001", "GET", "User/nobody/PhoneBooks", 404, "User Not Found"),
        ("1001", "GET", "User/%00/PhoneBooks", 404, "User Not Found"),
        ("1001", "GET", "User//PhoneBooks", 404, "User Not Found"),
        ("1001", "GET", "PhoneBook/%00", 404, "Not Found"),
        ("1001", "GET", "PhoneBook/1%20", 404, "Not Found"),
        ("1001", "GET", "PhoneBook/1%2FContacts", 404, "Not Found"),
        ("1001", "GET", "PhoneBook/99999999999999999999", 404, "Not Found"),
        ("1001", "GET", "PhoneBook/1/Contact/0", 404, "Not Found"),
        ("1001", "GET", "WrapUpReason/%3Cb%3E", 404, "Not Found"),
        ("1001", "GET", "MediaPropertiesLayout/2", 404, "Not Found"),
        ("1001", "GET", "Team/9/PhoneBooks", 404, "finesse.api.team.team_assignment_invalid_team"),
        ("1001", "GET", "TeamResource/9/PhoneBooks", 404, "Not Found"),
        ("1001", "GET", "TeamResource/1", 404, "Not Found"),
        ("1001", "GET", "User/1001/ReasonCodes", 400, "Invalid Input"),
        ("1001", "GET", "User/1001/ReasonCodes?category=WRAPUP", 400, "Invalid Input"),
        ("1001", "GET", "User/1001/ReasonCodes?category=NOT_READY%00", 400, "Invalid Input"),
        ("1001", "GET", "User/1001/ReasonCodes?category=NOT_READY&category=LOGOUT", 400, "Bad Request"),
        (
            "1001",
            "GET",
            "Team/1?includeLoggedOutAgents=true&includeLoggedOutAgents=false",
            400,
            "Bad Request",
        ),
        // What there is in Finesse only.
        ("administrator", "POST", "PhoneBooks", 405, "Method Not Allowed"),
        ("administrator", "PUT", "PhoneBook/1/Contacts/csvFileContent", 405, "Method Not Allowed"),
        ("1001", "GET", "User/1001/Devices", 404, "Not Found"),
        ("1001", "PUT", "User/1001/Media/5001", 501, "Not Implemented"),
        // What there is not in Finesse either.
        ("1001", "GET", "User/1001/Nothing", 404, "Not Found"),
        ("1001", "GET", "Team/1/Nothing", 404, "Not Found"),
    ] {
        let answer = ask(&server, user, method, path, "", "");
        assert_eq!(answer.status(), status, "{method} {path}: {answer:?}");
        assert_eq!(names(&answer.body), ["ApiErrors", "ApiError", "ErrorType", "ErrorData", "ErrorMessage"]);
        assert_eq!(field(&answer.body, "ErrorType"), kind, "{method} {path}");
    }
    for (method, path, allowed) in [
        ("GET", "User/1001/ClientLog", "POST, OPTIONS"),
        ("PUT", "User/1001/ClientLog", "POST, OPTIONS"),
        ("GET", "User/1001/CompressedClientLog", "POST, OPTIONS"),
        ("DELETE", "MediaPropertiesLayout/default", "GET, HEAD, PUT, OPTIONS"),
        ("POST", "UserAuthMode/1001", "GET, HEAD, OPTIONS"),
        ("PUT", "TeamMessage/1", "GET, HEAD, DELETE, OPTIONS"),
        ("GET", "TeamMessage", "POST, OPTIONS"),
        ("DELETE", "TeamMessages", "GET, HEAD, POST, OPTIONS"),
        ("POST", "Team/1/TeamMessages", "GET, HEAD, OPTIONS"),
        ("DELETE", "User/1001", "GET, HEAD, PUT, OPTIONS"),
        ("POST", "PhoneBooks", "GET, HEAD, OPTIONS"),
    ] {
        let answer = ask(&server, "1001", method, path, "", "");
        assert_eq!(
            (answer.status(), answer.header("Allow")),
            (405, Some(allowed)),
            "{method} {path}: {answer:?}"
        );
        assert_eq!(field(&answer.body, "ErrorType"), "Method Not Allowed");
    }
}

#[test]
fn finding_d22_and_m11_a_range_of_objects_is_a_part_of_the_contacts() {
    let server = Server::demo();
    let ranged = |path: &str, range: &str| ask(&server, "1001", "GET", path, range, "");
    let whole = get(&server, "1001", "User/1001/PhoneBooks").body;
    let all = whole.matches("<Contact>").count();
    assert!(all > 2, "{whole}");
    let second = whole.split("<Contact>").nth(2).expect("there are three").split("</Contact>").next();
    for path in ["User/1001/PhoneBooks", "TeamResource/1/PhoneBooks", "Team/1/PhoneBooks"] {
        let part = ranged(path, "Range: objects=2-2\r\n");
        assert_eq!(
            (part.status(), part.header("Content-Range")),
            (206, Some(&*format!("objects 2-2/{all}")))
        );
        assert_eq!(part.body.matches("<Contact>").count(), 1, "{part:?}");
        assert!(part.body.contains(second.expect("it ends")), "{part:?}");
        assert_eq!(part.body.matches("<PhoneBook>").count(), whole.matches("<PhoneBook>").count());
        assert_eq!(part.header("ETag"), None);
    }
    let path = "User/1001/PhoneBooks";
    // What lies within the range altogether is no part.
    for range in ["objects=1-6000", "objects=1-1500", "bytes=0-9", "objects 1-2"] {
        let answer = ranged(path, &format!("Range: {range}\r\n"));
        assert_eq!((answer.status(), &answer.body), (200, &whole), "{range}");
    }
    let behind = ranged(path, "Range: objects=5999-6000\r\n");
    assert_eq!((behind.status(), behind.header("Content-Range")), (206, Some(&*format!("objects */{all}"))));
    assert_eq!(behind.body.matches("<Contact>").count(), 0);
    for range in [
        "0-5",
        "1-6001",
        "9000-9001",
        "5-4",
        "1",
        "-5",
        "1-",
        "a-b",
        "1-2,4-5",
        "+1-2",
        "1-99999999999999999999",
        "",
    ] {
        let answer = ranged(path, &format!("Range: objects={range}\r\n"));
        assert_eq!((answer.status(), field(&answer.body, "ErrorType")), (416, "Invalid Range"), "{range}");
    }
    let twice = ranged(path, "Range: objects=1-2\r\nRange: objects=3-4\r\n");
    assert_eq!(twice.status(), 416);
}

/// What Finesse has is told apart from what nobody has.
#[test]
fn finding_m17_what_callboard_lacks_is_not_implemented_and_what_finesse_lacks_is_not_found() {
    let server = Server::demo();
    for (path, status) in [
        ("User/1001/Media/5001", 501),
        // Enterprise has these alone, and the first of them from 12.6 on.
        ("DigitalChannels/Configuration", 404),
        ("MediaDomain", 404),
        ("SystemConfig", 404),
        ("Nothing", 404),
        ("SystemVariables/Nothing", 404),
    ] {
        assert_eq!(ask(&server, "administrator", "GET", path, "", "").status(), status, "{path}");
    }
    let enterprise = DEMO
        .replace("profile = \"uccx\"", "profile = \"ucce\"")
        .replace("release = \"12.5\"", "release = \"12.6\"");
    let server = Server::serving("localhost", &enterprise);
    for (path, status) in [("DigitalChannels/Configuration", 501), ("SystemConfig", 200), ("Nothing", 404)] {
        assert_eq!(ask(&server, "administrator", "GET", path, "", "").status(), status, "{path}");
    }
}

#[test]
fn options_name_the_methods_of_each_address_to_everybody() {
    let server = Server::demo();
    let options = |path: &str| without_password(&server, "OPTIONS", path, "");
    for (path, allowed) in [
        ("User/1001", "GET, HEAD, PUT, OPTIONS"),
        // The names of users stay unsaid.
        ("User/nobody", "GET, HEAD, PUT, OPTIONS"),
        ("User/1001/Dialogs/", "GET, HEAD, POST, OPTIONS"),
        ("TeamMessage/1", "GET, HEAD, DELETE, OPTIONS"),
        ("SystemInfo", "GET, HEAD, OPTIONS"),
        ("PhoneBook/1/Contacts/csvFileContent", "GET, HEAD, POST, OPTIONS"),
    ] {
        let answer = options(path);
        assert_eq!((answer.status(), answer.header("Allow")), (204, Some(allowed)), "{path}");
        assert_eq!(answer.body, "");
    }
    let unknown = options("Nothing");
    assert_eq!((unknown.status(), field(&unknown.body, "ErrorData")), (404, "Nothing"));
}

#[test]
fn how_to_log_in_is_told_to_everybody_and_tells_nothing_of_users() {
    let server = Server::demo();
    for name in ["1001", "nobody", "%00", "a%2Fb"] {
        let answer = without_password(&server, "GET", &format!("UserAuthMode/{name}"), "");
        let expected = "<UserAuthMode><authMode>NON_SSO</authMode></UserAuthMode>";
        assert_eq!((answer.status(), answer.body.as_str()), (200, expected), "{name}");
    }
    assert_eq!(without_password(&server, "GET", "UserAuthMode", "").status(), 401);
    assert_eq!(without_password(&server, "GET", "User/1001/PhoneBooks", "").status(), 401);
}

#[test]
fn a_client_that_accepts_json_gets_each_document_as_json() {
    let server = Server::demo();
    let json = |user: &str, path: &str| {
        let answer = ask(&server, user, "GET", path, JSON, "");
        assert_eq!(
            answer.header("Content-Type"),
            Some("application/json;charset=UTF-8"),
            "{path}: {answer:?}"
        );
        assert_eq!(answer.header("Vary"), Some("Accept"));
        answer.body
    };
    assert_eq!(
        json("1001", "User/1001"),
        r#"{"User":{"dialogs":"/finesse/api/User/1001/Dialogs","extension":"","firstName":"Grace","lastName":"Hopper","loginId":"1001","loginName":"1001","mediaType":"1","pendingState":"","reasonCodeId":"-1","roles":{"role":["Agent"]},"settings":{"wrapUpOnIncoming":"REQUIRED","wrapUpOnOutgoing":"OPTIONAL"},"state":"LOGOUT","stateChangeTime":"","teamId":"1","teamName":"Lab","uri":"/finesse/api/User/1001","wrapUpTimer":"30"}}"#
    );
    assert_eq!(
        json("1004", "PhoneBook/2/Contacts"),
        r#"{"Contacts":{"Contact":[{"firstName":"","lastName":"Coffee Machine Service","phoneNumber":"+4955501234","description":"Monday to Friday","uri":"/finesse/api/PhoneBook/2/Contact/1"}]}}"#
    );
    assert_eq!(json("1001", "User/1001/Media"), r#"{"MediaList":{"Media":[]}}"#);
    assert!(json("1001", "User/1001/ReasonCodes?category=LOGOUT").starts_with(
        r#"{"ReasonCodes":{"@category":"LOGOUT","ReasonCode":[{"uri":"/finesse/api/ReasonCode/4","id":"4","#
    ));
    assert!(
        json("1001", "User/1001/MediaPropertiesLayout")
            .contains(r#""column":[{"entry":[{"displayName":"Call Variable 1","#)
    );
    // Errors too, and what is told without a password.
    assert_eq!(
        json("1001", "PhoneBook/%3C%22%3E"),
        r#"{"ApiErrors":{"ApiError":[{"ErrorType":"Not Found","ErrorData":"<\">","ErrorMessage":"The specified resource cannot be found"}]}}"#
    );
    let system = without_password(&server, "GET", "SystemInfo", JSON);
    assert!(system.body.starts_with(r#"{"SystemInfo":{"currentTimestamp":""#), "{system:?}");
    let refused = without_password(&server, "GET", "User/1001", JSON);
    assert_eq!(
        (refused.status(), refused.header("Content-Type")),
        (401, Some("application/json;charset=UTF-8"))
    );
    assert!(refused.header("WWW-Authenticate").is_some());

    // XML is what everybody else gets.
    for accept in [
        "",
        "Accept: */*\r\n",
        "Accept: application/xml, application/json\r\n",
        "Accept: text/html,*/*;q=0.8\r\n",
        // What axios and Angular send whatever they want.
        "Accept: application/json, text/plain, */*\r\n",
    ] {
        let answer = ask(&server, "1001", "GET", "User/1001/Media", accept, "");
        assert_eq!(answer.body, "<MediaList/>", "{accept}");
        assert_eq!(answer.header("Content-Type"), Some("application/xml;charset=UTF-8"));
    }
    // What is sent stays XML.
    let headers = format!("{JSON}Content-Type: application/json\r\n");
    let answer = ask(&server, "1001", "PUT", "User/1001", &headers, r#"{"User":{"state":"LOGIN"}}"#);
    assert_eq!(answer.status(), 415);
    assert!(
        answer.body.starts_with(r#"{"ApiErrors":{"ApiError":[{"ErrorType":"Bad Request","#),
        "{answer:?}"
    );
}

/// Clients compare the text of an answer with an empty-element tag, and otherwise read the first entry.
#[test]
fn finding_d15_every_list_without_entries_is_an_empty_element_tag() {
    const PEOPLE: &str = r#"profile = "ucce"
release = "12.6"
[[team]]
id = "1"
name = "Nobody's"
[[phone_book]]
id = 1
name = "Empty"
[[user]]
id = "chief"
password = "chief"
roles = ["Administrator"]
"#;
    let server = Server::serving("localhost", PEOPLE);
    let mut lists = vec![
        ("User/chief/Dialogs", "<Dialogs/>"),
        ("User/chief/Dialogs/Media", "<Dialogs/>"),
        ("User/chief/Media", "<MediaList/>"),
        ("User/chief/Queues", "<Queues/>"),
        ("Queues", "<Queues/>"),
        ("Team/1/TeamMessages", "<TeamMessages/>"),
        ("TeamMessages", "<TeamMessages/>"),
        ("PhoneBook/1/Contacts", "<Contacts/>"),
        ("WorkflowActions", "<WorkflowActions/>"),
        ("ECCVariableConfig", "<ECCVariableConfig/>"),
        ("ScriptSelectors", "<ScriptSelectors/>"),
        ("LockedOutUsers", "<LockedOutUsers/>"),
        ("MediaDomain", "<MediaDomains/>"),
    ];
    for whose in ["", "User/chief/", "Team/1/", "TeamResource/1/"] {
        for (path, list) in [
            ("ReasonCodes?category=ALL", "<ReasonCodes category=\"ALL\"/>"),
            ("WrapUpReasons", "<WrapUpReasons/>"),
            ("Workflows", "<Workflows/>"),
        ] {
            lists.push((format!("{whose}{path}").leak(), list));
        }
    }
    for (path, list) in lists {
        assert_eq!(get(&server, "chief", path).body, list, "{path}");
    }
    for (path, part) in [
        ("Team/1", "<users/>"),
        ("User/chief/PhoneBooks", "<contacts/>"),
        ("Team/1/PhoneBooks", "<contacts/>"),
        ("ConnectedUsersInfo?details=true", "<userDetails/>"),
    ] {
        let answer = get(&server, "chief", path).body;
        assert!(answer.contains(part), "{path}: {answer}");
    }
    // A workflow without conditions and actions, and a layout without columns: all that can be empty in any list.
    let workflow = "<Workflow><name>w</name><TriggerSet><type>SYSTEM</type><name>CALL_ARRIVES</name></TriggerSet></Workflow>";
    let headers = "Content-Type: application/xml\r\n";
    assert_eq!(ask(&server, "chief", "POST", "Workflow", headers, workflow).status(), 200);
    let workflows = get(&server, "chief", "Workflows").body;
    for part in ["<conditions/>", "<workflowActions/>"] {
        assert!(workflows.contains(part), "{part} in {workflows}");
    }
}
