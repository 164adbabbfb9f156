//! How sessions over BOSH begin and end: logins, farewells, clients that stay away, and the end of the server.

use crate::hub::tests::bosh::*;

#[test]
fn a_client_that_ends_its_session_is_heard_to_the_end() {
    let mut stage = stage_with(|_| {});
    let mut other = stage.available("1001", "phone");
    stage.hear(other);
    let mut client = stage.bosh_online();
    stage.hear(other);
    stage.ask(&mut client, "", "");
    let leave = "<presence xmlns='jabber:client' type='unavailable'><status>bye</status></presence>";
    let said = stage.ask(&mut client, "type='terminate'", leave);
    assert_eq!(said, [(105, 200, " type=\"terminate\"/>".to_owned()), (106, 200, "/>".to_owned())]);
    assert!(stage.hear(other).concat().contains("<status>bye</status>"));
    assert!(stage.notes.iter().any(
        |what| matches!(what, NoteKind::Closed { reason, lost: 0, .. } if reason == "closed by the client")
    ));
    assert_eq!(stage.ask(&mut client, "", ""), [(107, 200, NOT_FOUND.to_owned())]);
    other = stage.available("1001", "desktop");
    assert!(stage.hub.sessions.get(other).is_some());
}

#[test]
fn payloads_wait_while_a_password_is_checked() {
    let hash = Password::hash("1001", 1000).expect("a hash");
    let hash = Password::parse_hash(&hash).expect("a hash");
    let mut stage = stage_with(|config| config.users[1].password = hash.clone());
    let mut client = stage.create("ver='1.6'");
    assert!(stage.ask(&mut client, "", AUTH).is_empty());
    let (session, credentials, attempt) = stage.checks.pop().expect("a check");
    // The next request takes its place, but is not looked at before the check is done.
    expect(&stage.ask(&mut client, RESTART, ""), &[(101, "/>")]);
    let matches = credentials.verify(&attempt);
    stage.hub.verified(stage.now, session, credentials.user, matches);
    stage.settle();
    let said = stage.answered();
    expect(&said, &[(102, "<success")]);
    assert!(said[0].2.contains("<stream:features"), "{said:?}");
    expect(&stage.ask(&mut client, "", BIND), &[(103, "<jid>")]);
    // A check may take longer than the login: it is not the client's fault. The rest of the login may not.
    let mut late = stage.create("ver='1.6'");
    assert!(stage.ask(&mut late, "", AUTH).is_empty());
    stage.pass(Duration::from_secs(45));
    assert!(stage.answered().is_empty());
    assert!(
        stage.hub.wake_at().is_some_and(|due| due > stage.now.monotonic),
        "it is not looked at all the time"
    );
    let (session, credentials, _) = stage.checks.pop().expect("a check");
    stage.hub.verified(stage.now, session, credentials.user, true);
    stage.settle();
    expect(&stage.answered(), &[(101, "<success")]);
    stage.ask(&mut late, "", "");
    stage.pass(Duration::from_secs(30));
    expect(&stage.answered(), &[(102, "<connection-timeout")]);
    // Only so many wait.
    let mut client = stage.create("ver='1.6'");
    assert!(stage.ask(&mut client, "", &format!("{AUTH}<a/>")).is_empty());
    assert!(stage.ask(&mut client, "", "<a/>").is_empty());
    let said = stage.ask(&mut client, "", "<a/>");
    let other = " type=\"terminate\" condition=\"other-request\"/>";
    expect(&said, &[(103, "condition=\"policy-violation\""), (101, other), (102, other)]);
    // The check goes on, and is nobody's.
    let (session, credentials, _) = stage.checks.pop().expect("a check");
    stage.hub.verified(stage.now, session, credentials.user, true);
    stage.settle();
    assert!(stage.answered().is_empty());
}

