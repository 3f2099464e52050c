//! What RocksDB itself does: plans over its raw instances, a primary, secondaries and read-only
//! ones, judged against a model of what each of them may show.
//!
//! Nothing of the engine is in here but its settling scheme (`scheme`). Everything but the
//! instances themselves is behind a seam ([`store`]), so that rules, drawing and shrinking are
//! tested without RocksDB.

pub mod catalogue;
pub mod draw;
#[cfg(test)]
mod fake;
pub mod finding;
pub mod key;
pub mod model;
pub mod observation;
pub mod operation;
#[cfg(feature = "rocks")]
mod options;
pub mod plan;
pub mod reproducer;
#[cfg(feature = "rocks")]
pub mod rocks;
pub mod rule;
pub mod run;
#[cfg(feature = "rocks")]
pub mod scheme;
pub mod settings;
pub mod shrink;
pub mod store;
pub mod violation;
pub mod watchdog;
