//! What several clients say, one step a line. `a`, `b` and `c` are clients:
//!
//! ```text
//! a login USER RESOURCE       a <iq …>             a present [PRIORITY]     a absent
//! a subscribe JID NODE        a unsubscribe …      (JID, `bare` or `full`)
//! a publish ID NODE XML       a retract ID NODE    a items NODE
//! a read BYTES                a gone
//! publish NODE TEXT           flood NODE           state USER STATE          tick SECONDS
//! reload WHICH                shutdown             (WHICH: `less`, `moved`, `others`, or anything for the demo)
//! ```
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callboard::config::password::Password;
use callboard::config::{Config, Profile};
use callboard::desk::{Request, SetState};
use callboard::xml;
use callboard::xmpp::ns;
use callboard_fuzz::script::Language;
use callboard_fuzz::stage;
use callboard_fuzz::wire::{action, pubsub};
use callboard_fuzz::world::{OPEN, World};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// The demo with a node that keeps more than one item.
static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let mut config = stage::demo(Profile::Uccx);
    config.nodes.iter_mut().for_each(|node| node.items = 2);
    config
});

/// The demo without one user, one queue and the lab's node.
static LESS: LazyLock<Config> = LazyLock::new(|| {
    let mut config = CONFIG.clone();
    config.users.retain(|user| user.id != "1002");
    config.queues.truncate(1);
    config.nodes.clear();
    config
});

/// The demo with one user in another team, whose telephone is gone.
static MOVED: LazyLock<Config> = LazyLock::new(|| {
    let mut config = CONFIG.clone();
    for user in config.users.iter_mut().filter(|user| user.id == "1001") {
        user.team = Some("2".to_owned());
        user.extension = None;
    }
    config
});

/// The demo with other users and another node in the place of some.
static OTHERS: LazyLock<Config> = LazyLock::new(|| {
    let mut config = CONFIG.clone();
    for (from, to) in [("1001", "2001"), ("1002", "2002")] {
        for user in config.users.iter_mut().filter(|user| user.id == from) {
            user.id = to.to_owned();
            user.password = Password::plain(to).expect("a password");
        }
    }
    config.nodes.iter_mut().for_each(|node| node.name = "/lab/others".to_owned());
    config
});

fuzz_target!(|text: &str| {
    let mut world = World::new(&CONFIG, 3);
    for (number, line) in text.lines().enumerate() {
        if line == "shutdown" {
            return world.shut_down();
        }
        step(&mut world, number, line);
    }
    world.end();
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    LANGUAGE.mutate(data, size, most, seed, fuzzer_mutate)
});

const LANGUAGE: Language = Language {
    separator: "\n",
    breaks: &[' ', '\'', '=', '<', '>'],
    steps: &[
        "a login 1001 desktop",
        "a login 2001 desktop",
        "a present",
        "a present 5",
        "a absent",
        "a gone",
        "a read 100",
        "a subscribe bare /finesse/api/User/1001",
        "a subscribe full /finesse/api/User/1001",
        "a unsubscribe bare /finesse/api/User/1001",
        "a unsubscribe full /finesse/api/User/1001",
        "a publish one /lab/alarms <alarm xmlns='urn:lab'/>",
        "a retract one /lab/alarms",
        "a items /lab/alarms 1",
        "a <message xmlns='jabber:client' to='1002@localhost/desktop' type='chat'/>",
        "a <iq xmlns='jabber:client' type='get' id='1' to='1002@localhost/desktop'/>",
        "a <iq xmlns='jabber:client' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "a <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
        "publish /finesse/api/User/1001 x",
        "flood /finesse/api/User/1001",
        "state 1001 LOGIN",
        "tick 60",
        "reload less",
        "reload others",
        "shutdown",
    ],
    kinds: &[
        &["bare", "full"],
        &["a", "b", "c"],
        &["1001", "1002", "2001", "2002", "administrator"],
        &["desktop", "phone"],
        &[
            "bare",
            "full",
            "1001@localhost",
            "1001@localhost/desktop",
            "1002@localhost",
            "1002@localhost/phone",
            "2001@localhost/desktop",
        ],
        &["subscribe", "unsubscribe"],
        &["present", "absent", "gone"],
        &["LOGIN", "READY", "NOT_READY", "LOGOUT", "TALKING"],
        &["one", "two", "three"],
        &["-1", "0", "1", "2", "5", "40", "60", "61", "100", "3000"],
        &["less", "moved", "others", "demo"],
        &["get", "set", "result", "error"],
        &[
            "/finesse/api/User/1001",
            "/finesse/api/User/1002",
            "/finesse/api/User/2001",
            "/finesse/api/User/1001/Dialogs",
            "/finesse/api/Team/1/Users",
            "/lab/alarms",
            "/lab/others",
        ],
    ],
};

