//! What the sessions of one process share.

#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

type Key = (&'static str, PathBuf);
type Slot = Weak<dyn Any + Send + Sync>;

/// Finds what another session of the process already has by kind and canonical path: partition
/// state and index instances. This is how a reader made from a path finds the tail of the writer
/// in its process, and it exists because RocksDB allows one primary a directory. It owns
/// nothing: an entry lives as long as its last user.
#[derive(Default)]
pub struct Registry {
    slots: Mutex<BTreeMap<Key, Slot>>,
}

impl Registry {
    /// The entry of `kind` at `path`, made by `make` where nobody holds one. `make` must be
    /// cheap and must not call the registry: it runs under its lock.
    ///
    /// # Panics
    /// Where `kind` names entries of another type.
    pub fn get_or_insert<T: Any + Send + Sync>(
        &self,
        kind: &'static str,
        path: &Path,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (kind, path.to_owned());
        if let Some(held) = slots.get(&key).and_then(Weak::upgrade) {
            return downcast(held);
        }
        let made = Arc::new(make());
        let shared: Arc<dyn Any + Send + Sync> = made.clone();
        slots.insert(key, Arc::downgrade(&shared));
        made
    }

    /// The entry of `kind` at `path`, where somebody holds one.
    ///
    /// # Panics
    /// As [`Registry::get_or_insert`].
    pub fn get<T: Any + Send + Sync>(&self, kind: &'static str, path: &Path) -> Option<Arc<T>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let held = slots.get(&(kind, path.to_owned())).and_then(Weak::upgrade)?;
        drop(slots);
        Some(downcast(held))
    }

    /// How many entries somebody holds, of all kinds.
    pub fn held_count(&self) -> usize {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.values().filter(|slot| slot.strong_count() > 0).count()
    }

    /// All entries of `kind` that somebody holds, in order of their paths.
    ///
    /// # Panics
    /// As [`Registry::get_or_insert`].
    pub fn list<T: Any + Send + Sync>(&self, kind: &'static str) -> Vec<(PathBuf, Arc<T>)> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| slot.strong_count() > 0);
        let held: Vec<_> = slots
            .iter()
            .filter(|((slot_kind, _), _)| *slot_kind == kind)
            .filter_map(|((_, path), slot)| Some((path.clone(), slot.upgrade()?)))
            .collect();
        drop(slots);
        held.into_iter().map(|(path, slot)| (path, downcast(slot))).collect()
    }
}

fn downcast<T: Any + Send + Sync>(held: Arc<dyn Any + Send + Sync>) -> Arc<T> {
    match held.downcast() {
        Ok(entry) => entry,
        Err(_) => panic!("a registry kind holds two types"),
    }
}
