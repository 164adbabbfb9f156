//! The service from outside: nodes, subscriptions, items and the events since the last one seen.

use super::*;
use crate::id::SessionId;
use crate::pubsub::values::{History, Quota};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const ADA: UserId = UserId::first(0);
const BOB: UserId = UserId::first(1);
const ROOT: Publisher = Publisher { user: BOB, administrator: true };

fn session(place: u32) -> SessionId {
    SessionId(crate::id::places::Key { place, generation: 1 })
}

fn bare(user: UserId) -> Subscriber {
    Subscriber { user, session: None }
}

fn full(user: UserId, place: u32) -> Subscriber {
    Subscriber { user, session: Some(session(place)) }
}

fn service() -> (Pubsub, NodeId, NodeId) {
    let spec =
        |name: &str, keep, publishers| NodeSpec { name: name.to_owned(), ends: &[""], keep, publishers };
    let settings = Settings {
        quota: Quota { session: 1, user: 2 },
        uniqueness: Uniqueness::Jid,
        notification: "urn:xmpp:push:0",
        payload: 10,
        item_prefix: "item".to_owned(),
        history: History { events: 2, bytes: 1000 },
    };
    let service = Pubsub::new(vec![spec("/a", 2, vec![BOB]), spec("/b", 0, vec![])], settings);
    let (a, b) = (service.find("/a").unwrap(), service.find("/b").unwrap());
    (service, a, b)
}

/// Publishes with this id, or with one that is made.
fn publish(
    service: &mut Pubsub,
    node: NodeId,
    by: Publisher,
    id: Option<&str>,
    payload: Payload,
) -> Result<Rc<Item>, PubsubError> {
    let id = id.map(|id| ItemId::Given(id.into()));
    let id = id.unwrap_or_else(|| ItemId::Made(service.make_item_id()));
    service.publish(node, Some(by), id, payload)
}

#[test]
fn each_subscription_stands_once() {
    let (mut service, a, _) = service();
    for who in [bare(ADA), full(ADA, 1), full(ADA, 1), bare(BOB), bare(ADA)] {
        service.subscribe(NOW, a, who).unwrap();
    }
    assert_eq!(service.subscribers(a).collect::<Vec<_>>(), [bare(ADA), full(ADA, 1), bare(BOB)]);
    assert_eq!(service.subscriptions(ADA, None).count(), 2);
    service.unsubscribe(a, bare(ADA)).unwrap();
    assert_eq!(service.unsubscribe(a, bare(ADA)), Err(PubsubError::NotSubscribed));
    assert_eq!(service.subscriptions(ADA, Some(a)).collect::<Vec<_>>(), [(full(ADA, 1), "/a".into())]);
}

#[test]
fn a_sessions_subscriptions_end_with_it() {
    let (mut service, a, b) = service();
    service.subscribe(NOW, a, full(ADA, 1)).unwrap();
    service.subscribe(NOW, a, full(ADA, 2)).unwrap();
    service.subscribe(NOW, a, bare(ADA)).unwrap();
    service.end_all(full(ADA, 1));
    assert_eq!(service.subscribers(a).collect::<Vec<_>>(), [bare(ADA), full(ADA, 2)]);
    assert_eq!(service.subscribers(b).count(), 0);
    assert_eq!(service.unsubscribe(a, full(ADA, 1)), Err(PubsubError::NotSubscribed));
}

#[test]
fn quotas_hold() {
    let (mut service, a, b) = service();
    service.subscribe(NOW, a, full(ADA, 1)).unwrap();
    assert_eq!(service.subscribe(NOW, b, full(ADA, 1)), Err(PubsubError::TooManySubscriptions));
    service.subscribe(NOW, b, full(ADA, 2)).unwrap();
    service.subscribe(NOW, a, bare(ADA)).unwrap();
    service.subscribe(NOW, b, bare(ADA)).unwrap();
    assert_eq!(service.subscriptions(ADA, None).count(), 4);
}

