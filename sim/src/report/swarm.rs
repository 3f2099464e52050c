//! How much simulated seeds did, and how often they went down and came up again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use duolog::io::Step;

use crate::history::{Call, Event, Reply};
use crate::run::{Crash, Within};

use super::marks::{Mark, MarkTally, mark_words, merged_marks};
use super::merge::added;
use super::table::grouped;

/// What half of the seeds had at least; a seed counts as what it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medians {
    /// Calls of the engine.
    pub operations: u64,
    /// Sessions of actors that read messages.
    pub reading_sessions: u64,
    /// Writers that an actor closed and opened again.
    pub writer_restarts: u64,
    /// Processes that died.
    pub crashes: u64,
}

/// The processes that died, counted by what that interrupted and what it took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashCounts {
    /// All of them.
    pub all: u64,
    /// Those that took the power along.
    pub with_power: u64,
    /// Those that interrupted the recovery from the crash before.
    pub nested: u64,
    /// Of those, how many took the power along.
    pub nested_with_power: u64,
    /// Of those, how many interrupted a recovery that was an interrupted one's repetition.
    pub three_deep_with_power: u64,
    /// Power losses between the forcing of a segment and that of its successor.
    pub power_within_roll: u64,
    /// Power losses between the writing of a commit and its forcing.
    pub power_within_commit: u64,
    /// Power losses while a chunk was settled.
    pub power_within_settling: u64,
    /// Power losses that dropped or tore pages, or took back a length.
    pub lost_pages: u64,
    /// Power losses that took back names.
    pub lost_names: u64,
    /// Power losses that took back what the index was about to force.
    pub lost_index: u64,
}

/// How much simulated seeds did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Swarm {
    /// Of a seed.
    pub medians: Medians,
    /// Over all seeds.
    pub crashes: CrashCounts,
    /// Virtual time for each second that passed.
    pub virtual_over_real: f64,
    /// Seeds a second of each thread that ran some.
    pub seeds_per_second_and_core: f64,
    /// What the medians are of.
    #[serde(default)]
    pub spreads: Spreads,
    /// Places that they came to.
    #[serde(default)]
    pub marks: Vec<Mark>,
}

/// How many seeds had which count, of each thing that has a median.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spreads {
    operations: Spread,
    reading_sessions: Spread,
    writer_restarts: Spread,
    crashes: Spread,
}

/// How many seeds had which count of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Spread {
    by_value: BTreeMap<u64, u64>,
}

impl Spread {
    fn add(&mut self, value: u64) {
        *self.by_value.entry(value).or_default() += 1;
    }

    /// The largest value that half of them reach; 0 where there are none.
    fn median(&self) -> u64 {
        let all: u64 = self.by_value.values().sum();
        let mut reach = 0;
        for (value, count) in self.by_value.iter().rev() {
            reach += count;
            if reach * 2 >= all {
                return *value;
            }
        }
        0
    }
}

/// Adds up simulated seeds.
#[derive(Clone, Debug, Default)]
pub struct SwarmTally {
    spreads: Spreads,
    crashes: CrashCounts,
    marks: MarkTally,
}

impl Spreads {
    fn medians(&self) -> Medians {
        Medians {
            operations: self.operations.median(),
            reading_sessions: self.reading_sessions.median(),
            writer_restarts: self.writer_restarts.median(),
            crashes: self.crashes.median(),
        }
    }
}

impl SwarmTally {
    /// Adds a seed, with how often its processes passed each step.
    pub fn add(&mut self, events: &[Event], crashes: &[Crash], steps: &BTreeMap<Step, u64>) {
        self.marks.add(events, steps);
        let calls = events.iter().filter(|event| !event.call.is_fault());
        self.spreads.operations.add(calls.count() as u64);
        let actors = || events.iter().filter(|event| event.actor != Event::DRIVER);
        let readers: BTreeSet<u32> = actors()
            .filter(|event| matches!(event.reply(), Some(Reply::Messages(_))))
            .map(|event| event.session)
            .collect();
        self.spreads.reading_sessions.add(readers.len() as u64);
        let restarts = actors()
            .filter(|event| event.call == Call::OpenWriter && event.reply().is_some())
            .count();
        self.spreads.writer_restarts.add(restarts as u64);
        self.spreads.crashes.add(crashes.len() as u64);
        crashes.iter().for_each(|crash| self.crashes.add(crash));
    }

