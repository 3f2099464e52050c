//! A plan that is kept for good, with what must come of it.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::judge::{Judgement, Shown, Verdict};
use crate::plan::Plan;

use super::Failure;
use super::exit::Exit;
use super::shrink::{Judged, Tested};
use super::source::{names, read_plan};
use super::subject::Target;

/// What must come of a plan: `expected.json` beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Expected {
    /// Always `duolog.regression`.
    schema: String,
    schema_version: u32,
    /// What it showed.
    #[serde(flatten)]
    pub shown: Shown,
    /// With these mistakes planted it shows it still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planted: Vec<String>,
    /// Whether the engine passes without them: it was mended, or never wrong.
    pub passes: bool,
}

impl Expected {
    const VERSION: u32 = 1;

    /// Its name beside the plan.
    pub(super) const FILE_NAME: &str = "expected.json";

    pub(super) fn new(shown: Shown, planted: Vec<String>, passes: bool) -> Self {
        let schema = "duolog.regression".to_owned();
        Self { schema, schema_version: Self::VERSION, shown, planted, passes }
    }
}

/// A kept plan.
pub(super) struct Kept {
    pub plan: Plan,
    pub expected: Expected,
}

/// What a kept plan says now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The engine is wrong: what passed does so no more.
    pub broken: Vec<String>,
    /// What had to show did not.
    pub vanished: Vec<String>,
    /// What this build cannot tell, or what else there is to know.
    pub notes: Vec<String>,
}

/// Further seeds of the schedule under which a kept plan is run. A change of the engine moves the
/// schedule of a seed, and a race with it.
const SCHEDULES: u64 = 32;

impl Kept {
    /// Reads a kept plan from its directory; `None` where it holds none.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, Failure> {
        let file = directory.join(Expected::FILE_NAME);
        let Ok(text) = std::fs::read_to_string(&file) else { return Ok(None) };
        let wrong =
            |what: String| Failure::new(Exit::Format, format!("{}: {what}", file.display()));
        let expected: Expected =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if expected.schema_version != Expected::VERSION {
            let (found, known) = (expected.schema_version, Expected::VERSION);
            return Err(wrong(format!("it has version {found}, this build reads {known}")));
        }
        Ok(Some(Self { plan: read_plan(&directory.join("plan.json"))?, expected }))
    }

    /// Runs it, without and with its mistakes.
    pub(super) fn check(&self) -> Result<Said, Failure> {
        let mut said = Said::default();
        self.check_engine(&mut said);
        if self.expected.planted.is_empty() {
            return Ok(said);
        }
        if !cfg!(feature = "planted") {
            said.notes.push("without its mistake only: this build plants none".to_owned());
            return Ok(said);
        }
        match self.seed_that_shows()? {
            None => {
                let (mistakes, wanted) = (self.expected.planted.join(", "), &self.expected.shown);
                said.vanished.push(format!("with {mistakes} it does not show {wanted}"));
            }
            Some(seed) if seed != self.plan.seed => {
                said.notes.push(format!("shows it under seed {seed}: keep it again"));
            }
            Some(_) => {}
        }
        Ok(said)
    }

    /// The first seed of the schedule under which it shows what it must, with its mistakes.
    pub(super) fn seed_that_shows(&self) -> Result<Option<u64>, Failure> {
        let tested = self.tested()?;
        let shows = |seed: &u64| {
            let judged = tested.run(&Plan { seed: *seed, ..self.plan.clone() });
            self.expected.shown.is_in(&judged.judgements)
        };
        Ok(self.seeds().find(shows))
    }

    /// Runs the engine as it is.
    fn check_engine(&self, said: &mut Said) {
        let tested = Tested { log: Target::Engine, planted: BTreeSet::new() };
        let run = |seed| tested.run(&Plan { seed, ..self.plan.clone() });
        let wanted = &self.expected.shown;
        if !self.expected.passes {
            if !self.seeds().any(|seed| wanted.is_in(&run(seed).judgements)) {
                let remedy = "mended? keep it again, with --mended";
                said.vanished.push(format!("it does not show {wanted} any more ({remedy})"));
            }
            return;
        }
        for seed in self.seeds() {
            let Judged { history, judgements } = run(seed);
            if history.events.is_empty() {
                said.vanished.push(format!("nothing was done under seed {seed}"));
            }
            let broken = |one: &&Judgement| one.verdict() == Verdict::Violation;
            for judgement in judgements.iter().filter(broken) {
                let (code, name) = (judgement.invariant.code(), judgement.invariant.name());
                let words = judgement.findings.first().map_or("", |finding| &finding.words);
                said.broken.push(format!("seed {seed}: {code} {name}: {words}"));
            }
        }
    }

    /// Its own seed of the schedule, and further ones.
    fn seeds(&self) -> impl Iterator<Item = u64> {
        let own = self.plan.seed;
        std::iter::once(own).chain((0..SCHEDULES).filter(move |seed| *seed != own))
    }

    /// What is under test where it shows what it must.
    pub(super) fn tested(&self) -> Result<Tested, Failure> {
        Ok(Tested {
            log: Target::Engine,
            planted: super::source::mistakes(&self.expected.planted)?,
        })
    }
}

/// The kept plans below a directory, by name.
pub(super) fn kept_below(directory: &Path) -> Result<Vec<(String, Kept)>, Failure> {
    let mut found = Vec::new();
    for name in names(directory)? {
        if let Some(kept) = Kept::read(&directory.join(&name))? {
            found.push((name, kept));
        }
    }
    Ok(found)
}
