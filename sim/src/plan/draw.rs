//! Draws plans. Swarm: settings, mixes and actors are drawn too, and in each plan whole classes
//! of operations are off, so that runs differ far more than one fixed mix would.

use std::collections::BTreeMap;

use super::actor::{Actor, Role};
use super::config::{PlanConfig, Visibility, message_max_bytes};
use super::content::Content;
use super::crashes::{aims_at_commits, crashes};
use super::deaths::{MORTAL_OPERATIONS_COUNT, MORTALS_COUNT, deaths, deaths_count};
use super::fault::faults as disk_faults;
use super::index_fault::index_faults;
use super::mix::Mix;
use super::operation::{Ack, CommitChoice, Operation, Target};
use super::{IndexKind, PLAN_VERSION, Plan, Visits};
use crate::seed::{Stream, salt};

/// How large plans are, and what may be in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Operations of each producer; the others have about as many.
    pub operations_count: u64,
    /// Most messages of one append, inclusive.
    pub batch_max_count: u64,
    /// Most partitions, inclusive.
    pub lanes_max_count: u64,
    /// Whether processes are killed.
    pub kills: bool,
    /// Whether the disk fails.
    pub faults: bool,
    /// Most producers, and most of every other role, inclusive.
    pub role_max_count: u64,
    /// Whether settings and mix are drawn; else all runs are alike but for the draws of their
    /// operations, and large enough for figures.
    pub swarm: bool,
    /// Roles that are said, instead of drawn.
    pub roles: BTreeMap<Role, RoleShape>,
}

/// What is said of a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleShape {
    /// How many actors.
    pub actors: Option<u64>,
    /// How many operations each of them does.
    pub operations: Option<u64>,
}

impl Shape {
    /// What a simulated seed runs: small, with kills.
    pub const fn simulated() -> Self {
        Self {
            operations_count: 60,
            batch_max_count: 12,
            lanes_max_count: 3,
            kills: true,
            faults: true,
            role_max_count: 3,
            swarm: true,
            roles: BTreeMap::new(),
        }
    }

    /// What the main run does: half a million messages, on threads.
    pub const fn main() -> Self {
        Self {
            operations_count: 5_600,
            batch_max_count: 49,
            lanes_max_count: 4,
            kills: true,
            faults: false,
            role_max_count: 4,
            swarm: false,
            roles: BTreeMap::new(),
        }
    }
}

/// Names of the streams of a plan, beside those of [`salt`].
const CONFIG: &str = "config";
const CONTENT: &str = "content";

pub(super) fn draw(seed: u64, shape: &Shape, adjust: impl FnOnce(&mut PlanConfig)) -> Plan {
    let mut config = if shape.swarm { draw_config(seed, shape) } else { main_config(seed, shape) };
    adjust(&mut config);
    let lane_count = config.topic_count * config.partition_count;
    let mut faults = Stream::new(seed, salt::FAULTS);
    let kills = if shape.swarm {
        crashes(seed, &mut faults, shape, lane_count)
    } else {
        deaths(&mut faults, shape)
    };
    let mut workload = Stream::new(seed, salt::WORKLOAD);
    let mix = if shape.swarm { Mix::draw(&mut workload) } else { Mix::main() };
    let mix = if shape.swarm && aims_at_commits(seed) { mix.losing_commits() } else { mix };
    let draft = Draft { mix, lane_count, shape };
    let mut actors = Vec::new();
    for role in Role::ALL {
        for nth in 0..draft.count_of(role, &mut workload) {
            // Each actor has a stream of its own: one more draw in one moves no other.
            let name = format!("{}/{}", salt::WORKLOAD, actors.len());
            let mut stream = Stream::new(seed, &name);
            let operations = draft.operations(role, nth, &mut stream);
            actors.push(Actor { role, operations });
        }
    }
    let mut faults = disk_faults(seed, shape, &kills);
    faults.extend(index_faults(seed, shape, kills.len().max(1)));
    let (version, index, visits) = (PLAN_VERSION, IndexKind::default(), visits(shape));
    Plan { version, seed, config, index, kills, faults, visits, actors }
}

fn visits(shape: &Shape) -> Visits {
    if shape.swarm {
        Visits { rounds: 2, guests: 3, times: 2 }
    } else {
        let rounds = u32::try_from(shape.operations_count / 224).unwrap_or(u32::MAX);
        Visits { rounds, guests: 4, times: 3 }
    }
}

