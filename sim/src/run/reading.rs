//! Operations through a reader session.

use std::collections::{BTreeMap, BTreeSet};

use duolog::io::World;
use duolog::types::{Position, SegmentId, SegmentOffset};

use crate::history::{Call, Kind, Place, Reply};
use crate::plan::{CommitChoice, Content, Mark, Target};

use super::actor::Player;
use super::resolve;
use super::stage::end;
use super::subject::{Query, Seek, SubjectLog, SubjectReader};

/// An open session.
pub(super) struct Session<R> {
    pub number: u32,
    pub group: u32,
    pub reader: R,
    /// By partition: messages it read, oldest first, thinned out.
    processed: BTreeMap<u32, Vec<(u64, SegmentOffset)>>,
    /// Partitions in which it stands behind the last message that it read.
    is_behind: BTreeSet<u32>,
    /// By partition: the group's committed position when last asked for.
    committed: BTreeMap<u32, u64>,
}

/// How many messages a session remembers, to commit an older one.
const PROCESSED_MAX: usize = 64;

impl<R> Session<R> {
    /// Whether it has read messages of a partition.
    pub(super) fn reads(&self, lane: u32) -> bool {
        self.processed.contains_key(&lane)
    }

    fn remember(&mut self, lane: u32, sequence: u64, offset: SegmentOffset) {
        let processed = self.processed.entry(lane).or_default();
        if processed.len() == PROCESSED_MAX {
            processed.remove(1);
        }
        processed.push((sequence, offset));
        self.is_behind.insert(lane);
    }

    /// The position that a choice means, and the sequence of the message there.
    fn choose(&self, lane: u32, which: CommitChoice) -> Option<(SegmentOffset, Option<u64>)> {
        let processed = self.processed.get(&lane)?;
        let (sequence, offset) = *processed.last()?;
        Some(match which {
            CommitChoice::Processed => (offset, Some(sequence)),
            // A reset takes the session there, too.
            CommitChoice::Forced if !self.is_behind.contains(&lane) => return None,
            CommitChoice::Forced => (offset, Some(sequence)),
            CommitChoice::Inside => (SegmentOffset { offset: offset.offset + 1, ..offset }, None),
            CommitChoice::PastEnd => {
                (SegmentOffset { offset: offset.offset + (1 << 40), ..offset }, None)
            }
            CommitChoice::NoSegment => (nowhere(), None),
            CommitChoice::Older => {
                let committed = self.committed.get(&lane).copied()?;
                let older = processed.iter().find(|(sequence, _)| sequence + 1 < committed)?;
                (older.1, Some(older.0))
            }
        })
    }
}

/// A position in a segment that never was.
fn nowhere() -> SegmentOffset {
    SegmentOffset { segment_id: SegmentId::new(u32::MAX, 7), offset: 64 }
}

impl<W: World, L: SubjectLog> Player<W, L> {
    /// Opens a session where there is none; whether there is one now.
    pub(super) async fn open_session(&mut self) -> bool {
        if self.session.is_none() {
            self.start_session(self.actor + 1, false).await;
        }
        self.session.is_some()
    }

    pub(super) async fn start_session(&mut self, group: u32, drains: bool) {
        let number = self.stage.state.session();
        let again = std::mem::replace(&mut self.had_session, true);
        let call = Call::OpenSession { group, drains, again };
        let pending = self.journal.begin(number, 0, call, self.stage.now_us());
        let answer = self.stage.log.reader(group).await;
        if let Some(reader) = end(pending, answer, |_| Reply::Done, &self.stage.world) {
            let (processed, is_behind, committed) = Default::default();
            self.session = Some(Session { number, group, reader, processed, is_behind, committed });
        }
    }

    /// Reads on; how many messages came, `None` where it failed.
    pub(super) async fn read(&mut self, lane: u32, count: u32, wait_us: u64) -> Option<usize> {
        if !self.open_session().await {
            return None;
        }
        let pending = self.begin(lane, Call::Next { count, wait_us });
        let session = self.session.as_mut()?;
        let answer = session.reader.next(lane, count, wait_us).await;
        let trimmed = matches!(&answer, Err(r) if r.failure.kind == Kind::Trimmed);
        let content = self.stage.content();
        let answer = answer.map(|messages| (resolve::runs(content, lane, &messages), messages));
        let reply = |(runs, _): &(Vec<_>, _)| Reply::Messages(runs.clone());
        let messages = end(pending, answer, reply, &self.stage.world).map(|(_, messages)| messages);
        if let Some(messages) = &messages {
            for message in messages.iter().take(1).chain(messages.last()) {
                session.remember(lane, message.sequence, message.offset);
            }
        }
        if trimmed {
            self.seek(lane, Seek::Earliest).await;
        }
        messages.map(|messages| messages.len())
    }

