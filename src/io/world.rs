//! The world that the engine runs in.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{File, OpenMode};
use super::index::IndexBackend;
use super::planted::Planted;
use super::registry::Registry;
use super::step::Step;

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirectoryEntry {
    /// Its name; names that are no UTF-8 are not the engine's and are left out.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// Time, randomness, tasks, files and index instances. Clones are handles of the same world. The
/// engine asks nothing of the outside but through one, and only in async code, so that a
/// simulated world may suspend it anywhere.
///
/// Dropping the future of a call that changes something leaves it done or not done.
pub trait World: Clone + Send + Sync + 'static {
    /// An open file.
    type File: File;
    /// An advisory lock; held until it drops.
    type Lock: Send + Sync + 'static;
    /// Where instances of the index come from.
    type Index: IndexBackend;

    /// Wall clock, microseconds since 1970. May step in either direction.
    fn wall_us(&self) -> i64;

    /// Microseconds since a fixed moment of this boot; never goes back, and agrees between the
    /// processes of the machine.
    fn monotonic_us(&self) -> u64;

    /// Names this boot of the machine: what was not forced before another boot may be lost.
    fn boot_id(&self) -> u128;

    /// A random number.
    fn entropy(&self) -> u64;

    /// Ready once `duration_us` have passed.
    fn sleep(&self, duration_us: u64) -> impl Future<Output = ()> + Send + 'static;

    /// Runs `future` on its own until it ends or the world does. `name` is for people.
    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static);

    /// Opens a file.
    fn open(
        &self,
        path: &Path,
        mode: OpenMode,
    ) -> impl Future<Output = io::Result<Self::File>> + Send;

    /// Takes the exclusive lock of the file at `path`, made where it does not exist. `None`
    /// where somebody holds it, be it in this process. Freed by drop and by the process's death.
    fn lock(&self, path: &Path) -> impl Future<Output = io::Result<Option<Self::Lock>>> + Send;

    /// Makes a directory and those above it; nothing where it exists.
    fn create_directories(&self, path: &Path) -> impl Future<Output = io::Result<()>> + Send;

    /// The entries of a directory in order of their names; `NotFound` where there is none.
    fn list(&self, path: &Path) -> impl Future<Output = io::Result<Vec<DirectoryEntry>>> + Send;

    /// Whether something is at `path`.
    fn exists(&self, path: &Path) -> impl Future<Output = io::Result<bool>> + Send;

    /// Renames a file or directory; replaces a file at `to`.
    fn rename(&self, from: &Path, to: &Path) -> impl Future<Output = io::Result<()>> + Send;

    /// A second name for a file; `AlreadyExists` where there is something at `to`.
    fn hard_link(&self, from: &Path, to: &Path) -> impl Future<Output = io::Result<()>> + Send;

    /// Removes a file.
    fn remove_file(&self, path: &Path) -> impl Future<Output = io::Result<()>> + Send;

    /// Removes a directory and what is in it.
    fn remove_directory(&self, path: &Path) -> impl Future<Output = io::Result<()>> + Send;

    /// Forces the entries of a directory to disk: files made, renamed or removed in it.
    fn sync_directory(&self, path: &Path) -> impl Future<Output = io::Result<()>> + Send;

    /// The one name of a directory that exists, links resolved.
    fn canonical(&self, path: &Path) -> impl Future<Output = io::Result<PathBuf>> + Send;

    /// Where instances of the index come from.
    fn index(&self) -> &Self::Index;

    /// A point between two effects; see [`Step`].
    fn step(&self, step: Step) -> impl Future<Output = ()> + Send;

    /// What the sessions of this process share.
    fn registry(&self) -> &Registry;

    /// Whether this mistake is wanted. Use [`planted!`](crate::planted!).
    fn planted(&self, _mistake: Planted) -> bool {
        false
    }
}