#[test]
fn the_last_items_are_kept() {
    let (mut service, a, b) = service();
    let text = |text: &str| Payload::Text(text.to_owned());
    publish(&mut service, a, ROOT, None, text("1")).unwrap();
    publish(&mut service, a, ROOT, Some("mine"), text("2")).unwrap();
    publish(&mut service, a, ROOT, None, text("3")).unwrap();
    let ids =
        |service: &Pubsub, node| service.items(node).map(|item| item.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&service, a), ["mine", "item3"]);
    publish(&mut service, a, ROOT, Some("mine"), text("4")).unwrap();
    assert_eq!(ids(&service, a), ["item3", "mine"]);
    service.retract(a, Some(ROOT), "item3").unwrap();
    assert_eq!(service.retract(a, None, "item3"), Err(PubsubError::ItemUnknown));
    publish(&mut service, b, ROOT, None, text("5")).unwrap();
    assert!(ids(&service, b).is_empty());
    let mut large = |id| publish(&mut service, a, ROOT, id, text("1234567890"));
    assert!(large(None).is_ok());
    assert_eq!(large(Some("x")), Err(PubsubError::PayloadTooBig));
}

#[test]
fn a_subscriber_that_comes_back_gets_the_items_after_its_last_one() {
    let (mut service, a, b) = service();
    for (node, id) in [(a, None), (b, Some("own")), (a, None), (a, None)] {
        publish(&mut service, node, ROOT, id, Payload::Text(String::new())).unwrap();
    }
    let since = |nodes: &[NodeId], after| {
        let (entries, complete) = service.since(nodes, after);
        (entries.map(|entry| entry.item.id.to_string()).collect::<Vec<_>>(), complete)
    };
    for (nodes, after, ids, complete) in [
        (&[a, b][..], After::Now, &[][..], true),
        (&[a, b], After::Item("item4"), &[], true),
        (&[a], After::Item("item2"), &["item4", "item3"], true),
        (&[a], After::Item("item1"), &["item4", "item3"], true),
        (&[a, b], After::Item("item1"), &["item4", "item3"], false),
        (&[a, b], After::Item("own"), &[], false),
        (&[a], After::Item("item5"), &[], false),
        (&[a], After::Item("item03"), &[], false),
        (&[a], After::Item("item+3"), &[], false),
        (&[a], After::Item("other3"), &[], false),
        (&[a], After::Item(""), &[], false),
        (&[a], After::Unknown, &[], false),
    ] {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(since(nodes, after), (ids, complete), "{nodes:?} {after:?}");
    }
}

#[test]
fn finding_defect_3_a_node_that_is_made_again_has_nothing_of_the_one_that_was_removed() {
    let (mut service, a, b) = service();
    let who = bare(ADA);
    service.subscribe(SystemTime::UNIX_EPOCH, a, who).unwrap();
    for node in [a, b, a] {
        publish(&mut service, node, ROOT, None, Payload::Text(String::new())).unwrap();
    }
    service.close(&[a]);
    service.dismiss(a);
    let spec = NodeSpec { name: "/a".to_owned(), ends: &[""], keep: 2, publishers: Vec::new() };
    for turn in 0..3 {
        service.open_all(vec![spec.clone()]);
        let again = service.find("/a").unwrap();
        assert_ne!(again, a, "{turn}");
        assert_eq!((service.items(again).count(), service.list(Some(again), None).count()), (0, 0));
        // The client has seen an event of the removed node, or of another one, and may have missed some.
        for (after, complete) in [("item1", false), ("item2", false), ("item3", true)] {
            let nodes = [again];
            let (entries, is_complete) = service.since(&nodes, After::Item(after));
            assert_eq!((entries.count(), is_complete), (0, complete), "{turn}: {after}");
        }
        let refused = publish(&mut service, a, ROOT, None, Payload::Text(String::new()));
        assert_eq!(refused, Err(PubsubError::NodeUnknown));
        assert_eq!(service.subscribe(SystemTime::UNIX_EPOCH, a, who), Err(PubsubError::NodeUnknown));
        service.close(&[again]);
    }
    assert_eq!(service.places(), 2, "the removed one gave its place back each time");
}

#[test]
fn a_nodes_own_publishers_replace_the_administrators() {
    let (mut service, a, b) = service();
    let by = |user, administrator| Publisher { user, administrator };
    for (node, by, allowed) in [
        (a, by(BOB, false), true),
        (a, by(ADA, true), false),
        (b, by(BOB, false), false),
        (b, by(ADA, true), true),
    ] {
        assert_eq!(service.check_publisher(node, by).is_ok(), allowed);
        let published = publish(&mut service, node, by, None, Payload::Text(String::new()));
        assert_eq!(published.is_ok(), allowed);
    }
    assert_eq!(
        service.publishable(by(BOB, false), None).collect::<Vec<_>>(),
        [std::rc::Rc::<str>::from("/a")]
    );
}
