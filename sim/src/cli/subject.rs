//! Which log is run, and one seed of it.

use std::collections::BTreeSet;
use std::path::Path;

use clap::ValueEnum;
use duolog::io::Planted;

use crate::judge::{Judgement, judge};
use crate::plan::Plan;
use crate::run::perfect::Perfect;
use crate::run::{Simulated, simulate};
use crate::world::SimOptions;

use super::{Failure, index};

/// A log to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Target {
    /// The engine
    Engine,
    /// The harness's own model, which cannot be wrong: to try out plans and judges
    Perfect,
}

/// A seed that ran.
pub(super) struct Ran {
    pub plan: Plan,
    pub run: Simulated,
    pub judgements: Vec<Judgement>,
}

/// Runs a plan in this process.
///
/// # Errors
/// Where its index is not to be had.
pub(super) fn run_plan(
    target: Target,
    plan: Plan,
    planted: &BTreeSet<Planted>,
) -> Result<Ran, Failure> {
    run_plan_traced(target, plan, planted, false)
}

/// As [`run_plan`], with the lines of its trace where that is kept.
///
/// # Errors
/// As [`run_plan`].
pub(super) fn run_plan_traced(
    target: Target,
    plan: Plan,
    planted: &BTreeSet<Planted>,
    keep_trace: bool,
) -> Result<Ran, Failure> {
    let options = SimOptions { planted: planted.clone(), keep_trace, ..SimOptions::default() };
    if plan.index.is_model() {
        return run("".as_ref(), target, plan, options);
    }
    let directory = index::IndexDirectory::create()?;
    run(directory.path(), target, plan, options)
}

/// As [`run_plan`], with the files of its index below `directory` where it has some.
///
/// # Errors
/// As [`run_plan`].
pub(super) fn run_plan_below(
    directory: &Path,
    target: Target,
    plan: Plan,
    planted: &BTreeSet<Planted>,
) -> Result<Ran, Failure> {
    let options = SimOptions { planted: planted.clone(), ..SimOptions::default() };
    run(directory, target, plan, options)
}

fn run(directory: &Path, target: Target, plan: Plan, options: SimOptions) -> Result<Ran, Failure> {
    let options = SimOptions { index: index::below(directory, plan.index)?, ..options };
    let run = match target {
        Target::Perfect => simulate(&plan, &Perfect::default(), options),
        Target::Engine => simulate(&plan, &crate::run::engine::Engine::default(), options),
    };
    let judgements = judge(&run.history);
    Ok(Ran { plan, run, judgements })
}

/// A mistake by its name in words: `publish-before-tail`.
pub(super) fn parse_planted(text: &str) -> Result<Planted, String> {
    let names = || Planted::ALL.iter().map(|one| planted_name(*one));
    Planted::ALL.into_iter().find(|one| planted_name(*one) == text).ok_or_else(|| {
        format!("no such mistake: choose one of {}", names().collect::<Vec<_>>().join(", "))
    })
}

/// The name of a mistake.
pub(super) fn planted_name(mistake: Planted) -> String {
    let mut name = String::new();
    for letter in format!("{mistake:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
