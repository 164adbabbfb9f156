//! What a client may not do, and how long it may be away.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::xmpp::bosh::tests::*;

#[test]
fn a_request_does_not_come_again_for_ever() {
    for held in [true, false] {
        let mut stage = Stage::new();
        stage.poll(101);
        if !held {
            stage.push("<a/>");
        }
        for _ in 0..10 {
            assert_eq!(stage.poll(101).len(), 1);
        }
        assert_eq!(stage.take("rid='101'", ""), Err(Violation::REPEATS), "held: {held}");
    }
}

#[test]
fn a_rid_beyond_the_window_is_an_error() {
    for (rid, error) in
        [(102_u64, None), (103, Some(Violation::RID)), (9_007_199_254_740_991, Some(Violation::RID))]
    {
        let mut stage = Stage::new();
        assert_eq!(stage.take(&format!("rid='{rid}'"), "").err(), error, "{rid}");
    }
    // A client that leaves may be one rid further, but no more.
    for leave in ["type='terminate'", "pause='10'"] {
        for (rid, error) in [(103, None), (104, Some(Violation::RID))] {
            let mut stage = Stage::new();
            assert_eq!(stage.take(&format!("rid='{rid}' {leave}"), "").err(), error, "{rid} {leave}");
        }
    }
    let mut stage = Stage::polling();
    assert_eq!(stage.take("rid='102'", ""), Err(Violation::RID));
}

#[test]
fn more_requests_than_agreed_are_too_many() {
    let mut stage = Stage::new();
    assert_eq!(stage.take("rid='101'", "<a/>"), Ok(Turn::Now));
    stage.binding.leave(101, Left::Whole("<body/>".into()));
    stage.take("rid='102'", "<a/>").expect("two are agreed on");
    assert_eq!(stage.take("rid='103'", "<a/>"), Err(Violation::TOO_MANY));
    stage.take("rid='103' type='terminate'", "").expect("who leaves may send one more");
}

#[test]
fn a_second_empty_request_is_too_fast_beside_one_that_is_held() {
    let mut stage = Stage::new();
    stage.poll(101);
    stage.pass(4 * SECOND);
    assert_eq!(stage.take("rid='102'", ""), Err(Violation::TOO_FAST));
    let mut stage = Stage::new();
    stage.poll(101);
    stage.pass(5 * SECOND);
    expect(stage.poll(102), &[(1, EMPTY)]);
    // With something in it, or if it says something itself, it is not.
    expect(stage.post("rid='103'", "<a/>"), &[(2, EMPTY)]);
    expect(stage.post("rid='104' x:restart='true' xmlns:x='urn:xmpp:xbosh'", ""), &[(3, EMPTY)]);
    // Nor is any if nothing is held.
    stage.push("<a/>");
    for rid in 105..120 {
        stage.poll(rid);
        stage.push("<a/>");
    }
}

#[test]
fn polling_is_bounded_if_it_gets_nothing() {
    let mut stage = Stage::polling();
    expect(stage.poll(101), &[(1, EMPTY)]);
    stage.pass(5 * SECOND);
    expect(stage.poll(102), &[(2, EMPTY)]);
    stage.push("<a/>");
    stage.pass(5 * SECOND);
    expect(stage.poll(103), &[(3, "<body><a/></body>")]);
    expect(stage.poll(104), &[(4, EMPTY)]);
    expect(stage.post("rid='105'", "<a/>"), &[(5, EMPTY)]);
    expect(stage.poll(106), &[(6, EMPTY)]);
    stage.pass(4 * SECOND);
    assert_eq!(stage.take("rid='107'", ""), Err(Violation::TOO_FAST));
    let (mut stage, _) = Stage::with("hold='0'", |limits| limits.bosh_polling = Duration::ZERO);
    for rid in 101..120 {
        assert_eq!(stage.poll(rid).len(), 1);
    }
}

#[test]
fn a_client_that_is_away_for_too_long_has_left() {
    let mut stage = Stage::new();
    stage.pass(20 * SECOND);
    stage.poll(101);
    stage.pass(60 * SECOND);
    assert_eq!(stage.binding.due(), stage.now + 60 * SECOND);
    stage.pass(59 * SECOND);
    assert!(!stage.binding.is_abandoned(stage.now));
    stage.pass(SECOND);
    assert!(stage.binding.is_abandoned(stage.now));
    // So has one whose connection broke, and who is not there again.
    let mut stage = Stage::new();
    stage.poll(101);
    stage.pass(30 * SECOND);
    stage.binding.gone(stage.now, RequestId(1));
    assert_eq!(stage.binding.due(), stage.now + 60 * SECOND);
    stage.pass(59 * SECOND);
    assert!(!stage.binding.is_abandoned(stage.now));
    stage.pass(SECOND);
    assert!(stage.binding.is_abandoned(stage.now));
}

