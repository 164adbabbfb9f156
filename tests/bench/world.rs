//! What the generator, the servers and the floor agree on: users, node, payload, the dialogue of a login.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::way::Way;

/// The node that everybody subscribes to.
pub const NODE: &str = "/finesse/api/Team/1";
/// The node that tells of the states of the team's agents.
pub const TEAM: &str = "/finesse/api/Team/1/Users";
/// Name and password of the Administrator who publishes.
pub const ADMINISTRATOR: &str = "administrator:1234";
/// The XMPP domain.
pub const DOMAIN: &str = "localhost";
/// The names of users, which are their passwords too; the number goes into the braces.
pub const USERS: &str = "agent{}";

/// The node of a user.
pub fn node(name: &str) -> String {
    format!("/finesse/api/User/{name}")
}

/// A configuration with so many agents in one team; each has its number as extension. `hash` is of the password of all of
/// them if they have one; `limits` are lines of that section.
pub fn configuration(way: &Way, users: usize, hash: Option<&str>, limits: &str) -> String {
    let mut text = format!("domain = \"{DOMAIN}\"\nlisten = [\"127.0.0.1:0\"]\n");
    if way.over_tcp {
        text.push_str("listen_xmpp = [\"127.0.0.1:0\"]\nlisten_xmpp_plain = [\"127.0.0.1:0\"]\nxmpp_plain_login = true\n");
    }
    let administrator = way.publisher.split_once(':').unwrap_or_default();
    let _ = writeln!(
        text,
        "user = [{{id=\"{}\",password=\"{}\",first_name=\"Ada\",last_name=\"Admin\",roles=[\"Administrator\"]}},",
        administrator.0, administrator.1
    );
    // Short, so that 10,000 of them are not more than a configuration file may be.
    for index in 0..users {
        let name = way.user(index);
        let password = match hash {
            Some(hash) => format!("password_hash=\"{hash}\""),
            None => format!("password=\"{}\"", way.password(&name)),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{{id=\"{name}\",{password},last_name=\"{index}\",team=\"1\",extension=\"{index}\"}},"
        );
    }
    let _ = write!(text, "]\n[[team]]\nid = \"1\"\nname = \"Team\"\n[limits]\n{limits}");
    text
}

/// Lines of the section `limits` by which there is room for so many users at one address.
pub fn room(users: usize) -> String {
    format!("connections = {0}\nconnections_per_address = {0}\n", users + SPARE)
}

/// Connections beside one for each user: of publishers, and those that are over at the client's end only.
const SPARE: usize = 1100;

/// An event of `size` bytes that looks like one of Finesse, with its number near the end, where it is found fast.
pub fn payload(sequence: u32, size: usize) -> String {
    let head = "<Update><data><user><state>READY</state><lastName>";
    let tail = format!(
        "</lastName></user></data><event>PUT</event><source>{NODE}</source><requestId>#{sequence:08}</requestId></Update>"
    );
    let padding = size.saturating_sub(head.len() + tail.len());
    format!("{head}{}{tail}", "x".repeat(padding))
}

/// What an event of callboard has around its payload, by length.
pub const ENVELOPE: usize = 329;

/// The shortest payload.
pub const SHORTEST: usize = 200;

/// A payload as it stands in an event.
pub fn escaped(payload: &str) -> String {
    payload.replace('<', "&lt;").replace('>', "&gt;")
}

/// The length of the event of a payload of so many bytes.
pub fn event_length(size: usize) -> usize {
    ENVELOPE + escaped(&payload(0, size)).len()
}

/// The size of a payload whose event is as long as another one, but for the lengths of the names in both.
pub fn like(event: usize) -> usize {
    let around = event_length(SHORTEST) - SHORTEST;
    event.saturating_sub(around).max(SHORTEST)
}

/// The number in a delivered event.
pub fn sequence(frame: &[u8]) -> Option<u32> {
    let mark = frame.iter().rposition(|byte| *byte == b'#')?;
    let digits = frame.get(mark + 1..mark + 9)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What the floor says to every frame after a login: it can only be a [`ping`].
pub const PONG: &str = "<iq type='result' id='ping'/>";

/// Asks the domain for a sign of life (XEP-0199).
pub fn ping(way: &Way) -> String {
    iq("get", "ping", &way.domain, "<ping xmlns='urn:xmpp:ping'/>")
}

/// An iq to an address.
pub fn iq(kind: &str, id: &str, to: &str, child: &str) -> String {
    format!("<iq xmlns='jabber:client' type='{kind}' id='{id}' to='{to}'>{child}</iq>")
}

/// The start of a stream over TCP, in the place of the message that opens one.
pub fn header(way: &Way) -> String {
    format!(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='{}' version='1.0'>",
        way.domain
    )
}

/// What each frame of the answers to a login must contain, step by step.
pub const ANSWERS: [&[&str]; 8] = [
    &["<open ", "PLAIN"],
    &["<success"],
    &["<open ", "xmpp-bind"],
    &["</jid>"],
    &["result"],
    &["<presence", "<presence", "<presence"],
    &["subscribed"],
    &["subscribed"],
];

/// What a client says at each step: the desktop's way from the open stream to the subscriptions to `nodes`, which are
/// two if [`ANSWERS`] is to be gone through.
pub fn requests(way: &Way, name: &str, password: &str, nodes: &[String]) -> Vec<String> {
    let domain = &way.domain;
    let open = format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{domain}' version='1.0'/>");
    let secret = STANDARD.encode(format!("\0{name}\0{password}"));
    let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>");
    let set = |id: &str, child: &str| format!("<iq xmlns='jabber:client' type='set' id='{id}'>{child}</iq>");
    let subscribe = |node: &String| {
        let child = format!(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='{node}' \
             jid='{name}@{domain}/desktop'/></pubsub>"
        );
        iq("set", "subscribe", &format!("pubsub.{domain}"), &child)
    };
    let steps = [
        open.clone(),
        auth,
        open,
        set("bind", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind>"),
        set("session", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"),
        "<presence xmlns='jabber:client'/>".to_owned(),
    ];
    steps.into_iter().chain(nodes.iter().map(subscribe)).collect()
}
