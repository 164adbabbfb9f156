//! Streams and stanzas, the same over every transport.

mod bad_stream;
mod bad_xml;
mod bind;
mod contract;
mod iq;
mod presence;
mod public_clients;
mod routing;
mod sasl;
mod scram;
mod seed;
mod tcp;
mod tcp_bounds;
