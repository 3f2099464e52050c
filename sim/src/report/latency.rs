//! How long operations took.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, TableStyle};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::history::Event;

use super::measure::measures;
use super::table::grouped;

/// Figures of one kind of operation, or of something else that takes time. Of an operation, times
/// are microseconds from the call to its return, without any wait before the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many succeeded.
    pub count: u64,
    /// How many of them a second.
    pub ops_per_s: f64,
    /// Half of them took at most this.
    pub p50_us: u64,
    /// 99 in 100.
    pub p99_us: u64,
    /// 999 in 1,000.
    pub p999_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// Figures of every kind of operation that succeeded, and of the other times that were measured.
pub fn latencies(events: &[Event], elapsed_us: u64) -> BTreeMap<String, Latency> {
    let mut histograms: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
    for measure in measures(events) {
        let histogram = histograms.entry(measure.name).or_insert_with(|| {
            Histogram::new(3).expect("three digits are within what a histogram keeps")
        });
        histogram.record(measure.value_us).expect("the histogram grows as it has to");
    }
    histograms
        .into_iter()
        .map(|(name, histogram)| {
            let latency = Latency {
                count: histogram.len(),
                ops_per_s: histogram.len() as f64 * 1e6 / elapsed_us.max(1) as f64,
                p50_us: histogram.value_at_quantile(0.5),
                p99_us: histogram.value_at_quantile(0.99),
                p999_us: histogram.value_at_quantile(0.999),
                max_us: histogram.max(),
            };
            (name, latency)
        })
        .collect()
}

/// The table of times.
pub fn latency_table(latencies: &BTreeMap<String, Latency>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(["OPERATION", "COUNT", "A SECOND", "P50 us", "P99 us", "P99.9 us", "MAX us"]);
    for (name, latency) in latencies {
        table.add_row([
            name.clone(),
            grouped(latency.count),
            grouped(latency.ops_per_s as u64),
            grouped(latency.p50_us),
            grouped(latency.p99_us),
            grouped(latency.p999_us),
            grouped(latency.max_us),
        ]);
    }
    for column in 1..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    lines.concat()
}
