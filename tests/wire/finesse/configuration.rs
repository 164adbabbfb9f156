//! Objects of the configuration that administrators read, create, change, delete and assign.

use crate::support::http::Answer;
use crate::support::rest::{ask, event, field, get, put_state};
use crate::support::server::DEMO;
use crate::support::{Client, Server};

const XML: &str = "Content-Type: application/xml\r\n";

fn change(server: &Server, method: &str, path: &str, body: &str) -> Answer {
    ask(server, "administrator", method, path, XML, body)
}

/// Creates an object, and returns its path behind that of the API.
fn create(server: &Server, path: &str, body: &str) -> String {
    let answer = change(server, "POST", path, body);
    assert_eq!((answer.status(), answer.body.as_str()), (200, ""), "{path} {body}: {answer:?}");
    let location = answer.header("Location").expect("it says where the object is");
    location.strip_prefix("http://localhost:8445/finesse/api/").expect("an absolute address").to_owned()
}

fn done(server: &Server, method: &str, path: &str, body: &str) {
    let answer = change(server, method, path, body);
    let shown = (answer.status(), answer.body.as_str(), answer.header("Location"));
    assert_eq!(shown, (200, "", None), "{method} {path} {body}");
}

fn refused(server: &Server, (method, path): (&str, &str), body: &str, status: u16, kind: &str, data: &str) {
    let answer = change(server, method, path, body);
    let shown = (answer.status(), field(&answer.body, "ErrorType"), field(&answer.body, "ErrorData"));
    assert_eq!(shown, (status, kind, data), "{method} {path} {body}");
}

fn document(server: &Server, path: &str) -> String {
    let answer = get(server, "administrator", path);
    assert_eq!(answer.status(), 200, "{path}: {answer:?}");
    answer.body
}

fn enterprise() -> Server {
    let config = DEMO.replace("profile = \"uccx\"", "profile = \"ucce\"");
    Server::serving("localhost", &config)
}

#[test]
fn finding_m16_a_reason_code_is_created_changed_assigned_and_deleted() {
    let server = Server::demo();
    let global = "<ReasonCode><category>NOT_READY</category><code>77</code><label>Errand</label><forAll>true</forAll></ReasonCode>";
    let path = create(&server, "ReasonCode", global);
    let shown = document(&server, &path);
    assert!(
        shown.contains(
            "<category>NOT_READY</category><code>77</code><label>Errand</label><forAll>true</forAll>"
        )
    );
    assert!(get(&server, "1001", "User/1001/ReasonCodes?category=NOT_READY").body.contains("Errand"));
    // What is not said stays; of an element that stands twice the last one counts.
    done(&server, "PUT", &path, "<ReasonCode><label>x</label><label>Walk</label></ReasonCode>");
    done(&server, "PUT", &path, "<ReasonCode><forAll>false</forAll></ReasonCode>");
    assert!(document(&server, &path).contains("<code>77</code><label>Walk</label><forAll>false</forAll>"));
    let has = |user: &str| {
        get(&server, user, &format!("User/{user}/ReasonCodes?category=NOT_READY")).body.contains("Walk")
    };
    assert!(!has("1001") && !has("1004"), "no team has it yet");
    let list = format!("<ReasonCodes><ReasonCode><uri>/finesse/api/{path}</uri></ReasonCode></ReasonCodes>");
    done(&server, "PUT", "Team/1/ReasonCodes?category=NOT_READY", &list);
    assert!(has("1001") && !has("1004"));
    done(&server, "PUT", "Team/1/ReasonCodes?category=NOT_READY", "<ReasonCodes/>");
    assert!(!has("1001"));
    done(&server, "DELETE", &path, "");
    assert_eq!(get(&server, "administrator", &path).status(), 404);
    // An id is not given again.
    assert_ne!(create(&server, "ReasonCode", global), path);
}

