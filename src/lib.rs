//! callboard stands in for the notification side of a Cisco Finesse contact centre.

pub mod limits;
pub mod password;
