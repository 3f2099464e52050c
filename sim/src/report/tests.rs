#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "reports are files")]

use super::*;
use crate::judge::judge;
use crate::plan::{Plan, Shape};
use crate::run::perfect::{Mutant, Perfect};
use crate::run::simulate;
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
    let kept = root.path().join("latest/failures/entries-1/history.jsonl");
    let kept = crate::history::read(std::fs::read(kept).unwrap().as_slice()).unwrap();
    assert_eq!(judge(&kept), judgements, "a history judged again says the same");
    assert!(RunDirectory::create(directory.path()).is_err(), "a full directory is not reused");
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
