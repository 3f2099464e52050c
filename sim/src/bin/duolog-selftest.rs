//! Plants every mistake and sees that the right judge notices it.

use std::process::ExitCode;

fn main() -> ExitCode {
    duolog_sim::cli::selftest().into()
}
