//! What the runner wants of a log: the engine has it, and so has the perfect log that the judges
//! are tested with.

use std::future::Future;

use duolog::io::World;
use duolog::types::{Message, MessageMeta, Position, ReadMessage, SegmentOffset};

use crate::history::{Failure, InstancesSeen, Kind, MarksSeen, Report, WriterSeen};
use crate::plan::{Ack, PlanConfig};

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind, and in words.
    pub failure: Failure,
    /// Whether it is certain that nothing was changed.
    pub certain: bool,
}

impl Refusal {
    /// A refusal that changed nothing.
    pub fn certain(kind: Kind, text: impl Into<Box<str>>) -> Self {
        Self { failure: Failure { kind, text: text.into() }, certain: true }
    }
}

/// What a call answers.
pub type Answer<T> = Result<T, Refusal>;

/// The place of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The writer's epoch.
    pub epoch: u32,
    /// The sequence of the first message.
    pub first_sequence: u64,
    /// The position of each message.
    pub offsets: Vec<SegmentOffset>,
}

/// What to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The latest message of an id.
    Id(String),
    /// All messages of an id, latest first.
    AllOfId(String),
    /// The message at a position.
    Place(SegmentOffset),
    /// Messages by time.
    Time {
        /// From this time on.
        from_us: i64,
        /// Up to this time, exclusive.
        to_us: i64,
        /// How many at most.
        limit: u32,
    },
}

/// Where a session goes.
#[derive(Clone, Copy, Debug)]
pub enum Seek {
    /// To the earliest message.
    Earliest,
    /// To the first message since a time, inclusive, microseconds since 1970.
    Time(i64),
}

/// Something that can be opened as a log in a process of a world.
pub trait Subject<W: World>: Clone + Send + Sync + 'static {
    /// The open log.
    type Log: SubjectLog;

    /// Opens it; makes the topics where they are not there yet.
    fn open(
        &self,
        world: &W,
        config: &PlanConfig,
    ) -> impl Future<Output = Answer<Self::Log>> + Send;
}

/// An open log.
pub trait SubjectLog: Clone + Send + Sync + 'static {
    /// The writer of a partition.
    type Writer: SubjectWriter;
    /// A reader session.
    type Reader: SubjectReader;

    /// Opens the writer of a partition.
    fn writer(&self, lane: u32) -> impl Future<Output = Answer<Self::Writer>> + Send;

    /// Opens a session of a group.
    fn reader(&self, group: u32) -> impl Future<Output = Answer<Self::Reader>> + Send;

    /// The index instances of its process.
    fn instances(&self) -> impl Future<Output = Answer<InstancesSeen>> + Send;
}

/// The writer of a partition; clones share it.
pub trait SubjectWriter: Clone + Send + Sync + 'static {
    /// Appends a batch.
    fn append(
        &self,
        messages: Vec<Message>,
        ack: Ack,
    ) -> impl Future<Output = Answer<Appended>> + Send;

    /// Writes what is staged; forces it where `fsync`.
    fn flush(&self, fsync: bool) -> impl Future<Output = Answer<()>> + Send;

    /// Settles the tail.
    fn settle(&self) -> impl Future<Output = Answer<()>> + Send;

    /// Drops whole segments below `to`.
    fn trim(&self, to: u64) -> impl Future<Output = Answer<()>> + Send;

    /// The marks.
    fn marks(&self) -> MarksSeen;

    /// What it did so far.
    fn seen(&self) -> WriterSeen;

    /// Writes again after a failure.
    fn resume(&self) -> impl Future<Output = Answer<()>> + Send;

    /// Closes it.
    fn close(&self) -> impl Future<Output = Answer<()>> + Send;
}

/// A reader session.
pub trait SubjectReader: Send + Sync + 'static {
    /// Reads on.
    fn next(
        &self,
        lane: u32,
        count: u32,
        wait_us: u64,
    ) -> impl Future<Output = Answer<Vec<ReadMessage>>> + Send;

    /// Goes somewhere else.
    fn seek(&self, lane: u32, to: Seek) -> impl Future<Output = Answer<()>> + Send;

    /// Commits a position.
    fn commit(&self, lane: u32, offset: SegmentOffset) -> impl Future<Output = Answer<()>> + Send;

    /// Commits the position of the message `sequence`, and has it forced to disk.
    fn commit_forced(
        &self,
        lane: u32,
        offset: SegmentOffset,
        sequence: u64,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// The group's committed position.
    fn committed(&self, lane: u32) -> impl Future<Output = Answer<Option<Position>>> + Send;

    /// Looks up, fresh.
    fn lookup(
        &self,
        lane: u32,
        query: Query,
    ) -> impl Future<Output = Answer<(Vec<MessageMeta>, Report)>> + Send;

    /// The message at a position.
    fn read_at(
        &self,
        lane: u32,
        offset: SegmentOffset,
    ) -> impl Future<Output = Answer<ReadMessage>> + Send;
}
