//! Requests over HTTP that send something: they are carried out later while their user is held (see
//! `hub::delivery::back_pressure`).

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use smol::Timer;

use crate::event_loop::driver::Driver;
use crate::hub::Admission;
use crate::id::UserId;
use crate::net::clock::now;

/// How many rounds of the event loop a request waits for the sessions of its user at the most.
const ROUNDS: usize = 16;

/// Why a request is not carried out.
#[derive(Debug)]
pub enum NotAdmitted {
    /// The queues have no room for the events of the request.
    NoRoom,
    /// Another configuration has come, and has no such user.
    Gone,
}

impl Driver {
    /// Waits until the user's sessions have had a turn for what has come in, or for so many rounds as they might have to wait
    /// for one at the most.
    async fn let_sessions_go_first(&self, user: UserId) {
        let mut rounds = 0;
        poll_fn(|cx| {
            if rounds > 0 && (!self.rounds.borrow().left(user).is_zero() || rounds == ROUNDS) {
                return Poll::Ready(());
            }
            rounds += 1;
            self.rounds.borrow_mut().rest(cx.waker(), Duration::ZERO);
            Poll::Pending
        })
        .await;
    }

    /// Waits until a request of the user, with so many bytes, may be carried out, which is then to be done without waiting for
    /// anything else.
    ///
    /// # Errors
    ///
    /// The queues have no room for the events of the request, or the user is gone.
    pub async fn admit(self: &Rc<Self>, user: UserId, bytes: usize) -> Result<(), NotAdmitted> {
        #[cfg(feature = "replica")]
        if self.with_hub(|hub, _| hub.log_has_failed()) {
            return Err(NotAdmitted::NoRoom);
        }
        // A client that sends its presence and then signs in at once, over HTTP, wants the event of that.
        if self.with_hub(|hub, _| hub.is_online(user)) {
            self.let_sessions_go_first(user).await;
        }
        let since = now().monotonic;
        let mut late: Option<Timer> = None;
        let place = self.held.place(user);
        poll_fn(|cx| {
            let releases = self.held.releases();
            match self.with_hub(|hub, now| hub.admit(now, user, since, bytes)) {
                Admission::Now => return Poll::Ready(Ok(())),
                Admission::Refused => return Poll::Ready(Err(NotAdmitted::NoRoom)),
                Admission::Gone => return Poll::Ready(Err(NotAdmitted::Gone)),
                Admission::Wait(until) => {
                    place.wait(cx.waker());
                    let late = late.get_or_insert_with(|| Timer::at(until));
                    // The clock has gone on since the hub was asked, or the hub has let somebody go just then.
                    if Pin::new(late).poll(cx).is_ready() || self.held.releases() != releases {
                        cx.waker().wake_by_ref();
                    }
                }
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use smol::LocalExecutor;
    use smol::future::FutureExt as _;

    use super::*;
    use crate::config::Config;
    use crate::event_loop::{self, rounds, scheduler};
    use crate::hub::{Peer, Transport};

    #[test]
    fn a_request_whose_client_has_gone_waits_no_more_and_one_that_is_looked_at_again_waits_once() {
        let mut config = Config::demo();
        (config.limits.user_stanzas, config.limits.user_stanza_burst) = (1, 1);
        let executor = Rc::new(LocalExecutor::new());
        let driver = event_loop::start(config, executor.clone(), executor);
        let users = ["1001", "1002"].map(|name| {
            let user = driver.with_hub(|hub, _| hub.desk().directory().find(name));
            user.expect("the demo has it")
        });
        let places = |user| driver.held.count(user);
        let cx = &mut Context::from_waker(Waker::noop());
        let mut all = Vec::new();
        for user in users {
            for _ in 0..5 {
                let mut request = Box::pin(driver.admit(user, 0));
                // The first two are what the rate allows.
                if request.as_mut().poll(cx).is_pending() {
                    all.push(request);
                }
            }
        }
        let waiting = users.map(places);
        assert!(waiting.iter().all(|count| *count >= 3), "{waiting:?}");
        for _ in 0..3 {
            driver.held.release(UserId::MAX);
            all.iter_mut().for_each(|request| assert!(request.as_mut().poll(cx).is_pending()));
        }
        assert_eq!(users.map(places), waiting);
        all.truncate(1);
        assert_eq!(users.map(places), [1, 0]);
        all.clear();
        assert_eq!(users.map(places), [0, 0]);
    }

    /// The user 1001 has a session.
    fn online(driver: &Rc<Driver>) {
        let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
        let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>ADEwMDEAMTAwMQ==</auth>";
        let bind = "<iq type='set' id='b' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
        driver.with_hub(|hub, now| {
            let peer = ([127, 0, 0, 1], 1).into();
            let id = hub.connect(
                now,
                Peer { address: peer, transport: Transport::Ws, accepted: now.monotonic, via_proxy: false },
            );
            [open, auth, open, bind].iter().for_each(|text| hub.frame(now, id, text));
        });
    }

    /// A presence that came in before a request is taken before it, though the session has to wait for its turn.
    #[test]
    fn a_request_goes_behind_what_has_come_in_for_the_sessions_of_its_user() {
        let executor = Rc::new(LocalExecutor::new());
        let driver = event_loop::start(Config::demo(), executor.clone(), executor);
        let user =
            |name| driver.with_hub(|hub, _| hub.desk().directory().find(name)).expect("the demo has it");
        let cx = &mut Context::from_waker(Waker::noop());
        let mut alone = Box::pin(driver.admit(user("1002"), 0));
        assert!(alone.as_mut().poll(cx).is_ready(), "it has no sessions");
        online(&driver);
        for (spent, rounds) in [(0, 1), (1, 1), (3, 3)] {
            driver.rounds.borrow_mut().spend(user("1001"), rounds::USER * spent);
            let mut request = Box::pin(driver.admit(user("1001"), 0));
            for round in 0..rounds {
                assert!(request.as_mut().poll(cx).is_pending(), "{spent} turns spent, round {round}");
                driver.rounds.borrow_mut().next();
            }
            assert!(request.as_mut().poll(cx).is_ready(), "{spent} turns spent");
        }
    }

    /// A session whose client has just come in has its turns with those of its address, as the request has.
    #[test]
    fn a_request_goes_behind_the_sessions_of_its_user_also_if_their_address_has_had_its_turn() {
        let arrivals = Rc::new(LocalExecutor::new());
        let driver = event_loop::start(Config::demo(), Rc::default(), arrivals.clone());
        let user = driver.with_hub(|hub, _| hub.desk().directory().find("1001")).expect("the demo has it");
        online(&driver);
        let (said, order) = smol::channel::unbounded();
        let (request, session) = (said.clone(), said);
        let of_request = driver.clone();
        driver.spawn_arrival([192, 0, 2, 1].into(), async move {
            // With other requests before it.
            std::thread::sleep(rounds::ADDRESS);
            of_request.admit(user, 0).await.expect("there is room");
            request.try_send("request").expect("there is room");
        });
        driver.spawn_arrival([192, 0, 2, 1].into(), async move {
            session.try_send("session").expect("there is room");
        });
        let all = scheduler::run(arrivals, scheduler::ARRIVAL_TURN_MAX).or(driver.clone().write());
        let heard = async {
            for first in ["session", "request"] {
                assert_eq!(order.recv().await, Ok(first));
            }
        };
        smol::block_on(all.or(heard));
    }
}
