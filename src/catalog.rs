//! Finding topics and partitions in a storage directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::config::DiskConfig;
use crate::error::{StorageError, StorageResult};
use crate::io::World;
use crate::log::{Contents, TopicInfo, lock_root, read_format, read_or_write_format};
use crate::partition::Partition;
use crate::sync::lock;
use crate::types::{PARTITION_COUNT_MAX, TopicName};

type Partitions<W> = BTreeMap<String, BTreeMap<u32, Arc<Partition<W>>>>;

/// A storage directory as one session sees it. Making one touches nothing; the first call that
/// needs the directory does.
pub struct Catalog<W: World> {
    pub(crate) world: W,
    pub(crate) config: Arc<DiskConfig>,
    root: Mutex<Option<PathBuf>>,
    /// The directory, where it holds an index and no log.
    index_only: Mutex<Option<PathBuf>>,
    partitions: Mutex<Partitions<W>>,
}

impl<W: World> Catalog<W> {
    /// The directory of `config`.
    pub fn new(world: W, config: Arc<DiskConfig>) -> Self {
        let (root, index_only, partitions) = Default::default();
        Self { world, config, root, index_only, partitions }
    }

    /// The directory's one name. Makes it where it does not exist.
    ///
    /// # Errors
    /// `Invalid` settings; `NewerFormat`; `ConfigMismatch` where it holds an index and no log; `Io`
    /// where it cannot be made or read.
    pub async fn root(&self) -> StorageResult<PathBuf> {
        if let Some(root) = lock(&self.root).clone() {
            return Ok(root);
        }
        let root = self.make_root().await?;
        match read_or_write_format(&self.world, &root, Contents::Log).await? {
            Contents::Log => *lock(&self.root) = Some(root.clone()),
            Contents::IndexOnly { .. } => {
                return Err(StorageError::ConfigMismatch {
                    field: "the use of the directory",
                    path: root,
                    stored: "an index only".to_owned(),
                    given: "a log".to_owned(),
                });
            }
        }
        Ok(root)
    }

    async fn make_root(&self) -> StorageResult<PathBuf> {
        self.config.validate()?;
        let given = &self.config.storage_dir;
        self.world
            .create_directories(given)
            .await
            .map_err(|e| StorageError::io("make", given, e))?;
        self.world.canonical(given).await.map_err(|e| StorageError::io("resolve", given, e))
    }

    /// The directory, where it holds an index and no log; `None` where it holds a log. A new one
    /// becomes an index where `make`, and stays new else.
    ///
    /// # Errors
    /// `ConfigMismatch` where it was made with another number of index databases; else as
    /// [`Catalog::root`].
    pub(crate) async fn index_only(&self, make: bool) -> StorageResult<Option<PathBuf>> {
        if lock(&self.root).is_some() {
            return Ok(None);
        }
        if let Some(root) = lock(&self.index_only).clone() {
            return Ok(Some(root));
        }
        let root = self.make_root().await?;
        let given = self.config.partition_index_num_per_topic;
        let contents = if make {
            let wanted = Contents::IndexOnly { shard_count: given };
            Some(read_or_write_format(&self.world, &root, wanted).await?)
        } else {
            read_format(&self.world, &root).await?
        };
        match contents {
            None | Some(Contents::Log) => return Ok(None),
            Some(Contents::IndexOnly { shard_count }) if shard_count == given => {}
            Some(Contents::IndexOnly { shard_count }) => {
                return Err(StorageError::ConfigMismatch {
                    field: "partition_index_num_per_topic",
                    path: root,
                    stored: shard_count.to_string(),
                    given: given.to_string(),
                });
            }
        }
        *lock(&self.index_only) = Some(root.clone());
        Ok(Some(root))
    }

    /// A topic.
    ///
    /// # Errors
    /// `Invalid` name; `NotFound`; `ConfigMismatch` where it was made with another number of
    /// index databases.
    pub async fn topic(&self, name: &str) -> StorageResult<TopicInfo> {
        let name = topic_name(name)?;
        let root = self.root().await?;
        let topic = TopicInfo::read(&self.world, &root, &name).await?.ok_or_else(|| {
            StorageError::NotFound {
                what: format!("topic {name:?}"),
                remedy: "create it first, or check the spelling",
            }
        })?;
        self.check_shards(&root, &topic)?;
        Ok(topic)
    }

    fn check_shards(&self, root: &Path, topic: &TopicInfo) -> StorageResult<()> {
        let given = self.config.partition_index_num_per_topic;
        if topic.shard_count == given {
            return Ok(());
        }
        Err(StorageError::ConfigMismatch {
            field: "partition_index_num_per_topic",
            path: TopicInfo::directory(root, &topic.name),
            stored: topic.shard_count.to_string(),
            given: given.to_string(),
        })
    }

    /// Makes a topic of `partition_count` partitions.
    ///
    /// # Errors
    /// `Exists`; `Invalid` name or count; `Locked` where others keep changing the directory.
    pub async fn create_topic(&self, name: &str, partition_count: u32) -> StorageResult<TopicInfo> {
        let topic_name = topic_name(name)?;
        check_count(partition_count.into())?;
        let root = self.root().await?;
        let _lock = lock_root(&self.world, &root).await?;
        if TopicInfo::read(&self.world, &root, &topic_name).await?.is_some() {
            return Err(StorageError::Exists(format!("topic {name:?}")));
        }
        self.write_topic(&root, topic_name, partition_count).await
    }

