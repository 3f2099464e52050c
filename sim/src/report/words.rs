//! A failed seed in words: what happened, why that is wrong, how to see it again.

use std::fmt::Write;

use crate::history::History;
use crate::judge::{Judgement, Verdict};

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
