//! What the engine wants of an index database: ordered keys in four families, written in bulk by
//! one primary, read by secondaries that lag until they catch up. Says nothing of what the keys
//! mean; `index` does.

use std::fmt;
use std::future::Future;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The families of an index database; made with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The first record of an id.
    ById,
    /// Later records of an id, and which of them is the latest.
    ByIdMore,
    /// Records by position.
    ByPosition,
    /// Records by time.
    ByTime,
}

impl Family {
    /// All of them, in the order above.
    pub const ALL: [Family; 4] =
        [Family::ById, Family::ByIdMore, Family::ByPosition, Family::ByTime];

    /// The family's name on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Family::ById => "by_id",
            Family::ByIdMore => "by_id_more",
            Family::ByPosition => "by_position",
            Family::ByTime => "by_time",
        }
    }
}

/// An index database refused or failed.
#[derive(Clone, Debug)]
pub struct IndexError {
    /// Its directory.
    pub path: PathBuf,
    /// What it said.
    pub what: String,
    /// Whether the instance will say so again until it is opened anew.
    pub sticky: bool,
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "index {:?}: {}", self.path, self.what)
    }
}

impl std::error::Error for IndexError {}

impl From<IndexError> for crate::error::StorageError {
    fn from(error: IndexError) -> Self {
        Self::Index { path: error.path, what: error.what }
    }
}

/// Keys and values of one family in strictly ascending order of the keys, packed.
#[derive(Clone, Debug, Default)]
pub struct SortedRun {
    bytes: Vec<u8>,
    /// Ends of key and value of each entry within `bytes`.
    ends: Vec<(u32, u32)>,
}

impl SortedRun {
    /// Has memory for `count` more entries that take `bytes` together.
    pub fn reserve(&mut self, count: usize, bytes: usize) {
        self.ends.reserve(count);
        self.bytes.reserve(bytes);
    }

    /// Adds an entry.
    ///
    /// # Panics
    /// Where `key` is not greater than the last one, or the run passes 4 GiB.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        self.push_with(|out| out.extend_from_slice(key), |out| out.extend_from_slice(value));
    }

    /// Adds the entry whose key and value the two append.
    ///
    /// # Panics
    /// As [`SortedRun::push`].
    pub fn push_with(&mut self, key: impl FnOnce(&mut Vec<u8>), value: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        key(&mut self.bytes);
        let key_end = u32::try_from(self.bytes.len()).expect("a sorted run stays under 4 GiB");
        if let Some(last) = self.ends.len().checked_sub(1) {
            let key = &self.bytes[start..];
            assert!(self.entry(last).0 < key, "keys of a sorted run must ascend");
        }
        value(&mut self.bytes);
        let value_end = u32::try_from(self.bytes.len()).expect("a sorted run stays under 4 GiB");
        self.ends.push((key_end, value_end));
    }

    /// The bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Keys and values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.ends.len()).map(|index| self.entry(index))
    }

    /// The index of the first entry whose key is not less than `key`; the length where there is
    /// none.
    pub fn lower_bound(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(middle).0 < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Key and value of the entry at `index`.
    ///
    /// # Panics
    /// Where `index` is not less than the length.
    pub fn entry(&self, index: usize) -> (&[u8], &[u8]) {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].1);
        let (key_end, value_end) = self.ends[index];
        (
            &self.bytes[start as usize..key_end as usize],
            &self.bytes[key_end as usize..value_end as usize],
        )
    }
}

/// What one settling writes: a run a family, in the order of [`Family::ALL`].
pub type SortedRuns = [SortedRun; 4];

/// Says which entries retention has dropped, so that compaction can remove them. Must be cheap,
/// must not block, and once true for an entry must stay true.
pub type TrimFilter = Arc<dyn Fn(Family, &[u8], &[u8]) -> bool + Send + Sync>;

/// How to open a database.
#[derive(Clone, Default)]
pub struct IndexOptions {
    /// What compaction may remove; nothing where not given.
    pub trimmed: Option<TrimFilter>,
}

impl fmt::Debug for IndexOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexOptions").field("trimmed", &self.trimmed.is_some()).finish()
    }
}

/// Opens instances. Clones are the same backend. An instance may close after the drop of its last
/// clone; every call below waits for the closings that began before it in the same directory.
pub trait IndexBackend: Clone + Send + Sync + 'static {
    /// The one instance of a directory that writes.
    type Primary: IndexPrimary;
    /// An instance that applies the primary's newer state when told to.
    type Secondary: IndexSecondary;
    /// An instance that shows the state at its opening for ever.
    type Frozen: IndexRead;

    /// Opens the primary of `directory`, making the database where there is none. An error where
    /// another primary has it.
    fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> impl Future<Output = Result<Self::Primary, IndexError>> + Send;

    /// Opens a secondary of the database in `directory`, which must exist. It shows what the
    /// primary had settled at some moment of the call. `private` is a directory for its own
    /// files; made where needed, removed with the instance.
    fn open_secondary(
        &self,
        directory: &Path,
        private: &Path,
    ) -> impl Future<Output = Result<Self::Secondary, IndexError>> + Send;

    /// Opens a frozen instance of the database in `directory`, which must exist.
    fn open_frozen(
        &self,
        directory: &Path,
    ) -> impl Future<Output = Result<Self::Frozen, IndexError>> + Send;

    /// How many files a secondary of `directory` would hold open, for the cap on descriptors.
    fn file_count(&self, directory: &Path) -> impl Future<Output = Result<u64, IndexError>> + Send;
}

