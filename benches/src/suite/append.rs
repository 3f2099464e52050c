//! Appends into an empty log, and how long until all is settled.

use std::sync::Barrier;
use std::time::Instant;

use duolog::types::Message;
use duolog::{Ack, DiskConfig, StorageError, Writer};
use tokio::runtime::Builder;

use super::{ENGINE, FILLED, RAW, Run};
use crate::Outcome;
use crate::baseline::RawLog;
#[cfg(feature = "rocks")]
use crate::baseline::ThreeKeys;
use crate::cell::{Cell, Contender, NONE, Unit};
use crate::engine::{Engine, runtime};
use crate::messages::{batches, messages};
use crate::timing::rate;
use crate::workload::{Append, Durability};

const METRICS: [(&str, Unit); 3] = [
    ("acknowledged", Unit::MessagesPerSecond),
    ("settled", Unit::MessagesPerSecond),
    ("memory of the tail", Unit::Mebibytes),
];
/// A raw file with the headers of records and frames, for each message at most.
const HEADER_BYTES: usize = 128;
const MIB_BYTES: f64 = (1 << 20) as f64;

type Batches = Vec<Vec<Message>>;

/// Two rates: messages over the time until the last append was acknowledged, and over the time
/// until all was settled: for the engine in its index, for RocksDB in table files, for a raw file
/// forced to disk.
pub(super) fn measure(run: &Run<'_>, append: &Append) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let ack = format!("{:?}", append.ack).to_lowercase();
    let mut name = format!("append, batch {}, {ack}", append.batch);
    if append.producers > 1 {
        let kind = if append.threads { "threads" } else { "producers" };
        name += &format!(", {} {kind}", append.producers);
    }
    if append.log_alone {
        name += ", log alone";
    }
    if !run.wants(&name) {
        return Ok(Vec::new());
    }
    let messages = messages(1, append.messages, workload.id_bytes, workload.payload_bytes);
    let batches = batches(&messages, append.batch);
    let mut contenders =
        vec![Contender::new(ENGINE, || engine(run, &name, append, append.producers, &batches))];
    if workload.baselines {
        contenders.extend(baselines(run, append, &batches));
    }
    run.interleave(&name, &METRICS, contenders)
}

fn baselines<'a>(run: &'a Run<'_>, append: &'a Append, batches: &'a Batches) -> Vec<Contender<'a>> {
    let mut contenders = Vec::new();
    if append.producers > 1 {
        // The gain from producers that share what an append costs; the one is of their kind.
        let one = move || engine(run, "", append, 1, batches);
        let name = if append.threads { "engine, 1 thread" } else { "engine, 1 producer" };
        contenders.push(Contender::new(name, one));
    } else {
        contenders
            .push(Contender::new(RAW, move || raw(RawLog::create(run.parent)?, append, batches)));
        if append.ack == Durability::Synced {
            let message_bytes = run.workload.id_bytes + run.workload.payload_bytes + HEADER_BYTES;
            let bytes = (append.messages * message_bytes) as u64;
            contenders.push(Contender::new(FILLED, move || {
                raw(RawLog::create_filled(run.parent, bytes)?, append, batches)
            }));
        }
        #[cfg(feature = "rocks")]
        if !append.log_alone {
            let three_keys = move || three_keys(run, append, batches);
            contenders.push(Contender::new(super::THREE_KEYS, three_keys));
        }
    }
    #[cfg(feature = "peers")]
    contenders.extend(peers::contenders(run, append, batches));
    contenders
}

fn engine(
    run: &Run<'_>,
    name: &str,
    append: &Append,
    producers: usize,
    batches: &Batches,
) -> Outcome<Vec<f64>> {
    let adjust = |config: &mut DiskConfig| {
        if append.log_alone {
            config.settle_chunk_entries = 1 << 20;
            config.tail_max_bytes = 4 << 30;
        }
    };
    let engine = Engine::open_with(run.parent, adjust)?;
    let shares = shared_out(batches.clone(), producers);
    let append_share = |share| append_all(engine.writer.clone(), append.ack.into(), share);
    let are_tasks = append.producers > 1 && !append.threads;
    let tasks = are_tasks.then(|| Builder::new_multi_thread().build()).transpose()?;
    let started = Instant::now();
    if let Some(tasks) = &tasks {
        let all: Vec<_> = shares.into_iter().map(|it| tasks.spawn(append_share(it))).collect();
        all.into_iter().try_for_each(|task| Outcome::Ok(tasks.block_on(task)??))?;
    } else if append.threads {
        in_threads(shares, |share| Ok(runtime()?.block_on(append_share(share))?))?;
    } else {
        shares.into_iter().try_for_each(|it| engine.runtime.block_on(append_share(it)))?;
    }
    let acknowledged = rate(append.messages, started);
    drop(tasks);
    let metrics = engine.writer.metrics();
    engine.runtime.block_on(engine.writer.settle())?;
    let settled = if append.log_alone { NONE } else { rate(append.messages, started) };
    if !name.is_empty() {
        tell(run, name, &engine, metrics.backpressure_count);
    }
    engine.close()?;
    Ok(vec![acknowledged, settled, metrics.tail_bytes as f64 / MIB_BYTES])
}

