//! A bound for all clients together, and a share of it for those of one address, so that one machine cannot take it all.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use crate::client_address;

/// Divides a quota into the shares of single addresses: each may have a quarter.
const SHARE: usize = 4;

/// Something of which there is so much.
#[derive(Clone, Debug)]
pub struct Quota(Rc<Table>);

#[derive(Debug)]
struct Table {
    most: usize,
    taken: Cell<usize>,
    /// The amount that the clients of each address have, if any.
    shares: RefCell<HashMap<IpAddr, usize>>,
    /// How often there was no room.
    refused: Cell<u64>,
}

/// Refusal: the whole quota is in use, or the share of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl Quota {
    pub fn new(most: usize) -> Self {
        let (taken, shares, refused) = Default::default();
        Self(Rc::new(Table { most, taken, shares, refused }))
    }

    /// For a client at this address, which has nothing of it yet.
    pub fn part(&self, address: IpAddr) -> Part {
        Part { table: self.0.clone(), address: client_address::key(address), amount: 0 }
    }

    /// How much of it is taken.
    pub fn taken(&self) -> usize {
        self.0.taken.get()
    }

    /// How often there was no room.
    pub fn refused(&self) -> u64 {
        self.0.refused.get()
    }
}

/// The amount that one client has, until this is dropped.
#[derive(Debug)]
pub struct Part {
    table: Rc<Table>,
    address: IpAddr,
    amount: usize,
}

impl Part {
    /// Sets the amount that the client has. One client of an address may always have some, as far as there is any.
    ///
    /// # Errors
    ///
    /// There is no room; the amount stays.
    pub fn set(&mut self, amount: usize) -> Result<(), Exhausted> {
        let Table { most, taken, shares, refused } = &*self.table;
        let mut shares = shares.borrow_mut();
        let share = shares.get(&self.address).copied().unwrap_or_default();
        let others = share - self.amount;
        let all = taken.get() - self.amount + amount;
        if amount > self.amount && (all > *most || (others > 0 && others + amount > most / SHARE)) {
            refused.set(refused.get() + 1);
            return Err(Exhausted);
        }
        taken.set(all);
        match others + amount {
            0 => drop(shares.remove(&self.address)),
            share => drop(shares.insert(self.address, share)),
        }
        self.amount = amount;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // There is always room for nothing.
        let _ = self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn one_address_has_a_quarter_and_all_together_no_more_than_there_is() {
        let quota = Quota::new(8);
        let take = |address| {
            let mut part = quota.part(address);
            part.set(1).map(|()| part)
        };
        let mut parts: Vec<Part> = (0..2).map(|_| take(ADA).expect("it has a share")).collect();
        assert_eq!(take(ADA).err(), Some(Exhausted));
        for last in 3..6 {
            let other = [192, 0, 2, last].into();
            parts.extend((0..2).map(|_| take(other).expect("it has a share")));
        }
        assert_eq!(take(BOB).err(), Some(Exhausted), "there is no more for anybody");
        assert_eq!(quota.refused(), 2);
        parts.swap_remove(0);
        parts.push(take(ADA).expect("there is some again"));
        drop(parts);
        assert_eq!((quota.taken(), quota.0.shares.borrow().len()), (0, 0));
    }

    #[test]
    fn a_part_grows_and_shrinks_and_the_only_one_of_an_address_has_no_share_to_keep_to() {
        let quota = Quota::new(100);
        let (mut first, mut second) = (quota.part(ADA), quota.part(ADA));
        assert!(first.set(60).is_ok());
        assert!(second.set(1).is_err());
        assert!(first.set(20).is_ok() && second.set(5).is_ok());
        assert!(second.set(6).is_err() && second.set(4).is_ok());
        assert_eq!(quota.taken(), 24);
    }
}