#[test]
fn finding_m16_an_agent_whose_reason_is_changed_or_deleted_shows_it_and_is_told() {
    let server = Server::demo();
    let code = "<ReasonCode><category>NOT_READY</category><code>77</code><label>Errand</label><forAll>true</forAll></ReasonCode>";
    let path = create(&server, "ReasonCode", code);
    let id = path.rsplit('/').next().expect("an id");
    let mut agent = Client::online(&server, "1001", "desktop");
    assert_eq!(
        put_state(&server, "1001", "1001", "<state>LOGIN</state><extension>1001</extension>").status(),
        202
    );
    event(&mut agent, "/finesse/api/User/1001");
    let state = format!("<state>NOT_READY</state><reasonCodeId>{id}</reasonCodeId>");
    assert_eq!(put_state(&server, "1001", "1001", &state).status(), 202);
    let told = event(&mut agent, "/finesse/api/User/1001");
    assert!(told.contains("<label>Errand</label>"), "{told}");
    // A code before it goes away: the agent's reason stays the same one.
    done(&server, "DELETE", "ReasonCode/2", "");
    assert!(get(&server, "1001", "User/1001").body.contains("<label>Errand</label>"));
    done(&server, "PUT", &path, "<ReasonCode><label>Walk</label></ReasonCode>");
    let told = event(&mut agent, "/finesse/api/User/1001");
    assert!(told.contains("<label>Walk</label>") && told.contains("<state>NOT_READY</state>"), "{told}");
    done(&server, "DELETE", &path, "");
    let told = event(&mut agent, "/finesse/api/User/1001");
    assert!(!told.contains("Walk") && told.contains("<state>NOT_READY</state>"), "{told}");
    assert_eq!(field(&told, "reasonCodeId"), "-1");
    let refused = put_state(&server, "1001", "1001", &state);
    assert_eq!((refused.status(), field(&refused.body, "ErrorType")), (400, "Invalid Input"));
    agent.expect_nothing_more();
}

#[test]
fn finding_m16_a_wrong_reason_gets_the_error_of_the_guide_and_nothing_changes() {
    let server = Server::demo();
    let before = document(&server, "ReasonCodes?category=ALL") + &document(&server, "WrapUpReasons");
    let code = |category: &str, code: &str, label: &str, for_all: &str| {
        let parts = [("category", category), ("code", code), ("label", label), ("forAll", for_all)];
        let parts = parts.iter().filter(|(_, text)| !text.is_empty());
        let parts: String = parts.map(|(name, text)| format!("<{name}>{text}</{name}>")).collect();
        format!("<ReasonCode>{parts}</ReasonCode>")
    };
    let post = ("POST", "ReasonCode");
    let long = "x".repeat(41);
    for (body, data) in [
        (code("", "77", "a", "true"), "category"),
        (code("WRAPUP", "77", "a", "true"), "category"),
        (code("NOT_READY", "", "a", "true"), "code"),
        (code("NOT_READY", "0", "a", "true"), "code"),
        // Express has three digits.
        (code("NOT_READY", "1000", "a", "true"), "code"),
        (code("NOT_READY", "7a", "a", "true"), "code"),
        (code("NOT_READY", "+13", "a", "true"), "code"),
        (code("NOT_READY", "77", "", "true"), "label"),
        (code("NOT_READY", "77", &long, "true"), "label"),
        (code("NOT_READY", "77", "a&#10;b", "true"), "label"),
        (code("NOT_READY", "77", "<b/>", "true"), "label"),
        (code("NOT_READY", "77", "a", "yes"), "forAll"),
        (code("NOT_READY", "77", "a", ""), "forAll"),
    ] {
        refused(&server, post, &body, 400, "Bad Request", data);
    }
    let duplicate = (400, "Database constraint violation", "Duplicate ReasonCode name.");
    let listed = document(&server, "ReasonCode/2");
    for body in [
        code("NOT_READY", field(&listed, "code"), "another", "true"),
        code("NOT_READY", "77", field(&listed, "label"), "false"),
    ] {
        refused(&server, post, &body, duplicate.0, duplicate.1, duplicate.2);
    }
    let put = ("PUT", "ReasonCode/2");
    refused(&server, put, "<ReasonCode/>", 400, "Invalid Input", "ReasonCode");
    refused(&server, put, "<ReasonCode><uri>x</uri></ReasonCode>", 400, "Invalid Input", "ReasonCode");
    refused(&server, put, "<WrapUpReason/>", 400, "Bad Request", "the root element must be ReasonCode");
    refused(
        &server,
        ("PUT", "ReasonCode/99"),
        "<ReasonCode><label>a</label></ReasonCode>",
        404,
        "Not Found",
        "99",
    );
    refused(&server, ("DELETE", "ReasonCode/99"), "", 404, "Not Found", "99");
    // A wrap-up reason is no reason code.
    refused(&server, ("DELETE", "ReasonCode/6"), "", 404, "Not Found", "6");
    refused(&server, ("DELETE", "WrapUpReason/2"), "", 404, "Not Found", "2");
    let wide = format!("<WrapUpReason><label>{}</label><forAll>true</forAll></WrapUpReason>", "ä".repeat(20));
    refused(&server, ("POST", "WrapUpReason"), &wide, 400, "Bad Request", "label");
    let assign = "<ReasonCodes><ReasonCode><uri>/finesse/api/ReasonCode/99</uri></ReasonCode></ReasonCodes>";
    let team = ("PUT", "Team/1/ReasonCodes?category=LOGOUT");
    refused(&server, team, assign, 400, "Invalid Input", "/finesse/api/ReasonCode/99");
    refused(&server, ("PUT", "Team/1/ReasonCodes"), "<ReasonCodes/>", 400, "Invalid Input", "category");
    refused(
        &server,
        ("PUT", "Team/1/ReasonCodes?category=ALL"),
        "<ReasonCodes/>",
        400,
        "Invalid Input",
        "category",
    );
    let invalid_team = "finesse.api.team.team_assignment_invalid_team";
    refused(&server, ("PUT", "Team/9/WrapUpReasons"), "<WrapUpReasons/>", 404, invalid_team, "9");
    for (method, path, body) in [
        ("POST", "ReasonCode", code("NOT_READY", "77", "a", "true")),
        ("PUT", "ReasonCode/2", "<ReasonCode><label>a</label></ReasonCode>".to_owned()),
        ("DELETE", "ReasonCode/2", String::new()),
        ("PUT", "Team/1/WrapUpReasons", "<WrapUpReasons/>".to_owned()),
        ("PUT", "LayoutConfig/default", "<LayoutConfig/>".to_owned()),
        ("PUT", "ChatConfig", "<ChatConfig/>".to_owned()),
    ] {
        let answer = ask(&server, "1001", method, path, XML, &body);
        let shown = (answer.status(), field(&answer.body, "ErrorType"), field(&answer.body, "ErrorData"));
        assert_eq!(shown, (401, "Authorization Failure", "1001"), "{method} {path}");
    }
    let after = document(&server, "ReasonCodes?category=ALL") + &document(&server, "WrapUpReasons");
    assert_eq!(after, before);
}

