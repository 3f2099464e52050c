//! The plans that are kept: each passes, and each that was kept for a planted mistake still shows
//! it. The command that runs them is the one people type.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // Processes and files are what this is about.

use std::path::{Path, PathBuf};
use std::process::Command;

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions")
}

/// What the command says of the plans in a directory, and what it exits with.
fn regressions(directory: &Path) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duolog"));
    let output = command.arg("regressions").arg(directory).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

/// A directory with a copy of one kept plan, in which `change` rewrote what is expected of it.
fn changed(change: impl Fn(&str) -> String) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let from = std::fs::read_dir(kept()).unwrap().map(|entry| entry.unwrap().path());
    let from = from.min().unwrap();
    let to = root.path().join("copy");
    std::fs::create_dir(&to).unwrap();
    std::fs::copy(from.join("plan.json"), to.join("plan.json")).unwrap();
    let expected = std::fs::read_to_string(from.join("expected.json")).unwrap();
    std::fs::write(to.join("expected.json"), change(&expected)).unwrap();
    root
}

#[test]
fn every_kept_plan_says_what_it_must() {
    let (text, exit) = regressions(&kept());
    assert_eq!(exit, Some(0), "{text}");
    let count = std::fs::read_dir(kept()).unwrap().count();
    assert!(count >= 2, "{count}");
    assert_eq!(text.lines().filter(|line| line.starts_with(" pass ")).count(), count, "{text}");
}

#[test]
fn a_plan_that_does_not_say_what_it_must_is_told() {
    let finding = changed(|text| text.replace("\"passes\": true", "\"passes\": false"));
    let (text, exit) = regressions(finding.path());
    assert_eq!(exit, Some(5), "the engine is not wrong: {text}");
    assert!(text.contains(" VANISHED "), "{text}");
    let other = changed(|text| text.replace("\"schema_version\": 1", "\"schema_version\": 2"));
    assert_eq!(regressions(other.path()).1, Some(7));
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(regressions(nothing.path()).1, Some(4), "no plan is no pass");
}
