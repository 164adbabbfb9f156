//! Media other than voice and their tasks (Cisco Finesse Web Services Developer Guide, "Media" and "Dialog APIs for Nonvoice
//! Tasks"): a second state machine beside that of voice. Enterprise only.
//!
//! An agent signs in to each medium on its own. Tasks come from outside, wait, and are offered to agents who are ready, routable
//! and below their number of dialogs. A call, or a task of a medium that is not interruptible, interrupts the tasks of those that
//! are.

mod changes;
mod documents;
mod events;
mod failure;
mod leaving;
pub mod request;
pub(super) mod room;
mod routing;
pub(super) mod states;
mod tasks;

pub use request::{MediumRequest, NewTask};
