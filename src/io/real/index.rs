//! Which index the real world has: RocksDB's where it is built in, else one in memory, which ends
//! with the world and is rebuilt from the log.

use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "rocks")]
use super::exit;
use super::threads::Threads;

/// The index of [`super::Real`].
#[cfg(feature = "rocks")]
pub type RealIndex = crate::index::rocks::RocksBackend;

/// The index of [`super::Real`].
#[cfg(not(feature = "rocks"))]
pub type RealIndex = crate::index::model::ModelBackend;

/// What an index can be told when its world is made.
#[cfg(feature = "rocks")]
pub type RealIndexOptions = crate::index::rocks::RocksOptions;

/// What an index can be told when its world is made.
#[cfg(not(feature = "rocks"))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RealIndexOptions;

#[cfg(feature = "rocks")]
pub(super) fn index(options: RealIndexOptions, threads: &Arc<Threads>) -> RealIndex {
    exit::guard();
    let threads = threads.clone();
    RealIndex::new(options, Arc::new(move |job| threads.run(job)))
}

#[cfg(not(feature = "rocks"))]
pub(super) fn index(_options: RealIndexOptions, _threads: &Arc<Threads>) -> RealIndex {
    RealIndex::default()
}

/// The directory at `path` is being removed. Files are gone by themselves; memory is not.
pub(super) fn removed(index: &RealIndex, path: &Path) {
    #[cfg(not(feature = "rocks"))]
    index.remove(path);
    #[cfg(feature = "rocks")]
    let _ = (index, path);
}

/// What was at `from` is at `to`.
pub(super) fn renamed(index: &RealIndex, from: &Path, to: &Path) {
    #[cfg(not(feature = "rocks"))]
    index.rename(from, to);
    #[cfg(feature = "rocks")]
    let _ = (index, from, to);
}
