//! Another configuration while a password is checked.

use crate::hub::tests::*;

fn hashed(config: &mut Config, password: &str) {
    let hash = Password::hash(password, 1000).expect("a hash");
    config.users[1].password = Password::parse_hash(&hash).expect("a hash");
}

/// The demo in which 1001 has a hashed password, and the same without that user.
fn configs() -> (Config, Config) {
    let mut config = Config::demo();
    hashed(&mut config, "1001");
    let mut without = config.clone();
    without.users.retain(|user| user.id != "1001");
    (config, without)
}

/// A login whose password is being checked.
fn checking(config: &Config) -> (Stage, SessionId, Credentials, Evidence) {
    let config = config.clone();
    let mut stage = Stage::with(|demo| *demo = config);
    stage.log_in_with("1001", "1001");
    let (session, credentials, attempt) = stage.checks.pop().expect("a check");
    (stage, session, credentials, attempt)
}

fn reload(stage: &mut Stage, config: &Config) {
    stage.hub.reload(stage.now, config.clone());
    stage.settle();
}

#[test]
fn a_user_removed_before_the_result_of_the_check_is_used_is_not_let_in() {
    let (with, without) = configs();
    for is_judged_first in [true, false] {
        let (mut stage, id, credentials, attempt) = checking(&with);
        let matches = credentials.verify(&attempt);
        assert!(matches);
        if !is_judged_first {
            reload(&mut stage, &without);
        }
        let granted = stage.hub.judge(stage.now, &credentials, matches);
        assert_eq!(granted, is_judged_first);
        reload(&mut stage, &without);
        stage.hub.verified(stage.now, id, credentials.user, granted);
        stage.settle();
        assert!(stage.hear(id).concat().contains("<not-authorized/>"));
        assert!(!stage.hub.is_logged_in(id));
        // Nor with a ticket that was made in that moment.
        let user = credentials.user.expect("there is such a user");
        let ticket = stage.hub.make_ticket(stage.now, user).expect("there is a place");
        assert!(stage.hub.ticket(stage.now, &ticket).is_none());
    }
}

#[test]
fn an_old_password_is_none_when_its_check_ends_after_the_change() {
    let (config, _) = configs();
    for (new, is_the_same) in [("new", false), ("1001", true)] {
        let (mut stage, id, credentials, attempt) = checking(&config);
        let mut other = config.clone();
        if !is_the_same {
            hashed(&mut other, new);
        }
        reload(&mut stage, &other);
        let granted = stage.hub.judge(stage.now, &credentials, credentials.verify(&attempt));
        assert_eq!(granted, is_the_same);
        stage.hub.verified(stage.now, id, credentials.user, granted);
        stage.settle();
        assert_eq!(stage.hub.is_logged_in(id), is_the_same);
    }
}

#[test]
fn a_session_without_a_resource_ends_with_its_user_too() {
    let (_, without) = configs();
    let mut stage = Stage::new();
    let id = stage.opened("1001");
    reload(&mut stage, &without);
    assert!(stage.hear(id).concat().contains("does not have this user any more"));
    stage.say(id, BIND);
    assert_eq!(stage.hear(id).concat(), "");
}

#[test]
fn a_request_that_still_waits_when_its_user_is_gone_is_not_carried_out() {
    let (with, without) = configs();
    let mut stage = Stage::with(|demo| *demo = with.clone());
    let user = stage.hub.users().find("1001").expect("it is there");
    let admit = |stage: &mut Stage| stage.hub.admit(stage.now, user, stage.now.monotonic, 1);
    assert_eq!(admit(&mut stage), Admission::Now);
    reload(&mut stage, &without);
    assert_eq!(admit(&mut stage), Admission::Gone);
    // The user who comes back may have another password.
    reload(&mut stage, &with);
    assert_eq!(admit(&mut stage), Admission::Gone);
    let user = stage.hub.users().find("1001").expect("it is there again");
    assert_eq!(stage.hub.admit(stage.now, user, stage.now.monotonic, 1), Admission::Now);
}

/// A file may name other listeners, which count only from the next start on.
#[test]
#[cfg(feature = "lab")]
fn a_reset_after_a_reload_leaves_the_ports_as_they_are() {
    let mut stage = Stage::with(|config| config.release = crate::config::Release::R12_6);
    let mut other = Config::demo();
    other.listen_xmpp.clear();
    other.listen_xmpp_plain = vec![([127, 0, 0, 1], 0).into()];
    reload(&mut stage, &other);
    let wanted = Reset { keeps_sessions: true, keeps_guests: false, keeps_faults: false };
    assert!(stage.hub.reset(stage.now, wanted));
    stage.settle();
    let info = stage.hub.desk().system_info_document(stage.now, "lab");
    assert!(info.contains("<xmppPort>5222</xmppPort><xmppSecurePort>5223</xmppSecurePort>"), "{info}");
}
