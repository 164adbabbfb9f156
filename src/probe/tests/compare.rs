use std::time::Duration;

use crate::probe::{Comparison, Judged, Step, compare, explain};

/// A stream as both sides speak it: `>` is the client, `<` the server.
const STREAM: &str = "\
> <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.example' version='1.0'/>
< <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='a.example' id='31337' version='1.0'/>
< <stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>
> <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>
< <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
> <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.example' version='1.0'/>
< <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='a.example' id='31338' version='1.0'/>
< <stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>
> <iq xmlns='jabber:client' type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desk-17</resource></bind></iq>
< <iq xmlns='jabber:client' type='result' id='b1' to='1001@a.example/desk-17'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>1001@a.example/desk-17</jid></bind></iq>
> <presence xmlns='jabber:client'/>
< <presence xmlns='jabber:client' from='finesse@a.example/smack-4' to='1001@a.example/desk-17'><delay xmlns='urn:xmpp:delay' stamp='2026-11-30T10:00:00Z'/></presence>
> <iq xmlns='jabber:client' type='set' to='pubsub.a.example' id='s1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='/finesse/api/User/1001' jid='1001@a.example/desk-17'/></pubsub></iq>
< <iq xmlns='jabber:client' type='result' id='s1' from='pubsub.a.example'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscription node='/finesse/api/User/1001' jid='1001@a.example/desk-17' subscription='subscribed' subid='x'/></pubsub></iq>
> <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>
< <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

