//! Which index a simulated plan runs on.

use serde::{Deserialize, Serialize};

/// The index of a simulated world. On threads it is RocksDB where that is built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum IndexKind {
    /// A model in memory
    #[default]
    Model,
    /// RocksDB, one process a seed
    Rocks,
}

impl IndexKind {
    /// Its name, as in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Rocks => "rocks",
        }
    }

    /// Whether it is the model.
    pub fn is_model(&self) -> bool {
        *self == Self::Model
    }
}
