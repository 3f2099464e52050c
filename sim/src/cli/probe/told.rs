//! What a probe found, in words or as JSON.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use comfy_table::{Table, TableStyle};
use serde::Serialize;

use crate::probe::catalogue::VERSION;
use crate::probe::draw::draw;
use crate::probe::finding::{Found, Tally};
use crate::probe::plan::Tier;
use crate::probe::reproducer::reproducer;
use crate::report::Environment;

use super::super::exit::Exit;
use super::super::run::{MessageFormat, ROOT};
use super::super::{Ended, Failure, print};
use super::args::ProbeArgs;
use super::known::Seen;
use super::one::{seconds, smallest};
use super::scheme::SchemeSeen;

/// New findings that are shrunk.
const SHRUNK_MAX: usize = 3;
/// What is not small by then stays as it is: plans that race or hang take long each.
const SHRINK_MAX: Duration = Duration::from_secs(30);

/// All that was found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// The known findings, where they were looked at.
    pub(super) known: Vec<Seen>,
    /// What seeds showed, where some were run.
    pub(super) seeds: Option<Tally>,
    /// The engine's way of settling, where it was looked at.
    pub(super) schemes: Vec<SchemeSeen>,
}

/// The report with what it is of.
#[derive(Serialize)]
struct Json<'a> {
    rocksdb: &'static str,
    environment: Environment,
    exit: u8,
    #[serde(flatten)]
    report: &'a Report,
}

impl Report {
    /// Tells it, keeps the plans of what is new, and says what to exit with.
    pub(super) fn end(&self, args: &ProbeArgs) -> Ended {
        let exit = self.exit();
        let kept = self.keep(args)?;
        if args.message_format == MessageFormat::Json {
            let (rocksdb, environment) = (VERSION, Environment::here());
            let json = Json { rocksdb, environment, exit: exit.code(), report: self };
            let text = serde_json::to_string(&json)
                .map_err(|error| Failure::new(Exit::Harness, format!("the report: {error}")))?;
            print(&format!("{text}\n"));
        } else {
            print(&self.words(exit, &kept));
        }
        Ok(exit)
    }

    fn exit(&self) -> Exit {
        let seeds = self.seeds.iter();
        let is_new = self.known.iter().any(|seen| !seen.unknown.is_empty())
            || seeds.clone().any(|tally| tally.unknown().next().is_some())
            || self.schemes.iter().any(|seen| seen.must_hold && !seen.run.holds());
        let is_gone = self.known.iter().any(|seen| !seen.shows)
            || self.schemes.iter().any(|seen| !seen.must_hold && seen.run.holds());
        let is_empty = self.known.is_empty()
            && self.schemes.is_empty()
            && seeds.clone().all(|tally| tally.operation_count() == 0);
        match () {
            () if is_new => Exit::Violation,
            () if is_empty => Exit::Nothing,
            () if is_gone => Exit::Inconclusive,
            () => Exit::Pass,
        }
    }

    /// Shrinks the first of what is new, and keeps plans and programs.
    fn keep(&self, args: &ProbeArgs) -> Result<Vec<PathBuf>, Failure> {
        let mut kept = Vec::new();
        let unknown = self.seeds.iter().flat_map(Tally::unknown).take(SHRUNK_MAX);
        for (number, found) in unknown.enumerate() {
            let directory = args.output.clone().unwrap_or_else(|| Path::new(ROOT).join("probe"));
            let plan = draw(found.first_seed, found.tier);
            let (smallest, _) = smallest(&plan, &found.signature, args, SHRINK_MAX);
            let name = format!("{:#x}-{number}", found.first_seed);
            let mut files = vec![("json", smallest.to_text())];
            if found.tier == Tier::Deterministic {
                files.push(("rs", reproducer(&smallest)));
            }
            for (end, text) in files {
                let path = directory.join(format!("{name}.{end}"));
                std::fs::create_dir_all(&directory)
                    .and_then(|()| std::fs::write(&path, text))
                    .map_err(|error| {
                        Failure::new(Exit::Environment, format!("{}: {error}", path.display()))
                    })?;
                kept.push(path);
            }
        }
        Ok(kept)
    }

