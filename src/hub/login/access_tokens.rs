//! The access tokens of users who log in by single sign-on, each with the refresh token that another one is got for (RFC 6749
//! §1.4, §1.5), and the codes by which a browser comes back from the identity page (§4.1.2).

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::config::limits::Limits;
use crate::config::password::Password;
use crate::hub::login::secret::SecretKey;
use crate::id::UserId;

/// The access tokens of one refresh token that may be valid at the same time: the last one, and the one before it, which requests that
/// are on their way still have. A further one ends the first of them.
const KEPT: usize = 2;

/// How many access tokens of a user that were ended are known as such: a client that still has one does not guess.
const ENDED: usize = 16;

/// How long a browser may take to come back from the identity page.
const CODE_LIFE: Duration = Duration::from_secs(60);

/// What a user has got by one sign-in.
#[derive(Debug)]
struct Grant {
    user: UserId,
    /// The password with which it was got: another one ends it.
    password: Password,
    /// When its refresh token is over.
    until: Instant,
    /// The access tokens, the first one first, each with the time when it is over.
    access: VecDeque<(SecretKey, Instant)>,
}

impl Grant {
    /// Nothing of it is valid any more.
    fn is_over(&self, now: Instant) -> bool {
        self.until <= now && self.access.iter().all(|(_, until)| *until <= now)
    }
}

/// A code: it is good for one sign-in of its user.
#[derive(Debug)]
struct Code {
    user: UserId,
    password: Password,
    until: Instant,
}

/// Whether an access token lets its user in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Valid(UserId),
    /// The token was valid until a while ago, so it is no guess.
    Over(UserId),
    Unknown,
}

/// The access tokens of one user.
#[derive(Clone, Debug, Default)]
pub struct TokensOfUser {
    valid: Vec<SecretKey>,
    over: Vec<SecretKey>,
}

impl TokensOfUser {
    /// Tells whether the text is a token that is valid.
    pub(super) fn is_valid(&self, text: &str) -> bool {
        self.valid.contains(&SecretKey::of(text))
    }

    /// Tells whether the text was a token until a while ago.
    pub(super) fn is_over(&self, text: &str) -> bool {
        self.over.contains(&SecretKey::of(text))
    }
}

/// All tokens and codes that are valid, and some that are over.
#[derive(Debug)]
pub struct AccessTokens {
    life: Duration,
    refresh_life: Duration,
    /// How many grants and codes one user may have.
    each: usize,
    /// How many there may be of all users.
    all: usize,
    /// By refresh token.
    grants: HashMap<SecretKey, Grant>,
    /// The refresh tokens of each user who has any: every request by HTTP Basic asks for them.
    of_users: HashMap<UserId, Vec<SecretKey>>,
    /// The refresh token of each access token.
    access: HashMap<SecretKey, SecretKey>,
    /// The access tokens that gave way to others, each with its user.
    ended: HashMap<SecretKey, UserId>,
    /// The same of each user, the first one first.
    ended_of: HashMap<UserId, VecDeque<SecretKey>>,
    codes: HashMap<SecretKey, Code>,
}

impl AccessTokens {
    /// A table without any.
    pub fn new(limits: &Limits) -> Self {
        Self {
            life: limits.access_token,
            refresh_life: limits.refresh_token,
            each: limits.sessions_per_user,
            all: limits.tokens,
            grants: HashMap::new(),
            of_users: HashMap::new(),
            access: HashMap::new(),
            ended: HashMap::new(),
            ended_of: HashMap::new(),
            codes: HashMap::new(),
        }
    }

    /// Takes a text that nobody can guess for a code of `user`. If that one has as many as it may have, the first of them goes. Tells
    /// whether there is a place.
    pub fn add_code(&mut self, now: Instant, (user, password): (UserId, &Password), text: &str) -> bool {
        self.codes.retain(|_, code| now < code.until);
        let own = || self.codes.iter().filter(|(_, code)| code.user == user);
        if own().count() >= self.each
            && let Some(first) = own().min_by_key(|(_, code)| code.until).map(|(key, _)| *key)
        {
            self.codes.remove(&first);
        }
        if self.codes.len() >= self.all {
            return false;
        }
        let code = Code { user, password: password.clone(), until: now + CODE_LIFE };
        self.codes.insert(SecretKey::of(text), code);
        true
    }

