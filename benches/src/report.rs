//! What a run measured, for people and for programs.

use serde::Serialize;

use crate::cell::{Cell, Spread, Unit};
use crate::environment::Environment;
use crate::workload::Workload;

/// A run and its results.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) command: String,
    pub(crate) environment: Environment,
    pub(crate) workload: Workload,
    pub(crate) cells: Vec<Cell>,
}

impl Report {
    /// A table in Markdown, a row a cell: medians, with the least and the most in brackets.
    pub(crate) fn table(&self) -> String {
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

    /// Where it was measured, as lines of Markdown.
    pub(crate) fn circumstances(&self) -> String {
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

fn row(cell: &Cell, baselines: &[&str]) -> Vec<String> {
    let unit = match cell.unit {
        Unit::MessagesPerSecond => "messages/s",
        Unit::Microseconds => "µs",
    };
    let mut row = vec![cell.name.clone(), unit.to_owned(), absolute(cell.columns[0].spread)];
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
        n => format!("{n:.1}"),
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