fn draw_config(seed: u64, shape: &Shape) -> PlanConfig {
    let mut stream = Stream::new(seed, CONFIG);
    let lanes = 1 + stream.below(shape.lanes_max_count);
    let several_topics = stream.chance(1, 3);
    let (topics, partitions) = if several_topics { (lanes, 1) } else { (1, lanes) };
    let narrow = |value: u64| u32::try_from(value).expect("drawn below the bound of 32 bits");
    let settle_chunk_entries = narrow(*stream.pick(&[1, 7, 40, 200, 2_000, 2_000]));
    PlanConfig {
        topic_count: narrow(topics),
        partition_count: narrow(partitions),
        shard_count: narrow(1 + stream.below(2)),
        visibility: if stream.chance(1, 4) { Visibility::Synced } else { Visibility::Flushed },
        segment_max_bytes: *stream.pick(&[4 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20]),
        frame_max_bytes: narrow(*stream.pick(&[4 << 10, 64 << 10, 1 << 20])),
        message_max_bytes: message_max_bytes(),
        settle_chunk_entries,
        tail_max_entries: settle_chunk_entries * narrow(*stream.pick(&[2, 4, 100])) + 64,
        tail_max_bytes: *stream.pick(&[64 << 10, 1 << 20, 64 << 20]),
        flush_bytes: *stream.pick(&[512, 16 << 10, 256 << 10]),
        flush_period_us: *stream.pick(&[200, 10_000, 200_000]),
        read_ahead_bytes: *stream.pick(&[4 << 10, 64 << 10]),
        index_idle_us: *stream.pick(&[1_000, 100_000, 10_000_000]),
        fill_ahead_bytes: *stream.pick(&[0, 0, 4 << 10, 64 << 10]),
        content: draw_content(seed),
    }
}

fn main_config(seed: u64, shape: &Shape) -> PlanConfig {
    let narrow = |value: u64| u32::try_from(value).expect("few partitions");
    PlanConfig {
        topic_count: 1,
        partition_count: narrow(shape.lanes_max_count),
        shard_count: 2,
        visibility: Visibility::Flushed,
        segment_max_bytes: 2 << 20,
        frame_max_bytes: 1 << 20,
        message_max_bytes: message_max_bytes(),
        settle_chunk_entries: 4_096,
        tail_max_entries: 1 << 20,
        tail_max_bytes: 256 << 20,
        flush_bytes: 256 << 10,
        flush_period_us: 10_000,
        read_ahead_bytes: 256 << 10,
        index_idle_us: 10_000_000,
        fill_ahead_bytes: 0,
        content: Content {
            seed: Stream::new(seed, CONTENT).draw(),
            repeated_id_count: 5_000,
            repeated_in_16: 4,
            payload_max_bytes: 600,
            timestamp_step_us: 100,
            timestamp_skew_us: 5_000,
            timestamp_grain_us: 10,
            compressed_in_16: 2,
            lines: None,
        },
    }
}

fn draw_content(seed: u64) -> Content {
    let mut stream = Stream::new(seed, CONTENT);
    Content {
        seed: stream.draw(),
        repeated_id_count: *stream.pick(&[0, 3, 20, 200]),
        repeated_in_16: 1 + stream.below(15),
        payload_max_bytes: *stream.pick(&[0, 16, 200, 1_500, 6_000]),
        timestamp_step_us: *stream.pick(&[0, 10, 1_000, 100_000]),
        timestamp_skew_us: *stream.pick(&[0, 500, 50_000, 5_000_000]),
        timestamp_grain_us: *stream.pick(&[1, 1_000, 1_000_000]),
        compressed_in_16: *stream.pick(&[0, 0, 4, 16]),
        lines: None,
    }
}

/// The time between two calls of a timetable.
const TICK_US: u64 = 10_000;

/// How many sessions look up at once what was settled a moment ago.
const SETTLED_LOOKUPS_COUNT: u32 = 160;

struct Draft<'a> {
    mix: Mix,
    lane_count: u32,
    shape: &'a Shape,
}

