//! The seam: everything that the engine wants of the outside goes through a [`World`].

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod decorate;
mod directories;
mod file;
mod index;
mod planted;
pub mod real;
mod registry;
mod step;
mod world;

pub(crate) use directories::{force_above, make_directories, remove_file};
pub use file::{File, OpenMode};
pub(crate) use index::key_after;
pub use index::{
    Family, IndexBackend, IndexError, IndexOptions, IndexPrimary, IndexRead, IndexSecondary,
    SortedRun, SortedRuns, TrimFilter,
};
pub use planted::Planted;
pub use registry::Registry;
pub use step::Step;
pub use world::{DirectoryEntry, World};
