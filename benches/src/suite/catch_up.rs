//! A read instance takes up what was settled since its last look.

use std::time::Instant;

use duolog::{Freshness, Query};

use super::{ENGINE, Run};
use crate::Outcome;
use crate::cell::{Cell, Contender, Unit};
use crate::engine::{Engine, TOPIC};
use crate::messages::Source;
use crate::workload::CatchUp;

const METRICS: [(&str, Unit); 2] =
    [("first lookup behind it", Unit::Milliseconds), ("lookup after that", Unit::Milliseconds)];

/// A lookup, then new messages all settled, then a lookup of one of them, which catches up; the
/// baseline's secondary catches up with the same messages in the write-ahead log.
pub(super) fn measure(run: &Run<'_>, catch_up: &CatchUp) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let name = format!("catch-up with {} messages", catch_up.messages);
    if !run.wants(&name) {
        return Ok(Vec::new());
    }
    let source = Source::new(8, workload.id_bytes, workload.payload_bytes);
    let engine = Engine::open(run.parent)?;
    engine.load(&source, 0..catch_up.preload)?;
    engine.runtime.block_on(engine.writer.settle())?;
    let mut held = catch_up.preload;
    let mut contenders = vec![Contender::new(ENGINE, || {
        look_up(&engine, &source, 0)?;
        engine.load(&source, held..held + catch_up.messages)?;
        engine.runtime.block_on(engine.writer.settle())?;
        held += catch_up.messages;
        Ok(vec![look_up(&engine, &source, held - 1)?, look_up(&engine, &source, held - 1)?])
    })];
    #[cfg(feature = "rocks")]
    if workload.baselines {
        contenders.push(three_keys(run, catch_up, &source)?);
    }
    let cells = run.interleave(&name, &METRICS, contenders)?;
    engine.close()?;
    Ok(cells)
}

fn look_up(engine: &Engine, source: &Source, number: u64) -> Outcome<f64> {
    let index = engine.log.index();
    let query = Query::Id(source.id(number));
    let started = Instant::now();
    let answer = engine.runtime.block_on(index.lookup(TOPIC, 0, query, Freshness::Fresh))?;
    let took_ms = started.elapsed().as_secs_f64() * 1e3;
    if answer.found.is_empty() {
        return Err("a message that was settled is not there".into());
    }
    Ok(took_ms)
}

#[cfg(feature = "rocks")]
fn three_keys<'a>(
    run: &Run<'_>,
    catch_up: &'a CatchUp,
    source: &'a Source,
) -> Outcome<Contender<'a>> {
    use crate::baseline::ThreeKeys;
    use crate::engine::LOAD_BATCH;
    use crate::workload::Durability;

    let database = ThreeKeys::loaded(run.parent, source, catch_up.preload)?;
    let follower = database.follower()?;
    let mut held = catch_up.preload;
    Ok(Contender::new(super::THREE_KEYS, move || {
        let end = held + catch_up.messages;
        for start in (held..end).step_by(LOAD_BATCH as usize) {
            let batch = source.batch(start..end.min(start + LOAD_BATCH));
            database.append(&batch, Durability::Flushed)?;
        }
        held = end;
        let look_up = || {
            let started = Instant::now();
            let found = follower.catch_up_and_get(&source.id(held - 1))?;
            let took_ms = started.elapsed().as_secs_f64() * 1e3;
            found.ok_or("the secondary does not show what was written")?;
            Ok::<_, Box<dyn std::error::Error>>(took_ms)
        };
        Ok(vec![look_up()?, look_up()?])
    }))
}