#[test]
fn finding_m16_there_are_as_many_objects_as_the_guide_allows() {
    let server = enterprise();
    let body =
        |number: usize| format!("<PhoneBook><name>Book {number}</name><type>GLOBAL</type></PhoneBook>");
    // The demo has one for everybody.
    for number in 1..10 {
        create(&server, "PhoneBook", &body(number));
    }
    refused(&server, ("POST", "PhoneBook"), &body(10), 400, "Maximum Exceeded", "PhoneBook");
    create(&server, "PhoneBook", &body(10).replace("GLOBAL", "TEAM"));
    let wide = "<ReasonCode><category>LOGOUT</category><code>65535</code><label>a</label><forAll>true</forAll></ReasonCode>";
    create(&server, "ReasonCode", wide);
}

#[test]
fn finding_m16_phone_books_and_contacts_are_created_changed_replaced_and_deleted() {
    let server = Server::demo();
    let book = create(&server, "PhoneBook", "<PhoneBook><name>Taxis</name><type>TEAM</type></PhoneBook>");
    let contacts = format!("{book}/Contact");
    let contact = "<Contact><firstName>A &amp; B</firstName><phoneNumber>555</phoneNumber></Contact>";
    let first = create(&server, &contacts, contact);
    assert!(first.starts_with(&contacts), "{first}");
    assert_eq!(field(&document(&server, &first), "firstName"), "A &amp; B");
    done(&server, "PUT", &first, "<Contact><description>near</description></Contact>");
    let shown = document(&server, &first);
    assert_eq!((field(&shown, "phoneNumber"), field(&shown, "description")), ("555", "near"));
    let list = format!("<PhoneBooks><PhoneBook><uri>/finesse/api/{book}</uri></PhoneBook></PhoneBooks>");
    let has = |user: &str| get(&server, user, &format!("User/{user}/PhoneBooks")).body.contains("Taxis");
    assert!(!has("1001"));
    done(&server, "PUT", "Team/1/PhoneBooks", &list);
    assert!(has("1001") && !has("1004"));
    let id = book.rsplit('/').next().expect("an id");
    refused(&server, ("DELETE", &book), "", 400, "In Use", id);
    refused(&server, ("PUT", &book), "<PhoneBook><type>GLOBAL</type></PhoneBook>", 400, "In Use", id);
    // Those with errors are left out.
    let replaced = "<Contacts><Contact><phoneNumber>1</phoneNumber></Contact><Contact/>\
                    <Contact><lastName>x</lastName><phoneNumber>2</phoneNumber></Contact></Contacts>";
    done(&server, "PUT", &format!("{book}/Contacts"), replaced);
    assert_eq!(document(&server, &format!("{book}/Contacts")).matches("<Contact>").count(), 2);
    refused(&server, ("PUT", &format!("{book}/Contacts")), "<Contacts/>", 400, "Invalid Input", "Contacts");
    done(&server, "DELETE", &format!("{book}/Contact/1"), "");
    assert_eq!(document(&server, &format!("{book}/Contacts")).matches("<Contact>").count(), 1);
    for (path, body, kind, data) in [
        ("PhoneBook", "<PhoneBook><type>TEAM</type></PhoneBook>", "Parameter Missing", "name"),
        ("PhoneBook", "<PhoneBook><name>a</name></PhoneBook>", "Parameter Missing", "type"),
        ("PhoneBook", "<PhoneBook><name>a</name><type>OWN</type></PhoneBook>", "Invalid Input", "type"),
        (contacts.as_str(), "<Contact><firstName>a</firstName></Contact>", "Bad Request", "phoneNumber"),
    ] {
        refused(&server, ("POST", path), body, 400, kind, data);
    }
    let twice = "<PhoneBook><name>Taxis</name><type>TEAM</type></PhoneBook>";
    let data = "Duplicate PhoneBook name.";
    refused(&server, ("POST", "PhoneBook"), twice, 400, "Database constraint violation", data);
    done(&server, "PUT", "Team/1/PhoneBooks", "<PhoneBooks/>");
    done(&server, "DELETE", &book, "");
    refused(&server, ("POST", &contacts), contact, 404, "Not Found", id);
}

