//! Who may change what a storage directory says of itself.

use std::path::Path;

use crate::error::{StorageError, StorageResult};
use crate::io::World;

const FILE_NAME: &str = "LOCK";
/// The lock is held for a few writes and syncs: no hand-over is needed, looking again will do.
const PAUSE_US: u64 = 1_000;
/// 10 s of pauses; who waits that long waits for a process that hangs.
const ATTEMPTS_MAX: u32 = 10_000;

/// The lock under which the directory's format is noted and topics are made, widened and removed,
/// by any process. Waits for it, up to ten seconds; free again once the value drops.
///
/// # Errors
/// `Locked` where it is held all that time; `Io`.
pub(crate) async fn lock_root<W: World>(world: &W, root: &Path) -> StorageResult<W::Lock> {
    let path = root.join(FILE_NAME);
    for _ in 0..ATTEMPTS_MAX {
        let held = world.lock(&path).await.map_err(|e| StorageError::io("lock", &path, e))?;
        if let Some(lock) = held {
            return Ok(lock);
        }
        world.sleep(PAUSE_US).await;
    }
    Err(StorageError::Locked(path))
}
