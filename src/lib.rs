//! duolog: an embedded message log whose index reads are split from its writes.

#[cfg(not(feature = "loom"))]
pub mod buffer_set;
#[cfg(not(feature = "loom"))]
pub mod catalog;
#[cfg(not(feature = "loom"))]
mod checkpoint;
#[cfg(not(feature = "loom"))]
pub mod config;
pub mod error;
#[cfg(not(feature = "loom"))]
pub mod group;
#[cfg(not(feature = "loom"))]
pub mod index;
#[cfg(not(feature = "loom"))]
pub mod io;
#[cfg(not(feature = "loom"))]
pub mod log;
#[cfg(not(feature = "loom"))]
pub mod manager;
#[cfg(not(feature = "loom"))]
pub mod partition;
#[cfg(not(feature = "loom"))]
pub mod reader;
#[cfg(not(feature = "loom"))]
pub mod record;
#[cfg(not(feature = "loom"))]
pub mod recovery;
#[cfg(not(feature = "loom"))]
pub mod segment;
#[cfg(not(feature = "loom"))]
pub mod store;
pub mod sync;
pub mod types;
#[cfg(not(feature = "loom"))]
pub mod verify;
#[cfg(not(feature = "loom"))]
pub mod writer;

#[cfg(not(feature = "loom"))]
pub use buffer_set::{PartitionBufferSet, PartitionIndexWriterBuffer, WriterPositionPtr};
#[cfg(not(feature = "loom"))]
pub use config::{DiskConfig, Visibility};
pub use error::{ErrorKind, StorageError, StorageResult};
#[cfg(all(feature = "rocks", not(feature = "loom")))]
pub use index::rocks::{RocksDBInstanceManager, WriteBatch, get_global_rocksdb_instance_manager};
#[cfg(not(feature = "loom"))]
pub use index::{Answer, Freshness, IndexInstances, LookupReport, LookupStages, Query};
#[cfg(not(feature = "loom"))]
pub use manager::ReadWritePartitionIndexManager;
#[cfg(not(feature = "loom"))]
pub use reader::DiskStorageReaderSession;
#[cfg(not(feature = "loom"))]
pub use record::{MessageView, ReadMessages};
#[cfg(not(feature = "loom"))]
pub use store::{Log, Reader};
#[cfg(not(feature = "loom"))]
pub use writer::{Ack, Appended, Flusher, Writer};

/// The examples of the README, run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct ReadmeExamples;