    /// What they say, where it took `threads` threads `elapsed_us` and `virtual_us` passed.
    pub fn report(&self, virtual_us: u64, elapsed_us: u64, threads: usize) -> Swarm {
        let seed_count: u64 = self.spreads.operations.by_value.values().sum();
        let elapsed = elapsed_us.max(1) as f64;
        Swarm {
            medians: self.spreads.medians(),
            crashes: self.crashes,
            virtual_over_real: virtual_us as f64 / elapsed,
            seeds_per_second_and_core: seed_count as f64 * 1e6 / elapsed / threads.max(1) as f64,
            spreads: self.spreads.clone(),
            marks: self.marks.report(),
        }
    }
}

impl CrashCounts {
    fn add(&mut self, crash: &Crash) {
        self.all += 1;
        self.nested += u64::from(crash.depth > 1);
        let Some(loss) = crash.power else { return };
        self.with_power += 1;
        self.nested_with_power += u64::from(crash.depth > 1);
        self.three_deep_with_power += u64::from(crash.depth > 2);
        self.power_within_roll += u64::from(crash.within() == Some(Within::Roll));
        self.power_within_commit += u64::from(crash.within() == Some(Within::Commit));
        self.power_within_settling += u64::from(crash.within() == Some(Within::Settling));
        let pages = loss.lost_page_count + loss.torn_page_count + loss.lost_length_count;
        self.lost_pages += u64::from(pages > 0);
        self.lost_names += u64::from(loss.lost_entry_count > 0);
        self.lost_index += u64::from(crash.lost_run_count > 0);
    }
}

impl Swarm {
    /// Both together: medians of all seeds, rates that are the mean of both.
    pub(super) fn merged(&self, other: &Self) -> Self {
        let spreads = added(&self.spreads, &other.spreads);
        let mean = |one: f64, other: f64| f64::midpoint(one, other);
        Self {
            medians: spreads.medians(),
            crashes: added(&self.crashes, &other.crashes),
            virtual_over_real: mean(self.virtual_over_real, other.virtual_over_real),
            seeds_per_second_and_core: mean(
                self.seeds_per_second_and_core,
                other.seeds_per_second_and_core,
            ),
            spreads,
            marks: merged_marks(&self.marks, &other.marks),
        }
    }

    /// Places that so many seeds should have come to and never did, in words.
    pub fn complaints(&self) -> Vec<String> {
        let seed_count = self.spreads.operations.by_value.values().sum();
        self.marks.iter().filter_map(|mark| mark.complaint(seed_count)).collect()
    }

    /// In words.
    pub fn words(&self) -> String {
        let (medians, crashes) = (&self.medians, &self.crashes);
        let lines = [
            format!(
                "a seed, median: {} operations, {} reading sessions, {} restarts of a writer, {} \
                 crashes",
                grouped(medians.operations),
                grouped(medians.reading_sessions),
                medians.writer_restarts,
                medians.crashes,
            ),
            format!(
                "{} crashes, {} within a recovery; {} with the power, {} within a recovery, {} of \
                 them three deep",
                grouped(crashes.all),
                grouped(crashes.nested),
                grouped(crashes.with_power),
                grouped(crashes.nested_with_power),
                grouped(crashes.three_deep_with_power),
            ),
            format!(
                "power losses: {} within a roll, {} within a commit, {} within settling; {} took \
                 pages, {} names, {} parts of an index",
                grouped(crashes.power_within_roll),
                grouped(crashes.power_within_commit),
                grouped(crashes.power_within_settling),
                grouped(crashes.lost_pages),
                grouped(crashes.lost_names),
                grouped(crashes.lost_index),
            ),
            format!(
                "{:.1} seconds simulated in one; {:.1} seeds a second and core",
                self.virtual_over_real, self.seeds_per_second_and_core,
            ),
        ];
        lines.map(|line| format!(" {line}\n")).concat() + &mark_words(&self.marks)
    }
}

#[cfg(test)]
mod tests;
