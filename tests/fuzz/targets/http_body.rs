//! Requests of the API with their bodies, one a paragraph, for both profiles (a text that starts with `ucce` is for that one):
//!
//! ```text
//! 1001 PUT User/1001
//! <User><state>LOGIN</state><extension>1001</extension></User>
//! ```
//!
//! Others are `record QUERY`, `call FROM TO`, `contact CAMPAIGN NUMBER`, `hang up ID`, `tick SECONDS` and `service returns`. What is refused changes nothing, but
//! for the end of a sign-in that was under way; what has changed was told, and is well-formed. Maintenance mode ends the session that looks
//! on by right, and another one goes on.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use callboard::config::campaigns::Customer;
use callboard::config::{Config, Profile};
use callboard::desk::{
    Action, ApiError, ApiRefusal, CallData, Change, ClientLog, Command, Desk, DialogRequest, Element,
    Inbound, NewContact, NewMessage, Object, Request, SetState, StartMaintenance, Status, Whose, nodes,
};
use callboard::hub::{Availability, Entry};
use callboard::id::UserId;
use callboard::record::export::{self, About, Form};
use callboard::record::{BYTES_PER_ENTRY, Problem, Query};
use callboard::xml::Bounds;
use callboard_fuzz::script::Language;
use callboard_fuzz::stage::Told;
use callboard_fuzz::wire::{child, element};
use callboard_fuzz::{Stage, stage};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use roxmltree::Node;

static CONFIGS: LazyLock<[Config; 2]> = LazyLock::new(|| Profile::ALL.map(few));

/// The objects that can be created, and some that there is one of.
const OBJECTS: [Object; 10] = [
    Object::ReasonCode,
    Object::WrapUpReason,
    Object::PhoneBook,
    Object::Contact,
    Object::MediaPropertiesLayout,
    Object::Workflow,
    Object::WorkflowAction,
    Object::LayoutConfig,
    Object::SystemConfig,
    Object::ChatConfig,
];

const REQUEST_ID: &str = "r-1";

/// Of the second team one agent is enough: after each step all users are looked at. Sign-ins take the time of the demo, and maintenance
/// mode a minute.
fn few(profile: Profile) -> Config {
    let mut config = stage::demo(profile);
    config.limits.maintenance = Duration::from_secs(60);
    config.users.retain(|user| !["1005", "1006"].contains(&user.id.as_str()));
    config
}

fuzz_target!(|text: &str| {
    let mut stage = Stage::new(&CONFIGS[usize::from(text.starts_with("ucce"))]);
    let mut before = Documents::read(stage.hub.desk());
    for paragraph in text.split("\n\n").take(40) {
        let (line, body) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let words: Vec<&str> = line.split(' ').collect();
        let mut told = Vec::new();
        let mut is_refused = false;
        let waiting = signing_in(stage.hub.desk());
        match words[..] {
            ["tick", seconds] => {
                let time = Duration::from_secs(seconds.parse().unwrap_or(1).min(600));
                stage.pass(time, |stage| happened(stage, &mut told));
            }
            ["record", query] => look_at_record(&stage, query),
            ["service", "returns"] => {
                let is_up = Availability { status: Status::InService, finesse: true };
                stage.hub.set_availability(stage.now, is_up);
            }
            [actor, method, path] => {
                if let Some(actor) = stage.hub.desk().directory().find(actor) {
                    is_refused = ask(&mut stage, actor, method, path, body).is_err();
                } else if actor == "call" {
                    call(&mut stage, method, path);
                } else if actor == "contact" {
                    contact(&mut stage, method, path);
                } else if actor == "hang" {
                    hang_up(&mut stage, path);
                }
            }
            _ => {}
        }
        happened(&mut stage, &mut told);
        let after = Documents::read(stage.hub.desk());
        // A request ends the wait of its user's sign-in, also if it is refused.
        let has_waited = waiting != signing_in(stage.hub.desk());
        assert!(!is_refused || has_waited || before == after, "what was refused changed something");
        after.look(&before, &told, stage.hub.desk());
        before = after;
    }
    look_at_others(stage.hub.desk());
    stage.end();
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    LANGUAGE.mutate(data, size, most, seed, fuzzer_mutate)
});

