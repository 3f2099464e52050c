//! A group notes how far it has come.

use std::time::Instant;

use duolog::StorageError;

use super::{ENGINE, LATENCIES, Run};
use crate::Outcome;
use crate::cell::{Cell, Contender};
use crate::engine::{Engine, TOPIC};
use crate::messages::Source;
use crate::timing::Latencies;
use crate::workload::Commit;

/// Each commit is of a message further on, looked up before the clock starts; the baseline puts
/// one small value, unforced as a commit is, and checks nothing.
pub(super) fn measure(run: &Run<'_>, commit: &Commit) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let name = "commit";
    if !run.wants(name) {
        return Ok(Vec::new());
    }
    let source = Source::new(7, workload.id_bytes, workload.payload_bytes);
    let engine = Engine::open(run.parent)?;
    engine.load(&source, 0..commit.messages)?;
    engine.runtime.block_on(engine.writer.settle())?;
    let mut group = 0;
    let mut contenders = vec![Contender::new(ENGINE, || {
        group += 1;
        commits(&engine, &source, group, commit)
    })];
    #[cfg(feature = "rocks")]
    if workload.baselines {
        let database = crate::baseline::ThreeKeys::open(run.parent)?;
        contenders.push(Contender::new(super::THREE_KEYS, move || {
            let mut latencies = Latencies::with_capacity(commit.commits);
            for number in 0..commit.commits {
                let value = number.to_string();
                let started = Instant::now();
                database.put("commit:measured:0:1", &value)?;
                latencies.note(started);
            }
            Ok(latencies.percentiles())
        }));
    }
    let cells = run.interleave(name, &LATENCIES, contenders)?;
    engine.close()?;
    Ok(cells)
}

fn commits(engine: &Engine, source: &Source, group: u32, commit: &Commit) -> Outcome<Vec<f64>> {
    let reader = engine.log.reader(group);
    let step = (commit.messages / commit.commits as u64).max(1);
    let mut latencies = Latencies::with_capacity(commit.commits);
    engine.runtime.block_on(async {
        for number in (0..commit.messages).step_by(step as usize).take(commit.commits) {
            let index = reader.index();
            let offset = index.get_by_msg_id(TOPIC, 0, &source.id(number)).await?;
            let started = Instant::now();
            reader.commit(TOPIC, 0, offset).await?;
            latencies.note(started);
        }
        Ok::<_, StorageError>(())
    })?;
    Ok(latencies.percentiles())
}
