//! Reads `sasl`: by which mechanisms users log in over XMPP.

use crate::config::people;
use crate::config::problem::Report;
use crate::config::scram::Mechanism;
use crate::config::section::{Reported, Section, all, named};

/// Reads the key. Finesse offers PLAIN and nothing else.
pub(super) fn read(report: &mut Report, root: &Section) -> Result<Vec<Mechanism>, Reported> {
    let Some(names) = root.strings(report, "sasl")? else { return Ok(vec![Mechanism::Plain]) };
    people::distinct(report, "sasl", &names);
    if names.is_empty()
        && let Some(value) = root.value(report, "sasl")
    {
        let sentence =
            "sasl has no mechanism, so nobody could log in over XMPP; leave the key out for [\"PLAIN\"]";
        report.add(value.place, sentence);
        return Err(Reported);
    }
    all(names
        .into_iter()
        .map(|name| named(report, "mechanism of sasl", name, Mechanism::ALL, Mechanism::name)))
}
