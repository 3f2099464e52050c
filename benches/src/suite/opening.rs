//! Opening what another process left: recovery, and the first answers.

use std::num::NonZero;
use std::time::Instant;

use super::{ENGINE, Run};
use crate::Outcome;
#[cfg(feature = "rocks")]
use crate::cell::NONE;
use crate::cell::{Cell, Contender, Unit};
use crate::engine::{Engine, Left, TOPIC};
use crate::messages::Source;
use crate::workload::Opening;

const METRICS: [(&str, Unit); 3] = [
    ("open to write", Unit::Milliseconds),
    ("first lookup then", Unit::Milliseconds),
    ("first message read then", Unit::Milliseconds),
];

/// Files are in the system's cache, as after the death of a process. Where messages are past the
/// settled mark, the writer is abandoned and recovery reads them again; for RocksDB they lie in
/// its write-ahead log.
pub(super) fn measure(run: &Run<'_>, opening: &Opening) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let name = match opening.unsettled {
        0 => format!("open {} messages, closed in order", opening.settled),
        count => format!("recover {count} messages past {} settled", opening.settled),
    };
    if !run.wants(&name) {
        return Ok(Vec::new());
    }
    let source = Source::new(9, workload.id_bytes, workload.payload_bytes);
    let mut contenders = vec![Contender::new(ENGINE, || {
        let left = leave(run, &source, opening.settled, opening.unsettled)?;
        reopen(left, &source).map(|(values, _)| values)
    })];
    #[cfg(feature = "rocks")]
    if workload.baselines {
        let source = &source;
        contenders
            .push(Contender::new(super::THREE_KEYS, move || three_keys(run, source, opening)));
    }
    run.interleave(&name, &METRICS, contenders)
}

fn leave(run: &Run<'_>, source: &Source, settled: u64, unsettled: u64) -> Outcome<Left> {
    let engine = Engine::open(run.parent)?;
    engine.load(source, 0..settled)?;
    engine.runtime.block_on(engine.writer.settle())?;
    leave_unsettled(engine, source, settled, unsettled)
}

/// Appends `unsettled` messages behind `settled` and ends without closing; where there are none,
/// closes.
pub(super) fn leave_unsettled(
    engine: Engine,
    source: &Source,
    settled: u64,
    unsettled: u64,
) -> Outcome<Left> {
    let left = engine.end()?;
    if unsettled == 0 {
        return Ok(left);
    }
    // Nothing is settled meanwhile, also not what fills a chunk of the usual size.
    let usual = left.settings();
    let left = left.with(|config| {
        config.settle_chunk_entries = 1 << 20;
        config.tail_max_entries = config.tail_max_entries.max(1 << 21);
        config.tail_max_bytes = 4 << 30;
    });
    let engine = left.open(false)?;
    engine.load(source, settled..settled + unsettled)?;
    Ok(engine.abandon().with(|config| *config = usual))
}

/// Opens to write, looks one message up, reads one; in milliseconds.
pub(super) fn reopen(left: Left, source: &Source) -> Outcome<(Vec<f64>, Engine)> {
    let started = Instant::now();
    let engine = left.open(false)?;
    let opened_ms = elapsed_ms(started);
    let started = Instant::now();
    let id = source.id(0);
    engine.runtime.block_on(engine.log.index().get_by_msg_id(TOPIC, 0, &id))?;
    let found_ms = elapsed_ms(started);
    let started = Instant::now();
    let one = NonZero::<usize>::MIN;
    let read = engine.runtime.block_on(engine.log.reader(1).next(TOPIC, 0, one, 0))?;
    let read_ms = elapsed_ms(started);
    if read.is_empty() {
        return Err("the first message is not there".into());
    }
    Ok((vec![opened_ms, found_ms, read_ms], engine))
}

#[cfg(feature = "rocks")]
fn three_keys(run: &Run<'_>, source: &Source, opening: &Opening) -> Outcome<Vec<f64>> {
    use crate::baseline::ThreeKeys;
    use crate::engine::LOAD_BATCH;
    use crate::workload::Durability;

    let database = ThreeKeys::loaded(run.parent, source, opening.settled)?;
    let end = opening.settled + opening.unsettled;
    for start in (opening.settled..end).step_by(LOAD_BATCH as usize) {
        let batch = source.batch(start..end.min(start + LOAD_BATCH));
        database.append(&batch, Durability::Flushed)?;
    }
    let directory = database.end();
    let started = Instant::now();
    let database = ThreeKeys::open_in(directory)?;
    let opened_ms = elapsed_ms(started);
    let started = Instant::now();
    database.get(&source.id(0))?.ok_or("an id that was written is not there")?;
    Ok(vec![opened_ms, elapsed_ms(started), NONE])
}

fn elapsed_ms(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}
