//! From the begin of an append to its message being found by id in another session.

use std::time::Instant;

use duolog::Ack;
use duolog::types::Message;

use super::{ENGINE, LATENCIES, Run};
use crate::Outcome;
#[cfg(feature = "rocks")]
use crate::baseline::ThreeKeys;
use crate::cell::{Cell, Contender};
use crate::engine::{Engine, TOPIC};
use crate::messages::messages;
use crate::timing::Latencies;
use crate::workload::Visible;

/// The engine appends one message, `Flushed`, and another session looks it up; plain RocksDB
/// writes its keys, a tuned secondary catches up and gets the id.
pub(super) fn measure(run: &Run<'_>, visible: &Visible) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let mut name = "write to visible by id".to_owned();
    if let Some(entries) = visible.settle_chunk_entries {
        name += &format!(", settled by {entries}");
    }
    if !run.wants(&name) {
        return Ok(Vec::new());
    }
    let count = visible.preload + visible.messages;
    let all = messages(2, count, workload.id_bytes, workload.payload_bytes);
    let (before, fresh) = all.split_at(visible.preload);
    let mut contenders = vec![Contender::new(ENGINE, || engine(run, visible, before, fresh))];
    contenders.extend(baseline(run, before, fresh));
    run.interleave(&name, &LATENCIES, contenders)
}

#[cfg(feature = "rocks")]
fn baseline<'a>(
    run: &'a Run<'_>,
    before: &'a [Message],
    fresh: &'a [Message],
) -> Option<Contender<'a>> {
    let measure = move || three_keys(run, before, fresh);
    run.workload.baselines.then(|| Contender::new(super::THREE_KEYS, measure))
}

#[cfg(not(feature = "rocks"))]
fn baseline(_: &Run<'_>, _: &[Message], _: &[Message]) -> Option<Contender<'static>> {
    None
}

fn engine(
    run: &Run<'_>,
    visible: &Visible,
    before: &[Message],
    fresh: &[Message],
) -> Outcome<Vec<f64>> {
    // What is there before is settled in chunks of the usual size.
    let engine = Engine::settled(run.parent, before)?;
    let engine = match visible.settle_chunk_entries {
        None => engine,
        Some(entries) => engine.end()?.with(|it| it.settle_chunk_entries = entries).open(false)?,
    };
    let index = engine.log.reader(1).index();
    let mut latencies = Latencies::with_capacity(fresh.len());
    engine.runtime.block_on(async {
        for message in fresh.iter().cloned() {
            let id = message.id.clone();
            let batch = vec![message];
            let started = Instant::now();
            engine.writer.append(batch, Ack::Flushed).await?;
            index.get_by_msg_id(TOPIC, 0, &id).await?;
            latencies.note(started);
        }
        Ok::<_, duolog::StorageError>(())
    })?;
    engine.close()?;
    Ok(latencies.percentiles())
}

#[cfg(feature = "rocks")]
fn three_keys(run: &Run<'_>, before: &[Message], fresh: &[Message]) -> Outcome<Vec<f64>> {
    let database = ThreeKeys::settled(run.parent, before)?;
    let follower = database.follower()?;
    let mut latencies = Latencies::with_capacity(fresh.len());
    for message in fresh {
        let started = Instant::now();
        database.append(std::slice::from_ref(message), crate::workload::Durability::Flushed)?;
        let found = follower.catch_up_and_get(&message.id)?;
        latencies.note(started);
        found.ok_or("the secondary does not show what was written")?;
    }
    Ok(latencies.percentiles())
}
