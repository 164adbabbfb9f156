//! Password checks: cheap ones at once, and slow ones on the blocking pool, few at a time, in the order that the hub says.

use std::net::IpAddr;
use std::rc::Rc;

use smol::channel::bounded;

use crate::client_address;
use crate::event_loop::driver::Driver;
use crate::event_loop::password_queue::{Unchecked, Waiting};
use crate::event_loop::threads;
use crate::hub::{CheckId, Credentials, Evidence, Turn};
use crate::id::SessionId;

/// A place in the queue, as long as somebody wants it.
struct Place {
    driver: Rc<Driver>,
    address: IpAddr,
    id: CheckId,
}

impl Drop for Place {
    fn drop(&mut self) {
        // A check that has begun goes on to its end.
        if self.driver.checks.waiting.borrow_mut().remove(&self.id).is_some() {
            self.driver.with_hub(|hub, _| hub.end_check(self.address, self.id));
        }
    }
}

/// Checks the password of a login over XMPP, and tells the hub how that went.
pub fn check_login(driver: &Rc<Driver>, session: SessionId, credentials: Credentials, evidence: Evidence) {
    let driver_of_task = driver.clone();
    driver.spawn(async move {
        let driver = driver_of_task;
        let user = credentials.user;
        let of_session = driver.clone();
        let is_there = move || of_session.waits_for_check(session);
        let result = driver.verify(credentials, evidence, is_there).await;
        driver.with_hub(|hub, now| match result {
            Ok(granted) => hub.verified(now, session, user, granted),
            Err(_) => hub.unverified(now, session),
        });
    });
}

impl Driver {
    /// Tells whether the client of a session whose password is checked is still there.
    fn waits_for_check(self: &Rc<Self>, session: SessionId) -> bool {
        self.with_hub(|hub, _| hub.is_checking(session)) && !self.writers.borrow().has_left(session)
    }

    /// Checks a password: at once if that is cheap, or it was right before, else when its turn comes. Tells whether the user may
    /// come in. The client may go away meanwhile, as `is_there` tells: then nothing is computed. A check that has begun is
    /// made and counted in any case.
    ///
    /// # Errors
    ///
    /// Nothing is known of the password.
    pub async fn verify(
        self: &Rc<Self>,
        credentials: Credentials,
        evidence: Evidence,
        is_there: impl Fn() -> bool + 'static,
    ) -> Result<bool, Unchecked> {
        if !credentials.is_slow(&evidence) {
            return Ok(self.with_hub(|hub, now| hub.check(now, &credentials, &evidence)));
        }
        if self.checks.passwords.borrow().has(&credentials, &evidence) {
            return Ok(self.with_hub(|hub, now| hub.judge(now, &credentials, true)));
        }
        let (user, address) = (credentials.user, credentials.address);
        let place = || self.with_hub(|hub, _| hub.queue_check(&credentials));
        let id = place().or_else(|_| {
            self.clear(address);
            place()
        });
        let Ok(id) = id else { return Err(Unchecked::Busy) };
        let (result, made) = bounded(1);
        let waiting = Waiting { credentials, evidence, is_there: Box::new(is_there), result };
        self.checks.waiting.borrow_mut().insert(id, waiting);
        let _place = Place { driver: self.clone(), address, id };
        self.make_checks();
        let granted = made.recv().await.unwrap_or(Err(Unchecked::Left))?;
        // Another configuration may have come since it was judged.
        let is_there = |user| self.with_hub(|hub, _| hub.desk().directory().has(user));
        Ok(granted && user.is_some_and(is_there))
    }

    /// Begins the checks whose turn it is.
    fn make_checks(self: &Rc<Self>) {
        while let Some((id, turn)) = self.with_hub(|hub, now| hub.next_check(now)) {
            let Some(waiting) = self.checks.waiting.borrow_mut().remove(&id) else { continue };
            let address = waiting.credentials.address;
            let result = if !(waiting.is_there)() {
                Err(Unchecked::Left)
            } else if turn != Turn::Make {
                Err(Unchecked::TooMany)
            } else if self.checks.passwords.borrow().has(&waiting.credentials, &waiting.evidence) {
                // The same password was right while this one waited.
                Ok(self.with_hub(|hub, now| hub.judge(now, &waiting.credentials, true)))
            } else {
                self.spawn(self.clone().make(id, waiting));
                continue;
            };
            self.with_hub(|hub, _| hub.end_check(address, id));
            // Nobody may be there to hear it.
            let _ = waiting.result.try_send(result);
        }
    }

    /// Makes a check, and then those whose turn it is.
    async fn make(self: Rc<Self>, id: CheckId, waiting: Waiting) {
        let Waiting { credentials, evidence, result, .. } = waiting;
        let address = credentials.address;
        let check = threads::run(move || {
            let matches = credentials.verify(&evidence);
            (credentials, evidence, matches)
        });
        let (credentials, evidence, matches) = check.await;
        let granted = self.with_hub(|hub, now| {
            let granted = hub.judge(now, &credentials, matches);
            hub.end_check(address, id);
            granted
        });
        if granted {
            self.checks.passwords.borrow_mut().remember(&credentials, &evidence);
        }
        let _ = result.try_send(Ok(granted));
        self.make_checks();
    }

    /// Gives free the places of the clients of an address that have gone away, now and then.
    fn clear(self: &Rc<Self>, address: IpAddr) {
        if !self.with_hub(|hub, now| hub.may_look_for_gone(now, address)) {
            return;
        }
        let key = client_address::key(address);
        let of_address = |waiting: &Waiting| client_address::key(waiting.credentials.address) == key;
        let gone: Vec<CheckId> = {
            let waiting = self.checks.waiting.borrow();
            let gone = waiting.iter().filter(|(_, check)| of_address(check) && !(check.is_there)());
            gone.map(|(id, _)| *id).collect()
        };
        for id in gone {
            let Some(waiting) = self.checks.waiting.borrow_mut().remove(&id) else { continue };
            self.with_hub(|hub, _| hub.end_check(address, id));
            let _ = waiting.result.try_send(Err(Unchecked::Left));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use smol::LocalExecutor;

    use super::*;
    use crate::config::Config;
    use crate::config::password::Password;
    use crate::event_loop;

    /// A check that has begun is counted, even if its client has gone away meanwhile.
    #[test]
    fn a_client_that_leaves_during_its_password_check_has_used_a_try() {
        let hash = Password::hash("1001", 1000).expect("a hash");
        let mut config = Config::demo();
        config.users[1].password = Password::parse_hash(&hash).expect("a hash");
        config.limits.lockout_attempts = 3;
        let executor = Rc::new(LocalExecutor::new());
        let driver = event_loop::start(config, executor.clone(), executor.clone());
        let ask = |password: &'static str| {
            let here = [192, 0, 2, 1].into();
            let credentials = driver.with_hub(|hub, now| hub.credentials(now, "1001", here));
            let credentials = credentials.expect("the address need not wait");
            let driver = driver.clone();
            Box::pin(async move { driver.verify(credentials, password.into(), || true).await })
        };
        for tried in 1..=3 {
            let mut check = ask("wrong");
            let begun = check.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(begun.is_pending());
            drop(check);
            while !executor.is_empty() {
                smol::block_on(executor.tick());
            }
            let lockouts = driver.with_hub(|hub, _| hub.counters().lockouts);
            assert_eq!(lockouts, u64::from(tried == 3));
        }
        let granted = smol::block_on(executor.run(ask("1001")));
        assert!(matches!(granted, Ok(false)));
    }
}
