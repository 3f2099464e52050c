//! The index on RocksDB; the only place that knows of it.
//!
//! The facts it is built on: a secondary sees nothing new before it catches up; where nothing is
//! written to a write-ahead log, a catch-up has only the MANIFEST to follow, and the two ways in
//! which it can miss acknowledged entries need a write-ahead log. So settling writes none. Bare
//! handles, which users write to as they like, have one and pay for it with reopenings.

// RocksDB keeps real files, so what is done about them is done with real calls.
#![allow(clippy::disallowed_methods)]

mod backend;
mod bare;
mod call;
mod closing;
mod error;
mod instance;
mod manager;
mod options;
mod private;
mod settle;

#[cfg(test)]
mod bare_tests;
#[cfg(test)]
mod manager_tests;
#[cfg(test)]
mod tests;

pub use backend::RocksBackend;
pub use bare::{BareFrozen, BareOptions, BarePrimary, BareReader, Beat};
pub use call::Blocking;
pub use instance::{RocksFrozen, RocksPrimary, RocksSecondary};
pub use manager::{
    FrozenInstance, InstanceStats, PrimaryDb, PrimaryInstance, ReadDb, ReadInstance,
    RocksDBInstanceManager, get_global_rocksdb_instance_manager,
};
pub use options::{Background, RocksOptions};
pub use rocksdb::{Error as RocksError, WriteBatch};
pub use settle::SettleMethod;

/// Has RocksDB make what it keeps for the life of the process, and destroys at its end.
pub(crate) fn make_environment() {
    if let Err(error) = rocksdb::Env::new() {
        tracing::warn!(%error, "RocksDB has no environment yet");
    }
}