/// Asks for entries of the record: they are what was asked for, or the query is told what is wrong.
fn look_at_record(stage: &Stage, query: &str) {
    let record = stage.hub.record();
    assert!(record.len() <= stage::RECORD && record.bytes() <= stage::RECORD * BYTES_PER_ENTRY);
    match Query::read(query.split('&').filter_map(|pair| pair.split_once('='))) {
        Ok(query) => {
            let page = record.page(&query);
            assert!(
                page.entries.len() <= query.limit
                    && page.next <= record.last()
                    && page.first <= record.last() + 1
            );
            assert!(page.entries.iter().all(|entry| query.filter.has(entry) && entry.seq <= page.next));
            assert!(page.entries.windows(2).all(|pair| pair[0].seq < pair[1].seq));
            let mut shown = String::new();
            page.entries.iter().for_each(|entry| entry.write(&mut shown, record.wire()));
            let about = About { version: "1", profile: "uccx", release: "15", domain: "localhost" };
            for session in page.entries.iter().filter_map(|entry| entry.session) {
                for form in [Form::Har, Form::Text, Form::Json] {
                    assert!(export::write(record, session, form, &about).is_some());
                }
            }
        }
        Err(Problem(sentence)) => assert!(sentence.ends_with('.') && sentence.len() < 500, "{sentence}"),
    }
}

/// The users whose sign-ins are not over.
fn signing_in(desk: &Desk) -> Vec<UserId> {
    desk.directory().keys().filter(|user| desk.is_signing_in(*user)).collect()
}

const LANGUAGE: Language = Language {
    separator: "\n\n",
    breaks: &[' ', '\n', '/', '<', '>'],
    steps: &[
        "ucce",
        "record user=1001&kind=event,state&node=/finesse/api/User/*&contains=READY",
        "record after=3&limit=5&session=0.1&path=/finesse/*&requestId=r-1",
        "1001 PUT User/1001\n<User><state>LOGIN</state><extension>1001</extension></User>",
        "1001 PUT User/1001\n<User><state>READY</state></User>",
        "1001 PUT User/1001\n<User><state>LOGOUT</state></User>",
        "1001 PUT User/1001\n<User><state>NOT_READY</state><reasonCodeId>1</reasonCodeId></User>",
        "1001 POST User/1001/Dialogs\n<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress><toAddress>1002</toAddress></Dialog>",
        "administrator POST User/administrator/Dialogs\n<Dialog><requestedAction>SILENT_MONITOR</requestedAction><fromAddress>1000</fromAddress><toAddress>1001</toAddress></Dialog>",
        "administrator PUT Dialog/16777218\n<Dialog><requestedAction>BARGE_CALL</requestedAction><fromAddress>1000</fromAddress><toAddress>1001</toAddress><associatedDialogUri>/finesse/api/Dialog/16777217</associatedDialogUri></Dialog>",
        "1002 PUT Dialog/16777217\n<Dialog><targetMediaAddress>1002</targetMediaAddress><requestedAction>ANSWER</requestedAction></Dialog>",
        "1001 PUT Dialog/16777217\n<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>DROP</requestedAction></Dialog>",
        "1001 PUT Dialog/16777217\n<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>CONSULT_CALL</requestedAction><toAddress>1000</toAddress></Dialog>",
        "1001 PUT Dialog/16777217\n<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>UPDATE_CALL_DATA</requestedAction><mediaProperties><wrapUpReason>Sold</wrapUpReason></mediaProperties></Dialog>",
        "administrator POST TeamMessage\n<TeamMessage><duration>60</duration><content>x</content><teams><team>1</team></teams></TeamMessage>",
        "administrator DELETE TeamMessage/1",
        "administrator POST ReasonCode\n<ReasonCode><category>NOT_READY</category><code>7</code><label>x</label><forAll>true</forAll></ReasonCode>",
        "administrator PUT ReasonCode/2\n<ReasonCode><label>y</label><forAll>false</forAll></ReasonCode>",
        "administrator DELETE ReasonCode/1\n",
        "administrator PUT Team/1/ReasonCodes\n<ReasonCodes><ReasonCode><uri>/finesse/api/ReasonCode/2</uri></ReasonCode></ReasonCodes>",
        "administrator POST PhoneBook/1/Contact\n<Contact><phoneNumber>1</phoneNumber></Contact>",
        "administrator POST Workflow\n<Workflow><name>x</name><TriggerSet><name>CALL_ENDS</name></TriggerSet></Workflow>",
        "administrator POST WorkflowAction\n<WorkflowAction><name>x</name><type>BROWSER_POP</type><handledBy>OTHER</handledBy><params><Param><name>path</name><value>x</value></Param></params></WorkflowAction>",
        "administrator PUT LayoutConfig/default\n<LayoutConfig><layoutxml><finesseLayout/></layoutxml></LayoutConfig>",
        "administrator DELETE LockedOutUsers/1001",
        "administrator PUT MaintenanceMode\n<MaintenanceMode/>",
        "service returns",
        "contact Renewals 5551234",
        "contact Renewals 5550001",
        "1001 PUT Dialog/16777217\n<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>ACCEPT</requestedAction></Dialog>",
        "1001 PUT Dialog/16777218\n<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>RECLASSIFY</requestedAction><actionParams><ActionParam><name>outboundClassification</name><value>FAX</value></ActionParam></actionParams></Dialog>",
        "1001 PUT Dialog/16777218\n<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>UPDATE_SCHEDULED_CALLBACK</requestedAction><actionParams><ActionParam><name>callbackTime</name><value>2026-11-30T12:50</value></ActionParam></actionParams></Dialog>",
        "call 5551234 9001",
        "hang up 16777217",
        "tick 3",
    ],
    kinds: &[
        &["1001", "1002", "1003", "1004", "administrator"],
        &["1000", "1001", "1002", "1003", "1004", "9001", "9002", "5550001", "5550002", "5550003"],
        &["16777217", "16777218", "16777219", "16777220"],
        &["LOGIN", "LOGOUT", "READY", "NOT_READY", "WORK", "WORK_READY", "TALKING"],
        &[
            "MAKE_CALL",
            "ANSWER",
            "DROP",
            "HOLD",
            "RETRIEVE",
            "CONSULT_CALL",
            "CONFERENCE",
            "TRANSFER",
            "TRANSFER_SST",
            "PARTICIPANT_DROP",
            "START_RECORDING",
            "ACCEPT",
            "REJECT",
            "CLOSE",
            "RECLASSIFY",
            "UPDATE_SCHEDULED_CALLBACK",
            "CANCEL_SCHEDULED_CALLBACK",
        ],
        &["1", "2", "3", "4", "6", "10", "25", "31", "61", "300"],
    ],
};

