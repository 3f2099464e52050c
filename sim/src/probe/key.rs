//! Keys and values of a probe. A value is the list of the writes that made it, so that whoever
//! reads it knows which of them an instance has applied.

#[cfg(test)]
mod tests;

/// A key by its number. The first few are written again and again; those from
/// [`Key::INSERTED`] on are written once.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Key(pub u32);

impl Key {
    /// Keys that are put, merged and deleted in every way, from 0.
    pub const PLAIN: u32 = 6;
    /// All keys that are written more than once: behind the plain ones are those of single
    /// deletes, which must not be mixed with other deletes.
    pub const SMALL: u32 = 8;
    /// The first key that is written once.
    pub const INSERTED: u32 = 1 << 8;

    /// The keys that are written more than once, in order.
    pub fn small() -> impl DoubleEndedIterator<Item = Self> {
        (0..Self::SMALL).map(Self)
    }

    /// Whether it is one of those for single deletes.
    pub const fn is_single(self) -> bool {
        self.0 >= Self::PLAIN && self.0 < Self::SMALL
    }

    /// Its bytes; they sort as the numbers do. The first byte is its prefix.
    pub fn bytes(self) -> Vec<u8> {
        let kind = match self.0 {
            number if number < Self::PLAIN => b'a' + u8::try_from(number / 3).unwrap_or(0),
            number if number < Self::SMALL => b's',
            _ => b't',
        };
        let mut bytes = vec![kind];
        bytes.extend_from_slice(&self.0.to_be_bytes());
        bytes
    }

    /// The key of these bytes; `None` where no key has them.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let number = bytes.get(1..)?.try_into().ok().map(u32::from_be_bytes)?;
        let key = Self(number);
        (key.bytes() == bytes).then_some(key)
    }
}

/// What a read showed of a key: the writes in its value, in order; `None` where it has none.
pub type Shown = Option<Vec<u32>>;

/// Stands in a value for bytes that no write wrote.
pub const MALFORMED: u32 = u32::MAX;

/// What the write `id` puts, or adds to what is there: its number, a length, and a filler that
/// follows from it.
pub fn piece(id: u32, filler_bytes: u32) -> Vec<u8> {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend_from_slice(&filler_bytes.to_le_bytes());
    bytes.extend((0..filler_bytes).map(|at| filler(id, at)));
    bytes
}

/// Not to be compressed away: values must keep their size under a compressed write-ahead log.
fn filler(id: u32, at: u32) -> u8 {
    let mixed = (id ^ at.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
    mixed.to_le_bytes()[3] ^ mixed.to_le_bytes()[1]
}

/// The writes in a value; with [`MALFORMED`] where it is none.
pub fn pieces(mut value: &[u8]) -> Vec<u32> {
    let mut ids = Vec::new();
    while !value.is_empty() {
        let Some((id, rest)) = split(value) else {
            ids.push(MALFORMED);
            break;
        };
        ids.push(id);
        value = rest;
    }
    ids
}

fn split(value: &[u8]) -> Option<(u32, &[u8])> {
    let number = |at: usize| Some(u32::from_le_bytes(value.get(at..at + 4)?.try_into().ok()?));
    let (id, length) = (number(0)?, number(4)?);
    let body = value.get(8..)?.get(..usize::try_from(length).ok()?)?;
    let is_whole = (0..length).zip(body).all(|(at, byte)| *byte == filler(id, at));
    is_whole.then(|| (id, &value[8 + body.len()..]))
}
