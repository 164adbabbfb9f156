//! The `finesse` user, whose presence says that events will come (Cisco's EventTunnel.js waits for it), and the availability
//! that is set by hand (the guide, "Failure scenarios").

use crate::clock::Now;
use crate::desk::{Command, Status};
use crate::hub::session::Session;
use crate::hub::stanzas::target::FINESSE;
use crate::hub::state::Hub;
use crate::id::SessionId;
use crate::xml::escape;
use crate::xmpp::ns;

/// The software that the presence of `finesse` names, as Finesse's desktop receives it.
pub const CAPS_NODE: &str = "http://www.igniterealtime.org/projects/smack";
/// The verification string that goes with [`CAPS_NODE`].
pub const CAPS_VER: &str = "NfJ3flI83zSdUDzCEICtbypursw=";
/// Finesse's desktop receives two presences; the names of the resources are an assumption (D9 in `deploy/manual/differences.md`).
const RESOURCES: [&str; 2] = ["smack-1", "smack-2"];

/// The availability as it is set by hand, to show failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Availability {
    pub status: Status,
    /// Whether the `finesse` user is on line.
    pub finesse: bool,
}

impl Hub {
    /// The availability that is set.
    pub fn availability(&self) -> Availability {
        Availability { status: self.desk.status(), finesse: self.finesse }
    }

    /// Sets it, and tells everybody what is new, in the order for which clients wait when all is well again: presence,
    /// SystemInfo, states. A client that has seen `finesse` go waits for a SystemInfo event after its return, also if the status
    /// was the same all the time (the guide, "Failure scenarios").
    pub fn set_availability(&mut self, now: Now, new: Availability) {
        let old = self.availability();
        if new == old {
            return;
        }
        let back = new.finesse && !old.finesse;
        self.finesse = new.finesse;
        if back {
            self.tell_finesse(now);
        }
        let tell = back || new.status != old.status;
        let is_up = new == Availability { status: Status::InService, finesse: true };
        self.apply_by_system(
            now,
            Command::SetStatus { status: new.status, tell, tell_states: tell && is_up },
        );
        if old.finesse && !new.finesse {
            self.tell_finesse(now);
        }
    }

    /// Every available session is told whether the `finesse` user is there.
    fn tell_finesse(&mut self, now: Now) {
        for id in self.sessions.ids() {
            let is_shown = self.sessions.get(id).is_some_and(|session| session.is_available());
            if is_shown && !self.hides_finesse(now, id) {
                for resource in RESOURCES {
                    self.send_finesse(now, id, Some(resource));
                }
            }
        }
    }

    /// Shows a session the `finesse` user, if it is there.
    pub(in crate::hub) fn show_finesse(&mut self, now: Now, id: SessionId) {
        if self.finesse && !self.hides_finesse(now, id) {
            for resource in RESOURCES {
                self.send_finesse(now, id, Some(resource));
            }
        }
    }

    /// Answers a probe. A `finesse` that is not there has no resource (RFC 6121 §4.3.2.1).
    pub(in crate::hub) fn answer_probe(&mut self, now: Now, id: SessionId) {
        if self.finesse {
            self.show_finesse(now, id);
        } else if !self.hides_finesse(now, id) {
            self.send_finesse(now, id, None);
        }
    }

    fn send_finesse(&mut self, now: Now, id: SessionId, resource: Option<&str>) {
        let Some(address) = self.sessions.get(id).and_then(Session::address) else {
            return;
        };
        let resource = resource.map(|resource| format!("/{resource}")).unwrap_or_default();
        let from = format!("{FINESSE}@{}{resource}", escape(self.names.domain.name()));
        let to = address.full();
        let text = if self.finesse {
            format!(
                "<presence from=\"{from}\" to=\"{to}\" xmlns=\"{}\"><c xmlns=\"{}\" hash=\"sha-1\" node=\"{CAPS_NODE}\" ver=\"{CAPS_VER}\"></c></presence>",
                ns::CLIENT,
                ns::CAPS
            )
        } else {
            format!(
                "<presence type=\"unavailable\" from=\"{from}\" to=\"{to}\" xmlns=\"{}\"></presence>",
                ns::CLIENT
            )
        };
        self.show_late(now, id, text);
    }
}
