//! Mutants of an input, for a replay without libFuzzer.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const CHANGES_MAX: usize = 4;
/// Numbers at which fields tend to be handled wrongly.
const EDGES: [u8; 6] = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/// Changes inputs; the same changes for the same seed.
pub struct Mutator(Xoshiro256PlusPlus);

impl Mutator {
    /// A stream of mutants.
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// One mutant of `input`: a few bytes are flipped, set, taken out, put in or cut off.
    pub fn mutant(&mut self, input: &[u8]) -> Vec<u8> {
        let mut mutant = input.to_vec();
        for _ in 0..1 + self.below(CHANGES_MAX) {
            let at = self.below(mutant.len() + 1);
            let byte = EDGES[self.below(EDGES.len())];
            match self.below(6) {
                0 => mutant.insert(at, byte),
                1 => mutant.truncate(at),
                _ if at == mutant.len() => mutant.push(byte),
                2 => drop(mutant.remove(at)),
                3 => mutant[at] = byte,
                _ => mutant[at] ^= 1 << self.below(8),
            }
        }
        mutant
    }

    fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.0.next_u64()) * limit as u128) >> 64) as usize
    }
}
