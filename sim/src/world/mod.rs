//! The simulated world: one thread, virtual time, a disk in memory, processes that can be killed
//! at any step, and an index that is the model or RocksDB. A seed decides everything; the trace
//! proves it.
//!
//! Everything in here is `Send` because the seam asks for it; nothing in here runs on a second
//! thread, and a run that another thread touches fails.

mod context;
mod databases;
mod disk;
mod error;
mod executor;
mod faults;
mod file;
mod index;
mod index_fault;
mod instance;
pub mod leaks;
mod options;
mod process;
mod repeat;
#[cfg(feature = "rocks")]
mod rocks;
mod sim;
mod simulation;
mod state;
mod tasks;
#[cfg(test)]
mod tests;
mod thread;
mod timers;
mod trace;
mod traced;

pub use databases::IndexLoss;
pub use disk::{PowerLoss, Survivor, SyncFailure};
pub use error::SimError;
pub use faults::{DiskNotice, OnFault};
pub use file::{SimFile, SimLock};
pub use index::SimIndex;
pub use index_fault::{IndexFault, Notice, OnIndexFault};
pub use instance::SimInstance;
pub use options::{Latencies, SimIndexKind, SimOptions, SyncLies};
pub use repeat::{NotRepeatable, check_repeats, first_difference, trace_of};
pub use sim::Sim;
pub use simulation::{Control, Simulation};
pub use trace::TraceSummary;
