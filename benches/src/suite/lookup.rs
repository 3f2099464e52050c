//! Lookups by id, by position and by time, in the tail and in the settled part.

use std::time::Instant;

use duolog::StorageError;
use duolog::types::SegmentOffset;

use super::{ENGINE, LATENCIES, Run};
use crate::Outcome;
#[cfg(feature = "rocks")]
use crate::baseline::ThreeKeys;
use crate::cell::{Cell, Contender, interleave};
use crate::engine::{Engine, TOPIC};
use crate::messages::Source;
use crate::quiet::wait_until_quiet;
use crate::timing::Latencies;
use crate::workload::{Lookup, Part};

/// Most messages of an answer by time.
const RANGE: usize = 100;
const SEED: u64 = 3;

/// Where lookups are made: both sides hold the same messages.
pub(super) struct State<'a> {
    pub(super) engine: &'a Engine,
    #[cfg(feature = "rocks")]
    pub(super) three_keys: Option<&'a ThreeKeys>,
    pub(super) source: &'a Source,
    pub(super) messages: u64,
    pub(super) lookups: usize,
    pub(super) rounds: usize,
}

/// Every id is there; both sides are loaded once as in the sustained run, and no compaction is
/// asked for.
pub(super) fn measure(run: &Run<'_>, lookup: &Lookup) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let part = format!("{:?}", lookup.part).to_lowercase();
    let name = format!("lookup, {part}, {} % of ids twice", lookup.duplicate_percent);
    if !run.wants(&name) {
        return Ok(Vec::new());
    }
    let source = Source::new(SEED, workload.id_bytes, workload.payload_bytes);
    let source = source.with_duplicates(lookup.duplicate_percent);
    let engine = Engine::open_with(run.parent, |config| {
        if lookup.part == Part::Tail {
            config.settle_chunk_entries = config.tail_max_entries;
        }
    })?;
    engine.load(&source, 0..lookup.messages)?;
    if lookup.part == Part::Settled {
        engine.runtime.block_on(engine.writer.settle())?;
    }
    #[cfg(feature = "rocks")]
    let three_keys = if workload.baselines {
        Some(ThreeKeys::loaded(run.parent, &source, lookup.messages)?)
    } else {
        None
    };
    wait_until_quiet();
    let state = State {
        engine: &engine,
        #[cfg(feature = "rocks")]
        three_keys: three_keys.as_ref(),
        source: &source,
        messages: lookup.messages,
        lookups: lookup.lookups,
        rounds: workload.rounds,
    };
    let cells = in_state(run, &name, &state)?;
    engine.close()?;
    Ok(cells)
}

/// The three kinds of lookups, of messages drawn at random: the same for all contenders and rounds.
pub(super) fn in_state(run: &Run<'_>, name: &str, state: &State<'_>) -> Outcome<Vec<Cell>> {
    let offsets = offsets(state)?;
    let mut cells = by_id(name, state)?;
    cells.extend(by_position(name, state, &offsets)?);
    cells.extend(by_time(name, state)?);
    run.break_down_lookups(name, &state.engine.writer.metrics().lookup_stages);
    Ok(cells)
}

/// Messages and where they lie.
fn offsets(state: &State<'_>) -> Outcome<Vec<(u64, SegmentOffset)>> {
    let index = state.engine.log.index();
    state.engine.runtime.block_on(async {
        let mut offsets = Vec::with_capacity(state.lookups);
        for number in state.source.drawn(state.messages, state.lookups) {
            // By time, which tells messages of one id apart.
            let at_us = state.source.timestamp_us(number);
            let found = index.get_range_by_time(TOPIC, 0, at_us, at_us + 1, 1).await?;
            let meta = found.first().ok_or("a message that was appended is not found by time")?;
            offsets.push((number, meta.offset));
        }
        Ok(offsets)
    })
}

fn by_id(name: &str, state: &State<'_>) -> Outcome<Vec<Cell>> {
    let drawn = state.source.drawn(state.messages, state.lookups);
    let ids: Vec<String> = drawn.iter().map(|number| state.source.id(*number)).collect();
    let index = state.engine.log.index();
    let mut contenders = vec![Contender::new(ENGINE, || {
        let mut latencies = Latencies::with_capacity(ids.len());
        state.engine.runtime.block_on(async {
            for id in &ids {
                let started = Instant::now();
                index.get_by_msg_id(TOPIC, 0, id).await?;
                latencies.note(started);
            }
            Ok::<_, StorageError>(())
        })?;
        Ok(latencies.percentiles())
    })];
    #[cfg(feature = "rocks")]
    if let Some(three_keys) = state.three_keys {
        if state.engine.writer.marks().settled > 0 {
            contenders.push(primary(state, &ids)?);
        }
        contenders.push(Contender::new(super::THREE_KEYS, || {
            timed(ids.len(), |number| Ok(three_keys.get(&ids[number])?.is_some()))
        }));
    }
    interleave(&format!("{name}, by id"), &LATENCIES, state.rounds, contenders)
}

