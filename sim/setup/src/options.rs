//! What the user asks for.

use std::path::PathBuf;

use crate::{Failure, Outcome};

pub(crate) const USAGE: &str = "\
Prepares this machine and this checkout for building duolog with RocksDB.

usage: cargo setup [--check | --adopt FILE]

  (nothing)      check, install what is missing, compile RocksDB once into the user's cache
  --check        only report; exit 6 if something is missing
  --adopt FILE   take this librocksdb.a, built elsewhere of the same version and features,
                 instead of compiling
  --help         this text

The cache is $XDG_CACHE_HOME/duolog, or ~/.cache/duolog.";

/// One call of `cargo setup`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Change nothing.
    pub(crate) check: bool,
    /// A library to take instead of compiling one.
    pub(crate) adopt: Option<PathBuf>,
    /// Print the usage and do nothing else.
    pub(crate) help: bool,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: &[String]) -> Outcome<Options> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--check" => options.check = true,
            "--help" | "-h" => options.help = true,
            "--adopt" => {
                let file = rest.next().ok_or_else(|| wrong("--adopt needs a file"))?;
                options.adopt = Some(PathBuf::from(file));
            }
            other => return Err(wrong(&format!("unknown argument `{other}`"))),
        }
    }
    if options.check && options.adopt.is_some() {
        return Err(wrong("--check changes nothing, so it cannot --adopt"));
    }
    Ok(options)
}

fn wrong(text: &str) -> Failure {
    Failure::usage(format!("{text}\n\n{USAGE}"))
}

#[cfg(test)]
mod tests;