    /// The user of a code that is valid.
    pub fn user_of_code(&self, now: Instant, text: &str) -> Option<UserId> {
        let code = self.codes.get(&SecretKey::of(text))?;
        (now < code.until).then_some(code.user)
    }

    /// Ends a code, so that it is good for one sign-in only.
    pub fn end_code(&mut self, text: &str) {
        self.codes.remove(&SecretKey::of(text));
    }

    /// Takes two texts that nobody can guess for an access token of `user` and its refresh token. If that one has as many as it may
    /// have, those that would be over first go. Tells whether there is a place.
    pub fn add(
        &mut self,
        now: Instant,
        (user, password): (UserId, &Password),
        access: &str,
        refresh: &str,
    ) -> bool {
        self.remove(|grant| grant.is_over(now));
        if self.own(user).count() >= self.each
            && let Some(first) = self.own(user).min_by_key(|(_, grant)| grant.until).map(|(key, _)| *key)
        {
            self.end(first);
        }
        if self.grants.len() >= self.all {
            return false;
        }
        let (access, refresh) = (SecretKey::of(access), SecretKey::of(refresh));
        let grant = Grant {
            user,
            password: password.clone(),
            until: now + self.refresh_life,
            access: [(access, now + self.life)].into(),
        };
        self.access.insert(access, refresh);
        self.grants.insert(refresh, grant);
        self.of_users.entry(user).or_default().push(refresh);
        true
    }

    /// The user whose refresh token this is, if it is valid.
    pub fn user_of_refresh(&self, now: Instant, text: &str) -> Option<UserId> {
        let grant = self.grants.get(&SecretKey::of(text))?;
        (now < grant.until).then_some(grant.user)
    }

    /// Takes a text that nobody can guess for another access token of a refresh token that is valid.
    pub fn refresh(&mut self, now: Instant, refresh: &str, access: &str) {
        let (key, until) = (SecretKey::of(access), now + self.life);
        let refresh = SecretKey::of(refresh);
        let Some(grant) = self.grants.get_mut(&refresh) else { return };
        grant.access.push_back((key, until));
        let ended = if grant.access.len() > KEPT { grant.access.pop_front() } else { None };
        let user = grant.user;
        if let Some((ended, _)) = ended {
            self.access.remove(&ended);
            self.keep_ended(user, ended);
        }
        self.access.insert(key, refresh);
    }

    /// Looks an access token up.
    pub fn find(&self, now: Instant, text: &str) -> Access {
        let key = SecretKey::of(text);
        let Some(grant) = self.access.get(&key).and_then(|refresh| self.grants.get(refresh)) else {
            return self.ended.get(&key).map_or(Access::Unknown, |user| Access::Over(*user));
        };
        let valid = grant.access.iter().any(|(other, until)| *other == key && now < *until);
        if valid { Access::Valid(grant.user) } else { Access::Over(grant.user) }
    }

    /// The access tokens of a user.
    pub fn of_user(&self, now: Instant, user: UserId) -> TokensOfUser {
        let mut tokens = TokensOfUser::default();
        for (key, until) in self.own(user).flat_map(|(_, grant)| &grant.access) {
            if now < *until { tokens.valid.push(*key) } else { tokens.over.push(*key) }
        }
        tokens.over.extend(self.ended_of.get(&user).into_iter().flatten());
        tokens
    }

    /// Only what was got by these users with these passwords is valid from now on.
    pub fn retain(&mut self, has: impl Fn(UserId, &Password) -> bool) {
        self.codes.retain(|_, code| has(code.user, &code.password));
        self.remove(|grant| !has(grant.user, &grant.password));
        // What was ended is known for as long as its user has a token.
        let of_users = &self.of_users;
        self.ended_of.retain(|user, _| of_users.contains_key(user));
        self.ended.retain(|_, user| of_users.contains_key(user));
    }

    /// Knows an access token that gave way to another one.
    fn keep_ended(&mut self, user: UserId, key: SecretKey) {
        let of_user = self.ended_of.entry(user).or_default();
        of_user.push_back(key);
        self.ended.insert(key, user);
        if of_user.len() > ENDED
            && let Some(first) = of_user.pop_front()
        {
            self.ended.remove(&first);
        }
    }

