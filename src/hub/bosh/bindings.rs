//! The table of all sessions over BOSH.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use crate::client_address;
use crate::hub::bosh::record::Bosh;
use crate::id::SessionId;

/// All sessions over BOSH.
#[derive(Debug, Default)]
pub struct Bindings {
    pub(super) sids: HashMap<Box<str>, SessionId>,
    /// How many each address has.
    pub(super) addresses: HashMap<IpAddr, usize>,
    /// The sessions that `Hub::answer_pending` has to look at.
    pub(super) pending: VecDeque<SessionId>,
    /// The sessions that have had their turn, each of them once.
    pub(super) resting: VecDeque<SessionId>,
}

impl Bindings {
    pub fn mark_pending(&mut self, id: SessionId, bosh: &mut Bosh) {
        if !std::mem::replace(&mut bosh.pending, true) {
            self.pending.push_back(id);
        }
    }

    /// Whether there are none, and nothing is left of those that were.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        let lists = [&self.pending, &self.resting];
        self.sids.is_empty() && self.addresses.is_empty() && lists.iter().all(|list| list.is_empty())
    }

    /// Forgets a session that is over, of a client at this address.
    pub fn forget(&mut self, bosh: &Bosh, peer: IpAddr) {
        self.sids.remove(&bosh.sid);
        let key = client_address::key(peer);
        if let Some(count) = self.addresses.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(&key);
            }
        }
    }
}
