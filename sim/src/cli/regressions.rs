//! `duolog regressions`: runs the kept plans.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::kept::{Said, kept_below};
use super::{Ended, Failure, print};

/// Where kept plans are, from the root of the checkout.
pub(super) const DIRECTORY: &str = "sim/regressions";

#[derive(Args)]
pub(super) struct RegressionsArgs {
    /// Where they are, each in a directory of its own
    #[arg(default_value = DIRECTORY)]
    directory: PathBuf,
}

pub(super) fn regressions(args: &RegressionsArgs) -> Ended {
    let all = kept_below(&args.directory)?;
    if all.is_empty() {
        let text = format!("{}: no plan is kept there", args.directory.display());
        return Err(Failure::new(Exit::Nothing, text));
    }
    let mut exit = Exit::Pass;
    for (name, kept) in &all {
        let said = kept.check()?;
        let Said { broken, vanished, notes } = &said;
        let (result, now) = if !broken.is_empty() {
            ("VIOLATION", Exit::Violation)
        } else if !vanished.is_empty() {
            ("VANISHED", Exit::Inconclusive)
        } else {
            ("pass", Exit::Pass)
        };
        print(&format!(" {result:<10} {name:<28} {}\n", kept.expected.shown));
        for line in broken.iter().chain(vanished).chain(notes) {
            print(&format!("            {line}\n"));
        }
        // A wrong engine is worse news than a plan that shows nothing any more.
        if exit != Exit::Violation && now != Exit::Pass {
            exit = now;
        }
    }
    print(&format!(" {} kept plans        exit {}\n", all.len(), exit.code()));
    Ok(exit)
}
