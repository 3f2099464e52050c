//! One process of a run: the open log, its writers, and the actors on it.

use std::sync::{Arc, Mutex, PoisonError};

use duolog::io::World;

use crate::history::{Call, Event, Journal, Kind, Outcome, Pending, Reply};
use crate::plan::Content;

use super::state::RunState;
use super::subject::{Answer, Refusal, Subject, SubjectLog, SubjectWriter};

/// The writer type of a log.
type WriterOf<L> = <L as SubjectLog>::Writer;

/// What the actors of one process share.
pub(super) struct Stage<W, L: SubjectLog> {
    pub world: W,
    pub state: Arc<RunState>,
    pub log: L,
    pub process: u32,
    /// The clock when the process began.
    pub begun_us: u64,
    writers: Vec<Mutex<Option<WriterOf<L>>>>,
}

/// How long an actor waits for a writer that another one is opening, and how often.
const WRITER_WAIT_US: u64 = 500;
const WRITER_WAITS_COUNT: u32 = 4_000;

impl<W: World, L: SubjectLog> Stage<W, L> {
    /// Opens the log and every writer.
    pub(super) async fn open<S: Subject<W, Log = L>>(
        world: W,
        subject: &S,
        state: Arc<RunState>,
        process: u32,
    ) -> Answer<Self> {
        let journal = state.recorder.journal(process, Event::DRIVER);
        let stage = Self::enter(world, subject, state, process).await?;
        for lane in 0..stage.state.plan.lane_count() {
            stage.open_writer(&journal, lane).await?;
        }
        Ok(stage)
    }

    /// Opens the log and no writer.
    pub(super) async fn enter<S: Subject<W, Log = L>>(
        world: W,
        subject: &S,
        state: Arc<RunState>,
        process: u32,
    ) -> Answer<Self> {
        let journal = state.recorder.journal(process, Event::DRIVER);
        let log = match subject.open(&world, &state.plan.config).await {
            Ok(log) => log,
            Err(refusal) => {
                let pending = journal.begin(0, 0, Call::OpenWriter, world.monotonic_us());
                end(pending, Err::<(), _>(refusal.clone()), |()| Reply::Done, &world);
                return Err(refusal);
            }
        };
        let mut writers = Vec::new();
        writers.resize_with(state.plan.lane_count() as usize, Mutex::default);
        let begun_us = world.monotonic_us();
        Ok(Self { world, state, log, process, begun_us, writers })
    }

    pub(super) fn content(&self) -> &Content {
        &self.state.plan.config.content
    }

    pub(super) fn now_us(&self) -> u64 {
        self.world.monotonic_us()
    }

    /// Opens the writer of a partition; a former one may hold its lock for a little while.
    pub(super) async fn open_writer(&self, journal: &Journal, lane: u32) -> Answer<()> {
        for attempt in 1..=WRITER_WAITS_COUNT {
            let pending = journal.begin(0, lane, Call::OpenWriter, self.now_us());
            match self.log.writer(lane).await {
                Ok(writer) => {
                    let marks = writer.marks();
                    pending.ok(Reply::Marks(marks), self.now_us());
                    self.state.forget_beyond(lane, marks.log_end);
                    self.set_writer(lane, Some(writer));
                    return Ok(());
                }
                Err(refusal)
                    if refusal.failure.kind == Kind::Locked && attempt < WRITER_WAITS_COUNT =>
                {
                    pending.forget();
                    self.world.sleep(WRITER_WAIT_US).await;
                }
                Err(refusal) => {
                    end(pending, Err::<(), _>(refusal.clone()), |()| Reply::Done, &self.world);
                    return Err(refusal);
                }
            }
        }
        Err(Refusal::certain(Kind::Locked, "the writer stays locked"))
    }

    fn set_writer(&self, lane: u32, writer: Option<WriterOf<L>>) -> Option<WriterOf<L>> {
        let mut slot = self.writers[lane as usize].lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *slot, writer)
    }

    /// The writer of a partition; waits where it is being opened again. `None` where that takes
    /// too long: the one who opens it gave up.
    pub(super) async fn writer(&self, lane: u32) -> Option<WriterOf<L>> {
        for _ in 0..WRITER_WAITS_COUNT {
            let slot = &self.writers[lane as usize];
            let writer = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if writer.is_some() {
                return writer;
            }
            self.world.sleep(WRITER_WAIT_US).await;
        }
        None
    }

    /// Takes the writer of a partition away, for closing it.
    pub(super) fn take_writer(&self, lane: u32) -> Option<WriterOf<L>> {
        self.set_writer(lane, None)
    }
}

/// Records how a call ended; hands on what it answered.
pub(super) fn end<T>(
    pending: Pending,
    answer: Answer<T>,
    reply: impl FnOnce(&T) -> Reply,
    world: &impl World,
) -> Option<T> {
    let now_us = world.monotonic_us();
    match answer {
        Ok(value) => {
            pending.ok(reply(&value), now_us);
            Some(value)
        }
        Err(Refusal { failure, certain }) => {
            let outcome = if certain { Outcome::Fail(failure) } else { Outcome::Unknown(failure) };
            pending.end(outcome, now_us);
            None
        }
    }
}
