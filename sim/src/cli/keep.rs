//! `duolog keep`: a failure becomes a plan that is run for ever.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::plan::{Plan, PlanFormat};
use crate::report::{FailureRecord, RunDirectory, ShrunkRecord, shrunk_words};
use crate::shrink::Shrunk;

use super::exit::Exit;
use super::kept::{Expected, Kept, Said};
use super::regressions::DIRECTORY;
use super::shrink::WORDS_NAME;
use super::source::{read_plan, read_record};
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct KeepArgs {
    /// The directory of a failure with a shrunk plan, or of a plan that is kept already
    failure: PathBuf,
    /// What it is called from now on
    #[arg(value_parser = parse_name)]
    name: String,
    /// The engine was mended: from now on the plan must pass
    #[arg(long)]
    mended: bool,
    /// Takes the place of the plan of that name
    #[arg(long)]
    replace: bool,
    /// Where kept plans are
    #[arg(long, value_name = "DIRECTORY", default_value = DIRECTORY)]
    into: PathBuf,
}

fn parse_name(text: &str) -> Result<String, String> {
    let is_plain = text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    if is_plain && !text.is_empty() {
        return Ok(text.to_owned());
    }
    Err("a name is made of small letters and hyphens, and says what was wrong".to_owned())
}

pub(super) fn keep(args: &KeepArgs) -> Ended {
    let target = args.into.join(&args.name);
    if target.exists() && !args.replace {
        let text = format!("{}: there is one of that name; see --replace", target.display());
        return Err(Failure::new(Exit::Usage, text));
    }
    let (kept, record) = read(args)?;
    let Said { broken, vanished, .. } = kept.check()?;
    if let Some(complaint) = broken.iter().chain(&vanished).next() {
        return Err(Failure::new(Exit::Inconclusive, format!("not kept: {complaint}")));
    }
    let words = words(args, &kept, &record, &target)?;
    let unwritten = |error: std::io::Error| {
        Failure::new(Exit::Environment, format!("{}: {error}", target.display()))
    };
    let directory = RunDirectory::open(&target);
    let expected = serde_json::to_string_pretty(&kept.expected);
    let expected = expected.map_err(|error| unwritten(error.into()))? + "\n";
    let plan = kept.plan.to_text(PlanFormat::Json);
    directory.write("plan.json", plan.as_bytes()).map_err(unwritten)?;
    directory.write(WORDS_NAME, words.as_bytes()).map_err(unwritten)?;
    directory.write(Expected::FILE_NAME, expected.as_bytes()).map_err(unwritten)?;
    print(&format!(" kept     {}\n", target.display()));
    Ok(Exit::Pass)
}

/// What is to be kept, and what shrinking said of it.
fn read(args: &KeepArgs) -> Result<(Kept, ShrunkRecord), Failure> {
    let from = &args.failure;
    let size =
        |plan: &Plan| ShrunkRecord::new(&Shrunk { plan: plan.clone(), runs: 0, is_done: true });
    if let Some(mut kept) = Kept::read(from)? {
        kept.expected.passes |= args.mended;
        // A change of the engine moved the schedule: the seed that shows it now.
        if !kept.expected.planted.is_empty()
            && let Some(seed) = kept.seed_that_shows()?
        {
            kept.plan.seed = seed;
        }
        let record = size(&kept.plan);
        return Ok((kept, record));
    }
    let none = || {
        let text =
            format!("{}: no failure; one has a {}", from.display(), FailureRecord::FILE_NAME);
        Failure::new(Exit::Usage, text)
    };
    let record = read_record(from)?.ok_or_else(none)?;
    let file = from.join(FailureRecord::SHRUNK_NAME);
    if !file.exists() {
        let text = format!("{0}: not shrunk; first: duolog shrink {0}", from.display());
        return Err(Failure::new(Exit::Usage, text));
    }
    let plan = read_plan(&file)?;
    let passes = args.mended || !record.planted.is_empty();
    let size = record.shrunk.unwrap_or_else(|| size(&plan));
    Ok((Kept { plan, expected: Expected::new(record.shown, record.planted, passes) }, size))
}

/// The words of the plan: what happens where it shows, else what did when it was found.
fn words(
    args: &KeepArgs,
    kept: &Kept,
    record: &ShrunkRecord,
    target: &Path,
) -> Result<String, Failure> {
    let plan = target.join("plan.json");
    if kept.expected.passes && kept.expected.planted.is_empty() {
        let file = args.failure.join(WORDS_NAME);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            Failure::new(Exit::Environment, format!("{}: {error}", file.display()))
        })?;
        let shrunk = text.find(" SHRUNK to ").map_or(text.as_str(), |at| &text[at..]);
        let found = args.failure.join(FailureRecord::SHRUNK_NAME);
        let (found, plan) = (found.display().to_string(), plan.display().to_string());
        return Ok(shrunk.replace(&found, &plan));
    }
    let tested = kept.tested()?;
    let judged = tested.run(&kept.plan);
    let (name, flags) = (kept.expected.shown.invariant.name(), tested.flags());
    let replay = format!("duolog replay {} --invariant {name}{flags}", plan.display());
    let said = (record, replay.as_str());
    let (history, judgements) = (&judged.history, &judged.judgements);
    Ok(shrunk_words(&kept.plan, history, judgements, &kept.expected.shown, said))
}
