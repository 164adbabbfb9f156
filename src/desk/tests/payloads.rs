//! Payloads of calls and queues, letter by letter, beside the captured ones.

use crate::desk::tests::dialogues::lab;
use crate::desk::tests::*;
use crate::desk::{CallData, DialogRequest, Inbound};

/// A call from a queue that rings at Bob's telephone, with variables; returns what was published.
fn ringing(profile: &str, release: &str) -> (Desk, Vec<Event>) {
    let mut desk = lab(profile);
    desk.release =
        crate::config::Release::ALL.into_iter().find(|one| one.name() == release).expect("a release");
    bring(&mut desk, BOB, "READY");
    let mut data = CallData::default();
    data.set("callVariable1".into(), "Kim & Söhne".into()).expect("a variable");
    data.set("user.ewt".into(), "130712".into()).expect("a variable");
    let call = Inbound { from: "01052199414".into(), to: "9001".into(), data };
    let (_, events) = desk.place_call(at(466), &call, "").expect("a call");
    (desk, events)
}

fn act(desk: &mut Desk, action: &str) -> Vec<Event> {
    let body = format!(
        "<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>{action}</requestedAction></Dialog>"
    );
    let asked = DialogRequest::read(&body, &Bounds::of(&Limits::default())).expect("a good body");
    desk.update_dialog(at(500), BOB, "16777217", &asked, "145").expect("an accepted request")
}

fn on<'e>(events: &'e [Event], node: &str) -> &'e str {
    &events.iter().find(|event| event.node == node).expect("an event on that node").payload
}

const TIME: &str = "2023-01-13T11:07:11.466Z";

/// `SIM ErrorCase1/2_ALERTING.xml`, of a release before 12.
#[test]
fn an_incoming_call_as_captured() {
    let (_, events) = ringing("ucce", "11.6");
    let participant = |actions: &str, address: &str, kind: &str, state: &str| {
        let actions: String = actions.split(' ').map(|action| format!("<action>{action}</action>")).collect();
        format!(
            "<Participant><actions>{actions}</actions><mediaAddress>{address}</mediaAddress>\
             <mediaAddressType>{kind}</mediaAddressType><startTime>{TIME}</startTime><state>{state}</state>\
             <stateCause></stateCause><stateChangeTime>{TIME}</stateChangeTime></Participant>"
        )
    };
    let empty: String = (2..=10)
        .map(|n| format!("<CallVariable><name>callVariable{n}</name><value></value></CallVariable>"))
        .collect();
    let expected = format!(
        "<Update><data><dialogs><Dialog><associatedDialogUri></associatedDialogUri>\
         <fromAddress>01052199414</fromAddress><id>16777217</id><mediaProperties><DNIS>1001</DNIS>\
         <callType>PREROUTE_ACD_IN</callType><dialedNumber>9001</dialedNumber>\
         <outboundClassification></outboundClassification><callvariables>\
         <CallVariable><name>callVariable1</name><value>Kim &amp; Söhne</value></CallVariable>{empty}\
         <CallVariable><name>user.ewt</name><value>130712</value></CallVariable></callvariables></mediaProperties>\
         <mediaType>Voice</mediaType><participants>{}{}</participants><state>ALERTING</state>\
         <toAddress>9001</toAddress><uri>/finesse/api/Dialog/16777217</uri></Dialog></dialogs></data>\
         <event>POST</event><requestId></requestId><source>/finesse/api/User/bob/Dialogs</source></Update>",
        participant("UPDATE_CALL_DATA DROP", "01052199414", "", "INITIATED"),
        participant("ANSWER", "1001", "AGENT_DEVICE", "ALERTING"),
    );
    assert_eq!(on(&events, "/finesse/api/User/bob/Dialogs"), expected);
}

/// What 12.x adds stands where the alphabet puts it.
#[test]
fn what_later_releases_add() {
    let (_, events) = ringing("uccx", "12.5");
    let payload = on(&events, "/finesse/api/User/bob/Dialogs");
    for part in [
        "<dialedNumber>9001</dialedNumber><mediaId>1</mediaId><outboundClassification></outboundClassification>\
         <queueName>Sales</queueName><queueNumber>q1</queueNumber><wrapUpItems></wrapUpItems><callvariables>",
        "</participants><secondaryId></secondaryId><state>ALERTING</state>",
    ] {
        assert!(payload.contains(part), "{part} in {payload}");
    }
}