/// The first word, and what is behind it.
fn word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

fn step(world: &mut World, number: usize, line: &str) {
    let (first, rest) = word(line);
    match first {
        "a" => client(world, number, 0, rest),
        "b" => client(world, number, 1, rest),
        "c" => client(world, number, 2, rest),
        "publish" => {
            let (node, text) = word(rest);
            world.publish(node, text);
        }
        "flood" => (0..60).for_each(|turn| world.publish(rest, &turn.to_string())),
        "state" => state(world, rest),
        "reload" => world.reload(match rest {
            "less" => &LESS,
            "moved" => &MOVED,
            "others" => &OTHERS,
            _ => &CONFIG,
        }),
        "tick" => world.pass(Duration::from_secs(rest.parse().unwrap_or(1).min(600))),
        _ => {}
    }
}

fn state(world: &mut World, rest: &str) {
    let (name, state) = word(rest);
    let directory = world.stage.hub.desk().directory();
    let Some(user) = directory.find(name) else { return };
    let extension = directory.get(user).extension.clone();
    let asked = SetState { state: Some(state.to_owned()), extension, ..SetState::default() };
    let now = world.stage.now;
    let request = Request::SetState { user, asked };
    let _ = world.stage.hub.request(now, user, user, "r".to_owned(), request);
    world.happened();
}

fn client(world: &mut World, number: usize, client: usize, line: &str) {
    if line.starts_with('<') {
        return world.say(client, line);
    }
    let (verb, rest) = word(line);
    let (one, other) = word(rest);
    let (node, content) = word(other);
    match verb {
        "login" => log_in(world, client, one, other),
        "present" => {
            let priority =
                if rest.is_empty() { String::new() } else { format!("<priority>{rest}</priority>") };
            world.say(client, &format!("<presence xmlns='{}'>{priority}</presence>", ns::CLIENT));
        }
        "absent" => world.say(client, &format!("<presence xmlns='{}' type='unavailable'/>", ns::CLIENT)),
        "subscribe" | "unsubscribe" => {
            let (bare, full) = world.address(client);
            let jid = match one {
                "bare" => bare,
                "full" => full,
                other => other,
            };
            let request = pubsub(number, &action(verb, node, ("jid", jid), ""));
            world.say(client, &request);
        }
        "publish" => {
            let item = format!("<item id='{}'>{content}</item>", xml::escape(one));
            world.say(client, &pubsub(number, &action(verb, node, ("x", ""), &item)));
        }
        "retract" => {
            let item = format!("<item id='{}'/>", xml::escape(one));
            world.say(client, &pubsub(number, &action(verb, node, ("notify", "1"), &item)));
        }
        "items" => {
            let request = pubsub(number, &action(verb, one, ("max_items", other), ""));
            world.say(client, &request.replacen("'set'", "'get'", 1));
        }
        "read" => world.hear(client, rest.parse().unwrap_or(1)),
        "gone" => world.leave(client),
        _ => {}
    }
}

fn log_in(world: &mut World, client: usize, user: &str, resource: &str) {
    let password = if user == "administrator" { "1234" } else { user };
    let plain = STANDARD.encode(format!("\0{user}\0{password}"));
    world.leave(client);
    world.say(client, OPEN);
    world.say(client, &format!("<auth xmlns='{}' mechanism='PLAIN'>{plain}</auth>", ns::SASL));
    world.say(client, OPEN);
    let resource = xml::escape(resource);
    let bind = format!("<bind xmlns='{}'><resource>{resource}</resource></bind>", ns::BIND);
    world.say(client, &format!("<iq xmlns='{}' type='set' id='bind'>{bind}</iq>", ns::CLIENT));
}
