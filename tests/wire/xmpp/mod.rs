//! Streams and stanzas, the same over every transport. `bind`, `iq`, `presence`, `routing`, `sasl` and `stream_management` are among the `dialogues`.

mod bad_stream;
mod bad_xml;
mod contract;
mod public_clients;
mod scram;
mod seed;
mod tcp;
mod tcp_bounds;
