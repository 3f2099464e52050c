//! What the engine is held against. Nothing here is a dependency of the engine.

#[cfg(feature = "peers")]
mod peers;
mod raw;
#[cfg(feature = "rocks")]
mod three_keys;

#[cfg(feature = "peers")]
pub(crate) use peers::{CommitLogPeer, FjallPeer, OkayWalPeer, RedbPeer};
pub(crate) use raw::RawLog;
#[cfg(feature = "rocks")]
pub(crate) use three_keys::ThreeKeys;
