//! What a topic is, on disk.

use std::path::{Path, PathBuf};

use super::slot::{BlockReader, BlockWriter};
use crate::error::{StorageError, StorageResult};
use crate::io::{File, OpenMode, World, make_directories};
use crate::types::TopicName;

const MAGIC: [u8; 4] = *b"DLTO";
const BLOCK_BYTES: usize = 64;
const FILE_NAME: &str = "TOPIC";

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicInfo {
    /// Its name.
    pub name: TopicName,
    /// Tells it from another topic of the same name, deleted before or made later.
    pub topic_id: u128,
    /// Its partitions are numbered from 0 up to this, exclusive.
    pub partition_count: u32,
    /// Its index databases; a partition's is its number modulo this.
    pub shard_count: u32,
    /// When it was made, by the engine's clock, in microseconds since 1970.
    pub created_us: i64,
}

impl TopicInfo {
    /// The topic's directory.
    pub fn directory(root: &Path, name: &TopicName) -> PathBuf {
        root.join(name.as_str())
    }

    /// Reads the topic in `root`; `None` where there is none.
    ///
    /// # Errors
    /// `Corrupt` where its file is not valid.
    pub async fn read<W: World>(
        world: &W,
        root: &Path,
        name: &TopicName,
    ) -> StorageResult<Option<Self>> {
        let path = Self::directory(root, name).join(FILE_NAME);
        let io = |error| StorageError::io("read", &path, error);
        if !world.exists(&path).await.map_err(io)? {
            return Ok(None);
        }
        let file = world.open(&path, OpenMode::Read).await.map_err(io)?;
        let bytes = file.read_at(0, BLOCK_BYTES).await.map_err(io)?;
        let Some(mut fields) = BlockReader::new(&bytes, MAGIC, BLOCK_BYTES) else {
            return Err(StorageError::Corrupt {
                path,
                offset: 0,
                what: "the topic's description is not valid".to_owned(),
            });
        };
        Ok(Some(Self {
            name: name.clone(),
            topic_id: fields.u128(),
            partition_count: fields.u32(),
            shard_count: fields.u32(),
            created_us: fields.u64() as i64,
        }))
    }

    /// Makes or replaces the topic's file, wholly or not at all, and forces it to disk.
    pub async fn write<W: World>(&self, world: &W, root: &Path) -> StorageResult<()> {
        let directory = Self::directory(root, &self.name);
        make_directories(world, &directory, root).await?;
        let mut block = BlockWriter::<BLOCK_BYTES>::new(MAGIC);
        block.put_u128(self.topic_id);
        block.put_u32(self.partition_count);
        block.put_u32(self.shard_count);
        block.put_u64(self.created_us as u64);
        replace_file(world, &directory, FILE_NAME, &block.finish()).await
    }

    /// The shard that holds a partition's index.
    pub fn shard(&self, partition: u32) -> u32 {
        partition % self.shard_count
    }
}

/// Gives `directory`/`name` this content, wholly or not at all, forced to disk.
pub(crate) async fn replace_file<W: World>(
    world: &W,
    directory: &Path,
    name: &str,
    bytes: &[u8],
) -> StorageResult<()> {
    let path = directory.join(name);
    let fresh = directory.join(format!("{name}.new"));
    let io = |error| StorageError::io("write", &path, error);
    let file = world.open(&fresh, OpenMode::Create).await.map_err(io)?;
    file.set_len(0).await.map_err(io)?;
    file.write_at(0, bytes).await.map_err(io)?;
    file.sync_data().await.map_err(io)?;
    world.rename(&fresh, &path).await.map_err(io)?;
    world.sync_directory(directory).await.map_err(io)
}
