//! Reading everything in order, checksums on.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use duolog::types::{Message, ReadPosition};
use duolog::{Ack, ReadMessages, StorageError};

use super::{ENGINE, RAW, Run};
use crate::Outcome;
#[cfg(feature = "peers")]
use crate::baseline::CommitLogPeer;
use crate::baseline::RawLog;
use crate::cell::{Cell, Contender, Unit};
use crate::engine::{Engine, LOAD_BATCH, TOPIC, runtime};
use crate::messages::{batches, messages};
use crate::timing::rate;
use crate::workload::{Durability, Next};

const METRICS: [(&str, Unit); 1] = [("messages read", Unit::MessagesPerSecond)];

/// New groups read all messages from the first on; a raw file is read in blocks of the engine's
/// size, parsed and checked. What a writer appends meanwhile is read by nobody.
pub(super) fn measure(run: &Run<'_>, next: &Next) -> Outcome<Vec<Cell>> {
    let workload = run.workload;
    let mut name = format!("next, {} a call", next.take);
    if next.readers > 1 {
        name += &format!(", {} readers", next.readers);
    }
    if next.beside_writer {
        name += ", beside a writer";
    }
    if !run.wants(&name) {
        return Ok(Vec::new());
    }
    let messages = messages(5, next.messages, workload.id_bytes, workload.payload_bytes);
    let engine = Engine::settled(run.parent, &messages)?;
    let raw = raw_log(run, &messages)?;
    let mut group = 0;
    let mut contenders = vec![Contender::new(ENGINE, || {
        group += 1000;
        read(&engine, group, next, &messages, looked_at)
    })];
    if next.readers == 1 {
        let (engine, messages) = (&engine, &messages);
        let mut group = 500;
        contenders.push(Contender::new("engine, messages on their own", move || {
            group += 1000;
            read(engine, group, next, messages, |read| std::hint::black_box(read.into_vec()).len())
        }));
    }
    if next.readers > 1 {
        // How much is gained by readers that share the processors.
        let alone = Next { readers: 1, ..next.clone() };
        let (engine, messages) = (&engine, &messages);
        let mut group = 500;
        contenders.push(Contender::new("engine, 1 reader", move || {
            group += 1000;
            read(engine, group, &alone, messages, looked_at)
        }));
    }
    if workload.baselines && next.readers == 1 && !next.beside_writer {
        let raw = &raw;
        contenders.push(Contender::new(RAW, move || {
            let started = Instant::now();
            all(raw.read_all()?, next, started)
        }));
        #[cfg(feature = "peers")]
        contenders.push(commit_log(run, next, &messages)?);
    }
    let cells = run.interleave(&name, &METRICS, contenders)?;
    engine.close()?;
    Ok(cells)
}

fn raw_log(run: &Run<'_>, messages: &[Message]) -> Outcome<RawLog> {
    let mut raw = RawLog::create(run.parent)?;
    for batch in messages.chunks(LOAD_BATCH as usize) {
        raw.append(batch, Durability::Flushed)?;
    }
    raw.settle()?;
    Ok(raw)
}

#[cfg(feature = "peers")]
fn commit_log<'a>(run: &Run<'_>, next: &'a Next, messages: &[Message]) -> Outcome<Contender<'a>> {
    let mut log = CommitLogPeer::open(run.parent)?;
    messages.chunks(LOAD_BATCH as usize).try_for_each(|batch| log.append(batch))?;
    Ok(Contender::new("commitlog", move || {
        let started = Instant::now();
        all(log.read_all()?, next, started)
    }))
}

/// Looks at each message as the other logs' are looked at; how many there are.
fn looked_at(messages: ReadMessages) -> usize {
    messages.iter().filter(|it| std::hint::black_box(it.payload().len()) > 0).count()
}

/// Messages a second, of all readers together; `count` says how many a call returned.
fn read(
    engine: &Engine,
    group: u32,
    next: &Next,
    messages: &[Message],
    count: impl Fn(ReadMessages) -> usize + Copy + Send,
) -> Outcome<Vec<f64>> {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = next.beside_writer.then(|| {
            scope.spawn(|| write_until(&is_over, engine, messages).map_err(|it| it.to_string()))
        });
        let started = Instant::now();
        let readers: Vec<_> = (0..next.readers as u32)
            .map(|number| {
                scope.spawn(move || {
                    read_all(engine, group + number, next, count).map_err(|it| it.to_string())
                })
            })
            .collect();
        let counts = readers.into_iter().map(|thread| thread.join().map_err(|_| "a panic"));
        let counts: Result<Vec<_>, _> = counts.collect();
        let rate = rate(next.readers * next.messages, started);
        is_over.store(true, Ordering::Relaxed);
        if let Some(writer) = writer {
            writer.join().map_err(|_| "the writer panicked")??;
        }
        for count in counts? {
            let count = count?;
            if count != next.messages {
                return Err(format!("{count} of {} messages were read", next.messages).into());
            }
        }
        Ok(vec![rate])
    })
}

fn read_all(
    engine: &Engine,
    group: u32,
    next: &Next,
    count: impl Fn(ReadMessages) -> usize,
) -> Outcome<usize> {
    let reader = engine.log.reader(group);
    let take = NonZero::new(next.take).ok_or("take at least one message")?;
    let runtime = runtime()?;
    Ok(runtime.block_on(async {
        reader.seek(TOPIC, 0, ReadPosition::Earliest).await?;
        let mut read = 0;
        while read < next.messages {
            let take = take.min(NonZero::new(next.messages - read).expect("some are left"));
            let messages = reader.next(TOPIC, 0, take, 0).await?;
            if messages.is_empty() {
                break;
            }
            read += count(messages);
        }
        Ok::<_, StorageError>(read)
    })?)
}

fn write_until(is_over: &AtomicBool, engine: &Engine, messages: &[Message]) -> Outcome<()> {
    let runtime = runtime()?;
    let batch = batches(&messages[..messages.len().min(LOAD_BATCH as usize)], LOAD_BATCH as usize);
    while !is_over.load(Ordering::Relaxed) {
        runtime.block_on(engine.writer.append(batch[0].clone(), Ack::Flushed))?;
    }
    Ok(())
}

fn all(count: usize, next: &Next, started: Instant) -> Outcome<Vec<f64>> {
    let rate = rate(count, started);
    if count == next.messages {
        return Ok(vec![rate]);
    }
    Err(format!("{count} of {} messages were read", next.messages).into())
}
