//! Runs candidates, in the simulated world or on threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::progress::ShowProgress;
use crate::cli::{Exit, Failure};
use crate::judge::Shown;
use crate::plan::Plan;
use crate::run::engine::Engine;
use crate::run::run_threads;
use crate::shrink::{Progress, Trial};

use super::{Judged, Tested, judged};

/// How long shrinking may take, and how it is told.
pub(in crate::cli) struct Limit {
    end: Instant,
    show: ShowProgress,
    bar: Option<ProgressBar>,
    told: Instant,
}

/// How often a counter is told.
const COUNTER_EVERY: Duration = Duration::from_secs(10);

impl Limit {
    /// So long from now on.
    pub(in crate::cli) fn new(time: Duration, show: ShowProgress) -> Self {
        let show = show.here(false);
        let bar = (show == ShowProgress::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("   [{elapsed_precise}] {wide_msg}");
            bar.set_style(style.expect("the template is right"));
            bar
        });
        let now = Instant::now();
        Self { end: now + time, show, bar, told: now }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    fn tell(&mut self, progress: &Progress) {
        let Progress { runs, operations, messages, actors, faults } = progress;
        let words = || {
            format!(
                "shrinking: {runs} runs, {operations} operations, {messages} messages, {actors} \
                 actors, {faults} faults"
            )
        };
        if let Some(bar) = &self.bar {
            bar.set_message(words());
        } else if self.show == ShowProgress::Counter && self.told.elapsed() >= COUNTER_EVERY {
            self.told = Instant::now();
            eprintln!("   {}", words());
        }
    }

    /// Takes the line away.
    pub(in crate::cli) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// In the simulated world one run says all.
pub(in crate::cli) struct SimulatedTrial<'a> {
    pub tested: &'a Tested,
    pub shown: &'a Shown,
    pub limit: Limit,
}

impl Trial for SimulatedTrial<'_> {
    fn shows(&mut self, plan: &Plan) -> bool {
        // A panic is another failure than the one that is looked for.
        let ran = catch_unwind(AssertUnwindSafe(|| self.tested.run(plan)));
        ran.is_ok_and(|ran| self.shown.is_in(&ran.judgements))
    }

    fn is_over(&mut self) -> bool {
        self.limit.is_over()
    }

    fn progress(&mut self, progress: &Progress) {
        self.limit.tell(progress);
    }
}

/// In how many runs out of how many a candidate must show it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub of: u32,
    pub need: u32,
}

/// On threads the interleaving does not repeat: several runs decide.
pub(super) struct ThreadedTrial {
    pub shown: Option<Shown>,
    /// The last run that showed it.
    pub last_shown: Option<Judged>,
    pub limit: Limit,
    count: Count,
    data: std::path::PathBuf,
}

impl ThreadedTrial {
    pub(super) fn new(count: Count, limit: Limit) -> Result<Self, Failure> {
        if count.need == 0 || count.need > count.of {
            let text = format!("--need {} of --of {}: no run can decide", count.need, count.of);
            return Err(Failure::new(Exit::Usage, text));
        }
        let data = std::env::temp_dir().join(format!("duolog-shrink-{}", std::process::id()));
        Ok(Self { shown: None, last_shown: None, limit, count, data })
    }

    /// Runs a plan in a directory of its own.
    pub(super) fn run(&self, plan: &Plan) -> Result<Judged, Failure> {
        let failed = |error| {
            let text = format!("{}: {error}", self.data.display());
            Failure::new(Exit::Environment, text)
        };
        std::fs::create_dir_all(&self.data).map_err(failed)?;
        let run = run_threads(plan, &Engine::at(&self.data), |_| {});
        std::fs::remove_dir_all(&self.data).map_err(failed)?;
        Ok(judged(run.history))
    }
}

impl Trial for ThreadedTrial {
    fn shows(&mut self, plan: &Plan) -> bool {
        let Some(shown) = self.shown.clone() else { return false };
        let mut seen = 0;
        for nth in 0..self.count.of {
            // What is left cannot make up for what is missing.
            if seen + self.count.of - nth < self.count.need {
                return false;
            }
            let Ok(judged) = self.run(plan) else { return false };
            if shown.is_in(&judged.judgements) {
                seen += 1;
                self.last_shown = Some(judged);
            }
            if seen == self.count.need {
                return true;
            }
        }
        false
    }

    fn is_over(&mut self) -> bool {
        self.limit.is_over()
    }

    fn progress(&mut self, progress: &Progress) {
        self.limit.tell(progress);
    }
}
