//! How far a run is, on standard error.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::plan::Work;

use super::print;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowProgress {
    /// A bar on a terminal, else counters
    Auto,
    /// One line that is drawn again and again
    Bar,
    /// A line every ten seconds
    Counter,
    /// Not at all
    None,
}

impl ShowProgress {
    /// The way for this output: a bar only where somebody sees it change.
    pub(super) fn resolved(self, is_terminal: bool, in_ci: bool, as_json: bool) -> Self {
        match self {
            Self::Auto if is_terminal && !in_ci && !as_json => Self::Bar,
            Self::Auto => Self::Counter,
            said => said,
        }
    }
}

impl ShowProgress {
    /// The way for the output of this process.
    pub(super) fn here(self, as_json: bool) -> Self {
        self.resolved(std::io::stderr().is_terminal(), in_ci(), as_json)
    }
}

/// Whether this process runs in continuous integration, which says so in `CI`.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false")
}

/// How often a counter is told.
const COUNTER_EVERY: Duration = Duration::from_secs(10);

/// How often the elapsed time of a bar is drawn again.
const TICK_EVERY: Duration = Duration::from_millis(250);

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Seeds that are done, and how many there are; 0 where time decides.
    pub seeds: (u64, u64),
    /// What was begun so far.
    pub work: Work,
    /// All operations, where they are known beforehand.
    pub operations: Option<u64>,
}

impl State {
    /// In words.
    pub(super) fn words(&self) -> String {
        let Work { operations, appends, messages, lookups } = self.work;
        let (done, all) = self.seeds;
        let seeds =
            if all == 0 { format!("{done} seeds") } else { format!("{done} of {all} seeds") };
        let of = self.operations.map_or_else(String::new, |all| format!(" of {all}"));
        format!(
            "{seeds}, {operations}{of} operations: {appends} appends of {messages} \
             messages, {lookups} lookups"
        )
    }

    /// How much is done, and of how much.
    fn share(&self) -> (u64, u64) {
        match self.operations {
            Some(all) => (self.work.operations, all),
            None => self.seeds,
        }
    }
}

/// Shows how far a run is. No colours: there are none to switch off.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    counts: bool,
    as_json: bool,
    start: Instant,
    told: Mutex<Instant>,
}

impl Progress {
    /// Begins now.
    pub(super) fn new(show: ShowProgress, as_json: bool) -> Self {
        let show = show.here(as_json);
        let bar = (show == ShowProgress::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("   [{elapsed_precise}] {bar:20} {wide_msg}");
            bar.set_style(style.expect("the template is right"));
            bar.enable_steady_tick(TICK_EVERY);
            bar
        });
        let now = Instant::now();
        let counts = show == ShowProgress::Counter;
        Self { bar, counts, as_json, start: now, told: Mutex::new(now) }
    }

    /// Shows this, now or when it is time.
    pub(super) fn show(&self, state: &State) {
        if let Some(bar) = &self.bar {
            let (done, all) = state.share();
            bar.set_length(all.max(1));
            bar.set_position(done.min(all.max(1)));
            bar.set_message(state.words());
        }
        if self.counts && self.is_due() {
            let elapsed = self.start.elapsed();
            if self.as_json {
                print(&format!("{}\n", object(state, elapsed)));
            } else {
                eprintln!("   {} s: {}", elapsed.as_secs(), state.words());
            }
        }
    }

    fn is_due(&self) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told.elapsed() >= COUNTER_EVERY;
        if is_due {
            *told = Instant::now();
        }
        is_due
    }

    /// Does `work`, which prints, while no bar is in its way.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(work),
            None => work(),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The state as an object, one a line.
pub(super) fn object(state: &State, elapsed: Duration) -> serde_json::Value {
    json!({
        "type": "progress",
        "elapsed_us": u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        "seeds_done": state.seeds.0,
        "seed_count": state.seeds.1,
        "operations": state.work.operations,
        "appends": state.work.appends,
        "messages": state.work.messages,
        "lookups": state.work.lookups,
    })
}
