//! Lookups by id while a writer appends as fast as it can.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use duolog::Ack;
use duolog::types::Message;

use super::{ENGINE, LATENCIES, Run};
use crate::Outcome;
#[cfg(feature = "rocks")]
use crate::baseline::ThreeKeys;
use crate::cell::{Cell, Contender, Unit};
use crate::engine::{Engine, LOAD_BATCH, TOPIC, runtime};
use crate::messages::Source;
use crate::timing::{Latencies, rate};
use crate::workload::BusyLookup;

const METRICS: [(&str, Unit); 3] =
    [LATENCIES[0], LATENCIES[1], ("appended meanwhile", Unit::MessagesPerSecond)];

/// Each round begins with nothing, so that both sides hold as many messages when it counts, and
/// have as much merging before them as their appends leave.
pub(super) fn measure(run: &Run<'_>, lookup: &BusyLookup) -> Outcome<Vec<Cell>> {
    let (workload, name) = (run.workload, "lookup, beside a writer, by id");
    if !run.wants(name) {
        return Ok(Vec::new());
    }
    let source = Source::new(11, workload.id_bytes, workload.payload_bytes);
    let mut contenders = vec![Contender::new(ENGINE, || {
        let engine = Engine::open(run.parent)?;
        let values = of_engine(&engine, lookup, &source)?;
        run.break_down_lookups(name, &engine.writer.metrics().lookup_stages);
        engine.close()?;
        Ok(values)
    })];
    #[cfg(feature = "rocks")]
    if workload.baselines {
        contenders.push(Contender::new(super::THREE_KEYS, || {
            let database = ThreeKeys::open(run.parent)?;
            let append =
                |batch: Vec<Message>| database.append(&batch, crate::workload::Durability::Flushed);
            beside(lookup, &source, append, |id| {
                let found = database.get(id)?;
                found.map(drop).ok_or_else(|| "what was appended is not there".into())
            })
        }));
    }
    run.interleave(name, &METRICS, contenders)
}

fn of_engine(engine: &Engine, lookup: &BusyLookup, source: &Source) -> Outcome<Vec<f64>> {
    let (index, [writing, reading]) = (engine.log.index(), [runtime()?, runtime()?]);
    let append = move |batch| {
        writing.block_on(engine.writer.append(batch, Ack::Flushed))?;
        Ok(())
    };
    let get = |id: &str| Ok(reading.block_on(index.get_by_msg_id(TOPIC, 0, id)).map(drop)?);
    beside(lookup, source, append, get)
}

/// Looks messages up, once so many are there, while further ones are appended.
fn beside(
    lookup: &BusyLookup,
    source: &Source,
    append: impl Fn(Vec<Message>) -> Outcome<()> + Send,
    get: impl Fn(&str) -> Outcome<()>,
) -> Outcome<Vec<f64>> {
    let is_over = &AtomicBool::new(false);
    let (has_all, wait) = mpsc::channel();
    let append_on = move || {
        let mut count = 0;
        let mut begun = None;
        while !is_over.load(Ordering::Relaxed) {
            append(source.batch(count..count + LOAD_BATCH))?;
            count += LOAD_BATCH;
            if begun.is_none() && count >= lookup.messages + lookup.ahead {
                begun = Some((count, Instant::now()));
                has_all.send(())?;
            }
        }
        let (before, started) = begun.ok_or("lookups ended before they began")?;
        Outcome::Ok(rate((count - before) as usize, started))
    };
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || append_on().map_err(|error| error.to_string()));
        // A writer that fails drops its end of the channel.
        let found = match wait.recv() {
            Ok(()) => all(lookup, source, get),
            Err(_) => Err("nothing could be looked up".into()),
        };
        is_over.store(true, Ordering::Relaxed);
        let appended = writer.join().map_err(|_| "the writer panicked")??;
        let mut values = found?;
        values.push(appended);
        Ok(values)
    })
}

fn all(
    lookup: &BusyLookup,
    source: &Source,
    get: impl Fn(&str) -> Outcome<()>,
) -> Outcome<Vec<f64>> {
    let mut latencies = Latencies::with_capacity(lookup.lookups);
    for number in source.drawn(lookup.messages, lookup.lookups) {
        let (id, started) = (source.id(number), Instant::now());
        get(&id)?;
        latencies.note(started);
    }
    Ok(latencies.percentiles())
}
