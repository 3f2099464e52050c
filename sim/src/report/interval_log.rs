//! How long operations took, second by second, as an HdrHistogram interval log.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::history::Event;

use super::measure::{Measure, measures};

/// Length of an interval.
const INTERVAL_US: u64 = 1_000_000;

/// The log of all operations that succeeded, one histogram a second and kind of operation, tagged
/// with the kind; values are microseconds, the greatest of an interval is told in milliseconds.
/// `start` is the time of day when the run began. Any tool for HdrHistogram logs reads it.
pub fn interval_log(events: &[Event], start: SystemTime) -> Vec<u8> {
    let origin_us = events.iter().map(|event| event.invoked_us).min().unwrap_or(0);
    let mut ended = measures(events);
    let interval = |measure: &Measure| measure.at_us.saturating_sub(origin_us) / INTERVAL_US;
    ended.sort_by_key(interval);
    let mut log = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut writer = IntervalLogWriterBuilder::new()
        .add_comment("duolog: microseconds, by kind of operation")
        .with_start_time(start)
        .with_base_time(start)
        .with_max_value_divisor(1_000.0)
        .begin_log_with(&mut log, &mut serializer)
        .expect("memory can be written");
    for measures in ended.chunk_by(|one, other| interval(one) == interval(other)) {
        let mut histograms: BTreeMap<&str, Histogram<u64>> = BTreeMap::new();
        for Measure { name, value_us, .. } in measures {
            let histogram = histograms.entry(name).or_insert_with(|| {
                Histogram::new(3).expect("three digits are within what a histogram keeps")
            });
            histogram.record(*value_us).expect("the histogram grows as it has to");
        }
        let at = Duration::from_micros(interval(&measures[0]) * INTERVAL_US);
        let length = Duration::from_micros(INTERVAL_US);
        for (kind, histogram) in &histograms {
            let tag = Tag::new(kind).expect("names of operations hold no comma");
            writer
                .write_histogram(histogram, at, length, Some(tag))
                .expect("memory can be written");
        }
    }
    log
}
