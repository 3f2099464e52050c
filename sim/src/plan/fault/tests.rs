#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;
use crate::plan::{Plan, PlanFormat};

/// The rows of the table of faults: class and zones.
fn documented() -> BTreeSet<(String, String)> {
    let text = include_str!("../../../README.md");
    let section = text.split("\n## Faults\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let name = |cell: &str| cell.split('`').next().unwrap_or_default().to_owned();
    cells
        .map(|cells| (name(cells[0]), cells[2].to_owned()))
        .filter(|(name, _)| name != "kills")
        .collect()
}

#[test]
fn the_table_of_faults_is_that_of_the_plan() {
    let zones = |class: FaultClass| class.zones().iter().map(|zone| zone.name());
    let known: BTreeSet<(String, String)> = FaultClass::ALL
        .into_iter()
        .map(|class| (class.name().to_owned(), zones(class).collect::<Vec<_>>().join(", ")))
        .collect();
    assert_eq!(documented(), known);
    assert_eq!(known.len(), FaultClass::ALL.len());
}

#[test]
fn names_are_those_of_the_format() {
    for class in FaultClass::ALL {
        assert_eq!(serde_json::to_value(class).unwrap(), class.name());
    }
    for zone in Zone::ALL {
        assert_eq!(serde_json::to_value(zone).unwrap(), zone.name());
    }
}

#[test]
fn swarm_draws_every_class_and_leaves_classes_out() {
    let plans: Vec<Plan> = (0..400).map(|seed| Plan::draw(seed, &Shape::simulated())).collect();
    let without = plans.iter().filter(|plan| plan.faults.is_empty()).count();
    assert!((20..70).contains(&without), "{without} plans of 400 have no fault");
    for class in FaultClass::ALL {
        let has = |plan: &&Plan| plan.faults.iter().any(|fault| fault.class == class);
        let count = plans.iter().filter(has).count();
        assert!((10..200).contains(&count), "{class:?} is in {count} plans of 400");
    }
    assert!(plans.iter().flat_map(|plan| &plan.faults).all(Fault::is_possible));
}

#[test]
fn faults_that_cannot_be_are_refused() {
    let mut plan = Plan::draw(1, &Shape::simulated());
    let (class, zone) = (FaultClass::SyncDropsPages, Zone::Commit);
    plan.faults = vec![Fault { process: 0, class, zone, nth: 1, us: 0 }];
    assert!(Plan::from_text(&plan.to_text(PlanFormat::Json)).is_err());
    plan.faults[0].zone = Zone::Segment;
    assert_eq!(Plan::from_text(&plan.to_text(PlanFormat::Json)).unwrap(), plan);
    plan.faults[0].nth = 0;
    assert!(Plan::from_text(&plan.to_text(PlanFormat::Toml)).is_err());
}
