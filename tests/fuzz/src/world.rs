//! Several clients, and what each of them has to get.
//!
//! The model knows what a client can know: from the answers who it is and what it is subscribed to, from its own presence
//! whether it is available. What happens on the nodes it learns from the witness, and so which clients have to get which event.

mod peer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callboard::config::Config;
use callboard::desk::nodes;
use callboard::id::SessionId;
use callboard::xml;
use callboard::xmpp::jid::Jid;
use callboard::xmpp::ns;
use roxmltree::{Document, Node};

use crate::stage::{Stage, Told};
use crate::wire::{self, Heard, child};
use peer::{Expected, Peer, What};

pub const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
pub const AUTH_1001: &str =
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>";
pub const BIND: &str = "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq>";
pub const PRESENCE: &str = "<presence xmlns='jabber:client'/>";
pub const PING: &str = "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";

/// Somebody logs in, binds a resource and is available.
pub fn log_in(stage: &mut Stage, user: &str, password: &str, resource: &str) -> SessionId {
    let id = stage.connect();
    let plain = STANDARD.encode(format!("\0{user}\0{password}"));
    let auth = format!("<auth xmlns='{}' mechanism='PLAIN'>{plain}</auth>", ns::SASL);
    for text in [OPEN, &auth, OPEN, &BIND.replace("desktop", resource), PRESENCE] {
        stage.hub.frame(stage.now, id, text);
        stage.act();
    }
    id
}

/// The hub, its clients, and the model of both.
pub struct World {
    pub stage: Stage,
    peers: Vec<Peer>,
    /// The nodes of each user's subscriptions by the bare JID.
    bare: BTreeMap<String, BTreeSet<String>>,
    kept: BTreeMap<String, Kept>,
}

/// The items that a node keeps, by their ids, the oldest first.
#[derive(Default)]
struct Kept {
    most: usize,
    items: VecDeque<String>,
}

impl Kept {
    fn cut(&mut self) {
        self.items.drain(..self.items.len().saturating_sub(self.most));
    }
}

impl World {
    /// A world of `clients` clients, none of them connected.
    pub fn new(config: &Config, clients: usize) -> Self {
        let peers = std::iter::repeat_with(Peer::default).take(clients).collect();
        let mut world =
            Self { stage: Stage::new(config), peers, bare: BTreeMap::new(), kept: BTreeMap::new() };
        world.keep(config);
        world
    }

    /// What stays in the nodes when a configuration comes.
    fn keep(&mut self, config: &Config) {
        self.kept.retain(|node, _| config.nodes.iter().any(|other| other.name == *node));
        for node in &config.nodes {
            let kept = self.kept.entry(node.name.clone()).or_default();
            kept.most = node.items;
            kept.cut();
        }
    }

    /// The bare and the full JID of a client; empty if it is not bound.
    pub fn address(&self, client: usize) -> (&str, &str) {
        let full = self.peers[client].full.as_deref().unwrap_or_default();
        (full.split('/').next().unwrap_or_default(), full)
    }

    /// A client says something, if it is not about to leave. It connects first if it has to.
    pub fn say(&mut self, client: usize, text: &str) {
        self.hear(client, usize::MAX);
        let id = *self.peers[client].id.get_or_insert_with(|| self.stage.connect());
        assert!(self.stage.hub.is_reading(id), "nothing waits, and still nothing may come");
        self.stage.hub.frame(self.stage.now, id, text);
        self.happened();
        let heard = wire::hear(&mut self.stage, id, usize::MAX);
        if let Ok(document) = Document::parse(text)
            && !heard.closed
        {
            self.answered(client, document.root_element(), &heard);
        }
        self.check(client, &heard);
    }

    /// A client takes about `budget` bytes of what waits for it.
    pub fn hear(&mut self, client: usize, budget: usize) {
        if let Some(id) = self.peers[client].id {
            let heard = wire::hear(&mut self.stage, id, budget);
            self.check(client, &heard);
        }
    }

    fn check(&mut self, client: usize, heard: &Heard) {
        self.peers[client].check(&mut self.stage, heard);
        if heard.closed {
            self.leave(client);
        }
    }

    /// The connection of a client is gone.
    pub fn leave(&mut self, client: usize) {
        if let Some(id) = std::mem::take(&mut self.peers[client]).id {
            self.stage.hub.closed(self.stage.now, id, "gone");
            self.happened();
        }
    }

    /// Something is published by an administrator.
    pub fn publish(&mut self, node: &str, payload: &str) {
        let administrator = self.stage.user("administrator");
        if xml::is_carriable(payload) {
            let _ = self.stage.hub.publish(self.stage.now, administrator, node, payload.to_owned());
            self.happened();
        }
    }

