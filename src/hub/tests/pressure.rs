//! Back-pressure: who sends waits for who reads, and only who does not read is closed.

use crate::hub::delivery::back_pressure::Admission;
use crate::hub::tests::*;

const MESSAGE: usize = 10_000;

fn message(to: &str, number: usize) -> String {
    let filler = "x".repeat(MESSAGE);
    format!("<message xmlns='jabber:client' to='{to}@localhost'><body>{number} {filler}</body></message>")
}

/// A session says what it has to say, as long as it is read from. Returns how much of it that was.
fn say_all(stage: &mut Stage, id: SessionId, mut texts: impl Iterator<Item = String>) -> usize {
    let mut said = 0;
    while stage.hub.is_reading(id) {
        let Some(text) = texts.next() else { break };
        stage.say(id, &text);
        said += 1;
    }
    said
}

#[test]
fn a_burst_in_one_turn_closes_nobody_and_its_sender_waits_until_it_is_taken() {
    let mut stage = Stage::new();
    let receivers: Vec<SessionId> =
        (0..4).map(|n| stage.available("administrator", &format!("r{n}"))).collect();
    receivers.iter().for_each(|id| drop(stage.hear(*id)));
    let sender = stage.available("1001", "desktop");
    let mut sent = 0;
    for _ in 0..20 {
        // As much as it is let say before anybody's socket is offered a byte.
        let texts = (sent..).map(|number| message("administrator", number));
        let said = say_all(&mut stage, sender, texts);
        assert!((20..40).contains(&said), "{said}");
        let other = stage.available("1002", "desktop");
        assert!(stage.hub.is_reading(other), "another user is read from meanwhile");
        stage.hub.closed(stage.now, other, "gone");
        for id in &receivers {
            let heard: Vec<String> =
                stage.hear(*id).into_iter().filter(|text| text.starts_with("<message")).collect();
            assert_eq!(heard.len(), said);
            for (place, text) in heard.iter().enumerate() {
                assert!(text.contains(&format!("<body>{} x", sent + place)));
            }
        }
        stage.settle();
        assert!(stage.hub.is_reading(sender), "all is taken");
        sent += said;
    }
    assert_eq!(stage.hub.counters().slow_readers, 0);
    assert!(stage.hub.counters().holds >= 20);
}

#[test]
fn a_sender_waits_so_long_and_then_the_reader_that_took_nothing_is_closed() {
    let mut stage = Stage::new();
    let slow = stage.available("1002", "desktop");
    let quick = stage.available("1002", "phone");
    stage.hear(slow);
    let sender = stage.available("1001", "desktop");
    let said = say_all(&mut stage, sender, (0..).map(|number| message("1002", number)));
    stage.hub.full(stage.now, slow);
    stage.hear(quick);
    let wait = stage.hub.limits.backlog_wait;
    stage.pass(wait - Duration::from_millis(1));
    assert!(!stage.hub.is_reading(sender));
    assert_eq!(stage.hub.counters().slow_readers, 0);
    stage.pass(Duration::from_millis(1));
    assert!(stage.hub.is_reading(sender));
    assert_eq!((stage.hub.counters().slow_readers, stage.hub.counters().dropped), (1, said as u64));
    assert!(stage.hear(slow)[0].contains("<policy-violation"));
    stage.say(sender, &message("1002", said));
    assert!(stage.hear(quick).concat().contains(&format!("<body>{said} x")));
}

/// The reader takes half of a queue in the time that anybody waits: less than is sent, but never nothing.
#[test]
fn a_reader_that_takes_its_time_gets_everything() {
    let mut stage = Stage::new();
    let reader = stage.available("1002", "desktop");
    stage.hear(reader);
    let sender = stage.available("1001", "desktop");
    let (mut sent, mut heard) = (0, 0);
    while heard < 300 {
        sent += say_all(&mut stage, sender, (sent..300).map(|number| message("1002", number)));
        stage.hub.full(stage.now, reader);
        let mut taken = Vec::new();
        stage.hub.drain(stage.now, reader, 1, |out| {
            if let XmppOut::Text(pieces) = out {
                taken.push(pieces.concat());
            }
        });
        for text in taken {
            assert!(text.contains(&format!("<body>{heard} x")), "in order");
            heard += 1;
        }
        stage.pass(Duration::from_millis(50));
    }
    assert_eq!((sent, stage.hub.counters().slow_readers), (300, 0));
}