#[test]
fn finding_m16_layouts_of_call_variables_are_changed_and_the_default_one_stays() {
    let server = Server::demo();
    let entry = |label: &str, variable: &str| {
        format!("<entry><displayName>{label}</displayName><mediaProperty>{variable}</mediaProperty></entry>")
    };
    let layout = format!(
        "<MediaPropertiesLayout><name>Bank</name><header>{}</header><column>{}{}</column></MediaPropertiesLayout>",
        entry("Customer", "callVariable1"),
        entry("Account", "callVariable2"),
        entry("", "user.ewt")
    );
    let path = create(&server, "MediaPropertiesLayout", &layout);
    let shown = document(&server, &path);
    assert!(
        shown.contains("<type>CUSTOM</type>") && shown.contains("<mediaProperty>user.ewt</mediaProperty>"),
        "{shown}"
    );
    let default = "MediaPropertiesLayout/default";
    done(&server, "PUT", default, "<MediaPropertiesLayout><name>Calls</name></MediaPropertiesLayout>");
    let shown = document(&server, default);
    assert_eq!((field(&shown, "name"), field(&shown, "type")), ("Calls", "DEFAULT"));
    assert!(shown.contains("callVariable10"), "{shown}");
    refused(&server, ("DELETE", "MediaPropertiesLayout/1"), "", 403, "Forbidden", "1");
    let eleven = format!("<column>{}</column>", entry("a", "callVariable1").repeat(11));
    for (body, data) in [
        (eleven.as_str(), "column"),
        ("<column/><column/><column/>", "column"),
        ("<header/>", "header"),
        (&format!("<header>{}</header>", entry(&"x".repeat(51), "callVariable1")), "displayName"),
        (&format!("<header>{}</header>", entry("x", "")), "mediaProperty"),
    ] {
        let body = format!("<MediaPropertiesLayout>{body}</MediaPropertiesLayout>");
        refused(&server, ("PUT", &path), &body, 400, "Invalid Input", data);
    }
    done(&server, "DELETE", &path, "");
    assert_eq!(get(&server, "administrator", &path).status(), 404);
}

