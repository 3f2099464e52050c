//! Names: directories that are there after power loss, files that are gone.

use std::io::ErrorKind;
use std::path::Path;

use super::World;
use crate::error::{StorageError, StorageResult};

/// Makes `path` and the directories above it, and forces the entries of all of them below `top` to
/// disk: what is forced inside `path` later is then found again after power loss. Those that exist
/// are forced as well, because who made them may have died before it could.
///
/// # Errors
/// `Io` with the directory.
pub(crate) async fn make_directories<W: World>(
    world: &W,
    path: &Path,
    top: &Path,
) -> StorageResult<()> {
    world.create_directories(path).await.map_err(|e| StorageError::io("make", path, e))?;
    for above in path.ancestors().skip(1).take_while(|above| above.starts_with(top)) {
        world.sync_directory(above).await.map_err(|e| StorageError::io("force", above, e))?;
    }
    Ok(())
}

/// Removes a file; nothing where it is gone already, because a call that nobody waits for any more
/// may have had its effect.
///
/// # Errors
/// `Io` with the file.
pub(crate) async fn remove_file<W: World>(world: &W, path: &Path) -> StorageResult<()> {
    match world.remove_file(path).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|e| StorageError::io("remove", path, e)),
    }
}

/// Forces the entries of all directories above `path`, as far up as this user may open them: what
/// it may not open, it did not make.
///
/// # Errors
/// `Io` with the directory.
pub(crate) async fn force_above<W: World>(world: &W, path: &Path) -> StorageResult<()> {
    for above in path.ancestors().skip(1) {
        match world.sync_directory(above).await {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(()),
            forced => forced.map_err(|e| StorageError::io("force", above, e))?,
        }
    }
    Ok(())
}
