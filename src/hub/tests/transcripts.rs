//! The sessions that are written down for the tests of the wire, played without sockets.

use crate::hub::tests::*;

#[path = "../../../tests/wire/transcripts/mod.rs"]
mod script;

#[path = "../../../tests/wire/support/glob.rs"]
mod glob;

use glob::glob;
use script::{Line, lines};

#[test]
fn the_session_of_the_seed_is_what_the_hub_says() {
    let mut stage = Stage::with(|config| config.domain = "uccxpub.prabhat.com".to_owned());
    let id = stage.connect();
    let mut said = std::collections::VecDeque::new();
    for (number, line) in lines(include_str!("../../../tests/wire/transcripts/seed.txt")) {
        match line {
            Line::Send(text) => {
                stage.say(id, text);
                while let Some((session, credentials, attempt)) = stage.checks.pop() {
                    let matches = credentials.verify(&attempt);
                    stage.hub.verified(stage.now, session, credentials.user, matches);
                    stage.settle();
                }
            }
            Line::Publish { node, payload } => stage.publish(node, payload),
            Line::Expect(pattern) => {
                said.extend(stage.hear(id));
                let got = said.pop_front().unwrap_or_default();
                assert!(glob(pattern, &got), "line {number}\n expected: {pattern}\n got:      {got}");
            }
        }
    }
    said.extend(stage.hear(id));
    assert_eq!(said, ["close 1000"], "and nothing more");
}
