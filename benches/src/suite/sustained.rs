//! Appends that go on long after the tail is full, until nothing is left to do; then lookups in
//! what that left.

use std::path::Path;
use std::time::Instant;

use duolog::{Ack, DiskConfig, StorageError};

use super::{ENGINE, Run, lookup};
use crate::Outcome;
#[cfg(feature = "rocks")]
use crate::baseline::ThreeKeys;
#[cfg(feature = "peers")]
use crate::baseline::{FjallPeer, RedbPeer};
#[cfg(any(feature = "rocks", feature = "peers"))]
use crate::cell::NONE;
use crate::cell::{Cell, Contender, Unit, interleave};
use crate::engine::Engine;
use crate::messages::Source;
use crate::quiet::{Usage, disk_bytes, wait_until_quiet};
use crate::workload::Sustained;

const METRICS: [(&str, Unit); 7] = [
    ("acknowledged", Unit::MessagesPerSecond),
    ("settled", Unit::MessagesPerSecond),
    ("compaction quiet", Unit::MessagesPerSecond),
    ("written", Unit::Amplification),
    ("processor", Unit::MicrosecondsPerMessage),
    ("space", Unit::BytesPerMessage),
    ("time with the tail filled by half", Unit::Percent),
];
const SEED: u64 = 11;

/// Messages are made between the appends, and that counts as time of every contender.
pub(super) fn measure(run: &Run<'_>, sustained: &Sustained) -> Outcome<Vec<Cell>> {
    let name = format!("sustained, batch {}", sustained.batch);
    let workload = run.workload;
    if !run.wants(&name) {
        return Ok(Vec::new());
    }
    let source = Source::new(SEED, workload.id_bytes, workload.payload_bytes);
    let mut left: Option<Engine> = None;
    #[cfg(feature = "rocks")]
    let mut left_keys = None;
    let mut contenders = vec![Contender::new(ENGINE, || {
        left.take().map_or(Ok(()), Engine::close)?;
        let (values, engine) = engine(run, &name, sustained, &source)?;
        left = Some(engine);
        Ok(values)
    })];
    if workload.baselines {
        #[cfg(feature = "rocks")]
        contenders.push(Contender::new(super::THREE_KEYS, || {
            drop(left_keys.take());
            let (values, database) = three_keys(run, sustained, &source)?;
            left_keys = Some(database);
            Ok(values)
        }));
        #[cfg(feature = "peers")]
        contenders.extend(peers(run, sustained, &source));
    }
    let mut cells = interleave(&name, &METRICS, sustained.rounds, contenders)?;
    let left = left.ok_or("no round left an engine")?;
    cells.extend(lookup::in_state(
        run,
        "lookup after sustained",
        &lookup::State {
            engine: &left,
            #[cfg(feature = "rocks")]
            three_keys: left_keys.as_ref(),
            source: &source,
            messages: sustained.messages,
            lookups: sustained.lookups,
            rounds: sustained.lookup_rounds,
        },
    )?);
    left.close()?;
    Ok(cells)
}

/// What one contender used, from its begin to its rest.
struct Course<'a> {
    sustained: &'a Sustained,
    source: &'a Source,
    begin: Usage,
    acknowledged: Instant,
    settled: Instant,
}

impl<'a> Course<'a> {
    fn of(
        sustained: &'a Sustained,
        source: &'a Source,
        append: impl FnOnce() -> Outcome<()>,
        settle: impl FnOnce() -> Outcome<()>,
    ) -> Outcome<Self> {
        let begin = Usage::now();
        append()?;
        let acknowledged = Instant::now();
        settle()?;
        Ok(Self { sustained, source, begin, acknowledged, settled: Instant::now() })
    }

    /// Waits for rest, then answers all metrics but the last. Bytes count against those of ids and
    /// payloads, also where a contender stores no payload.
    fn values(self, directory: &Path) -> Vec<f64> {
        let quiet = wait_until_quiet();
        let count = self.sustained.messages as f64;
        let rate = |end: Instant| count / (end - self.begin.at).as_secs_f64();
        let written_bytes = (quiet.written_bytes - self.begin.written_bytes) as f64;
        let cpu_us = (quiet.cpu - self.begin.cpu).as_secs_f64() * 1e6;
        vec![
            rate(self.acknowledged),
            rate(self.settled),
            rate(quiet.at.max(self.settled)),
            written_bytes / self.source.bytes(self.sustained.messages) as f64,
            cpu_us / count,
            disk_bytes(directory) as f64 / count,
        ]
    }
}

