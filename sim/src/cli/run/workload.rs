//! What the seeds of a run do.

use std::path::Path;
use std::sync::Arc;

use crate::cli::{Exit, Failure};
use crate::plan::{IndexKind, LineFile, LinesError, Plan, Scenario, Shape};

use super::Mode;

/// Draws the plan of each seed.
pub(in crate::cli) struct Workload {
    mode: Mode,
    shape: Shape,
    scenario: Scenario,
    index: IndexKind,
    lines: Option<Arc<LineFile>>,
}

impl Workload {
    /// The workload of a mode; payloads are the lines of `messages` where one is named.
    pub(in crate::cli) fn new(
        mode: Mode,
        scenario: &Scenario,
        messages: Option<&Path>,
    ) -> Result<Self, Failure> {
        let shape = scenario.shape(match mode {
            Mode::Sim => Shape::simulated(),
            Mode::Threads => Shape::main(),
        });
        let lines = match messages {
            None => None,
            Some(path) => Some(Arc::new(LineFile::open(path).map_err(refused)?)),
        };
        Ok(Self { mode, shape, scenario: scenario.clone(), index: IndexKind::default(), lines })
    }

    /// The same on another index.
    pub(in crate::cli) fn with_index(self, index: IndexKind) -> Self {
        Self { index, ..self }
    }

    /// The plan of a seed. On threads a whole file of messages is appended; a simulated seed is
    /// small, and takes some of it.
    pub(in crate::cli) fn plan(&self, seed: u64) -> Plan {
        let mut plan = self.scenario.draw(seed, &self.shape);
        plan.index = self.index;
        match (&self.lines, self.mode) {
            (None, _) => plan,
            (Some(lines), Mode::Sim) => plan.with_lines(lines.clone()),
            (Some(lines), Mode::Threads) => plan.with_all_lines(lines.clone()),
        }
    }

    /// The scenario `said` with everything resolved that is the same for all seeds, as text.
    pub(super) fn resolved(&self, said: Scenario, seed: u64) -> String {
        said.resolved(&self.shape, &self.scenario.draw(seed, &self.shape)).to_text()
    }

    /// What there is to say of the messages before they are appended.
    pub(super) fn told(&self) -> String {
        self.lines.as_ref().map_or_else(String::new, |lines| {
            format!(
                "   Messages: {} lines of {}, {} bytes, the longest line {}\n",
                lines.line_count(),
                lines.path(),
                lines.size_bytes(),
                lines.longest_bytes()
            )
        })
    }

    /// What the file adds to the command that runs a seed again.
    pub(super) fn replay(&self) -> String {
        self.lines.as_ref().map_or_else(String::new, |file| format!(" --messages {}", file.path()))
    }

    /// Ends the run where its messages cannot be relied on: no judge may speak then.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let trouble = self.lines.as_ref().and_then(|lines| lines.trouble());
        trouble.map_or(Ok(()), |trouble| {
            let remedy = "run again on a file that nobody writes to";
            Err(Failure::new(Exit::Environment, format!("{trouble}: {remedy}")))
        })
    }
}

/// A file that cannot be taken as messages.
pub(in crate::cli) fn refused(error: LinesError) -> Failure {
    let exit = match error {
        LinesError::Empty { .. } => Exit::Nothing,
        _ => Exit::Environment,
    };
    Failure::new(exit, error)
}
