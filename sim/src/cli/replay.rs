//! `duolog replay`.

use clap::Args;

use crate::report::{Tally, failure_words, invariant_table};

use super::exit::Exit;
use super::run::broken;
use super::source::Source;
use super::subject::run_plan;
use super::{Ended, print};

#[derive(Args)]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    source: Source,
}

pub(super) fn replay(args: &ReplayArgs) -> Ended {
    let source = &args.source;
    let wanted = source.invariant()?;
    let sourced = source.read()?;
    let planted = source.planted(&sourced)?;
    let was_failure = sourced.failure.is_some();
    let ran = run_plan(source.log, sourced.plan, &planted)?;
    let mut tally = Tally::default();
    tally.add(&ran.run.history.events, &ran.judgements, ran.run.virtual_us);
    let failed = broken(&ran.judgements);
    if !failed.is_empty() {
        let replay = format!("duolog replay {}", source.what);
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
