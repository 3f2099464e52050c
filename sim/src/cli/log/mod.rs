//! `duolog log`: appending to a storage directory, following it, looking into it.

mod append;
mod directory;
mod inspect;
mod message;
mod scan;
mod tail;
#[cfg(test)]
mod tests;

pub(super) use directory::{failed, is_data};

use clap::{Args, Subcommand, ValueEnum};
use duolog::io::World;
use duolog::io::real::Real;

use super::exit::Exit;
use super::{Ended, Failure};

#[derive(Args)]
pub(super) struct LogArgs {
    #[command(subcommand)]
    command: LogCommand,
}

#[derive(Subcommand)]
enum LogCommand {
    /// Appends lines, one message a line
    Append(append::AppendArgs),
    /// Prints messages, and those to come
    Tail(tail::TailArgs),
    /// Tells of topics, partitions, segments, positions and groups
    Inspect(inspect::InspectArgs),
}

/// How messages and facts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Words, and payloads byte for byte
    Human,
    /// One JSON object a line
    Json,
}

/// Where a message or a command is about.
#[derive(Args, Clone)]
struct Place {
    /// The storage directory
    directory: std::path::PathBuf,
    /// The topic
    topic: String,
    /// Its partition
    #[arg(long, short, default_value_t = 0)]
    partition: u32,
}

pub(super) fn log(args: &LogArgs) -> Ended {
    match &args.command {
        LogCommand::Append(args) => {
            let args = args.clone();
            wait(|world| append::append(world, args))
        }
        LogCommand::Tail(args) => {
            let args = args.clone();
            wait(|world| tail::tail(world, args))
        }
        LogCommand::Inspect(args) => {
            let args = args.clone();
            wait(|world| inspect::inspect(world, args))
        }
    }
}

/// Runs what `work` makes in a world of its own and waits for it.
pub(super) fn wait<T: Send + 'static, F>(work: impl FnOnce(Real) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let world = Real::new();
    let future = work(world.clone());
    let (done, result) = std::sync::mpsc::channel();
    world.spawn("command", async move {
        // The other side is gone only where this thread panicked.
        let _ = done.send(future.await);
    });
    result.recv().unwrap_or_else(|_| Err(Failure::new(Exit::Harness, "the command panicked")))
}

/// Prints bytes; whether anybody still reads them.
fn put(bytes: &[u8]) -> bool {
    use std::io::Write;
    std::io::stdout().write_all(bytes).is_ok()
}