#[test]
fn finding_m14_workflows_have_content_and_are_created_assigned_and_deleted() {
    let server = Server::demo();
    let of_agent = get(&server, "1001", "User/1001/Workflows").body;
    for part in [
        "<Workflow><uri>/finesse/api/Workflow/1</uri><name>Customer on arrival</name>",
        "<TriggerSet><type>SYSTEM</type><name>CALL_ARRIVES</name>",
        "<Trigger><Variable><name>mediaType</name><node>//Dialog/mediaType</node><type>CUSTOM</type></Variable>\
         <comparator>IS_EQUAL</comparator><value>Voice</value></Trigger>",
        "<ConditionSet><applyMethod>ALL</applyMethod><conditions><Condition><Variable><name>fromAddress</name>",
        "<handledBy>FINESSE_DESKTOP</handledBy><params><Param><name>path</name>",
        "<ActionVariable><name>fromAddress</name><node>//Dialog/fromAddress</node><type>SYSTEM</type>",
    ] {
        assert!(of_agent.contains(part), "{part}\nis not in\n{of_agent}");
    }
    let action = "<WorkflowAction><name>Note</name><type>HTTP_REQUEST</type><handledBy>OTHER</handledBy><params>\
                  <Param><name>path</name><value>http://crm?n=${n}</value></Param><Param><name>method</name><value>PUT</value></Param>\
                  </params><actionVariables><ActionVariable><name>n</name><node>//Dialog/id</node><type>CUSTOM</type>\
                  <testValue>7</testValue></ActionVariable></actionVariables></WorkflowAction>";
    let action = create(&server, "WorkflowAction", action);
    assert!(
        document(&server, &action)
            .contains("<node>//Dialog/id</node><type>CUSTOM</type><testValue>7</testValue>")
    );
    assert_eq!(document(&server, "WorkflowActions").matches("<WorkflowAction>").count(), 2);
    let workflow = format!(
        "<Workflow><name>Notes</name><TriggerSet><type>SYSTEM</type><name>CALL_ENDS</name></TriggerSet>\
         <ConditionSet><applyMethod>ANY</applyMethod><conditions><Condition><Variable><name>callVariable1</name><type>SYSTEM</type>\
         </Variable><comparator>CONTAINS</comparator><value>a&lt;b</value></Condition></conditions></ConditionSet>\
         <workflowActions><WorkflowAction><uri>/finesse/api/{action}</uri></WorkflowAction></workflowActions></Workflow>"
    );
    let workflow = create(&server, "Workflow", &workflow);
    let shown = document(&server, &workflow);
    assert!(
        shown.contains("<value>a&lt;b</value>") && shown.contains("<value>WRAP_UP,DROPPED</value>"),
        "{shown}"
    );
    assert!(!shown.contains("<params>"), "only the names of actions: {shown}");
    let has = |user: &str| get(&server, user, &format!("User/{user}/WorkFlows")).body.contains("Notes");
    assert!(!has("1001"));
    let list = format!("<Workflows><Workflow><uri>/finesse/api/{workflow}</uri></Workflow></Workflows>");
    done(&server, "PUT", "Team/2/Workflows", &list);
    assert!(!has("1001") && has("1004"));
    assert!(get(&server, "1004", "TeamResource/2/Workflows").body.contains("<params>"));
    // A desktop runs them in the order of the assignment, and the file has the first one for everybody.
    let second = create(
        &server,
        "Workflow",
        "<Workflow><name>Before</name><TriggerSet><name>CALL_ENDS</name></TriggerSet></Workflow>",
    );
    let assigned = |ids: [&str; 2]| {
        let of = |id: &str| format!("<Workflow><uri>/finesse/api/{id}</uri></Workflow>");
        done(&server, "PUT", "Team/2/Workflows", &format!("<Workflows>{}</Workflows>", ids.map(of).concat()));
        let list = get(&server, "1004", "User/1004/Workflows").body;
        let place = |id: &str| list.find(&format!("/finesse/api/{id}</uri>")).expect("it is in the list");
        let places = ids.map(place);
        assert!(places.is_sorted() && places[1] < place("Workflow/1"), "{places:?} {list}");
    };
    assigned([&second, &workflow]);
    assigned([&workflow, &second]);
    refused(&server, ("DELETE", &action), "", 400, "In Use", action.rsplit('/').next().expect("an id"));
    done(&server, "PUT", &workflow, "<Workflow><description>New</description></Workflow>");
    assert_eq!(field(&document(&server, &workflow), "description"), "New");
    let six = "<WorkflowAction><uri>/finesse/api/WorkflowAction/1</uri></WorkflowAction>".repeat(6);
    for (body, kind, data) in [
        (format!("<workflowActions>{six}</workflowActions>"), "Maximum Exceeded", "workflowActions"),
        (six[..0].to_owned() + "<TriggerSet/>", "Parameter Missing", "name"),
        (
            "<ConditionSet><applyMethod>SOME</applyMethod></ConditionSet>".into(),
            "Invalid Input",
            "applyMethod",
        ),
        ("<workflowActions><WorkflowAction/></workflowActions>".into(), "Invalid Input", "workflowActions"),
        (
            "<name>Customer on arrival</name>".into(),
            "Database constraint violation",
            "Duplicate Workflow name.",
        ),
        (format!("<name>{}</name>", "x".repeat(41)), "Invalid Input", "name"),
    ] {
        refused(&server, ("PUT", &workflow), &format!("<Workflow>{body}</Workflow>"), 400, kind, data);
    }
    let pathless = "<WorkflowAction><params/></WorkflowAction>";
    refused(&server, ("PUT", &action), pathless, 400, "Parameter Missing", "path");
    done(&server, "DELETE", &workflow, "");
    done(&server, "DELETE", &action, "");
    assert_eq!(ask(&server, "1001", "GET", "WorkflowActions", "", "").status(), 401);
}

