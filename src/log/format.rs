//! Which format a storage directory has.

use std::path::Path;

use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World, force_above};

use super::topic::replace_file;

const FILE_NAME: &str = "FORMAT";
/// Read at most this much of the file: it is text of a few lines.
const READ_BYTES: usize = 4096;

/// The format that this build writes.
pub const FORMAT_VERSION: u32 = 1;

/// Checks the directory's format, and notes it where the directory is new.
///
/// # Errors
/// `NewerFormat` where a reader or writer of this build cannot use it; `Corrupt` where the file
/// does not say.
pub(crate) async fn check_or_write_format<W: World>(world: &W, root: &Path) -> StorageResult<()> {
    let path = root.join(FILE_NAME);
    let io = |error| StorageError::io("read", &path, error);
    if !world.exists(&path).await.map_err(io)? {
        let text = format!(
            "duolog\nformat {FORMAT_VERSION}\nreader_min {FORMAT_VERSION}\n\
             writer_min {FORMAT_VERSION}\n"
        );
        force_above(world, root).await?;
        return replace_file(world, root, FILE_NAME, text.as_bytes()).await;
    }
    let file = world.open(&path, OpenMode::Read).await.map_err(io)?;
    let bytes = file.read_at(0, READ_BYTES).await.map_err(io)?;
    let text = String::from_utf8_lossy(&bytes);
    let field = |name: &str| -> Option<u32> {
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    let needed = field("reader_min ").into_iter().chain(field("writer_min ")).max();
    match needed {
        Some(found) if found > FORMAT_VERSION => {
            Err(StorageError::NewerFormat { path, found, supported: FORMAT_VERSION })
        }
        Some(_) if text.starts_with("duolog\n") => Ok(()),
        _ => Err(StorageError::Corrupt {
            path,
            offset: 0,
            what: "it does not name a format: this is no directory of duolog".to_owned(),
        }),
    }
}
