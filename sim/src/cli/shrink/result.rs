//! The shrunk plan beside the one it came from.

use crate::cli::{Exit, Failure};
use crate::judge::Shown;
use crate::plan::PlanFormat;
use crate::report::{FailureRecord, RunDirectory, ShrunkRecord, shrunk_words};
use crate::shrink::Shrunk;

use super::{Judged, Tested};
use crate::cli::source::read_record;

/// A failure that is kept in a directory.
pub(in crate::cli) struct Failed {
    pub directory: RunDirectory,
    pub shown: Shown,
    pub tested: Tested,
}

/// The name of the words in the directory of a failure.
pub(in crate::cli) const WORDS_NAME: &str = "explanation.txt";

/// Writes the shrunk plan into the directory of the failure, and what came of it at the end of
/// the explanation there. Returns these words.
pub(in crate::cli) fn write_shrunk(
    failed: &Failed,
    shrunk: &Shrunk,
    judged: &Judged,
) -> Result<String, Failure> {
    let Failed { directory, shown, tested } = failed;
    let path = directory.path();
    let unwritten = |error: std::io::Error| {
        Failure::new(Exit::Environment, format!("{}: {error}", path.display()))
    };
    let record = ShrunkRecord::new(shrunk);
    let file = path.join(FailureRecord::SHRUNK_NAME);
    let name = shown.invariant.name();
    let flags = tested.flags();
    let replay = format!("duolog replay {} --invariant {name}{flags}", file.display());
    let Judged { history, judgements } = judged;
    let said = (&record, replay.as_str());
    let words = shrunk_words(&shrunk.plan, history, judgements, shown, said);
    let text = shrunk.plan.to_text(PlanFormat::Json);
    directory.write(FailureRecord::SHRUNK_NAME, text.as_bytes()).map_err(unwritten)?;
    let noted = read_record(path)?;
    let mut noted =
        noted.unwrap_or_else(|| FailureRecord::new(shown.clone(), tested.planted_names(), replay));
    (noted.shown, noted.shrunk) = (shown.clone(), Some(record));
    directory.write_failure("", &noted).map_err(unwritten)?;
    let before = std::fs::read_to_string(path.join(WORDS_NAME)).unwrap_or_default();
    // Shrunk once more, the former words go.
    let before = before.split("\n SHRUNK to ").next().unwrap_or_default().trim_end();
    directory.write(WORDS_NAME, format!("{before}\n\n{words}").as_bytes()).map_err(unwritten)?;
    Ok(words)
}
