//! Reading everything in order, checksums on.

use std::num::NonZero;
use std::time::Instant;

use super::{ENGINE, RAW, Run};
use crate::Outcome;
use crate::baseline::RawLog;
use crate::cell::{Cell, Contender, Unit, interleave};
use crate::engine::{Engine, TOPIC};
use crate::messages::messages;
use crate::timing::rate;
use crate::workload::{Durability, Next};

const PRELOAD_BATCH: usize = 1000;
const METRICS: [(&str, Unit); 1] = [("messages read", Unit::MessagesPerSecond)];

/// A new group reads all messages from the first on; a raw file is read in blocks of the engine's
/// size, parsed and checked.
pub(super) fn measure(run: &Run<'_>, next: &Next) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let messages = messages(5, next.messages, workload.id_bytes, workload.payload_bytes);
    let engine = Engine::settled(run.parent, &messages)?;
    let mut raw = RawLog::create(run.parent)?;
    for batch in messages.chunks(PRELOAD_BATCH) {
        raw.append(batch, Durability::Flushed)?;
    }
    raw.settle()?;
    let mut group = 0;
    let mut contenders = vec![Contender::new(ENGINE, || {
        group += 1;
        read(&engine, group, next)
    })];
    if workload.baselines {
        contenders.push(Contender::new(RAW, || read_raw(&raw, next)));
    }
    let name = format!("next, {} a call", next.take);
    interleave(&name, &METRICS, workload.rounds, contenders)
}

fn read(engine: &Engine, group: u32, next: &Next) -> Outcome<Vec<f64>> {
    let reader = engine.log.reader(group);
    let take = NonZero::new(next.take).ok_or("take at least one message")?;
    let started = Instant::now();
    let count = engine.runtime.block_on(async {
        let mut count = 0;
        loop {
            let messages = reader.next(TOPIC, 0, take, 0).await?;
            if messages.is_empty() {
                return Ok::<_, duolog::StorageError>(count);
            }
            count += messages.len();
        }
    })?;
    all(count, next, started)
}

fn read_raw(raw: &RawLog, next: &Next) -> Outcome<Vec<f64>> {
    let started = Instant::now();
    let count = raw.read_all()?;
    all(count, next, started)
}

fn all(count: usize, next: &Next, started: Instant) -> Outcome<Vec<f64>> {
    let rate = rate(count, started);
    if count == next.messages {
        return Ok(vec![rate]);
    }
    Err(format!("{count} of {} messages were read", next.messages).into())
}
