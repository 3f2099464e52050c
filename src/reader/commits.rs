//! What a session's group committed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{ErrorKind, StorageError, StorageResult};
use crate::group::{CommitFile, Committed, GroupId};
use crate::io::{Step, World};
use crate::manager::ReadWritePartitionIndexManager;
use crate::partition::Partition;
use crate::planted;
use crate::sync::Waiters;
use crate::types::{Position, SegmentOffset, Sequence};

/// The commit files that the session owns, by partition directory. A call takes the file out and
/// puts it back, so that commits of one partition take turns.
pub(super) struct Commits<W: World> {
    owned: Mutex<BTreeMap<PathBuf, Slot<W>>>,
    waiting: Waiters,
}

enum Slot<W: World> {
    Free(CommitFile<W>),
    Taken,
}

impl<W: World> Default for Commits<W> {
    fn default() -> Self {
        Self { owned: Mutex::new(BTreeMap::new()), waiting: Waiters::new() }
    }
}

impl<W: World> Commits<W> {
    pub(super) async fn commit(
        &self,
        partition: &Arc<Partition<W>>,
        group: GroupId,
        manager: &ReadWritePartitionIndexManager<W>,
        topic: &str,
        offset: SegmentOffset,
    ) -> StorageResult<()> {
        let world = &partition.world;
        let mismatch = |error: StorageError| match error.kind() {
            ErrorKind::Caller | ErrorKind::NotFound => {
                StorageError::OffsetMismatch(format!("{offset}: {error}"))
            }
            // It may be a good position: nobody could look.
            _ => error,
        };
        let (sequence, checksum) = if planted!(world, CommitUnknown) {
            manager.locate(topic, partition.number, offset).await.unwrap_or((offset.offset, 0))
        } else {
            manager.locate(topic, partition.number, offset).await.map_err(mismatch)?
        };
        let position = Position { epoch: offset.segment_id.epoch(), sequence: sequence + 1 };
        let mut file = self.take(partition, group).await?;
        let before = file.get().committed();
        if let Some(before) = before {
            check(partition, before.position).await?;
            if before.position.sequence == position.sequence {
                return Ok(());
            }
            if before.position.sequence > position.sequence && !planted!(world, CommitBackwards) {
                return Err(StorageError::OffsetMismatch(format!(
                    "{offset} is sequence {sequence}, the group has committed up to {}: \
                     use reset_group to go back",
                    before.position.sequence
                )));
            }
        }
        let committed = Committed { position, record_checksum: checksum };
        file.write(Some(committed), false).await?;
        world.step(Step::CommitWritten).await;
        Ok(())
    }

    /// What the group committed.
    ///
    /// # Errors
    /// `PositionLost` where the log lost it since.
    pub(super) async fn committed(
        &self,
        partition: &Arc<Partition<W>>,
        group: GroupId,
    ) -> StorageResult<Option<Committed>> {
        let committed = match self.own_committed(partition) {
            Some(committed) => committed,
            None => CommitFile::peek(&partition.world, &partition.directory, group).await?,
        };
        if let Some(committed) = committed {
            check(partition, committed.position).await?;
        }
        Ok(committed)
    }

    /// What the group committed, where this session owns the file and nobody is at it.
    fn own_committed(&self, partition: &Arc<Partition<W>>) -> Option<Option<Committed>> {
        let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        match owned.get(&partition.directory) {
            Some(Slot::Free(file)) => Some(file.committed()),
            _ => None,
        }
    }

    /// Sets what the group committed, in either direction.
    pub(super) async fn reset(
        &self,
        partition: &Arc<Partition<W>>,
        group: GroupId,
        next: Sequence,
    ) -> StorageResult<()> {
        let state = partition.state().await?;
        let position = state.epochs.position(next);
        let mut file = self.take(partition, group).await?;
        file.write(Some(Committed { position, record_checksum: 0 }), true).await?;
        partition.world.step(Step::CommitForced).await;
        Ok(())
    }

    /// Waits for the turn on the partition's file, and opens it where it is not open.
    async fn take<'a>(
        &'a self,
        partition: &Arc<Partition<W>>,
        group: GroupId,
    ) -> StorageResult<Turn<'a, W>> {
        let key = &partition.directory;
        let file = self
            .waiting
            .wait_until(|| {
                let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
                match owned.insert(key.clone(), Slot::Taken) {
                    Some(Slot::Free(file)) => Some(Some(file)),
                    Some(Slot::Taken) => None,
                    None => Some(None),
                }
            })
            .await;
        let mut turn = Turn { commits: self, key: key.clone(), file };
        if turn.file.is_none() {
            turn.file = Some(CommitFile::own(&partition.world, key, group).await?);
        }
        Ok(turn)
    }
}

/// The turn on one commit file; gives it back when dropped.
struct Turn<'a, W: World> {
    commits: &'a Commits<W>,
    key: PathBuf,
    file: Option<CommitFile<W>>,
}

impl<W: World> Turn<'_, W> {
    fn get(&mut self) -> &mut CommitFile<W> {
        self.file.as_mut().expect("a turn holds its file")
    }

    /// Writes to the file. A write that failed may be there in part: the file is let go, and who
    /// asks next reads what it holds.
    async fn write(&mut self, committed: Option<Committed>, force: bool) -> StorageResult<()> {
        let written = self.get().write(committed, force).await;
        if written.is_err() {
            self.file = None;
        }
        written
    }
}

impl<W: World> Drop for Turn<'_, W> {
    fn drop(&mut self) {
        let mut owned = self.commits.owned.lock().unwrap_or_else(PoisonError::into_inner);
        match self.file.take() {
            Some(file) => owned.insert(self.key.clone(), Slot::Free(file)),
            None => owned.remove(&self.key),
        };
        drop(owned);
        self.commits.waiting.wake_all();
    }
}

/// Whether a position is still in the partition's history.
async fn check<W: World>(partition: &Arc<Partition<W>>, position: Position) -> StorageResult<()> {
    let state = partition.state().await?;
    let known = state.epochs.contains(position) || planted!(&partition.world, EpochIgnored);
    let marks = state.index.marks.view();
    if known && position.sequence <= marks.high_watermark {
        return Ok(());
    }
    Err(StorageError::PositionLost {
        given: position,
        earliest: state.epochs.position(marks.log_start),
        next: state.epochs.position(marks.high_watermark),
    })
}