    /// Time passes.
    pub fn pass(&mut self, time: Duration) {
        let Self { stage, peers, bare, kept } = self;
        stage.pass(time, |stage| happened(stage, peers, bare, kept));
    }

    /// Something was done with the hub: its receivers get what follows.
    pub fn happened(&mut self) {
        happened(&mut self.stage, &mut self.peers, &self.bare, &mut self.kept);
    }

    /// Another configuration comes. A removed user still hears of the signing out; the others, which nodes are gone.
    pub fn reload(&mut self, config: &Config) {
        let Self { stage, peers, bare, kept } = self;
        let (told, gone) = stage.reload(config);
        expect(peers, bare, kept, told);
        let directory = stage.hub.desk().directory();
        bare.retain(|jid, _| jid.split('@').next().is_some_and(|user| directory.find(user).is_some()));
        peers.iter_mut().for_each(|peer| peer.look(&stage.hub));
        for node in gone {
            let expected = Expected { node: node.clone(), what: What::Deleted };
            peers.iter_mut().for_each(|peer| peer.expect(bare, &expected));
            bare.values_mut().chain(peers.iter_mut().map(|peer| &mut peer.nodes)).for_each(|nodes| {
                nodes.remove(&node);
            });
        }
        act(stage, peers);
        self.keep(config);
    }

    /// The server goes down: all who are connected hear it, behind what was told before and what came of the sign-ins that
    /// were under way, and nobody comes any more.
    pub fn shut_down(mut self) {
        let told = self.stage.shut_down();
        expect(&mut self.peers, &self.bare, &mut self.kept, told);
        for peer in &mut self.peers {
            peer.look(&self.stage.hub);
        }
        act(&mut self.stage, &mut self.peers);
        for client in 0..self.peers.len() {
            self.hear(client, usize::MAX);
            assert!(self.peers[client].id.is_none(), "a client stays");
        }
        let late = self.stage.connect();
        let heard = wire::hear(&mut self.stage, late, usize::MAX);
        assert!(heard.closed && heard.frames.concat().contains("<system-shutdown"), "{heard:?}");
        self.stage.hub.closed(self.stage.now, late, "gone");
        self.stage.end();
    }

    /// All hear what is left, and go.
    pub fn end(mut self) {
        for client in 0..self.peers.len() {
            self.hear(client, usize::MAX);
            self.leave(client);
        }
        self.stage.end();
    }

    /// What a client has said was answered, or not.
    fn answered(&mut self, client: usize, said: Node<'_, '_>, heard: &Heard) {
        if said.tag_name().namespace() != Some(ns::CLIENT) {
            return;
        }
        let answers: Vec<Document<'_>> = heard.frames.iter().map(|frame| wire::element(frame)).collect();
        match said.tag_name().name() {
            "presence" if said.attribute("to").is_none() => self.peers[client].present(&answers),
            "iq" => {
                let Some(answer) = only_answer(said, &answers) else { return };
                if answer.attribute("type") == Some("result") {
                    self.granted(client, said, answer);
                }
            }
            _ => {}
        }
    }

    /// A request had the result that it wanted.
    fn granted(&mut self, client: usize, said: Node<'_, '_>, answer: Node<'_, '_>) {
        let Some(asked) = said.children().find(Node::is_element) else { return };
        match (asked.tag_name().namespace(), asked.tag_name().name()) {
            (Some(ns::BIND), "bind") => {
                let jid = child(answer, "bind").and_then(|bind| child(bind, "jid"));
                self.bound(client, jid.and_then(|jid| jid.text()).expect("a JID").to_owned());
            }
            (Some(ns::PUBSUB), "pubsub") => self.subscribed(asked, child(answer, "pubsub")),
            _ => {}
        }
    }

    fn bound(&mut self, client: usize, full: String) {
        let bare = full.split('/').next().unwrap_or_default().to_owned();
        let profile = self.stage.hub.desk().profile();
        let (user, _) = bare.split_once('@').expect("a bound client is somebody");
        let of_user = |peer: &Peer| !peer.ended && peer.bare() == Some(&bare);
        if !self.peers.iter().any(of_user) {
            self.bare.entry(bare.clone()).or_default().extend(nodes::automatic(user, profile));
        }
        self.peers[client].full = Some(full);
    }