/// `SIM TRANSFER_SST/ACTIVE1`, `ErrorCase1/3_ERROR.xml` and `DROPPED`: what stands around the document of the call.
#[test]
fn changes_errors_and_ends_as_captured() {
    let (mut desk, _) = ringing("ucce", "11.6");
    let events = act(&mut desk, "ANSWER");
    let active = on(&events, "/finesse/api/User/bob/Dialogs");
    assert!(active.starts_with("<Update><data><dialog><associatedDialogUri>"), "{active}");
    assert!(
        active.ends_with(
            "<uri>/finesse/api/Dialog/16777217</uri></dialog></data><event>PUT</event><requestId>145</requestId>\
             <source>/finesse/api/Dialog/16777217</source></Update>"
        ),
        "{active}"
    );
    let events = act(&mut desk, "RETRIEVE");
    assert_eq!(
        on(&events, "/finesse/api/User/bob/Dialogs"),
        "<Update><data><apiErrors><apiError><errorData>1001</errorData>\
         <errorMessage>INVALID_ACTION RETRIEVE on extension 1001</errorMessage><errorType>Generic Error</errorType>\
         </apiError></apiErrors></data><event>put</event><requestId>145</requestId>\
         <source>/finesse/api/Dialog/16777217</source></Update>"
    );
    let events = act(&mut desk, "DROP");
    let wrap_up = on(&events, "/finesse/api/User/bob/Dialogs");
    // `NewTransferCall/ACTIVE3`.
    for part in [
        "<Participant><actions></actions><mediaAddress>01052199414</mediaAddress>",
        "<state>DROPPED</state><stateCause></stateCause>",
        "<Participant><actions><action>UPDATE_CALL_DATA</action></actions><mediaAddress>1001</mediaAddress>",
        "<state>WRAP_UP</state><stateCause></stateCause>",
        "</participants><state>ACTIVE</state>",
        "</dialog></data><event>PUT</event><requestId>145</requestId>",
    ] {
        assert!(wrap_up.contains(part), "{part} in {wrap_up}");
    }
    let events = ask(&mut desk, BOB, BOB, "NOT_READY").expect("an accepted request");
    let ended = &events.last().expect("events").payload;
    assert!(ended.contains("<Participant><actions></actions><mediaAddress>1001</mediaAddress>"), "{ended}");
    assert!(ended.contains("</participants><state>DROPPED</state>"), "{ended}");
    assert!(
        ended.ends_with(
            "</Dialog></dialogs></data><event>DELETE</event><requestId>r-1</requestId>\
             <source>/finesse/api/User/bob/Dialogs</source></Update>"
        ),
        "{ended}"
    );
}

/// The guide, "Queue notifications"; the order around the data is that of the captures.
#[test]
fn statistics_of_a_queue() {
    let mut desk = lab("ucce");
    desk.release = crate::config::Release::R11_6;
    bring(&mut desk, EVE, "NOT_READY");
    let call = Inbound { from: "1".into(), to: "9002".into(), data: CallData::default() };
    desk.place_call(at(466), &call, "").expect("a call");
    let events = desk.tick(at(20_000));
    let queue = "<uri>/finesse/api/Queue/q2</uri><name>Support &amp; Co</name><statistics>\
        <callsInQueue>1</callsInQueue><startTimeOfLongestCallInQueue>2023-01-13T11:07:11.466Z</startTimeOfLongestCallInQueue>\
        <agentsReady>0</agentsReady><agentsNotReady>1</agentsNotReady><agentsTalkingInbound>0</agentsTalkingInbound>\
        <agentsTalkingOutbound>0</agentsTalkingOutbound><agentsTalkingInternal>0</agentsTalkingInternal>\
        <agentsWrapUpNotReady>0</agentsWrapUpNotReady><agentsWrapUpReady>0</agentsWrapUpReady></statistics>";
    assert_eq!(
        on(&events, "/finesse/api/Queue/q2"),
        format!(
            "<Update><data><Queue>{queue}</Queue></data><event>PUT</event><requestId></requestId>\
             <source>/finesse/api/Queue/q2</source></Update>"
        )
    );
    assert_eq!(events.len(), 1, "the other queue has not changed");
    assert_eq!(desk.queue_document(EVE, "q2"), Ok(format!("<Queue>{queue}</Queue>")));
    assert_eq!(desk.queues_of_user(EVE, EVE), Ok(format!("<Queues><Queue>{queue}</Queue></Queues>")));
    assert_eq!(
        desk.wake_at(),
        Some(at(300_466).monotonic),
        "nothing more to look at but the caller's patience"
    );
}

/// However long its variables, what is told of a call stays far below what a session may be owed.
#[test]
fn variables_of_a_call_are_bounded_together() {
    let mut data = CallData::default();
    let mut taken = 0;
    for number in 0..40 {
        taken += usize::from(data.set(format!("user.v{number}"), "&".repeat(210)).is_ok());
    }
    assert_eq!(taken, 9, "2,000 bytes with their names");
    for number in 1..=10 {
        data.set(format!("callVariable{number}"), "&".repeat(40)).expect("one of the ten");
    }
    assert_eq!(data.set("user.v0".into(), "changed".into()), Ok(()));
    assert!(data.set("callVariable11".into(), String::new()).is_err());
    assert!(data.set("callVariable01".into(), String::new()).is_err());
}