#[test]
fn finding_m13_layouts_of_the_desktop_are_read_and_changed_for_all_and_for_a_team() {
    let server = Server::demo();
    let default = get(&server, "1001", "LayoutConfig/default").body;
    assert!(default.starts_with(
        "<LayoutConfig><uri>/finesse/api/LayoutConfig/default</uri><layoutxml>&lt;finesseLayout"
    ));
    let of_team = get(&server, "1001", "Team/1/LayoutConfig").body;
    assert!(
        of_team.starts_with("<TeamLayoutConfig><useDefault>true</useDefault><layoutxml>&lt;finesseLayout")
    );
    // Some clients escape the layout, others send it as it is.
    let escaped = "<TeamLayoutConfig><layoutxml>&lt;finesseLayout&gt;1&lt;/finesseLayout&gt;</layoutxml>\
                   <useDefault>false</useDefault></TeamLayoutConfig>";
    done(&server, "PUT", "Team/1/LayoutConfig", escaped);
    assert_eq!(
        get(&server, "1001", "Team/1/LayoutConfig").body,
        "<TeamLayoutConfig><useDefault>false</useDefault><layoutxml>&lt;finesseLayout&gt;1&lt;/finesseLayout&gt;</layoutxml></TeamLayoutConfig>"
    );
    let raw = "<LayoutConfig><layoutxml>\n<finesseLayout xmlns='u'><a b='&amp;'/></finesseLayout></layoutxml></LayoutConfig>";
    done(&server, "PUT", "LayoutConfig/default", raw);
    let shown = get(&server, "1004", "Team/2/LayoutConfig").body;
    assert!(
        shown.contains("&lt;finesseLayout xmlns='u'&gt;&lt;a b='&amp;amp;'/&gt;&lt;/finesseLayout&gt;"),
        "{shown}"
    );
    done(
        &server,
        "PUT",
        "Team/1/LayoutConfig",
        "<TeamLayoutConfig><useDefault>true</useDefault></TeamLayoutConfig>",
    );
    assert!(get(&server, "1001", "Team/1/LayoutConfig").body.contains("<useDefault>true</useDefault>"));
    for (body, kind, data) in [
        ("", "Parameter Missing", "layoutxml"),
        ("<layoutxml/>", "Parameter Missing", "layoutxml"),
        ("<layoutxml>words</layoutxml>", "Invalid Input", "layoutxml"),
        ("<layoutxml><other/></layoutxml>", "Invalid Input", "layoutxml"),
        (
            "<layoutxml>&lt;!DOCTYPE a [&lt;!ENTITY e 'x'&gt;]&gt;&lt;finesseLayout/&gt;</layoutxml>",
            "Invalid Input",
            "layoutxml",
        ),
    ] {
        let body = format!("<LayoutConfig>{body}</LayoutConfig>");
        refused(&server, ("PUT", "LayoutConfig/default"), &body, 400, kind, data);
    }
    assert_eq!(get(&server, "1001", "Team/2/LayoutConfig").status(), 401);
}

