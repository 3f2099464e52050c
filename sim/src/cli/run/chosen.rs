//! What a run was told to do: the command line, before the scenario, before the defaults.

use std::path::PathBuf;

use crate::cli::seeds::{OF_A_REVISION, Part, Seeds, from_revision};
use crate::cli::{Exit, Failure, index};
use crate::plan::{IndexKind, RunMode, Scenario};

use super::{Mode, RunArgs};

/// Choices, all made.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub mode: Mode,
    pub seeds: Seeds,
    pub part: Part,
    pub max_fail: u64,
    pub jobs: Option<usize>,
    pub messages: Option<PathBuf>,
    /// There in the simulated world only.
    pub index: Option<IndexKind>,
    pub scenario: Scenario,
}

impl Chosen {
    /// # Errors
    /// Where the scenario cannot be read, or is not right, or this build has not what it wants.
    pub(super) fn new(args: &RunArgs) -> Result<Self, Failure> {
        let scenario = match &args.scenario {
            None => Scenario::default(),
            Some(path) => read(path)?,
        };
        let said = &scenario.run;
        let mode = args.mode.or(said.mode.map(Mode::from)).unwrap_or(Mode::DEFAULT);
        let index = match (mode, args.index.or(said.index)) {
            (Mode::Sim, index) => Some(index.unwrap_or_default()),
            (Mode::Threads, index) => {
                index::only_simulated(index)?;
                None
            }
        };
        index::check(index.unwrap_or_default())?;
        let number = |number: &toml::Spanned<u64>| *number.as_ref();
        Ok(Self {
            mode,
            seeds: seeds(args, mode, said.seeds),
            part: args.partition.unwrap_or(Part::WHOLE),
            max_fail: args.max_fail.or(said.max_fail.as_ref().map(number)).unwrap_or(1),
            jobs: args.jobs.or(said.jobs.as_ref().map(|jobs| *jobs.as_ref())),
            messages: args.messages.clone().or(said.messages.as_ref().map(PathBuf::from)),
            index,
            scenario,
        })
    }

    /// The seeds in words.
    pub(super) fn seeds_told(&self, args: &RunArgs) -> String {
        let mut text = format!("seeds {:#x}..{:#x}", self.seeds.from, self.seeds.to);
        if self.part != Part::WHOLE {
            text += &format!(", part {}", self.part);
        }
        if let Some(revision) = &args.seed_from {
            text += &format!(", from {revision:?}");
        }
        if let Some(time) = args.r#for {
            text += &format!(", for {} s", time.as_secs());
        }
        text
    }

    /// How many seeds are to be run.
    pub(super) const fn seed_count(&self) -> u64 {
        self.part.count(self.seeds)
    }

    /// The seeds to be run, in order.
    pub(super) fn each_seed(&self) -> impl Iterator<Item = u64> {
        let (part, seeds) = (self.part, self.seeds);
        (0..).map_while(move |nth| part.seed(seeds, nth))
    }

    /// The scenario with every choice said in it.
    pub(super) fn said(&self) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.run.mode = Some(match self.mode {
            Mode::Sim => RunMode::Sim,
            Mode::Threads => RunMode::Threads,
        });
        scenario.run.seeds = Some(self.seeds);
        scenario.run.index = self.index;
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
    let most = match mode {
        // As many as time allows.
        _ if args.r#for.is_some() => OF_A_REVISION,
        Mode::Sim => 64,
        Mode::Threads => 1,
    };
    let in_file = in_file.filter(|_| args.seed_from.is_none());
    let seeds = args.seeds.or(in_file).unwrap_or(Seeds { from: 0, to: most });
    let base = args.seed_from.as_deref().map_or(0, from_revision);
    Seeds { from: base.saturating_add(seeds.from), to: base.saturating_add(seeds.to) }
}

/// Reads a scenario.
pub(in crate::cli) fn read(path: &std::path::Path) -> Result<Scenario, Failure> {
    let told = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Environment, format!("{told}: {error}")))?;
    Scenario::from_text(&text)
        .map_err(|error| Failure::new(Exit::Environment, error.told(&told, &text)))
}
