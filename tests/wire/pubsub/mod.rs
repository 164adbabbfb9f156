//! Nodes, subscriptions and events (XEP-0060).

mod delivery;
mod node_access;
mod per_owner;
