//! What a run was told to do: the command line, before the scenario, before the defaults.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::seeds::{Seeds, from_revision, parse_seeds};
use crate::cli::{Exit, Failure};
use crate::plan::Scenario;

use super::{Mode, RunArgs};

/// Choices, all made.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub mode: Mode,
    pub seeds: Seeds,
    pub max_fail: u64,
    pub jobs: Option<usize>,
    pub messages: Option<PathBuf>,
    pub scenario: Scenario,
}

impl Chosen {
    /// # Errors
    /// Where the scenario cannot be read, or is not right.
    pub(super) fn new(args: &RunArgs) -> Result<Self, Failure> {
        let scenario = match &args.scenario {
            None => Scenario::default(),
            Some(path) => read(path)?,
        };
        let said = &scenario.run;
        let mode = match (args.mode, &said.mode) {
            (Some(mode), _) => mode,
            (None, Some(name)) => Mode::from_str(name, false).map_err(|_| {
                let text = format!("run.mode = {name:?} is no mode: give \"sim\" or \"threads\"");
                Failure::new(Exit::Environment, text)
            })?,
            (None, None) => Mode::DEFAULT,
        };
        let in_file = said.seeds.as_deref().map(parse_seeds).transpose();
        let in_file = in_file
            .map_err(|error| Failure::new(Exit::Environment, format!("run.seeds: {error}")))?;
        let number = |number: &toml::Spanned<u64>| *number.as_ref();
        Ok(Self {
            mode,
            seeds: seeds(args, mode, in_file),
            max_fail: args.max_fail.or(said.max_fail.as_ref().map(number)).unwrap_or(1),
            jobs: args.jobs.or(said.jobs.as_ref().map(|jobs| *jobs.as_ref())),
            messages: args.messages.clone().or(said.messages.as_ref().map(PathBuf::from)),
            scenario,
        })
    }

    /// The scenario with every choice said in it.
    pub(super) fn said(&self) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.run.mode = Some(self.mode.name().to_owned());
        scenario.run.seeds = Some(format!("{:#x}..{:#x}", self.seeds.from, self.seeds.to));
        scenario.run.max_fail = Some(toml::Spanned::new(0..0, self.max_fail));
        scenario.run.jobs = self.jobs.map(|jobs| toml::Spanned::new(0..0, jobs));
        scenario.run.messages = self.messages.as_ref().map(|path| path.display().to_string());
        scenario
    }
}

fn seeds(args: &RunArgs, mode: Mode, in_file: Option<Seeds>) -> Seeds {
    if let Some(seed) = args.seed {
        return Seeds { from: seed, to: seed.saturating_add(1) };
    }
    let most = if mode == Mode::Sim { 64 } else { 1 };
    let in_file = in_file.filter(|_| args.seed_from.is_none());
    let seeds = args.seeds.or(in_file).unwrap_or(Seeds { from: 0, to: most });
    let base = args.seed_from.as_deref().map_or(0, from_revision);
    Seeds { from: base + seeds.from, to: base + seeds.to }
}

/// Reads a scenario.
pub(in crate::cli) fn read(path: &std::path::Path) -> Result<Scenario, Failure> {
    let told = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Environment, format!("{told}: {error}")))?;
    Scenario::from_text(&text)
        .map_err(|error| Failure::new(Exit::Environment, error.told(&told, &text)))
}
