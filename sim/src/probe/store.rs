//! The seam: what a probe asks of RocksDB. The real one is behind it, and a fake that can be told
//! to lie.

use std::fmt;

use super::key::{Key, Shown};
use super::operation::{Families, Hold, ReadKind, Role, Write};

/// What RocksDB said no with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `Corruption`.
    Corruption,
    /// `NotSupported`, or `InvalidArgument` where it says the same.
    NotSupported,
    /// `IOError`.
    Io,
    /// `TryAgain`.
    TryAgain,
    /// Any other.
    Other,
}

/// An error of RocksDB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// Its kind.
    pub fault: Fault,
    /// Its text.
    pub text: String,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a call answered.
pub type Answer<T> = Result<T, StoreError>;

/// What a read of some keys showed, each.
pub type Reads = Vec<(Key, Shown)>;

/// A write with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The number that goes into values.
    pub id: u32,
    /// What is written.
    pub write: Write,
}

/// A directory of RocksDB with its instances. Readers are named by numbers, the primary by
/// `None`. Calls for instances that are not open are mistakes of the caller.
pub trait Store {
    /// Opens the primary, with every family that there is.
    fn open_primary(&mut self) -> Answer<()>;
    /// Closes the primary.
    fn close_primary(&mut self);
    /// Writes a batch.
    fn write(&mut self, writes: &[Numbered], wal: bool) -> Answer<()>;
    /// Takes in a file of puts.
    fn ingest(&mut self, family: u8, writes: &[Numbered]) -> Answer<()>;
    /// Flushes families; atomically where the settings say so.
    fn flush(&mut self, families: Families) -> Answer<()>;
    /// Hands the buffer of the write-ahead log to the system.
    fn flush_wal(&mut self) -> Answer<()>;
    /// Merges all files of a family.
    fn compact(&mut self, family: u8) -> Answer<()>;
    /// Begins another write-ahead log.
    fn switch_wal(&mut self) -> Answer<()>;
    /// Makes a family.
    fn create_family(&mut self, family: u8) -> Answer<()>;
    /// Drops a family.
    fn drop_family(&mut self, family: u8) -> Answer<()>;
    /// Opens an instance that reads.
    fn open_reader(&mut self, reader: u8, role: Role, families: Families) -> Answer<()>;
    /// Closes an instance that reads.
    fn close_reader(&mut self, reader: u8);
    /// Has a reader apply the primary's newer state.
    fn catch_up(&mut self, reader: u8) -> Answer<()>;
    /// Writes through an instance that reads.
    fn write_to_reader(&mut self, reader: u8) -> Answer<()>;
    /// Reads small keys of a family.
    fn read(&self, instance: Option<u8>, family: u8, kind: ReadKind) -> Answer<Reads>;
    /// The instance's newest sequence number.
    fn sequence(&self, instance: Option<u8>) -> u64;
    /// Keeps an iterator or a snapshot of each of `families` while `then` runs, then reads all
    /// small keys through it. A snapshot is read by single keys.
    fn held(
        &mut self,
        reader: u8,
        hold: Hold,
        families: Families,
        then: &mut dyn FnMut(&mut Self),
    ) -> Vec<(u8, Answer<Reads>)>;
    /// A digest of names and bytes of the files in the directory.
    fn digest(&self) -> u128;
}
