//! What a run measured, for people and for programs.

use std::path::Path;

use serde::Serialize;

use crate::Outcome;
use crate::cell::{Cell, Spread};
use crate::environment::Environment;
use crate::workload::Workload;

/// Between these two lines of a document the figures of a run lie.
const BEGIN: &str = "<!-- figures: written by duolog-bench, with --into -->";
const END: &str = "<!-- end of figures -->";

/// A run and its results.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) command: String,
    pub(crate) environment: Environment,
    pub(crate) workload: Workload,
    pub(crate) cells: Vec<Cell>,
    pub(crate) breakdowns: Vec<Breakdown>,
    /// What a reader must know of single measurements.
    pub(crate) notes: Vec<String>,
}

/// Where the time of one measurement went in the engine, in its last round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Breakdown {
    pub(crate) name: String,
    pub(crate) stages: Vec<Stage>,
}

/// One stage of a write or a lookup, over those that were sampled.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) sampled_count: u64,
    pub(crate) mean_us: f64,
    pub(crate) max_us: u64,
}

impl Report {
    /// All of it as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut parts = vec![self.circumstances(), self.table()];
        if !self.breakdowns.is_empty() {
            parts.push(self.breakdown());
        }
        if !self.notes.is_empty() {
            parts.push(self.notes.iter().map(|note| format!("- {note}\n")).collect());
        }
        parts.join("\n")
    }

    /// Puts it in the place of the figures in the document at `path`.
    pub(crate) fn write_into(&self, path: &Path) -> Outcome<()> {
        let text = std::fs::read_to_string(path)?;
        let text = replaced(&text, &self.markdown())
            .ok_or_else(|| format!("{} has no lines {BEGIN:?} and {END:?}", path.display()))?;
        Ok(std::fs::write(path, text)?)
    }

    /// A table, a row a cell: medians, with the least and the most in brackets.
    fn table(&self) -> String {
        let mut baselines: Vec<&str> = Vec::new();
        for column in self.cells.iter().flat_map(|cell| cell.columns.iter().skip(1)) {
            if !baselines.contains(&column.contender) {
                baselines.push(column.contender);
            }
        }
        let mut header = vec!["measured".to_owned(), "unit".to_owned(), "engine".to_owned()];
        for baseline in &baselines {
            header.push((*baseline).to_owned());
            header.push(format!("engine ÷ {baseline}"));
        }
        let rows = self.cells.iter().map(|cell| row(cell, &baselines));
        markdown(std::iter::once(header).chain(rows).collect())
    }

    /// A table of the engine's stages: a row a stage of a measurement.
    fn breakdown(&self) -> String {
        let header = ["stages of the engine", "stage", "sampled", "mean µs", "most µs"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for measured in &self.breakdowns {
            rows.extend(measured.stages.iter().map(|stage| {
                vec![
                    measured.name.clone(),
                    stage.name.to_owned(),
                    stage.sampled_count.to_string(),
                    format!("{:.2}", stage.mean_us),
                    stage.max_us.to_string(),
                ]
            }));
        }
        markdown(rows)
    }

    /// Where it was measured.
    fn circumstances(&self) -> String {
        let here = &self.environment;
        format!(
            "- `{}`\n- duolog {}, {}, {}; rocksdb {}\n- {} x {}, {} memory, kernel {}, {}\n\
             - load average {} before, {} after\n- {} rounds; ids of {} bytes, payloads of {}\n",
            self.command,
            here.version,
            here.target,
            here.profile,
            if here.rocksdb.is_empty() { "none" } else { here.rocksdb },
            here.processor_count,
            here.processor,
            here.memory,
            here.kernel,
            here.file_system,
            here.load_before,
            here.load_after,
            self.workload.rounds,
            self.workload.id_bytes,
            self.workload.payload_bytes,
        )
    }
}

fn replaced(text: &str, figures: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{figures}\n{END}{after}"))
}

fn row(cell: &Cell, baselines: &[&str]) -> Vec<String> {
    let engine = absolute(cell.columns[0].spread);
    let mut row = vec![cell.name.clone(), cell.unit.name().to_owned(), engine];
    for baseline in baselines {
        let column = cell.columns.iter().find(|column| column.contender == *baseline);
        let ratio = column.and_then(|column| column.engine_ratio);
        row.push(column.map_or_else(String::new, |column| absolute(column.spread)));
        row.push(ratio.map_or_else(String::new, |ratio| spread(ratio, |it| format!("{it:.2}"))));
    }
    row
}

fn absolute(measured: Spread) -> String {
    spread(measured, |number| match number {
        n if n >= 1e6 => format!("{:.2} M", n / 1e6),
        n if n >= 1e4 => format!("{:.0} k", n / 1e3),
        n if n >= 1e3 => format!("{:.1} k", n / 1e3),
        n if n >= 1e1 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    })
}

fn spread(spread: Spread, number: impl Fn(f64) -> String) -> String {
    format!("{} ({}–{})", number(spread.median), number(spread.min), number(spread.max))
}

/// Lines of a Markdown table whose columns stand below each other; the first row is its header.
fn markdown(rows: Vec<Vec<String>>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..rows[0].len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(&format!("| {cell:<width$} "));
        }
        text.push_str("|\n");
        if number == 0 {
            widths.iter().for_each(|width| text.push_str(&format!("|{}", "-".repeat(width + 2))));
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests;