/// Whatever happened was told in one piece.
fn happened(stage: &mut Stage, told: &mut Vec<Told>) {
    for event in stage.told() {
        element(&event.payload);
        told.push(event);
    }
    stage.act();
}

fn ask(stage: &mut Stage, actor: UserId, method: &str, path: &str, body: &str) -> Result<(), ApiError> {
    let bounds = Bounds::of(&stage.limits);
    let path: Vec<&str> = path.split('/').collect();
    let find = |id: &str| stage.hub.desk().find(actor, id);
    let configured = configure(method, &path, body, &bounds);
    let is_configured = configured.is_some();
    let request = configured.unwrap_or_else(|| match (method, &path[..]) {
        ("PUT", ["User", id]) => {
            SetState::read(body, &bounds).and_then(|asked| Ok(Request::SetState { user: find(id)?, asked }))
        }
        ("POST", ["User", id, "Dialogs"]) => DialogRequest::read(body, &bounds)
            .and_then(|asked| Ok(Request::CreateDialog { user: find(id)?, asked })),
        ("PUT", ["Dialog", id]) => DialogRequest::read(body, &bounds)
            .map(|asked| Request::UpdateDialog { dialog: (*id).to_owned(), asked }),
        ("POST", ["TeamMessage"]) => NewMessage::read(body, &bounds).map(Request::CreateMessage),
        ("DELETE", ["TeamMessage", id]) => Ok(Request::DeleteMessage((*id).to_owned())),
        ("POST", ["User", id, "ClientLog"]) => {
            ClientLog::read(body, &bounds).and_then(|log| Ok(Request::TakeLog { user: find(id)?, log }))
        }
        ("PUT", ["MaintenanceMode"]) => StartMaintenance::read(body, &bounds).map(Request::StartMaintenance),
        ("DELETE", ["LockedOutUsers", id]) => Ok(Request::Unlock((*id).to_owned())),
        _ => Err(ApiRefusal::PathUnknown.about("")),
    });
    let done = request.and_then(|request| {
        let changed = match &request {
            Request::SetState { user, .. } => Some(*user),
            _ => None,
        };
        let starts_maintenance = matches!(request, Request::StartMaintenance(_));
        let before = stage.hub.counters().events;
        let answer = stage.hub.request(stage.now, actor, actor, REQUEST_ID.to_owned(), request)?;
        let is_told = stage.hub.counters().events > before;
        let is_later = |user| stage.hub.desk().is_signing_in(user);
        assert!(changed.is_none_or(|user| is_told || is_later(user)), "a state that was accepted is told");
        if starts_maintenance {
            stage.let_go();
        }
        // A change of the configuration is answered with a path.
        answer.iter().filter(|_| !is_configured).for_each(|document| {
            element(document);
        });
        Ok(())
    });
    done.inspect_err(|error| {
        assert!((400..=503).contains(&error.status()), "{error:?}");
        element(&error.document());
    })
}

