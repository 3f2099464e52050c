//! A storage directory as the command line opens it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use duolog::catalog::Catalog;
use duolog::io::real::Real;
use duolog::log::TopicInfo;
use duolog::{DiskConfig, ErrorKind, StorageError};

use crate::cli::{Exit, Failure};

/// The file that every storage directory has.
const FORMAT: &str = "FORMAT";

/// Whether `path` is a storage directory.
pub(in crate::cli) fn is_data(path: &Path) -> bool {
    path.join(FORMAT).is_file()
}

/// What an error of the engine makes the process exit with.
pub(in crate::cli) fn failed(error: StorageError) -> Failure {
    let exit = match &error {
        StorageError::NewerFormat { .. } => Exit::Format,
        error => match error.kind() {
            ErrorKind::Caller => Exit::Usage,
            ErrorKind::Corrupt => Exit::Violation,
            _ => Exit::Environment,
        },
    };
    Failure::new(exit, error)
}

/// An open storage directory.
pub(super) struct DataDirectory {
    pub world: Real,
    pub catalog: Catalog<Real>,
    path: PathBuf,
}

impl DataDirectory {
    /// Opens the directory, which must be there: looking at one makes none.
    pub(super) async fn open(world: Real, path: &Path) -> Result<Self, Failure> {
        if !is_data(path) {
            let text = format!(
                "{} is no storage directory, it has no file {FORMAT}: name another one, or append \
                 to it with --create first",
                path.display()
            );
            return Err(Failure::new(Exit::Environment, text));
        }
        Self::open_or_make(world, path).await
    }

    /// Opens the directory, made where it is not there.
    pub(super) async fn open_or_make(world: Real, path: &Path) -> Result<Self, Failure> {
        let catalog = Catalog::new(world.clone(), Arc::new(DiskConfig::new(path)));
        catalog.root().await.map_err(failed)?;
        Ok(Self { world, catalog, path: path.to_owned() })
    }

    /// All topics.
    pub(super) async fn topics(&self) -> Result<Vec<TopicInfo>, Failure> {
        self.catalog.topics().await.map_err(failed)
    }

    /// A topic, whatever its number of index databases.
    pub(super) async fn topic(&self, name: &str) -> Result<TopicInfo, Failure> {
        let topics = self.topics().await?;
        let names: Vec<_> = topics.iter().map(|topic| topic.name.as_str().to_owned()).collect();
        let found = topics.into_iter().find(|topic| topic.name.as_str() == name);
        found.ok_or_else(|| {
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let text = format!("topic {name:?} not found, there is {known}: append with --create");
            Failure::new(Exit::Environment, text)
        })
    }

    /// The directory of one of its partitions.
    pub(super) async fn partition(
        &self,
        topic: &TopicInfo,
        number: u32,
    ) -> Result<PathBuf, Failure> {
        if number >= topic.partition_count {
            let (name, count) = (topic.name.as_str(), topic.partition_count);
            let text = format!(
                "partition {number} of topic {name:?} not found: it has {count}, numbered from 0"
            );
            return Err(Failure::new(Exit::Environment, text));
        }
        let root = self.catalog.root().await.map_err(failed)?;
        Ok(TopicInfo::directory(&root, &topic.name).join(number.to_string()))
    }

    /// Settings to write to a topic of so many index databases.
    pub(super) fn config(&self, shard_count: u32) -> DiskConfig {
        DiskConfig { partition_index_num_per_topic: shard_count, ..DiskConfig::new(&self.path) }
    }
}
