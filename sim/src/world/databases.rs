//! The index databases of a simulated machine: those of the model, or RocksDB's.

#[cfg(feature = "rocks")]
mod either;

use std::future::Future;
use std::path::{Path, PathBuf};

use duolog::index::model::{
    CatchUpFault, ModelBackend, ModelFrozen, ModelPrimary, ModelSecondary, SettleFault,
};
use duolog::io::{
    IndexBackend, IndexError, IndexOptions, IndexPrimary, IndexSecondary, SortedRuns,
};
use serde::{Deserialize, Serialize};

use super::options::SimIndexKind;
#[cfg(feature = "rocks")]
use super::rocks::RocksDatabases;

#[cfg(feature = "rocks")]
use either::Either;

/// What a power loss, or several, did to databases of RocksDB that were changing files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexLoss {
    /// Databases that a power loss met.
    pub database_count: u64,
    /// Those of them with a call under way.
    pub in_flight_count: u64,
    /// MANIFESTs that end within what the call appended.
    pub cut_manifest_count: u64,
    /// MANIFESTs with zeros behind the end of what reached the disk.
    pub zeroed_tail_count: u64,
    /// New files of entries that no MANIFEST names.
    pub orphan_count: u64,
    /// Those of them that are empty or end early.
    pub short_file_count: u64,
    /// Files that had been removed and are there again.
    pub resurrected_count: u64,
    /// CURRENTs that name the former MANIFEST, or are missing.
    pub unsynced_current_count: u64,
}

impl IndexLoss {
    /// The counts by name.
    pub fn counts(&self) -> [(&'static str, u64); 8] {
        [
            ("databases", self.database_count),
            ("in-flight", self.in_flight_count),
            ("cut-manifests", self.cut_manifest_count),
            ("zeroed-tails", self.zeroed_tail_count),
            ("orphans", self.orphan_count),
            ("short-files", self.short_file_count),
            ("resurrected", self.resurrected_count),
            ("unsynced-currents", self.unsynced_current_count),
        ]
    }

    /// Adds those of another.
    pub fn add(&mut self, other: &Self) {
        self.database_count += other.database_count;
        self.in_flight_count += other.in_flight_count;
        self.cut_manifest_count += other.cut_manifest_count;
        self.zeroed_tail_count += other.zeroed_tail_count;
        self.orphan_count += other.orphan_count;
        self.short_file_count += other.short_file_count;
        self.resurrected_count += other.resurrected_count;
        self.unsynced_current_count += other.unsynced_current_count;
    }
}

/// An instance of a database, beside what the seam asks of it.
pub trait Instance: Clone + Send + Sync + 'static {
    /// A call of a living process that changes the database returned.
    fn returned(&self) {}

    /// Lets it go with its process: nothing that a destructor does reaches the database. Of
    /// several things in order that go with the process `kept` says how many are left. How many
    /// are not.
    fn killed(self, _kept: impl FnMut(usize) -> usize) -> usize {
        0
    }
}

/// An instance that writes.
pub trait Settling: Instance + IndexPrimary {
    /// The next settling shows this fault. Whether it can.
    fn inject_settle(&self, fault: SettleFault) -> bool;

    /// Settles, but for that a loss may take it away until [`Settling::settled`].
    fn settle_unforced(
        &self,
        runs: SortedRuns,
    ) -> impl Future<Output = Result<(), IndexError>> + Send;

    /// A settling of a living process returned.
    fn settled(&self);
}

/// An instance that follows.
pub trait Following: Instance + IndexSecondary {
    /// The next catch-up shows this fault. Whether it can.
    fn inject_catch_up(&self, fault: CatchUpFault) -> bool;
}

impl Instance for ModelPrimary {
    fn killed(self, kept: impl FnMut(usize) -> usize) -> usize {
        self.lose_unforced(kept)
    }
}

impl Instance for ModelSecondary {}
impl Instance for ModelFrozen {}

impl Settling for ModelPrimary {
    fn inject_settle(&self, fault: SettleFault) -> bool {
        self.inject(fault);
        true
    }

