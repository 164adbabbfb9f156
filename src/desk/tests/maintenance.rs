//! Maintenance mode, and what administrators ask of the running system.

use crate::desk::tests::*;
use crate::desk::{ClientKind, Command, Connected, ConnectedUser, Request, StartMaintenance};

const USERS: Connected = Connected { desktop: 3, fippa: 0, third_party: 2, via_proxy: 1 };

/// `PUT /MaintenanceMode`.
fn begin(desk: &mut Desk, time: u64, actor: UserId) -> Result<Vec<Event>, ApiError> {
    let asked = StartMaintenance { users: USERS, estimate: Duration::from_secs(60) };
    let request = Request::StartMaintenance(asked);
    let command = Command::Request { actor, request_id: String::new(), request };
    desk.apply(at(time), command).map(|applied| applied.events)
}

fn end(desk: &mut Desk, time: u64, left: usize) -> Vec<Event> {
    desk.apply(at(time), Command::EndMaintenance { left }).expect("it cannot be refused").events
}

fn set_status(desk: &mut Desk, time: u64, status: Status) {
    let command = Command::SetStatus { status, tell: false, tell_states: false };
    desk.apply(at(time), command).expect("it cannot be refused");
}

fn mode(status: &str, reason: &str, [desktop, third_party]: [u32; 2], pending: u32, rest: u32) -> String {
    format!(
        "<MaintenanceMode><status>{status}</status><statusReason>{reason}</statusReason><usersLoggedIn>\
         <desktop>{desktop}</desktop><fippa>0</fippa><thirdPartyClients>{third_party}</thirdPartyClients></usersLoggedIn>\
         <pendingUserDisconnections>{pending}</pendingUserDisconnections>\
         <estimatedCompletionTime>{rest}</estimatedCompletionTime></MaintenanceMode>"
    )
}

/// The document when so many users are on line.
fn shown_at(desk: &Desk, time: u64, on_line: usize) -> String {
    desk.maintenance_document(at(time), ROOT, on_line).expect("an administrator")
}

#[test]
fn finding_m17_maintenance_mode_goes_on_until_nobody_is_left_or_fails() {
    for profile in ["uccx", "ucce"] {
        let mut desk = desk_with(profile, "release = \"12.6\"", "");
        assert_eq!(desk.maintenance_mode(at(0)), ("", -1));
        assert_eq!(shown_at(&desk, 0, 7), mode("", "", [0, 0], 0, 0));
        let modes = |document: &str| {
            ["finesseMMode", "finesseTimeInMMode"].map(|name| field(document, name)).join(" ")
        };
        assert_eq!(modes(&desk.system_info_document(at(0), "")), " -1");
        let events = begin(&mut desk, 1000, ROOT).expect("an administrator may");
        assert_eq!(modes(&events[0].payload), "IN_PROGRESS 0");
        assert_eq!(events.iter().map(|event| &*event.node).collect::<Vec<_>>(), ["/finesse/api/SystemInfo"]);
        assert_eq!(field(&events[0].payload, "status"), "IN_SERVICE");
        assert_eq!(desk.maintenance_mode(at(43_500)), ("IN_PROGRESS", 42));
        assert!(desk.is_in_maintenance());
        assert_eq!(shown_at(&desk, 41_000, 4), mode("IN_PROGRESS", "", [3, 2], 4, 20));
        assert_eq!(shown_at(&desk, 100_000, 1), mode("IN_PROGRESS", "", [3, 2], 1, 0));
        let again = begin(&mut desk, 2000, ROOT).expect_err("it goes on");
        assert_eq!(told(&again), (400, "Bad Request".to_owned(), "status".to_owned()));

        let events = end(&mut desk, 61_000, 2);
        assert_eq!(events.len(), 1, "everybody is told that it failed");
        assert_eq!(
            shown_at(&desk, 61_000, 5),
            mode("FAILED", "Users who are still connected: 2", [3, 2], 2, 0)
        );
        assert!(!desk.is_in_maintenance() && desk.status() == Status::InService);
        assert_eq!(end(&mut desk, 62_000, 0), [], "it is over");

        begin(&mut desk, 70_000, ROOT).expect("it can be tried again");
        assert_eq!(end(&mut desk, 71_000, 0), [], "the end of the services is told next");
        assert_eq!(shown_at(&desk, 71_000, 5), mode("COMPLETED", "", [3, 2], 0, 0));
        set_status(&mut desk, 71_000, Status::OutOfService);
        assert_eq!(desk.maintenance_mode(at(80_000)), ("COMPLETED", 10));
        set_status(&mut desk, 90_000, Status::InService);
        assert_eq!(desk.maintenance_mode(at(90_000)), ("", -1), "the services were started again");
    }
}

