//! A log that cannot be wrong: everything in memory, nothing clever. It proves plans, runner and
//! judges without the engine; its mutants prove that each judge notices what it is there for.

mod disk;
mod log;
mod mutant;
mod reader;

pub use log::{PerfectLog, PerfectWriter};
pub use mutant::Mutant;
pub use reader::PerfectReader;

use std::sync::{Arc, Mutex};

use duolog::io::World;

use crate::plan::PlanConfig;

use super::subject::{Answer, Subject};
use disk::Disk;

/// The perfect log, or a mutant of it.
#[derive(Clone, Default)]
pub struct Perfect {
    disk: Arc<Mutex<Disk>>,
    mutant: Option<Mutant>,
}

impl Perfect {
    /// An empty log with this mistake.
    pub fn mutant(mutant: Mutant) -> Self {
        Self { mutant: Some(mutant), ..Self::default() }
    }
}

impl<W: World> Subject<W> for Perfect {
    type Log = PerfectLog<W>;

    async fn open(&self, world: &W, config: &PlanConfig) -> Answer<PerfectLog<W>> {
        let lane_count = config.topic_count * config.partition_count;
        disk::lock(&self.disk).start(lane_count, config);
        Ok(PerfectLog::new(world.clone(), self.disk.clone(), self.mutant, lane_count))
    }
}
