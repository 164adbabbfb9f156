//! Over WebSocket.

use crate::support::{Client, Server};

#[path = "../xmpp/bind.rs"]
mod bind;
#[path = "../xmpp/iq.rs"]
mod iq;
#[path = "../pubsub/items.rs"]
mod items;
#[path = "../xmpp/presence.rs"]
mod presence;
#[path = "../xmpp/routing.rs"]
mod routing;
#[path = "../xmpp/sasl.rs"]
mod sasl;
#[path = "../xmpp/stream_management.rs"]
mod stream_management;
#[path = "../pubsub/subscriptions.rs"]
mod subscriptions;
