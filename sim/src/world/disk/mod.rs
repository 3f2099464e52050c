//! The simulated disk: a tree of names over nodes. Every node keeps what readers see and the way
//! back to what would be left after power loss. No call here takes time; [`Context`] adds it.
//!
//! [`Context`]: super::context::Context

mod bytes;
mod content;
mod damage;
mod directory;
mod names;
mod power;
mod survivors;

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::{Component, Path};

use self::content::Content;
pub(in crate::world) use self::damage::Harm;
use self::directory::Directory;
pub use self::power::{PowerLoss, SyncFailure};
pub use self::survivors::Survivor;
use super::process::ProcessId;

/// Names a file or directory for as long as something refers to it.
pub(super) type NodeId = usize;

const TOP: NodeId = 0;

/// How many changes of a directory may stay unforced before the oldest are written back.
const DIRECTORY_CHANGES: usize = 4096;

struct Node {
    /// Names, names that power loss would bring back, and open handles.
    references: u32,
    body: Body,
}

enum Body {
    File(Content),
    Directory(Directory),
}

/// All files and directories.
pub(super) struct Disk {
    nodes: Vec<Option<Node>>,
    free: Vec<NodeId>,
    locks: BTreeMap<NodeId, ProcessId>,
    used_bytes: u64,
    capacity_bytes: u64,
    write_back_bytes: u64,
    /// The number of the last change.
    change: u64,
}

impl Disk {
    /// An empty disk with the directory `/sim`, durable.
    pub(super) fn new(capacity_bytes: u64, write_back_bytes: u64) -> Self {
        let mut disk = Self {
            nodes: Vec::new(),
            free: Vec::new(),
            locks: BTreeMap::new(),
            used_bytes: 0,
            capacity_bytes,
            write_back_bytes,
            change: 0,
        };
        let top = disk.insert(Body::Directory(Directory::default()));
        disk.refer(top);
        disk.create_directories(Path::new("/sim")).expect("an empty disk takes a directory");
        disk.directory_mut(top).expect("it was just made").force(u64::MAX, |_| {});
        disk
    }

    /// Gives a node back that a handle referred to.
    pub(super) fn release(&mut self, id: NodeId) {
        let Some(node) = self.nodes[id].as_mut() else { return };
        node.references -= 1;
        if node.references > 0 {
            return;
        }
        let node = self.nodes[id].take().expect("it was there above");
        self.free.push(id);
        match node.body {
            Body::File(content) => self.used_bytes -= content.len() as u64,
            Body::Directory(directory) => {
                for child in directory.referred().collect::<Vec<_>>() {
                    self.release(child);
                }
            }
        }
    }

    /// Frees the locks of a process.
    pub(super) fn unlock_all(&mut self, process: ProcessId) {
        self.locks.retain(|_, holder| *holder != process);
    }

    /// Frees the lock of a node where `process` holds it.
    pub(super) fn unlock(&mut self, id: NodeId, process: ProcessId) {
        if self.locks.get(&id) == Some(&process) {
            self.locks.remove(&id);
        }
    }

    /// Whether a node is a directory.
    fn is_directory(&self, id: NodeId) -> bool {
        matches!(self.node(id).body, Body::Directory(_))
    }

    fn insert(&mut self, body: Body) -> NodeId {
        let node = Some(Node { references: 0, body });
        if let Some(id) = self.free.pop() {
            self.nodes[id] = node;
            return id;
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn refer(&mut self, id: NodeId) {
        self.node_mut(id).references += 1;
    }

    fn node(&self, id: NodeId) -> &Node {
        self.nodes[id].as_ref().expect("what refers to a node keeps it")
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes[id].as_mut().expect("what refers to a node keeps it")
    }

    fn directory(&self, id: NodeId) -> Result<&Directory> {
        match &self.node(id).body {
            Body::Directory(directory) => Ok(directory),
            Body::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn directory_mut(&mut self, id: NodeId) -> Result<&mut Directory> {
        match &mut self.node_mut(id).body {
            Body::Directory(directory) => Ok(directory),
            Body::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn next_change(&mut self) -> u64 {
        self.change += 1;
        self.change
    }

    /// The nodes from the top to `path`, with their names.
    fn walk<'a>(&self, path: &'a Path) -> Result<Vec<(&'a str, NodeId)>> {
        let mut nodes = vec![("", TOP)];
        for component in absolute(path)?.components() {
            match component {
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
                Component::ParentDir => nodes.truncate(nodes.len().max(2) - 1),
                Component::Normal(name) => {
                    let (_, above) = *nodes.last().expect("the top stays");
                    let name = name.to_str().ok_or(ErrorKind::InvalidInput)?;
                    let found = self.directory(above)?.get(name).ok_or(ErrorKind::NotFound)?;
                    nodes.push((name, found));
                }
            }
        }
        Ok(nodes)
    }

    fn find(&self, path: &Path) -> Result<NodeId> {
        Ok(self.walk(path)?.last().expect("the top stays").1)
    }

    /// The directory that `path` names an entry of, and the entry's name.
    fn find_parent<'a>(&self, path: &'a Path) -> Result<(NodeId, &'a str)> {
        let name = absolute(path)?.file_name().and_then(|name| name.to_str());
        let (Some(name), Some(above)) = (name, path.parent()) else {
            return Err(Error::new(ErrorKind::InvalidInput, "the path names no entry"));
        };
        let above = self.find(above)?;
        self.directory(above)?;
        Ok((above, name))
    }
}

fn absolute(path: &Path) -> Result<&Path> {
    if path.is_absolute() {
        return Ok(path);
    }
    let what = format!("{path:?} is relative, and a simulated process has no directory of its own");
    Err(Error::new(ErrorKind::InvalidInput, what))
}