    /// The grants of a user, each with its refresh token.
    fn own(&self, user: UserId) -> impl Iterator<Item = (&SecretKey, &Grant)> {
        self.of_users.get(&user).into_iter().flatten().filter_map(|key| self.grants.get_key_value(key))
    }

    fn remove(&mut self, which: impl Fn(&Grant) -> bool) {
        let gone: Vec<_> =
            self.grants.iter().filter(|(_, grant)| which(grant)).map(|(key, _)| *key).collect();
        gone.into_iter().for_each(|key| self.end(key));
    }

    fn end(&mut self, refresh: SecretKey) {
        let Some(grant) = self.grants.remove(&refresh) else { return };
        if let Some(own) = self.of_users.get_mut(&grant.user) {
            own.retain(|other| *other != refresh);
            if own.is_empty() {
                self.of_users.remove(&grant.user);
            }
        }
        for (access, _) in grant.access {
            self.access.remove(&access);
            self.keep_ended(grant.user, access);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::first(0);
    const BOB: UserId = UserId::first(1);
    const LIFE: Duration = Duration::from_secs(100);
    const REFRESH: Duration = Duration::from_secs(1000);

    struct Stage {
        tokens: AccessTokens,
        start: Instant,
        password: Password,
    }

    #[expect(clippy::disallowed_methods, reason = "a clock that stands has to start somewhere")]
    fn stage(each: usize, all: usize) -> Stage {
        let limits = Limits {
            access_token: LIFE,
            refresh_token: REFRESH,
            tokens: all,
            sessions_per_user: each,
            ..Limits::default()
        };
        let password = Password::plain("x").expect("a password");
        Stage { tokens: AccessTokens::new(&limits), start: Instant::now(), password }
    }

    impl Stage {
        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        fn add(&mut self, seconds: u64, user: UserId, access: &str, refresh: &str) -> bool {
            let now = self.at(seconds);
            self.tokens.add(now, (user, &self.password), access, refresh)
        }

        fn valid(&self, seconds: u64, text: &str) -> bool {
            matches!(self.tokens.find(self.at(seconds), text), Access::Valid(_))
        }
    }

    #[test]
    fn an_access_token_lives_for_its_time_and_no_other_text_is_one() {
        let mut stage = stage(4, 8);
        assert!(stage.add(0, ADA, "a", "r"));
        assert_eq!(stage.tokens.find(stage.at(99), "a"), Access::Valid(ADA));
        for text in ["", "r", "A", "a "] {
            assert_eq!(stage.tokens.find(stage.start, text), Access::Unknown, "{text}");
        }
        assert_eq!(stage.tokens.find(stage.at(100), "a"), Access::Over(ADA));
        let tokens = stage.tokens.of_user(stage.at(100), ADA);
        assert_eq!([tokens.is_valid("a"), tokens.is_over("a"), tokens.is_over("r")], [false, true, false]);
        assert!(stage.tokens.of_user(stage.at(50), ADA).is_valid("a"));
        assert!(!stage.tokens.of_user(stage.at(50), BOB).is_valid("a"));
    }

    #[test]
    fn a_refresh_token_gets_others_until_it_is_over_and_the_last_two_are_valid() {
        let mut stage = stage(4, 8);
        stage.add(0, ADA, "a", "r");
        for (seconds, text) in [(75, "b"), (80, "c")] {
            assert_eq!(stage.tokens.user_of_refresh(stage.at(seconds), "r"), Some(ADA));
            stage.tokens.refresh(stage.at(seconds), "r", text);
        }
        assert_eq!(["a", "b", "c"].map(|text| stage.valid(90, text)), [false, true, true]);
        assert_eq!(stage.tokens.find(stage.at(90), "a"), Access::Over(ADA), "it was right, and is no guess");
        assert!(stage.tokens.of_user(stage.at(90), ADA).is_over("a"));
        assert_eq!(["b", "c"].map(|text| stage.valid(176, text)), [false, true]);
        assert_eq!(stage.tokens.user_of_refresh(stage.at(999), "r"), Some(ADA));
        assert_eq!(stage.tokens.user_of_refresh(stage.at(1000), "r"), None);
        assert_eq!(stage.tokens.user_of_refresh(stage.at(10), "c"), None);
        // Of what is over nothing stays.
        stage.add(2000, BOB, "d", "s");
        assert_eq!((stage.tokens.grants.len(), stage.tokens.access.len()), (1, 1));
        assert_eq!(stage.tokens.of_users.keys().collect::<Vec<_>>(), [&BOB]);
        assert_eq!(stage.tokens.find(stage.at(2000), "c"), Access::Over(ADA));
        assert_eq!(stage.tokens.find(stage.at(2000), "r"), Access::Unknown);
    }

    #[test]
    fn the_last_tokens_that_gave_way_are_no_guesses() {
        let mut stage = stage(1, 8);
        let text = |number: usize| format!("a{number}");
        stage.add(0, ADA, &text(0), "r");
        for number in 1..40 {
            stage.tokens.refresh(stage.at(1), "r", &text(number));
        }
        // Another sign-in takes the place of the only one that there may be.
        stage.add(2, ADA, "b", "s");
        let over = |stage: &Stage, text: &str| stage.tokens.find(stage.at(3), text) == Access::Over(ADA);
        assert_eq!((0..40).filter(|number| over(&stage, &text(*number))).count(), ENDED);
        assert!(over(&stage, &text(39)) && !over(&stage, &text(23)) && stage.valid(3, "b"));
        assert_eq!((stage.tokens.ended.len(), stage.tokens.ended_of.len()), (ENDED, 1));
        // Who has another password has none of them.
        stage.tokens.retain(|_, _| false);
        assert_eq!(stage.tokens.find(stage.at(3), &text(39)), Access::Unknown);
        assert!(stage.tokens.ended.is_empty() && stage.tokens.ended_of.is_empty());
    }

    #[test]
    fn each_user_has_so_many_and_all_together_have_so_many() {
        let mut stage = stage(2, 3);
        for (seconds, access, refresh) in [(0, "a1", "r1"), (1, "a2", "r2"), (2, "a3", "r3")] {
            assert!(stage.add(seconds, ADA, access, refresh));
        }
        assert_eq!(["a1", "a2", "a3"].map(|text| stage.valid(3, text)), [false, true, true]);
        assert!(stage.add(3, BOB, "b", "s"));
        assert!(!stage.add(4, UserId::first(2), "c", "t"), "nobody loses what it has to others");
        assert!(stage.add(5, ADA, "a4", "r4"), "it has its own place");
        assert!(stage.valid(5, "b") && !stage.valid(5, "a2"));
        assert_eq!(stage.tokens.access.len(), 3);
    }

    #[test]
    fn a_code_is_good_once_and_for_a_minute() {
        let mut stage = stage(2, 3);
        let ada = (ADA, &stage.password.clone());
        for text in ["x", "y", "z"] {
            let now = stage.start;
            assert!(stage.tokens.add_code(now, ada, text));
        }
        let user = |stage: &Stage, seconds, text| stage.tokens.user_of_code(stage.at(seconds), text);
        assert_eq!(stage.tokens.codes.len(), 2);
        assert_eq!((user(&stage, 59, "z"), user(&stage, 60, "z")), (Some(ADA), None));
        stage.tokens.end_code("z");
        assert_eq!(user(&stage, 0, "z"), None);
    }

    #[test]
    fn a_user_who_is_gone_or_has_another_password_has_no_token_any_more() {
        let mut stage = stage(4, 8);
        stage.add(0, ADA, "a", "r");
        stage.add(0, BOB, "b", "s");
        let now = stage.start;
        let password = stage.password.clone();
        stage.tokens.add_code(now, (ADA, &password), "x");
        stage.tokens.retain(|user, own| user == BOB && *own == password);
        assert_eq!((stage.valid(0, "a"), stage.valid(0, "b")), (false, true));
        assert_eq!(stage.tokens.user_of_code(stage.start, "x"), None);
        let other = Password::plain("y").expect("a password");
        stage.tokens.retain(|_, own| *own == other);
        assert!(!stage.valid(0, "b") && stage.tokens.access.is_empty() && stage.tokens.of_users.is_empty());
    }
}
