//! Too many wrong passwords: five in a row keep a user out for five minutes.

use std::net::{IpAddr, Ipv4Addr};

use crate::hub::tests::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const MINUTE: Duration = Duration::from_secs(60);

fn credentials(stage: &mut Stage, name: &str) -> Credentials {
    stage.hub.credentials(stage.now, name, HERE).expect("the address need not wait")
}

/// A password as it comes with an HTTP request.
fn http(stage: &mut Stage, name: &str, password: &str) -> bool {
    let credentials = credentials(stage, name);
    let matches = credentials.verify(&password.into());
    let granted = stage.hub.judge(stage.now, &credentials, matches);
    stage.settle();
    granted
}

/// Tries the password in a stream of its own.
fn xmpp(stage: &mut Stage, name: &str, password: &str) -> bool {
    let id = stage.log_in_with(name, password);
    let heard = stage.hear(id).concat();
    stage.hub.closed(stage.now, id, "gone");
    assert_eq!(heard.contains("<not-authorized/>"), !heard.contains("<success"), "{heard}");
    heard.contains("<success")
}

fn wrong(stage: &mut Stage, name: &str, times: usize) {
    for _ in 0..times {
        assert!(!http(stage, name, "wrong"));
    }
}

fn notes(stage: &Stage) -> usize {
    stage.notes.iter().filter(|what| matches!(what, NoteKind::LockedOut { .. })).count()
}

#[test]
fn five_wrong_passwords_through_any_door_close_all_doors_for_five_minutes() {
    let mut stage = Stage::new();
    let up = stage.available("1001", "desktop");
    wrong(&mut stage, "1001", 3);
    assert!(!xmpp(&mut stage, "1001", "wrong"));
    assert_eq!(notes(&stage), 0);
    assert!(!xmpp(&mut stage, "1001", "wrong"));
    assert!(stage.notes.contains(&NoteKind::LockedOut { attempts: 5, time: 5 * MINUTE }));
    for _ in 0..3 {
        assert!(!http(&mut stage, "1001", "1001") && !xmpp(&mut stage, "1001", "1001"));
    }
    assert_eq!((notes(&stage), stage.hub.counters().lockouts), (1, 1));
    // Nobody else is meant, and who is in stays in.
    assert!(http(&mut stage, "1002", "1002") && xmpp(&mut stage, "1002", "1002"));
    stage.publish(USER_NODE, "1");
    assert_eq!(stage.events(up).len(), 1);
    stage.pass(5 * MINUTE);
    assert!(http(&mut stage, "1001", "1001") && xmpp(&mut stage, "1001", "1001"));
}

#[test]
fn a_right_password_is_a_new_beginning_and_so_is_the_end_of_a_block() {
    let mut stage = Stage::new();
    for _ in 0..3 {
        wrong(&mut stage, "1001", 4);
        assert!(xmpp(&mut stage, "1001", "1001"));
    }
    // However long ago the others were.
    wrong(&mut stage, "1001", 4);
    stage.pass(60 * MINUTE);
    wrong(&mut stage, "1001", 1);
    assert!(!http(&mut stage, "1001", "1001"));
    stage.pass(5 * MINUTE);
    wrong(&mut stage, "1001", 4);
    assert!(http(&mut stage, "1001", "1001"));
    assert_eq!(notes(&stage), 1);
}

#[test]
fn trying_while_blocked_starts_the_time_anew_but_for_administrators() {
    let mut stage = Stage::new();
    for (name, password, again) in [("1001", "1001", true), ("administrator", "1234", false)] {
        wrong(&mut stage, name, 5);
        stage.pass(4 * MINUTE);
        assert!(!http(&mut stage, name, password));
        stage.pass(MINUTE);
        assert_eq!(http(&mut stage, name, password), !again, "{name}");
        stage.pass(5 * MINUTE - Duration::from_millis(1));
        assert_eq!(http(&mut stage, name, password), !again, "{name}");
        stage.pass(5 * MINUTE);
        assert!(http(&mut stage, name, password), "{name}");
    }
    assert_eq!(notes(&stage), 2);
}

#[test]
fn a_login_name_is_the_same_user() {
    let mut stage = Stage::with(|config| config.users[1].login_name = Some("ada".into()));
    assert_eq!(stage.hub.users().find_login("ada", "localhost"), stage.hub.users().find("1001"));
    wrong(&mut stage, "ada", 2);
    wrong(&mut stage, "1001", 3);
    assert!(!http(&mut stage, "ada", "1001"));
}

