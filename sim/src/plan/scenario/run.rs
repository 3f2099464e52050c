//! What a scenario says of the run as a whole.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::plan::text;

/// What is simulated, what is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunMode {
    /// Everything is simulated.
    Sim,
    /// Files, threads and time are real.
    Threads,
}

/// Seeds from the first one, inclusive, to the last one, exclusive; in files `A..B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The first one.
    pub from: u64,
    /// The one behind the last.
    pub to: u64,
}

impl Seeds {
    /// How many there are.
    pub const fn count(self) -> u64 {
        self.to - self.from
    }

    /// `A..B`, or `N` for the first N; numbers in decimal or behind `0x`.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let seeds = match text.split_once("..") {
            Some((from, to)) => Self { from: seed(from)?, to: seed(to)? },
            None => Self { from: 0, to: seed(text)? },
        };
        if seeds.to < seeds.from {
            return Err(format!("{text:?} ends before it begins"));
        }
        Ok(seeds)
    }
}

fn seed(text: &str) -> Result<u64, String> {
    text::parse(text).ok_or_else(|| format!("{text:?} is no number of 64 bits, nor 0x and digits"))
}

impl Serialize for Seeds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#x}..{:#x}", self.from, self.to))
    }
}

impl<'de> Deserialize<'de> for Seeds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
