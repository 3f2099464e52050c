#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

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
