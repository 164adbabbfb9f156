//! Dialogues that are the same over WebSocket and over TCP, and are had over both. Their files stand by subject in `xmpp` and `pubsub`, and
//! say which client and which server they mean by `super`.

mod over_tcp;
mod over_websocket;
