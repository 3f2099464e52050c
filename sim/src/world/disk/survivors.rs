//! Whether what another disk kept is something that this one might have kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::directory::Directory;
use super::{Body, Disk, NodeId};

/// What was found at a path after power loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survivor {
    /// A file with these bytes.
    File(Vec<u8>),
    /// A directory.
    Directory,
}

impl Disk {
    /// Whether `found`, all that is below `top`, by its path from there, may be left after power
    /// loss.
    ///
    /// # Errors
    /// The path that contradicts, in words.
    pub(in crate::world) fn allows(
        &self,
        top: &Path,
        found: &BTreeMap<PathBuf, Survivor>,
    ) -> Result<(), String> {
        let id = self.find(top).map_err(|error| format!("{}: {error}", top.display()))?;
        let directory = self.directory(id).map_err(|error| error.to_string())?;
        self.allows_below(directory, Path::new(""), found)
    }

    fn allows_below(
        &self,
        directory: &Directory,
        at: &Path,
        found: &BTreeMap<PathBuf, Survivor>,
    ) -> Result<(), String> {
        let states = directory.states();
        let here = found.keys().filter(|path| path.parent() == Some(at));
        let here: BTreeSet<&str> =
            here.filter_map(|path| path.file_name().and_then(|name| name.to_str())).collect();
        for name in here.iter().copied().chain(states.keys().map(String::as_str)) {
            let path = at.join(name);
            let candidates = states.get(name).map_or(&[][..], Vec::as_slice);
            let mut reasons = Vec::new();
            let is_allowed = candidates.iter().any(|candidate| {
                let allowed = self.allows_node(*candidate, &path, found);
                allowed.map_err(|reason| reasons.push(reason)).is_ok()
            });
            if !is_allowed {
                return Err(format!("{}: {}", path.display(), reasons.join("; ")));
            }
        }
        Ok(())
    }

    fn allows_node(
        &self,
        candidate: Option<NodeId>,
        path: &Path,
        found: &BTreeMap<PathBuf, Survivor>,
    ) -> Result<(), String> {
        let (id, survivor) = match (candidate, found.get(path)) {
            (None, None) => return Ok(()),
            (None, Some(_)) => return Err("it should be gone".to_owned()),
            (Some(_), None) => return Err("it should be there".to_owned()),
            (Some(id), Some(survivor)) => (id, survivor),
        };
        match (&self.node(id).body, survivor) {
            (Body::Directory(directory), Survivor::Directory) => {
                self.allows_below(directory, path, found)
            }
            (Body::File(content), Survivor::File(bytes)) => content.allows(bytes),
            _ => Err("it is of another kind".to_owned()),
        }
    }
}
