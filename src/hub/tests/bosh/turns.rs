//! Many stanzas and large answers over BOSH: what is taken in turns, waits, and still comes whole.

use crate::hub::tests::bosh::*;

#[test]
fn a_request_with_many_stanzas_is_taken_in_turns_also_if_its_client_leaves_with_it() {
    for attributes in ["", "type='terminate'"] {
        let mut stage = stage_with(|_| {});
        let mut client = stage.bosh_online();
        let reader = stage.available("1002", "desktop");
        let content: String = (0..40)
            .map(|n| {
                let ping = format!(
                    "<iq xmlns='jabber:client' type='get' id='p{n}'><ping xmlns='urn:xmpp:ping'/></iq>"
                );
                format!("<message xmlns='jabber:client' to='1002@localhost'><body>{n}</body></message>{ping}")
            })
            .collect();
        client.rid += 1;
        let (rid, sid) = (client.rid, &client.sid);
        let text =
            format!("<body rid='{rid}' sid='{sid}' {attributes} xmlns='{}'>{content}</body>", ns::HTTPBIND);
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5280));
        stage.hub.post(
            stage.now,
            Post { request: RequestId(rid), peer, secure: false, via_proxy: false },
            &text,
        );
        let (mut turns, mut bodies) = (Vec::new(), Vec::new());
        loop {
            stage.settle_once();
            let heard: Vec<String> =
                stage.hear(reader).into_iter().filter(|text| text.starts_with("<message")).collect();
            turns.push(heard.len());
            bodies.extend(heard);
            if !stage.hub.go_on() {
                break;
            }
        }
        assert!(turns.iter().all(|taken| *taken <= 8), "{turns:?}");
        let in_order = |(n, text): (usize, &String)| text.contains(&format!("<body>{n}</body>"));
        assert!(bodies.len() == 40 && bodies.iter().enumerate().all(in_order), "{bodies:?}");
        let said = stage.answered();
        assert_eq!(said.len(), 1, "{said:?}");
        let pongs = if attributes.is_empty() { 40 } else { 0 };
        assert_eq!(
            said[0].2.matches("type=\"result\"").count(),
            pongs,
            "who leaves is owed nothing: {said:?}"
        );
    }
}

#[test]
fn a_request_with_a_thousand_stanzas_is_read_twice_and_not_once_a_turn() {
    let mut stage = stage_with(|_| {});
    let mut client = stage.bosh_online();
    let reader = stage.available("1002", "desktop");
    stage.hear(reader);
    let content: String =
        (0..500).map(|n| format!("<c:message to='1002@localhost' id='{n}'><c:body/></c:message>")).collect();
    let before = xml::READ.get();
    stage.ask(&mut client, "xmlns:c='jabber:client'", &content);
    let read = xml::READ.get() - before;
    let heard = stage.hear(reader);
    assert_eq!(heard.len(), 500);
    for (n, text) in heard.iter().enumerate() {
        assert!(text.starts_with("<message ") && text.contains(&format!(" id=\"{n}\"")), "{text}");
    }
    // Each stanza has the namespaces of the body with it the second time.
    assert!(read < 4 * content.len(), "{read} of {}", content.len());
}

/// Over a WebSocket it would be read from later.
#[test]
fn a_client_that_waits_for_each_answer_is_answered_later_when_its_user_is_held_and_loses_nothing() {
    let mut stage = stage_with(|config| {
        config.limits.user_stanzas = 10;
        config.limits.user_stanza_burst = 20;
    });
    let mut client = stage.bosh_online();
    let pings = |number: usize| -> String {
        let ping = |part| {
            format!(
                "<iq xmlns='jabber:client' type='get' id='{number}-{part}'><ping xmlns='urn:xmpp:ping'/></iq>"
            )
        };
        (0..10).map(ping).collect()
    };
    let mut heard = String::new();
    for number in 0..10 {
        let mut said = stage.ask(&mut client, "", &pings(number));
        for _ in 0..100 {
            while stage.hub.go_on() {
                stage.settle();
            }
            said.extend(stage.answered());
            if !said.is_empty() {
                break;
            }
            let due = stage.hub.wake_at().expect("it goes on");
            assert!(due > stage.now.monotonic);
            stage.pass(due - stage.now.monotonic);
        }
        let [(rid, 200, body)] = &said[..] else { panic!("{said:?}") };
        assert_eq!(*rid, client.rid);
        assert!(!body.contains("terminate"), "request {number}: {body}");
        heard.push_str(body);
    }
    for _ in 0..1000 {
        if heard.contains("9-9") {
            break;
        }
        stage.pass(Duration::from_millis(100));
        for (_, _, body) in stage.ask(&mut client, "", "") {
            heard.push_str(&body);
        }
    }
    for id in (0..10).flat_map(|number| (0..10).map(move |part| format!("id=\"{number}-{part}\""))) {
        assert_eq!(heard.matches(&id).count(), 1, "{id}");
    }
}