#[test]
fn everybody_is_told_when_a_reset_ends_maintenance_mode() {
    let text = format!("profile = \"ucce\"\nrelease = \"12.6\"\n{PEOPLE}");
    let config = || Config::parse(&text, "c.toml").expect("a valid file");
    let mut desk = at_once(config());
    begin(&mut desk, 0, ROOT).expect("an administrator may");
    let events = desk.apply(at(1000), Command::Reset(config().into())).expect("it cannot be refused").events;
    assert_eq!(events.iter().map(|event| &*event.node).collect::<Vec<_>>(), ["/finesse/api/SystemInfo"]);
    assert_eq!(field(&events[0].payload, "finesseMMode"), "");
    assert!(!desk.is_in_maintenance());
}

#[test]
fn maintenance_mode_fails_when_the_service_goes_meanwhile() {
    let mut desk = desk("ucce");
    begin(&mut desk, 0, ROOT).expect("an administrator may");
    set_status(&mut desk, 1000, Status::InService);
    assert!(desk.is_in_maintenance());
    set_status(&mut desk, 2000, Status::PartialService);
    assert!(!desk.is_in_maintenance());
    assert_eq!(shown_at(&desk, 2000, 5), mode("FAILED", "The server went out of service", [3, 2], 0, 0));
}

#[test]
fn only_administrators_ask_for_maintenance_mode() {
    let mut desk = desk("uccx");
    for (actor, id) in [(ADA, "ada"), (BOB, "bob"), (SUE, "sue")] {
        let refused = (401, "Authorization Failure".to_owned(), id.to_owned());
        assert_eq!(told(&begin(&mut desk, 0, actor).expect_err(id)), refused);
        assert_eq!(told(&desk.maintenance_document(at(0), actor, 0).expect_err(id)), refused);
    }
    assert_eq!(desk.maintenance_mode(at(0)), ("", -1));
}

#[test]
fn the_body_of_maintenance_mode_asks_for_its_beginning() {
    let read = |body: &str| StartMaintenance::read(body, &Bounds::of(&Limits::default()));
    for body in ["<MaintenanceMode/>", "<MaintenanceMode><status> IN_PROGRESS </status></MaintenanceMode>"] {
        assert_eq!(read(body), Ok(StartMaintenance::default()), "{body}");
    }
    for (body, kind, data) in [
        ("<MaintenanceMode><status>COMPLETED</status></MaintenanceMode>", "Invalid Input", "status"),
        ("<Maintenance/>", "Bad Request", "the root element must be MaintenanceMode"),
    ] {
        let error = read(body).expect_err(body);
        assert_eq!(told(&error), (400, kind.to_owned(), data.to_owned()));
    }
}

fn connected(user: UserId, client: ClientKind, jid: &str, via_proxy: bool) -> ConnectedUser {
    ConnectedUser { user, client, jid: jid.into(), duration: Duration::from_millis(61_900), via_proxy }
}

const SUMMARY: &str = "<userSummary><desktopUsers>1</desktopUsers><fippaUsers>1</fippaUsers><thirdPartyUsers>1</thirdPartyUsers>\
     <totalConnectedUsers>3</totalConnectedUsers><totalConnectedUsersViaProxy>2</totalConnectedUsersViaProxy></userSummary>";