    /// To be called under the directory's lock.
    async fn write_topic(
        &self,
        root: &Path,
        name: TopicName,
        partition_count: u32,
    ) -> StorageResult<TopicInfo> {
        let world = &self.world;
        let topic_id = u128::from(world.entropy()) << 64 | u128::from(world.entropy());
        let topic = TopicInfo {
            name,
            topic_id,
            partition_count,
            shard_count: self.config.partition_index_num_per_topic,
            created_us: world.wall_us(),
        };
        topic.write(world, root).await?;
        Ok(topic)
    }

    /// The topic, made or widened where it has no partition `number` yet.
    pub(crate) async fn ensure_topic(&self, name: &str, number: u32) -> StorageResult<TopicInfo> {
        match self.topic(name).await {
            Ok(topic) if number < topic.partition_count => return Ok(topic),
            Ok(_) | Err(StorageError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        check_count(u64::from(number) + 1)?;
        let (name, root) = (topic_name(name)?, self.root().await?);
        let _lock = lock_root(&self.world, &root).await?;
        // Others may have made or widened it meanwhile.
        let Some(topic) = TopicInfo::read(&self.world, &root, &name).await? else {
            return self.write_topic(&root, name, number + 1).await;
        };
        self.check_shards(&root, &topic)?;
        if number < topic.partition_count {
            return Ok(topic);
        }
        let wider = TopicInfo { partition_count: number + 1, ..topic };
        wider.write(&self.world, &root).await?;
        Ok(wider)
    }

    /// All topics, in order of their names.
    pub async fn topics(&self) -> StorageResult<Vec<TopicInfo>> {
        let root = self.root().await?;
        let entries =
            self.world.list(&root).await.map_err(|e| StorageError::io("list", &root, e))?;
        let mut topics = Vec::new();
        for entry in entries.into_iter().filter(|entry| entry.is_directory) {
            let Ok(name) = TopicName::new(&entry.name) else { continue };
            topics.extend(TopicInfo::read(&self.world, &root, &name).await?);
        }
        Ok(topics)
    }

    /// Removes a topic and its messages. Handles of it answer `Closed` from here on.
    ///
    /// # Errors
    /// `NotFound`; `Locked` where one of its partitions has a writer, or others keep changing the
    /// directory.
    pub async fn delete_topic(&self, name: &str) -> StorageResult<()> {
        let root = self.root().await?;
        let root_lock = lock_root(&self.world, &root).await?;
        let topic = self.topic(name).await?;
        let directory = TopicInfo::directory(&root, &topic.name);
        let io = |error| StorageError::io("remove", &directory, error);
        let mut locks = Vec::new();
        for number in 0..topic.partition_count {
            let lock_path = directory.join(number.to_string()).join("LOCK");
            if self.world.exists(&lock_path).await.map_err(io)? {
                let lock = self.world.lock(&lock_path).await.map_err(io)?;
                locks.push(lock.ok_or(StorageError::Locked(lock_path))?);
            }
        }
        for number in 0..topic.partition_count {
            let partition = Partition::of(&self.world, &self.config, &root, &topic, number)?;
            partition.retire();
        }
        // Out of the way at once, so that a topic made again meets nothing of it.
        let grave = root.join(format!(".deleted-{:032x}", topic.topic_id));
        self.world.rename(&directory, &grave).await.map_err(io)?;
        self.world.sync_directory(&root).await.map_err(io)?;
        // Nobody waits for the removal of files that nobody finds.
        drop((locks, root_lock));
        self.world.remove_directory(&grave).await.map_err(io)
    }

    /// A partition.
    ///
    /// # Errors
    /// As [`Catalog::topic`]; `NotFound` where the topic has no partition of that number.
    pub async fn partition(&self, topic: &str, number: u32) -> StorageResult<Arc<Partition<W>>> {
        let known = lock(&self.partitions).get(topic).and_then(|all| all.get(&number)).cloned();
        if let Some(partition) = known
            && !partition.is_retired()
        {
            return Ok(partition);
        }
        let info = self.topic(topic).await?;
        let root = self.root().await?;
        let partition = Partition::of(&self.world, &self.config, &root, &info, number)?;
        let mut partitions = lock(&self.partitions);
        partitions.entry(topic.to_owned()).or_default().insert(number, partition.clone());
        Ok(partition)
    }
}

fn check_count(partition_count: u64) -> StorageResult<()> {
    if (1..=u64::from(PARTITION_COUNT_MAX)).contains(&partition_count) {
        return Ok(());
    }
    Err(StorageError::Invalid {
        field: "partition_count",
        value: partition_count.to_string(),
        remedy: format!("give a value from 1 to {PARTITION_COUNT_MAX}"),
    })
}

/// Checks a topic's name.
pub(crate) fn topic_name(name: &str) -> StorageResult<TopicName> {
    TopicName::new(name).map_err(|error| StorageError::Invalid {
        field: "topic",
        value: format!("{name:?}"),
        remedy: error.to_string(),
    })
}
