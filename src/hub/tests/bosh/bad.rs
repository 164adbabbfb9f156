//! Requests that are none, too many sessions, and what must not come of either.

use crate::hub::tests::bosh::*;

#[test]
fn so_many_sessions_and_no_more_for_all_and_for_each_address() {
    let mut stage = stage_with(|config| {
        config.limits.bosh_sessions = 3;
        config.limits.connections_per_address = 2;
    });
    let text = format!("<body rid='1' ver='1.6' to='localhost' xmlns='{}'/>", ns::HTTPBIND);
    let mut create = |ip: &str, made: bool| {
        let id = stage.post_from(ip.parse().expect("an address"), false, 1, &text);
        let said = stage.answered();
        assert_eq!(id.is_some(), made, "{ip}: {said:?}");
        if !made {
            expect(&said, &[(1, "<resource-constraint")]);
        }
        (stage.hub.counters().sessions, stage.notes.pop())
    };
    create("2001:db8::1", true);
    create("2001:db8::2", true);
    let (_, note) = create("2001:db8::3", false);
    assert_eq!(note, Some(NoteKind::TooMany { limit: "limits.connections_per_address" }));
    create("192.0.2.1", true);
    let (sessions, note) = create("192.0.2.1", false);
    assert_eq!((sessions, note), (3, Some(NoteKind::TooMany { limit: "limits.bosh_sessions" })));
    stage.pass(Duration::from_secs(100));
    assert!(stage.hub.bindings.is_empty(), "all places are free again");
}

#[test]
fn a_request_that_is_none_ends_its_session_and_no_other() {
    let mut stage = stage_with(|_| {});
    let witness = stage.bosh_online();
    let bad = |condition: &str| format!("condition=\"{condition}\"");
    let many = "<a/>".repeat(40);
    for (attributes, content, condition) in [
        ("", "text", "bad-request"),
        ("", "<!-- c -->", "bad-request"),
        ("", "<a>", "bad-request"),
        ("", "&e;", "bad-request"),
        ("type='x'", "", "bad-request"),
        ("pause='-1'", "", "bad-request"),
        ("newkey='1'", "", "bad-request"),
        ("", &*many, "policy-violation"),
        ("pause='1000'", "", "policy-violation"),
    ] {
        let mut client = stage.create("ver='1.6'");
        let said = stage.ask(&mut client, attributes, content);
        expect(&said, &[(101, &bad(condition))]);
        assert_eq!(
            stage.ask(&mut client, "", ""),
            [(102, 200, NOT_FOUND.to_owned())],
            "{attributes}{content}"
        );
    }
    assert_eq!(stage.hub.counters().sessions, 1);
    assert!(stage.hub.is_logged_in(witness.id.expect("a session")));
}

#[test]
fn a_session_that_cannot_begin_does_not() {
    let mut stage = stage_with(|_| {});
    for (text, condition) in [
        ("", "bad-request"),
        ("hello", "bad-request"),
        ("<body/>", "bad-request"),
        ("<body xmlns='jabber:client' rid='1' to='localhost'/>", "bad-request"),
        ("<body xmlns='HTTPBIND' to='localhost'/>", "bad-request"),
        ("<body xmlns='HTTPBIND' rid='1'/>", "improper-addressing"),
        ("<body xmlns='HTTPBIND' rid='1' to=''/>", "improper-addressing"),
        ("<body xmlns='HTTPBIND' rid='1' to='elsewhere'/>", "host-unknown"),
        ("<body xmlns='HTTPBIND' rid='1' to='localhost' sid='x'/>", "item-not-found"),
        ("<body xmlns='HTTPBIND' rid='1' to='localhost' type='terminate' ver='1.6'/>", "bad-request"),
        (
            "<body xmlns='HTTPBIND' rid='1' to='localhost' x:version='0.9' xmlns:x='urn:xmpp:xbosh'/>",
            "remote-stream-error\" xmlns:stream=\"http://etherx.jabber.org/streams\"><stream:error \
             xmlns:stream=\"http://etherx.jabber.org/streams\"><unsupported-version",
        ),
        ("<body xmlns='HTTPBIND' rid='1' to='localhost'/><body/>", "bad-request"),
        (
            &format!(
                "<body a='{}' xmlns='HTTPBIND' rid='1' ver='1' to='localhost' sid='x'/>",
                "x".repeat(4096)
            ),
            "bad-request",
        ),
    ] {
        stage.post_from(Ipv4Addr::LOCALHOST.into(), false, 1, &text.replace("HTTPBIND", ns::HTTPBIND));
        expect(&stage.answered(), &[(1, &format!(" type=\"terminate\" condition=\"{condition}"))]);
    }
    assert_eq!(stage.hub.counters().sessions, 0);
}

#[test]
fn clients_without_a_version_get_status_codes() {
    let mut stage = stage_with(|_| {});
    for (attributes, content, status) in
        [("", "text", 400), ("pause='1000'", "", 403), ("key='x'", "", 200), ("rid='9'", "", 400)]
    {
        let mut client = stage.create("");
        stage.ask(&mut client, "", AUTH);
        let said = stage.ask(&mut client, attributes, content);
        assert!(said.iter().all(|(.., said, _)| *said == status), "{attributes} {content}: {said:?}");
        assert_eq!(said.is_empty(), status == 200, "a key without a sequence says nothing");
    }
    let mut client = stage.create("");
    client.rid += 5;
    assert_eq!(stage.ask(&mut client, "", "")[0].1, 404);
    let begin = format!("<body rid='1' to='localhost' pause='1' xmlns='{}'/>", ns::HTTPBIND);
    stage.post_from(Ipv4Addr::LOCALHOST.into(), false, 1, &begin);
    assert_eq!(stage.answered()[0].1, 400);
}

