//! Frames that are damaged at random.

use crate::hub::tests::*;

/// Frames of a whole session, taken apart and put together wrongly: whatever comes, the next client is served.
#[test]
fn no_frame_harms_anybody_else() {
    const FRAMES: [&str; 14] = [
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDIAMTAwMg==</auth>",
        "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq>",
        "<presence xmlns='jabber:client'><priority>1</priority><c xmlns='http://jabber.org/protocol/caps' ver='x'/></presence>",
        "<presence xmlns='jabber:client' to='1001@localhost/desktop' type='subscribe'/>",
        "<message xmlns='jabber:client' to='1001@localhost' type='chat' id='m'><body>a &amp; b</body></message>",
        "<iq xmlns='jabber:client' type='set' id='s' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='/finesse/api/User/1001' jid='1002@localhost/desktop'/></pubsub></iq>",
        "<iq xmlns='jabber:client' type='set' id='u' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><unsubscribe node='/finesse/api/User/1001' jid='1002@localhost/desktop'/></pubsub></iq>",
        "<iq xmlns='jabber:client' type='set' id='p' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='/lab/alarms'><item id='1'><x:a xmlns:x='u' x:b='c'>d</x:a></item></publish></pubsub></iq>",
        "<iq xmlns='jabber:client' type='get' id='i' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='/lab/alarms' max_items='1'/></pubsub></iq>",
        "<iq xmlns='jabber:client' type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info' node='a'/></iq>",
        "<iq xmlns='jabber:client' type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>",
        "<iq xmlns='jabber:client' type='error' id='e' to='1001@localhost/desktop'><error type='cancel'/></iq>",
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    ];
    let mut random = fastrand::Rng::with_seed(1);
    // The clock stands, so that a block would never end.
    let mut stage = Stage::with(|config| config.limits.lockout_attempts = 0);
    let witness = stage.available("1001", "desktop");
    for _ in 0..2000 {
        let id = stage.connect();
        // Half of the conversations get as far as a bound session first.
        let prepared: &[usize] = if random.bool() { &[0, 1, 0, 2] } else { &[] };
        for frame in prepared {
            stage.say(id, FRAMES[*frame]);
        }
        for _ in 0..random.usize(1..12) {
            let mut frame = (*random.choice(&FRAMES).expect("there are some")).to_owned();
            for _ in 0..random.usize(0..3) {
                let other = random.choice(&FRAMES).expect("there are some");
                let (at, from) = (random.usize(..=frame.len()), random.usize(..other.len()));
                let length = random.usize(..other.len() - from).min(40);
                let end = (at + random.usize(..20)).min(frame.len());
                frame.replace_range(at..end, &other[from..from + length]);
            }
            stage.say(id, &frame);
        }
        stage.hear(id);
        stage.hub.closed(stage.now, id, "gone");
        stage.settle();
        stage.hear(witness);
        stage.say(
            witness,
            "<iq xmlns='jabber:client' type='get' id='w' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
        );
        assert_eq!(
            stage.hear(witness),
            [
                "<iq type=\"result\" id=\"w\" from=\"localhost\" to=\"1001@localhost/desktop\" xmlns=\"jabber:client\"/>"
            ]
        );
    }
    assert_eq!(stage.hub.counters().sessions, 1);
    assert_eq!(stage.hub.roster.count_all(), 1);
}