fn engine(
    run: &Run<'_>,
    name: &str,
    sustained: &Sustained,
    source: &Source,
) -> Outcome<(Vec<f64>, Engine)> {
    let engine = Engine::open(run.parent)?;
    let mut filled = 0.0;
    let append = || {
        let started = Instant::now();
        engine.runtime.block_on(async {
            let mut since = started;
            for batch in source.batches(sustained.messages, sustained.batch) {
                engine.writer.append(batch, Ack::Flushed).await?;
                let now = Instant::now();
                if is_half_full(&engine) {
                    filled += (now - since).as_secs_f64();
                }
                since = now;
            }
            Ok::<_, StorageError>(())
        })?;
        filled *= 100.0 / started.elapsed().as_secs_f64();
        Ok(())
    };
    let settle = || Ok(engine.runtime.block_on(engine.writer.settle())?);
    let course = Course::of(sustained, source, append, settle)?;
    let mut values = course.values(engine.directory());
    values.push(filled);
    run.break_down_appends(name, &engine.writer.metrics());
    let DiskConfig { tail_max_entries, tail_max_bytes, .. } = engine.config;
    let bound_mib = tail_max_bytes >> 20;
    run.note(format!(
        "{name}: {} messages; the tail holds {tail_max_entries} messages or {bound_mib} MiB at \
         most, and {} appends waited for room in it",
        sustained.messages,
        engine.writer.metrics().backpressure_count,
    ));
    Ok((values, engine))
}

fn is_half_full(engine: &Engine) -> bool {
    let metrics = engine.writer.metrics();
    metrics.tail_entries >= engine.config.tail_max_entries / 2
        || metrics.tail_bytes >= engine.config.tail_max_bytes / 2
}

#[cfg(feature = "rocks")]
fn three_keys(
    run: &Run<'_>,
    sustained: &Sustained,
    source: &Source,
) -> Outcome<(Vec<f64>, ThreeKeys)> {
    use crate::workload::Durability;

    let database = ThreeKeys::open(run.parent)?;
    let append = || {
        for batch in source.batches(sustained.messages, sustained.batch) {
            database.append(&batch, Durability::Flushed)?;
        }
        Ok(())
    };
    let course = Course::of(sustained, source, append, || database.settle())?;
    let mut values = course.values(database.directory());
    values.push(NONE);
    Ok((values, database))
}

#[cfg(feature = "peers")]
fn peers<'a>(run: &'a Run<'_>, sustained: &'a Sustained, source: &'a Source) -> [Contender<'a>; 2] {
    let rounds = sustained.peer_rounds;
    let fjall = Contender::new("fjall (ids alone)", move || fjall(run, sustained, source));
    let redb = Contender::new("redb (ids alone)", move || redb(run, sustained, source));
    [fjall.at_most(rounds), redb.at_most(rounds)]
}

#[cfg(feature = "peers")]
fn fjall(run: &Run<'_>, sustained: &Sustained, source: &Source) -> Outcome<Vec<f64>> {
    let peer = std::cell::RefCell::new(FjallPeer::open(run.parent)?);
    let append = || {
        let mut batches = source.batches(sustained.messages, sustained.batch);
        batches.try_for_each(|batch| peer.borrow_mut().append(&batch))
    };
    let course = Course::of(sustained, source, append, || peer.borrow().settle())?;
    let mut values = course.values(peer.borrow().directory());
    values.push(NONE);
    Ok(values)
}

#[cfg(feature = "peers")]
fn redb(run: &Run<'_>, sustained: &Sustained, source: &Source) -> Outcome<Vec<f64>> {
    let peer = std::cell::RefCell::new(RedbPeer::open(run.parent)?);
    let append = || {
        let mut batches = source.batches(sustained.messages, sustained.batch);
        batches.try_for_each(|batch| peer.borrow_mut().append(&batch))
    };
    let course = Course::of(sustained, source, append, || peer.borrow_mut().settle())?;
    let mut values = course.values(peer.borrow().directory());
    values.push(NONE);
    Ok(values)
}
