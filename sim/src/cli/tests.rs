#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;

use super::seeds::{Seeds, from_revision, parse_seeds};
use super::*;

#[test]
fn command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn seeds_are_read_in_both_forms() {
    assert_eq!(parse_seeds("3..0x10").unwrap(), Seeds { from: 3, to: 16 });
    assert_eq!(parse_seeds("5").unwrap(), Seeds { from: 0, to: 5 });
    assert!(parse_seeds("9..3").is_err());
    assert!(parse_seeds("x").is_err());
    assert_ne!(from_revision("one"), from_revision("two"));
}

#[test]
fn parts_share_the_seeds_out() {
    use super::seeds::Part;
    let seeds = Seeds { from: 100, to: 117 };
    for count in 1..6 {
        let mut all = BTreeSet::new();
        for index in 1..=count {
            let part = Part::parse(&format!("{index}/{count}")).unwrap();
            let own: Vec<u64> = (0..).map_while(|nth| part.seed(seeds, nth)).collect();
            assert_eq!(own.len() as u64, part.count(seeds), "{part}");
            assert!(own.iter().all(|seed| all.insert(*seed)), "{part}: no seed twice");
        }
        assert_eq!(all, (100..117).collect(), "{count} parts leave nothing out");
    }
    for wrong in ["0/4", "5/4", "1/0", "1", "a/b", "-1/2"] {
        assert!(Part::parse(wrong).is_err(), "{wrong}");
    }
    let behind = Part::parse("5/5").unwrap();
    assert_eq!(behind.count(Seeds { from: 0, to: 3 }), 0);
}

#[test]
fn times_are_read() {
    use super::duration::parse_duration;
    use std::time::Duration;
    assert_eq!(parse_duration("90s").unwrap(), Duration::from_secs(90));
    assert_eq!(parse_duration("2m").unwrap(), Duration::from_secs(120));
    assert_eq!(parse_duration("8h").unwrap(), Duration::from_secs(28_800));
    for wrong in ["", "5", "m", "5d", "-1s", "1.5h", "18446744073709551615h"] {
        assert!(parse_duration(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_run_ends_with_its_time_and_says_how_far_it_came() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let path = out.to_str().unwrap();
    let run = ["run", "--mode", "sim", "--log", "perfect", "--seed-from", "a revision", "-o", path];
    assert_eq!(duolog(&[&run[..], &["--for", "0s"]].concat()), Ok(Exit::Nothing));
    let report = report(&out);
    assert_eq!((report.seed_count, report.first_seed), (0, from_revision("a revision")));
    assert_eq!(report.verdict, crate::judge::Verdict::Inconclusive, "no seed is no pass");
}

#[test]
fn parts_of_a_run_make_one_report() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).display().to_string();
    let run = |name: &str, more: &[&str]| {
        let words = ["run", "--mode", "sim", "--log", "perfect", "--seeds", "0..40", "-o"];
        duolog(&[&words[..], &[&path(name)], more].concat())
    };
    for (name, part) in [("one", "1/3"), ("two", "2/3"), ("three", "3/3")] {
        run(name, &["--partition", part]).unwrap();
    }
    run("whole", &[]).unwrap();
    let (one, two, three) = (path("one"), path("two"), path("three"));
    let (out, file) = (path("merged"), path("junit.xml"));
    let merge = ["merge", &one, &two, &three, "-o", &out, "--junit", &file];
    let whole = report(Path::new(&path("whole")));
    assert_eq!(duolog(&merge).unwrap().code(), whole.exit_code);
    let merged = report(Path::new(&out));
    assert_eq!((merged.seed_count, merged.part_count), (40, 3));
    assert_eq!((merged.first_seed, merged.end_seed), (0, 40));
    assert_eq!(merged.invariants, whole.invariants);
    assert_eq!(merged.operations, whole.operations);
    assert_eq!((merged.kill_count, merged.virtual_us), (whole.kill_count, whole.virtual_us));
    let (swarm, all) = (merged.swarm.unwrap(), whole.swarm.unwrap());
    assert_eq!((swarm.medians, swarm.crashes), (all.medians, all.crashes));
    let xml = std::fs::read_to_string(file).unwrap();
    assert!(xml.contains("<testcase classname=\"duolog\" name=\"I1 visibility\">"), "{xml}");

    assert_eq!(duolog(&["merge", &one, &two, &one, "-o", &out]).unwrap_err().0, Exit::Usage);
    let overlapping = ["merge", &path("whole"), &two, "-o", &out];
    assert_eq!(duolog(&overlapping).unwrap_err().0, Exit::Usage);
    assert_eq!(duolog(&["merge", &path("none")]).unwrap_err().0, Exit::Environment);
}

#[test]
fn exit_codes_are_distinct_and_stay_below_125() {
    let codes: BTreeSet<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    assert_eq!(codes.len(), Exit::ALL.len());
    assert!(codes.iter().all(|code| *code < 125));
}

#[test]
fn every_name_can_be_explained() {
    use crate::judge::Invariant;
    for invariant in Invariant::ALL {
        assert_eq!(Invariant::named(invariant.name()), Some(invariant));
        assert_eq!(Invariant::named(invariant.code()), Some(invariant));
    }
    for mistake in duolog::io::Planted::ALL {
        assert_eq!(subject::parse_planted(&subject::planted_name(mistake)), Ok(mistake));
    }
}

#[cfg(feature = "planted")]
#[test]
fn every_mistake_is_noticed_by_its_judge() {
    assert_eq!(selftest(), Exit::Pass);
}

#[cfg(feature = "planted")]
#[test]
fn a_planted_mistake_is_shrunk_kept_and_seen_again() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).display().to_string();
    let (out, kept) = (path("out"), path("kept"));
    let run = ["run", "--mode", "sim", "--planted", "coverage-unchecked", "-o", &out];
    assert_eq!(duolog(&run), Ok(Exit::Violation));
    let failed = report(Path::new(&out)).failures.remove(0);
    let shrunk = failed.shrunk.unwrap();
    assert!(shrunk.operations <= 8 && shrunk.messages <= 24 && shrunk.faults <= 1, "{shrunk:?}");
    let failure = format!("{out}/{}", failed.directory.unwrap());
    let words = std::fs::read_to_string(format!("{failure}/explanation.txt")).unwrap();
    assert!(words.contains(" SHRUNK to ") && words.contains("!! "), "{words}");
    let plan = format!("{failure}/shrunk.json");
    // What was planted is noted beside the plan.
    assert_eq!(duolog(&["replay", &plan, "--invariant", "visibility"]), Ok(Exit::Violation));
    assert_eq!(duolog(&["replay", &plan, "--invariant", "leaks"]), Ok(Exit::Inconclusive));

    let keep = ["keep", &failure, "covered-by-nothing", "--into", &kept];
    assert_eq!(duolog(&keep), Ok(Exit::Pass));
    assert_eq!(duolog(&keep).unwrap_err().0, Exit::Usage, "there is one of that name");
    assert_eq!(duolog(&["regressions", &kept]), Ok(Exit::Pass));
    let again = format!("{kept}/covered-by-nothing");
    let keep = ["keep", &again, "covered-by-nothing", "--into", &kept, "--replace"];
    assert_eq!(duolog(&keep), Ok(Exit::Pass));
    let expected = format!("{again}/expected.json");
    let text = std::fs::read_to_string(&expected).unwrap();
    std::fs::write(&expected, text.replace("coverage-unchecked", "commit-unknown")).unwrap();
    assert_eq!(duolog(&["regressions", &kept]), Ok(Exit::Inconclusive), "it shows nothing");
}

