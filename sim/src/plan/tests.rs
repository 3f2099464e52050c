#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;

#[test]
fn plans_survive_both_formats() {
    for seed in 0..20 {
        let plan = Plan::draw(seed, &Shape::simulated());
        for format in [PlanFormat::Json, PlanFormat::Toml] {
            let text = plan.to_text(format);
            assert_eq!(Plan::from_text(&text).unwrap(), plan, "seed {seed}, {format:?}");
        }
    }
}

#[test]
fn seed_decides_the_plan() {
    let shape = Shape::simulated();
    assert_eq!(Plan::draw(7, &shape), Plan::draw(7, &shape));
    assert_ne!(Plan::draw(7, &shape).actors, Plan::draw(8, &shape).actors);
}

#[test]
fn faults_switched_off_move_nothing_else() {
    let with = Shape::simulated();
    let without = Shape { kills: false, ..Shape::simulated() };
    for seed in 0..20 {
        let (with, without) = (Plan::draw(seed, &with), Plan::draw(seed, &without));
        assert_eq!(with.actors, without.actors);
        assert_eq!(with.config, without.config);
        assert!(without.kills.is_empty());
    }
}

#[test]
fn swarm_reaches_its_corners() {
    let plans: Vec<Plan> = (0..200).map(|seed| Plan::draw(seed, &Shape::simulated())).collect();
    let chunks: BTreeSet<u32> = plans.iter().map(|p| p.config.settle_chunk_entries).collect();
    assert!(chunks.contains(&1) && chunks.len() >= 4, "{chunks:?}");
    assert!(plans.iter().any(|p| p.kills.is_empty()) && plans.iter().any(|p| p.kills.len() > 4));
    let has = |plan: &Plan, what: fn(&Operation) -> bool| {
        plan.actors.iter().flat_map(|a| &a.operations).any(what)
    };
    for what in [
        |o: &Operation| matches!(o, Operation::Trim { .. }),
        |o: &Operation| matches!(o, Operation::RestartWriter { .. }),
        |o: &Operation| matches!(o, Operation::Append { drop_after_polls: Some(_), .. }),
        |o: &Operation| matches!(o, Operation::Commit { which: CommitChoice::Older, .. }),
    ] {
        assert!(plans.iter().any(|plan| has(plan, what)));
        assert!(plans.iter().any(|plan| !has(plan, what)), "a class is never off");
    }
}

#[test]
fn contradictions_are_refused() {
    let mut plan = Plan::draw(1, &Shape::simulated());
    plan.actors[0].operations.push(Operation::Settle { lane: 99 });
    let refused = Plan::from_text(&plan.to_text(PlanFormat::Json)).unwrap_err();
    assert!(matches!(refused, PlanError::Contradiction(_)), "{refused}");

    let mut plan = Plan::draw(1, &Shape::simulated());
    plan.version += 1;
    let refused = Plan::from_text(&plan.to_text(PlanFormat::Json)).unwrap_err();
    assert!(matches!(refused, PlanError::Version { found: 2 }), "{refused}");

    let mut plan = Plan::draw(1, &Shape::simulated());
    plan.kills =
        vec![KillAt { step: "Sideways".to_owned(), nth: 1, within_steps: None, power: false }];
    let refused = Plan::from_text(&plan.to_text(PlanFormat::Json)).unwrap_err();
    assert!(matches!(refused, PlanError::Contradiction(_)), "{refused}");
}

#[test]
fn content_is_a_function_of_its_mark() {
    let content = Plan::draw(3, &Shape::simulated()).config.content;
    let mark = Mark { lane: 1, producer: 2, counter: 77 };
    assert_eq!(Mark::from_key(&mark.to_key()), Some(mark));
    let message = content.message(mark);
    assert_eq!(message, content.message(mark));
    assert_eq!(message.timestamp_us, Some(content.expected(mark).timestamp_us));
    assert_eq!(message.id, Content::id_text(content.expected(mark).id));
    let (found, whole) = content.check(message.key.as_deref(), |m| *m == message).unwrap();
    assert_eq!((found, whole), (mark, true));
}

#[test]
fn some_ids_repeat_and_some_times_are_equal() {
    let mut repeated = 0;
    let mut equal = 0;
    for seed in 0..40 {
        let content = Plan::draw(seed, &Shape::simulated()).config.content;
        let all: Vec<Expected> = (0..100)
            .map(|counter| content.expected(Mark { lane: 0, producer: 0, counter }))
            .collect();
        let ids: BTreeSet<u64> = all.iter().map(|e| e.id).collect();
        let times: BTreeSet<i64> = all.iter().map(|e| e.timestamp_us).collect();
        repeated += u32::from(ids.len() < 100);
        equal += u32::from(times.len() < 100);
    }
    assert!((5..40).contains(&repeated), "{repeated}");
    assert!((5..40).contains(&equal), "{equal}");
}