#[test]
fn a_client_that_does_not_log_in_over_bosh_is_told_at_its_next_request() {
    let mut stage = stage_with(|_| {});
    let mut waiting = stage.create("ver='1.6'");
    stage.ask(&mut waiting, "", "");
    let mut away = stage.create("ver='1.6'");
    let gone = stage.create("ver='1.6'");
    stage.pass(Duration::from_secs(29));
    assert!(stage.answered().is_empty());
    stage.pass(Duration::from_secs(1));
    let error = format!(" type=\"terminate\" condition=\"remote-stream-error\"{DECLARED}><stream:error");
    expect(&stage.answered(), &[(101, &error)]);
    assert_eq!(stage.hub.counters().sessions, 2, "two have not heard it");
    let said = stage.ask(&mut away, "", "");
    expect(&said, &[(101, "<connection-timeout")]);
    stage.pass(Duration::from_secs(10));
    assert_eq!((stage.hub.counters().sessions, stage.hub.wake_at()), (0, None));
    assert!(stage.hub.sessions.get(gone.id.expect("a session")).is_none());
}

#[test]
fn a_resource_goes_to_the_newcomer_whatever_its_transport() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    stage.ask(&mut client, "", "");
    let socket = stage.available("1001", "desktop");
    let said = stage.answered();
    expect(&said, &[(105, &format!("condition=\"remote-stream-error\"{DECLARED}><stream:error"))]);
    assert!(said[0].2.contains("<conflict "), "{said:?}");
    assert_eq!(stage.ask(&mut client, "", ""), [(106, 200, NOT_FOUND.to_owned())]);
    stage.bosh_online();
    let heard = stage.hear(socket).concat();
    assert!(heard.contains("<conflict ") && heard.ends_with("close 1000"), "{heard}");
}

#[test]
fn nothing_is_left_of_a_session_whose_client_stays_away() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    let id = client.id.expect("a session");
    stage.ask(&mut client, "", "");
    stage.pass(Duration::from_secs(60));
    expect(&stage.answered(), &[(105, "/>")]);
    stage.ask(&mut client, "", "");
    stage.pass(Duration::from_secs(30));
    // The connection is gone, and with it what waits for an answer.
    stage.hub.gone(stage.now, id, RequestId(106));
    stage.settle();
    stage.publish(USER_NODE, "1");
    assert!(stage.answered().is_empty());
    stage.pass(Duration::from_secs(59));
    assert_eq!(stage.hub.counters().sessions, 1);
    stage.pass(Duration::from_secs(1));
    assert_eq!((stage.hub.counters().sessions, stage.hub.counters().dropped), (0, 1));
    assert!(stage.hub.roster.count_all() == 0);
    assert!(stage.hub.bindings.is_empty());
    assert_eq!(stage.ask(&mut client, "", ""), [(107, 200, NOT_FOUND.to_owned())]);
}

#[test]
fn nothing_piles_up_from_sessions_that_come_and_go() {
    let mut stage = stage_with(|_| {});
    let mut witness = stage.create("ver='1.6'");
    for _ in 0..5000 {
        let mut client = stage.create("ver='1.6'");
        stage.ask(&mut client, "type='terminate'", "");
    }
    assert!(stage.hub.deadlines.len() <= 2 + STALE_DEADLINES, "{}", stage.hub.deadlines.len());
    assert_eq!(stage.hub.sessions.ids().len(), 1);
    // The one that is there still has its deadline.
    stage.ask(&mut witness, "", "");
    stage.pass(Duration::from_secs(30));
    expect(&stage.answered(), &[(101, "<connection-timeout")]);
}

