//! `duolog replay`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::report::{Tally, failure_words, invariant_table};

use super::exit::Exit;
use super::run::broken;
use super::source::Source;
use super::subject::run_plan_traced;
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    source: Source,

    /// Writes what the world saw, a line for each poll, wake, draw and call
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

pub(super) fn replay(args: &ReplayArgs) -> Ended {
    let source = &args.source;
    let wanted = source.invariant()?;
    let sourced = source.read()?;
    let planted = source.planted(&sourced)?;
    let was_failure = sourced.failure.is_some();
    let ran = run_plan_traced(source.log, sourced.plan, &planted, args.trace.is_some())?;
    if let Some(file) = &args.trace {
        write_lines(file, &ran.run.trace.lines)?;
    }
    let mut tally = Tally::default();
    tally.add(&ran.run.history.events, &ran.judgements, ran.run.virtual_us);
    let failed = broken(&ran.judgements);
    if !failed.is_empty() {
        let replay = format!("duolog replay {}", source.what);
        print(&failure_words(&ran.run.history, &ran.judgements, &replay));
    }
    print(&invariant_table(&tally.judgements));
    print(&format!(
        " seed {:#018x}: {} operations, trace of {} lines, hash {:032x}\n",
        ran.plan.seed, tally.operation_count, ran.run.trace.count, ran.run.trace.hash
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

fn write_lines(path: &Path, lines: &[String]) -> Result<(), Failure> {
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    std::fs::write(path, text)
        .map_err(|error| Failure::new(Exit::Environment, format!("{}: {error}", path.display())))
}