/// Runs a command line; what it answered, or how it failed.
pub(super) fn duolog(words: &[&str]) -> Result<Exit, (Exit, String)> {
    let words = ["duolog"].iter().chain(words);
    let parsed = Cli::try_parse_from(words).map_err(|e| (Exit::Usage, e.to_string()))?;
    dispatch(parsed).map_err(|failure| (failure.exit, failure.text))
}

fn report(directory: &Path) -> crate::report::Report {
    serde_json::from_slice(&std::fs::read(directory.join("report.json")).unwrap()).unwrap()
}

#[test]
fn messages_are_taken_from_a_file() {
    let root = tempfile::tempdir().unwrap();
    let (file, out) = (root.path().join("lines"), root.path().join("out"));
    std::fs::write(&file, b"one\n\n\xff\r\nlast").unwrap();
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    let run = ["run", "--mode", "sim", "--seed", "6", "--log", "perfect", "-o", out];
    // One seed puts few invariants at risk.
    assert_eq!(duolog(&[&run[..], &["--messages", file]].concat()), Ok(Exit::Inconclusive));
    let lines = report(Path::new(out)).messages.unwrap();
    assert_eq!((lines.line_count, lines.read_back_count), (4, 4));
    let plan = format!("{out}/plan.json");
    assert_eq!(duolog(&["replay", &plan, "--log", "perfect"]), Ok(Exit::Pass));
    std::fs::write(file, b"one\n\n\xfe\r\nlast").unwrap();
    let (exit, text) = duolog(&["replay", &plan, "--log", "perfect"]).unwrap_err();
    assert_eq!(exit, Exit::Environment);
    assert!(text.contains("changed"), "{text}");
    std::fs::write(file, b"").unwrap();
    assert_eq!(duolog(&["run", "--messages", file]).unwrap_err().0, Exit::Nothing);
    let missing = duolog(&["run", "--messages", "no-such-file"]).unwrap_err();
    assert_eq!(missing.0, Exit::Environment);
}