/// The stream as a file of the probe.
fn judged(stream: &str) -> Judged {
    let frame = |(place, line): (usize, &str)| {
        let from = if line.starts_with('>') { "client" } else { "server" };
        format!(r#"{{"ms":{place},"from":"{from}","text":{:?}}}"#, &line[2..])
    };
    let frames: Vec<_> = stream.lines().enumerate().map(frame).collect();
    explain(&format!(r#"{{"frames":[{}]}}"#, frames.join(","))).expect("a file of the probe").remove(0)
}

fn compared(a: &str, b: &str) -> Comparison {
    compare([&judged(a), &judged(b)])
}

/// Each difference as `STEP WHAT: A | B`.
fn differences(of: &Comparison) -> Vec<String> {
    let mut all = Vec::new();
    for (step, differences) in &of.steps {
        for difference in differences {
            let [a, b] = difference.values.each_ref().map(|value| value.as_deref().unwrap_or("-"));
            all.push(format!("{} {}: {a} | {b}", step.name(), difference.what));
        }
    }
    all
}

#[test]
fn what_is_of_one_side_alone_is_no_difference() {
    let other = STREAM
        .replace("a.example", "finesse2.b.example")
        .replace("1001", "2002")
        .replace("desk-17", "other")
        .replace("31337", "4")
        .replace("10:00:00", "11:11:11")
        .replace("'b1'", "'9'")
        .replace("subid='x'", "subid='y'")
        .replace("type='result' id='s1'", "id='s1' type='result'")
        .replace(
            "xmlns:stream='http://etherx.jabber.org/streams'",
            "xmlns:st='http://etherx.jabber.org/streams'",
        )
        .replace("stream:features", "st:features");
    let found = compared(STREAM, &other);
    assert_eq!(differences(&found), Vec::<String>::new());
    assert_eq!((found.percent(), found.equal()), (100, found.steps.len()));
    assert!(found.steps.len() >= 9, "{found:?}");
}

#[test]
fn a_resource_with_the_name_of_the_user_is_no_difference() {
    let found = compared(STREAM, &STREAM.replace("desk-17", "1001"));
    assert_eq!(differences(&found), Vec::<String>::new());
}

#[test]
fn a_carrier_is_no_difference() {
    let sid = " sid='k' xmlns='http://jabber.org/protocol/httpbind'";
    let bosh: Vec<_> = STREAM
        .lines()
        .enumerate()
        .map(|(place, line)| {
            let (side, text) = line.split_at(2);
            match (text.starts_with("<open"), side, place) {
                (true, "> ", 0) => {
                    "> <body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='a.example'/>".to_owned()
                }
                (true, "> ", _) => format!("> <body{sid} xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'/>"),
                (true, ..) if place < 4 => format!("< <body{sid} from='a.example'/>"),
                (true, ..) => format!("< <body{sid}/>"),
                _ if text.starts_with("<close") => format!("{side}<body{sid} type='terminate'/>"),
                _ => format!("{side}<body{sid}>{text}</body>"),
            }
        })
        .collect();
    let found = compared(STREAM, &bosh.join("\n"));
    // A WebSocket in a file has no upgrade, and over BOSH the first answer is one.
    assert_eq!(
        found.differing().filter(|step| *step != Step::Upgrade).count(),
        0,
        "{:?}",
        differences(&found)
    );
}

#[test]
fn each_difference_of_meaning_is_told_at_its_step() {
    for (from, to, difference) in [
        (
            "<mechanism>PLAIN</mechanism>",
            "<mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism>",
            "features server features/mechanisms/mechanism: PLAIN | PLAIN, SCRAM-SHA-1",
        ),
        (
            " subscription='subscribed'",
            "",
            "subscribe server iq/pubsub/subscription@subscription: subscribed | -",
        ),
        (
            " from='pubsub.a.example'",
            " from='a.example'",
            "subscribe server iq@from: pubsub.{domain} | {domain}",
        ),
        (
            "smack-4",
            "presence",
            "finesse server presence@from: finesse@{domain}/smack-4 | finesse@{domain}/presence",
        ),
        (
            "jid='1001@a.example/desk-17'/>",
            "jid='1001@a.example'/>",
            "subscribe client iq/pubsub/subscribe@jid: {user}@{domain}/{resource} | {user}@{domain}",
        ),
        (
            "> <presence xmlns='jabber:client'/>",
            "> <presence xmlns='jabber:client'><priority>-1</priority></presence>",
            "presence result: passed | failed: negative-priority",
        ),
    ] {
        assert!(STREAM.contains(from), "{from}");
        let found = compared(STREAM, &STREAM.replace(from, to));
        let told = differences(&found);
        assert!(told.iter().any(|told| told == difference), "{difference} in {told:#?}");
        assert_eq!(found.differing().count(), 1, "{told:#?}");
        assert!(found.percent() < 100 && found.percent() > 80, "{found:?}");
        // The other way round it is the same.
        let back = compared(&STREAM.replace(from, to), STREAM);
        assert_eq!(differences(&back).len(), told.len());
    }
}

#[test]
fn a_side_that_fails_differs_from_there_on() {
    let refused = STREAM.split_once("< <success").expect("a success").0.to_owned()
        + "< <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text>Wrong.</text></failure>";
    let found = compared(STREAM, &refused);
    let differing: Vec<_> = found.differing().collect();
    assert_eq!(differing.first(), Some(&Step::Auth), "{found:?}");
    assert!(differing.contains(&Step::Bind), "{differing:?}");
    assert!(!differences(&found).iter().any(|told| told.contains("Wrong.")), "{found:?}");
    // Two that fail in the same way are equal.
    assert_eq!(compared(&refused, &refused).percent(), 100);
}

#[test]
fn no_secret_and_no_end_stands_in_a_comparison() {
    let other = STREAM.replace("AGEAYg==", "AGEAYmM=");
    assert_eq!(compared(STREAM, &other).percent(), 100);
    let mut long = judged(STREAM);
    let frame = long.frames[2].clone();
    for number in 0..10_000 {
        let text = format!(
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><a{number} b='{number}'/></stream:features>"
        );
        long.frames.insert(3, crate::probe::Frame { text, at: Duration::ZERO, ..frame.clone() });
    }
    let found = compare([&judged(STREAM), &long]);
    assert!(differences(&found).len() <= 32 * found.steps.len(), "{}", differences(&found).len());
}