#[test]
fn a_pause_is_agreed_on_at_once_and_ends_with_the_next_request() {
    let mut stage = Stage::new();
    stage.poll(101);
    stage.waiting.push_str("<a/>");
    stage.take("rid='102' pause='100'", "").expect("no longer than there may be");
    stage.waiting.push_str("<b/>");
    expect(stage.settle(), &[(1, "<body><a/><b/></body>"), (2, EMPTY)]);
    expect(stage.push("<c/>"), &[]);
    stage.pass(99 * SECOND);
    assert!(!stage.binding.is_abandoned(stage.now));
    assert_eq!(stage.binding.due(), stage.now + SECOND);
    // Its answer may have been lost.
    expect(stage.post("rid='102' pause='100'", ""), &[(3, EMPTY)]);
    expect(stage.poll(103), &[(4, "<body><c/></body>")]);
    assert_eq!(stage.binding.due(), stage.now + 60 * SECOND);
    // It is not one of those that are kept.
    expect(stage.poll(101), &[(5, "<body><a/><b/></body>")]);
    assert_eq!(stage.take("rid='102' pause='100'", ""), Err(Violation::ANSWER_GONE));
}

#[test]
fn a_pause_may_be_short_but_not_long() {
    let mut stage = Stage::new();
    stage.push("<a/>");
    expect(stage.post("rid='101' pause='1'", ""), &[(1, EMPTY)]);
    assert_eq!(stage.binding.due(), stage.now + SECOND);
    expect(stage.poll(102), &[(2, "<body><a/></body>")]);
    let mut stage = Stage::new();
    assert_eq!(stage.take("rid='101' pause='121'", ""), Err(Violation::LONG_PAUSE));
    let (mut stage, _) = Stage::with("", |limits| limits.bosh_maxpause = Duration::ZERO);
    assert_eq!(stage.take("rid='101' pause='1'", ""), Err(Violation::LONG_PAUSE));
}

#[test]
fn keys_go_with_the_requests_in_their_order() {
    let hash = |text: &str| -> String {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut keys = vec![hash("seed")];
    for _ in 0..4 {
        keys.push(hash(keys.last().expect("there is one")));
    }
    let key = |number: usize| format!("rid='{}' key='{}'", 104 - number, keys[number]);
    let start = || Stage::with(&format!("ver='1.6' newkey='{}'", keys[4]), |_| {}).0;
    // Also when they come in another.
    let mut stage = start();
    stage.take(&key(3), "<a/>").expect("the first key");
    stage.push("<x/>");
    stage.take(&key(1), "<c/>").expect("the third, which has to wait");
    stage.take(&key(2), "<b/>").expect("the second");
    stage.settle();
    stage.take(&key(1), "<c/>").expect("a request that comes again has the same key");
    let other = key(1).replace(&keys[1], &keys[2]);
    assert_eq!(stage.take(&other, "<c/>"), Err(Violation::KEY));
    for wrong in ["rid='101'", &key(2).replace("102", "101"), "rid='101' key='x'"] {
        let mut stage = start();
        assert_eq!(stage.take(wrong, ""), Err(Violation::KEY), "{wrong}");
    }
    // One that came too early is looked at in its turn.
    let mut stage = start();
    stage.take("rid='102'", "").expect("nothing is known of it yet");
    assert_eq!(stage.take(&key(3), "<a/>"), Err(Violation::KEY));
}

#[test]
fn a_session_does_not_begin_with_its_end() {
    for attributes in ["type='terminate'", "pause='1'"] {
        let text = format!("<body rid='1' {attributes} xmlns='{}'/>", ns::HTTPBIND);
        let document = roxmltree::Document::parse(&text).expect("XML");
        let envelope = Envelope::read(document.root_element()).expect("an envelope");
        let stage = Stage::new();
        let made = Binding::new(stage.now, &Limits::default(), &envelope, RequestId(1));
        assert_eq!(made.err(), Some(Violation::NO_SESSION), "{attributes}");
    }
}

/// A client may go away from each request, so that it does not count as one that it makes, and what it says still waits.
#[test]
fn what_cannot_be_taken_is_bounded() {
    let mut stage = Stage::new();
    stage.take("rid='101'", "<a/>").expect("the rules are kept");
    stage.binding.leave(101, Left::Whole("<body/>".into()));
    assert_eq!(stage.push("<x/>").len(), 1);
    for rid in 102.. {
        match stage.take(&format!("rid='{rid}'"), "<a/>") {
            Ok(turn) => assert!(turn == Turn::Later && rid < 105, "{rid}"),
            Err(violation) => return assert_eq!((violation, rid), (Violation::TOO_MANY, 105)),
        }
        stage.settle();
        stage.binding.gone(stage.now, RequestId(stage.requests));
    }
}
