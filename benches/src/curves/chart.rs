//! What was measured: charts of panels, a curve for each series.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// One picture.
#[derive(Serialize)]
pub(crate) struct Chart {
    /// Of its file, without the ending.
    pub(crate) name: &'static str,
    pub(crate) panels: Vec<Panel>,
}

/// Curves over the same axes.
#[derive(Serialize)]
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    /// What is changed, with its unit.
    pub(crate) x: &'static str,
    pub(crate) series: Vec<Series>,
}

/// One curve: how long something took, in microseconds, for each value of what is changed.
#[derive(Serialize)]
pub(crate) struct Series {
    pub(crate) name: String,
    #[serde(rename = "points", serialize_with = "summaries")]
    samples: BTreeMap<u64, Vec<f64>>,
}

/// Some samples, in microseconds, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) x: u64,
    pub(crate) samples: usize,
    pub(crate) min_us: f64,
    pub(crate) quarter_us: f64,
    pub(crate) median_us: f64,
    pub(crate) three_quarters_us: f64,
    pub(crate) max_us: f64,
}

impl Chart {
    pub(crate) fn new(name: &'static str, panels: Vec<Panel>) -> Self {
        Self { name, panels }
    }
}

impl Panel {
    pub(crate) fn new(title: &'static str, x: &'static str) -> Self {
        Self { title, x, series: Vec::new() }
    }

    /// Adds a sample to the series of that name, which begins with its first one.
    pub(crate) fn note(&mut self, name: &str, x: u64, sample_us: f64) {
        let number = self.series.iter().position(|series| series.name == name);
        let number = number.unwrap_or_else(|| {
            self.series.push(Series { name: name.to_owned(), samples: BTreeMap::new() });
            self.series.len() - 1
        });
        self.series[number].samples.entry(x).or_default().push(sample_us);
    }

    /// Every value of what is changed, rising.
    pub(crate) fn steps(&self) -> Vec<u64> {
        let mut steps: Vec<u64> =
            self.series.iter().flat_map(|series| series.samples.keys().copied()).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

impl Series {
    /// One for each value of what is changed, rising.
    pub(crate) fn summaries(&self) -> Vec<Summary> {
        self.samples.iter().map(|(x, samples)| Summary::of(*x, samples)).collect()
    }

    /// The one at `x`.
    pub(crate) fn at(&self, x: u64) -> Option<Summary> {
        self.samples.get(&x).map(|samples| Summary::of(x, samples))
    }
}

impl Summary {
    /// # Panics
    /// Where there are no samples.
    fn of(x: u64, samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        // A tenth of a microsecond is less than any of this tells.
        let at = |quarter: usize| (sorted[(last * quarter + 2) / 4] * 10.0).round() / 10.0;
        Self {
            x,
            samples: sorted.len(),
            min_us: at(0),
            quarter_us: at(1),
            median_us: at(2),
            three_quarters_us: at(3),
            max_us: at(4),
        }
    }
}

fn summaries<S: Serializer>(
    samples: &BTreeMap<u64, Vec<f64>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(samples.iter().map(|(x, samples)| Summary::of(*x, samples)))
}

#[cfg(test)]
mod tests;
