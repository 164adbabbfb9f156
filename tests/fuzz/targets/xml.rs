//! XML that one client makes and others get: in a stanza that is handed on, in a presence, and in an item that is kept. What
//! stands before the first `<` are attributes of the outermost element, the rest is its content. A text that begins with `!`
//! is a frame by itself.
//!
//! What is taken means to a second parser what it means here, and comes out as it went in.
#![no_main]

use std::sync::LazyLock;

use callboard::config::{Config, Profile};
use callboard::id::SessionId;
use callboard::xml;
use callboard::xml::Bounds;
use callboard::xmpp::ns;
use callboard_fuzz::parts::{by_second_parser, parts};
use callboard_fuzz::wire::{self, hear};
use callboard_fuzz::{Stage, stage, world};
use libfuzzer_sys::fuzz_target;
use roxmltree::Document;

const NODE: &str = "/lab/log";

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let mut config = stage::demo(Profile::Uccx);
    config.nodes.truncate(1);
    config.nodes[0].name = NODE.to_owned();
    config.nodes[0].items = 2;
    config
});

fuzz_target!(|text: &str| {
    let bounds = Bounds::of(&CONFIG.limits);
    documents(text, &bounds);
    if let Some(frame) = text.strip_prefix('!') {
        if is_taken(frame, &bounds) {
            Scene::new().say(frame);
        }
        return;
    }
    let (attributes, content) = text.split_at(text.find('<').unwrap_or(text.len()));
    let around = |name: &str, own: &str| {
        format!("<{name} xmlns='{}' {own} {attributes}>{content}</{name}>", ns::CLIENT)
    };
    // The same content is taken everywhere or nowhere, as long as nothing has to be declared around it.
    let message = around("message", "to='1002@localhost'");
    if !is_taken(&message, &bounds) {
        return;
    }
    let mut scene = Scene::new();
    if let Some(heard) = scene.say(&message) {
        let read = Document::parse(&message).expect("it was taken");
        let (mut sent, mut heard) = (parts(read.root_element()), by_second_parser(&heard));
        for part in [&mut sent[0], &mut heard[0]] {
            part.forget_attribute("from");
        }
        assert_eq!(sent, heard, "{message}");
    }
    scene.say(&around("presence", ""));
    let item = format!("<item {attributes}>{content}</item>");
    let publish = wire::pubsub(1, &format!("<publish node='{NODE}'>{item}</publish>"));
    if is_taken(&publish, &bounds) {
        scene.say(&publish);
        let get = "<iq xmlns='jabber:client' type='get' id='2' to='pubsub.localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='/lab/log'/></pubsub></iq>";
        scene.say(get);
    }
    for id in scene.sessions {
        scene.stage.hub.closed(scene.stage.now, id, "gone");
    }
    scene.stage.end();
});

/// A frame is taken by the entrance: then the second parser takes it too.
fn is_taken(frame: &str, bounds: &Bounds) -> bool {
    let is_taken = xml::read(frame, bounds).is_ok();
    if is_taken {
        // The second parser wants a line feed behind each carriage return; to XML both are ends of a line (XML 1.0 §2.11).
        by_second_parser(&frame.replace("\r\n", "\n").replace('\r', "\n"));
    }
    is_taken
}

/// What a stream takes a document over HTTP takes as well.
fn documents(text: &str, bounds: &Bounds) {
    let document = xml::read_document(text, bounds);
    if let Ok(stanza) = xml::read(text, bounds) {
        let same =
            document.is_ok_and(|document| parts(document.root_element()) == parts(stanza.root_element()));
        assert!(same, "{text}");
    }
}

/// Somebody who says something, with a second session, and somebody who hears it.
struct Scene {
    stage: Stage,
    sessions: [SessionId; 3],
}

impl Scene {
    fn new() -> Self {
        let mut stage = Stage::new(&CONFIG);
        let sessions =
            [("administrator", "1234", "a"), ("administrator", "1234", "b"), ("1002", "1002", "c")]
                .map(|(user, password, resource)| world::log_in(&mut stage, user, password, resource));
        let subscribe = wire::pubsub(9, &wire::action("subscribe", NODE, ("jid", "1002@localhost"), ""));
        stage.hub.frame(stage.now, sessions[2], &subscribe);
        for id in sessions {
            hear(&mut stage, id, usize::MAX);
        }
        Self { stage, sessions }
    }

    /// Returns the one message that the other hears, if there is one. All that is heard is looked at.
    fn say(&mut self, frame: &str) -> Option<String> {
        self.stage.hub.frame(self.stage.now, self.sessions[0], frame);
        self.stage.act();
        let mut last = None;
        for (place, id) in self.sessions.into_iter().enumerate() {
            let heard = hear(&mut self.stage, id, usize::MAX);
            assert!(place == 0 || !heard.closed, "{frame}");
            last = heard.frames.into_iter().next();
        }
        last
    }
}
