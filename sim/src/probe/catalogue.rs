//! What is known of RocksDB: each finding with the plan that shows it, where it stands upstream,
//! what it would do to the engine, and why it does not.

mod plans;
#[cfg(test)]
mod tests;

use super::operation::Operation;
use super::plan::{ProbePlan, Tier};
use super::rule::Rule;
use super::violation::{Signature, Who};

/// The release that the findings are held as facts for.
pub const VERSION: &str = "11.8.1";

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A defect that upstream knows.
    Reported,
    /// A defect of which no report was found.
    Unreported,
    /// A limit that its documentation or its maintainers tell of.
    Documented,
}

impl Class {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Reported => "defect, reported",
            Self::Unreported => "defect, no report found",
            Self::Documented => "documented limit",
        }
    }
}

/// How a finding shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// A promise is broken, in every run.
    Always,
    /// A promise is broken in one of so many runs at the latest.
    Within(u32),
    /// The run does not end.
    Hangs,
}

/// A finding that is known.
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What happens, in a sentence.
    pub what: &'static str,
    /// What it is.
    pub class: Class,
    /// Where upstream speaks of it.
    pub upstream: &'static str,
    /// What it would do to the engine.
    pub effect: &'static str,
    /// Why the engine does not meet it.
    pub defence: &'static str,
    /// How it shows.
    pub shows: Shows,
    /// Whether it explains a violation that a plan showed.
    pub explains: fn(&Signature, &ProbePlan) -> bool,
    /// The plan that shows it.
    pub plan: fn() -> ProbePlan,
}

const A_REPORT: &str = "facebook/rocksdb#15051 and #14444; mended by #15066 in 11.12.0";
const NO_WAL: &str = "the index is written without a write-ahead log, so a secondary replays \
                      nothing into memory; keys are never deleted";

