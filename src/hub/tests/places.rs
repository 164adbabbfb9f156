//! Users and nodes that come and go over many configurations: their places are given back, and the keys of former users and
//! nodes are nobody's.

use std::net::IpAddr;

use crate::config::{NodeConfig, User};
use crate::desk::{self, Request, SetState};
use crate::hub::changes::Entry;
use crate::hub::tests::*;
use crate::id::UserId;
use crate::pubsub::{self, After, NodeId, PubsubError, Subscriber};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How many users and nodes come with each configuration.
const EACH: usize = 3;

fn id(turn: usize, number: usize) -> String {
    format!("u{turn}-{number}")
}

fn own_node(turn: usize) -> String {
    format!("/lab/{turn}")
}

/// The demo, with users and a node that no other configuration has.
fn config(turn: usize) -> Config {
    let mut config = Config::demo();
    let agent = config.users.iter().find(|user| user.id == "1001").expect("the demo has it").clone();
    config.users.extend((0..EACH).map(|number| User {
        id: id(turn, number),
        login_name: Some(format!("name{turn}-{number}")),
        password: Password::plain(&id(turn, number)).expect("a password"),
        extension: Some(format!("5{number}")),
        ..agent.clone()
    }));
    let publish = vec![id(turn, 0)];
    config.nodes.push(NodeConfig { name: own_node(turn), items: 2, publish });
    (config.limits.history, config.limits.forced_logout) = (8, Duration::from_secs(60));
    config.limits.sign_in = Duration::ZERO;
    config
}

fn login(stage: &mut Stage, actor: UserId, user: UserId, extension: &str) -> Result<(), desk::ApiError> {
    let asked =
        SetState { state: Some("LOGIN".into()), extension: Some(extension.into()), ..SetState::default() };
    let request = Request::SetState { user, asked };
    stage.hub.request(stage.now, actor, actor, "r".into(), request).map(drop)
}

/// What a user leaves in every table: returns the keys of the user and of a node.
fn live(stage: &mut Stage, turn: usize, number: usize) -> (UserId, NodeId) {
    let name = id(turn, number);
    let user = stage.hub.users().find(&name).expect("it is there");
    login(stage, user, user, &format!("5{number}")).expect("an accepted request");
    let own = format!("/finesse/api/User/{name}/Dialogs");
    let session = stage.bind(&name, "desktop");
    stage.say(session, "<presence xmlns='jabber:client'/>");
    stage.subscribe(session, &own, &format!("{name}@localhost"));
    stage.subscribe(session, &own_node(turn), &format!("{name}@localhost/desktop"));
    stage.stream(&name, &[own.as_str(), own_node(turn).as_str()], After::Now);
    // It waits for a session that reads nothing.
    stage.say(
        session,
        "<message xmlns='jabber:client' to='administrator@localhost' type='chat'><body>x</body></message>",
    );
    if number == 0 {
        for _ in 0..3 {
            stage.hub.publish(stage.now, user, &own_node(turn), "x".into()).expect("it may");
        }
    }
    let now = stage.now.monotonic;
    let password = Password::plain(&name).expect("a password");
    assert!(stage.hub.gate.tokens.add(now, (user, &password), &format!("a{name}"), &format!("r{name}")));
    assert!(stage.hub.gate.tickets.add(now, user, &format!("t{name}")));
    let credentials = stage.hub.credentials(stage.now, &name, HERE).expect("the address need not wait");
    assert!(stage.hub.judge(stage.now, &credentials, true));
    if number == 1 {
        assert!(!stage.hub.judge(stage.now, &credentials, false));
        // Its last session ends: it is to be signed out after a while.
        stage.hub.closed(stage.now, session, "gone");
    }
    let node = if number == 0 { own_node(turn) } else { own };
    (user, stage.hub.pubsub.find(&node).expect("it is there"))
}

