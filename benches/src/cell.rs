//! One measured quantity: what each contender did in each round.

use serde::Serialize;

use crate::Outcome;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    /// More is better.
    #[serde(rename = "messages/s")]
    MessagesPerSecond,
    /// Less is better, as in all that follow.
    #[serde(rename = "us")]
    Microseconds,
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "us a message")]
    MicrosecondsPerMessage,
    #[serde(rename = "bytes a message")]
    BytesPerMessage,
    /// Bytes written for each byte of ids and payloads.
    #[serde(rename = "bytes a byte")]
    Amplification,
    #[serde(rename = "MiB")]
    Mebibytes,
    /// Neither more nor less is better.
    #[serde(rename = "%")]
    Percent,
}

impl Unit {
    /// As people read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MessagesPerSecond => "messages/s",
            Self::Microseconds => "µs",
            Self::Milliseconds => "ms",
            Self::MicrosecondsPerMessage => "µs a message",
            Self::BytesPerMessage => "bytes a message",
            Self::Amplification => "bytes a byte",
            Self::Mebibytes => "MiB",
            Self::Percent => "%",
        }
    }
}

/// What a contender answers for a metric that it has not.
pub(crate) const NONE: f64 = f64::NAN;

/// A quantity, measured of every contender.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cell {
    /// What was measured.
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// The engine first.
    pub(crate) columns: Vec<Column>,
}

/// What one contender reached, round by round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Column {
    pub(crate) contender: &'static str,
    pub(crate) samples: Vec<f64>,
    pub(crate) spread: Spread,
    /// The engine's sample divided by this one's of the same round; none for the engine itself.
    pub(crate) engine_ratio: Option<Spread>,
}

/// Median, least and most of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of those that are not [`NONE`].
    ///
    /// # Panics
    /// Where there are no numbers.
    pub(crate) fn of(samples: &[f64]) -> Self {
        let mut sorted: Vec<f64> = samples.iter().copied().filter(|it| !it.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (sorted[0], sorted[sorted.len() - 1]);
        let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Self { median: f64::midpoint(low, high), min: first, max: last }
    }
}

/// Who is measured: a name, and what measures one round, a value for each metric.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut() -> Outcome<Vec<f64>> + 'a>,
    rounds_max: usize,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(
        name: &'static str,
        run: impl FnMut() -> Outcome<Vec<f64>> + 'a,
    ) -> Contender<'a> {
        Self { name, run: Box::new(run), rounds_max: usize::MAX }
    }

    /// Is measured in the first `rounds` rounds only.
    #[cfg(feature = "peers")]
    pub(crate) fn at_most(self, rounds: usize) -> Self {
        Self { rounds_max: rounds, ..self }
    }
}

/// Measures `contenders`, the engine first, in `rounds` rounds: each round measures every one
/// once, so that what else the machine does meanwhile falls on all, and each begins with another
/// one. Answers a cell for each of `metrics` that the engine has.
pub(crate) fn interleave(
    name: &str,
    metrics: &[(&str, Unit)],
    rounds: usize,
    mut contenders: Vec<Contender<'_>>,
) -> Outcome<Vec<Cell>> {
    let count = contenders.len();
    eprintln!("measuring {name}");
    let mut samples = vec![vec![Vec::with_capacity(rounds); count]; metrics.len()];
    for round in 0..rounds {
        for turn in 0..count {
            let number = (round + turn) % count;
            let contender = &mut contenders[number];
            let values = if round < contender.rounds_max {
                (contender.run)().map_err(|error| format!("{name}, {}: {error}", contender.name))?
            } else {
                vec![NONE; metrics.len()]
            };
            assert_eq!(values.len(), metrics.len(), "a value for each metric");
            for (metric, value) in samples.iter_mut().zip(values) {
                metric[number].push(value);
            }
        }
    }
    let names: Vec<_> = contenders.iter().map(|contender| contender.name).collect();
    let of_engine = metrics.iter().zip(samples).filter(|(_, samples)| is_measured(&samples[0]));
    let cells = of_engine.map(|((metric, unit), samples)| Cell {
        name: format!("{name}: {metric}"),
        unit: *unit,
        columns: columns(&names, &samples),
    });
    Ok(cells.collect())
}

fn is_measured(samples: &[f64]) -> bool {
    samples.iter().any(|sample| !sample.is_nan())
}

fn columns(names: &[&'static str], samples: &[Vec<f64>]) -> Vec<Column> {
    let engine = &samples[0];
    let column = |(number, contender): (usize, &&'static str)| {
        let own = &samples[number];
        let ratios: Vec<f64> = engine.iter().zip(own).map(|(engine, own)| engine / own).collect();
        is_measured(own).then(|| Column {
            contender,
            samples: own.clone(),
            spread: Spread::of(own),
            engine_ratio: (number > 0 && is_measured(&ratios)).then(|| Spread::of(&ratios)),
        })
    };
    names.iter().enumerate().filter_map(column).collect()
}

#[cfg(test)]
mod tests;
