//! Faults of the service as a whole. The status is that of the last outage in force; a status that is set by hand puts those before it
//! out of force, and stays when they end.

use crate::clock::Now;
use crate::desk::Status;
use crate::fault::{Fault, Kind};
use crate::hub::faults::state::Outages;
use crate::hub::stanzas::finesse_user::Availability;
use crate::hub::state::Hub;

/// The availability that an outage says.
pub fn availability(status: &str, finesse: bool) -> Availability {
    let status = Status::ALL.into_iter().find(|known| known.name() == status).unwrap_or_default();
    Availability { status, finesse }
}

impl Hub {
    /// An outage begins.
    pub(super) fn begin_outage(&mut self, now: Now, name: &str, wanted: Availability) {
        self.mind_hand();
        let shown = self.availability();
        let outages = &mut self.faults.outages;
        outages.before.get_or_insert((shown.status, shown.finesse));
        outages.list.retain(|(known, _)| **known != *name);
        outages.list.push((name.into(), (wanted.status, wanted.finesse)));
        self.set_availability(now, wanted);
    }

    /// An outage ends: the service goes back to the one before it that is still in force, or to what it was before the first.
    pub(super) fn end_outage(&mut self, now: Now, name: &str) {
        self.mind_hand();
        let goes_on = |fault: &Fault| {
            *fault.name == *name && matches!(fault.kind, Kind::Outage { .. }) && fault.from <= now.monotonic
        };
        if self.faults.set.list().iter().any(goes_on) {
            // Another outage takes its place, and begins next.
            return;
        }
        let outages = &mut self.faults.outages;
        let Some(place) = outages.list.iter().position(|(known, _)| **known == *name) else { return };
        outages.list.remove(place);
        let last = outages.list.last().map(|(_, wanted)| *wanted);
        if let Some((status, finesse)) = last.or_else(|| outages.before.take()) {
            self.set_availability(now, Availability { status, finesse });
        }
    }

    /// Puts outages out of force if somebody, or the end of maintenance mode, has set another status meanwhile.
    fn mind_hand(&mut self) {
        let Availability { status, finesse } = self.availability();
        let outages = &mut self.faults.outages;
        if outages.list.last().is_some_and(|(_, wanted)| *wanted != (status, finesse)) {
            *outages = Outages::default();
        }
    }
}