#[test]
fn it_can_be_turned_off_and_names_that_nobody_has_are_not_counted() {
    let mut stage = Stage::with(|config| config.limits.lockout_attempts = 0);
    wrong(&mut stage, "1001", 50);
    assert!(http(&mut stage, "1001", "1001"));
    let mut stage = Stage::with(|config| config.limits.lockout_attempts = 1);
    wrong(&mut stage, "nobody", 50);
    assert_eq!(notes(&stage), 0);
    wrong(&mut stage, "1001", 1);
    assert!(!http(&mut stage, "1001", "1001"));
}

#[test]
fn checks_at_the_same_time_are_no_more_tries_than_one_after_the_other() {
    let hash = Password::hash("1001", 1000).expect("a hash");
    let hash = Password::parse_hash(&hash).expect("a hash");
    let mut stage = Stage::with(|config| config.users[1].password = hash);
    // All asked before any is answered, by streams and requests. Half of the streams do not wait.
    let mut checks: Vec<Credentials> = (0..3).map(|_| credentials(&mut stage, "1001")).collect();
    for stays in [true, false, true] {
        let id = stage.log_in_with("1001", "wrong");
        let (session, credentials, attempt) = stage.checks.pop().expect("a check");
        assert_eq!(session, id);
        assert!(matches!(attempt, Evidence::Password(text) if text == "wrong"));
        checks.push(credentials);
        if !stays {
            stage.hub.closed(stage.now, id, "gone");
        }
    }
    let (last, five) = checks.split_last().expect("there are six");
    for credentials in five {
        assert!(!stage.hub.judge(stage.now, credentials, credentials.verify(&"wrong".into())));
    }
    // The sixth is right, and begun before anybody was blocked.
    let matches = last.verify(&"1001".into());
    assert!(matches && !stage.hub.judge(stage.now, last, matches));
    // From now on the password is not even looked at, and the check is as slow as any other.
    let blocked = credentials(&mut stage, "1001");
    assert!(blocked.is_slow(&"1001".into()) && !blocked.verify(&"1001".into()));
    assert_eq!(stage.hub.counters().lockouts, 1);
    // That look does not count against the user, also if the answer comes after the block.
    stage.pass(5 * MINUTE);
    for _ in 0..5 {
        assert!(!stage.hub.judge(stage.now, &blocked, false));
    }
    assert!(http(&mut stage, "1001", "1001"));
    // Many right ones at the same time are all right.
    let checks: Vec<Credentials> = (0..9).map(|_| credentials(&mut stage, "1001")).collect();
    for credentials in &checks {
        assert!(stage.hub.judge(stage.now, credentials, true));
    }
}

/// A name costs something before it is known to be nobody's.
#[test]
fn an_address_that_has_to_wait_costs_no_look_at_the_name() {
    let mut stage = Stage::with(|config| config.limits.address_attempts = 1);
    let name = "\u{fdfa}".repeat(1000);
    let ask = |stage: &mut Stage| {
        crate::prepare::work::of(|| {
            let _ = stage.hub.credentials(stage.now, &name, HERE);
        })
    };
    assert!((1..1200).contains(&ask(&mut stage)));
    wrong(&mut stage, "1001", 1);
    assert_eq!(ask(&mut stage), 0);
}

/// Every kind of frame in which a name can stand.
#[test]
fn what_is_said_before_the_login_is_prepared_up_to_a_bound_each() {
    use base64::Engine as _;
    let mut stage = Stage::new();
    let costly = "\u{fdfa}".repeat(1000);
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let frames = [
        format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost/{costly}' version='1.0'/>"),
        format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{costly}' version='1.0'/>"),
        format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{}</auth>",
            encode(&format!("\0{costly}\0x"))
        ),
        format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{}</auth>",
            encode(&format!("\x001001\0{costly}"))
        ),
        format!("<iq xmlns='jabber:client' to='{costly}' from='{costly}' id='1' type='get'/>"),
    ];
    for frame in frames {
        let id = stage.connect();
        if frame.starts_with("<auth") {
            stage.open(id);
        }
        let work = crate::prepare::work::of(|| stage.say(id, &frame));
        assert!(work < 1300, "{work}: {}", &frame[..60]);
        stage.hub.closed(stage.now, id, "gone");
    }
}
