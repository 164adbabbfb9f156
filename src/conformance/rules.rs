//! The rules, and how each is judged.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::conformance::client::{Client, What};
use crate::id::SessionId;
use crate::record::Entry;

/// The longest time between two pings. The server expects one every 20 seconds (the guide, "Managing Notifications in Third-Party
/// Applications"); a ping may have to wait for the answer to the one before it.
const PING_MAX: Duration = Duration::from_secs(25);

/// How long after its resource was bound a client may send its presence.
const PRESENCE_MAX: Duration = Duration::from_secs(20);

/// How long a client has to come back, and to do what follows from it.
const RETURN_MAX: Duration = Duration::from_secs(60);

/// How long a client that was ended by a conflict has to stay away.
const AWAY: Duration = Duration::from_secs(30);

/// How long after an error a client may still give up because of it.
const CALM: Duration = Duration::from_secs(2);

/// The most logins in one second of a client that comes back.
const LOGINS_MAX: usize = 3;

/// The resource of Cisco's desktop.
const RESERVED: &str = "desktop";

/// The verdict on a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
    /// The client has not done, or not met, what the rule is about.
    NotSeen,
}

impl Verdict {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotSeen => "not seen",
        }
    }
}

/// What was found of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'r> {
    pub verdict: Verdict,
    /// The entry of the record that shows it.
    pub entry: Option<&'r Entry>,
    /// The symptom in the table of diagnoses, if the rule is broken in another way than that of its row.
    pub symptom: Option<&'static str>,
}

impl<'r> Finding<'r> {
    const NOT_SEEN: Self = Self { verdict: Verdict::NotSeen, entry: None, symptom: None };

    fn passed(entry: &'r Entry) -> Self {
        Self { verdict: Verdict::Passed, entry: Some(entry), symptom: None }
    }

    fn failed(entry: &'r Entry) -> Self {
        Self { verdict: Verdict::Failed, entry: Some(entry), symptom: None }
    }
}

/// A rule.
pub struct Rule {
    pub name: &'static str,
    /// Where it stands.
    pub source: &'static str,
    /// Its symptom in the table of diagnoses.
    pub symptom: &'static str,
    /// The faults that provoke it, as queries; those that do not reach the transport of the session are left out.
    pub faults: &'static [&'static str],
    judge: for<'r> fn(&Client<'r>, &Rule) -> Finding<'r>,
}

impl Rule {
    /// Judges a client.
    pub fn judge<'r>(&self, client: &Client<'r>) -> Finding<'r> {
        (self.judge)(client, self)
    }
}

/// The name of the fault that provokes a rule for a session; `place` is that in the row of the rule.
pub fn fault_name(rule: &Rule, session: SessionId, place: usize) -> String {
    let place = if place == 0 { String::new() } else { format!("-{place}") };
    format!("score-{}-{session}{place}", rule.name)
}

/// All rules. That a client asks for the subprotocol (RFC 7395 §3.1) is none of them: one that does not has no session, and so no
/// score.
#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule { name: "one-element", source: "RFC 7395 §3.3.3", symptom: "score-one-element", faults: &[], judge: one_element },
    Rule { name: "domain", source: "RFC 6120 §4.7.2", symptom: "score-domain", faults: &[], judge: domain },
    Rule { name: "resource", source: "the guide, \"Managing Notifications in Third-Party Applications\"",
        symptom: "score-resource", faults: &[], judge: resource },
    Rule { name: "priority", source: "RFC 6121 §4.7.2.3", symptom: "probe-negative-priority", faults: &[], judge: priority },
    Rule { name: "pings", source: "XEP-0199 §4.2; the guide, \"Managing Notifications in Third-Party Applications\"",
        symptom: "score-pings", faults: &[], judge: pings },
    Rule { name: "subscriptions", source: "XEP-0060 §6.1; the guide, \"Subscription Management\"",
        symptom: "score-subscriptions", faults: &[], judge: subscriptions },
    Rule { name: "error", source: "RFC 6120 §8.3", symptom: "iq-error", faults: &["kind=iq-error&count=1&for=2m"], judge: error },
    Rule { name: "late-ping", source: "XEP-0199 §4.2", symptom: "ping-delay", faults: &["kind=ping-delay&count=1&for=2m"], judge: late_ping },
    Rule { name: "restart", source: "RFC 6120 §3.3, §4.9.3.20", symptom: "score-restart",
        faults: &["kind=end&condition=system-shutdown&count=1&for=1s"], judge: restart },
    Rule { name: "conflict", source: "RFC 6120 §4.9.3.3", symptom: "end", faults: &["kind=end&condition=conflict&count=1&for=1s"], judge: conflict },
    // What ends the session stands first: by its name the end is known.
    Rule { name: "lost-events", source: "the guide, \"Failure Scenarios\"", symptom: "event-drop",
        faults: &["kind=cut&how=rst&after=2s&count=1&for=1s", "kind=bosh-end&after=2s&count=1&for=1s", "kind=event-drop&for=2s"], judge: lost_events },
];

