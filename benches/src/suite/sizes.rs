//! What everything costs in a log of a given size.

use std::time::Instant;

use duolog::StorageError;

use super::{ENGINE, Run, opening};
use crate::Outcome;
use crate::cell::{Cell, Contender, Unit};
use crate::engine::{Engine, TOPIC};
use crate::messages::Source;
use crate::quiet::{disk_bytes, resident_bytes, wait_until_quiet};
use crate::timing::{Latencies, rate};
use crate::workload::Size;

const METRICS: [(&str, Unit); 13] = [
    ("appended", Unit::MessagesPerSecond),
    ("settled", Unit::MessagesPerSecond),
    ("compaction quiet", Unit::MessagesPerSecond),
    ("lookup by id, p50", Unit::Microseconds),
    ("lookup by id, p99", Unit::Microseconds),
    ("catch-up with a batch", Unit::Milliseconds),
    ("memory of the process", Unit::Mebibytes),
    ("space", Unit::BytesPerMessage),
    ("open after a close", Unit::Milliseconds),
    ("first lookup then", Unit::Milliseconds),
    ("first message read then", Unit::Milliseconds),
    ("recovery", Unit::Milliseconds),
    ("memory of the process after it", Unit::Mebibytes),
];
const MIB_BYTES: f64 = (1 << 20) as f64;

/// One log grows to the size; all of it is measured of that log.
pub(super) fn measure(run: &Run<'_>, size: &Size) -> Outcome<Vec<Cell>> {
    let name = format!("{} messages", size.messages);
    if !run.wants(&name) {
        return Ok(Vec::new());
    }
    let workload = run.workload;
    let source = Source::new(10, workload.id_bytes, workload.payload_bytes);
    let contender = Contender::new(ENGINE, || one(run, &name, size, &source));
    run.interleave(&name, &METRICS, vec![contender])
}

fn one(run: &Run<'_>, name: &str, size: &Size, source: &Source) -> Outcome<Vec<f64>> {
    let engine = Engine::open(run.parent)?;
    let count = size.messages as usize;
    let started = Instant::now();
    engine.load(source, 0..size.messages)?;
    let mut values = vec![rate(count, started)];
    engine.runtime.block_on(engine.writer.settle())?;
    values.push(rate(count, started));
    let quiet = wait_until_quiet().at;
    values.push(count as f64 / (quiet - started).as_secs_f64());
    values.extend(lookups(&engine, source, size)?);
    values.push(catch_up_ms(&engine, source, size.messages)?);
    values.push(resident_bytes() as f64 / MIB_BYTES);
    values.push(disk_bytes(engine.directory()) as f64 / count as f64);
    run.break_down_appends(name, &engine.writer.metrics());
    run.break_down_lookups(&format!("{name}, lookups"), &engine.writer.metrics().lookup_stages);
    let (opened, engine) = opening::reopen(engine.end()?, source)?;
    values.extend(opened);
    let held = size.messages + 1;
    let left = opening::leave_unsettled(engine, source, held, size.unsettled)?;
    let (recovered, engine) = opening::reopen(left, source)?;
    values.push(recovered[0]);
    values.push(resident_bytes() as f64 / MIB_BYTES);
    engine.close()?;
    Ok(values)
}

fn lookups(engine: &Engine, source: &Source, size: &Size) -> Outcome<Vec<f64>> {
    let index = engine.log.index();
    let mut latencies = Latencies::with_capacity(size.lookups);
    engine.runtime.block_on(async {
        for number in source.drawn(size.messages, size.lookups) {
            let id = source.id(number);
            let started = Instant::now();
            index.get_by_msg_id(TOPIC, 0, &id).await?;
            latencies.note(started);
        }
        Ok::<_, StorageError>(())
    })?;
    Ok(latencies.percentiles())
}

/// One more message is settled and looked up.
fn catch_up_ms(engine: &Engine, source: &Source, number: u64) -> Outcome<f64> {
    engine.load(source, number..number + 1)?;
    engine.runtime.block_on(engine.writer.settle())?;
    let (index, id) = (engine.log.index(), source.id(number));
    let started = Instant::now();
    engine.runtime.block_on(index.get_by_msg_id(TOPIC, 0, &id))?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}