#[test]
fn what_finds_no_room_is_refused_and_what_was_taken_still_comes() {
    let mut stage = Stage::with(|config| config.limits.backlog = config.limits.queue);
    let reader = stage.available("1002", "desktop");
    stage.hear(reader);
    let sender = stage.available("administrator", "desktop");
    stage.subscribe(reader, TEAM_NODE, "1002@localhost/desktop");
    stage.hear(reader);
    let room = stage.hub.limits.queue / MESSAGE;
    // It takes a little, so that it is never slow.
    let (mut taken, mut refused) = (0, 0);
    for number in 0..room + 100 {
        let since = stage.now.monotonic;
        let user = stage.hub.users().find("administrator").expect("the demo has one");
        let mut admission = stage.hub.admit(stage.now, user, since, MESSAGE);
        if let Admission::Wait(until) = admission {
            assert_eq!(until, since + stage.hub.limits.backlog_wait);
            stage.pass(stage.hub.limits.backlog_wait);
            admission = stage.hub.admit(stage.now, user, since, MESSAGE);
        }
        match admission {
            Admission::Now => {
                stage.publish(TEAM_NODE, &format!("{number} {}", "x".repeat(MESSAGE)));
                taken += 1;
            }
            Admission::Refused => refused += 1,
            Admission::Wait(_) | Admission::Gone => panic!("it has waited, and is there"),
        }
    }
    assert!(refused > 90 && taken >= room - 10, "{taken} taken, {refused} refused");
    let publish = format!(
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='{TEAM_NODE}'><item><x xmlns='y'/></item></publish></pubsub>"
    );
    stage.say(
        sender,
        &format!("<iq xmlns='jabber:client' type='set' id='p' to='pubsub.localhost'>{publish}</iq>"),
    );
    let answer = stage.hear(sender).concat();
    assert!(answer.contains("<resource-constraint ") && answer.contains("type=\"wait\""), "{answer}");
    assert_eq!(stage.events(reader).len(), taken);
    assert_eq!(stage.hub.counters().refused_sends, refused as u64 + 1);
}

#[test]
fn a_user_that_sends_faster_than_its_rate_is_read_from_later_and_loses_nothing() {
    let mut stage = Stage::with(|config| {
        config.limits.user_stanzas = 10;
        config.limits.user_stanza_burst = 20;
    });
    let reader = stage.available("1002", "desktop");
    let sender = stage.available("1001", "desktop");
    stage.pass(Duration::from_secs(10));
    let mut sent = 0;
    for expected in [21, 1, 1, 1] {
        let said = say_all(&mut stage, sender, (sent..).map(|number| message("1002", number)));
        assert_eq!(said, expected);
        sent += said;
        stage.hear(reader);
        assert!(!stage.hub.is_reading(sender), "that it was taken is not enough");
        assert!(stage.hub.is_reading(reader));
        let due = stage.hub.wake_at().expect("it goes on");
        stage.pass(due - stage.now.monotonic);
    }
    assert_eq!(stage.hub.counters().slow_readers, 0);
}

#[test]
fn the_list_shows_what_a_session_is_owed_and_since_when_it_takes_nothing() {
    let mut stage = Stage::new();
    let reader = stage.available("1002", "desktop");
    stage.hear(reader);
    let sender = stage.available("1001", "desktop");
    stage.say(sender, &message("1002", 0));
    stage.hub.full(stage.now, reader);
    stage.pass(Duration::from_millis(700));
    let listed = |stage: &Stage, id| {
        let list = stage.hub.list(stage.now);
        let session = list.into_iter().find(|session| session.id == id).expect("it is there");
        (session.owed, session.behind)
    };
    let (owed, behind) = listed(&stage, reader);
    assert!((MESSAGE..MESSAGE + 500).contains(&owed), "{owed}");
    assert_eq!(behind, Some(Duration::from_millis(700)));
    stage.hear(reader);
    assert_eq!(listed(&stage, reader), (0, None));
}

