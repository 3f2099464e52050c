#![allow(clippy::unwrap_used)]

use super::super::catalogue::{KNOWN, Shows, named};
use super::*;

#[test]
fn the_programs_of_known_findings_are_short_and_name_only_the_crate() {
    for known in KNOWN.iter().filter(|known| !matches!(known.shows, Shows::Within(_))) {
        let text = reproducer(&(known.plan)());
        assert!(text.lines().count() < 60, "{}: {} lines", known.name, text.lines().count());
        let used = text.lines().filter(|line| line.starts_with("use "));
        assert!(used.into_iter().all(|line| line.starts_with("use rocksdb::")), "{}", known.name);
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{}", known.name);
    }
}

#[test]
fn a_snapshot_is_looked_at_again_behind_its_span() {
    let text = reproducer(&(named("snapshot-ignored").unwrap().plan)());
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is not in {text}"));
    assert!(at("let before = ") < at("p.write_opt") && at("r0.try_catch_up") < at("let after = "));
}
