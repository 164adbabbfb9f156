//! A frame in each state of a stream. The first letter is the state: `c`onnected, `o`pened, `k` checking, `l`ogged in,
//! `r`eady, `b`ound, `a`vailable, `x` closed; what follows is the frame.
#![no_main]

use callboard::config::password::Password;
use callboard::config::{Config, Profile};
use callboard::hub::Action;
use callboard::id::SessionId;
use callboard_fuzz::wire::{self, hear};
use callboard_fuzz::{Stage, stage, world};
use libfuzzer_sys::{Corpus, fuzz_target};
use std::sync::LazyLock;

static PLAIN: LazyLock<Config> = LazyLock::new(|| stage::demo(Profile::Uccx));

/// The check of a password takes so long that a frame can come before its end.
static SLOW: LazyLock<Config> = LazyLock::new(|| {
    let mut config = PLAIN.clone();
    let hash = Password::hash("1001", 1000).expect("a hash");
    config.users[1].password = Password::parse_hash(&hash).expect("a hash");
    config
});

/// What a client says, up to each state.
const WAY: [(u8, &str); 6] = [
    (b'c', world::OPEN),
    (b'o', world::AUTH_1001),
    (b'l', world::OPEN),
    (b'r', world::BIND),
    (b'b', world::PRESENCE),
    (b'a', ""),
];

fuzz_target!(|text: &str| -> Corpus {
    let Some((state, frame)) = text.split_at_checked(1) else { return Corpus::Reject };
    let state = state.as_bytes()[0];
    let mut stage = Stage::new(if state == b'k' { &SLOW } else { &PLAIN });
    let id = stage.connect();
    reach(&mut stage, id, state);
    stage.act();
    assert!(hear(&mut stage, id, usize::MAX).closed == (state == b'x'));

    stage.hub.frame(stage.now, id, frame.trim_start_matches('\n'));
    let heard = hear(&mut stage, id, usize::MAX);
    if state == b'x' || heard.closed {
        assert!(state != b'x' || heard.frames.is_empty(), "{heard:?}");
        stage.hub.frame(stage.now, id, "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
        let more = hear(&mut stage, id, usize::MAX);
        assert!(more.frames.is_empty() && !more.closed, "{more:?}");
    } else if state == b'a' {
        // It goes on as if nothing had been.
        stage.hub.frame(stage.now, id, world::PING);
        let answer = hear(&mut stage, id, usize::MAX).frames.concat();
        assert_eq!(wire::element(&answer).root_element().attribute("type"), Some("result"), "{answer}");
    }
    for told in stage.told() {
        assert!(told.payload.len() <= stage.limits.payload);
    }
    stage.hub.unverified(stage.now, id);
    stage.act();
    stage.end();
    Corpus::Keep
});

fn reach(stage: &mut Stage, id: SessionId, state: u8) {
    let closes = state == b'x';
    let state = if WAY.iter().any(|(known, _)| *known == state) { state } else { b'a' };
    for (_, said) in WAY.iter().take_while(|(reached, _)| *reached != state) {
        stage.hub.frame(stage.now, id, said);
        // The answer to a check comes after the frame.
        if stage.hub.is_checking(id) {
            assert!(
                std::iter::from_fn(|| stage.hub.poll()).any(|action| matches!(action, Action::Verify { .. }))
            );
            return;
        }
    }
    if closes {
        stage.hub.frame(stage.now, id, "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    }
}
