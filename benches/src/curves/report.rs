//! What a run says: tables for people, JSON for programs, plots.

use std::path::Path;

use serde::Serialize;

use crate::Outcome;
use crate::chart::{Chart, Panel};
use crate::environment::Environment;

const DATA: &str = "catch-up-curves.json";
const TEXT: &str = "catch-up-curves.md";
const BEGIN: &str = "<!-- figures of the last run: begin -->\n";
const END: &str = "<!-- figures of the last run: end -->\n";

/// A run: how it came about, and what was measured.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) command: String,
    pub(crate) environment: Environment,
    pub(crate) charts: Vec<Chart>,
}

impl Report {
    /// Command, machine and all medians, as Markdown.
    pub(crate) fn figures(&self) -> String {
        let Environment { rocksdb, profile, target, kernel, processor, .. } = &self.environment;
        let Environment { processor_count, memory, file_system, .. } = &self.environment;
        let Environment { load_before, load_after, .. } = &self.environment;
        let mut text = format!(
            "`{}`\n\ncrate rocksdb {rocksdb}; {profile} build, {target}, Linux {kernel}; \
             {processor_count} x {processor}; memory {memory}; files on {file_system}; \
             load {load_before} before and {load_after} after\n",
            self.command
        );
        for panel in self.charts.iter().flat_map(|chart| &chart.panels) {
            text += &format!("\n{}, by {}; medians:\n\n{}", panel.title, panel.x, table(panel));
        }
        text
    }

    /// Writes data and `plots`, one a chart, to `directory`, and renews the figures in its text.
    ///
    /// # Errors
    /// Where a file cannot be written, or the text has no place for figures.
    pub(crate) fn write(&self, directory: &Path, plots: &[String]) -> Outcome<()> {
        std::fs::create_dir_all(directory)?;
        std::fs::write(directory.join(DATA), serde_json::to_string_pretty(self)? + "\n")?;
        for (chart, plot) in self.charts.iter().zip(plots) {
            std::fs::write(directory.join(format!("{}.svg", chart.name)), plot)?;
        }
        let path = directory.join(TEXT);
        if path.exists() {
            let text = renewed(&std::fs::read_to_string(&path)?, &self.figures())?;
            std::fs::write(&path, text)?;
        }
        Ok(())
    }
}

/// `text` with `figures` between its marks.
fn renewed(text: &str, figures: &str) -> Outcome<String> {
    let parts = text.split_once(BEGIN).and_then(|(head, rest)| {
        let (_, tail) = rest.split_once(END)?;
        Some((head, tail))
    });
    let (head, tail) = parts.ok_or_else(|| format!("{TEXT} lacks the marks of its figures"))?;
    Ok(format!("{head}{BEGIN}{figures}{END}{tail}"))
}

fn table(panel: &Panel) -> String {
    let mut text = format!("| {} |", panel.x);
    let mut rule = "|---:|".to_owned();
    for series in &panel.series {
        text += &format!(" {} |", series.name);
        rule += "---:|";
    }
    text += &format!("\n{rule}\n");
    for step in panel.steps() {
        text += &format!("| {step} |");
        for series in &panel.series {
            let median = series.at(step).map(|summary| duration(summary.median_us));
            text += &format!(" {} |", median.unwrap_or_default());
        }
        text += "\n";
    }
    text
}

/// A duration with its unit and two or three digits.
pub(crate) fn duration(us: f64) -> String {
    let (value, unit) = match us {
        us if us >= 1e6 => (us / 1e6, "s"),
        us if us >= 1e3 => (us / 1e3, "ms"),
        us => (us, "us"),
    };
    if value >= 10.0 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests;
