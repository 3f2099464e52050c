//! The plan that a command is told to run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use duolog::io::Planted;

use crate::judge::Invariant;
use crate::plan::{IndexKind, Plan, PlanError};
use crate::report::FailureRecord;

use super::run::{Mode, Workload, read_scenario, refused};
use super::seeds::parse_seed;
use super::subject::{Target, parse_planted, planted_name};
use super::{Exit, Failure, index};

/// Names a plan, and what it is run against.
#[derive(Args)]
pub(super) struct Source {
    /// A seed, a plan, or a directory that holds one (a kept failure)
    pub what: String,
    /// The invariant that must be broken again, by name; without, any
    #[arg(long)]
    invariant: Option<String>,
    /// The scenario that the seed was run with; a plan has it in itself
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// The index that it is run on [default: that of the plan]
    #[arg(long)]
    index: Option<IndexKind>,
    /// The file that the seed's messages are lines of, where it had one; a plan names its own
    #[arg(long, value_name = "FILE")]
    messages: Option<PathBuf>,
    /// The log to run
    #[arg(long, default_value = "engine", hide = true)]
    pub log: Target,
    /// Plants a mistake in the engine
    #[cfg(feature = "planted")]
    #[arg(long, value_parser = parse_planted)]
    planted: Vec<Planted>,
}

/// A plan, and where it came from.
pub(super) struct Sourced {
    pub plan: Plan,
    /// The directory of the failure, where it was kept because it failed.
    pub failure: Option<PathBuf>,
    /// What was noted of the failure.
    pub record: Option<FailureRecord>,
}

impl Source {
    /// The invariant that was named.
    pub(super) fn invariant(&self) -> Result<Option<Invariant>, Failure> {
        let Some(name) = &self.invariant else { return Ok(None) };
        let named = Invariant::named(name);
        let unknown = || format!("no invariant {name:?}: see duolog explain");
        named.map(Some).ok_or_else(|| Failure::new(Exit::Usage, unknown()))
    }

    /// The mistakes to plant: those that were named, else those of the failure.
    pub(super) fn planted(&self, sourced: &Sourced) -> Result<BTreeSet<Planted>, Failure> {
        #[cfg(feature = "planted")]
        if !self.planted.is_empty() {
            return Ok(self.planted.iter().copied().collect());
        }
        let noted = sourced.record.as_ref().map_or(&[][..], |record| &record.planted);
        mistakes(noted)
    }

    /// Reads the plan, or draws it.
    pub(super) fn read(&self) -> Result<Sourced, Failure> {
        let path = Path::new(&self.what);
        if !path.exists() {
            let seed = parse_seed(&self.what).map_err(|_| {
                let text = format!("{:?} is neither a seed nor a file", self.what);
                Failure::new(Exit::Usage, text)
            })?;
            let scenario = self.scenario.as_deref().map(read_scenario).transpose()?;
            let scenario = scenario.unwrap_or_default();
            let index = self.index.or(scenario.run.index).unwrap_or_default();
            index::check(index)?;
            let workload =
                Workload::new(Mode::Sim, &scenario, self.messages.as_deref())?.with_index(index);
            return Ok(Sourced { plan: workload.plan(seed), failure: None, record: None });
        }
        let file = if path.is_dir() { path.join("plan.json") } else { path.to_owned() };
        let mut plan = read_plan(&file)?;
        plan.index = self.index.unwrap_or(plan.index);
        index::check(plan.index)?;
        let directory = file.parent().unwrap_or(Path::new(""));
        let record = read_record(directory)?;
        let kept = path.is_dir() && path.join("explanation.txt").exists() || record.is_some();
        Ok(Sourced { plan, failure: kept.then(|| directory.to_owned()), record })
    }
}

/// Mistakes by their names.
pub(super) fn mistakes(names: &[String]) -> Result<BTreeSet<Planted>, Failure> {
    let parsed = names.iter().map(|name| parse_planted(name));
    let planted: BTreeSet<Planted> =
        parsed.collect::<Result<_, String>>().map_err(|text| Failure::new(Exit::Format, text))?;
    if planted.is_empty() || cfg!(feature = "planted") {
        return Ok(planted);
    }
    let names: Vec<String> = planted.iter().map(|one| planted_name(*one)).collect();
    let remedy = "use a build with the feature planted";
    Err(Failure::new(Exit::Usage, format!("it shows with {} planted: {remedy}", names.join(", "))))
}

/// The plan in a file.
pub(super) fn read_plan(file: &Path) -> Result<Plan, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(Exit::Environment, format!("{file:?}: {error}")))?;
    let mut plan = Plan::from_text(&text).map_err(|error| {
        let exit = match error {
            PlanError::Version { .. } => Exit::Format,
            _ => Exit::Environment,
        };
        Failure::new(exit, format!("{}: {error}", file.display()))
    })?;
    index::check(plan.index)?;
    plan.open_lines().map_err(refused)?;
    Ok(plan)
}

/// What was noted of a failure in this directory, where something was.
pub(super) fn read_record(directory: &Path) -> Result<Option<FailureRecord>, Failure> {
    let file = directory.join(FailureRecord::FILE_NAME);
    let Ok(text) = std::fs::read_to_string(&file) else { return Ok(None) };
    let wrong = |error| Failure::new(Exit::Format, format!("{}: {error}", file.display()));
    serde_json::from_str(&text).map(Some).map_err(wrong)
}

/// The names in a directory, in order; none where it is not there.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Environment, format!("{}: {error}", directory.display()))
    };
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
