#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "reports are files")]

use std::path::PathBuf;

use super::*;
use crate::judge::{Shown, judge};
use crate::plan::{Plan, Shape};
use crate::run::perfect::{Mutant, Perfect};
use crate::run::simulate;
use crate::shrink::Shrunk;
use crate::world::SimOptions;

#[test]
fn times_are_told_as_people_do() {
    assert_eq!(directory::stamp(0), "1970-01-01T00-00-00Z");
    assert_eq!(directory::stamp(951_782_400_000_000), "2000-02-29T00-00-00Z");
    assert_eq!(directory::stamp(1_795_452_012_000_000), "2026-11-23T16-40-12Z");
}

#[test]
fn numbers_are_grouped() {
    assert_eq!(table::grouped(7), "7");
    assert_eq!(table::grouped(1_234), "1,234");
    assert_eq!(table::grouped(12_345_678), "12,345,678");
}

#[test]
fn a_failed_seed_is_told_and_kept() {
    let plan = Plan::draw(0, &Shape::simulated());
    let run = simulate(&plan, &Perfect::mutant(Mutant::WrongEntry), SimOptions::default());
    let judgements = judge(&run.history);
    let words = failure_words(&run.history, &judgements, "duolog replay 0x0");
    assert!(words.contains("I8 entries"), "{words}");
    assert!(words.contains("entry-mismatch: "), "{words}");
    assert!(words.contains("replay   duolog replay 0x0"), "{words}");

    let root = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create_below(root.path(), "sim", 0, 1).unwrap();
    directory.write_seed("failures/entries-1", &plan, &run.history, &words).unwrap();
    let kept = root.path().join("latest/failures/entries-1/history.jsonl.gz");
    let kept = crate::history::read(std::fs::read(kept).unwrap().as_slice()).unwrap();
    assert_eq!(judge(&kept), judgements, "a history judged again says the same");
    assert!(RunDirectory::create(directory.path()).is_err(), "a full directory is not reused");
}

#[test]
fn a_timeline_shows_who_did_what_and_marks_what_is_wrong() {
    let shape = Shape { operations_count: 6, role_max_count: 1, ..Shape::simulated() };
    let mut runs = (0..).map(|seed| {
        let plan = Plan::draw(seed, &shape);
        let run = simulate(&plan, &Perfect::mutant(Mutant::WrongEntry), SimOptions::default());
        let judgements = judge(&run.history);
        (Shown::first(&judgements, &[]), plan, run, judgements)
    });
    let (shown, plan, run, judgements) = runs.find(|(shown, ..)| shown.is_some()).unwrap();
    let shown = shown.unwrap();
    let shrunk = Shrunk { plan: plan.clone(), runs: 7, is_done: true };
    let record = ShrunkRecord::new(&shrunk);
    let said = (&record, "duolog replay x");
    let words = shrunk_words(&plan, &run.history, &judgements, &shown, said);
    println!("{words}");
    assert!(words.starts_with(" SHRUNK to ") && words.contains(", in 7 runs\n"), "{words}");
    let header = words.lines().find(|line| line.trim_start().starts_with("us |")).unwrap();
    assert!(header.contains("| producer 0 ") && header.contains("| the run"), "{header}");
    let marked: Vec<&str> = words.lines().filter(|line| line.contains("!! ")).skip(1).collect();
    assert!(!marked.is_empty() && marked.len() < 4, "{marked:?}");
    assert!(words.lines().count() < 200 && words.contains("I8 entries, entry-mismatch: "));
    let other = ShrunkRecord::new(&Shrunk { plan: Plan { seed: 9, ..plan }, ..shrunk });
    assert_eq!(other.digest, record.digest, "the seed of the schedule is no part of it");
}

#[test]
fn failures_that_are_alike_are_one_group() {
    let failed = |seed, anomaly: &str, digest: Option<&str>| FailedSeed {
        seed,
        invariants: vec!["prefix".to_owned()],
        replay: format!("duolog replay {seed}"),
        directory: None,
        anomaly: anomaly.to_owned(),
        shrunk: digest.map(|digest| ShrunkRecord {
            operations: 2,
            messages: 3,
            actors: 1,
            faults: 1,
            runs: 9,
            is_done: true,
            digest: digest.to_owned(),
        }),
    };
    let failures = [
        failed(1, "hole", None),
        failed(2, "hole", Some("a")),
        failed(3, "poll-skip", Some("a")),
        failed(4, "hole", Some("a")),
        failed(5, "hole", Some("b")),
    ];
    let groups = FailureGroup::of(&failures);
    let seeds: Vec<usize> = groups.iter().map(|group| group.seeds.len()).collect();
    assert_eq!(seeds, [2, 1, 1, 1], "{groups:?}");
    let words = group_words(&groups);
    assert!(words.starts_with(" FAILURES  5 seeds, 4 of a kind\n   prefix (hole), 2 seeds: 0x"));
    assert!(words.contains("shrunk to 2 operations and 3 messages by 1 actor, 1 fault"), "{words}");
    assert_eq!(group_words(&[]), "");
}

