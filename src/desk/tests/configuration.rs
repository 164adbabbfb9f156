//! The configuration that administrators change: whatever is asked in whatever order, the rules of the desk hold.

use crate::config::Config;
use crate::desk::tests::*;
use crate::desk::{Action, Change, Command, Element, Object, Request, Whose};

const OBJECTS: [Object; 13] = [
    Object::ReasonCode,
    Object::WrapUpReason,
    Object::PhoneBook,
    Object::Contact,
    Object::MediaPropertiesLayout,
    Object::Workflow,
    Object::WorkflowAction,
    Object::LayoutConfig,
    Object::SystemConfig,
    Object::ClusterConfig,
    Object::EnterpriseDatabaseConfig,
    Object::ChatConfig,
    Object::CloudConnectConfig,
];

const ASSIGNED: [Object; 4] = [Object::ReasonCode, Object::WrapUpReason, Object::PhoneBook, Object::Workflow];

/// Parts of bodies, good and bad, for every object.
const PARTS: [&str; 27] = [
    "<category>NOT_READY</category><code>7#</code><label>Errand #</label><forAll>true</forAll>",
    "<category>LOGOUT</category><code>8</code><label>Home</label><forAll>false</forAll>",
    "<label>Errand #</label>",
    "<label>Other</label><forAll>true</forAll>",
    "<forAll>false</forAll>",
    "<code>9</code>",
    "<code>70000</code>",
    "<name>One #</name><type>TEAM</type>",
    "<name>Two #</name><type>GLOBAL</type>",
    "<type>GLOBAL</type>",
    "<firstName>A</firstName><phoneNumber>1</phoneNumber>",
    "<Contact><phoneNumber>1</phoneNumber></Contact><Contact/>",
    "<name>Bank #</name><header><entry><displayName>x</displayName><mediaProperty>callVariable1</mediaProperty></entry></header>",
    "<column><entry><displayName>x</displayName><mediaProperty>callVariable2</mediaProperty></entry></column>",
    "<name>W #</name><TriggerSet><name>CALL_ARRIVES</name></TriggerSet>",
    "<name>V</name><TriggerSet><type>CUSTOM</type><name>x</name></TriggerSet>",
    "<workflowActions><WorkflowAction><uri>/finesse/api/WorkflowAction/1</uri></WorkflowAction></workflowActions>",
    "<name>P #</name><type>BROWSER_POP</type><handledBy>OTHER</handledBy><params><Param><name>path</name><value>x</value></Param></params>",
    "<params><Param><name>path</name><value></value></Param></params>",
    "<layoutxml><finesseLayout/></layoutxml>",
    "<useDefault>true</useDefault>",
    "<cti><host>a</host><port>1</port><peripheralId>1</peripheralId></cti>",
    "<primaryNode>https://x</primaryNode>",
    "<publisherAddress>p</publisherAddress><userName>u</userName>",
    "<secondaryNode><host>b</host></secondaryNode>",
    "<host>a</host><port>1</port><databaseName>n</databaseName><username>u</username><password>p</password>",
    "",
];

/// Bodies that are whole, one for each object.
const GOOD: [&str; 13] = [
    PARTS[0], PARTS[0], PARTS[8], PARTS[10], PARTS[12], PARTS[14], PARTS[17], PARTS[19], PARTS[21],
    PARTS[24], PARTS[25], PARTS[22], PARTS[23],
];

const BOOK: &str = r#"[[phone_book]]
id = 1
name = "House"
teams = ["1"]
[[phone_book.contact]]
phone_number = "1"
[[phone_book.contact]]
phone_number = "2"
"#;

fn element(root: &str, inner: &str) -> Element {
    let body = format!("<{root}>{inner}</{root}>");
    Element::read(&body, &Bounds::of(&Limits::default()), root).expect("well-formed XML")
}

