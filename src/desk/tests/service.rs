//! The status of the service.

use std::fmt::Write as _;

use crate::desk::Command;
use crate::desk::tests::*;

/// What the system says of itself.
fn system(
    root: &str,
    time: &str,
    heartbeat: (&str, u64),
    host: &str,
    deployment: &str,
    status: &str,
) -> String {
    let (heard, last) = heartbeat;
    format!(
        "<{root}><currentTimestamp>2023-01-13T{time}Z</currentTimestamp><deploymentType>{deployment}</deploymentType>\
         <lastCTIHeartbeatStatus>{heard}</lastCTIHeartbeatStatus>\
         <lastSuccessCTIHeartbeatTime>{last}</lastSuccessCTIHeartbeatTime><ctiVersion>23</ctiVersion>\
         <ctiHeartbeatInterval>2</ctiHeartbeatInterval><license></license><peripheralId>5000</peripheralId>\
         <primaryNode><host>{host}</host></primaryNode><status>{status}</status><statusReason></statusReason>\
         <systemAuthMode>NON_SSO</systemAuthMode><timezoneOffset>0</timezoneOffset>\
         <uri>/finesse/api/SystemInfo</uri><xmppDomain>localhost</xmppDomain>\
         <xmppPubSubDomain>pubsub.localhost</xmppPubSubDomain></{root}>"
    )
}

#[test]
fn the_system_is_in_service_until_it_is_said_to_be_not() {
    for (profile, deployment) in [("uccx", "UCCX"), ("ucce", "UCCE")] {
        let mut desk = desk(profile);
        let heard = ("success", 1_673_608_031_007);
        let expected = system("SystemInfo", "11:07:11.007", heard, "lab&amp;", deployment, "IN_SERVICE");
        assert_eq!(desk.system_info_document(at(7), "lab&"), expected);
        for (time, status, name, heard) in [
            (1000, Status::OutOfService, "OUT_OF_SERVICE", ("failure", 1_673_608_032_000)),
            (2000, Status::OutOfService, "OUT_OF_SERVICE", ("failure", 1_673_608_032_000)),
            (3000, Status::PartialService, "PARTIAL_SERVICE", ("success", 1_673_608_034_000)),
        ] {
            desk.set_status(at(time), status);
            let event = desk.status_told(at(3000));
            let data = system("systemInfo", "11:07:14.000", heard, "localhost", deployment, name);
            assert_eq!(event.node, "/finesse/api/SystemInfo");
            assert_eq!(
                event.payload,
                format!(
                    "<Update><data>{data}</data><event>PUT</event><requestId></requestId>\
                     <source>/finesse/api/SystemInfo</source></Update>"
                )
            );
            let document = desk.system_info_document(at(3000), "localhost");
            assert_eq!(document, data.replace("systemInfo>", "SystemInfo>"));
            let refused = desk.in_service().expect_err(name);
            assert_eq!(refused.status(), 503);
            assert_eq!(
                refused.document(),
                "<ApiErrors><ApiError><ErrorType>Service Unavailable</ErrorType><ErrorData></ErrorData>\
                 <ErrorMessage>SERVER_OUT_OF_SERVICE</ErrorMessage></ApiError></ApiErrors>"
            );
        }
        desk.set_status(at(4000), Status::InService);
        assert!(desk.in_service().is_ok() && desk.status() == Status::InService);
    }
}

/// The guide's order of elements ("SystemInfo" of 12.6): the modes stand before the licence, the CTI servers at the end.
#[test]
fn finding_m9_the_system_of_12_6_has_ports_modes_and_the_cti_server() {
    let modes = "<ctiMMode></ctiMMode><ctiTimeInMMode>-1</ctiTimeInMMode><finesseMMode></finesseMMode>\
                 <finesseTimeInMMode>-1</finesseTimeInMMode><license>";
    let server = |duration: u64, active: bool| {
        format!(
            "<ctiServers><ctiServer><host>localhost</host><connectedDuration>{duration}</connectedDuration>\
             <active>{active}</active></ctiServer></ctiServers></"
        )
    };
    for release in ["12.6", "15"] {
        for (profile, deployment, version) in [("uccx", "UCCX", "23"), ("ucce", "UCCE", "24")] {
            for (listen, port) in [("[\"127.0.0.1:8443\", \"127.0.0.1:8445\"]", "8443"), ("[]", "")] {
                let keys =
                    format!("release = \"{release}\"\nlisten = {listen}\nlisten_plain = [\"127.0.0.1:1\"]");
                let mut desk = desk_with(profile, &keys, "");
                let before = system(
                    "SystemInfo",
                    "11:07:11.007",
                    ("success", 1_673_608_031_007),
                    "lab",
                    deployment,
                    "IN_SERVICE",
                );
                let node = format!(
                    "<primaryNode><host>lab</host><httpsPort>{port}</httpsPort><xmppPort></xmppPort>\
                     <xmppSecurePort></xmppSecurePort></primaryNode>"
                );
                let expected = before
                    .replace("<ctiVersion>23", &format!("<ctiVersion>{version}"))
                    .replace("<license>", modes)
                    .replace("<primaryNode><host>lab</host></primaryNode>", &node)
                    .replace("</SystemInfo>", &(server(0, true) + "SystemInfo>"));
                assert_eq!(desk.system_info_document(at(7), "lab"), expected, "{profile} {release}");
                let set = |status| Command::SetStatus { status, tell: true, tell_states: false };
                for (time, status, shown, duration, active) in [
                    (1000, Status::InService, 4000, 3, true),
                    (5000, Status::OutOfService, 9000, 0, false),
                    (9000, Status::InService, 9999, 0, true),
                    (9000, Status::InService, 12_000, 3, true),
                ] {
                    let told = desk.apply(at(time), set(status)).expect("the system may").events;
                    assert!(told[0].payload.contains("<ctiServers>"), "the event has the whole object");
                    let document = desk.system_info_document(at(shown), "lab");
                    assert!(document.ends_with(&(server(duration, active) + "SystemInfo>")), "{document}");
                }
            }
        }
    }
}

