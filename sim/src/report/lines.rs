//! What a run says of the file that its messages were taken from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::{History, Reply};

/// Lines that were appended and read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinesReport {
    /// Where the file is.
    pub path: String,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Its XXH3, in hexadecimal.
    pub digest: String,
    /// How many lines it has.
    pub line_count: u64,
    /// How many of them were read back whole by the seed that read the most.
    pub read_back_count: u64,
}

impl LinesReport {
    /// What `history` says; `None` where payloads were no lines.
    pub fn new(history: &History) -> Option<Self> {
        let lines = history.header.content.lines.as_ref()?;
        let mut ranges: BTreeMap<(u32, u32), Vec<(u64, u64)>> = BTreeMap::new();
        for event in &history.events {
            let Some(Reply::Messages(runs)) = event.reply() else { continue };
            for run in runs.iter().filter(|run| !run.damaged) {
                let range = (run.first, run.first + u64::from(run.count));
                ranges.entry((run.producer, event.lane)).or_default().push(range);
            }
        }
        let mut read_back_count = 0;
        for ((producer, lane), mut ranges) in ranges {
            ranges.sort_unstable();
            let own = lines.own_count(producer, lane);
            let mut from = 0;
            for (first, end) in ranges {
                let (first, end) = (first.max(from), end.min(own));
                read_back_count += end.saturating_sub(first);
                from = from.max(end);
            }
        }
        Some(Self {
            path: lines.path.clone(),
            size_bytes: lines.size_bytes,
            digest: format!("{:016x}", lines.digest),
            line_count: lines.line_count,
            read_back_count,
        })
    }

    /// Whether every line was appended and read back.
    pub fn is_complete(&self) -> bool {
        self.read_back_count == self.line_count
    }
}
