//! One process of a run: the open log, its writers, and the actors on it.

use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Partitions whose writer cannot be opened any more.
    given_up: Vec<AtomicBool>,
}

/// How long an actor waits for a writer that another one is opening, and how often.
const WRITER_WAIT_US: u64 = 500;
const WRITER_WAITS_COUNT: u32 = 4_000;

/// How long a user waits who tries again after a failure of the disk, and how often.
const TRY_AGAIN_US: u64 = 5_000;
const TRIES_COUNT: u32 = 60;

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
            match stage.open_writer(&journal, lane).await {
                Err(_) if stage.state.has_faults() => stage.give_up(lane),
                opened => opened?,
            }
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
        let mut tries = 1;
        let log = loop {
            let refusal = match subject.open(&world, &state.plan.config).await {
                Ok(log) => break log,
                Err(refusal) => refusal,
            };
            let pending = journal.begin(0, 0, Call::OpenWriter, world.monotonic_us());
            end(pending, Err::<(), _>(refusal.clone()), |()| Reply::Done, &world);
            if !state.has_faults() || tries == TRIES_COUNT {
                return Err(refusal);
            }
            tries += 1;
            world.sleep(TRY_AGAIN_US).await;
        };
        let mut writers = Vec::new();
        writers.resize_with(state.plan.lane_count() as usize, Mutex::default);
        let mut given_up = Vec::new();
        given_up.resize_with(state.plan.lane_count() as usize, AtomicBool::default);
        let begun_us = world.monotonic_us();
        Ok(Self { world, state, log, process, begun_us, writers, given_up })
    }

    pub(super) fn content(&self) -> &Content {
        &self.state.plan.config.content
    }

    pub(super) fn now_us(&self) -> u64 {
        self.world.monotonic_us()
    }

    /// Opens the writer of a partition; a former one may hold its lock for a little while.
    pub(super) async fn open_writer(&self, journal: &Journal, lane: u32) -> Answer<()> {
        let mut tries = 0;
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
                    tries += 1;
                    if !self.tries_again(lane, refusal.failure.kind, tries).await {
                        return Err(refusal);
                    }
                }
            }
        }
        Err(Refusal::certain(Kind::Locked, "the writer stays locked"))
    }

    /// Whether a user opens a writer again that could not be opened, after a little while.
    async fn tries_again(&self, lane: u32, kind: Kind, tries: u32) -> bool {
        if !self.state.has_faults() {
            return false;
        }
        self.collapse_where_lost(lane, true).await;
        let is_lasting = !matches!(kind, Kind::Retry | Kind::Poisoned | Kind::Corrupt);
        if tries == TRIES_COUNT || is_lasting {
            return false;
        }
        self.world.sleep(TRY_AGAIN_US).await;
        true
    }

    /// Ends the process where a fault may have taken messages of the partition back: always, or
    /// as some users do.
    pub(super) async fn collapse_where_lost(&self, lane: u32, always: bool) {
        let fault = self.state.taken_back(self.process, lane);
        if fault.is_some_and(|fault| always || fault.nth.is_multiple_of(2)) {
            self.state.collapse().await;
        }
    }

    /// Nobody waits for the writer of a partition any more.
    fn give_up(&self, lane: u32) {
        self.given_up[lane as usize].store(true, Ordering::Relaxed);
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
            if writer.is_some() || self.given_up[lane as usize].load(Ordering::Relaxed) {
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
