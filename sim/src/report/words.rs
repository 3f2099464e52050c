//! A failed seed in words: what happened, why that is wrong, how to see it again.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::history::History;
use crate::judge::{Judgement, Shown, Verdict};
use crate::plan::Plan;

use super::{ShrunkRecord, timeline};

/// Findings told in full for each invariant.
const FINDINGS_TOLD: usize = 2;

/// What went wrong on a seed.
pub fn failure_words(history: &History, judgements: &[Judgement], replay: &str) -> String {
    let mut text = String::new();
    let broken = judgements.iter().filter(|one| one.verdict() == Verdict::Violation);
    for judgement in broken {
        let invariant = judgement.invariant;
        let _ = writeln!(
            text,
            " FAIL seed {:#018x}   {} {}   {} of {} checks",
            history.header.seed,
            invariant.code(),
            invariant.name(),
            judgement.violations,
            judgement.checked.max(judgement.violations)
        );
        let _ = writeln!(text, "   {}", invariant.promise());
        for finding in judgement.findings.iter().take(FINDINGS_TOLD) {
            let _ = writeln!(text, "\n   {}: {}", finding.anomaly, finding.words);
        }
        let _ = writeln!(text);
    }
    let _ = writeln!(text, "   replay   {replay}");
    text
}

/// What a shrunk plan does and what came of it, in words.
pub fn shrunk_words(
    plan: &Plan,
    history: &History,
    judgements: &[Judgement],
    shown: &Shown,
    (record, replay): (&ShrunkRecord, &str),
) -> String {
    let mut text = format!(" SHRUNK to {}", record.words());
    if record.runs > 0 {
        text += &format!(", in {} runs", record.runs);
    }
    text += if record.is_done { "\n" } else { "; it was not finished\n" };
    for (index, actor) in plan.actors.iter().enumerate() {
        let _ = writeln!(text, "   {} {index}", actor.role.name());
        for operation in &actor.operations {
            let _ = writeln!(text, "     {operation}");
        }
    }
    text += &misfortunes(plan);
    let of = judgements.iter().filter(|one| one.invariant == shown.invariant);
    let finding = of.flat_map(|one| &one.findings).find(|finding| finding.anomaly == shown.anomaly);
    let marked: BTreeSet<usize> =
        finding.into_iter().flat_map(|finding| finding.events.iter().copied()).collect();
    let role = |actor: u32| plan.actors.get(actor as usize).map(|actor| actor.role);
    let _ = writeln!(text, "\n   What happened; !! stands where it is wrong\n");
    text += &timeline(history, role, &marked);
    if let Some(finding) = finding {
        let (code, name) = (shown.invariant.code(), shown.invariant.name());
        let _ = writeln!(text, "\n   {code} {name}, {}: {}", finding.anomaly, finding.words);
    }
    let _ = writeln!(text, "\n   replay   {replay}");
    text
}

/// What was drawn for a plan, in words: settings, actors and how much each does, deaths, faults.
pub fn plan_words(plan: &Plan) -> String {
    let mut text = format!(" PLAN of seed {:#018x}\n", plan.seed);
    let settings = serde_json::to_value(&plan.config).unwrap_or_default();
    for (name, value) in settings.as_object().into_iter().flatten() {
        let _ = writeln!(text, "   {name} = {value}");
    }
    for (index, actor) in plan.actors.iter().enumerate() {
        let (role, count) = (actor.role.name(), actor.operations.len());
        let _ = writeln!(text, "   {role} {index}: {count} operations");
    }
    text + &misfortunes(plan)
}

/// Where processes die, and what goes wrong with them.
fn misfortunes(plan: &Plan) -> String {
    let mut text = String::new();
    for (process, kill) in plan.kills.iter().enumerate() {
        let _ = writeln!(text, "   process {process} {kill}");
    }
    for fault in &plan.faults {
        let _ = writeln!(text, "   process {} {fault}", fault.process);
    }
    text
}
