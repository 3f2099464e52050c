//! Messages to measure with: the same ones for every contender.

use bytes::Bytes;
use duolog::types::Message;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Payloads are pieces of one block, so that none has an allocation of its own.
const BLOCK_BYTES: usize = 1 << 20;

/// `count` messages with random ids of `id_bytes` and random payloads of `payload_bytes`; the
/// same ones for the same `seed`.
pub(crate) fn messages(
    seed: u64,
    count: usize,
    id_bytes: usize,
    payload_bytes: usize,
) -> Vec<Message> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut block = vec![0; BLOCK_BYTES + payload_bytes];
    random.fill_bytes(&mut block);
    let block = Bytes::from(block);
    let mut message = |_| {
        let letter = |_| char::from(LETTERS[below(&mut random, LETTERS.len())]);
        let id: String = (0..id_bytes).map(letter).collect();
        let at = below(&mut random, BLOCK_BYTES);
        Message::new(id, block.slice(at..at + payload_bytes))
    };
    (0..count).map(&mut message).collect()
}

/// `messages` in batches of `size`; the last may be smaller.
pub(crate) fn batches(messages: &[Message], size: usize) -> Vec<Vec<Message>> {
    messages.chunks(size).map(<[Message]>::to_vec).collect()
}

/// `count` of the messages' ids, drawn at random; ids may be drawn again.
pub(crate) fn drawn_ids(seed: u64, messages: &[Message], count: usize) -> Vec<&str> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..count).map(|_| messages[below(&mut random, messages.len())].id.as_str()).collect()
}

fn below(random: &mut Xoshiro256PlusPlus, limit: usize) -> usize {
    ((u128::from(random.next_u64()) * limit as u128) >> 64) as usize
}
