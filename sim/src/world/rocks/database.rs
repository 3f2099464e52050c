//! The real files of one database, what they were at each moment that a power loss may fall back
//! to, and what deaths make of them.

use std::fs;
use std::io::Result;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::left::Left;
use super::power;
use super::stage::Stage;
use crate::seed::Stream;
use crate::world::databases::IndexLoss;

const WRITABLE: &str = "the directory of a run's databases can be read and written";

/// A database.
pub(super) struct Database {
    /// Where RocksDB has it.
    live: PathBuf,
    /// Second names of its files: of those too that RocksDB has removed since the call under way,
    /// or the last one, began.
    attic: PathBuf,
    moments: Mutex<Moments>,
}

/// What the files were before the last call that changes them, and after each change since.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    /// Never empty once a call began.
    pub(super) stages: Vec<Stage>,
    /// The first of them that a power loss may leave.
    pub(super) floor: usize,
    /// What the floor is once the call has returned.
    durable: usize,
}

impl Database {
    /// One without files.
    pub(super) fn new(top: PathBuf) -> Self {
        let (live, attic) = (top.join("live"), top.join("attic"));
        fs::create_dir_all(&attic).expect(WRITABLE);
        Self { live, attic, moments: Mutex::default() }
    }

    /// Its real directory.
    pub(super) fn live(&self) -> &Path {
        &self.live
    }

    /// A call that changes files begins: what all calls before it did is on disk.
    pub(super) fn begin(&self) {
        let stage = Stage::scan(&self.live).expect(WRITABLE);
        self.forget_all_but(&stage).expect(WRITABLE);
        self.remember(&stage).expect(WRITABLE);
        *self.moments() = Moments { stages: vec![stage], floor: 0, durable: 0 };
    }

    /// The call took effect; once it has returned, a power loss leaves that.
    pub(super) fn changed(&self) {
        self.changed_meanwhile();
        let mut moments = self.moments();
        moments.durable = moments.stages.len() - 1;
    }

    /// Files changed, and no call waits for that.
    pub(super) fn changed_meanwhile(&self) {
        let stage = Stage::scan(&self.live).expect(WRITABLE);
        self.remember(&stage).expect(WRITABLE);
        self.moments().stages.push(stage);
    }

    /// The call that began last has returned.
    pub(super) fn returned(&self) {
        let mut moments = self.moments();
        moments.floor = moments.durable;
    }

    /// Undoes what was done since the last call took effect. No instance may write any more.
    pub(super) fn put_back(&self) {
        let moments = self.moments().clone();
        if let Some(stage) = moments.stages.last() {
            self.replace(&Left::whole(stage)).expect(WRITABLE);
        }
    }

    /// Leaves what a power loss may leave. No instance may be open.
    pub(super) fn cut_power(&self, stream: &mut Stream, loss: &mut IndexLoss) {
        let moments = self.moments().clone();
        if moments.stages.is_empty() {
            return;
        }
        let left = power::left(&moments, stream, loss);
        self.replace(&left).expect(WRITABLE);
        // It stays so: the next power loss finds nothing under way.
        self.begin();
    }

    /// Removes its files.
    pub(super) fn remove(&self) {
        // Instances that are still open may write yet; what they leave goes with the run.
        let _ = fs::remove_dir_all(&self.live);
        let _ = fs::remove_dir_all(&self.attic);
    }

    /// Puts `left` into the place of all that is there.
    fn replace(&self, left: &Left) -> Result<()> {
        let next = self.live.with_extension("next");
        left.write(&self.attic, &next)?;
        if self.live.exists() {
            fs::remove_dir_all(&self.live)?;
        }
        fs::rename(&next, &self.live)
    }

    /// Gives every file of `stage` a name that RocksDB does not remove.
    fn remember(&self, stage: &Stage) -> Result<()> {
        for name in stage.lengths_bytes.keys() {
            let (from, to) = (self.live.join(name), self.attic.join(name));
            let inode = fs::metadata(&from)?.ino();
            match fs::metadata(&to) {
                Ok(known) if known.ino() == inode => continue,
                Ok(_) => fs::remove_file(&to)?,
                Err(_) => {}
            }
            fs::hard_link(&from, &to)?;
        }
        Ok(())
    }

    fn forget_all_but(&self, stage: &Stage) -> Result<()> {
        fs::create_dir_all(&self.attic)?;
        for entry in fs::read_dir(&self.attic)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !stage.lengths_bytes.contains_key(&name) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn moments(&self) -> MutexGuard<'_, Moments> {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
