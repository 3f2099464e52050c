//! The command line.

// This is the outside: arguments, files of results, threads that run seeds, real time.
#![allow(clippy::disallowed_methods)]

mod apart;
mod check;
mod doctor;
mod duration;
mod exit;
mod explain;
mod index;
mod keep;
mod kept;
mod log;
mod merge;
mod probe;
mod progress;
mod regressions;
mod replay;
mod run;
mod seeds;
mod selftest;
mod shrink;
mod source;
mod subject;
#[cfg(test)]
mod tests;

pub use exit::Exit;
pub use selftest::selftest;

use clap::{CommandFactory, Parser, Subcommand};

/// What a command did not manage, and what the process exits with.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    fn new(exit: Exit, text: impl std::fmt::Display) -> Self {
        Self { exit, text: text.to_string() }
    }
}

type Ended = Result<Exit, Failure>;

/// Runs workloads against duolog and judges what it did.
#[derive(Parser)]
#[command(name = "duolog", version, after_help = exit_codes())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs seeds and judges them
    Run(run::RunArgs),
    /// Runs a plan, a failure, or a seed again
    Replay(replay::ReplayArgs),
    /// Makes a plan that shows a violation as small as it goes
    Shrink(shrink::ShrinkArgs),
    /// Keeps a shrunk plan for good, with what must come of it
    Keep(keep::KeepArgs),
    /// Runs the plans that are kept
    Regressions(regressions::RegressionsArgs),
    /// Makes one report of runs that each ran a part of the seeds
    Merge(merge::MergeArgs),
    /// Judges a recorded history again, or checks a storage directory
    Check(check::CheckArgs),
    /// Appends to a storage directory, follows it, looks into it
    Log(log::LogArgs),
    /// Tells what an invariant, a planted mistake or an exit code means
    Explain(explain::ExplainArgs),
    /// Looks for what RocksDB itself does, and holds what is known of it
    Probe(probe::ProbeArgs),
    /// Looks at what the harness needs of this machine
    Doctor(doctor::DoctorArgs),
    /// Runs the plan on standard input, for a run that has a process for each seed
    #[command(hide = true)]
    RunSeed(apart::RunSeedArgs),
    /// Prints a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

fn exit_codes() -> String {
    let lines: Vec<String> =
        Exit::ALL.iter().map(|exit| format!("  {:>2}  {}", exit.code(), exit.meaning())).collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}

/// Runs the command line of this process.
pub fn main() -> Exit {
    ended(dispatch(Cli::parse()))
}

fn dispatch(cli: Cli) -> Ended {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Shrink(args) => shrink::shrink_command(&args),
        Command::Keep(args) => keep::keep(&args),
        Command::Regressions(args) => regressions::regressions(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Check(args) => check::check(&args),
        Command::Log(args) => log::log(&args),
        Command::Probe(args) => probe::probe(&args),
        Command::RunSeed(args) => apart::run_seed(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "duolog", &mut script);
            print(&String::from_utf8_lossy(&script));
            Ok(Exit::Pass)
        }
    }
}

fn ended(ended: Ended) -> Exit {
    match ended {
        Ok(exit) => exit,
        Err(failure) => {
            eprintln!("error: {}", failure.text);
            failure.exit
        }
    }
}

/// Prints to standard output. A reader that closed it has seen enough.
fn print(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
}