#[test]
fn invariants_never_at_risk_are_no_pass() {
    let mut tally = Tally::default();
    assert_eq!(tally.verdict(), Verdict::Inconclusive);
    let plan = Plan::draw(0, &Shape { kills: false, ..Shape::simulated() });
    let run = simulate(&plan, &Perfect::default(), SimOptions::default());
    tally.add(&run.history.events, &judge(&run.history), run.virtual_us);
    assert_eq!(tally.verdict(), Verdict::Inconclusive, "without a kill, I7 says nothing");
    assert!(invariant_table(&tally.judgements).contains("INCONCLUSIVE"));
}

#[test]
fn an_interval_log_has_every_operation_in_its_second() {
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    let plan = Plan::draw(1, &Shape::simulated());
    let run = simulate(&plan, &Perfect::default(), SimOptions::default());
    let start = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let log = interval_log(&run.history.events, start);
    let (mut counts, mut starts) = (BTreeMap::<String, u64>::new(), 0);
    for entry in IntervalLogIterator::new(&log) {
        match entry.unwrap() {
            LogEntry::Interval(interval) => {
                use base64::Engine;
                let text = interval.encoded_histogram();
                let bytes = base64::prelude::BASE64_STANDARD.decode(text).unwrap();
                let histogram: hdrhistogram::Histogram<u64> =
                    hdrhistogram::serialization::Deserializer::new()
                        .deserialize(&mut bytes.as_slice())
                        .unwrap();
                let tag = interval.tag().unwrap().as_str().to_owned();
                *counts.entry(tag).or_default() += histogram.len();
            }
            LogEntry::StartTime(time) | LogEntry::BaseTime(time) => {
                assert_eq!(time.as_secs(), 1_700_000_000);
                starts += 1;
            }
        }
    }
    let mut tally = Tally::default();
    tally.add(&run.history.events, &[], 0);
    let expected = tally.operations.into_iter().map(|(kind, outcomes)| (kind, outcomes.ok));
    let expected: BTreeMap<String, u64> = expected.filter(|(_, ok)| *ok > 0).collect();
    for beside in ["visible-lag", "catch-up-wait"] {
        assert!(counts.remove(beside).is_some_and(|count| count > 0), "{beside}");
    }
    assert_eq!(counts, expected);
    assert_eq!(starts, 2);
}

#[test]
fn the_oldest_runs_make_room_but_not_young_failures() {
    let root = tempfile::tempdir().unwrap();
    let day_us = 86_400_000_000;
    let make = |day: i64, files: &[&str]| {
        let name = format!("sim/{}-{:016x}", directory::stamp(day * day_us), 7);
        for file in files {
            let path = root.path().join(&name).join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, [0; 100]).unwrap();
        }
        root.path().join(name)
    };
    let old_failure = make(1, &["report.json", "failures/prefix-1/plan.json"]);
    let clean = make(10, &["report.json"]);
    let young_failure = make(20, &["report.json", "failures/prefix-1/plan.json"]);
    let running = make(21, &["plan.json"]);
    let latest = make(22, &["report.json"]);
    let foreign = root.path().join("sim/notes");
    std::fs::create_dir_all(&foreign).unwrap();
    std::fs::write(foreign.join("large"), [0; 10_000]).unwrap();

    let fits = Retention { max_bytes: 700, failures_us: 15 * day_us };
    let none: [PathBuf; 0] = [];
    assert_eq!(fits.make_room(root.path(), 30 * day_us).unwrap(), none);
    let fewer = Retention { max_bytes: 450, ..fits };
    let removed = fewer.make_room(root.path(), 30 * day_us).unwrap();
    assert_eq!(removed, [old_failure, clean]);
    let nothing = Retention { max_bytes: 0, ..fits };
    assert_eq!(nothing.make_room(root.path(), 30 * day_us).unwrap(), [latest]);
    assert!(young_failure.exists() && running.exists() && foreign.exists());
    let nowhere = nothing.make_room(&root.path().join("none"), 0).unwrap();
    assert_eq!(nowhere, none);
}
