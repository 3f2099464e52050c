#![allow(clippy::unwrap_used)]

use super::super::catalogue::{KNOWN, Shows};
use super::*;

#[test]
fn the_programs_of_known_findings_are_short_and_name_only_the_crate() {
    for known in KNOWN.iter().filter(|known| known.shows == Shows::Always) {
        let text = reproducer(&(known.plan)());
        assert!(text.lines().count() < 75, "{}: {} lines", known.name, text.lines().count());
        let used = text.lines().filter(|line| line.starts_with("use "));
        assert!(used.into_iter().all(|line| line.starts_with("use rocksdb::")), "{}", known.name);
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{}", known.name);
    }
}
