//! What the engine is held against. Nothing here is a dependency of the engine.

mod raw;
#[cfg(feature = "rocks")]
mod three_keys;

pub(crate) use raw::RawLog;
#[cfg(feature = "rocks")]
pub(crate) use three_keys::ThreeKeys;