    /// The answer says what was subscribed to, or which items there are, the request what was not to be any more, or is taken
    /// back.
    fn subscribed(&mut self, asked: Node<'_, '_>, answer: Option<Node<'_, '_>>) {
        if let Some(subscription) = answer.and_then(|pubsub| child(pubsub, "subscription")) {
            let value = |name| subscription.attribute(name).expect("it is there").to_owned();
            let (node, jid) = (value("node"), value("jid"));
            self.subscriptions(&jid).insert(node);
            return;
        }
        let own = |node: &Node<'_, '_>| node.tag_name().namespace() == Some(ns::PUBSUB);
        let Some(action) = asked.children().find(own) else { return };
        if let Some(answer) = answer {
            return self.listed(action, answer);
        }
        let node = action.attribute("node").unwrap_or_default();
        match action.tag_name().name() {
            "unsubscribe" => {
                let jid =
                    Jid::parse(action.attribute("jid").unwrap_or_default()).expect("it was read before");
                let was = self.subscriptions(&jid.to_string()).remove(node);
                assert!(was, "{jid} was not subscribed to {node}");
            }
            "retract" => {
                let item = action.children().find_map(|item| item.attribute("id")).unwrap_or_default();
                let kept = self.kept.get_mut(node).expect("it keeps items");
                kept.items.retain(|other| other != item);
                if !matches!(action.attribute("notify"), Some("1" | "true")) {
                    return;
                }
                let expected =
                    Expected { node: node.to_owned(), what: What::Retracted { item: item.to_owned() } };
                self.peers.iter_mut().for_each(|peer| peer.expect(&self.bare, &expected));
            }
            _ => {}
        }
    }

    /// The last items were asked for, not certain ones: they are those that the node keeps.
    fn listed(&self, action: Node<'_, '_>, answer: Node<'_, '_>) {
        let Some(items) = child(answer, "items") else { return };
        if action.children().any(|item| item.is_element()) {
            return;
        }
        let kept = &self.kept[items.attribute("node").expect("it is there")].items;
        let most = action.attribute("max_items").map_or(usize::MAX, |most| most.parse().expect("a number"));
        let listed: Vec<_> = items.children().filter_map(|item| item.attribute("id")).collect();
        assert!(kept.iter().skip(kept.len().saturating_sub(most)).eq(&listed), "{listed:?} of {kept:?}");
    }

    /// The nodes to which a bare or full JID is subscribed.
    fn subscriptions(&mut self, jid: &str) -> &mut BTreeSet<String> {
        if jid.contains('/') {
            let peer = self.peers.iter_mut().find(|peer| peer.full.as_deref() == Some(jid) && !peer.ended);
            &mut peer.expect("a session is subscribed that there is not").nodes
        } else {
            self.bare.entry(jid.to_owned()).or_default()
        }
    }
}

fn happened(
    stage: &mut Stage,
    peers: &mut [Peer],
    bare: &BTreeMap<String, BTreeSet<String>>,
    kept: &mut BTreeMap<String, Kept>,
) {
    let told = stage.told();
    for peer in peers.iter_mut() {
        peer.look(&stage.hub);
    }
    expect(peers, bare, kept, told);
    act(stage, peers);
}

/// Notes that subscribers get an item, and that the node keeps it.
fn expect(
    peers: &mut [Peer],
    bare: &BTreeMap<String, BTreeSet<String>>,
    kept: &mut BTreeMap<String, Kept>,
    told: Vec<Told>,
) {
    for Told { node, item, payload } in told {
        if let Some(kept) = kept.get_mut(&node) {
            kept.items.retain(|other| *other != item);
            kept.items.push_back(item.clone());
            kept.cut();
        }
        let expected = Expected { node, what: What::Published { item, payload } };
        peers.iter_mut().for_each(|peer| peer.expect(bare, &expected));
    }
}

/// Does what the hub asks. A client whose connection is dropped counts as one that has not come yet.
fn act(stage: &mut Stage, peers: &mut [Peer]) {
    for id in stage.act() {
        for peer in peers.iter_mut().filter(|peer| peer.id == Some(id)) {
            *peer = Peer::default();
        }
    }
}

/// The answer to an iq, which has to be there, and alone, unless another client may have the question.
fn only_answer<'a>(said: Node<'_, '_>, answers: &'a [Document<'a>]) -> Option<Node<'a, 'a>> {
    let answers = answers.iter().map(Document::root_element);
    let is_answer = |answer: &Node<'_, '_>| {
        answer.tag_name().name() == "iq" && matches!(answer.attribute("type"), Some("result" | "error"))
    };
    let mut answers = answers.filter(is_answer);
    let (answer, more) = (answers.next(), answers.next());
    assert!(more.is_none(), "{more:?} is an answer too many");
    let id = said.attribute("id");
    let handed_on = said.attribute("to").is_some_and(|to| {
        Jid::parse(to)
            .is_ok_and(|jid| jid.resource.is_some() && jid.local.is_some_and(|local| local != "finesse"))
    });
    match answer {
        Some(answer) => assert_eq!(answer.attribute("id"), id, "the answer to another question"),
        None if id.is_none() || handed_on => {}
        None => assert!(!matches!(said.attribute("type"), Some("get" | "set")), "no answer to {id:?}"),
    }
    answer.filter(|_| !handed_on && matches!(said.attribute("type"), Some("get" | "set")))
}
