//! Plain settings of the engine, and plain messages.

use super::Trial;
use super::search::Search;
use crate::plan::{Plan, PlanConfig, Visibility};

/// A setting at its plain value.
type Plain = fn(&mut PlanConfig);

/// What settings are where nothing is to be seen of them: all of them values that plans are drawn
/// with, so that each goes with each.
const PLAIN: [Plain; 19] = [
    |config| config.content.payload_max_bytes = 0,
    |config| config.content.repeated_id_count = 0,
    |config| config.content.repeated_in_16 = 1,
    |config| config.content.timestamp_skew_us = 0,
    |config| config.content.timestamp_grain_us = 1,
    |config| config.content.timestamp_step_us = 1_000,
    |config| config.content.compressed_in_16 = 0,
    |config| config.content.seed = 0,
    |config| config.shard_count = 1,
    |config| config.visibility = Visibility::Flushed,
    |config| config.segment_max_bytes = 1 << 20,
    |config| config.frame_max_bytes = 1 << 20,
    |config| {
        config.settle_chunk_entries = 2_000;
        config.tail_max_entries = 200_064;
    },
    |config| config.tail_max_bytes = 64 << 20,
    |config| config.flush_bytes = 256 << 10,
    |config| config.flush_period_us = 200_000,
    |config| config.read_ahead_bytes = 64 << 10,
    |config| config.fill_ahead_bytes = 0,
    |config| config.index_idle_us = 10_000_000,
];

/// Brings settings to their plain values: all of them, else one after the other.
pub(super) fn simpler(search: &mut Search<'_, impl Trial>) {
    let all = with(&search.best, &PLAIN);
    if search.take(all) {
        return;
    }
    for plain in PLAIN.chunks(1) {
        let candidate = with(&search.best, plain);
        search.take(candidate);
    }
    // Messages that have to have a length need none beyond this.
    for bytes in [16, 1_500, 16_000] {
        let mut candidate = search.best.clone();
        candidate.config.content.payload_max_bytes = bytes;
        if search.best.config.content.payload_max_bytes > bytes && search.take(candidate) {
            return;
        }
    }
}

fn with(plan: &Plan, settings: &[Plain]) -> Plan {
    let mut plan = plan.clone();
    settings.iter().for_each(|plain| plain(&mut plan.config));
    plan
}
