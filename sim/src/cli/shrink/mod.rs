//! `duolog shrink`.

mod result;
mod trial;

pub(super) use result::{Failed, WORDS_NAME, write_shrunk};
pub(super) use trial::{Limit, SimulatedTrial};

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use duolog::io::Planted;

use crate::history::History;
use crate::judge::{Invariant, Judgement, Shown, judge};
use crate::plan::Plan;
use crate::report::{FailureRecord, RunDirectory, failure_words};
use crate::shrink::{Effort, Shrunk, shrink};

use self::trial::{Count, ThreadedTrial};
use super::duration::parse_duration;
use super::exit::Exit;
use super::progress::ShowProgress;
use super::run::{Mode, ROOT};
use super::selftest::caught_by;
use super::source::{Source, Sourced};
use super::subject::{Target, planted_name, run_plan};
use super::{Ended, Failure, print};

#[derive(Args)]
pub(super) struct ShrinkArgs {
    #[command(flatten)]
    source: Source,
    /// In which world candidates are run: in the one where it was seen
    #[arg(long, default_value = "sim")]
    mode: Mode,
    /// Ends after this time, with what was found by then
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_duration)]
    r#for: Duration,
    /// Ends after so many runs
    #[arg(long, value_name = "RUNS", default_value_t = Effort::default().runs_max)]
    runs_max: u64,
    /// On threads: how often each candidate is run at most
    #[arg(long, value_name = "N", default_value_t = 5)]
    of: u32,
    /// On threads: in how many of these runs it must show
    #[arg(long, value_name = "K", default_value_t = 1)]
    need: u32,
    /// How progress is shown
    #[arg(long, default_value = "auto", env = "DUOLOG_SHOW_PROGRESS")]
    show_progress: ShowProgress,
}

/// A log under test, and what it was told to do wrong.
#[derive(Clone, Debug)]
pub(super) struct Tested {
    pub log: Target,
    pub planted: BTreeSet<Planted>,
}

/// A run, with what was said of it.
pub(super) struct Judged {
    pub history: History,
    pub judgements: Vec<Judgement>,
}

impl Tested {
    /// Runs a plan in the simulated world.
    pub(super) fn run(&self, plan: &Plan) -> Judged {
        let ran = run_plan(self.log, plan.clone(), &self.planted)
            .expect("that this build has its index was seen when it was read");
        Judged { history: ran.run.history, judgements: ran.judgements }
    }

    /// The names of the mistakes.
    pub(super) fn planted_names(&self) -> Vec<String> {
        self.planted.iter().map(|one| planted_name(*one)).collect()
    }

    /// The mistakes as options of a command.
    pub(super) fn flags(&self) -> String {
        self.planted_names().iter().map(|name| format!(" --planted {name}")).collect()
    }
}

pub(super) fn shrink_command(args: &ShrinkArgs) -> Ended {
    let source = &args.source;
    let wanted = source.invariant()?;
    let sourced = source.read()?;
    let tested = Tested { log: source.log, planted: source.planted(&sourced)? };
    let limit = Limit::new(args.r#for, args.show_progress);
    let noted = sourced.record.as_ref().map(|record| record.shown.clone());
    let noted = noted.filter(|shown| wanted.is_none_or(|wanted| wanted == shown.invariant));
    // Where none is named: the one that must notice what was planted.
    let aims: Vec<Invariant> = match wanted {
        Some(invariant) => vec![invariant],
        None => tested.planted.iter().copied().map(caught_by).collect(),
    };
    let first = |judged: &Judged| {
        let shown = Shown::first(&judged.judgements, &aims)?;
        wanted.is_none_or(|wanted| wanted == shown.invariant).then_some(shown)
    };
    let effort = Effort { runs_max: args.runs_max, ..Effort::default() };
    let failed = |judged: Judged, shown: Shown| -> Result<Failed, Failure> {
        let directory = directory(&sourced, &tested, &judged, &shown)?;
        Ok(Failed { directory, shown, tested: tested.clone() })
    };
    let none =
        || Failure::new(Exit::Inconclusive, "it does not show a violation: nothing to shrink");
    match args.mode {
        Mode::Sim => {
            let judged = tested.run(&sourced.plan);
            let shown = noted.filter(|shown| shown.is_in(&judged.judgements));
            let shown = shown.or_else(|| first(&judged)).ok_or_else(none)?;
            let failed = failed(judged, shown)?;
            let mut trial = SimulatedTrial { tested: &tested, shown: &failed.shown, limit };
            let shrunk = shrink(&sourced.plan, &mut trial, effort);
            trial.limit.end();
            ended(&failed, &shrunk, tested.run(&shrunk.plan))
        }
        Mode::Threads => {
            let count = Count { of: args.of, need: args.need };
            let mut trial = ThreadedTrial::new(count, limit)?;
            let runs = (0..args.of).map(|_| trial.run(&sourced.plan));
            let seen = runs.map(|judged| judged.map(|it| (first(&it), it)));
            let seen: Result<Vec<_>, Failure> = seen.collect();
            let violation = |(shown, judged): (Option<Shown>, Judged)| Some((shown?, judged));
            let (shown, judged) = seen?.into_iter().find_map(violation).ok_or_else(none)?;
            let failed = failed(judged, shown)?;
            trial.shown = Some(failed.shown.clone());
            let shrunk = shrink(&sourced.plan, &mut trial, Effort { schedules_max: 0, ..effort });
            trial.limit.end();
            let last = trial.last_shown.take().ok_or_else(none)?;
            ended(&failed, &shrunk, last)
        }
    }
}

/// Writes the shrunk plan and tells of it.
fn ended(failed: &Failed, shrunk: &Shrunk, judged: Judged) -> Ended {
    let words = write_shrunk(failed, shrunk, &judged)?;
    print(&words);
    print(&format!("   kept     {}\n", failed.directory.path().display()));
    Ok(Exit::Violation)
}

/// The directory of the failure; makes one where it was not kept yet.
fn directory(
    sourced: &Sourced,
    tested: &Tested,
    judged: &Judged,
    shown: &Shown,
) -> Result<RunDirectory, Failure> {
    if let Some(path) = sourced.failure.as_deref().filter(|path| path.join("plan.json").exists()) {
        return Ok(RunDirectory::open(path));
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let unwritten = |error| Failure::new(Exit::Environment, format!("{ROOT}: {error}"));
    let seed = sourced.plan.seed;
    let made = RunDirectory::create_below(Path::new(ROOT), "shrink", now_us, seed);
    let directory = made.map_err(unwritten)?;
    let replay = format!("duolog replay {}{}", directory.path().display(), tested.flags());
    let words = failure_words(&judged.history, &judged.judgements, &replay);
    let record = FailureRecord::new(shown.clone(), tested.planted_names(), replay);
    directory.write_seed("", &sourced.plan, &judged.history, &words).map_err(unwritten)?;
    directory.write_failure("", &record).map_err(unwritten)?;
    Ok(directory)
}

/// Judges a run on threads.
fn judged(history: History) -> Judged {
    let judgements = judge(&history);
    Judged { history, judgements }
}
