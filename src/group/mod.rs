//! Consumer groups: what they committed and who owns them.

mod commit_file;

pub use commit_file::{CommitFile, Committed};

/// Names a consumer group.
pub type GroupId = u32;

#[cfg(test)]
mod tests;
