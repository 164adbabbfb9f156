//! Streams that are resumed after a cut (XEP-0198).

use crate::desk::{Request, StartMaintenance};
use crate::hub::tests::*;

const SECOND: Duration = Duration::from_secs(1);
const ENABLE: &str = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
const ASKED: &str = "<r xmlns='urn:xmpp:sm:3'/>";
/// The id of every session, as the bytes of these tests are not random.
const ID: &str = "BwcHBwcHBwcHBwcHBwcHBw";

fn managed() -> Stage {
    managed_with(|_| {})
}

fn managed_with(change: impl FnOnce(&mut Config)) -> Stage {
    Stage::with(|config| {
        config.stream_management = true;
        change(config);
    })
}

impl Stage {
    fn enable(&mut self, id: SessionId) {
        self.say(id, ENABLE);
        let enabled = format!("<enabled id='{ID}' resume='true' max='300' xmlns='urn:xmpp:sm:3'/>");
        assert_eq!(self.hear(id), [enabled]);
    }

    /// An available session that can be resumed, subscribed to a node by its full JID.
    fn resumable(&mut self, user: &str) -> SessionId {
        let id = self.available(user, "desktop");
        self.subscribe(id, TEAM_NODE, &format!("{user}@localhost/desktop"));
        self.enable(id);
        id
    }

    fn cut(&mut self, id: SessionId) {
        self.hub.closed(self.now, id, "the connection was cut");
        self.settle();
    }

    fn acknowledge(&mut self, id: SessionId, h: u32) {
        self.say(id, &format!("<a xmlns='urn:xmpp:sm:3' h='{h}'/>"));
    }

    /// Logs in again and asks for the session. Returns the new one with what it hears, but for presences.
    fn resume(&mut self, user: &str, h: u32) -> (SessionId, Vec<String>) {
        let id = self.opened(user);
        self.say(id, &format!("<resume xmlns='urn:xmpp:sm:3' previd='{ID}' h='{h}'/>"));
        let mut heard = self.hear(id);
        heard.retain(|text| !text.starts_with("<presence"));
        (id, heard)
    }

    fn numbers(&mut self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            self.publish(TEAM_NODE, &format!("number {number}"));
        }
    }

    fn lost(&self) -> Vec<usize> {
        let lost = |note: &NoteKind| match note {
            NoteKind::GivenUp { lost, .. } => Some(*lost),
            _ => None,
        };
        self.notes.iter().filter_map(lost).collect()
    }

    fn waiting(&self) -> u64 {
        self.hub.counters().waiting
    }
}

/// The numbers of the events, in their order.
fn numbered(heard: &[String]) -> Vec<usize> {
    let number = |text: &String| text.split_once("number ")?.1.split('<').next()?.parse().ok();
    heard.iter().filter_map(number).collect()
}

#[test]
fn a_stream_has_no_management_unless_the_configuration_says_so() {
    let mut stage = Stage::new();
    let id = stage.log_in("1001");
    stage.hear(id);
    stage.open(id);
    assert!(!stage.hear(id).concat().contains("urn:xmpp:sm"));
    stage.say(id, ENABLE);
    assert!(stage.hear(id).concat().contains("<invalid-namespace"));
    let mut stage = managed();
    let id = stage.log_in("1001");
    assert!(!stage.hear(id).concat().contains("urn:xmpp:sm"), "not before the login");
    stage.open(id);
    assert!(stage.hear(id).concat().contains("</session><sm xmlns='urn:xmpp:sm:3'/><c "));
}

#[test]
fn elements_out_of_their_order_fail() {
    let mut stage = managed();
    let unexpected = "<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
    let early = stage.connect();
    stage.open(early);
    stage.hear(early);
    for text in [ENABLE, "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>", "<r xmlns='urn:xmpp:sm:3'/>"] {
        stage.say(early, text);
        assert_eq!(stage.hear(early), [unexpected], "{text}");
    }
    let id = stage.opened("1001");
    for text in [ENABLE, "<a xmlns='urn:xmpp:sm:3' h='0'/>"] {
        stage.say(id, text);
        assert_eq!(stage.hear(id), [unexpected], "{text} without a resource");
    }
    stage.say(id, BIND);
    stage.hear(id);
    stage.say(id, "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>");
    assert_eq!(stage.hear(id), [unexpected], "it has a resource");
    stage.enable(id);
    stage.say(id, ENABLE);
    assert!(stage.hear(id).concat().contains("<policy-violation"), "twice (XEP-0198 §3)");
    assert_eq!(stage.waiting(), 0);
}

