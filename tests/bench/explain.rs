//! What the lines of the table mean.

use std::fmt::Write as _;

use super::growth;
use super::login::LOGINS;
use super::options::{Options, Stage};
use super::round::{BURSTS, SHARE};
use super::slow;
use super::storm::{PINGING, STORM};

/// A paragraph on what was measured.
pub fn text(options: &Options) -> String {
    let Options { sessions, burst, steady, changes, payload, rounds, .. } = options;
    let mut out = String::new();
    let say = |out: &mut String, stages: &[Stage], text: String| {
        if options.wants_any(stages) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\n{text}");
        }
    };
    say(
        &mut out,
        &[Stage::Login, Stage::Fanout, Stage::Steady, Stage::Rest],
        format!("{sessions} sessions, payloads of {payload} bytes, medians of {rounds} rounds."),
    );
    say(
        &mut out,
        &[Stage::Login],
        format!(
            "A login goes from the TCP connection to the second subscription, then it is cut; {LOGINS} at a time."
        ),
    );
    say(
        &mut out,
        &[Stage::Fanout],
        format!(
            "Burst: {burst} events as fast as they are accepted, {BURSTS} times. They fit into the queue of every session, so\n\
             nothing is paced; a server may put several into one write."
        ),
    );
    if !options.flights().is_empty() {
        let _ = write!(
            out,
            "\nIn flight: one publisher that pipelines on one connection, {} deliveries, compared with the batching floor.",
            options.deliveries
        );
    }
    say(
        &mut out,
        &[Stage::Steady],
        format!("Steady: {steady} events, one at a time, 20 a second at the most, one write each."),
    );
    say(
        &mut out,
        &[Stage::Rest],
        format!(
            "PUT state: {changes} changes of one agent's state, one at a time, from the request to its event; first it is\n\
             alone, then {sessions} others are subscribed to its team's node, and the generator reads for all of them in\n\
             its one thread. Publish: as many bare publications to the same, as long as those events."
        ),
    );
    say(
        &mut out,
        &[Stage::Slow],
        format!(
            "Slow readers: {} sessions, of which {} do not read while 13 MB are published to each; the others have all.",
            slow::SESSIONS,
            slow::SLOW
        ),
    );
    say(
        &mut out,
        &[Stage::Storm],
        format!(
            "Storm: {STORM} logins at once ({} where passwords are hashed) while {PINGING} others ping each 10 ms, from\n\
             a thread of their own. Who is refused tries again.",
            options.hashed()
        ),
    );
    say(
        &mut out,
        &[Stage::Idle],
        format!(
            "Idle: {sessions} sessions answer one ping of callboard each in 10 s; by default it is one in 60 s."
        ),
    );
    say(
        &mut out,
        &[Stage::Growth],
        format!(
            "Growth: bursts of {} events, then silence, then {} logins while all the others are in.",
            growth::BURST,
            growth::MORE
        ),
    );
    say(
        &mut out,
        &[Stage::Agents],
        format!(
            "Agents: {} of them, each with an address of its own, a session over wss and a kept https connection. {LOGINS} at a time\n\
             come in; then all lose both and come back at once, {rounds} times, while one who was in before pings each 10 ms.",
            options.agents
        ),
    );
    say(
        &mut out,
        &[Stage::Unfair],
        format!(
            "Unfair: {} s of each attack from one address, while a witness of its own process pings each 3 ms, and a new client\n\
             of another address asks for something each 250 ms.",
            options.seconds
        ),
    );
    if !options.url.is_empty() {
        let _ = write!(
            out,
            "\nBehind a URL: one burst, of a {SHARE}th of the events, and a {SHARE}th of the logins."
        );
    }
    out.push_str("\nCPU in percent is of one core. A generator near 100 is what holds a server up.");
    out
}

/// Writes the conditions of the run as the head of a JSON object.
pub fn json(options: &Options) -> String {
    let Options { sessions, burst, steady, changes, payload, rounds, .. } = options;
    format!(
        "\"sessions\":{sessions},\"payload\":{payload},\"burst\":{burst},\"steady\":{steady},\"changes\":{changes},\
         \"hashed\":{},\"rounds\":{rounds}",
        options.hashed()
    )
}
