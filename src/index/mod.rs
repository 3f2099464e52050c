//! The index: settled part, tail, and the lookup over both.

pub mod alone;
#[cfg(any(test, feature = "conformance"))]
pub mod backend_conformance;
pub mod chain;
pub mod chunk;
pub mod coverage;
pub mod entry;
pub mod frozen;
pub mod id_filter;
pub mod key;
pub mod known_ids;
pub mod lookup;
mod mark_history;
pub mod model;
pub mod query;
mod question;
#[cfg(feature = "rocks")]
pub mod rocks;
pub mod secondary;
pub mod settled;
pub mod shard;
pub mod tail;
#[cfg(test)]
pub(crate) mod testing;
pub mod trim;
pub mod value;
mod varint;

pub use frozen::{FrozenAnswer, FrozenIndex, FrozenReport};
pub use lookup::PartitionIndex;
pub use query::{Answer, Freshness, LookupReport, LookupStages, Query};
pub use secondary::{SecondarySlot, SecondaryStats};
pub use shard::IndexInstances;