#[test]
fn both_sides_count_stanzas_and_nothing_else() {
    let mut stage = managed();
    let id = stage.available("1001", "desktop");
    stage.say(id, "<enable xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(stage.hear(id), ["<enabled xmlns='urn:xmpp:sm:3'/>"], "not to be resumed");
    let ping = "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
    (0..3).for_each(|_| stage.say(id, ping));
    stage.say(id, ASKED);
    let heard = stage.hear(id);
    assert_eq!((heard.len(), &*heard[3]), (4, "<a h='3' xmlns='urn:xmpp:sm:3'/>"));
    stage.acknowledge(id, 3);
    stage.acknowledge(id, 2);
    assert_eq!(stage.hub.counters().acknowledged_back, 1);
    assert_eq!(stage.hear(id), [""; 0]);
    stage.acknowledge(id, 4);
    assert_eq!(
        stage.hear(id).concat(),
        "<stream:error xmlns:stream=\"http://etherx.jabber.org/streams\"><undefined-condition xmlns=\"urn:ietf:params:xml:ns:xmpp-streams\"/>\
         <handled-count-too-high h='4' send-count='3' xmlns='urn:xmpp:sm:3'/></stream:error><close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />close 1000"
    );
    stage.cut(id);
    assert_eq!(stage.waiting(), 0, "it has ended");
}

#[test]
fn the_server_asks_after_ten_stanzas_and_after_five_seconds_and_pings_are_not_put_off() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    stage.numbers(0..11);
    let heard = stage.hear(id);
    assert_eq!(heard[10], ASKED);
    assert_eq!(heard.len(), 12);
    stage.pass(5 * SECOND - Duration::from_millis(1));
    assert_eq!(stage.hear(id), [""; 0]);
    stage.pass(Duration::from_millis(1));
    assert_eq!(stage.hear(id), [ASKED]);
    stage.pass(stage.hub.limits.ping - 5 * SECOND - Duration::from_millis(1));
    assert_eq!(stage.hear(id), [""; 0]);
    stage.pass(Duration::from_millis(1));
    assert_eq!(stage.hear(id), ["ping"]);
    // Nor does a question bring the second ping nearer.
    stage.numbers(11..12);
    stage.hear(id);
    stage.pass(5 * SECOND);
    assert_eq!(stage.hear(id), [ASKED]);
    stage.pass(stage.hub.limits.ping_answer - 5 * SECOND - Duration::from_millis(1));
    assert_eq!(stage.hear(id), [""; 0]);
    stage.pass(Duration::from_millis(1));
    assert_eq!(stage.hear(id), ["ping"]);
    // A client that answers none is gone, and its session waits.
    stage.pass(stage.hub.limits.ping_answer);
    assert!(stage.hear(id).concat().contains("<connection-timeout"));
    assert_eq!(stage.waiting(), 1);
    assert_eq!(numbered(&stage.resume("1001", 0).1), (0..12).collect::<Vec<_>>());
}

#[test]
fn the_server_asks_in_time_about_what_it_sent_behind_a_question() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    stage.numbers(0..1);
    stage.hear(id);
    stage.pass(4 * SECOND);
    stage.numbers(1..11);
    assert_eq!(stage.hear(id).iter().filter(|text| *text == ASKED).count(), 1, "after ten");
    // The first one was due here.
    stage.pass(SECOND);
    stage.pass(4 * SECOND);
    assert_eq!(stage.hear(id), [ASKED], "five seconds after the last one");
}

#[test]
fn what_was_not_acknowledged_is_sent_again_in_order_and_once() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    stage.numbers(0..5);
    stage.hear(id);
    stage.acknowledge(id, 2);
    stage.numbers(5..7);
    stage.cut(id);
    stage.numbers(7..9);
    let (back, heard) = stage.resume("1001", 3);
    assert_eq!(heard[0], format!("<resumed previd='{ID}' h='0' xmlns='urn:xmpp:sm:3'/>"));
    assert_eq!(numbered(&heard), (3..9).collect::<Vec<_>>());
    assert_eq!(stage.hub.counters().dropped, 0);
    stage.numbers(9..10);
    let heard = stage.hear(back);
    assert_eq!(numbered(&heard), [9], "the subscription is still there: {heard:?}");
    assert!(heard[0].contains("to=\"1001@localhost/desktop\""), "{heard:?}");
    // Six that were sent again, one more, and three presences.
    stage.acknowledge(back, 3 + 6 + 1 + 3);
    assert_eq!(stage.hear(back), [""; 0]);
    stage.cut(back);
    assert_eq!(stage.resume("1001", 13).1.len(), 1, "nothing is left");
    assert_eq!(stage.hub.counters().sessions_resumed, 2);
}