/// Else its client would be cut off after its own close frame, which nobody has read.
#[test]
fn a_session_that_has_ended_is_read_from_although_its_user_is_held() {
    let mut stage = Stage::new();
    let reader = stage.available("1002", "desktop");
    stage.hear(reader);
    let sender = stage.available("1001", "desktop");
    say_all(&mut stage, sender, (0..).map(|number| message("1002", number)));
    assert!(!stage.hub.is_reading(sender), "its user is held");
    let other = stage.bind("1001", "desktop");
    assert!(stage.hear(sender).concat().contains("<conflict "));
    assert!(stage.hub.is_reading(sender), "it is to finish the close");
    assert!(!stage.hub.is_reading(other));
}

#[test]
fn no_session_of_a_user_keeps_another_one_from_being_read_when_the_user_is_let_go() {
    let mut stage = Stage::with(|config| {
        config.limits.user_stanzas = 10;
        config.limits.user_stanza_burst = 20;
    });
    let reader = stage.available("1002", "desktop");
    let both = ["desktop", "phone"].map(|resource| stage.available("1001", resource));
    say_all(&mut stage, both[0], (0..).map(|number| message("1002", number)));
    stage.woken.clear();
    let mut said = [0; 2];
    for _ in 0..20 {
        let due = stage.hub.wake_at().expect("the user is let go");
        stage.pass(due - stage.now.monotonic);
        // Both have more to say, and are read from in the order in which they are woken.
        for id in std::mem::take(&mut stage.woken) {
            if let Some(place) = both.iter().position(|own| *own == id)
                && stage.hub.is_reading(id)
            {
                stage.say(id, &message("1002", 0));
                said[place] += 1;
            }
        }
        stage.hear(reader);
    }
    assert_eq!(said, [10, 10]);
}