    pub(super) async fn seek(&mut self, lane: u32, to: Seek) {
        if !self.open_session().await {
            return;
        }
        let call = match to {
            Seek::Earliest => Call::SeekEarliest,
            Seek::Time(from_us) => Call::SeekTime { from_us },
        };
        let pending = self.begin(lane, call);
        let Some(session) = &mut self.session else { return };
        session.is_behind.remove(&lane);
        let answer = session.reader.seek(lane, to).await;
        end(pending, answer, |()| Reply::Done, &self.stage.world);
    }

    pub(super) async fn seek_time(&mut self, lane: u32, target: Target, after_us: u64) {
        let Some(time_us) = self.time_us(lane, target) else { return };
        self.seek(lane, Seek::Time(time_us + after_us.cast_signed())).await;
    }

    /// The timestamp of the message that a target means, where there is one.
    fn time_us(&self, lane: u32, target: Target) -> Option<i64> {
        match self.stage.state.message(lane, target) {
            Some((producer, counter)) => {
                let mark = Mark { lane, producer, counter };
                Some(self.stage.content().expected(mark).timestamp_us)
            }
            None if target == Target::Missing => Some(Content::time_missing_us()),
            None => None,
        }
    }

    pub(super) async fn commit(&mut self, lane: u32, which: CommitChoice) {
        if !self.open_session().await {
            return;
        }
        let Some(session) = &self.session else { return };
        let Some((offset, sequence)) = session.choose(lane, which) else { return };
        let place = Place::from(offset);
        let call = Call::Commit { group: session.group, which, place, sequence };
        let pending = self.begin(lane, call);
        let answer = match sequence.filter(|_| which == CommitChoice::Forced) {
            Some(sequence) => session.reader.commit_forced(lane, offset, sequence).await,
            None => session.reader.commit(lane, offset).await,
        };
        end(pending, answer, |()| Reply::Done, &self.stage.world);
        self.committed(lane).await;
    }

    pub(super) async fn committed(&mut self, lane: u32) {
        let Some(session) = &self.session else { return };
        let pending = self.begin(lane, Call::Committed { group: session.group });
        let answer = session.reader.committed(lane).await;
        let reply = |position: &Option<Position>| {
            Reply::Committed(position.map(|position| (position.epoch, position.sequence)))
        };
        let position = end(pending, answer, reply, &self.stage.world).flatten();
        if let (Some(session), Some(position)) = (&mut self.session, position) {
            session.committed.insert(lane, position.sequence);
        }
    }

    pub(super) async fn lookup_id(&mut self, lane: u32, target: Target, all: bool) {
        let message = self.stage.state.message(lane, target);
        let id = message.map(|(producer, counter)| {
            self.stage.content().expected(Mark { lane, producer, counter }).id
        });
        if id.is_none() && target != Target::Missing {
            return;
        }
        let text = id.map_or_else(|| Content::id_missing(7), Content::id_text);
        let query = if all { Query::AllOfId(text) } else { Query::Id(text) };
        self.lookup(lane, Call::LookupId { id, all }, query).await;
    }

    pub(super) async fn lookup_position(&mut self, lane: u32, target: Target) {
        let (offset, sequence) = match self.stage.state.resolve(lane, target) {
            Some(known) => (known.offset, Some(known.sequence)),
            None if target == Target::Missing => (nowhere(), None),
            None => return,
        };
        let call = Call::LookupPosition { place: Place::from(offset), sequence };
        self.lookup(lane, call, Query::Place(offset)).await;
    }

    pub(super) async fn lookup_time(
        &mut self,
        lane: u32,
        target: Target,
        span_us: u64,
        limit: u32,
    ) {
        let Some(around) = self.time_us(lane, target) else { return };
        let from_us = around - (span_us / 2).cast_signed();
        let to_us = from_us + span_us.max(1).cast_signed();
        let call = Call::LookupTime { from_us, to_us, limit };
        self.lookup(lane, call, Query::Time { from_us, to_us, limit }).await;
    }

    pub(super) async fn lookup(&mut self, lane: u32, call: Call, query: Query) {
        if !self.open_session().await {
            return;
        }
        let pending = self.begin(lane, call);
        let Some(session) = &self.session else { return };
        let answer = session.reader.lookup(lane, query).await;
        // The answer is there: what follows only looks at whether it is right.
        let returned = pending.returned(self.stage.now_us());
        let answer = match answer {
            Ok((entries, report)) => {
                let content = self.stage.content();
                let found = resolve::found(&session.reader, content, lane, &entries).await;
                Ok((found, report))
            }
            Err(refusal) => Err(refusal),
        };
        let reply = |(found, report): &(Vec<_>, _)| Reply::Found(found.clone(), *report);
        end(returned, answer, reply, &self.stage.world);
    }
}
