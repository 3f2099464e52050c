//! A copy of a log and its index that is a log of its own.
//!
//! The order makes the copy consistent while the original goes on: the index first, then commits,
//! then segments, then epochs. So the log of the copy holds what its index and its commits name,
//! and its epochs name all of its segments.

#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::catalog::Catalog;
use crate::error::{StorageError, StorageResult};
use crate::index::shard::Shard;
use crate::io::{File, IndexPrimary, OpenMode, World, make_directories};
use crate::log::{Contents, EpochHistory, MarkFile, SegmentEntry, TopicInfo, write_format};
use crate::partition::{Partition, list_segments};
use crate::segment::segment_file_name;
use crate::types::Sequence;

/// Bytes copied at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// Copies everything of the directory to `target`; see `Log::checkpoint`.
pub(crate) async fn checkpoint<W: World>(catalog: &Catalog<W>, target: &Path) -> StorageResult<()> {
    let world = &catalog.world;
    let root = catalog.root().await?;
    let target = free(world, target).await?;
    // Under another name until it is whole: half a copy would open as a log that lacks something.
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let partial = target.with_file_name(format!("{name}.partial"));
    remove(world, &partial).await?;
    make_directories(world, &partial, &partial).await?;
    for topic in catalog.topics().await? {
        copy_topic(catalog, &root, &partial, &topic).await?;
    }
    write_format(world, &partial, Contents::Log).await?;
    force(world, &partial).await?;
    remove(world, &target).await?;
    world.rename(&partial, &target).await.map_err(|e| StorageError::io("name", &target, e))?;
    force(world, target.parent().unwrap_or(&target)).await
}

/// The target's one name, where nothing is there yet.
async fn free<W: World>(world: &W, target: &Path) -> StorageResult<PathBuf> {
    let io = |error| StorageError::io("make", target, error);
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(StorageError::Exists(format!("{target:?}")));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    world.create_directories(parent).await.map_err(io)?;
    let target = world.canonical(parent).await.map_err(io)?.join(name);
    if !world.exists(&target).await.map_err(io)? {
        return Ok(target);
    }
    match world.list(&target).await {
        Ok(entries) if entries.is_empty() => Ok(target),
        _ => Err(StorageError::Exists(format!("something in {target:?}"))),
    }
}

async fn remove<W: World>(world: &W, path: &Path) -> StorageResult<()> {
    let io = |error| StorageError::io("remove", path, error);
    if world.exists(path).await.map_err(io)? {
        world.remove_directory(path).await.map_err(io)?;
    }
    Ok(())
}

async fn force<W: World>(world: &W, directory: &Path) -> StorageResult<()> {
    world.sync_directory(directory).await.map_err(|e| StorageError::io("force", directory, e))
}

async fn copy_topic<W: World>(
    catalog: &Catalog<W>,
    root: &Path,
    copy: &Path,
    topic: &TopicInfo,
) -> StorageResult<()> {
    let world = &catalog.world;
    let (from, to) =
        (TopicInfo::directory(root, &topic.name), TopicInfo::directory(copy, &topic.name));
    for number in 0..topic.shard_count {
        let directory = Shard::<W>::directory(&from, number);
        let io = |error| StorageError::io("look for", &directory, error);
        if !world.exists(&directory).await.map_err(io)? {
            continue;
        }
        let shard = Shard::of(world, &directory, catalog.config.index_idle_us);
        let target = Shard::<W>::directory(&to, number);
        let above = target.parent().expect("a database lies in its shard");
        make_directories(world, above, copy).await?;
        shard.primary().await?.checkpoint(&target).await?;
        force(world, above).await?;
    }
    for number in 0..topic.partition_count {
        let partition = catalog.partition(topic.name.as_str(), number).await?;
        let exists = world.exists(&partition.directory).await;
        if exists.map_err(|e| StorageError::io("look for", &partition.directory, e))? {
            copy_partition(&partition, copy, &to.join(number.to_string())).await?;
        }
    }
    topic.write(world, copy).await
}

