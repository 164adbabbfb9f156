//! Passwords that are checked outside of the hub.

use crate::config::password::Password;
use crate::hub::tests::*;

#[test]
fn a_slow_check_is_made_outside_and_the_session_waits_for_it() {
    let hash = Password::hash("1001", 1000).expect("a hash");
    let hash = Password::parse_hash(&hash).expect("a hash");
    let mut stage = Stage::with(|config| config.users[1].password = hash);
    // Every login costs the same check, of a user who is known or not, hashed or not.
    for user in ["1001", "1002", "nobody"] {
        let id = stage.log_in(user);
        assert_eq!(stage.hear(id).len(), 2, "open and features only");
        assert!(!stage.hub.is_reading(id));
        let (session, credentials, attempt) = stage.checks.pop().expect("a check");
        assert!(session == id && credentials.is_slow(&attempt));
        let matches = credentials.verify(&attempt);
        assert_eq!(matches, user != "nobody");
        stage.hub.verified(stage.now, id, credentials.user, matches);
        let answer = stage.hear(id).concat();
        assert!(answer.contains(if matches { "<success" } else { "<not-authorized/>" }), "{answer}");
        assert!(stage.hub.is_reading(id));
    }
    // A check may take longer than the login: it is not the client's fault. The rest of the login may not.
    let late = stage.log_in("1001");
    stage.hear(late);
    stage.pass(Duration::from_secs(45));
    let (_, credentials, _) = stage.checks.pop().expect("a check");
    stage.hub.verified(stage.now, late, credentials.user, true);
    assert!(stage.hear(late).concat().contains("<success"));
    stage.pass(Duration::from_secs(30));
    assert!(stage.hear(late).concat().contains("<connection-timeout"));
    // The answer to a check of a session that is gone is not heard any more.
    let gone = stage.log_in("1001");
    stage.hub.shutdown(stage.now);
    stage.hear(gone);
    assert!(!stage.hub.is_checking(gone));
    stage.hub.verified(stage.now, gone, credentials.user, true);
    assert!(stage.hear(gone).is_empty() && !stage.hub.is_logged_in(gone));
}

#[test]
fn a_check_that_cannot_be_made_is_a_passing_failure() {
    let hash = Password::hash("1001", 1000).expect("a hash");
    let hash = Password::parse_hash(&hash).expect("a hash");
    let mut stage = Stage::with(|config| config.users[1].password = hash);
    let id = stage.log_in("1001");
    stage.hear(id);
    stage.hub.unverified(stage.now, id);
    assert!(stage.hear(id)[0].contains("<temporary-auth-failure/>"));
    assert!(stage.hub.is_reading(id));
    stage.hub.unverified(stage.now, id);
    assert!(stage.hear(id).is_empty(), "nothing was being checked any more");
}
