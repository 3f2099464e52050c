//! Names of topics.

use std::fmt;

/// A valid topic name: 1 to 120 characters out of `a-z`, `0-9`, `-` and `_`, the first a letter
/// or a digit. A topic is a directory: so no separators and no dots, and one case only, since
/// some file systems do not tell cases apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(String);

/// Why a topic name is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicNameError {
    /// It has no character.
    Empty,
    /// It is longer than [`TopicName::BYTES_MAX`]; holds its length.
    TooLong(usize),
    /// It holds this character, or begins with it where it may not.
    Character(char),
}

impl fmt::Display for TopicNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "it is empty: give it 1 to {} bytes", TopicName::BYTES_MAX),
            Self::TooLong(bytes) => {
                write!(f, "it has {bytes} bytes, at most {} are allowed", TopicName::BYTES_MAX)
            }
            Self::Character(character) => write!(
                f,
                "{character:?} is not allowed there: use a-z, 0-9, '-' and '_', \
                 beginning with a letter or a digit"
            ),
        }
    }
}

impl TopicName {
    /// Longest name in bytes, inclusive: a file name may have 255, and names of files derived
    /// from it need room.
    pub const BYTES_MAX: usize = 120;

    /// Checks `name`.
    pub fn new(name: &str) -> Result<Self, TopicNameError> {
        if name.is_empty() {
            return Err(TopicNameError::Empty);
        }
        if name.len() > Self::BYTES_MAX {
            return Err(TopicNameError::TooLong(name.len()));
        }
        for (index, character) in name.chars().enumerate() {
            let allowed = match character {
                'a'..='z' | '0'..='9' => true,
                '-' | '_' => index > 0,
                _ => false,
            };
            if !allowed {
                return Err(TopicNameError::Character(character));
            }
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
