//! `duolog replay`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::judge::Invariant;
use crate::plan::{Plan, PlanError};
use crate::report::{Tally, failure_words, invariant_table};

use super::exit::Exit;
use super::run::{Mode, Workload, broken, read_scenario, refused};
use super::seeds::parse_seed;
use super::subject::{Target, run_plan};
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct ReplayArgs {
    /// A seed, a plan, or a directory that holds one (a kept failure)
    what: String,
    /// The invariant that must be broken again, by name; without, any
    #[arg(long)]
    invariant: Option<String>,
    /// The scenario that the seed was run with; a plan has it in itself
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// The file that the seed's messages are lines of, where it had one; a plan names its own
    #[arg(long, value_name = "FILE")]
    messages: Option<PathBuf>,
    /// The log to run
    #[arg(long, default_value = "engine", hide = true)]
    log: Target,
    /// Plants a mistake in the engine
    #[cfg(feature = "planted")]
    #[arg(long, value_parser = super::subject::parse_planted)]
    planted: Vec<duolog::io::Planted>,
}

pub(super) fn replay(args: &ReplayArgs) -> Ended {
    let wanted = match &args.invariant {
        None => None,
        Some(name) => Some(Invariant::named(name).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("no invariant {name:?}: see duolog explain"))
        })?),
    };
    let (plan, was_failure) = plan(args)?;
    #[cfg(feature = "planted")]
    let planted = args.planted.iter().copied().collect();
    #[cfg(not(feature = "planted"))]
    let planted = Default::default();
    let ran = run_plan(args.log, plan, &planted);
    let mut tally = Tally::default();
    tally.add(&ran.run.history.events, &ran.judgements, ran.run.virtual_us);
    let failed = broken(&ran.judgements);
    if !failed.is_empty() {
        let replay = format!("duolog replay {}", args.what);
        print(&failure_words(&ran.run.history, &ran.judgements, &replay));
    }
    print(&invariant_table(&tally.judgements));
    print(&format!(
        " seed {:#018x}: {} operations, trace {:?}\n",
        ran.plan.seed, tally.operation_count, ran.run.trace
    ));
    let shown = match wanted {
        Some(invariant) => failed.iter().any(|name| name == invariant.name()),
        None => !failed.is_empty(),
    };
    if shown {
        return Ok(Exit::Violation);
    }
    if was_failure || wanted.is_some() {
        print(" NOT REPRODUCED: what was broken once was not broken now\n");
        return Ok(Exit::Inconclusive);
    }
    // One seed seldom puts every invariant at risk: that nothing broke is all that it can say.
    Ok(if tally.operation_count == 0 { Exit::Nothing } else { Exit::Pass })
}

/// The plan, and whether it was kept because it failed.
fn plan(args: &ReplayArgs) -> Result<(Plan, bool), Failure> {
    let (what, messages) = (&args.what, args.messages.as_deref());
    let path = Path::new(what);
    if !path.exists() {
        let seed = parse_seed(what).map_err(|_| {
            Failure::new(Exit::Usage, format!("{what:?} is neither a seed nor a file"))
        })?;
        let scenario = args.scenario.as_deref().map(read_scenario).transpose()?;
        let scenario = scenario.unwrap_or_default();
        return Ok((Workload::new(Mode::Sim, &scenario, messages)?.plan(seed), false));
    }
    let (file, kept): (PathBuf, bool) = if path.is_dir() {
        (path.join("plan.json"), path.join("explanation.txt").exists())
    } else {
        (path.to_owned(), false)
    };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::new(Exit::Environment, format!("{file:?}: {error}")))?;
    let mut plan = Plan::from_text(&text).map_err(|error| {
        let exit = match error {
            PlanError::Version { .. } => Exit::Format,
            _ => Exit::Environment,
        };
        Failure::new(exit, format!("{}: {error}", file.display()))
    })?;
    plan.open_lines().map_err(refused)?;
    Ok((plan, kept))
}
