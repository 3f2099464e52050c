//! An index database in memory that behaves as the seam says, and misbehaves when told to. It
//! stands in for RocksDB in simulations, and in builds without it.

mod backend;
mod fault;
mod instance;
mod view;

#[cfg(test)]
mod tests;

pub use backend::ModelBackend;
pub use fault::{CatchUpFault, SettleFault};
pub use instance::{ModelFrozen, ModelPrimary, ModelSecondary};
