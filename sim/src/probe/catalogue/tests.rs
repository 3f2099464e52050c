#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::super::fake::Fake;
use super::super::operation::Effect;
use super::super::run::deterministic;
use super::plans::*;
use super::*;

#[test]
fn names_are_apart_and_everything_is_said() {
    let names: BTreeSet<&str> = KNOWN.iter().map(|known| known.name).collect();
    assert_eq!(names.len(), KNOWN.len());
    for known in &KNOWN {
        let texts = [known.what, known.upstream, known.effect, known.defence];
        assert!(texts.iter().all(|text| !text.is_empty()), "{}", known.name);
        assert!(std::ptr::eq(named(known.name).unwrap(), known));
    }
    assert!(named("nothing").is_none());
}

#[test]
fn plans_are_small_and_show_nothing_where_nothing_is_wrong() {
    for known in KNOWN.iter().filter(|known| !matches!(known.shows, Shows::Within(_))) {
        let plan = (known.plan)();
        assert!(plan.operations.len() <= 8, "{}", known.name);
        let run = deterministic::run(&plan, &mut Fake::default());
        assert_eq!(run.violations, [], "{}", known.name);
        assert_eq!(run.operation_count(), plan.operations.len() as u64, "{}", known.name);
    }
}

#[test]
fn a_violation_that_nothing_is_known_of_is_not_explained() {
    let signature = |rule, anomaly: &str, who| Signature {
        rule,
        anomaly: anomaly.to_owned(),
        who,
        is_shadowed: false,
        is_late_family: false,
        is_dropped_family: false,
        is_healed: false,
    };
    for rule in Rule::ALL {
        for who in [Who::Primary, Who::Secondary, Who::Frozen] {
            for anomaly in ["missing", "stale", "torn", "corruption", "iterator-moved"] {
                let signature = signature(rule, anomaly, who);
                assert!(explained(&signature, &steps(Vec::new())).is_none(), "{signature:?}");
                assert!(explained(&signature, &missed_log()).is_none(), "{signature:?}");
            }
        }
    }
    // What is missing on one thread is no race.
    let healed =
        Signature { is_healed: true, ..signature(Rule::Interval, "missing", Who::Secondary) };
    assert!(explained(&healed, &steps(Vec::new())).is_none());
    assert_eq!(explained(&healed, &missed_log()).unwrap().name, "catch-up-misses-flushed-log");
    // A process that ends is explained by nothing but what is known to end it.
    for (anomaly, plan, name) in [
        (HANGS, steps(vec![write(0, Effect::Put), OPEN, CATCH_UP]), None),
        (DIES, stale_read(), None),
        (DIES, recycled_log(), None),
        (HANGS, backward_scan(), None),
        (HANGS, recycled_log(), Some("recycled-log-hangs-secondary")),
        (HANGS, unordered_write(), Some("manual-flush-hangs-unordered-write")),
        (DIES, backward_scan(), Some("range-delete-crashes-backward-scan")),
        (DIES, recreated_family(), Some("recreated-family-crashes-catch-up")),
        (DIES, dropped_family(), None),
    ] {
        let signature = signature(Rule::Errors, anomaly, Who::Primary);
        assert_eq!(explained(&signature, &plan).map(|known| known.name), name, "{anomaly}");
    }
}
