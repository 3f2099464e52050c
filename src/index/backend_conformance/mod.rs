//! Holds any [`IndexBackend`] to what the seam says of it.

mod instances;
mod reads;
mod reference;
mod settling;

#[cfg(test)]
mod lying;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::io::{IndexBackend, IndexError, IndexSecondary};

/// A backend broke the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The case that found it.
    pub case: &'static str,
    /// What was seen, and what the contract says.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.what)
    }
}

impl std::error::Error for Failure {}

/// Runs every case on `backend`, each in a directory of its own below `root`, which must exist
/// and be empty where the backend keeps files.
///
/// # Errors
/// The first case that fails.
pub async fn suite<B: IndexBackend>(backend: B, root: PathBuf) -> Result<(), Failure> {
    macro_rules! run {
        ($($room:ident::$case:ident),* $(,)?) => {
            $(
                let case = stringify!($case);
                let directory = root.join(case);
                $room::$case(&backend, &directory)
                    .await
                    .map_err(|Wrong(what)| Failure { case, what })?;
            )*
        };
    }
    run!(
        reads::bounds_are_half_open,
        reads::bytes_of_keys_are_kept_and_ordered,
        reads::answers_agree_with_a_map,
        reads::many_reads_run_at_once,
        instances::missing_database_is_an_error,
        instances::second_primary_is_refused,
        instances::primary_keeps_all_when_reopened,
        instances::clones_keep_an_instance_open,
        instances::secondary_moves_only_when_told,
        instances::secondaries_move_on_their_own,
        instances::frozen_stands_still,
        instances::private_directories_are_removed,
        instances::private_directory_can_be_used_again,
        settling::families_are_settled_together,
        settling::same_entry_may_be_settled_again,
        settling::newer_value_takes_the_place_of_the_older,
        settling::compaction_keeps_what_is_not_trimmed,
        settling::checkpoint_is_equal_and_apart,
        settling::files_are_counted,
    );
    Ok(())
}

/// What a case says when it fails.
#[derive(Debug)]
struct Wrong(String);

impl From<IndexError> for Wrong {
    fn from(error: IndexError) -> Self {
        Self(format!("unexpected error: {error}"))
    }
}

type Verdict = Result<(), Wrong>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Wrong(what())) }
}

/// Catches up twice: one that succeeds may still miss what was settled before it.
async fn caught_up(secondary: &impl IndexSecondary) -> Verdict {
    secondary.catch_up().await?;
    Ok(secondary.catch_up().await?)
}

/// The database and the first secondary's own directory in the directory of a case.
fn places(directory: &Path) -> (PathBuf, PathBuf) {
    (directory.join("database"), directory.join("private"))
}