/// All that is known.
pub static KNOWN: [Known; 15] = [
    Known {
        name: "stale-read-after-flush",
        what: "after a flush, a caught-up secondary answers single reads from what it replayed \
               earlier: an old value, or a key that was deleted, until the family is written again",
        class: Class::Reported,
        upstream: A_REPORT,
        effect: "a commit or an end of log that is overwritten would be read as it was",
        defence: NO_WAL,
        shows: Shows::Always,
        explains: |it, plan| {
            is_hidden_by_memory(it, plan)
                && !["counted-twice", "snapshot-moved"].contains(&&*it.anomaly)
        },
        plan: plans::stale_read,
    },
    Known {
        name: "merge-counted-twice",
        what: "after a flush, a caught-up secondary applies merges that it replayed earlier once \
               more, on top of the file that has them",
        class: Class::Reported,
        upstream: A_REPORT,
        effect: "a counter kept by merges would be too high",
        defence: NO_WAL,
        shows: Shows::Always,
        explains: |it, _| it.is_shadowed && it.anomaly == "counted-twice",
        plan: plans::merge_twice,
    },
    Known {
        name: "catch-up-misses-flushed-log",
        what: "a catch-up beside a flush says that it succeeded, and lacks writes that were \
               acknowledged before it began; a later one has them, mostly the next",
        class: Class::Unreported,
        upstream: "no report found; FindNewLogNumbers is the same in 11.12.0",
        effect: "an acknowledged message would not be found",
        defence: "the index is written without a write-ahead log; coverage is the end of an \
                  unbroken chain of markers, and a lookup catches up once more where it is short",
        shows: Shows::Within(40),
        explains: |it, plan| {
            let is_missed = match it.rule {
                // Where merges that were replayed earlier come on top, it may be any value.
                Rule::Interval => it.anomaly != "malformed",
                Rule::Cut | Rule::Backwards => true,
                _ => false,
            };
            plan.tier() == Tier::Racing && it.who == Who::Secondary && is_missed && it.is_healed
        },
        plan: plans::missed_log,
    },
    Known {
        name: "late-family-breaks-secondary",
        what: "where a family is made after a secondary was opened, the first flush of that family \
               makes every later catch-up fail with a corruption that is none",
        class: Class::Reported,
        upstream: "facebook/rocksdb#12821, open",
        effect: "no secondary could follow any more",
        defence: "all families are made with the database",
        shows: Shows::Always,
        explains: |it, _| {
            it.rule == Rule::Errors && it.is_late_family && it.anomaly == "corruption"
        },
        plan: plans::late_family,
    },
    Known {
        name: "snapshot-ignored",
        what: "single reads of a secondary through a snapshot show what was caught up since",
        class: Class::Documented,
        upstream: "facebook/rocksdb#11021",
        effect: "two reads of one lookup could be of two moments",
        defence: "no snapshot is taken of a secondary; what is read after coverage \
                  was shows no less of what it covers",
        shows: Shows::Always,
        explains: |it, _| it.rule == Rule::Held && it.anomaly == "snapshot-moved",
        plan: plans::snapshot_ignored,
    },
    Known {
        name: "recycled-log-hangs-secondary",
        what: "where the primary uses its write-ahead logs again, a catch-up never returns",
        class: Class::Unreported,
        upstream: "no report found; the log reader is the same in 11.12.0",
        effect: "lookups would wait for ever",
        defence: "the index has no write-ahead log, and none is recycled",
        shows: Shows::Hangs,
        explains: |it, plan| {
            let follows = plan.operations.iter().any(Operation::catches_up) || plan.race.is_some();
            it.anomaly == HANGS && plan.settings.recycle_wal_count > 0 && follows
        },
        plan: plans::recycled_log,
    },
    Known {
        name: "manual-flush-hangs-unordered-write",
        what: "where the write-ahead log is flushed by hand and writes are unordered, the first \
               write with a log takes the log's mutex twice and never returns",
        class: Class::Unreported,
        upstream: "no report found; ConcurrentWriteGroupToWAL holds the mutex that WriteToWAL \
                   takes",
        effect: "the writer would wait for ever",
        defence: "neither option is used",
        shows: Shows::Hangs,
        explains: |it, plan| {
            let settings = &plan.settings;
            it.anomaly == HANGS && settings.manual_wal_flush && settings.unordered_write
        },
        plan: plans::unordered_write,
    },
    Known {
        name: "range-delete-crashes-backward-scan",
        what: "where a secondary replayed a range deletion that the primary then merged away, a \
               scan of the secondary from the end crashes the process (MergingIterator::\
               SkipPrevDeleted)",
        class: Class::Unreported,
        upstream: "no report found; six operations suffice; gone in 11.12.0",
        effect: "the process of a reader would die",
        defence: "the index deletes no ranges and has no write-ahead log, so a secondary has \
                  none of them in memory",
        shows: Shows::Always,
        explains: |it, plan| {
            let has = |is: fn(&Operation) -> bool| plan.operations.iter().any(is);
            it.anomaly == DIES
                && has(Operation::logs_range_delete)
                && (has(Operation::scans_backward) || plan.race.is_some())
        },
        plan: plans::backward_scan,
    },
    Known {
        name: "secondary-ahead-of-primary",
        what: "a secondary replays a write from the log before the primary shows it, so its \
               sequence number is ahead of the primary's for a moment",
        class: Class::Documented,
        upstream: "the log is written before the sequence is published",
        effect: "a sequence number of the primary would not bound what a secondary shows",
        defence: "no sequence number of RocksDB is used",
        shows: Shows::Within(20),
        explains: |it, plan| {
            plan.tier() == Tier::Racing
                && it.rule == Rule::Sequence
                && it.anomaly == "sequence-ahead"
        },
        plan: plans::missed_log,
    },
    Known {
        name: "range-delete-missed-by-scan",
        what: "after a flush, scans of a caught-up secondary show keys that a range deletion in \
               the new file removed, since they lie in memory above it",
        class: Class::Reported,
        upstream: A_REPORT,
        effect: "trimmed entries would be listed",
        defence: "the index deletes nothing; trimmed entries leave by compaction",
        shows: Shows::Always,
        explains: is_hidden_by_memory,
        plan: plans::range_delete,
    },
    Known {
        name: "stale-scan-after-merge",
        what: "a merge of files into the last level takes the sequence numbers of what it writes, \
               so scans of a caught-up secondary, too, show what it replayed earlier",
        class: Class::Reported,
        upstream: A_REPORT,
        effect: "a range by time would list what was replaced",
        defence: NO_WAL,
        shows: Shows::Always,
        explains: is_hidden_by_memory,
        plan: plans::stale_scan,
    },
    Known {
        name: "few-open-files-lose-merged-ones",
        what: "a secondary or read-only instance that may not hold all files open fails to read, \
               once the primary has merged and removed one that it did not hold",
        class: Class::Documented,
        upstream: "facebook/rocksdb#10260: hold all files open, or keep the primary from removing \
                   what others read",
        effect: "lookups would fail at any time",
        defence: "readers open with max_open_files = -1",
        shows: Shows::Always,
        explains: |it, plan| {
            let is_reader = matches!(it.who, Who::Secondary | Who::Frozen);
            let is_few = plan.settings.open_files_max >= 0;
            it.rule == Rule::Errors && it.anomaly == "io-error" && is_reader && is_few
        },
        plan: plans::few_open_files,
    },
    Known {
        name: "dropped-family-loses-keys",
        what: "where a family is flushed and dropped, the next catch-up of a secondary that has \
               it open takes keys away that it showed before, though db.h says that what a \
               dropped family had can still be read",
        class: Class::Unreported,
        upstream: "no report found; the memtables whose log was flushed go, and the version with \
                   the file is not installed, since the family is dropped; gone in 11.12.0",
        effect: "entries of the index would vanish",
        defence: "no family is ever dropped",
        shows: Shows::Always,
        explains: |it, _| {
            let is_less = match it.rule {
                Rule::Interval => ["missing", "stale", "deleted-shown"].contains(&&*it.anomaly),
                Rule::Backwards => true,
                _ => false,
            };
            it.is_dropped_family && it.who == Who::Secondary && is_less
        },
        plan: plans::dropped_family,
    },
    Known {
        name: "recreated-family-crashes-catch-up",
        what: "where a family was dropped and made again, the first catch-up of a secondary that \
               was opened afterwards uses the memory of the dropped one, which is freed",
        class: Class::Unreported,
        upstream: "no report found; ManifestTailer keeps the family among those that changed, and \
                   DestroyCfAndCleanup frees it; the same in 11.12.0",
        effect: "the process of a reader would die",
        defence: "no family is ever dropped",
        shows: Shows::Always,
        explains: |it, plan| {
            let operations = &plan.operations;
            let is_again = |at: &usize| match &operations[*at] {
                Operation::Create { family } => {
                    operations[..*at].contains(&Operation::Drop { family: *family })
                }
                _ => false,
            };
            let again = (0..operations.len()).find(is_again);
            let follows = |from| operations[from..].iter().any(Operation::catches_up);
            it.anomaly == DIES && again.is_some_and(follows)
        },
        plan: plans::recreated_family,
    },
    Known {
        name: "sequence-numbers-come-again",
        what: "what the write-ahead log has of a dropped family is not replayed when the primary \
               opens, so its sequence number is lower than before, and than that of readers",
        class: Class::Unreported,
        upstream: "no report found; recovery goes by the highest number of what it replays",
        effect: "two writes would have one number: none says how far a reader is",
        defence: "no family is ever dropped, and no sequence number of RocksDB is used",
        shows: Shows::Always,
        explains: |it, plan| {
            let has = |is: fn(&Operation) -> bool| plan.operations.iter().any(is);
            it.rule == Rule::Sequence
                && it.anomaly == "sequence-ahead"
                && has(|it| matches!(it, Operation::Drop { .. }))
                && has(|it| matches!(it, Operation::Open))
        },
        plan: plans::reused_numbers,
    },
];

/// The anomaly of a plan whose process had to be ended.
pub const HANGS: &str = "hangs";
/// The anomaly of a plan whose process ended by itself.
pub const DIES: &str = "dies";

/// The cause that the first finding shares with those of scans: the plans that show them tell them
/// apart.
fn is_hidden_by_memory(signature: &Signature, _: &ProbePlan) -> bool {
    signature.is_shadowed && signature.who == Who::Secondary
}

/// The finding that explains a violation of a plan; the first one where several do.
pub fn explained(signature: &Signature, plan: &ProbePlan) -> Option<&'static Known> {
    KNOWN.iter().find(|known| (known.explains)(signature, plan))
}

/// The finding of this name.
pub fn named(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}
