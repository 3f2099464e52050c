//! `cargo setup`: prepares a machine for building duolog with RocksDB.
//!
//! Checks for a C++20 compiler, libclang and disk space, installs what is missing, compiles
//! RocksDB once for the user and tells this checkout where the library lies. Builds with nothing
//! but the standard library, so that it runs where nothing is prepared yet.
#![allow(clippy::disallowed_methods, reason = "set-up is about the machine it runs on")]

mod apt;
mod cache;
mod clang;
mod compile;
mod compiler;
mod manifest;
mod options;
mod plan;
mod settings;
mod space;

use std::process::ExitCode;

/// Why set-up stops, with the exit code that says so. Codes are those of `duolog`: 2 usage,
/// 6 bad environment.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// The machine is not as it must be; `text` ends with the remedy.
    fn environment(text: impl Into<String>) -> Failure {
        Failure { code: 6, text: text.into() }
    }

    fn usage(text: impl Into<String>) -> Failure {
        Failure { code: 2, text: text.into() }
    }
}

type Outcome<T> = Result<T, Failure>;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    match options::parse(&arguments).and_then(|options| plan::carry_out(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, text }) => {
            eprintln!("setup: {text}");
            ExitCode::from(code)
        }
    }
}
