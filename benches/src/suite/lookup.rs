//! Lookups by id where everything is settled.

use std::time::Instant;

use duolog::types::Message;

use super::{ENGINE, Run};
use crate::Outcome;
#[cfg(feature = "rocks")]
use crate::baseline::ThreeKeys;
use crate::cell::{Cell, Contender, Unit, interleave};
use crate::engine::{Engine, TOPIC};
use crate::messages::{drawn_ids, messages};
use crate::timing::Latencies;
use crate::workload::Lookup;

const METRICS: [(&str, Unit); 2] = [("p50", Unit::Microseconds), ("p99", Unit::Microseconds)];

/// Every id is there; both sides are loaded once, and no compaction is asked for.
pub(super) fn measure(run: &Run<'_>, lookup: &Lookup) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let messages = messages(3, lookup.messages, workload.id_bytes, workload.payload_bytes);
    let ids = drawn_ids(4, &messages, lookup.lookups);
    let engine = Engine::settled(run.parent, &messages)?;
    let mut contenders = vec![Contender::new(ENGINE, || lookups(&engine, &ids))];
    contenders.extend(baseline(run, &messages, &ids)?);
    interleave("lookup by id, settled", &METRICS, workload.rounds, contenders)
}

#[cfg(feature = "rocks")]
fn baseline<'a>(
    run: &Run<'_>,
    messages: &[Message],
    ids: &'a [&str],
) -> Outcome<Option<Contender<'a>>> {
    if !run.workload.baselines {
        return Ok(None);
    }
    let database = ThreeKeys::settled(run.parent, messages)?;
    Ok(Some(Contender::new(super::THREE_KEYS, move || gets(&database, ids))))
}

#[cfg(not(feature = "rocks"))]
fn baseline(_: &Run<'_>, _: &[Message], _: &[&str]) -> Outcome<Option<Contender<'static>>> {
    Ok(None)
}

fn lookups(engine: &Engine, ids: &[&str]) -> Outcome<Vec<f64>> {
    let index = engine.log.index();
    let mut latencies = Latencies::with_capacity(ids.len());
    engine.runtime.block_on(async {
        for id in ids {
            let started = Instant::now();
            index.get_by_msg_id(TOPIC, 0, id).await?;
            latencies.note(started);
        }
        Ok::<_, duolog::StorageError>(())
    })?;
    Ok(latencies.percentiles())
}

#[cfg(feature = "rocks")]
fn gets(database: &ThreeKeys, ids: &[&str]) -> Outcome<Vec<f64>> {
    let mut latencies = Latencies::with_capacity(ids.len());
    for id in ids {
        let started = Instant::now();
        let found = database.get(id)?;
        latencies.note(started);
        found.ok_or("an id that was written is not there")?;
    }
    Ok(latencies.percentiles())
}
