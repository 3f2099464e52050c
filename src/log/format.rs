//! Which format a storage directory has.

use std::path::Path;

use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World, force_above};

use super::root_lock::lock_root;
use super::topic::replace_file;

const FILE_NAME: &str = "FORMAT";
/// Read at most this much of the file: it is text of a few lines.
const READ_BYTES: usize = 4096;

/// The format that this build writes.
pub const FORMAT_VERSION: u32 = 1;

/// What a storage directory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// A log and its index.
    Log,
    /// An index whose entries are put into it by hand; there is no log.
    IndexOnly {
        /// Index databases a topic.
        shard_count: u32,
    },
}

impl Contents {
    fn text(self) -> String {
        let version = format!(
            "format {FORMAT_VERSION}\nreader_min {FORMAT_VERSION}\nwriter_min {FORMAT_VERSION}\n"
        );
        match self {
            Self::Log => format!("duolog\n{version}"),
            Self::IndexOnly { shard_count } => {
                format!("duolog index only\n{version}shards {shard_count}\n")
            }
        }
    }
}

/// What the directory is for; notes `wanted` where it is new.
///
/// # Errors
/// `Locked` where another one keeps changing it; else as [`read_format`].
pub(crate) async fn read_or_write_format<W: World>(
    world: &W,
    root: &Path,
    wanted: Contents,
) -> StorageResult<Contents> {
    if let Some(contents) = read_format(world, root).await? {
        return Ok(contents);
    }
    let _lock = lock_root(world, root).await?;
    match read_format(world, root).await? {
        // Somebody else who found it new came first.
        Some(contents) => Ok(contents),
        None => write_format(world, root, wanted).await.map(|()| wanted),
    }
}

/// Notes what the new directory `root` is for. Nobody else may be making it.
pub(crate) async fn write_format<W: World>(
    world: &W,
    root: &Path,
    contents: Contents,
) -> StorageResult<()> {
    force_above(world, root).await?;
    replace_file(world, root, FILE_NAME, contents.text().as_bytes()).await
}

/// What the directory is for; `None` where it is new.
///
/// # Errors
/// `NewerFormat` where a reader or writer of this build cannot use it; `Corrupt` where the file
/// does not say.
pub(crate) async fn read_format<W: World>(
    world: &W,
    root: &Path,
) -> StorageResult<Option<Contents>> {
    let path = root.join(FILE_NAME);
    let io = |error| StorageError::io("read", &path, error);
    if !world.exists(&path).await.map_err(io)? {
        return Ok(None);
    }
    let file = world.open(&path, OpenMode::Read).await.map_err(io)?;
    let bytes = file.read_at(0, READ_BYTES).await.map_err(io)?;
    let text = String::from_utf8_lossy(&bytes);
    let field = |name: &str| -> Option<u32> {
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    let needed = field("reader_min ").into_iter().chain(field("writer_min ")).max();
    match (needed, text.lines().next(), field("shards ")) {
        (Some(found), _, _) if found > FORMAT_VERSION => {
            Err(StorageError::NewerFormat { path, found, supported: FORMAT_VERSION })
        }
        (Some(_), Some("duolog"), _) => Ok(Some(Contents::Log)),
        (Some(_), Some("duolog index only"), Some(shard_count)) => {
            Ok(Some(Contents::IndexOnly { shard_count }))
        }
        _ => Err(StorageError::Corrupt {
            path,
            offset: 0,
            what: "it does not name a format: this is no directory of duolog".to_owned(),
        }),
    }
}