/// A change that is good now and then; `documents` have the objects that there are.
fn any(random: &mut fastrand::Rng, documents: &str) -> Change {
    let object = OBJECTS[random.usize(..OBJECTS.len())];
    let named = if object == Object::Contact { "PhoneBook" } else { object.name() };
    let start = format!("<uri>/finesse/api/{named}/");
    let known = documents.split(&start).skip(1);
    let known: Vec<&str> = known.map(|rest| rest.split(['/', '<']).next().unwrap_or_default()).collect();
    let mut id = |most| random.u32(1..=most).to_string();
    let (any, two, team) = (id(9), id(3), id(3));
    let one = random.choice(known).map_or(any, str::to_owned);
    let category = ["NOT_READY", "LOGOUT", ""][random.usize(..3)].to_owned();
    let single = object as usize > Object::WorkflowAction as usize;
    let action = match random.u8(..8) {
        _ if single => Action::Update,
        0..=2 => Action::Create,
        3..=4 => Action::Update,
        5 => Action::Delete,
        6 if object == Object::Contact => Action::Replace,
        _ if ASSIGNED.contains(&object) => Action::Assign,
        _ => Action::Create,
    };
    let ids = match (object, action) {
        (Object::LayoutConfig, _) if random.bool() => vec![team],
        (_, Action::Assign) => vec![team],
        (Object::Contact, Action::Create | Action::Replace) => vec![one.clone()],
        (Object::Contact, _) => vec![one.clone(), two],
        _ if single || action == Action::Create => Vec::new(),
        _ => vec![one.clone()],
    };
    let inner = if action == Action::Assign {
        let name = object.name();
        format!("<{name}><uri>/finesse/api/{name}/{one}</uri></{name}>")
    } else {
        // Every other time the first part is one for the object.
        let good = GOOD.get(object as usize).filter(|_| random.bool()).copied();
        let mut part = || PARTS[random.usize(..PARTS.len())];
        let inner = format!("{}{}", good.unwrap_or_else(&mut part), part());
        inner.replace('#', &random.u8(..20).to_string())
    };
    let root = Change::root(object, action, !ids.is_empty());
    Change { object, action, ids, category, body: element(&root, &inner) }
}

/// All that can be read of the configuration.
fn read(desk: &Desk) -> Vec<String> {
    let read = |document: Result<String, ApiError>| document.expect("an administrator may read it");
    let mut documents = vec![
        read(desk.reason_codes_document(ROOT, Whose::All, "ALL")),
        read(desk.wrap_up_reasons_document(ROOT, Whose::All)),
        read(desk.phone_books_document(ROOT, Whose::All, None).map(|(document, _)| document)),
        read(desk.layouts_document(ROOT, Whose::All)),
        read(desk.workflows_document(ROOT, Whose::All)),
        read(desk.workflow_actions_document(ROOT)),
        desk.desktop_layout_document(),
        desk.ecc_variables_document(),
        read(desk.config_info_document(ROOT)),
    ];
    for team in ["1", "2"] {
        documents.push(read(desk.team_layout_document(ROOT, team)));
        documents.push(read(
            desk.phone_books_document(ROOT, Whose::Team(team), None).map(|(document, _)| document),
        ));
        documents.push(read(desk.workflows_document(ROOT, Whose::Team(team))));
    }
    documents.extend(OBJECTS[8..].iter().map(|object| read(desk.settings_document(ROOT, *object))));
    documents
}