fn one_element<'r>(client: &Client<'r>, _: &Rule) -> Finding<'r> {
    if !client.is_framed() {
        return Finding::NOT_SEEN;
    }
    if let Some(broken) = client.own().find(|fact| fact.what == What::Broken) {
        return Finding::failed(broken.entry);
    }
    let said = client.own().find(|fact| fact.what.is_said());
    said.map_or(Finding::NOT_SEEN, |fact| Finding::passed(fact.entry))
}

/// Judges each fact that `is_good` has an opinion of: the first bad one, or the first good one.
fn each<'r>(client: &Client<'r>, is_good: impl Fn(&What) -> Option<bool>) -> Finding<'r> {
    let mut found = Finding::NOT_SEEN;
    for fact in client.own() {
        match is_good(&fact.what) {
            Some(false) => return Finding::failed(fact.entry),
            Some(true) if found.entry.is_none() => found = Finding::passed(fact.entry),
            _ => {}
        }
    }
    found
}

fn domain<'r>(client: &Client<'r>, _: &Rule) -> Finding<'r> {
    each(client, |what| match what {
        What::Open(to) => Some(to.eq_ignore_ascii_case(client.domain)),
        _ => None,
    })
}

fn resource<'r>(client: &Client<'r>, _: &Rule) -> Finding<'r> {
    each(client, |what| match what {
        What::Bind(resource) => Some(resource != RESERVED),
        _ => None,
    })
}

fn priority<'r>(client: &Client<'r>, _: &Rule) -> Finding<'r> {
    let found = each(client, |what| match what {
        What::Presence(priority) => Some(*priority >= 0),
        _ => None,
    });
    let bound = client.own().find(|fact| matches!(fact.what, What::Bound(_)));
    match bound {
        Some(bound)
            if found.verdict == Verdict::NotSeen
                && client.read_until.is_none()
                && (client.ended.is_some() || client.since(bound.entry) > PRESENCE_MAX) =>
        {
            Finding { symptom: Some("score-presence"), ..Finding::failed(bound.entry) }
        }
        _ => found,
    }
}

fn pings<'r>(client: &Client<'r>, _: &Rule) -> Finding<'r> {
    let Some(bound) = client.own().find(|fact| matches!(fact.what, What::Bound(_))) else {
        return Finding::NOT_SEEN;
    };
    let end = client.read_until.or(client.ended).map_or(client.now, |entry| entry.time);
    let mut last = bound.entry;
    let mut number = 0;
    let hits = client.own().filter(|fact| matches!(fact.what, What::Hit(_)));
    let hits: std::collections::BTreeSet<u64> = hits.map(|fact| fact.entry.of).collect();
    let pings =
        client.own().filter(|fact| matches!(fact.what, What::Ping(_)) && fact.entry.seq > bound.entry.seq);
    for fact in pings {
        if fact.entry.time.duration_since(last.time).unwrap_or_default() > PING_MAX {
            return Finding::failed(last);
        }
        (last, number) = (fact.entry, number + 1);
        // A client may wait for the answer first, which a fault has kept.
        if hits.contains(&last.seq)
            && let Some(answer) = client.behind(last).find(|answer| match (&fact.what, &answer.what) {
                (What::Ping(id), What::Answer(other)) => id == other,
                _ => false,
            })
        {
            last = answer.entry;
        }
    }
    if end.duration_since(last.time).unwrap_or_default() > PING_MAX {
        return Finding::failed(last);
    }
    if number >= 2 { Finding::passed(last) } else { Finding::NOT_SEEN }
}

fn subscriptions<'r>(client: &Client<'r>, _: &Rule) -> Finding<'r> {
    each(client, |what| match what {
        What::Subscribe { jid, .. } => Some(client.jid.map_or(jid.contains('/'), |own| own == jid)),
        _ => None,
    })
}

/// When the fault of a rule has acted last.
fn hit<'r>(client: &Client<'r>, rule: &Rule) -> Option<&'r Entry> {
    let is_own = |name: &str| {
        (0..rule.faults.len().saturating_sub(1).max(1))
            .any(|place| name == fault_name(rule, client.session, place))
    };
    let hit = client.own().rev().find(|fact| matches!(&fact.what, What::Hit(name) if is_own(name)))?;
    Some(hit.entry)
}

