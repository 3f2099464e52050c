#![allow(clippy::unwrap_used)]

use super::*;
use crate::plan::{Operation, Visibility};

fn refused(text: &str) -> String {
    Scenario::from_text(text).unwrap_err().told("s.toml", text)
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (text, place, named) in [
        ("[workload]\nbatch_max_count = 5000\n", "s.toml:2:19: ", "from 1 to 4096"),
        ("[workload]\nbatch_max = 5\n", "s.toml:2:1: ", "unknown field `batch_max`"),
        ("[workload]\n\nkills = 1\n", "s.toml:3:9: ", "expected a boolean"),
        ("[engine]\nkills = 1\n", "s.toml:1:2: ", "unknown field `engine`"),
        ("[config]\nvisibility = \"soon\"\n", "s.toml:2:14: ", "flushed"),
        ("[config]\nsegment_max_bytes = -1\n", "s.toml:2:21: ", "-1"),
        ("[config]\nflush_bytes = \n", "s.toml:2:", ""),
        ("[run]\nseeds = \"9..3\"\n", "s.toml:2:9: ", "ends before it begins"),
        ("[run]\nmax_fail = 0\n", "s.toml:2:12: ", "from 1 to"),
        ("[roles.seller]\nactors = 1\n", "s.toml:1:", "producer"),
        ("[roles.reader]\nactors = 65\n", "s.toml:2:10: ", "from 0 to 64"),
        (
            "[config]\nsettle_chunk_entries = 9\ntail_max_entries = 3\n",
            "s.toml:3:20: ",
            "one chunk at least",
        ),
        (
            "[content]\npayload_max_bytes = 9000\n[config]\nmessage_max_bytes = 9000\n",
            "s.toml:2:21: ",
            "does not fit",
        ),
    ] {
        let told = refused(text);
        assert!(told.starts_with(place), "{told}");
        assert!(told.contains(named), "{told}");
        assert!(told.ends_with('^'), "{told}");
    }
}

#[test]
fn what_is_said_is_done_and_the_rest_is_drawn() {
    let text = "[workload]\noperations_count = 11\nkills = false\n\
                [roles.producer]\nactors = 2\n[roles.looker]\nactors = 1\noperations = 7\n\
                [config]\npartition_count = 5\ntopic_count = 1\nvisibility = \"synced\"\n\
                settle_chunk_entries = 5000\nsegment_max_bytes = 8192\n\
                [content]\npayload_max_bytes = 20000000\n";
    let scenario = Scenario::from_text(text).unwrap();
    let shape = scenario.shape(Shape::simulated());
    let mut drawn = std::collections::BTreeSet::new();
    for seed in 0..8 {
        let plan = scenario.draw(seed, &shape);
        let of = |role| plan.actors.iter().filter(move |actor| actor.role == role);
        assert_eq!((of(Role::Producer).count(), of(Role::Looker).count()), (2, 1));
        assert!(of(Role::Looker).all(|actor| actor.operations.len() >= 7));
        let is_append = |one: &&Operation| matches!(one, Operation::Append { .. });
        let appends =
            |actor: &crate::plan::Actor| actor.operations.iter().filter(is_append).count();
        assert!(of(Role::Producer).all(|actor| appends(actor) <= 11));
        assert!(plan.kills.is_empty());
        assert_eq!((plan.lane_count(), plan.config.visibility), (5, Visibility::Synced));
        assert_eq!(plan.config.segment_max_bytes, 8192);
        assert!(plan.config.tail_max_entries >= 5000);
        assert!(plan.config.message_max_bytes > 20_000_000);
        drawn.insert(plan.config.flush_bytes);
    }
    assert!(drawn.len() > 1, "what is not said is drawn");
    let empty = Scenario::from_text("").unwrap();
    let shape = empty.shape(Shape::simulated());
    assert_eq!(empty.draw(5, &shape), Plan::draw(5, &Shape::simulated()), "nothing said");
}

#[test]
fn a_resolved_scenario_is_one_that_runs_the_same() {
    let said = Scenario::from_text("[content]\ncompressed_in_16 = 3\n").unwrap();
    for shape in [Shape::simulated(), Shape { operations_count: 20, ..Shape::main() }] {
        let shape = said.shape(shape);
        let plan = said.draw(0, &shape);
        let text = said.clone().resolved(&shape, &plan).to_text();
        let again = Scenario::from_text(&text).unwrap();
        let shape_again = again.shape(Shape::simulated());
        assert_eq!(again.draw(0, &shape_again), plan, "{text}");
    }
}