#[test]
fn no_sequence_of_changes_breaks_the_configuration_or_a_state() {
    let text = format!("profile = \"uccx\"\n{PEOPLE}{REASONS}{BOOK}");
    let mut done = std::collections::BTreeMap::<(usize, usize), u32>::new();
    for seed in 0..4 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut desk = at_once(Config::parse(&text, "c.toml").expect("a valid file"));
        bring(&mut desk, BOB, "NOT_READY");
        let first = read(&desk);
        for step in 0..300 {
            let before = read(&desk);
            let change = any(&mut random, &before.concat());
            let case = format!("seed {seed}, step {step}: {change:?}");
            // Bob takes a reason now and then, which may be deleted later.
            let id = random.u32(1..8);
            let body = format!("<User><state>NOT_READY</state><reasonCodeId>{id}</reasonCodeId></User>");
            let _ = desk.set_state(at(step), BOB, BOB, &asked(&body), "");
            let bob = get(&desk, BOB);
            let key = (change.object as usize, change.action as usize);
            let request = Request::Configure(change);
            let command = Command::Request { actor: ROOT, request_id: "7".to_owned(), request };
            match desk.apply(at(step), command) {
                Err(error) => {
                    assert!((400..=404).contains(&error.status()), "{case}: {error:?}");
                    assert_eq!(read(&desk), before, "{case}");
                    assert_eq!(get(&desk, BOB), bob, "{case}");
                }
                Ok(applied) => {
                    *done.entry(key).or_default() += 1;
                    for document in read(&desk) {
                        roxmltree::Document::parse(&document).expect("a document is XML");
                    }
                    let created = applied.answer.expect("a path, or nothing");
                    assert_eq!(created.is_empty(), key.1 != Action::Create as usize, "{case}");
                    // Bob is told if and only if his document is another one.
                    let told = applied.events.iter().any(|event| event.node == "/finesse/api/User/bob");
                    assert_eq!(told, get(&desk, BOB) != bob, "{case}");
                }
            }
            let now = get(&desk, BOB);
            assert_eq!(field(&now, "state"), "NOT_READY", "{case}");
            let id = field(&now, "reasonCodeId");
            let listed = desk.reason_code_document(ROOT, Whose::All, &id);
            assert_eq!(listed.is_ok(), id != "-1", "{case}: {now}");
            if let Ok(listed) = listed {
                assert_eq!(field(&listed, "label"), field(&now, "label"), "{case}");
            }
        }
        assert_ne!(read(&desk), first);
        // The file wins.
        desk.reload(at(500), Config::parse(&text, "c.toml").expect("a valid file"));
        assert_eq!(read(&desk), first);
    }
    // Else this would prove nothing: everything was changed in every way.
    for object in &OBJECTS[..7] {
        for action in [Action::Create, Action::Update, Action::Delete] {
            assert!(done.contains_key(&(*object as usize, action as usize)), "{object:?} {action:?}");
        }
    }
    for object in ASSIGNED {
        assert!(done.contains_key(&(object as usize, Action::Assign as usize)), "{object:?}");
    }
    for object in &OBJECTS[7..] {
        assert!(done.contains_key(&(*object as usize, Action::Update as usize)), "{object:?}");
    }
}

#[test]
fn the_bounds_of_each_kind_hold() {
    let text = format!("profile = \"ucce\"\n{PEOPLE}{REASONS}");
    for (object, inner, most) in [
        (
            Object::ReasonCode,
            "<category>LOGOUT</category><code>#</code><label>#</label><forAll>false</forAll>",
            100,
        ),
        (Object::WrapUpReason, "<label>#</label><forAll>true</forAll>", 100),
        (Object::PhoneBook, "<name>#</name><type>TEAM</type>", 300),
        (Object::Workflow, "<name>#</name><TriggerSet><name>CALL_ENDS</name></TriggerSet>", 100),
    ] {
        let mut desk = at_once(Config::parse(&text, "c.toml").expect("a valid file"));
        let mut count = 0;
        let error = loop {
            let body = element(object.name(), &inner.replace('#', &(count + 100).to_string()));
            let change =
                Change { object, action: Action::Create, ids: Vec::new(), category: String::new(), body };
            let command = Command::Request {
                actor: ROOT,
                request_id: String::new(),
                request: Request::Configure(change),
            };
            match desk.apply(at(0), command) {
                Ok(_) => count += 1,
                Err(error) => break error,
            }
        };
        assert!((most - 3..=most).contains(&count), "{object:?}: {count}");
        assert!(error.document().contains("<ErrorType>Maximum Exceeded</ErrorType>"), "{error:?}");
    }
}
