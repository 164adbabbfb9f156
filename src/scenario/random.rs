//! Chance by a seed: each actor has a generator of its own, so that another agent more changes nothing for all others.

/// How often something happens, in parts of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millionths(pub u64);

impl Millionths {
    /// Stands for 1: always.
    pub const ONE: Self = Self(1_000_000);
}

/// A generator of 64 bits with 64 bits of state (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of an actor: the one with that number of its kind.
    pub fn new(seed: u64, kind: &str, number: usize) -> Self {
        let number = (number as u64).to_le_bytes();
        let bytes = seed.to_le_bytes().into_iter().chain(kind.bytes()).chain(number);
        // FNV-1a; the first numbers of the generator mix it.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(hash)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another one; 0 below 0.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.number()) * u128::from(end);
        (wide >> 64) as u64
    }

    /// Tells whether something happens now.
    pub fn happens(&mut self, chance: Millionths) -> bool {
        self.below(Millionths::ONE.0) < chance.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_actor_has_numbers_of_its_own_and_always_the_same() {
        let first = |seed, kind, number| Random::new(seed, kind, number).number();
        assert_eq!(first(7, "agent", 0), first(7, "agent", 0));
        let others = [(8, "agent", 0), (7, "agent", 1), (7, "arrivals", 0), (7, "agen", 0)];
        for (seed, kind, number) in others {
            assert_ne!(first(seed, kind, number), first(7, "agent", 0), "{seed} {kind} {number}");
        }
        // The published first numbers of the generator with the state 0.
        let mut zero = Random(0);
        assert_eq!([zero.number(), zero.number()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn what_happens_half_of_the_time_does_so_about_half_of_the_time() {
        let mut random = Random::new(1, "test", 0);
        let count = (0..10_000).filter(|_| random.happens(Millionths(500_000))).count();
        assert!((4_800..5_200).contains(&count), "{count}");
        assert!((0..1000).all(|_| !random.happens(Millionths(0)) && random.happens(Millionths::ONE)));
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
    }
}