#[test]
fn states_are_told_to_those_who_are_signed_in() {
    let mut desk = desk("uccx");
    bring(&mut desk, EVE, "READY");
    bring(&mut desk, ADA, "NOT_READY");
    desk.tell_states(at(1000));
    assert_eq!(desk.wake_at(), Some(at(1000).monotonic));
    let events = desk.tick(at(1000));
    let told: Vec<(&str, String)> =
        events.iter().map(|event| (event.node.as_str(), field(&event.payload, "state"))).collect();
    assert_eq!(
        told,
        [("/finesse/api/User/ada", "NOT_READY".to_owned()), ("/finesse/api/User/eve", "READY".to_owned())]
    );
    assert!(events.iter().all(|event| event.payload.contains("<requestId></requestId>")));
    assert_eq!(desk.wake_at(), None);
}

#[test]
fn calls_are_told_behind_the_state_of_their_agent() {
    let mut desk = desk("uccx");
    bring(&mut desk, EVE, "READY");
    let call = Inbound { from: "5550123".into(), to: "1002".into(), data: CallData::default() };
    let (id, _) = desk.place_call(at(0), &call, "").expect("she is there");
    desk.tell_states(at(1000));
    let events = desk.tick(at(1000));
    let nodes: Vec<&str> = events.iter().map(|event| event.node.as_str()).collect();
    assert_eq!(nodes, ["/finesse/api/User/eve", "/finesse/api/User/eve/Dialogs"]);
    assert_eq!(field(&events[0].payload, "state"), "READY");
    let told = &events[1].payload;
    assert!(told.starts_with("<Update><data><dialog>"), "{told}");
    assert!(
        told.ends_with(&format!(
            "<event>PUT</event><requestId></requestId><source>/finesse/api/Dialog/{id}</source></Update>"
        )),
        "{told}"
    );
}

/// A desk with so many agents, all signed in.
fn crowd(count: u32) -> Desk {
    let mut more = String::new();
    for number in 0..count {
        write!(
            more,
            "[[user]]\nid = \"crowd{number}\"\npassword = \"x\"\nteam = \"1\"\nextension = \"2{number:05}\"\n"
        )
        .expect("a String takes it");
    }
    let mut desk = desk_with("uccx", "", &more);
    for user in desk.directory().keys().skip(5).collect::<Vec<_>>() {
        ask(&mut desk, user, user, "LOGIN").expect("an accepted request");
    }
    desk
}

#[test]
fn many_are_told_in_slices_and_nobody_twice() {
    for (count, slices) in [(0, vec![0]), (64, vec![64]), (65, vec![64, 1]), (200, vec![64, 64, 64, 8])] {
        let mut desk = crowd(count);
        desk.tell_states(at(0));
        let mut told = Vec::new();
        for (time, slice) in (0..).zip(slices) {
            assert_eq!(desk.wake_at(), Some(at(time).monotonic));
            let events = desk.tick(at(time));
            assert_eq!(events.len(), slice);
            told.extend(events.into_iter().map(|event| event.node));
            assert_eq!(desk.tick(at(time)), [], "the loop has its turn between");
        }
        let expected: Vec<String> =
            (0..count).map(|number| format!("/finesse/api/User/crowd{number}")).collect();
        assert_eq!(told, expected);
        assert_eq!(desk.wake_at(), None);
    }
}

#[test]
fn telling_ends_when_the_service_is_lost_again_and_starts_anew() {
    let mut desk = crowd(100);
    desk.tell_states(at(0));
    assert_eq!(desk.tick(at(0)).len(), 64);
    desk.set_status(at(0), Status::OutOfService);
    assert_eq!(desk.wake_at(), None);
    assert_eq!(desk.tick(at(1000)), []);
    desk.set_status(at(2000), Status::InService);
    desk.tell_states(at(2000));
    desk.tell_states(at(2000));
    assert_eq!(desk.tick(at(2000)).len() + desk.tick(at(2001)).len(), 100);
    assert_eq!(desk.wake_at(), None);
}