/// What backup tools, reverse proxies and Cisco's library ask for.
#[test]
fn finding_gap_9_objects_of_the_configuration_that_clients_ask_for_are_there() {
    let server = Server::demo();
    for (user, path, root) in [
        ("1001", "LayoutConfig/default", "LayoutConfig"),
        ("1001", "Team/1/LayoutConfig", "TeamLayoutConfig"),
        ("administrator", "WorkflowActions", "WorkflowActions"),
        ("1001", "ChatConfig", "ChatConfig"),
        ("1001", "User/1001/Workflows", "Workflows"),
    ] {
        let answer = get(&server, user, path);
        assert_eq!(answer.status(), 200, "{path}: {answer:?}");
        assert!(answer.body.starts_with(&format!("<{root}>")), "{path}: {}", answer.body);
    }
}

#[test]
fn finding_m17_the_settings_of_the_system_are_read_and_changed() {
    let config = DEMO.replace("profile = \"uccx\"", "profile = \"ucce\"")
        + "\n[settings]\ncti_host = \"cti\"\n[[ecc_variable]]\nname = \"user.media.id\"\nlength = 40\n";
    let server = Server::serving("localhost", &config);
    assert_eq!(
        document(&server, "SystemConfig"),
        "<SystemConfig><uri>/finesse/api/SystemConfig</uri><cti><host>cti</host><port>42027</port><backupHost></backupHost>\
         <backupPort></backupPort><peripheralId>5000</peripheralId><secure>false</secure></cti></SystemConfig>"
    );
    let cti =
        "<SystemConfig><cti><host>b</host><port>1</port><peripheralId>7</peripheralId></cti></SystemConfig>";
    done(&server, "PUT", "SystemConfig", cti);
    assert!(document(&server, "SystemConfig").contains("<cti><host>b</host><port>1</port>"));
    let database = "<EnterpriseDatabaseConfig><host>d</host><port>1</port><databaseName>n</databaseName><username>u</username>\
                    <password>secret</password></EnterpriseDatabaseConfig>";
    done(&server, "PUT", "EnterpriseDatabaseConfig", database);
    let shown = document(&server, "EnterpriseDatabaseConfig");
    assert!(shown.contains("<host>d</host>") && shown.contains("<password></password>"), "{shown}");
    let chat = "<ChatConfig><primaryNode>https://chat</primaryNode></ChatConfig>";
    done(&server, "PUT", "ChatConfig", chat);
    assert_eq!(
        get(&server, "1001", "ChatConfig").body,
        "<ChatConfig><uri>/finesse/api/ChatConfig</uri><primaryNode>https://chat</primaryNode><secondaryNode></secondaryNode></ChatConfig>"
    );
    refused(&server, ("PUT", "ChatConfig"), "<ChatConfig/>", 400, "Parameter Missing", "primaryNode");
    let http = "<ChatConfig><primaryNode>http://chat</primaryNode></ChatConfig>";
    refused(&server, ("PUT", "ChatConfig"), http, 400, "Invalid Input", "primaryNode");
    let node = "<ClusterConfig><secondaryNode><host>a b</host></secondaryNode></ClusterConfig>";
    refused(&server, ("PUT", "ClusterConfig"), node, 400, "Invalid Input", "host");
    assert_eq!(
        get(&server, "1001", "ECCVariableConfig").body,
        "<ECCVariableConfig><ECCVariable><name>user.media.id</name><length>40</length></ECCVariable></ECCVariableConfig>"
    );
    let info = document(&server, "ConfigInfo");
    assert_eq!((field(&info, "totalUsers"), field(&info, "totalTeams")), ("7", "2"));
    let variables = document(&server, "SystemVariables");
    assert!(variables.contains("<SystemVariable><name>callVariable1</name><node>//Dialog/"), "{variables}");
    assert_eq!(field(&document(&server, "SystemVariable/DNIS"), "node"), "//Dialog/mediaProperties/DNIS");
    assert_eq!(get(&server, "administrator", "SystemVariable/none").status(), 404);
    for path in [
        "SystemConfig",
        "ClusterConfig",
        "EnterpriseDatabaseConfig",
        "CloudConnectConfig",
        "ConfigInfo",
        "SystemVariables",
    ] {
        assert_eq!(get(&server, "1001", path).status(), 401, "{path}");
    }
}

