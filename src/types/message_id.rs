//! The id of a message that was read.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use bytes::Bytes;

#[cfg(test)]
mod tests;

/// Most bytes of an id that are held in place: a UUID has 36, and no more fit without the type
/// growing.
const INLINE_BYTES_MAX: usize = 38;

/// The id of a message that was read: a string that is cheap to make and to clone. A short one is
/// held in place, a longer one shares memory with the block that the message was read in. Derefs
/// to `str`, and compares, orders and hashes as one.
#[derive(Clone)]
pub struct MessageId(Held);

/// Either way UTF-8.
#[derive(Clone)]
enum Held {
    /// The first `length` of `bytes`; what follows is anything.
    Inline {
        length: u8,
        bytes: [u8; INLINE_BYTES_MAX],
    },
    Shared(Bytes),
}

impl MessageId {
    /// Most bytes of an id that is held in place.
    pub(crate) const SHORT_BYTES_MAX: usize = INLINE_BYTES_MAX;

    /// The id at `start..end` of `block`, which must be UTF-8.
    pub(crate) fn within(block: &Bytes, start: usize, end: usize) -> Self {
        if end - start > INLINE_BYTES_MAX {
            return Self(Held::Shared(block.slice(start..end)));
        }
        Self(Held::Inline { length: (end - start) as u8, bytes: padded(&block[start..end]) })
    }

    /// The id of `length` bytes that `bytes` begin with, which must be UTF-8: a copy of as many as
    /// are held in place, whatever they are, which takes no call.
    ///
    /// # Panics
    /// Where the id is longer than [`MessageId::SHORT_BYTES_MAX`], or `bytes` are fewer.
    #[inline(always)]
    pub(crate) fn short(bytes: &[u8], length: usize) -> Self {
        assert!(length <= INLINE_BYTES_MAX, "a short id");
        let bytes = *bytes.first_chunk().expect("a short id and what follows it");
        Self(Held::Inline { length: length as u8, bytes })
    }

    /// The id as a string.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes()).expect("checked when it was made")
    }

    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Held::Inline { length, bytes } => &bytes[..usize::from(*length)],
            Held::Shared(bytes) => bytes,
        }
    }
}

fn padded(id: &[u8]) -> [u8; INLINE_BYTES_MAX] {
    let mut bytes = [0; INLINE_BYTES_MAX];
    bytes[..id.len()].copy_from_slice(id);
    bytes
}

impl From<&str> for MessageId {
    fn from(id: &str) -> Self {
        if id.len() > INLINE_BYTES_MAX {
            return Self(Held::Shared(Bytes::copy_from_slice(id.as_bytes())));
        }
        Self(Held::Inline { length: id.len() as u8, bytes: padded(id.as_bytes()) })
    }
}

impl From<String> for MessageId {
    fn from(id: String) -> Self {
        Self::from(id.as_str())
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.as_str().to_owned()
    }
}

impl Deref for MessageId {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for MessageId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl std::borrow::Borrow<str> for MessageId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for MessageId {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for MessageId {}

macro_rules! equals {
    ($($text:ty),*) => { $(
        impl PartialEq<$text> for MessageId {
            fn eq(&self, other: &$text) -> bool {
                self.bytes() == other.as_bytes()
            }
        }

        impl PartialEq<MessageId> for $text {
            fn eq(&self, other: &MessageId) -> bool {
                other == self
            }
        }
    )* };
}

equals!(str, &str, String);

impl PartialOrd for MessageId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MessageId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl Hash for MessageId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
