//! Calls on names.

use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

use duolog::io::{DirectoryEntry, OpenMode};

use super::content::Content;
use super::directory::Directory;
use super::{Body, DIRECTORY_CHANGES, Disk, NodeId};
use crate::world::process::ProcessId;

impl Disk {
    /// Opens a file; the caller releases the node.
    pub(in crate::world) fn open(&mut self, path: &Path, mode: OpenMode) -> Result<NodeId> {
        let (above, name) = self.find_parent(path)?;
        let found = self.directory(above)?.get(name);
        let id = match (found, mode) {
            (Some(_), OpenMode::CreateNew) => return Err(ErrorKind::AlreadyExists.into()),
            (Some(id), _) if self.is_directory(id) => {
                return Err(ErrorKind::IsADirectory.into());
            }
            (Some(id), _) => id,
            (None, OpenMode::Read | OpenMode::Write) => return Err(ErrorKind::NotFound.into()),
            (None, OpenMode::Create | OpenMode::CreateNew) => {
                let id = self.insert(Body::File(Content::default()));
                self.set_entry(above, name, Some(id))?;
                id
            }
        };
        self.refer(id);
        Ok(id)
    }

    /// Takes a lock; the caller unlocks and releases the node.
    pub(in crate::world) fn lock(
        &mut self,
        path: &Path,
        process: ProcessId,
    ) -> Result<Option<NodeId>> {
        let id = self.open(path, OpenMode::Create)?;
        if self.locks.contains_key(&id) {
            self.release(id);
            return Ok(None);
        }
        self.locks.insert(id, process);
        Ok(Some(id))
    }

    pub(in crate::world) fn create_directories(&mut self, path: &Path) -> Result<()> {
        let missing: Vec<&Path> = path
            .ancestors()
            .take_while(|ancestor| matches!(self.find(ancestor), Err(error) if absent(&error)))
            .collect();
        for path in missing.into_iter().rev() {
            let (above, name) = self.find_parent(path)?;
            if self.directory(above)?.get(name).is_none() {
                let id = self.insert(Body::Directory(Directory::default()));
                self.set_entry(above, name, Some(id))?;
            }
        }
        let id = self.find(path)?;
        if self.is_directory(id) { Ok(()) } else { Err(ErrorKind::AlreadyExists.into()) }
    }

    pub(in crate::world) fn list(&self, path: &Path) -> Result<Vec<DirectoryEntry>> {
        let directory = self.directory(self.find(path)?)?;
        Ok(directory
            .iter()
            .map(|(name, id)| DirectoryEntry {
                name: name.clone(),
                is_directory: self.is_directory(id),
            })
            .collect())
    }

    pub(in crate::world) fn exists(&self, path: &Path) -> Result<bool> {
        match self.find(path) {
            Ok(_) => Ok(true),
            Err(error) if absent(&error) || error.kind() == ErrorKind::NotADirectory => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(in crate::world) fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        let (from_above, from_name) = self.find_parent(from)?;
        let id = self.directory(from_above)?.get(from_name).ok_or(ErrorKind::NotFound)?;
        let (to_above, to_name) = self.find_parent(to)?;
        if self.walk(to.parent().unwrap_or(to))?.iter().any(|(_, above)| *above == id) {
            return Err(ErrorKind::InvalidInput.into());
        }
        let replaced = self.directory(to_above)?.get(to_name);
        if let Some(replaced) = replaced {
            match (self.is_directory(id), self.is_directory(replaced)) {
                _ if replaced == id => return Ok(()),
                (false, true) => return Err(ErrorKind::IsADirectory.into()),
                (true, false) => return Err(ErrorKind::NotADirectory.into()),
                (true, true) if !self.directory(replaced)?.is_empty() => {
                    return Err(ErrorKind::DirectoryNotEmpty.into());
                }
                _ => {}
            }
        }
        let number = self.next_change();
        self.refer(id);
        self.directory_mut(to_above)?.set(number, to_name, Some(id));
        self.directory_mut(from_above)?.set(number, from_name, None);
        Ok(())
    }

    pub(in crate::world) fn hard_link(&mut self, from: &Path, to: &Path) -> Result<()> {
        let id = self.find(from)?;
        let (above, name) = self.find_parent(to)?;
        if self.is_directory(id) {
            return Err(ErrorKind::PermissionDenied.into());
        }
        if self.directory(above)?.get(name).is_some() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.set_entry(above, name, Some(id))
    }

    pub(in crate::world) fn remove_file(&mut self, path: &Path) -> Result<()> {
        let (above, name) = self.find_parent(path)?;
        let id = self.directory(above)?.get(name).ok_or(ErrorKind::NotFound)?;
        if self.is_directory(id) {
            return Err(ErrorKind::IsADirectory.into());
        }
        self.set_entry(above, name, None)
    }

    pub(in crate::world) fn remove_directory(&mut self, path: &Path) -> Result<()> {
        let (above, name) = self.find_parent(path)?;
        let id = self.directory(above)?.get(name).ok_or(ErrorKind::NotFound)?;
        self.empty(id)?;
        self.set_entry(above, name, None)
    }

    /// Makes the changes up to `number`, inclusive, of the directory durable.
    pub(in crate::world) fn sync_directory(&mut self, path: &Path, number: u64) -> Result<()> {
        let id = self.find(path)?;
        let mut freed = Vec::new();
        self.directory_mut(id)?.force(number, |id| freed.push(id));
        freed.into_iter().for_each(|id| self.release(id));
        Ok(())
    }

    pub(in crate::world) fn canonical(&self, path: &Path) -> Result<PathBuf> {
        let nodes = self.walk(path)?;
        self.directory(nodes.last().expect("the top stays").1)?;
        let mut canonical = PathBuf::from("/");
        canonical.extend(nodes.iter().skip(1).map(|(name, _)| name));
        Ok(canonical)
    }

    /// The names that `path` would hold if no unforced change of it had reached the disk.
    pub(in crate::world) fn durable_names(&self, path: &Path) -> Result<Vec<String>> {
        Ok(self.directory(self.find(path)?)?.durable().into_keys().collect())
    }

    /// Makes the changes of all directories durable.
    pub(super) fn write_back_names(&mut self) {
        let mut freed = Vec::new();
        for node in self.nodes.iter_mut().flatten() {
            if let Body::Directory(directory) = &mut node.body {
                directory.force(u64::MAX, |id| freed.push(id));
            }
        }
        freed.into_iter().for_each(|id| self.release(id));
    }

    /// Removes all that is in a directory.
    fn empty(&mut self, id: NodeId) -> Result<()> {
        let entries: Vec<(String, NodeId)> =
            self.directory(id)?.iter().map(|(name, child)| (name.clone(), child)).collect();
        for (name, child) in entries {
            if self.is_directory(child) {
                self.empty(child)?;
            }
            self.set_entry(id, &name, None)?;
        }
        Ok(())
    }

    fn set_entry(&mut self, above: NodeId, name: &str, after: Option<NodeId>) -> Result<()> {
        let number = self.next_change();
        if let Some(id) = after {
            self.refer(id);
        }
        let directory = self.directory_mut(above)?;
        directory.set(number, name, after);
        if directory.unforced_count() > DIRECTORY_CHANGES {
            let mut freed = Vec::new();
            directory.write_back(DIRECTORY_CHANGES / 2, |id| freed.push(id));
            freed.into_iter().for_each(|id| self.release(id));
        }
        Ok(())
    }
}

fn absent(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::NotFound
}
