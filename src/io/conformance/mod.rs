//! What any [`World`] must do, as cases that run on one. A world that passes is one that the
//! engine works on; a simulated world that passes the same cases as the real one is a stand-in
//! for it.

mod check;
mod clocks;
mod directories;
mod dropped;
mod files;
#[cfg(test)]
mod liar;
#[cfg(test)]
mod liar_file;
#[cfg(test)]
mod lie;
mod locks;
mod modes;
mod names;
mod sharing;
mod tasks;
#[cfg(test)]
mod tests;
mod wait;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use super::World;

/// Longest that a case may take on the world's own clock.
const CASE_LIMIT_US: u64 = 60_000_000;

/// What a running case is.
pub type CaseFuture = Pin<Box<dyn Future<Output = Result<(), ConformanceFailure>> + Send>>;

/// A world broke the contract of the seam.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConformanceFailure {
    /// The case.
    pub case: &'static str,
    /// What was seen, and what should have been.
    pub what: String,
}

impl fmt::Display for ConformanceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.what)
    }
}

impl std::error::Error for ConformanceFailure {}

/// One rule of the contract, with a name.
pub struct Case<W> {
    /// Its name, unique.
    pub name: &'static str,
    run: fn(W, PathBuf) -> CaseFuture,
}

impl<W: World> Case<W> {
    /// Runs it in `root/<name>`, which it makes and leaves behind. Any executor may poll it that
    /// the world's own futures can be polled on.
    pub fn run(&self, world: W, root: PathBuf) -> CaseFuture {
        (self.run)(world, root)
    }
}

/// Runs all cases, each in a directory of its own in `root`.
///
/// # Errors
/// The first case that fails, in the order of [`cases`].
pub async fn suite<W: World>(world: W, root: PathBuf) -> Result<(), ConformanceFailure> {
    for case in cases::<W>() {
        case.run(world.clone(), root.clone()).await?;
    }
    Ok(())
}

macro_rules! cases {
    ($($room:ident: $($name:ident),+;)+) => {
        /// All cases, simple ones first: later ones rely on what earlier ones check.
        pub fn cases<W: World>() -> Vec<Case<W>> {
            vec![$($(
                Case {
                    name: stringify!($name),
                    run: |world: W, root| {
                        Box::pin(in_directory(
                            stringify!($name),
                            world,
                            root,
                            $room::$name::<W>,
                        ))
                    },
                },
            )+)+]
        }
    };
}

cases! {
    clocks:
        monotonic_never_goes_back,
        sleep_lasts,
        boot_has_one_name,
        entropy_differs;
    tasks:
        spawn_runs,
        spawned_tasks_sleep_and_spawn;
    files:
        read_returns_what_was_written,
        read_is_short_only_at_the_end,
        block_holds_what_was_read,
        write_beyond_the_end_leaves_zeros,
        write_keeps_neighbours,
        empty_write_changes_nothing,
        set_len_cuts,
        set_len_extends_with_zeros,
        fill_zero_keeps_neighbours,
        fill_zero_never_shortens,
        writes_at_the_same_time_all_land,
        sync_data_succeeds;
    modes:
        read_wants_a_file,
        read_refuses_writes,
        write_wants_a_file,
        create_keeps_what_is_there,
        create_new_wants_none,
        create_wants_a_directory;
    directories:
        create_directories_makes_all,
        create_directories_twice,
        list_is_sorted,
        list_tells_directories,
        missing_is_not_found,
        remove_directory_removes_all,
        sync_directory_wants_one,
        canonical_is_one_name;
    names:
        exists_tells,
        remove_frees_the_name,
        removed_file_stays_readable,
        rename_moves,
        rename_replaces,
        rename_moves_directories,
        hard_link_shares_the_file,
        hard_link_wants_a_free_name;
    locks:
        second_lock_is_refused,
        lock_is_freed_by_drop,
        locks_are_apart,
        lock_makes_its_file,
        lock_wants_a_directory;
    dropped:
        dropped_write_is_whole_or_not,
        dropped_rename_is_whole_or_not,
        dropped_calls_leave_the_world_usable,
        dropped_lock_is_freed;
    sharing:
        registry_is_one_for_all_handles;
}

async fn in_directory<W, F>(
    case: &'static str,
    world: W,
    root: PathBuf,
    run: impl FnOnce(W, PathBuf) -> F,
) -> Result<(), ConformanceFailure>
where
    W: World,
    F: Future<Output = check::Checked> + Send,
{
    let failure = |what| ConformanceFailure { case, what };
    let directory = root.join(case);
    let made = world.create_directories(&directory).await;
    made.map_err(|error| failure(format!("its directory cannot be made: {error}")))?;
    let running = std::pin::pin!(run(world.clone(), directory));
    match wait::bounded(&world, CASE_LIMIT_US, running).await {
        Some(result) => result.map_err(|broken| failure(broken.what)),
        None => Err(failure(format!("it did not end within {CASE_LIMIT_US} us"))),
    }
}
