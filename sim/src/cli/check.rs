//! `duolog check`.

use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;

use crate::history::{self, HistoryError};
use crate::judge::judge;
use crate::report::{Tally, failure_words, invariant_table};

use super::exit::Exit;
use super::run::broken;
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct CheckArgs {
    /// A history, or a directory that holds one
    path: PathBuf,
}

pub(super) fn check(args: &CheckArgs) -> Ended {
    let path = if args.path.is_dir() { args.path.join("history.jsonl") } else { args.path.clone() };
    let file = std::fs::File::open(&path)
        .map_err(|error| Failure::new(Exit::Environment, format!("{}: {error}", path.display())))?;
    let history = history::read(BufReader::new(file)).map_err(|error| {
        let exit = match error {
            HistoryError::Io(_) => Exit::Environment,
            HistoryError::Line { .. } | HistoryError::Version(_) => Exit::Format,
        };
        Failure::new(exit, format!("{}: {error}", path.display()))
    })?;
    let judgements = judge(&history);
    let mut tally = Tally::default();
    tally.add(&history.events, &judgements, 0);
    if !broken(&judgements).is_empty() {
        let replay = format!("duolog replay {:#018x}", history.header.seed);
        print(&failure_words(&history, &judgements, &replay));
    }
    print(&invariant_table(&tally.judgements));
    Ok(Exit::of(tally.verdict(), tally.operation_count))
}
