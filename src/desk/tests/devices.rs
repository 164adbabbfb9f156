//! Devices of telephones: what there is to choose from, and what an agent has chosen.

use crate::desk::tests::*;

const DEVICES: &str = "devices = [[\"SEP1\", 30018, \"Cisco <7961>\"], [\"CSF1\", 503, \"Client Services\"]]";

fn people() -> String {
    PEOPLE
        .replace("extension = \"1001\"", &format!("extension = \"1001\"\n{DEVICES}"))
        .replace("extension = \"1002\"", "extension = \"1002\"\ndevices = [[\"SEP2\", 1, \"Phone\"]]")
}

fn desk_of(profile: &str, release: &str) -> Desk {
    let text = format!("profile = \"{profile}\"\nrelease = \"{release}\"\n{}", people());
    at_once(Config::parse(&text, "c.toml").expect("a valid file"))
}

fn log_in(desk: &mut Desk, user: UserId, extension: &str, device: &str) -> Result<Vec<Event>, ApiError> {
    let device =
        if device.is_empty() { String::new() } else { format!("<activeDeviceId>{device}</activeDeviceId>") };
    let body = format!("<User><state>LOGIN</state><extension>{extension}</extension>{device}</User>");
    desk.set_state(at(1), user, user, &asked(&body), "r")
}

#[test]
fn finding_m15_the_devices_of_a_telephone_are_listed_from_12_6_on() {
    let desk = desk_of("ucce", "12.6");
    let both = "<Devices><Device><deviceId>SEP1</deviceId><deviceType>30018</deviceType>\
                <deviceTypeName>Cisco &lt;7961&gt;</deviceTypeName></Device><Device><deviceId>CSF1</deviceId>\
                <deviceType>503</deviceType><deviceTypeName>Client Services</deviceTypeName></Device></Devices>";
    assert_eq!(shown(desk.devices_document("1001")), both);
    for (actor, user, expected) in [
        (BOB, BOB, both),
        (ADA, BOB, both),
        (ROOT, BOB, both),
        (EVE, BOB, "401|Invalid Authorization User Specified|bob"),
        (ADA, ADA, "404|Not Found|1000"),
        (SUE, SUE, "404|Not Found|"),
    ] {
        assert_eq!(shown(desk.devices_of_user(actor, user)), expected, "{actor:?} {user:?}");
    }
    assert_eq!(shown(desk.devices_document("9")), "404|Not Found|9");
    // They are those of a CTI server of Enterprise.
    let express = desk_of("uccx", "12.6");
    let denied = "400|Bad Request|Devices are those of Unified CCE";
    assert_eq!(shown(express.devices_document("1001")), denied);
    assert_eq!(shown(express.devices_of_user(BOB, BOB)), denied);
}

#[test]
fn finding_m15_a_sign_in_chooses_a_device_which_the_user_shows() {
    let mut desk = desk_of("ucce", "15");
    let device = |desk: &Desk, user| field(&get(desk, user), "activeDeviceId");
    let selection = |desk: &Desk, user| field(&get(desk, user), "deviceSelection");
    assert_eq!([BOB, EVE, ADA].map(|user| selection(&desk, user)), ["enabled", "disabled", "disabled"]);
    assert_eq!(device(&desk, BOB), "");
    assert!(get(&desk, BOB).starts_with("<User><activeDeviceId></activeDeviceId><dialogs>"));
    // The database keys of the agents, and the services of Webex, which nobody has (the guide of 12.6(2), "User").
    let keys = [BOB, EVE, ADA].map(|user| field(&get(&desk, user), "skillTargetId"));
    assert_eq!(keys, ["5001", "5002", "5000"]);
    assert!(get(&desk, BOB).contains("</roles><services/><settings>"), "{}", get(&desk, BOB));
    let error = log_in(&mut desk, BOB, "1001", "SEP2").expect_err("a device of another telephone");
    assert_eq!(told(&error), (400, "Invalid Input".into(), "activeDeviceId".into()));
    let events = log_in(&mut desk, BOB, "1001", "CSF1").expect("one of its own");
    assert_eq!(field(&events[0].payload, "activeDeviceId"), "CSF1");
    assert!(
        events[0].payload.contains("<settings><deviceSelection>enabled</deviceSelection><wrapUpOnIncoming>")
    );
    // Signing in again keeps it, or chooses another one; another telephone has others.
    log_in(&mut desk, BOB, "1001", "").expect("again");
    assert_eq!(device(&desk, BOB), "CSF1");
    log_in(&mut desk, BOB, "1001", "SEP1").expect("another one");
    assert_eq!(device(&desk, BOB), "SEP1");
    log_in(&mut desk, BOB, "1002", "").expect("another telephone");
    assert_eq!((device(&desk, BOB), selection(&desk, BOB)), ("SEP2".into(), "disabled".into()));
    assert!(shown(desk.devices_of_user(BOB, BOB)).contains("SEP2"));
    ask(&mut desk, BOB, BOB, "LOGOUT").expect("it may");
    assert_eq!(device(&desk, BOB), "");
    // What another file takes away is shown no more, and the user is told.
    log_in(&mut desk, BOB, "1001", "CSF1").expect("one of its own");
    let less = people().replace(", [\"CSF1\", 503, \"Client Services\"]", "");
    let text = format!("profile = \"ucce\"\nrelease = \"15\"\n{less}");
    let events = desk.reload(at(2), Config::parse(&text, "c.toml").expect("a valid file"));
    assert_eq!(
        (field(&events[0].payload, "activeDeviceId"), device(&desk, BOB)),
        (String::new(), String::new())
    );
    // Before, and on Express, there is no such choice.
    for (profile, release) in [("ucce", "12.5"), ("uccx", "12.6")] {
        let mut desk = desk_of(profile, release);
        log_in(&mut desk, BOB, "1001", "no device").expect("it is read over");
        let user = get(&desk, BOB);
        assert!(!user.contains("activeDeviceId") && !user.contains("deviceSelection"), "{user}");
        assert!(!user.contains("skillTargetId") && !user.contains("services"), "{user}");
    }
}
