//! Tables whose places are used again. A key names a place and its generation, so that the key of something that is gone finds
//! nothing, whatever has the place now.

/// The key of a value in [`Places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(crate) place: u32,
    /// Counts the values that have had the place; the first has 1.
    pub(crate) generation: u32,
}

/// Values by their keys. There are as many places as there were values at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Places<T> {
    /// An empty table with room for so many values.
    pub fn with_capacity(values: usize) -> Self {
        Self { places: Vec::with_capacity(values), free: Vec::new() }
    }

    /// Adds a value, at the place that became free last.
    pub fn insert(&mut self, value: T) -> Key {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        });
        let (generation, slot) = &mut self.places[place as usize];
        *generation = generation.wrapping_add(1);
        *slot = Some(value);
        Key { place, generation: *generation }
    }

    /// Returns a value that has not been removed.
    pub fn get(&self, key: Key) -> Option<&T> {
        let (generation, value) = self.places.get(key.place as usize)?;
        value.as_ref().filter(|_| *generation == key.generation)
    }

    /// Returns a value that has not been removed, to change it.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let (generation, value) = self.places.get_mut(key.place as usize)?;
        value.as_mut().filter(|_| *generation == key.generation)
    }

    /// Removes a value, and gives its place back.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let (generation, slot) = self.places.get_mut(key.place as usize)?;
        if *generation != key.generation {
            return None;
        }
        let value = slot.take()?;
        self.free.push(key.place);
        Some(value)
    }

    /// The values with their keys, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        let all = (0..).zip(&self.places);
        all.filter_map(|(place, (generation, value))| {
            Some((Key { place, generation: *generation }, value.as_ref()?))
        })
    }

    /// How many places there are, free or not.
    pub fn count(&self) -> usize {
        self.places.len()
    }
}
