//! The harness: worlds, plans, histories, judges.

pub mod cli;
pub mod history;
pub mod judge;
pub mod plan;
pub mod probe;
pub mod report;
pub mod run;
pub mod seed;
pub mod shrink;
pub mod world;
