//! Appends of one producer into an empty log, and how long until all is settled.

use std::time::Instant;

use duolog::types::Message;

use super::{ENGINE, RAW, Run};
use crate::Outcome;
use crate::baseline::RawLog;
#[cfg(feature = "rocks")]
use crate::baseline::ThreeKeys;
use crate::cell::{Cell, Contender, Unit, interleave};
use crate::engine::Engine;
use crate::messages::{batches, messages};
use crate::timing::rate;
use crate::workload::Append;

const METRICS: [(&str, Unit); 2] =
    [("acknowledged", Unit::MessagesPerSecond), ("settled", Unit::MessagesPerSecond)];

/// Two rates: messages over the time until the last append was acknowledged, and over the time
/// until all was settled: for the engine in its index, for RocksDB in table files, for a raw file
/// forced to disk.
pub(super) fn measure(run: &Run<'_>, append: &Append) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let messages = messages(1, append.messages, workload.id_bytes, workload.payload_bytes);
    let batches = batches(&messages, append.batch);
    let mut contenders = vec![Contender::new(ENGINE, || engine(run, append, batches.clone()))];
    if workload.baselines {
        contenders.push(Contender::new(RAW, || raw(run, append, &batches)));
        #[cfg(feature = "rocks")]
        contenders.push(Contender::new(super::THREE_KEYS, || three_keys(run, append, &batches)));
    }
    let ack = format!("{:?}", append.ack).to_lowercase();
    let name = format!("append, batch {}, {ack}", append.batch);
    interleave(&name, &METRICS, workload.rounds, contenders)
}

fn engine(run: &Run<'_>, append: &Append, batches: Vec<Vec<Message>>) -> Outcome<Vec<f64>> {
    let engine = Engine::open(run.parent)?;
    let rates = engine.runtime.block_on(async {
        let started = Instant::now();
        for batch in batches {
            engine.writer.append(batch, append.ack.into()).await?;
        }
        let acknowledged = rate(append.messages, started);
        engine.writer.settle().await?;
        Ok::<_, duolog::StorageError>(vec![acknowledged, rate(append.messages, started)])
    })?;
    let waited = engine.writer.metrics().backpressure_count;
    if waited > 0 {
        eprintln!("note: {waited} appends waited for room in the tail");
    }
    engine.close()?;
    Ok(rates)
}

fn raw(run: &Run<'_>, append: &Append, batches: &[Vec<Message>]) -> Outcome<Vec<f64>> {
    let mut raw = RawLog::create(run.parent)?;
    let started = Instant::now();
    for batch in batches {
        raw.append(batch, append.ack)?;
    }
    let acknowledged = rate(append.messages, started);
    raw.settle()?;
    Ok(vec![acknowledged, rate(append.messages, started)])
}

#[cfg(feature = "rocks")]
fn three_keys(run: &Run<'_>, append: &Append, batches: &[Vec<Message>]) -> Outcome<Vec<f64>> {
    let mut database = ThreeKeys::open(run.parent)?;
    let started = Instant::now();
    for batch in batches {
        database.append(batch, append.ack)?;
    }
    let acknowledged = rate(append.messages, started);
    database.settle()?;
    Ok(vec![acknowledged, rate(append.messages, started)])
}
