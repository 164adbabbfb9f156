//! Users, teams and queues that come and go while the server runs: by the way of a reload, but nothing is read or written.

use crate::clock::Now;
use crate::config::Config;
use crate::config::guests::Guests;
use crate::hub::state::Hub;

impl Hub {
    /// The configuration of the file; `None`: nobody may come, as this is no laboratory.
    pub fn without_guests(&self) -> Option<Config> {
        Some((**self.start.as_ref()?).clone())
    }

    /// The configuration with all guests.
    pub fn with_guests(&self) -> Option<Config> {
        let mut config = self.without_guests()?;
        self.guests.add_to(&mut config);
        Some(config)
    }

    /// The users, teams and queues beside those of the file.
    pub fn guests(&self) -> &Guests {
        &self.guests
    }

    /// From now on these are the users, teams and queues beside those of the file. Whoever is no more is signed out, and the
    /// sessions end.
    pub fn set_guests(&mut self, now: Now, guests: Guests) {
        self.guests = guests;
        if let Some(mut config) = self.with_guests() {
            self.desk.keep_objects(&mut config);
            self.take(now, config);
        }
    }
}
