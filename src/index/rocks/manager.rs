//! The instances of a process: made on demand, shared, closed with their last user.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use rocksdb::{Error, WriteBatch};

use super::bare::{BareFrozen, BareOptions, BarePrimary, BareReader, Beat};
use super::private::Private;
use crate::error::{StorageError, StorageResult};
use crate::index::shard::{REGISTRY_KIND, Shard};
use crate::io::World;
use crate::io::real::Real;

const BARE_KIND: &str = "bare";

/// Opens bare databases once a directory and lends them to everybody who asks, and counts and
/// closes the instances of the engine too. Clones, and managers of the same world, are the same.
#[derive(Clone)]
pub struct RocksDBInstanceManager {
    world: Real,
}

/// The manager of the process's world. There is one because RocksDB's lock allows one primary a
/// directory and process.
pub fn get_global_rocksdb_instance_manager() -> RocksDBInstanceManager {
    RocksDBInstanceManager::new(Real::shared())
}

/// How many instances are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstanceStats {
    /// Instances that write: bare ones and the engine's.
    pub primary_instances: usize,
    /// Instances that read: bare ones and the engine's secondaries.
    pub read_only_instances: usize,
}

/// A database that is written through this handle. Closes when its last user drops it.
pub struct PrimaryInstance {
    /// Keeps the directory's entry in the registry.
    _bare: Arc<Bare>,
    /// The database.
    pub db: PrimaryDb,
}

/// A database that is read through this handle, and follows its primary. Closes when its last
/// user drops it.
pub struct ReadInstance {
    /// As for the primary.
    _bare: Arc<Bare>,
    /// The database.
    pub db: ReadDb,
}

/// A database as it was when this handle was opened, for ever.
pub struct FrozenInstance {
    /// The database.
    pub db: BareFrozen,
}

/// What may be done with a bare primary. Calls block.
pub struct PrimaryDb {
    cell: Cell<BarePrimary>,
}

/// What may be done with a bare reader. Calls block.
pub struct ReadDb {
    cell: Cell<BareReader>,
}

/// An instance that can be closed under its users.
struct Cell<T> {
    path: PathBuf,
    instance: RwLock<Option<T>>,
}

impl<T> Cell<T> {
    fn new(path: &Path, instance: T) -> Self {
        Self { path: path.to_owned(), instance: RwLock::new(Some(instance)) }
    }

    fn with<R>(&self, call: impl FnOnce(&T) -> Result<R, Error>) -> StorageResult<R> {
        let instance = self.instance.read().unwrap_or_else(PoisonError::into_inner);
        let instance = instance.as_ref().ok_or(StorageError::Closed("the database"))?;
        call(instance).map_err(|error| failed(&self.path, &error))
    }