#[test]
fn finding_m17_the_connected_users_are_counted_and_listed() {
    let mut desk = desk_with("uccx", "release = \"12.6\"", "");
    bring(&mut desk, BOB, "READY");
    let users = [
        connected(BOB, ClientKind::Desktop, "bob@localhost/desktop", true),
        connected(EVE, ClientKind::ThirdParty, "eve@localhost/<x>", true),
        connected(ROOT, ClientKind::Fippa, "root@localhost/fippa", false),
    ];
    let uri = "<uri>/finesse/api/ConnectedUsersInfo</uri></ConnectedUsersInfo>";
    let document = desk.connected_users_document(ROOT, &users, false, "host");
    assert_eq!(document, Ok(format!("<ConnectedUsersInfo>{SUMMARY}{uri}")));
    let detail = |id: &str, kind: &str, jid: &str, team: &str, extension: &str, first: &str| {
        format!(
            "<userDetail><loginId>{id}</loginId><userType>{kind}</userType><xmppJID>{jid}</xmppJID><teamName>{team}</teamName>\
             <extension>{extension}</extension><firstName>{first}</firstName><lastName></lastName>\
             <connectedDuration>61</connectedDuration><connectedHostName>host</connectedHostName></userDetail>"
        )
    };
    let details = [
        detail("bob", "DESKTOP", "bob@localhost/desktop", "Lab &amp; Co", "1001", "Bob &lt;b&gt;"),
        detail("eve", "THIRDPARTY", "eve@localhost/&lt;x&gt;", "Kiosk", "", ""),
        detail("root", "FIPPA", "root@localhost/fippa", "", "", ""),
    ]
    .concat();
    let document = desk.connected_users_document(ROOT, &users, true, "host");
    assert_eq!(
        document,
        Ok(format!("<ConnectedUsersInfo>{SUMMARY}<userDetails>{details}</userDetails>{uri}"))
    );
}

#[test]
fn finding_m17_the_figures_of_the_running_system_are_those_of_who_is_signed_in() {
    let queues = "[[queue]]\nid = \"1\"\nname = \"A\"\nnumber = \"9001\"\nteam = \"1\"\n\
                  [[queue]]\nid = \"2\"\nname = \"B\"\nnumber = \"9002\"\nteam = \"1\"\n\
                  [[queue]]\nid = \"3\"\nname = \"C\"\nnumber = \"9003\"\nteam = \"2\"\n";
    for (profile, alone) in [("uccx", "1"), ("ucce", "0")] {
        let mut desk = desk_with(profile, "", queues);
        let figures = |desk: &Desk| {
            let document =
                desk.runtime_config_document(ROOT, Connected::default()).expect("an administrator");
            [
                "activeDialogCount",
                "activeTaskCount",
                "averageConfiguredMediaPerAgent",
                "averageLoggedInMediaPerAgent",
                "averageSkillGroupCountPerAgent",
                "totalConnectedUsers",
                "uri",
            ]
            .map(|name| field(&document, name))
            .join(" ")
        };
        assert_eq!(figures(&desk), format!("0 0 {alone} {alone} 0 0 /finesse/api/RuntimeConfigInfo"));
        for user in [ADA, BOB, EVE] {
            bring(&mut desk, user, "NOT_READY");
        }
        // Two agents with two queues each and one with one.
        assert_eq!(figures(&desk), "0 0 1 1 1 0 /finesse/api/RuntimeConfigInfo");
    }
}

#[test]
fn finding_m17_users_who_are_kept_out_are_listed_and_the_rest_of_it_is_for_administrators() {
    let mut desk = desk("ucce");
    let users = [(ADA, Duration::from_millis(299_999)), (BOB, Duration::from_secs(1))];
    let one = |id: &str, name: &str, first: &str, rest: u32| {
        format!(
            "<LockedOutUser><loginId>{id}</loginId><loginName>{name}</loginName><firstName>{first}</firstName><lastName></lastName>\
             <remainingTime>{rest}</remainingTime><uri>/finesse/api/LockedOutUsers/{id}</uri></LockedOutUser>"
        )
    };
    let both = one("ada", "Ada", "", 299) + &one("bob", "bob", "Bob &lt;b&gt;", 1);
    assert_eq!(
        desk.locked_out_document(ROOT, &users),
        Ok(format!("<LockedOutUsers>{both}</LockedOutUsers>"))
    );
    let unlock = |desk: &mut Desk, actor, id: &str| {
        let request = Request::Unlock(id.to_owned());
        desk.apply(at(0), Command::Request { actor, request_id: String::new(), request }).map(drop)
    };
    assert_eq!(unlock(&mut desk, ROOT, "bob"), Ok(()));
    assert_eq!(told(&unlock(&mut desk, ROOT, "tom").expect_err("nobody")).1, "User Not Found");
    for (actor, id) in [(ADA, "ada"), (BOB, "bob"), (SUE, "sue")] {
        for refused in [
            desk.locked_out_document(actor, &[]).map(drop),
            desk.runtime_config_document(actor, Connected::default()).map(drop),
            desk.connected_users_document(actor, &[], true, "").map(drop),
            unlock(&mut desk, actor, "eve"),
        ] {
            assert_eq!(told(&refused.expect_err(id)), (403, "Forbidden".to_owned(), id.to_owned()));
        }
    }
}