#[test]
fn what_opens_and_closes_a_stream_elsewhere_has_no_place_in_an_envelope() {
    let mut stage = stage_with(|_| {});
    for element in [
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>",
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    ] {
        let mut client = stage.create("ver='1.6'");
        expect(&stage.ask(&mut client, "", element), &[(101, "<unsupported-stanza-type")]);
    }
    // A second restart, and one for another domain.
    let mut client = stage.create("ver='1.6'");
    stage.ask(&mut client, "", AUTH);
    expect(
        &stage.ask(&mut client, &format!("to='elsewhere' {RESTART}"), ""),
        &[(102, "condition=\"host-unknown\"/>")],
    );
}

#[test]
fn a_request_that_cannot_be_read_ends_the_session_that_its_head_names() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.create("ver='1.6'");
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5280));
    let post = Post { request: RequestId(7), peer, secure: false, via_proxy: false };
    for (sid, left) in [(None, 1), (Some("other"), 1), (Some(&*client.sid), 0)] {
        stage.hub.post_unreadable(stage.now, post, sid, Violation::TOO_MUCH);
        stage.settle();
        expect(&stage.answered(), &[(7, "condition=\"policy-violation\"")]);
        assert_eq!(stage.hub.counters().sessions, left);
    }
    assert_eq!(stage.ask(&mut client, "", ""), [(101, 200, NOT_FOUND.to_owned())]);
}

#[test]
fn a_session_is_reached_only_as_it_began() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.create("ver='1.6'");
    let text = format!("<body rid='101' sid='{}' xmlns='{}'/>", client.sid, ns::HTTPBIND);
    stage.post_from(Ipv4Addr::LOCALHOST.into(), true, 1, &text);
    assert_eq!(stage.answered(), [(1, 200, NOT_FOUND.to_owned())]);
    // It goes on.
    expect(&stage.ask(&mut client, "", AUTH), &[(101, "<success")]);
}

/// Requests of a whole session, taken apart and put together wrongly: every one is answered in the end, and nobody else
/// notices.
#[test]
fn no_request_harms_anybody_else() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut stage = stage_with(|config| {
        config.limits.lockout_attempts = 0;
        config.limits.queue_frames = 512;
    });
    let witness = stage.available("1002", "desktop");
    let attributes = [
        "",
        "",
        RESTART,
        "pause='1'",
        "type='terminate'",
        "ack='100'",
        "key='ca393b51b682f61f98e7877d61146407f3d0a770'",
        "newkey='ca393b51b682f61f98e7877d61146407f3d0a770'",
        "wait='0'",
    ];
    let contents = ["", "", AUTH, BIND, PRESENCE, "<a/>", "text"];
    for round in 0..1500 {
        let mut open: Vec<u64> = Vec::new();
        let mut client = stage.create(["ver='1.6'", "hold='0'", "wait='0' ack='1'"][round % 3]);
        if random.bool() {
            for (attributes, content) in [("", AUTH), (RESTART, ""), ("", BIND)] {
                stage.ask(&mut client, attributes, content);
            }
        }
        let first = client.rid;
        for request in 0..random.u64(1..12) {
            let rid = (first + random.u64(0..6)).saturating_sub(1);
            let (attribute, content) = (
                random.choice(&attributes).expect("there are some"),
                random.choice(&contents).expect("there are some"),
            );
            let mut text = format!(
                "<body rid='{rid}' sid='{}' {attribute} xmlns='{}'>{content}</body>",
                client.sid,
                ns::HTTPBIND
            );
            if random.u8(..4) == 0 {
                let at = random.usize(..text.len());
                text.replace_range(at..(at + random.usize(..9)).min(text.len()), "<");
            }
            let id = stage.post_from(Ipv4Addr::LOCALHOST.into(), false, 1000 + request, &text);
            open.push(1000 + request);
            match random.u8(..5) {
                0 => stage.publish(USER_NODE, "x"),
                1 => {
                    stage.hub.alive(stage.now, witness);
                    stage.pass(Duration::from_secs(random.u64(..20)));
                }
                2 if id.is_some() => {
                    // A request whose client has gone needs no answer, but may have had one.
                    stage.hub.gone(stage.now, id.expect("a session"), RequestId(1000 + request));
                    open.pop();
                    stage.settle();
                }
                _ => {}
            }
            for (answered, ..) in stage.answered() {
                open.retain(|open| *open != answered);
            }
        }
        for _ in 0..6 {
            stage.hub.alive(stage.now, witness);
            stage.hear(witness);
            stage.pass(Duration::from_secs(40));
        }
        for (answered, ..) in stage.answered() {
            open.retain(|open| *open != answered);
        }
        assert!(open.is_empty(), "{open:?} in round {round}");
        assert!(stage.hub.bindings.is_empty(), "in round {round}");
        stage.notes.clear();
    }
    assert_eq!(stage.hub.counters().sessions, 1);
    assert_eq!(stage.hub.roster.count_all(), 1);
}
