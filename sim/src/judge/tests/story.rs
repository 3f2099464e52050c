//! A history told call by call.

use crate::history::{
    Call, Event, Failure, Found, History, Kind, MarksSeen, Outcome, Place, Reply, Report, Run,
};
use crate::plan::{Ack, CommitChoice, Content, Mark, Plan, Shape, Visibility};

/// Calls follow each other, unless one is begun and ended by hand.
#[derive(Clone)]
pub(super) struct Story {
    plan: Plan,
    events: Vec<Event>,
    stamp: u64,
    pub process: u32,
}

/// One run of messages of a producer, in the one segment of the story.
pub(super) fn run(sequence: u64, count: u32, producer: u32, first: u64) -> Run {
    Run { sequence, count, producer, first, place: place(sequence), damaged: false }
}

/// Where the message of a sequence lies.
pub(super) fn place(sequence: u64) -> Place {
    Place(1 << 32, 64 + 100 * sequence)
}

impl Story {
    pub(super) fn new() -> Self {
        let mut plan = Plan::draw(1, &Shape::simulated());
        (plan.config.topic_count, plan.config.partition_count) = (1, 1);
        plan.config.visibility = Visibility::Flushed;
        let content = &mut plan.config.content;
        *content = Content { repeated_id_count: 0, timestamp_skew_us: 0, ..content.clone() };
        (content.timestamp_step_us, content.timestamp_grain_us) = (10, 1);
        Self { plan, events: Vec::new(), stamp: 0, process: 0 }
    }

    /// The same with ids of which half come again and again.
    pub(super) fn repeating_ids(mut self) -> Self {
        let content = &mut self.plan.config.content;
        (content.repeated_id_count, content.repeated_in_16) = (2, 8);
        self
    }

    pub(super) fn end(self) -> History {
        let mut history = History::new(&self.plan, self.events);
        history.header.loses_power = true;
        history.header.falls_silent = true;
        history
    }

    pub(super) fn content(&self) -> &Content {
        &self.plan.config.content
    }

    fn tick(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }

    /// Begins a call; its index.
    pub(super) fn begin(&mut self, actor: u32, session: u32, call: Call) -> usize {
        let invoked = self.tick();
        let failure = Failure { kind: Kind::Died, text: "".into() };
        self.events.push(Event {
            process: self.process,
            actor,
            session,
            lane: 0,
            invoked,
            returned: None,
            invoked_us: invoked,
            intended_us: None,
            returned_us: invoked,
            call,
            outcome: Outcome::Unknown(failure),
        });
        self.events.len() - 1
    }

    pub(super) fn finish(&mut self, index: usize, outcome: Outcome) {
        let stamp = self.tick();
        self.events[index].returned = Some(stamp);
        self.events[index].outcome = outcome;
    }

    /// The newest event.
    pub(super) fn last(&mut self) -> &mut Event {
        self.events.last_mut().expect("something happened")
    }

    pub(super) fn ok(&mut self, actor: u32, session: u32, call: Call, reply: Reply) {
        let index = self.begin(actor, session, call);
        self.finish(index, Outcome::Ok(reply));
    }

    pub(super) fn fail(&mut self, actor: u32, session: u32, call: Call, kind: Kind) {
        let index = self.begin(actor, session, call);
        self.finish(index, Outcome::Fail(Failure { kind, text: "".into() }));
    }

    /// An append that is acknowledged.
    pub(super) fn append(&mut self, actor: u32, first: u64, count: u32, sequence: u64) {
        let call = Call::Append { first, count, ack: Ack::Flushed };
        self.ok(actor, 0, call, appended(sequence));
    }

    /// An append that nobody knows of whether it took place.
    pub(super) fn append_unknown(&mut self, actor: u32, first: u64, count: u32) {
        let index = self.begin(actor, 0, Call::Append { first, count, ack: Ack::Flushed });
        let failure = Failure { kind: Kind::Dropped, text: "".into() };
        self.events[index].outcome = Outcome::Unknown(failure);
    }

    /// A read of up to ten messages.
    pub(super) fn next(&mut self, session: u32, runs: &[Run]) {
        let call = Call::Next { count: 10, wait_us: 0 };
        self.ok(50 + session, session, call, Reply::Messages(runs.to_vec()));
    }

    pub(super) fn open_session(&mut self, session: u32, drains: bool) {
        let call = Call::OpenSession { group: session, again: false, drains };
        self.ok(50 + session, session, call, Reply::Done);
    }

    pub(super) fn seek(&mut self, session: u32) {
        self.ok(50 + session, session, Call::SeekEarliest, Reply::Done);
    }

    /// A writer of a new epoch.
    pub(super) fn open_writer(&mut self) {
        self.ok(0, 0, Call::OpenWriter, Reply::Done);
    }

    pub(super) fn marks(&mut self, marks: MarksSeen) {
        self.ok(9, 0, Call::Marks, Reply::Marks(marks));
    }

    /// The process dies; what follows is another one.
    pub(super) fn kill(&mut self) {
        self.ok(Event::DRIVER, 0, Call::Kill, Reply::Done);
        self.process += 1;
    }

    /// The power goes; the next opening finds messages up to `end`.
    pub(super) fn lose_power(&mut self, end: u64) {
        self.kill();
        self.ok(Event::DRIVER, 0, Call::PowerLoss, Reply::Done);
        let marks = MarksSeen { high_watermark: end, log_end: end, ..MarksSeen::default() };
        self.ok(0, 0, Call::OpenWriter, Reply::Marks(marks));
    }

    pub(super) fn commit(
        &mut self,
        which: CommitChoice,
        sequence: Option<u64>,
        kind: Option<Kind>,
    ) {
        let at = sequence.map_or(Place(7, 7), place);
        let call = Call::Commit { group: 1, which, place: at, sequence };
        match kind {
            None => self.ok(60, 1, call, Reply::Done),
            Some(kind) => self.fail(60, 1, call, kind),
        }
    }

    pub(super) fn committed(&mut self, next: Option<u64>) {
        let reply = Reply::Committed(next.map(|next| (1, next)));
        self.ok(60, 1, Call::Committed { group: 1 }, reply);
    }

    /// The id of a producer's message.
    pub(super) fn id(&self, producer: u32, counter: u64) -> u64 {
        self.content().expected(Mark { lane: 0, producer, counter }).id
    }

    pub(super) fn time(&self, producer: u32, counter: u64) -> i64 {
        self.content().expected(Mark { lane: 0, producer, counter }).timestamp_us
    }

    /// The entry of a producer's message.
    pub(super) fn entry(&self, sequence: u64, producer: u32, counter: u64) -> Found {
        Found {
            sequence,
            place: place(sequence),
            timestamp_us: self.time(producer, counter),
            record: Some((producer, counter)),
            differs: false,
            unreadable: false,
        }
    }

    pub(super) fn lookup(&mut self, call: Call, found: &[Found], report: Report) {
        self.ok(70, 7, call, Reply::Found(found.to_vec(), report));
    }
}

pub(super) fn appended(sequence: u64) -> Reply {
    Reply::Appended { epoch: 1, sequence, place: place(sequence) }
}

/// A report of a lookup for which everything below `visible` was visible, and everything below
/// `settled` had left the tail.
pub(super) fn report(visible: u64, settled: u64) -> Report {
    Report {
        high_watermark: visible,
        visible,
        tail_start: settled,
        coverage_before: settled,
        coverage: settled,
        ..Report::default()
    }
}