    fn words(&self, exit: Exit, kept: &[PathBuf]) -> String {
        let mut text = format!(" RocksDB {VERSION}\n\n");
        if !self.known.is_empty() {
            text += &known(&self.known);
        }
        if let Some(tally) = &self.seeds {
            text += &seeds(tally);
        }
        if !self.schemes.is_empty() {
            text += &schemes(&self.schemes);
        }
        for path in kept {
            let _ = writeln!(text, " kept     {}", path.display());
        }
        let result = match exit {
            Exit::Pass => "PASS  exactly what is known",
            Exit::Violation => "FAIL  something new, or the engine's way does not hold",
            Exit::Inconclusive => "GONE  something known does not show any more",
            _ => "nothing was looked at",
        };
        let _ = writeln!(text, " {result}   exit {}", exit.code());
        text
    }
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    let lines: Vec<String> = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    format!("{}\n", lines.concat())
}

fn known(seen: &[Seen]) -> String {
    let row = |it: &Seen| {
        let shows = if it.shows { "shows" } else { "GONE" };
        let seconds = format!("{:.1}", seconds(it.ms));
        vec![it.name.to_owned(), shows.to_owned(), it.runs.to_string(), seconds, it.words.clone()]
    };
    let mut text = table(&["KNOWN", "", "RUNS", "SECONDS", "SEEN"], seen.iter().map(row));
    for (name, told) in seen.iter().flat_map(|it| it.unknown.iter().map(|told| (it.name, told))) {
        let _ =
            writeln!(text, " NEW in the plan of {name}: {:?}: {}", told.signature.rule, told.words);
    }
    text
}

fn seeds(tally: &Tally) -> String {
    let mut text = format!(
        " {} plans, {} operations, {} values read\n\n",
        tally.plans,
        tally.operation_count(),
        tally.values
    );
    let counted = |(name, count): (&String, &u64)| vec![name.clone(), count.to_string()];
    text += &table(&["OPERATION", "COUNT"], tally.operations.iter().map(counted));
    text += &table(&["SETTING", "PLANS"], tally.settings.iter().map(counted));
    let row = |found: &Found| {
        let signature = &found.signature;
        vec![
            found.known.clone().unwrap_or_else(|| "NEW".to_owned()),
            found.tier.name().to_owned(),
            format!("{} {}", signature.rule.name(), signature.anomaly),
            found.plans.to_string(),
            found.first_seed.to_string(),
            format!("{:.1}", seconds(found.first_ms)),
            found.words.chars().take(90).collect(),
        ]
    };
    let header = ["FOUND", "TIER", "RULE", "PLANS", "SEED", "SECONDS", "SEEN FIRST"];
    text += &table(&header, tally.found.iter().map(row));
    text
}

fn schemes(seen: &[SchemeSeen]) -> String {
    let row = |it: &SchemeSeen| {
        let result = match (it.must_hold, it.run.holds()) {
            (true, true) => "holds",
            (false, false) => "broken, as it must be",
            (true, false) => "BROKEN",
            (false, true) => "NOT SEEN",
        };
        let broken = it.run.checks().into_iter().filter(|(_, checks)| checks.broken > 0);
        let broken = broken
            .map(|(name, it)| format!("{name} {} of {} ({})", it.broken, it.checked, it.words));
        vec![
            format!("{:?}, {:?}", it.scheme.method, it.scheme.proof),
            it.run.catch_ups.to_string(),
            it.run.fresh.to_string(),
            it.run.chunks.to_string(),
            it.run.lookups.checked.to_string(),
            result.to_owned(),
            broken.collect::<Vec<_>>().join("; "),
        ]
    };
    let header = ["SETTLING", "CATCH-UPS", "FRESH", "CHUNKS", "LOOKUPS", "RESULT", "BROKEN"];
    table(&header, seen.iter().map(row))
}
