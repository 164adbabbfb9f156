//! Finesse's configuration as the API reads and changes it (the guide's chapter "Cisco Finesse Configuration APIs").
//!
//! `objects` is the table of what can be changed, with its fields and bounds. A change lasts until the file is read again: the
//! file wins.

mod books;
mod change;
pub(super) mod csv;
mod element;
mod layouts;
mod objects;
mod reasons;
pub(super) mod request;
mod settings;
pub(super) mod state;
mod teams;
mod workflow_documents;
mod workflows;

pub use csv::contacts as contacts_of_csv;
pub use element::Element;
pub use objects::Object;
pub use request::{Action, Change};
