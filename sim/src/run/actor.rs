//! An actor does its operations one after the other.

use std::sync::Arc;

use duolog::io::World;

use crate::history::{Call, Journal, Pending};
use crate::plan::Operation;

use super::reading::Session;
use super::stage::Stage;
use super::subject::{Seek, SubjectLog};

/// How long an actor waits for producers before it looks again, and how often.
const WAIT_US: u64 = 1_000;
const WAITS_MAX: u32 = 3_000;

/// How much one read at the end of a partition asks for, how long it waits, and how many may bring
/// nothing.
const FOLLOW_COUNT: u32 = 500;
const FOLLOW_WAIT_US: u64 = 20_000;
const EMPTY_READS_MAX: u32 = 150;

/// One actor in one process.
pub(super) struct Player<W, L: SubjectLog> {
    pub stage: Arc<Stage<W, L>>,
    pub journal: Journal,
    pub actor: u32,
    pub session: Option<Session<L::Reader>>,
    pub had_session: bool,
    /// When the operation was to begin, where there is a timetable.
    intended_us: Option<u64>,
    /// Who else does what this actor does at the same time, each in a session of its own.
    pub crowd: Vec<Self>,
}

impl<W: World, L: SubjectLog> Player<W, L> {
    pub(super) fn new(stage: Arc<Stage<W, L>>, actor: u32) -> Self {
        let journal = stage.state.recorder.journal(stage.process, actor);
        Self {
            stage,
            journal,
            actor,
            session: None,
            had_session: false,
            intended_us: None,
            crowd: Vec::new(),
        }
    }

    /// Does what is left of the actor's operations.
    pub(super) async fn play(&mut self) {
        loop {
            let at = self.stage.state.advance(self.actor);
            let operations = &self.stage.state.plan.actors[self.actor as usize].operations;
            let Some(operation) = operations.get(at).copied() else { return };
            self.perform(operation).await;
        }
    }

    async fn perform(&mut self, operation: Operation) {
        self.begin_operation(operation).await;
        if !matches!(operation, Operation::At { .. }) {
            self.intended_us = None;
        }
    }

    async fn begin_operation(&mut self, operation: Operation) {
        match operation {
            Operation::Append { lane, count, ack, drop_after_polls } => {
                self.append(lane, count, ack, drop_after_polls).await;
            }
            Operation::Flush { lane, fsync } => self.flush(lane, fsync).await,
            Operation::Marks { lane } => self.marks(lane).await,
            Operation::Settle { lane } => self.settle(lane).await,
            Operation::Trim { lane, keep } => self.trim(lane, keep).await,
            Operation::RestartWriter { lane } => self.restart_writer(lane).await,
            Operation::Silence { us } => self.stage.world.sleep(us).await,
            Operation::Await { lane, count } => self.wait_for(lane, count).await,
            Operation::Reopen => {
                self.session = None;
                self.open_session().await;
            }
            Operation::Next { lane, count, wait_us } => {
                self.read(lane, count, wait_us).await;
            }
            Operation::Follow { lane, count } => self.follow(lane, count).await,
            Operation::At { us } => self.keep_time(us).await,
            Operation::SeekEarliest { lane } => self.seek(lane, Seek::Earliest).await,
            Operation::SeekTime { lane, target, after_us } => {
                self.seek_time(lane, target, after_us).await;
            }
            Operation::Commit { lane, which } => self.commit(lane, which).await,
            Operation::LookupId { lane, target, all } => self.lookup_id(lane, target, all).await,
            Operation::LookupPosition { lane, target } => self.lookup_position(lane, target).await,
            Operation::LookupSettled { lane, count } => self.lookup_settled(lane, count).await,
            Operation::LookupTime { lane, target, span_us, limit } => {
                self.lookup_time(lane, target, span_us, limit).await;
            }
        }
    }

    async fn wait_for(&self, lane: u32, count: u64) {
        for _ in 0..WAITS_MAX {
            if self.stage.state.acknowledged_count(lane) >= count {
                return;
            }
            self.stage.world.sleep(WAIT_US).await;
        }
    }

    /// Waits for the moment at which the next operation is to begin.
    async fn keep_time(&mut self, us: u64) {
        let intended_us = self.stage.begun_us + us;
        let early_us = intended_us.saturating_sub(self.stage.now_us());
        if early_us > 0 {
            self.stage.world.sleep(early_us).await;
        }
        self.intended_us = Some(intended_us);
    }

    /// Reads on at the end of a partition, until so many messages were acknowledged.
    async fn follow(&mut self, lane: u32, count: u64) {
        let mut empty_count = 0;
        while self.stage.state.acknowledged_count(lane) < count && empty_count < EMPTY_READS_MAX {
            match self.read(lane, FOLLOW_COUNT, FOLLOW_WAIT_US).await {
                Some(messages) if messages > 0 => empty_count = 0,
                _ => empty_count += 1,
            }
        }
    }

    pub(super) fn begin(&self, lane: u32, call: Call) -> Pending {
        let session = self.session.as_ref().map_or(0, |session| session.number);
        self.begin_in(session, lane, call)
    }

    /// A call of the actor in this session, or in none.
    pub(super) fn begin_in(&self, session: u32, lane: u32, call: Call) -> Pending {
        let pending = self.journal.begin(session, lane, call, self.stage.now_us());
        pending.intended(self.intended_us)
    }
}