async fn append_all(writer: Writer, ack: Ack, batches: Batches) -> Result<(), StorageError> {
    for batch in batches {
        writer.append(batch, ack).await?;
    }
    Ok(())
}

fn tell(run: &Run<'_>, name: &str, engine: &Engine, waited_count: u64) {
    run.break_down_appends(name, &engine.writer.metrics());
    let config = &engine.config;
    let (entries, bytes) = (config.tail_max_entries, config.tail_max_bytes);
    let bound = bytes as f64 / MIB_BYTES;
    run.note(format!("{name}: the tail holds {entries} messages or {bound} MiB at most"));
    if waited_count > 0 {
        run.note(format!("{name}: {waited_count} appends waited for room in the tail"));
    }
}

/// The batches of each producer: every n-th one.
fn shared_out(batches: Batches, producers: usize) -> Vec<Batches> {
    let mut shares = vec![Vec::new(); producers];
    for (number, batch) in batches.into_iter().enumerate() {
        shares[number % producers].push(batch);
    }
    shares
}

/// Runs `append` on each share in a thread of its own, all beginning at once.
fn in_threads(shares: Vec<Batches>, append: impl Fn(Batches) -> Outcome<()> + Sync) -> Outcome<()> {
    let begin = Barrier::new(shares.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = shares
            .into_iter()
            .map(|share| {
                scope.spawn(|| {
                    begin.wait();
                    append(share).map_err(|error| error.to_string())
                })
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a producer panicked")??;
        }
        Ok(())
    })
}

fn raw(mut raw: RawLog, append: &Append, batches: &Batches) -> Outcome<Vec<f64>> {
    let started = Instant::now();
    for batch in batches {
        raw.append(batch, append.ack)?;
    }
    let acknowledged = rate(append.messages, started);
    raw.settle()?;
    let settled = if append.log_alone { NONE } else { rate(append.messages, started) };
    Ok(vec![acknowledged, settled, NONE])
}

#[cfg(feature = "rocks")]
fn three_keys(run: &Run<'_>, append: &Append, batches: &Batches) -> Outcome<Vec<f64>> {
    let database = ThreeKeys::open(run.parent)?;
    let started = Instant::now();
    for batch in batches {
        database.append(batch, append.ack)?;
    }
    let acknowledged = rate(append.messages, started);
    database.settle()?;
    Ok(vec![acknowledged, rate(append.messages, started), NONE])
}

#[cfg(feature = "peers")]
mod peers {
    use super::{
        Append, Batches, Contender, Durability, Instant, NONE, Outcome, Run, in_threads, rate,
        shared_out,
    };
    use crate::baseline::{CommitLogPeer, OkayWalPeer};

    /// The logs: one that is always forced to disk, and one that never is.
    pub(super) fn contenders<'a>(
        run: &'a Run<'_>,
        append: &'a Append,
        batches: &'a Batches,
    ) -> Option<Contender<'a>> {
        match append.ack {
            Durability::Synced => {
                Some(Contender::new("okaywal", move || okaywal(run, append, batches)))
            }
            Durability::Flushed if append.producers == 1 => {
                Some(Contender::new("commitlog", move || commitlog(run, append, batches)))
            }
            _ => None,
        }
    }

    fn okaywal(run: &Run<'_>, append: &Append, batches: &Batches) -> Outcome<Vec<f64>> {
        let log = OkayWalPeer::open(run.parent)?;
        let shares = shared_out(batches.clone(), append.producers);
        let started = Instant::now();
        in_threads(shares, |share| {
            for batch in &share {
                log.append(batch)?;
            }
            Ok(())
        })?;
        Ok(vec![rate(append.messages, started), NONE, NONE])
    }

    fn commitlog(run: &Run<'_>, append: &Append, batches: &Batches) -> Outcome<Vec<f64>> {
        let mut log = CommitLogPeer::open(run.parent)?;
        let started = Instant::now();
        for batch in batches {
            log.append(batch)?;
        }
        Ok(vec![rate(append.messages, started), NONE, NONE])
    }
}