/// Judges whether a session goes on: the client says something behind `calm`. Another fault may have ended it.
fn goes_on<'r>(client: &Client<'r>, hit: &'r Entry, calm: Option<&Entry>, wait: Duration) -> Finding<'r> {
    let next = calm.and_then(|calm| {
        let is_later = |entry: &Entry| entry.time.duration_since(calm.time).unwrap_or_default() >= wait;
        let of_session = |entry: &Entry| entry.session == Some(client.session);
        client.behind(calm).find(|fact| of_session(fact.entry) && fact.what.is_said() && is_later(fact.entry))
    });
    if let Some(next) = next {
        return Finding::passed(next.entry);
    }
    let mut behind = client.behind(hit).filter(|fact| fact.entry.session == Some(client.session));
    match behind.find(|fact| matches!(fact.what, What::Close | What::Ended | What::Hit(_))) {
        Some(fact) if !matches!(fact.what, What::Hit(_)) => Finding::failed(fact.entry),
        _ => Finding::NOT_SEEN,
    }
}

fn error<'r>(client: &Client<'r>, rule: &Rule) -> Finding<'r> {
    let Some(hit) = hit(client, rule) else { return Finding::NOT_SEEN };
    let is_ping = client.own().any(|fact| fact.entry.seq == hit.of && matches!(fact.what, What::Ping(_)));
    let found = goes_on(client, hit, Some(hit), CALM);
    Finding { symptom: is_ping.then_some("ping-error"), ..found }
}

fn late_ping<'r>(client: &Client<'r>, rule: &Rule) -> Finding<'r> {
    let Some(hit) = hit(client, rule) else { return Finding::NOT_SEEN };
    let id = client.own().find_map(|fact| match &fact.what {
        What::Ping(id) if fact.entry.seq == hit.of => Some(id),
        _ => None,
    });
    let answer =
        client.behind(hit).find(|fact| matches!(&fact.what, What::Answer(other) if Some(other) == id));
    goes_on(client, hit, answer.map(|fact| fact.entry), Duration::ZERO)
}

/// The first session in which a client has come back, as its resource was bound.
fn returned<'r>(client: &Client<'r>, hit: &Entry) -> Option<&'r Entry> {
    client.behind(hit).find(|fact| matches!(fact.what, What::Bound(_))).map(|fact| fact.entry)
}

fn restart<'r>(client: &Client<'r>, rule: &Rule) -> Finding<'r> {
    let Some(hit) = hit(client, rule) else { return Finding::NOT_SEEN };
    let logins: Vec<_> =
        client.behind(hit).filter(|fact| fact.what == What::Login).map(|fact| fact.entry).collect();
    let is_storm = |few: &&[&Entry]| {
        few[LOGINS_MAX].time.duration_since(few[0].time).unwrap_or_default() < Duration::from_secs(1)
    };
    if let Some(few) = logins.windows(LOGINS_MAX + 1).find(is_storm) {
        return Finding::failed(few[LOGINS_MAX]);
    }
    let back = returned(client, hit);
    if let Some(back) = back {
        let later: Vec<_> = client.behind(hit).filter(|fact| fact.entry.session == back.session).collect();
        let is_there =
            later.iter().any(|fact| matches!(fact.what, What::Presence(priority) if priority >= 0));
        let again = later.iter().filter_map(|fact| match &fact.what {
            What::Subscribe { node, .. } => Some(&**node),
            _ => None,
        });
        if is_there && nodes(client).is_subset(&again.collect()) {
            return Finding::passed(back);
        }
    }
    if client.since(hit) > RETURN_MAX { Finding::failed(back.unwrap_or(hit)) } else { Finding::NOT_SEEN }
}

/// The nodes that a session has subscribed to, and has not left.
fn nodes<'c>(client: &'c Client<'_>) -> BTreeSet<&'c str> {
    let mut nodes: BTreeSet<&str> = BTreeSet::new();
    for fact in client.own() {
        match &fact.what {
            What::Subscribe { node, .. } => _ = nodes.insert(node),
            What::Unsubscribe { node } => _ = nodes.remove(&**node),
            _ => {}
        }
    }
    nodes
}

fn conflict<'r>(client: &Client<'r>, rule: &Rule) -> Finding<'r> {
    let Some(hit) = hit(client, rule) else { return Finding::NOT_SEEN };
    for fact in client.behind(hit) {
        let What::Bound(jid) = &fact.what else { continue };
        let is_soon = fact.entry.time.duration_since(hit.time).unwrap_or_default() <= AWAY;
        return match is_soon && Some(&**jid) == client.jid {
            true => Finding::failed(fact.entry),
            false => Finding::passed(fact.entry),
        };
    }
    if client.since(hit) > AWAY { Finding::passed(client.ended.unwrap_or(hit)) } else { Finding::NOT_SEEN }
}

fn lost_events<'r>(client: &Client<'r>, rule: &Rule) -> Finding<'r> {
    let Some(hit) = hit(client, rule) else { return Finding::NOT_SEEN };
    // A client that reads the state over REST before it is back may have read an old one.
    let back = returned(client, hit);
    let read = back.and_then(|back| client.behind(back).find(|fact| fact.what == What::Read));
    match read {
        Some(read) => Finding::passed(read.entry),
        None if client.since(hit) > RETURN_MAX => Finding::failed(back.unwrap_or(hit)),
        None => Finding::NOT_SEEN,
    }
}
