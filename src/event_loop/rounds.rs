//! A turn for each user in each round of the event loop, so that the sessions of one user wait for each other, and others do
//! not wait for all of them; and for each address, as long as nobody has logged in on a session.

use std::collections::HashMap;
use std::hash::Hash;
use std::task::Waker;
use std::time::Duration;

/// How long the messages of one user are taken in one round.
pub const USER: Duration = Duration::from_millis(2);

/// How long the connections of one address that are no sessions are served in one round: less than all together are, so that
/// others come behind them in the same round.
pub const ADDRESS: Duration = Duration::from_micros(750);

/// The time that each user, or each address, has had in this round.
#[derive(Debug)]
pub struct Rounds<K> {
    /// How long the turn of each is.
    turn: Duration,
    spent: HashMap<K, Duration>,
    /// Tasks of those that had had their turn before theirs came: they are the first in the next round.
    passed_over: Vec<Waker>,
    /// Tasks that have had a part of the turn, and want more.
    resting: Vec<Waker>,
}

impl<K: Copy + Eq + Hash> Rounds<K> {
    /// Everybody's turn is so long.
    pub fn new(turn: Duration) -> Self {
        Self { turn, spent: HashMap::new(), passed_over: Vec::new(), resting: Vec::new() }
    }

    /// The time that is left of a turn.
    pub fn left(&self, whose: K) -> Duration {
        self.turn.saturating_sub(self.spent.get(&whose).copied().unwrap_or_default())
    }

    /// Somebody has had so much more of its turn.
    pub fn spend(&mut self, whose: K, time: Duration) {
        *self.spent.entry(whose).or_default() += time;
    }

    /// The task is to be woken in the next round. `had`: what it had of this one.
    pub fn rest(&mut self, waker: &Waker, had: Duration) {
        let tasks = if had.is_zero() { &mut self.passed_over } else { &mut self.resting };
        tasks.push(waker.clone());
    }

    /// The round is over. Time beyond a turn counts in the next round, as no message is left half done.
    pub fn next(&mut self) {
        let turn = self.turn;
        self.spent.retain(|_, spent| {
            *spent = spent.saturating_sub(turn);
            !spent.is_zero()
        });
        self.passed_over.drain(..).chain(self.resting.drain(..)).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    use super::*;
    use crate::id::UserId;

    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_sessions_of_a_user_share_its_turn_and_others_have_their_own() {
        let woken = Arc::new(Woken(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        let mut rounds = Rounds::new(USER);
        let (one, other) = (UserId::first(1), UserId::first(2));
        rounds.spend(one, USER / 2);
        rounds.spend(one, USER);
        assert_eq!((rounds.left(one), rounds.left(other)), (Duration::ZERO, USER));
        rounds.rest(&waker, USER);
        rounds.rest(&waker, Duration::ZERO);
        assert_eq!(woken.0.load(Ordering::Relaxed), 0, "not in this round");
        rounds.next();
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
        assert_eq!(rounds.left(one), USER / 2, "it has had half a turn too much");
        rounds.next();
        assert_eq!(rounds.left(one), USER);
    }

    struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

    impl Wake for Named {
        fn wake(self: Arc<Self>) {
            self.1.lock().expect("nobody has failed").push(self.0);
        }
    }

    #[test]
    fn each_session_of_a_user_has_its_turn_however_much_another_one_says() {
        let woken = Arc::default();
        let wakers =
            ["a", "b", "c"].map(|name| (name, Waker::from(Arc::new(Named(name, Arc::clone(&woken))))));
        let (mut rounds, mut order, mut had) = (Rounds::new(USER), vec!["a", "b", "c"], Vec::new());
        for _ in 0..6 {
            // Each takes all that is left.
            for name in order {
                let left = rounds.left(UserId::first(1));
                if !left.is_zero() {
                    had.push(name);
                }
                rounds.spend(UserId::first(1), left);
                let (_, waker) = wakers.iter().find(|(other, _)| *other == name).expect("it is one of them");
                rounds.rest(waker, left);
            }
            rounds.next();
            order = std::mem::take(&mut *woken.lock().expect("nobody has failed"));
        }
        assert_eq!(had, ["a", "b", "c", "a", "b", "c"]);
    }
}
