//! A turn for each user in each round of the event loop, so that the sessions of one user wait for each other, and others do
//! not wait for all of them.

use std::collections::HashMap;
use std::task::Waker;
use std::time::Duration;

use crate::id::UserId;

/// How long the messages of one user are taken in one round.
pub const TURN: Duration = Duration::from_millis(2);

/// What the users have had of this round.
#[derive(Debug, Default)]
pub struct Rounds {
    spent: HashMap<UserId, Duration>,
    /// Sessions whose users have had their turn.
    resting: Vec<Waker>,
}

impl Rounds {
    /// What is left of the user's turn.
    pub fn left(&self, user: UserId) -> Duration {
        TURN.saturating_sub(self.spent.get(&user).copied().unwrap_or_default())
    }

    /// The user has had so much more of its turn.
    pub fn spend(&mut self, user: UserId, time: Duration) {
        *self.spent.entry(user).or_default() += time;
    }

    /// The task is to be woken in the next round.
    pub fn rest(&mut self, waker: &Waker) {
        self.resting.push(waker.clone());
    }

    /// The round is over.
    pub fn next(&mut self) {
        self.spent.clear();
        self.resting.drain(..).for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

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
        let mut rounds = Rounds::default();
        let (one, other) = (UserId(1), UserId(2));
        rounds.spend(one, TURN / 2);
        rounds.spend(one, TURN);
        assert_eq!((rounds.left(one), rounds.left(other)), (Duration::ZERO, TURN));
        rounds.rest(&waker);
        rounds.rest(&waker);
        assert_eq!(woken.0.load(Ordering::Relaxed), 0, "not in this round");
        rounds.next();
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
        assert_eq!(rounds.left(one), TURN);
    }
}