/// Plain `get` of the engine's own database, by its primary.
#[cfg(feature = "rocks")]
fn primary<'a>(state: &State<'a>, ids: &'a [String]) -> Outcome<Contender<'a>> {
    use duolog::RocksDBInstanceManager;
    use duolog::io::{Family, IndexBackend, IndexOptions, IndexRead, World};

    let engine = state.engine;
    let path = engine.index_directory()?;
    // The primary that settled gives way to one of our own.
    RocksDBInstanceManager::new(engine.world.clone()).cleanup_storage_root(engine.directory());
    let opening = engine.world.index().open_primary(&path, IndexOptions::default());
    let primary = engine.runtime.block_on(opening)?;
    wait_until_quiet();
    Ok(Contender::new("its primary's get", move || {
        timed(ids.len(), |number| {
            let key = duolog::index::key::by_id(0, &ids[number]);
            Ok(engine.runtime.block_on(primary.get(Family::ById, &key))?.is_some())
        })
    }))
}

fn by_position(
    name: &str,
    state: &State<'_>,
    offsets: &[(u64, SegmentOffset)],
) -> Outcome<Vec<Cell>> {
    let index = state.engine.log.index();
    let mut contenders = vec![Contender::new(ENGINE, || {
        let mut latencies = Latencies::with_capacity(offsets.len());
        state.engine.runtime.block_on(async {
            for (_, offset) in offsets {
                let started = Instant::now();
                index.get_msg_id_by_segment_offset(TOPIC, 0, offset).await?;
                latencies.note(started);
            }
            Ok::<_, StorageError>(())
        })?;
        Ok(latencies.percentiles())
    })];
    #[cfg(feature = "rocks")]
    if let Some(three_keys) = state.three_keys {
        let one = state.source.message(0);
        contenders.push(Contender::new(super::THREE_KEYS, move || {
            timed(offsets.len(), |number| Ok(three_keys.id_at(offsets[number].0, &one)?.is_some()))
        }));
    }
    interleave(&format!("{name}, by position"), &LATENCIES, state.rounds, contenders)
}

fn by_time(name: &str, state: &State<'_>) -> Outcome<Vec<Cell>> {
    let last = state.messages.saturating_sub(RANGE as u64).max(1);
    let drawn = state.source.drawn(last, state.lookups);
    let times: Vec<i64> = drawn.iter().map(|it| state.source.timestamp_us(*it)).collect();
    let index = state.engine.log.index();
    let mut contenders = vec![Contender::new(ENGINE, || {
        let mut latencies = Latencies::with_capacity(times.len());
        state.engine.runtime.block_on(async {
            for from_us in times.iter().copied() {
                let (to_us, started) = (from_us + RANGE as i64, Instant::now());
                let found = index.get_range_by_time(TOPIC, 0, from_us, to_us, RANGE).await?;
                latencies.note(started);
                assert_eq!(found.len(), RANGE, "one message a microsecond");
            }
            Ok::<_, StorageError>(())
        })?;
        Ok(latencies.percentiles())
    })];
    #[cfg(feature = "rocks")]
    if let Some(three_keys) = state.three_keys {
        let times = &times;
        contenders.push(Contender::new(super::THREE_KEYS, move || {
            timed(times.len(), |number| Ok(three_keys.since(times[number], RANGE)?.len() == RANGE))
        }));
    }
    let name = format!("{name}, {RANGE} by time");
    interleave(&name, &LATENCIES, state.rounds, contenders)
}

#[cfg(feature = "rocks")]
fn timed(count: usize, mut ask: impl FnMut(usize) -> Outcome<bool>) -> Outcome<Vec<f64>> {
    let mut latencies = Latencies::with_capacity(count);
    for number in 0..count {
        let started = Instant::now();
        let is_found = ask(number)?;
        latencies.note(started);
        if !is_found {
            return Err("what was written is not there".into());
        }
    }
    Ok(latencies.percentiles())
}