#[test]
fn a_session_that_waits_looks_gone() {
    let mut stage = managed();
    let other = stage.available("1001", "other");
    let id = stage.resumable("1001");
    stage.hear(other);
    stage.cut(id);
    let gone = "<presence from=\"1001@localhost/desktop\" to=\"1001@localhost/other\" type=\"unavailable\" xmlns=\"jabber:client\"></presence>";
    assert_eq!(stage.hear(other), [gone]);
    stage.say(
        other,
        "<message xmlns='jabber:client' type='normal' id='m' to='1001@localhost/desktop'><body>x</body></message>",
    );
    assert!(stage.hear(other).concat().contains("<service-unavailable"));
    let listed = stage.hub.list(stage.now);
    let waiting: Vec<_> = listed.iter().filter(|one| one.waits).map(|one| one.jid.as_deref()).collect();
    assert_eq!(waiting, [Some("1001@localhost/desktop")]);
    assert_eq!(stage.hub.counters().sessions, 1);
    stage.resume("1001", 0);
    let back = "<presence from=\"1001@localhost/desktop\" to=\"1001@localhost/other\" xmlns=\"jabber:client\"></presence>";
    assert_eq!(stage.hear(other), [back]);
}

#[test]
fn forced_logout_begins_with_the_cut_and_stops_when_the_session_is_resumed() {
    for comes_back in [true, false] {
        let mut stage = managed();
        let id = stage.resumable("1001");
        availability::ask_for(&mut stage, "1001", "LOGIN").expect("the service is up");
        stage.pass(SECOND);
        let heard = stage.hear(id);
        stage.acknowledge(id, heard.iter().filter(|text| text.starts_with("<message")).count() as u32);
        stage.cut(id);
        stage.pass(stage.hub.limits.forced_logout / 2);
        if comes_back {
            stage.resume("1001", 2);
        }
        stage.pass(stage.hub.limits.forced_logout / 2);
        let user = stage.hub.users().find("1001").expect("the demo has one");
        assert_eq!(stage.hub.desk().state_of(user) == "LOGOUT", !comes_back);
        if !comes_back {
            // The events of it are there for a client that comes later.
            assert!(stage.resume("1001", 0).1.concat().contains("LOGOUT"));
        }
    }
}

#[test]
fn when_the_window_ends_what_was_owed_is_said_to_be_lost() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    stage.say(id, "<presence xmlns='jabber:client'/>");
    stage.hear(id);
    stage.acknowledge(id, 1);
    stage.numbers(0..3);
    stage.cut(id);
    stage.numbers(3..5);
    stage.pass(stage.hub.limits.resume - Duration::from_millis(1));
    assert_eq!((stage.waiting(), stage.lost()), (1, vec![]));
    stage.pass(Duration::from_millis(1));
    assert_eq!((stage.waiting(), stage.lost()), (0, vec![5]));
    assert_eq!(stage.hub.counters().dropped, 5);
    assert_eq!(stage.hub.counters().backlog, 0);
    let (late, heard) = stage.resume("1001", 0);
    assert_eq!(
        heard,
        [
            "<failed h='1' xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
        ]
    );
    // A new session begins on the same stream.
    stage.say(late, BIND);
    assert!(stage.hear(late).concat().contains("<jid>"));
    stage.numbers(5..6);
    assert_eq!(numbered(&stage.hear(late)), [0; 0], "the subscriptions have ended");
}

#[test]
fn nobody_resumes_the_session_of_somebody_else() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    stage.cut(id);
    let failed = "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
    assert_eq!(stage.resume("1002", 0).1, [failed]);
    assert_eq!(stage.waiting(), 1);
    stage.pass(stage.hub.limits.resume);
    assert_eq!(stage.resume("1002", 0).1, [failed], "nor hears how far it was");
}

