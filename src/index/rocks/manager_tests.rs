#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::error::StorageError;
use crate::io::real::Real;

#[tokio::test]
async fn test_concurrent_safety() {
    let directory = tempfile::tempdir().unwrap();
    let db_path = directory.path().join("db");
    let manager = RocksDBInstanceManager::new(Real::new());
    let _kept = manager.get_or_create_primary_instance(&db_path).await.unwrap();
    for round in 0..1000_u32 {
        let primary_instance = manager.get_or_create_primary_instance(&db_path).await.unwrap();
        let read_instance = manager.get_read_only_instance(&db_path).await.unwrap();
        let value = format!("test_value {round}").into_bytes();
        let mut batch = WriteBatch::default();
        batch.put(b"test_key", &value);
        primary_instance.db.write(batch).unwrap();
        let read = read_instance.db.get(b"test_key").unwrap();
        assert_eq!(read, Some(value));
    }
}

#[tokio::test]
async fn instances_are_shared_counted_and_closed_with_their_last_user() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let manager = RocksDBInstanceManager::new(Real::new());
    assert_eq!(manager.get_stats(), InstanceStats::default());
    let first = manager.get_or_create_primary_instance(&path).await.unwrap();
    let second = manager.get_or_create_primary_instance(&path).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    let reader = manager.get_read_only_instance(&path).await.unwrap();
    let stats = manager.get_stats();
    assert_eq!((stats.primary_instances, stats.read_only_instances), (1, 1));
    drop((first, second, reader));
    assert_eq!(manager.get_stats(), InstanceStats::default());
    manager.get_or_create_primary_instance(&path).await.unwrap();
}

#[tokio::test]
async fn a_clean_up_closes_under_its_users_and_counts_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let manager = RocksDBInstanceManager::new(Real::new());
    let primary = manager.get_or_create_primary_instance(&path).await.unwrap();
    let mut batch = WriteBatch::default();
    batch.put(b"k", b"v");
    primary.db.write(batch).unwrap();
    assert_eq!(manager.cleanup_storage_root(directory.path()), 1);
    let closed = primary.db.get(b"k").unwrap_err();
    assert!(matches!(closed, StorageError::Closed(_)), "{closed}");
    // Nothing was deleted, and the directory is free.
    let again = manager.get_or_create_primary_instance(&path).await.unwrap();
    assert_eq!(again.db.get(b"k").unwrap(), Some(b"v".to_vec()));
}

#[tokio::test]
async fn a_frozen_instance_shows_the_state_at_its_opening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let manager = RocksDBInstanceManager::new(Real::new());
    let primary = manager.get_or_create_primary_instance(&path).await.unwrap();
    let put = |value: &[u8]| {
        let mut batch = WriteBatch::default();
        batch.put(b"k", value);
        primary.db.write(batch).unwrap();
    };
    put(b"old");
    let frozen = manager.get_frozen_instance(&path).await.unwrap();
    put(b"new");
    assert_eq!(frozen.db.get(b"k").unwrap(), Some(b"old".to_vec()));
}

fn make(path: &Path) {
    std::fs::create_dir(path).unwrap();
    std::fs::write(path.join("OWNER"), "").unwrap();
}

#[tokio::test]
async fn what_killed_readers_leave_is_removed_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("db");
    let manager = RocksDBInstanceManager::new(Real::new());
    drop(manager.get_or_create_primary_instance(&path).await.unwrap());
    // As a process leaves it that was killed: the lock went with it, the directory stayed.
    let left = root.path().join("db.reader-0123456789abcdef");
    let others = ["db.reader-0123", "other.reader-0123456789abcdef", "mine"];
    others.iter().for_each(|name| make(&root.path().join(name)));
    make(&left);
    let reader = manager.get_read_only_instance(&path).await.unwrap();
    assert!(!left.exists());
    let readers = || {
        let names = std::fs::read_dir(root.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("db.reader-") && name.len() == left_length()).count()
    };
    assert_eq!(readers(), 1, "that of the open reader");
    make(&left);
    let primary = manager.get_or_create_primary_instance(&path).await.unwrap();
    assert!(!left.exists());
    assert_eq!(readers(), 1, "a reader that lives keeps its own");
    drop((reader, primary));
    assert_eq!(readers(), 0);
    for name in others {
        assert!(root.path().join(name).exists(), "{name} is no reader's of this database");
    }
}

fn left_length() -> usize {
    "db.reader-".len() + 16
}
