//! Runs a plan against a log and records what happens. The same runner for every world.

mod actor;
mod crash;
mod crowd;
mod driver;
pub mod engine;
mod healing;
mod mending;
pub mod perfect;
mod producing;
mod reading;
mod resolve;
mod simulated;
mod stage;
mod state;
mod subject;
#[cfg(test)]
mod tests;
mod threads;
mod visiting;
mod waiting;

pub use crash::{Crash, Within};
pub use simulated::{Simulated, simulate};
pub use state::RunState;
pub use subject::{
    Answer, Appended, Query, Refusal, Subject, SubjectLog, SubjectReader, SubjectWriter,
};
pub use threads::{Threaded, run_threads};