#[test]
fn a_session_whose_connection_is_there_yet_is_resumed_too() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    stage.numbers(0..2);
    let (back, heard) = stage.resume("1001", 0);
    assert_eq!(numbered(&heard), [0, 1]);
    assert!(stage.hear(id).concat().contains("<conflict"));
    stage.cut(id);
    stage.numbers(2..3);
    assert_eq!(numbered(&stage.hear(back)), [2]);
    assert_eq!(stage.hub.counters().dropped, 0);
}

#[test]
fn a_client_that_acknowledged_more_than_it_got_is_not_resumed() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    stage.numbers(0..2);
    stage.hear(id);
    stage.cut(id);
    let heard = stage.resume("1001", 3).1.concat();
    assert!(heard.contains("<handled-count-too-high h='3' send-count='2' "), "{heard}");
    assert_eq!(numbered(&stage.resume("1001", 1).1), [1], "it waits for one that knows");
}

#[test]
fn a_new_session_with_the_resource_ends_the_one_that_waits() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    stage.numbers(0..2);
    stage.cut(id);
    stage.bind("1001", "another");
    assert_eq!(stage.waiting(), 1);
    stage.bind("1001", "desktop");
    assert_eq!((stage.waiting(), stage.lost()), (0, vec![2]));
}

#[test]
fn a_session_that_ends_in_order_does_not_wait() {
    let mut stage = managed();
    let ended: [fn(&mut Stage, SessionId); 3] = [
        |stage, id| stage.say(id, "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"),
        |stage, id| assert!(stage.hub.end_session(stage.now, id)),
        |stage, id| stage.say(id, "<bad/>"),
    ];
    for end in ended {
        let id = stage.resumable("1001");
        end(&mut stage, id);
        stage.cut(id);
        assert_eq!(stage.waiting(), 0);
    }
}

#[test]
fn an_administrator_a_reload_maintenance_and_the_end_of_the_server_end_those_that_wait() {
    let ends: [fn(&mut Stage, SessionId); 4] = [
        |stage, id| assert!(stage.hub.end_session(stage.now, id)),
        |stage, _| {
            let mut config = Config::demo();
            config.users.retain(|user| user.id != "1001");
            stage.hub.reload(stage.now, config);
        },
        |stage, _| {
            let by = stage.hub.users().find("administrator").expect("the demo has one");
            let begin = Request::StartMaintenance(StartMaintenance::default());
            stage.hub.request(stage.now, by, by, String::new(), begin).expect("an administrator may");
        },
        |stage, _| stage.hub.shutdown(stage.now),
    ];
    for (nth, end) in ends.into_iter().enumerate() {
        let mut stage = managed();
        let id = stage.resumable("1001");
        stage.numbers(0..3);
        stage.cut(id);
        let waiting = stage.hub.list(stage.now)[0].id;
        end(&mut stage, waiting);
        stage.settle();
        assert_eq!(stage.waiting(), 0, "{nth}");
        assert!(stage.lost()[0] >= 3, "{nth}");
        assert_eq!(stage.idle, usize::from(nth == 3), "{nth}");
    }
}

#[test]
fn who_is_cut_in_maintenance_mode_stays_away() {
    let mut stage = managed();
    let id = stage.resumable("1001");
    let by = stage.hub.users().find("administrator").expect("the demo has one");
    let begin = Request::StartMaintenance(StartMaintenance::default());
    stage.hub.request(stage.now, by, by, String::new(), begin).expect("an administrator may");
    stage.cut(id);
    assert_eq!(stage.waiting(), 0);
}

#[test]
fn no_more_is_sent_than_may_be_unacknowledged_and_acknowledgements_are_read_in_any_case() {
    let mut stage = managed_with(|config| {
        config.limits.unacked = 16;
        config.limits.queue_frames = 512;
    });
    let id = stage.resumable("1001");
    stage.numbers(0..400);
    let heard = stage.hear(id);
    assert_eq!(numbered(&heard), (0..16).collect::<Vec<_>>());
    assert_eq!(heard.last().map(String::as_str), Some(ASKED), "about the rest, too");
    assert_eq!(stage.hear(id), [""; 0]);
    assert!(stage.hub.is_reading(id), "more than half of its queue is full");
    stage.woken.clear();
    stage.acknowledge(id, 10);
    assert_eq!(stage.woken, [id]);
    assert_eq!(numbered(&stage.hear(id)), (16..26).collect::<Vec<_>>());
    // A client that acknowledges nothing for long is slow, as one that takes nothing.
    stage.pass(stage.hub.limits.backlog_wait);
    stage.numbers(400..600);
    assert!(stage.hear(id).concat().contains("<policy-violation"));
    assert_eq!(stage.waiting(), 0);
    assert!(stage.hub.counters().dropped > 400);
}

