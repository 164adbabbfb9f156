//! Single sign-on: the tokens, and the page on which users give their passwords for them.

pub(crate) mod identity;
mod parameters;
pub(crate) mod sso_test;
pub(crate) mod token;

pub use parameters::{TEST, TOKEN};