/// A change of the configuration, if the path is that of an object.
fn configure(method: &str, path: &[&str], body: &str, bounds: &Bounds) -> Option<Result<Request, ApiError>> {
    let (name, ids, action) = match (method, path) {
        ("PUT", ["Team", team, list]) if *list != "LayoutConfig" => {
            (list.trim_end_matches('s'), vec![*team], Action::Assign)
        }
        ("PUT", ["Team", team, name]) => (*name, vec![*team], Action::Update),
        ("POST", ["PhoneBook", book, "Contact"]) => ("Contact", vec![*book], Action::Create),
        ("PUT", ["PhoneBook", book, "Contacts"]) => ("Contact", vec![*book], Action::Replace),
        ("PUT", ["PhoneBook", book, "Contact", id]) => ("Contact", vec![*book, *id], Action::Update),
        ("POST", [name]) => (*name, Vec::new(), Action::Create),
        ("PUT", [name] | [name, "default"]) => (*name, Vec::new(), Action::Update),
        ("PUT", [name, id]) => (*name, vec![*id], Action::Update),
        ("DELETE", [name, id]) => (*name, vec![*id], Action::Delete),
        _ => return None,
    };
    let object = OBJECTS.into_iter().find(|object| object.name() == name)?;
    let root = Change::root(object, action, !ids.is_empty());
    let body = match action {
        Action::Delete => Ok(Element::default()),
        _ => Element::read(body, bounds, &root),
    };
    let ids = ids.into_iter().map(str::to_owned).collect();
    Some(body.map(|body| {
        Request::Configure(Change { object, action, ids, category: "NOT_READY".to_owned(), body })
    }))
}

fn call(stage: &mut Stage, from: &str, to: &str) {
    let (now, by) = (stage.now, administrator(stage));
    let call = Inbound { from: from.to_owned(), to: to.to_owned(), data: CallData::default() };
    let _ = stage.hub.apply(Entry { now, by: Some(by), command: Command::PlaceCall(call) });
}

fn contact(stage: &mut Stage, campaign: &str, number: &str) {
    let (now, by) = (stage.now, administrator(stage));
    let customer = Customer { phone_number: number.to_owned(), ..Customer::default() };
    let contact = NewContact { campaign: campaign.to_owned(), customer, agent: None };
    let _ = stage.hub.apply(Entry { now, by: Some(by), command: Command::AddContact(contact) });
}

fn hang_up(stage: &mut Stage, id: &str) {
    let (now, by) = (stage.now, administrator(stage));
    let _ = stage.hub.apply(Entry { now, by: Some(by), command: Command::EndCall(id.to_owned()) });
}

fn administrator(stage: &Stage) -> UserId {
    stage.hub.desk().directory().find("administrator").expect("the demo has one")
}

