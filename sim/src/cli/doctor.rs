//! `duolog doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::report::Environment;

use super::exit::Exit;
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct DoctorArgs {
    /// Where results are to go
    #[arg(long, short, default_value = "runs", env = "DUOLOG_OUTPUT")]
    output: PathBuf,
}

pub(super) fn doctor(args: &DoctorArgs) -> Ended {
    let here = Environment::here();
    print(&format!(
        "duolog {}, {}\n  index on RocksDB   {}\n  planted mistakes   {}\n\
         \x20 debug assertions   {}\n  kernel             {}\n\
         \x20 processor          {} ({} usable)\n",
        here.version,
        here.target,
        yes(here.rocks),
        yes(here.planted),
        yes(here.debug_assertions),
        here.kernel,
        here.processor,
        here.processor_count,
    ));
    let probe = args.output.join(".probe");
    std::fs::create_dir_all(&args.output)
        .and_then(|()| std::fs::write(&probe, b"probe"))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| {
            let text = format!("{} cannot be written: {error}", args.output.display());
            Failure::new(Exit::Environment, text)
        })?;
    print(&format!("  results            {} can be written\n", args.output.display()));
    Ok(Exit::Pass)
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
