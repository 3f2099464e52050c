//! A filter of ids: whether one may be among those that were added.

use xxhash_rust::xxh3::xxh3_64;

#[cfg(test)]
mod tests;

/// The bits of an id lie in one line of the processor's cache, one in each of its words.
const LINE_WORDS: usize = 8;
const LINE_BYTES: usize = LINE_WORDS * size_of::<u64>();
/// An odd number for each word, which picks the bit: those of Parquet's split block Bloom filter.
const SALTS: [u32; LINE_WORDS] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];
/// Ids of a line when its layer is full, by average. That is 21 bits an id, and one id in five
/// thousand is taken for one of a full layer that it is not in. With 13 bits it is one in three
/// hundred, and as what is not denied costs a lookup of the database while settling waits, that
/// took a third of its time.
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

type Line = [u64; LINE_WORDS];

#[derive(Clone, Debug)]
struct Layer {
    lines: Vec<Line>,
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

    /// Adds a hash; whether it may have been there. What is there already takes no room.
    #[inline]
    fn add(&mut self, hash: u64) -> bool {
        let line = self.line(hash);
        let (line, bits) = (&mut self.lines[line], bits(hash));
        let was_there = holds(line, &bits);
        line.iter_mut().zip(bits).for_each(|(word, bit)| *word |= bit);
        self.room = self.room.saturating_sub(usize::from(!was_there));
        was_there
    }

    #[inline]
    fn may_hold(&self, hash: u64) -> bool {
        holds(&self.lines[self.line(hash)], &bits(hash))
    }
}

/// All bits, without a branch: where it may end early is anybody's guess.
#[inline]
fn holds(line: &Line, bits: &Line) -> bool {
    line.iter().zip(bits).fold(0, |missing, (word, bit)| missing | (!word & bit)) == 0
}

/// The bit of a hash in each word of its line.
#[inline]
fn bits(hash: u64) -> Line {
    // The upper six bits of a product, where all bits of the lower half meet.
    SALTS.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> (u32::BITS - u64::BITS.ilog2())))
}

impl IdFilter {
    /// Of no ids; takes `bytes_max` bytes at most, but for a line at least.
    pub fn new(bytes_max: usize) -> Self {
        Self { layers: Vec::new(), bytes_max }
    }

    /// Adds an id by its [`hash`].
    pub fn add(&mut self, hash: u64) {
        self.with_room().0.add(hash);
    }

    /// Adds the ids of `hashes` in their order; of each, whether it may have been added before;
    /// `false` is certain.
    pub fn note(&mut self, hashes: &[u64]) -> Vec<bool> {
        let mut maybe = vec![false; hashes.len()];
        let mut noted = 0;
        while noted < hashes.len() {
            let (last, others) = self.with_room();
            // Without room it is the end of the memory: the last layer takes all.
            let left = hashes.len() - noted;
            let taken = if last.room == 0 { left } else { left.min(last.room) };
            let (maybe, hashes) = (&mut maybe[noted..][..taken], &hashes[noted..][..taken]);
            may_hold(others, hashes, maybe);
            for (maybe, hash) in maybe.iter_mut().zip(hashes) {
                *maybe = *maybe || last.add(*hash);
            }
            noted += taken;
        }
        maybe
    }

    /// The layer that takes what comes, and those before it.
    fn with_room(&mut self) -> (&mut Layer, &[Layer]) {
        if self.layers.last().is_none_or(|last| last.room == 0) {
            self.grow();
        }
        let (last, others) = self.layers.split_last_mut().expect("it grew");
        (last, others)
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
        may_hold(&self.layers, hashes, &mut maybe);
        maybe
    }

    /// Its memory in bytes.
    pub fn bytes(&self) -> usize {
        self.layers.iter().map(Layer::bytes).sum()
    }
}

/// Sets in `maybe` what any of `layers` may hold. One layer for all hashes, without a branch: so
/// the misses of many overlap.
fn may_hold(layers: &[Layer], hashes: &[u64], maybe: &mut [bool]) {
    for layer in layers {
        for (maybe, hash) in maybe.iter_mut().zip(hashes) {
            *maybe |= layer.may_hold(*hash);
        }
    }
}
