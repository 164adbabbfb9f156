//! Requests by chance, most of them next to good: each has one answer, and nothing is left in the end.

use std::collections::HashSet;

use fastrand::Rng;

use crate::hub::tests::bosh::*;

const ATTRIBUTES: [&str; 12] = [
    "",
    "",
    "",
    RESTART,
    "pause='1'",
    "pause='60'",
    "type='terminate'",
    "ack='101'",
    "ack='99999999999999999999'",
    "key='x'",
    "newkey='ca393b51b682f61f98e7877d61146407f3d0a770'",
    "key='bfb06a6f113cd6fd3838ab9d300fdb4fe3da2f7d'",
];

const PAYLOADS: [&str; 9] = [
    "",
    "",
    AUTH,
    BIND,
    PRESENCE,
    "<presence xmlns='jabber:client' type='unavailable'/>",
    "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>",
    "<x/>",
];

const CREATE: [&str; 6] = [
    "ver='1.6'",
    "ver='1.6' ack='1'",
    "ver='1.6' wait='1' hold='1'",
    "wait='0'",
    "hold='0' ver='1.10'",
    "newkey='ca393b51b682f61f98e7877d61146407f3d0a770' ver='1.6'",
];

/// Requests and what is known of them.
#[derive(Default)]
struct Requests {
    made: u64,
    /// Requests whose clients wait, each with its session.
    open: Vec<(u64, Option<SessionId>)>,
    answered: HashSet<u64>,
}

impl Requests {
    fn look(&mut self, stage: &mut Stage, seed: u64) {
        for answer in stage.answers.drain(..) {
            let request = answer.request.0;
            assert!(request < self.made && self.answered.insert(request), "seed {seed}: {answer:?}");
            self.open.retain(|(other, _)| *other != request);
        }
    }

    /// The passwords are checked.
    fn verify(&mut self, stage: &mut Stage, seed: u64) {
        for (session, credentials, attempt) in std::mem::take(&mut stage.checks) {
            let granted = credentials.verify(&attempt);
            stage.hub.verified(stage.now, session, credentials.user, granted);
            stage.settle();
        }
        self.look(stage, seed);
    }

    fn post(&mut self, stage: &mut Stage, seed: u64, text: &str) {
        let id = stage.post_from(Ipv4Addr::LOCALHOST.into(), false, self.made, text);
        self.open.push((self.made, id));
        self.made += 1;
        self.look(stage, seed);
    }
}

fn request(client: &Client, rid: u64, attributes: &str, content: &str) -> String {
    let sid = &client.sid;
    format!("<body rid='{rid}' sid='{sid}' {attributes} xmlns='{}'>{content}</body>", ns::HTTPBIND)
}

/// Lets time pass as it does outside: from one deadline to the next.
fn pass(stage: &mut Stage, requests: &mut Requests, seed: u64, time: Duration) {
    let end = stage.now.monotonic + time;
    let mut ticks = 0;
    while let Some(due) = stage.hub.wake_at().filter(|due| *due <= end) {
        ticks += 1;
        assert!(ticks < 10_000, "seed {seed}: the time stands still");
        stage.pass(due.saturating_duration_since(stage.now.monotonic));
        requests.look(stage, seed);
    }
    stage.now.monotonic = end;
}

fn run(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let mut stage = stage_with(|config| {
        if random.bool() {
            let hash = Password::hash("1001", 1000).expect("a hash");
            config.users[1].password = Password::parse_hash(&hash).expect("a hash");
        }
        config.limits.bosh_polling = Duration::from_secs(random.u64(..2));
        config.limits.queue = 4096;
        config.limits.queue_frames = 20;
    });
    let mut requests = Requests::default();
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..200 {
        match random.u8(..20) {
            0 if random.bool() => {
                let mut client = stage.create("ver='1.6'");
                for (attributes, content) in [("", AUTH), (RESTART, ""), ("", BIND), ("", PRESENCE)] {
                    client.rid += 1;
                    let text = request(&client, client.rid, attributes, content);
                    requests.post(&mut stage, seed, &text);
                    requests.verify(&mut stage, seed);
                }
                clients.push(client);
            }
            0 => {
                let attributes = random.choice(CREATE).expect("there are some");
                let text = format!("<body rid='100' to='localhost' {attributes} xmlns='{}'/>", ns::HTTPBIND);
                let id = stage.post_from(Ipv4Addr::LOCALHOST.into(), false, requests.made, &text);
                requests.made += 1;
                let sid = stage.answers.last().and_then(|answer| {
                    answer.body.split(" sid=\"").nth(1)?.split('"').next().map(str::to_owned)
                });
                clients.extend(sid.map(|sid| Client { id, sid, rid: 100 }));
                requests.look(&mut stage, seed);
            }
            1 => stage.publish(USER_NODE, &"x".repeat(random.usize(..600))),
            2 => pass(&mut stage, &mut requests, seed, Duration::from_millis(random.u64(..3000))),
            3 => {
                if let Some(place) = random.choice(0..requests.open.len()) {
                    let (request, id) = requests.open.swap_remove(place);
                    requests.answered.insert(request);
                    if let Some(id) = id {
                        stage.hub.gone(stage.now, id, RequestId(request));
                    }
                }
            }
            4 => {
                requests.verify(&mut stage, seed);
            }
            _ => {
                let Some(client) = random.choice(clients.iter_mut()) else { continue };
                let beside = random.choice([0, 0, 0, 0, 0, -1, -1, 1, -2, 2]).unwrap_or_default();
                let rid = (client.rid + 1).saturating_add_signed(beside);
                client.rid = client.rid.max(rid.min(client.rid + 1));
                let attributes = random.choice(ATTRIBUTES).expect("there are some");
                let payloads: String = (0..random.u8(..3)).filter_map(|_| random.choice(PAYLOADS)).collect();
                let text = request(client, rid, attributes, &payloads);
                requests.post(&mut stage, seed, &text);
            }
        }
        stage.settle();
        requests.look(&mut stage, seed);
    }
    for (session, ..) in std::mem::take(&mut stage.checks) {
        stage.hub.unverified(stage.now, session);
    }
    pass(&mut stage, &mut requests, seed, Duration::from_secs(1000));
    assert_eq!(requests.open, [], "seed {seed}");
    assert!(stage.hub.bindings.is_empty(), "seed {seed}");
    assert_eq!(stage.hub.counters().sessions, 0, "seed {seed}");
}

#[test]
fn each_request_has_one_answer_and_nothing_is_left() {
    (0..60).for_each(run);
}