/// Checks documents that are put together from those that were looked at after each step.
fn look_at_others(desk: &Desk) {
    let administrator = desk.directory().find("administrator").expect("the demo has one");
    let documents = [
        desk.users_document(administrator),
        desk.reason_codes_document(administrator, Whose::All, "ALL"),
        desk.phone_books_document(administrator, Whose::All, None).map(|(document, _)| document),
        desk.layouts_document(administrator, Whose::All),
        desk.workflows_document(administrator, Whose::Team("1")),
        desk.workflow_actions_document(administrator),
        desk.team_layout_document(administrator, "1"),
        desk.settings_document(administrator, Object::SystemConfig),
        Ok(desk.desktop_layout_document()),
    ];
    for document in documents {
        element(&document.expect("an administrator may read it"));
    }
    for user in desk.directory().keys() {
        element(&desk.queues_of_user(user, user).expect("a user may read its own"));
        assert!(desk.wrap_up_reasons_document(user, Whose::User(user)).is_ok());
    }
}

/// What can be read of all that changes, by what it is about.
#[derive(Debug, PartialEq)]
struct Documents(BTreeMap<String, String>);

impl Documents {
    fn read(desk: &Desk) -> Self {
        let read = |document: Result<String, ApiError>| document.expect("an administrator may read it");
        let administrator = desk.directory().find("administrator").expect("the demo has one");
        let mut documents = BTreeMap::from([
            ("Queues".to_owned(), read(desk.all_queues(administrator))),
            ("TeamMessages".to_owned(), desk.messages_document(administrator)),
        ]);
        for user in desk.directory().keys() {
            let name = nodes::user(&desk.directory().get(user).id);
            documents.insert(name, read(desk.user_document(user, user)));
            let name = nodes::dialogs(&desk.directory().get(user).id);
            documents.insert(name, read(desk.dialogs_document(administrator, user)));
        }
        Self(documents)
    }

    /// Looks at what has become of others, and whether it was told. The rest was looked at before.
    fn look(&self, before: &Self, told: &[Told], desk: &Desk) {
        let is_new = |name: &str| self.0.get(name) != before.0.get(name);
        for (name, document) in self.0.iter().filter(|(name, _)| is_new(name)) {
            element(document);
            if name.starts_with("/finesse/api/User/") {
                was_told(name, document, told);
            }
        }
        for user in desk.directory().keys() {
            let id = &desk.directory().get(user).id;
            let (user, dialogs) = (nodes::user(id), nodes::dialogs(id));
            if is_new(&user) || is_new(&dialogs) {
                look_at_user(&self.0[&user], &self.0[&dialogs], desk);
            }
        }
    }
}

fn text<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    child(node, name).and_then(|node| node.text()).unwrap_or_default()
}

/// Checks that a user who is signed out has no telephone and no call, and that a user who speaks has one and takes part in
/// each call.
fn look_at_user(user: &str, dialogs: &str, desk: &Desk) {
    let (read, its_dialogs) = (element(user), element(dialogs));
    let (state, extension) = (text(read.root_element(), "state"), text(read.root_element(), "extension"));
    let its_dialogs: Vec<_> = its_dialogs.root_element().children().filter(Node::is_element).collect();
    assert_eq!(state == "LOGOUT", extension.is_empty(), "{user}");
    match state {
        "LOGOUT" => assert!(its_dialogs.is_empty(), "{user} with {dialogs}"),
        "RESERVED" | "TALKING" | "HOLD" => assert!(!its_dialogs.is_empty(), "{user} without a call"),
        _ => {}
    }
    let administrator = desk.directory().find("administrator").expect("the demo has one");
    for dialog in its_dialogs {
        let by_itself = desk.dialog_document(administrator, text(dialog, "id"));
        element(&by_itself.expect("an administrator may read it"));
        let mut parts = child(dialog, "participants").into_iter().flat_map(|parts| parts.children());
        let is_own = |part: Node<'_, '_>| text(part, "mediaAddress") == extension;
        assert!(parts.any(|part| is_own(part) && text(part, "state") != "DROPPED"), "{user} with {dialogs}");
    }
}

/// What has changed was told on its node; of a user the last event has what can be read now.
fn was_told(name: &str, document: &str, told: &[Told]) {
    let mut events = told.iter().rev().filter(|told| told.node == name);
    let content = document.strip_prefix("<User>").and_then(|rest| rest.strip_suffix("</User>"));
    if let Some(content) = content {
        let last = events.find(|told| told.payload.contains("<user>"));
        assert!(
            last.is_some_and(|told| told.payload.contains(content)),
            "{name} is {document}, and told {told:?}"
        );
    } else {
        assert!(events.next().is_some(), "{name} is {document}, and told {told:?}");
    }
}