#[test]
fn what_is_checked_is_recognised() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let path = out.to_str().unwrap();
    let run = ["run", "--mode", "sim", "--seed", "3", "--log", "perfect", "-o", path];
    // One seed need not put every invariant at risk; the check must say what the run said.
    let exit = duolog(&run).unwrap();
    assert!([Exit::Pass, Exit::Inconclusive].contains(&exit), "{exit:?}");
    assert_eq!(duolog(&["check", path]), Ok(exit));
    assert_eq!(duolog(&["check", &format!("{path}/history.jsonl.gz")]), Ok(exit));
    assert_eq!(duolog(&["check", root.path().to_str().unwrap()]).unwrap_err().0, Exit::Nothing);
    assert_eq!(duolog(&["check", "no-such-path"]).unwrap_err().0, Exit::Environment);
    let torn = out.join("history.jsonl.gz");
    let bytes = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(duolog(&["check", path]).unwrap_err().0, Exit::Format);
    let other = root.path().join("other");
    std::fs::write(&other, "{}\n").unwrap();
    assert_eq!(duolog(&["check", other.to_str().unwrap()]).unwrap_err().0, Exit::Format);
}

#[test]
fn a_scenario_is_run_and_a_wrong_one_is_pointed_at() {
    let root = tempfile::tempdir().unwrap();
    let (file, out) = (root.path().join("small.toml"), root.path().join("out"));
    let text = "[run]\nmode = \"threads\"\n[workload]\noperations_count = 30\n\
                [roles.looker]\nactors = 1\noperations = 20\n";
    std::fs::write(&file, text).unwrap();
    let (path, directory) = (file.to_str().unwrap(), out.to_str().unwrap());
    let print = duolog(&["run", "--scenario", path, "--print-config", "-o", directory]);
    assert_eq!(print, Ok(Exit::Pass));
    assert!(!out.exists(), "nothing runs");
    // Small runs put few invariants at risk; none of them is broken.
    let ran = duolog(&["run", "--scenario", path, "-o", directory]).unwrap();
    assert!(matches!(ran, Exit::Pass | Exit::Inconclusive), "{ran:?}");
    assert_eq!(report(&out).mode, "threads");
    assert!(std::fs::read_to_string(out.join("latency.hlog")).unwrap().contains("Tag=append,"));
    let resolved = std::fs::read_to_string(out.join("config.resolved.toml")).unwrap();
    let resolved = crate::plan::Scenario::from_text(&resolved).unwrap();
    assert_eq!(resolved.run.seeds, Some(Seeds { from: 0, to: 1 }));
    assert!(resolved.config.segment_max_bytes.is_some(), "all that is the same for all seeds");

    std::fs::write(&file, "[workload]\noperations_count = 0\n").unwrap();
    let (exit, text) = duolog(&["run", "--scenario", path]).unwrap_err();
    assert_eq!(exit, Exit::Environment);
    assert!(text.contains("small.toml:2:20: "), "{text}");
    std::fs::write(&file, "[run]\nmode = \"fast\"\n").unwrap();
    let (_, text) = duolog(&["run", "--scenario", path]).unwrap_err();
    assert!(text.contains("small.toml:2:8: ") && text.contains("threads"), "{text}");
}

#[test]
fn progress_is_a_bar_only_where_it_is_seen_to_move() {
    use super::progress::{ShowProgress, State, object};
    let auto = |terminal, ci, json| ShowProgress::Auto.resolved(terminal, ci, json);
    assert_eq!(auto(true, false, false), ShowProgress::Bar);
    for others in [(false, false, false), (true, true, false), (true, false, true)] {
        assert_eq!(auto(others.0, others.1, others.2), ShowProgress::Counter);
    }
    let said = ShowProgress::None.resolved(true, false, false);
    assert_eq!(said, ShowProgress::None, "what is said is done");
    let plan = crate::plan::Plan::draw(1, &crate::plan::Shape::simulated());
    let (none, work) = (plan.work(|_| 0), plan.work(|_| usize::MAX));
    assert_eq!((none, work.operations), (Default::default(), plan.operation_count() as u64));
    assert!(work.appends > 0 && work.messages >= work.appends && work.lookups > 0);
    let state = State { seeds: (3, 64), work, operations: None };
    let words = state.words();
    assert!(words.starts_with("3 of 64 seeds, "), "{words}");
    assert!(words.contains(&format!("{} lookups", work.lookups)), "{words}");
    let object = object(&state, std::time::Duration::from_secs(2));
    assert_eq!((&object["elapsed_us"], &object["seeds_done"]), (&2_000_000.into(), &3.into()));
}
