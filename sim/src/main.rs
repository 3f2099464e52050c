//! The command line of the harness.

use std::process::ExitCode;

fn main() -> ExitCode {
    duolog_sim::cli::main().into()
}
