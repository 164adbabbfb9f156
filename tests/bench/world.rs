//! What the generator, the servers and the floor agree on: users, node, payload, the dialogue of a login.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The node that everybody subscribes to.
pub const NODE: &str = "/finesse/api/Team/1";
/// The node that tells of the states of the team's agents.
pub const TEAM: &str = "/finesse/api/Team/1/Users";
/// HTTP Basic of the Administrator who publishes.
pub const ADMINISTRATOR: &str = "administrator:1234";

/// The name of a user, which is its password too.
pub fn user(index: usize) -> String {
    format!("agent{index:05}")
}

/// The node of a user.
pub fn node(name: &str) -> String {
    format!("/finesse/api/User/{name}")
}

/// A configuration with so many agents in one team; each has its number as extension.
pub fn configuration(users: usize) -> String {
    let mut text = format!(
        "domain = \"localhost\"\n\
         listen = [\"127.0.0.1:0\"]\n\
         [[team]]\nid = \"1\"\nname = \"Team\"\n\
         [[user]]\nid = \"administrator\"\npassword = \"1234\"\nfirst_name = \"Ada\"\nlast_name = \"Admin\"\n\
         roles = [\"Administrator\"]\n\
         [limits]\nconnections = {0}\nconnections_per_address = {0}\n",
        users + 64
    );
    for index in 0..users {
        let name = user(index);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "[[user]]\nid = \"{name}\"\npassword = \"{name}\"\nfirst_name = \"Agent\"\nlast_name = \"{index}\"\n\
             team = \"1\"\nextension = \"{index}\"\n"
        );
    }
    text
}

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

/// The size of a payload whose event is as long as another one, but for the lengths of the names in both.
pub fn like(event: usize) -> usize {
    let around = ENVELOPE + escaped(&payload(0, SHORTEST)).len() - SHORTEST;
    event.saturating_sub(around).max(SHORTEST)
}

/// The number in a delivered event.
pub fn sequence(frame: &[u8]) -> Option<u32> {
    let mark = frame.iter().rposition(|byte| *byte == b'#')?;
    let digits = frame.get(mark + 1..mark + 9)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What each frame of the answers to a login must contain, step by step.
pub const ANSWERS: [&[&str]; 8] = [
    &["<open ", "PLAIN"],
    &["<success"],
    &["<open ", "xmpp-bind"],
    &["/desktop</jid>"],
    &["result"],
    &["<presence", "<presence", "<presence"],
    &["subscribed"],
    &["subscribed"],
];

/// What a client says at each step: the desktop's way from the open stream to the subscriptions to `nodes`, which are
/// two if [`ANSWERS`] is to be gone through.
pub fn requests(name: &str, nodes: &[String]) -> Vec<String> {
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>".to_owned();
    let secret = STANDARD.encode(format!("\0{name}\0{name}"));
    let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>");
    let set = |id: &str, to: &str, child: &str| {
        format!("<iq xmlns='jabber:client' type='set' id='{id}'{to}>{child}</iq>")
    };
    let subscribe = |node: &String| {
        let child = format!(
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='{node}' \
             jid='{name}@localhost/desktop'/></pubsub>"
        );
        set("subscribe", " to='pubsub.localhost'", &child)
    };
    let way = [
        open.clone(),
        auth,
        open,
        set("bind", "", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind>"),
        set("session", "", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"),
        "<presence xmlns='jabber:client'/>".to_owned(),
    ];
    way.into_iter().chain(nodes.iter().map(subscribe)).collect()
}
