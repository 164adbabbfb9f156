//! What the state machines know of each user, in tables as small as the number of users.

use crate::id::UserId;
use crate::id::places::Key;

/// A value for each user, which stands at the user's place and is the default value as long as nobody changes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByUser<T> {
    values: Vec<(u32, T)>,
    none: T,
    /// Takes the changes of users whose place another user has.
    spare: T,
}

impl<T: Default> ByUser<T> {
    /// Returns the value of a user.
    pub fn get(&self, user: UserId) -> &T {
        let own = self.values.get(user.0.place as usize);
        own.filter(|(generation, _)| *generation == user.0.generation).map_or(&self.none, |(_, value)| value)
    }

    /// Returns the value of a user, to change it. The value of a former user of the place goes; what a former user itself is
    /// given nobody sees.
    pub fn get_mut(&mut self, user: UserId) -> &mut T {
        let Key { place, generation } = user.0;
        let place = place as usize;
        if self.values.len() <= place {
            self.values.resize_with(place + 1, || (0, T::default()));
        }
        let (own, value) = &mut self.values[place];
        if *own == generation {
            return value;
        }
        // A generation that has gone once around the numbers is before this one.
        if (generation.wrapping_sub(*own) as i32) < 0 {
            self.spare = T::default();
            return &mut self.spare;
        }
        (*own, *value) = (generation, T::default());
        value
    }

    /// Keeps the values of these users only.
    pub fn retain(&mut self, has: impl Fn(UserId) -> bool) {
        let mut end = 0;
        for (place, (generation, value)) in (0..).zip(&mut self.values) {
            if has(UserId(Key { place, generation: *generation })) {
                end = place as usize + 1;
            } else {
                *value = T::default();
            }
        }
        self.values.truncate(end);
    }

    /// The values of all users who have any, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (UserId, &mut T)> {
        let all = (0..).zip(&mut self.values);
        all.map(|(place, (generation, value))| (UserId(Key { place, generation: *generation }), value))
    }

    /// The values, in the order of their places.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.values.iter().map(|(_, value)| value)
    }
}