    fn close(&self) {
        self.instance.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn is_open(&self) -> bool {
        self.instance.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

fn failed(path: &Path, error: &Error) -> StorageError {
    StorageError::Index { path: path.to_owned(), what: error.to_string() }
}

impl PrimaryDb {
    /// Writes `batch` whole: after `Ok` every read handle of the process sees it.
    ///
    /// # Errors
    /// `Closed` after a clean-up; `Index` with what RocksDB says.
    pub fn write(&self, batch: WriteBatch) -> StorageResult<()> {
        self.cell.with(|db| db.write(batch))
    }

    /// The newest value of `key`.
    ///
    /// # Errors
    /// As [`PrimaryDb::write`].
    pub fn get(&self, key: impl AsRef<[u8]>) -> StorageResult<Option<Vec<u8>>> {
        self.cell.with(|db| db.get(key))
    }

    /// Writes what is in memory to files.
    ///
    /// # Errors
    /// As [`PrimaryDb::write`].
    pub fn flush(&self) -> StorageResult<()> {
        self.cell.with(BarePrimary::flush)
    }
}

impl ReadDb {
    /// The value of `key`: beside a primary of this process the newest acknowledged one; beside
    /// one of another process only keys that are written once are promised.
    ///
    /// # Errors
    /// As [`PrimaryDb::write`].
    pub fn get(&self, key: impl AsRef<[u8]>) -> StorageResult<Option<Vec<u8>>> {
        self.cell.with(|db| db.get(key))
    }
}

/// The bare handles of one directory.
struct Bare {
    path: PathBuf,
    beat: Arc<Beat>,
    primary: Mutex<Weak<PrimaryInstance>>,
    reader: Mutex<Weak<ReadInstance>>,
}

impl Bare {
    fn primary(self: &Arc<Self>) -> StorageResult<Arc<PrimaryInstance>> {
        let mut slot = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(instance) = slot.upgrade().filter(|instance| instance.db.cell.is_open()) {
            return Ok(instance);
        }
        let opened = BarePrimary::open(&self.path, self.beat.clone(), &BareOptions::default())
            .map_err(|error| failed(&self.path, &error))?;
        let db = PrimaryDb { cell: Cell::new(&self.path, opened) };
        let instance = Arc::new(PrimaryInstance { _bare: self.clone(), db });
        *slot = Arc::downgrade(&instance);
        Ok(instance)
    }

    fn reader(self: &Arc<Self>, private: &Path) -> StorageResult<Arc<ReadInstance>> {
        let mut slot = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(instance) = slot.upgrade().filter(|instance| instance.db.cell.is_open()) {
            return Ok(instance);
        }
        let options = BareOptions::default();
        let opened = BareReader::open(&self.path, private, self.beat.clone(), &options)
            .map_err(|error| failed(&self.path, &error))?;
        let db = ReadDb { cell: Cell::new(&self.path, opened) };
        let instance = Arc::new(ReadInstance { _bare: self.clone(), db });
        *slot = Arc::downgrade(&instance);
        Ok(instance)
    }

    fn held(&self) -> (Option<Arc<PrimaryInstance>>, Option<Arc<ReadInstance>>) {
        let primary = self.primary.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        (primary, reader)
    }
}

impl RocksDBInstanceManager {
    /// The manager of `world`.
    pub fn new(world: Real) -> Self {
        Self { world }
    }

    /// The primary of the bare database at `db_path`, made where there is none. All callers
    /// share it.
    ///
    /// # Errors
    /// `Index` where another process has it, or RocksDB cannot open it; `Io` with the path.
    pub async fn get_or_create_primary_instance(
        &self,
        db_path: &Path,
    ) -> StorageResult<Arc<PrimaryInstance>> {
        let world = &self.world;
        let made = world.create_directories(db_path).await;
        made.map_err(|e| StorageError::io("make", db_path, e))?;
        let bare = self.bare(db_path).await?;
        world.run_blocking(move || bare.primary()).await
    }

    /// A handle that reads the bare database at `db_path` and follows its primary: beside a
    /// primary of this process, every read sees all that was acknowledged before it. All
    /// callers share it.
    ///
    /// # Errors
    /// `Io` where there is no directory; `Index` where there is no database in it.
    pub async fn get_read_only_instance(&self, db_path: &Path) -> StorageResult<Arc<ReadInstance>> {
        let bare = self.bare(db_path).await?;
        let private = Private::beside(&bare.path, self.world.entropy());
        self.world.run_blocking(move || bare.reader(&private)).await
    }

    /// A handle that shows the state at its opening for ever.
    ///
    /// # Errors
    /// As [`RocksDBInstanceManager::get_read_only_instance`].
    pub async fn get_frozen_instance(&self, db_path: &Path) -> StorageResult<FrozenInstance> {
        let path = db_path.to_owned();
        let opened = self
            .world
            .run_blocking(move || BareFrozen::open(&path).map_err(|error| failed(&path, &error)));
        Ok(FrozenInstance { db: opened.await? })
    }

    async fn bare(&self, path: &Path) -> StorageResult<Arc<Bare>> {
        let resolved = self.world.canonical(path).await;
        let path = resolved.map_err(|e| StorageError::io("resolve", path, e))?;
        Ok(self.world.registry().get_or_insert(BARE_KIND, &path, || Bare {
            path: path.clone(),
            beat: Arc::default(),
            primary: Mutex::default(),
            reader: Mutex::default(),
        }))
    }

    /// How many instances are open in the process.
    pub fn get_stats(&self) -> InstanceStats {
        let mut stats = InstanceStats::default();
        for (_, bare) in self.world.registry().list::<Bare>(BARE_KIND) {
            let (primary, reader) = bare.held();
            stats.primary_instances += usize::from(primary.is_some_and(|p| p.db.cell.is_open()));
            stats.read_only_instances += usize::from(reader.is_some_and(|r| r.db.cell.is_open()));
        }
        for (_, shard) in self.world.registry().list::<Shard<Real>>(REGISTRY_KIND) {
            stats.primary_instances += usize::from(shard.primary_is_open());
            stats.read_only_instances += usize::from(shard.secondary.is_open());
        }
        stats
    }

    /// Closes every instance at or below `root`; deletes no data. Handles that are still held
    /// answer `Closed`, those of the engine open again when they are next used. Returns how
    /// many instances somebody still holds.
    pub fn cleanup_storage_root(&self, root: &Path) -> usize {
        let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let mut pinned = 0;
        for (path, bare) in self.world.registry().list::<Bare>(BARE_KIND) {
            if path.starts_with(&root) {
                let (primary, reader) = bare.held();
                pinned += usize::from(primary.is_some()) + usize::from(reader.is_some());
                primary.iter().for_each(|instance| instance.db.cell.close());
                reader.iter().for_each(|instance| instance.db.cell.close());
            }
        }
        for (path, shard) in self.world.registry().list::<Shard<Real>>(REGISTRY_KIND) {
            if path.starts_with(&root) {
                pinned += shard.close();
            }
        }
        pinned
    }
}
