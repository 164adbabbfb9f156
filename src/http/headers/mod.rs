//! What headers of requests say.

pub(crate) mod entity_tag;
pub(crate) mod forwarded;
pub(crate) mod preference;
