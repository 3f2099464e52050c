//! Messages to measure with: the same ones for every contender.

use std::ops::Range;

use bytes::Bytes;
use duolog::types::Message;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// As many as six bits tell apart, so that a random number gives ten of them.
const LETTERS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-";
const LETTERS_OF_NUMBER: usize = 10;
/// Payloads are pieces of one block, so that none has an allocation of its own.
const BLOCK_BYTES: usize = 1 << 20;
const FIRST_TIMESTAMP_US: i64 = 1_700_000_000_000_000;

/// An endless row of messages, each made when it is asked for, by its number alone: a run of many
/// millions need not hold them. Their timestamps are a microsecond apart.
#[derive(Clone)]
pub(crate) struct Source {
    seed: u64,
    id_bytes: usize,
    payload_bytes: usize,
    duplicate_percent: u64,
    block: Bytes,
}

impl Source {
    /// Messages with random ids of `id_bytes` and random payloads of `payload_bytes`; the same
    /// ones for the same `seed`.
    pub(crate) fn new(seed: u64, id_bytes: usize, payload_bytes: usize) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut block = vec![0; BLOCK_BYTES + payload_bytes];
        random.fill_bytes(&mut block);
        Self { seed, id_bytes, payload_bytes, duplicate_percent: 0, block: block.into() }
    }

    /// The same, but so many in a hundred messages have the id of an earlier one.
    pub(crate) fn with_duplicates(self, percent: u64) -> Self {
        Self { duplicate_percent: percent, ..self }
    }

    /// The id of message `number`.
    pub(crate) fn id(&self, number: u64) -> String {
        let mut random = self.random(self.origin(number));
        let mut id = String::with_capacity(self.id_bytes);
        while id.len() < self.id_bytes {
            let mut bits = random.next();
            for _ in 0..LETTERS_OF_NUMBER.min(self.id_bytes - id.len()) {
                id.push(char::from(LETTERS[(bits & 63) as usize]));
                bits >>= 6;
            }
        }
        id
    }

    /// When message `number` is stamped.
    pub(crate) fn timestamp_us(&self, number: u64) -> i64 {
        FIRST_TIMESTAMP_US + number as i64
    }

    /// Message `number`.
    pub(crate) fn message(&self, number: u64) -> Message {
        let at = (self.random(!number).next() as usize) % BLOCK_BYTES;
        let payload = self.block.slice(at..at + self.payload_bytes);
        let mut message = Message::new(self.id(number), payload);
        message.timestamp_us = Some(self.timestamp_us(number));
        message
    }

    /// These messages, as one batch.
    pub(crate) fn batch(&self, numbers: Range<u64>) -> Vec<Message> {
        numbers.map(|number| self.message(number)).collect()
    }

    /// The first `count` messages in batches of `size`; the last may be smaller.
    pub(crate) fn batches(&self, count: u64, size: u64) -> impl Iterator<Item = Vec<Message>> + '_ {
        let starts = (0..count).step_by(size as usize);
        starts.map(move |start| self.batch(start..count.min(start + size)))
    }

    /// Bytes of ids and payloads of `count` messages.
    pub(crate) fn bytes(&self, count: u64) -> u64 {
        count * (self.id_bytes + self.payload_bytes) as u64
    }

    /// `count` numbers below `limit`, drawn at random; numbers may be drawn again.
    pub(crate) fn drawn(&self, limit: u64, count: usize) -> Vec<u64> {
        let mut random = self.random(u64::MAX / 3);
        (0..count).map(|_| random.next() % limit).collect()
    }

    /// The earliest message with the id of `number`.
    fn origin(&self, mut number: u64) -> u64 {
        while number > 0 {
            let mut random = self.random(number.wrapping_mul(3) ^ (1 << 63));
            if random.next() % 100 >= self.duplicate_percent {
                break;
            }
            number = random.next() % number;
        }
        number
    }

    fn random(&self, number: u64) -> SplitMix {
        SplitMix(self.seed.wrapping_mul(0xA076_1D64_78BD_642F) ^ number.rotate_left(32))
    }
}

/// The first `count` messages of a source, made at once.
pub(crate) fn messages(
    seed: u64,
    count: usize,
    id_bytes: usize,
    payload_bytes: usize,
) -> Vec<Message> {
    Source::new(seed, id_bytes, payload_bytes).batch(0..count as u64)
}

/// `messages` in batches of `size`; the last may be smaller.
pub(crate) fn batches(messages: &[Message], size: usize) -> Vec<Vec<Message>> {
    messages.chunks(size).map(<[Message]>::to_vec).collect()
}

/// `SplitMix64`: a few operations a number from any state, where a generator with a larger state
/// would have to be seeded for every message.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests;