/// A key of a former user or node is refused at every door, and nothing comes of it.
fn former(stage: &mut Stage, user: UserId, node: NodeId, turn: usize) {
    let (now, root) = (stage.now, stage.hub.users().find("administrator").expect("the demo has it"));
    assert!(!stage.hub.users().has(user) && !stage.hub.is_online(user));
    assert!(!stage.hub.user_name(user).contains(&format!("u{turn}-")));
    assert_eq!(stage.hub.admit(now, user, now.monotonic, 9), Admission::Gone);
    assert!(login(stage, user, user, "50").is_err() && login(stage, root, user, "50").is_err());
    assert!(stage.hub.publish(now, user, &own_node(turn), "x".into()).is_err());
    stage.hub.apply_by_system(now, desk::Command::Left(user));
    stage.hub.apply_by_system(now, desk::Command::Arrived(user));
    stage.hub.apply_by_system(now, desk::Command::EndSignIn(user));
    let who = Subscriber { user, session: None };
    let refused = stage.hub.apply(Entry { now, by: None, command: pubsub::Command::Subscribe { node, who } });
    assert_eq!(refused, Err(PubsubError::NodeUnknown));
    let item = pubsub::ItemId::Made("x".into());
    let payload = pubsub::Payload::Text("x".into());
    let command = pubsub::Command::Publish { node, by: None, id: item, payload };
    assert_eq!(stage.hub.apply(Entry { now, by: None, command }), Err(PubsubError::NodeUnknown));
    assert_eq!(stage.hub.pubsub.list(None, Some(user)).count(), 0);
    assert_eq!(stage.hub.pubsub.list(Some(node), None).count(), 0);
    // Such as a request leaves that was under way.
    stage.hub.pace(now, user, 9, 1);
}

/// How many values there are in all tables, as their texts show it.
fn sizes(hub: &Hub) -> [(&'static str, usize); 8] {
    let count = |text: String| text.matches([',', '{']).count();
    [
        ("desk", count(format!("{:?}", hub.desk()))),
        ("nodes", hub.pubsub.places()),
        ("pubsub", count(format!("{:?}", &*hub.pubsub))),
        ("doors", count(format!("{:?}", hub.gate))),
        ("roster", hub.roster.places()),
        ("senders", count(format!("{:?}", hub.senders))),
        ("sessions", hub.sessions.places()),
        ("bindings", count(format!("{:?}", hub.bindings))),
    ]
}

#[test]
fn finding_defect_3_a_thousand_configurations_with_ever_new_users_and_nodes_leave_nothing() {
    let mut stage = Stage::with(|demo| *demo = config(0));
    let root = stage.bind("administrator", "desktop");
    stage.say(root, "<presence xmlns='jabber:client'/>");
    stage.hear(root);
    let mut gone: Vec<(UserId, NodeId)> = Vec::new();
    let mut most = None;
    for turn in 0..1000 {
        stage.say(root, "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
        let own: Vec<(UserId, NodeId)> = (0..EACH).map(|number| live(&mut stage, turn, number)).collect();
        assert!(own.iter().all(|(user, _)| gone.iter().all(|(former, _)| user != former)));
        assert!(own.iter().all(|(_, node)| gone.iter().all(|(_, former)| node != former)));
        for (user, node) in &gone {
            former(&mut stage, *user, *node, turn);
        }
        let waits = turn % 2 == 0;
        if !waits {
            // Nobody but the user whose session has ended is signed out, whatever timers former users had.
            stage.pass(Duration::from_secs(61));
        }
        for (number, (user, _)) in own.iter().enumerate() {
            let document = stage.hub.desk().user_document(*user, *user).expect("one's own");
            let state = if number == 1 && !waits { "LOGOUT" } else { "NOT_READY" };
            assert!(
                document.contains(&format!("<state>{state}</state>")),
                "turn {turn}, {number}: {document}"
            );
            let subscriptions = stage.hub.pubsub.list(None, Some(*user)).count();
            // Four by its bare JID, one by its session, and two by its stream.
            assert_eq!(subscriptions, if number == 1 { 6 } else { 7 }, "turn {turn}, {number}");
        }
        if waits {
            // Messages of users who are gone are still read, under their old names.
            let heard = stage.hear(root).concat();
            for number in 0..EACH {
                let from = format!("from=\"{}@localhost/desktop\"", id(turn.saturating_sub(1), number));
                assert!(heard.contains(&from), "{from}: {heard}");
            }
        }
        gone.extend(own);
        gone.drain(..gone.len().saturating_sub(3 * EACH));
        let open = stage.hub.sessions.ids();
        stage.hub.reload(stage.now, config(turn + 1));
        stage.settle();
        // Their sessions have ended, and their clients hang up.
        for id in open.into_iter().filter(|id| *id != root) {
            stage.hub.closed(stage.now, id, "gone");
        }
        let now = sizes(&stage.hub);
        match &mut most {
            _ if turn < 20 => most = Some(now),
            None => {}
            Some(most) if turn < 40 => {
                most.iter_mut().zip(now).for_each(|(most, now)| most.1 = most.1.max(now.1));
            }
            Some(most) => {
                let grown = most.iter().zip(now).find(|(most, now)| now.1 > most.1);
                assert_eq!(grown, None, "turn {turn}");
            }
        }
    }
}