#[test]
fn who_acknowledges_nothing_is_not_read_from_any_faster() {
    let mut stage = managed_with(|config| {
        (config.limits.unacked, config.limits.user_stanzas, config.limits.user_stanza_burst) = (16, 10, 100);
    });
    let id = stage.resumable("1001");
    stage.numbers(0..20);
    stage.hear(id);
    let mut said = 0;
    while stage.hub.is_reading(id) && said < 1000 {
        stage.say(id, "<a xmlns='urn:xmpp:sm:3' h='0'/>");
        said += 1;
    }
    assert!(said <= 100, "{said}");
    stage.pass(SECOND);
    assert!(stage.hub.is_reading(id), "and again when its rate lets it");
}

#[test]
fn senders_wait_neither_for_acknowledgements_nor_for_clients_that_are_away() {
    let mut stage = managed_with(|config| config.limits.backlog = 1024);
    let id = stage.resumable("1001");
    stage.numbers(0..20);
    let administrator = stage.hub.users().find("administrator").expect("the demo has one");
    assert!(stage.hub.senders.owed(administrator).bytes() > 1024);
    stage.hear(id);
    assert_eq!(stage.hub.senders.owed(administrator).bytes(), 0);
    assert!(stage.hub.counters().backlog > 1024, "they count for all queues");
    stage.cut(id);
    stage.numbers(20..40);
    assert_eq!(stage.hub.senders.owed(administrator).bytes(), 0);
    assert_eq!(numbered(&stage.resume("1001", 0).1), (0..40).collect::<Vec<_>>());
}

#[test]
fn so_much_is_kept_and_no_more() {
    let mut stage = managed_with(|config| config.limits.queue_frames = 512);
    let id = stage.resumable("1001");
    stage.cut(id);
    stage.numbers(0..512);
    assert_eq!(stage.waiting(), 1);
    stage.numbers(512..513);
    assert_eq!((stage.waiting(), stage.lost()), (0, vec![513]));

    let mut stage = managed_with(|config| config.limits.queues = 1024 * 1024);
    let id = stage.resumable("1001");
    stage.cut(id);
    let long = "x".repeat(30_000);
    (0..40).for_each(|_| stage.publish(TEAM_NODE, &long));
    assert_eq!(stage.waiting(), 0, "before senders wait for all queues together");
    assert!(!stage.hub.is_crowded());
}

#[test]
fn so_many_sessions_wait_and_no_more_and_the_first_goes() {
    let mut stage = managed_with(|config| (config.limits.sessions_per_user, config.limits.waiting) = (2, 3));
    for resource in ["a", "b", "c"] {
        let id = stage.available("1001", resource);
        stage.enable(id);
        stage.cut(id);
        stage.pass(SECOND);
    }
    let jids = |stage: &Stage| -> Vec<String> {
        stage.hub.list(stage.now).into_iter().filter_map(|one| one.jid).collect()
    };
    assert_eq!(jids(&stage).len(), 2);
    assert!(!jids(&stage).contains(&"1001@localhost/a".to_owned()), "{:?}", jids(&stage));
    for user in ["1002", "1003"] {
        let id = stage.resumable(user);
        stage.cut(id);
    }
    assert_eq!(stage.waiting(), 3);
    assert!(!jids(&stage).contains(&"1001@localhost/b".to_owned()), "{:?}", jids(&stage));
}

#[test]
fn a_session_that_does_not_know_its_id_does_not_wait() {
    let mut stage = managed();
    let id = stage.available("1001", "desktop");
    stage.say(id, ENABLE);
    stage.cut(id);
    assert_eq!(stage.waiting(), 0);
    let id = stage.available("1001", "desktop");
    stage.say(id, "<enable xmlns='urn:xmpp:sm:3' resume='true' max='0'/>");
    assert_eq!(stage.hear(id), ["<enabled xmlns='urn:xmpp:sm:3'/>"]);
    let short = stage.available("1002", "desktop");
    stage.say(short, "<enable xmlns='urn:xmpp:sm:3' resume='true' max='60'/>");
    assert!(stage.hear(short)[0].contains(" max='60' "));
    stage.numbers(0..2);
    stage.cut(id);
    assert_eq!((stage.waiting(), stage.hub.counters().dropped), (0, 0));
}