impl Draft<'_> {
    fn count_of(&self, role: Role, stream: &mut Stream) -> u64 {
        let said = self.shape.roles.get(&role).and_then(|role| role.actors);
        let most = self.shape.role_max_count;
        let some = if self.shape.swarm { 1 + stream.below(most) } else { most };
        let drawn = match role {
            Role::Producer | Role::Reader => some,
            Role::Committer | Role::Looker => some.min(2),
            Role::TimeRanger | Role::Maintainer => 1,
            Role::Restarter => u64::from(self.mix.restarts),
            Role::Settler | Role::Mortal | Role::Tailer | Role::Punctual if self.shape.swarm => 0,
            Role::Tailer => u64::from(self.lane_count),
            Role::Punctual => 1,
            Role::Settler => 2,
            Role::Mortal if self.shape.kills => MORTALS_COUNT,
            Role::Mortal => 0,
        };
        said.unwrap_or(drawn)
    }

    fn operations(&self, role: Role, nth: u64, stream: &mut Stream) -> Vec<Operation> {
        let count = match role {
            Role::Producer => self.shape.operations_count,
            Role::Maintainer => self.shape.operations_count / 2,
            Role::Restarter if self.shape.swarm => 1 + stream.below(3),
            Role::Restarter => self.shape.operations_count / 400,
            Role::Settler => self.shape.operations_count / 14,
            Role::Tailer => 1,
            Role::Punctual => self.shape.operations_count / 2,
            Role::Mortal => deaths_count(self.shape) * MORTAL_OPERATIONS_COUNT,
            // Lookups are what the main run wants most of.
            Role::Looker if !self.shape.swarm => self.shape.operations_count * 6,
            _ => self.shape.operations_count / 2 + stream.below(self.shape.operations_count),
        };
        let said = self.shape.roles.get(&role).and_then(|role| role.operations);
        let count = said.unwrap_or(count);
        let mut operations = Vec::new();
        while (operations.len() as u64) < count {
            if role == Role::Restarter && self.shape.swarm
                || self.mix.silences && stream.chance(1, 24)
            {
                operations.push(self.silence(role, stream));
            }
            let lane = u32::try_from(stream.below(self.lane_count.into())).expect("few lanes");
            match role {
                // Each has a partition of its own.
                Role::Tailer => {
                    let lane = u32::try_from(nth).unwrap_or(0) % self.lane_count;
                    operations.push(Operation::Follow { lane, count: self.pace(1, 1) });
                    continue;
                }
                Role::Punctual => {
                    operations.push(Operation::At { us: operations.len() as u64 / 2 * TICK_US });
                }
                _ => {}
            }
            if !self.shape.swarm && self.is_paced(role, operations.len()) {
                let count = self.pace(operations.len() as u64, count);
                operations.push(Operation::Await { lane, count });
            }
            operations.push(self.operation(role, lane, stream));
        }
        operations
    }

    /// Whether an actor of a large run waits for the producers before this operation.
    fn is_paced(&self, role: Role, at: usize) -> bool {
        match role {
            Role::Producer | Role::Mortal | Role::Tailer | Role::Punctual => false,
            // What they do is seldom and takes a while.
            Role::Restarter | Role::Settler => at.is_multiple_of(2),
            _ => at.is_multiple_of(50),
        }
    }

    /// How many messages a partition should have when an actor has done `done` of `all`
    /// operations, so that what it does goes over the whole run.
    fn pace(&self, done: u64, all: u64) -> u64 {
        let shape = self.shape;
        let said = shape.roles.get(&Role::Producer).copied().unwrap_or_default();
        let producers = said.actors.unwrap_or(shape.role_max_count);
        let batch_count = producers * said.operations.unwrap_or(shape.operations_count);
        let messages = batch_count * (1 + shape.batch_max_count) / 2 / u64::from(self.lane_count);
        // Some batches are buffered, dropped, or flushes: what is waited for must come.
        messages * 3 / 4 * done / all
    }

    fn silence(&self, role: Role, stream: &mut Stream) -> Operation {
        let most = if role == Role::Restarter { 200_000 } else { 30_000 };
        Operation::Silence { us: 1 + stream.below(most) }
    }

    fn operation(&self, role: Role, lane: u32, stream: &mut Stream) -> Operation {
        match role {
            Role::Producer => self.produce(lane, stream),
            Role::Reader => self.read(lane, stream),
            Role::Committer => self.commit(lane, stream),
            Role::Looker => self.look(lane, stream),
            Role::TimeRanger => self.range_of_time(lane, stream),
            Role::Maintainer => self.maintain(lane, stream),
            Role::Restarter => Operation::RestartWriter { lane },
            Role::Tailer => Operation::Follow { lane, count: 0 },
            Role::Punctual => self.timed(lane, stream),
            Role::Mortal => self.append_before_death(lane, stream),
            Role::Settler => Operation::LookupSettled { lane, count: SETTLED_LOOKUPS_COUNT },
        }
    }

    fn produce(&self, lane: u32, stream: &mut Stream) -> Operation {
        if stream.chance(1, 20) {
            let fsync = stream.chance(1, 2) && self.mix.forces;
            return Operation::Flush { lane, fsync };
        }
        let most = self.mix.batch_count.min(self.shape.batch_max_count);
        let count = u32::try_from(1 + stream.below(most)).expect("batches are short");
        let total: u64 = self.mix.acks.iter().sum();
        let drawn = stream.below(total);
        let ack = if drawn < self.mix.acks[0] {
            Ack::Buffered
        } else if drawn < self.mix.acks[0] + self.mix.acks[1] {
            Ack::Flushed
        } else {
            Ack::Synced
        };
        let dropped = self.mix.dropped_futures && stream.chance(1, 10);
        let polls = u32::try_from(1 + stream.below(6)).expect("few polls");
        Operation::Append { lane, count, ack, drop_after_polls: dropped.then_some(polls) }
    }

    /// One call of a timetable.
    fn timed(&self, lane: u32, stream: &mut Stream) -> Operation {
        match stream.below(3) {
            0 => {
                let count = u32::try_from(1 + stream.below(9)).expect("batches are short");
                Operation::Append { lane, count, ack: Ack::Flushed, drop_after_polls: None }
            }
            1 => Operation::Next { lane, count: 50, wait_us: 0 },
            _ => Operation::LookupId { lane, target: self.target(stream), all: false },
        }
    }

    /// Few messages, and often none that anybody waits for.
    fn append_before_death(&self, lane: u32, stream: &mut Stream) -> Operation {
        let count = u32::try_from(1 + stream.below(6)).expect("batches are short");
        let ack = if stream.chance(3, 5) { Ack::Buffered } else { Ack::Flushed };
        Operation::Append { lane, count, ack, drop_after_polls: None }
    }

    fn read(&self, lane: u32, stream: &mut Stream) -> Operation {
        if self.mix.reopens && stream.chance(1, 30) {
            return Operation::Reopen;
        }
        if stream.chance(1, 15) {
            if stream.chance(1, 2) {
                return Operation::SeekEarliest { lane };
            }
            let after_us = *stream.pick(&[0, 0, 1, 1_000]);
            return Operation::SeekTime { lane, target: self.target(stream), after_us };
        }
        let most = if self.shape.swarm { 30 } else { 500 };
        let count = u32::try_from(1 + stream.below(most)).expect("few messages");
        let wait_us = *stream.pick(&[0, 0, 500, 5_000]);
        Operation::Next { lane, count, wait_us }
    }

    fn commit(&self, lane: u32, stream: &mut Stream) -> Operation {
        if stream.chance(self.mix.commit_reads_in_4, 4) {
            return self.read(lane, stream);
        }
        let which = if self.mix.bad_commits && stream.chance(2, 5) {
            *stream.pick(&[
                CommitChoice::Inside,
                CommitChoice::PastEnd,
                CommitChoice::NoSegment,
                CommitChoice::Older,
                CommitChoice::Older,
            ])
        } else if stream.chance(self.mix.commit_forces_in_4, 4) {
            CommitChoice::Forced
        } else {
            CommitChoice::Processed
        };
        Operation::Commit { lane, which }
    }

    fn target(&self, stream: &mut Stream) -> Target {
        match stream.below(10) {
            0 => Target::Missing,
            1 | 2 => Target::Latest,
            3 | 4 => Target::Begun,
            5 if !self.shape.swarm => Target::Latest,
            _ => Target::Back(stream.below(self.mix.back_count)),
        }
    }

    fn look(&self, lane: u32, stream: &mut Stream) -> Operation {
        if self.mix.reopens && stream.chance(1, 40) {
            return Operation::Reopen;
        }
        let target = self.target(stream);
        if stream.chance(if self.mix.duplicates { 3 } else { 2 }, 4) {
            let all = self.mix.duplicates && stream.chance(1, 4);
            Operation::LookupId { lane, target, all }
        } else {
            Operation::LookupPosition { lane, target }
        }
    }

    fn range_of_time(&self, lane: u32, stream: &mut Stream) -> Operation {
        let widest = if self.shape.swarm { 10_000_000 } else { 20_000 };
        let span_us = *stream.pick(&[1, 1_000, 10_000, widest]);
        let limit = u32::try_from(*stream.pick(&[1, 10, 1_000])).expect("small limits");
        Operation::LookupTime { lane, target: self.target(stream), span_us, limit }
    }

    fn maintain(&self, lane: u32, stream: &mut Stream) -> Operation {
        match stream.below(8) {
            0 | 1 if self.mix.settles => Operation::Settle { lane },
            2 if self.mix.trims => Operation::Trim { lane, keep: stream.below(100) },
            3 => {
                let fsync = stream.chance(1, 2) && self.mix.forces;
                Operation::Flush { lane, fsync }
            }
            4 | 5 => Operation::Silence { us: 1 + stream.below(20_000) },
            _ => Operation::Marks { lane },
        }
    }
}
