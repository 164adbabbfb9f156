//! Requests of BOSH, one a line. `$SID` and `$RID` stand for the session that was begun last and its next number. A line
//! `login` begins one and logs it in, `publish TEXT` lets it have an event, `gone` takes the client of the last request
//! away, `tick SECONDS` lets time pass. Each request has one answer, and nothing is left in the end.
#![no_main]

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::Duration;

use callboard::config::{Config, Profile};
use callboard::hub::Post;
use callboard::id::SessionId;
use callboard::xml;
use callboard::xmpp::bosh::RequestId;
use callboard::xmpp::ns;
use callboard_fuzz::script::Language;
use callboard_fuzz::world::{AUTH_1001, BIND, PRESENCE};
use callboard_fuzz::{Stage, stage, wire};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

static CONFIG: LazyLock<Config> = LazyLock::new(|| stage::demo(Profile::Uccx));

fuzz_target!(|text: &str| {
    let mut client = Client::new();
    for line in text.lines() {
        client.step(line);
    }
    client.stage.pass(Duration::from_secs(2000), |stage| {
        stage.act();
    });
    client.look();
    assert!(client.open.is_empty(), "{:?} have no answer", client.open);
    client.stage.end();
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    LANGUAGE.mutate(data, size, most, seed, fuzzer_mutate)
});

const LANGUAGE: Language = Language {
    separator: "\n",
    breaks: &[' ', '\'', '=', '<', '>', '/'],
    steps: &[
        "login",
        "publish x",
        "gone",
        "tick 3",
        "<body rid='100' to='localhost' ver='1.6' hold='1' wait='60' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='$RID' sid='$SID' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='105' sid='$SID' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='$RID' sid='$SID' ack='100' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='$RID' sid='$SID' pause='60' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='$RID' sid='$SID' type='terminate' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='$RID' sid='$SID' xmlns='http://jabber.org/protocol/httpbind'><presence xmlns='jabber:client'/></body>",
        "<body rid='$RID' sid='$SID' xmlns='http://jabber.org/protocol/httpbind'><iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq></body>",
    ],
    kinds: &[
        &["$RID", "100", "101", "104", "105", "106", "107", "108", "120"],
        &["0", "1", "2", "3", "30", "60", "61", "120", "600"],
        &["rid", "ack", "pause", "wait", "hold"],
        &["presence", "message", "iq"],
        &["get", "set", "result", "error", "unavailable", "terminate"],
    ],
};

struct Client {
    stage: Stage,
    sid: String,
    rid: u64,
    requests: u64,
    /// The requests that wait, and whose they are.
    open: HashMap<u64, Option<SessionId>>,
}

impl Client {
    fn new() -> Self {
        Self { stage: Stage::new(&CONFIG), sid: String::new(), rid: 100, requests: 0, open: HashMap::new() }
    }

    fn step(&mut self, line: &str) {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("login", _) => {
                self.rid = 100;
                let begin = format!("<body rid='100' to='localhost' ver='1.6' xmlns='{}'/>", ns::HTTPBIND);
                self.post(&begin);
                for content in [AUTH_1001, "", BIND, PRESENCE] {
                    let restart =
                        if content.is_empty() { "x:restart='true' xmlns:x='urn:xmpp:xbosh'" } else { "" };
                    let head = format!("<body rid='$RID' sid='$SID' {restart} xmlns='{}'>", ns::HTTPBIND);
                    self.post(&format!("{head}{content}</body>"));
                }
            }
            ("publish", text) if xml::is_carriable(text) => {
                let (now, user) = (self.stage.now, self.stage.user("administrator"));
                let _ = self.stage.hub.publish(now, user, "/finesse/api/User/1001", text.to_owned());
                self.stage.told();
            }
            ("gone", _) => {
                let Some(last) = self.open.keys().max().copied() else { return };
                if let Some(id) = self.open.remove(&last).flatten() {
                    self.stage.hub.gone(self.stage.now, id, RequestId(last));
                }
            }
            ("tick", seconds) => {
                let time = Duration::from_secs(seconds.parse().unwrap_or(1).min(600));
                self.stage.pass(time, |stage| {
                    stage.act();
                    stage.told();
                });
            }
            _ => self.post(line),
        }
        self.look();
    }

    fn post(&mut self, text: &str) {
        let next = self.rid + 1;
        if text.contains("$RID") {
            self.rid = next;
        }
        let text = text.replace("$RID", &next.to_string()).replace("$SID", &self.sid);
        let request = self.requests;
        self.requests += 1;
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 5280));
        let post = Post { request: RequestId(request), peer, secure: false, via_proxy: false };
        let id = self.stage.hub.post(self.stage.now, post, &text);
        self.open.insert(request, id);
        self.stage.told();
        self.look();
    }

    fn look(&mut self) {
        self.stage.act();
        for answer in std::mem::take(&mut self.stage.answers) {
            let request = answer.request.0;
            assert!(self.open.remove(&request).is_some(), "an answer too many: {answer:?}");
            let document = wire::element(&answer.body);
            assert!(document.root_element().has_tag_name((ns::HTTPBIND, "body")), "{answer:?}");
            if let Some(sid) = document.root_element().attribute("sid") {
                sid.clone_into(&mut self.sid);
            }
        }
    }
}