/// Such a session reaches nobody, but it is read and answered like any other.
#[test]
fn a_session_without_a_resource_is_no_way_around_its_user_s_rate_and_goes_on_when_the_user_is_let_go() {
    let ping = |stage: &mut Stage, id| stage.hub.control(stage.now, id);
    let stanza = |stage: &mut Stage, id| stage.say(id, "<iq xmlns='jabber:client' type='get' id='1'/>");
    type Say<'a> = &'a dyn Fn(&mut Stage, SessionId);
    let says: [Say<'_>; 2] = [&ping, &stanza];
    for say in says {
        let mut stage = Stage::with(|config| config.limits.user_stanza_burst = 100);
        let bound = stage.available("1001", "desktop");
        let [idle, unbound] = [(); 2].map(|()| stage.log_in("1001"));
        stage.open(unbound);
        let taken = (0..1000).take_while(|_| {
            say(&mut stage, unbound);
            stage.hear(unbound);
            stage.hub.is_reading(unbound)
        });
        assert!(taken.count() <= 100);
        assert!(!stage.hub.is_reading(bound), "they are of one user");
        stage.woken.clear();
        stage.pass(Duration::from_secs(1));
        assert!(stage.hub.is_reading(unbound) && stage.woken.contains(&unbound));
        assert!(!stage.woken.contains(&idle), "it has nothing to say");
        stage.hub.closed(stage.now, unbound, "gone");
        assert!(!stage.hub.roster.is_awaited());
    }
}

/// An agent's own desktop among tools that publish with its password.
#[test]
fn the_requests_of_a_user_do_not_keep_its_sessions_from_being_read_whenever_it_is_let_go() {
    let mut stage = Stage::with(|config| {
        config.limits.user_stanzas = 10;
        config.limits.user_stanza_burst = 20;
    });
    let [desktop, phone] = ["desktop", "phone"].map(|resource| stage.available("1001", resource));
    let user = stage.hub.users().find("1001").expect("the demo has one");
    for round in 0..100 {
        // Those requests that have waited before come first, and as many as there may be have waited for so long as any.
        let waited = stage.now.monotonic - stage.hub.limits.backlog_wait;
        for since in [[waited; 100], [stage.now.monotonic; 100]].concat() {
            let _ = stage.hub.admit(stage.now, user, since, 1);
        }
        for id in [desktop, phone] {
            // At first nobody has been let go yet.
            assert!(stage.hub.is_reading(id) || round == 0);
            stage.say(id, &message("1002", 0));
            assert!(!stage.hub.is_reading(id), "one thing, and no more");
        }
        let began = stage.now.monotonic;
        while !stage.hub.is_reading(desktop) {
            let due = stage.hub.wake_at().expect("the user is let go");
            stage.pass(due - stage.now.monotonic);
        }
        let wait = stage.now.monotonic - began;
        assert!(wait <= 2 * stage.hub.limits.backlog_wait, "{wait:?}");
    }
}

#[test]
fn a_session_that_is_not_read_from_is_not_taken_for_dead() {
    let mut stage = Stage::with(|config| {
        config.limits.user_rate = 200;
        config.limits.user_burst = 64 * 1024;
    });
    let reader = stage.available("1002", "desktop");
    let sender = stage.available("1001", "desktop");
    // So long that no client of a session may be that silent.
    let text = message("1002", 0).replace("</body>", &format!("{}</body>", "x".repeat(50_000)));
    for _ in 0..2 {
        stage.say(sender, &text);
    }
    let held = Duration::from_secs((2 * text.len() as u64 - 64 * 1024) / 200);
    assert!(held > stage.hub.limits.ping + 3 * stage.hub.limits.ping_answer, "{held:?}");
    let end = stage.now.monotonic + held;
    while stage.now.monotonic < end {
        assert!(!stage.hub.is_reading(sender));
        stage.hub.alive(stage.now, reader);
        stage.pass(Duration::from_secs(1));
    }
    // So many more for what it took to log in.
    stage.pass(Duration::from_secs(3));
    assert!(stage.hub.is_reading(sender));
    let heard = stage.hear(sender).concat();
    assert!(!heard.contains("<connection-timeout"), "{heard}");
    // Now it has its time to answer, and no more.
    stage.pass(stage.hub.limits.ping_answer);
    let heard = stage.hear(sender).concat();
    assert!(heard.contains("<connection-timeout"), "{heard}");
}

#[test]
fn a_user_that_waits_because_all_queues_hold_much_goes_on_when_others_have_taken_theirs() {
    let mut stage = Stage::with(|config| {
        config.limits.backlog = config.limits.queue;
        config.limits.queues = config.limits.queue;
    });
    let slow = stage.available("1002", "desktop");
    let idle = stage.available("administrator", "desktop");
    let [much, little] = ["1001", "1003"].map(|user| stage.available(user, "desktop"));
    [slow, idle].iter().for_each(|id| drop(stage.hear(*id)));
    say_all(&mut stage, much, (0..).map(|number| message("1002", number)));
    stage.say(little, &message("administrator", 0));
    assert!(!stage.hub.is_reading(little), "others are owed much");
    // Its own message still waits.
    stage.hear(slow);
    stage.settle();
    assert!(stage.hub.is_reading(little) && stage.hub.is_reading(much));
    assert!(stage.hear(idle).concat().contains("<body>0 x"));
}

#[test]
fn pings_of_the_transport_are_no_way_around_a_user_s_rate() {
    let mut stage = Stage::new();
    let (one, other) = (stage.available("1001", "desktop"), stage.available("1001", "phone"));
    let most = stage.hub.limits.user_stanza_burst + stage.hub.limits.user_stanzas;
    let taken = (0..2 * most).take_while(|_| {
        stage.hub.control(stage.now, one);
        stage.hub.is_reading(one)
    });
    assert!(taken.count() <= most);
    assert!(!stage.hub.is_reading(other));
    stage.pass(Duration::from_secs(1));
    assert!(stage.hub.is_reading(one) && stage.hub.is_reading(other));
}