/// Reads of any instance. Clones share it; it closes when the last one drops. Calls may run at
/// the same time. One call answers from one state.
pub trait IndexRead: Clone + Send + Sync + 'static {
    /// The value of `key`.
    fn get(
        &self,
        family: Family,
        key: &[u8],
    ) -> impl Future<Output = Result<Option<Vec<u8>>, IndexError>> + Send;

    /// The values of `keys`, in their order.
    fn multi_get(
        &self,
        family: Family,
        keys: &[Vec<u8>],
    ) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, IndexError>> + Send;

    /// The greatest entry of `range` (end exclusive).
    fn last_in(
        &self,
        family: Family,
        range: Range<&[u8]>,
    ) -> impl Future<Output = Result<Option<(Vec<u8>, Vec<u8>)>, IndexError>> + Send;

    /// The first `limit` entries of `range` (end exclusive), ascending.
    fn scan(
        &self,
        family: Family,
        range: Range<&[u8]>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Vec<u8>, Vec<u8>)>, IndexError>> + Send;

    /// As [`IndexRead::get`], and gives the value to `read` where it lies, if that spares a copy.
    fn read_key<T: Send>(
        &self,
        family: Family,
        key: &[u8],
        read: impl FnOnce(&[u8]) -> T + Send,
    ) -> impl Future<Output = Result<Option<T>, IndexError>> + Send {
        async move { Ok(self.get(family, key).await?.map(|value| read(&value))) }
    }

    /// As [`IndexRead::last_in`], and gives the entry to `read` where it lies, if that spares a
    /// copy.
    fn read_last<T: Send>(
        &self,
        family: Family,
        range: Range<&[u8]>,
        read: impl FnOnce(&[u8], &[u8]) -> T + Send,
    ) -> impl Future<Output = Result<Option<T>, IndexError>> + Send {
        async move {
            let last = self.last_in(family, range).await?;
            Ok(last.map(|(key, value)| read(&key, &value)))
        }
    }

    /// Gives `visitor` the entries of `range` (end exclusive) where they lie, if that spares a
    /// copy, ascending, until it breaks off.
    fn visit(
        &self,
        family: Family,
        range: Range<&[u8]>,
        mut visitor: impl FnMut(&[u8], &[u8]) -> ControlFlow<()> + Send,
    ) -> impl Future<Output = Result<(), IndexError>> + Send {
        async move {
            let mut from = range.start.to_vec();
            loop {
                let entries = self.scan(family, &from..range.end, VISIT_PAGE).await?;
                for (key, value) in &entries {
                    if visitor(key, value).is_break() {
                        return Ok(());
                    }
                }
                let Some((last, _)) = entries.last().filter(|_| entries.len() == VISIT_PAGE) else {
                    return Ok(());
                };
                from = key_after(last);
            }
        }
    }
}

/// The least key that is greater: where reading goes on behind `key`.
pub(crate) fn key_after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// How many entries a visit reads at once, where it has to copy them.
const VISIT_PAGE: usize = 128;

/// The instance that writes.
pub trait IndexPrimary: IndexRead {
    /// Adds the entries of all families at once: after `Ok` they are on disk, after an error or
    /// a crash all of them or none are, each family for itself. A key that exists takes the new
    /// value.
    fn settle(&self, runs: SortedRuns) -> impl Future<Output = Result<(), IndexError>> + Send;

    /// Whether more is about to be settled, one chunk after the other: at first it is not. Where it
    /// is, merging files may wait, as appends wait for settling; where it is not, that is made up
    /// for. Changes no answer, and asks for nothing where it was said before.
    fn expect_more(&self, is_more: bool) -> impl Future<Output = Result<(), IndexError>> + Send;

    /// Waits until compaction has nothing left to do.
    fn compact(&self) -> impl Future<Output = Result<(), IndexError>> + Send;

    /// A consistent copy of the database in `target`, which must not exist; on the same file
    /// system by hard links.
    fn checkpoint(&self, target: &Path) -> impl Future<Output = Result<(), IndexError>> + Send;
}

/// An instance that follows the primary.
pub trait IndexSecondary: IndexRead {
    /// Applies the primary's newer state. `Ok` does *not* say that everything settled before the
    /// call is there: only the chain of markers does.
    fn catch_up(&self) -> impl Future<Output = Result<(), IndexError>> + Send;
}