async fn copy_partition<W: World>(
    partition: &Partition<W>,
    top: &Path,
    to: &Path,
) -> StorageResult<()> {
    let (world, from) = (&partition.world, &partition.directory);
    let (groups, group_copies) = (from.join("groups"), to.join("groups"));
    make_directories(world, to, top).await?;
    if world.exists(&groups).await.map_err(|e| StorageError::io("look for", &groups, e))? {
        make_directories(world, &group_copies, top).await?;
        let entries =
            world.list(&groups).await.map_err(|e| StorageError::io("list", &groups, e))?;
        for entry in entries.iter().filter(|entry| entry.name.ends_with(".commit")) {
            copy_file(world, &groups.join(&entry.name), &group_copies.join(&entry.name), None)
                .await
                .map_err(|e| StorageError::io("copy", &groups, e))?;
        }
        force(world, &group_copies).await?;
    }
    let log_start = loop {
        if let Some(log_start) = copy_segments(partition, to).await? {
            break log_start;
        }
    };
    let mark = MarkFile::open(world, to).await?;
    mark.note_start(log_start).await?;
    mark.force().await?;
    let epochs = from.join(EpochHistory::FILE_NAME);
    if world.exists(&epochs).await.map_err(|e| StorageError::io("look for", &epochs, e))? {
        copy_file(world, &epochs, &to.join(EpochHistory::FILE_NAME), None)
            .await
            .map_err(|e| StorageError::io("copy", &epochs, e))?;
    }
    force(world, to).await
}

/// The segments that are kept, and the start of the log.
async fn kept<W: World>(partition: &Partition<W>) -> StorageResult<Vec<SegmentEntry>> {
    let (mut entries, log_start) = match partition.current() {
        // The start first: what is dropped later is found missing.
        Some(state) => {
            let log_start = state.index.marks.log_start();
            (state.segments.all(), log_start)
        }
        None => {
            let (world, directory) = (&partition.world, &partition.directory);
            let log_start = MarkFile::<W::File>::log_start(world, directory).await?.unwrap_or(0);
            let listed = list_segments(world, directory, partition.topic.topic_id).await?;
            (listed.0.all(), log_start)
        }
    };
    let below = |pair: &[SegmentEntry]| pair[1].base_sequence <= log_start;
    let dropped = entries.windows(2).take_while(|pair| below(pair)).count();
    entries.drain(..dropped);
    Ok(entries)
}

/// Gives the copy the segments: a second name of those that are never written again, and what is
/// written so far of the newest. The first sequence of them; `None` where one was dropped meanwhile
/// and the copy has none.
async fn copy_segments<W: World>(
    partition: &Partition<W>,
    to: &Path,
) -> StorageResult<Option<Sequence>> {
    let world = &partition.world;
    let entries = kept(partition).await?;
    let mut made: Vec<PathBuf> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let name = segment_file_name(entry.id);
        let (from, copy) = (partition.directory.join(&name), to.join(&name));
        let is_newest = index + 1 == entries.len();
        let linked = if is_newest { false } else { world.hard_link(&from, &copy).await.is_ok() };
        let copied = if linked {
            Ok(())
        } else {
            copy_file(world, &from, &copy, is_newest.then_some(entry.end_bytes)).await
        };
        match copied {
            Ok(()) => made.push(copy),
            Err(error) if error.kind() == ErrorKind::NotFound && was_dropped(partition, entry) => {
                for path in made {
                    let removed = world.remove_file(&path).await;
                    removed.map_err(|e| StorageError::io("remove", &path, e))?;
                }
                return Ok(None);
            }
            Err(error) => return Err(StorageError::io("copy", &from, error)),
        }
    }
    Ok(Some(entries.first().map_or(0, |first| first.base_sequence)))
}

fn was_dropped<W: World>(partition: &Partition<W>, entry: &SegmentEntry) -> bool {
    let log_start = |state: std::sync::Arc<crate::partition::PartitionState>| -> Sequence {
        state.index.marks.log_start()
    };
    partition.current().map(log_start).is_some_and(|start| entry.base_sequence < start)
}

/// Copies the first `length_bytes` of a file, all of it where not given, and forces the copy.
async fn copy_file<W: World>(
    world: &W,
    from: &Path,
    to: &Path,
    length_bytes: Option<u64>,
) -> std::io::Result<()> {
    let source = world.open(from, OpenMode::Read).await?;
    let copy = world.open(to, OpenMode::CreateNew).await?;
    let end = length_bytes.unwrap_or(u64::MAX).min(source.len().await?);
    let mut at = 0;
    while at < end {
        let wanted = (end - at).min(BLOCK_BYTES as u64) as usize;
        let bytes = source.read_at(at, wanted).await?;
        if bytes.is_empty() {
            break;
        }
        copy.write_at(at, &bytes).await?;
        at += bytes.len() as u64;
    }
    copy.sync_data().await
}
