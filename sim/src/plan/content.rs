//! What is in a message is a function of partition, producer and counter: whoever reads it can
//! check every byte without having kept any.

use bytes::Bytes;
use duolog::types::{Compression, Header, Message};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::lines::Lines;

/// Which message it is: stands in the message's key, so that a reader knows what to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The partition it was appended to.
    pub lane: u32,
    /// The actor that appended it.
    pub producer: u32,
    /// The producer's number for it in that partition, from 0.
    pub counter: u64,
}

impl Mark {
    /// The bytes of the key.
    pub fn to_key(self) -> Bytes {
        let mut key = Vec::with_capacity(16);
        key.extend_from_slice(&self.lane.to_le_bytes());
        key.extend_from_slice(&self.producer.to_le_bytes());
        key.extend_from_slice(&self.counter.to_le_bytes());
        Bytes::from(key)
    }

    /// The mark in a key; `None` where the key is no mark.
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let key: &[u8; 16] = key.try_into().ok()?;
        Some(Self {
            lane: u32::from_le_bytes(key[0..4].try_into().expect("four bytes")),
            producer: u32::from_le_bytes(key[4..8].try_into().expect("four bytes")),
            counter: u64::from_le_bytes(key[8..16].try_into().expect("eight bytes")),
        })
    }
}

/// The law that messages follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// What the law is seeded with.
    #[serde(with = "super::text")]
    pub seed: u64,
    /// How many different ids the repeating ones have; 0 where no id repeats.
    pub repeated_id_count: u64,
    /// How many messages in 16 have a repeating id.
    pub repeated_in_16: u64,
    /// Longest payload in bytes, inclusive; some are empty.
    pub payload_max_bytes: u32,
    /// Time between two messages of a producer.
    pub timestamp_step_us: u64,
    /// How far a timestamp is off that, at most, either way.
    pub timestamp_skew_us: u64,
    /// Timestamps are multiples of this, so that some are equal; from 1.
    pub timestamp_grain_us: u64,
    /// How many messages in 16 are stored compressed.
    pub compressed_in_16: u64,
    /// Where payloads are lines of a file: which ones. Else they are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Lines>,
}

/// The least part of a message, for the index: cheap to work out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The number that the id is made of.
    pub id: u64,
    /// The timestamp.
    pub timestamp_us: i64,
}

/// The time of a producer's first message, before skew: 2024-01-01.
const TIMESTAMP_START_US: i64 = 1_704_067_200_000_000;

/// Ids above this do not repeat.
const ID_UNIQUE: u64 = 1 << 63;

impl Content {
    fn hash(&self, mark: Mark) -> u64 {
        xxh3_64_with_seed(&mark.to_key(), self.seed)
    }

    /// The numbers of the message that the index knows.
    pub fn expected(&self, mark: Mark) -> Expected {
        let hash = self.hash(mark);
        let repeats = self.repeated_id_count > 0 && hash % 16 < self.repeated_in_16;
        let id = if repeats {
            (hash >> 8) % self.repeated_id_count
        } else {
            ID_UNIQUE | u64::from(mark.producer) << 40 | mark.counter
        };
        let skew = (hash >> 20) % (2 * self.timestamp_skew_us + 1);
        let time = mark.counter * self.timestamp_step_us + skew;
        let time = time - time % self.timestamp_grain_us;
        Expected { id, timestamp_us: TIMESTAMP_START_US + time.cast_signed() }
    }

    /// The id made of `number`.
    pub fn id_text(number: u64) -> String {
        format!("m{number:x}")
    }

    /// An id that no message has.
    pub fn id_missing(pick: u64) -> String {
        format!("missing-{pick:x}")
    }

    /// A time before that of any message.
    pub const fn time_missing_us() -> i64 {
        TIMESTAMP_START_US - 1_000_000_000
    }

    /// The message. Where payloads are lines, their file must be open.
    pub fn message(&self, mark: Mark) -> Message {
        let hash = self.hash(mark);
        let expected = self.expected(mark);
        let mut message = Message::new(Self::id_text(expected.id), self.payload(mark, hash));
        message.timestamp_us = Some(expected.timestamp_us);
        message.key = Some(mark.to_key());
        message.attributes = (hash >> 32) as u32;
        if hash >> 60 == 0 {
            let value = Bytes::copy_from_slice(&hash.to_le_bytes());
            message.headers = vec![Header { name: "origin".to_owned(), value }];
        }
        if (hash >> 50) % 16 < self.compressed_in_16 {
            message.compression = Compression::Lz4;
        }
        message
    }

    fn payload(&self, mark: Mark, hash: u64) -> Bytes {
        if let Some(lines) = &self.lines {
            return lines.payload(mark);
        }
        let spread = (hash >> 12) % (u64::from(self.payload_max_bytes) + 1);
        // Most are short, some are empty, few reach the bound.
        let length = if hash >> 56 < 200 { spread / 8 } else { spread };
        let length = usize::try_from(length).expect("a payload fits into memory");
        let mut payload = Vec::with_capacity(length + 8);
        let mut word = hash | 1;
        while payload.len() < length {
            word = word.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
            payload.extend_from_slice(&(word & 0x3f3f_3f3f_3f3f_3f3f).to_le_bytes());
        }
        payload.truncate(length);
        Bytes::from(payload)
    }

    /// How many messages, up to `count`, a read may ask for so that their payloads take about
    /// `bytes` at most where payloads are lines; one at least.
    pub fn read_count(&self, count: u32, bytes: u64) -> u32 {
        let longest = self.lines.as_ref().map_or(1, |lines| lines.longest_bytes.max(1));
        count.min(u32::try_from(bytes / longest).unwrap_or(u32::MAX)).max(1)
    }

    /// Which message `key` marks and whether the rest is what that message must be. `None` where
    /// the key is no mark.
    pub fn check(
        &self,
        key: Option<&[u8]>,
        matches: impl FnOnce(&Message) -> bool,
    ) -> Option<(Mark, bool)> {
        let mark = Mark::from_key(key?)?;
        Some((mark, matches(&self.message(mark))))
    }
}