#[test]
fn finding_m17_script_selectors_are_the_numbers_of_the_queues_and_those_of_media() {
    let config = DEMO.replace("profile = \"uccx\"", "profile = \"ucce\"");
    let server = Server::serving("localhost", &config.replace("release = \"12.5\"", "release = \"12.6\""));
    for (kind, count) in [("", 3), ("?mrdType=all", 3), ("?mrdType=voice", 2), ("?mrdType=digitalchannel", 1)]
    {
        let answer = get(&server, "1001", &format!("ScriptSelectors{kind}"));
        assert_eq!(
            (answer.status(), answer.body.matches("<ScriptSelector>").count()),
            (200, count),
            "{kind}"
        );
    }
    let first = "<ScriptSelectors><ScriptSelector><MrdID>1</MrdID><Name>Sales</Name><DialedNumber>9001</DialedNumber>";
    assert!(get(&server, "1001", "ScriptSelectors").body.starts_with(first));
    assert_eq!(get(&server, "1001", "ScriptSelectors?mrdType=fax").status(), 404);
    assert_eq!(get(&enterprise(), "1001", "ScriptSelectors").status(), 404, "12.5 has none");
}

/// The path is that of the API, whoever asks and however.
#[test]
fn an_object_can_be_created_in_the_name_of_an_administrator_and_on_conditions() {
    let server = Server::demo();
    let mut http = crate::support::Http::connect(server.plain);
    let body = "<PhoneBook><name>Taxis</name><type>TEAM</type></PhoneBook>";
    let answer = http.ask(format!(
        "POST /callboard/api/as/administrator/finesse/api/PhoneBook HTTP/1.1\r\nHost: localhost:8445\r\nAuthorization: {}\r\n\
         Content-Length: {}\r\n{XML}\r\n{body}",
        crate::support::http::basic("administrator", "1234"),
        body.len()
    ));
    let location = answer.header("Location").expect("an address");
    assert!(location.starts_with("http://localhost:8445/finesse/api/PhoneBook/"), "{location}");
    let headers = format!("{XML}If-Match: \"other\"\r\n");
    let change = "<ReasonCode><label>a</label></ReasonCode>";
    let answer = ask(&server, "administrator", "PUT", "ReasonCode/2", &headers, change);
    assert_eq!(answer.status(), 412, "{answer:?}");
}

/// Of two changes that know the same state the one whose body comes first is made, and the other is not.
#[test]
fn the_conditions_of_a_change_hold_when_it_is_made_and_not_before_its_body_comes() {
    let server = Server::demo();
    let tag = get(&server, "administrator", "ReasonCode/1").header("ETag").expect("a tag").to_owned();
    let conditions = format!("{XML}If-Match: {tag}\r\n");
    let body = "<ReasonCode><label>Slow</label></ReasonCode>";
    let (begin, rest) = body.split_at(5);
    let mut slow = crate::support::Http::connect(server.plain);
    slow.send(format!(
        "PUT /finesse/api/ReasonCode/1 HTTP/1.1\r\nHost: localhost:8445\r\nAuthorization: {}\r\nExpect: 100-continue\r\n\
         Content-Length: {}\r\n{conditions}\r\n",
        crate::support::http::basic("administrator", "1234"),
        body.len()
    ));
    // The server waits for the body.
    assert_eq!(slow.head().start, "HTTP/1.1 100");
    slow.send(begin);
    let quick = "<ReasonCode><label>Quick</label></ReasonCode>";
    let answer = ask(&server, "administrator", "PUT", "ReasonCode/1", &conditions, quick);
    assert_eq!(answer.status(), 200, "{answer:?}");
    slow.send(rest);
    assert_eq!(slow.answer().status(), 412);
    assert!(document(&server, "ReasonCode/1").contains("<label>Quick</label>"));
}
