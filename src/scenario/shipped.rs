//! The scenarios in the program.

/// A scenario in the program: its name, and its file.
pub const SHIPPED: [(&str, &str); 3] = [
    ("quiet-morning", include_str!("shipped/quiet-morning.toml")),
    ("rush-hour", include_str!("shipped/rush-hour.toml")),
    ("outage-and-recovery", include_str!("shipped/outage-and-recovery.toml")),
];

/// The file of a scenario in the program.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
