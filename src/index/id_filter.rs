//! A filter of ids: whether one may be among those that were added.

use xxhash_rust::xxh3::xxh3_64;

#[cfg(test)]
mod tests;

/// The bits of an id lie in one line of the processor's cache.
const LINE_WORDS: usize = 8;
const LINE_BYTES: usize = LINE_WORDS * size_of::<u64>();
/// With 21 bits an id and these many of them set, one id in five thousand is taken for one of a
/// full layer that it is not in. With 13 bits it is one in three hundred, and as what is not denied
/// costs a lookup of the database while settling waits, that took a third of its time.
const BITS_SET: u32 = 8;
const LINE_BITS: u64 = (LINE_BYTES * 8) as u64;
/// Ids of a line when its layer is full, by average.
const LINE_IDS: usize = 24;

const LAYER_FIRST_BYTES: usize = 64 << 10;
const LAYER_GROWTH: usize = 8;

/// The hash of an id, which the filter is asked by. It has no seed, so that every run does the
/// same.
pub fn hash(id: &[u8]) -> u64 {
    xxh3_64(id)
}

/// A Bloom filter that grows in layers, each eight times the one before: every layer is another
/// place to look into. So it takes about three bytes of memory an id while its last layer is full,
/// and up to 24 while that is new. Where its memory ends the last layer takes all that come: it
/// then says "maybe" more often, never "no" of an id that was added.
#[derive(Clone, Debug)]
pub struct IdFilter {
    layers: Vec<Layer>,
    bytes_max: usize,
}

#[derive(Clone, Debug)]
struct Layer {
    lines: Vec<[u64; LINE_WORDS]>,
    /// How many ids it still takes before the next layer begins.
    room: usize,
}

impl Layer {
    fn new(bytes: usize) -> Self {
        let count = (bytes / LINE_BYTES).max(1);
        Self { lines: vec![[0; LINE_WORDS]; count], room: count * LINE_IDS }
    }

    fn bytes(&self) -> usize {
        self.lines.len() * LINE_BYTES
    }

    /// The line of a hash: its upper half as a fraction of their number.
    fn line(&self, hash: u64) -> usize {
        (((hash >> 32) * self.lines.len() as u64) >> 32) as usize
    }

    /// What is there already takes no room.
    fn add(&mut self, hash: u64) {
        let line = self.line(hash);
        let line = &mut self.lines[line];
        let before = *line;
        bits(hash).for_each(|(word, bit)| line[word] |= bit);
        self.room = self.room.saturating_sub(usize::from(*line != before));
    }

    fn may_hold(&self, hash: u64) -> bool {
        let line = &self.lines[self.line(hash)];
        // All bits, without a branch: where it may end early is anybody's guess.
        bits(hash).fold(true, |all, (word, bit)| all & (line[word] & bit != 0))
    }
}

/// Word and bit of each bit of a hash in its line.
fn bits(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    // Nine bits of the product's upper end each time, where all bits of the lower half meet.
    let mut mixed = hash as u32;
    (0..BITS_SET).map(move |_| {
        mixed = mixed.wrapping_mul(0x9e37_79b9);
        let bit = u64::from(mixed >> (u32::BITS - LINE_BITS.trailing_zeros()));
        ((bit >> 6) as usize, 1 << (bit & 63))
    })
}

impl IdFilter {
    /// Of no ids; takes `bytes_max` bytes at most, but for a line at least.
    pub fn new(bytes_max: usize) -> Self {
        Self { layers: Vec::new(), bytes_max }
    }

    /// Adds an id by its [`hash`].
    pub fn add(&mut self, hash: u64) {
        if self.layers.last().is_none_or(|last| last.room == 0) {
            self.grow();
        }
        self.layers.last_mut().expect("it grew").add(hash);
    }

    fn grow(&mut self) {
        let last_bytes = self.layers.last().map_or(0, Layer::bytes);
        let wanted = LAYER_FIRST_BYTES.max(LAYER_GROWTH * last_bytes);
        let left = self.bytes_max.saturating_sub(self.bytes());
        // A last layer of little would be another one to look into, and hold hardly anything.
        if self.layers.is_empty() || left >= last_bytes {
            self.layers.push(Layer::new(wanted.min(left)));
        }
    }

    /// Of each hash, whether its id may have been added; `false` is certain.
    pub fn may_hold(&self, hashes: &[u64]) -> Vec<bool> {
        let mut maybe = vec![false; hashes.len()];
        for layer in &self.layers {
            // One layer for all hashes, without a branch: so the misses of many overlap.
            for (maybe, hash) in maybe.iter_mut().zip(hashes) {
                *maybe |= layer.may_hold(*hash);
            }
        }
        maybe
    }

    /// Its memory in bytes.
    pub fn bytes(&self) -> usize {
        self.layers.iter().map(Layer::bytes).sum()
    }
}