/// The answers to one request may be more than fit into the queue: then the rest waits until some are taken.
#[test]
fn a_request_with_large_answers_is_served_piece_by_piece() {
    let mut stage = stage_with(|config| config.limits.queue = 128 * 1024);
    let mut client = stage.bosh_online();
    stage.publish("/lab/alarms", &"x".repeat(30_000));
    let items = "<iq xmlns='jabber:client' type='get' id='i' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='/lab/alarms'/></pubsub></iq>";
    let mut said = stage.ask(&mut client, "", &items.repeat(20));
    let mut answers = 0;
    let mut requests = 1;
    while answers < 20 {
        assert_eq!(said.len(), 1, "{answers} of 20");
        answers += said[0].2.matches("<iq type=\"result\"").count();
        assert!(said[0].2.len() < 128 * 1024);
        if answers < 20 {
            said = stage.ask(&mut client, "", "");
            requests += 1;
        }
    }
    assert_eq!(answers, 20);
    assert!(requests > 3, "they do not fit into fewer");
    // With a request that waits there are two answers, and the second has something in it too.
    assert!(stage.ask(&mut client, "", "").is_empty());
    let said = stage.ask(&mut client, "", &items.repeat(20));
    assert!(said.len() == 2 && said.iter().all(|(.., body)| body.contains("<iq")), "{}", said.len());
}

/// Twelve events of 31,000 bytes are more than may wait of one user's, and the next poll is allowed after five seconds.
#[test]
fn a_client_that_polls_as_often_as_it_may_gets_everything_that_was_acknowledged() {
    let mut stage = stage_with(|_| ());
    let mut client = stage.create("wait='0' hold='0' ver='1.6' x:version='1.0' xmlns:x='urn:xmpp:xbosh'");
    for (attributes, content) in [("", AUTH), (RESTART, ""), ("", BIND), ("", PRESENCE), ("", "")] {
        stage.ask(&mut client, attributes, content);
        stage.pass(stage.hub.limits.bosh_polling);
    }
    let user = stage.hub.users().find("administrator").expect("it is one of the demo");
    let pause = stage.hub.limits.bosh_polling;
    let (mut heard, mut next) = (String::new(), stage.now.monotonic + pause);
    // As long as something comes, it may ask for more at once.
    let mut poll = |stage: &mut Stage| loop {
        let said: String = stage.ask(&mut client, "", "").into_iter().map(|(_, _, body)| body).collect();
        heard.push_str(&said);
        if !said.contains("<message") {
            break;
        }
    };
    for number in 0..12 {
        let payload = format!("number-{number}-{}", "x".repeat(31_000));
        let begun = stage.now.monotonic;
        while let Admission::Wait(until) = stage.hub.admit(stage.now, user, begun, payload.len()) {
            stage.pass(until.min(next) - stage.now.monotonic);
            if stage.now.monotonic == next {
                poll(&mut stage);
                next += pause;
            }
        }
        stage.hub.publish(stage.now, user, USER_NODE, payload).expect("there is room");
        stage.settle();
    }
    stage.pass(next - stage.now.monotonic);
    poll(&mut stage);
    let is_missing = |number: &usize| heard.matches(&format!("number-{number}-")).count() != 1;
    let missing: Vec<usize> = (0..12).filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?} were acknowledged and have not come once");
    assert_eq!(stage.hub.counters().slow_readers, 0);
}