#[test]
fn at_shutdown_open_requests_are_told_and_nobody_else_is_waited_for() {
    let mut stage = stage_with(|_| {});
    let mut waiting = stage.bosh_online();
    stage.ask(&mut waiting, "", "");
    let quiet = stage.create("ver='1.6'");
    let ended = stage.create("ver='1.6'");
    stage.hub.fail(stage.now, ended.id.expect("a session"), StreamError::CONFLICT);
    stage.settle();
    stage.hub.shutdown(stage.now);
    stage.settle();
    expect(&stage.answered(), &[(105, " type=\"terminate\" condition=\"system-shutdown\"/>")]);
    assert_eq!(stage.hub.counters().sessions, 0);
    assert!(stage.hub.sessions.get(quiet.id.expect("a session")).is_none());
    let late = format!("<body rid='1' ver='1.6' to='localhost' xmlns='{}'/>", ns::HTTPBIND);
    stage.post_from(Ipv4Addr::LOCALHOST.into(), false, 1, &late);
    expect(&stage.answered(), &[(1, "condition=\"system-shutdown\"")]);
}

#[test]
fn a_session_that_a_fault_stalls_ends_when_its_client_has_left() {
    use crate::fault::Spec;
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    assert_eq!(stage.ask(&mut client, "", ""), [], "it waits for an event");
    let id = client.id.expect("it is there");
    let spec = Spec::of_file([("kind", "stall")]).expect("it is right");
    stage.hub.set_fault(stage.now, "f", spec).expect("there is room");
    stage.settle();
    stage.pass(stage.hub.limits.bosh_inactivity * 3);
    assert!(stage.hub.sessions.get(id).is_some(), "its request waits");
    stage.hub.gone(stage.now, id, RequestId(client.rid));
    stage.settle();
    stage.pass(stage.hub.limits.bosh_inactivity - Duration::from_millis(1));
    assert!(stage.hub.sessions.get(id).is_some());
    stage.pass(stage.hub.limits.bosh_inactivity);
    assert!(stage.hub.sessions.get(id).is_none());
    assert!(
        stage.hub.wake_at().is_none_or(|due| due > stage.now.monotonic),
        "nothing is looked at again and again"
    );
}

#[test]
fn a_session_meets_the_faults_of_a_step_that_waited_for_its_turn() {
    use crate::fault::Spec;
    let mut stage = stage_with(|_| {});
    let mut client = stage.create("ver='1.6' wait='60' hold='1'");
    stage.ask(&mut client, "", AUTH);
    stage.ask(&mut client, RESTART, "");
    stage.ask(&mut client, "", BIND);
    let spec = Spec::read([("kind", "bosh-end"), ("after_step", "presence")]).expect("it is right");
    stage.hub.set_fault(stage.now, "f", spec).expect("there is room");
    let ping = "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
    let said = stage.ask(&mut client, "", &(ping.repeat(12) + PRESENCE));
    assert!(said.last().is_some_and(|(_, _, body)| body.contains(NOT_FOUND)), "{said:?}");
}

#[test]
fn what_a_fault_throws_away_with_a_session_is_counted() {
    use crate::fault::Spec;
    let mut stage = stage_with(|_| {});
    let client = stage.bosh_online();
    for payload in ["one", "two"] {
        stage.publish(USER_NODE, payload);
    }
    let before = stage.hub.counters().dropped;
    let spec = Spec::read([("kind", "bosh-end")]).expect("it is right");
    assert_eq!(stage.hub.end_as(stage.now, client.id.expect("it is there"), &spec), Some(true));
    assert_eq!(stage.hub.counters().dropped - before, 2);
}

#[test]
fn a_request_is_answered_though_a_fault_stalls_the_session_that_ends() {
    use crate::fault::Spec;
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    assert_eq!(stage.ask(&mut client, "", ""), [], "it waits for an event");
    let spec = Spec::read([("kind", "stall")]).expect("it is right");
    stage.hub.set_fault(stage.now, "f", spec).expect("there is room");
    let id = client.id.expect("it is there");
    stage.hub.fail(stage.now, id, StreamError::CONFLICT);
    stage.settle();
    assert_eq!(stage.answered(), []);
    stage.pass(stage.hub.limits.close + stage.hub.limits.bosh_polling);
    expect(&stage.answered(), &[(client.rid, "terminate")]);
    assert!(stage.hub.sessions.get(id).is_none());
}
