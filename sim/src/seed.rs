//! Randomness of a run: one seed, and from it independent streams by name, so that what one part
//! draws never moves another.

#[cfg(test)]
mod tests;

use std::ops::Range;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Names of the streams in use. A new part takes a new name.
pub mod salt {
    /// Which ready task runs next.
    pub const SCHEDULE: &str = "schedule";
    /// What the actors of a run do.
    pub const WORKLOAD: &str = "workload";
    /// What goes wrong, and when.
    pub const FAULTS: &str = "faults";
    /// What all deaths of a plan are aimed at.
    pub const AIM: &str = "aim";
    /// What [`duolog::io::World::entropy`] answers.
    pub const ENTROPY: &str = "entropy";
    /// How long calls of a simulated world take.
    pub const LATENCY: &str = "latency";
    /// What goes wrong with the disk, and when.
    pub const DISK: &str = "disk";
    /// What goes wrong with the indexes, and when.
    pub const INDEX_FAULTS: &str = "index-faults";
    /// What a power loss leaves on a simulated disk.
    pub const POWER: &str = "power";
    /// What the death of a process leaves of settlings that had not returned.
    pub const INDEX: &str = "index";
    /// What a power loss leaves of an index that is RocksDB's.
    pub const INDEX_POWER: &str = "index-power";
    /// What an index that is RocksDB's does on its own, and when.
    pub const INDEX_STEPS: &str = "index-steps";
    /// How the databases of a probe are opened.
    pub const PROBE_SETTINGS: &str = "probe-settings";
    /// What a probe does.
    pub const PROBE_STEPS: &str = "probe-steps";
}

/// A stream of random numbers that depends on its seed and name only. Every draw takes exactly
/// one number from the generator, [`Stream::shuffle`] one an element.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
}

impl Stream {
    /// The stream `name` of `seed`.
    pub fn new(seed: u64, name: &str) -> Self {
        let mut state = [0; 32];
        let low = xxh3_128_with_seed(name.as_bytes(), seed);
        let high = xxh3_128_with_seed(&low.to_le_bytes(), seed);
        state[..16].copy_from_slice(&low.to_le_bytes());
        state[16..].copy_from_slice(&high.to_le_bytes());
        Self { generator: Xoshiro256PlusPlus::from_seed(state) }
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A number below `bound`, all of them alike but for a bias under `bound` / 2^64.
    ///
    /// # Panics
    /// Where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "nothing lies below 0");
        let product = u128::from(self.draw()) * u128::from(bound);
        u64::try_from(product >> 64).expect("the upper half of a product of two u64")
    }

    /// A number of `range`.
    ///
    /// # Panics
    /// Where `range` is empty.
    pub fn range(&mut self, range: Range<u64>) -> u64 {
        assert!(!range.is_empty(), "{range:?} is empty");
        range.start + self.below(range.end - range.start)
    }

    /// True `of` times in `out_of`.
    ///
    /// # Panics
    /// Where `out_of` is 0.
    pub fn chance(&mut self, of: u64, out_of: u64) -> bool {
        self.below(out_of) < of
    }

    /// One of `items`.
    ///
    /// # Panics
    /// Where there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below_index(items.len())]
    }

    /// Puts `items` into any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..=items.len()).rev() {
            let chosen = self.below_index(end);
            items.swap(end - 1, chosen);
        }
    }

    /// An index below `bound`.
    ///
    /// # Panics
    /// Where `bound` is 0.
    pub fn below_index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).expect("it is below a usize")
    }
}