    async fn settle_unforced(&self, runs: SortedRuns) -> Result<(), IndexError> {
        Self::settle_unforced(self, runs)
    }

    fn settled(&self) {
        self.force();
    }
}

impl Following for ModelSecondary {
    fn inject_catch_up(&self, fault: CatchUpFault) -> bool {
        self.inject(fault);
        true
    }
}

#[cfg(not(feature = "rocks"))]
type Backend = ModelBackend;
#[cfg(feature = "rocks")]
type Backend = Either<ModelBackend, RocksDatabases>;

/// The instance that writes.
pub(super) type Primary = <Backend as IndexBackend>::Primary;
/// An instance that follows.
pub(super) type Secondary = <Backend as IndexBackend>::Secondary;
/// An instance that stands still.
pub(super) type Frozen = <Backend as IndexBackend>::Frozen;

/// All databases of a simulation. Every call is ready at its first poll; paths are canonical
/// ones of the simulated disk.
#[derive(Clone)]
pub(super) struct Databases {
    model: ModelBackend,
    #[cfg(feature = "rocks")]
    rocks: Option<RocksDatabases>,
}

impl Databases {
    #[cfg_attr(not(feature = "rocks"), expect(unused_variables, reason = "the model has no dice"))]
    pub(super) fn new(seed: u64, kind: &SimIndexKind) -> Self {
        Self {
            model: ModelBackend::default(),
            #[cfg(feature = "rocks")]
            rocks: match kind {
                SimIndexKind::Model => None,
                SimIndexKind::Rocks(root) => Some(RocksDatabases::new(root, seed)),
            },
        }
    }

    /// Those of the model; none where RocksDB is used.
    pub(super) fn model(&self) -> &ModelBackend {
        &self.model
    }

    #[cfg(not(feature = "rocks"))]
    fn backend(&self) -> Backend {
        self.model.clone()
    }

    #[cfg(feature = "rocks")]
    fn backend(&self) -> Backend {
        match &self.rocks {
            None => Either::Model(self.model.clone()),
            Some(rocks) => Either::Rocks(rocks.clone()),
        }
    }

    pub(super) async fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> Result<Primary, IndexError> {
        self.backend().open_primary(directory, options).await
    }

    pub(super) async fn open_secondary(
        &self,
        directory: &Path,
        private: &Path,
    ) -> Result<Secondary, IndexError> {
        self.backend().open_secondary(directory, private).await
    }

    pub(super) async fn open_frozen(&self, directory: &Path) -> Result<Frozen, IndexError> {
        self.backend().open_frozen(directory).await
    }

    pub(super) async fn file_count(&self, directory: &Path) -> Result<u64, IndexError> {
        self.backend().file_count(directory).await
    }

    /// Where there are databases, ascending.
    pub(super) fn directories(&self) -> Vec<PathBuf> {
        #[cfg(feature = "rocks")]
        if let Some(rocks) = &self.rocks {
            return rocks.directories();
        }
        self.model.directories()
    }

    /// The directory was removed, and so are the databases at and below it.
    pub(super) fn remove(&self, directory: &Path) {
        #[cfg(feature = "rocks")]
        if let Some(rocks) = &self.rocks {
            rocks.remove(directory);
        }
        self.model.remove(directory);
    }

    /// The directory was renamed, and so are the databases at and below it.
    pub(super) fn rename(&self, from: &Path, to: &Path) {
        #[cfg(feature = "rocks")]
        if let Some(rocks) = &self.rocks {
            rocks.rename(from, to);
        }
        self.model.rename(from, to);
    }

    /// Leaves of each database what a power loss may leave. No instance may be open.
    pub(super) fn cut_power(&self) -> IndexLoss {
        #[cfg(feature = "rocks")]
        if let Some(rocks) = &self.rocks {
            return rocks.cut_power();
        }
        IndexLoss::default()
    }

    /// What all power losses so far did.
    pub(super) fn loss(&self) -> IndexLoss {
        #[cfg(feature = "rocks")]
        if let Some(rocks) = &self.rocks {
            return rocks.loss();
        }
        IndexLoss::default()
    }
}
